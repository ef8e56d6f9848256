//! A change: everything that one step of the road comes to, written all or nothing.

use jiff::Timestamp;

use crate::access::AuditEntry;
use crate::expectation::{Answer, NewExpectation};
use crate::interchange::{InterchangeId, NewInterchange, Standing};
use crate::job::{Claimed, JobId, NewJob};
use crate::message::{MessageId, NewMessage, State};
use crate::posting::{NewPosting, NewRelease, PostingId};
use crate::receipt::NewReceipt;
use crate::schedule::SeenFile;

/// A message, known already or brought by the same change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Message {
    /// One that the store has.
    Known(MessageId),
    /// The one at this place in [`Change::messages`].
    New(usize),
}

/// An interchange, known already or brought by the same change.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Interchange {
    /// One that the store has.
    Known(InterchangeId),
    /// The one at this place in [`Change::interchanges`].
    New(usize),
}

/// What a step comes to. It is written in the order of the fields.
#[derive(Debug, Clone, Default)]
pub struct Change {
    /// Messages to be sent.
    pub messages: Vec<NewMessage>,
    /// Interchanges in messages.
    pub interchanges: Vec<NewInterchange>,
    /// Where interchanges stand now. The message of each then stands where its interchanges say.
    pub interchange_states: Vec<(InterchangeId, State, Option<String>)>,
    /// Where messages stand now. The interchanges of a message that goes out stand where it stands.
    /// One that is [`State::Sent`] after all its answers came is accepted or refused at once, and
    /// nobody waits any more for answers to one that a change says is accepted or refused.
    pub message_states: Vec<MessageState>,
    /// What became known of messages that arrived.
    pub known: Vec<Known>,
    /// What was posted. Each has a key; one that was posted before is not posted again.
    pub postings: Vec<NewPosting>,
    /// Postings that go to a partner in a message. One that went before refuses the whole change.
    pub releases: Vec<NewRelease>,
    /// Answers that we wait for from now on. One that is waited for already gets another deadline.
    pub expectations: Vec<NewExpectation>,
    /// Answers that came. Each is an event of the message it answers, which stands as accepted or
    /// refused once it was sent and every answer to it has come.
    pub answers: Vec<Answer>,
    /// Receipts that came for what we sent.
    pub receipts: Vec<NewReceipt>,
    /// Jobs to be done next.
    pub jobs: Vec<NewJob>,
    /// Interchanges that stood apart and are compared from now on, with those kept since an instant.
    pub taken_up: Vec<(InterchangeId, Timestamp)>,
    /// Dead jobs that are due again, their attempts counted from 0. One whose name another unfinished
    /// job has by now stays dead.
    pub revived: Vec<JobId>,
    /// Files of drops that were taken, so that they are not taken again.
    pub remembered: Vec<(String, SeenFile)>,
    /// What happened, for people.
    pub events: Vec<NewEvent>,
    /// For the audit.
    pub audit: Vec<AuditEntry>,
}

/// Where a message stands now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MessageState {
    /// The message.
    pub message: MessageId,
    /// The change is refused unless it stands in one of these; any will do when empty.
    pub from: Vec<State>,
    /// Where it stands now.
    pub to: State,
    /// Why.
    pub reason: Option<String>,
}

/// What became known of a message once it was read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Known {
    /// The message.
    pub message: MessageId,
    /// The partner it is from; unchanged when `None`.
    pub partner: Option<String>,
    /// What it is for people, e.g. `820 x 3`.
    pub content: String,
    /// Whether it is test traffic.
    pub test: Option<bool>,
}

/// An event that a change brings; the store gives it its instant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewEvent {
    /// The message it happened to.
    pub message: Message,
    /// The interchange it happened to.
    pub interchange: Option<Interchange>,
    /// The word for it, e.g. `checked`.
    pub what: String,
    /// In words, with no customer data.
    pub detail: String,
}

/// What the store says of a change it wrote, in the order of what the change brought.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Applied {
    /// When, by the store's clock.
    pub at: Timestamp,
    /// The numbers of the messages.
    pub messages: Vec<MessageId>,
    /// The numbers of the interchanges, and how each compares with those before.
    pub interchanges: Vec<(InterchangeId, Standing)>,
    /// How the interchanges compare that were taken up.
    pub taken_up: Vec<Standing>,
    /// What became of the postings.
    pub postings: Vec<Posted>,
    /// For each answer, the messages it closed or changed; none when it answers nothing we wait for.
    pub answered: Vec<Vec<MessageId>>,
    /// The job that the worker goes on with.
    pub next: Option<Claimed>,
}

/// What became of a posting.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Posted {
    /// It was posted; by this change, or by one of the same interchange that was cut off after it.
    New(PostingId),
    /// The same was posted before; nothing was written.
    Same(PostingId),
    /// Something else was posted under this reference before; nothing was written.
    Other(PostingId),
}
