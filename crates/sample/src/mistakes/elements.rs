//! Mistakes of single elements: presence, length, form, codes.
//!
//! The lists name elements the way reports do, `N401`, and only those for which releases 004010 and 005010 agree.

use super::document::{Document, Place};
use crate::random::Random;

/// Elements that must be there.
const MANDATORY: &[&str] = &[
    "BPT01", "BPT03", "BIG01", "BIG02", "BPR01", "BPR03", "BPR04", "BGN01", "BGN02", "TRN01",
    "TRN02", "DTM01", "REF01", "N101", "N301", "PER01", "PTD01", "QTY01", "BAL02", "BAL03",
    "SAC01", "SLN01", "SLN03", "TXI01", "TDS01", "CTT01", "NTE02", "PID01", "LIN02", "LIN03",
    "ASI01", "AMT01", "AMT02", "OTI01", "OTI03", "TED01", "ADX01", "ADX02",
];

/// A mandatory element emptied; at the end of a segment, the separator goes with it.
pub(super) fn missing(document: &mut Document, random: &mut Random) -> Option<Place> {
    let (at, element, _) = document.any_element(random, MANDATORY)?;
    let segment = &mut document.segments[at];
    if element + 1 == segment.len() {
        segment.pop();
    } else {
        segment[element].clear();
    }
    Some(Place::element(at, element))
}

/// Segments and how many elements they have.
const WIDTHS: &[(&str, usize)] = &[
    ("REF", 4),
    ("DTM", 6),
    ("N1", 6),
    ("N3", 2),
    ("NTE", 2),
    ("BAL", 3),
    ("PTD", 6),
    ("QTY", 4),
    ("TRN", 4),
    ("RMR", 8),
    ("ASI", 3),
    ("AMT", 3),
    ("TDS", 4),
    ("SAC", 16),
    ("TXI", 10),
    ("BGN", 9),
    ("BPT", 10),
    ("ITD", 15),
    ("PER", 9),
];

/// One more element than the segment has.
pub(super) fn too_many(document: &mut Document, random: &mut Random) -> Option<Place> {
    let (at, width) = any_segment(document, random)?;
    let segment = &mut document.segments[at];
    segment.resize(width + 1, String::new());
    segment.push("X".into());
    Some(Place::element(at, width + 1))
}

/// One or two separators at the end of a segment.
pub(super) fn trailing_separators(document: &mut Document, random: &mut Random) -> Option<Place> {
    for _ in 0..100 {
        let (at, width) = any_segment(document, random)?;
        let segment = &mut document.segments[at];
        let (first, most) = (segment.len(), width + 1);
        if first < most {
            let length = (first + 1 + random.index(2)).min(most);
            segment.resize(length, String::new());
            return Some(Place::element(at, first));
        }
    }
    None
}

/// A segment of the list of widths, and its width.
fn any_segment(document: &Document, random: &mut Random) -> Option<(usize, usize)> {
    let firsts: Vec<String> = WIDTHS.iter().map(|(id, _)| format!("{id}01")).collect();
    let firsts: Vec<&str> = firsts.iter().map(String::as_str).collect();
    let (at, _, entry) = document.any_element(random, &firsts)?;
    Some((at, WIDTHS[entry].1))
}

/// One of the elements listed, with what the list says of it.
fn any_of<T: Copy>(
    document: &Document,
    random: &mut Random,
    list: &[(&str, T)],
) -> Option<(usize, usize, T)> {
    let names: Vec<&str> = list.iter().map(|(name, _)| *name).collect();
    let (at, element, entry) = document.any_element(random, &names)?;
    Some((at, element, list[entry].1))
}

/// One of the elements listed, its value replaced by the one beside it.
fn replaced(document: &mut Document, random: &mut Random, list: &[(&str, &str)]) -> Option<Place> {
    let (at, element, value) = any_of(document, random, list)?;
    document.segments[at][element] = value.into();
    Some(Place::element(at, element))
}

/// An element one character below its least length.
pub(super) fn too_short(document: &mut Document, random: &mut Random) -> Option<Place> {
    const LEAST: &[(&str, usize)] = &[
        ("N401", 2),
        ("N402", 2),
        ("N403", 3),
        ("N104", 2),
        ("BPR07", 3),
        ("BPR10", 10),
        ("TRN03", 10),
        ("DTM02", 8),
        ("BIG01", 8),
        ("BGN03", 8),
    ];
    let (at, element, least) = any_of(document, random, LEAST)?;
    document.segments[at][element].truncate(least - 1);
    Some(Place::element(at, element))
}

/// An element one character above its greatest length.
pub(super) fn too_long(document: &mut Document, random: &mut Random) -> Option<Place> {
    const MOST: &[(&str, usize)] = &[
        ("N102", 60),
        ("N301", 55),
        ("N401", 30),
        ("N402", 2),
        ("N403", 15),
        ("PER02", 60),
        ("NTE02", 80),
        ("TED02", 60),
        ("BIG02", 22),
        ("PID05", 80),
        ("SAC15", 80),
        ("DTM02", 8),
    ];
    let (at, element, most) = any_of(document, random, MOST)?;
    let value = &mut document.segments[at][element];
    *value = value.chars().cycle().take(most).collect();
    value.push('8');
    Some(Place::element(at, element))
}

/// The letter O for a digit.
pub(super) fn not_a_number(document: &mut Document, random: &mut Random) -> Option<Place> {
    let (at, element, _) = document.any_element(
        random,
        &[
            "QTY02", "MEA03", "MEA05", "MEA06", "SAC05", "SAC08", "SAC10", "TXI02", "BAL03",
            "TDS01", "CTT01", "ITD07", "RMR04", "RMR05", "BPR02", "ADX01", "AMT02", "OTI08",
            "ENT01",
        ],
    )?;
    let value = &mut document.segments[at][element];
    let digits: Vec<usize> =
        value.char_indices().filter(|(_, c)| c.is_ascii_digit()).map(|(n, _)| n).collect();
    let digit = *digits.get(random.index(digits.len()))?;
    value.replace_range(digit..=digit, "O");
    Some(Place::element(at, element))
}

/// Something that is not on a complete list.
pub(super) fn code_unknown(document: &mut Document, random: &mut Random) -> Option<Place> {
    const COMPLETE: &[(&str, &str)] = &[
        ("PTD01", "ZZ"),
        ("DTM04", "QQ"),
        ("PID01", "Z"),
        ("BAL01", "Z"),
        ("SAC01", "X"),
        ("SLN03", "Z"),
        ("TXI07", "Z"),
        ("BPR01", "Y"),
        ("BPR03", "X"),
        ("BPR05", "QQQ"),
        ("BPR06", "99"),
        ("TRN01", "9"),
        ("RMR03", "ZZ"),
        ("OTI01", "ZZ"),
        ("BGN05", "QQ"),
    ];
    replaced(document, random, COMPLETE)
}

/// Something that is not on a list, when the list is not complete.
pub(super) fn code_unlisted(document: &mut Document, random: &mut Random) -> Option<Place> {
    const PARTIAL: &[(&str, &str)] = &[
        ("REF01", "QQ"),
        ("DTM01", "998"),
        ("N101", "Q9"),
        ("QTY01", "Q9"),
        ("QTY03", "Q9"),
        ("BIG07", "Q9"),
        ("SAC09", "Q9"),
        ("RMR01", "QQ"),
        ("TED01", "QQQ"),
        ("AMT01", "QQQ"),
    ];
    replaced(document, random, PARTIAL)
}

pub(super) fn not_a_date(document: &mut Document, random: &mut Random) -> Option<Place> {
    let dates = ["DTM02", "BPT03", "BIG01", "BGN03", "BPR16", "ITD06"];
    let (at, element, _) = document.any_element(random, &dates)?;
    let date = random.pick(&["20260230", "20261301", "20260431", "20270229", "20260400"]);
    document.segments[at][element] = date.into();
    Some(Place::element(at, element))
}

pub(super) fn not_a_time(document: &mut Document, random: &mut Random) -> Option<Place> {
    let (at, element, _) = document.any_element(random, &["DTM03", "BGN04"])?;
    document.segments[at][element] = random.pick(&["2561", "1260", "2400", "9915"]).into();
    Some(Place::element(at, element))
}

/// Texts that may hold any character.
const TEXTS: &[&str] = &["N102", "N301", "REF02", "NTE02", "PER02"];

/// A second value where one is the most.
pub(super) fn too_many_repetitions(document: &mut Document, random: &mut Random) -> Option<Place> {
    if !document.repeats() {
        return None;
    }
    let (at, element, _) = document.any_element(random, TEXTS)?;
    let value = &mut document.segments[at][element];
    value.push('^');
    let second = value.len();
    value.push_str("X1");
    Some(Place::inside(at, element, second))
}

/// A second component in an element that has none, or a 16th in a unit of measure.
pub(super) fn too_many_components(document: &mut Document, random: &mut Random) -> Option<Place> {
    let list = [TEXTS, &["QTY03", "MEA04"]].concat();
    let (at, element, entry) = document.any_element(random, &list)?;
    let separators = if entry < TEXTS.len() { 1 } else { 15 };
    let value = &mut document.segments[at][element];
    value.extend(std::iter::repeat_n(':', separators));
    let extra = value.len();
    value.push_str("X1");
    Some(Place::inside(at, element, extra))
}

/// A bell in the middle of a text.
pub(super) fn character(document: &mut Document, random: &mut Random) -> Option<Place> {
    let (at, element, _) = document.any_element(random, TEXTS)?;
    let value = &mut document.segments[at][element];
    let middle = value.len() / 2;
    value.replace_range(middle..=middle, "\u{7}");
    Some(Place::element(at, element))
}
