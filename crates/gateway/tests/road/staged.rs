//! A worker that stalls while it stages a file, and goes on when another has sent the message.

use std::fs;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use jiff::SignedDuration;
use tieline_gateway::worker;
use tieline_store::change::{self, Change};
use tieline_store::job::NewJob;
use tieline_store::message::NewMessage;
use tieline_store::{Payload, State};
use tokio::sync::Notify;

use crate::common::{Database, Gateway};
use crate::hooked::{Fate, Hooked};
use crate::once::BANK;

const CONTENT: &str = "what the partner is to get";

fn message(channel: String) -> Change {
    let message = NewMessage {
        partner: BANK.to_string(),
        channel,
        name: "statement.txt".to_string(),
        content: "report".to_string(),
        test: false,
        payload: Payload::Bytes(CONTENT.as_bytes().to_vec()),
        state: State::Queued,
        reason: None,
        answers: None,
        again: None,
    };
    let job = NewJob {
        kind: "deliver".to_string(),
        message: Some(change::Message::New(0)),
        interchange: None,
        detail: String::new(),
        due: None,
        order: None,
        unique: None,
    };
    Change { messages: vec![message], jobs: vec![job], ..Change::default() }
}

/// A node for which one kind of call has a fate the first time.
fn node(
    gateway: &Gateway,
    call: &'static str,
    fate: Fate,
) -> (Gateway, Arc<AtomicBool>, Arc<Notify>) {
    let called = Arc::new(AtomicBool::new(false));
    let mut ended = Arc::new(Notify::new());
    let seen = Arc::clone(&called);
    let hook = move |name| match name == call && !seen.swap(true, Ordering::SeqCst) {
        true => fate.clone(),
        false => Fate::Done,
    };
    let node = gateway.wrapped(call, |store| {
        let hooked = Hooked::around(store, Box::new(hook));
        ended = hooked.ended();
        Arc::new(hooked)
    });
    (node, called, ended)
}

/// One worker stalls before it has read the bytes; another takes over and ends when the file is where
/// it should be, before the store has heard of it; then the first one goes on.
async fn sent_once(on: Database, channel: impl FnOnce(&Gateway) -> String, lies_in: &str) {
    let (gateway, clock) = crate::due::gateway(on).await;
    let folder = gateway.path(lies_in);
    fs::create_dir_all(&folder).expect("a folder");
    let change = message(channel(&gateway));
    let id = gateway.store().apply(change).await.expect("the store works").messages[0];

    let gate = Arc::new(Notify::new());
    let (stalling, called, _) = node(&gateway, "payload", Fate::Waits(Arc::clone(&gate)));
    let stalled = tokio::spawn(async move { worker::run_due(&stalling.house).await });
    while !called.load(Ordering::SeqCst) {
        tokio::task::yield_now().await;
    }
    clock.advance(SignedDuration::from_secs(61));
    let (ending, _, ended) = node(&gateway, "finish", Fate::EndsBefore);
    tokio::select! {
        _ = worker::run_due(&ending.house) => panic!("it ends before it has written anything"),
        () = ended.notified() => {}
    }
    let file = folder.join("statement.txt");
    assert_eq!(fs::read_to_string(&file).expect("it is there"), CONTENT);
    fs::remove_file(&file).expect("the partner takes it");

    gate.notify_one();
    stalled.await.expect("it goes on").expect("the store works");
    clock.advance(SignedDuration::from_secs(61));
    gateway.work().await;
    assert_eq!(gateway.message(id).await.state, State::Sent);
    assert_eq!(names(&folder), [""; 0], "it is not sent twice, and nothing is left");
    assert_eq!(names(&gateway.house.mailbox(BANK).root.join(".arriving")), [""; 0]);
}

fn names(folder: &Path) -> Vec<String> {
    let Ok(entries) = fs::read_dir(folder) else { return Vec::new() };
    entries
        .map(|it| it.expect("it can be listed").file_name().to_string_lossy().into_owned())
        .collect()
}

pub(crate) async fn whoever_stalls_while_staging_sends_nothing_twice(on: Database) {
    let folder = format!("mailboxes/{BANK}/outbound");
    sent_once(on, |_| "mailbox".to_string(), &folder).await;
}

pub(crate) async fn whoever_stalls_before_a_folder_puts_nothing_twice(on: Database) {
    let into = |gateway: &Gateway| format!("into {}", gateway.path("statements").display());
    sent_once(on, into, "statements").await;
}
