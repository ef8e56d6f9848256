//! A file that arrived whole, and the answer of whoever took it.

use std::fmt;
use std::fs::File;
use std::io::{self, Read};
use std::os::fd::AsRawFd;
use std::os::unix::fs::FileExt;
use std::path::PathBuf;
use std::sync::Arc;

use crate::mailbox::printable;

/// A file that arrived whole in a mailbox and is on disk, but not seen by anybody yet.
///
/// Its bytes are read with [`reader`](Self::reader), from the start and as often as wanted. The
/// transport does nothing more with the file until whoever takes the drop has answered.
#[derive(Debug, Clone)]
pub struct FileDrop {
    /// The account that sent it.
    pub account: String,
    /// The folder of the mailbox it was put into, e.g. `inbound`.
    pub folder: String,
    /// Its name, byte for byte as the partner gave it; it need not be UTF-8.
    pub name: Vec<u8>,
    /// Its length in bytes.
    pub size: u64,
    /// The SHA-256 of its bytes.
    pub sha256: [u8; 32],
    /// The session it came in, as the audit counts sessions; 0 if it came in none.
    pub session: u64,
    pub(crate) file: Arc<File>,
}

impl FileDrop {
    /// Reads the bytes from the start. Reading blocks: use it on a thread that may.
    pub fn reader(&self) -> impl Read + Send + use<> {
        DropReader { file: Arc::clone(&self.file), offset: 0, end: self.size }
    }

    /// A path that names the file as long as the drop lives, whatever becomes of its name.
    pub fn path(&self) -> PathBuf {
        PathBuf::from(format!("/proc/self/fd/{}", self.file.as_raw_fd()))
    }

    /// The name as a person reads it: bytes that are no printable UTF-8 are escaped.
    pub fn printable_name(&self) -> String {
        printable(&self.name)
    }
}

/// The word of whoever took a drop: its bytes are kept, and will be kept through a loss of power.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Receipt {
    /// What the keeper calls the drop; it is written in the audit beside the file's name.
    pub reference: String,
}

/// A refusal, in words that the partner's client shows to the person at the other end.
///
/// Say what is wrong and what to do, and nothing that the partner should not know.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{text}")]
pub struct Refusal {
    /// The words; a line or less.
    pub text: String,
}

impl Refusal {
    /// A refusal with these words.
    pub fn new(text: impl fmt::Display) -> Self {
        Self { text: text.to_string() }
    }
}

/// Reads by position, so that several readers of one file do not move each other.
struct DropReader {
    file: Arc<File>,
    offset: u64,
    end: u64,
}

impl Read for DropReader {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let left = usize::try_from(self.end - self.offset).unwrap_or(usize::MAX);
        let wanted = buffer.len().min(left);
        let read = self.file.read_at(&mut buffer[..wanted], self.offset)?;
        self.offset += read as u64;
        Ok(read)
    }
}
