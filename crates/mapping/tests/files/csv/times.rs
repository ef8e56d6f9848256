//! Days on which the clocks change, and times as partners write them.

use tieline_mapping::files::table::{DateOrder, TableOptions};
use tieline_mapping::files::usage_csv::UsageCsvOptions;
use tieline_model::record::Record;
use tieline_model::time::{Zone, date};

use super::format::Format;

/// The starts and lengths that rows of these times have, in UTC.
fn read(header: &str, rows: &[&str]) -> Vec<String> {
    let options = UsageCsvOptions {
        date: Some(date(2026, 4, 3)),
        zone: Zone::named("America/Chicago").ok(),
        table: TableOptions { dates: DateOrder::MonthFirst, ..TableOptions::default() },
        ..UsageCsvOptions::default()
    };
    let rows: String = rows.iter().map(|row| format!("{row},1\n")).collect();
    let found = Format::Usage(options).read(format!("{header},quantity\n{rows}").as_bytes());
    let mut shown = Vec::new();
    for record in &found.records {
        let Record::UsageReport(report) = record else { panic!("usage is read") };
        for point in report.series().flat_map(|(_, series)| series.points()) {
            let start = point.start.to_string();
            let minutes = (point.end.as_second() - point.start.as_second()) / 60;
            let is_ambiguous = point.exception.is_some_and(|exception| exception.ambiguous);
            let mark = if is_ambiguous { "?" } else { "" };
            let sent = if point.value.quantity().is_some() { "" } else { " not sent" };
            shown.push(format!("{}{mark} {minutes}{sent}", &start[8..16]));
        }
    }
    shown.extend(found.errors);
    shown
}

#[test]
fn one_instant_has_many_spellings() {
    for time in [
        "2026-03-07T13:15:00-06:00",
        "2026-03-07T19:15:00Z",
        "2026-03-07t19:15z",
        "2026-03-07 13:15:00 -06:00",
        "2026-03-07T13:15:00-0600",
        "2026-03-07 13:15",
        "3/7/2026 13:15",
        "03/07/2026 1:15 PM",
    ] {
        assert_eq!(
            read("interval_start,interval_minutes", &[&format!("{time},15")]),
            ["07T19:15 15"]
        );
    }
    let ends =
        read("interval_end,interval_minutes", &["2026-03-07 24:00,60", "3/8/2026 12:00 AM,60"]);
    assert_eq!(ends[0], "08T05:00 60");
    assert_eq!(ends.len(), 2, "the same hour comes twice: {ends:?}");
    for time in
        ["2026-03-07 13:60", "2026-3-7 13:15", "13:15", "2026-03-07 13:15 XM", "7/3/26 13:15"]
    {
        let told = read("interval_start,interval_minutes", &[&format!("{time},15")]);
        assert!(told[0].starts_with("row 2, column interval_start: a date"), "{told:?}");
    }
}

#[test]
fn the_hour_left_out_in_spring_is_not_missing() {
    let told = read(
        "interval_start,interval_end",
        &["2026-03-08 01:00,2026-03-08 02:00", "2026-03-08 03:00,2026-03-08 04:00"],
    );
    assert_eq!(told, ["08T07:00 60", "08T08:00 60"]);
    // The end has two names, also in the first row, which nothing stands before.
    for end in ["02:00", "03:00"] {
        let row = format!("2026-03-08 01:45,2026-03-08 {end}");
        let told =
            read("interval_start,interval_end", &[&row, "2026-03-08 03:00,2026-03-08 03:15"]);
        assert_eq!(told, ["08T07:45 15", "08T08:00 15"], "{end}");
    }
    let told =
        read("interval_start,interval_seconds", &["2026-03-08 01:30,900", "2026-03-08 02:30,900"]);
    assert_eq!(told[0], "08T07:30 15");
    assert!(told[1].contains("never showed this time"), "{told:?}");
}

#[test]
fn the_hour_repeated_in_autumn_is_told_apart_by_its_order() {
    let hours = ["00:00,01:00", "01:00,02:00", "01:00,02:00", "02:00,03:00"];
    let rows = hours.map(|row| {
        let (start, end) = row.split_once(',').expect("both");
        format!("2026-11-01 {start},2026-11-01 {end}")
    });
    let rows = rows.each_ref().map(String::as_str);
    let told = read("interval_start,interval_end", &rows);
    assert_eq!(told, ["01T05:00 60", "01T06:00 60", "01T07:00 60", "01T08:00 60"]);
    let told = read("interval_start,interval_end", &["2026-11-01 01:45,2026-11-01 01:00"]);
    assert_eq!(told, ["01T06:45? 15"]);
    // The first point of a file in that hour may be in either of both.
    let told = read(
        "interval_start,interval_seconds",
        &["2026-11-01 01:30,1800", "2026-11-01 02:00,1800"],
    );
    assert_eq!(
        told,
        ["01T06:30? 30", "01T07:00 30 not sent", "01T07:30 30 not sent", "01T08:00 30"]
    );
}

#[test]
fn days_are_as_long_as_their_clocks() {
    for header in ["interval_start,interval_end", "interval_start,interval_end,interval_seconds"] {
        let more = if header.ends_with("seconds") { ",86400" } else { "" };
        let rows = ["2026-03-07,2026-03-08", "2026-03-08,2026-03-09", "2026-03-09,2026-03-10"];
        let rows = rows.map(|row| format!("{row}{more}"));
        let told = read(header, &rows.each_ref().map(String::as_str));
        assert_eq!(told, ["07T06:00 1440", "08T06:00 1380", "09T05:00 1440"]);
    }
    let told = read("interval_start,interval_seconds", &["2026-11-01,86400", "2026-11-02,86400"]);
    assert_eq!(told, ["01T05:00 1500", "02T06:00 1440"]);
    let told = read("interval_end,interval_seconds", &["2026-11-02,86400", "2026-11-03,86400"]);
    assert_eq!(told, ["01T05:00 1500", "02T06:00 1440"]);
}
