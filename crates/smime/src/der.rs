//! DER: small structures written and read in memory, and a wrapping for content of unknown size.

use std::io::{self, Write};

use crate::fault::Fault;

/// Tags, as they stand in the first byte of an element.
pub mod tag {
    /// BOOLEAN
    pub const BOOLEAN: u8 = 0x01;
    /// INTEGER
    pub const INTEGER: u8 = 0x02;
    /// BIT STRING
    pub const BIT_STRING: u8 = 0x03;
    /// OCTET STRING
    pub const OCTET_STRING: u8 = 0x04;
    /// NULL
    pub const NULL: u8 = 0x05;
    /// OBJECT IDENTIFIER
    pub const OBJECT_IDENTIFIER: u8 = 0x06;
    /// UTF8String
    pub const UTF8_STRING: u8 = 0x0c;
    /// SEQUENCE
    pub const SEQUENCE: u8 = 0x30;
    /// SET
    pub const SET: u8 = 0x31;
    /// UTCTime
    pub const UTC_TIME: u8 = 0x17;
    /// GeneralizedTime
    pub const GENERALIZED_TIME: u8 = 0x18;

    /// A tag of the context that holds elements.
    pub const fn context(number: u8) -> u8 {
        0xa0 | number
    }

    /// A tag of the context that holds none.
    pub const fn context_primitive(number: u8) -> u8 {
        0x80 | number
    }
}

/// Tag and length, for content of so many bytes.
pub fn head(tag: u8, length: u64) -> Vec<u8> {
    let mut head = vec![tag];
    let bytes = length.to_be_bytes();
    match bytes.iter().position(|byte| *byte != 0) {
        Some(first) if length >= 0x80 => {
            head.push(0x80 | (8 - first) as u8);
            head.extend_from_slice(&bytes[first..]);
        }
        _ => head.push(bytes[7]),
    }
    head
}

/// An element.
pub fn element(tag: u8, content: &[u8]) -> Vec<u8> {
    let mut element = head(tag, content.len() as u64);
    element.extend_from_slice(content);
    element
}

/// An element that holds these, one after the other.
pub fn holding(tag: u8, elements: &[&[u8]]) -> Vec<u8> {
    element(tag, &elements.concat())
}

/// A SEQUENCE of these.
pub fn sequence(elements: &[&[u8]]) -> Vec<u8> {
    holding(tag::SEQUENCE, elements)
}

/// A SET of these, in the order that DER asks for.
pub fn set_of(elements: &[&[u8]]) -> Vec<u8> {
    let mut sorted = elements.to_vec();
    sorted.sort_unstable();
    holding(tag::SET, &sorted)
}

/// An OBJECT IDENTIFIER from its content.
pub fn object_identifier(content: &[u8]) -> Vec<u8> {
    element(tag::OBJECT_IDENTIFIER, content)
}

/// A small INTEGER that is not negative.
pub fn small_integer(number: u8) -> Vec<u8> {
    assert!(number < 0x80, "a version or an exponent");
    element(tag::INTEGER, &[number])
}

/// An INTEGER that is not negative, from its bytes, the highest first.
pub fn integer(magnitude: &[u8]) -> Vec<u8> {
    let zeros = magnitude.iter().take_while(|byte| **byte == 0).count();
    let mut content = vec![0];
    content.extend_from_slice(&magnitude[zeros..]);
    // One zero in front is needed where the number would look negative, and for zero itself.
    if content.get(1).is_some_and(|byte| byte & 0x80 == 0) {
        content.remove(0);
    }
    element(tag::INTEGER, &content)
}

/// A NULL.
pub fn null() -> Vec<u8> {
    vec![tag::NULL, 0]
}

/// Reads DER that lies in memory, one element after the other.
#[derive(Debug, Clone)]
pub struct Parser<'a> {
    rest: &'a [u8],
}

impl<'a> Parser<'a> {
    /// A parser of elements that follow each other.
    pub fn new(bytes: &'a [u8]) -> Self {
        Self { rest: bytes }
    }

    /// Whether nothing is left.
    pub fn is_empty(&self) -> bool {
        self.rest.is_empty()
    }

    /// The tag of the next element.
    pub fn peek(&self) -> Option<u8> {
        self.rest.first().copied()
    }

    /// The next element: its tag, its content, and all of it.
    ///
    /// # Errors
    ///
    /// [`Fault`] if it is missing, not whole, or not DER.
    pub fn any(&mut self) -> Result<(u8, &'a [u8], &'a [u8]), Fault> {
        let [tag, first, ..] = *self.rest else { return Err(Fault::Short("an element")) };
        if tag & 0x1f == 0x1f {
            return Err(Fault::Structure("a tag of more than one byte"));
        }
        let count = usize::from(first & 0x7f);
        let (length, at) = if first < 0x80 {
            (count, 2)
        } else {
            let bytes = self.rest.get(2..2 + count).ok_or(Fault::Short("an element"))?;
            if count == 0 || count > 4 || bytes[0] == 0 || (count == 1 && bytes[0] < 0x80) {
                return Err(Fault::Structure("a length that is not DER"));
            }
            (bytes.iter().fold(0, |length, byte| length << 8 | usize::from(*byte)), 2 + count)
        };
        let whole = at.checked_add(length).and_then(|end| self.rest.get(..end));
        let whole = whole.ok_or(Fault::Short("an element"))?;
        self.rest = &self.rest[whole.len()..];
        Ok((tag, &whole[at..], whole))
    }

    /// The content of the next element, which must have this tag.
    ///
    /// # Errors
    ///
    /// [`Fault`] if another element comes, or one that is not DER.
    pub fn take(&mut self, tag: u8) -> Result<&'a [u8], Fault> {
        match self.any()? {
            (found, content, _) if found == tag => Ok(content),
            _ => Err(Fault::Structure("another element was expected in a structure")),
        }
    }

    /// What is in the next element, which must have this tag.
    ///
    /// # Errors
    ///
    /// [`Fault`] if another element comes, or one that is not DER.
    pub fn enter(&mut self, tag: u8) -> Result<Parser<'a>, Fault> {
        self.take(tag).map(Parser::new)
    }

    /// The content of the next element if it has this tag.
    ///
    /// # Errors
    ///
    /// [`Fault`] if it has, and is not DER.
    pub fn optional(&mut self, tag: u8) -> Result<Option<&'a [u8]>, Fault> {
        if self.peek() == Some(tag) { self.take(tag).map(Some) } else { Ok(None) }
    }

    /// All of the next element.
    ///
    /// # Errors
    ///
    /// [`Fault`] if it is missing or not DER.
    pub fn whole(&mut self) -> Result<&'a [u8], Fault> {
        self.any().map(|(_, _, whole)| whole)
    }

    /// A small INTEGER.
    ///
    /// # Errors
    ///
    /// [`Fault`] if another element comes, or the number is negative or large.
    pub fn small_integer(&mut self) -> Result<u32, Fault> {
        let content = self.take(tag::INTEGER)?;
        match content {
            [first, ..] if first & 0x80 == 0 && content.len() <= 4 => {
                Ok(content.iter().fold(0, |number, byte| number << 8 | u32::from(*byte)))
            }
            _ => Err(Fault::Structure("a number is negative or too large")),
        }
    }

    /// Says that nothing may be left.
    ///
    /// # Errors
    ///
    /// [`Fault`] if something is.
    pub fn end(&self) -> Result<(), Fault> {
        if self.is_empty() {
            Ok(())
        } else {
            Err(Fault::Structure("a structure has more in it than belongs there"))
        }
    }
}

/// The longest content that is written with its length in front; more is written in segments.
pub const LONGEST_IN_ONE_PIECE: usize = 64 * 1024;

/// Writes a string of octets deep inside a structure while its content comes.
///
/// A structure is given as what stands around the string: for each element outside of it, from the
/// outermost, its tag and the elements in front of the next one. Content that is short is written as
/// DER; from [`LONGEST_IN_ONE_PIECE`] on it is written in segments and ended by zeros, because its
/// length is not known.
#[derive(Debug)]
pub struct OctetsWriter<W> {
    out: W,
    around: Vec<(u8, Vec<u8>)>,
    /// The tag of the string in one piece.
    tag: u8,
    held: Vec<u8>,
    in_segments: bool,
}

impl<W: Write> OctetsWriter<W> {
    /// Starts a structure; nothing is written yet.
    pub fn new(out: W, around: Vec<(u8, Vec<u8>)>, tag: u8) -> Self {
        let held = Vec::with_capacity(LONGEST_IN_ONE_PIECE);
        Self { out, around, tag, held, in_segments: false }
    }

    /// Ends the string and the structure. `after` stands after the element at this depth, 0 for the
    /// outermost.
    ///
    /// # Errors
    ///
    /// Whatever writing gives.
    pub fn finish(mut self, after: Option<(usize, &[u8])>) -> io::Result<W> {
        if self.in_segments {
            self.write_segment()?;
            self.out.write_all(&[0, 0])?;
            for depth in (0..self.around.len()).rev() {
                if let Some((_, after)) = after.filter(|it| it.0 == depth) {
                    self.out.write_all(after)?;
                }
                self.out.write_all(&[0, 0])?;
            }
        } else {
            let mut whole = element(self.tag, &self.held);
            for (depth, (tag, before)) in self.around.iter().enumerate().rev() {
                let after = after.filter(|it| it.0 == depth).map_or(&[][..], |it| it.1);
                whole = holding(*tag, &[before, &whole, after]);
            }
            self.out.write_all(&whole)?;
        }
        Ok(self.out)
    }

    fn write_segment(&mut self) -> io::Result<()> {
        if !self.held.is_empty() {
            self.out.write_all(&head(tag::OCTET_STRING, self.held.len() as u64))?;
            self.out.write_all(&self.held)?;
            self.held.clear();
        }
        Ok(())
    }
}

impl<W: Write> Write for OctetsWriter<W> {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        if self.held.len() == LONGEST_IN_ONE_PIECE {
            if !self.in_segments {
                self.in_segments = true;
                for (tag, before) in &self.around {
                    self.out.write_all(&[*tag, 0x80])?;
                    self.out.write_all(before)?;
                }
                self.out.write_all(&[self.tag | 0x20, 0x80])?;
            }
            self.write_segment()?;
        }
        let taken = bytes.len().min(LONGEST_IN_ONE_PIECE - self.held.len());
        self.held.extend_from_slice(&bytes[..taken]);
        Ok(taken)
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::ber::Reader;

    #[test]
    fn lengths_are_as_short_as_they_can_be() {
        let cases: [(u64, &[u8]); 5] = [
            (0, b"\x04\0"),
            (127, b"\x04\x7f"),
            (128, b"\x04\x81\x80"),
            (256, b"\x04\x82\x01\0"),
            (1 << 32, b"\x04\x85\x01\0\0\0\0"),
        ];
        for (length, expected) in cases {
            assert_eq!(head(tag::OCTET_STRING, length), expected);
        }
        for length in [0, 1, 127, 128, 255, 256, 65_535, 65_536] {
            let written = element(tag::OCTET_STRING, &vec![7; length]);
            let mut parser = Parser::new(&written);
            assert_eq!(parser.take(tag::OCTET_STRING).map(<[u8]>::len), Ok(length));
            parser.end().expect("nothing is left");
            for cut in 0..written.len().min(10) {
                assert!(Parser::new(&written[..cut]).any().is_err());
            }
        }
    }

    #[test]
    fn integers_are_not_negative() {
        assert_eq!(integer(&[0, 0]), b"\x02\x01\0");
        assert_eq!(integer(&[0, 1]), b"\x02\x01\x01");
        assert_eq!(integer(&[0x80]), b"\x02\x02\0\x80");
    }

    #[test]
    fn what_is_not_der_is_refused() {
        for bytes in [&b"\x04\x80"[..], b"\x04\x81\x01a", b"\x04\x82\0\x80", b"\x1f\x01a", b"\x04"]
        {
            assert!(Parser::new(bytes).any().is_err(), "{bytes:02x?}");
        }
    }

    #[test]
    fn content_of_any_length_is_read_back() {
        for length in [0, 1, LONGEST_IN_ONE_PIECE, LONGEST_IN_ONE_PIECE + 1, 500_000] {
            let content: Vec<u8> = (0..length).map(|at| at as u8).collect();
            let around = vec![(tag::SEQUENCE, null()), (tag::context(0), Vec::new())];
            let mut writer = OctetsWriter::new(Vec::new(), around, tag::OCTET_STRING);
            writer.write_all(&content).expect("a vector takes all");
            let after = small_integer(5);
            let written = writer.finish(Some((0, &after))).expect("a vector takes all");
            assert_eq!(written[1] == 0x80, length > LONGEST_IN_ONE_PIECE);
            let read = Reader::new(&written[..]).element(1_000_000).expect("it is well formed");
            let string = element(tag::OCTET_STRING, &content);
            let inner = element(tag::context(0), &string);
            assert_eq!(read, sequence(&[&null(), &inner, &after]));
        }
    }
}
