//! What Green Button has no place for in a report: fields that it does not hold, and values of
//! fields that it does.

use tieline_model::common::{Reference, ReferenceKind};
use tieline_model::record::Record;
use tieline_model::usage::{PointValue, UsageReport};

use super::{HOLDS, plan};
use crate::files::loss::{self, Losses};

/// What would be lost of a record.
///
/// Beside the fields that are not in [`HOLDS`]: an interval for which was sent that there is no value
/// has no reading, as if nothing was sent; there is one rate and one billing cycle; and times of use,
/// critical peaks and tiers are whole numbers, one of each.
pub fn losses(record: &Record) -> Losses {
    let mut lost = loss::losses(record, &HOLDS);
    if let Record::UsageReport(report) = record {
        count_no_value(report, &mut lost);
        count_references(report, &mut lost);
    }
    lost
}

fn count_no_value(report: &UsageReport, lost: &mut Losses) {
    let values = report.series().flat_map(|(_, series)| series.values());
    let count = values.filter(|value| matches!(value, PointValue::NoValue(_))).count();
    if count > 0 {
        lost.count_many("usage_report.sections.items.series.quality (no value)", count as u64);
    }
}

fn count_references(report: &UsageReport, lost: &mut Losses) {
    for kind in [ReferenceKind::Rate, ReferenceKind::BillingCycle] {
        let all = report.references.iter().filter(|it| it.kind.meaning == kind);
        for _ in all.skip(1) {
            lost.count("usage_report.references.value");
        }
    }
    for section in &report.sections {
        let is_lost = |(n, it): &(usize, &Reference)| {
            let before = &section.references[..*n];
            let name = it.kind.raw();
            let written = plan::bucket(section, name).map(|number| number.to_string());
            it.kind.meaning == ReferenceKind::Other
                && (written != it.value || before.iter().any(|other| other.kind.raw() == name))
        };
        for _ in section.references.iter().enumerate().filter(is_lost) {
            lost.count("usage_report.sections.references.value");
        }
    }
}
