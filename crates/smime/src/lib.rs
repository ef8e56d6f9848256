//! S/MIME and its receipts over streams, as AS2 (RFC 4130) uses them; everything below HTTP.
//!
//! [`Seal`] puts layers around a payload and [`open()`] takes them off, in one pass each and in
//! little memory. [`mdn`] has the receipts. Pure: no clock, files, network or log lines; time, keys
//! and randomness are passed in.
//!
//! ```
//! use std::io::Read;
//! use tieline_smime::algorithm::Digest;
//! use tieline_smime::mime::Headers;
//! use tieline_smime::{
//!     Identity, OpenError, Opening, PinnedCertificates, Policy, SystemRandomness, Verified, open,
//! };
//!
//! fn receive(
//!     headers: &Headers, // of HTTP
//!     body: impl Read,
//!     ours: &Identity,
//!     partner: &PinnedCertificates,
//!     now: i64,
//! ) -> Result<Option<Verified<Vec<u8>>>, OpenError> {
//!     let with = Opening {
//!         identities: &[ours],
//!         signers: partner,
//!         policy: &Policy::default(), // signed and encrypted
//!         now,
//!         mic: Digest::Sha256,
//!         randomness: &SystemRandomness,
//!     };
//!     let opened = open(headers, body, &with, Vec::new())?; // or a spool on disk
//!     Ok(opened.payload.verified())
//! }
//! ```

pub mod fault;

pub mod oid;

pub mod ber;

pub mod der;

mod time;

// What is signed and encrypted with.
pub mod algorithm;

mod cipher;

pub mod certificate;

pub mod key;

pub mod pem;

pub mod import;

// The two formats that messages are made of.
mod cms;

pub mod mime;

// A message, and its receipt.
pub mod policy;

pub mod spool;

pub mod mic;

pub mod open;

pub mod seal;

pub mod mdn;

#[cfg(any(test, fuzzing))]
#[doc(hidden)]
pub mod fuzzing;

pub use certificate::{Certificate, Identity, Pinned, PinnedCertificates};
pub use fault::Fault;
pub use key::PrivateKey;
pub use mic::Mic;
pub use open::{Layer, OpenError, Opened, Opening, Randomness, SystemRandomness, Told, open};
pub use policy::{Limits, Policy};
pub use seal::{Compress, Encoding, Encryption, Seal, Sealing, Signing};
pub use spool::{Payload, Spool, Verified};
