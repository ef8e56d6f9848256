//! What pricing needs of usage: the energy of a period, when it was used, the demand that counts.

use crate::common::{Purpose, ReferenceKind, reference};
use crate::decimal::{Decimal, NumberError};
use crate::identifier::MeterNumber;
use crate::meter::{Direction, MeterRole, TimeOfUse};
use crate::period::Period;
use crate::pricing::load::Load;
use crate::quantity::{Dimension, Quantity, QuantityError, Unit};
use crate::time::Interval;
use crate::usage::{Basis, Quality, SectionKind, UsageQuantity, UsageReport, UsageSection};

/// What was used under one schedule in a billing period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Metered {
    /// The billing period.
    pub period: Period,
    /// The meter, where the schedule is that of one meter.
    pub meter: Option<MeterNumber>,
    /// Energy delivered, in kWh.
    pub energy: Decimal,
    /// The same by parts of the time, as registers count them, in kWh.
    pub buckets: Vec<(TimeOfUse, Decimal)>,
    /// The same by intervals.
    pub load: Option<Load>,
    /// Billing demand in kW, as the utility reports it. A measured peak is none.
    pub billing_demand: Option<Decimal>,
    /// The zones that were called out, or that are said not to have been.
    pub zones: Vec<ZoneUse>,
}

/// What is known of one zone in a billing period.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ZoneUse {
    /// The name of the zone: red, yellow.
    pub zone: String,
    /// What was used in it.
    pub demand: ZoneDemand,
}

/// The demand while a zone was called out.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ZoneDemand {
    /// In kW, as the utility reports it.
    Reported(Decimal),
    /// The times it was called out, none if it was not; the demand is that of the intervals.
    CalledOut(Vec<Interval>),
}

/// Why a usage report does not say what was used under a schedule.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum UsageError {
    /// It cancels another report.
    #[error("the report cancels another, so there is nothing in it to bill")]
    Cancels,
    /// The billed summaries are those of other rates.
    #[error("the report has no usage billed under rate {wanted}; it has rate {}", found.join(", "))]
    OtherRate {
        /// The rate that was asked for.
        wanted: String,
        /// The rates it names.
        found: Vec<String>,
    },
    /// More than one summary of the rate.
    #[error("the report has several summaries billed under rate {0}")]
    SeveralSummaries(String),
    /// More than one billed demand.
    #[error("the report has several billed demands of one rate")]
    SeveralDemands,
    /// More than one energy where one is billed: of several periods, or of several channels.
    #[error("the report tells several energies of one meter; only one can be billed")]
    SeveralQuantities,
    /// No section tells the energy.
    #[error("the report does not tell the energy of the meter or account")]
    NoEnergy,
    /// The document says that there is no value.
    #[error("the report says that there is no value for the energy")]
    NoValue,
    /// The dates of the period are not both told.
    #[error("the report does not tell the billing period")]
    NoPeriod,
    /// Energy that the customer sent, or that is net of it.
    #[error("the report has energy from the customer, and no figure is published for it")]
    NotDelivered,
    /// Lights and other things without a meter.
    #[error("the report has things supplied without a meter, and no billed summary of them")]
    Unmetered,
    /// A quantity is in no unit of energy or demand, or too long.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// A number is too long.
    #[error(transparent)]
    Number(#[from] NumberError),
}

impl Metered {
    /// Energy of a period in kWh, of which nothing else is known.
    pub fn new(period: Period, energy: Decimal) -> Metered {
        Metered {
            period,
            meter: None,
            energy,
            buckets: Vec::new(),
            load: None,
            billing_demand: None,
            zones: Vec::new(),
        }
    }

    /// What a report says was used under a rate.
    ///
    /// Of a report with billed summaries (`PTD*BB`) the one of this rate is taken, or the only one if
    /// it names no rate. Otherwise all meters are: added or taken off by their roles, but for those
    /// in `billed_apart`. Intervals are taken along if they add up to the energy.
    ///
    /// # Errors
    ///
    /// [`UsageError`].
    pub fn of_rate(
        report: &UsageReport,
        rate: &str,
        billed_apart: &[MeterNumber],
    ) -> Result<Metered, UsageError> {
        check_purpose(report)?;
        let is_apart = |meter: &MeterNumber| billed_apart.contains(meter);
        let billed: Vec<&UsageSection> = sections(report, SectionKind::BilledSummary).collect();
        if billed.is_empty() {
            return meters(report, |section| {
                let role = section.role.as_ref().map(|role| role.meaning);
                match (role, section.meter.as_ref().is_some_and(is_apart)) {
                    (Some(MeterRole::Ignored), _) => None,
                    (Some(MeterRole::Subtractive), _) => Some(true),
                    (_, true) => None,
                    (_, false) => Some(false),
                }
            });
        }
        let mut metered = of_billed(summary_of(&billed, rate)?)?;
        // Intervals say when the energy was used only if they are those of this energy.
        let all = meters(report, |section| {
            let role = section.role.as_ref().map(|role| role.meaning);
            (role != Some(MeterRole::Ignored)).then_some(role == Some(MeterRole::Subtractive))
        });
        if let Ok(Metered { energy, load: Some(load), .. }) = all
            && energy == metered.energy
        {
            metered.load = Some(load);
        }
        Ok(metered)
    }

    /// What a report says one meter measured, whatever its role.
    ///
    /// # Errors
    ///
    /// [`UsageError`].
    pub fn of_meter(report: &UsageReport, meter: &MeterNumber) -> Result<Metered, UsageError> {
        check_purpose(report)?;
        let is_it = |section: &UsageSection| section.meter.as_ref() == Some(meter);
        let mut metered = meters(report, |section| is_it(section).then_some(false))?;
        metered.meter = Some(meter.clone());
        Ok(metered)
    }
}

fn check_purpose(report: &UsageReport) -> Result<(), UsageError> {
    match report.purpose.meaning {
        Purpose::Cancel | Purpose::CancelReissue => Err(UsageError::Cancels),
        _ => Ok(()),
    }
}

fn sections(report: &UsageReport, kind: SectionKind) -> impl Iterator<Item = &UsageSection> {
    report.sections.iter().filter(move |section| section.kind.meaning == kind)
}

fn summary_of<'r>(billed: &[&'r UsageSection], rate: &str) -> Result<&'r UsageSection, UsageError> {
    let rate_of = |section: &'r UsageSection| reference(&section.references, ReferenceKind::Rate);
    let mut named = billed.iter().filter(|section| rate_of(section) == Some(rate));
    match (named.next(), named.next(), billed) {
        (Some(_), Some(_), _) => Err(UsageError::SeveralSummaries(rate.to_string())),
        (Some(section), None, _) => Ok(section),
        (None, _, [section]) if rate_of(section).is_none() => Ok(section),
        _ => {
            let found = billed.iter().filter_map(|section| rate_of(section));
            let found = found.map(str::to_string).collect();
            Err(UsageError::OtherRate { wanted: rate.to_string(), found })
        }
    }
}

/// What a billed summary says.
fn of_billed(section: &UsageSection) -> Result<Metered, UsageError> {
    let period = section.period.and_then(|period| period.period()).ok_or(UsageError::NoPeriod)?;
    let told = match energy_of(section, true)? {
        Some(billed) => Some(billed),
        None => energy_of(section, false)?,
    };
    let (energy, buckets) = told.ok_or(UsageError::NoEnergy)?;
    let mut metered = Metered { buckets, ..Metered::new(period, energy) };
    let is_demand = |quantity: &&UsageQuantity| {
        let unit = quantity.unit.as_ref().map(|unit| unit.meaning.dimension());
        unit == Some(Dimension::Demand) && quantity.basis == Basis::Billed
    };
    for demand in section.quantities().filter(is_demand).filter_map(UsageQuantity::quantity) {
        if metered.billing_demand.is_some() {
            return Err(UsageError::SeveralDemands);
        }
        metered.billing_demand = Some(demand.to(Unit::Kilowatt)?.amount);
    }
    Ok(metered)
}

/// Energy in kWh, and what registers counted of it in parts of the time.
type Energy = (Decimal, Vec<(TimeOfUse, Decimal)>);

/// The energy that the quantities of a section tell, if they tell any; `billed` ones or the others.
fn energy_of(section: &UsageSection, billed: bool) -> Result<Option<Energy>, UsageError> {
    let mut total = None;
    let mut buckets = Vec::new();
    let mut parts = Vec::new();
    for quantity in section.quantities() {
        let unit = quantity.unit.as_ref().map_or(Unit::Other, |unit| unit.meaning);
        if unit.dimension() != Dimension::Energy {
            continue;
        }
        let is_zero = quantity.amount().is_some_and(|amount| amount.is_zero());
        match quantity.direction() {
            Direction::Delivered => {}
            _ if is_zero => continue,
            _ => return Err(UsageError::NotDelivered),
        }
        if (quantity.basis == Basis::Billed) != billed {
            continue;
        }
        let is_billable = quantity.quality.meaning != Quality::NotBillable;
        let told = quantity.quantity().filter(|_| is_billable).ok_or(UsageError::NoValue)?;
        let told = told.to(Unit::KilowattHour)?.amount;
        let counted = counted(quantity, unit)?;
        match counted[..] {
            // A quantity of one part of the time: the total is another, or the sum of all parts.
            [(part, amount)] if amount == told => add(&mut parts, part, told)?,
            _ if total.is_some() => return Err(UsageError::SeveralQuantities),
            _ => {
                total = Some(told);
                for (part, amount) in counted {
                    add(&mut buckets, part, amount)?;
                }
            }
        }
    }
    if buckets.is_empty() {
        buckets = parts;
    }
    match (total, buckets.is_empty()) {
        (None, true) => Ok(None),
        (None, false) => {
            Ok(Some((Decimal::sum(buckets.iter().map(|(_, amount)| amount))?, buckets)))
        }
        (Some(total), _) => Ok(Some((total, buckets))),
    }
}

/// What the registers behind a quantity counted in parts of the time, in kWh.
fn counted(quantity: &UsageQuantity, usual: Unit) -> Result<Vec<(TimeOfUse, Decimal)>, UsageError> {
    let mut counted = Vec::new();
    for read in quantity.reads() {
        let part = read.time_of_use.as_ref().map(|part| part.meaning);
        let Some((part, amount)) = part.zip(read.amount) else { continue };
        let unit = read.unit.as_ref().map_or(usual, |unit| unit.meaning);
        if part != TimeOfUse::Total && unit.dimension() == Dimension::Energy {
            let amount = Quantity::new(amount, unit).to(Unit::KilowattHour)?.amount;
            add(&mut counted, part, amount)?;
        }
    }
    Ok(counted)
}

fn add(
    buckets: &mut Vec<(TimeOfUse, Decimal)>,
    part: TimeOfUse,
    amount: Decimal,
) -> Result<(), NumberError> {
    match buckets.iter_mut().find(|(other, _)| *other == part) {
        Some((_, sum)) => *sum = sum.checked_add(&amount)?,
        None => buckets.push((part, amount)),
    }
    Ok(())
}

/// The usage of the meters for which `takes_off` says whether they are taken off; those it says
/// nothing of are left out. Without any meter in the report it is that of the account.
fn meters(
    report: &UsageReport,
    takes_off: impl Fn(&UsageSection) -> Option<bool>,
) -> Result<Metered, UsageError> {
    if sections(report, SectionKind::UnmeteredSummary).next().is_some() {
        return Err(UsageError::Unmetered);
    }
    let mut chosen = Vec::new();
    let mut seen: Vec<&Option<MeterNumber>> = Vec::new();
    for section in measured(report) {
        let Some(takes_off) = takes_off(section) else { continue };
        let Some(one) = of_measured(section)? else { continue };
        // Two sections of one meter are its channels or its months, and not both are to be added.
        if seen.contains(&&section.meter) {
            return Err(UsageError::SeveralQuantities);
        }
        seen.push(&section.meter);
        chosen.push((takes_off, one));
    }
    // What is taken off is behind a meter that is added.
    chosen.sort_by_key(|(takes_off, _)| *takes_off);
    let mut chosen = chosen.into_iter();
    let mut sum = match chosen.next() {
        None => return Err(UsageError::NoEnergy),
        Some((false, first)) => first,
        Some((true, first)) => Metered::new(first.period, first.energy.negated()),
    };
    for (takes_off, one) in chosen {
        sum = sum.with(one, takes_off)?;
    }
    Ok(sum)
}

impl Metered {
    /// The usage of two meters together, or of the first less that of the second behind it.
    fn with(mut self, other: Metered, takes_off: bool) -> Result<Metered, UsageError> {
        let start = self.period.start().min(other.period.start());
        let end = self.period.end().max(other.period.end());
        self.period = Period::new(start, end).map_err(|_| UsageError::NoPeriod)?;
        self.energy = match takes_off {
            true => self.energy.checked_sub(&other.energy)?,
            false => self.energy.checked_add(&other.energy)?,
        };
        self.load = match (self.load, &other.load) {
            (Some(load), Some(other)) => load.with(other, takes_off)?,
            _ => None,
        };
        for (part, amount) in other.buckets {
            let amount = if takes_off { amount.negated() } else { amount };
            add(&mut self.buckets, part, amount)?;
        }
        Ok(self)
    }
}

/// The sections that measure: the most detailed of each meter, or of the account if there is none.
fn measured(report: &UsageReport) -> Vec<&UsageSection> {
    const METER: [SectionKind; 3] =
        [SectionKind::MeterDetail, SectionKind::NonIntervalDetail, SectionKind::MeterSummary];
    const ACCOUNT: [SectionKind; 2] = [SectionKind::AccountDetail, SectionKind::AccountSummary];
    let tells =
        |section: &&UsageSection| of_measured(section).map_or(true, |metered| metered.is_some());
    let of = |kinds: &[SectionKind]| {
        let mut found: Vec<&UsageSection> = Vec::new();
        for kind in kinds {
            let seen: Vec<_> = found.iter().map(|section| section.meter.clone()).collect();
            let new = sections(report, *kind).filter(tells);
            found.extend(new.filter(|section| !seen.contains(&section.meter)));
        }
        found
    };
    let meters = of(&METER);
    match meters.is_empty() {
        true => of(&ACCOUNT),
        false => meters,
    }
}

/// What one section measures; `None` if it tells no energy.
fn of_measured(section: &UsageSection) -> Result<Option<Metered>, UsageError> {
    let mut loads = Vec::new();
    for series in section.series().filter(|it| it.unit.meaning.dimension() == Dimension::Energy) {
        if series.direction() == Direction::Delivered {
            loads.push(Load::of(series)?);
        } else if !series.total()?.amount.is_zero() {
            return Err(UsageError::NotDelivered);
        }
    }
    let (energy, buckets) = match (energy_of(section, false)?, &loads[..]) {
        (Some(told), _) => told,
        (None, [load]) => (load.total()?, Vec::new()),
        (None, []) => return Ok(None),
        // Two series of one meter are two channels, or one with a break.
        (None, _) => return Err(UsageError::SeveralQuantities),
    };
    let period = section.period.and_then(|period| period.period()).ok_or(UsageError::NoPeriod)?;
    let load = if loads.len() == 1 { loads.pop() } else { None };
    Ok(Some(Metered { buckets, load, ..Metered::new(period, energy) }))
}
