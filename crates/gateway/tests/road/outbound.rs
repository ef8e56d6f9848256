//! What goes out: composed once, delivered once, and its answers expected.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::SignedDuration;
use sha2::{Digest, Sha256};
use tieline_gateway::{IMPORT, RELEASE, operate, overdue, upkeep, worker};
use tieline_store::change::Change;
use tieline_store::expectation::{self, Standing};
use tieline_store::job::NewJob;
use tieline_store::{Arrival, MessageId, Payload, State};

use crate::common::{Database, Gateway, sample, segments};
use crate::hooked::{Fate, Hooked};

pub(crate) const AGGREGATOR: &str = "prairie-power";

impl Gateway {
    /// Brings a file of our own house.
    pub(crate) async fn bring(&self, name: &str, format: &str, bytes: &str) -> MessageId {
        let arrival = Arrival {
            partner: None,
            channel: "folder usage".to_string(),
            name: name.to_string(),
            payload: Payload::Bytes(bytes.as_bytes().to_vec()),
            sha256: Sha256::digest(bytes.as_bytes()).into(),
            origin: "a test".to_string(),
            job: IMPORT.to_string(),
            detail: format.to_string(),
            remember: None,
        };
        self.store().receive(arrival).await.expect("it is kept").id
    }

    /// Sends what is due to a partner as a set, and does everything that follows.
    pub(crate) async fn release(&self, what: &str) {
        let job = NewJob { detail: what.to_string(), ..release() };
        let change = Change { jobs: vec![job], ..Change::default() };
        self.store().apply(change).await.expect("the store works");
        self.work().await;
    }
}

/// The job that sends what is due, to nobody yet.
fn release() -> NewJob {
    NewJob {
        kind: RELEASE.to_string(),
        message: None,
        interchange: None,
        detail: String::new(),
        due: None,
        order: None,
        unique: None,
    }
}

/// Usage reports as our own JSON has them.
pub(crate) fn usage() -> String {
    let reports = sample("867/interval-15-minute-spring-month.model.json");
    let reports: Vec<serde_json::Value> = serde_json::from_str(&reports).expect("it is JSON");
    let records = reports.into_iter().map(|report| serde_json::json!({ "usage_report": report }));
    // An account that the aggregator may see.
    serde_json::Value::from_iter(records).to_string().replace("4410055010", "0004217790")
}

/// The 997 of a partner to an interchange of ours, and whether it accepts.
pub(crate) fn acknowledgment(document: &str, control: &str, accepts: bool) -> String {
    let isa = segments(document, "ISA")[0].split('*').collect::<Vec<_>>();
    let gs = segments(document, "GS")[0].split('*').collect::<Vec<_>>();
    let (word, accepted) = if accepts { ("A", 1) } else { ("R", 0) };
    format!(
        "ISA*00*          *00*          *{}*{}*{}*{}*260502*0600*U*00401*{control}*0*P*:~\
         GS*FA*{}*{}*20260502*0600*{}*X*004010~ST*997*0001~AK1*{}*{}~AK9*{word}*1*1*{accepted}~\
         SE*4*0001~GE*1*{}~IEA*1*{control}~",
        isa[7], isa[8], isa[5], isa[6], gs[3], gs[2], 7, gs[1], gs[6], 7
    )
}

pub(crate) async fn usage_goes_out_once_and_its_acknowledgment_closes_it(on: Database) {
    let gateway = Gateway::open(on).await;
    let imported = gateway.bring("usage.json", "json", &usage()).await;
    gateway.work().await;
    let imported = gateway.message(imported).await;
    assert_eq!((imported.state, imported.reason), (State::Posted, None));
    let posted = gateway.postings().await.len();
    assert!(posted > 0);

    gateway.release("prairie-power/867").await;
    let sent = gateway.mailbox(AGGREGATOR, "outbound");
    assert_eq!(sent.len(), 1, "{:?}", gateway.messages(State::Held).await);
    let document = &sent[0].1;
    assert_eq!(segments(document, "ST").len(), posted);
    assert_eq!(segments(document, "GS")[0].split('*').nth(1), Some("PT"));
    gateway.release("prairie-power/867").await;
    assert_eq!(gateway.mailbox(AGGREGATOR, "outbound").len(), 1, "it goes once");

    let waiting = expectation::Filter { waiting: true, ..expectation::Filter::default() };
    let expected = gateway.store().expectations(&waiting, 10).await.expect("the store works");
    assert_eq!(expected.len(), 1);
    let (message, key) = (expected[0].message, expected[0].key.clone());
    assert_eq!(gateway.message(message).await.state, State::Sent);
    assert!(key.starts_with("PT:"), "{key}");

    let answer = acknowledgment(document, "000000071", true);
    let came = gateway.take(AGGREGATOR, "997.edi", &answer).await;
    assert_eq!((came.state, came.reason), (State::Posted, None));
    assert_eq!(gateway.message(message).await.state, State::Accepted);
    let all = expectation::Filter::default();
    let expected = gateway.store().expectations(&all, 10).await.expect("the store works");
    assert!(matches!(expected[0].standing, Standing::Answered(_)), "{expected:?}");
    // An acknowledgment is never acknowledged.
    assert_eq!(gateway.mailbox(AGGREGATOR, "outbound").len(), 1);
}

pub(crate) async fn who_the_customer_is_goes_only_with_the_customers_word(on: Database) {
    let gateway = Gateway::open(on).await;
    let path = gateway.path("partners/prairie-power/authorizations/A-2026-014.toml");
    let wider = fs::read_to_string(&path).expect("it is there");
    let text = wider.replace(", \"account_details\"", "");
    assert_ne!(text, wider);
    fs::write(&path, text).expect("it can be written");
    gateway.edit(AGGREGATOR, |profile| profile);
    gateway.bring("usage.json", "json", &usage()).await;
    gateway.work().await;
    gateway.release("prairie-power/867").await;
    assert_eq!(gateway.mailbox(AGGREGATOR, "outbound"), [], "their guide asks for the name");
    let held = gateway.messages(State::Held).await;
    let reason = held[0].reason.as_deref().unwrap_or_default();
    assert!(reason.contains("the guide asks for N1*8R"), "{reason}");
    let Payload::Bytes(bytes) = gateway.store().payload(held[0].id).await.expect("it is kept")
    else {
        panic!("it is short")
    };
    let document = String::from_utf8(bytes).expect("it is text");
    for detail in ["N1*8R", "N3*", "N4*", "REF*NH", "NTE*"] {
        assert!(!document.contains(detail), "{detail}");
    }
    assert!(document.contains("PTD*PM"), "the readings are there");

    fs::write(&path, wider).expect("it can be written");
    gateway.edit(AGGREGATOR, |profile| profile);
    let done = operate::reprocess(&gateway.house, held[0].id, false, "a person", "they allow it");
    done.await.expect("it is composed anew");
    gateway.work().await;
    let sent = gateway.mailbox(AGGREGATOR, "outbound");
    assert!(sent.first().expect("it goes").1.contains("N1*8R"));
}

pub(crate) async fn an_answer_before_we_know_that_it_was_sent_counts(on: Database) {
    let (gateway, clock) = crate::due::gateway(on).await;
    gateway.bring("usage.json", "json", &usage()).await;
    gateway.work().await;
    let release = NewJob { detail: "prairie-power/867".to_string(), ..release() };
    let change = Change { jobs: vec![release], ..Change::default() };
    gateway.store().apply(change).await.expect("the store works");
    // The program ends when the file is in the mailbox and the store has not heard of it.
    let finished = AtomicU32::new(0);
    let hook = move |call| {
        let is_last = call == "finish" && finished.fetch_add(1, Ordering::SeqCst) == 1;
        if is_last { Fate::EndsBefore } else { Fate::Done }
    };
    let mut ended = None;
    let node = gateway.wrapped("node one", |store| {
        let hooked = Hooked::around(store, Box::new(hook));
        ended = Some(hooked.ended());
        Arc::new(hooked)
    });
    let ended = ended.expect("it was wrapped");
    tokio::select! {
        _ = worker::run_due(&node.house) => panic!("it does not end"),
        () = ended.notified() => {}
    }
    let sending = gateway.messages(State::Sending).await;
    let document = gateway.mailbox(AGGREGATOR, "outbound")[0].1.clone();
    gateway.take(AGGREGATOR, "997.edi", &acknowledgment(&document, "000000073", true)).await;
    clock.advance(SignedDuration::from_secs(61));
    gateway.work().await;
    assert_eq!(gateway.message(sending[0].id).await.state, State::Accepted);
    clock.advance(SignedDuration::from_secs(7 * 86_400));
    assert_eq!(overdue::tell(&gateway.house).await.expect("the store works"), 0);
    assert_eq!(gateway.mailbox(AGGREGATOR, "outbound").len(), 1, "it is there once");
}

pub(crate) async fn nothing_is_released_that_no_customer_allowed(on: Database) {
    let gateway = Gateway::open(on).await;
    gateway.bring("usage.json", "json", &usage().replace("0004217790", "4410055010")).await;
    gateway.work().await;
    assert_eq!(gateway.postings().await.len(), 1);
    gateway.release("prairie-power/867").await;
    assert_eq!(gateway.mailbox(AGGREGATOR, "outbound"), []);
}

pub(crate) async fn a_rejection_shows_on_what_was_sent(on: Database) {
    let gateway = Gateway::open(on).await;
    gateway.bring("usage.json", "json", &usage()).await;
    gateway.work().await;
    gateway.release("prairie-power/867").await;
    let document = gateway.mailbox(AGGREGATOR, "outbound")[0].1.clone();
    gateway.take(AGGREGATOR, "997.edi", &acknowledgment(&document, "000000072", false)).await;
    assert_eq!(gateway.messages(State::Refused).await.len(), 1);
}

pub(crate) async fn the_same_file_brought_twice_posts_nothing_twice(on: Database) {
    let gateway = Gateway::open(on).await;
    let file = usage();
    gateway.bring("usage.json", "json", &file).await;
    gateway.work().await;
    let posted = gateway.postings().await.len();
    let again = gateway.bring("usage-again.json", "json", &file).await;
    gateway.work().await;
    assert_eq!(gateway.message(again).await.state, State::Posted);
    assert_eq!(gateway.postings().await.len(), posted);
}

pub(crate) async fn a_file_that_cannot_be_read_waits_for_a_person(on: Database) {
    let gateway = Gateway::open(on).await;
    let broken = gateway.bring("usage.json", "json", "[{\"usage_report\": 1}]").await;
    gateway.work().await;
    let broken = gateway.message(broken).await;
    assert_eq!(broken.state, State::Held);
    let reason = broken.reason.expect("it says why");
    assert!(reason.contains("line 1"), "{reason}");
}

pub(crate) async fn what_has_no_schedule_goes_out_as_soon_as_it_is_there(on: Database) {
    let gateway = Gateway::open(on).await;
    gateway.without_schedules(AGGREGATOR);
    gateway.bring("usage.json", "json", &usage()).await;
    gateway.work().await;
    assert_eq!(gateway.mailbox(AGGREGATOR, "outbound").len(), 1);
}

pub(crate) async fn what_an_authorization_is_added_for_goes_out(on: Database) {
    let gateway = Gateway::open(on).await;
    let folder = gateway.path("partners").join(AGGREGATOR).join("authorizations");
    std::fs::rename(&folder, gateway.path("authorizations")).expect("it is there");
    gateway.without_schedules(AGGREGATOR);
    gateway.bring("usage.json", "json", &usage()).await;
    gateway.work().await;
    assert_eq!(gateway.mailbox(AGGREGATOR, "outbound"), []);
    std::fs::rename(gateway.path("authorizations"), &folder).expect("it is put back");
    gateway.edit(AGGREGATOR, |profile| profile);
    operate::release_what_may_go(&gateway.house).await.expect("the store works");
    gateway.work().await;
    assert_eq!(gateway.mailbox(AGGREGATOR, "outbound").len(), 1);
}

pub(crate) async fn what_was_taken_moves_to_the_archive_after_a_while(on: Database) {
    let gateway = Gateway::open(on).await;
    let mailbox = gateway.house.mailbox(AGGREGATOR);
    std::fs::create_dir_all(&mailbox.root).expect("a folder");
    mailbox.open().expect("it opens");
    for name in ["usage.edi", "half.filepart"] {
        std::fs::write(mailbox.root.join("inbound").join(name), name).expect("it is written");
    }
    let now = jiff::Timestamp::now().as_second();
    assert_eq!(upkeep::archive(&gateway.house, now + 60), 0, "it stays for a while");
    assert_eq!(upkeep::archive(&gateway.house, now + 7_200), 1);
    let archived = gateway.mailbox(AGGREGATOR, "archive");
    assert_eq!((archived.len(), archived[0].1.as_str()), (1, "usage.edi"));
    assert_eq!(gateway.mailbox(AGGREGATOR, "inbound").len(), 1, "what is not whole stays");
}
