//! The store in PostgreSQL, for several nodes that share the work.
//!
//! Every operation is a transaction of its own. What two nodes must not do at the same time (compare
//! an interchange with those before, give numbers of a counter, write jobs of one order) is guarded
//! by advisory locks that last as long as the transaction.

mod access;
mod change;
mod clock;
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

use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;
use sqlx::PgPool;
use sqlx::postgres::PgListener;
use tokio::sync::Notify;
use tokio::task::JoinHandle;

use crate::access::{AuditEntry, AuditFilter, Ban, Expired, Figure};
use crate::change::{Applied, Change};
use crate::control::{Allocation, Counter};
use crate::error::StoreError;
use crate::expectation::{Due, Expectation};
use crate::interchange::{Interchange, InterchangeId};
use crate::job::{Claimed, End, Job, Lease, NewJob, Worker};
use crate::message::{Arrival, Event, Message, MessageId, Payload, Received};
use crate::options::{Clock, Options};
use crate::payload::{Payloads, take};
use crate::posting::{Posting, PostingId};
use crate::receipt::{Claim, Receipt};
use crate::schedule::{Pause, Run, SeenFile};
use crate::{
    Store, expectation as expected, job as jobs, message as messages, posting as postings,
    receipt as given,
};
use clock::ServerClock;
use connection::{Writing, in_transaction};

/// How the address of a PostgreSQL store begins.
pub const SCHEMES: [&str; 2] = ["postgres://", "postgresql://"];

/// How many waiting workers one word of new jobs wakes at most.
const WOKEN: usize = 50;

/// A store in a PostgreSQL database, as one of its nodes sees it.
#[derive(Debug)]
pub struct PostgresStore {
    pool: PgPool,
    payloads: Payloads,
    clock: ServerClock,
    options: Options,
    work: Arc<Notify>,
    listening: JoinHandle<()>,
}

impl PostgresStore {
    /// Connects to the server at an address, `postgres://USER@HOST/DATABASE`, and brings the tables
    /// up to date.
    ///
    /// # Errors
    ///
    /// [`StoreError::Address`] when the address cannot be read, [`StoreError::Database`] when nobody
    /// answers there, [`StoreError::TooNew`] when a newer program has written the tables.
    pub async fn open(address: &str, options: Options) -> Result<Self, StoreError> {
        // One more, which listens.
        let pool = connection::connect(address, options.connections.saturating_add(1)).await?;
        let mut listener = PgListener::connect_with(&pool).await?;
        listener.listen(connection::CHANNEL).await?;
        let work = Arc::new(Notify::new());
        let listening = tokio::spawn(listen(listener, Arc::clone(&work)));
        let payloads = Payloads::new(options.payloads.clone(), options.inline_limit);
        let clock = ServerClock::new(options.clock.clone());
        Ok(Self { pool, payloads, clock, options, work, listening })
    }

    async fn read_payload(&self, id: MessageId) -> Result<Payload, StoreError> {
        self.payloads.read(id, message::bytes(&self.pool, id).await?).await
    }
}

/// How far the tables of a server are behind.
pub(crate) async fn version(address: &str) -> Result<crate::maintenance::Version, StoreError> {
    connection::version(address).await
}

impl Drop for PostgresStore {
    fn drop(&mut self) {
        self.listening.abort();
    }
}

/// Passes on what other nodes say of new jobs. The listener connects again by itself; what was said
/// meanwhile is lost, and found by looking.
async fn listen(mut listener: PgListener, work: Arc<Notify>) {
    loop {
        match listener.recv().await {
            Ok(said) => {
                let jobs = said.payload().parse().unwrap_or(1);
                (0..WOKEN.min(jobs)).for_each(|_| work.notify_one());
            }
            Err(_) => tokio::time::sleep(Duration::from_secs(1)).await,
        }
    }
}

#[async_trait]
impl Store for PostgresStore {
    async fn now(&self) -> Result<Timestamp, StoreError> {
        self.clock.now(&self.pool).await
    }

    async fn receive(&self, mut arrival: Arrival) -> Result<Received, StoreError> {
        let payload = take(&mut arrival.payload);
        let kept = self.payloads.keep(payload, Some(arrival.sha256)).await?;
        in_transaction!(self, writing => message::receive(&mut writing, &arrival, &kept))
    }

    async fn receive_once(
        &self,
        mut arrival: Arrival,
        claim: Claim,
    ) -> Result<given::Claimed, StoreError> {
        let payload = take(&mut arrival.payload);
        let kept = self.payloads.keep(payload, Some(arrival.sha256)).await?;
        in_transaction!(self, writing => receipt::receive(&mut writing, &arrival, &kept, &claim))
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
        let now = match &self.options.clock {
            Clock::Told(clock) => Some(clock.now().as_microsecond()),
            Clock::Database => None,
        };
        job::claim(&self.pool, now, worker, kinds, most).await
    }

    async fn wait_for_work(&self, at_most: Duration) {
        let until_next = match self.clock.now(&self.pool).await {
            Ok(now) => job::until_next(&self.pool, now).await.unwrap_or(Duration::MAX),
            Err(_) => Duration::MAX,
        };
        // Whether somebody woke us or the time is over makes no difference.
        let _ = tokio::time::timeout(at_most.min(until_next), self.work.notified()).await;
    }

    async fn renew(&self, lease: &Lease, worker: &Worker) -> Result<(), StoreError> {
        in_transaction!(self, writing => job::renew(&mut writing, lease, worker))
    }

    async fn end_leases(&self, whose: &str) -> Result<u64, StoreError> {
        in_transaction!(self, writing => job::end_leases(&mut writing, whose))
    }

    async fn finish(
        &self,
        lease: &Lease,
        mut change: Change,
        end: End,
    ) -> Result<Applied, StoreError> {
        let kept = self.payloads.keep_all(&mut change).await?;
        in_transaction!(self, writing => change::finish(&mut writing, lease, &change, &kept, &end))
    }

    async fn apply(&self, mut change: Change) -> Result<Applied, StoreError> {
        let kept = self.payloads.keep_all(&mut change).await?;
        let written: Result<_, StoreError> =
            in_transaction!(self, writing => change::write(&mut writing, &change, &kept));
        written.map(|(applied, _)| applied)
    }

    async fn allocate(
        &self,
        counter: &Counter,
        purpose: &str,
        count: u32,
    ) -> Result<u64, StoreError> {
        let window = i64::try_from(self.options.number_window.as_micros()).unwrap_or(i64::MAX);
        in_transaction!(self, writing =>
            control::allocate(&mut writing, counter, purpose, count, window))
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
        in_transaction!(self, writing => expectation::fall_due(&mut writing))
    }

    async fn begin_due(&self, kind: &str) -> Result<u64, StoreError> {
        in_transaction!(self, writing => expectation::begin_due(&mut writing, kind))
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
        in_transaction!(self, writing => schedule::begin(&mut writing, run, &job))
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
        in_transaction!(self, writing =>
            schedule::set_pause(&mut writing, schedule, pause.as_ref(), by))
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
        in_transaction!(self, writing => access::failed_login(&mut writing, subjects, window))
    }

    async fn forget_logins(&self, subjects: &[&str]) -> Result<(), StoreError> {
        in_transaction!(self, writing => access::forget_logins(&mut writing, subjects))
    }

    async fn set_ban(&self, subject: &str, ban: Option<Ban>) -> Result<(), StoreError> {
        in_transaction!(self, writing => access::set_ban(&mut writing, subject, ban.as_ref()))
    }

    async fn bans(&self) -> Result<Vec<(String, Ban)>, StoreError> {
        access::bans(&self.pool, self.clock.now(&self.pool).await?.as_microsecond()).await
    }

    async fn audit(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError> {
        in_transaction!(self, writing => access::audit_all(&mut writing, &entries))
    }

    async fn audited(
        &self,
        filter: &AuditFilter,
        most: u32,
    ) -> Result<Vec<AuditEntry>, StoreError> {
        access::audited(&self.pool, filter, most).await
    }

    async fn figures(&self) -> Result<Vec<Figure>, StoreError> {
        access::figures(&self.pool, self.clock.now(&self.pool).await?.as_microsecond()).await
    }

    async fn verify(&self) -> Result<Vec<String>, StoreError> {
        upkeep::verify(self).await
    }

    async fn purge(&self, ended_before: Timestamp) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let some: Result<u64, StoreError> = in_transaction!(self, writing => upkeep::purge_some(&mut writing, ended_before, None));
            match some? {
                0 => break,
                some => purged += some,
            }
        }
        let rest: Result<(), StoreError> =
            in_transaction!(self, writing => upkeep::purge_rest(&mut writing, ended_before));
        rest?;
        upkeep::sweep(&self.pool, &self.payloads, &self.payloads.old().await?).await?;
        Ok(purged)
    }

    async fn purge_messages(&self, expired: &Expired) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let some: Result<u64, StoreError> = in_transaction!(self, writing => {
                upkeep::purge_some(&mut writing, expired.before, Some(expired))
            });
            match some? {
                0 => break,
                some => purged += some,
            }
        }
        upkeep::sweep(&self.pool, &self.payloads, &self.payloads.old().await?).await?;
        Ok(purged)
    }

    async fn purge_postings(&self, expired: &Expired) -> Result<u64, StoreError> {
        let mut purged = 0;
        loop {
            let some: Result<u64, StoreError> =
                in_transaction!(self, writing => upkeep::purge_postings(&mut writing, expired));
            match some? {
                0 => return Ok(purged),
                some => purged += some,
            }
        }
    }

    async fn close(&self) {
        self.listening.abort();
        self.pool.close().await;
    }
}
