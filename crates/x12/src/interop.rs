//! Bills and functional acknowledgments as the structs of the `x12-types` crate, and back.
//!
//! For programs that use those structs already. Its own reader is not let near a file: it knows the
//! separators `*` and `~` only, panics on a segment that is shorter than it takes for granted, drops
//! the text of a segment after a character it does not expect, and says of a file it cannot read
//! neither where nor why. So a set is converted that our check has accepted; it is written down anew,
//! each segment as long as it has to be; and what came of it is rendered and compared. What its
//! structs cannot hold is refused, with the segment:
//!
//! - sets of other releases than 004010, and other sets than 810 and 997;
//! - segments it has no place for, e.g. a second `LQ` in a loop `LM`;
//! - segments without data, e.g. a bare `IT1`;
//! - characters beyond ASCII that are neither letters, digits nor blanks, e.g. `€`.
//!
//! It does not tell an element that is missing at the end of a segment it takes for granted from an
//! empty one, and rendering leaves out both.

use std::fmt;

use nom::Err as Failure;
use x12_types::util::Parser;
use x12_types::v004010::{_810, _997};

use crate::compose::{Element, Segment, Set};
use crate::dictionary;
use crate::segment::SegmentId;
use crate::table::Release;
use crate::tree::Tree;

/// A transaction set of the `x12-types` crate: its 810 or its 997 of release 004010.
pub trait Typed: Sized + fmt::Display + fmt::Debug + sealed::Parse {
    /// `ST01`.
    const CODE: &'static str;
}

impl Typed for _810 {
    const CODE: &'static str = "810";
}

impl Typed for _997 {
    const CODE: &'static str = "997";
}

mod sealed {
    /// Reads a set; on failure, how many bytes were left where the reading stopped.
    pub trait Parse: Sized {
        fn parse(text: &str) -> Result<(usize, Self), usize>;
    }
}

macro_rules! parse {
    ($($set:ident)*) => {
        $(impl sealed::Parse for $set {
            fn parse(text: &str) -> Result<(usize, Self), usize> {
                match <$set as Parser<_, _, _>>::parse(text) {
                    Ok((rest, set)) => Ok((rest.len(), set)),
                    Err(Failure::Error(error) | Failure::Failure(error)) => Err(error.input.len()),
                    Err(Failure::Incomplete(_)) => Err(0),
                }
            }
        })*
    };
}

parse!(_810 _997);

/// Why a set cannot be converted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum InteropError {
    /// The set is another one, or of another release, or only a part of one.
    #[error("this is not a whole {expected} of release 004010")]
    OtherSet {
        /// The set asked for.
        expected: &'static str,
    },
    /// The check found errors in the set.
    #[error("the set has {errors} errors; only a set without errors is converted")]
    NotAccepted {
        /// How many.
        errors: u32,
    },
    /// Data holds a character that separates in `x12-types`: `*`, `~`, or `:` in a composite.
    #[error("segment {segment} ({id}) holds `*`, `~` or `:` as data, which separate there")]
    Separator {
        /// The segment's number in the set.
        segment: u32,
        /// Its id.
        id: SegmentId,
    },
    /// Data that is no text in UTF-8.
    #[error("segment {segment} ({id}) is no text in UTF-8")]
    NotText {
        /// The segment's number in the set.
        segment: u32,
        /// Its id.
        id: SegmentId,
    },
    /// The structs have no place for the segment.
    #[error("x12-types has no place for segment {segment} ({id})")]
    NoPlace {
        /// The segment's number in the set.
        segment: u32,
        /// Its id.
        id: SegmentId,
    },
    /// The segment would not come out of the structs as it went in.
    #[error("x12-types does not keep all of segment {segment} ({id})")]
    Lossy {
        /// The segment's number in the set.
        segment: u32,
        /// Its id.
        id: SegmentId,
    },
    /// A value of a struct holds a character that would be read as a separator.
    #[error("a value of the set holds `*` or `~`, which separate")]
    SeparatorInValue,
}

/// How many elements of each segment `x12-types` takes for granted; it panics where there are fewer.
const LEAST: [(&str, usize); 55] = [
    ("AK1", 2),
    ("AK2", 2),
    ("AK3", 2),
    ("AK4", 3),
    ("AK5", 1),
    ("AK9", 4),
    ("AMT", 2),
    ("BAL", 3),
    ("BIG", 2),
    ("CAD", 1),
    ("CRC", 3),
    ("CTP", 0),
    ("CTT", 1),
    ("CUR", 2),
    ("DMG", 0),
    ("DTM", 1),
    ("FA1", 1),
    ("FA2", 2),
    ("FOB", 1),
    ("INC", 3),
    ("ISS", 0),
    ("IT1", 2),
    ("IT3", 0),
    ("ITD", 0),
    ("L7", 0),
    ("LM", 1),
    ("LQ", 0),
    ("MEA", 0),
    ("MSG", 1),
    ("N1", 1),
    ("N2", 1),
    ("N3", 1),
    ("N4", 0),
    ("N9", 2),
    ("NTE", 2),
    ("PAM", 0),
    ("PER", 1),
    ("PID", 0),
    ("PKG", 0),
    ("PO4", 0),
    ("PWK", 1),
    ("QTY", 2),
    ("R4", 1),
    ("REF", 2),
    ("SAC", 2),
    ("SDQ", 3),
    ("SE", 2),
    ("SLN", 4),
    ("SR", 2),
    ("ST", 2),
    ("TC2", 1),
    ("TDS", 1),
    ("TXI", 1),
    ("V1", 1),
    ("YNQ", 2),
];

/// A transaction set of a [`Document`](crate::document::Document) as a struct of `x12-types`:
/// `read::<_810>(&set)`.
///
/// # Errors
///
/// [`InteropError`] when the set is not an accepted one of this kind, or when the struct cannot hold
/// all of it.
pub fn read<T: Typed>(set: &Tree<'_>) -> Result<T, InteropError> {
    let lines = lines::<T>(set)?;
    let mut text = String::new();
    let mut starts = Vec::new();
    for line in &lines {
        starts.push(text.len());
        text += line;
        let elements = line.matches('*').count();
        text.extend(std::iter::repeat_n('*', least(line).saturating_sub(elements)));
        text += "~\n";
    }
    let named = |n: usize| {
        let n = n.min(lines.len() - 1);
        (n as u32 + 1, id(&lines[n]))
    };
    let no_place = |rest: usize| {
        let at = text.len() - rest;
        let (segment, id) = named(starts.partition_point(|start| *start <= at).saturating_sub(1));
        InteropError::NoPlace { segment, id }
    };
    let typed = match T::parse(&text) {
        Ok((0, typed)) => typed,
        Ok((rest, _)) | Err(rest) => return Err(no_place(rest)),
    };
    let rendered = typed.to_string();
    let mut kept = rendered.split_terminator("~\n");
    match lines.iter().position(|line| kept.next() != Some(line.as_str())) {
        Some(n) => {
            let (segment, id) = named(n);
            Err(InteropError::Lossy { segment, id })
        }
        None => Ok(typed),
    }
}

/// A struct of `x12-types` as a set to be written; components are what stands between `:`.
///
/// Segments without data are left out, as `x12-types` does. Whether the set is what the standard asks
/// for is for the check to say, once it is written.
///
/// # Errors
///
/// [`InteropError::SeparatorInValue`], and [`InteropError::OtherSet`] when `ST01` says so.
pub fn draft<T: Typed>(set: &T) -> Result<Set, InteropError> {
    // Debug shows every value and none of these characters beside.
    if format!("{set:?}").contains(['*', '~']) {
        return Err(InteropError::SeparatorInValue);
    }
    let text = set.to_string();
    let mut segments: Vec<Segment> = text.split_terminator("~\n").map(segment).collect();
    let st = match segments.first() {
        Some(first) if first.id == "ST" => segments.remove(0),
        _ => Segment::new("ST"),
    };
    if segments.last().is_some_and(|last| last.id == "SE") {
        segments.pop();
    }
    let value = |n: usize| match st.elements.get(n) {
        Some(Element::Simple(value)) => value.clone(),
        _ => String::new(),
    };
    if value(0) != T::CODE {
        return Err(InteropError::OtherSet { expected: T::CODE });
    }
    Ok(Set { code: value(0), control_number: value(1), convention: None, segments })
}

/// The segments of a set as `x12-types` writes them, without terminators; `SE` is the last.
fn lines<T: Typed>(set: &Tree<'_>) -> Result<Vec<String>, InteropError> {
    let table = set.plan().map(|plan| plan.set());
    let outcome = match (table, set.outcome()) {
        (Some(table), Some(outcome))
            if table.release == Release::V004010 && table.code == T::CODE && set.ordinal() == 1 =>
        {
            outcome
        }
        _ => return Err(InteropError::OtherSet { expected: T::CODE }),
    };
    if outcome.errors > 0 {
        return Err(InteropError::NotAccepted { errors: outcome.errors });
    }
    let mut lines: Vec<String> =
        set.walk().map(|segment| line(&segment)).collect::<Result<_, _>>()?;
    let number = std::str::from_utf8(set.element(2)).unwrap_or_default();
    lines.push(format!("SE*{}*{number}", lines.len() + 1));
    match lines
        .iter()
        .position(|line| !LEAST.iter().any(|(id, _)| line.split('*').next() == Some(id)))
    {
        Some(n) => Err(InteropError::NoPlace { segment: n as u32 + 1, id: id(&lines[n]) }),
        None => Ok(lines),
    }
}

/// A segment as `x12-types` writes it, without its terminator.
fn line(segment: &Tree<'_>) -> Result<String, InteropError> {
    let (number, id) = (segment.ordinal(), segment.id());
    let mut line = id.to_string();
    for n in 1..=segment.elements().count() {
        line.push('*');
        let components: Vec<&[u8]> = match is_composite(id.as_bytes(), n) {
            true => segment.components(n).collect(),
            false => vec![segment.element(n)],
        };
        for (m, component) in components.iter().enumerate() {
            let value = std::str::from_utf8(component)
                .map_err(|_| InteropError::NotText { segment: number, id })?;
            if value.contains(['*', '~']) || (components.len() > 1 && value.contains(':')) {
                return Err(InteropError::Separator { segment: number, id });
            }
            line.extend((m > 0).then_some(':'));
            line += value;
        }
    }
    line.truncate(line.trim_end_matches('*').len());
    Ok(line)
}

/// A segment that `x12-types` wrote.
fn segment(line: &str) -> Segment {
    let mut parts = line.split('*');
    let mut segment = Segment::new(parts.next().unwrap_or_default());
    for (n, part) in parts.enumerate() {
        segment.elements.push(
            match part.contains(':') && is_composite(segment.id.as_bytes(), n + 1) {
                true => Element::Composite(part.split(':').map(str::to_string).collect()),
                false => Element::Simple(part.to_string()),
            },
        );
    }
    segment
}

fn is_composite(id: &[u8], n: usize) -> bool {
    let used = dictionary::segment(Release::V004010, id).and_then(|it| it.elements.get(n - 1));
    used.is_some_and(|used| dictionary::composite(Release::V004010, used.element).is_some())
}

fn id(line: &str) -> SegmentId {
    SegmentId::new(line.split('*').next().unwrap_or_default().as_bytes())
}

fn least(line: &str) -> usize {
    let id = line.split('*').next().unwrap_or_default();
    // The reader asks for a separator after the id.
    LEAST.iter().find(|(known, _)| *known == id).map_or(1, |(_, least)| (*least).max(1))
}

#[cfg(test)]
mod tests {
    use std::panic::catch_unwind;

    use super::*;
    use x12_types::v004010 as typed;

    /// How many elements the segment's struct takes for granted, found by trying.
    macro_rules! least_of {
        ($($segment:ident)*) => {
            [$((stringify!($segment), {
                let is_read = |count: &usize| {
                    let text = format!("{}{}~", stringify!($segment), "*".repeat(*count));
                    catch_unwind(|| typed::$segment::parse(&text).is_ok()).unwrap_or(false)
                };
                (1..40).find(is_read).expect("so many are enough")
            })),*]
        };
    }

    #[test]
    fn segments_are_as_long_as_the_structs_take_for_granted() {
        let found = least_of![
            AK1 AK2 AK3 AK4 AK5 AK9 AMT BAL BIG CAD CRC CTP CTT CUR DMG DTM FA1 FA2 FOB INC ISS IT1
            IT3 ITD L7 LM LQ MEA MSG N1 N2 N3 N4 N9 NTE PAM PER PID PKG PO4 PWK QTY R4 REF SAC SDQ
            SE SLN SR ST TC2 TDS TXI V1 YNQ
        ];
        assert_eq!(found.len(), LEAST.len());
        for (found, (id, least)) in found.iter().zip(LEAST) {
            assert_eq!(*found, (id, least.max(1)));
        }
    }
}
