//! Where a payload waits until it may be seen.

use std::io::{self, Write};

use crate::certificate::Certificate;

/// Takes a payload while it arrives. Nobody may see what was written before [`finish`](Self::finish),
/// and a spool that is dropped without it throws everything away.
pub trait Spool: Write {
    /// What the whole payload is afterwards, e.g. an open file.
    type Payload;

    /// Makes the payload whole. It is called only when the message is accepted.
    ///
    /// # Errors
    ///
    /// Whatever the medium gives.
    fn finish(self) -> io::Result<Self::Payload>;
}

impl Spool for Vec<u8> {
    type Payload = Vec<u8>;

    fn finish(self) -> io::Result<Vec<u8>> {
        Ok(self)
    }
}

/// A payload whose signature was verified. Nothing outside of this crate can make one.
#[derive(Debug)]
pub struct Verified<P> {
    payload: P,
    signer: Certificate,
}

impl<P> Verified<P> {
    pub(crate) fn new(payload: P, signer: Certificate) -> Self {
        Self { payload, signer }
    }

    /// The payload.
    pub fn payload(&self) -> &P {
        &self.payload
    }

    /// The certificate it was signed with.
    pub fn signer(&self) -> &Certificate {
        &self.signer
    }

    /// The payload without what is known of it.
    pub fn into_payload(self) -> P {
        self.payload
    }
}

/// The payload of an accepted message.
#[derive(Debug)]
pub enum Payload<P> {
    /// It was signed by the partner.
    Verified(Verified<P>),
    /// It was not signed, and the [policy](crate::Policy) lets that be: anybody may have sent it.
    Unsigned(P),
}

impl<P> Payload<P> {
    /// The payload if it was signed.
    pub fn verified(self) -> Option<Verified<P>> {
        match self {
            Self::Verified(verified) => Some(verified),
            Self::Unsigned(_) => None,
        }
    }
}
