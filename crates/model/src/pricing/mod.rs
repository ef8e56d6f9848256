//! Pricing: what usage costs under a rate schedule, as a bill, or which figure is missing.
//!
//! Every line is a quantity times a published price, rounded half up to the cent, as an 810 says it
//! (`SAC05` is `SAC08` times `SAC10`). Nothing is guessed: what the book has no figure for, and what
//! the usage does not say, is a [`PricingError`]. Dates and the bill's number are passed in.
//!
//! Three habits that no book settles are settled here: a basic charge is charged whole whatever the
//! length of the period, each supply has its own line of a rider such as the purchased power
//! adjustment, and a quantity of zero has no line.

mod charge;

mod error;

mod load;

mod metered;

mod verify;

mod expected;

#[cfg(test)]
mod tests;

pub use error::PricingError;
pub use expected::Schedules;
pub use load::Load;
pub use metered::{Metered, UsageError, ZoneDemand, ZoneUse};
pub use verify::{Difference, Discrepancy, verify};

use jiff::civil::Date;

use crate::account::Commodity;
use crate::bill::{
    Bill, BillGroup, ChargeDirection, ChargeKind, GroupLevel, Tax, TaxKind, TaxRelation,
};
use crate::coded::Coded;
use crate::common::Purpose;
use crate::decimal::Decimal;
use crate::identifier::AccountNumber;
use crate::money::Currency;
use crate::period::{Month, Period};
use crate::rate::{RateCharge, RateSchedule};
use crate::usage::SectionPeriod;

/// What is to be billed.
#[derive(Debug, Clone)]
pub struct BillRequest<'a> {
    /// The number of the bill.
    pub number: String,
    /// When it is issued.
    pub date: Date,
    /// The account.
    pub account: Option<AccountNumber>,
    /// The number of the usage report it is made from.
    pub usage_report: Option<String>,
    /// What is supplied: the main meter first, then what is sub-metered. Each becomes a group.
    pub supplies: Vec<Supply<'a>>,
    /// Which month a billing period counts for.
    pub month_of: MonthOf,
    /// Taxes on the whole bill.
    pub taxes: &'a [TaxRule],
}

/// A schedule and the usage it is applied to.
#[derive(Debug, Clone)]
pub struct Supply<'a> {
    /// The schedule.
    pub schedule: &'a RateSchedule,
    /// The schedule it is built on: charges that `schedule` has none of its own for.
    pub base: Option<&'a RateSchedule>,
    /// Schedules that come on top, on the same usage: the purchased power adjustment, credits.
    pub riders: Vec<&'a RateSchedule>,
    /// What was used.
    pub metered: Metered,
}

/// Which month a billing period counts for, where prices and seasons go by months.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum MonthOf {
    /// The month of its first date.
    PeriodStart,
    /// The month of its last date.
    #[default]
    PeriodEnd,
}

impl MonthOf {
    /// The month of a period.
    pub fn month(self, period: Period) -> Month {
        match self {
            MonthOf::PeriodStart => Month::of(period.start()),
            MonthOf::PeriodEnd => Month::of(period.end()),
        }
    }
}

/// A tax on all charges less credits of a bill.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TaxRule {
    /// Which tax.
    pub kind: TaxKind,
    /// The rate in per cent.
    pub percent: Decimal,
}

/// Works out a bill.
///
/// # Errors
///
/// [`PricingError`]: the first figure that is missing, or what is wrong with the usage.
pub fn price(request: &BillRequest<'_>) -> Result<Bill, PricingError> {
    let currency = request.supplies.first().map_or(Currency::USD, |main| main.schedule.currency);
    let mut bill = Bill::new(request.number.clone(), request.date, currency);
    bill.purpose = Some(Purpose::Original.into());
    bill.account = request.account.clone();
    bill.usage_report = request.usage_report.clone();
    bill.period = request.supplies.first().map(|main| main.metered.period);
    for (number, supply) in (1..).zip(&request.supplies) {
        let mut group = supply.group(currency, request.month_of)?;
        group.number = Some(number.to_string());
        bill.groups.push(group);
    }
    let charges = bill.sum_of_lines()?.amount.with_scale(2)?;
    for rule in request.taxes {
        bill.taxes.push(rule.tax(charges)?);
    }
    bill.total = bill.sum_of_lines()?.amount.with_scale(2)?;
    Ok(bill)
}

impl TaxRule {
    fn tax(&self, base: Decimal) -> Result<Tax, PricingError> {
        let amount = base.checked_mul(&self.percent)?.times_power_of_ten(-2)?.rounded(2)?;
        Ok(Tax {
            kind: self.kind.into(),
            amount: Some(amount),
            rate: Some(self.percent),
            jurisdiction: None,
            exempt: None,
            relation: Some(TaxRelation::Added.into()),
            base: Some(base),
            taxpayer: None,
        })
    }
}

impl<'a> Supply<'a> {
    /// A schedule applied to usage, on its own.
    pub fn new(schedule: &'a RateSchedule, metered: Metered) -> Supply<'a> {
        Supply { schedule, base: None, riders: Vec::new(), metered }
    }

    fn group(&self, currency: Currency, month_of: MonthOf) -> Result<BillGroup, PricingError> {
        self.check(currency, month_of)?;
        let month = month_of.month(self.metered.period);
        let mut group = BillGroup {
            commodity: Some(Commodity::Electricity.into()),
            level: Some(GroupLevel::Rate.into()),
            rate: Some(self.schedule.code.clone()),
            meter: self.metered.meter.clone(),
            period: Some(SectionPeriod::Regular(self.metered.period)),
            ..BillGroup::default()
        };
        for (schedule, charge) in self.charges().filter(|(_, charge)| charge.applies_in(month)) {
            for line in charge::lines(schedule, charge, &self.metered, month)? {
                group.charges.push(line);
            }
        }
        group.wrap_charges();
        Ok(group)
    }

    /// All charges with the schedules they are of: the base's, its own, the riders'.
    fn charges(&self) -> impl Iterator<Item = (&'a RateSchedule, &'a RateCharge)> {
        let of = |schedule: &'a RateSchedule| {
            schedule.charges.iter().map(move |charge| (schedule, charge))
        };
        let own = self.schedule;
        let replaced =
            move |charge: &RateCharge| own.charges.iter().any(|other| same_use(other, charge));
        let base = self.base.into_iter().flat_map(of);
        base.filter(move |(_, charge)| !replaced(charge))
            .chain(of(own))
            .chain(self.riders.clone().into_iter().flat_map(of))
    }

    fn check(&self, currency: Currency, month_of: MonthOf) -> Result<(), PricingError> {
        let period = self.metered.period;
        for schedule in [self.schedule].into_iter().chain(self.base).chain(self.riders.clone()) {
            let code = || schedule.code.clone();
            if schedule.currency != currency {
                return Err(PricingError::OtherCurrency { schedule: code() });
            }
            let validity = schedule.validity;
            if !validity.contains(period.start()) || !validity.contains(period.end()) {
                return Err(PricingError::NotInForce { schedule: code() });
            }
        }
        let code = self.schedule.code.clone();
        if self.metered.energy.is_negative() {
            return Err(PricingError::NegativeEnergy { schedule: code });
        }
        let month = month_of.month(period);
        let mut of_schedule = self.charges().filter(|(schedule, charge)| {
            let is_rider = self.riders.iter().any(|rider| std::ptr::eq(*rider, *schedule));
            !is_rider && charge.applies_in(month) && is_energy(charge.kind)
        });
        if of_schedule.next().is_none() && !self.metered.energy.is_zero() {
            return Err(PricingError::EnergyNotPriced { schedule: code, month });
        }
        Ok(())
    }
}

fn is_energy(kind: ChargeKind) -> bool {
    matches!(kind, ChargeKind::Energy | ChargeKind::TimeOfUseEnergy)
}

/// Whether one charge takes the place of the other when a schedule is built on a base.
fn same_use(one: &RateCharge, other: &RateCharge) -> bool {
    one.kind == other.kind || is_energy(one.kind) && is_energy(other.kind)
}

/// Which way the money of a price goes: a price less than zero is a credit.
fn direction(price: Decimal) -> Coded<ChargeDirection> {
    match price.is_negative() {
        true => ChargeDirection::Credit.into(),
        false => ChargeDirection::Charge.into(),
    }
}
