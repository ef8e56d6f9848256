//! Looks at the bytes of a connection on their way to HTTP, and notes what two readers of a request
//! could read in two ways.
//!
//! `hyper` forgives some of it: of a length and chunks it takes the chunks, and does not say so. The
//! guard changes nothing. It follows requests and their bodies along the connection; where it loses
//! the way it finds a fault, so that what is odd is refused.

use std::io;
use std::pin::Pin;
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

/// The most bytes of one line of chunks, and of the trailer.
const LONGEST_LINE: usize = 4096;
/// The most bytes of a request before its body.
pub(crate) const LONGEST_HEAD: usize = 64 * 1024;

/// What was found, for whoever answers.
#[derive(Debug, Clone, Default)]
pub(crate) struct Found(Arc<Mutex<Option<&'static str>>>);

impl Found {
    /// The first fault on the connection.
    pub(crate) fn fault(&self) -> Option<&'static str> {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn note(&self, fault: &'static str) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get_or_insert(fault);
    }
}

/// A connection that is looked at.
#[derive(Debug)]
pub(crate) struct Guard<S> {
    stream: S,
    follower: Follower,
}

impl<S> Guard<S> {
    pub(crate) fn new(stream: S) -> (Self, Found) {
        let found = Found::default();
        let follower = Follower { place: Place::Head, line: Vec::new(), found: found.clone() };
        (Self { stream, follower }, found)
    }

    #[cfg(any(test, fuzzing))]
    pub(crate) fn see(&mut self, bytes: &[u8]) {
        self.follower.see(bytes);
    }
}

/// Where in the requests of a connection the bytes are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Place {
    Head,
    Body(u64),
    ChunkSize,
    Trailer,
    /// A fault was found; nothing more is looked at.
    Lost,
}

#[derive(Debug)]
struct Follower {
    place: Place,
    /// What came of a head, of a line of chunks, or of a line of the trailer. A chunk and the line
    /// end behind it are passed over by their length.
    line: Vec<u8>,
    found: Found,
}

impl Follower {
    fn see(&mut self, mut bytes: &[u8]) {
        while let Some((&byte, rest)) = bytes.split_first() {
            match self.place {
                Place::Lost => return,
                Place::Body(left) => {
                    let passed = usize::try_from(left).unwrap_or(usize::MAX).min(bytes.len());
                    bytes = &bytes[passed..];
                    self.place = match left - passed as u64 {
                        // Chunks leave their mark in the line.
                        0 if !self.line.is_empty() => {
                            self.line.clear();
                            Place::ChunkSize
                        }
                        0 => Place::Head,
                        left => Place::Body(left),
                    };
                }
                place => {
                    bytes = rest;
                    self.line.push(byte);
                    let next = match place {
                        Place::Head => self.head(byte),
                        Place::ChunkSize => self.chunk_size(byte),
                        _ => self.trailer(byte),
                    };
                    match next {
                        Ok(next) => self.place = next,
                        Err(fault) => {
                            self.found.note(fault);
                            self.place = Place::Lost;
                        }
                    }
                }
            }
        }
    }

    fn head(&mut self, byte: u8) -> Result<Place, &'static str> {
        if self.line == b"\r\n" {
            // An empty line before a request is common.
            self.line.clear();
        }
        if self.line.len() > LONGEST_HEAD {
            return Err("the headers are too long");
        }
        if byte == b'\n' && !self.line.ends_with(b"\r\n") && !self.line.is_empty() {
            return Err("a header line does not end with CR LF");
        }
        if !self.line.ends_with(b"\r\n\r\n") {
            return Ok(Place::Head);
        }
        let framing = framing(&self.line)?;
        self.line.clear();
        Ok(match framing {
            Framing::Length(0) => Place::Head,
            Framing::Length(length) => Place::Body(length),
            Framing::Chunked => Place::ChunkSize,
        })
    }

    fn chunk_size(&mut self, byte: u8) -> Result<Place, &'static str> {
        let wrong = "the length of a chunk is none";
        if self.line.len() > LONGEST_LINE {
            return Err(wrong);
        }
        if byte != b'\n' {
            return Ok(Place::ChunkSize);
        }
        let line = self.line.strip_suffix(b"\r\n").ok_or(wrong)?;
        let digits = line.split(|byte| *byte == b';').next().unwrap_or_default().trim_ascii_end();
        let is_number =
            (1..=15).contains(&digits.len()) && digits.iter().all(u8::is_ascii_hexdigit);
        let text = std::str::from_utf8(digits).ok().filter(|_| is_number).ok_or(wrong)?;
        let size = u64::from_str_radix(text, 16).map_err(|_| wrong)?;
        self.line.clear();
        if size == 0 {
            return Ok(Place::Trailer);
        }
        self.line.push(b'c');
        Ok(Place::Body(size + 2))
    }

    fn trailer(&mut self, byte: u8) -> Result<Place, &'static str> {
        if self.line.len() > LONGEST_LINE {
            return Err("the trailer is too long");
        }
        if byte != b'\n' {
            return Ok(Place::Trailer);
        }
        let is_end = self.line == b"\r\n";
        self.line.clear();
        Ok(if is_end { Place::Head } else { Place::Trailer })
    }
}

enum Framing {
    Length(u64),
    Chunked,
}

/// How the body of a request is delimited, if that can be read in one way only.
fn framing(head: &[u8]) -> Result<Framing, &'static str> {
    let (mut length, mut is_chunked) = (None, false);
    let lines =
        head.split(|byte| *byte == b'\n').map(|line| line.strip_suffix(b"\r").unwrap_or(line));
    for line in lines.skip(1).filter(|line| !line.is_empty()) {
        if line.starts_with(b" ") || line.starts_with(b"\t") {
            return Err("a header is folded over lines");
        }
        if line.contains(&b'\r') || line.contains(&0) {
            return Err("a header has a control character");
        }
        let colon = line.iter().position(|byte| *byte == b':').ok_or("a header has no colon")?;
        let (name, value) = (&line[..colon], line[colon + 1..].trim_ascii());
        if name.ends_with(b" ") || name.ends_with(b"\t") {
            return Err("there is a space before the colon of a header");
        }
        if name.eq_ignore_ascii_case(b"Content-Length") {
            let is_number = !value.is_empty() && value.iter().all(u8::is_ascii_digit);
            let text = std::str::from_utf8(value).ok().filter(|_| is_number);
            let wrong = "the Content-Length is none";
            let number = text.and_then(|text| text.parse().ok()).ok_or(wrong)?;
            if length.replace(number).is_some() {
                return Err("Content-Length is repeated");
            }
        }
        if name.eq_ignore_ascii_case(b"Transfer-Encoding") {
            if is_chunked || !value.eq_ignore_ascii_case(b"chunked") {
                return Err("the Transfer-Encoding is not chunked alone");
            }
            is_chunked = true;
        }
    }
    match (length, is_chunked) {
        (Some(_), true) => Err("there is a Content-Length beside chunks"),
        (_, true) => Ok(Framing::Chunked),
        (length, false) => Ok(Framing::Length(length.unwrap_or(0))),
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Guard<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        space: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = space.filled().len();
        std::task::ready!(Pin::new(&mut self.stream).poll_read(context, space))?;
        self.follower.see(&space.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Guard<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        bytes: &[u8],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write(context, bytes)
    }

    fn poll_flush(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_flush(context)
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<io::Result<()>> {
        Pin::new(&mut self.stream).poll_shutdown(context)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
        pieces: &[io::IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        Pin::new(&mut self.stream).poll_write_vectored(context, pieces)
    }

    fn is_write_vectored(&self) -> bool {
        self.stream.is_write_vectored()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// What is found when the bytes come in pieces of this size.
    fn found(bytes: &[u8], piece: usize) -> Option<&'static str> {
        let (mut guard, found) = Guard::new(());
        bytes.chunks(piece).for_each(|piece| guard.follower.see(piece));
        found.fault()
    }

    #[test]
    fn requests_that_read_in_one_way_pass_in_any_pieces() {
        let requests = b"\r\nPOST / HTTP/1.1\r\nHost: a\r\nContent-Length: 5\r\n\r\n:\n \0\r\
            POST / HTTP/1.1\r\nTransfer-Encoding: Chunked\r\n\r\n5;x=y\r\n:\n \0\r\r\n0a\r\n0123456789\r\n\
            0\r\nTrailer: a\r\n\r\nGET / HTTP/1.1\r\nHost: a\r\n\r\nPOST / HTTP/1.1\r\nA: b\r\n\r\n";
        for piece in 1..requests.len() {
            assert_eq!(found(requests, piece), None, "{piece}");
        }
    }

    #[test]
    fn what_reads_in_two_ways_is_found() {
        for (lines, fault) in [
            ("Content-Length: 1\r\nTransfer-Encoding: chunked", "beside chunks"),
            ("Transfer-Encoding: chunked\r\nContent-Length: 1", "beside chunks"),
            ("Content-Length: 1\r\ncontent-length: 1", "repeated"),
            ("Content-Length: +1", "Content-Length is none"),
            ("Content-Length: 1, 1", "Content-Length is none"),
            ("Transfer-Encoding: gzip, chunked", "chunked alone"),
            ("Transfer-Encoding: chunked\r\nTransfer-Encoding: chunked", "chunked alone"),
            ("AS2-From : a", "before the colon"),
            ("A: b\r\n c", "folded"),
            ("A: b\r\n\tc", "folded"),
            ("A: b\nC: d", "CR LF"),
            ("A", "no colon"),
            ("A: b\rc", "control"),
        ] {
            // Also on the second request of a connection.
            let request = format!(
                "POST / HTTP/1.1\r\nContent-Length: 3\r\n\r\nabcPOST / HTTP/1.1\r\n{lines}\r\n\r\n"
            );
            for piece in [1, 7, request.len()] {
                let found = found(request.as_bytes(), piece).expect(lines);
                assert!(found.contains(fault), "{lines:?}: {found}");
            }
        }
        let chunks = "POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nx\r\n";
        assert!(found(chunks.as_bytes(), 3).is_some());
    }

    /// Whatever comes, the guard neither panics nor depends on how the bytes are cut.
    #[test]
    fn any_bytes_are_followed_in_the_same_way() {
        let words: [&[u8]; 14] = [
            b"POST / HTTP/1.1\r\n",
            b"\r\n",
            b"\n",
            b"\r",
            b"Content-Length: 3\r\n",
            b"abc",
            b"0",
            b"Transfer-Encoding: chunked\r\n",
            b"3\r\nabc\r\n",
            b"0\r\n\r\n",
            b" : x",
            b"\0",
            b"Content-Length: 18446744073709551616\r\n",
            b"fffffffffffffff\r\n",
        ];
        let mut dice = 88_172_645_463_325_252_u64;
        for _ in 0..20_000 {
            let mut bytes = Vec::new();
            for _ in 0..12 {
                dice ^= dice << 13;
                dice ^= dice >> 7;
                dice ^= dice << 17;
                bytes.extend_from_slice(words[(dice % words.len() as u64) as usize]);
            }
            let whole = found(&bytes, bytes.len());
            assert_eq!(found(&bytes, 1), whole, "{:?}", String::from_utf8_lossy(&bytes));
            assert_eq!(found(&bytes, 5), whole, "{:?}", String::from_utf8_lossy(&bytes));
        }
    }

    #[test]
    fn nothing_grows_without_end() {
        let (mut guard, found) = Guard::new(());
        for _ in 0..200_000 {
            guard.follower.see(b"A: bcd\r\n");
        }
        assert!(found.fault().is_some() && guard.follower.line.len() <= LONGEST_HEAD + 1);
    }
}
