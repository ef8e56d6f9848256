//! The bytes of a message, read from any place and as often as wanted.

use std::fs::File;
use std::io::{self, Read};
use std::os::unix::fs::FileExt;
use std::sync::Arc;

use sha2::{Digest, Sha256};
use tieline_store::Payload;

/// The bytes of a message, in memory or in a file.
#[derive(Debug, Clone)]
pub(crate) enum Bytes {
    Memory(Arc<[u8]>),
    File(Arc<File>, u64),
}

impl Bytes {
    /// Opens what the store gave.
    pub(crate) fn open(payload: Payload) -> io::Result<Bytes> {
        match payload {
            Payload::Bytes(bytes) => Ok(Bytes::Memory(bytes.into())),
            Payload::File(path) => {
                let file = File::open(path)?;
                let length = file.metadata()?.len();
                Ok(Bytes::File(file.into(), length))
            }
        }
    }

    /// How many there are.
    pub(crate) fn len(&self) -> u64 {
        match self {
            Bytes::Memory(bytes) => bytes.len() as u64,
            Bytes::File(_, length) => *length,
        }
    }

    /// Reads a part of them, which may end early if they do.
    pub(crate) fn part(&self, start: u64, length: u64) -> Part {
        let end = start.saturating_add(length).min(self.len());
        Part { bytes: self.clone(), at: start.min(end), end }
    }

    /// The SHA-256 of a part.
    pub(crate) fn sha256(&self, start: u64, length: u64) -> io::Result<[u8; 32]> {
        let mut part = self.part(start, length);
        let mut hash = Sha256::new();
        let mut buffer = vec![0; (1 << 16).min(length as usize).max(1)];
        loop {
            match part.read(&mut buffer)? {
                0 => return Ok(hash.finalize().into()),
                read => hash.update(&buffer[..read]),
            }
        }
    }
}

/// A part of the bytes, read from its start.
pub(crate) struct Part {
    bytes: Bytes,
    at: u64,
    end: u64,
}

impl Read for Part {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let wanted = buffer.len().min((self.end - self.at) as usize);
        let read = match &self.bytes {
            Bytes::Memory(bytes) => {
                let from = self.at as usize;
                buffer[..wanted].copy_from_slice(&bytes[from..from + wanted]);
                wanted
            }
            Bytes::File(file, _) => file.read_at(&mut buffer[..wanted], self.at)?,
        };
        self.at += read as u64;
        Ok(read)
    }
}
