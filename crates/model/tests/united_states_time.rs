//! The clocks of the United States against the law that sets them, worked out with nothing but whole
//! numbers: since 2007, daylight saving time is from 02:00 of the second Sunday in March until 02:00
//! of the first Sunday in November (Energy Policy Act of 2005, section 110).

use tieline_model::time::{Instants, Timestamp, Zone, date};

const HOUR: i64 = 3_600;
const DAY: i64 = 24 * HOUR;

/// Zones and how many hours their standard time is ahead of UTC.
const ZONES: [(&str, i64); 5] = [
    ("America/New_York", -5),
    ("America/Chicago", -6),
    ("America/North_Dakota/Center", -6),
    ("America/Denver", -7),
    ("America/Los_Angeles", -8),
];

/// The day a date is, counted from 1 January 1970, by counting days of whole years.
fn day_number(year: i64, month: usize, day: i64) -> i64 {
    let is_leap = |year: i64| year % 4 == 0 && (year % 100 != 0 || year % 400 == 0);
    let years: i64 = (1970..year).map(|year| 365 + i64::from(is_leap(year))).sum();
    years + months(is_leap(year))[..month - 1].iter().sum::<i64>() + day - 1
}

fn months(is_leap: bool) -> [i64; 12] {
    let february = if is_leap { 29 } else { 28 };
    [31, february, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31]
}

/// The nth Sunday of a month; 1 January 1970 was a Thursday.
fn sunday(year: i64, month: usize, nth: i64) -> i64 {
    let first = day_number(year, month, 1);
    let to_sunday = (3 - first).rem_euclid(7);
    first + to_sunday + 7 * (nth - 1)
}

/// From when until when daylight saving time is in force, in seconds since 1970.
fn daylight(year: i64, standard: i64) -> (i64, i64) {
    let starts = sunday(year, 3, 2) * DAY + 2 * HOUR - standard * HOUR;
    let ends = sunday(year, 11, 1) * DAY + 2 * HOUR - (standard + 1) * HOUR;
    (starts, ends)
}

#[test]
fn sundays_are_where_the_calendar_has_them() {
    assert_eq!(sunday(2026, 3, 2), day_number(2026, 3, 8));
    assert_eq!(sunday(2026, 11, 1), day_number(2026, 11, 1));
    assert_eq!(sunday(2015, 11, 1), day_number(2015, 11, 1));
    assert_eq!(day_number(2000, 3, 1), 11_017);
}

#[test]
fn every_hour_of_thirty_years_is_as_far_from_utc_as_the_law_has_it() {
    for (name, standard) in ZONES {
        let zone = Zone::named(name).expect("the zone is built in");
        // The county of this zone was an hour west until 7 November 2010.
        let from = if name.contains("Dakota") { 2011 } else { 2007 };
        for year in from..2037 {
            let (starts, ends) = daylight(year, standard);
            let first = day_number(year, 1, 1) * DAY - standard * HOUR;
            let end = day_number(year + 1, 1, 1) * DAY - standard * HOUR;
            for second in (first..end).step_by(HOUR as usize) {
                let at = Timestamp::from_second(second).expect("in range");
                let is_daylight = (starts..ends).contains(&second);
                let expected = (standard + i64::from(is_daylight)) * HOUR;
                assert_eq!(i64::from(zone.offset(at)), expected, "{name} {at}");
                assert_eq!(zone.is_daylight(at), is_daylight, "{name} {at}");
            }
        }
    }
}

#[test]
fn every_day_has_as_many_quarter_hours_as_the_law_gives_it() {
    for (name, standard) in ZONES {
        let zone = Zone::named(name).expect("the zone is built in");
        for year in 2011..2037 {
            let (spring, autumn) = (sunday(year, 3, 2), sunday(year, 11, 1));
            for (month, days) in (1..).zip(months(year % 4 == 0)) {
                for day in 1..=days {
                    let number = day_number(year, month, day);
                    let expected = match number {
                        number if number == spring => 92,
                        number if number == autumn => 100,
                        _ => 96,
                    };
                    let date = date(year as i16, month as i8, day as i8);
                    assert_eq!(zone.intervals_of_day(date, 900), Ok(expected), "{name} {date}");
                    let is_daylight = (spring + 1..=autumn).contains(&number);
                    let starts = number * DAY - (standard + i64::from(is_daylight)) * HOUR;
                    let interval = zone.day(date).expect("in range");
                    assert_eq!(interval.start().as_second(), starts, "{name} {date}");
                }
            }
        }
    }
}

#[test]
fn every_quarter_hour_of_a_change_is_shown_once_twice_or_never() {
    for (name, standard) in ZONES {
        let zone = Zone::named(name).expect("the zone is built in");
        for year in 2011..2037 {
            let (spring, autumn) = (sunday(year, 3, 2), sunday(year, 11, 1));
            for quarter in 0..96 {
                let minute = quarter * 15;
                let local = |month, day| {
                    let date = date(year as i16, month, day);
                    date.at((minute / 60) as i8, (minute % 60) as i8, 0, 0)
                };
                let at = |day: i64, offset: i64| {
                    let second = day * DAY + minute * 60 - offset * HOUR;
                    Timestamp::from_second(second).expect("in range")
                };
                let day = spring - day_number(year, 3, 1) + 1;
                let expected = match minute / 60 {
                    0 | 1 => Instants::Once(at(spring, standard)),
                    2 => Instants::Never,
                    _ => Instants::Once(at(spring, standard + 1)),
                };
                assert_eq!(zone.instants(local(3, day as i8)), Ok(expected), "{name} {year}");
                let day = autumn - day_number(year, 11, 1) + 1;
                let (summer, winter) = (at(autumn, standard + 1), at(autumn, standard));
                let expected = match minute / 60 {
                    0 => Instants::Once(summer),
                    1 => Instants::Twice(summer, winter),
                    _ => Instants::Once(winter),
                };
                assert_eq!(zone.instants(local(11, day as i8)), Ok(expected), "{name} {year}");
            }
        }
    }
}
