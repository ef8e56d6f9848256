//! What is agreed with a partner: which security its messages must have, and how large they may be.

use crate::algorithm::{Cipher, Digest};

/// What a message of one partner must be. The default is what new partners should agree on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Policy {
    /// Whether a message must be signed. If not, nothing tells who sent it.
    pub is_signed: bool,
    /// Whether a message must be encrypted.
    pub is_encrypted: bool,
    /// The digests that a signature may use; SHA-2 by default.
    pub digests: Vec<Digest>,
    /// The ciphers that may be used; all of AES by default.
    pub ciphers: Vec<Cipher>,
    /// The largest sizes.
    pub limits: Limits,
}

impl Default for Policy {
    fn default() -> Self {
        let is_aes = |cipher: &Cipher| *cipher != Cipher::TripleDesCbc;
        Self {
            is_signed: true,
            is_encrypted: true,
            digests: vec![Digest::Sha256, Digest::Sha384, Digest::Sha512],
            ciphers: Cipher::ALL.into_iter().filter(is_aes).collect(),
            limits: Limits::default(),
        }
    }
}

/// The largest sizes that are accepted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Limits {
    /// Bytes of a message as it arrives.
    pub message: u64,
    /// Bytes of the payload, unpacked.
    pub payload: u64,
    /// How many times larger than it was compressed content may become; the first mebibyte is free.
    /// Ordinary documents reach 30, and a thousand is what zlib can do at most.
    pub ratio: u64,
}

impl Default for Limits {
    fn default() -> Self {
        Self { message: 4 << 30, payload: 4 << 30, ratio: 250 }
    }
}
