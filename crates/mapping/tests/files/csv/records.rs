//! Records that a table holds are read as they were written, whatever they say.

use tieline_mapping::files::billing_csv::BillingCsvOptions;
use tieline_mapping::files::losses;
use tieline_mapping::files::payment_csv::PaymentCsvOptions;
use tieline_mapping::files::usage_csv::{UsageCsvOptions, UsageLayout};
use tieline_model::record::Record;

use super::format::{Format, layouts};
use crate::shared::random::Random;

fn assert_round_trip(format: &Format, records: &[Record], name: &str) {
    for record in records {
        let lost = losses(record, &format.holds());
        assert!(lost.is_empty(), "{name}: {lost}");
    }
    let text = format.write(records).expect("it is held");
    let found = format.read(text.as_bytes());
    assert_eq!(found.errors, Vec::<String>::new(), "{name}:\n{text}");
    assert_eq!(found.unknown, Vec::<String>::new(), "{name}");
    assert_eq!(found.records.len(), records.len(), "{name}:\n{text}");
    for (read, record) in found.records.iter().zip(records) {
        let json = |record| serde_json::to_string(record).expect("the model is plain data");
        assert!(read == record, "{name}:\n{}\n{}\n{text}", json(read), json(record));
    }
    assert_eq!(format.write(&found.records).expect("it is held"), text, "{name}");
    assert_same_cells(&text, name);
}

/// Another reader of tables sees the same rows in ours, all of one length.
fn assert_same_cells(text: &str, name: &str) {
    let separator = text.bytes().find(|byte| matches!(byte, b',' | b';' | b'\t'));
    let mut reader = csv::ReaderBuilder::new();
    reader.has_headers(false).delimiter(separator.expect("there are columns"));
    for row in reader.from_reader(text.as_bytes()).records() {
        row.unwrap_or_else(|error| panic!("{name}: {error}"));
    }
}

/// Makes a record of a number.
type Make = fn(&mut Random, u64) -> Record;

fn formats() -> Vec<(&'static str, Format, Make)> {
    let mut formats: Vec<(_, _, Make)> = Vec::new();
    for (name, table) in layouts() {
        let bills = BillingCsvOptions { table: table.clone(), currency: None };
        formats.push((name, Format::Bills(bills), Random::bill));
        let payments = PaymentCsvOptions { table: table.clone(), currency: None };
        formats.push((name, Format::Payments(payments), Random::payment));
        let layout = UsageLayout::Intervals;
        let usage = UsageCsvOptions { table, layout, ..UsageCsvOptions::default() };
        let readings = UsageCsvOptions { layout: UsageLayout::Readings, ..usage.clone() };
        formats.push((name, Format::Usage(usage), Random::intervals));
        formats.push((name, Format::Usage(readings), Random::readings));
    }
    formats
}

#[test]
fn a_record_that_was_written_is_read_as_it_was() {
    for (name, format, make) in formats() {
        for seed in 0..100 {
            let mut random = Random(seed);
            let records: Vec<Record> = (0..3).map(|number| make(&mut random, number)).collect();
            assert_round_trip(&format, &records, &format!("{name}, seed {seed}"));
        }
    }
}
