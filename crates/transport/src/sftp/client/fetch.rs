//! A file from a partner's server to a place of ours.

use std::collections::VecDeque;
use std::io::Write;

use super::link::{answer, unfitting};
use super::{Client, Facts, Opened, Pending, SftpError};
use crate::mailbox::printable;
use crate::sftp::wire::{Answer, Code, OpenFlags, Request};

/// Requests on their way at once.
pub(super) const AHEAD: usize = 64;
/// Bytes on their way at once: as many as the channel has room for.
const BYTES_AHEAD: u64 = 16 << 20;

/// How a file is fetched.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct FetchOptions {
    /// Bytes that are there already; the rest is fetched.
    pub from: u64,
    /// What the server said of the file before. If it says otherwise now, nothing is fetched.
    pub expected: Option<Facts>,
    /// The most bytes that are taken, or none for no limit.
    pub largest: Option<u64>,
}

/// A file that was fetched.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fetched {
    /// The length of the whole file in bytes.
    pub size: u64,
    /// What the server said of it before and after.
    pub facts: Facts,
}

struct Piece {
    offset: u64,
    length: u32,
    pending: Pending,
}

struct Fetch<'a> {
    client: &'a Client,
    path: &'a [u8],
    opened: Opened<'a>,
    ahead: VecDeque<Piece>,
    /// Where the next piece starts.
    next: u64,
    /// Where the file ends, if the server says.
    end: Option<u64>,
    /// Where the server said that the file ends, when it was read.
    eof: Option<u64>,
}

impl Client {
    /// Fetches a file: its bytes are written to `sink` in order. The length that the server tells
    /// must be met, and must be the same before and after, else the file was not whole.
    ///
    /// Writing to `sink` happens between answers: it should be a file or memory.
    ///
    /// # Errors
    ///
    /// [`SftpError`]. What was written to `sink` is then the beginning of the file as it was, and
    /// can be gone on with by [`FetchOptions::from`]; but not after [`SftpError::Changed`].
    pub async fn fetch(
        &self,
        path: &[u8],
        sink: &mut (impl Write + Send + ?Sized),
        options: &FetchOptions,
    ) -> Result<Fetched, SftpError> {
        let request = Request::Open { path, flags: OpenFlags::READ };
        let opened = self.open(&request, "fetch", path).await?;
        let (next, ahead) = (options.from, VecDeque::new());
        let mut fetch = Fetch { client: self, path, opened, ahead, next, end: None, eof: None };
        // The first piece is asked for before the length is known: most files are one piece.
        let before = self.link.ask(&Request::StatHandle { handle: &fetch.opened.handle });
        fetch.ask();
        let before = fetch.facts(before).await?;
        fetch.check(options, before)?;
        let size = fetch.read_all(options, sink).await?;
        let after = self.link.ask(&Request::StatHandle { handle: &fetch.opened.handle });
        let after = fetch.facts(after).await?;
        if (before.size, before.modified) != (after.size, after.modified) {
            return Err(fetch.changed());
        }
        fetch.opened.close().await?;
        Ok(Fetched { size, facts: before })
    }
}

impl Fetch<'_> {
    fn changed(&self) -> SftpError {
        SftpError::Changed { path: printable(self.path) }
    }

    /// What the server says of the open file; a server that cannot is taken to say nothing.
    async fn facts(&self, pending: Pending) -> Result<Facts, SftpError> {
        let message = pending.message().await?;
        match answer("stat", self.path, &message) {
            Ok(Answer::Attributes(attributes)) => Ok(attributes.into()),
            Ok(_) => Err(unfitting("stat")),
            Err(error) if error.is_unsupported() => self.client.stat(self.path).await,
            Err(error) => Err(error),
        }
    }

    fn check(&mut self, options: &FetchOptions, facts: Facts) -> Result<(), SftpError> {
        let is_same =
            |expected: Facts| (expected.size, expected.modified) == (facts.size, facts.modified);
        if !options.expected.is_none_or(is_same)
            || facts.size.is_some_and(|size| size < options.from)
        {
            return Err(self.changed());
        }
        self.end = facts.size;
        self.within(options, facts.size.unwrap_or(0))
    }

    fn within(&self, options: &FetchOptions, size: u64) -> Result<(), SftpError> {
        match options.largest {
            Some(largest) if size > largest => {
                Err(SftpError::TooLarge { path: printable(self.path), largest })
            }
            _ => Ok(()),
        }
    }

    /// Asks for the next piece.
    fn ask(&mut self) {
        let mut length = self.client.offers.read_piece;
        if let Some(end) = self.end {
            let left = end.saturating_sub(self.next);
            length = length.min(u32::try_from(left).unwrap_or(u32::MAX));
        }
        let piece = self.piece(self.next, length);
        self.ahead.push_back(piece);
        self.next += u64::from(length);
    }

    fn piece(&self, offset: u64, length: u32) -> Piece {
        let handle = &self.opened.handle;
        let pending = self.client.link.ask(&Request::Read { handle, offset, length });
        Piece { offset, length, pending }
    }

    async fn read_all(
        &mut self,
        options: &FetchOptions,
        sink: &mut (impl Write + Send + ?Sized),
    ) -> Result<u64, SftpError> {
        let mut done = options.from;
        loop {
            let most = AHEAD.min((BYTES_AHEAD / u64::from(self.client.offers.read_piece)) as usize);
            while self.ahead.len() < most
                && self.eof.is_none()
                && self.end.is_none_or(|end| self.next < end)
            {
                self.ask();
            }
            let Some(piece) = self.ahead.pop_front() else { break };
            let (offset, length) = (piece.offset, piece.length);
            let message = piece.pending.message().await?;
            let data = match answer("fetch", self.path, &message) {
                Ok(Answer::Data(data)) if !data.is_empty() && data.len() <= length as usize => data,
                Ok(_) => return Err(unfitting("read")),
                Err(error) if error.code() == Some(Code::Eof as u32) => {
                    self.eof.get_or_insert(offset);
                    continue;
                }
                Err(error) => return Err(error),
            };
            if self.eof.is_some() {
                return Err(self.changed());
            }
            sink.write_all(data)
                .map_err(|error| SftpError::Local { doing: "writing what was fetched", error })?;
            done = offset + data.len() as u64;
            self.within(options, done)?;
            let rest = length - u32::try_from(data.len()).unwrap_or(length);
            // A server may give less than was asked for; at the end of the file it must.
            if rest > 0 && self.end.is_none_or(|end| done < end) {
                let piece = self.piece(done, rest);
                self.ahead.push_front(piece);
            }
        }
        sink.flush()
            .map_err(|error| SftpError::Local { doing: "writing what was fetched", error })?;
        match self.end {
            Some(end) if end != done => Err(self.changed()),
            _ => Ok(done),
        }
    }
}
