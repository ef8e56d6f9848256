//! A plan: one transaction set, and perhaps a guide, laid flat for checking.
//!
//! The rows stand in one list, loops by index ranges; a small table says for each row and each
//! segment id which row comes next. Presence rules are bit masks, code lists are hashed. The rules of
//! a guide hang on the rows they speak of, so that a segment without rules pays nothing for them.

mod elements;
mod rules;

use std::sync::{Arc, OnceLock};

use crate::guide::{Guide, Options};
use crate::segment::{Segment, SegmentId};
use crate::sets;
use crate::table::{self, Release, Row, TransactionSet, Usage};

pub(crate) use elements::{ElementPlan, SegmentPlan, pack};
pub use rules::GuideFault;
use rules::Node;
pub(crate) use rules::RulePlan;

/// One transaction set, and perhaps a guide, laid flat for checking.
#[derive(Debug)]
pub struct Plan {
    set: &'static TransactionSet,
    guide: Option<String>,
    options: Options,
    /// Row 0 stands for `ST`, which opens the loop that is the whole set.
    pub(crate) rows: Vec<PlanRow>,
    /// The segment ids of the set; a step table column each.
    symbols: Symbols,
    steps: Vec<u16>,
    /// One for each segment id.
    pub(crate) segments: Vec<SegmentPlan>,
    pub(crate) nodes: Vec<Node>,
    pub(crate) rules: Vec<RulePlan>,
    /// For each row and the end: how many rules ask for a segment of a row before it.
    asked_before: Vec<u16>,
}

/// One row of a plan.
#[derive(Debug)]
pub(crate) struct PlanRow {
    pub(crate) id: SegmentId,
    pub(crate) must: bool,
    /// How often the segment, or the loop it opens, may stand in the loop around it.
    pub(crate) max: u32,
    /// Whether it opens a loop.
    pub(crate) opens: bool,
    /// The row that opens the loop around it; an opener's own loop is not around it.
    pub(crate) home: u16,
    /// One past the last row of the loop it opens.
    pub(crate) end: u16,
    /// How many loops are around it.
    pub(crate) depth: u8,
    pub(crate) segment: u16,
    /// Whether anything of a guide hangs on it.
    pub(crate) guided: bool,
    pub(crate) rules: Vec<u16>,
    pub(crate) nodes: Vec<u16>,
    /// Rules whose conditions look at this row, and by which of their clauses.
    pub(crate) watched_by: Vec<(u16, u8)>,
}

/// Nothing comes next.
const NOWHERE: u16 = u16::MAX;
/// Marks a step that passes rows which must be there.
const PASSES_MUST: u16 = 1 << 15;

/// What a step table says.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum StepTo {
    /// This row, and no row that must be there is passed on the way.
    Row(u16),
    /// The rows need a closer look.
    Unsure,
}

impl Plan {
    /// Lays a set flat, with a guide over it when there is one.
    ///
    /// # Errors
    ///
    /// Every [`GuideFault`] of the guide: places the set does not have, and rules that would let
    /// through what the set does not.
    pub fn compile(
        set: &'static TransactionSet,
        guide: Option<&Guide>,
    ) -> Result<Plan, Vec<GuideFault>> {
        let mut builder = Builder {
            release: set.release,
            rows: Vec::new(),
            ids: Vec::new(),
            segments: Vec::new(),
        };
        builder.root(set);
        let Builder { rows, ids, segments, .. } = builder;
        let symbols = Symbols::new(&ids);
        let mut plan = Plan {
            set,
            guide: guide.map(|guide| guide.name.clone()),
            options: guide.map(|guide| guide.options).unwrap_or_default(),
            steps: Vec::new(),
            rows,
            symbols,
            segments,
            nodes: vec![Node::root()],
            rules: Vec::new(),
            asked_before: Vec::new(),
        };
        plan.steps = plan.step_table(&ids);
        if let Some(guide) = guide {
            plan.lay_over(guide)?;
        }
        let asked = |row| plan.rules.iter().filter(|rule| rule.asks() && rule.row < row).count();
        plan.asked_before = (0..=plan.rows.len() as u16).map(|row| asked(row) as u16).collect();
        Ok(plan)
    }

    /// The plan of a set by the standard alone, made once; `None` when there is no table for it.
    pub fn standard(release: Release, set: &[u8]) -> Option<Arc<Plan>> {
        static PLANS: [OnceLock<Arc<Plan>>; sets::ALL.len()] =
            [const { OnceLock::new() }; sets::ALL.len()];
        let place = sets::ALL
            .iter()
            .position(|table| table.release == release && table.code.as_bytes() == set)?;
        let plan = PLANS[place].get_or_init(|| {
            Arc::new(Plan::compile(sets::ALL[place], None).expect("no guide, so no faults of one"))
        });
        Some(Arc::clone(plan))
    }

    /// The set.
    pub fn set(&self) -> &'static TransactionSet {
        self.set
    }

    /// The guide's name; `None` for the bare standard.
    pub fn guide(&self) -> Option<&str> {
        self.guide.as_deref()
    }

    /// What the guide settles for the whole set.
    pub fn options(&self) -> Options {
        self.options
    }

    /// How many loops stand around the row, the set itself not counted.
    pub fn depth(&self, row: u16) -> u8 {
        self.rows[row as usize].depth
    }

    /// Whether the row opens a loop.
    pub fn opens_loop(&self, row: u16) -> bool {
        self.rows[row as usize].opens
    }

    /// The step table's first choice, and whether it passes rows that must be there.
    pub(crate) fn first_choice(&self, from: u16, symbol: u16) -> Option<(u16, bool)> {
        let to = self.steps[from as usize * self.symbols.count + symbol as usize];
        (to != NOWHERE).then_some((to & !PASSES_MUST, to & PASSES_MUST != 0))
    }

    #[inline]
    pub(crate) fn symbol(&self, id: SegmentId) -> Option<u16> {
        self.symbols.find(id)
    }

    /// The row a segment with this symbol belongs to after row `from`.
    #[inline]
    pub(crate) fn step(&self, from: u16, symbol: u16) -> StepTo {
        let to = self.steps[from as usize * self.symbols.count + symbol as usize];
        if to & PASSES_MUST == 0 { StepTo::Row(to) } else { StepTo::Unsure }
    }

    /// Every row a segment `id` could belong to after row `from`, the nearest first.
    pub(crate) fn candidates(&self, from: u16, id: SegmentId) -> Vec<u16> {
        let mut found = Vec::new();
        self.walk(from, |_, row| {
            if self.rows[row as usize].id == id {
                found.push(row);
            }
            true
        });
        found
    }

    /// Every row after `from` whose segment may be what `segment` was meant for, the nearest first.
    pub(crate) fn near(&self, from: u16, segment: &Segment<'_>) -> Vec<u16> {
        let mut found = Vec::new();
        self.walk(from, |_, row| {
            if segment.may_be(self.rows[row as usize].id) {
                found.push(row);
            }
            true
        });
        found
    }

    /// Whether a rule asks for a segment of the rows from `from` on, before `to`.
    #[inline]
    pub(crate) fn asks_between(&self, from: u16, to: u16) -> bool {
        from < to && self.asked_before[from as usize] != self.asked_before[to as usize]
    }

    /// The rows that open the loops around a row, the innermost first, the set itself left out.
    pub(crate) fn openers(&self, row: u16) -> impl Iterator<Item = u16> {
        let home = |row: u16| Some(self.rows[row as usize].home).filter(|home| *home != 0);
        std::iter::successors(home(row), move |opener| home(*opener))
    }

    /// Whether `row` stands somewhere in the loop that `opener` opens.
    pub(crate) fn is_in(&self, row: u16, opener: u16) -> bool {
        row > opener && row < self.rows[opener as usize].end
    }

    /// The rows between `from` and `to` that are passed and must be there; to the set's end when
    /// `to` is `None`.
    pub(crate) fn passed_musts(&self, from: u16, to: Option<u16>) -> Vec<u16> {
        let mut passed = Vec::new();
        self.walk(from, |is_start, row| {
            if Some(row) == to {
                return false;
            }
            if self.rows[row as usize].must && !is_start {
                passed.push(row);
            }
            true
        });
        passed
    }

    /// The rows that may still come after `from`, in order, loops as a whole; stops when `visit` says
    /// false. `visit` also hears whether the row is one that has been entered already.
    fn walk(&self, from: u16, mut visit: impl FnMut(bool, u16) -> bool) {
        let row = &self.rows[from as usize];
        let (mut around, mut at, mut is_start) = match row.opens {
            true => (from, from + 1, false),
            false => (row.home, from, true),
        };
        loop {
            while at < self.rows[around as usize].end {
                if !visit(is_start, at) {
                    return;
                }
                is_start = false;
                let here = &self.rows[at as usize];
                at = if here.opens { here.end } else { at + 1 };
            }
            if around == 0 {
                return;
            }
            (at, is_start) = (around, true);
            around = self.rows[around as usize].home;
        }
    }

    fn step_table(&self, ids: &[SegmentId]) -> Vec<u16> {
        let mut steps = Vec::with_capacity(self.rows.len() * ids.len());
        let mut line = Vec::new();
        for from in 0..self.rows.len() as u16 {
            line.clear();
            line.resize(ids.len(), NOWHERE);
            let mut passes = 0;
            self.walk(from, |is_start, row| {
                let here = &self.rows[row as usize];
                let step: &mut u16 = &mut line[here.segment as usize];
                if *step == NOWHERE {
                    *step = row | passes;
                }
                if here.must && !is_start {
                    passes = PASSES_MUST;
                }
                true
            });
            steps.extend(&line);
        }
        steps
    }
}

struct Builder {
    release: Release,
    rows: Vec<PlanRow>,
    ids: Vec<SegmentId>,
    segments: Vec<SegmentPlan>,
}

impl Builder {
    fn root(&mut self, set: &'static TransactionSet) {
        self.push(&table::must("ST", 1), 0, 0, true);
        for row in set.rows() {
            self.row(row, 0, 0);
        }
        self.rows[0].end = self.rows.len() as u16;
    }

    fn row(&mut self, row: &'static Row, home: u16, depth: u8) {
        let number = self.push(row, home, depth, row.is_loop());
        for inner in row.rows.iter().skip(1) {
            self.row(inner, number, depth + 1);
        }
        self.rows[number as usize].end = self.rows.len() as u16;
    }

    fn push(&mut self, row: &Row, home: u16, depth: u8, opens: bool) -> u16 {
        let id = SegmentId::new(row.id.as_bytes());
        let segment = self.ids.iter().position(|known| *known == id).unwrap_or_else(|| {
            self.ids.push(id);
            self.segments.push(SegmentPlan::new(self.release, row.id));
            self.ids.len() - 1
        });
        self.rows.push(PlanRow {
            id,
            must: row.usage == Usage::Must,
            max: row.max,
            opens,
            home,
            end: 0,
            depth,
            segment: segment as u16,
            guided: false,
            rules: Vec::new(),
            nodes: Vec::new(),
            watched_by: Vec::new(),
        });
        self.rows.len() as u16 - 1
    }
}

/// Segment ids to small numbers.
#[derive(Debug)]
struct Symbols {
    slots: Box<[(u32, u16)]>,
    count: usize,
}

impl Symbols {
    fn new(ids: &[SegmentId]) -> Symbols {
        let size = (ids.len() * 4).next_power_of_two();
        let mut slots = vec![(0, NOWHERE); size].into_boxed_slice();
        for (number, id) in ids.iter().enumerate() {
            let mut at = Symbols::slot(id.packed(), size);
            while slots[at].1 != NOWHERE {
                at = (at + 1) % size;
            }
            slots[at] = (id.packed(), number as u16);
        }
        Symbols { slots, count: ids.len() }
    }

    #[inline]
    fn slot(packed: u32, size: usize) -> usize {
        (packed.wrapping_mul(0x9e37_79b1) >> 16) as usize & (size - 1)
    }

    #[inline]
    fn find(&self, id: SegmentId) -> Option<u16> {
        let mut at = Symbols::slot(id.packed(), self.slots.len());
        loop {
            match self.slots[at] {
                (_, NOWHERE) => return None,
                (packed, number) if packed == id.packed() => return Some(number),
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }
}
