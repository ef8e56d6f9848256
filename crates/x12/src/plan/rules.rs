//! A guide laid over a set: its paths resolved to rows, its rules ready for checking.

use std::sync::Arc;

use super::Plan;
use super::elements::{ElementPlan, pack};
use crate::finding::{RuleName, Severity};
use crate::guide::{Clause, ElementNumber, Guide, Rule, Step, Test};
use crate::segment::{Segment, SegmentId};
use crate::table::Usage;

/// A loop a guide's path leads through: the loop's row, and which of its instances are meant.
#[derive(Debug)]
pub(crate) struct Node {
    pub(crate) parent: u16,
    opener: u16,
    pub(crate) is: Qualifiers,
    /// The rules whose last step stands in this loop.
    pub(crate) rules: Vec<u16>,
}

impl Node {
    /// The set itself.
    pub(super) fn root() -> Node {
        Node { parent: 0, opener: 0, is: Qualifiers::default(), rules: Vec::new() }
    }
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

impl Plan {
    /// Lays a guide's rules over the set.
    pub(super) fn lay_over(&mut self, guide: &Guide) -> Result<(), Vec<GuideFault>> {
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
