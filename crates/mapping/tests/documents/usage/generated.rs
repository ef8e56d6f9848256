//! Reports made of numbers that only look random: written and read again they are the same.

use tieline_mapping::options::Options;
use tieline_mapping::usage_867;
use tieline_model::account::Commodity;
use tieline_model::coded::Coded;
use tieline_model::common::*;
use tieline_model::identifier::{MeterNumber, ServicePointId};
use tieline_model::meter::{Dials, Direction, MeterRole};
use tieline_model::quantity::Unit;
use tieline_model::stamp::{Edge, Midnight, Stamping, ZoneStyle};
use tieline_model::time::date;
use tieline_model::usage::*;

use super::USAGE;
use crate::document;
use crate::shared::random::Random;

impl Random {
    fn quantity(&mut self, has_stamps: bool) -> UsageQuantity {
        let codes = [
            ("QD", Direction::Delivered, Quality::Actual, Basis::Measured),
            ("9H", Direction::Received, Quality::Estimated, Basis::Measured),
            ("D1", Direction::Delivered, Quality::Actual, Basis::Billed),
            ("99", Direction::Delivered, Quality::Actual, Basis::Measured),
            ("20", Direction::Delivered, Quality::Unavailable, Basis::Measured),
            ("ZZ", Direction::Delivered, Quality::Other, Basis::Measured),
        ];
        let (code, direction, quality, basis) = codes[self.below(6) as usize];
        let quality = Coded::received(quality, code);
        let (amount, unit) = (self.maybe(Random::number), self.unit());
        let mut made = UsageQuantity::new(direction, amount, unit, quality).expect("positive");
        made.basis = basis;
        made.period = self.maybe(Random::period);
        let may_be_timed = !has_stamps || basis == Basis::Billed;
        made.occurred = self.maybe(Random::stamp).filter(|_| may_be_timed);
        made.measurements = self.some(3, Random::measurement);
        made
    }

    /// With a first and a last point that were sent.
    fn series(&mut self, direction: Direction, minutes: u16, unit: &str) -> IntervalSeries {
        let zone = Options::default().common.zone;
        let first = zone.day(self.date()).expect("in range").start();
        let unit = Options::default().common.units.read(unit, Unit::Other);
        let seconds = u32::from(minutes) * 60;
        let mut series =
            IntervalSeries::new(direction, unit, seconds, zone, first).expect("a series");
        let midnights = [Midnight::LastMinute, Midnight::Hour24, Midnight::NextDay];
        let zones = [ZoneStyle::InForce, ZoneStyle::Numeric, ZoneStyle::Utc, ZoneStyle::Absent];
        series.stamping = Some(Stamping {
            edge: Edge::End,
            midnight: midnights[self.below(3) as usize],
            zone: zones[self.below(4) as usize],
            seconds: self.below(4) == 0,
        });
        let (actual, estimated) = match direction {
            Direction::Received => ("87", "9H"),
            _ => ("QD", "KA"),
        };
        let actual = series.code(Quality::Actual, Some(actual)).expect("few codes");
        let estimated = series.code(Quality::Estimated, Some(estimated)).expect("few codes");
        let unavailable = series.code(Quality::Unavailable, Some("20")).expect("few codes");
        series.push(actual, Some(self.number())).expect("a point");
        // Two days, so that a midnight is among them.
        for _ in 0..48 * 60 / u32::from(minutes) {
            match self.below(12) {
                0 => series.skip(self.below(9) as u32).expect("short"),
                1 => series.push(unavailable, None).expect("a point"),
                2 => series.push(estimated, Some(self.number())).expect("a point"),
                _ => series.push(actual, Some(self.number())).expect("a point"),
            }
        }
        series.push(actual, Some(self.number())).expect("a point");
        // A midnight that was not sent does not show how it is written.
        let has_gaps = series.gaps().any(|gap| !gap.said);
        if let Some(stamping) = series.stamping.as_mut().filter(|_| has_gaps) {
            stamping.midnight = Midnight::LastMinute;
        }
        series
    }

    fn section(&mut self) -> UsageSection {
        let kinds = [
            (SectionKind::BilledSummary, "BB"),
            (SectionKind::MeterDetail, "PM"),
            (SectionKind::Other, "ZZ"),
        ];
        let mut section = UsageSection::new(self.coded(&kinds));
        let commodities = [(Commodity::Electricity, "EL"), (Commodity::Other, "STEAM")];
        section.commodity = self.maybe(|random| random.coded(&commodities));
        section.period = self.maybe(Random::section_period);
        section.read_date = self.maybe(Random::date);
        section.meter = self.maybe(|it| MeterNumber::new(it.text()).expect("a number"));
        let roles = [(MeterRole::Additive, "A"), (MeterRole::Subtractive, "S")];
        section.role = self.maybe(|random| random.coded(&roles));
        section.dials = self.maybe(|_| Dials { whole: 6, decimals: 1 });
        section.channel = self.maybe(Random::text);
        section.service_point = self.maybe(|it| ServicePointId::new(it.text()).expect("a number"));
        section.references = self.some(2, Random::reference);
        section.events = self.some(1, Random::event);
        section.parties = self.some(1, Random::party);
        let minutes = [15, 30, 60][self.below(3) as usize];
        let has_intervals = self.below(2) == 0;
        if has_intervals {
            let unit = Some(Unit::KilowattHour);
            let meaning = MeterType { unit, minutes: Some(minutes) };
            section.meter_type = Some(Coded::received(meaning, format!("KH{minutes:03}")));
            section.items.push(UsageItem::Series(self.series(Direction::Delivered, minutes, "KH")));
            if self.below(2) == 0 {
                let received = self.series(Direction::Received, minutes, "KH");
                section.items.push(UsageItem::Series(received));
            }
        }
        let quantities = self.some(3, |random| UsageItem::Quantity(random.quantity(has_intervals)));
        section.items.extend(quantities);
        section
    }

    fn report(&mut self) -> UsageReport {
        let purposes = [(Purpose::Original, "00"), (Purpose::Cancel, "01"), (Purpose::Other, "ZZ")];
        let date = self.date();
        let mut report = UsageReport::new(self.coded(&purposes), self.maybe(Random::text), date);
        let kinds = [(UsageKind::Monthly, "DD"), (UsageKind::Other, "X4")];
        report.kind = self.maybe(|random| random.coded(&kinds));
        report.action = self.maybe(|random| random.coded(&[(UsageAction::Final, "F")]));
        report.answers = self.maybe(Random::text);
        report.time = self.maybe(Random::clock);
        report.due = self.maybe(Random::stamp);
        report.account = self.maybe(Random::account);
        report.former_account = self.maybe(Random::account);
        report.supplier_account = self.maybe(Random::account);
        report.service_point = self.maybe(|it| ServicePointId::new(it.text()).expect("a number"));
        report.participation = self.maybe(Random::number);
        report.events = self.some(2, Random::event);
        report.references = self.some(2, Random::reference);
        report.parties = self.some(3, Random::party);
        report.sections = self.some(3, Random::section);
        report.stated_count = self.maybe(Random::number);
        report
    }
}

#[test]
fn a_report_that_was_written_is_read_as_it_was() {
    let options = Options::default();
    for seed in 0..400 {
        let report = Random(seed).report();
        let segments = USAGE.write_with(&report, &options);
        let back =
            USAGE.read_with(&segments, &options).unwrap_or_else(|error| panic!("{seed}: {error}"));
        assert_eq!(back, report, "seed {seed}");
        let again = usage_867::write(&back, &options).expect("it can be written");
        assert_eq!(again, segments, "seed {seed}");
    }
}

#[test]
fn without_raw_codes_the_options_choose_them() {
    let options = Options::default();
    let mut report = UsageReport::new(Purpose::Replace.into(), None, date(2026, 4, 3));
    let mut section = UsageSection::new(SectionKind::AccountSummary.into());
    let (direction, unit) = (Direction::Received, Unit::Kilowatt.into());
    let amount = "61.8".parse().ok();
    let quality = Quality::Estimated.into();
    let quantity = UsageQuantity::new(direction, amount, unit, quality).expect("positive");
    section.items.push(UsageItem::Quantity(quantity));
    report.sections.push(section);
    let segments = USAGE.write_with(&report, &options);
    assert_eq!(document::lines(&segments), ["BPT*05**20260403", "PTD*SU", "QTY*9H*61.8*K1"]);
    let again = document::segments(&document::lines(&segments).join("\n"));
    assert_eq!(segments, again);
}
