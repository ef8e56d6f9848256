//! A message: bytes that came or go, kept before anything else is done with them.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use jiff::Timestamp;

use crate::interchange::InterchangeId;

/// The number of a message in the store, from 1. People see it as `M17`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct MessageId(pub i64);

impl fmt::Display for MessageId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "M{}", self.0)
    }
}

impl FromStr for MessageId {
    type Err = String;

    /// Reads `M17` or `17`.
    fn from_str(text: &str) -> Result<Self, Self::Err> {
        let digits = text.strip_prefix(['M', 'm']).unwrap_or(text);
        match digits.parse() {
            Ok(number) if number > 0 => Ok(MessageId(number)),
            _ => Err("a message is named by its number, as M17".to_string()),
        }
    }
}

/// Which way a message goes, as we see it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Flow {
    /// It came to us.
    In,
    /// We send it.
    Out,
}

/// Where a message, or an interchange, stands on its road.
///
/// A message that holds several interchanges stands where the one stands that most needs somebody:
/// the later in this list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum State {
    /// In: done; what it says is posted.
    Posted,
    /// Out: the partner accepted it.
    Accepted,
    /// In: the same as one before; answered again, and nothing else done.
    Repeat,
    /// Out: delivered; if an answer is expected, it has not come.
    Sent,
    /// In: judged, its answers are queued.
    Checked,
    /// Out: being delivered. After a crash nobody knows whether it was, and the delivery looks first.
    Sending,
    /// Out: to be delivered.
    Queued,
    /// In: kept, nothing else done yet.
    Received,
    /// In: wrong; answered so, and nothing posted.
    Rejected,
    /// Out: the partner rejected it, or a part of it.
    Refused,
    /// Waits for a person, who finds the reason with it.
    Held,
    /// Given up after its last attempt; the reason stands with it.
    Dead,
}

impl State {
    /// Every state, the least urgent first.
    pub const ALL: [State; 12] = [
        State::Posted,
        State::Accepted,
        State::Repeat,
        State::Sent,
        State::Checked,
        State::Sending,
        State::Queued,
        State::Received,
        State::Rejected,
        State::Refused,
        State::Held,
        State::Dead,
    ];

    /// The word for it, as it is stored and shown.
    pub fn word(self) -> &'static str {
        match self {
            State::Posted => "posted",
            State::Accepted => "accepted",
            State::Repeat => "repeat",
            State::Sent => "sent",
            State::Checked => "checked",
            State::Sending => "sending",
            State::Queued => "queued",
            State::Received => "received",
            State::Rejected => "rejected",
            State::Refused => "refused",
            State::Held => "held",
            State::Dead => "dead",
        }
    }
}

/// The bytes of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Payload {
    /// In memory.
    Bytes(Vec<u8>),
    /// In a file, which must not be changed. A store that is given one copies it, and leaves it.
    File(PathBuf),
}

/// What arrived, before anything is known of it.
#[derive(Debug, Clone)]
pub struct Arrival {
    /// The partner whose login or folder it came through; `None` for a file from our own house.
    pub partner: Option<String>,
    /// The road it came, e.g. `sftp`, `pull bank`, `folder usage`, `command line`.
    pub channel: String,
    /// Its name, printable.
    pub name: String,
    /// The bytes.
    pub payload: Payload,
    /// Their SHA-256; checked while the bytes are kept.
    pub sha256: [u8; 32],
    /// Where it came from in words for the audit, e.g. an address and a key's fingerprint.
    pub origin: String,
    /// The kind of the job that takes it further.
    pub job: String,
    /// Details for that job.
    pub detail: String,
    /// A file of a drop to be remembered as taken in the same transaction. Of many who bring the same
    /// file, one is received; the others are refused with
    /// [`StoreError::TakenBefore`](crate::StoreError::TakenBefore).
    pub remember: Option<(String, crate::schedule::SeenFile)>,
}

/// What the store says of an arrival.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Received {
    /// The number it is known by from now on.
    pub id: MessageId,
    /// The latest earlier message of the same partner with the same bytes.
    pub same_as: Option<MessageId>,
}

/// A message as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Message {
    /// Its number.
    pub id: MessageId,
    /// The partner it is from or for, once known.
    pub partner: Option<String>,
    /// Which way it goes.
    pub flow: Flow,
    /// The road it came or goes.
    pub channel: String,
    /// Its name, printable.
    pub name: String,
    /// What it is for people, e.g. `867 x 12` or `997`; empty until it was read.
    pub content: String,
    /// Whether it is test traffic, once known.
    pub test: Option<bool>,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Where it came from in words.
    pub origin: String,
    /// Where it stands.
    pub state: State,
    /// Why it stands there, for states that need a reason.
    pub reason: Option<String>,
    /// When it was kept.
    pub at: Timestamp,
    /// The earlier message with the same bytes, or the one that this is a new try of.
    pub same_as: Option<MessageId>,
    /// The interchange this answers.
    pub answers: Option<InterchangeId>,
}

/// A message to be sent, which a change brings.
#[derive(Debug, Clone)]
pub struct NewMessage {
    /// The partner it is for.
    pub partner: String,
    /// The road it goes, e.g. `mailbox`, `push bank`.
    pub channel: String,
    /// The name of the file it will be.
    pub name: String,
    /// What it is for people, e.g. `867 x 12`.
    pub content: String,
    /// Whether it is test traffic.
    pub test: bool,
    /// The bytes.
    pub payload: Payload,
    /// [`State::Queued`], or [`State::Held`] with a reason.
    pub state: State,
    /// Why it is held.
    pub reason: Option<String>,
    /// The interchange this answers.
    pub answers: Option<InterchangeId>,
    /// The message that this is a new try of. Nobody waits any more for answers to that one.
    pub again: Option<MessageId>,
}

/// One thing that happened to a message. Events are only ever added.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// When.
    pub at: Timestamp,
    /// The interchange it happened to, when it is about one.
    pub interchange: Option<InterchangeId>,
    /// The word for it, e.g. `received`, `checked`, `997 queued`.
    pub what: String,
    /// In words, with no customer data.
    pub detail: String,
}

/// Which messages are meant; an empty filter means all.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Filter {
    /// Of this partner.
    pub partner: Option<String>,
    /// Going this way.
    pub flow: Option<Flow>,
    /// In one of these states; any when empty.
    pub states: Vec<State>,
    /// Kept at or after this instant.
    pub since: Option<Timestamp>,
    /// Whose name contains this.
    pub name: Option<String>,
    /// With an interchange of this control number.
    pub control: Option<u64>,
    /// Test traffic, or production.
    pub test: Option<bool>,
}
