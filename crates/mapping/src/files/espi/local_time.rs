//! `LocalTimeParameters`: the offset of a zone and the rules of its daylight saving time, and which
//! zone that is.
//!
//! The schema packs a rule into 32 bits: seconds (12), hour (5), day of the week (3, Monday is 1),
//! day of the month (5), operator (3), month (4). `360E2000` is the second Sunday of March at 2:00,
//! `B40E2000` the first of November.

use tieline_model::time::{Date, DateTime, Instants, Timestamp, Zone, date};

use jiff::civil::Weekday;

/// No daylight saving time.
const NEVER: u32 = 0xffff_ffff;

/// The rules of the United States since 2007.
const US_START: u32 = 0x360e_2000;
const US_END: u32 = 0xb40e_2000;

/// The zones of the United States that have their own offset or rules, the most used first.
const ZONES: &[&str] = &[
    "America/Chicago",
    "America/New_York",
    "America/Denver",
    "America/Los_Angeles",
    "America/Phoenix",
    "America/Anchorage",
    "Pacific/Honolulu",
    "America/Puerto_Rico",
    "America/Adak",
    "Pacific/Guam",
    "Pacific/Pago_Pago",
    "UTC",
];

/// The years in which a zone must do what the rules say.
const YEARS: std::ops::RangeInclusive<i16> = 2020..=2030;

/// The offset of a zone, in seconds ahead of UTC, and its rules.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct LocalTime {
    pub(super) offset: i64,
    pub(super) daylight: i64,
    pub(super) start: u32,
    pub(super) end: u32,
}

impl LocalTime {
    /// What a zone does; `None` if its rules are not those of the United States.
    pub(super) fn of(zone: &Zone) -> Option<LocalTime> {
        let winter = Zone::utc().instants(date(2024, 1, 1).at(12, 0, 0, 0)).ok()?;
        let Instants::Once(winter) = winter else { return None };
        let offset = i64::from(zone.offset(winter));
        let fixed = LocalTime { offset, daylight: 0, start: NEVER, end: NEVER };
        let changing = LocalTime { offset, daylight: 3600, start: US_START, end: US_END };
        [fixed, changing].into_iter().find(|rules| rules.are_those_of(zone))
    }

    /// The zone of the United States that does the same.
    pub(super) fn zone(&self) -> Option<Zone> {
        let zones = ZONES.iter().filter_map(|name| Zone::named(name).ok());
        zones.into_iter().find(|zone| self.are_those_of(zone))
    }

    /// Whether a zone does what these rules say.
    pub(super) fn are_those_of(&self, zone: &Zone) -> bool {
        YEARS.into_iter().all(|year| self.hold_in(zone, year).unwrap_or(false))
    }

    fn hold_in(&self, zone: &Zone, year: i16) -> Option<bool> {
        let offset = |at: i64| Some(i64::from(zone.offset(Timestamp::from_second(at).ok()?)));
        if self.daylight == 0 || self.start == NEVER || self.end == NEVER {
            for month in 1..=12 {
                if offset(wall(date(year, month, 1).at(12, 0, 0, 0))?)? != self.offset {
                    return Some(false);
                }
            }
            return Some(true);
        }
        let summer = self.offset + self.daylight;
        let start = wall(moment(self.start, year)?)? - self.offset;
        let end = wall(moment(self.end, year)?)? - summer;
        let found = [start - 1, start, end - 1, end].map(offset);
        Some(found == [self.offset, summer, summer, self.offset].map(Some))
    }
}

/// When a rule changes the clocks in a year, by the clock before.
fn moment(rule: u32, year: i16) -> Option<DateTime> {
    let bits = |from: u32, count: u32| rule >> from & ((1 << count) - 1);
    let (month, operator) = (bits(28, 4) as i8, bits(25, 3) as i8);
    let (day, weekday) = (bits(20, 5) as i8, bits(17, 3) as i8);
    let (hour, seconds) = (bits(12, 5) as i8, bits(0, 12));
    let first = Date::new(year, month, 1).ok()?;
    let day = match operator {
        0 => Date::new(year, month, day).ok()?,
        1 => {
            let from = Date::new(year, month, day).ok()?;
            let weekday = Weekday::from_monday_one_offset(weekday).ok()?;
            match from.weekday() == weekday {
                true => from,
                false => from.nth_weekday(1, weekday).ok()?,
            }
        }
        2..=6 => first
            .nth_weekday_of_month(operator - 1, Weekday::from_monday_one_offset(weekday).ok()?)
            .ok()?,
        _ => first.nth_weekday_of_month(-1, Weekday::from_monday_one_offset(weekday).ok()?).ok()?,
    };
    DateTime::new(
        day.year(),
        day.month(),
        day.day(),
        hour,
        (seconds / 60) as i8,
        (seconds % 60) as i8,
        0,
    )
    .ok()
}

/// The seconds since 1970 at which a clock of UTC shows this.
fn wall(local: DateTime) -> Option<i64> {
    match Zone::utc().instants(local).ok()? {
        Instants::Once(at) => Some(at.as_second()),
        Instants::Twice(..) | Instants::Never => None,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn rules(offset: i64, start: u32, end: u32) -> LocalTime {
        LocalTime { offset: offset * 3600, daylight: 3600, start, end }
    }

    fn found(rules: LocalTime) -> Option<String> {
        rules.zone().map(|zone| zone.name().to_string())
    }

    #[test]
    fn zones_are_found_by_what_their_clocks_do() {
        assert_eq!(found(rules(-6, US_START, US_END)).as_deref(), Some("America/Chicago"));
        assert_eq!(found(rules(-5, US_START, US_END)).as_deref(), Some("America/New_York"));
        assert_eq!(found(rules(-7, NEVER, NEVER)).as_deref(), Some("America/Phoenix"));
        // The Sunday on or after March 8 is the second one, that on or after November 1 the first.
        assert_eq!(
            found(rules(-8, 0x328e_2000, 0xb21e_2000)).as_deref(),
            Some("America/Los_Angeles")
        );
        // The last Sunday of March and of October, as in Europe.
        assert_eq!(found(rules(-6, 0x3e0e_2000, 0xae0e_2000)), None);
        assert_eq!(found(rules(-6, 0, 0)), None);
    }

    #[test]
    fn what_is_written_is_read_as_the_same_zone() {
        for name in ZONES {
            let zone = Zone::named(name).expect("the zone is built in");
            let rules = LocalTime::of(&zone).expect("rules of the United States");
            assert_eq!(rules.zone(), Some(zone), "{name}");
        }
        for name in ["Europe/Berlin", "America/Sao_Paulo", "Australia/Sydney"] {
            let zone = Zone::named(name).expect("the zone is built in");
            let is_us = LocalTime::of(&zone).is_some_and(|rules| rules.zone().is_none());
            assert!(LocalTime::of(&zone).is_none() || is_us, "{name}");
        }
    }
}
