//! The store in SQLite: one file, one writer, any number of readers.

mod access;
mod awake;
pub(crate) mod backup;
mod change;
mod connection;
mod control;
mod expectation;
mod interchange;
mod job;
mod message;
mod posting;
mod receipt;
mod schedule;
mod upkeep;
mod writer;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::SqlitePool;
use tokio::sync::Notify;

use crate::access::{AuditEntry, AuditFilter, Ban, Expired, Figure};
use crate::change::{Applied, Change};
use crate::control::{Allocation, Counter};
use crate::error::StoreError;
use crate::expectation::{Due, Expectation};
use crate::interchange::{Interchange, InterchangeId};
use crate::job::{Claimed, End, Job, Lease, NewJob, Worker};
use crate::message::{Arrival, Event, Message, MessageId, Payload, Received};
use crate::options::{Clock, Options, machine_time};
use crate::payload::{Payloads, take};
use crate::posting::{Posting, PostingId};
use crate::receipt::{Claim, Receipt};
use crate::schedule::{Pause, Run, SeenFile};
use crate::{
    Store, expectation as expected, job as jobs, message as messages, posting as postings,
    receipt as given,
};
use writer::Writer;

/// How the address of a SQLite store begins.
pub const SCHEME: &str = "sqlite:";

/// A store in a SQLite database, for one node.
#[derive(Debug)]
pub struct SqliteStore {
    writer: Writer,
    pool: SqlitePool,
    payloads: Payloads,
    options: Options,
    work: Arc<Notify>,
}

impl SqliteStore {
    /// Opens the database in a file, which is made if it is not there, and brings its tables up to
    /// date.
    ///
    /// # Errors
    ///
    /// [`StoreError::Address`] when the file cannot be used, [`StoreError::TooNew`] when a newer
    /// program has written it.
    pub async fn open(path: &Path, options: Options) -> Result<Self, StoreError> {
        let connection = connection::writing(path).await?;
        let pool = connection::reading(path, options.connections.saturating_sub(1));
        let folder = options.payloads.clone().unwrap_or_else(|| payload_folder(path));
        let work = Arc::new(Notify::new());
        Ok(Self {
            writer: Writer::start(connection, options.clock.clone(), Arc::clone(&work)),
            pool,
            payloads: Payloads::new(Some(folder), options.inline_limit),
            options,
            work,
        })
    }

    fn clock(&self) -> Timestamp {
        match &self.options.clock {
            Clock::Database => machine_time(),
            Clock::Told(clock) => clock.now(),
        }
    }

    async fn read_payload(&self, id: MessageId) -> Result<Payload, StoreError> {
        self.payloads.read(id, message::bytes(&self.pool, id).await?).await
    }

    async fn sweep(&self, files: Vec<[u8; 32]>) -> Result<(), StoreError> {
        for files in files.chunks(100) {
            let (payloads, files) = (self.payloads.clone(), files.to_vec());
            self.writer
                .write(move |writing| {
                    Box::pin(async move { upkeep::sweep_some(writing, &payloads, &files).await })
                })
                .await?;
        }
        Ok(())
    }
}

/// How far the tables of a database are behind.
pub(crate) async fn version(path: &Path) -> Result<crate::maintenance::Version, StoreError> {
    connection::version(path).await
}

/// The folder for long payloads of a database, when none is named: `store.db.payloads` beside
/// `store.db`.
pub fn payload_folder(path: &Path) -> PathBuf {
    let mut name = path.as_os_str().to_os_string();
    name.push(".payloads");
    PathBuf::from(name)
}

#[async_trait]
impl Store for SqliteStore {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        Ok(self.clock())
    }

    async fn receive(&self, mut arrival: Arrival) -> Result<Received, StoreError> {
        let payload = take(&mut arrival.payload);
        let kept = self.payloads.keep(payload, Some(arrival.sha256)).await?;
        self.writer
            .write(move |writing| {
                Box::pin(async move { message::receive(writing, &arrival, &kept).await })
            })
            .await
    }

    async fn receive_once(
        &self,
        mut arrival: Arrival,
        claim: Claim,
    ) -> Result<given::Claimed, StoreError> {
        let payload = take(&mut arrival.payload);
        let kept = self.payloads.keep(payload, Some(arrival.sha256)).await?;
        self.writer
            .write(move |writing| {
                Box::pin(async move { receipt::receive(writing, &arrival, &kept, &claim).await })
            })
            .await
    }

    async fn receipts(&self, id: MessageId) -> Result<Vec<Receipt>, StoreError> {
        receipt::list(&self.pool, id).await
    }

    async fn claim(
        &self,
        worker: &Worker,
        kinds: &[&str],
        most: u32,
    ) -> Result<Vec<Claimed>, StoreError> {
        let worker = worker.clone();
        let kinds: Vec<String> = kinds.iter().map(ToString::to_string).collect();
        self.writer
            .write(move |writing| {
                Box::pin(async move { job::claim(writing, &worker, &kinds, most).await })
            })
            .await
    }

    async fn wait_for_work(&self, at_most: Duration) {
        let until_next = job::until_next(&self.pool, self.clock()).await;
        let until_next = until_next.unwrap_or(Duration::MAX);
        // Whether somebody woke us or the time is over makes no difference.
        let _ = tokio::time::timeout(at_most.min(until_next), self.work.notified()).await;
    }

    async fn renew(&self, lease: &Lease, worker: &Worker) -> Result<(), StoreError> {
        let (lease, worker) = (*lease, worker.clone());
        self.writer
            .write(move |writing| {
                Box::pin(async move { job::renew(writing, &lease, &worker).await })
            })
            .await
    }

    async fn end_leases(&self, whose: &str) -> Result<u64, StoreError> {
        let whose = whose.to_string();
        self.writer
            .write(move |writing| Box::pin(async move { job::end_leases(writing, &whose).await }))
            .await
    }

    async fn finish(
        &self,
        lease: &Lease,
        mut change: Change,
        end: End,
    ) -> Result<Applied, StoreError> {
        let kept = self.payloads.keep_all(&mut change).await?;
        let lease = *lease;
        self.writer
            .write(move |writing| {
                Box::pin(async move { change::finish(writing, &lease, &change, &kept, &end).await })
            })
            .await
    }

    async fn apply(&self, mut change: Change) -> Result<Applied, StoreError> {
        let kept = self.payloads.keep_all(&mut change).await?;
        self.writer
            .write(move |writing| {
                Box::pin(async move {
                    change::write(writing, &change, &kept).await.map(|(applied, _)| applied)
                })
            })
            .await
    }

    async fn allocate(
        &self,
        counter: &Counter,
        purpose: &str,
        count: u32,
    ) -> Result<u64, StoreError> {
        let (counter, purpose) = (counter.clone(), purpose.to_string());
        let window = i64::try_from(self.options.number_window.as_micros()).unwrap_or(i64::MAX);
        self.writer
            .write(move |writing| {
                Box::pin(async move {
                    control::allocate(writing, &counter, &purpose, count, window).await
                })
            })
            .await
    }

    async fn allocations(
        &self,
        counter: &Counter,
        most: u32,
    ) -> Result<Vec<Allocation>, StoreError> {
        control::list(&self.pool, counter, most).await
    }

    async fn message(&self, id: MessageId) -> Result<Option<Message>, StoreError> {
        message::find(&self.pool, id).await
    }

    async fn messages(
        &self,
        filter: &messages::Filter,
        before: Option<MessageId>,
        most: u32,
    ) -> Result<Vec<Message>, StoreError> {
        message::list(&self.pool, filter, before, most).await
    }

    async fn payload(&self, id: MessageId) -> Result<Payload, StoreError> {
        self.read_payload(id).await
    }

    async fn events(&self, id: MessageId) -> Result<Vec<Event>, StoreError> {
        message::events(&self.pool, id).await
    }

    async fn interchanges(&self, id: MessageId) -> Result<Vec<Interchange>, StoreError> {
        interchange::of(&self.pool, id).await
    }

    async fn interchange(&self, id: InterchangeId) -> Result<Option<Interchange>, StoreError> {
        interchange::find(&self.pool, id).await
    }

    async fn answers(&self, id: InterchangeId) -> Result<Vec<MessageId>, StoreError> {
        interchange::answers(&self.pool, id).await
    }

    async fn expectations(
        &self,
        filter: &expected::Filter,
        most: u32,
    ) -> Result<Vec<Expectation>, StoreError> {
        expectation::list(&self.pool, filter, most).await
    }

    async fn fall_due(&self) -> Result<Vec<Due>, StoreError> {
        self.writer.write(|writing| Box::pin(expectation::fall_due(writing))).await
    }

    async fn begin_due(&self, kind: &str) -> Result<u64, StoreError> {
        let kind = kind.to_string();
        self.writer
            .write(move |writing| {
                Box::pin(async move { expectation::begin_due(writing, &kind).await })
            })
            .await
    }

    async fn postings(
        &self,
        filter: &postings::Filter,
        after: Option<PostingId>,
        most: u32,
    ) -> Result<Vec<Posting>, StoreError> {
        posting::list(&self.pool, filter, after, most).await
    }

    async fn begin_run(&self, run: &Run, job: NewJob) -> Result<bool, StoreError> {
        let run = run.clone();
        self.writer
            .write(move |writing| {
                Box::pin(async move { schedule::begin(writing, &run, &job).await })
            })
            .await
    }

    async fn last_runs(&self) -> Result<Vec<Run>, StoreError> {
        schedule::last_runs(&self.pool).await
    }

    async fn set_pause(
        &self,
        schedule: &str,
        pause: Option<Pause>,
        by: &str,
    ) -> Result<(), StoreError> {
        let (schedule, by) = (schedule.to_string(), by.to_string());
        self.writer
            .write(move |writing| {
                Box::pin(async move {
                    schedule::set_pause(writing, &schedule, pause.as_ref(), &by).await
                })
            })
            .await
    }

    async fn pauses(&self) -> Result<Vec<(String, Pause)>, StoreError> {
        schedule::pauses(&self.pool).await
    }

    async fn jobs(&self, filter: &jobs::Filter, most: u32) -> Result<Vec<Job>, StoreError> {
        job::list(&self.pool, filter, most).await
    }

    async fn remembered(&self, drop: &str, files: &[SeenFile]) -> Result<Vec<bool>, StoreError> {
        schedule::remembered(&self.pool, drop, files).await
    }

    async fn files_of(&self, drop: &str) -> Result<Vec<SeenFile>, StoreError> {
        schedule::files_of(&self.pool, drop).await
    }

    async fn failed_login(&self, subjects: &[&str], window: u32) -> Result<Vec<u32>, StoreError> {
        let subjects: Vec<String> = subjects.iter().map(ToString::to_string).collect();
        self.writer
            .write(move |writing| {
                Box::pin(async move { access::failed_login(writing, &subjects, window).await })
            })
            .await
    }

    async fn forget_logins(&self, subjects: &[&str]) -> Result<(), StoreError> {
        let subjects: Vec<String> = subjects.iter().map(|it| it.to_string()).collect();
        self.writer
            .write(move |writing| {
                Box::pin(async move { access::forget_logins(writing, &subjects).await })
            })
            .await
    }

    async fn set_ban(&self, subject: &str, ban: Option<Ban>) -> Result<(), StoreError> {
        let subject = subject.to_string();
        self.writer
            .write(move |writing| {
                Box::pin(async move { access::set_ban(writing, &subject, ban.as_ref()).await })
            })
            .await
    }

    async fn bans(&self) -> Result<Vec<(String, Ban)>, StoreError> {
        access::bans(&self.pool, self.clock().as_microsecond()).await
    }

    async fn audit(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
        self.writer
            .write(move |writing| {
                Box::pin(async move { access::audit_all(writing, &entries).await })
            })
            .await
    }

    async fn audited(
        &self,
        filter: &AuditFilter,
        most: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        access::audited(&self.pool, filter, most).await
    }

    async fn figures(&self) -> Result<Vec<Figure>, StoreError> {
        access::figures(&self.pool, self.clock().as_microsecond()).await
    }

    async fn verify(&self) -> Result<Vec<String>, StoreError> {
        upkeep::verify(self).await
    }

    async fn purge(&self, ended_before: Timestamp) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let some = self
                .writer
                .write(move |writing| Box::pin(upkeep::purge_some(writing, ended_before, None)))
                .await?;
            purged += some;
            if some == 0 {
                break;
            }
        }
        self.writer
            .write(move |writing| Box::pin(upkeep::purge_rest(writing, ended_before)))
            .await?;
        self.sweep(self.payloads.old().await?).await?;
        Ok(purged)
    }

    async fn purge_messages(&self, expired: &Expired) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let of = expired.clone();
            let some = self.writer.write(move |writing| {
                Box::pin(async move { upkeep::purge_some(writing, of.before, Some(&of)).await })
            });
            match some.await? {
                0 => break,
                some => purged += some,
            }
        }
        self.sweep(self.payloads.old().await?).await?;
        Ok(purged)
    }

    async fn purge_postings(&self, expired: &Expired) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let of = expired.clone();
            let some = self.writer.write(move |writing| {
                Box::pin(async move { upkeep::purge_postings(writing, &of).await })
            });
            match some.await? {
                0 => return Ok(purged),
                some => purged += some,
            }
        }
    }

    async fn close(&self) {
        self.pool.close().await;
        self.writer.close().await;
    }
}
