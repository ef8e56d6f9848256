//! Mistakes against the rules between the elements of one segment.
//!
//! Where a document has no segment with such a rule, one is put in that has.

use super::document::{Document, Place, cut};
use crate::random::Random;

/// `P0304` of `N1` and `PER`: a qualifier without its value, or the value without its qualifier.
pub(super) fn paired(document: &mut Document, random: &mut Random) -> Option<Place> {
    let (at, _, _) = document.any_element(random, &["N104", "PER04"])?;
    let segment = &mut document.segments[at];
    if random.once_in(2) {
        segment.truncate(4);
        return Some(Place::element(at, 4));
    }
    segment[3].clear();
    Some(Place::element(at, 3))
}

/// `R0203` of `REF` and `N1`, `R020305` of `DTM`: a qualifier and nothing else.
pub(super) fn required(document: &mut Document, random: &mut Random) -> Option<Place> {
    let (at, _, _) = document.any_element(random, &["REF02", "N102", "DTM02"])?;
    document.segments[at].truncate(2);
    Some(Place::element(at, 2))
}

/// `E0204` of `QTY`: a number and a text; in release 005010 also `E0207` of `N4`: a state and a
/// part of another country.
pub(super) fn exclusive(document: &mut Document, random: &mut Random) -> Option<Place> {
    if document.repeats() && random.once_in(2) {
        let at = document.any(random, |segment| segment[0] == "N4" && segment.len() == 4)?;
        document.segments[at].extend(["CA", "", "", "MB"].map(String::from));
        return Some(Place::element(at, 7));
    }
    if let Some(at) = document.any(random, |segment| segment[0] == "QTY" && segment.len() == 4) {
        document.segments[at].push("ABOUT".into());
        return Some(Place::element(at, 4));
    }
    let at = match document.any(random, |segment| segment[0] == "IT1") {
        Some(line) => line + 1,
        None => document.any(random, |segment| segment[0] == "TED")?,
    };
    document.segments.insert(at, cut("QTY*D1*112*KH*ABOUT"));
    document.recount();
    Some(Place::element(at, 4))
}

/// `C0403` of `DTM`: a zone without a time.
pub(super) fn conditional(document: &mut Document, random: &mut Random) -> Option<Place> {
    let at = document.any(random, |segment| segment[0] == "DTM" && segment.len() >= 3)?;
    let segment = &mut document.segments[at];
    segment.truncate(3);
    segment.extend(["", "CS"].map(String::from));
    Some(Place::element(at, 3))
}

/// `L03040513` of `ITD`: a discount without its date; `L07030506` of `MEA`: a time of use without
/// anything used.
pub(super) fn list_conditional(document: &mut Document, random: &mut Random) -> Option<Place> {
    if let Some(at) = document.any(random, |segment| segment[0] == "ITD" && segment.len() > 6) {
        document.segments[at][3] = "2".into();
        return Some(Place::element(at, 4));
    }
    let at = document.any(random, |segment| segment[0] == "QTY")? + 1;
    document.segments.insert(at, cut("MEA*AF*PRQ*****51*03"));
    document.recount();
    Some(Place::element(at, 3))
}
