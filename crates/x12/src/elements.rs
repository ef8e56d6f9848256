//! The elements of one segment against its table: presence, form, length, codes, syntax rules.
//!
//! A clean segment is told from a faulty one by short tests; only then is looked for what is wrong.

use crate::delimiters::Delimiters;
use crate::finding::Fault;
use crate::guide::Options;
use crate::plan::{ElementPlan, SegmentPlan};
use crate::segment::Segment;
use crate::table::{ElementUse, Kind, Syntax};
use crate::value::{self, Alphabet};

/// What elements are judged by, for one set in one interchange.
#[derive(Debug, Clone)]
pub(crate) struct ElementJudge {
    alphabet: Alphabet,
    delimiters: Delimiters,
    hour_24: bool,
}

/// Something wrong with an element.
#[derive(Debug)]
pub(crate) struct ElementFault {
    pub(crate) fault: Fault,
    pub(crate) used: Option<&'static ElementUse>,
    /// Counted from 1.
    pub(crate) element: u8,
    /// Counted from 1; 0 where elements do not repeat or the whole is meant.
    pub(crate) repetition: u16,
    /// Counted from 1; 0 where the whole is meant.
    pub(crate) component: u8,
    /// Where the value meant starts in the segment, and how long it is.
    pub(crate) start: usize,
    pub(crate) length: usize,
}

impl ElementJudge {
    pub(crate) fn new(options: Options, delimiters: &Delimiters) -> ElementJudge {
        ElementJudge {
            alphabet: Alphabet::new(options.characters, delimiters),
            delimiters: *delimiters,
            hour_24: options.hour_24,
        }
    }

    /// Whether nothing is wrong with the segment.
    #[inline]
    pub(crate) fn is_clean(&self, plan: &SegmentPlan, segment: &Segment<'_>) -> bool {
        let mut present = 0;
        let mut bit = 1;
        let mut values = segment.elements();
        for element in &plan.elements {
            bit <<= 1;
            let Some(value) = values.next() else { break };
            if value.is_empty() {
                continue;
            }
            present |= bit;
            if !self.is_good(element, value) {
                return false;
            }
        }
        let count = segment.count();
        present & plan.must == plan.must
            && count <= plan.elements.len()
            && (count == 0 || !segment.element(count).is_empty())
            && plan.syntax.iter().all(|rule| rule.holds(present))
            && period_fault(plan, segment).is_none()
    }

    /// Whether a value is right at first sight; a `false` needs a closer look.
    #[inline]
    fn is_good(&self, element: &ElementPlan, value: &[u8]) -> bool {
        let fits = |length: usize| length >= element.min as usize && length <= element.max as usize;
        match element.kind {
            Kind::An => match &element.composite {
                // What begins with a space may be nothing but spaces.
                None => value[0] != b' ' && fits(value.len()) && self.alphabet.is_plain(value),
                Some(composite) => {
                    self.alphabet.is_plain(value)
                        && composite.is_whole_with_first
                        && self.is_good(&composite.elements[0], value)
                }
            },
            Kind::Id => match &element.codes {
                Some(codes) => codes.has(value) && fits(value.len()),
                None => fits(value.len()) && self.alphabet.is_plain(value),
            },
            Kind::N(_) => value::integer(value).is_some_and(fits),
            Kind::R => value::decimal(value).is_some_and(fits),
            Kind::Dt => fits(value.len()) && value::is_date(value),
            Kind::Tm => fits(value.len()) && value::is_time(value),
        }
    }

    /// Everything that is wrong with the segment, in the order of its elements.
    pub(crate) fn faults(&self, plan: &SegmentPlan, segment: &Segment<'_>) -> Vec<ElementFault> {
        let mut faults = Vec::new();
        let mut present = 0;
        for (n, element) in (1u8..).zip(&plan.elements) {
            let value = segment.element(n as usize);
            let start = (segment.element_offset(n as usize) - segment.offset()) as usize;
            let mut found = |fault| {
                faults.push(ElementFault {
                    fault,
                    used: Some(element.used),
                    element: n,
                    repetition: 0,
                    component: 0,
                    start,
                    length: value.len(),
                })
            };
            let must = plan.must & 1 << n != 0;
            // A text holds at least one character that is no space.
            let is_blank = element.kind == Kind::An && value.iter().all(|b| *b == b' ');
            if value.is_empty() || must && is_blank {
                if must {
                    found(Fault::ElementMissing);
                }
                continue;
            }
            present |= 1 << n;
            if !self.is_good(element, value) {
                self.element(n, element, value, start, &mut faults);
            }
        }
        self.check_syntax(plan, present, &mut faults, |n| {
            let start = segment.element_offset(n as usize) - segment.offset();
            (start as usize, segment.element(n as usize).len())
        });
        self.check_period(plan, segment, &mut faults);
        self.check_end(plan, segment, &mut faults);
        faults
    }

    /// Syntax rules; one that an element already found missing explains is passed over.
    fn check_syntax(
        &self,
        plan: &SegmentPlan,
        present: u64,
        faults: &mut Vec<ElementFault>,
        place: impl Fn(u8) -> (usize, usize),
    ) {
        let broken = || plan.syntax.iter().filter(|rule| !rule.holds(present));
        for rule in broken() {
            let blamed = rule.blames(present);
            // One of several is there as soon as the one that another rule asks for is.
            if let Syntax::R(several) = rule.rule
                && broken().any(|other| {
                    other.rule != rule.rule && several.contains(&other.blames(present))
                })
            {
                continue;
            }
            let known = faults.iter().any(|fault| {
                fault.element == blamed
                    && matches!(
                        fault.fault,
                        Fault::ElementMissing
                            | Fault::Paired { .. }
                            | Fault::Required { .. }
                            | Fault::Exclusive { .. }
                            | Fault::Conditional { .. }
                            | Fault::ListConditional { .. }
                    )
            });
            if known {
                continue;
            }
            let text = rule.rule.to_string();
            let fault = match rule.rule {
                Syntax::P(_) => Fault::Paired { rule: text },
                Syntax::R(_) => Fault::Required { rule: text },
                Syntax::E(_) => Fault::Exclusive { rule: text },
                Syntax::C(_) => Fault::Conditional { rule: text },
                Syntax::L(_) => Fault::ListConditional { rule: text },
            };
            let (start, length) = place(blamed);
            let used = plan.elements.get(blamed as usize - 1).map(|element| element.used);
            faults.push(ElementFault {
                fault,
                used,
                element: blamed,
                repetition: 0,
                component: 0,
                start,
                length,
            });
        }
    }

    /// Too many elements, or separators that separate nothing.
    fn check_end(&self, plan: &SegmentPlan, segment: &Segment<'_>, faults: &mut Vec<ElementFault>) {
        let count = segment.count();
        if count == 0 || (count <= plan.elements.len() && !segment.element(count).is_empty()) {
            return;
        }
        let max = plan.elements.len();
        let surplus = (max + 1..=count).find(|n| !segment.element(*n).is_empty());
        let last = (1..=count).rfind(|n| !segment.element(*n).is_empty()).unwrap_or(0);
        let (element, fault, length) = match surplus {
            Some(n) => (n, Fault::TooManyElements { max }, segment.element(n).len()),
            // Separators before something found missing are part of that mistake.
            None if faults.iter().any(|fault| fault.element as usize > last) => return,
            None => (last + 1, Fault::TrailingSeparators, 0),
        };
        faults.push(ElementFault {
            fault,
            used: None,
            element: u8::try_from(element).unwrap_or(u8::MAX),
            repetition: 0,
            component: 0,
            start: (segment.element_offset(element) - segment.offset()) as usize,
            length,
        });
    }

    /// A date or time whose form the element before it names.
    fn check_period(
        &self,
        plan: &SegmentPlan,
        segment: &Segment<'_>,
        faults: &mut Vec<ElementFault>,
    ) {
        let Some((n, fault)) = period_fault(plan, segment) else { return };
        if faults.iter().any(|fault| fault.element == n) {
            return;
        }
        faults.push(ElementFault {
            fault,
            used: plan.elements.get(n as usize - 1).map(|element| element.used),
            element: n,
            repetition: 0,
            component: 0,
            start: (segment.element_offset(n as usize) - segment.offset()) as usize,
            length: segment.element(n as usize).len(),
        });
    }

    /// One element that is not right at first sight: its repetitions, their components.
    fn element(
        &self,
        n: u8,
        element: &ElementPlan,
        value: &[u8],
        start: usize,
        faults: &mut Vec<ElementFault>,
    ) {
        let known = faults.len();
        let repeats = self.delimiters.repetition.filter(|r| value.contains(r));
        match repeats {
            Some(separator) => {
                let mut at = start;
                for (r, value) in (1u16..).zip(value.split(|b| *b == separator)) {
                    if u32::from(r) > element.used.repeat {
                        faults.push(ElementFault {
                            fault: Fault::TooManyRepetitions { max: element.used.repeat },
                            used: Some(element.used),
                            element: n,
                            repetition: r,
                            component: 0,
                            start: at,
                            length: value.len(),
                        });
                        break;
                    }
                    self.repetition(n, r, element, value, at, faults);
                    at += value.len() + 1;
                }
            }
            None => self.repetition(n, 0, element, value, start, faults),
        }
        // One mistake, one finding: the first thing wrong with an element speaks for it.
        faults.truncate(known + 1);
    }

    fn repetition(
        &self,
        n: u8,
        repetition: u16,
        element: &ElementPlan,
        value: &[u8],
        start: usize,
        faults: &mut Vec<ElementFault>,
    ) {
        let fault = |fault, used, component, start, length| ElementFault {
            fault,
            used: Some(used),
            element: n,
            repetition,
            component,
            start,
            length,
        };
        let Some(composite) = &element.composite else {
            if let Some(at) = value.iter().position(|b| *b == self.delimiters.component) {
                let max = Fault::TooManyComponents { max: 1 };
                let rest = value.len() - at - 1;
                faults.push(fault(max, element.used, 2, start + at + 1, rest));
            } else if let Some(wrong) = self.simple(element, value) {
                faults.push(fault(wrong, element.used, 0, start, value.len()));
            }
            return;
        };
        let mut at = start;
        let mut present = 0;
        let count = composite.elements.len();
        let mut places = Vec::new();
        for (c, part) in (1usize..).zip(value.split(|b| *b == self.delimiters.component)) {
            places.push((at, part.len()));
            let number = u8::try_from(c).unwrap_or(u8::MAX);
            if let Some(inner) = composite.elements.get(c - 1) {
                let wrong = match part.is_empty() {
                    true => (composite.must & 1 << c != 0).then_some(Fault::ElementMissing),
                    false => {
                        present |= 1 << c;
                        self.simple(inner, part)
                    }
                };
                faults.extend(wrong.map(|wrong| fault(wrong, inner.used, number, at, part.len())));
            } else if !part.is_empty() {
                let max = Fault::TooManyComponents { max: count };
                faults.push(fault(max, element.used, number, at, part.len()));
                break;
            }
            at += part.len() + 1;
        }
        let end = (start + value.len(), 0);
        let mut inner = Vec::new();
        self.check_syntax(composite, present, &mut inner, |c| {
            places.get(c as usize - 1).copied().unwrap_or(end)
        });
        faults.extend(inner.into_iter().map(|wrong| ElementFault {
            element: n,
            repetition,
            component: wrong.element,
            ..wrong
        }));
        if value.last() == Some(&self.delimiters.component) && faults.is_empty() {
            let (at, _) = places.pop().unwrap_or(end);
            faults.push(fault(Fault::TrailingSeparators, element.used, 0, at, 0));
        }
    }

    /// What is wrong with a value that has no parts.
    fn simple(&self, element: &ElementPlan, value: &[u8]) -> Option<Fault> {
        if let Some(at) = self.alphabet.first_bad(value) {
            return Some(Fault::Character { byte: value[at] });
        }
        let digits = match element.kind {
            Kind::N(_) => Some(value::integer(value)),
            Kind::R => Some(value::decimal(value)),
            _ => None,
        };
        let length = match digits {
            Some(Some(digits)) => digits,
            Some(None) => return Some(Fault::NotANumber { decimal: element.kind == Kind::R }),
            None => self.alphabet.characters(value),
        };
        if length < element.min as usize {
            return Some(Fault::TooShort { length, min: element.min });
        }
        if length > element.max as usize {
            return Some(Fault::TooLong { length, max: element.max });
        }
        match element.kind {
            Kind::Dt if !value::is_date(value) => Some(Fault::NotADate),
            Kind::Tm if value::is_24_hours(value) && self.hour_24 => Some(Fault::TwentyFourHours),
            Kind::Tm if !value::is_time(value) => Some(Fault::NotATime),
            Kind::Id => match &element.codes {
                Some(codes) if codes.has(value) => None,
                Some(codes) if codes.complete => Some(Fault::CodeUnknown),
                Some(_) => Some(Fault::CodeUnlisted),
                None => None,
            },
            _ => None,
        }
    }
}

/// The date, time or period that is not of the form the element before it names, and what is wrong
/// with it.
#[inline]
fn period_fault(plan: &SegmentPlan, segment: &Segment<'_>) -> Option<(u8, Fault)> {
    let n = plan.period.filter(|n| !segment.element(*n as usize).is_empty())?;
    let fault = form_fault(segment.element(n as usize - 1), segment.element(n as usize))?;
    Some((n, fault))
}

/// What is wrong with a value of this form; forms not listed pass.
fn form_fault(format: &[u8], value: &[u8]) -> Option<Fault> {
    let date = |date: &[u8], length| date.len() == length && value::is_date(date);
    let moment = |v: &[u8]| v.len() == 12 && value::is_date(&v[..8]) && value::is_time(&v[8..]);
    let both = |test: &dyn Fn(&[u8]) -> bool| {
        let mut halves = value.splitn(2, |b| *b == b'-');
        halves.next().is_some_and(test) && halves.next().is_some_and(test)
    };
    let good = match format {
        b"D8" => date(value, 8),
        b"D6" => date(value, 6),
        b"DT" => moment(value),
        b"RD8" => both(&|half| date(half, 8)),
        b"RD6" => both(&|half| date(half, 6)),
        b"RDT" => both(&moment),
        b"TM" => return (!(value.len() == 4 && value::is_time(value))).then_some(Fault::NotATime),
        _ => true,
    };
    (!good).then_some(Fault::NotADate)
}
