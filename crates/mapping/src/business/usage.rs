//! What is wrong with a usage report: heading, periods, readings; intervals and summaries.

use tieline_model::common::{Purpose, ReferenceKind, reference};
use tieline_model::decimal::{Decimal, NumberError};
use tieline_model::meter::{Dials, TimeOfUse};
use tieline_model::provenance::Ordinal;
use tieline_model::quantity::Dimension;
use tieline_model::residue::{Residue, Text};
use tieline_model::usage::{
    FactorKind, RegisterRead, SectionKind, UsageQuantity, UsageReport, UsageSection,
};

use super::catalogue::Code;
use super::finding::{BusinessFinding, Findings, What};
use super::options::BusinessOptions;
use super::{intervals, summary};
use crate::given::date as date_of;

/// What is wrong with a usage report beyond the standard, in the order of the document.
///
/// Numbers used twice are found by [`super::Seen`].
pub fn usage(report: &UsageReport, options: &BusinessOptions) -> Vec<BusinessFinding> {
    let mut found = Findings::new(options);
    heading(report, &mut found);
    for section in &report.sections {
        periods(section, &mut found);
        if found.wants(Code::READS_DIFFER) {
            for quantity in section.quantities() {
                reads(quantity, section.dials, &mut found);
            }
        }
    }
    let streams = intervals::judge(report, &mut found);
    summary::judge(report, &streams, &mut found);
    found.finish()
}

/// The segment that holds the number, the purpose and the date: `BPT`.
const HEADING: Ordinal = Ordinal(2);

fn heading(report: &UsageReport, found: &mut Findings<'_>) {
    let takes_back = matches!(
        report.purpose.meaning,
        Purpose::Cancel | Purpose::Replace | Purpose::CancelReissue
    );
    let original = reference(&report.references, ReferenceKind::OriginalDocument);
    if takes_back && report.answers.is_none() && original.is_none() {
        let what = What::Missing("the report that is cancelled or replaced (BPT09)");
        found.add(Code::USAGE_ORIGINAL_MISSING, HEADING, what);
    }
    let points = report.sections.iter().filter_map(|section| section.service_point.as_ref());
    let is_placed = report.service_point.is_some() || points.count() > 0;
    if report.account.is_none() && report.supplier_account.is_none() && !is_placed {
        found.add(Code::USAGE_ACCOUNT_MISSING, HEADING, What::Missing("the account"));
    }
    if let Some(due) = report.due.as_ref().map(|stamp| stamp.date)
        && due < report.date
    {
        let what = What::Early { due, issued: report.date };
        found.add(Code::USAGE_DUE_EARLY, HEADING, what);
    }
}

/// Periods that end before they start: they are none, so they are left over.
fn periods(section: &UsageSection, found: &mut Findings<'_>) {
    let code = Code::USAGE_PERIOD_ORDER;
    if section.period.is_none()
        && let Some(what) = wrong_period(&section.residue, &found.options.period)
    {
        found.add(code, section.at, what);
    }
    for quantity in section.quantities().filter(|quantity| quantity.period.is_none()) {
        if let Some(what) = wrong_period(&quantity.residue, &found.options.period) {
            found.add(code, quantity.at, what);
        }
    }
}

/// The dates of a period that ends before it starts, among what is left over.
pub(super) fn wrong_period(residue: &Residue, codes: &[String; 2]) -> Option<What> {
    let date = |code: &str| {
        let mut dates = residue.segments(&[]).filter(|(step, _)| step.id() == "DTM");
        dates.find_map(|(_, elements)| match elements {
            [Text::Simple(first), Text::Simple(date), ..] if first == code => {
                date_of(date.as_bytes())
            }
            _ => None,
        })
    };
    let (start, end) = (date(&codes[0])?, date(&codes[1])?);
    (end < start).then_some(What::PeriodOrder { start, end })
}

/// Readings against the consumption they come with.
fn reads(quantity: &UsageQuantity, dials: Option<Dials>, found: &mut Findings<'_>) {
    let unit = quantity.unit.as_ref().map(|unit| unit.meaning.dimension());
    if !unit.is_some_and(adds_up) {
        return;
    }
    let multiplier = quantity.factor(FactorKind::Multiplier);
    let loss = quantity.factor(FactorKind::TransformerLoss);
    let whole = quantity.reads().filter(|read| !is_part(read)).count();
    for read in quantity.reads() {
        let stated = match read.amount {
            Some(amount) => Some(amount),
            None if whole == 1 && !is_part(read) => quantity.amount(),
            None => None,
        };
        let Some((stated, turned)) = stated.zip(turned(read, dials, found.options)) else {
            continue;
        };
        if leads_to(turned, &[multiplier, loss], stated) == Ok(false) {
            let what = What::Reads { stated, turned, multiplier };
            found.add(Code::READS_DIFFER, quantity.at, what);
        }
    }
}

/// Whether quantities of it add up over time.
pub(super) fn adds_up(dimension: Dimension) -> bool {
    use Dimension::{ApparentEnergy, Energy, Heat, ReactiveEnergy, Volume};
    matches!(dimension, Energy | ReactiveEnergy | ApparentEnergy | Volume | Heat)
}

/// Whether a reading is of a part of the time.
pub(super) fn is_part(read: &RegisterRead) -> bool {
    let part = read.time_of_use.as_ref().map(|part| part.meaning);
    part.is_some_and(|part| part != TimeOfUse::Total)
}

/// How far a register turned; `None` if that is not known.
fn turned(read: &RegisterRead, dials: Option<Dials>, options: &BusinessOptions) -> Option<Decimal> {
    if let Some(turned) = read.turned().ok()? {
        return Some(turned);
    }
    let (begin, end) = read.begin.zip(read.end)?;
    let dials = dials.filter(|_| options.dials_roll_over)?;
    let power = i8::try_from(dials.whole).ok()?;
    let first = Decimal::ONE.times_power_of_ten(power).ok()?;
    end.checked_add(&first).ok()?.checked_sub(&begin).ok()
}

/// Whether an amount is what a register turned, or that times any of the factors, rounded to the
/// digits the amount is written with.
fn leads_to(
    turned: Decimal,
    factors: &[Option<Decimal>],
    stated: Decimal,
) -> Result<bool, NumberError> {
    let mut results = vec![turned];
    for factor in factors.iter().flatten() {
        for n in 0..results.len() {
            results.push(results[n].checked_mul(factor)?);
        }
    }
    for result in results {
        if result.rounded(stated.scale())? == stated {
            return Ok(true);
        }
    }
    Ok(false)
}

/// Whether a section sums up others.
pub(super) fn is_summary(section: &UsageSection) -> bool {
    use SectionKind::{AccountSummary, BilledSummary, IntervalSummary, MeterSummary};
    matches!(section.kind.meaning, BilledSummary | AccountSummary | MeterSummary | IntervalSummary)
}
