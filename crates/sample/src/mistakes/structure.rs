//! Mistakes of transaction sets: their envelope, and which segments stand where.

use super::Planted;
use super::document::{Document, Place, cut};
use super::envelope::{another_digit, one_more};
use crate::random::Random;

/// A purchase order, another trade's set, in one more group.
pub(super) fn no_table(document: &mut Document) -> Option<Place> {
    let mut group = document.segments[document.first("GS")?].clone();
    group[1] = "PO".into();
    group[6] = another_digit(&group[6]);
    let trailer = format!("GE*1*{}", group[6]);
    let at = document.first("IEA")?;
    let order = ["ST*850*0001", "BEG*00*SA*1**20260403", "PO1*1*1*EA", "SE*4*0001", &trailer];
    document.segments.splice(at..at, std::iter::once(group).chain(order.map(cut)));
    document.recount();
    Some(Place::element(at + 1, 1))
}

pub(super) fn set_trailer_missing(document: &mut Document, random: &mut Random) -> Option<Planted> {
    let trailer = *document.set(random)?.end();
    let (set, segment) = document.number(trailer);
    document.segments.remove(trailer);
    Some(Planted { set, segment, ..document.planted(Place::segment(trailer)) })
}

pub(super) fn set_numbers_differ(document: &mut Document, random: &mut Random) -> Option<Place> {
    let trailer = *document.set(random)?.end();
    let other = another_digit(&document.segments[trailer][2]);
    document.segments[trailer][2] = other;
    Some(Place::element(trailer, 2))
}

pub(super) fn segment_count(document: &mut Document, random: &mut Random) -> Option<Place> {
    let trailer = *document.set(random)?.end();
    one_more(&mut document.segments[trailer][1])?;
    Some(Place::element(trailer, 1))
}

pub(super) fn set_id(document: &mut Document, random: &mut Random) -> Option<Place> {
    let start = *document.set(random)?.start();
    let own = document.segments[start][1].clone();
    let other = ["810", "820"].into_iter().find(|code| *code != own)?;
    document.segments[start][1] = other.into();
    Some(Place::element(start, 1))
}

pub(super) fn set_number(document: &mut Document, random: &mut Random) -> Option<Place> {
    let set = document.set(random)?;
    document.segments[*set.start()][2] = "901".into();
    document.segments[*set.end()][2] = "901".into();
    Some(Place::element(*set.start(), 2))
}

pub(super) fn set_repeated(document: &mut Document, random: &mut Random) -> Option<Place> {
    let set = document.set(random)?;
    let second = set.end() + 1;
    let copy = document.segments[set].to_vec();
    document.segments.splice(second..second, copy);
    document.recount();
    Some(Place::element(second, 2))
}

pub(super) fn segment_unknown(document: &mut Document, random: &mut Random) -> Option<Place> {
    insert_anywhere(document, random, "ZQ9*0012003400")
}

/// A heading segment of another set.
pub(super) fn segment_not_in_set(document: &mut Document, random: &mut Random) -> Option<Place> {
    let foreign = match document.first("BIG") {
        Some(_) => "BPT*00*1*20260403",
        None => "BIG*20260403*1",
    };
    insert_anywhere(document, random, foreign)
}

/// After any segment of a set but `ST`.
fn insert_anywhere(document: &mut Document, random: &mut Random, segment: &str) -> Option<Place> {
    let at = document.any(random, |_| true)? + 1;
    document.segments.insert(at, cut(segment));
    document.recount();
    Some(Place::segment(at))
}

/// The first segment of a set, the total of a bill, or all loops of a report or an advice.
pub(super) fn segment_missing(document: &mut Document, random: &mut Random) -> Option<Place> {
    let set = document.set(random)?;
    let find = |id: &str| {
        document.segments[set.clone()].iter().position(|s| s[0] == id).map(|n| set.start() + n)
    };
    let first = set.start() + 1;
    let mut ranges = vec![(first, first + 1)];
    ranges.extend(find("TDS").map(|total| (total, total + 1)));
    ranges.extend(find("PTD").or_else(|| find("OTI")).map(|first| (first, *set.end())));
    let (at, end) = random.pick(&ranges);
    document.segments.drain(at..end);
    document.recount();
    Some(Place::segment(at))
}

/// A sixth `N1` in the heading of an 867, a 26th `SAC` in a line of an 810, or a second `N9`.
pub(super) fn loop_too_many(document: &mut Document, random: &mut Random) -> Option<Place> {
    let set = document.set(random)?;
    let ids: Vec<&str> = document.segments[set.clone()].iter().map(|s| s[0].as_str()).collect();
    // Where more loops go, how many more make one too many, and what they look like.
    let mut choices = Vec::new();
    if let Some(detail) = ids.iter().position(|id| *id == "PTD") {
        let loops = ids[..detail].iter().filter(|id| **id == "N1").count();
        choices.push((detail, 6_usize.saturating_sub(loops), "N1*SJ*LAKE COUNTRY ENERGY DATA"));
    }
    let remark = "N9*12*0012003400~MSG*PAID IN FULL";
    if let Some(detail) = ids.iter().position(|id| *id == "IT1") {
        choices.push((detail, 2, remark));
        // Release 005010 has no such limit; neither have lines that are wrapped in SLN.
        let is_start = |n: &usize| ids[*n] == "SAC" && !matches!(ids[*n - 1], "SAC" | "SLN");
        let starts = (1..ids.len()).filter(|_| !document.repeats()).filter(is_start);
        choices.extend(starts.map(|start| {
            let loops = ids[start..].iter().take_while(|id| **id == "SAC").count();
            let light = "SAC*C**EU*MSC010*975***9.75*MO*1*****SECURITY LIGHT";
            (start + loops, 26_usize.saturating_sub(loops), light)
        }));
    }
    if ids.contains(&"ENT") {
        choices.push((ids.len() - 1, 2, "N9*12*0012003400"));
    }
    if choices.is_empty() {
        return None;
    }
    let (end, surplus, one_more) = random.pick(&choices);
    let one_more: Vec<Vec<String>> = one_more.split('~').map(cut).collect();
    let at = set.start() + end;
    let last = at + surplus.checked_sub(1)? * one_more.len();
    document.segments.splice(at..at, std::iter::repeat_n(one_more, surplus).flatten());
    document.recount();
    Some(Place::segment(last))
}

/// A segment that may stand once, twice.
pub(super) fn segment_too_many(document: &mut Document, random: &mut Random) -> Option<Place> {
    let once = ["BPT", "BIG", "BPR", "BGN", "TRN", "N4", "ASI", "TDS", "CTT"];
    let at = document.any(random, |segment| once.contains(&segment[0].as_str()))?;
    let copy = document.segments[at].clone();
    document.segments.insert(at + 1, copy);
    document.recount();
    Some(Place::segment(at + 1))
}

/// The street after the town.
pub(super) fn segment_out_of_order(document: &mut Document, random: &mut Random) -> Option<Place> {
    let streets = document.body(|n, segment| {
        (segment[0] == "N3" && document.segments[n + 1][0] == "N4").then_some(n)
    });
    let street = *streets.get(random.index(streets.len()))?;
    document.segments.swap(street, street + 1);
    Some(Place::segment(street + 1))
}
