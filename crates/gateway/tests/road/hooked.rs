//! A store that fails when a test says so: a call that is not done, one that is done and said not to
//! be, one that waits, one that breaks down, and one with which the program ends.

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use tieline_store::access::{AuditEntry, AuditFilter, Ban, Expired, Figure};
use tieline_store::change::{Applied, Change};
use tieline_store::control::{Allocation, Counter};
use tieline_store::expectation::{self, Due, Expectation};
use tieline_store::interchange::{Interchange, InterchangeId};
use tieline_store::job::{self, Claimed, End, Job, Lease, NewJob, Worker};
use tieline_store::message::{self, Arrival, Event, Message, MessageId, Payload, Received};
use tieline_store::posting::{self, Posting, PostingId};
use tieline_store::receipt::{self, Receipt};
use tieline_store::schedule::{Pause, Run, SeenFile};
use tieline_store::{Store, StoreError};
use tokio::sync::Notify;

/// What becomes of a call.
#[derive(Debug, Clone)]
pub(crate) enum Fate {
    /// It is done.
    Done,
    /// It is not done.
    Failed,
    /// It is done, and whoever called hears that it failed.
    Unheard,
    /// It is done when somebody says so.
    Waits(Arc<Notify>),
    /// Whoever called breaks down.
    Panics,
    /// The program ends before it is done: nobody ever hears of it.
    EndsBefore,
    /// The program ends when it is done.
    EndsAfter,
}

/// Says what becomes of a call, by its name.
pub(crate) type Hook = Box<dyn Fn(&'static str) -> Fate + Send + Sync>;

/// A store whose calls have the fates that a hook gives them.
pub(crate) struct Hooked {
    inner: Arc<dyn Store>,
    hook: Hook,
    ended: Arc<Notify>,
}

impl Hooked {
    pub(crate) fn around(inner: Arc<dyn Store>, hook: Hook) -> Hooked {
        Hooked { inner, hook, ended: Arc::new(Notify::new()) }
    }

    /// Tells when the program ended.
    pub(crate) fn ended(&self) -> Arc<Notify> {
        Arc::clone(&self.ended)
    }

    async fn call<T>(
        &self,
        name: &'static str,
        work: impl Future<Output = Result<T, StoreError>>,
    ) -> Result<T, StoreError> {
        let gone = || StoreError::Database("the connection is gone".to_string());
        match (self.hook)(name) {
            Fate::Done => work.await,
            Fate::Failed => Err(gone()),
            Fate::Unheard => work.await.and_then(|_| Err(gone())),
            Fate::Waits(gate) => {
                gate.notified().await;
                work.await
            }
            Fate::Panics => panic!("the step of a test breaks down"),
            Fate::EndsBefore => self.end().await,
            Fate::EndsAfter => {
                let _ = work.await;
                self.end().await
            }
        }
    }

    async fn end<T>(&self) -> T {
        self.ended.notify_one();
        std::future::pending().await
    }
}

/// Passes calls on, each by the hook.
macro_rules! passed_on {
    ($(fn $name:ident($($argument:ident: $type:ty),*) -> $out:ty;)+) => {
        #[async_trait]
        impl Store for Hooked {
            $(
                async fn $name(&self, $($argument: $type),*) -> Result<$out, StoreError> {
                    self.call(stringify!($name), self.inner.$name($($argument),*)).await
                }
            )+

            async fn wait_for_work(&self, at_most: Duration) {
                self.inner.wait_for_work(at_most).await;
            }

            async fn close(&self) {
                self.inner.close().await;
            }
        }
    };
}

passed_on! {
    fn now() -> Timestamp;
    fn receive(arrival: Arrival) -> Received;
    fn receive_once(arrival: Arrival, claim: receipt::Claim) -> receipt::Claimed;
    fn receipts(id: MessageId) -> Vec<Receipt>;
    fn claim(worker: &Worker, kinds: &[&str], most: u32) -> Vec<Claimed>;
    fn renew(lease: &Lease, worker: &Worker) -> ();
    fn end_leases(node: &str) -> u64;
    fn finish(lease: &Lease, change: Change, end: End) -> Applied;
    fn apply(change: Change) -> Applied;
    fn allocate(counter: &Counter, purpose: &str, count: u32) -> u64;
    fn allocations(counter: &Counter, most: u32) -> Vec<Allocation>;
    fn message(id: MessageId) -> Option<Message>;
    fn messages(filter: &message::Filter, before: Option<MessageId>, most: u32) -> Vec<Message>;
    fn payload(id: MessageId) -> Payload;
    fn events(id: MessageId) -> Vec<Event>;
    fn interchanges(id: MessageId) -> Vec<Interchange>;
    fn interchange(id: InterchangeId) -> Option<Interchange>;
    fn answers(id: InterchangeId) -> Vec<MessageId>;
    fn expectations(filter: &expectation::Filter, most: u32) -> Vec<Expectation>;
    fn fall_due() -> Vec<Due>;
    fn begin_due(kind: &str) -> u64;
    fn postings(filter: &posting::Filter, after: Option<PostingId>, most: u32) -> Vec<Posting>;
    fn begin_run(run: &Run, job: NewJob) -> bool;
    fn last_runs() -> Vec<Run>;
    fn set_pause(schedule: &str, pause: Option<Pause>, by: &str) -> ();
    fn pauses() -> Vec<(String, Pause)>;
    fn jobs(filter: &job::Filter, most: u32) -> Vec<Job>;
    fn remembered(drop: &str, files: &[SeenFile]) -> Vec<bool>;
    fn files_of(drop: &str) -> Vec<SeenFile>;
    fn failed_login(subjects: &[&str], window: u32) -> Vec<u32>;
    fn forget_logins(subjects: &[&str]) -> ();
    fn set_ban(subject: &str, ban: Option<Ban>) -> ();
    fn bans() -> Vec<(String, Ban)>;
    fn audit(entries: Vec<AuditEntry>) -> ();
    fn audited(filter: &AuditFilter, most: u32) -> Vec<AuditEntry>;
    fn figures() -> Vec<Figure>;
    fn verify() -> Vec<String>;
    fn purge(ended_before: Timestamp) -> u64;
    fn purge_messages(expired: &Expired) -> u64;
    fn purge_postings(expired: &Expired) -> u64;
}
