//! Usage written as Green Button and read again, in other orders, in little room; what is refused.

use tieline_mapping::files::espi::{EspiOptions, Reader, Writer, losses};
use tieline_model::account::Commodity;
use tieline_model::coded::Coded;
use tieline_model::common::Purpose;
use tieline_model::identifier::ServicePointId;
use tieline_model::meter::Direction;
use tieline_model::quantity::Unit;
use tieline_model::record::Record;
use tieline_model::time::{Zone, date};
use tieline_model::usage::{IntervalSeries, Quality, UsageItem, UsageReport};

use super::{assert_same, options, plain, read, write};
use crate::shared::random::Random;

#[test]
fn a_report_that_was_written_is_read_as_it_was() {
    for seed in 0..300 {
        let mut random = Random(seed);
        let count = 1 + random.below(3);
        let mut records: Vec<Record> =
            (0..count).map(|_| Record::UsageReport(Box::new(random.usage_points()))).collect();
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
            let lost = losses(record);
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
        let mut report = random.usage_points();
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
            report.sections.push(random.usage_point(&zone));
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
    let mut good = Random(1).usage_points();
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
