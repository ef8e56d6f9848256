//! What happened on AS2 connections, for the audit.
//!
//! Texts that somebody else wrote are printable and at most 200 characters long.

use std::net::SocketAddr;

/// Writes the audit down. The gateway implements it.
pub trait Audit: Send + Sync + 'static {
    /// Takes one event. It is called while a partner waits, from any thread: hand it on and return.
    fn note(&self, event: Event);
}

/// One thing that happened on one connection.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The connection, counted from 1 since the server started.
    pub connection: u64,
    /// Who is at its other end; a proxy, if one stands before the server.
    pub peer: SocketAddr,
    /// The partner in whose name the message came, if there is such a relation.
    pub partner: Option<String>,
    /// The Message-ID, if there is one.
    pub message_id: Option<String>,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// A connection was closed before anything was said.
    TurnedAway {
        /// Why.
        reason: &'static str,
    },
    /// TLS did not come about.
    TlsFailed {
        /// Why.
        reason: String,
    },
    /// A request was not as HTTP or AS2 have it. It was answered with a status of 400 to 499.
    Malformed {
        /// What is wrong.
        reason: String,
    },
    /// Somebody sent who has no relation with us. Nothing was read.
    Stranger {
        /// The name it gave itself.
        from: String,
        /// The name it sent to.
        to: String,
        /// How many such messages of its address were not told since the last that was.
        untold: u64,
    },
    /// Less or other than was agreed with the partner. Nothing was read.
    Refused {
        /// What is not agreed.
        reason: String,
    },
    /// A message was kept.
    Received {
        /// Bytes of the payload.
        bytes: u64,
        /// Its SHA-256.
        sha256: [u8; 32],
        /// What the keeper calls it.
        reference: String,
    },
    /// A message came again, and the receipt went out again.
    Repeated {
        /// What the keeper calls the message.
        reference: String,
    },
    /// Other content came under a Message-ID that was used before. Somebody should look at it.
    Conflict,
    /// A message in a partner's name could not be opened.
    NotOpened {
        /// Why: for us alone.
        reason: String,
        /// What the partner was told.
        told: &'static str,
        /// How many more of its address were not told since the last that was.
        untold: u64,
    },
    /// A message was larger than is agreed. It was not read further.
    TooLarge {
        /// The most bytes that are taken.
        limit: u64,
    },
    /// A message ended before its end, or came too slowly.
    Interrupted {
        /// Why.
        reason: String,
    },
    /// A failure of our own. The partner was asked to try again.
    NotKept {
        /// Why.
        reason: String,
    },
    /// A receipt arrived by itself.
    ReceiptArrived {
        /// Nothing if it proves the delivery, else why not.
        not_delivered: Option<String>,
    },
    /// A receipt arrived about a message that nobody waits for. Nothing is kept of it.
    ReceiptUnknown,
}
