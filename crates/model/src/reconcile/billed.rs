//! What a bill says of a period: energy, demand, and what is to be paid.

use super::ReconcileError;
use super::entry::Entry;
use super::outcome::Source;
use crate::bill::{Bill, BillGroup, Charge, ChargeDirection, ChargeKind};
use crate::common::Purpose;
use crate::decimal::Decimal;
use crate::meter::{Direction, TimeOfUse};
use crate::money::Currency;
use crate::provenance::Ordinal;
use crate::quantity::{Dimension, Quantity, Unit};
use crate::usage::Measurement;

/// The figures of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Billed {
    /// Energy in kWh; `None` if it bills none.
    pub(super) energy: Option<Decimal>,
    /// Energy received from the customer, in kWh, that it credits; `None` if it credits none.
    pub(super) credited: Option<Decimal>,
    /// The demand it charges, in kW; `None` if it charges none, or several.
    pub(super) demand: Option<Decimal>,
    /// What is to be paid.
    pub(super) total: Decimal,
    /// In which currency.
    pub(super) currency: Currency,
    /// The number of the usage report it is made from.
    pub(super) usage_report: Option<String>,
}

pub(super) fn entry(bill: &Bill) -> Result<Entry<Billed>, ReconcileError> {
    let mut source = Source::new(Some(bill.number.clone()), &bill.provenance);
    let (mut energy, mut credited, mut demands) = (None, None, Vec::new());
    for group in &bill.groups {
        if let Some((amount, lines)) = energy_of(group)? {
            energy = Some(energy.unwrap_or(Decimal::ZERO).checked_add(&amount)?);
            lines.into_iter().for_each(|line| source.counts(line));
        }
        if let Some(amount) = credited_of(group)? {
            credited = Some(credited.unwrap_or(Decimal::ZERO).checked_add(&amount)?);
        }
        for charge in charged(group, |kind| kind == ChargeKind::Demand) {
            demands.extend(amount_of(charge, Dimension::Demand, Unit::Kilowatt)?);
        }
    }
    let purpose = bill.purpose.as_ref().map_or(Purpose::Original, |purpose| purpose.meaning);
    Ok(Entry {
        source,
        account: bill.account.clone(),
        period: bill.billed_period(),
        date: bill.date,
        purpose,
        original: bill.original().map(str::to_string),
        figures: Billed {
            energy,
            credited,
            demand: if let [one] = demands[..] { Some(one) } else { None },
            total: bill.total,
            currency: bill.currency,
            usage_report: bill.usage_report.clone(),
        },
    })
}

/// The energy a group bills, with the lines that say so: that of its energy charges, else what it
/// measured. Where charges for energy and for parts of the time stand together, one may count again
/// what the other does, so the measurement is taken.
fn energy_of(group: &BillGroup) -> Result<Option<(Decimal, Vec<Ordinal>)>, ReconcileError> {
    let of = |wanted| -> Result<Vec<(Decimal, Ordinal)>, ReconcileError> {
        let mut found = Vec::new();
        for charge in charged(group, |kind| kind == wanted) {
            let amount = amount_of(charge, Dimension::Energy, Unit::KilowattHour)?;
            found.extend(amount.map(|amount| (amount, charge.at)));
        }
        Ok(found)
    };
    let (plain, parts) = (of(ChargeKind::Energy)?, of(ChargeKind::TimeOfUseEnergy)?);
    let charged = match (plain.is_empty(), parts.is_empty()) {
        (false, true) => plain,
        (true, false) => parts,
        (true, true) => Vec::new(),
        (false, false) => match measured(group)? {
            Some(measured) => return Ok(Some((measured, vec![group.at]))),
            None => plain,
        },
    };
    if charged.is_empty() {
        return Ok(measured(group)?.map(|measured| (measured, vec![group.at])));
    }
    let sum = Decimal::sum(charged.iter().map(|(amount, _)| amount))?;
    Ok(Some((sum, charged.into_iter().map(|(_, at)| at).collect())))
}

/// The energy received from the customer that a group credits, else what it says was received.
fn credited_of(group: &BillGroup) -> Result<Option<Decimal>, ReconcileError> {
    let is_credit = |charge: &&Charge| {
        charge.direction.meaning == ChargeDirection::Credit
            && charge.kind.as_ref().is_some_and(|it| it.meaning == ChargeKind::GenerationCredit)
    };
    let mut amounts = Vec::new();
    for charge in group.all_charges().filter(is_credit) {
        amounts.extend(amount_of(charge, Dimension::Energy, Unit::KilowattHour)?);
    }
    if amounts.is_empty() {
        amounts = quantities(group, Direction::Received)?;
    }
    if amounts.is_empty() { Ok(None) } else { Ok(Some(Decimal::sum(&amounts)?)) }
}

/// The quantities of energy of a direction that stand in a group by themselves, in kWh.
fn quantities(group: &BillGroup, direction: Direction) -> Result<Vec<Decimal>, ReconcileError> {
    let mut found = Vec::new();
    for quantity in group.quantities.iter().filter(|it| it.direction() == direction) {
        if let Some(told) = quantity.quantity()
            && told.unit.dimension() == Dimension::Energy
        {
            found.push(told.to(Unit::KilowattHour)?.amount);
        }
    }
    Ok(found)
}

/// Charges of a kind that add to the bill.
fn charged<'g>(
    group: &'g BillGroup,
    is_it: impl Fn(ChargeKind) -> bool + 'g,
) -> impl Iterator<Item = &'g Charge> {
    group.all_charges().filter(move |charge| {
        charge.direction.meaning != ChargeDirection::Credit
            && charge.kind.as_ref().is_some_and(|kind| is_it(kind.meaning))
    })
}

fn amount_of(
    charge: &Charge,
    dimension: Dimension,
    unit: Unit,
) -> Result<Option<Decimal>, ReconcileError> {
    let told = charge.unit.as_ref().map(|unit| unit.meaning).zip(charge.quantity);
    match told {
        Some((given, quantity)) if given.dimension() == dimension => {
            Ok(Some(Quantity::new(quantity, given).to(unit)?.amount))
        }
        _ => Ok(None),
    }
}

/// What a group says was measured, in kWh: the total of its registers, else the sum of those of
/// parts of the time, else its quantities.
fn measured(group: &BillGroup) -> Result<Option<Decimal>, ReconcileError> {
    let (mut totals, mut parts) = (Vec::new(), Vec::new());
    for measurement in &group.usage {
        let Measurement::Read(read) = measurement else { continue };
        let unit = read.unit.as_ref().map_or(Unit::Other, |unit| unit.meaning);
        let Some(amount) = read.amount.filter(|_| unit.dimension() == Dimension::Energy) else {
            continue;
        };
        let amount = Quantity::new(amount, unit).to(Unit::KilowattHour)?.amount;
        match read.time_of_use.as_ref().map(|part| part.meaning) {
            None | Some(TimeOfUse::Total) => totals.push(amount),
            Some(_) => parts.push(amount),
        }
    }
    let mut counted = if totals.is_empty() { parts } else { totals };
    if counted.is_empty() {
        counted = quantities(group, Direction::Delivered)?;
    }
    if counted.is_empty() { Ok(None) } else { Ok(Some(Decimal::sum(&counted)?)) }
}
