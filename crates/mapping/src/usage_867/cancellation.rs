//! The report that takes back another one.

use tieline_model::common::Purpose;
use tieline_model::provenance::Provenance;
use tieline_model::time::Date;
use tieline_model::usage::{SectionKind, UsageReport};

use crate::options::{CancelledDetail, Options};

/// The report that takes back `report` as a whole: it answers its number (`BPT09`) and repeats its
/// sections, with those of detail or without them, as the partner wants.
///
/// A report must have a section. If all of them are detail, the first one stays, without its
/// quantities.
pub fn cancel_of(
    report: &UsageReport,
    number: impl Into<String>,
    date: Date,
    options: &Options,
) -> UsageReport {
    let mut cancellation = report.clone();
    cancellation.purpose = Purpose::Cancel.into();
    cancellation.number = Some(number.into());
    cancellation.date = date;
    cancellation.time = None;
    cancellation.answers = report.number.clone();
    cancellation.provenance = Provenance::default();
    if options.usage.cancelled_detail == CancelledDetail::LeftOut {
        cancellation.sections.retain(|section| !is_detail(section.kind.meaning));
        if cancellation.sections.is_empty() {
            cancellation.sections = report.sections.first().cloned().into_iter().collect();
            cancellation.sections.iter_mut().for_each(|section| section.items.clear());
        }
    }
    cancellation
}

fn is_detail(kind: SectionKind) -> bool {
    use SectionKind::{AccountDetail, MeterDetail, NonIntervalDetail, UnmeteredDetail};
    matches!(kind, AccountDetail | MeterDetail | NonIntervalDetail | UnmeteredDetail)
}
