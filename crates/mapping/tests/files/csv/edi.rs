//! The 867 samples as tables and back.

use std::fs;

use tieline_mapping::files::losses;
use tieline_mapping::files::usage_csv::{UsageCsvOptions, UsageLayout};
use tieline_model::record::Record;
use tieline_model::usage::UsageReport;

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
