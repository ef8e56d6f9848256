//! Any bytes as a file of each format: records or errors, never without end.

#![no_main]

use libfuzzer_sys::fuzz_target;
use tieline_fuzz::plant_files;
use tieline_mapping::files::bulk_xml::{self, BulkXmlOptions};
use tieline_mapping::files::espi::{self, EspiOptions};
use tieline_mapping::files::smarthub::{self, SmartHubOptions};
use tieline_mapping::files::usage_csv::{self, UsageCsvOptions};
use tieline_mapping::files::{FileError, billing_csv, payment_csv};
use tieline_model::record::Record;
use tieline_model::time::{Zone, date};

/// More than any file of a few kilobytes can give.
const MANY: usize = 100_000;

fuzz_target!(init: plant_files(), |data: &[u8]| {
    let zone = Zone::named("America/Chicago").expect("the zone is built in");
    let day = date(2026, 11, 3);
    let espi_options = EspiOptions { zone: Some(zone.clone()), ..EspiOptions::default() };
    all(espi::Reader::new(data, &espi_options));
    all(bulk_xml::Reader::new(data, &BulkXmlOptions::default()));
    let usage = UsageCsvOptions {
        date: Some(day),
        zone: Some(zone.clone()),
        interval_seconds: Some(900),
        ..UsageCsvOptions::default()
    };
    all(usage_csv::Reader::new(data, &usage));
    all(billing_csv::Reader::new(data, &Default::default()));
    all(payment_csv::Reader::new(data, &Default::default()));
    if let Ok(import) = smarthub::read(data, &SmartHubOptions::new(day, zone)) {
        same_after_json(&import.record);
    }
});

/// Reads to the end.
fn all<R>(reader: Result<R, FileError>)
where
    R: Iterator<Item = Result<Record, FileError>>,
{
    let Ok(reader) = reader else { return };
    let mut count = 0;
    for record in reader {
        count += 1;
        assert!(count < MANY, "there is no end");
        if let Ok(record) = record {
            same_after_json(&record);
        }
    }
}

fn same_after_json(record: &Record) {
    let json = serde_json::to_vec(record).expect("a record is plain data");
    let again: Record = serde_json::from_slice(&json).expect("our own JSON can be read");
    assert!(again == *record, "JSON has lost something");
}
