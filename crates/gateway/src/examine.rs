//! An interchange looked at set by set: findings as lines, which sets are accepted, what they answer,
//! and what they say as records of the model.

use std::collections::BTreeSet;
use std::fmt::Write;
use std::sync::Arc;

use tieline_mapping::advice_824::Answered;
use tieline_mapping::business::{self, BusinessFinding, Judge, is_unsure_after};
use tieline_mapping::document;
use tieline_mapping::options::Options;
use tieline_model::record::Record;
use tieline_partner::Partner;
use tieline_store::expectation::{Answer, Kind, Outcome};
use tieline_x12::finding::{Finding, Severity};
use tieline_x12::header::Header;
use tieline_x12::held_set::HeldSet;
use tieline_x12::observer::{GroupOutcome, InterchangeOutcome, Observer, Scene, SetOutcome};
use tieline_x12::plan::Plan;
use tieline_x12::segment::Segment;

use crate::steps::read::counted;

/// How many findings a report tells; the others are counted.
const MOST_LINES: usize = 1_000;

/// What was found in an interchange.
#[derive(Debug, Default)]
pub(crate) struct Examined {
    /// A line for each finding, as the report has them.
    pub(crate) lines: Vec<String>,
    /// Findings that are not told.
    pub(crate) untold: u64,
    /// Errors and warnings of the standard and of the guide.
    pub(crate) errors: u64,
    pub(crate) warnings: u64,
    /// Sets that are no acknowledgments: how many, and how many of them are accepted: a set with an
    /// error only where the partner's are, and none of a group that is refused.
    pub(crate) sets: u64,
    pub(crate) accepted: u64,
    /// Groups that are refused as a whole, counted from 0 in the interchange.
    pub(crate) refused_groups: BTreeSet<u64>,
    /// What is wrong with the interchange itself.
    pub(crate) fault: Option<String>,
    /// What acknowledgments in it say of what we sent; the partner is not filled in.
    pub(crate) answers: Vec<Answer>,
    /// Acknowledgments in it that cannot be used, because they are wrong.
    pub(crate) unusable: u64,
}

impl Examined {
    fn line(&mut self, line: String) {
        match self.lines.len() < MOST_LINES {
            true => self.lines.push(line),
            false => self.untold += 1,
        }
    }

    /// The report for the partner; `None` if there is nothing to tell.
    pub(crate) fn report(&self, name: &str) -> Option<String> {
        if self.lines.is_empty() {
            return None;
        }
        let errors = counted(self.errors, "error");
        let warnings = counted(self.warnings, "warning");
        let mut text = format!("{name}: {errors}, {warnings}\n\n");
        for line in &self.lines {
            let _ = writeln!(text, "{line}");
        }
        if self.untold > 0 {
            let _ = writeln!(text, "and {} more", self.untold);
        }
        Some(text)
    }
}

/// A set that was read.
pub(crate) struct ReadSet {
    /// What it says.
    pub(crate) record: Record,
    /// What is wrong with it beyond the standard.
    pub(crate) found: Vec<BusinessFinding>,
}

/// Observes one interchange. With a partner's options it reads the sets as well and hands each over.
pub(crate) struct Examiner<'e> {
    pub(crate) examined: Examined,
    accept_with_errors: bool,
    reading: Option<Reading<'e>>,
    /// `GS01` of the open group.
    group: Vec<u8>,
    /// How many groups ended before the open one, and how many of its sets are accepted so far.
    groups_ended: u64,
    accepted_in_group: u64,
    /// Groups whose sets are not read, because their end says that they are refused.
    refused_before: BTreeSet<u64>,
    /// The acknowledgment of a group that is open, and the errors of the set it stands in.
    answer: Option<OpenAnswer>,
    unsure: bool,
}

struct OpenAnswer {
    answers: Vec<Answer>,
}

/// Reading the sets as records.
struct Reading<'e> {
    options: Arc<Options>,
    judge: Judge,
    sender: String,
    held: HeldSet,
    numbers: [String; 2],
    each: &'e mut dyn FnMut(ReadSet) -> Result<(), String>,
    failed: Option<String>,
}

impl<'e> Examiner<'e> {
    /// One that looks for findings alone.
    pub(crate) fn new(accept_with_errors: bool) -> Examiner<'e> {
        Examiner {
            examined: Examined::default(),
            accept_with_errors,
            reading: None,
            group: Vec::new(),
            groups_ended: 0,
            accepted_in_group: 0,
            refused_before: BTreeSet::new(),
            answer: None,
            unsure: false,
        }
    }

    /// The same, and each set that is accepted is read and given to `each`. What is wrong with a group
    /// is known at its end, so whoever wants none of a refused one looks through it before.
    pub(crate) fn reading(
        self,
        partner: &Partner,
        refused_groups: BTreeSet<u64>,
        each: &'e mut dyn FnMut(ReadSet) -> Result<(), String>,
    ) -> Examiner<'e> {
        let reading = Reading {
            options: Arc::clone(partner.options()),
            judge: Judge::new(Arc::clone(partner.options()), partner.business().clone()),
            sender: partner.profile().id.clone(),
            held: HeldSet::default(),
            numbers: Default::default(),
            each,
            failed: None,
        };
        Examiner { reading: Some(reading), refused_before: refused_groups, ..self }
    }

    /// What was found; why a record was not taken.
    pub(crate) fn finish(self) -> (Examined, Option<String>) {
        (self.examined, self.reading.and_then(|reading| reading.failed))
    }

    fn is_acknowledging(&self) -> bool {
        self.group == b"FA"
    }
}

impl Observer for Examiner<'_> {
    fn finding(&mut self, finding: Finding, _: &Scene<'_>) {
        self.unsure |= is_unsure_after(&finding);
        let word = match finding.severity {
            Severity::Error => {
                self.examined.errors += 1;
                "error"
            }
            Severity::Warning => {
                self.examined.warnings += 1;
                "warning"
            }
        };
        self.examined.line(format!("{word}[{}] {finding}\n    {}", finding.code(), finding.path));
    }

    fn interchange(&mut self, header: &Arc<Header>) {
        if let Some(reading) = &mut self.reading {
            reading.held.interchange(header);
            reading.numbers[0] = String::from_utf8_lossy(header.control_number()).into_owned();
        }
    }

    fn envelope(&mut self, segment: &Segment<'_>) {
        match segment.id().as_bytes() {
            b"GS" => {
                self.group = segment.element(1).to_vec();
                if let Some(reading) = &mut self.reading {
                    reading.numbers[1] = String::from_utf8_lossy(segment.element(6)).into_owned();
                }
            }
            b"TA1" => self.examined.answers.extend(interchange_answer(segment)),
            _ => {}
        }
        if let Some(reading) = &mut self.reading {
            reading.held.envelope(segment);
        }
    }

    fn set(&mut self, segment: &Segment<'_>, plan: Option<&Arc<Plan>>) {
        self.unsure = false;
        self.answer = self.is_acknowledging().then(|| OpenAnswer { answers: Vec::new() });
        let is_read = plan.is_some() && !self.is_acknowledging();
        if let Some(reading) = &mut self.reading {
            reading.held.begin(segment, plan, is_read);
        }
    }

    fn segment(&mut self, segment: &Segment<'_>, row: Option<u16>) {
        if let Some(open) = &mut self.answer {
            open.hear(segment);
        }
        if let Some(reading) = &mut self.reading {
            reading.held.add(segment, row);
        }
    }

    fn set_end(&mut self, outcome: &SetOutcome) {
        if let Some(open) = self.answer.take() {
            match outcome.errors {
                0 => self.examined.answers.extend(open.answers),
                _ => self.examined.unusable += 1,
            }
            return;
        }
        self.examined.sets += 1;
        let is_accepted = (outcome.errors == 0 || self.accept_with_errors)
            && !self.refused_before.contains(&self.groups_ended);
        self.accepted_in_group += u64::from(is_accepted);
        let unsure = self.unsure || outcome.untold > 0;
        let Some(reading) = &mut self.reading else { return };
        if !is_accepted {
            reading.held.end(outcome);
            return;
        }
        for line in reading.set_end(outcome, unsure) {
            self.examined.line(line);
        }
    }

    fn group_end(&mut self, outcome: &GroupOutcome) {
        let accepted = std::mem::take(&mut self.accepted_in_group);
        // As its 997 says: a group that is wrong itself is refused with all that is in it.
        match outcome.faults.is_empty() || self.accept_with_errors {
            true => self.examined.accepted += accepted,
            false => {
                self.examined.refused_groups.insert(self.groups_ended);
            }
        }
        self.groups_ended += 1;
        self.group.clear();
    }

    fn interchange_end(&mut self, outcome: &InterchangeOutcome) {
        self.examined.fault = match (&outcome.fault, outcome.whole) {
            (Some(fault), _) => Some(format!("TA1 {}", fault.ta105.unwrap_or("000"))),
            (None, false) => Some("the end of the interchange is missing".to_string()),
            (None, true) => None,
        };
    }
}

impl Reading<'_> {
    /// Reads the set that ends and hands it over; the lines of what is wrong with it.
    fn set_end(&mut self, outcome: &SetOutcome, unsure: bool) -> Vec<String> {
        let Some(tree) = self.held.end(outcome) else { return Vec::new() };
        if self.failed.is_some() {
            return Vec::new();
        }
        let root = tree.root(self.held.bytes());
        let found = if unsure { Vec::new() } else { self.judge.judge(root, &self.sender) };
        let set = String::from_utf8_lossy(&outcome.control_number).into_owned();
        let lines = found.iter().map(|it| {
            let segment = it.segment.map(|id| format!(" {id}")).unwrap_or_default();
            format!(
                "{:?}[{}] set {set}, segment {}{segment}: {}",
                it.severity, it.code, it.at.0, it.what
            )
        });
        let lines = lines.collect();
        match document::read(root, &self.options) {
            Ok(mut record) => {
                if let Some(origin) = document::provenance(&mut record).and_then(|it| it.0.as_mut())
                {
                    [origin.interchange, origin.group] = self.numbers.clone().map(Some);
                }
                self.failed = (self.each)(ReadSet { record, found }).err();
            }
            // What cannot be read is among the findings already.
            Err(error) if found.is_empty() => self.failed = Some(format!("set {set}: {error}")),
            Err(_) => {}
        }
        lines
    }
}

impl OpenAnswer {
    fn hear(&mut self, segment: &Segment<'_>) {
        let text = |n| String::from_utf8_lossy(segment.element(n)).into_owned();
        match segment.id().as_bytes() {
            b"AK1" => self.answers.push(Answer {
                partner: String::new(),
                kind: Kind::Functional,
                key: group_key(&text(1), &text(2)),
                outcome: Outcome::Accepted,
                detail: String::new(),
                by: None,
            }),
            b"AK9" => {
                let Some(answer) = self.answers.last_mut() else { return };
                answer.outcome = match segment.element(1) {
                    b"A" | b"E" => Outcome::Accepted,
                    b"P" => Outcome::Partly,
                    _ => Outcome::Rejected,
                };
                answer.detail = format!("{} of {} transaction sets accepted", text(4), text(2));
            }
            _ => {}
        }
    }
}

/// What an acknowledgment of a group names: `PT:17`.
pub(crate) fn group_key(functional_id: &str, control: &str) -> String {
    let control = control.trim().trim_start_matches('0');
    format!("{}:{control}", functional_id.trim())
}

fn interchange_answer(ta1: &Segment<'_>) -> Option<Answer> {
    let text = |n| std::str::from_utf8(ta1.element(n)).ok().map(str::trim);
    let outcome = match text(4)? {
        "A" | "E" => Outcome::Accepted,
        _ => Outcome::Rejected,
    };
    Some(Answer {
        partner: String::new(),
        kind: Kind::Interchange,
        key: text(1)?.trim_start_matches('0').to_string(),
        outcome,
        detail: format!("TA104 {}, TA105 {}", text(4)?, text(5)?),
        by: None,
    })
}

/// The document that a record answers to, if it can be answered.
pub(crate) fn answered(record: &Record) -> Option<Answered<'_>> {
    match record {
        Record::UsageReport(report) => Answered::usage(report),
        Record::Bill(bill) => Some(Answered::bill(bill)),
        Record::Payment(payment) => Answered::payment(payment),
        _ => None,
    }
}

/// Whether any finding says that the document is not to be used.
pub(crate) fn is_unusable(found: &[BusinessFinding]) -> bool {
    found.iter().any(|it| it.severity == business::Severity::Error)
}
