//! An answer that we wait for: a 997, 999 or TA1 to what we sent.

use jiff::Timestamp;

use crate::change;
use crate::interchange::InterchangeId;
use crate::job::NewJob;
use crate::message::MessageId;

/// What kind of answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Kind {
    /// A functional acknowledgment, 997 or 999: one for each functional group.
    Functional,
    /// An interchange acknowledgment, TA1.
    Interchange,
    /// The receipt of an AS2 message.
    Receipt,
}

/// What an answer says.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Outcome {
    /// Accepted, perhaps with errors noted.
    Accepted,
    /// Some of it accepted.
    Partly,
    /// Rejected.
    Rejected,
}

/// An answer that a change makes us wait for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewExpectation {
    /// What we sent.
    pub message: change::Message,
    /// The partner who is to answer.
    pub partner: String,
    /// What kind of answer.
    pub kind: Kind,
    /// What it will name: `GS01` and `GS06` as `PT:17`, `ISA13` as `905`, or a Message-ID.
    pub key: String,
    /// What it has to say beside that, e.g. the MIC of an AS2 message.
    pub wanted: Option<String>,
    /// When somebody should hear that it has not come yet.
    pub warn: Option<Timestamp>,
    /// When it is overdue.
    pub due: Timestamp,
}

/// An answer that came.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Answer {
    /// The partner who answers.
    pub partner: String,
    /// What kind of answer.
    pub kind: Kind,
    /// What it names, as in [`NewExpectation::key`]. The latest that we sent under this key is meant.
    pub key: String,
    /// What it says. It counts if nobody answered before, or if an earlier answer said otherwise.
    pub outcome: Outcome,
    /// In words, e.g. `2 of 12 transaction sets rejected`.
    pub detail: String,
    /// Where it came.
    pub by: Option<InterchangeId>,
}

/// What is noted on an acknowledgment of what nobody here knows.
pub(crate) const UNSENT: &str =
    "nobody waits for what it acknowledges: we did not send it, or asked for no acknowledgment";

impl Answer {
    /// What it says to whom waits for it no more.
    pub(crate) fn unasked(&self) -> String {
        let parts = [self.detail.as_str(), "nobody waited for it any more"];
        parts.into_iter().filter(|part| !part.is_empty()).collect::<Vec<_>>().join("; ")
    }
}

/// Where an expectation stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Standing {
    /// Waiting.
    Open,
    /// Waiting after its deadline.
    Overdue,
    /// Answered.
    Answered(Outcome),
    /// Nobody waits any more: a person said so, or the message is sent again.
    Dropped,
}

/// An expectation as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Expectation {
    /// What we sent.
    pub message: MessageId,
    /// The partner who is to answer.
    pub partner: String,
    /// What kind of answer.
    pub kind: Kind,
    /// What it will name.
    pub key: String,
    /// What it has to say beside that.
    pub wanted: Option<String>,
    /// Where it stands.
    pub standing: Standing,
    /// When it is overdue.
    pub due: Timestamp,
    /// When it was answered, where, and what it said.
    pub answered: Option<(Timestamp, Option<InterchangeId>, String)>,
}

/// An expectation whose time has come.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Due {
    /// The expectation.
    pub expectation: Expectation,
    /// Whether its deadline has passed; else it is time to warn.
    pub overdue: bool,
}

impl Due {
    /// The job that follows from it.
    pub(crate) fn job(&self, kind: &str) -> NewJob {
        let word = if self.overdue { "overdue" } else { "due soon" };
        NewJob {
            kind: kind.to_string(),
            message: Some(change::Message::Known(self.expectation.message)),
            interchange: None,
            detail: format!("{word}\n{}", self.expectation.key),
            due: None,
            order: None,
            unique: None,
        }
    }
}

/// Which expectations are meant; an empty filter means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this message.
    pub message: Option<MessageId>,
    /// Of this partner.
    pub partner: Option<String>,
    /// Only those still open or overdue.
    pub waiting: bool,
}
