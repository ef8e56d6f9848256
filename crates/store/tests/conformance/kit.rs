//! A store to ask, with a clock that is moved by hand, and what is put into it.

use std::future::Future;
use std::path::PathBuf;
use std::sync::Arc;

use jiff::{SignedDuration, Timestamp};
use tempfile::TempDir;
use tieline_store::change::{self, Change};
use tieline_store::interchange::{InterchangeId, NewInterchange};
use tieline_store::job::{self, End, NewJob, Worker};
use tieline_store::message::{Flow, NewMessage};
use tieline_store::open::open_with;
use tieline_store::options::ToldClock;
use tieline_store::{Arrival, Clock, MessageId, Options, Payload, State, Store};

/// Payloads longer than this lie in files.
pub(crate) const INLINE: u64 = 1000;

/// A store as two nodes see it; with SQLite they are the same.
pub(crate) struct World {
    pub(crate) nodes: [Arc<dyn Store>; 2],
    pub(crate) clock: ToldClock,
    pub(crate) folder: TempDir,
}

impl std::ops::Deref for World {
    type Target = Arc<dyn Store>;

    fn deref(&self) -> &Self::Target {
        &self.nodes[0]
    }
}

impl World {
    pub(crate) fn pass(&self, seconds: i64) {
        self.clock.advance(SignedDuration::from_secs(seconds));
    }

    /// So many seconds from now.
    pub(crate) fn later(&self, seconds: i64) -> Timestamp {
        self.clock.now() + SignedDuration::from_secs(seconds)
    }

    pub(crate) fn payloads(&self) -> PathBuf {
        self.folder.path().join("payloads")
    }
}

fn clock() -> ToldClock {
    ToldClock::new("2026-03-02T15:00:00Z".parse().expect("it is an instant"))
}

pub(crate) fn options(clock: &ToldClock, folder: &TempDir) -> Options {
    let mut options = Options::default();
    options.clock = Clock::Told(clock.clone());
    options.payloads = Some(folder.path().join("payloads"));
    options.inline_limit = INLINE;
    options.connections = 4;
    options.number_window = SignedDuration::from_hours(24);
    options
}

/// Runs a test, with tasks on more than one thread.
pub(crate) fn run<T>(test: impl Future<Output = T>) -> T {
    let mut runtime = tokio::runtime::Builder::new_multi_thread();
    runtime.worker_threads(2).enable_all();
    runtime.build().expect("a runtime can be built").block_on(test)
}

pub(crate) fn on_sqlite(test: impl AsyncFnOnce(World)) {
    let folder = TempDir::new().expect("there is room for a folder");
    let clock = clock();
    let address = format!("sqlite:{}", folder.path().join("store.db").display());
    run(async {
        let options = options(&clock, &folder);
        let store = open_with(&address, options).await.expect("the store opens");
        test(World { nodes: [Arc::clone(&store), store], clock, folder }).await;
    });
}

/// On PostgreSQL, if there is one.
pub(crate) fn on_postgres(test: impl AsyncFnOnce(World)) {
    let Some(address) = tieline_store::testing::postgres() else { return };
    let folder = TempDir::new().expect("there is room for a folder");
    let clock = clock();
    run(async {
        // Both make the tables at once, as nodes that start together do.
        let open = || open_with(&address, options(&clock, &folder));
        let (one, two) = tokio::join!(open(), open());
        let nodes = [one.expect("the store opens"), two.expect("the store opens")];
        test(World { nodes, clock, folder }).await;
    });
}

pub(crate) const PARTNER: &str = "redriver-bank";

pub(crate) fn digest(bytes: &[u8]) -> [u8; 32] {
    use sha2::Digest;
    sha2::Sha256::digest(bytes).into()
}

pub(crate) fn arrival(bytes: &[u8]) -> Arrival {
    Arrival {
        partner: Some(PARTNER.to_string()),
        channel: "sftp".to_string(),
        name: "payments.edi".to_string(),
        payload: Payload::Bytes(bytes.to_vec()),
        sha256: digest(bytes),
        origin: "192.0.2.7".to_string(),
        job: "read".to_string(),
        detail: String::new(),
        remember: None,
    }
}

pub(crate) async fn receive(store: &dyn Store, bytes: &[u8]) -> MessageId {
    store.receive(arrival(bytes)).await.expect("it is kept").id
}

pub(crate) fn job(kind: &str) -> NewJob {
    NewJob {
        kind: kind.to_string(),
        message: None,
        interchange: None,
        detail: String::new(),
        due: None,
        order: None,
        unique: None,
    }
}

pub(crate) fn detailed(kind: &str, detail: &str) -> NewJob {
    NewJob { detail: detail.to_string(), ..job(kind) }
}

pub(crate) fn jobs(jobs: Vec<NewJob>) -> Change {
    Change { jobs, ..Change::default() }
}

pub(crate) async fn bring(store: &dyn Store, new: Vec<NewJob>) {
    store.apply(jobs(new)).await.expect("jobs are written");
}

pub(crate) fn worker(name: &str) -> Worker {
    Worker { name: name.to_string(), lease: 60 }
}

/// Takes at most one job of a kind.
pub(crate) async fn claim(store: &dyn Store, name: &str, kind: &str) -> Option<job::Claimed> {
    store.claim(&worker(name), &[kind], 1).await.expect("jobs can be taken").pop()
}

/// Takes a job of a kind and is done with it.
pub(crate) async fn finish(store: &dyn Store, kind: &str, change: Change) -> change::Applied {
    let job = claim(store, "north", kind).await.expect("there is a job");
    store.finish(&job.lease, change, End::Done).await.expect("the change is written")
}

pub(crate) fn outgoing(state: State) -> NewMessage {
    NewMessage {
        partner: PARTNER.to_string(),
        channel: "mailbox".to_string(),
        name: "out.edi".to_string(),
        content: "867 x 1".to_string(),
        test: false,
        payload: Payload::Bytes(b"ISA*00~".to_vec()),
        state,
        reason: None,
        answers: None,
        again: None,
    }
}

pub(crate) async fn send(store: &dyn Store, state: State) -> MessageId {
    let change = Change { messages: vec![outgoing(state)], ..Change::default() };
    store.apply(change).await.expect("the message is written").messages[0]
}

pub(crate) async fn stand(store: &dyn Store, message: MessageId, to: State) {
    let state = change::MessageState { message, from: Vec::new(), to, reason: None };
    let change = Change { message_states: vec![state], ..Change::default() };
    store.apply(change).await.expect("it may stand there");
}

pub(crate) async fn state(store: &dyn Store, message: MessageId) -> State {
    store.message(message).await.expect("it can be read").expect("it is there").state
}

pub(crate) fn interchange(message: MessageId, control: u64, bytes: &[u8]) -> NewInterchange {
    NewInterchange {
        message: change::Message::Known(message),
        flow: Flow::In,
        partner: Some(PARTNER.to_string()),
        sender: "01:0055500010000".to_string(),
        receiver: "ZZ:PRAIRIERIVERS".to_string(),
        control,
        test: false,
        sha256: digest(bytes),
        offset: 0,
        length: bytes.len() as u64,
        content: "820 x 3".to_string(),
        state: State::Received,
        reason: None,
        window_from: Some("2026-01-01T00:00:00Z".parse().expect("it is an instant")),
    }
}

pub(crate) async fn keep(
    store: &dyn Store,
    new: NewInterchange,
) -> (InterchangeId, tieline_store::interchange::Standing) {
    let change = Change { interchanges: vec![new], ..Change::default() };
    store.apply(change).await.expect("the interchange is written").interchanges[0]
}
