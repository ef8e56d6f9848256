//! SFTP version 3 over SSH: a server of mailboxes.
//!
//! The server offers files and nothing else: no shell, no command, no forwarding, no links. SSH
//! itself is `russh`; the SFTP loop is our own, for reasons told in [`session`].

pub mod account;
pub mod audit;
mod files;
pub mod host_key;
mod login;
mod path;
pub mod server;
mod session;
mod wire;

pub use account::{Account, Accounts, AuthorizedKey, Drops, Limits, LoginRule, Network, Password};
pub use audit::{Audit, Event};
pub use host_key::HostKey;
pub use server::{Server, Settings};
