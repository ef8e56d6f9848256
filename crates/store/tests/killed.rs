//! What was acknowledged is there after the program was killed, at any moment.
//!
//! A process of its own works on a store and says what the store acknowledged; it is killed, and the
//! store is opened again. `KILL_ROUNDS` says how often, 30 times if it does not.

use std::collections::{BTreeMap, BTreeSet};
use std::io::{BufRead, BufReader, Write};
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::Duration;

use tieline_store::change::{Change, Message, Posted};
use tieline_store::job::{End, NewJob, Worker};
use tieline_store::message::Flow;
use tieline_store::open::open_with;
use tieline_store::posting::{Filter, Kind, NewPosting, PostingId};
use tieline_store::{Arrival, Counter, MessageId, Options, Payload, Store, testing};

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime can be built").block_on(test)
}

fn options(address: &str) -> Options {
    let mut options = Options::default();
    options.inline_limit = 2000;
    options.connections = 6;
    if !address.starts_with("sqlite") {
        options.payloads = std::env::var_os("STORE_PAYLOADS").map(Into::into);
    }
    options
}

/// Bytes that a number says; every third is too long for a row.
fn bytes(number: u64) -> Vec<u8> {
    let length = if number.is_multiple_of(3) { 5000 } else { 500 };
    format!("{number:020}").into_bytes().into_iter().cycle().take(length).collect()
}

fn arrival(number: u64) -> Arrival {
    use sha2::Digest;
    let bytes = bytes(number);
    Arrival {
        partner: None,
        channel: "test".to_string(),
        name: number.to_string(),
        sha256: sha2::Sha256::digest(&bytes).into(),
        payload: Payload::Bytes(bytes),
        origin: String::new(),
        job: "read".to_string(),
        detail: number.to_string(),
        remember: None,
    }
}

fn posting(message: MessageId, reference: &str) -> NewPosting {
    NewPosting {
        kind: Kind::Payment,
        flow: Flow::In,
        party: "bank".to_string(),
        reference: reference.to_string(),
        test: false,
        accounts: vec!["A-1".to_string()],
        from: None,
        until: None,
        amount: None,
        record: b"{}".to_vec(),
        message: Message::Known(message),
        interchange: None,
    }
}

fn counter() -> Counter {
    Counter { partner: "bank".to_string(), kind: "ISA13".to_string(), last: 999_999_999 }
}

/// Says one acknowledged thing in one write.
fn say(line: String) {
    let _ = std::io::stdout().write_all((line + "\n").as_bytes());
}

#[test]
#[ignore = "it is the process that the others kill"]
fn worked_until_killed() {
    let Ok(address) = std::env::var("STORE_ADDRESS") else { return };
    let start: u64 = std::env::var("STORE_START").expect("told").parse().expect("a number");
    run(async {
        let store = open_with(&address, options(&address)).await.expect("the store opens");
        let tasks: Vec<_> = (0..4)
            .map(|task| tokio::spawn(work(Arc::clone(&store), task, start + task * 1_000_000)))
            .collect();
        for task in tasks {
            task.await.expect("no task panics");
        }
    });
}

async fn work(store: Arc<dyn Store>, task: u64, start: u64) {
    let worker = Worker { name: format!("{start} {task}"), lease: 1 };
    for number in start.. {
        let id = store.receive(arrival(number)).await.expect("it is kept").id;
        say(format!("kept {} {number}", id.0));
        let purpose = format!("purpose {number}");
        let first = store.allocate(&counter(), &purpose, 2).await.expect("there are numbers");
        say(format!("number {first} {number}"));
        for job in store.claim(&worker, &["read", "post"], 2).await.expect("taken") {
            let message = job.message.expect("each has one");
            let reference = format!("{} {}", job.kind, job.detail);
            let mut change =
                Change { postings: vec![posting(message, &reference)], ..Change::default() };
            if job.kind == "read" {
                change.jobs.push(NewJob {
                    kind: "post".to_string(),
                    message: Some(Message::Known(message)),
                    interchange: None,
                    detail: job.detail.clone(),
                    due: None,
                    order: Some(format!("order {}", number % 3)),
                    unique: None,
                });
            }
            let done = store.finish(&job.lease, change, End::Done).await;
            // The lease is short and the machine may be slow; then another has it.
            if let Ok(applied) = done {
                assert!(matches!(applied.postings[..], [Posted::New(_)]), "posted twice");
                say(format!("posted {reference}"));
            }
        }
    }
}

fn spawn(address: &str, payloads: &std::path::Path, start: u64) -> Child {
    Command::new(std::env::current_exe().expect("the test has a program"))
        .args(["--exact", "worked_until_killed", "--ignored", "--nocapture"])
        .env("STORE_ADDRESS", address)
        .env("STORE_PAYLOADS", payloads)
        .env("STORE_START", start.to_string())
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the process starts")
}

/// Everything that was acknowledged in a round, read until the process is gone.
fn one_round(address: &str, payloads: &std::path::Path, round: u64) -> Vec<String> {
    let mut child = spawn(address, payloads, round * 10_000_000);
    let said = BufReader::new(child.stdout.take().expect("its output is ours"));
    let (heard, lines) = std::sync::mpsc::channel();
    std::thread::spawn(move || {
        // A short line is one write to a pipe: it is there whole or not at all.
        said.lines().map_while(Result::ok).try_for_each(|line| heard.send(line))
    });
    let mut first = Vec::new();
    if round % 2 == 1 {
        // Every other time it has begun to work, however slow the machine is.
        while !first.last().is_some_and(|line: &String| line.starts_with("kept")) {
            first.push(lines.recv_timeout(Duration::from_secs(60)).expect("it begins to work"));
        }
    }
    // From before the store is open to well into the work.
    let mut spread = (round + 1).wrapping_mul(0x9e37_79b9_7f4a_7c15);
    spread ^= spread >> 29;
    std::thread::sleep(Duration::from_millis(20 + spread % 400));
    assert!(child.try_wait().expect("it can be asked").is_none(), "it worked until it was killed");
    child.kill().expect("it can be killed");
    child.wait().expect("it is gone");
    first.into_iter().chain(lines).collect()
}

/// What was found in the store after earlier kills.
#[derive(Default)]
struct Seen {
    /// The control numbers that were given, and what for.
    numbers: BTreeMap<u64, u64>,
    posted: BTreeSet<String>,
    last: Option<PostingId>,
}

async fn check(store: &dyn Store, lines: &[String], seen: &mut Seen) {
    loop {
        let page = store.postings(&Filter::default(), seen.last, 1000).await.expect("read");
        let Some(last) = page.last() else { break };
        seen.last = Some(last.id);
        seen.posted.extend(page.into_iter().map(|posting| posting.reference));
    }
    for line in lines {
        let words: Vec<&str> = line.split(' ').collect();
        match words[..] {
            ["kept", id, number] => {
                let id = MessageId(id.parse().expect("a number"));
                let number: u64 = number.parse().expect("a number");
                let kept = match store.payload(id).await.expect("what was kept is there") {
                    Payload::Bytes(bytes) => bytes,
                    Payload::File(path) => std::fs::read(path).expect("it is there"),
                };
                assert_eq!(kept, bytes(number), "{id}");
            }
            ["number", first, number] => {
                let first: u64 = first.parse().expect("a number");
                let purpose = format!("purpose {number}");
                let again = store.allocate(&counter(), &purpose, 2).await.expect("numbers");
                assert_eq!(again, first, "{purpose}");
                let purpose: u64 = number.parse().expect("a number");
                assert_eq!(seen.numbers.insert(first, purpose), None, "{first} was given twice");
            }
            ["posted", kind, detail] => {
                let reference = format!("{kind} {detail}");
                assert!(
                    seen.posted.contains(&reference),
                    "{reference} was acknowledged and is not there"
                );
            }
            _ => {}
        }
    }
    assert_eq!(store.verify().await.expect("it can be checked"), [""; 0]);
}

fn kill_often(address: &str, payloads: &std::path::Path) {
    let rounds = std::env::var("KILL_ROUNDS").ok().and_then(|text| text.parse().ok());
    let mut said = 0;
    let mut seen = Seen::default();
    for round in 0..rounds.unwrap_or(30) {
        let lines = one_round(address, payloads, round);
        said += lines.iter().filter(|line| line.starts_with("kept")).count();
        run(async {
            let mut options = options(address);
            if !address.starts_with("sqlite") {
                options.payloads = Some(payloads.to_path_buf());
            }
            let store = open_with(address, options).await.expect("the store opens again");
            check(&*store, &lines, &mut seen).await;
        });
    }
    assert!(said > 0, "nothing was acknowledged before any kill");
}

/// A disk that is full, as a limit on the length of files: the process ends at the first refusal.
#[test]
fn sqlite_keeps_what_it_acknowledged_before_the_disk_was_full() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let address = format!("sqlite:{}", folder.path().join("store.db").display());
    // In blocks of 512 bytes; without the trap the process would be killed by a signal.
    let limited = "trap '' XFSZ; ulimit -f 9000; exec \"$0\" \"$@\"";
    let output = Command::new("sh")
        .args(["-c", limited])
        .arg(std::env::current_exe().expect("the test has a program"))
        .args(["--exact", "worked_until_killed", "--ignored", "--nocapture"])
        .env("STORE_ADDRESS", &address)
        .env("STORE_START", "0")
        .stderr(Stdio::null())
        .output()
        .expect("the process starts");
    assert!(!output.status.success(), "it came to the limit");
    let lines: Vec<String> =
        String::from_utf8_lossy(&output.stdout).lines().map(str::to_string).collect();
    assert!(lines.iter().filter(|line| line.starts_with("kept")).count() > 100);
    run(async {
        let store = open_with(&address, options(&address)).await.expect("the store opens again");
        check(&*store, &lines, &mut Seen::default()).await;
        store.receive(arrival(7)).await.expect("there is room again");
    });
}

#[test]
fn sqlite_keeps_what_it_acknowledged() {
    let folder = tempfile::tempdir().expect("there is room for a folder");
    let path = folder.path().join("store.db");
    kill_often(&format!("sqlite:{}", path.display()), &folder.path().join("payloads"));
}

#[test]
fn postgres_keeps_what_it_acknowledged() {
    let Some(address) = testing::postgres() else { return };
    let folder = tempfile::tempdir().expect("there is room for a folder");
    kill_often(&address, &folder.path().join("payloads"));
}
