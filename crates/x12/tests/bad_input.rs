//! Bad input at the door: files that are no interchange, or not a whole one, or far too much of one.

mod support;

use support::{check_chunks, told};
use tieline_sample::Kind;
use tieline_sample::corpus::{Request, interchange};
use tieline_x12::acknowledge::{Acknowledger, InterchangeAnswer, Policy, Stamp};
use tieline_x12::check::{LOOK_AHEAD, MOST_FINDINGS, Standard, Totals};
use tieline_x12::compose;
use tieline_x12::delimiters::Delimiters;
use tieline_x12::document::Document;
use tieline_x12::finding::{Finding, Severity};
use tieline_x12::lexer::LONGEST_SEGMENT;
use tieline_x12::observer::{Observer, Scene, SetOutcome};

fn sample() -> Vec<u8> {
    let request = Request { count: 2, ..Request::of(Kind::Invoice) };
    compose::write(&interchange(&request), &Delimiters::default()).expect("samples compose")
}

/// The codes of all findings, whole and in small windows.
fn codes(bytes: &[u8]) -> Vec<String> {
    let held = told([bytes], &Standard);
    assert!(held == told(bytes.chunks(1_000), &Standard), "windows tell something else");
    held.findings().map(Finding::code).collect()
}

/// What a file that is no interchange is said to be.
fn refused(bytes: &[u8]) -> String {
    let document = Document::read(bytes, &Standard);
    assert!(document.totals.not_x12 && !document.is_accepted());
    assert_eq!(codes(bytes).len(), 1);
    let finding = &document.findings[0];
    format!("{}: {}", finding.code(), finding.message())
}

#[test]
fn what_is_no_interchange_is_named() {
    let utf_16: Vec<u8> = sample().iter().flat_map(|b| [*b, 0]).collect();
    let marked = [b"\xff\xfe", &utf_16[..]].concat();
    let padded = [&[b' '; 3_000][..], b"%PDF-1.7\n"].concat();
    for (bytes, code, expected) in [
        (&b""[..], "X12-E0001", "empty"),
        (b" \r\n\t ", "X12-E0001", "empty"),
        (b"I", "X12-E0002", "does not begin with ISA"),
        (b"\0", "X12-E0002", "binary"),
        (b"Dear Ladies and Gentlemen,\n", "X12-E0002", "does not begin with ISA"),
        (b"%PDF-1.7\n%\xe2\xe3\xcf\xd3\n1 0 obj\n", "X12-E0002", "PDF"),
        (&padded, "X12-E0002", "PDF"),
        (b"PK\x03\x04\x14\0\0\0\x08\0", "X12-E0002", "ZIP"),
        (b"\x1f\x8b\x08\0\0\0\0\0\0\x03", "X12-E0002", "gzip"),
        (b"<?xml version=\"1.0\"?>\n<invoice/>\n", "X12-E0002", "XML"),
        (b"{\"invoice\": 4711}", "X12-E0002", "JSON"),
        (b"[1, 2, 3]", "X12-E0002", "JSON"),
        (b"UNB+UNOA:2+SENDER+RECEIVER+260301:0615+1'", "X12-E0002", "EDIFACT"),
        (b"UNA:+.? '\nUNB+UNOA:2+SENDER+RECEIVER'", "X12-E0002", "EDIFACT"),
        (&utf_16, "X12-E0002", "UTF-16"),
        (&marked, "X12-E0002", "UTF-16"),
        (&[0; 5_000], "X12-E0002", "binary"),
        (b"GS*IN*SENDER*RECEIVER*20260301*0615*1*X*004010~", "X12-E0002", "GS or ST"),
        (&sample()[106..], "X12-E0002", "ISA"),
    ] {
        let said = refused(bytes);
        assert!(said.starts_with(code) && said.contains(expected), "{expected}: {said}");
    }
}

#[test]
fn nul_bytes_in_an_interchange_are_told_where_they_are() {
    let mut bytes = sample();
    let place = bytes.windows(4).position(|four| four == b"BIG*").expect("a bill begins so");
    bytes.splice(place + 14..place + 14, [0, 0, 0]);
    assert_eq!(codes(&bytes), ["X12-E0426"]);
    // Between segments they are part of an id that there is not.
    let mut bytes = sample();
    let place = bytes.windows(5).position(|five| five == b"\nREF*").expect("a bill has one");
    bytes.insert(place + 1, 0);
    assert_eq!(codes(&bytes), ["X12-E0301"]);
}

#[test]
fn a_header_cut_short_cannot_be_read() {
    let bytes = sample();
    for length in 3..106 {
        assert_eq!(codes(&bytes[..length]), ["X12-E0003"], "cut to {length}");
    }
    assert_eq!(codes(&bytes[..106]), ["X12-E0123"]);
    // With something else behind it.
    let cut = [&bytes[..60], b"~GS*IN*A*B~"].concat();
    assert_eq!(codes(&cut), ["X12-E0003"]);
}

#[test]
fn a_file_cut_anywhere_is_one_error() {
    let bytes = sample();
    for length in 107..bytes.len() - 1 {
        assert_eq!(codes(&bytes[..length]), ["X12-E0123"], "cut to {length}");
    }
}

#[test]
fn an_interchange_without_end_does_not_hide_the_next() {
    let (first, second) = (sample(), sample());
    let trailer = first.windows(5).position(|five| five == b"\nIEA*").expect("it ends so") + 1;
    let number = second.windows(9).position(|nine| nine == b"000000001").expect("its number");
    let mut second = second;
    second[number + 8] = b'2';
    let end = second.len() - 3;
    second[end] = b'2';
    let both = [&first[..trailer], &second[..]].concat();
    let document = Document::read(&both, &Standard);
    assert_eq!(codes(&both), ["X12-E0123"]);
    assert_eq!(document.findings[0].at.offset, trailer as u64);
    assert_eq!((document.totals.interchanges, document.totals.sets), (2, 4));
    let second = document.interchanges[1].outcome.as_ref().expect("it has an end");
    assert!(second.whole && second.fault.is_none());
    // Neither has one.
    let both = [&first[..106], &first[..106]].concat();
    assert_eq!(codes(&both), ["X12-E0123", "X12-E0125", "X12-E0123"]);
}

#[test]
fn separators_that_collide_are_told() {
    let bytes = sample();
    let with = |place: usize, b: u8| {
        let mut bytes = bytes.clone();
        bytes[place] = b;
        codes(&bytes)
    };
    // ISA16 is also the element separator, a letter, or the terminator.
    for b in [b'*', b'A', b' '] {
        assert!(with(104, b).contains(&"X12-E0127".to_string()), "{:?}", with(104, b));
    }
    assert!(with(104, b'~').contains(&"X12-E0104".to_string()), "{:?}", with(104, b'~'));
    // The terminator is the element separator, a letter, a blank, or no ASCII at all.
    for b in [b'*', b':', b'A', b' ', 0xff] {
        assert!(with(105, b).contains(&"X12-E0104".to_string()), "{:?}", with(105, b));
    }
}

#[test]
fn answers_are_sound_however_spoilt_the_document() {
    let stamp = Stamp { control_number: 1, date: "20260301", time: "0615" };
    let policy = Policy { interchange: InterchangeAnswer::Always, ..Policy::default() };
    let text = String::from_utf8(sample()).expect("samples are ASCII");
    let many = format!("REF*12*1{}X", "*".repeat(110));
    for (what, from, to) in [
        ("a component separator that data holds", "*T*:", "*T*0"),
        ("a receiver that is no text", "LAKECOUNTRY    *", "LAKE\u{e9}\u{7}OUNTRY  *"),
        ("a functional id of ten letters", "GS*IN*", "GS*INVOICE810*"),
        ("a version there is not", "*X*004010", "*X*009999INVOICE"),
        ("a set number used twice", "*0002", "*0001"),
        ("an element far out", "REF*12*", &many),
    ] {
        assert!(text.contains(from), "{what}");
        let bytes = text.replace(from, to).into_bytes();
        let mut acknowledger = Acknowledger::new(policy);
        let (totals, _) = check_chunks([&bytes], &Standard, &mut acknowledger);
        assert_eq!(totals.interchanges, 1, "{what}");
        let answers = acknowledger.finish();
        let (answer, delimiters) = answers[0].compose(stamp).expect("a TA1 is asked for");
        let written =
            compose::write(&answer, &delimiters).unwrap_or_else(|e| panic!("{what}: {e}"));
        let read = Document::read(&written, &Standard);
        let wrong = read.findings.iter().find(|finding| finding.at.segment > 0);
        assert!(wrong.is_none(), "{what}: {wrong:?}");
    }
}

/// Counts what it hears and keeps the codes of findings.
#[derive(Default)]
struct Heard {
    codes: Vec<String>,
    segments: u64,
    outcomes: Vec<SetOutcome>,
}

impl Observer for Heard {
    fn finding(&mut self, finding: Finding, _: &Scene<'_>) {
        self.codes.push(finding.code());
    }

    fn segment(&mut self, _: &tieline_x12::segment::Segment<'_>, _: Option<u16>) {
        self.segments += 1;
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        self.outcomes.push(outcome.clone());
    }
}

const CHUNK: usize = 1 << 16;

/// Checks a bill with something put behind its first segment, made chunk by chunk.
fn flood(piece: &[u8], times: usize) -> (Totals, Heard) {
    let bytes = sample();
    let place = bytes.windows(4).position(|four| four == b"\nBIG").expect("a bill begins so");
    let place = place + bytes[place + 1..].iter().position(|b| *b == b'\n').expect("it ends") + 2;
    let in_chunk = (CHUNK / piece.len()).min(times);
    let many = piece.repeat(in_chunk);
    let rest = piece.repeat(times % in_chunk);
    let chunks = std::iter::once(&bytes[..place])
        .chain(std::iter::repeat_n(&many[..], times / in_chunk))
        .chain([&rest[..], &bytes[place..]]);
    let mut heard = Heard::default();
    let (totals, held) = check_chunks(chunks, &Standard, &mut heard);
    assert!(held <= LONGEST_SEGMENT + LOOK_AHEAD + CHUNK, "{held} bytes were held");
    assert_eq!((totals.interchanges, totals.sets), (1, 2));
    (totals, heard)
}

#[test]
fn a_segment_of_100_megabytes_is_stepped_over() {
    let (totals, heard) = flood(b"X", 100_000_000);
    assert_eq!(heard.codes, ["X12-E0009"]);
    assert!(totals.bytes > 100_000_000);
    // The segment it swallowed is gone; the set after it is sound.
    assert_eq!(heard.outcomes[1].errors, 0);
}

#[test]
fn a_million_empty_elements_are_one_error() {
    let (_, heard) = flood(b"*", 1_000_000);
    assert_eq!(heard.codes, ["X12-E0301"]);
    let mut bytes = sample();
    let place = bytes.windows(5).position(|five| five == b"\nREF*").expect("a bill has one") + 5;
    bytes.splice(place..place, [b'*'; 1_000_000]);
    let found = codes(&bytes);
    assert!(found.len() <= 3 && found.contains(&"X12-E0403".to_string()), "{found:?}");
}

#[test]
fn a_million_unknown_segments_are_told_so_often_and_counted() {
    let (totals, heard) = flood(b"QQ*1~\n", 1_000_000);
    assert_eq!(heard.codes.len(), MOST_FINDINGS as usize);
    assert!(heard.codes.iter().all(|code| code == "X12-E0301"));
    assert!(totals.segments > 1_000_000 && heard.segments > 1_000_000);
    let spoilt = &heard.outcomes[0];
    // SE01 is wrong, too.
    assert_eq!(spoilt.errors, 1_000_001);
    assert_eq!(spoilt.untold, 1_000_001 - MOST_FINDINGS);
    assert_eq!(heard.outcomes[1].errors, 0);
}

#[test]
fn a_hundred_megabytes_of_blank_space_are_one_warning() {
    let (_, heard) = flood(b" \n", 50_000_000);
    assert_eq!(heard.codes, ["X12-W0007"]);
}

#[test]
fn findings_show_nothing_of_the_data_when_debugged() {
    let text = String::from_utf8(sample()).expect("samples are ASCII");
    let bytes = text.replace("REF*12*", "REF*12*SECRET\u{1}");
    let document = Document::read(bytes.as_bytes(), &Standard);
    assert!(document.findings.iter().any(|f| f.severity == Severity::Error));
    for finding in &document.findings {
        assert!(!format!("{finding:?} {finding}").contains("SECRET"));
    }
}
