//! The message integrity check: the digest by which both sides know that they mean the same bytes.

use std::fmt;
use std::io::{self, Read, Write};

use aws_lc_rs::digest::Context;

use crate::algorithm::Digest;
use crate::mime::{from_base64, to_base64};

/// A digest of a message and which digest it is. It is written as `<base64>, sha-256`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Mic {
    /// The algorithm.
    pub digest: Digest,
    /// The digest itself.
    pub value: Vec<u8>,
}

impl Mic {
    /// Reads what a partner wrote: base64, a comma, and the name of a digest in any spelling. None if
    /// it is no MIC, or its length is not that of its digest.
    pub fn from_text(text: &str) -> Option<Self> {
        let (value, name) = text.split_once(',')?;
        let digest = Digest::from_name(name.trim().trim_matches('"'))?;
        let value = from_base64(value.as_bytes()).ok()?;
        (value.len() == digest.length()).then_some(Self { digest, value })
    }
}

impl fmt::Display for Mic {
    fn fmt(&self, formatter: &mut fmt::Formatter) -> fmt::Result {
        write!(formatter, "{}, {}", to_base64(&self.value), self.digest)
    }
}

/// Digests of the bytes that come by.
#[derive(Clone)]
pub(crate) struct Hashes(Vec<(Digest, Context)>);

impl Hashes {
    pub(crate) fn new(digests: impl IntoIterator<Item = Digest>) -> Self {
        Self(digests.into_iter().map(|it| (it, Context::new(it.algorithm()))).collect())
    }

    pub(crate) fn update(&mut self, bytes: &[u8]) {
        for (_, context) in &mut self.0 {
            context.update(bytes);
        }
    }

    pub(crate) fn finish(self) -> Vec<(Digest, Vec<u8>)> {
        self.0.into_iter().map(|(it, context)| (it, context.finish().as_ref().to_vec())).collect()
    }

    /// The first of them as a MIC.
    pub(crate) fn finish_mic(self) -> Option<Mic> {
        self.finish().into_iter().next().map(|(digest, value)| Mic { digest, value })
    }
}

/// Takes the digests of what is read through it.
pub(crate) struct HashingReader<'a, R: ?Sized> {
    pub(crate) source: &'a mut R,
    pub(crate) hashes: &'a mut Hashes,
}

impl<R: Read + ?Sized> Read for HashingReader<'_, R> {
    fn read(&mut self, space: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(space)?;
        self.hashes.update(&space[..read]);
        Ok(read)
    }
}

/// Takes the digests of what is written through it.
pub(crate) struct HashingWriter<'a> {
    pub(crate) out: &'a mut dyn Write,
    pub(crate) hashes: &'a mut Hashes,
}

impl Write for HashingWriter<'_> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        let written = self.out.write(bytes)?;
        self.hashes.update(&bytes[..written]);
        Ok(written)
    }

    fn flush(&mut self) -> io::Result<()> {
        self.out.flush()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_mic_is_read_in_every_spelling() {
        let mut hashes = Hashes::new([Digest::Sha256]);
        hashes.update(b"ISA");
        let mic = hashes.finish_mic().expect("one digest");
        let text = mic.to_string();
        assert!(text.ends_with("=, sha-256"), "{text}");
        assert_eq!(Mic::from_text(&text), Some(mic.clone()));
        for name in ["sha256", "SHA256", "rsa-sha256", "\"sha-256\""] {
            assert_eq!(Mic::from_text(&text.replace("sha-256", name)), Some(mic.clone()), "{name}");
        }
        for wrong in ["", "AAAA", "AAAA, sha-256", "!, sha-256", "AAAA, md5"] {
            assert_eq!(Mic::from_text(wrong), None, "{wrong}");
        }
        assert_eq!(Mic::from_text(&text.replace("sha-256", "sha1")), None);
    }
}
