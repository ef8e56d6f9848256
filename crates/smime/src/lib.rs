//! S/MIME and its receipts over streams, as AS2 (RFC 4130) uses them; everything below HTTP.
//!
//! Pure: no clock, files, network or log lines. Time, keys and randomness are passed in.

pub mod algorithm;
pub mod ber;
pub mod certificate;
mod cipher;
mod cms;
pub mod der;
pub mod fault;
pub mod import;
pub mod key;
pub mod mdn;
pub mod mic;
pub mod mime;
pub mod oid;
pub mod open;
pub mod pem;
pub mod policy;
pub mod seal;
pub mod spool;
mod time;

pub use certificate::{Certificate, Identity, Pinned, PinnedCertificates};
pub use fault::Fault;
pub use key::PrivateKey;
pub use mic::Mic;
pub use open::{Layer, OpenError, Opened, Opening, Randomness, SystemRandomness, Told, open};
pub use policy::{Limits, Policy};
pub use seal::{Compress, Encoding, Encryption, Seal, Sealing, Signing};
pub use spool::{Payload, Spool, Verified};
