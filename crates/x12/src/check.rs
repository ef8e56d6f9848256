//! Checking a file: interchanges, groups and sets, their counts and control numbers, and all within.
//!
//! The file comes in one piece or in windows; what was not used of a window comes again at the start
//! of the next. Nothing stops the reading but the end of the file or a file that is no EDI at all:
//! after a mistake it goes on at the next place it understands.

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use memchr::memmem;

use crate::delimiters::Delimiters;
use crate::dictionary;
use crate::elements::ElementJudge;
use crate::finding::{AckCodes, Fault, Severity};
use crate::guide::Options;
use crate::header::{self, Header, HeaderError};
use crate::judge::{self, Rules, SetJudge};
use crate::ledger::{Desk, Ledger, Note};
use crate::lexer::{LONGEST_SEGMENT, Lexeme, Lexer};
use crate::observer::{GroupOutcome, InterchangeOutcome, Observer, Scene, SetOutcome};
use crate::plan::{Plan, SegmentPlan};
use crate::segment::{Segment, SegmentId};
use crate::sets;
use crate::table::{ElementUse, Release};
use crate::value;
use crate::walk::{Ahead, FAR, is_envelope};

/// Chooses what a transaction set is checked against.
pub trait Plans {
    /// The plan for a set of an interchange: a partner's guide over the standard, or the standard
    /// alone. `None` when there is no table for the set.
    fn plan(&self, header: &Header, release: Release, set: &[u8]) -> Option<Arc<Plan>>;
}

/// The standard alone.
#[derive(Debug, Clone, Copy, Default)]
pub struct Standard;

impl Plans for Standard {
    fn plan(&self, _: &Header, release: Release, set: &[u8]) -> Option<Arc<Plan>> {
        Plan::standard(release, set)
    }
}

/// How much of a file must be at hand after a segment, so that what follows can be looked at; also
/// how far from its start the first interchange of a file is looked for.
pub const LOOK_AHEAD: usize = FAR + (FAR >> 2);
/// How many findings a set may have before the rest is only counted.
pub const MOST_FINDINGS: u32 = 100;
/// The most digits of `GS06`.
const GROUP_NUMBER_DIGITS: usize = 9;
/// How many control numbers of a file are remembered to tell repeated ones.
const NUMBERS_KEPT: usize = 1 << 16;

/// Checks one file.
pub struct Checker<'p> {
    plans: &'p dyn Plans,
    ledger: Ledger,
    judge: SetJudge,
    ends: Vec<u32>,
    /// Where the next window starts in the file.
    base: u64,
    interchange: Option<Interchange>,
    /// The numbers of interchanges seen, hashed with their senders.
    numbers: HashSet<Vec<u8>>,
    /// A segment without end is being stepped over.
    skipping: bool,
    /// The window before this ended with blank space.
    gap: bool,
    /// A run of bytes outside an interchange was told already.
    strayed: bool,
    stopped: bool,
    totals: Totals,
}

/// What a file holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Totals {
    /// Bytes read.
    pub bytes: u64,
    /// Interchanges begun.
    pub interchanges: u64,
    /// Functional groups begun.
    pub groups: u64,
    /// Transaction sets begun.
    pub sets: u64,
    /// Segments, the envelope's included.
    pub segments: u64,
    /// Whether the file is no EDI at all.
    pub not_x12: bool,
}

/// An interchange being read.
struct Interchange {
    header: Arc<Header>,
    delimiters: Delimiters,
    /// What the elements of envelope segments are judged by.
    judge: ElementJudge,
    envelope: &'static Envelope,
    rules: HashMap<(Release, Vec<u8>), Option<Arc<Rules>>>,
    groups: u64,
    group_numbers: HashSet<u64>,
    fault: Option<AckCodes>,
    /// Structure is broken: counts say nothing any more.
    broken: bool,
    /// A run of segments outside a group was told already.
    strayed: bool,
    /// Blank space between segments was told already.
    gap_told: bool,
    group: Option<Group>,
}

/// A functional group being read.
struct Group {
    outcome: GroupOutcome,
    /// `GS` was missing, or is not to be relied on.
    implied: bool,
    broken: bool,
    strayed: bool,
    set_numbers: HashSet<Vec<u8>>,
    set: Option<Set>,
}

/// A transaction set being read.
struct Set {
    outcome: SetOutcome,
    rules: Option<Arc<Rules>>,
}

/// The plans of the envelope's segments in one release.
struct Envelope {
    ta1: SegmentPlan,
    gs: SegmentPlan,
    ge: SegmentPlan,
    st: SegmentPlan,
    se: SegmentPlan,
    iea: SegmentPlan,
}

impl Envelope {
    /// The plans of a release, made once.
    fn of(release: Release) -> &'static Envelope {
        static PLANS: [OnceLock<Envelope>; Release::ALL.len()] =
            [const { OnceLock::new() }; Release::ALL.len()];
        PLANS[release as usize].get_or_init(|| {
            let plan = |id| SegmentPlan::new(release, id);
            Envelope {
                ta1: plan("TA1"),
                gs: plan("GS"),
                ge: plan("GE"),
                st: plan("ST"),
                se: plan("SE"),
                iea: plan("IEA"),
            }
        })
    }
}

/// What reading the start of an interchange led to.
enum Begun {
    /// Segments begin here.
    At(usize),
    /// More bytes are needed, from here on.
    Needs(usize),
}

/// Checks a file held in memory.
pub fn check<O: Observer>(bytes: &[u8], plans: &dyn Plans, observer: &mut O) -> Totals {
    let mut checker = Checker::new(plans);
    checker.window(bytes, true, observer);
    checker.totals()
}

impl<'p> Checker<'p> {
    /// A checker for one file.
    pub fn new(plans: &'p dyn Plans) -> Checker<'p> {
        Checker::with_limit(plans, MOST_FINDINGS)
    }

    /// A checker that tells at most this many findings of each set.
    pub fn with_limit(plans: &'p dyn Plans, most: u32) -> Checker<'p> {
        Checker {
            plans,
            ledger: Ledger::new(most),
            judge: SetJudge::default(),
            ends: Vec::new(),
            base: 0,
            interchange: None,
            numbers: HashSet::new(),
            skipping: false,
            gap: false,
            strayed: false,
            stopped: false,
            totals: Totals::default(),
        }
    }

    /// What the file holds, as far as it was read.
    pub fn totals(&self) -> Totals {
        self.totals
    }

    /// Checks the next part of the file and says how many of the bytes it used; the others must
    /// stand at the start of the next window. A window that is not the last should hold
    /// [`LOOK_AHEAD`] bytes more than the segments it is for; when none was used, the next must be
    /// longer. One of [`LONGEST_SEGMENT`] and [`LOOK_AHEAD`] together is always long enough.
    pub fn window<O: Observer>(&mut self, bytes: &[u8], last: bool, observer: &mut O) -> usize {
        let used = self.read(bytes, last, observer);
        if !last {
            self.ledger.pass(self.base + used as u64, bytes, self.base);
        }
        self.base += used as u64;
        self.totals.bytes = self.base;
        used
    }

    fn read<O: Observer>(&mut self, bytes: &[u8], last: bool, observer: &mut O) -> usize {
        let mut at = 0;
        loop {
            if self.stopped {
                return bytes.len();
            }
            if self.skipping {
                let Some(delimiters) = self.interchange.as_ref().map(|it| it.delimiters) else {
                    self.skipping = false;
                    continue;
                };
                match memchr::memchr(delimiters.segment, &bytes[at..]) {
                    Some(end) => at += end + 1,
                    None => {
                        if last {
                            // What was told about the endless segment tells of the end too.
                            self.abandon(self.base + bytes.len() as u64, observer);
                        }
                        return bytes.len();
                    }
                }
                self.skipping = false;
            }
            if self.interchange.is_none() {
                match self.begin(bytes, at, last, observer) {
                    Begun::At(start) => at = start,
                    Begun::Needs(from) => return from,
                }
            }
            match self.segments(bytes, at, last, observer) {
                Ok(next) => at = next,
                Err(used) => return used,
            }
        }
    }

    /// Reads segments until the interchange ends (`Ok`: go on there) or more bytes are needed
    /// (`Err`: this many were used).
    fn segments<O: Observer>(
        &mut self,
        bytes: &[u8],
        at: usize,
        last: bool,
        observer: &mut O,
    ) -> Result<usize, usize> {
        let Some(interchange) = &self.interchange else { return Ok(at) };
        let delimiters = interchange.delimiters;
        let mut lexer = Lexer::new(bytes, at, delimiters);
        let mut ends = std::mem::take(&mut self.ends);
        // What follows a segment must be at hand, or a longer window would judge it otherwise.
        let enough = if last { usize::MAX } else { bytes.len().saturating_sub(FAR) };
        let mut scene =
            Scene { bytes, base: self.base, delimiters: Some(delimiters), start: at, end: at };
        let mut blank_before = std::mem::take(&mut self.gap);
        let result = loop {
            let before = lexer.at();
            match lexer.next(&mut ends) {
                Lexeme::Segment { range, gap } => {
                    if lexer.at() > enough && range.len() <= LONGEST_SEGMENT {
                        break Err(self.used(bytes, before..range.start));
                    }
                    (scene.start, scene.end) = (range.start, range.end);
                    if gap || blank_before {
                        blank_before = false;
                        self.note_gap(range.start, observer, &scene);
                    }
                    if range.len() > LONGEST_SEGMENT {
                        self.note_endless(range.start, observer, &scene);
                        continue;
                    }
                    let segment = lexer.segment(range, &ends, self.base);
                    let ahead = Ahead { bytes: &bytes[lexer.at()..], delimiters };
                    if !self.segment(&segment, ahead, observer, &scene) {
                        break Ok(if segment.id() == ISA { scene.start } else { lexer.at() });
                    }
                }
                Lexeme::Rest(range) if range.len() > LONGEST_SEGMENT => {
                    (scene.start, scene.end) = (range.start, range.start);
                    if blank_before || is_gap(&bytes[before..range.start], delimiters) {
                        blank_before = false;
                        self.note_gap(range.start, observer, &scene);
                    }
                    self.note_endless(range.start, observer, &scene);
                    self.skipping = true;
                    break Ok(range.start);
                }
                Lexeme::Rest(range) if !last => break Err(self.used(bytes, before..range.start)),
                Lexeme::End if !last => break Err(self.used(bytes, before..bytes.len())),
                lexeme => {
                    (scene.start, scene.end) = match lexeme {
                        Lexeme::Rest(range) => (range.start, range.end),
                        _ => (bytes.len(), bytes.len()),
                    };
                    self.ends_early(self.base + bytes.len() as u64, observer, &scene);
                    break Err(bytes.len());
                }
            }
        };
        self.ends = ends;
        self.gap |= blank_before;
        result
    }

    /// One segment inside an interchange; false when the interchange ends with it.
    #[inline]
    fn segment<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        ahead: Ahead<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) -> bool {
        self.totals.segments += 1;
        let id = segment.id();
        if let Some(Interchange { group: Some(Group { set: Some(set), .. }), .. }) =
            &mut self.interchange
            && !is_envelope(id)
        {
            self.ledger.segment = self.ledger.segment.saturating_add(1);
            match &set.rules {
                Some(rules) => {
                    let mut desk = Desk { ledger: &mut self.ledger, observer, scene };
                    self.judge.segment(rules, segment, ahead, &mut desk);
                }
                None => observer.segment(segment, None),
            }
            return true;
        }
        self.envelope(segment, id, ahead, observer, scene)
    }

    /// How much of a window is used when it ends with `blank` or with a segment behind that. Blank
    /// space is kept as long as it may be one line end; what is longer is remembered instead.
    #[cold]
    fn used(&mut self, bytes: &[u8], blank: Range<usize>) -> usize {
        match bytes[blank.clone()] {
            [] | [_] | [_, _] => blank.start,
            _ => {
                self.gap = true;
                blank.end
            }
        }
    }

    #[cold]
    fn note_gap<O: Observer>(&mut self, start: usize, observer: &mut O, scene: &Scene<'_>) {
        let told = self.interchange.as_mut().map(|it| std::mem::replace(&mut it.gap_told, true));
        if told == Some(false) {
            let offset = scene.base + start as u64;
            let note = Note::new(Fault::BlankSpace, offset, 0, SegmentId::NONE);
            self.note_interchange(note, observer, scene);
        }
    }

    #[cold]
    fn note_endless<O: Observer>(&mut self, start: usize, observer: &mut O, scene: &Scene<'_>) {
        let offset = scene.base + start as u64;
        let note = Note::new(Fault::SegmentTooLong, offset, 0, SegmentId::NONE);
        self.note_interchange(note, observer, scene);
        if self.ledger.segment > 0 {
            self.ledger.segment = self.ledger.segment.saturating_add(1);
        }
        if let Some(interchange) = &mut self.interchange {
            interchange.broken = true;
        }
    }

    /// Writes down something about the interchange itself.
    fn note_interchange<O: Observer>(
        &mut self,
        note: Note<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        if let Some(interchange) = &mut self.interchange
            && note.severity == Severity::Error
        {
            let codes = note.fault.ack(self.ledger.release);
            interchange.fault.get_or_insert(AckCodes {
                ta105: codes.ta105.or(Some("024")),
                ..AckCodes::default()
            });
        }
        let (segment, group) = (self.ledger.segment, self.ledger.group);
        (self.ledger.segment, self.ledger.group) = (0, 0);
        self.ledger.note_envelope(observer, scene, note);
        (self.ledger.segment, self.ledger.group) = (segment, group);
    }

    /// Writes down something about the functional group itself.
    fn note_group<O: Observer>(&mut self, note: Note<'_>, observer: &mut O, scene: &Scene<'_>) {
        let codes = note.fault.ack(self.ledger.release);
        if let Some(group) = self.group() {
            group.outcome.faults.push(codes);
        }
        let segment = std::mem::take(&mut self.ledger.segment);
        self.ledger.note_envelope(observer, scene, note);
        self.ledger.segment = segment;
    }

    fn group(&mut self) -> Option<&mut Group> {
        self.interchange.as_mut()?.group.as_mut()
    }

    /// Finds where the next interchange begins, from `at` on.
    fn begin<O: Observer>(
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
            let blank = bytes[at..].iter().position(|b| !b.is_ascii_whitespace());
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
                        self.begin_interchange(header, observer, &scene);
                        return Begun::At(at + length);
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
    fn refuse<O: Observer>(
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

    fn begin_interchange<O: Observer>(
        &mut self,
        header: Header,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
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
        for (n, fault) in header_faults(&header) {
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
    }

    /// A segment of the envelope, or one outside a transaction set; false when the interchange ends.
    #[cold]
    #[inline(never)]
    fn envelope<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        id: SegmentId,
        ahead: Ahead<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) -> bool {
        match id.as_bytes() {
            b"SE" if self.group().is_some_and(|group| group.set.is_some()) => {
                self.end_set(segment, observer, scene);
            }
            b"ST" => {
                self.cut_set(segment, observer, scene);
                self.begin_set(segment, ahead, observer, scene);
            }
            b"GS" => {
                self.cut_group(segment, observer, scene);
                self.begin_group(segment, observer, scene);
            }
            b"GE" if self.group().is_some() => {
                self.cut_set(segment, observer, scene);
                self.end_group(segment, observer, scene);
            }
            b"IEA" => {
                self.cut_group(segment, observer, scene);
                self.end_interchange(segment, observer, scene);
                return false;
            }
            b"ISA" => {
                self.totals.segments -= 1;
                self.ends_early(segment.offset(), observer, scene);
                return false;
            }
            b"TA1" if self.group().is_none() => self.answer(segment, observer, scene),
            _ => self.stray_segment(segment, id, observer, scene),
        }
        true
    }

    /// A segment that is in no transaction set, or in no group; a run of them is told once.
    fn stray_segment<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        id: SegmentId,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        let Some(interchange) = &mut self.interchange else { return };
        let (strayed, broken, fault) = match &mut interchange.group {
            Some(group) => (&mut group.strayed, &mut group.broken, Fault::OutsideSet),
            None => (&mut interchange.strayed, &mut interchange.broken, Fault::OutsideGroup),
        };
        *broken = true;
        if std::mem::replace(strayed, true) {
            return;
        }
        let in_group = fault == Fault::OutsideSet;
        let note = Note::new(fault, segment.offset(), segment.bytes().len(), id);
        match in_group {
            true => self.note_group(note, observer, scene),
            false => self.note_interchange(note, observer, scene),
        }
    }

    /// Judges the elements of a segment of the envelope that is in no transaction set.
    fn judge_envelope<O: Observer>(
        &mut self,
        plan: fn(&Envelope) -> &SegmentPlan,
        segment: &Segment<'_>,
        skip: &[u8],
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        let Some(interchange) = &mut self.interchange else { return };
        let (judge, plan) = (&interchange.judge, plan(interchange.envelope));
        let mut desk = Desk { ledger: &mut self.ledger, observer, scene };
        let errors = judge::envelope(judge, plan, segment, skip, &mut desk);
        if errors > 0 && self.ledger.segment == 0 {
            let content = AckCodes { ta105: Some("024"), ..AckCodes::default() };
            interchange.fault.get_or_insert(content);
        }
    }

    /// `TA1`: an answer to an interchange of ours.
    fn answer<O: Observer>(&mut self, segment: &Segment<'_>, observer: &mut O, scene: &Scene<'_>) {
        self.judge_envelope(|envelope| &envelope.ta1, segment, &[], observer, scene);
        observer.envelope(segment);
    }

    fn begin_group<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        let Some(interchange) = &mut self.interchange else { return };
        interchange.groups += 1;
        interchange.strayed = false;
        self.totals.groups += 1;
        self.ledger.group = interchange.groups;
        self.ledger.set = 0;
        let release = Release::of_version(segment.element(8));
        let judged = release.or(interchange.header.release()).unwrap_or(Release::V004010);
        if judged != self.ledger.release {
            self.ledger.release = judged;
            interchange.envelope = Envelope::of(judged);
        }
        let number = value::control_number(segment.element(6))
            .filter(|_| segment.element(6).len() <= GROUP_NUMBER_DIGITS);
        let repeated = number.is_some_and(|number| {
            interchange.group_numbers.len() < NUMBERS_KEPT
                && !interchange.group_numbers.insert(number)
        });
        interchange.group = Some(Group::new(segment, release));
        let mut skip = Vec::new();
        if segment.element(1).len() == 2 {
            // Groups of sets without a table are read too.
            skip.push(1);
        }
        let fault = match number {
            None => Some((Fault::GroupNumber, 6)),
            Some(_) if repeated => Some((Fault::GroupRepeated, 6)),
            Some(_) => None,
        };
        let version = segment.element(8);
        let unknown =
            (release.is_none() && !version.is_empty()).then_some((Fault::GroupVersionUnknown, 8));
        for (fault, n) in fault.into_iter().chain(unknown) {
            skip.push(n);
            let note = self.envelope_note(fault, segment, n);
            self.note_group(note, observer, scene);
        }
        self.judge_envelope(|envelope| &envelope.gs, segment, &skip, observer, scene);
        observer.envelope(segment);
    }

    /// A note about an element of a segment of the envelope.
    fn envelope_note<'a>(&self, fault: Fault, segment: &Segment<'a>, n: u8) -> Note<'a> {
        let value = segment.element(n as usize);
        Note {
            used: used(self.ledger.release, segment.id(), n),
            element: n,
            value,
            ..Note::new(fault, segment.element_offset(n as usize), value.len(), segment.id())
        }
    }

    fn end_group<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        let Some(group) = self.group() else { return };
        let (implied, broken, received) = (group.implied, group.broken, group.outcome.received);
        let number = group.outcome.control_number.clone();
        if !implied {
            let count = value::control_number(segment.element(1));
            if let Some(group) = self.group() {
                group.outcome.included = count.unwrap_or(received);
            }
            if count.is_some_and(|count| count != received) && !broken {
                let fault = Fault::SetCount { counted: received };
                let note = self.envelope_note(fault, segment, 1);
                self.note_group(note, observer, scene);
            }
            let mut skip = Vec::new();
            if !value::same_number(&number, segment.element(2)) && !segment.element(2).is_empty() {
                skip.push(2);
                let note = self.envelope_note(Fault::GroupNumbersDiffer, segment, 2);
                self.note_group(note, observer, scene);
            } else if number.len() > GROUP_NUMBER_DIGITS || value::control_number(&number).is_none()
            {
                // The same wrong number was told at GS06.
                skip.push(2);
            }
            self.judge_envelope(|envelope| &envelope.ge, segment, &skip, observer, scene);
        }
        observer.envelope(segment);
        self.close_group(observer);
    }

    /// The group ends without `GE`.
    fn cut_group<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        let Some(group) = self.group() else { return };
        let implied = group.implied;
        // No GE says how many there should be.
        group.outcome.included = group.outcome.received;
        // Where SE is missing too, the set's finding stands for both.
        let has_set = group.set.is_some();
        self.cut_set(segment, observer, scene);
        let missing = Note::new(Fault::GroupTrailerMissing, segment.offset(), 0, GE);
        if has_set {
            let codes = missing.fault.ack(self.ledger.release);
            self.group().into_iter().for_each(|group| group.outcome.faults.push(codes));
        } else if !implied {
            self.note_group(missing, observer, scene);
        }
        self.close_group(observer);
    }

    fn close_group<O: Observer>(&mut self, observer: &mut O) {
        if let Some(interchange) = &mut self.interchange
            && let Some(group) = interchange.group.take()
            && !group.implied
        {
            observer.group_end(&group.outcome);
        }
        self.ledger.group = 0;
    }

    fn begin_set<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        ahead: Ahead<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        if self.group().is_none() {
            self.stray_segment(segment, ST, observer, scene);
            let release = self.ledger.release;
            if let Some(interchange) = &mut self.interchange {
                interchange.group = Some(Group {
                    implied: true,
                    ..Group::new(&Segment::new(b"GS", &[2], 0, 0), Some(release))
                });
            }
        }
        self.totals.sets += 1;
        self.ledger.sets += 1;
        self.ledger.set += 1;
        self.ledger.segment = 1;
        self.ledger.begin_set();
        let Some(interchange) = &mut self.interchange else { return };
        let Some(group) = &mut interchange.group else { return };
        group.strayed = false;
        group.outcome.received += 1;
        let (code, number) = (segment.element(1), segment.element(2));
        let rules = match group.outcome.release {
            Some(release) => {
                let key = (release, code.to_vec());
                let header = &interchange.header;
                let rules = interchange.rules.entry(key).or_insert_with(|| {
                    let plan = self.plans.plan(header, release, code)?;
                    let elements = ElementJudge::new(plan.options(), &interchange.delimiters);
                    Some(Arc::new(Rules { plan, elements }))
                });
                rules.clone()
            }
            None => None,
        };
        let home = sets::group_of(code);
        // A group without a usable id was told already.
        let is_told = group.implied || group.outcome.functional_id.len() != 2;
        let in_wrong_group =
            home.is_some_and(|home| home.as_bytes() != group.outcome.functional_id && !is_told);
        // Where ST01 is the wrong one of the two, its table would find fault with everything.
        let rules = rules.filter(|rules| !in_wrong_group || ahead.begins(&rules.plan));
        if let Some(rules) = &rules {
            self.judge.start(&rules.plan);
        }
        let readable = code.len() == 3 && code.iter().all(u8::is_ascii_digit);
        let id_fault = match readable {
            false => Some(Fault::SetId { group: None }),
            true if in_wrong_group => Some(Fault::SetId { group: home }),
            true => None,
        };
        let no_table = rules.is_none() && group.outcome.release.is_some() && id_fault.is_none();
        let number_fault = match number.len() {
            4..=9 => group.is_repeated(number).then_some(Fault::SetRepeated),
            _ => Some(Fault::SetNumber),
        };
        group.set = Some(Set {
            outcome: SetOutcome {
                code: code.to_vec(),
                control_number: number.to_vec(),
                convention: segment.element(3).to_vec(),
                number: self.ledger.sets,
                segments: 0,
                errors: 0,
                warnings: 0,
                untold: 0,
                start: segment.offset(),
                end: 0,
            },
            rules: rules.clone(),
        });
        observer.set(segment, rules.as_ref().map(|rules| &rules.plan));
        let mut skip = vec![1];
        let table_fault = no_table.then_some(Fault::NoTable);
        for (fault, n) in id_fault
            .or(table_fault)
            .map(|fault| (fault, 1))
            .into_iter()
            .chain(number_fault.map(|fault| (fault, 2)))
        {
            skip.push(n);
            let note = self.envelope_note(fault, segment, n);
            self.ledger.note(observer, scene, note, String::new);
        }
        self.judge_envelope(|envelope| &envelope.st, segment, &skip, observer, scene);
        observer.envelope(segment);
    }

    fn end_set<O: Observer>(&mut self, segment: &Segment<'_>, observer: &mut O, scene: &Scene<'_>) {
        self.ledger.segment = self.ledger.segment.saturating_add(1);
        let broken = self.interchange.as_ref().is_some_and(|interchange| interchange.broken);
        let Some(set) = self.group().and_then(|group| group.set.as_ref()) else { return };
        let (rules, number) = (set.rules.clone(), set.outcome.control_number.clone());
        if let Some(rules) = &rules {
            let mut desk = Desk { ledger: &mut self.ledger, observer, scene };
            self.judge.end(rules, segment, &mut desk);
        }
        let mut skip = Vec::new();
        let counted = u64::from(self.ledger.segment);
        let mut faults = Vec::new();
        if value::control_number(segment.element(1)).is_some_and(|count| count != counted)
            && !broken
        {
            faults.push((Fault::SegmentCount { counted }, 1));
        }
        if segment.element(2) != number && !segment.element(2).is_empty() {
            faults.push((Fault::SetNumbersDiffer, 2));
        } else if !(4..=9).contains(&number.len()) {
            // The same wrong number was told at ST02.
            skip.push(2);
        }
        for (fault, n) in faults {
            skip.push(n);
            let note = self.envelope_note(fault, segment, n);
            self.ledger.note(observer, scene, note, || "SE[1]".to_string());
        }
        self.judge_envelope(|envelope| &envelope.se, segment, &skip, observer, scene);
        observer.envelope(segment);
        let end = segment.offset() + segment.bytes().len() as u64 + 1;
        self.close_set(end, observer);
    }

    /// The set ends without `SE`.
    fn cut_set<O: Observer>(&mut self, segment: &Segment<'_>, observer: &mut O, scene: &Scene<'_>) {
        if self.group().is_none_or(|group| group.set.is_none()) {
            return;
        }
        self.ledger.segment = self.ledger.segment.saturating_add(1);
        let note = Note::new(Fault::SetTrailerMissing, segment.offset(), 0, SE);
        self.ledger.note(observer, scene, note, || "SE[1]".to_string());
        self.ledger.segment -= 1;
        self.close_set(segment.offset(), observer);
    }

    fn close_set<O: Observer>(&mut self, end: u64, observer: &mut O) {
        let (segments, ledger) = (self.ledger.segment, &self.ledger);
        let (errors, warnings, untold) = (ledger.errors, ledger.warnings, ledger.untold);
        if let Some(group) = self.group()
            && let Some(set) = group.set.take()
        {
            group.outcome.clean += u64::from(errors == 0);
            let outcome = SetOutcome { segments, errors, warnings, untold, end, ..set.outcome };
            observer.set_end(&outcome);
        }
        self.ledger.segment = 0;
    }

    fn end_interchange<O: Observer>(
        &mut self,
        segment: &Segment<'_>,
        observer: &mut O,
        scene: &Scene<'_>,
    ) {
        let Some(interchange) = &self.interchange else { return };
        let (groups, broken) = (interchange.groups, interchange.broken);
        let header = Arc::clone(&interchange.header);
        let mut skip = Vec::new();
        let count = value::control_number(segment.element(1));
        if count.is_some_and(|count| count != groups) && !broken {
            skip.push(1);
            let note = self.envelope_note(Fault::GroupCount { counted: groups }, segment, 1);
            self.note_interchange(note, observer, scene);
        }
        let numbers = (header.control_number(), segment.element(2));
        if !value::same_number(numbers.0, numbers.1) && !numbers.1.is_empty() {
            skip.push(2);
            let note = self.envelope_note(Fault::InterchangeNumbersDiffer, segment, 2);
            self.note_interchange(note, observer, scene);
        } else if numbers.0 == numbers.1 {
            // What is wrong with the number was told at ISA13.
            skip.push(2);
        }
        self.judge_envelope(|envelope| &envelope.iea, segment, &skip, observer, scene);
        observer.envelope(segment);
        self.close_interchange(true, observer);
    }

    /// The interchange ends before `IEA`, at `offset`.
    fn ends_early<O: Observer>(&mut self, offset: u64, observer: &mut O, scene: &Scene<'_>) {
        let Some(interchange) = &self.interchange else { return };
        let missing = match &interchange.group {
            Some(Group { set: Some(_), .. }) => "SE, GE and IEA",
            Some(_) => "GE and IEA",
            None => "IEA",
        };
        let note = Note::new(Fault::EndsEarly { missing }, offset, 0, IEA);
        self.note_interchange(note, observer, scene);
        self.abandon(offset, observer);
    }

    /// Closes what is open; what was cut off is not accepted.
    fn abandon<O: Observer>(&mut self, offset: u64, observer: &mut O) {
        if self.ledger.segment > 0 {
            self.ledger.errors += 1;
            self.close_set(offset, observer);
        }
        let codes = Fault::GroupTrailerMissing.ack(self.ledger.release);
        self.group().into_iter().for_each(|group| group.outcome.faults.push(codes));
        self.close_group(observer);
        self.close_interchange(false, observer);
    }

    fn close_interchange<O: Observer>(&mut self, whole: bool, observer: &mut O) {
        if let Some(interchange) = self.interchange.take() {
            let (groups, fault) = (interchange.groups, interchange.fault);
            observer.interchange_end(&InterchangeOutcome { groups, fault, whole });
        }
    }
}

impl Group {
    fn new(segment: &Segment<'_>, release: Option<Release>) -> Group {
        let element = |n| segment.element(n).to_vec();
        Group {
            outcome: GroupOutcome {
                functional_id: element(1),
                sender: element(2),
                receiver: element(3),
                control_number: element(6),
                version: element(8),
                release,
                included: 0,
                received: 0,
                clean: 0,
                faults: Vec::new(),
            },
            implied: false,
            broken: false,
            strayed: false,
            set_numbers: HashSet::new(),
            set: None,
        }
    }

    /// Whether a set of this group has had the number; the number is remembered.
    fn is_repeated(&mut self, number: &[u8]) -> bool {
        self.set_numbers.contains(number)
            || (self.set_numbers.len() < NUMBERS_KEPT && !self.set_numbers.insert(number.to_vec()))
    }
}

const ISA: SegmentId = SegmentId::new(b"ISA");
const IEA: SegmentId = SegmentId::new(b"IEA");
const GE: SegmentId = SegmentId::new(b"GE");
const ST: SegmentId = SegmentId::new(b"ST");
const SE: SegmentId = SegmentId::new(b"SE");

/// The byte order mark of UTF-8.
const BYTE_ORDER_MARK: &[u8] = b"\xef\xbb\xbf";

/// Whether blank space before a segment is more than one line end.
fn is_gap(blank: &[u8], delimiters: Delimiters) -> bool {
    !matches!(blank, [] | [b'\n'] | [b'\r', b'\n']) || blank.contains(&delimiters.segment)
}

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

/// The table's line of an element.
fn used(release: Release, id: SegmentId, n: u8) -> Option<&'static ElementUse> {
    let segment = dictionary::segment(release, id.as_bytes())?;
    segment.elements.get(usize::from(n).checked_sub(1)?)
}
