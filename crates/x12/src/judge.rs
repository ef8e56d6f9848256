//! Judging the segments of one transaction set: rows, elements, the guide.

use std::sync::Arc;

use crate::elements::{ElementFault, ElementJudge};
use crate::finding::{Fault, Severity};
use crate::guided::{Guided, RuleFault};
use crate::ledger::{Desk, Note};
use crate::observer::Observer;
use crate::plan::{Plan, SegmentPlan};
use crate::segment::Segment;
use crate::walk::{Ahead, Placed, RowFault, Walk, missing_fault};

/// Judges the segments of a set against its plan.
#[derive(Debug, Default)]
pub(crate) struct SetJudge {
    walk: Walk,
    guided: Guided,
    row_faults: Vec<RowFault>,
    rule_faults: Vec<RuleFault>,
    /// Rows found missing by the standard; the guide does not say so again.
    missing: Vec<u16>,
}

/// A plan, and what its elements are judged by in this interchange.
#[derive(Debug, Clone)]
pub(crate) struct Rules {
    pub(crate) plan: Arc<Plan>,
    pub(crate) elements: ElementJudge,
}

impl SetJudge {
    pub(crate) fn start(&mut self, plan: &Plan) {
        self.walk.start(plan);
        self.guided.start(plan);
        self.missing.clear();
    }

    /// Judges a segment between `ST` and `SE`.
    #[inline]
    pub(crate) fn segment<O: Observer>(
        &mut self,
        rules: &Rules,
        segment: &Segment<'_>,
        ahead: Ahead<'_>,
        desk: &mut Desk<'_, O>,
    ) {
        let plan = &*rules.plan;
        let symbol = plan.symbol(segment.id());
        let Some(row) = symbol.and_then(|symbol| self.walk.step(plan, symbol)) else {
            return self.misfit(rules, segment, ahead, desk);
        };
        if !plan.rules.is_empty() {
            self.go_on(plan, row, segment, desk);
        }
        self.walk.enter(plan, row);
        self.content(rules, row, segment, desk);
        desk.observer.segment(segment, Some(row));
    }

    /// Judges the end of the set; `segment` is its `SE`.
    pub(crate) fn end<O: Observer>(
        &mut self,
        rules: &Rules,
        segment: &Segment<'_>,
        desk: &mut Desk<'_, O>,
    ) {
        let plan = &*rules.plan;
        let missing = self.walk.missing(plan, None);
        self.row_faults.extend(missing.iter().map(|row| missing_fault(plan, *row)));
        self.note_rows(plan, segment, desk);
        if !plan.rules.is_empty() {
            self.close(plan, None);
            self.guided.close(plan, 0, &mut self.rule_faults);
            self.note_rules(plan, segment, desk);
        }
    }

    /// A segment the rows do not simply hold.
    #[cold]
    #[inline(never)]
    fn misfit<O: Observer>(
        &mut self,
        rules: &Rules,
        segment: &Segment<'_>,
        ahead: Ahead<'_>,
        desk: &mut Desk<'_, O>,
    ) {
        let plan = &*rules.plan;
        let before = self.walk.at;
        let placed = self.walk.place(plan, segment, ahead, &mut self.row_faults);
        let is_misplaced =
            self.row_faults.iter().any(|wrong| wrong.fault == Fault::SegmentOutOfOrder);
        if !plan.rules.is_empty()
            && let Placed::Row(row) | Placed::Supposed(row) = placed
        {
            if is_misplaced {
                self.guided.excuse_openers(plan, row);
            }
            // The walk has gone on already: the loops that end are those around where it was.
            let now = std::mem::replace(&mut self.walk.at, before);
            self.go_on(plan, row, segment, desk);
            self.walk.at = now;
        }
        if is_misplaced && placed == Placed::Out && self.guided.misplaced(plan, segment) {
            self.row_faults.clear();
        }
        self.note_rows(plan, segment, desk);
        match placed {
            Placed::Row(row) => {
                if is_misplaced && !plan.rules.is_empty() {
                    self.guided.excuse(plan, row);
                }
                self.content(rules, row, segment, desk);
                desk.observer.segment(segment, Some(row));
            }
            Placed::Supposed(row) => {
                if !plan.rules.is_empty() {
                    self.guided.excuse(plan, row);
                }
                desk.observer.segment(segment, Some(row));
            }
            Placed::Out => desk.observer.segment(segment, None),
        }
    }

    /// What is in the segment.
    #[inline]
    fn content<O: Observer>(
        &mut self,
        rules: &Rules,
        row: u16,
        segment: &Segment<'_>,
        desk: &mut Desk<'_, O>,
    ) {
        let plan = &*rules.plan;
        let here = &plan.rows[row as usize];
        let elements = &plan.segments[here.segment as usize];
        let mut flagged = 0;
        if !rules.elements.is_clean(elements, segment) {
            let mut faults = rules.elements.faults(elements, segment);
            if here.guided {
                // Whether a code of a list that is not complete is right, the guide says when it does.
                faults.retain(|wrong| {
                    wrong.fault != Fault::CodeUnlisted
                        || !self.guided.lists_codes(plan, row, segment, wrong.element)
                });
            }
            let errors = faults.iter().filter(|f| f.fault.severity() == Severity::Error);
            flagged = errors.fold(0, |all, fault| all | 1 << fault.element.min(63));
            let path = || self.walk.path(plan, row);
            note_elements(faults, segment, desk, path);
        }
        if here.guided {
            self.guided.segment(plan, row, segment, flagged, &mut self.rule_faults);
            if !self.rule_faults.is_empty() {
                self.note_rules(plan, segment, desk);
            }
        }
    }

    /// Goes on at `row`: closes the loops that end before it, and asks for what it passes.
    #[inline]
    fn go_on<O: Observer>(
        &mut self,
        plan: &Plan,
        row: u16,
        segment: &Segment<'_>,
        desk: &mut Desk<'_, O>,
    ) {
        let at = self.walk.at;
        let from = match self.walk.stays(plan, row) {
            // A loop that has just been opened is entered, not passed.
            true => at + u16::from(plan.rows[at as usize].opens),
            false => self.close(plan, Some(row)).unwrap_or(at),
        };
        if plan.asks_between(from, row) {
            self.guided.pass(plan, from, row, &mut self.rule_faults);
        }
        if !self.rule_faults.is_empty() {
            self.note_rules(plan, segment, desk);
        }
    }

    /// Closes the loops that end when reading goes on at `row`; what opened the outermost of them.
    fn close(&mut self, plan: &Plan, row: Option<u16>) -> Option<u16> {
        let mut outermost = None;
        for opener in self.walk.left(plan, row) {
            if plan.rows[opener as usize].guided {
                self.guided.close(plan, opener, &mut self.rule_faults);
            }
            outermost = Some(opener);
        }
        outermost
    }

    #[cold]
    #[inline(never)]
    fn note_rows<O: Observer>(
        &mut self,
        plan: &Plan,
        segment: &Segment<'_>,
        desk: &mut Desk<'_, O>,
    ) {
        for RowFault { fault, id, row } in self.row_faults.drain(..) {
            let is_missing = matches!(fault, Fault::SegmentMissing { .. });
            if is_missing {
                self.missing.extend(row);
            }
            let length = if is_missing { 0 } else { segment.bytes().len() };
            let note = Note::new(fault, segment.offset(), length, id);
            desk.note(note, || match row {
                Some(row) => self.walk.path(plan, row),
                None => id.to_string(),
            });
        }
    }

    #[cold]
    #[inline(never)]
    fn note_rules<O: Observer>(
        &mut self,
        plan: &Plan,
        segment: &Segment<'_>,
        desk: &mut Desk<'_, O>,
    ) {
        for wrong in self.rule_faults.drain(..) {
            let is_missing = matches!(wrong.fault, Fault::GuideSegmentMissing { .. });
            if is_missing && self.missing.contains(&wrong.row) {
                continue;
            }
            let row = &plan.rows[wrong.row as usize];
            let (start, length) = place(segment, wrong.element, wrong.component);
            let value = if is_missing { &[] } else { &segment.bytes()[start..start + length] };
            let note = Note {
                severity: wrong.severity,
                used: wrong.used,
                element: wrong.element,
                component: wrong.component,
                value: if wrong.element > 0 { value } else { &[] },
                rule: Some(wrong.name),
                ..Note::new(
                    wrong.fault,
                    segment.offset() + start as u64,
                    if is_missing { 0 } else { length },
                    row.id,
                )
            };
            desk.note(note, || self.walk.path(plan, wrong.row));
        }
    }
}

/// Where an element or component stands in its segment, and how long it is.
fn place(segment: &Segment<'_>, element: u8, component: u8) -> (usize, usize) {
    if element == 0 {
        return (0, segment.bytes().len());
    }
    let n = element as usize;
    let start = (segment.element_offset(n) - segment.offset()) as usize;
    match component {
        0 => (start, segment.element(n).len()),
        _ => {
            let before: usize =
                segment.components(n).take(component as usize - 1).map(|c| c.len() + 1).sum();
            let part = segment.components(n).nth(component as usize - 1);
            let at = before.min(segment.element(n).len());
            (start + at, part.map_or(0, <[u8]>::len))
        }
    }
}

/// Writes down what is wrong with a segment's elements.
#[cold]
#[inline(never)]
fn note_elements<O: Observer>(
    faults: Vec<ElementFault>,
    segment: &Segment<'_>,
    desk: &mut Desk<'_, O>,
    path: impl Fn() -> String,
) {
    for wrong in faults {
        desk.note(element_note(wrong, segment), &path);
    }
}

/// The note of something wrong with an element.
fn element_note<'a>(wrong: ElementFault, segment: &Segment<'a>) -> Note<'a> {
    Note {
        used: wrong.used,
        element: wrong.element,
        repetition: wrong.repetition,
        component: wrong.component,
        value: &segment.bytes()[wrong.start..wrong.start + wrong.length],
        ..Note::new(wrong.fault, segment.offset() + wrong.start as u64, wrong.length, segment.id())
    }
}

/// Judges the elements of a segment of the envelope; the errors found.
pub(crate) fn envelope<O: Observer>(
    judge: &ElementJudge,
    plan: &SegmentPlan,
    segment: &Segment<'_>,
    skip: &[u8],
    desk: &mut Desk<'_, O>,
) -> u32 {
    if judge.is_clean(plan, segment) {
        return 0;
    }
    let mut errors = 0;
    for wrong in judge.faults(plan, segment) {
        if skip.contains(&wrong.element) {
            continue;
        }
        let note = element_note(wrong, segment);
        errors += u32::from(note.severity == Severity::Error);
        match desk.ledger.segment {
            0 => desk.note_envelope(note),
            1 => desk.note(note, String::new),
            _ => desk.note(note, || format!("{}[1]", segment.id())),
        }
    }
    errors
}
