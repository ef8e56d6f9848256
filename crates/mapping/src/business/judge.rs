//! Judging the sets of a file one by one: read into the model, then judged by what they say.
//!
//! A set in which a segment is unknown, missing, out of place or too often, and one without an end,
//! is not to be judged: what stands where is not sure. Nor is one that lacks what a guide asks for,
//! which would be told twice. [`is_unsure_after`] tells which findings these are. A set with other
//! errors is judged if it can be read all the same.

use std::sync::Arc;

use tieline_model::pricing::Schedules;
use tieline_model::provenance::Ordinal;
use tieline_x12::finding::{Fault, Finding, Severity};
use tieline_x12::tree::Tree;

use super::catalogue::Code;
use super::finding::{BusinessFinding, unreadable};
use super::options::BusinessOptions;
use super::seen::{Number, Seen};
use crate::error::MappingError;
use crate::options::Options;
use crate::{invoice_810, remittance_820, usage_867};

/// Judges the sets of one file.
#[derive(Debug, Clone, Default)]
pub struct Judge {
    mapping: Arc<Options>,
    options: BusinessOptions,
    schedules: Option<Arc<Schedules>>,
    seen: Seen,
}

/// How one kind of set is read and judged.
type OfSet = fn(&mut Judge, Tree<'_>, &str) -> Result<Vec<BusinessFinding>, MappingError>;

/// The sets that have a model: how each is judged, and the code of one that cannot be read.
const SETS: &[(&[u8], OfSet, Code)] = &[
    (b"867", of_usage, Code::USAGE_UNREADABLE),
    (b"810", of_bill, Code::BILL_UNREADABLE),
    (b"820", of_payment, Code::PAYMENT_UNREADABLE),
];

fn of_usage(
    it: &mut Judge,
    set: Tree<'_>,
    sender: &str,
) -> Result<Vec<BusinessFinding>, MappingError> {
    let report = usage_867::read(set, &it.mapping)?;
    let number = Number::of_usage(&report);
    let repeated = number.and_then(|number| it.seen.note(sender, number, &it.options));
    Ok(repeated.into_iter().chain(super::usage(&report, &it.options)).collect())
}

fn of_bill(
    it: &mut Judge,
    set: Tree<'_>,
    sender: &str,
) -> Result<Vec<BusinessFinding>, MappingError> {
    let bill = invoice_810::read(set, &it.mapping)?;
    let repeated = it.seen.note(sender, Number::of_bill(&bill), &it.options);
    let mut found: Vec<_> = repeated.into_iter().chain(super::bill(&bill, &it.options)).collect();
    if let Some(schedules) = &it.schedules {
        found.extend(super::priced(&bill, schedules, &it.options));
    }
    Ok(found)
}

fn of_payment(
    it: &mut Judge,
    set: Tree<'_>,
    sender: &str,
) -> Result<Vec<BusinessFinding>, MappingError> {
    let payment = remittance_820::read(set, &it.mapping)?;
    let number = Number::of_payment(&payment);
    let repeated = number.and_then(|number| it.seen.note(sender, number, &it.options));
    Ok(repeated.into_iter().chain(super::payment(&payment, &it.options)).collect())
}

impl Judge {
    /// A judge by a partner's codes and conventions.
    pub fn new(mapping: impl Into<Arc<Options>>, options: BusinessOptions) -> Judge {
        let mut judge = Judge::default();
        judge.agree(mapping.into(), options);
        judge
    }

    /// From here on judges by these codes and conventions; numbers already used stay known.
    pub fn agree(&mut self, mapping: Arc<Options>, options: BusinessOptions) {
        let (common, invoice) = (&mapping.common, &mapping.invoice);
        self.options = BusinessOptions {
            period: [common.period_start.clone(), common.period_end.clone()],
            invoice_period: [invoice.invoice_start.clone(), invoice.invoice_end.clone()],
            ..options
        };
        self.mapping = mapping;
    }

    /// From here on compares the charges of bills with these schedules, or with none. They are those of
    /// whoever sends the bills.
    pub fn bill_by(&mut self, schedules: Option<Arc<Schedules>>) {
        self.schedules = schedules;
    }

    /// Whether sets of this kind, e.g. `867`, are judged.
    pub fn knows(set: &[u8]) -> bool {
        SETS.iter().any(|(code, ..)| *code == set)
    }

    /// What is wrong with a set beyond the standard, in its order. `sender` is any text that tells
    /// senders apart; numbers that one of them uses twice are found.
    pub fn judge(&mut self, set: Tree<'_>, sender: &str) -> Vec<BusinessFinding> {
        let known = SETS.iter().find(|(code, ..)| *code == set.element(1));
        let Some((_, of_set, code)) = known.filter(|_| set.plan().is_some()) else {
            return Vec::new();
        };
        match of_set(self, set, sender) {
            Ok(found) => placed(set, found),
            // The standard has said already why it cannot be read.
            Err(_) if set.outcome().is_some_and(|outcome| outcome.errors > 0) => Vec::new(),
            Err(error) => {
                let found = unreadable(*code, &error, &self.options);
                placed(set, found.into_iter().collect())
            }
        }
    }
}

/// The segments of a heading or summary that some findings are about; a model does not say where
/// they stood.
const PLACES: &[(Code, &str)] = &[
    (Code::BILL_TOTAL, "TDS"),
    (Code::BILL_COUNT, "CTT"),
    (Code::BILL_DUE_EARLY, "ITD"),
    (Code::TRACE_REPEATED, "TRN"),
];

/// The findings at their segments, in the order of the set.
fn placed(set: Tree<'_>, mut found: Vec<BusinessFinding>) -> Vec<BusinessFinding> {
    for finding in &mut found {
        let known = PLACES.iter().find(|(code, _)| *code == finding.code);
        if let Some(place) = known.and_then(|(_, id)| set.all(id).next()) {
            finding.at = Ordinal(place.ordinal());
        }
    }
    found.sort_by_key(|finding| finding.at.0);
    let mut segments = set.walk().peekable();
    for finding in &mut found {
        while segments.next_if(|segment| segment.ordinal() < finding.at.0).is_some() {}
        let its = segments.peek().filter(|segment| segment.ordinal() == finding.at.0);
        finding.segment = its.map(Tree::id);
    }
    found
}

/// Whether a finding of the standard leaves it open what stands where in its set.
pub fn is_unsure_after(finding: &Finding) -> bool {
    use Fault::{
        GuideElementMissing, GuideSegmentMissing, LoopTooMany, SegmentMissing, SegmentNotInSet,
        SegmentOutOfOrder, SegmentTooMany, SegmentUnknown, SetTrailerMissing,
    };
    let is_about_structure = matches!(
        finding.fault,
        SegmentUnknown { .. }
            | SegmentMissing { .. }
            | LoopTooMany { .. }
            | SegmentTooMany { .. }
            | SegmentNotInSet
            | SegmentOutOfOrder
            | SetTrailerMissing
            | GuideSegmentMissing { .. }
            | GuideElementMissing
    );
    is_about_structure && finding.severity == Severity::Error
}
