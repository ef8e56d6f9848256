//! Sealed bytes in and out of mailboxes: SFTP and AS2, servers and clients, and folders on disk.
//!
//! This crate moves files and knows nothing of what is in them, nor of any store. It speaks in
//! three words: a [`Mailbox`] is a partner's folders, a [`FileDrop`] is a file that arrived whole,
//! and a [`Receipt`] is the word of whoever took it that it will not be lost. Who may log in, what
//! becomes of a drop, and where the audit is written are traits that the gateway implements.

pub mod as2;
pub mod directory;
pub mod file_drop;
pub mod mail;
pub mod mailbox;
pub mod monitor;
pub mod retry;
pub mod sftp;
pub mod webhook;

pub use file_drop::{FileDrop, Receipt, Refusal};
pub use mailbox::{Folder, Mailbox};
