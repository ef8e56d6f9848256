//! The stamps of intervals, beside a computation of their own that knows no time zone database.

use tieline_mapping::options::Options;
use tieline_mapping::usage_867;
use tieline_model::stamp::{Midnight, ZoneStyle};
use tieline_model::usage::{IntervalSeries, UsageReport};

use super::USAGE;
use crate::document::{lines, segments};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Days since 1970 of a date, by the rule of leap years.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let leaps = |year: i64| year / 4 - year / 100 + year / 400;
    let is_leap = year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let before = [0, 31, 59, 90, 120, 151, 181, 212, 243, 273, 304, 334][month as usize - 1];
    let leap_day = i64::from(is_leap && month > 2);
    (year - 1970) * 365 + leaps(year - 1) - leaps(1969) + before + leap_day + day - 1
}

/// The date of a number of days.
fn date(number: i64) -> (i64, i64, i64) {
    let mut year = 1970 + number / 366;
    while days(year + 1, 1, 1) <= number {
        year += 1;
    }
    let month = (1..=12).rev().find(|month| days(year, *month, 1) <= number).unwrap_or(1);
    (year, month, number - days(year, month, 1) + 1)
}

/// The `nth` Sunday of a month; 1 January 1970 was a Thursday.
fn sunday(year: i64, month: i64, nth: i64) -> i64 {
    let first = days(year, month, 1);
    first + (3 - first).rem_euclid(7) + 7 * (nth - 1)
}

/// Seconds ahead of UTC in Chicago since 2007: clocks change at two in the morning.
fn offset(instant: i64) -> i64 {
    let year = date((instant - 6 * HOUR).div_euclid(DAY)).0;
    let spring = sunday(year, 3, 2) * DAY + 8 * HOUR;
    let autumn = sunday(year, 11, 1) * DAY + 7 * HOUR;
    if (spring..autumn).contains(&instant) { -5 * HOUR } else { -6 * HOUR }
}

/// The stamp of an instant.
fn stamp(instant: i64, style: ZoneStyle, midnight: Midnight) -> String {
    let (ahead, code) = match (style, offset(instant) / HOUR) {
        (ZoneStyle::Utc, _) => (0, "UT"),
        (ZoneStyle::Standard, _) => (-6 * HOUR, "CS"),
        (ZoneStyle::Prevailing, hours) => (hours * HOUR, "CT"),
        (ZoneStyle::Numeric, -5) => (-5 * HOUR, "20"),
        (ZoneStyle::Numeric, _) => (-6 * HOUR, "19"),
        (_, -5) => (-5 * HOUR, "CD"),
        _ => (-6 * HOUR, "CS"),
    };
    let clock = instant + ahead;
    let (mut day, rest) = (clock.div_euclid(DAY), clock.rem_euclid(DAY));
    let mut time = format!("{:02}{:02}", rest / HOUR, rest % HOUR / 60);
    if rest == 0 && midnight != Midnight::NextDay {
        day -= 1;
        time = if midnight == Midnight::Hour24 { "2400".into() } else { "2359".into() };
    }
    let (year, month, day) = date(day);
    format!("DTM*582*{year:04}{month:02}{day:02}*{time}*{code}")
}

/// A report of the quarter hours that end at these stamps.
fn report(stamps: &[String]) -> (Vec<tieline_x12::compose::Segment>, UsageReport) {
    let mut text = "BPT*00*R1*20260403*C1\nPTD*PM\nREF*MT*KH015\n".to_string();
    for stamp in stamps {
        text.push_str(&format!("QTY*QD*1*KH\n{stamp}\n"));
    }
    let document = segments(&text);
    let report = USAGE.read_with(&document, &Options::default()).expect("it can be read");
    (document, report)
}

fn series(report: &UsageReport) -> &IntervalSeries {
    let mut all = report.series();
    let (_, first) = all.next().expect("there is a series");
    assert_eq!(all.next(), None, "there is one only");
    first
}

#[test]
fn stamps_around_every_change_are_the_instants_computed_apart() {
    use Midnight::{Hour24, LastMinute, NextDay};
    use ZoneStyle::{InForce, Numeric, Prevailing, Standard, Utc};
    for year in 2007..2037 {
        for change in [sunday(year, 3, 2), sunday(year, 11, 1)] {
            let first = (change - 1) * DAY + 6 * HOUR;
            let ends: Vec<i64> = (1..=3 * 96).map(|n| first + n * 900).collect();
            for style in [InForce, Numeric, Prevailing, Standard, Utc] {
                let midnight = [LastMinute, Hour24, NextDay][(year % 3) as usize];
                let stamps: Vec<String> =
                    ends.iter().map(|end| stamp(*end, style, midnight)).collect();
                let (document, report) = report(&stamps);
                let series = series(&report);
                let found: Vec<i64> = series.points().map(|point| point.end.as_second()).collect();
                assert_eq!(found, ends, "{year} {style:?}");
                let stamping = series.stamping.expect("it was read");
                assert_eq!((stamping.zone, stamping.midnight), (style, midnight), "{year}");
                assert_eq!(series.exceptions().count(), 0, "{year} {style:?}");
                let options = Options::default();
                let written = USAGE.write_with(&report, &options);
                assert_eq!(written, document, "{year} {style:?}");
            }
        }
    }
}

#[test]
fn the_days_of_a_change_have_92_and_100_quarter_hours() {
    for (change, expected) in [(days(2026, 3, 8), 92), (days(2026, 11, 1), 100)] {
        let first = change * DAY - offset(change * DAY + 6 * HOUR - 1);
        let ends = (1..=i64::from(expected)).map(|n| first + n * 900);
        let stamps: Vec<String> =
            ends.map(|end| stamp(end, ZoneStyle::InForce, Midnight::LastMinute)).collect();
        let (_, report) = report(&stamps);
        let days = series(&report).days().expect("whole quarter hours");
        let counts: Vec<_> = days.iter().map(|(_, have, should)| (*have, *should)).collect();
        assert_eq!(counts, [(expected, expected)]);
    }
}

#[test]
fn both_names_of_the_instant_of_a_change_are_read_and_kept() {
    for (stamps, kept) in [
        // 0200 in standard time is 0300 in daylight saving time, and the other way round.
        (["20260308*0145*CS", "20260308*0200*CS", "20260308*0315*CD"], 1),
        (["20260308*0145*CS", "20260308*0300*CD", "20260308*0315*CD"], 0),
        (["20260308*0145*CT", "20260308*0200*CT", "20260308*0315*CT"], 1),
        (["20261101*0145*CD", "20261101*0200*CD", "20261101*0115*CS"], 1),
        (["20261101*0145*CD", "20261101*0100*CS", "20261101*0115*CS"], 0),
    ] {
        let stamps = stamps.map(|stamp| format!("DTM*582*{stamp}"));
        let (document, report) = report(&stamps);
        let series = series(&report);
        assert_eq!(series.len(), 3, "{stamps:?}");
        assert_eq!(series.exceptions().count(), kept, "{stamps:?}");
        let written = usage_867::write(&report, &Options::default());
        assert_eq!(written, Ok(document), "{stamps:?}");
    }
}

#[test]
fn an_hour_that_comes_twice_is_told_by_the_order_or_reported() {
    let stamps = ["0045", "0100", "0115", "0130", "0145", "0100", "0115"];
    let stamps = stamps.map(|time| format!("DTM*582*20261101*{time}*CT"));
    let (_, found) = report(&stamps);
    assert_eq!(series(&found).exceptions().count(), 0);
    assert_eq!(series(&found).len(), 7);

    // Nothing stands before it that could tell.
    let (document, found) = report(&stamps[3..5]);
    let ambiguous: Vec<_> =
        series(&found).exceptions().map(|it| (it.index, it.ambiguous)).collect();
    assert_eq!(ambiguous, [(0, true)]);
    let written = usage_867::write(&found, &Options::default());
    assert_eq!(written, Ok(document));

    let never =
        segments("BPT*00*R*20260403\nPTD*PM\nREF*MT*KH015\nQTY*QD*1*KH\nDTM*582*20260308*0230*CT");
    let error = USAGE.read_with(&never, &Options::default()).expect_err("clocks never showed it");
    assert!(error.to_string().contains("never showed this time"), "{error}");
}

#[test]
fn another_zone_goes_by_its_letters() {
    let stamps = ["0100*ED", "0115*ED"].map(|time| format!("DTM*582*20260701*{time}"));
    let (document, found) = report(&stamps);
    assert_eq!(series(&found).zone.name(), "America/New_York");
    assert_eq!(series(&found).start().to_string(), "2026-07-01T04:45:00Z");
    let written = usage_867::write(&found, &Options::default()).expect("it can be written");
    assert_eq!(lines(&written), lines(&document));
}
