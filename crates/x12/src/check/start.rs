//! Where interchanges begin: the `ISA`, what stands before it, and what is no interchange at all.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;

use memchr::memmem;

use super::{Begun, Checker, Envelope, ISA, Interchange, LOOK_AHEAD, NUMBERS_KEPT, used};
use crate::elements::ElementJudge;
use crate::finding::Fault;
use crate::guide::Options;
use crate::header::{Header, HeaderError};
use crate::ledger::Note;
use crate::observer::{Observer, Scene};
use crate::segment::SegmentId;
use crate::table::Release;
use crate::{dictionary, header, value};

impl Checker<'_> {
    /// Finds where the next interchange begins, from `at` on.
    pub(super) fn begin<O: Observer>(
        &mut self,
        bytes: &[u8],
        at: usize,
        last: bool,
        observer: &mut O,
    ) -> Begun {
        let mut at = at;
        if self.base == 0 && at == 0 && bytes.starts_with(BYTE_ORDER_MARK) {
            let note = Note::new(Fault::ByteOrderMark, 0, BYTE_ORDER_MARK.len(), SegmentId::NONE);
            self.ledger.note_envelope(observer, &outside(bytes, 0, 0, 0), note);
            at = BYTE_ORDER_MARK.len();
        }
        loop {
            // Some transfers end a file with the control character SUB, as old systems did.
            let is_blank = |b: &u8| b.is_ascii_whitespace() || *b == END_OF_FILE;
            let blank = bytes[at..].iter().position(|b| !is_blank(b));
            at = blank.map_or(bytes.len(), |blank| at + blank);
            let rest = &bytes[at..];
            let scene = outside(bytes, self.base, at, at);
            if rest.is_empty() {
                if last && self.totals.interchanges == 0 && !self.strayed {
                    self.refuse(Fault::Empty, at, observer, &scene);
                }
                return Begun::Needs(bytes.len());
            }
            if !last && rest.len() < 2 * header::LENGTH {
                return Begun::Needs(at);
            }
            let error = match rest.starts_with(b"ISA") {
                true => match Header::read(rest, self.base + at as u64) {
                    Ok(header) => {
                        let length = header.bytes().len();
                        let scene = outside(bytes, self.base, at, at + length - 1);
                        if self.begin_interchange(header, observer, &scene) {
                            return Begun::At(at + length);
                        }
                        // Nothing can be told apart in it: the next one is looked for.
                        self.abandon(self.base + (at + length) as u64, observer);
                        self.strayed = true;
                        at += length;
                        continue;
                    }
                    Err(error) => Some(error),
                },
                false => None,
            };
            if !self.strayed {
                let is_first = self.totals.interchanges == 0;
                if is_first && !last && rest.len() < LOOK_AHEAD {
                    return Begun::Needs(at);
                }
                self.strayed = true;
                let near = &rest[..rest.len().min(LOOK_AHEAD)];
                match error {
                    Some(error) if rest.get(3).is_none_or(u8::is_ascii_punctuation) => {
                        let why = match error {
                            HeaderError::Short => "the file ends before it does",
                            HeaderError::Unreadable(why) => why,
                        };
                        let fault = Fault::HeaderUnreadable { why };
                        let note = Note::new(fault, self.base + at as u64, 3, ISA);
                        self.note_interchange(note, observer, &scene);
                    }
                    _ if is_first
                        && (looks_like(near).is_some() || next_header(near).is_none()) =>
                    {
                        let looks_like = looks_like(near).unwrap_or("it does not begin with ISA");
                        self.refuse(Fault::NotX12 { looks_like }, at, observer, &scene);
                        return Begun::Needs(bytes.len());
                    }
                    _ => {
                        let offset = self.base + at as u64;
                        let note = Note::new(Fault::Stray, offset, 0, SegmentId::NONE);
                        self.note_interchange(note, observer, &scene);
                    }
                }
            }
            match next_header(rest) {
                Some(next) => at += next,
                None if last => return Begun::Needs(bytes.len()),
                // The start of one may stand at the end of the window.
                None => {
                    return Begun::Needs(at.max(bytes.len().saturating_sub(2 * header::LENGTH)));
                }
            }
        }
    }

    /// Tells that the file is no EDI at all, and reads no further.
    pub(super) fn refuse<O: Observer>(
        &mut self,
        fault: Fault,
        at: usize,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        let note = Note::new(fault, self.base + at as u64, 0, SegmentId::NONE);
        self.ledger.note_envelope(observer, scene, note);
        self.totals.not_x12 = true;
        self.stopped = true;
    }

    /// Begins an interchange; false when its segments cannot be told apart.
    pub(super) fn begin_interchange<O: Observer>(
        &mut self,
        header: Header,
        observer: &mut O,
        scene: &Scene<'_>,
    ) -> bool {
        self.totals.interchanges += 1;
        self.totals.segments += 1;
        self.strayed = false;
        self.gap = false;
        self.ledger.interchange += 1;
        self.ledger.group = 0;
        let release = header.release();
        self.ledger.release = release.unwrap_or(Release::V004010);
        let delimiters = header.delimiters();
        let header = Arc::new(header);
        self.interchange = Some(Interchange {
            header: Arc::clone(&header),
            delimiters,
            judge: ElementJudge::new(Options::default(), &delimiters),
            envelope: Envelope::of(self.ledger.release),
            rules: HashMap::new(),
            groups: 0,
            group_numbers: HashSet::new(),
            fault: None,
            broken: false,
            strayed: false,
            gap_told: false,
            group: None,
        });
        observer.interchange(&header);
        let mut readable = true;
        for (n, fault) in header_faults(&header) {
            readable &= fault != Fault::TerminatorUnusable;
            let note = element_note(fault, &header, n, self.ledger.release);
            self.note_interchange(note, observer, scene);
        }
        let mut key = header.element(5).to_vec();
        key.extend(header.sender().1);
        key.push(0);
        key.extend(header.control_number());
        if self.numbers.len() < NUMBERS_KEPT && !self.numbers.insert(key) {
            let note = element_note(Fault::InterchangeRepeated, &header, 13, self.ledger.release);
            self.note_interchange(note, observer, scene);
        }
        readable
    }
}

/// The control character SUB.
const END_OF_FILE: u8 = 0x1a;

/// The byte order mark of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

fn outside(bytes: &[u8], base: u64, start: usize, end: usize) -> Scene<'_> {
    Scene { bytes, base, delimiters: None, start, end }
}

/// Where the next readable `ISA` stands after the first byte.
fn next_header(bytes: &[u8]) -> Option<usize> {
    memmem::find_iter(bytes.get(1..)?, b"ISA")
        .map(|found| found + 1)
        .find(|found| Header::read(&bytes[*found..], 0).is_ok())
}

/// What a file that is no interchange looks like.
fn looks_like(bytes: &[u8]) -> Option<&'static str> {
    let text = bytes.trim_ascii_start();
    let starts = |magic: &[u8]| text.starts_with(magic);
    match () {
        () if starts(b"%PDF") => Some("it looks like a PDF document"),
        () if starts(b"PK\x03\x04") || starts(b"PK\x05\x06") => {
            Some("it looks like a ZIP archive or an office document; take the file out of it first")
        }
        () if starts(b"\x1f\x8b") => Some("it looks like a gzip file; unpack it first"),
        () if starts(b"UNA") || starts(b"UNB+") || starts(b"UNB:") => {
            Some("it looks like EDIFACT, which is another standard")
        }
        () if bytes.starts_with(b"\xff\xfe")
            || bytes.starts_with(b"\xfe\xff")
            || bytes.starts_with(b"I\0S\0A\0")
            || bytes.starts_with(b"\0I\0S\0A") =>
        {
            Some("it looks like text in UTF-16; save it as ASCII or UTF-8")
        }
        () if starts(b"<") => Some("it looks like XML or HTML"),
        () if starts(b"{") || starts(b"[") => Some("it looks like JSON"),
        () if starts(b"\x89PNG") || starts(b"\xff\xd8\xff") || starts(b"GIF8") => {
            Some("it looks like a picture")
        }
        () if starts(b"GS") || starts(b"ST*") => {
            Some("it begins with GS or ST: the ISA segment before it is missing")
        }
        () if bytes.iter().take(1024).any(|b| *b == 0) => Some("it holds binary data"),
        () => None,
    }
}

/// What is wrong with the elements of an `ISA`, by their numbers.
fn header_faults(header: &Header) -> Vec<(u8, Fault)> {
    let d = header.delimiters();
    let is_code = |n: usize, element: &str| {
        let value = header.element(n);
        let list = dictionary::code_list(element);
        list.is_none_or(|list| list.codes.iter().any(|code| code.code.as_bytes() == value))
    };
    let digits = |n: usize, length: usize| {
        let value = header.element(n);
        value.len() == length && value.iter().all(u8::is_ascii_digit)
    };
    let version_known = digits(12, 5) && is_code(12, "I11");
    let is_newer = header.element(12) > &b"00401"[..];
    let usable = |b: u8, others: &[u8]| {
        !b.is_ascii_alphanumeric() && b != b' ' && b < 0x80 && !others.contains(&b)
    };
    let component = header.element(16).first().copied().unwrap_or(b' ');
    let mut faults = Vec::new();
    let mut unless = |holds: bool, n: u8, fault: Fault| {
        if !holds {
            faults.push((n, fault));
        }
    };
    unless(header.is_padded(), 0, Fault::HeaderNotPadded);
    unless(is_code(1, "I01"), 1, Fault::AuthorizationQualifier);
    unless(is_code(3, "I03"), 3, Fault::SecurityQualifier);
    unless(is_code(5, "I05"), 5, Fault::SenderQualifier);
    unless(!header.sender().1.is_empty(), 6, Fault::SenderBlank);
    unless(is_code(7, "I05"), 7, Fault::ReceiverQualifier);
    unless(!header.receiver().1.is_empty(), 8, Fault::ReceiverBlank);
    unless(value::is_date(header.element(9)), 9, Fault::InterchangeDate);
    unless(value::is_time(header.element(10)), 10, Fault::InterchangeTime);
    match is_newer {
        // What ISA11 means depends on ISA12.
        _ if !version_known => {}
        true => {
            let repetition = header.element(11).first().copied().unwrap_or(b' ');
            let good = usable(repetition, &[d.element, d.component, d.segment]);
            unless(good, 11, Fault::RepetitionSeparatorUnusable);
        }
        false => unless(header.element(11) == b"U", 11, Fault::StandardsId),
    }
    match digits(12, 5) {
        true => unless(is_code(12, "I11"), 12, Fault::InterchangeVersionUnknown),
        false => unless(false, 12, Fault::InterchangeVersionMalformed),
    }
    unless(digits(13, 9), 13, Fault::InterchangeNumber);
    unless(is_code(14, "I13"), 14, Fault::AcknowledgmentRequest);
    unless(is_code(15, "I14"), 15, Fault::UsageIndicator);
    unless(usable(component, &[d.element]), 16, Fault::ComponentSeparatorUnusable);
    unless(usable(d.segment, &[d.element, component]), 0, Fault::TerminatorUnusable);
    faults
}

/// A note about an element of an `ISA`; number 0 is the segment itself.
fn element_note(fault: Fault, header: &Header, n: u8, release: Release) -> Note<'_> {
    let value = header.element(n as usize);
    let (offset, length) = match n {
        0 => (header.offset(), header.bytes().len() - 1),
        _ => (header.element_offset(n as usize), value.len()),
    };
    Note { used: used(release, ISA, n), element: n, value, ..Note::new(fault, offset, length, ISA) }
}
