//! Mistakes of the file: bytes before, between or after the segments, or not enough of them.

use super::Planted;
use super::document::Document;
use crate::random::Random;

/// Text after the last segment.
pub(super) fn stray(document: &Document) -> Planted {
    let mut bytes = document.to_bytes();
    let offset = bytes.len() as u64;
    bytes.extend(b"END OF FILE");
    Planted { bytes, offset, set: 0, segment: 0 }
}

/// The mark some editors put before a text.
pub(super) fn byte_order_mark(document: &Document) -> Planted {
    let mut bytes = "\u{feff}".as_bytes().to_vec();
    bytes.extend(document.to_bytes());
    Planted { bytes, offset: 0, set: 0, segment: 0 }
}

/// A blank line; the finding points at the segment after it.
pub(super) fn blank_line(document: &Document, random: &mut Random) -> Option<Planted> {
    let after = document.any(random, |_| true)?;
    let blank = if document.line_end.is_empty() { "\n\n" } else { document.line_end };
    let before: usize =
        document.segments[..after].iter().map(|segment| document.length(segment)).sum();
    let mut bytes = document.to_bytes();
    bytes.splice(before..before, blank.bytes());
    Some(Planted { bytes, offset: (before + blank.len()) as u64, set: 0, segment: 0 })
}

/// The file ends somewhere after `GS`: in a segment, between two of a set, or before a trailer.
pub(super) fn ends_early(document: &Document, random: &mut Random) -> Option<Planted> {
    let bytes = document.to_bytes();
    let first = document.first("GS")? + 1;
    // The last segment kept whole, and how much of the next.
    let kept = first + random.index(document.segments.len() - first);
    let before: usize =
        document.segments[..kept].iter().map(|segment| document.length(segment)).sum();
    let text = document.segments[kept].join("*").len();
    let part = if random.once_in(2) { 0 } else { random.index(text) };
    let end = before + part;
    Some(Planted { bytes: bytes[..end].to_vec(), offset: end as u64, set: 0, segment: 0 })
}
