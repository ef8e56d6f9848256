//! Intervals that are not all of one length: days on which the clocks are changed, lengths that only the
//! stamps tell.

use tieline_mapping::error::MappingError;
use tieline_mapping::options::Options;
use tieline_mapping::usage_867;
use tieline_model::usage::{IntervalSeries, UsageReport};

use super::USAGE;
use crate::document::{lines, segments};

/// A report with these segments in a section for the detail of a meter.
fn detail(text: &str) -> Vec<tieline_x12::compose::Segment> {
    segments(&format!("BPT*00*R1*20261103*C1\nPTD*PM\n{text}"))
}

/// `QTY` loops with these stamps.
fn at(stamps: &[&str]) -> String {
    let each = stamps.iter().map(|stamp| format!("QTY*QD*1.5*KH\nDTM*582*{stamp}\n"));
    each.collect()
}

/// What is read, after it was written again as it was.
fn read(text: &str) -> UsageReport {
    USAGE.assert_same(&detail(text), &Options::default())
}

/// The length of each series in minutes, and how many points it has.
fn series(report: &UsageReport) -> Vec<(u32, usize)> {
    let series = report.sections[0].series();
    series.map(|one| (one.seconds() / 60, one.len())).collect()
}

fn hours(one: &IntervalSeries) -> Vec<i64> {
    let hours = |(start, end): (i64, i64)| (end - start) / 3600;
    one.points().map(|it| hours((it.start.as_second(), it.end.as_second()))).collect()
}

const DAYS: [&str; 4] =
    ["20260307*2359*CS", "20260308*2359*CD", "20260309*2359*CD", "20260311*2359*CD"];

#[test]
fn days_are_as_long_as_the_clocks_make_them() {
    let report = read(&format!("REF*MT*KH1440\n{}", at(&DAYS)));
    assert_eq!(series(&report), [(1440, 5)]);
    let one = report.sections[0].series().next().expect("a series");
    assert_eq!(hours(one), [24, 23, 24, 24, 24]);
    assert_eq!(one.exceptions().filter(|it| it.seconds.is_some()).count(), 1);
    let autumn = ["20261031*2359*CD", "20261101*2359*CS", "20261102*2359*CS"];
    let report = read(&format!("REF*MT*KH1440\n{}", at(&autumn)));
    let one = report.sections[0].series().next().expect("a series");
    assert_eq!(hours(one), [24, 25, 24]);
}

#[test]
fn regular_stamps_tell_a_length_that_no_meter_type_does() {
    let quarters = ["0015", "0030", "0045", "0100"].map(|time| format!("20261103*{time}*CS"));
    let hourly = ["0200", "0300", "0400"].map(|time| format!("20261103*{time}*CS"));
    let all: Vec<&str> = quarters.iter().chain(&hourly).map(String::as_str).collect();
    for meter_type in ["", "REF*MT*COMBO\n"] {
        let report = read(&format!("{meter_type}{}", at(&all)));
        assert_eq!(series(&report), [(15, 4), (60, 3)]);
        let both: Vec<_> = report.sections[0].series().collect();
        assert_eq!(both[0].end().expect("in range"), both[1].start());
    }
    // Two directions by turns.
    let both_ways: String = quarters
        .iter()
        .map(|stamp| format!("QTY*QD*1*KH\nDTM*582*{stamp}\nQTY*87*2*KH\nDTM*582*{stamp}\n"))
        .collect();
    assert_eq!(series(&read(&both_ways)), [(15, 4), (15, 4)]);
    let report = read(&at(&["20260305*2359*CS", "20260306*2359*CS"]));
    assert_eq!(series(&report), [(0, 0); 0], "two may be peaks");
}

#[test]
fn the_times_of_peaks_are_no_intervals() {
    let peaks = ["20261103*0815*CS", "20261110*1815*CS", "20261117*0700*CS", "20261117*0900*CS"];
    let report = read(&at(&peaks));
    assert_eq!(report.sections[0].items.len(), 4);
    assert_eq!(report.sections[0].series().count(), 0);
    let months = ["20260131*2359*CS", "20260228*2359*CS", "20260331*2359*CD", "20260430*2359*CD"];
    assert_eq!(read(&at(&months)).sections[0].series().count(), 0);
    // Times on the wall in the hour that comes twice.
    let wall = ["0045", "0100", "0115", "0130"].map(|time| format!("20261101*{time}*CT"));
    let wall: Vec<&str> = wall.iter().map(String::as_str).collect();
    assert_eq!(read(&at(&wall)).sections[0].series().count(), 0);
}

#[test]
fn intervals_that_would_be_read_otherwise_are_not_written() {
    let options = Options::default();
    let mut report = read(&format!("REF*MT*KH1440\n{}", at(&DAYS)));
    let days = report.sections[0].items.clone();
    let hourly = ["0100", "0200"].map(|time| format!("20261103*{time}*CS"));
    let hourly: Vec<&str> = hourly.iter().map(String::as_str).collect();
    let other = read(&format!("REF*MT*KH060\n{}", at(&hourly)));
    report.sections[0].items.extend(other.sections[0].items.clone());
    let error = usage_867::write(&report, &options).expect_err("a reader would take them for days");
    assert!(matches!(error, MappingError::NoPlace { .. }), "{error}");
    // Days of 24 hours throughout are other days than those of the calendar.
    report.sections[0].items = days;
    let json = serde_json::to_string(&report).expect("the model is plain data");
    assert!(json.contains(r#""seconds":82800"#), "{json}");
    let json = json.replace(r#""seconds":82800"#, r#""seconds":82000"#);
    let even: UsageReport = serde_json::from_str(&json).expect("it is a record");
    assert!(usage_867::write(&even, &options).is_err());
    let written = usage_867::write(&report, &options).expect("it can be written");
    let again = USAGE.read_with(&written, &options).expect("it can be read");
    assert_eq!(lines(&usage_867::write(&again, &options).expect("as before")), lines(&written));
}
