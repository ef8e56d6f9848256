//! What must hold for every input: reading never panics, windows tell the same as the whole file,
//! and what is written reads back.

mod support;

use support::{Event, Told, told};
use tieline_sample::corpus::{Request, interchange};
use tieline_sample::random::Random;
use tieline_sample::{Choices, Kind};
use tieline_x12::acknowledge::Stamp;
use tieline_x12::check::Standard;
use tieline_x12::compose::{self, ComposeError, Element, Group, Interchange, Segment, Set};
use tieline_x12::delimiters::{Delimiters, LineEnd};
use tieline_x12::document::Document;
use tieline_x12::finding::{Fault, Finding, Severity};
use tieline_x12::lexer::LONGEST_SEGMENT;
use tieline_x12::table::Release;

/// A sample of any kind; `count` documents of it.
fn sample(random: &mut Random, count: u32, days: u16) -> Vec<u8> {
    let choices = Choices { days: Some(days), ..Choices::default() };
    let request = Request {
        release: random.pick(&Release::ALL),
        seed: random.word(),
        count,
        choices,
        ..Request::of(random.pick(&Kind::ALL))
    };
    let line_end = random.pick(&[LineEnd::None, LineEnd::Lf, LineEnd::CrLf]);
    let delimiters = Delimiters { line_end, ..Delimiters::default() };
    compose::write(&interchange(&request), &delimiters).expect("samples compose")
}

/// A place in `bytes`, and a length from there.
fn span(random: &mut Random, bytes: &[u8], most: usize) -> std::ops::Range<usize> {
    let start = random.index(bytes.len());
    start..(start + random.index(most) + 1).min(bytes.len())
}

/// Where a segment starts and where it ends, terminator included.
fn segment_span(random: &mut Random, bytes: &[u8]) -> std::ops::Range<usize> {
    let place = random.index(bytes.len());
    let start = bytes[..place].iter().rposition(|b| *b == b'~').map_or(0, |n| n + 1);
    let end = bytes[place..].iter().position(|b| *b == b'~').map_or(bytes.len(), |n| place + n + 1);
    start..end
}

const TELLING: &[u8] = b"*~:^\n\r \0\x01AZS0129.-\xc3\xff";

/// Spoils a document in one way.
fn spoil(random: &mut Random, bytes: &mut Vec<u8>) {
    if bytes.is_empty() {
        return;
    }
    match random.index(16) {
        0 | 1 => {
            let place = random.index(bytes.len());
            bytes[place] ^= 1 << random.index(8);
        }
        2 | 3 => {
            let place = random.index(bytes.len());
            bytes[place] = random.pick(TELLING);
        }
        4 => {
            let place = random.index(bytes.len());
            bytes.insert(place, random.pick(TELLING));
        }
        5 => drop(bytes.drain(span(random, bytes, 300))),
        6 => {
            let copy = bytes[span(random, bytes, 300)].to_vec();
            let place = random.index(bytes.len());
            bytes.splice(place..place, copy);
        }
        7 | 8 => drop(bytes.drain(segment_span(random, bytes))),
        9 | 10 => {
            let copy = bytes[segment_span(random, bytes)].to_vec();
            let place = segment_span(random, bytes).start;
            bytes.splice(place..place, copy);
        }
        11 => {
            let taken: Vec<u8> = bytes.drain(segment_span(random, bytes)).collect();
            let place = segment_span(random, if bytes.is_empty() { b"~" } else { bytes }).start;
            bytes.splice(place.min(bytes.len())..place.min(bytes.len()), taken);
        }
        12 => bytes.truncate(random.index(bytes.len())),
        13 => {
            // An envelope in the middle.
            let place = segment_span(random, bytes).start;
            let id = random.pick(&[&b"ISA*"[..], b"IEA*1*1~", b"GS*IN~", b"GE*1~", b"ST*", b"SE~"]);
            bytes.splice(place..place, id.iter().copied());
        }
        14 => {
            // Something long: blank space, text, elements, segments.
            let what = random.pick(&[&b" "[..], b"\n", b"X", b"*", b"~", b"REF*", b"QQ*1~"]);
            let length = random.pick(&[1, 70_000, 300_000, LONGEST_SEGMENT + 9]);
            let long = what.repeat(1 + random.index(length) / what.len());
            let place = match random.once_in(2) {
                true => random.index(bytes.len()),
                false => segment_span(random, bytes).start,
            };
            bytes.splice(place..place, long);
        }
        _ => {
            let other = sample(random, 1, 1);
            let place = match random.index(3) {
                0 => 0,
                1 => bytes.len(),
                _ => random.index(bytes.len()),
            };
            bytes.splice(place..place, other);
        }
    }
}

/// Cuts a file where it falls.
fn cut<'a>(random: &mut Random, bytes: &'a [u8], most: usize) -> Vec<&'a [u8]> {
    let mut rest = bytes;
    let mut parts = Vec::new();
    while !rest.is_empty() {
        let (part, others) = rest.split_at((1 + random.index(most)).min(rest.len()));
        parts.push(part);
        rest = others;
    }
    parts
}

/// What two readings differ in first.
fn difference(held: &Told, windows: &Told) -> String {
    let pairs = held.events.iter().zip(&windows.events);
    let same = pairs.take_while(|(a, b)| a == b).count();
    format!(
        "after {same} events:\n held {:?}\n windows {:?}\n totals {:?}\n and {:?}",
        held.events.get(same),
        windows.events.get(same),
        held.totals,
        windows.totals
    )
}

/// Reads a file in every way there is; what was told of it.
fn read_every_way(random: &mut Random, bytes: &[u8], most: usize, name: &str) -> Told {
    let held = told([bytes], &Standard);
    let windows = told(cut(random, bytes, most), &Standard);
    assert!(held == windows, "{name}: {}", difference(&held, &windows));
    for finding in held.findings() {
        let end = finding.at.offset + finding.length as u64;
        assert!(end <= bytes.len() as u64, "{name}: {finding} ends at byte {end}");
    }
    for answer in &held.answers {
        let stamp = Stamp { control_number: 7, date: "20260301", time: "0615" };
        if let Some((interchange, delimiters)) = answer.compose(stamp) {
            let written = compose::write(&interchange, &delimiters);
            let written = written.unwrap_or_else(|error| panic!("{name}: {error}"));
            let read = Document::read(&written, &Standard);
            assert!(!read.totals.not_x12 && read.totals.interchanges == 1, "{name}");
            let wrong = |f: &&Finding| f.at.segment > 0 && f.severity == Severity::Error;
            let wrong = read.findings.iter().find(wrong);
            assert!(wrong.is_none(), "{name}: in an answer, {}", wrong.expect("there is one"));
        }
    }
    let document = Document::read(bytes, &Standard);
    assert_eq!(document.write(), bytes, "{name}");
    let trees: u64 = document.sets().map(|set| set.walk().count() as u64).sum();
    assert!(trees <= document.totals.segments, "{name}");
    held
}

#[test]
fn any_bytes_are_read() {
    for seed in 0..3_000 {
        let mut random = Random::for_document(1, seed);
        let length = random.index(400);
        let mut bytes: Vec<u8> = match random.index(3) {
            0 => (0..length).map(|_| random.word() as u8).collect(),
            1 => (0..length).map(|_| random.pick(TELLING)).collect(),
            _ => {
                let words: &[&[u8]] = &[
                    b"ISA",
                    b"GS",
                    b"ST",
                    b"SE",
                    b"GE",
                    b"IEA",
                    b"TA1",
                    b"867",
                    b"N1",
                    b"*",
                    b"*",
                    b"~",
                    b"~",
                    b":",
                    b"^",
                    b"\n",
                    b"00",
                    b"0001",
                    b"PTD",
                    b"QTY",
                    b"20260230",
                ];
                (0..length / 3).flat_map(|_| random.pick(words)).copied().collect()
            }
        };
        if random.once_in(2) {
            let head = sample(&mut random, 1, 1)[..106].to_vec();
            bytes.splice(0..0, head);
        }
        read_every_way(&mut random, &bytes, 60, &format!("seed {seed}"));
    }
}

#[test]
fn spoilt_documents_tell_the_same_in_windows() {
    for seed in 0..600 {
        let mut random = Random::for_document(2, seed);
        let mut bytes = sample(&mut random, 2, 1);
        for _ in 0..=random.index(4) {
            spoil(&mut random, &mut bytes);
        }
        let most = if bytes.len() > 100_000 { 90_000 } else { 3_000 };
        read_every_way(&mut random, &bytes, most, &format!("seed {seed}"));
    }
}

#[test]
fn large_spoilt_documents_tell_the_same_in_windows() {
    for seed in 0..40 {
        let mut random = Random::for_document(3, seed);
        let mut bytes = sample(&mut random, 60, 3);
        while bytes.len() < 250_000 {
            bytes.extend(sample(&mut random, 60, 3));
        }
        for _ in 0..=random.index(12) {
            spoil(&mut random, &mut bytes);
        }
        let most = random.pick(&[20_000, 90_000, 200_000]);
        read_every_way(&mut random, &bytes, most, &format!("seed {seed}"));
    }
}

#[test]
fn an_untouched_document_writes_back_byte_for_byte() {
    for seed in 0..50 {
        let mut random = Random::for_document(4, seed);
        let bytes = sample(&mut random, 2, 1);
        let text = String::from_utf8(bytes).expect("samples are ASCII");
        for untidy in [text.clone(), text.replace('~', "~\r\n"), text.replace('~', "**~ \n")] {
            let document = Document::read(untidy.as_bytes(), &Standard);
            assert_eq!(document.write(), untidy.as_bytes());
        }
    }
}

const SEPARATORS: &[u8] = b"*~:^|>+!;\x1c\x1d\x1e\x1f\n\\";

/// Separators that can be told apart.
fn delimiters(random: &mut Random) -> Delimiters {
    let mut left = SEPARATORS.to_vec();
    let mut draw = || left.swap_remove(random.index(left.len()));
    let (element, component, repetition, segment) = (draw(), draw(), draw(), draw());
    let line_end = match [element, component, repetition, segment].contains(&b'\n') {
        true => LineEnd::None,
        false => random.pick(&[LineEnd::None, LineEnd::Lf, LineEnd::CrLf]),
    };
    Delimiters { element, component, repetition: Some(repetition), segment, line_end }
}

/// Text of any characters but separators.
fn value(random: &mut Random, least: usize, most: usize) -> String {
    let characters: Vec<char> = "ABCXYZ abcxyz0189.,-/&()'\"%$#@=_?{}`é\u{1}".chars().collect();
    let length = random.range(least as i64, most as i64);
    (0..length).map(|_| random.pick(&characters)).collect()
}

fn components(random: &mut Random, least: usize) -> Vec<String> {
    let count = least + random.index(3);
    let mut components: Vec<String> = (0..count).map(|_| value(random, 0, 4)).collect();
    // What is empty at the end is not written.
    components.push(value(random, 1, 4));
    components
}

fn segment(random: &mut Random, release: Release) -> Segment {
    let capital = |random: &mut Random| random.pick(&['B', 'K', 'Q', 'X']);
    let mut id: String = [capital(random), capital(random)].iter().collect();
    if random.once_in(2) {
        id.push(random.pick(&['1', '2', 'Z']));
    }
    let mut segment = Segment::new(&id);
    for _ in 0..random.index(9) {
        segment.elements.push(match random.index(8) {
            0 => Element::Composite(components(random, 1)),
            1 if release == Release::V005010 => {
                let count = 2 + random.index(3);
                Element::Repeated((0..count).map(|_| components(random, 0)).collect())
            }
            2 => Element::Simple(String::new()),
            _ => Element::Simple(value(random, 0, 12)),
        });
    }
    segment.elements.push(Element::Simple(value(random, 1, 12)));
    segment
}

fn any_interchange(random: &mut Random) -> Interchange {
    let release = random.pick(&Release::ALL);
    let groups = (1..=1 + random.index(3) as u32).map(|n| Group {
        functional_id: "PO".into(),
        sender: "SENDER".into(),
        receiver: "RECEIVER".into(),
        date: "20260301".into(),
        time: "0615".into(),
        control_number: n,
        control_digits: 1 + random.index(9),
        agency: Some("T".to_string()).filter(|_| n == 2),
        version: release.to_string(),
        sets: (0..1 + random.index(4))
            .map(|n| Set {
                code: "850".into(),
                control_number: format!("{n:04}"),
                convention: None,
                segments: (0..random.index(12)).map(|_| segment(random, release)).collect(),
            })
            .collect(),
    });
    let groups = groups.collect();
    Interchange {
        authorization: random.once_in(3).then(|| ["03", "SITE", "01", "WORD"].map(str::to_string)),
        sender: ("ZZ".into(), "SENDER".into()),
        receiver: ("01".into(), "RECEIVER".into()),
        date: "260301".into(),
        time: "0615".into(),
        release,
        control_number: random.index(1_000_000_000) as u32,
        acknowledgment_requested: random.once_in(2),
        usage: random.pick(&['P', 'T']),
        acknowledgments: Vec::new(),
        groups,
    }
}

#[test]
fn what_is_written_reads_back() {
    for seed in 0..1_000 {
        let mut random = Random::for_document(5, seed);
        let written = any_interchange(&mut random);
        let bytes = compose::write(&written, &delimiters(&mut random)).expect("no separators");
        let document = Document::read(&bytes, &Standard);
        // There is no table for the set; nothing else is to be said.
        assert!(document.findings.iter().all(|f| f.fault == Fault::NoTable), "seed {seed}");
        let read = document.draft(&document.interchanges[0]).expect("it is text");
        assert!(read == written, "seed {seed}");
    }
}

#[test]
fn samples_are_written_with_any_separators() {
    let mut refused = 0;
    for seed in 0..300 {
        let mut random = Random::for_document(6, seed);
        let bytes = sample(&mut random, 2, 1);
        let document = Document::read(&bytes, &Standard);
        let draft = document.draft(&document.interchanges[0]).expect("samples are text");
        let again = match compose::write(&draft, &delimiters(&mut random)) {
            Ok(again) => again,
            Err(ComposeError::SeparatorInData { .. }) => {
                refused += 1;
                continue;
            }
            Err(error) => panic!("seed {seed}: {error}"),
        };
        let document = Document::read(&again, &Standard);
        assert!(document.findings.is_empty(), "seed {seed}: {:?}", document.findings);
        assert!(document.draft(&document.interchanges[0]) == Some(draft), "seed {seed}");
    }
    assert!(refused < 30, "{refused} were refused");
}

#[test]
fn data_with_a_separator_is_refused() {
    for seed in 0..300 {
        let mut random = Random::for_document(7, seed);
        let mut interchange = any_interchange(&mut random);
        let delimiters = delimiters(&mut random);
        let separator =
            random.pick(&[delimiters.element, delimiters.component, delimiters.segment]);
        let bad = Segment::new("XX").with(format!("A{}B", char::from(separator)));
        interchange.groups[0].sets[0].segments.push(bad);
        let refused = compose::write(&interchange, &delimiters);
        assert!(matches!(refused, Err(ComposeError::SeparatorInData { .. })), "seed {seed}");
    }
}

#[test]
fn errors_and_outcomes_agree() {
    for seed in 0..200 {
        let mut random = Random::for_document(8, seed);
        let mut bytes = sample(&mut random, 3, 1);
        spoil(&mut random, &mut bytes);
        let told = told([&bytes[..]], &Standard);
        let errors = told.findings().any(|finding| finding.severity == Severity::Error);
        let refused = told.events.iter().any(|event| match event {
            Event::Set(outcome) => outcome.errors > 0,
            Event::Group(outcome) => !outcome.faults.is_empty(),
            Event::Interchange(outcome) => outcome.fault.is_some(),
            _ => false,
        });
        // What stands outside of interchanges is nobody's fault.
        let outside = told.findings().all(|finding| {
            matches!(
                finding.fault,
                Fault::Stray | Fault::HeaderUnreadable { .. } | Fault::NotX12 { .. }
            )
        });
        let findings: Vec<_> = told.findings().collect();
        assert!(errors == refused || (errors && outside), "seed {seed}: {findings:?}");
    }
}
