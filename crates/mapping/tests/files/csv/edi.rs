//! The 867 samples as tables and back.

use std::fs;

use tieline_mapping::files::losses;
use tieline_mapping::files::usage_csv::{self, UsageCsvOptions, UsageLayout};
use tieline_model::coded::Coded;
use tieline_model::identifier::MeterNumber;
use tieline_model::record::Record;
use tieline_model::usage::{SectionKind, UsageReport, UsageSection};

use super::format::Format;
use crate::shared::samples;

fn reports() -> Vec<Record> {
    let files = samples::files("867", |name| name.ends_with(".model.json"));
    let mut all = Vec::new();
    for path in files {
        let text = fs::read_to_string(path).expect("a sample can be read");
        let reports: Vec<UsageReport> = serde_json::from_str(&text).expect("a sample is a model");
        all.extend(reports.into_iter().map(|report| Record::UsageReport(Box::new(report))));
    }
    assert!(all.len() >= 18, "the samples are there");
    all
}

/// What a table holds of a report comes back; what it lost on the way is lost once.
#[test]
fn what_a_table_holds_of_the_samples_comes_back() {
    let mut count = 0;
    for layout in [UsageLayout::Intervals, UsageLayout::Readings] {
        let format = Format::Usage(UsageCsvOptions { layout, ..UsageCsvOptions::default() });
        for record in reports() {
            let Ok(text) = format.write(std::slice::from_ref(&record)) else { continue };
            let found = format.read(text.as_bytes());
            assert_eq!(found.errors, Vec::<String>::new(), "{text}");
            assert_eq!(found.records.len(), 1, "{text}");
            assert!(losses(&found.records[0], &format.holds()).is_empty());
            assert_eq!(format.write(&found.records).expect("it is held"), text);
            count += 1;
        }
    }
    assert!(count >= 20, "{count}");
}

/// What is lost of a table's report that was changed.
fn lost(change: impl FnOnce(&mut UsageReport)) -> String {
    let path = samples::sample("files/usage-intervals-as-written.csv");
    let format = Format::Usage(UsageCsvOptions::default());
    let mut found = format.read(&fs::read(path).expect("a sample can be read"));
    let Record::UsageReport(report) = &mut found.records[0] else { panic!("usage is read") };
    change(report);
    usage_csv::losses(&found.records[0], UsageLayout::Intervals).to_string()
}

#[test]
fn values_that_no_row_holds_are_lost() {
    assert_eq!(lost(|_| ()), "");
    let empty = lost(|report| {
        let kind = Coded::from(SectionKind::Scheduling);
        report.sections.push(UsageSection::new(kind));
    });
    assert_eq!(empty, "usage_report.sections (without a row) (1)");
    let other = lost(|report| {
        let told = report.sections[0].meter_type.as_mut().expect("it was worked out");
        told.meaning.minutes = Some(15);
    });
    assert_eq!(other, "usage_report.sections.meter_type.meaning (1)");
    let meters = lost(|report| {
        report.number = None;
        report.sections[1].meter = MeterNumber::new("50120067").ok();
    });
    assert_eq!(meters, "usage_report.number (none, and several meters) (1)");
}
