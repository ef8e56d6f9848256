//! Costs of usage, which Green Button and SmartHub tell and an 867 has no place for.

use tieline_mapping::code_map::CodeMap;
use tieline_mapping::files::Losses;
use tieline_model::coded::Coded;
use tieline_model::quantity::Unit;
use tieline_model::record::Record;
use tieline_model::usage::UsageItem;

const SERIES: &str = "usage_report.sections.items.series (cost)";
const QUANTITY: &str = "usage_report.sections.items.quantity (cost)";

/// The record without its costs, which are counted; `None` if it has none, or if the partner has a
/// code for their unit.
pub(super) fn without_costs(
    record: &Record,
    units: &CodeMap<Unit>,
    losses: &mut Losses,
) -> Option<Record> {
    let Record::UsageReport(report) = record else { return None };
    let is_cost = |unit: &Coded<Unit>| {
        unit.meaning == Unit::UsDollar && units.write(unit, None, "units").is_err()
    };
    let lost = |item: &UsageItem| match item {
        UsageItem::Series(series) => is_cost(&series.unit).then_some(SERIES),
        UsageItem::Quantity(quantity) => {
            quantity.unit.as_ref().is_some_and(is_cost).then_some(QUANTITY)
        }
    };
    report.sections.iter().flat_map(|section| &section.items).find_map(lost)?;
    let mut report = report.clone();
    for section in &mut report.sections {
        section.items.retain(|item| match lost(item) {
            Some(field) => {
                losses.count(field);
                false
            }
            None => true,
        });
    }
    report.sections.retain(|section| !section.items.is_empty());
    Some(Record::UsageReport(report))
}
