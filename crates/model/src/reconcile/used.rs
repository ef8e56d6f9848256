//! What a usage report says of a period: energy delivered and received, and the demand that is billed.

use std::collections::{HashMap, HashSet};

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
    Basis, IntervalSeries, Quality, SectionKind, UsageQuantity, UsageReport, UsageSection,
};

/// The figures of a report.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Used {
    /// Energy delivered, in kWh; `None` if it is not told, or told twice.
    pub(super) energy: Option<Decimal>,
    /// The same of energy received from the customer.
    pub(super) received: Option<Decimal>,
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
    let told = Told::best_of(report, Direction::Delivered)?;
    let received = Told::best_of(report, Direction::Received)?;
    let mut source = Source::new(report.number.clone(), &report.provenance);
    told.lines.iter().for_each(|line| source.counts(*line));
    let (period, demand) = (told.period.or_else(|| period_of(report)), billed_demand(report)?);
    Ok(Entry {
        source,
        account: report.account.clone(),
        period,
        date: report.date,
        purpose: report.purpose.meaning,
        original: report.answers.clone(),
        figures: Used { energy: told.clear(), received: received.clear(), demand },
    })
}

/// What the sections of a level tell together of one direction.
struct Told<'r> {
    direction: Direction,
    energy: Option<Decimal>,
    period: Option<Period>,
    lines: Vec<Ordinal>,
    is_unclear: bool,
    /// The kinds of section that told of a meter, and the periods of each.
    seen: HashMap<&'r MeterNumber, HashMap<SectionKind, HashSet<Option<Period>>>>,
}

impl<'r> Told<'r> {
    /// What the best level tells that tells anything.
    fn best_of(report: &'r UsageReport, direction: Direction) -> Result<Told<'r>, ReconcileError> {
        for (kinds, leading) in LEVELS {
            if Told::of(report, &kinds[..leading], direction)?.energy.is_some() {
                return Told::of(report, kinds, direction);
            }
        }
        Told::of(report, &[], direction)
    }

    /// The energy, unless it is told twice.
    fn clear(&self) -> Option<Decimal> {
        self.energy.filter(|_| !self.is_unclear)
    }

    fn of(
        report: &'r UsageReport,
        kinds: &[SectionKind],
        direction: Direction,
    ) -> Result<Told<'r>, ReconcileError> {
        let mut told = Told {
            direction,
            energy: None,
            period: None,
            lines: Vec::new(),
            is_unclear: false,
            seen: HashMap::new(),
        };
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
        let told = section.meter.as_ref().and_then(|meter| self.seen.get(meter));
        if told.is_some_and(|kinds| kinds.keys().any(|it| *it != kind)) {
            return Ok(());
        }
        let Some(one) = energy_of(section, self.direction)? else { return Ok(()) };
        let period = section.period.and_then(|period| period.period());
        // One meter twice in one period is two channels of it, and not both are to be added.
        if let Some(meter) = &section.meter {
            let periods = self.seen.entry(meter).or_default().entry(kind).or_default();
            self.is_unclear |= !periods.insert(period);
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

/// The energy of a direction that a section tells in a quantity or, if in none, in its intervals.
fn energy_of(
    section: &UsageSection,
    direction: Direction,
) -> Result<Option<SectionEnergy>, ReconcileError> {
    let is_its = |quantity: &&UsageQuantity| is_energy(quantity, direction);
    let wants_billed = section.quantities().filter(is_its).any(|it| it.basis == Basis::Billed);
    let (mut totals, mut parts) = (Vec::new(), Vec::new());
    for quantity in section.quantities().filter(is_its) {
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
    intervals(section, direction)
}

/// The energy of a section's intervals, summed; series of one channel may follow each other.
fn intervals(
    section: &UsageSection,
    direction: Direction,
) -> Result<Option<SectionEnergy>, ReconcileError> {
    let is_its = |series: &&IntervalSeries| {
        series.direction() == direction && series.unit.meaning.dimension() == Dimension::Energy
    };
    let mut found: Option<SectionEnergy> = None;
    let mut until = None;
    for series in section.series().filter(is_its) {
        let energy = series.total()?.to(Unit::KilowattHour)?.amount;
        let overlaps = until.is_some_and(|end| series.start() < end);
        let end = series.end().ok();
        until = until.max(end);
        let period = days_of(series);
        let sum = found.get_or_insert(SectionEnergy {
            energy: Decimal::ZERO,
            period: None,
            lines: Vec::new(),
            is_unclear: false,
        });
        sum.energy = sum.energy.checked_add(&energy)?;
        sum.period = joined(sum.period, period);
        sum.lines.push(series.at);
        sum.is_unclear |= overlaps;
    }
    Ok(found)
}

fn is_energy(quantity: &UsageQuantity, direction: Direction) -> bool {
    let unit = quantity.unit.as_ref().map(|unit| unit.meaning.dimension());
    unit == Some(Dimension::Energy) && quantity.direction() == direction
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
