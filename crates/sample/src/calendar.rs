//! Days, months, and the wall clock of `America/Chicago`.
//!
//! The samples need little of the calendar: the days of a month, and which zone code goes with the
//! end of a metering interval. The clocks change on the second Sunday of March and the first Sunday
//! of November at 02:00, the rule since 2007.

use std::fmt;
use std::str::FromStr;

/// A day, written `CCYYMMDD`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// With the century.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
    /// From 1.
    pub day: u8,
}

impl Date {
    /// The day of this number in the calendar, which is not checked.
    pub const fn new(year: u16, month: u8, day: u8) -> Date {
        Date { year, month, day }
    }

    /// The day `days` later, or earlier when negative.
    pub fn plus(self, days: i64) -> Date {
        Date::from_number(self.number() + days)
    }

    /// Days since 1 January 1970. The year is counted from March, so that a leap day ends it.
    pub fn number(self) -> i64 {
        let (year, month) = match self.month {
            1 | 2 => (i64::from(self.year) - 1, i64::from(self.month) + 9),
            _ => (i64::from(self.year), i64::from(self.month) - 3),
        };
        let leap_days = year.div_euclid(4) - year.div_euclid(100) + year.div_euclid(400);
        year * 365 + leap_days + (month * 153 + 2) / 5 + i64::from(self.day) - 719_469
    }

    fn from_number(number: i64) -> Date {
        let from_march = number + 719_468;
        let (era, day) = (from_march.div_euclid(146_097), from_march.rem_euclid(146_097));
        let year = (day - day / 1_460 + day / 36_524 - day / 146_096) / 365;
        let day = day - (365 * year + year / 4 - year / 100);
        let month = (day * 5 + 2) / 153;
        let day = day - (month * 153 + 2) / 5 + 1;
        let (year, month) = match month {
            10 | 11 => (era * 400 + year + 1, month - 9),
            _ => (era * 400 + year, month + 3),
        };
        Date { year: year as u16, month: month as u8, day: day as u8 }
    }

    /// 0 for Sunday to 6 for Saturday.
    pub fn weekday(self) -> u8 {
        (self.number() + 4).rem_euclid(7) as u8
    }

    /// The zone code of Chicago at noon, `CS` or `CD`.
    pub fn zone(self) -> &'static str {
        let noon = self.number() * DAY + DAY / 2 - STANDARD;
        if DaylightTime::of(self.year).has(noon) { "CD" } else { "CS" }
    }

    /// The form with a year of two digits, `YYMMDD`, which `ISA09` wants.
    pub fn six_digits(self) -> String {
        format!("{:02}{:02}{:02}", self.year % 100, self.month, self.day)
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}{:02}{:02}", self.year, self.month, self.day)
    }
}

/// A month of the calendar, written `2026-03`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Month {
    /// With the century.
    pub year: u16,
    /// 1 to 12.
    pub month: u8,
}

impl Month {
    /// The month of this number, which is not checked.
    pub const fn new(year: u16, month: u8) -> Month {
        Month { year, month }
    }

    /// The month `months` later, or earlier when negative.
    pub fn plus(self, months: i64) -> Month {
        let count = i64::from(self.year) * 12 + i64::from(self.month) - 1 + months;
        Month { year: count.div_euclid(12) as u16, month: count.rem_euclid(12) as u8 + 1 }
    }

    /// A day of the month, which is not checked.
    pub const fn day(self, day: u8) -> Date {
        Date::new(self.year, self.month, day)
    }

    /// Its first day.
    pub const fn first(self) -> Date {
        self.day(1)
    }

    /// Its last day.
    pub fn last(self) -> Date {
        self.plus(1).first().plus(-1)
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

/// Text that is not a month.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotAMonth;

impl fmt::Display for NotAMonth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a month from 2007 on is written like 2026-03")
    }
}

impl std::error::Error for NotAMonth {}

impl FromStr for Month {
    type Err = NotAMonth;

    fn from_str(text: &str) -> Result<Month, NotAMonth> {
        let (year, month) = text.split_once('-').ok_or(NotAMonth)?;
        let digits =
            |text: &str, count| text.len() == count && text.bytes().all(|b| b.is_ascii_digit());
        if !digits(year, 4) || !digits(month, 2) {
            return Err(NotAMonth);
        }
        let (year, month) = (year.parse().unwrap_or(0), month.parse().unwrap_or(0));
        match (2007..=9990).contains(&year) && (1..=12).contains(&month) {
            true => Ok(Month { year, month }),
            false => Err(NotAMonth),
        }
    }
}

/// An instant on the wall clock in Chicago, to the minute.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct WallClock {
    /// The day there.
    pub date: Date,
    /// Minutes since midnight, as the clock shows them.
    pub minute: u16,
    /// `CS` or `CD`, the code `DTM04` tells standard from daylight time with.
    pub zone: &'static str,
}

/// The ends of the metering intervals of `days` days from `first` on, each `minutes` long.
///
/// The first interval starts at local midnight. The end is what a clock on the wall shows at that
/// instant; midnight is 0 minutes of the day after. The day the clocks go forward is an hour short,
/// the day they go back an hour long, and its second 01:00 is told from the first by the zone.
pub fn interval_ends(
    first: Date,
    days: u16,
    minutes: u16,
) -> impl Iterator<Item = WallClock> + Clone {
    let start = midnight(first);
    let end = midnight(first.plus(i64::from(days)));
    let step = i64::from(minutes.max(1));
    let mut year = DaylightTime::of(first.year);
    (1..=(end - start) / step).map(move |n| {
        let instant = start + n * step;
        let offset = if year.has(instant) { DAYLIGHT } else { STANDARD };
        let local = instant + offset;
        let date = Date::from_number(local.div_euclid(DAY));
        if date.year != year.of {
            year = DaylightTime::of(date.year);
        }
        WallClock {
            date,
            minute: local.rem_euclid(DAY) as u16,
            zone: if offset == DAYLIGHT { "CD" } else { "CS" },
        }
    })
}

/// All in minutes.
const DAY: i64 = 24 * 60;
const STANDARD: i64 = -6 * 60;
const DAYLIGHT: i64 = -5 * 60;

/// The instant of local midnight at the start of `date`, in minutes since the start of 1970 UTC.
fn midnight(date: Date) -> i64 {
    let standard = date.number() * DAY - STANDARD;
    let daylight = date.number() * DAY - DAYLIGHT;
    if DaylightTime::of(date.year).has(daylight) { daylight } else { standard }
}

/// When the clocks of one year show daylight time, in minutes since the start of 1970 UTC.
#[derive(Debug, Clone, Copy)]
struct DaylightTime {
    of: u16,
    from: i64,
    to: i64,
}

impl DaylightTime {
    fn of(year: u16) -> DaylightTime {
        let two_o_clock = 2 * 60;
        let march = first_sunday(year, 3).plus(7).number() * DAY + two_o_clock - STANDARD;
        let november = first_sunday(year, 11).number() * DAY + two_o_clock - DAYLIGHT;
        DaylightTime { of: year, from: march, to: november }
    }

    fn has(self, instant: i64) -> bool {
        (self.from..self.to).contains(&instant)
    }
}

fn first_sunday(year: u16, month: u8) -> Date {
    let first = Date::new(year, month, 1);
    first.plus(i64::from((7 - first.weekday()) % 7))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn clocks(date: Date) -> Vec<(u16, &'static str)> {
        interval_ends(date, 1, 15)
            .map(|end| (end.minute / 60 * 100 + end.minute % 60, end.zone))
            .collect()
    }

    #[test]
    fn days_are_numbered_and_back() {
        assert_eq!(Date::new(1970, 1, 1).number(), 0);
        assert_eq!(Date::new(2000, 3, 1).number(), 11_017);
        let mut date = Date::new(1999, 12, 30);
        for number in date.number()..date.number() + 20_000 {
            assert_eq!(date.number(), number);
            assert_eq!(Date::from_number(number), date);
            date = date.plus(1);
        }
        assert_eq!(Date::new(2026, 3, 8).weekday(), 0);
        assert_eq!(Month::new(2028, 2).last(), Date::new(2028, 2, 29));
        assert_eq!(Month::new(2026, 12).plus(1), Month::new(2027, 1));
    }

    #[test]
    fn the_day_the_clocks_go_forward_is_an_hour_short() {
        let ends = clocks(Date::new(2026, 3, 8));
        assert_eq!(ends.len(), 92);
        assert_eq!(ends[6..9], [(145, "CS"), (300, "CD"), (315, "CD")]);
        assert_eq!(ends[91], (0, "CD"));
    }

    #[test]
    fn the_day_the_clocks_go_back_is_an_hour_long() {
        let ends = clocks(Date::new(2026, 11, 1));
        assert_eq!(ends.len(), 100);
        assert_eq!(ends[6..9], [(145, "CD"), (100, "CS"), (115, "CS")]);
        assert_eq!(ends[99], (0, "CS"));
    }

    #[test]
    fn other_days_have_96_quarter_hours() {
        assert_eq!(clocks(Date::new(2026, 3, 7)).len(), 96);
        assert_eq!(clocks(Date::new(2026, 3, 9)).len(), 96);
        assert_eq!(interval_ends(Date::new(2026, 1, 1), 365, 60).count(), 8760);
    }

    #[test]
    fn a_month_is_read() {
        assert_eq!("2026-03".parse(), Ok(Month::new(2026, 3)));
        for text in ["", "2026", "2026-13", "2026-3", "1999-01", "2026-+3"] {
            assert_eq!(text.parse::<Month>(), Err(NotAMonth), "{text}");
        }
    }
}
