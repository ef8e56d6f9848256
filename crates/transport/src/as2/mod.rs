//! AS2 over HTTP (RFC 4130): a server that takes sealed messages, and a client that sends them.
//!
//! The seals and the receipts are those of [`tieline_smime`]; this module carries them. Who may
//! send, where messages are kept and what became of those we sent are behind [`Relations`],
//! [`Keeper`] and [`Audit`], which the gateway implements. Nothing is answered before it is kept.
//!
//! ```
//! use tieline_transport::as2::client::{Destination, Message, Outcome, send};
//!
//! async fn deliver(destination: &Destination, message: &Message, payload: std::fs::File) {
//!     let sent = send(destination, message, payload).await;
//!     match sent.outcome {
//!         Outcome::Delivered(_) => {} // proved; `sent.raw` is the proof
//!         Outcome::Awaited => {}      // `sent.mic` is what the receipt has to tell
//!         Outcome::Taken => {}        // no receipt was asked for, so nothing is proved
//!         Outcome::NotDelivered(failure) => eprintln!("{failure}; {}", failure.fix()),
//!     }
//! }
//! ```

pub mod audit;
mod budget;
pub mod client;
pub(crate) mod fields;
#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;
mod guard;
pub mod keep;
mod message;
mod opening;
pub(crate) mod receipt;
pub mod relation;
pub mod server;
mod spool;
mod strangers;
pub mod tls;
pub(crate) mod wire;

pub use audit::{Audit, Event, What};
pub use fields::{LONGEST_MESSAGE_ID, LONGEST_NAME};
pub use keep::{
    ArrivedReceipt, Asked, Awaited, FinishedReceipt, Keeper, Kept, NotOpened, Received, Wanted,
};
pub use relation::{ReceiptRules, Relation, Relations};
pub use server::{Server, Settings};
pub use wire::Url;
