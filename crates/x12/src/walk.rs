//! Walking a transaction set's rows: which row each segment stands in, and what is out of place.
//!
//! A clean set never leaves the step table. What does not fit is placed where the segments after it
//! fit best, so that one mistake is told once and the rest of the set is still checked.

use std::cmp::Reverse;

use crate::delimiters::Delimiters;
use crate::dictionary;
use crate::finding::Fault;
use crate::plan::{Plan, StepTo};
use crate::segment::{Segment, SegmentId};

/// How many of the following segments are tried when a segment does not fit.
const TRIED: usize = 8;
/// How far ahead a missing segment is looked for; less far when fuzzing, whose inputs are small.
pub(crate) const FAR: usize = if cfg!(fuzzing) { 512 } else { 64 << 10 };
/// How often a set may look that far; after that what does not fit stays where it is.
const FAR_LOOKS: u32 = 16;

/// Where in the rows of a set its reading stands.
#[derive(Debug, Default)]
pub(crate) struct Walk {
    /// The row of the latest segment.
    pub(crate) at: u16,
    /// How often each row stands in the open instance of the loop around it.
    pub(crate) counts: Vec<u32>,
    far_looks: u32,
}

/// Where a segment was placed.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Placed {
    /// In this row.
    Row(u16),
    /// In this row, though it is not what the row asks for; its elements are not looked at.
    Supposed(u16),
    /// Nowhere.
    Out,
}

/// A fault of structure.
#[derive(Debug)]
pub(crate) struct RowFault {
    pub(crate) fault: Fault,
    /// The segment it is about; another than the one read when that one is missing.
    pub(crate) id: SegmentId,
    pub(crate) row: Option<u16>,
}

/// The segments that follow in the set, ids only.
#[derive(Debug, Clone, Copy)]
pub(crate) struct Ahead<'a> {
    pub(crate) bytes: &'a [u8],
    pub(crate) delimiters: Delimiters,
}

impl Ahead<'_> {
    pub(crate) fn ids(&self) -> impl Iterator<Item = SegmentId> {
        let d = self.delimiters;
        let rest = &self.bytes[..self.bytes.len().min(FAR)];
        rest.split(move |b| *b == d.segment)
            .map(move |segment| {
                let blank = segment.iter().position(|b| !b.is_ascii_whitespace());
                let segment = &segment[blank.unwrap_or(segment.len())..];
                let end = segment.iter().take(4).position(|b| *b == d.element);
                SegmentId::new(&segment[..end.unwrap_or(segment.len().min(4))])
            })
            .take_while(|id| !is_envelope(*id))
    }

    /// Whether a set of this plan can begin with what follows.
    pub(crate) fn begins(&self, plan: &Plan) -> bool {
        let symbol = self.ids().next().and_then(|id| plan.symbol(id));
        symbol.is_some_and(|symbol| matches!(plan.step(0, symbol), StepTo::Row(_)))
    }
}

/// Whether the id is one of the segments that hold transaction sets apart.
#[inline]
pub(crate) fn is_envelope(id: SegmentId) -> bool {
    const ST: u32 = SegmentId::new(b"ST").packed();
    const SE: u32 = SegmentId::new(b"SE").packed();
    const GS: u32 = SegmentId::new(b"GS").packed();
    const GE: u32 = SegmentId::new(b"GE").packed();
    const ISA: u32 = SegmentId::new(b"ISA").packed();
    const IEA: u32 = SegmentId::new(b"IEA").packed();
    matches!(id.packed(), ST | SE | GS | GE | ISA | IEA)
}

impl Walk {
    /// Starts a set.
    pub(crate) fn start(&mut self, plan: &Plan) {
        self.at = 0;
        self.far_looks = 0;
        self.counts.clear();
        self.counts.resize(plan.rows.len(), 0);
        self.counts[0] = 1;
    }

    /// The row a segment stands in when nothing is wrong; `None` needs a closer look.
    #[inline]
    pub(crate) fn step(&self, plan: &Plan, symbol: u16) -> Option<u16> {
        match plan.step(self.at, symbol) {
            StepTo::Row(row) if self.counts[row as usize] < plan.rows[row as usize].max => {
                Some(row)
            }
            _ => None,
        }
    }

    /// Goes to a row and counts it; a loop's rows start anew.
    #[inline]
    pub(crate) fn enter(&mut self, plan: &Plan, row: u16) {
        let here = &plan.rows[row as usize];
        self.counts[row as usize] += 1;
        if here.opens {
            self.counts[row as usize + 1..here.end as usize].fill(0);
        }
        self.at = row;
    }

    /// Whether `row` stands in the loop that is open now, so that none ends.
    #[inline]
    pub(crate) fn stays(&self, plan: &Plan, row: u16) -> bool {
        let here = &plan.rows[self.at as usize];
        plan.rows[row as usize].home == if here.opens { self.at } else { here.home }
    }

    /// The loops that end when reading goes on at `row`, or all when it goes on nowhere; the
    /// innermost first.
    pub(crate) fn left<'p>(
        &self,
        plan: &'p Plan,
        row: Option<u16>,
    ) -> impl Iterator<Item = u16> + use<'p> {
        let home = row.map(|row| plan.rows[row as usize].home);
        let here = &plan.rows[self.at as usize];
        let mut around = if here.opens { self.at } else { here.home };
        std::iter::from_fn(move || {
            let ends = home.is_none_or(|home| around != home && !plan.is_in(home, around));
            if around == 0 || !ends {
                return None;
            }
            let left = around;
            around = plan.rows[around as usize].home;
            Some(left)
        })
    }

    /// The way down to a row, e.g. `PTD[2]/QTY[17]`.
    pub(crate) fn path(&self, plan: &Plan, row: u16) -> String {
        let here = &plan.rows[row as usize];
        let step = format!("{}[{}]", here.id, self.counts[row as usize].max(1));
        match here.home {
            0 => step,
            home => format!("{}/{step}", self.path(plan, home)),
        }
    }

    /// Places a segment that the step table does not place.
    pub(crate) fn place(
        &mut self,
        plan: &Plan,
        segment: &Segment<'_>,
        ahead: Ahead<'_>,
        faults: &mut Vec<RowFault>,
    ) -> Placed {
        let id = segment.id();
        if plan.symbol(id).is_none() {
            return self.place_foreign(plan, segment, ahead, faults);
        }
        let mut full = None;
        for row in plan.candidates(self.at, id) {
            if self.counts[row as usize] >= plan.rows[row as usize].max {
                full = full.or(Some(row));
                continue;
            }
            let missing = self.missing(plan, Some(row));
            if missing.is_empty() || self.is_skip(plan, row, &missing, ahead) {
                faults.extend(missing.iter().map(|row| missing_fault(plan, *row)));
                self.enter(plan, row);
                return Placed::Row(row);
            }
        }
        match full {
            Some(row) => self.place_surplus(plan, row, faults),
            None => self.place_elsewhere(plan, id, ahead, faults),
        }
    }

    /// What must be there and is not, from here to `row` or to the end of the set.
    pub(crate) fn missing(&self, plan: &Plan, row: Option<u16>) -> Vec<u16> {
        let mut missing = plan.passed_musts(self.at, row);
        missing.retain(|row| self.counts[*row as usize] == 0);
        missing
    }

    /// Whether going to `row` skips rows that really are missing; not when they come later.
    fn is_skip(&mut self, plan: &Plan, row: u16, missing: &[u16], ahead: Ahead<'_>) -> bool {
        let fits_better = || self.score(plan, row, ahead) > self.score(plan, self.at, ahead);
        if self.far_looks == FAR_LOOKS {
            return fits_better();
        }
        // In a loop that stays open, what comes before its next instance is what is missing here; in
        // one that ends, it may belong to another instance.
        let comes = |missing: &u16| {
            let id_of = |row: u16| plan.rows[row as usize].id;
            let around: Vec<SegmentId> = plan.openers(*missing).map(id_of).collect();
            ahead.ids().take_while(|id| !around.contains(id)).any(|ahead| ahead == id_of(*missing))
        };
        let stays_open = |missing: &&u16| plan.is_in(row, plan.rows[**missing as usize].home);
        let (open, ended): (Vec<&u16>, Vec<&u16>) = missing.iter().partition(stays_open);
        let is_skip =
            !open.into_iter().any(comes) && (!ended.into_iter().any(comes) || fits_better());
        self.far_looks += 1;
        is_skip
    }

    /// How well the segments that follow fit after `row`.
    fn score(&self, plan: &Plan, row: u16, ahead: Ahead<'_>) -> u32 {
        let (mut at, mut score) = (row, 0);
        for id in ahead.ids().take(TRIED) {
            let choice = plan.symbol(id).and_then(|symbol| plan.first_choice(at, symbol));
            // What may stand once does not stand there again.
            let choice = choice.filter(|(row, _)| *row != at || plan.rows[at as usize].max > 1);
            if let Some((row, passes)) = choice {
                score += if passes { 1 } else { 2 };
                at = row;
            }
        }
        score
    }

    /// One more than the row holds: told once, then read on as part of it.
    fn place_surplus(&mut self, plan: &Plan, row: u16, faults: &mut Vec<RowFault>) -> Placed {
        let here = &plan.rows[row as usize];
        if self.counts[row as usize] == here.max {
            let fault = match here.opens {
                true => Fault::LoopTooMany { max: here.max },
                false => Fault::SegmentTooMany { max: here.max },
            };
            faults.push(RowFault { fault, id: here.id, row: Some(row) });
        }
        self.enter(plan, row);
        Placed::Row(row)
    }

    /// A segment of the set that has no place here or after this.
    fn place_elsewhere(
        &mut self,
        plan: &Plan,
        id: SegmentId,
        ahead: Ahead<'_>,
        faults: &mut Vec<RowFault>,
    ) -> Placed {
        let rows = || (1..plan.rows.len() as u16).filter(|row| plan.rows[*row as usize].id == id);
        let is_open = |row: u16| {
            let home = plan.rows[row as usize].home;
            home == self.at || plan.is_in(self.at, home)
        };
        let stay = self.score(plan, self.at, ahead);
        // Of the places that fit what follows equally well, the one in the fewest loops that nothing
        // has opened, then the nearest after here.
        let unopened = |row: u16| {
            let back = u32::from(row <= self.at && is_open(row));
            let is_shut = |opener: &u16| *opener != self.at && !plan.is_in(self.at, *opener);
            back + plan.openers(row).filter(is_shut).count() as u32
        };
        let best = rows()
            .map(|row| (self.score(plan, row, ahead), row))
            .filter(|(score, _)| *score > stay)
            .max_by_key(|(score, row)| {
                (*score, Reverse(unopened(*row)), *row > self.at, Reverse(*row))
            });
        let used_up = rows().find(|row| {
            is_open(*row) && self.counts[*row as usize] >= plan.rows[*row as usize].max
        });
        let Some((_, row)) = best else {
            let fault = match used_up {
                Some(row) => {
                    self.counts[row as usize] += 1;
                    let max = plan.rows[row as usize].max;
                    match plan.rows[row as usize].opens {
                        true => Fault::LoopTooMany { max },
                        false => Fault::SegmentTooMany { max },
                    }
                }
                None => Fault::SegmentOutOfOrder,
            };
            faults.push(RowFault { fault, id, row: used_up });
            return Placed::Out;
        };
        faults.push(self.why_elsewhere(plan, id, row, ahead));
        self.jump(plan, row);
        Placed::Row(row)
    }

    /// The fault of a segment that stands in a loop nothing has opened: the loop's first segment is
    /// missing, unless it comes later.
    fn why_elsewhere(
        &mut self,
        plan: &Plan,
        id: SegmentId,
        row: u16,
        ahead: Ahead<'_>,
    ) -> RowFault {
        let home = plan.rows[row as usize].home;
        let opener = &plan.rows[home as usize];
        let is_missing = home != 0
            && opener.must
            && self.counts[home as usize] == 0
            && !ahead.ids().any(|id| id == opener.id);
        if is_missing {
            self.counts[home as usize] = 1;
            return missing_fault(plan, home);
        }
        RowFault { fault: Fault::SegmentOutOfOrder, id, row: Some(row) }
    }

    /// Goes to a row without the loops around it having been opened in order.
    fn jump(&mut self, plan: &Plan, row: u16) {
        let mut home = plan.rows[row as usize].home;
        if home != 0 && row <= self.at && plan.is_in(self.at, home) {
            // Back in the loop: its first segment may be the one that is missing, so what stands once
            // in it may come again.
            for row in row..plan.rows[home as usize].end {
                let max = plan.rows[row as usize].max;
                self.counts[row as usize] = self.counts[row as usize].min(max - 1);
            }
        }
        while home != 0 && home != self.at && !plan.is_in(self.at, home) {
            let opener = &plan.rows[home as usize];
            self.counts[home as usize + 1..opener.end as usize].fill(0);
            home = opener.home;
        }
        self.enter(plan, row);
    }

    /// A segment that is not of the set: perhaps a mistyped one.
    fn place_foreign(
        &mut self,
        plan: &Plan,
        segment: &Segment<'_>,
        ahead: Ahead<'_>,
        faults: &mut Vec<RowFault>,
    ) -> Placed {
        let id = segment.id();
        if dictionary::segment(plan.set().release, id.as_bytes()).is_some() {
            faults.push(RowFault { fault: Fault::SegmentNotInSet, id, row: None });
            return Placed::Out;
        }
        let stay = self.score(plan, self.at, ahead);
        // Of the rows that fit what follows equally well, the nearest.
        let meant = plan
            .near(self.at, segment)
            .into_iter()
            .rev()
            .filter(|row| self.counts[*row as usize] < plan.rows[*row as usize].max)
            .filter(|row| self.missing(plan, Some(*row)).is_empty())
            .map(|row| (self.score(plan, row, ahead), row))
            .filter(|(score, _)| *score >= stay)
            .max_by_key(|(score, _)| *score)
            .map(|(_, row)| row);
        let fault = Fault::SegmentUnknown { meant: meant.map(|row| plan.rows[row as usize].id) };
        faults.push(RowFault { fault, id, row: None });
        match meant {
            Some(row) => {
                self.enter(plan, row);
                Placed::Supposed(row)
            }
            None => Placed::Out,
        }
    }
}

/// The fault of a row that must be there and is not.
pub(crate) fn missing_fault(plan: &Plan, row: u16) -> RowFault {
    let here = &plan.rows[row as usize];
    RowFault { fault: Fault::SegmentMissing { is_loop: here.opens }, id: here.id, row: Some(row) }
}
