//! Bulk XML: every 867 of the samples and a bill, written and read again; what is refused.

use std::fs;

use tieline_mapping::files::bulk_xml::{BulkXmlOptions, HOLDS, Reader, Writer};
use tieline_mapping::files::{FileError, losses};
use tieline_mapping::options::Options;
use tieline_mapping::usage_867;
use tieline_model::account::Commodity;
use tieline_model::bill::*;
use tieline_model::coded::Coded;
use tieline_model::common::{Address, Note, Party, PartyRole, Purpose, Reference, ReferenceKind};
use tieline_model::identifier::{AccountNumber, MeterNumber};
use tieline_model::meter::{Direction, TimeOfUse};
use tieline_model::money::Currency;
use tieline_model::period::Period;
use tieline_model::quantity::Unit;
use tieline_model::record::Record;
use tieline_model::stamp::Stamp;
use tieline_model::time::{Zone, date};
use tieline_model::usage::*;
use tieline_x12::check::Standard;
use tieline_x12::document::Document;

use crate::shared::samples;

fn read(bytes: &[u8]) -> Result<Vec<Record>, FileError> {
    Reader::new(bytes, &BulkXmlOptions::default())?.collect()
}

fn write(records: &[Record], options: &BulkXmlOptions) -> Vec<u8> {
    let mut writer = Writer::new(Vec::new(), options).expect("a vector takes all bytes");
    for record in records {
        writer.write(record).expect("it can be written");
    }
    writer.finish().expect("a vector takes all bytes")
}

/// The usage reports of all samples of the 867.
fn usage() -> Vec<Record> {
    let options = Options::default();
    let mut records = Vec::new();
    for path in samples::documents("867") {
        let bytes = fs::read(&path).expect("a sample can be read");
        for set in Document::read(&bytes, &Standard).sets() {
            let report = usage_867::read(set, &options).expect("a valid document can be read");
            records.push(Record::UsageReport(Box::new(report)));
        }
    }
    assert!(records.len() >= 18, "the samples are there");
    records
}

fn bill() -> Record {
    let mut bill = Bill::new("B-0001", date(2026, 4, 2), Currency::USD);
    bill.account = AccountNumber::new("0044 10").ok();
    bill.kind = Some(Coded::received(BillKind::Product, "PR"));
    bill.purpose = Some(Purpose::Original.into());
    bill.period = Period::new(date(2026, 3, 1), date(2026, 3, 31)).ok();
    bill.total = "120.50".parse().expect("a number");
    bill.notes = vec![Note { code: None, text: " two  spaces,\n<tags> & \"quotes\" ".into() }];
    bill.terms =
        vec![Terms::default(), Terms { due_date: Some(date(2026, 4, 20)), ..Terms::default() }];
    let mut customer =
        Party::new(Coded::received(PartyRole::Customer, "8R"), Some("RED CEDAR".into()));
    customer.address = Some(Address { city: Some("CEDAR BEND".into()), ..Address::default() });
    customer.more_names = vec!["LLC".into()];
    bill.parties = vec![customer];
    bill.references = vec![Reference::new(ReferenceKind::Rate.into(), "100")];
    let mut charge = Charge::new(
        ChargeDirection::Charge,
        Coded::received(ChargeKind::Energy, "ENC001"),
        ".5".parse().expect("a number"),
    );
    charge.quantity = "007.10".parse().ok();
    let read = RegisterRead {
        begin: "100".parse().ok(),
        time_of_use: Some(Coded::received(TimeOfUse::OnPeak, "42")),
        ..RegisterRead::default()
    };
    bill.groups = vec![
        BillGroup::default(),
        BillGroup {
            commodity: Some(Commodity::Electricity.into()),
            meter: MeterNumber::new("M 1").ok(),
            item: Some(PricedItem::default()),
            usage: vec![Measurement::Read(read), Measurement::Read(RegisterRead::default())],
            descriptions: vec!["ENERGY".into(), "".into()],
            period: Some(SectionPeriod::Until(date(2026, 3, 31))),
            charges: vec![charge],
            sublines: vec![Subline { number: "1".into(), ..Subline::default() }],
            ..BillGroup::default()
        },
    ];
    Record::Bill(Box::new(bill))
}

/// A series with all that a series can have.
fn series() -> Record {
    let zone = Zone::named("America/Chicago").expect("the zone is built in");
    let start = zone.day(date(2026, 11, 1)).expect("in range").start();
    let unit = Coded::received(Unit::KilowattHour, "KH");
    let mut series =
        IntervalSeries::new(Direction::Net, unit, 3600, zone, start).expect("a series");
    let code = series.code(Quality::Actual, Some("Q\"D")).expect("a code");
    let unavailable = series.code(Quality::Unavailable, None).expect("a code");
    series.skip(2).expect("short");
    series.push(code, "-0012.50".parse().ok()).expect("a point");
    series.set_last_ambiguous().expect("a point");
    series.push(unavailable, None).expect("a point");
    series.push(code, ".5".parse().ok()).expect("a point");
    series.set_last_seconds(1800).expect("a length");
    series.set_last_stamp(Stamp::day(date(2026, 11, 1))).expect("a point");
    series.skip(1).expect("short");
    let mut report = UsageReport::new(Purpose::Original.into(), None, date(2026, 11, 2));
    let mut section = UsageSection::new(SectionKind::MeterDetail.into());
    let empty =
        IntervalSeries::new(Direction::Delivered, Unit::Watt.into(), 900, Zone::utc(), start);
    section.items = vec![UsageItem::Series(empty.expect("a series")), UsageItem::Series(series)];
    report.sections = vec![section];
    Record::UsageReport(Box::new(report))
}

#[test]
fn records_are_read_as_they_were_written() {
    let mut records = usage();
    records.extend([bill(), series()]);
    for record in &records {
        assert!(losses(record, &HOLDS).is_empty());
    }
    let plain = write(&records, &BulkXmlOptions::default());
    let archive_name = Some("bulk.xml".to_string());
    let packed = write(&records, &BulkXmlOptions { archive_name, ..BulkXmlOptions::default() });
    assert!(packed.len() < plain.len() / 4);
    for bytes in [&plain, &packed] {
        let back = read(bytes).unwrap_or_else(|error| panic!("{error}"));
        assert_eq!(back.len(), records.len());
        for (n, (back, record)) in back.iter().zip(&records).enumerate() {
            assert!(back == record, "record {n}: {back:?}\n{record:?}");
            let json = |record: &Record| serde_json::to_value(record).expect("plain data");
            // The digits are the same too.
            assert_eq!(without_places(json(back)), without_places(json(record)));
        }
    }
}

/// JSON without where something was read.
fn without_places(value: serde_json::Value) -> serde_json::Value {
    use serde_json::Value;
    match value {
        Value::Object(members) => Value::Object(
            members
                .into_iter()
                .filter(|(name, _)| !matches!(name.as_str(), "at" | "provenance"))
                .map(|(name, value)| (name, without_places(value)))
                .collect(),
        ),
        Value::Array(items) => Value::Array(items.into_iter().map(without_places).collect()),
        value => value,
    }
}

/// `UPDATE_EXPECT=1` writes the sample anew.
#[test]
fn the_sample_is_what_we_write() {
    let records = [bill(), series()];
    let written = write(&records, &BulkXmlOptions::default());
    let path = samples::sample("files/bulk/usage-and-bill.xml");
    if std::env::var_os("UPDATE_EXPECT").is_some() {
        fs::create_dir_all(samples::sample("files/bulk")).expect("the samples can be written");
        fs::write(&path, &written).expect("the samples can be written");
    }
    assert!(fs::read(&path).unwrap_or_default() == written, "{} is old", path.display());
}

#[test]
fn what_says_nothing_may_be_left_out() {
    let text = r#"<tieline version="1">
      <usage_report>
        <purpose code="">original</purpose>
        <date>2026-04-01</date>
        <account>0044</account>
        <sections>
          <section>
            <kind code="">meter_detail</kind>
            <meter>M1</meter>
            <items>
              <series>
                <direction>delivered</direction>
                <unit code="">kWh</unit>
                <seconds>3600</seconds>
                <zone>America/Chicago</zone>
                <interval start="2026-11-01T01:00:00-05:00" end="2026-11-01T01:00:00-06:00" quality="actual">1.50</interval>
                <interval start="2026-11-01T02:00:00-06:00" end="2026-11-01T03:00:00-06:00" quality="actual">2</interval>
              </series>
            </items>
          </section>
        </sections>
      </usage_report>
    </tieline>"#;
    let records = read(text.as_bytes()).expect("it is in order");
    let Some(Record::UsageReport(report)) = records.first() else { panic!("a usage report") };
    let (_, series) = report.series().next().expect("there is one");
    assert_eq!(series.len(), 3);
    assert_eq!(
        series.gaps().map(|gap| (gap.index, gap.count, gap.said)).collect::<Vec<_>>(),
        [(1, 1, false)]
    );
}

#[test]
fn what_cannot_be_read_is_told_without_its_values() {
    let report = |inner: &str| {
        format!(
            "<tieline version=\"1\"><usage_report><purpose code=\"\">original</purpose>{inner}</usage_report></tieline>"
        )
    };
    let series = |inner: &str| {
        report(&format!(
            "<date>2026-04-01</date><sections><section><kind code=\"\">meter_detail</kind><items>\
             <series><direction>delivered</direction><unit code=\"\">kWh</unit><seconds>900</seconds>\
             <zone>America/Chicago</zone>{inner}</series></items></section></sections>"
        ))
    };
    let at = |from: &str, to: &str, amount: &str| {
        format!(
            "<interval start=\"2026-04-01T{from}:00-05:00\" end=\"2026-04-01T{to}:00-05:00\" quality=\"actual\">{amount}</interval>"
        )
    };
    let cases = [
        ("<tieline version=\"2\"/>".to_string(), "has no version=\"1\""),
        ("<Report/>".to_string(), "a bulk file begins with <tieline>"),
        ("<tieline version=\"1\"><payment/></tieline>".to_string(), "a <usage_report> or a <bill>"),
        (report(""), "missing field `date`"),
        (report("<date>SECRET</date>"), "a value is not one of its field"),
        (report("<secret_field>1</secret_field><date>2026-04-01</date>"), "unknown field"),
        (report("<date>2026-04-01</date>").replace("</tieline>", ""), "cut short"),
        (report("<date>2026-04-01</date>").repeat(2), "behind the end of the document"),
        ("2026 <tieline version=\"1\"/>".to_string(), "this is no XML document"),
        ("<tieline version=\"1\"/>&#50;".to_string(), "behind the end of the document"),
        (
            series(&(at("00:00", "00:15", "1") + &at("00:10", "00:25", "1"))),
            "before the last one ends",
        ),
        (series(&at("00:15", "00:00", "1")), "an end after its start"),
        (series(&at("00:00", "00:15", "SECRET")), "a plain decimal number"),
        (series(&at("00:00", "00:15", "-1")), "a negative quantity must be net"),
        ("<!DOCTYPE tieline><tieline version=\"1\"/>".to_string(), "DOCTYPE"),
    ];
    for (text, words) in cases {
        let error = read(text.as_bytes()).expect_err("it is wrong").to_string();
        assert!(error.contains(words) && !error.contains("SECRET"), "{error}\n{text}");
    }
}
