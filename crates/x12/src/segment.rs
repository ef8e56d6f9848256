//! A segment as it stands in the file: its id and its elements, borrowed and cut apart.

use std::fmt;

/// A segment's id, one to three characters, packed for comparing.
///
/// What is longer is no segment id and packs to [`SegmentId::NONE`].
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct SegmentId([u8; 3]);

impl SegmentId {
    /// No segment id.
    pub const NONE: SegmentId = SegmentId([0; 3]);

    /// The id these bytes spell.
    #[inline]
    pub const fn new(id: &[u8]) -> SegmentId {
        // A zero byte fills up shorter ids, so it can be part of none.
        match *id {
            [a, b] if b != 0 => SegmentId([a, b, 0]),
            [a, b, c] if c != 0 => SegmentId([a, b, c]),
            [a] => SegmentId([a, 0, 0]),
            _ => SegmentId::NONE,
        }
    }

    /// Whether it is two or three capital letters and digits, a letter first.
    pub fn is_well_formed(self) -> bool {
        let text = self.as_bytes();
        text.len() >= 2
            && text[0].is_ascii_uppercase()
            && text.iter().all(|b| b.is_ascii_uppercase() || b.is_ascii_digit())
    }

    /// The bytes of the id.
    pub fn as_bytes(&self) -> &[u8] {
        let length = self.0.iter().position(|b| *b == 0).unwrap_or(3);
        &self.0[..length]
    }

    #[inline]
    pub(crate) const fn packed(self) -> u32 {
        u32::from_le_bytes([self.0[0], self.0[1], self.0[2], 0])
    }

    /// Whether one letter was mistyped, two neighbours swapped, or small letters written.
    pub(crate) fn is_near(self, other: SegmentId) -> bool {
        let (a, b) = (self.as_bytes(), other.as_bytes());
        if a.eq_ignore_ascii_case(b) {
            return true;
        }
        if a.len() != b.len() || a.len() < 2 {
            return false;
        }
        let wrong: Vec<usize> = (0..a.len()).filter(|n| a[*n] != b[*n]).collect();
        match wrong[..] {
            [_] => true,
            [n, m] => m == n + 1 && a[n] == b[m] && a[m] == b[n],
            _ => false,
        }
    }
}

impl fmt::Display for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.as_bytes().iter().try_for_each(|b| match b {
            b if b.is_ascii_graphic() => write!(f, "{}", *b as char),
            _ => f.write_str("?"),
        })
    }
}

impl fmt::Debug for SegmentId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{self}")
    }
}

/// A segment as it stands in the file.
#[derive(Clone, Copy)]
pub struct Segment<'a> {
    bytes: &'a [u8],
    /// Where the id and each element end, counted from the segment's first byte.
    ends: &'a [u32],
    offset: u64,
    component: u8,
}

impl<'a> Segment<'a> {
    /// A segment of these bytes, terminator not included; `ends` says where its id and each of its
    /// elements end, and `offset` where it stands in the file.
    #[inline]
    pub(crate) fn new(bytes: &'a [u8], ends: &'a [u32], offset: u64, component: u8) -> Segment<'a> {
        Segment { bytes, ends, offset, component }
    }

    /// The bytes of the segment without its terminator.
    #[inline]
    pub fn bytes(&self) -> &'a [u8] {
        self.bytes
    }

    /// Where the segment starts in the file.
    #[inline]
    pub fn offset(&self) -> u64 {
        self.offset
    }

    /// The segment's id.
    #[inline]
    pub fn id(&self) -> SegmentId {
        SegmentId::new(&self.bytes[..self.ends[0] as usize])
    }

    /// Whether this may have been meant for a segment `id`: its own id is near, or has run into the
    /// first element because no separator stands between them.
    pub(crate) fn may_be(&self, id: SegmentId) -> bool {
        match self.id() {
            SegmentId::NONE => self.bytes.starts_with(id.as_bytes()),
            own => own.is_near(id),
        }
    }

    /// How many elements stand in it, empty ones included.
    #[inline]
    pub fn count(&self) -> usize {
        self.ends.len() - 1
    }

    /// Element `n`, counted from 1; empty when it is not there.
    #[inline]
    pub fn element(&self, n: usize) -> &'a [u8] {
        match (self.ends.get(n.wrapping_sub(1)), self.ends.get(n)) {
            (Some(before), Some(end)) => &self.bytes[*before as usize + 1..*end as usize],
            _ => &[],
        }
    }

    /// The elements in order, the first is number 1.
    #[inline]
    pub fn elements(&self) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let bytes = self.bytes;
        self.ends.windows(2).map(move |pair| &bytes[pair[0] as usize + 1..pair[1] as usize])
    }

    /// The components of element `n`; a value without separators has one.
    pub fn components(&self, n: usize) -> impl Iterator<Item = &'a [u8]> + use<'a> {
        let separator = self.component;
        self.element(n).split(move |b| *b == separator)
    }

    /// Where element `n` starts in the file; the end of the segment when it is not there.
    pub fn element_offset(&self, n: usize) -> u64 {
        match (n.checked_sub(1).and_then(|before| self.ends.get(before)), self.ends.get(n)) {
            (Some(before), Some(_)) => self.offset + u64::from(*before) + 1,
            _ => self.offset + self.bytes.len() as u64,
        }
    }
}

/// Says how long it is, never what it holds.
impl fmt::Debug for Segment<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} segment of {} elements at byte {}", self.id(), self.count(), self.offset)
    }
}
