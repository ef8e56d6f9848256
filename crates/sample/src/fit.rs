//! Fitting a sample to a guide, and breaking one rule of a guide on purpose.
//!
//! Both try and look: a change is kept when the check says that it helped. So they know nothing of
//! any guide's rules but what the check says of them.

use std::sync::Arc;

use tieline_x12::check::Plans;
use tieline_x12::compose::{self, Element, Segment};
use tieline_x12::delimiters::Delimiters;
use tieline_x12::dictionary;
use tieline_x12::document::Document;
use tieline_x12::finding::{Fault, Finding, Severity};
use tieline_x12::guide::Path;
use tieline_x12::header::Header;
use tieline_x12::plan::Plan;
use tieline_x12::table::{Kind, Release, Usage};

use crate::corpus::{self, Request};

/// How many changes a sample may take to fit.
const MOST_CHANGES: usize = 200;

/// Changes the documents of a sample until they are what the plan's guide wants.
///
/// # Errors
///
/// The finding that could not be mended.
pub fn fit(
    request: &Request,
    mut sample: compose::Interchange,
    plan: &Arc<Plan>,
) -> Result<compose::Interchange, Box<Finding>> {
    for group in &mut sample.groups {
        for set in &mut group.sets {
            let bench = Bench { request, plan };
            bench.fit(&mut set.segments)?;
        }
    }
    Ok(sample)
}

/// Breaks one rule of the plan's guide, and nothing else, in the first document of a sample that
/// lets it. `None` when no small change does.
pub fn break_rule(
    request: &Request,
    sample: &compose::Interchange,
    plan: &Arc<Plan>,
    rule: &str,
) -> Option<compose::Interchange> {
    let bench = Bench { request, plan };
    let set = sample.groups.first()?.sets.first()?;
    let broken = bench.changes(&set.segments).find(|segments| {
        let errors = bench.errors(segments);
        errors.len() == 1 && errors[0].rule.as_ref().is_some_and(|name| name.rule == rule)
    })?;
    let mut sample = sample.clone();
    sample.groups[0].sets[0].segments = broken;
    Some(sample)
}

/// Where the body of one document is tried.
struct Bench<'a> {
    request: &'a Request,
    plan: &'a Arc<Plan>,
}

impl Plans for Bench<'_> {
    fn plan(&self, _: &Header, _: Release, _: &[u8]) -> Option<Arc<Plan>> {
        Some(Arc::clone(self.plan))
    }
}

impl Bench<'_> {
    fn release(&self) -> Release {
        self.request.release
    }

    /// The findings that count: errors, and warnings of the guide.
    fn errors(&self, segments: &[Segment]) -> Vec<Finding> {
        let mut interchange = corpus::envelope_of(self.request);
        interchange.groups[0].sets[0].segments = segments.to_vec();
        let Ok(bytes) = compose::write(&interchange, &Delimiters::default()) else {
            return Vec::new();
        };
        let document = Document::read(&bytes, self);
        let counts = |f: &Finding| f.severity == Severity::Error || f.rule.is_some();
        document.findings.into_iter().filter(counts).collect()
    }

    fn fit(&self, segments: &mut Vec<Segment>) -> Result<(), Box<Finding>> {
        for _ in 0..MOST_CHANGES {
            let errors = self.errors(segments);
            let Some(finding) = errors.first() else { return Ok(()) };
            if !self.mend(segments, finding, errors.len()) {
                return Err(Box::new(finding.clone()));
            }
        }
        match self.errors(segments).into_iter().next() {
            Some(finding) => Err(Box::new(finding)),
            None => Ok(()),
        }
    }

    /// Changes what a finding speaks of; whether there is something to change.
    fn mend(&self, segments: &mut Vec<Segment>, finding: &Finding, errors: usize) -> bool {
        let Some(place) = (finding.at.segment as usize).checked_sub(2) else { return false };
        if let Fault::GuideSegmentMissing { at } = &finding.fault {
            return self.insert(segments, place.min(segments.len()), at, errors);
        }
        let Some(segment) = segments.get_mut(place) else { return false };
        let number = finding.at.element as usize;
        let value = simple(segment, number);
        let new = match &finding.fault {
            Fault::GuideSegmentUnused
            | Fault::GuideTooMany { .. }
            | Fault::SegmentOutOfOrder
            | Fault::SegmentTooMany { .. }
            | Fault::LoopTooMany { .. } => {
                segments.remove(place);
                return true;
            }
            Fault::GuideCode { codes } => codes.split(", ").next().map(str::to_string),
            Fault::GuideTooLong { max, .. } => Some(value.chars().take(*max as usize).collect()),
            Fault::GuideTooShort { min, .. } => Some(format!("{value:0<0$}", *min as usize)),
            Fault::GuideElementUnused => Some(String::new()),
            Fault::Character { .. } => Some(plain(&value)),
            Fault::ElementMissing
            | Fault::GuideElementMissing
            | Fault::Paired { .. }
            | Fault::Required { .. }
            | Fault::Conditional { .. }
            | Fault::ListConditional { .. } => {
                finding.element.map(|used| self.some_value(used.element))
            }
            _ => None,
        };
        let Some(new) = new else { return false };
        set_element(segment, number, finding.at.component as usize, &new);
        true
    }

    /// Puts in the segment a guide's path asks for, where it leaves the fewest errors.
    fn insert(&self, segments: &mut Vec<Segment>, place: usize, at: &str, errors: usize) -> bool {
        let Ok(path) = at.parse::<Path>() else { return false };
        let Some(step) = path.steps.last() else { return false };
        let mut wanted = self.some_segment(&step.segment);
        for (element, codes) in &step.is {
            set_element(&mut wanted, *element as usize, 0, &codes[0]);
        }
        let best = (0..=place)
            .rev()
            .map(|place| {
                let mut tried = segments.clone();
                tried.insert(place, wanted.clone());
                (self.errors(&tried).len(), place)
            })
            // Of equal places the one nearest to where it was missed.
            .min_by_key(|(errors, at)| (*errors, place - at));
        match best {
            Some((left, at)) if left < errors + 3 => {
                segments.insert(at, wanted);
                true
            }
            _ => false,
        }
    }

    /// A segment with everything that must be in it.
    fn some_segment(&self, id: &str) -> Segment {
        let mut segment = Segment::new(id);
        if let Some(table) = dictionary::segment(self.release(), id.as_bytes()) {
            for (n, used) in (1..).zip(table.elements) {
                if used.usage == Usage::Must {
                    set_element(&mut segment, n, 0, &self.some_value(used.element));
                }
            }
        }
        segment
    }

    /// A value an element can have.
    fn some_value(&self, element: &str) -> String {
        let release = self.release();
        if let Some(composite) = dictionary::composite(release, element) {
            return composite
                .components
                .first()
                .map_or(String::new(), |c| self.some_value(c.element));
        }
        let Some(table) = dictionary::element(release, element) else { return "1".to_string() };
        let least = table.min as usize;
        match table.kind {
            Kind::Id => dictionary::code_list(element)
                .and_then(|list| list.codes.iter().find(|code| code.releases.has(release)))
                .map_or_else(|| "A".repeat(least.max(1)), |code| code.code.to_string()),
            Kind::An => {
                let length = least.max(6).min(table.max as usize);
                "SAMPLE".chars().cycle().take(length).collect()
            }
            Kind::N(_) | Kind::R => "1".repeat(least.max(1)),
            Kind::Dt if table.max == 6 => "260401".to_string(),
            Kind::Dt => "20260401".to_string(),
            Kind::Tm => "1200".to_string(),
        }
    }

    /// Small changes to a document, simple ones first.
    fn changes<'s>(&'s self, body: &'s [Segment]) -> impl Iterator<Item = Vec<Segment>> + 's {
        let removed = (1usize..=40).flat_map(move |length| {
            (0..(body.len() + 1).saturating_sub(length)).map(move |n| {
                let mut changed = body.to_vec();
                changed.drain(n..n + length);
                changed
            })
        });
        let elements = || {
            (0..body.len())
                .flat_map(|n| (1..=body[n].elements.len()).map(move |element| (n, element)))
        };
        let emptied = elements().map(|(n, element)| changed(body, n, element, ""));
        let longer = elements().flat_map(move |(n, element)| {
            let value = simple(&body[n], element);
            [format!("{value}A"), format!("{value}1"), value.chars().take(1).collect()]
                .into_iter()
                .map(move |value| changed(body, n, element, &value))
                .collect::<Vec<_>>()
        });
        let recoded = elements().flat_map(move |(n, element)| {
            self.other_codes(&body[n], element)
                .map(|code| changed(body, n, element, code))
                .collect::<Vec<_>>()
        });
        let filled = (0..body.len()).flat_map(move |n| {
            let table = dictionary::segment(self.release(), body[n].id.as_bytes());
            let more = table.map_or(0, |table| table.elements.len());
            let first = body[n].elements.len() + 1;
            let uses = table.map(|table| table.elements).unwrap_or_default();
            (first..=more)
                .map(|element| {
                    changed(body, n, element, &self.some_value(uses[element - 1].element))
                })
                .collect::<Vec<_>>()
        });
        let doubled = (1usize..=24).flat_map(move |length| {
            (0..body.len().saturating_sub(length - 1)).map(move |n| {
                let mut doubled = body.to_vec();
                let copy: Vec<Segment> = body[n..n + length].to_vec();
                doubled.splice(n..n, copy);
                doubled
            })
        });
        // Where a code makes a condition true, something must often go as well.
        let few = body.len() <= 80;
        let both = elements().filter(move |_| few).flat_map(move |(n, element)| {
            self.other_codes(&body[n], element)
                .flat_map(|code| {
                    let once = changed(body, n, element, code);
                    (0..once.len()).map(move |gone| {
                        let mut twice = once.clone();
                        twice.remove(gone);
                        twice
                    })
                })
                .collect::<Vec<_>>()
        });
        removed.chain(emptied).chain(recoded).chain(longer).chain(filled).chain(doubled).chain(both)
    }

    /// The other codes an element could have.
    fn other_codes(&self, segment: &Segment, element: usize) -> impl Iterator<Item = &'static str> {
        let release = self.release();
        let value = simple(segment, element);
        let table = dictionary::segment(release, segment.id.as_bytes());
        let number =
            table.and_then(|table| table.elements.get(element - 1)).map_or("", |u| u.element);
        let number = dictionary::composite(release, number)
            .and_then(|composite| composite.components.first())
            .map_or(number, |component| component.element);
        let codes = dictionary::code_list(number).map(|list| list.codes).unwrap_or_default();
        codes
            .iter()
            .filter(move |code| code.releases.has(release) && code.code != value)
            .map(|code| code.code)
    }
}

fn changed(body: &[Segment], n: usize, element: usize, value: &str) -> Vec<Segment> {
    let mut changed = body.to_vec();
    set_element(&mut changed[n], element, 0, value);
    changed
}

/// The value of an element, of its first component when it has several.
fn simple(segment: &Segment, number: usize) -> String {
    match number.checked_sub(1).and_then(|n| segment.elements.get(n)) {
        Some(Element::Simple(value)) => value.clone(),
        Some(Element::Composite(components)) => components.first().cloned().unwrap_or_default(),
        Some(Element::Repeated(repetitions)) => {
            repetitions.first().and_then(|r| r.first()).cloned().unwrap_or_default()
        }
        None => String::new(),
    }
}

/// Sets an element, or one of its components; both are counted from 1, and component 0 is the whole.
fn set_element(segment: &mut Segment, number: usize, component: usize, value: &str) {
    let Some(at) = number.checked_sub(1) else { return };
    while segment.elements.len() <= at {
        segment.elements.push(Element::Simple(String::new()));
    }
    let element = &mut segment.elements[at];
    match (component, &mut *element) {
        (0, _) => *element = Element::Simple(value.to_string()),
        (c, Element::Composite(components)) => {
            components.resize(components.len().max(c), String::new());
            components[c - 1] = value.to_string();
        }
        (c, other) => {
            let first = match other {
                Element::Simple(value) => value.clone(),
                _ => String::new(),
            };
            let mut components = vec![first];
            components.resize(c.max(1), String::new());
            components[c - 1] = value.to_string();
            *element = Element::Composite(components);
        }
    }
}

/// The text in capitals, without what the basic character set lacks.
fn plain(text: &str) -> String {
    text.to_ascii_uppercase()
        .chars()
        .map(
            |c| if c.is_ascii_alphanumeric() || " !\"&'()*+,-./:;?=".contains(c) { c } else { ' ' },
        )
        .collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Choices, Kind as Sort};
    use tieline_partner::builtin;
    use tieline_x12::guide::{CharacterSet, Guide, Options, Rule};
    use tieline_x12::sets;

    fn plan(set: &str, guide: &Guide) -> Arc<Plan> {
        let set = sets::find(guide.release, set.as_bytes()).expect("a set of ours");
        Arc::new(Plan::compile(set, Some(guide)).expect("the guide fits the set"))
    }

    fn kind_of(guide: &str) -> Sort {
        match guide {
            "utility/867-interval" => Sort::UsageInterval,
            "utility/867-historical" => Sort::UsageHistorical,
            other => other[8..11].parse().expect("named for its set"),
        }
    }

    #[test]
    fn samples_fit_every_built_in_guide_and_rules_break_alone() {
        for (name, rules) in [
            ("utility/810-commercial", &["account", "due-date", "line"][..]),
            ("utility/814-account-setup", &["action"]),
            ("utility/820-remittance", &["trace", "ach-payee-bank"]),
            ("utility/824-advice", &["utility"]),
            ("utility/867-historical", &["purpose"]),
            ("utility/867-interval", &["meter", "cancel-names-original"]),
            ("utility/867-monthly", &["quantity-kind"]),
        ] {
            let guide = &builtin::find(name).expect("a guide of ours").guide;
            let plan = plan(&guide.set, guide);
            let interval = crate::IntervalLength::Minutes60;
            let choices = Choices { days: Some(1), interval, ..Choices::default() };
            let request = Request { choices, ..Request::of(kind_of(name)) };
            let sample = fit(&request, corpus::interchange(&request), &plan)
                .map_err(|finding| finding.message())
                .expect("samples fit the built-in guides");
            for rule in rules {
                let broken = break_rule(&request, &sample, &plan, rule);
                assert!(broken.is_some(), "{name}: {rule}");
            }
        }
    }

    #[test]
    fn a_sample_is_changed_until_it_fits() {
        let rule = |at: &str, change: &dyn Fn(&mut Rule)| {
            let mut rule = Rule {
                id: at.to_string(),
                at: at.parse().expect("a path"),
                when: None,
                usage: None,
                max: None,
                codes: Vec::new(),
                min_length: None,
                max_length: None,
                severity: Severity::Error,
                note: None,
            };
            change(&mut rule);
            rule
        };
        let options = Options { characters: CharacterSet::Basic, ..Options::default() };
        let guide = Guide {
            name: "somebody/810".to_string(),
            title: String::new(),
            set: "810".to_string(),
            release: Release::V004010,
            options,
            rules: vec![
                rule("N1*8R/REF*45", &|rule| rule.usage = Some(Usage::Must)),
                rule("BIG/02", &|rule| rule.max_length = Some(5)),
                rule("BIG/04", &|rule| rule.usage = Some(Usage::Must)),
                rule("BAL", &|rule| rule.usage = Some(Usage::Never)),
                rule("ITD/01", &|rule| rule.codes = vec!["05".to_string()]),
            ],
        };
        let plan = plan("810", &guide);
        let request = Request::of(Sort::Invoice);
        let fitted = fit(&request, corpus::interchange(&request), &plan)
            .map_err(|finding| finding.message())
            .expect("these rules can be met");
        let bench = Bench { request: &request, plan: &plan };
        assert_eq!(bench.errors(&fitted.groups[0].sets[0].segments).len(), 0);
    }
}
