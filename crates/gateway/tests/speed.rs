//! How fast documents go their road, beside how fast this disk says that bytes are on it, in one run.
//!
//! `cargo test --release -p tieline-gateway --test speed -- --ignored --nocapture` prints a table;
//! docs/performance.md holds one. `DOCUMENTS`, `ACCOUNTS` and `MESSAGES` in the environment say other numbers.

#[allow(dead_code, reason = "it is what the tests of the road use")]
#[path = "road/common.rs"]
mod common;

use std::fs::{self, File};
use std::io::Write;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::sync::Arc;
use std::time::{Duration, Instant};

use sha2::{Digest, Sha256};
use tempfile::TempDir;
use tieline_gateway::as2::As2Host;
use tieline_gateway::serve::{Node, Serving};
use tieline_gateway::{IMPORT, RELEASE};
use tieline_smime::{Certificate, Identity, Pinned, PinnedCertificates, PrivateKey, pem};
use tieline_store::job::NewJob;
use tieline_store::message::{Filter, Flow};
use tieline_store::options::Options;
use tieline_store::posting::{self, Kind};
use tieline_store::testing::postgres;
use tieline_store::{Arrival, Change, Payload, State, Store};
use tieline_transport::as2;
use tieline_transport::as2::client::{self, Destination};

use crate::common::{Database, Gateway, sample, walk};

const BANK: &str = "redriver-bank";
const CUSTOMER: &str = "sheyenne-foods";

fn told(name: &str, otherwise: u64) -> u64 {
    std::env::var(name).ok().and_then(|it| it.parse().ok()).unwrap_or(otherwise)
}

fn say(line: &str) {
    let _ = std::io::stdout().write_all(format!("{line}\n").as_bytes());
}

/// How often a second 4 KiB can be appended to a file and synced.
fn syncs(folder: &Path) -> u64 {
    let mut file = File::create(folder.join("syncs")).expect("there is room");
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < Duration::from_secs(2) {
        file.write_all(&[0x5a; 4096]).expect("there is room");
        file.sync_data().expect("it can be synced");
        count += 1;
    }
    count / 2
}

/// A payment of some 2 KiB with numbers of its own.
fn payment(number: u64) -> String {
    let control = 1_000 + number;
    sample("820/ach-ctx-many-accounts.edi")
        .replace("000000615", &format!("{control:09}"))
        .replace("*615*X*", &format!("*{control}*X*"))
        .replace("GE*1*615", &format!("GE*1*{control}"))
        .replace("20260414R0000615", &format!("20260414R{control:07}"))
}

async fn serve(gateway: &Gateway, workers: usize) -> Node {
    let serving = Serving { workers, sftp: None, as2: None };
    Node::start(Arc::clone(&gateway.house), serving).await.expect("it serves")
}

/// Waits until nothing is left to do.
async fn until_idle(store: &dyn Store) {
    while !store.jobs(&Default::default(), 1).await.expect("the store works").is_empty() {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

/// Payments come, sixteen at once, and are read, judged, posted, and their 997s are in the mailbox.
async fn road(what: &str, nodes: &[Gateway], workers: usize, syncs: u64) {
    let count = told("DOCUMENTS", 2_000);
    let mut serving = Vec::new();
    for node in nodes {
        serving.push(serve(node, workers).await);
    }
    let begun = Instant::now();
    let mut senders = tokio::task::JoinSet::new();
    for lane in 0..16 {
        let house = Arc::clone(&nodes[lane as usize % nodes.len()].house);
        senders.spawn(async move {
            for number in (lane..count).step_by(16) {
                let bytes = payment(number).into_bytes();
                let arrival = Arrival {
                    partner: Some(BANK.to_string()),
                    channel: "sftp".to_string(),
                    name: format!("pay{number}.edi"),
                    sha256: Sha256::digest(&bytes).into(),
                    payload: Payload::Bytes(bytes),
                    origin: "a test".to_string(),
                    job: tieline_gateway::READ.to_string(),
                    detail: String::new(),
                    remember: None,
                };
                house.store.receive(arrival).await.expect("it is kept");
            }
        });
    }
    senders.join_all().await;
    let kept = begun.elapsed();
    until_idle(nodes[0].store()).await;
    let all = begun.elapsed();
    let filter = Filter { flow: Some(Flow::Out), states: vec![State::Sent], ..Filter::default() };
    let answered = nodes[0].store().messages(&filter, None, 1_000_000).await.expect("it works");
    assert_eq!(answered.len() as u64, count, "each is answered");
    let rate = count as u128 * 1_000 / all.as_millis().max(1);
    say(&format!(
        "| {what} | {count} | {} ms | {} ms | {rate}/s | {} per 100 syncs |",
        kept.as_millis(),
        all.as_millis(),
        rate * 100 / u128::from(syncs.max(1)),
    ));
    for node in serving {
        node.stop().await;
    }
}

#[test]
#[ignore = "it measures"]
fn documents_go_their_road() {
    walk(async {
        let folder = TempDir::new().expect("a folder");
        let syncs = syncs(folder.path());
        say(&format!("{syncs} syncs a second"));
        say("| store | documents | kept | answered and posted | rate | |");
        let one = Gateway::open(Database::Sqlite).await;
        road("SQLite, 1 node x 8 workers", &[one], 8, syncs).await;
        if let Some(address) = postgres() {
            let folder = Arc::new(TempDir::new().expect("a folder"));
            let one = Gateway::at(address, Options::default(), folder).await;
            let two = one.another("node two").await;
            road("PostgreSQL, 2 nodes x 4 workers", &[one, two], 4, syncs).await;
        }
    });
}

/// Puts a gateway on AS2 with the bank, which has this key and we that one.
fn agree(gateway: &Gateway, own: &PrivateKey, certificates: [&Certificate; 2]) {
    let write = |file: &str, text: &str| {
        let path = gateway.path(file);
        fs::create_dir_all(path.parent().expect("a folder")).expect("a folder");
        fs::write(path, text).expect("it can be written");
    };
    let mut file = File::options();
    let mut file = file.write(true).create_new(true).mode(0o600).open(gateway.path("as2.key"));
    let file = file.as_mut().expect("it can be made");
    file.write_all(own.to_pem().expect("it can be written").as_bytes()).expect("there is room");
    let [ours, theirs] = certificates.map(|it| pem::write("CERTIFICATE", it.der()));
    write("partners/utility/as2.cer", &ours);
    write(&format!("partners/{BANK}/theirs.cer"), &theirs);
    let utility = gateway.path("partners/utility.toml");
    let text = fs::read_to_string(&utility).expect("it is there");
    let key = gateway.path("as2.key").display().to_string();
    let keys = format!("keys = [{{ certificate = \"as2.cer\", key = \"file:{key}\" }}]");
    write("partners/utility.toml", &format!("{text}\n[as2]\nid = \"US\"\n{keys}\n"));
    gateway.edit(BANK, |profile| {
        profile + "\n[as2]\nid = \"THEM\"\ncertificates = [{ file = \"theirs.cer\" }]\n"
    });
}

/// The time this process had a core, in hundredths of a second.
fn core_time() -> u64 {
    let stat = fs::read_to_string("/proc/self/stat").expect("Linux has it");
    let rest = stat.rsplit(')').next().expect("a name in parentheses");
    let words: Vec<&str> = rest.split_whitespace().collect();
    // utime and stime are the fields 14 and 15; the state behind the name is the third.
    words[11..13].iter().map(|it| it.parse::<u64>().expect("a number")).sum()
}

/// Messages of 10 KB, sealed before, come over AS2, thirty-two at once, and each gets its signed receipt
/// when it is kept.
async fn received(what: &str, gateway: Gateway, syncs: u64) {
    // From 2020 to 2040.
    let valid = (1_577_836_800, 2_208_988_800);
    let pair = |name: &str| {
        let key = PrivateKey::generate(2048).expect("a key");
        let certificate = Certificate::self_signed(&key, name, &[7; 16], valid).expect("it signs");
        (key, certificate)
    };
    let ((our_key, ours), (their_key, theirs)) = (pair("Us"), pair("Them"));
    agree(&gateway, &our_key, [&ours, &theirs]);
    let folder = gateway.path("spool");
    fs::create_dir_all(&folder).expect("a folder");
    let (host, writing) = As2Host::new(Arc::clone(&gateway.house));
    let server = as2::Server::new(as2::Settings::new(&folder), Arc::new(host)).expect("it is good");
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let url = format!("http://{}/as2", listener.local_addr().expect("it listens"));
    let serving = tokio::spawn(async move { server.run(listener, std::future::pending()).await });
    let identity = Identity::new(theirs, their_key).expect("they belong together");
    let identity = Arc::new(identity);
    let signers = PinnedCertificates::new(vec![Pinned::always(ours.clone())]).expect("one");
    let count = told("MESSAGES", 3_000);
    let mut sealed = Vec::new();
    for number in 0..count {
        let message = client::Message {
            from: "THEM".to_string(),
            to: "US".to_string(),
            message_id: format!("<{number}@them>"),
            subject: None,
            content_type: "application/edi-x12".to_string(),
            file_name: Some(format!("{number}.edi")),
            seals: client::Seals::new(Arc::clone(&identity), ours.clone()),
            receipt: Some(client::ReceiptWish::signed(signers.clone())),
            length: client::Length::Told { folder: folder.clone() },
            now: jiff::Timestamp::now(),
        };
        let bytes = format!("{number:010}").repeat(1_000).into_bytes();
        let bytes = client::seal(&message, std::io::Cursor::new(bytes), &folder).await;
        sealed.push((message, bytes.expect("it seals")));
    }
    let sealed = Arc::new(sealed);
    let to = Destination::new(url.parse().expect("an address"));
    let pool = Arc::<client::Pool>::default();
    let (begun, core) = (Instant::now(), core_time());
    let mut senders = tokio::task::JoinSet::new();
    for lane in 0..32 {
        let (to, pool, sealed) = (to.clone(), Arc::clone(&pool), Arc::clone(&sealed));
        senders.spawn(async move {
            for (message, bytes) in sealed.iter().skip(lane).step_by(32) {
                let sent = client::send_sealed(&to, message, bytes, &pool).await;
                assert!(matches!(sent.outcome, client::Outcome::Delivered(_)), "{sent:?}");
            }
        });
    }
    senders.join_all().await;
    let (all, core) = (begun.elapsed(), core_time() - core);
    serving.abort();
    drop(writing);
    let filter = Filter { flow: Some(Flow::In), ..Filter::default() };
    let kept = gateway.store().messages(&filter, None, 1_000_000).await.expect("it works");
    assert_eq!(kept.len() as u64, count, "each is kept");
    let rate = u128::from(count) * 1_000 / all.as_millis().max(1);
    say(&format!(
        "| {what} | {count} | {} ms | {rate}/s | {} core-ms | {} a core-second | {} per 100 syncs |",
        all.as_millis(),
        core * 10,
        count * 100 / core.max(1),
        rate * 100 / u128::from(syncs.max(1)),
    ));
}

#[test]
#[ignore = "it measures"]
fn sealed_messages_are_kept_and_answered() {
    walk(async {
        let folder = TempDir::new().expect("a folder");
        let syncs = syncs(folder.path());
        say(&format!("{syncs} syncs a second"));
        say("| store | messages | kept and answered | rate | | | |");
        received("SQLite", Gateway::open(Database::Sqlite).await, syncs).await;
        if postgres().is_some() {
            received("PostgreSQL", Gateway::open(Database::Postgres).await, syncs).await;
        }
    });
}

/// Records of so many accounts, each with a number of its own, as our JSON.
fn month(kind: &str, file: &str, old: [&str; 2], count: u64) -> String {
    let read: serde_json::Value = serde_json::from_str(&sample(file)).expect("it is JSON");
    let one = serde_json::json!({ kind: read[0] }).to_string();
    let mut text = String::from("[");
    for number in 0..count {
        text.push_str(if number == 0 { "" } else { "," });
        let own = one.replace(old[0], &account(number)).replace(old[1], &format!("N{number:09}"));
        text.push_str(&own);
    }
    text + "]"
}

fn account(number: u64) -> String {
    format!("{:010}", 7_000_000_000 + number)
}

async fn import(gateway: &Gateway, name: &str, text: String) {
    let path = gateway.path(name);
    fs::write(&path, &text).expect("there is room");
    let arrival = Arrival {
        partner: None,
        channel: "folder usage".to_string(),
        name: name.to_string(),
        sha256: Sha256::digest(text.as_bytes()).into(),
        payload: Payload::File(path),
        origin: "a test".to_string(),
        job: IMPORT.to_string(),
        detail: "json".to_string(),
        remember: None,
    };
    gateway.store().receive(arrival).await.expect("it is kept");
}

async fn release(gateway: &Gateway, set: &str) {
    let job = NewJob {
        kind: RELEASE.to_string(),
        message: None,
        interchange: None,
        detail: format!("{CUSTOMER}/{set}"),
        due: None,
        order: None,
        unique: None,
    };
    let change = Change { jobs: vec![job], ..Change::default() };
    gateway.store().apply(change).await.expect("it is written");
}

#[test]
#[ignore = "it measures"]
fn a_month_of_a_cooperative_goes_out() {
    walk(async {
        let count = told("ACCOUNTS", 60_000);
        let gateway = Gateway::open(Database::Sqlite).await;
        let accounts: Vec<String> = (0..count).map(|it| format!("{:?}", account(it))).collect();
        let folder = gateway.path("partners").join(CUSTOMER).join("authorizations");
        fs::create_dir_all(&folder).expect("a folder");
        let authorization = format!(
            "id = \"A-1\"\nsigned = 2026-01-02\naccounts = [{}]\ndata = [\"usage\", \"bills\", \"account_details\"]\n\
             from = 2026-01-02\nuntil = 2040-12-31\nevidence = \"a test\"\n",
            accounts.join(", ")
        );
        fs::write(folder.join("A-1.toml"), authorization).expect("there is room");
        gateway.edit(CUSTOMER, |it| it.replace("status = \"testing\"", "status = \"live\""));
        let usage = ("usage_report", "867/monthly-register-reads.model.json");
        let usage = month(usage.0, usage.1, ["4410027718", "20260403M0001188"], count);
        let bills = ("bill", "810/commercial-three-phase.model.json");
        let bills = month(bills.0, bills.1, ["1170022904", "20260404B0000411"], count);
        let node = serve(&gateway, 4).await;
        let begun = Instant::now();
        import(&gateway, "usage.json", usage).await;
        import(&gateway, "bills.json", bills).await;
        until_idle(gateway.store()).await;
        let taken = begun.elapsed();
        for kind in [Kind::Usage, Kind::Bill] {
            let filter = posting::Filter { kinds: vec![kind], ..Default::default() };
            let posted = gateway.store().postings(&filter, None, 1_000_000).await;
            assert_eq!(posted.expect("it works").len() as u64, count, "{kind:?} is posted");
        }
        release(&gateway, "867").await;
        release(&gateway, "810").await;
        until_idle(gateway.store()).await;
        let all = begun.elapsed();
        let filter = Filter { flow: Some(Flow::Out), ..Filter::default() };
        let out = gateway.store().messages(&filter, None, 1_000_000).await.expect("it works");
        let sent = out.iter().filter(|it| it.state == State::Sent).count();
        let bytes: u64 = out.iter().map(|it| it.size).sum();
        say(&format!(
            "{count} accounts, an 867 and an 810 each: taken from files in {} ms, all of it in the \
             mailbox after {} ms; {sent} of {} interchanges sent, {bytes} bytes",
            taken.as_millis(),
            all.as_millis(),
            out.len()
        ));
        node.stop().await;
    });
}
