//! What checking tells while it goes through a file: segments, findings, outcomes.
//!
//! Whoever wants something of a file observes its reading: a report keeps the findings, an
//! acknowledgment the outcomes, a tree the segments. Nothing is kept otherwise, so that a file of
//! any size can be read.

use std::ops::Range;
use std::sync::Arc;

use crate::delimiters::Delimiters;
use crate::finding::{AckCodes, Finding};
use crate::header::Header;
use crate::plan::Plan;
use crate::segment::Segment;
use crate::table::Release;

/// Hears what checking finds, in the order of the file.
///
/// Findings about a segment are told before the segment, and findings about a set before its
/// outcome.
pub trait Observer {
    /// Something is wrong; `scene` shows the bytes around it.
    fn finding(&mut self, finding: Finding, scene: &Scene<'_>) {
        let _ = (finding, scene);
    }

    /// An interchange begins.
    fn interchange(&mut self, header: &Arc<Header>) {
        let _ = header;
    }

    /// A segment of the envelope: `TA1`, `GS`, `GE`, `ST`, `SE` or `IEA`.
    fn envelope(&mut self, segment: &Segment<'_>) {
        let _ = segment;
    }

    /// A transaction set begins; `plan` is what it is checked against.
    fn set(&mut self, segment: &Segment<'_>, plan: Option<&Arc<Plan>>) {
        let _ = (segment, plan);
    }

    /// A segment between `ST` and `SE`, and the plan's row it stands in.
    #[inline]
    fn segment(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        let _ = (segment, row);
    }

    /// A transaction set ends.
    fn set_end(&mut self, outcome: &SetOutcome) {
        let _ = outcome;
    }

    /// A functional group ends.
    fn group_end(&mut self, outcome: &GroupOutcome) {
        let _ = outcome;
    }

    /// An interchange ends.
    fn interchange_end(&mut self, outcome: &InterchangeOutcome) {
        let _ = outcome;
    }
}

/// Hears nothing.
impl Observer for () {}

/// Two observers hear the same.
impl<A: Observer, B: Observer> Observer for (A, B) {
    fn finding(&mut self, finding: Finding, scene: &Scene<'_>) {
        self.0.finding(finding.clone(), scene);
        self.1.finding(finding, scene);
    }

    fn interchange(&mut self, header: &Arc<Header>) {
        self.0.interchange(header);
        self.1.interchange(header);
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        self.0.envelope(segment);
        self.1.envelope(segment);
    }

    fn set(&mut self, segment: &Segment<'_>, plan: Option<&Arc<Plan>>) {
        self.0.set(segment, plan);
        self.1.set(segment, plan);
    }

    #[inline]
    fn segment(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        self.0.segment(segment, row);
        self.1.segment(segment, row);
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        self.0.set_end(outcome);
        self.1.set_end(outcome);
    }

    fn group_end(&mut self, outcome: &GroupOutcome) {
        self.0.group_end(outcome);
        self.1.group_end(outcome);
    }

    fn interchange_end(&mut self, outcome: &InterchangeOutcome) {
        self.0.interchange_end(outcome);
        self.1.interchange_end(outcome);
    }
}

impl<O: Observer + ?Sized> Observer for &mut O {
    fn finding(&mut self, finding: Finding, scene: &Scene<'_>) {
        (**self).finding(finding, scene);
    }

    fn interchange(&mut self, header: &Arc<Header>) {
        (**self).interchange(header);
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        (**self).envelope(segment);
    }

    fn set(&mut self, segment: &Segment<'_>, plan: Option<&Arc<Plan>>) {
        (**self).set(segment, plan);
    }

    #[inline]
    fn segment(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        (**self).segment(segment, row);
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        (**self).set_end(outcome);
    }

    fn group_end(&mut self, outcome: &GroupOutcome) {
        (**self).group_end(outcome);
    }

    fn interchange_end(&mut self, outcome: &InterchangeOutcome) {
        (**self).interchange_end(outcome);
    }
}

/// The bytes around a finding.
#[derive(Clone, Copy)]
pub struct Scene<'a> {
    /// The part of the file that is at hand.
    pub bytes: &'a [u8],
    /// Where that part starts in the file.
    pub base: u64,
    /// The separators; none when no interchange has begun.
    pub delimiters: Option<Delimiters>,
    /// Where the segment stands that was read when the finding was made, in `bytes`.
    pub start: usize,
    /// Where it ends, without its terminator.
    pub end: usize,
}

impl Scene<'_> {
    /// The segment that was read when the finding was made, in `bytes`.
    pub fn segment(&self) -> Range<usize> {
        self.start..self.end
    }
}

/// How a transaction set came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SetOutcome {
    /// `ST01`.
    pub code: Vec<u8>,
    /// `ST02`.
    pub control_number: Vec<u8>,
    /// `ST03`.
    pub convention: Vec<u8>,
    /// The set, counted through the file.
    pub number: u64,
    /// How many segments it has, `ST` and `SE` included.
    pub segments: u32,
    /// Findings that are errors.
    pub errors: u32,
    /// Findings that are warnings.
    pub warnings: u32,
    /// Findings beyond the most that are told for a set; counted in the two above.
    pub untold: u32,
    /// Where `ST` starts in the file.
    pub start: u64,
    /// The line in which it does.
    pub line: u64,
    /// Where the set ends in the file.
    pub end: u64,
}

/// How a functional group came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct GroupOutcome {
    /// `GS01`.
    pub functional_id: Vec<u8>,
    /// `GS02`.
    pub sender: Vec<u8>,
    /// `GS03`.
    pub receiver: Vec<u8>,
    /// `GS06`.
    pub control_number: Vec<u8>,
    /// `GS08`.
    pub version: Vec<u8>,
    /// The release its sets were checked against.
    pub release: Option<Release>,
    /// How many sets `GE01` says there are; what there are when it says nothing that can be read.
    pub included: u64,
    /// How many sets there are.
    pub received: u64,
    /// How many of them have no error.
    pub clean: u64,
    /// What is wrong with the group itself.
    pub faults: Vec<AckCodes>,
}

/// How an interchange came out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InterchangeOutcome {
    /// How many functional groups there are.
    pub groups: u64,
    /// The first thing wrong with the interchange itself, as a TA1 says it.
    pub fault: Option<AckCodes>,
    /// Whether its end was found.
    pub whole: bool,
}
