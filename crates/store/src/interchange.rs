//! An interchange: what is inside a message, and the unit that is judged, answered and posted.

use std::fmt;

use jiff::Timestamp;

use crate::message::{Flow, MessageId, State};

/// The number of an interchange in the store, from 1.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct InterchangeId(pub i64);

impl fmt::Display for InterchangeId {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "I{}", self.0)
    }
}

/// An interchange that a change brings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewInterchange {
    /// The message it is in.
    pub message: crate::change::Message,
    /// Which way it goes.
    pub flow: Flow,
    /// The partner it is from or for, if that is known.
    pub partner: Option<String>,
    /// `ISA05` and `ISA06`, as `01:0055500010000`, without filling spaces.
    pub sender: String,
    /// `ISA07` and `ISA08`, likewise.
    pub receiver: String,
    /// `ISA13`.
    pub control: u64,
    /// Whether `ISA15` says that it is a test.
    pub test: bool,
    /// The SHA-256 of its bytes from `ISA` to its last segment terminator.
    pub sha256: [u8; 32],
    /// Where it begins in the message, in bytes.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
    /// What it is for people, e.g. `867 x 12`.
    pub content: String,
    /// Where it stands to begin with.
    pub state: State,
    /// Why it stands there.
    pub reason: Option<String>,
    /// Interchanges of the same sender, receiver and number that were kept before this instant do
    /// not count as the same. `None` for one that is held before it is compared: it stays
    /// [`Standing::Apart`] until a change takes it up. Only for [`Flow::In`].
    pub window_from: Option<Timestamp>,
}

/// What the store finds when an interchange comes in, compared with those before.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// No interchange of this sender, receiver and number was kept in the window.
    First,
    /// The same bytes came before, first in this interchange.
    Repeat(InterchangeId),
    /// Only other bytes came under this number before, first in this interchange.
    Conflict(InterchangeId),
    /// It is compared with none, and none with it: nobody who may speak for its sender has sent it.
    Apart,
}

/// An interchange as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Interchange {
    /// Its number.
    pub id: InterchangeId,
    /// The message it is in.
    pub message: MessageId,
    /// Which way it goes.
    pub flow: Flow,
    /// The partner it is from or for.
    pub partner: Option<String>,
    /// `ISA05` and `ISA06`, as `01:0055500010000`.
    pub sender: String,
    /// `ISA07` and `ISA08`, likewise.
    pub receiver: String,
    /// `ISA13`.
    pub control: u64,
    /// Whether `ISA15` says that it is a test.
    pub test: bool,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// Where it begins in the message, in bytes.
    pub offset: u64,
    /// How many bytes it has.
    pub length: u64,
    /// What it is for people.
    pub content: String,
    /// Where it stands.
    pub state: State,
    /// Why it stands there.
    pub reason: Option<String>,
    /// How it compared with those before when it came, or was taken up.
    pub standing: Standing,
    /// When it was written down.
    pub at: Timestamp,
}
