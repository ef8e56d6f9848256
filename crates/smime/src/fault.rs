//! What can be wrong with the bytes of a message.
//!
//! A [`Fault`] is for the operator's own log. What a partner may be told is far less, and is
//! decided in [`open`](crate::open()).

use std::io;

/// Why bytes are not the message they should be. Never carries bytes of the message.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum Fault {
    /// The encoding of ASN.1 is broken.
    #[error("{what} (byte {at} of the structure)")]
    Encoding {
        /// What is wrong.
        what: &'static str,
        /// Bytes from the start of the structure.
        at: u64,
    },
    /// The encoding can be read and says something that must not be.
    #[error("{0}")]
    Structure(&'static str),
    /// Headers or parts are not as MIME has them.
    #[error("{0}")]
    Mime(&'static str),
    /// The bytes end too early.
    #[error("the message ends in the middle of {0}")]
    Short(&'static str),
    /// More bytes than are accepted.
    #[error("{what}: more than {limit} bytes")]
    TooLarge {
        /// What is too large.
        what: &'static str,
        /// The most that is accepted.
        limit: u64,
    },
    /// Something that is in the standard and not in this program.
    #[error("{0} is not supported")]
    Unsupported(&'static str),
    /// Something weaker than was agreed with the partner.
    #[error("{0}, which is not agreed with this partner")]
    Weak(&'static str),
    /// The message is encrypted for somebody else.
    #[error("no key of ours is among the recipients; the partner may have an old certificate")]
    NotForUs,
    /// Decryption gave no message: wrong key, changed bytes, or a tag that does not match.
    #[error("the encrypted content could not be decrypted")]
    Decryption,
    /// The digest in the signature is not that of the content.
    #[error("the content is not what was signed: it was changed on its way or canonicalised")]
    Digest,
    /// The signature does not match the key of the signer.
    #[error("the signature is not of the certificate it names")]
    Signature,
    /// The signer is not among the partner's pinned certificates.
    #[error("the signer's certificate is not among those agreed with this partner")]
    UnknownSigner,
    /// The certificate is agreed, and not valid now.
    #[error("the certificate of the signer is not valid at this time")]
    NotValidNow,
    /// The bytes could not be had.
    #[error("the message could not be read: {0}")]
    Read(io::ErrorKind),
    /// The payload could not be put away.
    #[error("the payload could not be written: {0}")]
    Write(io::ErrorKind),
}

impl From<Fault> for io::Error {
    fn from(fault: Fault) -> Self {
        Self::new(io::ErrorKind::InvalidData, fault)
    }
}

impl From<io::Error> for Fault {
    /// A fault that went through a [`io::Read`] comes out as itself.
    fn from(error: io::Error) -> Self {
        match error.get_ref().and_then(|inner| inner.downcast_ref::<Fault>()) {
            Some(fault) => fault.clone(),
            None => Fault::Read(error.kind()),
        }
    }
}

/// Reads until the space is full or the bytes end; gives how many came.
pub(crate) fn fill(source: &mut (impl io::Read + ?Sized), space: &mut [u8]) -> io::Result<usize> {
    let mut filled = 0;
    while filled < space.len() {
        match source.read(&mut space[filled..]) {
            Ok(0) => break,
            Ok(read) => filled += read,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(filled)
}

/// Reads what is left and throws it away.
pub(crate) fn drain(source: &mut (impl io::Read + ?Sized)) -> io::Result<u64> {
    let mut space = vec![0; 16 * 1024];
    let mut drained = 0;
    loop {
        let read = fill(source, &mut space)?;
        drained += read as u64;
        if read < space.len() {
            return Ok(drained);
        }
    }
}
