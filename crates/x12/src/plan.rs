//! A plan: one transaction set, and perhaps a guide, laid flat for checking.
//!
//! The rows stand in one list, loops by index ranges; a small table says for each row and each
//! segment id which row comes next. Presence rules are bit masks, code lists are hashed. The rules of
//! a guide hang on the rows they speak of, so that a segment without rules pays nothing for them.

use std::sync::{Arc, OnceLock};

use crate::dictionary;
use crate::finding::{RuleName, Severity};
use crate::guide::{Clause, ElementNumber, Guide, Options, Rule, Step, Test};
use crate::segment::{Segment, SegmentId};
use crate::sets;
use crate::table::{self, ElementUse, Kind, Release, Row, Syntax, TransactionSet, Usage};

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

/// The elements of one segment, ready for checking.
#[derive(Debug)]
pub(crate) struct SegmentPlan {
    pub(crate) elements: Vec<ElementPlan>,
    pub(crate) must: u64,
    pub(crate) syntax: Vec<SyntaxPlan>,
    /// Whether a composite is whole when only its first component stands.
    pub(crate) is_whole_with_first: bool,
    /// The element that holds a date or time whose form the one before it names (1251 after 1250).
    pub(crate) period: Option<u8>,
}

/// One element or component, ready for checking.
#[derive(Debug)]
pub(crate) struct ElementPlan {
    pub(crate) used: &'static ElementUse,
    pub(crate) kind: Kind,
    pub(crate) min: u16,
    pub(crate) max: u16,
    pub(crate) codes: Option<CodeSet>,
    pub(crate) composite: Option<Box<SegmentPlan>>,
}

/// A syntax rule as bit masks; bit n is element n.
#[derive(Debug, Clone, Copy)]
pub(crate) struct SyntaxPlan {
    pub(crate) rule: Syntax,
    first: u64,
    all: u64,
}

impl SyntaxPlan {
    fn new(rule: Syntax) -> SyntaxPlan {
        let all = rule.positions().iter().fold(0, |all, n| all | 1 << n);
        SyntaxPlan { rule, first: 1 << rule.positions()[0], all }
    }

    /// Whether these elements stand together rightly.
    #[inline]
    pub(crate) fn holds(&self, present: u64) -> bool {
        let here = present & self.all;
        match self.rule {
            Syntax::P(_) => here == 0 || here == self.all,
            Syntax::R(_) => here != 0,
            Syntax::E(_) => here & here.wrapping_sub(1) == 0,
            Syntax::C(_) => here & self.first == 0 || here == self.all,
            Syntax::L(_) => here & self.first == 0 || here != self.first,
        }
    }

    /// The element the rule misses, or has too many: the one a finding names.
    pub(crate) fn blames(&self, present: u64) -> u8 {
        let positions = self.rule.positions();
        let is_there = |n: &&u8| present & 1 << **n != 0;
        match self.rule {
            Syntax::E(_) => positions.iter().filter(is_there).nth(1),
            Syntax::R(_) => positions.first(),
            _ => positions.iter().find(|n| !is_there(n)),
        }
        .copied()
        .unwrap_or(positions[0])
    }
}

/// The codes of one element in one release, hashed.
#[derive(Debug, Clone)]
pub(crate) struct CodeSet {
    pub(crate) complete: bool,
    slots: Box<[u64]>,
    shift: u32,
}

impl CodeSet {
    fn new(element: &str, release: Release) -> Option<CodeSet> {
        let list = dictionary::code_list(element)?;
        let codes = list.codes.iter().filter(|code| code.releases.has(release));
        let keys: Vec<u64> = codes.filter_map(|code| pack(code.code.as_bytes())).collect();
        let size = (keys.len() * 2).next_power_of_two().max(2);
        let shift = 64 - size.trailing_zeros();
        let mut set =
            CodeSet { complete: list.complete, slots: vec![0; size].into_boxed_slice(), shift };
        for key in keys {
            let mut at = set.slot(key);
            while set.slots[at] != 0 && set.slots[at] != key {
                at = (at + 1) % size;
            }
            set.slots[at] = key;
        }
        Some(set)
    }

    #[inline]
    fn slot(&self, key: u64) -> usize {
        (key.wrapping_mul(0x9e37_79b9_7f4a_7c15) >> self.shift) as usize
    }

    /// Whether the value is one of the codes.
    #[inline]
    pub(crate) fn has(&self, value: &[u8]) -> bool {
        let Some(key) = pack(value) else { return false };
        let mut at = self.slot(key);
        loop {
            match self.slots[at] {
                0 => return false,
                slot if slot == key => return true,
                _ => at = (at + 1) & (self.slots.len() - 1),
            }
        }
    }
}

/// Up to eight bytes as one number; no two values give the same. One that begins with a zero byte has
/// none.
#[inline]
pub(crate) fn pack(value: &[u8]) -> Option<u64> {
    let packed = |bytes: &[u8]| bytes.iter().fold(0, |packed, b| packed << 8 | u64::from(*b));
    match *value {
        // Most codes have two or three characters.
        [a, b] if a != 0 => Some(u64::from(a) << 8 | u64::from(b)),
        [a, b, c] if a != 0 => Some(u64::from(a) << 16 | u64::from(b) << 8 | u64::from(c)),
        [0, ..] => None,
        _ => (value.len() <= 8).then(|| packed(value)),
    }
}

/// A loop a guide's path leads through: the loop's row, and which of its instances are meant.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) parent: u16,
    opener: u16,
    pub(crate) is: Qualifiers,
    /// The rules whose last step stands in this loop.
    pub(crate) rules: Vec<u16>,
}

/// What the elements of a segment must say for it to be one that is meant.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Qualifiers {
    /// The first element's value, packed, when nothing else is asked: the common case.
    only: Option<u64>,
    all: Vec<Qualifier>,
}

impl Qualifiers {
    fn new(all: Vec<Qualifier>) -> Qualifiers {
        let only = match &all[..] {
            [Qualifier { element: 1, codes: Codes { short, long } }] => match short[..] {
                [code] if long.is_empty() => Some(code),
                _ => None,
            },
            _ => None,
        };
        Qualifiers { only, all }
    }

    /// Whether the segment is one that is meant; `first` is its first element, packed.
    #[inline]
    pub(crate) fn fit(&self, segment: &Segment<'_>, first: Option<u64>) -> bool {
        match self.only {
            Some(_) => first == self.only,
            None => self.all.iter().all(|is| is.fits(segment, first)),
        }
    }

    /// Whether one of these elements is looked at; bit n is element n.
    pub(crate) fn look_at(&self, elements: u64) -> bool {
        self.all.iter().any(|is| elements & 1 << is.element != 0)
    }
}

/// Values an element must have to qualify.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Qualifier {
    element: usize,
    codes: Codes,
}

impl Qualifier {
    /// Whether the segment is one that is meant; `first` is its first element, packed.
    #[inline]
    fn fits(&self, segment: &Segment<'_>, first: Option<u64>) -> bool {
        match (self.element, first) {
            (1, Some(first)) => self.codes.short.contains(&first),
            _ => self.codes.has(segment.element(self.element)),
        }
    }
}

/// A short list of values.
#[derive(Debug, Clone, PartialEq, Default)]
pub(crate) struct Codes {
    short: Vec<u64>,
    long: Vec<Box<[u8]>>,
}

impl Codes {
    fn new(codes: &[String]) -> Codes {
        let (short, long): (Vec<_>, Vec<_>) = codes.iter().partition(|code| code.len() <= 8);
        Codes {
            short: short.iter().filter_map(|code| pack(code.as_bytes())).collect(),
            long: long.iter().map(|code| code.as_bytes().into()).collect(),
        }
    }

    #[inline]
    pub(crate) fn has(&self, value: &[u8]) -> bool {
        match pack(value) {
            Some(key) => self.short.contains(&key),
            None => self.long.iter().any(|code| **code == *value),
        }
    }
}

/// A rule of a guide, ready for checking.
#[derive(Debug)]
pub(crate) struct RulePlan {
    pub(crate) name: Arc<RuleName>,
    /// The place as the guide writes it.
    pub(crate) at: String,
    pub(crate) scope: u16,
    /// The row the last step stands in.
    pub(crate) row: u16,
    pub(crate) is: Qualifiers,
    /// The element it asks about; none when it only asks about the segment.
    pub(crate) element: Option<ElementNumber>,
    /// Whether the path itself ends at that element, so that `usage` speaks of it.
    pub(crate) ends_at_element: bool,
    pub(crate) when: Vec<ClausePlan>,
    /// Bit n: clause n looks at another segment than the rule's own.
    pub(crate) elsewhere: u32,
    /// Whether it only asks for a segment, and has nothing to say about one that is there.
    pub(crate) only_asks: bool,
    pub(crate) usage: Option<Usage>,
    pub(crate) max: Option<u32>,
    pub(crate) codes: Codes,
    pub(crate) code_names: String,
    pub(crate) min_length: Option<u16>,
    pub(crate) max_length: Option<u16>,
    pub(crate) severity: Severity,
}

impl RulePlan {
    /// Whether it asks for a segment or loop.
    pub(crate) fn asks(&self) -> bool {
        self.usage == Some(Usage::Must) && !self.ends_at_element
    }

    /// The element that `usage` speaks of; none when it speaks of the segment.
    pub(crate) fn element_of_path(&self) -> Option<ElementNumber> {
        self.element.filter(|_| self.ends_at_element)
    }
}

/// A clause of a condition, ready for checking.
#[derive(Debug)]
pub(crate) struct ClausePlan {
    /// Whether another segment than the rule's own is looked at.
    pub(crate) is_elsewhere: bool,
    pub(crate) element: u8,
    test: TestPlan,
}

#[derive(Debug)]
enum TestPlan {
    Is(Codes),
    IsNot(Codes),
    Present,
    Absent,
}

impl ClausePlan {
    /// Whether the clause holds for this value.
    pub(crate) fn holds(&self, value: &[u8]) -> bool {
        match &self.test {
            TestPlan::Is(codes) => codes.has(value),
            TestPlan::IsNot(codes) => !value.is_empty() && !codes.has(value),
            TestPlan::Present => !value.is_empty(),
            TestPlan::Absent => value.is_empty(),
        }
    }
}

/// Why a guide cannot be laid over a set.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{message}")]
pub struct GuideFault {
    /// The rule, counted from 0 in the order of the guide.
    pub rule: usize,
    /// Which key of it: `at`, `when`, `usage`, `max`, `codes`, `min_length` or `max_length`.
    pub key: &'static str,
    /// What is wrong.
    pub message: String,
    /// What was probably meant.
    pub suggestion: Option<String>,
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
            nodes: vec![Node {
                parent: 0,
                opener: 0,
                is: Qualifiers::default(),
                rules: Vec::new(),
            }],
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

    fn lay_over(&mut self, guide: &Guide) -> Result<(), Vec<GuideFault>> {
        let mut faults = Vec::new();
        for (number, rule) in guide.rules.iter().enumerate() {
            if let Err((key, message, suggestion)) = self.add_rule(guide, rule) {
                faults.push(GuideFault { rule: number, key, message, suggestion });
            }
        }
        if faults.is_empty() { Ok(()) } else { Err(faults) }
    }

    fn add_rule(&mut self, guide: &Guide, rule: &Rule) -> Result<(), RuleError> {
        let steps = &rule.at.steps;
        let mut scope = 0;
        for step in &steps[..steps.len() - 1] {
            let row = self.child(self.nodes[scope as usize].opener, step)?;
            if !self.rows[row as usize].opens {
                return Err(("at", format!("{} opens no loop here", step.segment), None));
            }
            scope = self.node(scope, row, self.qualifiers(row, step)?);
        }
        let last = &steps[steps.len() - 1];
        let row = self.child(self.nodes[scope as usize].opener, last)?;
        let is = self.qualifiers(row, last)?;
        let element = rule.at.element.or_else(|| {
            let asks =
                !rule.codes.is_empty() || rule.min_length.is_some() || rule.max_length.is_some();
            asks.then_some(ElementNumber { element: 1, component: 0 })
        });
        self.refuse_widening(rule, row, element)?;
        let number = self.rules.len() as u16;
        let mut when = Vec::new();
        let mut elsewhere = 0;
        for (n, clause) in rule.when.iter().flat_map(|when| &when.all).enumerate().take(32) {
            let clause = self.clause((number, n as u8), clause, last)?;
            elsewhere |= u32::from(clause.is_elsewhere) << n;
            when.push(clause);
        }
        // A code list on a segment says what its first element may be, and does not ask for it.
        let only_segment = rule.at.element.is_none();
        self.rules.push(RulePlan {
            name: Arc::new(RuleName {
                guide: guide.name.clone(),
                rule: rule.id.clone(),
                note: rule.note.clone(),
            }),
            at: rule.at.to_string(),
            scope,
            row,
            is,
            element,
            ends_at_element: !only_segment,
            when,
            elsewhere,
            only_asks: element.is_none() && rule.max.is_none() && rule.usage != Some(Usage::Never),
            usage: rule.usage,
            max: rule.max,
            codes: Codes::new(&rule.codes),
            code_names: rule.codes.join(", "),
            min_length: rule.min_length,
            max_length: rule.max_length,
            severity: rule.severity,
        });
        let counted = only_segment && rule.usage.is_some();
        if counted || rule.max.is_some() {
            self.nodes[scope as usize].rules.push(number);
        }
        let here = &mut self.rows[row as usize];
        here.rules.push(number);
        here.guided = true;
        // The loops on the way down are watched too.
        let mut node = scope;
        while node != 0 {
            let opener = self.nodes[node as usize].opener;
            self.rows[opener as usize].guided = true;
            node = self.nodes[node as usize].parent;
        }
        Ok(())
    }

    /// The row of a step among the rows of the loop that `around` opens.
    fn child(&self, around: u16, step: &Step) -> Result<u16, RuleError> {
        let id = SegmentId::new(step.segment.as_bytes());
        let mut at = around + 1;
        let mut near = None;
        while at < self.rows[around as usize].end {
            let row = &self.rows[at as usize];
            if row.id == id {
                return Ok(at);
            }
            if near.is_none() && row.id.is_near(id) {
                near = Some(row.id.to_string());
            }
            at = if row.opens { row.end } else { at + 1 };
        }
        let place = match around {
            0 => format!("at the top of set {}", self.set.code),
            _ => format!("in loop {}", self.rows[around as usize].id),
        };
        Err(("at", format!("there is no {} {place}", step.segment), near))
    }

    fn node(&mut self, parent: u16, opener: u16, is: Qualifiers) -> u16 {
        let known = self
            .nodes
            .iter()
            .position(|n| n.parent == parent && n.opener == opener && n.is == is && opener != 0);
        known.unwrap_or_else(|| {
            self.nodes.push(Node { parent, opener, is, rules: Vec::new() });
            let number = self.nodes.len() - 1;
            self.rows[opener as usize].nodes.push(number as u16);
            number
        }) as u16
    }

    fn qualifiers(&self, row: u16, step: &Step) -> Result<Qualifiers, RuleError> {
        let mut all = Vec::new();
        for (number, codes) in &step.is {
            let number = ElementNumber { element: *number, component: 0 };
            let element = self.element(row, number, "at")?;
            refuse_codes(element, codes, "at")?;
            all.push(Qualifier { element: number.element as usize, codes: Codes::new(codes) });
        }
        Ok(Qualifiers::new(all))
    }

    fn element(
        &self,
        row: u16,
        number: ElementNumber,
        key: &'static str,
    ) -> Result<&ElementPlan, RuleError> {
        let row = &self.rows[row as usize];
        let elements = &self.segments[row.segment as usize].elements;
        let missing = || (key, format!("{} has no element {number}", row.id), None);
        let element = elements.get(number.element as usize - 1).ok_or_else(missing)?;
        match (&element.composite, number.component) {
            (_, 0) => Ok(element),
            (Some(composite), n) => composite.elements.get(n as usize - 1).ok_or_else(missing),
            (None, _) => Err(missing()),
        }
    }

    fn refuse_widening(
        &self,
        rule: &Rule,
        row: u16,
        element: Option<ElementNumber>,
    ) -> Result<(), RuleError> {
        let here = &self.rows[row as usize];
        let wider =
            |key, message: String| Err((key, format!("{message}; a guide only narrows"), None));
        let must = match rule.at.element {
            Some(number) => self.element(row, number, "at")?.used.usage == Usage::Must,
            None => here.must && rule.at.steps.iter().all(|step| step.is.is_empty()),
        };
        match rule.usage {
            Some(Usage::May) if must => {
                return wider("usage", format!("{} must be there by the standard", rule.at));
            }
            Some(Usage::Never) if must => {
                return wider("usage", format!("the standard asks for {}", rule.at));
            }
            _ => {}
        }
        match rule.max {
            Some(0) => return Err(("max", "0 is written usage = \"never\"".to_string(), None)),
            Some(max) if max > here.max => {
                return wider(
                    "max",
                    format!("the standard lets {} stand {} times", here.id, here.max),
                );
            }
            _ => {}
        }
        let Some(number) = element else { return Ok(()) };
        let element = self.element(row, number, "at")?;
        if element.composite.is_some()
            && (!rule.codes.is_empty() || rule.min_length.is_some() || rule.max_length.is_some())
        {
            return Err((
                "at",
                format!("{}{number} is a composite; name a component, e.g. {number}-1", here.id),
                None,
            ));
        }
        refuse_codes(element, &rule.codes, "codes")?;
        let (min, max) = (element.min, element.max);
        if let Some(least) = rule.min_length
            && !(min..=max).contains(&least)
        {
            return wider("min_length", format!("the standard has {min} to {max} characters"));
        }
        if let Some(most) = rule.max_length
            && !(min..=max).contains(&most)
        {
            return wider("max_length", format!("the standard has {min} to {max} characters"));
        }
        Ok(())
    }

    fn clause(
        &mut self,
        place: (u16, u8),
        when: &Clause,
        last: &Step,
    ) -> Result<ClausePlan, RuleError> {
        let id = SegmentId::new(when.segment.as_bytes());
        let rows: Vec<usize> =
            (1..self.rows.len()).filter(|row| self.rows[*row].id == id).collect();
        let Some(first) = rows.first() else {
            return Err((
                "when",
                format!("there is no {} in set {}", when.segment, self.set.code),
                None,
            ));
        };
        let number = ElementNumber { element: when.element, component: 0 };
        let element = self.element(*first as u16, number, "when")?;
        if let Test::Is(codes) | Test::IsNot(codes) = &when.test {
            refuse_codes(element, codes, "when")?;
        }
        let is_elsewhere = when.segment != last.segment;
        if is_elsewhere {
            for row in rows {
                self.rows[row].watched_by.push(place);
                self.rows[row].guided = true;
            }
        }
        let test = match &when.test {
            Test::Is(codes) => TestPlan::Is(Codes::new(codes)),
            Test::IsNot(codes) => TestPlan::IsNot(Codes::new(codes)),
            Test::Present => TestPlan::Present,
            Test::Absent => TestPlan::Absent,
        };
        Ok(ClausePlan { is_elsewhere, element: when.element, test })
    }
}

/// The key, the message and a suggestion.
type RuleError = (&'static str, String, Option<String>);

fn refuse_codes(
    element: &ElementPlan,
    codes: &[String],
    key: &'static str,
) -> Result<(), RuleError> {
    for code in codes {
        let length = code.len();
        if !(element.min as usize..=element.max as usize).contains(&length) {
            return Err((
                key,
                format!(
                    "{code} does not fit {}, which has {} to {} characters",
                    element.used.name, element.min, element.max
                ),
                None,
            ));
        }
        if element.codes.as_ref().is_some_and(|set| set.complete && !set.has(code.as_bytes())) {
            return Err((
                key,
                format!("{code} is no code of {} ({})", element.used.name, element.used.element),
                None,
            ));
        }
    }
    Ok(())
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

impl SegmentPlan {
    /// The plan of a segment of the dictionary; one without elements when it is not there.
    pub(crate) fn new(release: Release, id: &str) -> SegmentPlan {
        match dictionary::segment(release, id.as_bytes()) {
            Some(segment) => SegmentPlan::of(release, segment.elements, segment.syntax),
            None => SegmentPlan::of(release, &[], &[]),
        }
    }

    fn of(release: Release, uses: &'static [ElementUse], syntax: &'static [Syntax]) -> SegmentPlan {
        let must = uses.iter().zip(1..).filter(|(used, _)| used.usage == Usage::Must);
        let must = must.fold(0, |all, (_, n)| all | 1 << n);
        let syntax: Vec<SyntaxPlan> = syntax.iter().map(|rule| SyntaxPlan::new(*rule)).collect();
        SegmentPlan {
            elements: uses.iter().map(|used| ElementPlan::new(release, used)).collect(),
            is_whole_with_first: must & !0b10 == 0 && syntax.iter().all(|rule| rule.holds(0b10)),
            period: (2..)
                .zip(uses.windows(2))
                .find(|(_, pair)| pair[0].element == "1250" && pair[1].element == "1251")
                .map(|(n, _)| n),
            must,
            syntax,
        }
    }
}

impl ElementPlan {
    fn new(release: Release, used: &'static ElementUse) -> ElementPlan {
        if let Some(composite) = dictionary::composite(release, used.element) {
            let inner = SegmentPlan::of(release, composite.components, composite.syntax);
            return ElementPlan {
                used,
                kind: Kind::An,
                min: 1,
                max: u16::MAX,
                codes: None,
                composite: Some(Box::new(inner)),
            };
        }
        match dictionary::element(release, used.element) {
            Some(element) => ElementPlan {
                used,
                kind: element.kind,
                min: element.min,
                max: element.max,
                codes: match element.kind {
                    Kind::Id => CodeSet::new(element.number, release),
                    _ => None,
                },
                composite: None,
            },
            // Only a set of somebody's own can lead here; a test of the tables keeps ours whole.
            None => ElementPlan {
                used,
                kind: Kind::An,
                min: 0,
                max: u16::MAX,
                codes: None,
                composite: None,
            },
        }
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
