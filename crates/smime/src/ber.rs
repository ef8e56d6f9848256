//! BER read from a stream, one element after the other, without holding content.
//!
//! Partners send lengths that are known beforehand and lengths that are not, and strings of octets in
//! one piece or in segments. All four are read here; what is small is given as DER, so that the
//! rest of the crate knows one form only. Tags of more than one byte do not occur in CMS and are
//! refused.

use std::io::Read;

use crate::der;
use crate::fault::{Fault, fill};

/// The most elements that may lie in each other.
pub const DEEPEST: usize = 24;

const WINDOW: usize = 16 * 1024;
const CONSTRUCTED: u8 = 0x20;
const OCTET_STRING: u8 = 0x04;
const SEGMENTED: u8 = OCTET_STRING | CONSTRUCTED;
const BIT_STRING: u8 = 0x03;

/// Tag and length of an element; no length stands for one that is ended by two zero bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Head {
    tag: u8,
    length: Option<u64>,
}

/// What comes next in the element that is open.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Next {
    Element(Head),
    End,
}

/// An element that was entered.
#[derive(Debug, Clone, Copy)]
struct Frame {
    /// Whether two zero bytes end it.
    is_open: bool,
    /// Where it ends, or the nearest one around it that says so.
    end: u64,
}

/// The octets that are being read, see [`Reader::octets`].
#[derive(Debug, Clone, Copy)]
struct Octets {
    /// How many frames there were around the string.
    around: usize,
    /// Bytes left in this segment.
    left: u64,
}

/// Reads elements from a stream.
#[derive(Debug)]
pub struct Reader<R> {
    source: R,
    window: Box<[u8]>,
    start: usize,
    end: usize,
    at: u64,
    frames: Vec<Frame>,
    next: Option<Next>,
    octets: Option<Octets>,
}

impl<R: Read> Reader<R> {
    /// A reader at the first byte of an element.
    pub fn new(source: R) -> Self {
        Self {
            source,
            window: vec![0; WINDOW].into_boxed_slice(),
            start: 0,
            end: 0,
            at: 0,
            frames: Vec::new(),
            next: None,
            octets: None,
        }
    }

    /// The tag of the next element, or none at the end of the element that is open.
    ///
    /// # Errors
    ///
    /// [`Fault`] if what comes is no element, or claims to be longer than what it lies in.
    pub fn peek(&mut self) -> Result<Option<u8>, Fault> {
        let next = match self.next {
            Some(next) => next,
            None => self.read_head()?,
        };
        self.next = Some(next);
        Ok(match next {
            Next::Element(head) => Some(head.tag),
            Next::End => None,
        })
    }

    /// Goes into the next element, which must have this tag.
    ///
    /// # Errors
    ///
    /// [`Fault`] if another element comes, or if it lies too deep.
    pub fn enter(&mut self, tag: u8) -> Result<(), Fault> {
        let head = self.take(tag)?;
        if tag & CONSTRUCTED == 0 {
            return Err(self.wrong("an element that holds others is written as if it held none"));
        }
        self.push(head)
    }

    /// Leaves the element that was entered last, which must be read to its end.
    ///
    /// # Errors
    ///
    /// [`Fault`] if there are elements left in it.
    pub fn leave(&mut self) -> Result<(), Fault> {
        if self.peek()?.is_some() {
            return Err(self.wrong("an element has more in it than belongs there"));
        }
        self.next = None;
        self.frames.pop();
        Ok(())
    }

    /// The next element as DER, tag and length with it: lengths are known and strings of octets are
    /// in one piece. The order of sets is kept.
    ///
    /// # Errors
    ///
    /// [`Fault`] if it is not well formed, lies too deep, or is longer than `limit` bytes.
    pub fn element(&mut self, limit: usize) -> Result<Vec<u8>, Fault> {
        let mut element = Vec::new();
        self.copy(&mut element, limit)?;
        Ok(element)
    }

    /// Opens the next element as a string of octets, in one piece or in segments. `tag` is that of
    /// the string in one piece.
    ///
    /// # Errors
    ///
    /// [`Fault`] if another element comes.
    pub fn open_octets(&mut self, tag: u8) -> Result<(), Fault> {
        let around = self.frames.len();
        let left = if self.peek()? == Some(tag | CONSTRUCTED) {
            self.enter(tag | CONSTRUCTED)?;
            0
        } else {
            let head = self.take(tag)?;
            self.known(head)?
        };
        self.octets = Some(Octets { around, left });
        Ok(())
    }

    /// Reads on in the string of octets that was opened; gives 0 at its end.
    ///
    /// # Errors
    ///
    /// [`Fault`] if a segment is none, or the bytes end too early.
    pub fn octets(&mut self, space: &mut [u8]) -> Result<usize, Fault> {
        while let Some(Octets { around, left }) = self.octets {
            if left > 0 {
                let most = usize::try_from(left).unwrap_or(usize::MAX).min(space.len());
                let read = self.read_some(&mut space[..most])?;
                self.octets = Some(Octets { around, left: left - read as u64 });
                return Ok(read);
            }
            if self.frames.len() == around {
                self.octets = None;
                break;
            }
            match self.peek()? {
                Some(OCTET_STRING) => {
                    let head = self.take(OCTET_STRING)?;
                    let left = self.known(head)?;
                    self.octets = Some(Octets { around, left });
                }
                Some(SEGMENTED) => self.enter(SEGMENTED)?,
                Some(_) => return Err(self.wrong("a segment of a string is no string of octets")),
                None => self.leave()?,
            }
        }
        Ok(0)
    }

    /// Reads to the end of the stream, where nothing but line ends may follow.
    ///
    /// # Errors
    ///
    /// [`Fault`] if an element is still open or something follows.
    pub fn finish(&mut self) -> Result<(), Fault> {
        if !self.frames.is_empty() || self.next.is_some() || self.octets.is_some() {
            return Err(self.wrong("the structure was not read to its end"));
        }
        let mut after = [0; 64];
        loop {
            let read = self.read_up_to(&mut after)?;
            if after[..read].iter().any(|byte| !matches!(byte, b'\r' | b'\n')) {
                return Err(self.wrong("bytes follow after the structure"));
            }
            if read == 0 {
                return Ok(());
            }
        }
    }

    fn take(&mut self, tag: u8) -> Result<Head, Fault> {
        self.peek()?;
        match self.next {
            Some(Next::Element(head)) if head.tag == tag => {
                self.next = None;
                Ok(head)
            }
            _ => Err(self.wrong("another element was expected here")),
        }
    }

    fn push(&mut self, head: Head) -> Result<(), Fault> {
        if self.frames.len() == DEEPEST {
            return Err(self.wrong("elements lie too deep in each other"));
        }
        let around = self.frames.last().map_or(u64::MAX, |frame| frame.end);
        self.frames.push(match head.length {
            Some(length) => Frame { is_open: false, end: self.at + length },
            None => Frame { is_open: true, end: around },
        });
        Ok(())
    }

    /// The length of an element that holds no others.
    fn known(&self, head: Head) -> Result<u64, Fault> {
        head.length.ok_or_else(|| self.wrong("an element without others must say its length"))
    }

    fn copy(&mut self, out: &mut Vec<u8>, limit: usize) -> Result<(), Fault> {
        let Some(tag) = self.peek()? else {
            return Err(self.wrong("an element is missing"));
        };
        let head = self.take(tag)?;
        let mut content = Vec::new();
        if tag & CONSTRUCTED == 0 {
            let length = self.known(head)?;
            let too_large = Fault::TooLarge { what: "an element", limit: limit as u64 };
            let length = usize::try_from(length).ok().filter(|it| *it <= limit).ok_or(too_large)?;
            self.append(&mut content, length)?;
            out.extend_from_slice(&der::element(tag, &content));
            return Ok(());
        }
        if tag & !CONSTRUCTED == BIT_STRING {
            return Err(self.wrong("a string of bits comes in segments"));
        }
        self.push(head)?;
        while self.peek()?.is_some() {
            self.copy(&mut content, limit)?;
            if content.len() > limit {
                return Err(Fault::TooLarge { what: "an element", limit: limit as u64 });
            }
        }
        self.leave()?;
        let element = if tag == SEGMENTED {
            der::element(OCTET_STRING, &joined(&content)?)
        } else {
            der::element(tag, &content)
        };
        out.extend_from_slice(&element);
        Ok(())
    }

    /// Appends so many bytes, a piece at a time: a length that is a lie takes no memory.
    fn append(&mut self, out: &mut Vec<u8>, length: usize) -> Result<(), Fault> {
        let whole = out.len() + length;
        while out.len() < whole {
            let from = out.len();
            out.resize(whole.min(from + WINDOW), 0);
            self.read_whole(&mut out[from..])?;
        }
        Ok(())
    }

    fn read_head(&mut self) -> Result<Next, Fault> {
        let frame = self.frames.last().copied();
        let end = frame.map_or(u64::MAX, |frame| frame.end);
        if frame.is_some_and(|frame| !frame.is_open) && self.at == end {
            return Ok(Next::End);
        }
        let mut byte = [0];
        if self.read_up_to(&mut byte)? == 0 {
            let at_top = frame.is_none();
            return if at_top { Ok(Next::End) } else { Err(Fault::Short("an element")) };
        }
        let tag = byte[0];
        if tag == 0 {
            self.read_whole(&mut byte)?;
            let is_end = byte[0] == 0 && frame.is_some_and(|frame| frame.is_open) && self.at <= end;
            return if is_end { Ok(Next::End) } else { Err(self.wrong("a stray end of content")) };
        }
        if tag & 0x1f == 0x1f {
            return Err(self.wrong("a tag of more than one byte"));
        }
        let length = self.read_length()?;
        if length.is_none() && tag & CONSTRUCTED == 0 {
            return Err(self.wrong("an element without others must say its length"));
        }
        let last = self.at.checked_add(length.unwrap_or(0));
        if last.is_none_or(|last| last > end) {
            return Err(self.wrong("an element is longer than what it lies in"));
        }
        Ok(Next::Element(Head { tag, length }))
    }

    fn read_length(&mut self) -> Result<Option<u64>, Fault> {
        let mut byte = [0];
        self.read_whole(&mut byte)?;
        match byte[0] {
            0x80 => Ok(None),
            short @ 0..0x80 => Ok(Some(u64::from(short))),
            long => {
                let count = usize::from(long & 0x7f);
                let mut bytes = [0; 8];
                if count > 8 {
                    return Err(self.wrong("a length of more than eight bytes"));
                }
                self.read_whole(&mut bytes[8 - count..])?;
                let length = u64::from_be_bytes(bytes);
                if length > u64::MAX / 4 {
                    return Err(self.wrong("a length that no message has"));
                }
                Ok(Some(length))
            }
        }
    }

    fn read_whole(&mut self, space: &mut [u8]) -> Result<(), Fault> {
        let mut filled = 0;
        while filled < space.len() {
            filled += self.read_some(&mut space[filled..])?;
        }
        Ok(())
    }

    /// At least one byte, if there is room for one.
    fn read_some(&mut self, space: &mut [u8]) -> Result<usize, Fault> {
        match self.read_up_to(space)? {
            0 if !space.is_empty() => Err(Fault::Short("an element")),
            read => Ok(read),
        }
    }

    fn read_up_to(&mut self, space: &mut [u8]) -> Result<usize, Fault> {
        if self.start == self.end {
            // Much at once goes past the window.
            if space.len() >= WINDOW {
                let read = fill(&mut self.source, space)?;
                self.at += read as u64;
                return Ok(read);
            }
            self.start = 0;
            self.end = fill(&mut self.source, &mut self.window)?;
        }
        let read = space.len().min(self.end - self.start);
        space[..read].copy_from_slice(&self.window[self.start..][..read]);
        self.start += read;
        self.at += read as u64;
        Ok(read)
    }

    fn wrong(&self, what: &'static str) -> Fault {
        Fault::Encoding { what, at: self.at }
    }
}

/// The contents of strings of octets, one after the other.
fn joined(segments: &[u8]) -> Result<Vec<u8>, Fault> {
    let mut parser = der::Parser::new(segments);
    let mut whole = Vec::with_capacity(segments.len());
    while !parser.is_empty() {
        whole.extend_from_slice(parser.take(OCTET_STRING)?);
    }
    Ok(whole)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn element(bytes: &[u8]) -> Result<Vec<u8>, Fault> {
        let mut reader = Reader::new(bytes);
        let element = reader.element(100)?;
        reader.finish()?;
        Ok(element)
    }

    #[test]
    fn every_form_becomes_der() {
        let forms: [(&[u8], &[u8]); 6] = [
            (b"\x30\x03\x02\x01\x05", b"\x30\x03\x02\x01\x05"),
            (b"\x30\x81\x03\x02\x01\x05", b"\x30\x03\x02\x01\x05"),
            (b"\x30\x80\x02\x01\x05\0\0", b"\x30\x03\x02\x01\x05"),
            (b"\x24\x80\x04\x01a\x04\x01b\0\0\r\n", b"\x04\x02ab"),
            (b"\x24\x08\x24\x80\x04\x02ab\0\0", b"\x04\x02ab"),
            (b"\x30\x80\x30\x80\0\0\x24\x80\0\0\0\0", b"\x30\x04\x30\0\x04\0"),
        ];
        for (bytes, der) in forms {
            assert_eq!(element(bytes).as_deref(), Ok(der), "{bytes:02x?}");
        }
    }

    #[test]
    fn octets_are_the_same_in_one_piece_and_in_segments() {
        let forms: [&[u8]; 4] = [
            b"\x04\x06abcdef",
            b"\x24\x80\x04\x01a\x04\x00\x04\x05bcdef\0\0",
            b"\x24\x0e\x24\x07\x04\x01a\x04\x02bc\x04\x03def",
            b"\x24\x80\x24\x80\x04\x03abc\0\0\x04\x03def\0\0",
        ];
        for bytes in forms {
            for step in 1..8 {
                let mut reader = Reader::new(bytes);
                reader.open_octets(OCTET_STRING).expect("a string");
                let mut whole = Vec::new();
                let mut space = [0; 8];
                loop {
                    let read = reader.octets(&mut space[..step]).expect("a string");
                    whole.extend_from_slice(&space[..read]);
                    if read == 0 {
                        break;
                    }
                }
                assert_eq!(whole, b"abcdef", "{bytes:02x?}");
                reader.finish().expect("nothing follows");
            }
        }
    }

    #[test]
    fn what_is_broken_is_refused() {
        let broken: [&[u8]; 13] = [
            b"\x04\x02a",
            b"\x04\x80a\0\0",
            b"\x30\x03\x04\x02ab",
            b"\x30\x02\x04\x01a",
            b"\x30\x80\x04\x01a",
            b"\x30\x80\x04\x01a\0",
            b"\x30\x02\0\0",
            b"\x30\x03\x30\x80\0\0",
            b"\x1f\x81\x01\x00",
            b"\x04\x88\x7f\xff\xff\xff\xff\xff\xff\xffa",
            b"\x04\x89\0\0\0\0\0\0\0\0\x01a",
            b"\x24\x80\x02\x01\x05\0\0",
            b"\x05\0\x05\0",
        ];
        for bytes in broken {
            assert!(element(bytes).is_err(), "{bytes:02x?}");
        }
    }

    #[test]
    fn a_lie_about_the_length_takes_no_memory_and_depth_has_an_end() {
        let claims = [&b"\x04\x84\x3f\xff\xff\xff"[..], b"abc"].concat();
        assert_eq!(Reader::new(&claims[..]).element(usize::MAX), Err(Fault::Short("an element")));
        assert!(matches!(
            Reader::new(&claims[..]).element(1000),
            Err(Fault::TooLarge { limit: 1000, .. })
        ));
        let nested = |depth: usize| [b"\x30\x80".repeat(depth), b"\0\0".repeat(depth)].concat();
        assert!(element(&nested(DEEPEST)).is_ok());
        assert!(element(&nested(DEEPEST + 1)).is_err());
        assert!(element(&nested(1_000_000)).is_err());
    }
}
