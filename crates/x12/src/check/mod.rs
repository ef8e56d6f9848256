//! Checking a file: interchanges, groups and sets, their counts and control numbers, and all within.
//!
//! The file comes in one piece or in windows; what was not used of a window comes again at the start
//! of the next. Nothing stops the reading but the end of the file or a file that is no EDI at all:
//! after a mistake it goes on at the next place it understands.

mod envelope;
mod start;
mod stream;

pub use stream::{WINDOW, fill, stream, stream_with};

use std::collections::{HashMap, HashSet};
use std::ops::Range;
use std::sync::{Arc, OnceLock};

use crate::delimiters::Delimiters;
use crate::dictionary;
use crate::elements::ElementJudge;
use crate::finding::{AckCodes, Fault, Severity};
use crate::header::Header;
use crate::judge::{Rules, SetJudge};
use crate::ledger::{Desk, Ledger, Note};
use crate::lexer::{LONGEST_SEGMENT, Lexeme, Lexer};
use crate::observer::{GroupOutcome, Observer, Scene, SetOutcome};
use crate::plan::{Plan, SegmentPlan};
use crate::segment::{Segment, SegmentId};
use crate::table::{ElementUse, Release};
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
}

const ISA: SegmentId = SegmentId::new(b"ISA");
const IEA: SegmentId = SegmentId::new(b"IEA");
const GE: SegmentId = SegmentId::new(b"GE");
const ST: SegmentId = SegmentId::new(b"ST");
const SE: SegmentId = SegmentId::new(b"SE");

/// Whether blank space before a segment is more than one line end.
fn is_gap(blank: &[u8], delimiters: Delimiters) -> bool {
    !matches!(blank, [] | [b'\n'] | [b'\r', b'\n']) || blank.contains(&delimiters.segment)
}

/// The table's line of an element.
fn used(release: Release, id: SegmentId, n: u8) -> Option<&'static ElementUse> {
    let segment = dictionary::segment(release, id.as_bytes())?;
    segment.elements.get(usize::from(n).checked_sub(1)?)
}
