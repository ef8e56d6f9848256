//! A job: a step that is due, taken by one worker at a time under a lease.

use jiff::Timestamp;

use crate::interchange::InterchangeId;
use crate::message::MessageId;

/// The number of a job in the store, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct JobId(pub i64);

/// A worker that takes jobs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Worker {
    /// Its name, unlike that of any other worker of any node.
    pub name: String,
    /// How long its leases last, in seconds.
    pub lease: u32,
}

/// The right to finish a job. The token grows with each claim, so that a worker whose lease ran out
/// cannot finish what another has taken.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Lease {
    /// The job.
    pub job: JobId,
    /// Its fencing token.
    pub token: i64,
}

/// A job that a change brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// The step, e.g. `read`, `check`, `post`, `deliver`.
    pub kind: String,
    /// What it is about, if that is one message.
    pub message: Option<crate::change::Message>,
    /// What it is about, if that is one interchange.
    pub interchange: Option<crate::change::Interchange>,
    /// Details for the step.
    pub detail: String,
    /// When it is due; at once when `None`.
    pub due: Option<Timestamp>,
    /// Jobs of one order key are done one after the other, in the order they were written. A dead
    /// job holds up no other.
    pub order: Option<String>,
    /// A name that only one unfinished job may have. A second one is not written. A dead job has no
    /// name.
    pub unique: Option<String>,
}

/// A job that was taken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claimed {
    /// The right to finish it.
    pub lease: Lease,
    /// The step.
    pub kind: String,
    /// The message it is about.
    pub message: Option<MessageId>,
    /// The interchange it is about.
    pub interchange: Option<InterchangeId>,
    /// Details for the step.
    pub detail: String,
    /// Which attempt this is, from 1.
    pub attempt: u32,
    /// When the lease ends, by the store's clock.
    pub until: Timestamp,
}

/// How a job ends.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum End {
    /// It is done.
    Done,
    /// It is done, and its worker goes on with the job that the change brings at this place.
    Next(usize),
    /// It failed, and is due again.
    Again {
        /// When.
        due: Timestamp,
        /// Why, in words.
        reason: String,
    },
    /// It failed for good. It stays in the list of the dead until a person decides.
    Dead {
        /// Why, in words.
        reason: String,
    },
}

/// A job that is not done, for people.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number.
    pub id: JobId,
    /// The step.
    pub kind: String,
    /// The message it is about.
    pub message: Option<MessageId>,
    /// The interchange it is about.
    pub interchange: Option<InterchangeId>,
    /// Details for the step.
    pub detail: String,
    /// When it is due.
    pub due: Timestamp,
    /// Attempts so far.
    pub attempts: u32,
    /// Who has it, until when.
    pub lease: Option<(String, Timestamp)>,
    /// Why the last attempt failed.
    pub reason: Option<String>,
    /// Whether it was given up.
    pub dead: bool,
}

/// Which jobs are meant; an empty filter means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// About this message.
    pub message: Option<MessageId>,
    /// Given up, or not.
    pub dead: Option<bool>,
    /// Of this kind.
    pub kind: Option<String>,
}
