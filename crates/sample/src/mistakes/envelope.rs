//! Mistakes of interchanges and functional groups.

use super::document::{Document, Place, cut};
use crate::random::Random;

/// `ISA` with another value in one element, at its width.
pub(super) fn header(document: &mut Document, element: usize, value: &str) -> Option<Place> {
    let width = document.segments[0][element].len();
    document.segments[0][element] = format!("{value:width$}");
    Some(Place::element(0, element))
}

pub(super) fn header_not_padded(document: &mut Document) -> Option<Place> {
    for element in &mut document.segments[0] {
        element.truncate(element.trim_end().len());
    }
    Some(Place::segment(0))
}

pub(super) fn interchange_numbers_differ(document: &mut Document) -> Option<Place> {
    let trailer = document.first("IEA")?;
    let other = another_digit(&document.segments[trailer][2]);
    document.segments[trailer][2] = other;
    Some(Place::element(trailer, 2))
}

pub(super) fn repetition_separator(document: &mut Document) -> Option<Place> {
    if !document.repeats() {
        return None;
    }
    header(document, 11, "A")
}

pub(super) fn standards_id(document: &mut Document) -> Option<Place> {
    if document.repeats() {
        return None;
    }
    header(document, 11, "^")
}

/// Only where `ISA11` is `U`: without a version, another `ISA11` would be doubtful too.
pub(super) fn version_malformed(document: &mut Document) -> Option<Place> {
    if document.repeats() {
        return None;
    }
    header(document, 12, "0O401")
}

pub(super) fn interchange_number(document: &mut Document) -> Option<Place> {
    let trailer = document.first("IEA")?;
    document.segments[trailer][2] = "00000O001".into();
    header(document, 13, "00000O001")
}

pub(super) fn group_count(document: &mut Document) -> Option<Place> {
    let trailer = document.first("IEA")?;
    one_more(&mut document.segments[trailer][1])?;
    Some(Place::element(trailer, 1))
}

/// Before the first group, or after the last.
pub(super) fn outside_group(document: &mut Document, random: &mut Random) -> Option<Place> {
    let at = document.first(random.pick(&["GS", "IEA"]))?;
    document.segments.insert(at, cut("REF*12*0012003400"));
    Some(Place::segment(at))
}

pub(super) fn interchange_repeated(document: &mut Document) -> Option<Place> {
    let second = document.segments.len();
    document.segments.extend_from_within(..);
    Some(Place::element(second, 13))
}

/// A letter that no data has.
pub(super) fn component_separator(document: &mut Document) -> Option<Place> {
    let is_unused = |letter: &char| {
        !document.segments.iter().flatten().any(|part| part.contains([*letter, ':']) && part != ":")
    };
    let letter = ('a'..='z').find(is_unused)?;
    header(document, 16, &letter.to_string())
}

pub(super) fn group_version_unknown(document: &mut Document) -> Option<Place> {
    let group = document.first("GS")?;
    document.segments[group][8] = "009999".into();
    Some(Place::element(group, 8))
}

pub(super) fn group_trailer_missing(document: &mut Document) -> Option<Place> {
    let trailer = document.first("GE")?;
    document.segments.remove(trailer);
    Some(Place::segment(trailer))
}

pub(super) fn group_numbers_differ(document: &mut Document) -> Option<Place> {
    let trailer = document.first("GE")?;
    let other = another_digit(&document.segments[trailer][2]);
    document.segments[trailer][2] = other;
    Some(Place::element(trailer, 2))
}

pub(super) fn set_count(document: &mut Document) -> Option<Place> {
    let trailer = document.first("GE")?;
    one_more(&mut document.segments[trailer][1])?;
    Some(Place::element(trailer, 1))
}

pub(super) fn group_number(document: &mut Document) -> Option<Place> {
    let (group, trailer) = (document.first("GS")?, document.first("GE")?);
    document.segments[group][6] = "12O4".into();
    document.segments[trailer][2] = "12O4".into();
    Some(Place::element(group, 6))
}

pub(super) fn group_repeated(document: &mut Document) -> Option<Place> {
    let (group, trailer) = (document.first("GS")?, document.first("GE")?);
    let copy = document.segments[group..=trailer].to_vec();
    document.segments.splice(trailer + 1..trailer + 1, copy);
    document.recount();
    Some(Place::element(trailer + 1, 6))
}

/// The number with another last digit, of the same length.
pub(super) fn another_digit(number: &str) -> String {
    let (rest, last) = number.split_at(number.len().saturating_sub(1));
    let other = if last == "7" { "3" } else { "7" };
    format!("{rest}{other}")
}

/// Counts one too many.
pub(super) fn one_more(count: &mut String) -> Option<()> {
    *count = (count.parse::<u64>().ok()? + 1).to_string();
    Some(())
}
