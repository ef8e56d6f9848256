//! S/MIME and its receipts over streams, as AS2 (RFC 4130) uses them; everything below HTTP.
//!
//! Pure: no clock, files, network or log lines. Time, keys and randomness are passed in.

pub mod algorithm;
pub mod ber;
mod cipher;
pub mod der;
pub mod fault;
pub mod oid;

pub use fault::Fault;
