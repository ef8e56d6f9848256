//! What to do about a finding.

use tieline_x12::finding::Finding;

/// What to do: the guide's note when it has one, else what the catalogue advises.
pub(crate) fn remedy(finding: &Finding) -> Option<&str> {
    let note = finding.rule.as_ref().and_then(|rule| rule.note.as_deref());
    note.or_else(|| advice(finding.fault.number()))
}

/// A short name of a kind of finding.
pub(crate) fn title(number: u16) -> &'static str {
    match number / 100 {
        0 => "the file cannot be read as it is",
        1 => "the interchange is not whole",
        2 => "the functional group is not whole",
        3 => "a segment is not where it should be",
        4 => "an element is not as the standard has it",
        5 => "elements do not go together",
        _ => "the partner's guide asks for something else",
    }
}

/// What the catalogue advises for a kind of finding.
pub(crate) fn advice(number: u16) -> Option<&'static str> {
    Some(match number {
        1 => "send the file again; this one has nothing in it",
        2 => "send an X12 interchange: it begins with ISA",
        3 => "send an ISA of 106 characters, every element filled with blanks to its width",
        101..=199 => "correct the ISA or IEA segment where the interchange is written",
        201..=299 => "correct the GS or GE segment where the group is written",
        301..=306 | 602..=605 => "send the segments of the set in its order, none left out",
        406 => "write digits, and a decimal point where the element has one",
        408 => "write a date of the calendar as CCYYMMDD",
        409 => "write a time from 0000 to 2359",
        407 | 457 | 617 => "send one of the codes of the list",
        501..=505 => "send the elements that go together, and only those",
        _ => return None,
    })
}
