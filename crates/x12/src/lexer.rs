//! Bytes to segments: finds the terminators and element separators, 64 bytes at a time.
//!
//! Nothing is copied. Components and repetitions are cut later, where a table says there are any.

use std::ops::Range;

use wide::u8x16;

use crate::delimiters::Delimiters;
use crate::segment::Segment;

/// The longest segment that is read as one. Real ones have some hundred bytes; what is longer has
/// lost its terminator. Shorter when fuzzing, whose inputs are small.
pub const LONGEST_SEGMENT: usize = if cfg!(fuzzing) { 1 << 11 } else { 1 << 20 };

/// Reads the segments of one interchange.
#[derive(Debug, Clone)]
pub struct Lexer<'a> {
    bytes: &'a [u8],
    delimiters: Delimiters,
    /// Start of what has not been given out yet.
    at: usize,
    /// Start of the 64 bytes `marks` was taken from.
    block: usize,
    /// Bit n: byte `block + n` is a separator or terminator not used yet.
    marks: u64,
}

/// What a lexer found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Lexeme {
    /// A segment and its terminator; the range leaves out the terminator.
    Segment {
        /// Where it stands in the bytes given.
        range: Range<usize>,
        /// Whether something other than one line end stood before it.
        gap: bool,
    },
    /// Bytes without a terminator after them.
    Rest(Range<usize>),
    /// Nothing but white space is left.
    End,
}

impl<'a> Lexer<'a> {
    /// A lexer that starts at byte `at` of `bytes`.
    pub fn new(bytes: &'a [u8], at: usize, delimiters: Delimiters) -> Lexer<'a> {
        let mut lexer = Lexer { bytes, delimiters, at, block: at, marks: 0 };
        lexer.marks = lexer.scan(at);
        lexer
    }

    /// Where the next segment, or the white space before it, starts.
    pub fn at(&self) -> usize {
        self.at
    }

    /// The bytes this lexer reads.
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// The next segment; the ends of its id and elements go into `ends`, which is cleared first.
    #[inline]
    pub fn next(&mut self, ends: &mut Vec<u32>) -> Lexeme {
        ends.clear();
        let bytes = self.bytes;
        let mut start = self.at;
        let mut gap = false;
        match bytes.get(start) {
            Some(b) if *b > b' ' => {}
            None => return Lexeme::End,
            Some(b'\n') if self.delimiters.segment > b' ' && bytes.get(start + 1) > Some(&b' ') => {
                start += 1;
            }
            Some(_) => {
                (start, gap) = self.skip_white_space(start);
                if start == bytes.len() {
                    return Lexeme::End;
                }
            }
        }
        loop {
            while self.marks != 0 {
                let place = self.block + self.marks.trailing_zeros() as usize;
                self.marks &= self.marks - 1;
                ends.push((place - start) as u32);
                if bytes[place] == self.delimiters.segment {
                    self.at = place + 1;
                    return Lexeme::Segment { range: start..place, gap };
                }
            }
            self.block += 64;
            if self.block >= bytes.len() {
                // Left as it was, so that more bytes can be read and the segment tried again.
                ends.push((bytes.len() - start) as u32);
                return Lexeme::Rest(start..bytes.len());
            }
            self.marks = self.scan(self.block);
        }
    }

    /// The segment a lexeme's range stands for; `base` is where the bytes start in the file.
    #[inline]
    pub fn segment<'e>(&self, range: Range<usize>, ends: &'e [u32], base: u64) -> Segment<'e>
    where
        'a: 'e,
    {
        let offset = base + range.start as u64;
        Segment::new(&self.bytes[range], ends, offset, self.delimiters.component)
    }

    /// Steps over white space before a segment; also over terminators that end nothing.
    #[cold]
    fn skip_white_space(&mut self, from: usize) -> (usize, bool) {
        let d = self.delimiters;
        let rest = &self.bytes[from..];
        let white =
            |b: &u8| (b.is_ascii_whitespace() && *b != d.element) || (*b == d.segment && *b < b' ');
        let length = rest.iter().position(|b| !white(b)).unwrap_or(rest.len());
        let empty = rest[..length].contains(&d.segment);
        let regular = matches!(&rest[..length], [b'\n'] | [b'\r', b'\n']) && !empty;
        let start = from + length;
        if length > 2 || empty {
            self.block = start;
            self.marks = self.scan(start);
        }
        (start, length > 0 && !regular && start < self.bytes.len())
    }

    /// Marks the separators and terminators of the 64 bytes from `from` on.
    #[inline]
    fn scan(&self, from: usize) -> u64 {
        match self.bytes.get(from..from + 64) {
            Some(block) => marks(block, self.delimiters),
            None => {
                let rest = self.bytes.get(from..).unwrap_or_default();
                let mut block = [0; 64];
                block[..rest.len()].copy_from_slice(rest);
                marks(&block, self.delimiters) & !(u64::MAX << rest.len())
            }
        }
    }
}

#[inline]
fn marks(block: &[u8], delimiters: Delimiters) -> u64 {
    let element = u8x16::splat(delimiters.element);
    let segment = u8x16::splat(delimiters.segment);
    let mut marks = 0;
    let (lanes, _) = block.as_chunks::<16>();
    for (n, lane) in lanes.iter().enumerate() {
        let lane = u8x16::new(*lane);
        let hits = lane.simd_eq(element) | lane.simd_eq(segment);
        marks |= u64::from(hits.to_bitmask()) << (16 * n);
    }
    marks
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAR_TILDE: Delimiters = Delimiters {
        element: b'*',
        component: b':',
        repetition: None,
        segment: b'~',
        line_end: crate::delimiters::LineEnd::None,
    };

    fn read(bytes: &[u8], delimiters: Delimiters) -> Vec<(Vec<Vec<u8>>, bool)> {
        let mut lexer = Lexer::new(bytes, 0, delimiters);
        let mut ends = Vec::new();
        let mut all = Vec::new();
        loop {
            match lexer.next(&mut ends) {
                Lexeme::Segment { range, gap } => {
                    let segment = lexer.segment(range, &ends, 0);
                    let mut parts = vec![segment.id().as_bytes().to_vec()];
                    parts.extend(segment.elements().map(<[u8]>::to_vec));
                    all.push((parts, gap));
                }
                Lexeme::Rest(range) => {
                    all.push((vec![bytes[range].to_vec()], true));
                    return all;
                }
                Lexeme::End => return all,
            }
        }
    }

    fn parts(text: &str) -> Vec<Vec<u8>> {
        text.split('*').map(|part| part.as_bytes().to_vec()).collect()
    }

    #[test]
    fn segments_and_elements_are_cut_at_their_separators() {
        let long = format!("NTE*ADD*{}", "x".repeat(200));
        let file = format!("REF*12*0012~\nQTY*QD**KH*~\r\n{long}~SE~");
        let expected: Vec<_> = ["REF*12*0012", "QTY*QD**KH*", &long, "SE"].map(parts).into();
        let found: Vec<_> = read(file.as_bytes(), STAR_TILDE).into_iter().map(|f| f.0).collect();
        assert_eq!(found, expected);
    }

    #[test]
    fn white_space_between_segments_is_stepped_over_and_told() {
        let found = read(b"A1*1~\n\n  B1*2~C1~\n", STAR_TILDE);
        assert_eq!(found, [(parts("A1*1"), false), (parts("B1*2"), true), (parts("C1"), false)]);
    }

    #[test]
    fn a_line_feed_can_be_the_terminator() {
        let lines = Delimiters { segment: b'\n', ..STAR_TILDE };
        let found = read(b"A1*1\nB1*2\n\nC1*3\n", lines);
        assert_eq!(found, [(parts("A1*1"), false), (parts("B1*2"), false), (parts("C1*3"), true)]);
    }

    #[test]
    fn what_has_no_terminator_is_the_rest() {
        assert_eq!(read(b"A1~B1*2", STAR_TILDE)[1].0, [b"B1*2".to_vec()]);
    }
}
