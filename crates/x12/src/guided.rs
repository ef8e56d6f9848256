//! The rules of a guide while a set is read: which hold here, how often their places were seen.

use std::sync::Arc;

use crate::finding::{Fault, RuleName, Severity};
use crate::guide::ElementNumber;
use crate::plan::{self, Plan, RulePlan};
use crate::segment::Segment;
use crate::table::{ElementUse, Usage};

/// What is known while a set is read against a guide.
#[derive(Debug, Default)]
pub(crate) struct Guided {
    /// For each loop a path leads through: whether the open instance is one that is meant.
    open: Vec<bool>,
    rules: Vec<RuleState>,
}

/// What is known of one rule.
#[derive(Debug, Clone, Copy)]
struct RuleState {
    /// How often its place was seen in the open loop.
    seen: u32,
    /// Something that may have been meant for its place was seen: nothing is asked for any more.
    excused: bool,
    /// It was told that the segment is missing.
    told: bool,
    /// Bit n: whether clause n of its condition holds by the latest segment that it looks at.
    holds: u32,
}

/// A guide's rule that does not hold.
#[derive(Debug)]
pub(crate) struct RuleFault {
    pub(crate) fault: Fault,
    pub(crate) severity: Severity,
    pub(crate) name: Arc<RuleName>,
    /// The row it speaks of.
    pub(crate) row: u16,
    pub(crate) used: Option<&'static ElementUse>,
    pub(crate) element: u8,
    pub(crate) component: u8,
}

impl Guided {
    /// Starts a set.
    pub(crate) fn start(&mut self, plan: &Plan) {
        self.open.clear();
        self.open.resize(plan.nodes.len(), false);
        self.open[0] = true;
        self.rules.clear();
        self.rules.extend(plan.rules.iter().map(|rule| {
            let clauses = rule.when.iter().enumerate();
            let holds =
                clauses.fold(0, |held, (n, clause)| held | u32::from(clause.holds(b"")) << n);
            RuleState { seen: 0, excused: false, told: false, holds }
        }));
    }

    /// A segment of a row that rules hang on. `flagged` are the elements something is wrong with
    /// already, bit n for element n.
    pub(crate) fn segment(
        &mut self,
        plan: &Plan,
        row: u16,
        segment: &Segment<'_>,
        flagged: u64,
        faults: &mut Vec<RuleFault>,
    ) {
        let here = &plan.rows[row as usize];
        for (number, n) in &here.watched_by {
            let clause = &plan.rules[*number as usize].when[*n as usize];
            let held = clause.holds(segment.element(clause.element as usize));
            let holds = &mut self.rules[*number as usize].holds;
            *holds = *holds & !(1 << n) | u32::from(held) << n;
        }
        let first = plan::pack(segment.element(1));
        for number in &here.nodes {
            let node = &plan.nodes[*number as usize];
            self.open[*number as usize] =
                self.open[node.parent as usize] && node.is.fit(segment, first);
            for rule in &node.rules {
                let state = &mut self.rules[*rule as usize];
                (state.seen, state.excused, state.told) = (0, false, false);
            }
        }
        for number in &here.rules {
            let rule = &plan.rules[*number as usize];
            if !self.open[rule.scope as usize] {
                continue;
            }
            let state = &mut self.rules[*number as usize];
            if !rule.is.fit(segment, first) {
                // What qualifies cannot be read: nothing can be said about it.
                state.excused |= flagged != 0 && rule.is.look_at(flagged);
                continue;
            }
            if !rule.when.is_empty() && !state.condition_holds(rule, segment) {
                continue;
            }
            state.seen += 1;
            if !rule.only_asks
                && !is_met(rule, state.seen, segment)
                && let Some(fault) = judge(plan, rule, state.seen, segment, flagged)
            {
                faults.push(fault);
            }
        }
    }

    /// Whether a rule that holds here lists the codes of an element.
    pub(crate) fn lists_codes(
        &self,
        plan: &Plan,
        row: u16,
        segment: &Segment<'_>,
        element: u8,
    ) -> bool {
        let first = plan::pack(segment.element(1));
        plan.rows[row as usize].rules.iter().any(|number| {
            let rule = &plan.rules[*number as usize];
            rule.element.is_some_and(|number| number.element == element)
                && !rule.code_names.is_empty()
                && self.open[rule.scope as usize]
                && rule.is.fit(segment, first)
                && self.rules[usize::from(*number)].condition_holds(rule, segment)
        })
    }

    /// A segment was taken for one of `row`: what would ask for it is satisfied.
    pub(crate) fn excuse(&mut self, plan: &Plan, row: u16) {
        for rule in &plan.rows[row as usize].rules {
            self.rules[*rule as usize].excused = true;
        }
    }

    /// A segment of `row` stands where its loops were not opened: their first segments were missed.
    pub(crate) fn excuse_openers(&mut self, plan: &Plan, row: u16) {
        plan.openers(row).for_each(|opener| self.excuse(plan, opener));
    }

    /// A segment out of order stands in no row: what asks for it is satisfied. Whether it is the one
    /// that was told missing where it should be, as an error: a warning says too little for both.
    pub(crate) fn misplaced(&mut self, plan: &Plan, segment: &Segment<'_>) -> bool {
        let first = plan::pack(segment.element(1));
        let mut told = false;
        for (rule, state) in plan.rules.iter().zip(&mut self.rules) {
            if rule.asks()
                && self.open[rule.scope as usize]
                && plan.rows[rule.row as usize].id == segment.id()
                && rule.is.fit(segment, first)
            {
                state.excused = true;
                told |= rule.severity == Severity::Error && std::mem::take(&mut state.told);
            }
        }
        told
    }

    /// The loop that `opener` opens ends; 0 is the set itself.
    pub(crate) fn close(&mut self, plan: &Plan, opener: u16, faults: &mut Vec<RuleFault>) {
        match opener {
            0 => self.close_node(plan, 0, faults),
            _ => {
                for node in &plan.rows[opener as usize].nodes {
                    self.close_node(plan, *node, faults);
                }
            }
        }
    }

    fn close_node(&mut self, plan: &Plan, node: u16, faults: &mut Vec<RuleFault>) {
        if !std::mem::take(&mut self.open[node as usize]) {
            return;
        }
        for number in &plan.nodes[node as usize].rules {
            self.ask(plan, *number, faults);
        }
    }

    /// Reading goes on at row `to`, past the rows from `from` on: what was asked for there is missing.
    pub(crate) fn pass(&mut self, plan: &Plan, from: u16, to: u16, faults: &mut Vec<RuleFault>) {
        for (number, rule) in (0..).zip(&plan.rules) {
            if (from..to).contains(&rule.row) && self.open[rule.scope as usize] {
                self.ask(plan, number, faults);
            }
        }
    }

    /// Tells a rule that asks for a segment which was not seen, once.
    fn ask(&mut self, plan: &Plan, number: u16, faults: &mut Vec<RuleFault>) {
        let (rule, state) = (&plan.rules[number as usize], &mut self.rules[number as usize]);
        if state.seen > 0
            || state.excused
            || state.told
            || !rule.asks()
            || !state.holds_elsewhere(rule)
        {
            return;
        }
        // What only a segment itself can tell asks for none.
        if !rule.when.iter().all(|clause| clause.is_elsewhere) {
            return;
        }
        state.told = true;
        faults.push(RuleFault {
            fault: Fault::GuideSegmentMissing { at: rule.at.clone() },
            severity: rule.severity,
            name: Arc::clone(&rule.name),
            row: rule.row,
            used: None,
            element: 0,
            component: 0,
        });
    }
}

impl RuleState {
    fn condition_holds(&self, rule: &RulePlan, segment: &Segment<'_>) -> bool {
        let mut here = rule.when.iter().filter(|clause| !clause.is_elsewhere);
        self.holds_elsewhere(rule)
            && here.all(|clause| clause.holds(segment.element(clause.element as usize)))
    }

    /// Whether what a condition asks of other segments than the rule's own holds.
    fn holds_elsewhere(&self, rule: &RulePlan) -> bool {
        self.holds & rule.elsewhere == rule.elsewhere
    }
}

/// Whether a segment a rule speaks of is as it asks, told without a finding.
#[inline]
fn is_met(rule: &RulePlan, seen: u32, segment: &Segment<'_>) -> bool {
    if rule.usage == Some(Usage::Never) || rule.max.is_some_and(|max| seen == max + 1) {
        return false;
    }
    match rule.element {
        None => true,
        Some(ElementNumber { element, component: 0 }) => {
            let value = segment.element(element as usize);
            match value.is_empty() {
                true => !rule.ends_at_element || rule.usage.is_none(),
                false => {
                    (rule.code_names.is_empty() || rule.codes.has(value))
                        && rule.min_length.is_none()
                        && rule.max_length.is_none()
                }
            }
        }
        Some(_) => false,
    }
}

/// What is wrong with a segment a rule speaks of; the first thing only.
#[cold]
#[inline(never)]
fn judge(
    plan: &Plan,
    rule: &RulePlan,
    seen: u32,
    segment: &Segment<'_>,
    flagged: u64,
) -> Option<RuleFault> {
    let row = &plan.rows[rule.row as usize];
    let fault = |fault, used, element, component| {
        Some(RuleFault {
            fault,
            severity: rule.severity,
            name: Arc::clone(&rule.name),
            row: rule.row,
            used,
            element,
            component,
        })
    };
    if let Some(max) = rule.max
        && seen == max + 1
    {
        return fault(Fault::GuideTooMany { max, is_loop: row.opens }, None, 0, 0);
    }
    let Some(number) = rule.element else {
        return match rule.usage {
            Some(Usage::Never) => fault(Fault::GuideSegmentUnused, None, 0, 0),
            _ => None,
        };
    };
    if rule.usage == Some(Usage::Never) && rule.element_of_path().is_none() {
        return fault(Fault::GuideSegmentUnused, None, 0, 0);
    }
    if flagged & 1 << number.element != 0 {
        return None;
    }
    let plans = &plan.segments[row.segment as usize].elements;
    let element = plans.get(number.element as usize - 1)?;
    let value = match number.component {
        0 => segment.element(number.element as usize),
        _ => return judge_component(plan, rule, segment),
    };
    let wrong = wrong_value(rule, value)?;
    fault(wrong, Some(element.used), number.element, 0)
}

fn judge_component(plan: &Plan, rule: &RulePlan, segment: &Segment<'_>) -> Option<RuleFault> {
    let number = rule.element?;
    let row = &plan.rows[rule.row as usize];
    let element = plan.segments[row.segment as usize].elements.get(number.element as usize - 1)?;
    let composite = element.composite.as_ref()?;
    let mut components = segment.components(number.element as usize);
    let value = components.nth(number.component as usize - 1).unwrap_or_default();
    Some(RuleFault {
        fault: wrong_value(rule, value)?,
        severity: rule.severity,
        name: Arc::clone(&rule.name),
        row: rule.row,
        used: composite.elements.get(number.component as usize - 1).map(|inner| inner.used),
        element: number.element,
        component: number.component,
    })
}

fn wrong_value(rule: &RulePlan, value: &[u8]) -> Option<Fault> {
    if value.is_empty() {
        let asked = rule.usage == Some(Usage::Must) && rule.element_of_path().is_some();
        return asked.then_some(Fault::GuideElementMissing);
    }
    if rule.usage == Some(Usage::Never) {
        return Some(Fault::GuideElementUnused);
    }
    if !rule.code_names.is_empty() && !rule.codes.has(value) {
        return Some(Fault::GuideCode { codes: rule.code_names.clone() });
    }
    if rule.min_length.is_none() && rule.max_length.is_none() {
        return None;
    }
    let length = std::str::from_utf8(value).map_or(value.len(), |text| text.chars().count());
    match (rule.min_length, rule.max_length) {
        (Some(min), _) if length < min as usize => Some(Fault::GuideTooShort { length, min }),
        (_, Some(max)) if length > max as usize => Some(Fault::GuideTooLong { length, max }),
        _ => None,
    }
}
