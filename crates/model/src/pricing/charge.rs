//! The lines of one charge: its way of pricing applied to what was used.

use jiff::Timestamp;

use crate::bill::{Charge, ChargeDirection};
use crate::coded::Coded;
use crate::decimal::Decimal;
use crate::meter::TimeOfUse;
use crate::period::Month;
use crate::pricing::error::PricingError;
use crate::pricing::load::Load;
use crate::pricing::metered::{Metered, ZoneDemand};
use crate::quantity::{Quantity, Unit};
use crate::rate::{DemandMeasure, Price, Pricing, RateCharge, RateSchedule, Tiers, Windows};
use crate::time::Interval;

/// The lines of a charge, in the order of its prices; none for a quantity of zero.
pub(super) fn lines(
    schedule: &RateSchedule,
    charge: &RateCharge,
    metered: &Metered,
    month: Month,
) -> Result<Vec<Charge>, PricingError> {
    let of = Of { schedule, charge, metered };
    match &charge.pricing {
        Pricing::Monthly { price } => {
            Ok(vec![of.line(Decimal::ONE, Unit::Month, of.known(price)?)?])
        }
        Pricing::Tiers { unit, tiers } => of.tiers(*unit, tiers),
        Pricing::TimeOfUse { unit, windows, otherwise, price } => {
            of.time_of_use(*unit, windows, (*otherwise, price))
        }
        Pricing::Demand { unit, measure, price } => of.demand(*unit, measure, price),
        Pricing::ByMonth { unit, prices } => {
            let energy = of.energy(metered.energy, *unit)?;
            let price = prices.get(&month).ok_or_else(|| of.month_unknown(month))?;
            of.unless_zero(energy, *unit, |_| Ok(*price))
        }
        Pricing::Credit { price, minimum_use } => of.credit(price, minimum_use.as_ref()),
    }
}

/// A charge of a schedule, and the usage it is for.
struct Of<'a> {
    schedule: &'a RateSchedule,
    charge: &'a RateCharge,
    metered: &'a Metered,
}

impl Of<'_> {
    fn tiers(&self, unit: Unit, tiers: &Tiers) -> Result<Vec<Charge>, PricingError> {
        let energy = self.energy(self.metered.energy, unit)?;
        let mut lines = Vec::new();
        let mut below = Decimal::ZERO;
        for tier in tiers.tiers() {
            let up_to = tier.up_to.map_or(energy, |bound| bound.min(energy));
            let part = up_to.checked_sub(&below)?;
            lines.extend(self.unless_zero(part, unit, |of| of.known(&tier.price))?);
            below = up_to;
        }
        Ok(lines)
    }

    fn time_of_use(
        &self,
        unit: Unit,
        windows: &Windows,
        otherwise: (TimeOfUse, &Price),
    ) -> Result<Vec<Charge>, PricingError> {
        let parts = Parts::of(windows, otherwise);
        let energies = match (&self.metered.load, &self.metered.buckets[..]) {
            _ if self.metered.energy.is_zero() => return Ok(Vec::new()),
            // What registers counted is what the utility bills, where it has them.
            (None, []) => return Err(self.no_times()),
            (Some(load), []) => self.by_interval(load, windows, &parts)?,
            (_, buckets) => self.by_register(buckets, &parts)?,
        };
        if Decimal::sum(&energies)? != self.metered.energy {
            return Err(match self.metered.buckets.is_empty() {
                true => self.not_covered(),
                false => self.other_buckets(),
            });
        }
        let mut lines = Vec::new();
        for ((part, price), energy) in parts.0.iter().zip(energies) {
            let energy = self.energy(energy, unit)?;
            for mut line in self.unless_zero(energy, unit, |of| of.known(price))? {
                line.description = Some(format!("{}, {}", self.charge.name, part_name(*part)));
                lines.push(line);
            }
        }
        Ok(lines)
    }

    fn by_register(
        &self,
        buckets: &[(TimeOfUse, Decimal)],
        parts: &Parts<'_>,
    ) -> Result<Vec<Decimal>, PricingError> {
        let mut energies = vec![Decimal::ZERO; parts.0.len()];
        for (bucket, energy) in buckets {
            let mut of_bucket = (0..).zip(&parts.0).filter(|(_, (part, _))| part == bucket);
            // A register cannot tell two prices apart.
            match (of_bucket.next(), of_bucket.next()) {
                (Some((n, _)), None) => energies[n] = energies[n].checked_add(energy)?,
                _ => return Err(self.other_buckets()),
            }
        }
        Ok(energies)
    }

    fn by_interval(
        &self,
        load: &Load,
        windows: &Windows,
        parts: &Parts<'_>,
    ) -> Result<Vec<Decimal>, PricingError> {
        self.check_load(load)?;
        let step = grain(windows);
        let part_at = |at: Timestamp| {
            let window = windows.at(self.schedule.zone.local(at));
            window.map_or(parts.0.len() - 1, |window| parts.find(window.bucket, &window.price))
        };
        let mut energies = vec![Decimal::ZERO; parts.0.len()];
        for (start, end, energy) in load.points() {
            let part = part_at(*start);
            let mut second = (start.as_second().div_euclid(step) + 1) * step;
            while second < end.as_second() {
                let at = Timestamp::from_second(second);
                if at.is_ok_and(|at| part_at(at) != part) {
                    return Err(self.straddles(*start));
                }
                second += step;
            }
            energies[part] = energies[part].checked_add(energy)?;
        }
        Ok(energies)
    }

    fn demand(
        &self,
        unit: Unit,
        measure: &DemandMeasure,
        price: &Price,
    ) -> Result<Vec<Charge>, PricingError> {
        let demand = match measure {
            DemandMeasure::AsReported => {
                self.metered.billing_demand.ok_or_else(|| self.no_billing_demand())?
            }
            DemandMeasure::Peak { minutes } => {
                let load = self.metered.load.as_ref().ok_or_else(|| self.no_times())?;
                self.check_load(load)?;
                if load.seconds() != u32::from(*minutes) * 60 {
                    return Err(self.other_length(load.seconds()));
                }
                self.peak(load, |_| true)?
            }
            DemandMeasure::Zone { zone } => self.zone_demand(zone)?,
        };
        let demand = Quantity::new(demand, Unit::Kilowatt).to(unit);
        let demand = demand.map_err(|_| self.other_unit(unit))?.amount;
        self.unless_zero(demand, unit, |of| of.known(price))
    }

    fn zone_demand(&self, zone: &str) -> Result<Decimal, PricingError> {
        let said = self.metered.zones.iter().find(|it| it.zone == zone);
        let called = match &said.ok_or_else(|| self.zone_not_said(zone))?.demand {
            ZoneDemand::Reported(demand) => return Ok(*demand),
            ZoneDemand::CalledOut(called) if called.is_empty() => return Ok(Decimal::ZERO),
            ZoneDemand::CalledOut(called) => called,
        };
        let load = self.metered.load.as_ref().ok_or_else(|| self.no_times())?;
        self.check_load(load)?;
        for call_out in called {
            if call_out.start() < load.start() || load.end() < call_out.end() {
                return Err(self.not_covered());
            }
            if let Some(start) = load.straddles(call_out) {
                return Err(self.straddles(start));
            }
        }
        self.peak(load, |start| called.iter().any(|call_out: &Interval| call_out.contains(start)))
    }

    /// The greatest average power of the intervals that count, in kW.
    fn peak(
        &self,
        load: &Load,
        counts: impl Fn(Timestamp) -> bool,
    ) -> Result<Decimal, PricingError> {
        let mut peak = Decimal::ZERO;
        for (start, end, energy) in load.points().iter().filter(|(start, ..)| counts(*start)) {
            let seconds = end.as_second() - start.as_second();
            if 3600 % seconds != 0 {
                return Err(self.other_length(u32::try_from(seconds).unwrap_or(u32::MAX)));
            }
            peak = peak.max(energy.checked_mul(&Decimal::from(3600 / seconds))?);
        }
        Ok(peak)
    }

    fn credit(
        &self,
        price: &Price,
        minimum_use: Option<&Quantity>,
    ) -> Result<Vec<Charge>, PricingError> {
        if let Some(minimum) = minimum_use
            && self.energy(self.metered.energy, minimum.unit)? < minimum.amount
        {
            return Ok(Vec::new());
        }
        let mut line = self.line(Decimal::ONE, Unit::Month, self.known(price)?)?;
        line.direction = ChargeDirection::Credit.into();
        Ok(vec![line])
    }

    /// Refuses a load that is not the whole of the period, or has intervals without a quantity.
    fn check_load(&self, load: &Load) -> Result<(), PricingError> {
        if load.missing() > 0 {
            return Err(self.incomplete(load.missing()));
        }
        let zone = &self.schedule.zone;
        let first = zone.day(self.metered.period.start())?;
        let last = zone.day(self.metered.period.end())?;
        // Whether the last date still belongs to the period is a habit of the sender.
        let ends = load.end() == last.end() || load.end() == last.start();
        match load.start() == first.start() && ends && load.total()? == self.metered.energy {
            true => Ok(()),
            false => Err(self.not_covered()),
        }
    }

    fn energy(&self, energy: Decimal, unit: Unit) -> Result<Decimal, PricingError> {
        let energy = Quantity::new(energy, Unit::KilowattHour).to(unit);
        Ok(energy.map_err(|_| self.other_unit(unit))?.amount)
    }

    fn unless_zero(
        &self,
        quantity: Decimal,
        unit: Unit,
        price: impl Fn(&Self) -> Result<Decimal, PricingError>,
    ) -> Result<Vec<Charge>, PricingError> {
        match quantity.is_zero() {
            true => Ok(Vec::new()),
            false => Ok(vec![self.line(quantity, unit, price(self)?)?]),
        }
    }

    /// A line: a quantity at a price, which is a credit if it is less than zero.
    fn line(&self, quantity: Decimal, unit: Unit, price: Decimal) -> Result<Charge, PricingError> {
        let amount = quantity.checked_mul(&price.abs())?.rounded(2)?;
        let kind = Coded { meaning: self.charge.kind, raw: self.charge.code.clone() };
        let mut line = Charge::new(ChargeDirection::Charge, kind, amount);
        line.direction = super::direction(price);
        line.quantity = Some(quantity);
        line.unit = Some(unit.into());
        line.rate = Some(price.abs());
        line.description = Some(self.charge.name.clone());
        Ok(line)
    }

    fn known(&self, price: &Price) -> Result<Decimal, PricingError> {
        price.known().map_err(|missing| PricingError::Unpublished {
            schedule: self.code(),
            charge: self.name(),
            kind: self.charge.kind,
            missing: missing.unpublished,
        })
    }

    fn code(&self) -> String {
        self.schedule.code.clone()
    }

    fn name(&self) -> String {
        self.charge.name.clone()
    }

    fn month_unknown(&self, month: Month) -> PricingError {
        PricingError::MonthUnknown { schedule: self.code(), charge: self.name(), month }
    }

    fn no_billing_demand(&self) -> PricingError {
        PricingError::NoBillingDemand { schedule: self.code(), charge: self.name() }
    }

    fn zone_not_said(&self, zone: &str) -> PricingError {
        let zone = zone.to_string();
        PricingError::ZoneNotSaid { schedule: self.code(), charge: self.name(), zone }
    }

    fn no_times(&self) -> PricingError {
        PricingError::NoTimes { schedule: self.code(), charge: self.name() }
    }

    fn other_buckets(&self) -> PricingError {
        PricingError::OtherBuckets { schedule: self.code(), charge: self.name() }
    }

    fn incomplete(&self, missing: u32) -> PricingError {
        PricingError::Incomplete { schedule: self.code(), charge: self.name(), missing }
    }

    fn not_covered(&self) -> PricingError {
        PricingError::NotCovered { schedule: self.code(), charge: self.name() }
    }

    fn straddles(&self, start: Timestamp) -> PricingError {
        PricingError::Straddles { schedule: self.code(), charge: self.name(), start }
    }

    fn other_length(&self, seconds: u32) -> PricingError {
        PricingError::OtherLength { schedule: self.code(), charge: self.name(), seconds }
    }

    fn other_unit(&self, unit: Unit) -> PricingError {
        PricingError::OtherUnit { schedule: self.code(), charge: self.name(), unit }
    }
}

/// The parts of the time that have a line, each with its price; all other time is the last.
struct Parts<'a>(Vec<(TimeOfUse, &'a Price)>);

impl<'a> Parts<'a> {
    fn of(windows: &'a Windows, otherwise: (TimeOfUse, &'a Price)) -> Parts<'a> {
        let mut parts: Vec<(TimeOfUse, &Price)> = Vec::new();
        for window in windows.windows() {
            let part = (window.bucket, &window.price);
            if !parts.contains(&part) && part != otherwise {
                parts.push(part);
            }
        }
        parts.push(otherwise);
        Parts(parts)
    }

    /// The place of a part; that of all other time if it has none of its own.
    fn find(&self, bucket: TimeOfUse, price: &Price) -> usize {
        self.0.iter().position(|part| *part == (bucket, price)).unwrap_or(self.0.len() - 1)
    }
}

/// Seconds in which the price cannot change but at their start. Zones are set apart by whole quarter
/// hours, so a window that begins at one on the wall begins at one of UTC.
fn grain(windows: &Windows) -> i64 {
    let minute =
        |time: crate::stamp::ClockTime| i64::from(time.hour()) * 60 + i64::from(time.minute());
    let edges = windows.windows().iter().flat_map(|one| [minute(one.from), minute(one.until)]);
    edges.fold(15, greatest_common_divisor) * 60
}

fn greatest_common_divisor(one: i64, other: i64) -> i64 {
    match other {
        0 => one,
        _ => greatest_common_divisor(other, one % other),
    }
}

fn part_name(part: TimeOfUse) -> &'static str {
    match part {
        TimeOfUse::Total => "all hours",
        TimeOfUse::OnPeak => "on-peak",
        TimeOfUse::OffPeak => "off-peak",
        TimeOfUse::Intermediate => "intermediate",
        TimeOfUse::SummerTotal => "summer",
        TimeOfUse::SummerOnPeak => "summer on-peak",
        TimeOfUse::SummerOffPeak => "summer off-peak",
        TimeOfUse::SummerIntermediate => "summer intermediate",
        TimeOfUse::WinterTotal => "winter",
        TimeOfUse::WinterOnPeak => "winter on-peak",
        TimeOfUse::WinterOffPeak => "winter off-peak",
        TimeOfUse::WinterIntermediate => "winter intermediate",
        TimeOfUse::Other => "other hours",
    }
}
