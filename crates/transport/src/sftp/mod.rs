//! SFTP version 3 over SSH: a server of mailboxes, and a client of partners' servers.
//!
//! The server offers files and nothing else: no shell, no command, no forwarding, no links. SSH
//! itself is `russh`; the SFTP loops are our own, for reasons told in [`session`] and in the client.

pub mod account;
pub(crate) mod algorithms;
pub mod audit;
pub mod bans;
pub mod client;
pub mod exchange;
mod files;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
pub mod host_key;
mod login;
mod path;
pub mod server;
mod session;
mod wire;

pub use account::{Account, Accounts, AuthorizedKey, Drops, Limits, LoginRule, Network, Password};
pub use audit::{Audit, Event};
pub use bans::{Bans, MemoryBans};
pub use host_key::HostKey;
pub use server::{Server, Settings};
