//! What a table of usage has no place for: fields that it does not hold, and values of fields that it
//! does.

use tieline_model::record::Record;
use tieline_model::usage::{UsageItem, UsageReport, UsageSection};

use super::UsageLayout;
use super::open::meter_type;
use crate::files::loss::{self, Losses};

/// What would be lost of a record in a table of this layout.
///
/// Beside the fields that the layout does not hold: a section has no row if nothing in it has one;
/// the type of a meter is worked out from its series; and a report without a number is one of one
/// meter.
pub fn losses(record: &Record, layout: UsageLayout) -> Losses {
    let mut lost = loss::losses(record, &layout.holds());
    let Record::UsageReport(report) = record else { return lost };
    for section in &report.sections {
        if !has_rows(section, layout) {
            lost.count("usage_report.sections (without a row)");
        } else if layout == UsageLayout::Intervals && !is_worked_out(section) {
            lost.count("usage_report.sections.meter_type.meaning");
        }
    }
    if report.number.is_none() && has_meters(report, layout) {
        lost.count("usage_report.number (none, and several meters)");
    }
    lost
}

fn has_rows(section: &UsageSection, layout: UsageLayout) -> bool {
    section.items.iter().any(|item| match item {
        UsageItem::Series(series) => layout == UsageLayout::Intervals && !series.is_empty(),
        UsageItem::Quantity(_) => layout == UsageLayout::Readings,
    })
}

/// Whether the type of the meter is the one that its series show, or is not told.
fn is_worked_out(section: &UsageSection) -> bool {
    let full = section.series().filter(|series| !series.is_empty());
    let shown = meter_type(full).map(|it| it.meaning);
    section.meter_type.as_ref().is_none_or(|told| Some(told.meaning) == shown)
}

/// Whether the rows of a report are of more than one meter.
fn has_meters(report: &UsageReport, layout: UsageLayout) -> bool {
    let mut meters = report.sections.iter().filter(|it| has_rows(it, layout)).map(|it| &it.meter);
    let first = meters.next();
    meters.any(|meter| Some(meter) != first)
}
