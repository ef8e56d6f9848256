//! What happened, for the audit: each session, login, file and refusal.

use std::net::SocketAddr;

/// Writes the audit down. The gateway implements it.
pub trait Audit: Send + Sync + 'static {
    /// Takes one event. It is called while a client waits, from any thread: hand it on and return.
    fn note(&self, event: Event);
}

/// One thing that happened in one session.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Event {
    /// The session, counted from 1 since the server started.
    pub session: u64,
    /// Where the client is.
    pub peer: SocketAddr,
    /// The account, once somebody logged in to it.
    pub account: Option<String>,
    /// What happened.
    pub what: What,
}

/// What happened.
#[derive(Debug, Clone, PartialEq, Eq)]
#[non_exhaustive]
pub enum What {
    /// A connection was accepted.
    Connected,
    /// A connection was turned away before anything was said.
    TurnedAway {
        /// Why.
        reason: &'static str,
    },
    /// Somebody logged in.
    LoggedIn {
        /// With what: `password`, or the fingerprint of the key.
        with: String,
    },
    /// Somebody failed to log in.
    LoginRefused {
        /// The name they gave; it need not be an account.
        name: String,
        /// With what they tried: `password`, or the fingerprint of the key.
        with: String,
        /// Why, which they were not told.
        reason: &'static str,
    },
    /// A file was opened.
    Opened {
        /// Its path in the mailbox, printable.
        path: String,
        /// Which way its bytes go.
        direction: Direction,
    },
    /// A file that was read was closed.
    Fetched {
        /// Its path in the mailbox, printable.
        path: String,
        /// Bytes sent. More than `size` when parts were read twice.
        bytes: u64,
        /// Its length when it was opened.
        size: u64,
    },
    /// A file arrived whole and was taken.
    Arrived {
        /// Its path in the mailbox, printable.
        path: String,
        /// Its length in bytes.
        bytes: u64,
        /// The SHA-256 of its bytes.
        sha256: [u8; 32],
        /// What the keeper calls it.
        reference: String,
    },
    /// A file under a name that is not final was closed and kept, to be continued or renamed.
    Set {
        /// Its path in the mailbox, printable.
        path: String,
        /// Its length in bytes.
        bytes: u64,
    },
    /// An upload ended before it was closed; nothing of it was handed over.
    Interrupted {
        /// Its path in the mailbox, printable.
        path: String,
        /// The bytes that had come.
        bytes: u64,
    },
    /// A file was renamed.
    Renamed {
        /// Its path in the mailbox, printable.
        from: String,
        /// Its new path, printable.
        to: String,
    },
    /// A file was deleted.
    Deleted {
        /// Its path in the mailbox, printable.
        path: String,
    },
    /// Something was refused, and the client was told why.
    Refused {
        /// What was asked for.
        request: &'static str,
        /// The path or paths, printable.
        path: String,
        /// The words the client was told.
        text: String,
    },
    /// The session ended.
    Ended {
        /// Why.
        reason: String,
    },
}

/// Which way the bytes of a file go.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Direction {
    /// From the partner to us.
    In,
    /// From us to the partner.
    Out,
}
