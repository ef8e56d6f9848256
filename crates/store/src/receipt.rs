//! Receipts of AS2 messages: what we answered, so that a message that comes again is answered alike,
//! and what partners answered, so that a delivery can be proven.

use jiff::Timestamp;

use crate::change;
use crate::message::{MessageId, Received};

/// The name under which a partner sends a message, and the receipt that answers it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The Message-ID.
    pub key: String,
    /// A SHA-256 of what tells one content from another, e.g. of the payload.
    pub digest: [u8; 32],
    /// The receipt as it goes over the line; empty when none was asked for.
    pub receipt: Vec<u8>,
    /// The job that sends the receipt, as its kind and its detail, when it does not go back in the
    /// same breath.
    pub job: Option<(String, String)>,
}

/// What the store says of a message that claims a name.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Claimed {
    /// The name is new, and the message is kept.
    New(Received),
    /// The same came before; nothing else was kept. This receipt was given then.
    Repeat(Receipt),
    /// The name was used for something else; nothing was kept.
    Other(Receipt),
}

/// A receipt that came for a message we sent.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewReceipt {
    /// The message.
    pub message: change::Message,
    /// The partner who gave it.
    pub partner: String,
    /// The Message-ID it answers.
    pub key: String,
    /// A SHA-256 of its bytes.
    pub digest: [u8; 32],
    /// As it came over the line.
    pub bytes: Vec<u8>,
}

/// A receipt as the store has it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// The message it is for.
    pub message: MessageId,
    /// The Message-ID.
    pub key: String,
    /// As it went or came.
    pub bytes: Vec<u8>,
    /// When.
    pub at: Timestamp,
}
