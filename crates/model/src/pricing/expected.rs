//! Expected: what the lines of a bill come to under the schedule that the bill itself names.
//!
//! Everything is taken from the bill: the schedule and the period from a group, the quantity from a line
//! or, where it has none, from the one reading of its group. What that does not settle has no answer: the
//! parts of the day, whose registers a line does not name, and what comes on top of a schedule without
//! the bill saying so, such as credits and the purchased power adjustment. To work out a bill from its
//! usage is [`super::verify`].

use std::collections::BTreeMap;

use crate::bill::{Bill, BillGroup, Charge, ChargeDirection};
use crate::decimal::Decimal;
use crate::period::Month;
use crate::pricing::{Metered, MonthOf, Supply, charge};
use crate::quantity::{Dimension, Quantity, Unit};
use crate::rate::{Pricing, RateCharge, RateSchedule};
use crate::usage::{Measurement, RegisterRead};

/// The schedules a utility bills by.
#[derive(Debug, Clone, Default)]
pub struct Schedules {
    by_code: BTreeMap<String, RateSchedule>,
    month_of: MonthOf,
}

impl Schedules {
    /// Schedules, each under its code, and the month that a billing period counts for.
    pub fn new(all: impl IntoIterator<Item = RateSchedule>, month_of: MonthOf) -> Schedules {
        let by_code = all.into_iter().map(|schedule| (schedule.code.clone(), schedule)).collect();
        Schedules { by_code, month_of }
    }

    /// What lines of a group should come to, in the order of the schedule: less than zero for a credit.
    /// A line of which the bill does not say enough, or whose price is not published, is left out.
    pub fn expected<'b>(&self, bill: &Bill, group: &'b BillGroup) -> Vec<(&'b Charge, Decimal)> {
        let Some((supply, month)) = self.supply(bill, group) else { return Vec::new() };
        let charges: Vec<_> =
            supply.charges().filter(|(_, charge)| charge.applies_in(month)).collect();
        let mut found = Vec::new();
        for (schedule, charge) in &charges {
            let is_its = |line: &Charge| {
                let mut of_line = charges.iter().filter(|(_, other)| names(line, other));
                let first = of_line.next().is_some_and(|(_, other)| std::ptr::eq(*other, *charge));
                first && of_line.next().is_none()
            };
            let lines: Vec<&Charge> = group.all_charges().filter(|line| is_its(line)).collect();
            let of = Of { schedule, charge, group, metered: &supply.metered, month };
            found.extend(of.expected(&lines));
        }
        found
    }

    /// The schedule a group names, with its base, if both are in force in all of its period.
    fn supply(&self, bill: &Bill, group: &BillGroup) -> Option<(Supply<'_>, Month)> {
        let schedule = self.by_code.get(group.rate.as_deref()?)?;
        let base = match &schedule.base {
            Some(code) => Some(self.by_code.get(code)?),
            None => None,
        };
        let period = group.period.and_then(|period| period.period()).or(bill.billed_period())?;
        for schedule in [Some(schedule), base].into_iter().flatten() {
            let in_force =
                [period.start(), period.end()].map(|day| schedule.validity.contains(day));
            if in_force != [true, true] || schedule.currency != bill.currency {
                return None;
            }
        }
        let metered = Metered::new(period, Decimal::ZERO);
        Some((Supply { base, ..Supply::new(schedule, metered) }, self.month_of.month(period)))
    }
}

/// Whether a line has the utility's code of a charge.
fn names(line: &Charge, charge: &RateCharge) -> bool {
    let code = line.kind.as_ref().and_then(|kind| kind.raw.as_deref());
    let is_charged = line.direction.meaning != ChargeDirection::NoCharge && line.amount.is_some();
    is_charged && code.is_some() && code == charge.code.as_deref()
}

/// A charge of a schedule, and the group that has lines of it.
struct Of<'a> {
    schedule: &'a RateSchedule,
    charge: &'a RateCharge,
    group: &'a BillGroup,
    metered: &'a Metered,
    month: Month,
}

impl Of<'_> {
    /// What the lines of the charge come to, where that is known.
    fn expected<'b>(&self, lines: &[&'b Charge]) -> Vec<(&'b Charge, Decimal)> {
        let Some((unit, price)) = self.price() else {
            return self.tiers(lines).unwrap_or_default();
        };
        let each = lines.iter().filter_map(|line| {
            let product = self.quantity(line, unit)?.checked_mul(&price).ok()?;
            Some((*line, product.rounded(CENTS).ok()?))
        });
        each.collect()
    }

    /// The one price of the charge for a unit; less than zero for a credit.
    fn price(&self) -> Option<(Unit, Decimal)> {
        match &self.charge.pricing {
            Pricing::Monthly { price } => Some((Unit::Month, price.known().ok()?)),
            Pricing::Credit { price, .. } => Some((Unit::Month, price.known().ok()?.negated())),
            Pricing::Demand { unit, price, .. } => Some((*unit, price.known().ok()?)),
            Pricing::ByMonth { unit, prices } => Some((*unit, *prices.get(&self.month)?)),
            Pricing::Tiers { unit, tiers } => match tiers.tiers() {
                [only] => Some((*unit, only.price.known().ok()?)),
                _ => None,
            },
            Pricing::TimeOfUse { .. } => None,
        }
    }

    /// Lines of a charge whose price changes with the quantity: one line for each price, or one for all.
    fn tiers<'b>(&self, lines: &[&'b Charge]) -> Option<Vec<(&'b Charge, Decimal)>> {
        let Pricing::Tiers { unit, tiers } = &self.charge.pricing else { return None };
        if tiers.tiers().len() < 2 {
            return None;
        }
        let of_lines: Option<Vec<Decimal>> =
            lines.iter().map(|line| self.quantity(line, *unit)).collect();
        let of_lines = of_lines?;
        let energy =
            Quantity::new(Decimal::sum(&of_lines).ok()?, *unit).to(Unit::KilowattHour).ok()?;
        let metered = Metered { energy: energy.amount, ..self.metered.clone() };
        let right = charge::lines(self.schedule, self.charge, &metered, self.month).ok()?;
        let amounts: Vec<Decimal> = right.iter().map(Charge::signed_amount).collect();
        if let [line] = lines {
            return Some(vec![(*line, Decimal::sum(&amounts).ok()?)]);
        }
        let quantities: Vec<Decimal> = right.iter().filter_map(|line| line.quantity).collect();
        (quantities == of_lines).then(|| lines.iter().copied().zip(amounts).collect())
    }

    /// How many units a line is for.
    fn quantity(&self, line: &Charge, unit: Unit) -> Option<Decimal> {
        match (line.quantity, line.unit.as_ref()) {
            (Some(quantity), Some(of_line)) => in_unit(quantity, of_line.meaning, unit),
            (Some(_), None) => None,
            (None, _) if unit == Unit::Month => Some(Decimal::ONE),
            (None, _) => self.reading(unit),
        }
    }

    /// The energy of the group, if it has one reading of energy and no other.
    fn reading(&self, unit: Unit) -> Option<Decimal> {
        let reads = self.group.usage.iter().filter_map(|usage| match usage {
            Measurement::Read(read) => Some(read),
            Measurement::Factor(_) => None,
        });
        let is_energy = |read: &&RegisterRead| {
            read.unit.as_ref().is_some_and(|unit| unit.meaning.dimension() == Dimension::Energy)
        };
        let mut energies = reads.filter(is_energy);
        let (read, None) = (energies.next()?, energies.next()) else { return None };
        in_unit(read.amount?, read.unit.as_ref()?.meaning, unit)
    }
}

/// The decimals of an amount.
const CENTS: u8 = 2;

fn in_unit(amount: Decimal, from: Unit, to: Unit) -> Option<Decimal> {
    Quantity::new(amount, from).to(to).ok().map(|quantity| quantity.amount)
}
