//! Clocks: local times as files write them, and the instants they name.
//!
//! The offset of a zone is looked up once for each six hours in which it does not change.

use tieline_model::time::{Instants, Timestamp, Zone};

use super::table::{DateOrder, TableFault, cells};
use crate::stamp::{Found, Offsets, day_number};

const DAY: i64 = 86_400;
const BLOCK: i64 = 21_600;

/// A time as a file writes it, to the second.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Time {
    /// An instant: seconds since 1970.
    Instant(i64),
    /// What a clock showed: seconds since 1970 as if it were UTC.
    Wall(i64),
}

/// The clock of a zone.
pub(crate) struct Clock {
    zone: Zone,
    block: i64,
    offset: Option<i64>,
    day: i64,
    day_text: [u8; 10],
}

impl Clock {
    pub(crate) fn of(zone: Zone) -> Clock {
        Clock { zone, block: i64::MIN, offset: None, day: i64::MIN, day_text: [0; 10] }
    }

    pub(crate) fn zone(&self) -> &Zone {
        &self.zone
    }

    /// Seconds ahead of UTC.
    pub(crate) fn offset(&mut self, second: i64) -> i64 {
        let block = second.div_euclid(BLOCK);
        if block != self.block {
            let first = offset(&self.zone, block * BLOCK);
            let is_even = first == offset(&self.zone, block * BLOCK + BLOCK - 1);
            (self.block, self.offset) = (block, is_even.then_some(first));
        }
        self.offset.unwrap_or_else(|| offset(&self.zone, second))
    }

    /// When the clock showed this at the start of an interval; `expected` is when the interval
    /// before it ends, by which the hour that comes twice is told apart.
    pub(crate) fn start(&mut self, wall: i64, expected: Option<i64>) -> Found {
        if let Some(expected) = expected
            && expected + self.offset(expected) == wall
        {
            return Found::At(expected);
        }
        let Ok(local) = Timestamp::from_second(wall) else { return Found::Never };
        match self.zone.instants(Zone::utc().local(local)) {
            Ok(Instants::Once(at)) => Found::At(at.as_second()),
            Ok(Instants::Twice(first, second)) => {
                match expected.is_some_and(|expected| first.as_second() < expected) {
                    true => Found::At(second.as_second()),
                    false => Found::Perhaps(first.as_second()),
                }
            }
            _ => Found::Never,
        }
    }

    /// When the clock showed this at the end of an interval. The end of the last one before a
    /// change of the clocks has two names.
    pub(crate) fn end(&mut self, wall: i64, expected: Option<i64>) -> Found {
        match expected {
            Some(expected) if expected + self.offset(expected) == wall => Found::At(expected),
            _ => Offsets::of(&self.zone).instant(wall, expected),
        }
    }

    /// Writes an instant with the offset in force: `2026-03-08T00:15:00-06:00`.
    pub(crate) fn write(&mut self, second: i64, text: &mut String) {
        let offset = self.offset(second);
        let wall = second + offset;
        let day = wall.div_euclid(DAY);
        if day != self.day {
            self.day_text = day_text(day);
            self.day = day;
        }
        let minutes = offset.unsigned_abs() / 60;
        let rest = wall.rem_euclid(DAY) as u64;
        let mut bytes = *b"0000-00-00T00:00:00+00:00";
        bytes[..10].copy_from_slice(&self.day_text);
        bytes[19] = if offset < 0 { b'-' } else { b'+' };
        let parts = [(11, rest / 3600), (14, rest / 60 % 60), (17, rest % 60)];
        for (at, number) in parts.into_iter().chain([(20, minutes / 60), (23, minutes % 60)]) {
            bytes[at] = b'0' + (number / 10) as u8;
            bytes[at + 1] = b'0' + (number % 10) as u8;
        }
        text.clear();
        text.push_str(std::str::from_utf8(&bytes).unwrap_or_default());
    }
}

fn offset(zone: &Zone, second: i64) -> i64 {
    Timestamp::from_second(second).map_or(0, |at| i64::from(zone.offset(at)))
}

fn day_text(day: i64) -> [u8; 10] {
    let at = Timestamp::from_second(day.saturating_mul(DAY)).unwrap_or(Timestamp::MIN);
    let text = Zone::utc().local(at).date().to_string();
    text.as_bytes().try_into().unwrap_or(*b"0000-00-00")
}

/// Reads times; remembers the day it read last.
#[derive(Debug, Default)]
pub(crate) struct TimeReader {
    day: Option<([u8; 10], i64)>,
}

impl TimeReader {
    /// Reads `2026-03-08T00:15:00-06:00`, with `Z`, without seconds or without an offset; a day
    /// alone is its first instant. Other orders of a date are read if the options say so, with
    /// `AM` or `PM` behind the time.
    pub(crate) fn read(&mut self, cell: &str, order: DateOrder) -> Result<Time, TableFault> {
        let cell = cell.trim();
        let (date, rest) = match cell.as_bytes().get(10) {
            Some(b'T' | b't' | b' ') if cell.is_char_boundary(10) => (&cell[..10], &cell[11..]),
            _ => cell.split_once(' ').unwrap_or((cell, "")),
        };
        let day = self.day(date, order)?;
        let fault = TableFault::NotAnInstant;
        let (clock, offset) = split_offset(rest).ok_or(fault.clone())?;
        let seconds =
            if rest.is_empty() { 0 } else { clock_seconds(clock).ok_or(fault.clone())? };
        match offset {
            Some(_) if clock.is_empty() => Err(fault),
            Some(offset) => Ok(Time::Instant(day * DAY + seconds - offset)),
            None => Ok(Time::Wall(day * DAY + seconds)),
        }
    }

    fn day(&mut self, text: &str, order: DateOrder) -> Result<i64, TableFault> {
        let key = <[u8; 10]>::try_from(text.as_bytes()).ok();
        match (self.day, key) {
            (Some((known, day)), Some(key)) if known == key => Ok(day),
            _ => {
                let fault = |fault| match order {
                    DateOrder::YearFirst => TableFault::NotAnInstant,
                    _ => fault,
                };
                let day = day_number(cells::date(text, order).map_err(fault)?);
                self.day = key.map(|key| (key, day));
                Ok(day)
            }
        }
    }
}

/// The time of day, and the seconds its offset is ahead of UTC.
fn split_offset(text: &str) -> Option<(&str, Option<i64>)> {
    if let Some(clock) = text.strip_suffix(['Z', 'z']) {
        return Some((clock, Some(0)));
    }
    let Some(at) = text.rfind(['+', '-']) else { return Some((text, None)) };
    let (clock, offset) = text.split_at(at);
    let sign = if offset.starts_with('-') { -1 } else { 1 };
    let (hours, minutes) = match offset.len() {
        6 => offset[1..].split_once(':')?,
        5 => (offset.get(1..3)?, offset.get(3..5)?),
        _ => return None,
    };
    let (hours, minutes) = (digits(hours, 23)?, digits(minutes, 59)?);
    Some((clock.trim_end(), Some(sign * (hours * 3600 + minutes * 60))))
}

/// Seconds since midnight; `24:00` is the midnight that ends the day.
fn clock_seconds(text: &str) -> Option<i64> {
    let (text, half) = match text.rsplit_once(' ') {
        Some((time, half)) if half.eq_ignore_ascii_case("am") => (time, Some(0)),
        Some((time, half)) if half.eq_ignore_ascii_case("pm") => (time, Some(12)),
        _ => (text, None),
    };
    let mut parts = text.split(':');
    let hour = digits(parts.next()?, 24)?;
    let minute = digits(parts.next()?, 59)?;
    let second = parts.next().map_or(Some(0), |second| digits(second, 59))?;
    let hour = match half {
        None => hour,
        Some(half) if (1..=12).contains(&hour) => hour % 12 + half,
        Some(_) => return None,
    };
    let seconds = hour * 3600 + minute * 60 + second;
    (parts.next().is_none() && seconds <= DAY).then_some(seconds)
}

fn digits(text: &str, most: i64) -> Option<i64> {
    let is_number = matches!(text.len(), 1 | 2) && text.bytes().all(|b| b.is_ascii_digit());
    text.parse().ok().filter(|number| is_number && *number <= most)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_time_of_day_is_two_digits_and_never_more() {
        assert_eq!(clock_seconds("09:30"), Some(9 * 3600 + 30 * 60));
        assert_eq!(clock_seconds("12:15:01 AM"), Some(15 * 60 + 1));
        assert_eq!(clock_seconds("24:00"), Some(DAY));
        let long = "9".repeat(40);
        for wrong in ["24:01", "9", "", "-1:00", "+9:00", "13:00 PM", "0:60", &long] {
            assert_eq!(clock_seconds(wrong), None, "{wrong}");
        }
        assert_eq!(clock_seconds(&format!("{long}:{long}")), None);
    }
}
