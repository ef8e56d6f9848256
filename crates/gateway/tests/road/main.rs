//! The road, walked with real documents, a real store and real mailboxes.

mod call;
mod common;
mod due;
mod inbound;
mod outbound;
