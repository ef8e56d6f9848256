//! What happened and what is due: messages, jobs, control numbers, expected answers, postings.
//!
//! The unit of writing is a step of the road. Whoever takes a [`Job`](job::Claimed) works out what
//! follows from it, says so as one [`Change`], and the store writes all of it or nothing, guarded by
//! the lease of the job. So a step that was done twice is harmless, a step that was cut off left
//! nothing, and a restart goes on from the last step that finished.
//!
//! Two databases keep it: SQLite, and PostgreSQL when several nodes share the work. Each has its own
//! SQL; one suite of tests runs on both. Instants are kept as whole microseconds, UTC. [`open()`] opens
//! either by its address.

pub mod access;
pub mod change;
pub mod control;
pub mod error;
pub mod expectation;
pub mod interchange;
pub mod job;
pub mod message;
pub mod posting;
pub mod receipt;
pub mod schedule;

pub mod maintenance;
pub mod open;
pub mod options;
#[cfg(feature = "postgres")]
pub mod postgres;
pub mod sqlite;
#[cfg(feature = "testing")]
pub mod testing;

mod brought;
mod columns;
mod payload;
mod words;

use std::time::Duration;

use async_trait::async_trait;
use jiff::Timestamp;

pub use access::{AuditEntry, Ban};
pub use change::{Applied, Change};
pub use control::Counter;
pub use error::StoreError;
pub use message::{Arrival, MessageId, Payload, Received, State};
pub use open::open;
pub use options::{Clock, Options};

/// A store, whichever database keeps it.
///
/// Every method that writes has written durably when it returns: through a crash of the program and
/// through a loss of power.
#[async_trait]
pub trait Store: Send + Sync + 'static {
    /// What time it is for the store: leases and due times are measured with this clock alone.
    async fn now(&self) -> Result<Timestamp, StoreError>;

    /// Keeps what arrived, with its first event and the job that takes it further. When this
    /// returns, whoever sent it may be told that we have it.
    async fn receive(&self, arrival: Arrival) -> Result<Received, StoreError>;

    /// As [`Store::receive`], for a message that its partner sends under a name of its own: the name is
    /// taken in the same transaction, and what comes again under it is not kept again. Of many at once
    /// one is new.
    async fn receive_once(
        &self,
        arrival: Arrival,
        claim: receipt::Claim,
    ) -> Result<receipt::Claimed, StoreError>;

    /// The receipts of a message, in order: the one we gave, or those that came for it.
    async fn receipts(&self, id: MessageId) -> Result<Vec<receipt::Receipt>, StoreError>;

    /// Takes due jobs of these kinds for a worker, the oldest first, at most `most`, each under a
    /// lease of its own. Of jobs that share an order key only the oldest unfinished one can be taken.
    /// The attempt is counted here, so that a job that kills its worker is counted too.
    async fn claim(
        &self,
        worker: &job::Worker,
        kinds: &[&str],
        most: u32,
    ) -> Result<Vec<job::Claimed>, StoreError>;

    /// Waits until there may be work to claim, at most so long. It is a hint: work may be there and
    /// nobody said so, and somebody else may have it already.
    async fn wait_for_work(&self, at_most: Duration);

    /// Makes a lease last longer.
    ///
    /// # Errors
    ///
    /// [`StoreError::LeaseLost`] when the job has gone to another worker: stop and write nothing.
    async fn renew(&self, lease: &job::Lease, worker: &job::Worker) -> Result<(), StoreError>;

    /// Ends the leases of a node's workers, whose names are the node's and a slash and more, or of the
    /// one worker of this name, and says how many there were: for a node that starts, because whoever
    /// had them is gone, and for a worker that may have been given one and not heard of it. Should
    /// somebody have them after all, the fencing tokens keep what they do from being written twice.
    async fn end_leases(&self, whose: &str) -> Result<u64, StoreError>;

    /// Writes what a step comes to and ends its job, all or nothing. With [`job::End::Next`] the
    /// worker goes on with the job it names, under a new lease, without claiming it.
    ///
    /// # Errors
    ///
    /// [`StoreError::LeaseLost`]: the job has gone to another worker, and nothing was written.
    async fn finish(
        &self,
        lease: &job::Lease,
        change: Change,
        end: job::End,
    ) -> Result<Applied, StoreError>;

    /// Writes a change that no job stands behind: what an operator does, or a schedule.
    async fn apply(&self, change: Change) -> Result<Applied, StoreError>;

    /// Allocates `count` numbers in a row of a counter for a purpose, and gives the first.
    ///
    /// The same purpose gets the same numbers again, so a step that is repeated after a crash uses
    /// the numbers it had. A number is never given to two purposes. After the counter's last number
    /// comes 1; numbers stay allocated while the window of [`Options::number_window`] lasts.
    ///
    /// # Errors
    ///
    /// [`StoreError::NumbersUsedUp`] when so many in a row are not free, [`StoreError::NotWhole`] when
    /// the purpose has another count of numbers already.
    async fn allocate(
        &self,
        counter: &Counter,
        purpose: &str,
        count: u32,
    ) -> Result<u64, StoreError>;

    /// The allocations of a counter, latest first.
    async fn allocations(
        &self,
        counter: &Counter,
        most: u32,
    ) -> Result<Vec<control::Allocation>, StoreError>;

    /// A message.
    async fn message(&self, id: MessageId) -> Result<Option<message::Message>, StoreError>;

    /// The messages a filter lets through, latest first, at most `most`, those before `before`.
    async fn messages(
        &self,
        filter: &message::Filter,
        before: Option<MessageId>,
        most: u32,
    ) -> Result<Vec<message::Message>, StoreError>;

    /// The raw bytes of a message.
    ///
    /// # Errors
    ///
    /// [`StoreError::PayloadMissing`] or [`StoreError::PayloadDamaged`] when what lies beside the
    /// database is not what was kept.
    async fn payload(&self, id: MessageId) -> Result<Payload, StoreError>;

    /// What happened to a message, in order.
    async fn events(&self, id: MessageId) -> Result<Vec<message::Event>, StoreError>;

    /// The interchanges of a message, in order.
    async fn interchanges(
        &self,
        id: MessageId,
    ) -> Result<Vec<interchange::Interchange>, StoreError>;

    /// One interchange.
    async fn interchange(
        &self,
        id: interchange::InterchangeId,
    ) -> Result<Option<interchange::Interchange>, StoreError>;

    /// The messages that were sent in answer to an interchange, in order.
    async fn answers(&self, id: interchange::InterchangeId) -> Result<Vec<MessageId>, StoreError>;

    /// The answers we wait for: of one message, or all that a filter lets through, earliest
    /// deadline first.
    async fn expectations(
        &self,
        filter: &expectation::Filter,
        most: u32,
    ) -> Result<Vec<expectation::Expectation>, StoreError>;

    /// Marks expectations whose time to warn, or whose deadline, has come, and gives them: each is
    /// given once for its warning and once for its deadline. When both have come, the deadline alone
    /// is told.
    async fn fall_due(&self) -> Result<Vec<expectation::Due>, StoreError>;

    /// As [`fall_due`](Self::fall_due), and for each, in the same transaction, a job of this kind about
    /// the message: its detail is `due soon` or `overdue`, and what the answer would name, a line each.
    /// So nothing that fell due is lost with whoever asked. Gives how many there were.
    async fn begin_due(&self, kind: &str) -> Result<u64, StoreError>;

    /// The postings a filter lets through, oldest first, after `after`, at most `most`.
    async fn postings(
        &self,
        filter: &posting::Filter,
        after: Option<posting::PostingId>,
        most: u32,
    ) -> Result<Vec<posting::Posting>, StoreError>;

    /// Begins a planned run of a schedule with the job that does it; false when this instant of the
    /// schedule was begun before, by whichever node, or the schedule is paused.
    async fn begin_run(&self, run: &schedule::Run, job: job::NewJob) -> Result<bool, StoreError>;

    /// The last planned instant that was begun, of each schedule.
    async fn last_runs(&self) -> Result<Vec<schedule::Run>, StoreError>;

    /// Pauses a schedule, or lets it go on, and says so in the audit.
    async fn set_pause(
        &self,
        schedule: &str,
        pause: Option<schedule::Pause>,
        by: &str,
    ) -> Result<(), StoreError>;

    /// The schedules that are paused.
    async fn pauses(&self) -> Result<Vec<(String, schedule::Pause)>, StoreError>;

    /// Jobs that are not done, the next due first.
    async fn jobs(&self, filter: &job::Filter, most: u32) -> Result<Vec<job::Job>, StoreError>;

    /// Which of these files of a drop were taken before.
    async fn remembered(
        &self,
        drop: &str,
        files: &[schedule::SeenFile],
    ) -> Result<Vec<bool>, StoreError>;

    /// The files of a drop that were taken, and not forgotten since.
    async fn files_of(&self, drop: &str) -> Result<Vec<schedule::SeenFile>, StoreError>;

    /// Counts a failed login of each of these subjects (addresses, accounts) and gives how many
    /// there were in the last `window` seconds, this one included.
    async fn failed_login(&self, subjects: &[&str], window: u32) -> Result<Vec<u32>, StoreError>;

    /// Forgets the failed logins of these subjects: somebody logged in, or a person says so.
    async fn forget_logins(&self, subjects: &[&str]) -> Result<(), StoreError>;

    /// Bans a subject, or lifts its ban when `ban` is `None`.
    async fn set_ban(&self, subject: &str, ban: Option<Ban>) -> Result<(), StoreError>;

    /// The bans in force.
    async fn bans(&self) -> Result<Vec<(String, Ban)>, StoreError>;

    /// Adds to the audit.
    async fn audit(&self, entries: Vec<AuditEntry>) -> Result<(), StoreError>;

    /// The audit, latest first.
    async fn audited(
        &self,
        filter: &access::AuditFilter,
        most: u32,
    ) -> Result<Vec<AuditEntry>, StoreError>;

    /// How many messages, jobs and expectations are in which state, for the metrics.
    async fn figures(&self) -> Result<Vec<access::Figure>, StoreError>;

    /// Checks that everything fits: keys, payloads against their hashes, counters against what was
    /// sent. Gives what does not.
    async fn verify(&self) -> Result<Vec<String>, StoreError>;

    /// Throws away payloads and events of messages that ended before an instant, and gives how
    /// many; the message rows, control numbers and keys of postings stay. A message has ended when it
    /// is posted, accepted, repeat, rejected or refused, or sent with nobody waiting for an answer, and
    /// no job is about it.
    async fn purge(&self, ended_before: Timestamp) -> Result<u64, StoreError>;

    /// The same for the messages of one partner, tests or production, and gives how many.
    async fn purge_messages(&self, expired: &access::Expired) -> Result<u64, StoreError>;

    /// Throws away what postings of one partner say, tests or production, that were posted before an
    /// instant, and gives how many; their keys stay, so that nothing is posted again.
    async fn purge_postings(&self, expired: &access::Expired) -> Result<u64, StoreError>;

    /// Finishes what was begun and lets go of the database. Whatever is asked afterwards fails.
    async fn close(&self);
}
