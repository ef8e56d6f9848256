//! The `x12-types` crate as a second opinion on bills and acknowledgments: where it differs from the
//! check, and why.
#![cfg(feature = "x12-types")]

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::panic::catch_unwind;
use std::sync::Arc;

use tieline_sample::corpus::{Request, interchange};
use tieline_sample::mistakes::{Mistake, plant};
use tieline_sample::random::Random;
use tieline_sample::{Choices, Kind};
use tieline_x12::acknowledge::{Acknowledger, Policy, Stamp};
use tieline_x12::check::{Plans, Standard, check};
use tieline_x12::compose::{self, Segment};
use tieline_x12::delimiters::{Delimiters, LineEnd};
use tieline_x12::document::Document;
use tieline_x12::guide::{CharacterSet, Guide, Options};
use tieline_x12::header::Header;
use tieline_x12::interop::{self, InteropError, Typed};
use tieline_x12::plan::Plan;
use tieline_x12::segment::SegmentId;
use tieline_x12::sets;
use tieline_x12::table::Release;
use x12_types::util::{Parser, X12Element};
use x12_types::v004010::{_810, _997, Transmission};

/// What `x12-types` makes of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
enum Opinion {
    /// Read to its end, and rendered as it was.
    Reads,
    /// Read to its end, but not all of it comes out again.
    Loses,
    /// Not read, or not to its end.
    Refuses,
    Panics,
}

use Opinion::{Loses, Panics, Reads, Refuses};

fn opinion<T>(bytes: &[u8]) -> Opinion
where
    T: for<'a> Parser<&'a str, T, nom::error::Error<&'a str>> + Default + fmt::Display,
{
    let Ok(text) = std::str::from_utf8(bytes) else { return Refuses };
    let read = catch_unwind(|| {
        let (rest, read) = Transmission::<T>::parse(text).ok()?;
        rest.is_empty().then(|| read.to_string())
    });
    match read {
        Ok(Some(rendered)) if rendered == text => Reads,
        Ok(Some(_)) => Loses,
        Ok(None) => Refuses,
        Err(_) => Panics,
    }
}

fn delimiters() -> Delimiters {
    Delimiters { line_end: LineEnd::Lf, ..Delimiters::default() }
}

fn sample(kind: Kind, seed: u64, count: u32) -> Vec<u8> {
    let choices = Choices { days: Some(1), ..Choices::default() };
    let request = Request { seed, count, choices, ..Request::of(kind) };
    compose::write(&interchange(&request), &delimiters()).expect("samples compose")
}

/// Through the structs and back; the set must come out as it went in.
fn there_and_back<T: Typed>(document: &Document<'_>, name: &str) {
    let draft = document.draft(&document.interchanges[0]).expect("it is text");
    let sets = draft.groups.iter().flat_map(|group| &group.sets);
    let mut converted = 0;
    for (tree, set) in document.sets().zip(sets) {
        let typed: T = interop::read(&tree).unwrap_or_else(|error| panic!("{name}: {error}"));
        let back = interop::draft(&typed).unwrap_or_else(|error| panic!("{name}: {error}"));
        assert_eq!(back, *set, "{name}");
        converted += 1;
    }
    assert!(converted > 0, "{name}");
}

#[test]
fn bills_are_read_by_both() {
    for seed in 0..300 {
        let bytes = sample(Kind::Invoice, seed, 2);
        let document = Document::read(&bytes, &Standard);
        assert!(document.is_accepted());
        assert_eq!(opinion::<_810>(&bytes), Reads, "seed {seed}");
        there_and_back::<_810>(&document, &format!("seed {seed}"));
    }
}

#[test]
fn bills_with_other_separators_are_converted() {
    for seed in 0..100 {
        let choices = Choices::default();
        let request = Request { seed, count: 1, choices, ..Request::of(Kind::Invoice) };
        let delimiters = Delimiters {
            element: b'|',
            component: b'>',
            repetition: None,
            segment: b'\n',
            line_end: LineEnd::None,
        };
        let bytes = compose::write(&interchange(&request), &delimiters).expect("samples compose");
        there_and_back::<_810>(&Document::read(&bytes, &Standard), &format!("seed {seed}"));
    }
}

/// Where `x12-types` says something else of a bill with a mistake than the check does, and why. The
/// mistakes go by the codes of their findings.
const DIFFERENCES: &[(&[Opinion], &str, &[&str])] = &[
    (
        &[Reads],
        "it takes the envelope as it comes: numbers, counts, dates and codes are not compared",
        &[
            "E0101", "E0103", "E0105", "E0106", "E0107", "E0108", "E0110", "E0112", "E0114",
            "E0115", "E0117", "E0118", "E0119", "E0120", "E0121", "E0127", "E0202", "E0204",
            "E0205", "E0206", "E0323", "E0324", "E0326", "E0327", "E0333",
        ],
    ),
    (&[Reads], "any number of loops is read", &["E0304"]),
    (
        &[Reads],
        "an element is text: length, type, code and components are not looked at",
        &["E0404", "E0405", "E0406", "E0407", "E0408", "E0413"],
    ),
    (&[Reads], "it has no rules between elements", &["E0501", "E0503", "E0504", "E0505"]),
    (
        &[Reads, Panics],
        "an empty element counts as one, and one missing at the end is taken for granted",
        &["E0401", "E0502"],
    ),
    (
        &[Reads, Loses],
        "an element too many is dropped, or stands in one that a later release added",
        &["E0403"],
    ),
    (&[Loses], "the rest of a segment is dropped after a control character", &["E0426"]),
    (&[Refuses], "a byte order mark or a blank line ends its reading", &["W0006", "W0007"]),
    (&[Refuses], "a set of another kind between two bills ends its reading", &["W0321"]),
    (&[Loses], "separators with nothing after them are dropped, and with them nothing", &["W0414"]),
];

#[test]
fn differences_about_bills_with_mistakes_are_known() {
    let mut found: BTreeMap<&str, BTreeSet<Opinion>> = BTreeMap::new();
    for seed in 0..60 {
        let bytes = sample(Kind::Invoice, seed, 2);
        for mistake in Mistake::ALL {
            let mut random = Random::for_document(seed, 9);
            let Some(planted) = plant(&bytes, *mistake, &mut random) else { continue };
            let accepted = Document::read(&planted.bytes, &Standard).is_accepted();
            let opinion = opinion::<_810>(&planted.bytes);
            if opinion != if accepted { Reads } else { Refuses } {
                found.entry(mistake.code()).or_default().insert(opinion);
            }
        }
    }
    let known: BTreeMap<&str, BTreeSet<Opinion>> = DIFFERENCES
        .iter()
        .flat_map(|(opinions, _, mistakes)| {
            mistakes.iter().map(|mistake| (*mistake, opinions.iter().copied().collect()))
        })
        .collect();
    assert_eq!(found, known);
}

#[test]
fn acknowledgments_are_read_by_both() {
    let mut answered = 0;
    for kind in Kind::ALL {
        for seed in 0..6 {
            let bytes = sample(kind, seed, 3);
            for mistake in Mistake::ALL {
                let mut random = Random::for_document(seed, 9);
                let Some(planted) = plant(&bytes, *mistake, &mut random) else { continue };
                let name = format!("{kind}, seed {seed}, {mistake}");
                let mut acknowledger = Acknowledger::new(Policy::default());
                check(&planted.bytes, &Standard, &mut acknowledger);
                for answers in acknowledger.finish() {
                    let stamp = Stamp { control_number: 1, date: "20260301", time: "0615" };
                    let Some((answer, delimiters)) = answers.compose(stamp) else { continue };
                    let bytes = compose::write(&answer, &delimiters).expect("answers compose");
                    let document = Document::read(&bytes, &Standard);
                    assert!(document.is_accepted(), "{name}: {:?}", document.findings);
                    // It knows neither TA1 nor a second group, nor an interchange without one.
                    let known = answer.acknowledgments.is_empty() && answer.groups.len() == 1;
                    let expected = if known { Reads } else { Refuses };
                    assert_eq!(opinion::<_997>(&bytes), expected, "{name}");
                    if !answer.groups.is_empty() {
                        there_and_back::<_997>(&document, &name);
                        answered += 1;
                    }
                }
            }
        }
    }
    assert!(answered > 1_000, "only {answered}");
}

/// The start of a bill, and its end.
const START: &str = "BIG*20260301*1";
const END: &str = "TDS*100";

/// A bill of these segments, converted.
fn convert(segments: &[&str], delimiters: &Delimiters) -> Result<_810, InteropError> {
    let mut whole = interchange(&Request::of(Kind::Invoice));
    whole.groups[0].sets[0].segments = segments.iter().copied().map(Segment::shorthand).collect();
    let bytes = compose::write(&whole, delimiters).expect("no separators in it");
    let document = Document::read(&bytes, &Standard);
    let set = document.sets().next().expect("there is one");
    let typed = interop::read(&set)?;
    assert_eq!(interop::draft(&typed)?.segments, whole.groups[0].sets[0].segments);
    Ok(typed)
}

#[test]
fn what_the_structs_cannot_hold_is_refused_by_name() {
    let refused = |segments: &[&str]| {
        convert(segments, &delimiters()).map(|_| ()).map_err(|error| error.to_string())
    };
    // A short SLN is legal, and makes its reader panic.
    let bill = convert(&[START, "IT1**1*EA*5", "SLN*1**A", END], &delimiters()).expect("is padded");
    assert_eq!(bill.loop_it1[0].loop_sln[0].sln._03, "A");
    assert_eq!(opinion_of(&[START, "IT1**1*EA*5", "SLN*1**A", END]), Panics);

    let lists = [START, "LM*UT", "LQ*0*1", "LQ*0*2", "IT1**1*EA*5", END];
    assert_eq!(refused(&lists), Err("x12-types has no place for segment 5 (LQ)".into()));
    assert_eq!(opinion_of(&lists), Refuses);

    let bare = [START, "IT1**1*EA*5", "IT1", END];
    assert_eq!(refused(&bare), Err("x12-types does not keep all of segment 4 (IT1)".into()));
    assert_eq!(opinion_of(&bare), Refuses);

    let wrong = [START, "IT1**X*EA*5", END];
    assert_eq!(
        refused(&wrong),
        Err("the set has 1 errors; only a set without errors is converted".into())
    );

    let other = Delimiters { element: b'|', component: b'>', segment: b'\n', ..delimiters() };
    let other = Delimiters { line_end: LineEnd::None, ..other };
    let mut whole = interchange(&Request::of(Kind::Invoice));
    let note = Segment::new("NTE").with("GEN").with("50~60 HZ");
    whole.groups[0].sets[0].segments.insert(1, note);
    let bytes = compose::write(&whole, &other).expect("no separators in it");
    let document = Document::read(&bytes, &Standard);
    let set = document.sets().next().expect("there is one");
    let said = interop::read::<_810>(&set).map(|_| ()).map_err(|error| error.to_string());
    assert_eq!(
        said,
        Err("segment 3 (NTE) holds `*`, `~` or `:` as data, which separate there".into())
    );
    let said = interop::read::<_997>(&set).map(|_| ());
    assert_eq!(said, Err(InteropError::OtherSet { expected: "997" }));
}

/// Bills with the characters of one set.
struct Characters(CharacterSet);

impl Plans for Characters {
    fn plan(&self, _: &Header, release: Release, set: &[u8]) -> Option<Arc<Plan>> {
        let guide = Guide {
            name: "test/810".into(),
            title: String::new(),
            set: "810".into(),
            release,
            options: Options { characters: self.0, ..Options::default() },
            rules: Vec::new(),
        };
        Plan::compile(sets::find(release, set)?, Some(&guide)).ok().map(Arc::new)
    }
}

#[test]
fn characters_that_would_be_lost_are_refused() {
    let bytes = sample(Kind::Invoice, 1, 1);
    let text = String::from_utf8(bytes).expect("samples are ASCII");
    let thanks = "THANK YOU FOR YOUR MEMBERSHIP";
    let text = |note: &str| text.replace(thanks, note);
    assert!(text("").len() + thanks.len() == text(thanks).len(), "the bill says thanks once");
    let read = |bytes: &[u8], characters| {
        let document = Document::read(bytes, &Characters(characters));
        assert!(document.is_accepted(), "{:?}", document.findings);
        let set = document.sets().next().expect("there is one");
        interop::read::<_810>(&set).map(|bill| bill.nte[0]._02.clone())
    };
    let letters = text("MÜLLER");
    assert_eq!(read(letters.as_bytes(), CharacterSet::Utf8), Ok("MÜLLER".into()));
    let (euro, id) = (text("5 € A DAY"), SegmentId::new(b"NTE"));
    assert_eq!(
        read(euro.as_bytes(), CharacterSet::Utf8),
        Err(InteropError::Lossy { segment: 3, id })
    );
    assert_eq!(opinion::<_810>(euro.as_bytes()), Loses);
    let latin: Vec<u8> = letters.chars().map(|c| c as u8).collect();
    assert_eq!(read(&latin, CharacterSet::Latin1), Err(InteropError::NotText { segment: 3, id }));
}

fn opinion_of(segments: &[&str]) -> Opinion {
    let mut whole = interchange(&Request::of(Kind::Invoice));
    whole.groups[0].sets[0].segments = segments.iter().copied().map(Segment::shorthand).collect();
    opinion::<_810>(&compose::write(&whole, &delimiters()).expect("no separators in it"))
}

#[test]
fn a_value_with_a_separator_is_not_written() {
    let mut bill = convert(&[START, "IT1**1*EA*5", END], &delimiters()).expect("it is plain");
    bill.big._02 = "1~SE*2*0001".into();
    assert_eq!(interop::draft(&bill), Err(InteropError::SeparatorInValue));
    bill.big._02 = "2".into();
    assert!(interop::draft(&bill).is_ok());
    bill.st._01 = X12Element::from_x12("850");
    assert_eq!(interop::draft(&bill), Err(InteropError::OtherSet { expected: "810" }));
}
