//! Records made of numbers that only look random, of what a table holds.

use tieline_model::account::Commodity;
use tieline_model::coded::Coded;
use tieline_model::common::*;
use tieline_model::decimal::Decimal;
use tieline_model::identifier::*;
use tieline_model::meter::*;
use tieline_model::quantity::Unit;
use tieline_model::record::Record;
use tieline_model::stamp::{ClockTime, Stamp};
use tieline_model::time::{Timestamp, Zone};
use tieline_model::usage::*;

use crate::shared::random::Random;

impl Random {
    pub(crate) fn at_least_one<T>(
        &mut self,
        most: u64,
        mut make: impl FnMut(&mut Random) -> T,
    ) -> Vec<T> {
        (0..1 + self.below(most)).map(|_| make(self)).collect()
    }

    /// A meaning without a code, or a code without a meaning.
    pub(crate) fn coded<T: Clone>(&mut self, all: &[T], other: T) -> Coded<T> {
        match self.below(5) {
            0 => Coded { meaning: other, raw: self.maybe(|it| it.pick(&["ZZ", "97"]).into()) },
            _ => Coded::new(self.pick(all)),
        }
    }

    /// A text that a table or a spreadsheet might stumble over.
    pub(crate) fn text(&mut self) -> String {
        let texts = [
            "0042",
            "a \"quoted\" word",
            "one, two; three",
            "=1+1",
            "'=1+1",
            "''",
            "+5",
            "-5",
            "@x",
            "STRASSE \u{df}\u{20ac}",
            "two\nlines",
            "two\r\nlines",
            " spaces ",
            "tab\there",
            "\tx",
            "1.2E+05",
            "other:x",
        ];
        self.pick(&texts).to_string()
    }

    pub(crate) fn identifier<T: TryFrom<String>>(&mut self) -> T {
        let texts = ["0004217790", "=1+1", "-77", "A,B", "A;\"B\"", "'x", "'-1"];
        let text = format!("{}{}", self.pick(&texts), self.below(100_000));
        T::try_from(text).ok().expect("it can be printed")
    }

    pub(crate) fn number(&mut self) -> Decimal {
        let texts = ["0", ".5", "007.10", "12.000", "99999999999999.5", "5.", "0.0001"];
        let text = match self.below(4) {
            0 => self.pick(&texts).to_string(),
            n => format!("{}.{:0>2$}", self.below(99_999), self.below(10), n as usize),
        };
        text.parse().expect("a number")
    }

    pub(crate) fn signed(&mut self) -> Decimal {
        let number = self.number();
        if self.below(3) == 0 { number.negated() } else { number }
    }

    pub(crate) fn section_period(&mut self) -> SectionPeriod {
        match self.below(6) {
            0 => SectionPeriod::FromExchange(self.period()),
            1 => SectionPeriod::UntilExchange(self.period()),
            2 => SectionPeriod::From(self.date()),
            3 => SectionPeriod::Until(self.date()),
            4 => SectionPeriod::Exchange(self.date()),
            _ => SectionPeriod::Regular(self.period()),
        }
    }

    pub(crate) fn unit(&mut self) -> Coded<Unit> {
        self.coded(&[Unit::KilowattHour, Unit::Kilowatt, Unit::CubicMetre], Unit::Other)
    }

    pub(crate) fn commodity(&mut self) -> Coded<Commodity> {
        self.coded(&[Commodity::Electricity, Commodity::Water], Commodity::Other)
    }

    pub(crate) fn purpose(&mut self) -> Coded<Purpose> {
        self.coded(&[Purpose::Original, Purpose::CancelReissue], Purpose::Other)
    }

    fn stamp(&mut self) -> Stamp {
        let time = self.maybe(|it| it.pick(&["0930", "2400", "121530"]));
        let time = time.map(|it| ClockTime::from_bytes(it.as_bytes()).expect("a time"));
        Stamp { date: self.date(), time, zone: time.and_then(|_| self.maybe(|_| "CD".into())) }
    }

    pub(crate) fn direction(&mut self) -> Direction {
        self.pick(&[Direction::Delivered, Direction::Received, Direction::Net, Direction::Total])
    }

    fn quality(&mut self) -> Coded<Quality> {
        self.coded(&[Quality::Actual, Quality::Estimated, Quality::Unavailable], Quality::Other)
    }

    fn quantity(&mut self) -> Option<Decimal> {
        (self.below(8) > 0).then(|| self.number())
    }

    /// A series near a change of the clocks, with gaps and lengths of its own.
    fn series(&mut self) -> IntervalSeries {
        let zone = self.pick(&["America/Chicago", "America/Phoenix", "UTC", "Asia/Kolkata"]);
        let zone = Zone::named(zone).expect("the zone is built in");
        let seconds = self.pick(&[300, 900, 3600, 86_400]);
        let first = self.pick(&[1_772_949_600, 1_793_509_200, 1_780_000_000]);
        let first = Timestamp::from_second(first).expect("in range");
        let (direction, unit) = (self.direction(), self.unit());
        let mut series = IntervalSeries::new(direction, unit, seconds, zone, first).expect("long");
        for _ in 0..1 + self.below(60) {
            match self.below(12) {
                0 => series.skip(1 + self.below(5) as u32).expect("in range"),
                _ => {
                    let quality = self.quality();
                    let code = series.code(quality.meaning, quality.raw.as_deref()).expect("few");
                    let quantity = self.quantity();
                    let is_net = direction == Direction::Net && self.below(3) == 0;
                    let signed = quantity.map(|it| if is_net { it.negated() } else { it });
                    series.push(code, signed).expect("it fits");
                }
            }
            if self.below(20) == 0 {
                series.set_last_seconds(seconds / 2 + 1).expect("there is one");
            }
            if self.below(20) == 0 {
                series.set_last_ambiguous().expect("there is one");
            }
        }
        series
    }

    fn section(&mut self) -> UsageSection {
        let kinds = [SectionKind::MeterDetail, SectionKind::AccountSummary];
        let mut section = UsageSection::new(self.coded(&kinds, SectionKind::Other));
        section.commodity = self.maybe(Random::commodity);
        section.period = self.maybe(Random::section_period);
        section.meter = self.maybe(Random::identifier::<MeterNumber>);
        section.channel = self.maybe(Random::text);
        section.service_point = self.maybe(Random::identifier::<ServicePointId>);
        section
    }

    fn report(&mut self, number: u64) -> UsageReport {
        let (purpose, date) = (self.purpose(), self.date());
        let number = format!("{number} {}", self.text());
        let mut report = UsageReport::new(purpose, Some(number), date);
        let kinds = [UsageKind::Monthly, UsageKind::Interval];
        report.kind = self.maybe(|random| random.coded(&kinds, UsageKind::Other));
        report.answers = self.maybe(Random::text);
        report.account = self.maybe(Random::identifier::<AccountNumber>);
        report.service_point = self.maybe(Random::identifier::<ServicePointId>);
        report
    }

    pub(crate) fn intervals(&mut self, number: u64) -> Record {
        let mut report = self.report(number);
        for _ in 0..1 + self.below(3) {
            let mut section = self.section();
            let series = self.at_least_one(3, Random::series);
            let (unit, seconds) = (series[0].unit.meaning, series[0].seconds());
            let is_one = series.iter().all(|one| one.unit.meaning == unit);
            let is_even = series.iter().all(|one| one.seconds() == seconds);
            section.meter_type = Some(
                MeterType {
                    unit: is_one.then_some(unit),
                    minutes: is_even.then_some((seconds / 60) as u16),
                }
                .into(),
            );
            section.items = series.into_iter().map(UsageItem::Series).collect();
            report.sections.push(section);
        }
        Record::UsageReport(Box::new(report))
    }

    pub(crate) fn readings(&mut self, number: u64) -> Record {
        let mut report = self.report(number);
        for _ in 0..1 + self.below(3) {
            let mut section = self.section();
            section.role = self.maybe(|it| Coded::new(it.pick(&[MeterRole::Subtractive])));
            section.items = self.at_least_one(4, |it| UsageItem::Quantity(it.usage_quantity()));
            report.sections.push(section);
        }
        Record::UsageReport(Box::new(report))
    }

    fn usage_quantity(&mut self) -> UsageQuantity {
        let (direction, amount) = (self.direction(), self.quantity());
        let (unit, quality) = (self.unit(), self.quality());
        let mut made = UsageQuantity::new(direction, amount, unit, quality).expect("positive");
        made.basis = self.pick(&[Basis::Measured, Basis::Billed, Basis::Derived]);
        made.unit = made.unit.filter(|_| self.below(4) > 0);
        made.occurred = self.maybe(Random::stamp);
        made.measurements = self.some(4, Random::measurement);
        made
    }

    fn measurement(&mut self) -> Measurement {
        if self.below(2) == 0 {
            let kinds = [FactorKind::Multiplier, FactorKind::PowerFactor];
            let kind = match self.below(4) {
                0 => Coded::received(FactorKind::Other, "Z9"),
                _ => Coded::new(self.pick(&kinds)),
            };
            let value = self.number();
            return Measurement::Factor(Factor { kind, value, unit: None, time_of_use: None });
        }
        let buckets = [TimeOfUse::OnPeak, TimeOfUse::Total];
        Measurement::Read(RegisterRead {
            pair: self.maybe(|it| it.coded(&[ReadPair::BothActual], ReadPair::Other)),
            measure: self.maybe(Random::text),
            amount: self.maybe(Random::number),
            unit: self.maybe(Random::unit),
            begin: Some(self.number()),
            end: self.maybe(Random::number),
            time_of_use: self.maybe(|it| it.coded(&buckets, TimeOfUse::Other)),
        })
    }
}
