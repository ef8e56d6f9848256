//! The segments around a finding, one a line, whatever the file's own lines are.

use std::ops::Range;

use tieline_x12::delimiters::Delimiters;
use tieline_x12::finding::Fault;
use tieline_x12::segment::SegmentId;

use crate::report::Told;
use crate::report::words::shown;

/// The most columns of a line; an `ISA` fits.
const WIDEST: usize = 110;
/// What stands before the caret in a line that is cut at its start.
const LEAD: usize = 30;
/// The most columns that are marked.
const MARKED: usize = 60;
/// Segments before and after the one that is meant.
const AROUND: usize = 2;
/// How far a segment is looked for.
const REACH: usize = 4 << 10;

/// The segments around a finding, one a line.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Excerpt {
    pub(crate) lines: Vec<Line>,
    /// The line that is meant.
    pub(crate) meant: usize,
    /// The columns of it that are meant, at least one; perhaps just past its end.
    pub(crate) mark: Range<usize>,
}

/// One line of an excerpt.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Line {
    /// The segment in the transaction set; none for the envelope.
    pub(crate) number: Option<u32>,
    /// Every byte is one character.
    pub(crate) text: String,
}

impl Excerpt {
    /// The segments around a finding.
    pub(crate) fn of(told: &Told<'_>) -> Excerpt {
        let (found, scene) = (told.found, told.scene);
        let position = found.at();
        let bytes = scene.bytes;
        let delimiters = scene.delimiters.or(told.envelope.delimiters);
        let start = scene.start.min(bytes.len());
        let end = match (scene.end > start, delimiters) {
            (true, _) => scene.end.min(bytes.len()),
            (false, Some(delimiters)) => segment_end(bytes, start, delimiters).0,
            (false, None) => line_end(bytes, start),
        };
        let at = usize::try_from(position.offset.saturating_sub(scene.base)).unwrap_or(start);
        let mark = at.clamp(start, end) - start;
        let (text, mark) = windowed(whole(bytes, start, end), mark, found.length());

        let number = Some(position.segment).filter(|number| *number > 0);
        let mut lines = Vec::new();
        if let Some(delimiters) = delimiters {
            let id = id_at(bytes, start, delimiters);
            let number = match id.as_bytes() {
                // Where SE is missing, the finding counts one further.
                b"ST" => Some(1),
                _ => number.filter(|_| is_numbered(id)),
            };
            // What stands before an ISA belongs to another interchange, unless that has no end.
            let ends_early = found
                .standard()
                .is_some_and(|finding| matches!(finding.fault, Fault::EndsEarly { .. }));
            if id.as_bytes() != b"ISA" || ends_early {
                lines = before(bytes, start, number, delimiters);
            }
            lines.push(Line { number, text });
            let meant = lines.len() - 1;
            after(bytes, end, (id, number), delimiters, &mut lines);
            return Excerpt { lines, meant, mark };
        }
        lines.push(Line { number, text });
        Excerpt { lines, meant: 0, mark }
    }

    /// The columns a gutter of line numbers needs.
    pub(crate) fn gutter(&self) -> usize {
        let digits = |line: &Line| line.number.map_or(0, |number| number.to_string().len());
        self.lines.iter().map(digits).max().unwrap_or(0).max(3)
    }
}

/// A segment with its terminator, when that can be shown.
fn whole(bytes: &[u8], start: usize, end: usize) -> &[u8] {
    match bytes.get(end) {
        Some(terminator) if *terminator > b' ' => &bytes[start..=end],
        _ => &bytes[start..end],
    }
}

/// Whether segments with this id are counted in a transaction set.
fn is_numbered(id: SegmentId) -> bool {
    !matches!(id.as_bytes(), b"ISA" | b"TA1" | b"GS" | b"GE" | b"IEA")
}

fn id_at(bytes: &[u8], start: usize, delimiters: Delimiters) -> SegmentId {
    let rest = &bytes[start..bytes.len().min(start + 4)];
    let end = rest.iter().position(|b| *b == delimiters.element || *b == delimiters.segment);
    SegmentId::new(&rest[..end.unwrap_or(rest.len())])
}

/// Where the segment that starts here ends, and whether its terminator is there. Looks no further
/// than a segment is worth.
fn segment_end(bytes: &[u8], start: usize, delimiters: Delimiters) -> (usize, bool) {
    let reach = &bytes[start..bytes.len().min(start + REACH)];
    match reach.iter().position(|b| *b == delimiters.segment) {
        Some(length) => (start + length, true),
        None => (start + reach.len(), false),
    }
}

/// Where a line of what is no EDI ends.
fn line_end(bytes: &[u8], start: usize) -> usize {
    let reach = &bytes[start..bytes.len().min(start + WIDEST)];
    start + reach.iter().position(|b| *b == b'\n' || *b == b'\r').unwrap_or(reach.len())
}

/// The segments before, the furthest first.
fn before(bytes: &[u8], start: usize, number: Option<u32>, delimiters: Delimiters) -> Vec<Line> {
    let (mut start, mut number) = (start, number);
    let mut lines = Vec::new();
    while lines.len() < AROUND {
        let gap = bytes[..start].iter().rev();
        let is_gap = |b: &&u8| b.is_ascii_whitespace() && **b != delimiters.segment;
        let end = start - gap.take_while(is_gap).count();
        if end == 0 || bytes[end - 1] != delimiters.segment {
            break;
        }
        let end = end - 1;
        let from = end.saturating_sub(REACH);
        let Some(found) = bytes[from..end].iter().rposition(|b| *b == delimiters.segment) else {
            // The first segment of what is at hand; cut short unless it is known to start here.
            if from == 0 && bytes.starts_with(b"ISA") {
                lines.push(Line { number: None, text: cut(whole(bytes, 0, end)) });
            }
            break;
        };
        let blank = bytes[from + found + 1..end].iter().take_while(|b| b.is_ascii_whitespace());
        start = from + found + 1 + blank.count();
        if start < end {
            let id = id_at(bytes, start, delimiters);
            number = match id.as_bytes() {
                b"ST" => Some(1),
                _ => {
                    number.filter(|number| *number > 1 && is_numbered(id)).map(|number| number - 1)
                }
            };
            lines.push(Line { number, text: cut(whole(bytes, start, end)) });
            if id.as_bytes() == b"ISA" {
                break;
            }
        }
    }
    lines.reverse();
    lines
}

/// The segments after `end`, where `last` ends.
fn after(
    bytes: &[u8],
    end: usize,
    last: (SegmentId, Option<u32>),
    delimiters: Delimiters,
    lines: &mut Vec<Line>,
) {
    let (mut last, mut end) = (last, end);
    let enough = lines.len() + AROUND;
    while lines.len() < enough
        && last.0.as_bytes() != b"IEA"
        && bytes.get(end) == Some(&delimiters.segment)
    {
        let rest = &bytes[end + 1..];
        let blank = rest.iter().take(REACH).take_while(|b| b.is_ascii_whitespace()).count();
        let start = end + 1 + blank;
        let (next, is_whole) = segment_end(bytes, start, delimiters);
        if start == next && !is_whole {
            break;
        }
        let id = id_at(bytes, start, delimiters);
        let number = match (id.as_bytes(), last) {
            (b"ST", _) => Some(1),
            (_, (last, Some(number))) if is_numbered(id) && last.as_bytes() != b"SE" => {
                number.checked_add(1)
            }
            _ => None,
        };
        lines.push(Line { number, text: cut(whole(bytes, start, next)) });
        (last, end) = ((id, number), next);
    }
}

/// A line cut at its end.
fn cut(bytes: &[u8]) -> String {
    windowed(bytes, 0, 1).0
}

/// The part of a segment around what is meant, and the columns of that.
fn windowed(bytes: &[u8], at: usize, length: usize) -> (String, Range<usize>) {
    if bytes.len() <= WIDEST {
        let end = (at + length).min(bytes.len()).max(at + 1);
        return (shown(bytes), at..end);
    }
    let fits = at + length.min(MARKED) + 3 <= WIDEST;
    let from = if fits { 0 } else { at.saturating_sub(LEAD) };
    let lead = if from > 0 { "..." } else { "" };
    let room = WIDEST - lead.len();
    let rest = &bytes[from..];
    let (part, tail) = match rest.len() <= room {
        true => (rest, ""),
        false => (&rest[..room - 3], "..."),
    };
    let start = lead.len() + at - from;
    let text = format!("{lead}{}{tail}", shown(part));
    let end = (start + length.min(MARKED)).min(lead.len() + part.len()).max(start + 1);
    (text, start..end)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_segment_is_cut_around_what_is_meant() {
        let long = format!("NTE*{}bad{}~", "x".repeat(5_000), "y".repeat(5_000));
        for (at, length) in [(0, long.len()), (4, 3), (96, 3), (5_004, 3), (10_000, 7), (10_007, 0)]
        {
            let (text, mark) = windowed(long.as_bytes(), at, length);
            assert!(text.len() <= WIDEST, "{text}");
            assert!(mark.len() <= MARKED && mark.start < mark.end, "{mark:?}");
            assert!(mark.end <= text.len() + 1, "{mark:?}");
        }
        let (text, mark) = windowed(long.as_bytes(), 5_004, 3);
        assert_eq!(&text[mark], "bad");
        assert!(text.starts_with("...x") && text.ends_with("y..."), "{text}");
    }

    #[test]
    fn a_short_segment_stands_as_it_is() {
        assert_eq!(windowed(b"QTY*QD*12x75~", 7, 5), ("QTY*QD*12x75~".to_string(), 7..12));
        // What is missing at the end is marked there.
        assert_eq!(windowed(b"N1*8S", 5, 0), ("N1*8S".to_string(), 5..6));
    }
}
