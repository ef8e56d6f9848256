//! Usage of what Green Button can say, made of numbers that only look random.

use tieline_model::account::Commodity;
use tieline_model::coded::Coded;
use tieline_model::common::{Purpose, Reference, ReferenceKind};
use tieline_model::decimal::Decimal;
use tieline_model::identifier::{AccountNumber, MeterNumber, ServicePointId};
use tieline_model::meter::Direction;
use tieline_model::quantity::Unit;
use tieline_model::time::{Zone, date};
use tieline_model::usage::{
    Basis, IntervalSeries, MeterType, Quality, SectionKind, SectionPeriod, UsageItem,
    UsageQuantity, UsageReport, UsageSection,
};

use crate::shared::random::Random;

impl Random {
    fn decimal(&mut self, scale: u8, is_net: bool) -> Decimal {
        let sign = if is_net && self.below(3) == 0 { -1 } else { 1 };
        Decimal::new(sign * i128::from(self.below(99_999_999)), scale).expect("short")
    }

    fn reading_quality(&mut self) -> Coded<Quality> {
        let known = [
            (Quality::Actual, "0"),
            (Quality::Actual, "19"),
            (Quality::Estimated, "8"),
            (Quality::Estimated, "9"),
            (Quality::Validated, "17"),
            (Quality::Edited, "7"),
            (Quality::Calculated, "11"),
            (Quality::Other, "16"),
        ];
        match self.below(3) {
            0 => Quality::Actual.into(),
            _ => {
                let (quality, code) = self.pick(&known);
                Coded::received(quality, code)
            }
        }
    }

    fn reading_unit(&mut self) -> Coded<Unit> {
        let (unit, code) = self.pick(&[
            (Unit::KilowattHour, "72"),
            (Unit::WattHour, "72"),
            (Unit::MegawattHour, "72"),
            (Unit::Kilowatt, "38"),
            (Unit::KilovarHour, "73"),
            (Unit::Volt, "29"),
            (Unit::Percent, "65"),
            (Unit::ThousandGallons, "128"),
            (Unit::Other, "111"),
        ]);
        Coded::received(unit, code)
    }

    /// Two days around a change of the clocks, with gaps, estimates, and perhaps an odd interval.
    fn interval_block(&mut self, zone: &Zone) -> IntervalSeries {
        let day = self.pick(&[date(2026, 3, 8), date(2026, 11, 1), date(2026, 7, 4)]);
        let start = zone.day(day).expect("in range").start();
        let (direction, unit) = (self.direction(), self.reading_unit());
        let seconds = self.pick(&[300, 900, 1800, 3600]);
        let scale = self.below(6) as u8;
        let mut series =
            IntervalSeries::new(direction, unit, seconds, zone.clone(), start).expect("a series");
        let mut qualities =
            [self.reading_quality(), self.reading_quality(), self.reading_quality()];
        // Nothing is said of the first only if nothing is said of any like it.
        qualities.sort_by_key(|quality| quality.raw.is_some());
        let codes =
            qualities.map(|it| series.code(it.meaning, it.raw.as_deref()).expect("few codes"));
        let is_net = direction == Direction::Net;
        series.push(codes[0], Some(self.decimal(scale, is_net))).expect("a point");
        for _ in 0..self.below(60) {
            match self.below(9) {
                0 => series.skip(self.below(9) as u32).expect("short"),
                1 => {
                    series.push(codes[1], Some(self.decimal(scale, is_net))).expect("a point");
                    if self.below(4) == 0 {
                        series.set_last_seconds(seconds * 2).expect("a length");
                    }
                }
                n => {
                    let code = codes[n as usize % 3];
                    series.push(code, Some(self.decimal(scale, is_net))).expect("a point");
                }
            }
        }
        series.push(codes[0], Some(self.decimal(scale, is_net))).expect("a point");
        series
    }

    /// Dollars for each interval of a series that was sent.
    fn costs(&mut self, of: &IntervalSeries) -> IntervalSeries {
        let unit = Unit::UsDollar.into();
        let mut costs =
            IntervalSeries::new(of.direction(), unit, of.seconds(), of.zone.clone(), of.start())
                .expect("a series");
        for point in of.points() {
            let Some(quality) = point.value.code() else {
                continue;
            };
            let code = costs.code(quality.meaning, quality.raw.as_deref()).expect("few codes");
            costs.push_at(point.start, code, Some(self.decimal(5, false))).expect("beside it");
            let seconds = point.exception.and_then(|exception| exception.seconds);
            seconds.map(|it| costs.set_last_seconds(it.get())).transpose().expect("a length");
        }
        costs
    }

    pub(super) fn usage_point(&mut self, zone: &Zone) -> UsageSection {
        let kinds =
            [SectionKind::MeterDetail, SectionKind::AccountSummary, SectionKind::NetSummary];
        let mut section = UsageSection::new(self.pick(&kinds).into());
        let commodities = [(Commodity::Electricity, "1"), (Commodity::Water, "9")];
        let (commodity, code) = self.pick(&commodities);
        section.commodity = Some(Coded::received(commodity, code));
        section.meter =
            self.maybe(|it| MeterNumber::new(format!("M<{}>&", it.below(99))).expect("a number"));
        section.channel = self.maybe(|it| format!("\"{}\"", it.below(9)));
        section.service_point =
            self.maybe(|it| ServicePointId::new(it.below(99).to_string()).expect("a number"));
        let bucket = |it: &mut Random| {
            let kind = Coded::received(ReferenceKind::Other, "tou");
            Reference::new(kind, (it.below(4) + 1).to_string())
        };
        section.references.extend(self.maybe(bucket));
        section.period = self.maybe(|it| match it.below(6) {
            0 => SectionPeriod::Regular(it.period()),
            1 => SectionPeriod::FromExchange(it.period()),
            2 => SectionPeriod::UntilExchange(it.period()),
            3 => SectionPeriod::From(it.date()),
            4 => SectionPeriod::Until(it.date()),
            _ => SectionPeriod::Exchange(it.date()),
        });
        for _ in 0..=self.below(2) {
            let series = self.interval_block(zone);
            let costs =
                self.maybe(|it| it.costs(&series)).filter(|_| series.direction() != Direction::Net);
            section.items.push(UsageItem::Series(series));
            section.items.extend(costs.map(UsageItem::Series));
        }
        let first = section.series().next().expect("there is one");
        let minutes = u16::try_from(first.seconds() / 60).ok();
        section.meter_type = Some(MeterType { unit: Some(first.unit.meaning), minutes }.into());
        section
    }

    /// Quantities, whose periods are not all the same unless it is the section's.
    fn totals(&mut self) -> UsageSection {
        let mut section = UsageSection::new(SectionKind::NonIntervalDetail.into());
        section.commodity = Some(Coded::received(Commodity::Electricity, "1"));
        section.period = Some(SectionPeriod::Regular(self.period()));
        section.meter = MeterNumber::new(self.below(99).to_string()).ok();
        for _ in 0..=self.below(5) {
            let (direction, unit, quality) =
                (self.direction(), self.reading_unit(), self.reading_quality());
            let scale = self.below(4) as u8;
            let amount = self.maybe(|it| it.decimal(scale, direction == Direction::Net));
            let made = UsageQuantity::new(direction, amount, unit, quality);
            let mut quantity = made.expect("only net is negative");
            quantity.basis = self.pick(&[Basis::Measured, Basis::Billed, Basis::Derived]);
            let outer = section.period.and_then(|period| period.period());
            quantity.period = self.maybe(Random::period).filter(|it| Some(*it) != outer);
            section.items.push(UsageItem::Quantity(quantity));
        }
        section
    }

    /// What becomes a usage summary.
    fn billed(&mut self) -> UsageSection {
        let mut section = UsageSection::new(SectionKind::BilledSummary.into());
        section.commodity = Some(Coded::received(Commodity::Electricity, "1"));
        section.period = Some(SectionPeriod::Regular(self.period()));
        let quality = self.reading_quality();
        for (unit, code) in [(Unit::KilowattHour, "72"), (Unit::Kilowatt, "38")] {
            let (amount, unit) = (Some(self.decimal(2, false)), Coded::received(unit, code));
            let made = UsageQuantity::new(Direction::Delivered, amount, unit, quality.clone());
            let mut quantity = made.expect("positive");
            quantity.basis = Basis::Billed;
            section.items.push(UsageItem::Quantity(quantity));
        }
        section
    }

    pub(super) fn usage_points(&mut self) -> UsageReport {
        let zones = ["America/Chicago", "America/Phoenix", "America/Indiana/Indianapolis"];
        let zone = Zone::named(self.pick(&zones)).expect("the zone is built in");
        let mut report = UsageReport::new(Purpose::Original.into(), None, self.date());
        report.account =
            self.maybe(|it| AccountNumber::new(it.below(9).to_string()).expect("a number"));
        report.service_point = ServicePointId::new(format!("SP {}", self.below(9))).ok();
        let rate =
            self.maybe(|it| Reference::new(ReferenceKind::Rate.into(), it.below(900).to_string()));
        report.references.extend(rate);
        report.sections.push(self.usage_point(&zone));
        for _ in 0..self.below(4) {
            let section = match self.below(4) {
                0 => self.totals(),
                1 => self.billed(),
                2 => UsageSection {
                    commodity: Some(Commodity::Electricity.into()),
                    ..UsageSection::new(SectionKind::Scheduling.into())
                },
                _ => self.usage_point(&zone),
            };
            report.sections.push(section);
        }
        report
    }
}
