//! S/MIME and its receipts over streams, as AS2 (RFC 4130) uses them; everything below HTTP.
//!
//! Pure: no clock, files, network or log lines. Time, keys and randomness are passed in.

pub mod ber;
pub mod der;
pub mod fault;

pub use fault::Fault;
