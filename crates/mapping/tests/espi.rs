//! Green Button: the samples, what is refused, and reports that are written and read again.

#[path = "shared/layout.rs"]
mod layout;

use std::fs;
use std::path::{Path, PathBuf};

use layout::laid_out;
use tieline_mapping::files::espi::{EspiOptions, HOLDS, Reader, Writer};
use tieline_mapping::files::{FileError, losses};
use tieline_mapping::options::Options;
use tieline_mapping::usage_867;
use tieline_model::account::Commodity;
use tieline_model::coded::Coded;
use tieline_model::common::{Purpose, Reference, ReferenceKind};
use tieline_model::decimal::Decimal;
use tieline_model::identifier::{AccountNumber, MeterNumber, ServicePointId};
use tieline_model::meter::Direction;
use tieline_model::period::Period;
use tieline_model::quantity::Unit;
use tieline_model::record::Record;
use tieline_model::time::{Date, Zone, date};
use tieline_model::usage::{
    Basis, IntervalSeries, MeterType, Quality, SectionKind, SectionPeriod, UsageItem,
    UsageQuantity, UsageReport, UsageSection,
};
use tieline_x12::check::Standard;
use tieline_x12::document::Document;

fn folder(name: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../../samples").join(name)
}

/// The files of a folder that are Green Button, in the order of their names.
fn samples(name: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder(name)).expect("the samples can be listed");
    let mut files: Vec<PathBuf> = files
        .map(|file| file.expect("the samples can be listed").path())
        .filter(|path| path.extension().is_some_and(|it| it == "xml" || it == "zip"))
        .collect();
    files.sort();
    files
}

/// Compares with the file beside a sample; `UPDATE_EXPECT=1` writes it anew.
fn expect(beside: &Path, text: &str) {
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::write(beside, text).expect("the samples can be written");
    }
    let expected = fs::read_to_string(beside).unwrap_or_default();
    assert!(expected == text, "{} is not what came of it:\n{text}", beside.display());
}

fn read(bytes: &[u8], options: &EspiOptions) -> Result<Vec<Record>, FileError> {
    Reader::new(bytes, options)?.collect()
}

fn write(records: &[Record], options: &EspiOptions) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), options).expect("a vector takes all bytes");
    for record in records {
        writer.write(record).expect("it can be written");
    }
    writer.finish().expect("a vector takes all bytes")
}

fn options() -> EspiOptions {
    EspiOptions {
        updated: "2026-11-05T06:00:00Z".parse().expect("a time"),
        seed: "prairie-rivers".to_string(),
        ..EspiOptions::default()
    }
}

#[test]
fn samples_read_into_the_model() {
    let files = samples("files");
    assert!(files.len() >= 5, "the samples are there");
    for path in files {
        let bytes = fs::read(&path).expect("a sample can be read");
        let mut reader = Reader::new(bytes.as_slice(), &options()).expect("it can be read");
        let records: Vec<Record> = reader
            .by_ref()
            .map(|record| record.unwrap_or_else(|error| panic!("{}: {error}", path.display())))
            .collect();
        let plain = serde_json::to_string(&records).expect("the model is plain data");
        expect(&path.with_extension("model.json"), &format!("{}\n", laid_out(&plain, 0)));
        let left_out: String =
            reader.left_out().iter().map(|(name, count)| format!("{name} {count}\n")).collect();
        expect(&path.with_extension("left-out.txt"), &left_out);
    }
}

#[test]
fn samples_are_read_again_as_they_were_written() {
    for path in samples("files") {
        let bytes = fs::read(&path).expect("a sample can be read");
        let records = read(&bytes, &options()).expect("a sample can be read");
        let written = write(&records, &options());
        assert_eq!(written, write(&records, &options()), "the same records are the same bytes");
        let back = read(&written, &options()).expect("we wrote it");
        for (back, record) in back.iter().zip(&records) {
            assert_eq!(plain(back), plain(record), "{}", path.display());
        }
        assert_eq!(back.len(), records.len());
        let lost = losses(&records[0], &HOLDS);
        let is_told =
            |path: &str| path.starts_with("usage_report.sections.items.quantity.occurred");
        assert!(lost.iter().all(|(path, _)| is_told(path)), "{lost}");
    }
}

fn assert_same(found: &[Record], expected: &[Record]) {
    assert_eq!(found.len(), expected.len());
    for (n, (found, expected)) in found.iter().zip(expected).enumerate() {
        assert!(found == expected, "record {n}");
    }
}

/// The usage report of a record.
fn plain(record: &Record) -> &UsageReport {
    match record {
        Record::UsageReport(report) => report,
        other => panic!("{other:?} is no usage report"),
    }
}

#[test]
fn what_cannot_be_read_is_told() {
    let files = samples("files/broken");
    assert!(files.len() >= 20, "the samples are there");
    for path in files {
        let bytes = fs::read(&path).expect("a sample can be read");
        let error = read(&bytes, &options()).expect_err("it is broken");
        expect(&path.with_extension("error.txt"), &format!("{error}\n"));
    }
}

#[test]
fn a_zone_that_is_named_needs_none_in_the_file() {
    let bytes = fs::read(folder("files/broken/no-zone.xml")).expect("a sample can be read");
    let zone = Zone::named("America/Chicago").ok();
    let records = read(&bytes, &EspiOptions { zone, ..options() }).expect("it can be read");
    assert_eq!(records.len(), 1);
}

/// An 867 of intervals as Green Button, as we write it, and as an 867 again.
#[test]
fn an_867_becomes_green_button_and_an_867_again() {
    let bytes = fs::read(folder("867/interval-15-minute-autumn-day.edi")).expect("a sample");
    let usage = Options::default();
    let document = Document::read(&bytes, &Standard);
    let reports: Vec<Record> = document
        .sets()
        .map(|set| usage_867::read(set, &usage).expect("a valid document can be read"))
        .map(|report| Record::UsageReport(Box::new(report)))
        .collect();
    let written = write(&reports, &options());
    let text = String::from_utf8(written.clone()).expect("it is text");
    expect(&folder("files/written/from-867.xml"), &text);
    let back = read(&written, &options()).expect("we wrote it");
    for (back, report) in back.iter().zip(&reports) {
        let (back, report) = (plain(back), plain(report));
        assert_eq!(back.account, report.account);
        let with_items = report.sections.iter().filter(|section| !section.items.is_empty());
        assert_eq!(back.sections.len(), report.sections.len());
        for (back, section) in back.sections.iter().zip(with_items) {
            assert_eq!(back.meter, section.meter);
            for (back, series) in back.series().zip(section.series()) {
                let amounts = |it: &tieline_model::usage::IntervalSeries| {
                    let points = it.points().filter(|point| point.value.quantity().is_some());
                    let told = points
                        .map(|it| (it.start, it.end, it.value.quantity(), it.value.quality()));
                    told.collect::<Vec<_>>()
                };
                assert_eq!(amounts(back), amounts(series));
            }
        }
        usage_867::write(back, &usage).expect("it can be an 867");
    }
    assert_eq!(back.len(), reports.len());
}

/// The splitmix64 generator.
struct Random(u64);

impl Random {
    fn below(&mut self, count: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut word = self.0;
        word = (word ^ (word >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        word = (word ^ (word >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (word ^ (word >> 31)) % count
    }

    fn pick<T: Copy>(&mut self, from: &[T]) -> T {
        from[self.below(from.len() as u64) as usize]
    }

    fn maybe<T>(&mut self, make: impl FnOnce(&mut Random) -> T) -> Option<T> {
        (self.below(2) == 0).then(|| make(self))
    }

    fn date(&mut self) -> Date {
        date(2026, self.below(12) as i8 + 1, self.below(28) as i8 + 1)
    }

    fn period(&mut self) -> Period {
        let (one, other) = (self.date(), self.date());
        Period::new(one.min(other), one.max(other)).expect("in order")
    }

    fn decimal(&mut self, scale: u8, is_net: bool) -> Decimal {
        let sign = if is_net && self.below(3) == 0 { -1 } else { 1 };
        Decimal::new(sign * i128::from(self.below(99_999_999)), scale).expect("short")
    }

    fn quality(&mut self) -> Coded<Quality> {
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

    fn unit(&mut self) -> Coded<Unit> {
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

    fn direction(&mut self) -> Direction {
        self.pick(&[Direction::Delivered, Direction::Received, Direction::Net, Direction::Total])
    }

    /// Two days around a change of the clocks, with gaps, estimates, and perhaps an odd interval.
    fn series(&mut self, zone: &Zone) -> IntervalSeries {
        let day = self.pick(&[date(2026, 3, 8), date(2026, 11, 1), date(2026, 7, 4)]);
        let start = zone.day(day).expect("in range").start();
        let (direction, unit) = (self.direction(), self.unit());
        let seconds = self.pick(&[300, 900, 1800, 3600]);
        let scale = self.below(6) as u8;
        let mut series =
            IntervalSeries::new(direction, unit, seconds, zone.clone(), start).expect("a series");
        let mut qualities = [self.quality(), self.quality(), self.quality()];
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

    fn section(&mut self, zone: &Zone) -> UsageSection {
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
            let series = self.series(zone);
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
            let (direction, unit, quality) = (self.direction(), self.unit(), self.quality());
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
        let quality = self.quality();
        for (unit, code) in [(Unit::KilowattHour, "72"), (Unit::Kilowatt, "38")] {
            let (amount, unit) = (Some(self.decimal(2, false)), Coded::received(unit, code));
            let made = UsageQuantity::new(Direction::Delivered, amount, unit, quality.clone());
            let mut quantity = made.expect("positive");
            quantity.basis = Basis::Billed;
            section.items.push(UsageItem::Quantity(quantity));
        }
        section
    }

    fn report(&mut self) -> UsageReport {
        let zones = ["America/Chicago", "America/Phoenix", "America/Indiana/Indianapolis"];
        let zone = Zone::named(self.pick(&zones)).expect("the zone is built in");
        let mut report = UsageReport::new(Purpose::Original.into(), None, self.date());
        report.account =
            self.maybe(|it| AccountNumber::new(it.below(9).to_string()).expect("a number"));
        report.service_point = ServicePointId::new(format!("SP {}", self.below(9))).ok();
        let rate =
            self.maybe(|it| Reference::new(ReferenceKind::Rate.into(), it.below(900).to_string()));
        report.references.extend(rate);
        report.sections.push(self.section(&zone));
        for _ in 0..self.below(4) {
            let section = match self.below(4) {
                0 => self.totals(),
                1 => self.billed(),
                2 => UsageSection {
                    commodity: Some(Commodity::Electricity.into()),
                    ..UsageSection::new(SectionKind::Scheduling.into())
                },
                _ => self.section(&zone),
            };
            report.sections.push(section);
        }
        report
    }
}

#[test]
fn a_report_that_was_written_is_read_as_it_was() {
    for seed in 0..300 {
        let mut random = Random(seed);
        let count = 1 + random.below(3);
        let mut records: Vec<Record> =
            (0..count).map(|_| Record::UsageReport(Box::new(random.report()))).collect();
        // What is supplied first decides about sections that do not say it.
        for record in &mut records {
            let Record::UsageReport(report) = record else { continue };
            report.sections[0].commodity = Some(Coded::received(Commodity::Electricity, "1"));
        }
        let options = match random.below(2) {
            0 => options(),
            _ => EspiOptions { archive_name: Some("usage.xml".to_string()), ..options() },
        };
        for record in &records {
            let lost = losses(record, &HOLDS);
            let is_raw = |path: &str| path.ends_with("unit.raw");
            assert!(lost.iter().all(|(path, _)| is_raw(path)), "seed {seed}: {lost}");
        }
        let written = write(&records, &options);
        let back = read(&written, &options).unwrap_or_else(|error| panic!("{seed}: {error}"));
        assert_eq!(back.len(), records.len(), "seed {seed}");
        for (back, record) in back.iter().zip(&records) {
            assert!(plain(back) == plain(record), "seed {seed}\n{back:?}\n{record:?}");
        }
        assert_eq!(write(&back, &options), written, "seed {seed}");
    }
}

/// Entries may come in any order: the same file with its entries turned round says the same.
#[test]
fn the_order_of_entries_says_nothing() {
    for seed in 0..60 {
        let mut random = Random(seed);
        let mut report = random.report();
        report.sections[0].commodity = Some(Coded::received(Commodity::Electricity, "1"));
        let record = Record::UsageReport(Box::new(report));
        let written = write(std::slice::from_ref(&record), &options());
        let text = String::from_utf8(written).expect("it is text");
        let (head, entries) = text.split_at(text.find("<entry>").expect("there are entries"));
        let entries = entries.trim_end().trim_end_matches("</feed>");
        let mut turned: Vec<&str> = entries.split_inclusive("</entry>\n").collect();
        turned.reverse();
        let text = format!("{head}{}</feed>", turned.concat());
        let mut back = read(text.as_bytes(), &options()).expect("it can be read");
        assert_eq!(back.len(), 1);
        let Some(Record::UsageReport(mut back)) = back.pop() else { panic!("a usage report") };
        let Record::UsageReport(mut report) = record else { panic!("a usage report") };
        // Items and sections without numbers stand as they come.
        for report in [&mut back, &mut report] {
            for section in &mut report.sections {
                section.items.sort_by_key(|item| format!("{item:?}"));
            }
        }
        let sections = |report: &UsageReport| report.sections.len();
        assert_eq!(sections(&back), sections(&report), "seed {seed}");
        assert_eq!(back.account, report.account);
    }
}

#[test]
fn many_usage_points_are_given_out_before_the_end() {
    let mut random = Random(5);
    let zone = Zone::named("America/Chicago").expect("the zone is built in");
    let records: Vec<Record> = (0..200)
        .map(|n| {
            let mut report = UsageReport::new(Purpose::Original.into(), None, random.date());
            report.service_point = ServicePointId::new(format!("SP {n}")).ok();
            report.sections.push(random.section(&zone));
            Record::UsageReport(Box::new(report))
        })
        .collect();
    let written = write(&records, &options());
    let small = EspiOptions { held_intervals: 20_000, ..options() };
    let mut source = written.as_slice();
    let mut reader = Reader::new(&mut source, &small).expect("it can be read");
    let first = reader.next().expect("there is one").expect("it can be read");
    assert_eq!(plain(&first), plain(&records[0]));
    let rest: Vec<Record> = reader.collect::<Result<_, _>>().expect("it can be read");
    assert_same(&rest, &records[1..]);
    assert_same(&read(&written, &options()).expect("it can be read"), &records);

    // A file whose types come last needs the room for all of it.
    let text = String::from_utf8(written).expect("it is text");
    let (head, entries) = text.split_at(text.find("<entry>").expect("there are entries"));
    let entries = entries.trim_end().trim_end_matches("</feed>");
    let (types, others): (Vec<&str>, Vec<&str>) =
        entries.split_inclusive("</entry>\n").partition(|it| it.contains("<ReadingType "));
    let late = format!("{head}{}{}</feed>", others.concat(), types.concat());
    assert_same(&read(late.as_bytes(), &options()).expect("it can be read"), &records);
    let error = read(late.as_bytes(), &small).expect_err("it does not fit");
    assert!(error.to_string().contains("raise the option `held_intervals`"), "{error}");
}

#[test]
fn what_cannot_be_said_is_refused_and_leaves_no_trace() {
    let zone = Zone::named("America/Chicago").expect("the zone is built in");
    let mut good = Random(1).report();
    good.sections.truncate(1);
    let change = |change: &dyn Fn(&mut UsageReport)| {
        let mut report = good.clone();
        change(&mut report);
        Record::UsageReport(Box::new(report))
    };
    let series = |unit: Unit, quality: Quality, amount: &str| {
        let start = zone.day(date(2026, 3, 8)).expect("in range").start();
        let mut series =
            IntervalSeries::new(Direction::Delivered, unit.into(), 900, zone.clone(), start)
                .expect("a series");
        let code = series.code(quality, None).expect("a code");
        series.push(code, amount.parse().ok()).expect("a point");
        UsageItem::Series(series)
    };
    let with = |unit, quality, amount| {
        change(&|report| report.sections[0].items = vec![series(unit, quality, amount)])
    };
    let cases = [
        (change(&|report| report.purpose = Purpose::Cancel.into()), "cancels another"),
        (
            with(Unit::KilowattHour, Quality::Substituted, "1"),
            "no code for the quality Substituted",
        ),
        (with(Unit::Month, Quality::Actual, "1"), "no code for the unit Month"),
        (with(Unit::KilowattHour, Quality::Actual, "140737488355.329"), "47 bits"),
        (change(&|report| report.sections[0].channel = Some("\u{1}".into())), "written in XML"),
    ];
    let good = Record::UsageReport(Box::new(good.clone()));
    let expected = write(std::slice::from_ref(&good), &options());
    for (record, words) in cases {
        let mut writer = Writer::new(Vec::new(), &options()).expect("a vector takes all bytes");
        let error = writer.write(&record).expect_err("it cannot be said").to_string();
        assert!(error.starts_with("record 1: ") && error.contains(words), "{error}");
        writer.write(&good).expect("it can be written");
        assert_eq!(writer.finish().expect("a vector takes all bytes"), expected, "{words}");
    }
}
