//! What a usage report says of a period: energy delivered, and the demand that is billed.

use jiff::civil::Date;

use super::ReconcileError;
use super::entry::Entry;
use super::outcome::Source;
use crate::decimal::Decimal;
use crate::identifier::MeterNumber;
use crate::meter::{Direction, MeterRole, TimeOfUse};
use crate::period::Period;
use crate::provenance::Ordinal;
use crate::quantity::{Dimension, Unit};
use crate::usage::{
    Basis, IntervalSeries, Quality, SectionKind, UsageItem, UsageQuantity, UsageReport,
    UsageSection,
};

/// The figures of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Used {
    /// Energy delivered, in kWh; `None` if it is not told, or told twice.
    pub(super) energy: Option<Decimal>,
    /// The demand that counts for the bill, in kW; `None` if none or several are told.
    pub(super) demand: Option<Decimal>,
}

/// The sections that may tell the energy, the best first, and how many of them lead: the first level
/// of which a leading one tells energy is taken. Meters are added and taken off by their roles.
const LEVELS: [(&[SectionKind], usize); 7] = [
    (&[SectionKind::BilledSummary], 1),
    (&[SectionKind::AccountSummary], 1),
    (
        &[
            SectionKind::MeterSummary,
            SectionKind::NonIntervalDetail,
            SectionKind::MeterDetail,
            SectionKind::UnmeteredSummary,
        ],
        3,
    ),
    (&[SectionKind::AccountDetail, SectionKind::UnmeteredSummary], 1),
    (&[SectionKind::IntervalSummary], 1),
    (&[SectionKind::UnmeteredSummary], 1),
    (&[SectionKind::UnmeteredDetail], 1),
];

pub(super) fn entry(report: &UsageReport) -> Result<Entry<Used>, ReconcileError> {
    let mut told = Told::default();
    for (kinds, leading) in LEVELS {
        if Told::of(report, &kinds[..leading])?.energy.is_some() {
            told = Told::of(report, kinds)?;
            break;
        }
    }
    let mut source = Source::new(report.number.clone(), &report.provenance);
    told.lines.iter().for_each(|line| source.counts(*line));
    let energy = told.energy.filter(|_| !told.is_unclear);
    Ok(Entry {
        source,
        account: report.account.clone(),
        period: told.period.or_else(|| period_of(report)),
        date: report.date,
        purpose: report.purpose.meaning,
        original: report.answers.clone(),
        figures: Used { energy, demand: billed_demand(report)? },
    })
}

/// What the sections of a level tell together.
#[derive(Default)]
struct Told<'r> {
    energy: Option<Decimal>,
    period: Option<Period>,
    lines: Vec<Ordinal>,
    is_unclear: bool,
    seen: Vec<(&'r MeterNumber, SectionKind, Option<Period>)>,
}

impl<'r> Told<'r> {
    fn of(report: &'r UsageReport, kinds: &[SectionKind]) -> Result<Told<'r>, ReconcileError> {
        let mut told = Told::default();
        for kind in kinds {
            for section in report.sections.iter().filter(|it| it.kind.meaning == *kind) {
                told.section(section)?;
            }
        }
        Ok(told)
    }

    fn section(&mut self, section: &'r UsageSection) -> Result<(), ReconcileError> {
        let role = section.role.as_ref().map(|role| role.meaning);
        if role == Some(MeterRole::Ignored) {
            return Ok(());
        }
        let kind = section.kind.meaning;
        // The detail of a meter says again what its summary does.
        let is_told = |meter| self.seen.iter().any(|(it, of, _)| *it == meter && *of != kind);
        if section.meter.as_ref().is_some_and(is_told) {
            return Ok(());
        }
        let Some(one) = energy_of(section)? else { return Ok(()) };
        let period = section.period.and_then(|period| period.period());
        // One meter twice in one period is two channels of it, and not both are to be added.
        if let Some(meter) = &section.meter {
            self.is_unclear |= self.seen.contains(&(meter, kind, period));
            self.seen.push((meter, kind, period));
        }
        let amount = match role {
            Some(MeterRole::Subtractive) => one.energy.negated(),
            _ => one.energy,
        };
        self.is_unclear |= one.is_unclear;
        self.energy = Some(self.energy.unwrap_or_default().checked_add(&amount)?);
        self.lines.extend(one.lines);
        self.period = joined(self.period, period.or(one.period));
        Ok(())
    }
}

/// What one section tells.
struct SectionEnergy {
    energy: Decimal,
    period: Option<Period>,
    lines: Vec<Ordinal>,
    is_unclear: bool,
}

/// The energy delivered that a section tells in a quantity or, if in none, in its intervals.
fn energy_of(section: &UsageSection) -> Result<Option<SectionEnergy>, ReconcileError> {
    let wants_billed =
        section.quantities().any(|quantity| is_energy(quantity) && quantity.basis == Basis::Billed);
    let (mut totals, mut parts) = (Vec::new(), Vec::new());
    for quantity in section.quantities().filter(|quantity| is_energy(quantity)) {
        let Some(told) = quantity.quantity() else { continue };
        let is_billed = quantity.basis == Basis::Billed;
        if is_billed != wants_billed || quantity.quality.meaning == Quality::NotBillable {
            continue;
        }
        let amount = told.to(Unit::KilowattHour)?.amount;
        match is_part(quantity) {
            true => parts.push((amount, quantity.at)),
            false => totals.push((amount, quantity.at)),
        }
    }
    let is_unclear = totals.len() > 1;
    let counted = if totals.is_empty() { parts } else { totals };
    if !counted.is_empty() {
        return Ok(Some(SectionEnergy {
            energy: Decimal::sum(counted.iter().map(|(amount, _)| amount))?,
            period: None,
            lines: counted.iter().map(|(_, at)| *at).collect(),
            is_unclear,
        }));
    }
    intervals(section)
}

/// The energy of a section's intervals, summed; series of one channel may follow each other.
fn intervals(section: &UsageSection) -> Result<Option<SectionEnergy>, ReconcileError> {
    let is_delivered = |item: &&UsageItem| match item {
        UsageItem::Series(series) => {
            series.direction() == Direction::Delivered
                && series.unit.meaning.dimension() == Dimension::Energy
        }
        UsageItem::Quantity(_) => false,
    };
    let mut found: Option<SectionEnergy> = None;
    let mut until = None;
    for item in section.items.iter().filter(is_delivered) {
        let UsageItem::Series(series) = item else { continue };
        let energy = series.total()?.to(Unit::KilowattHour)?.amount;
        let overlaps = until.is_some_and(|end| series.start() < end);
        let end = series.end().ok();
        until = until.max(end);
        let period = days_of(series);
        found = Some(match found {
            None => SectionEnergy { energy, period, lines: vec![series.at], is_unclear: false },
            Some(before) => SectionEnergy {
                energy: before.energy.checked_add(&energy)?,
                period: joined(before.period, period),
                lines: before.lines.into_iter().chain([series.at]).collect(),
                is_unclear: before.is_unclear || overlaps,
            },
        });
    }
    Ok(found)
}

fn is_energy(quantity: &UsageQuantity) -> bool {
    let unit = quantity.unit.as_ref().map(|unit| unit.meaning.dimension());
    unit == Some(Dimension::Energy) && quantity.direction() == Direction::Delivered
}

/// Whether a quantity is what one register of a part of the time counted.
fn is_part(quantity: &UsageQuantity) -> bool {
    let mut parts = quantity.reads().filter_map(|read| {
        let part = read.time_of_use.as_ref()?.meaning;
        (part != TimeOfUse::Total).then_some(read.amount)
    });
    match (parts.next(), parts.next()) {
        (Some(amount), None) => amount == quantity.amount(),
        _ => false,
    }
}

/// The only demand that is billed, in kW.
fn billed_demand(report: &UsageReport) -> Result<Option<Decimal>, ReconcileError> {
    let mut found = Vec::new();
    for section in &report.sections {
        for quantity in section.quantities().filter(|it| it.basis == Basis::Billed) {
            if let Some(told) = quantity.quantity()
                && told.unit.dimension() == Dimension::Demand
            {
                found.push(told.to(Unit::Kilowatt)?.amount);
            }
        }
    }
    match found[..] {
        [one] => Ok(Some(one)),
        _ => Ok(None),
    }
}

/// The local days of a series, its last one included.
fn days_of(series: &IntervalSeries) -> Option<Period> {
    let last = series.points().last()?;
    let (start, end): (Date, Date) =
        (series.zone.local(series.start()).date(), series.zone.local(last.start).date());
    Period::new(start, end).ok()
}

fn period_of(report: &UsageReport) -> Option<Period> {
    let periods = report.sections.iter().filter_map(|section| section.period?.period());
    periods.fold(None, |all, one| joined(all, Some(one)))
}

/// From the start of the earlier to the end of the later.
fn joined(one: Option<Period>, other: Option<Period>) -> Option<Period> {
    match (one, other) {
        (Some(a), Some(b)) => Period::new(a.start().min(b.start()), a.end().max(b.end())).ok(),
        (one, other) => one.or(other),
    }
}
