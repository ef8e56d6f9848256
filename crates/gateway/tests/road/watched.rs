//! Figures and health over HTTP, and who is kept out after wrong logins: on one node and on two.

use std::collections::BTreeSet;
use std::net::{IpAddr, SocketAddr};
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tieline_gateway::bans::{self, StoreBans};
use tieline_gateway::serve::{Node, Serving};
use tieline_store::AuditEntry;
use tieline_transport::sftp::bans::{BanRules, Bans};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;

use crate::common::{Database, Gateway};
use crate::hooked::{Fate, Hooked};
use crate::once::{BANK, payment};

/// A page: its status, its fields and its text.
async fn page(at: SocketAddr, request: &str) -> (u16, String, String) {
    let mut stream = TcpStream::connect(at).await.expect("it listens");
    let request = format!("{request} HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n");
    stream.write_all(request.as_bytes()).await.expect("it is sent");
    let mut text = String::new();
    stream.read_to_string(&mut text).await.expect("it answers");
    let (head, body) = text.split_once("\r\n\r\n").expect("a head");
    let status = head[9..12].parse().expect("a status");
    (status, head.to_ascii_lowercase(), body.to_string())
}

/// Reads figures as the format has them, and nothing that it has not; gives the rows.
fn rows(text: &str) -> Vec<(String, u64)> {
    let is_name = |it: &str| {
        let plain = |c: char| c.is_ascii_lowercase() || c == '_';
        it.starts_with("tieline_") && it.chars().all(plain)
    };
    let (mut families, mut rows) = (BTreeSet::new(), Vec::new());
    let mut family = String::new();
    assert!(text.ends_with('\n'));
    for line in text.lines() {
        if let Some(rest) = line.strip_prefix("# HELP ") {
            let (name, help) = rest.split_once(' ').expect("a help");
            assert!(is_name(name) && !help.is_empty(), "{line}");
            assert!(families.insert(name.to_string()), "{name} stands in one place");
            family = name.to_string();
        } else if let Some(rest) = line.strip_prefix("# TYPE ") {
            let (name, kind) = rest.split_once(' ').expect("a kind");
            assert!(name == family && ["gauge", "counter"].contains(&kind), "{line}");
        } else {
            let (row, value) = line.rsplit_once(' ').expect("a value");
            let (name, labels) = row.split_once('{').unwrap_or((row, "}"));
            assert_eq!(name, family, "{line}");
            let labels = labels.strip_suffix('}').expect("an end");
            for label in labels.split("\",").filter(|it| !it.is_empty()) {
                let (name, value) = label.split_once("=\"").expect("a label");
                let value = value.strip_suffix('"').unwrap_or(value);
                assert!(name.chars().all(|c| c.is_ascii_lowercase()), "{line}");
                assert!(!value.contains(['"', '\n']), "{line}");
            }
            rows.push((row.to_string(), value.parse().expect("a whole number")));
        }
    }
    let names: BTreeSet<&String> = rows.iter().map(|(row, _)| row).collect();
    assert_eq!(names.len(), rows.len(), "no row comes twice");
    rows
}

fn value(rows: &[(String, u64)], row: &str) -> Option<u64> {
    rows.iter().find(|(name, _)| name == row).map(|(_, value)| *value)
}

const NOTHING: Serving = Serving { workers: 1, sftp: None, as2: None };

pub(crate) async fn figures_are_read_while_files_come(on: Database) {
    let gateway = Gateway::open(on).await;
    gateway.take(BANK, "one.edi", &payment(1)).await;
    let mut node = Node::start(Arc::clone(&gateway.house), NOTHING).await.expect("it serves");
    let at = node.monitor("127.0.0.1:0".parse().expect("an address")).await.expect("it is free");
    let readers: Vec<_> = (0..8)
        .map(|_| {
            tokio::spawn(async move {
                for _ in 0..20 {
                    let (status, head, text) = page(at, "GET /metrics").await;
                    assert_eq!(status, 200);
                    assert!(head.contains("content-type: text/plain; version=0.0.4"), "{head}");
                    rows(&text);
                }
            })
        })
        .collect();
    for number in 2..6 {
        gateway.receive(BANK, "more.edi", &payment(number)).await;
    }
    for reader in readers {
        reader.await.expect("every answer is right");
    }
    let rows = rows(&page(at, "GET /metrics").await.2);
    assert_eq!(value(&rows, "tieline_store_up"), Some(1));
    let posted = "tieline_messages{partner=\"redriver-bank\",state=\"posted\"}";
    assert!(value(&rows, posted).is_some_and(|count| count >= 1), "{rows:?}");
    assert_eq!(value(&rows, "tieline_bans"), Some(0));
    assert_eq!(page(at, "GET /healthz").await.0, 200);
    assert_eq!(page(at, "GET /nothing").await.0, 404);
    assert_eq!(page(at, "POST /metrics").await.0, 405);
    assert_eq!(page(at, "HEAD /metrics").await.2, "");
    node.stop().await;
    assert!(TcpStream::connect(at).await.is_err(), "nobody listens any more");
}

pub(crate) async fn a_node_without_its_store_is_not_ready_and_is_again(on: Database) {
    let gateway = Gateway::open(on).await;
    let is_gone = Arc::new(AtomicBool::new(false));
    let gone = Arc::clone(&is_gone);
    let wrapped = gateway.wrapped("node two", |store| {
        let fate = move |_: &'static str| match gone.load(Ordering::Relaxed) {
            true => Fate::Failed,
            false => Fate::Done,
        };
        Arc::new(Hooked::around(store, Box::new(fate)))
    });
    let mut node = Node::start(Arc::clone(&wrapped.house), NOTHING).await.expect("it serves");
    let at = node.monitor("127.0.0.1:0".parse().expect("an address")).await.expect("it is free");
    assert_eq!(page(at, "GET /readyz").await.0, 200);
    is_gone.store(true, Ordering::Relaxed);
    let (status, _, text) = page(at, "GET /readyz").await;
    assert!(status == 503 && text.contains("the store: "), "{status} {text}");
    assert_eq!(page(at, "GET /healthz").await.0, 200, "the process lives all the same");
    let up = rows(&page(at, "GET /metrics").await.2);
    assert_eq!(value(&up, "tieline_store_up"), Some(0));
    is_gone.store(false, Ordering::Relaxed);
    assert_eq!(page(at, "GET /readyz").await.0, 200);
    node.stop().await;
}

fn bans_of(gateway: &Gateway) -> StoreBans {
    let rules = BanRules {
        address_failures: 3,
        account_failures: 5,
        connections: u32::MAX,
        ..BanRules::default()
    };
    StoreBans::new(Arc::clone(&gateway.house), rules)
}

fn address(text: &str) -> IpAddr {
    text.parse().expect("an address")
}

async fn fail(bans: &StoreBans, from: &str, account: &str, times: usize) {
    for _ in 0..times {
        bans.refused(address(from), account, Timestamp::now()).await;
    }
}

async fn admits(bans: &StoreBans, from: &str) -> bool {
    bans.admit(address(from), Timestamp::now()).await
}

/// Waits until something holds, five seconds at most.
async fn within_five_seconds(holds: impl AsyncFn() -> bool) {
    let start = Instant::now();
    while !holds().await {
        assert!(start.elapsed() < Duration::from_secs(5), "it took longer");
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
}

pub(crate) async fn a_ban_holds_at_every_node_and_through_a_restart(on: Database) {
    let one = Gateway::open(on).await;
    let two = one.another("node two").await;
    let (at_one, at_two) = (bans_of(&one), bans_of(&two));
    assert!(admits(&at_one, "192.0.2.7").await && admits(&at_two, "192.0.2.7").await);
    fail(&at_one, "192.0.2.7", "nobody", 2).await;
    fail(&at_two, "192.0.2.7", "nobody", 1).await;
    assert!(!admits(&at_two, "192.0.2.7").await, "both count together");
    within_five_seconds(async || !admits(&at_one, "192.0.2.7").await).await;
    assert!(admits(&at_one, "192.0.2.8").await);
    let again = bans_of(&one.another("node one, anew").await);
    assert!(!admits(&again, "192.0.2.7").await, "it holds through a restart");

    let list = one.store().bans().await.expect("the store works");
    assert_eq!(list[0].0, "192.0.2.7");
    assert_eq!(list[0].1.reason, "3 wrong logins in 10 minutes");
    assert!(bans::lift(one.store(), "192.0.2.7", "an operator").await.expect("it is lifted"));
    assert!(!bans::lift(one.store(), "192.0.2.7", "an operator").await.expect("it answers"));
    within_five_seconds(async || admits(&at_two, "192.0.2.7").await).await;
    within_five_seconds(async || admits(&at_one, "192.0.2.7").await).await;
    fail(&at_one, "192.0.2.7", "nobody", 2).await;
    assert!(admits(&at_one, "192.0.2.7").await, "what led to it is forgotten");
}

pub(crate) async fn a_good_login_clears_slips_and_the_next_ban_is_longer(on: Database) {
    let gateway = Gateway::open(on).await;
    let bans = bans_of(&gateway);
    fail(&bans, "192.0.2.7", "nobody", 2).await;
    bans.succeeded(address("192.0.2.7"), BANK, Timestamp::now()).await;
    fail(&bans, "192.0.2.7", "nobody", 2).await;
    assert!(admits(&bans, "192.0.2.7").await);
    fail(&bans, "192.0.2.7", "nobody", 1).await;
    let until = async || gateway.store().bans().await.expect("it answers")[0].1.until;
    let now = gateway.store().now().await.expect("it answers");
    let first = until().await.duration_since(now).as_secs();
    assert!((890..=900).contains(&first), "{first}");
    gateway.store().set_ban("192.0.2.7", None).await.expect("it ends");
    within_five_seconds(async || admits(&bans, "192.0.2.7").await).await;
    fail(&bans, "192.0.2.7", "nobody", 3).await;
    let second = until().await.duration_since(now).as_secs();
    assert!((1_790..=1_815).contains(&second), "{second}");
}

pub(crate) async fn a_stranger_cannot_lock_a_partner_out(on: Database) {
    let gateway = Gateway::open(on).await;
    let login = |actor: &str| AuditEntry {
        at: None,
        actor: actor.to_string(),
        action: "login".to_string(),
        subject: String::new(),
        detail: "session 7 from 198.51.100.4:50022; publickey".to_string(),
    };
    let user = gateway
        .house
        .book()
        .find(BANK)
        .and_then(|bank| bank.profile().mailbox.as_ref().map(|it| it.user.clone()));
    let user = user.expect("the bank has a mailbox");
    gateway.store().audit(vec![login(&user)]).await.expect("it is written");
    let bans = bans_of(&gateway);
    for number in 1..=5 {
        fail(&bans, &format!("203.0.113.{number}"), &user, 1).await;
    }
    let may = async |from: &str| bans.may_log_in(address(from), &user, Timestamp::now()).await;
    assert!(!may("192.0.2.9").await, "from elsewhere it is kept out");
    assert!(may("198.51.100.4").await, "from where it always comes it is not");
}
