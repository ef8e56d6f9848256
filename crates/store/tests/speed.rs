//! How fast the stores are, beside how fast this disk says that bytes are on it, in one run.
//!
//! `cargo test --release -p tieline-store --test speed -- --ignored --nocapture` prints a table;
//! docs/performance.md holds one. Judge by the ratios: a commit costs at least one sync of the disk.

use std::fs::File;
use std::io::Write;
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use tieline_store::change::{Change, Message, MessageState, NewEvent};
use tieline_store::job::{Claimed, End, Worker};
use tieline_store::open::open_with;
use tieline_store::{Arrival, Options, Payload, State, Store, testing};

/// How long each figure is measured.
const LONG: Duration = Duration::from_secs(2);

fn run<T>(test: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build();
    runtime.expect("a runtime can be built").block_on(test)
}

fn say(line: &str) {
    let _ = std::io::stdout().write_all(format!("{line}\n").as_bytes());
}

/// How often a second 4 KiB can be appended to a file and synced.
fn syncs(folder: &Path) -> u64 {
    let mut file = File::create(folder.join("syncs")).expect("there is room");
    let begun = Instant::now();
    let mut count = 0;
    while begun.elapsed() < LONG {
        file.write_all(&[0x5a; 4096]).expect("there is room");
        file.sync_data().expect("it can be synced");
        count += 1;
    }
    count / LONG.as_secs()
}

fn arrival(number: u64) -> Arrival {
    use sha2::Digest;
    let mut bytes = vec![b'x'; 2048];
    bytes[..8].copy_from_slice(&number.to_be_bytes());
    Arrival {
        partner: Some("bank".to_string()),
        channel: "sftp".to_string(),
        name: "payments.edi".to_string(),
        sha256: sha2::Sha256::digest(&bytes).into(),
        payload: Payload::Bytes(bytes),
        origin: "192.0.2.7".to_string(),
        job: "read".to_string(),
        detail: String::new(),
        remember: None,
    }
}

/// What many steps come to: the message stands elsewhere, and an event says so.
fn step(job: &Claimed) -> Change {
    let message = job.message.expect("each has one");
    let state = MessageState { message, from: Vec::new(), to: State::Checked, reason: None };
    let event = NewEvent {
        message: Message::Known(message),
        interchange: None,
        what: "checked".to_string(),
        detail: String::new(),
    };
    Change { message_states: vec![state], events: vec![event], ..Change::default() }
}

/// How many a second so many workers receive.
async fn receive(store: &Arc<dyn Store>, workers: u64) -> u64 {
    static NUMBER: AtomicU64 = AtomicU64::new(0);
    let begun = Instant::now();
    let tasks: Vec<_> = (0..workers)
        .map(|_| {
            let store = Arc::clone(store);
            tokio::spawn(async move {
                let mut count = 0;
                while begun.elapsed() < LONG {
                    let number = NUMBER.fetch_add(1, Ordering::Relaxed);
                    store.receive(arrival(number)).await.expect("it is kept");
                    count += 1;
                }
                count
            })
        })
        .collect();
    sum(tasks, begun).await
}

/// How many jobs a second so many workers take, `most` at once, and finish.
async fn work(store: &Arc<dyn Store>, workers: u64, most: u32) -> u64 {
    let begun = Instant::now();
    let tasks: Vec<_> = (0..workers)
        .map(|worker| {
            let store = Arc::clone(store);
            let worker = Worker { name: format!("worker {worker}"), lease: 60 };
            tokio::spawn(async move {
                let mut count = 0;
                while begun.elapsed() < LONG {
                    let jobs = store.claim(&worker, &["read"], most).await.expect("taken");
                    assert!(!jobs.is_empty(), "there are jobs enough");
                    count += jobs.len() as u64;
                    let finished: Vec<_> = jobs
                        .into_iter()
                        .map(|job| {
                            let store = Arc::clone(&store);
                            tokio::spawn(async move {
                                store.finish(&job.lease, step(&job), End::Done).await
                            })
                        })
                        .collect();
                    for one in finished {
                        one.await.expect("no task panics").expect("it ends");
                    }
                }
                count
            })
        })
        .collect();
    sum(tasks, begun).await
}

async fn sum(tasks: Vec<tokio::task::JoinHandle<u64>>, begun: Instant) -> u64 {
    let mut count = 0;
    for task in tasks {
        count += task.await.expect("no task panics");
    }
    let milliseconds = u64::try_from(begun.elapsed().as_millis()).expect("it was short");
    count * 1000 / milliseconds.max(1)
}

/// A figure beside the syncs of the same run, as a ratio with two digits.
fn figure(count: u64, syncs: u64) -> String {
    let hundredths = count * 100 / syncs.max(1);
    format!("{count} ({}.{:02})", hundredths / 100, hundredths % 100)
}

async fn measure(name: &str, address: &str, folder: &Path) {
    let mut options = Options::default();
    options.connections = 20;
    let store = open_with(address, options).await.expect("the store opens");
    let syncs = syncs(folder);
    // Enough jobs for the fastest to be busy with.
    receive(&store, 64).await;
    for _ in 0..6 {
        receive(&store, 256).await;
    }
    let mut line = format!("| {name} | {syncs} |");
    for workers in [1, 4, 16, 64] {
        line += &format!(" {} |", figure(receive(&store, workers).await, syncs));
    }
    for workers in [1, 4, 16] {
        line += &format!(" {} |", figure(work(&store, workers, 1).await, syncs));
    }
    line += &format!(" {} |", figure(work(&store, 1, 50).await, syncs));
    line += &format!(" {} |", figure(work(&store, 4, 50).await, syncs));
    say(&line);
}

#[test]
#[ignore = "it takes a minute and says how fast the machine is"]
fn both_are_measured() {
    say("| | syncs | receive: 1 | 4 | 16 | 64 | cycle: 1 | 4 | 16 | 50 at once: 1 | 4 |");
    say("|---|---|---|---|---|---|---|---|---|---|---|");
    let folder = tempfile::tempdir().expect("there is room for a folder");
    for round in 0..2 {
        let address = format!("sqlite:{}/store{round}.db", folder.path().display());
        run(measure("SQLite", &address, folder.path()));
        if let Some(address) = testing::durable_postgres() {
            run(measure("PostgreSQL", &address, folder.path()));
        }
    }
}
