//! Sizes, lengths of time and times of the day, as files say them: `50MB`, `24h`, `2 business days`, `09:00`.

use std::fmt;
use std::str::FromStr;

use jiff::civil::Time;
use tieline_model::time::{Timestamp, Zone};

use crate::calendar::Calendar;

/// The longest length of time in seconds: some 30 years, so that no sum leaves the calendar.
const LONGEST: u64 = 1_000_000_000;

/// How long something may take.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Within {
    /// So many seconds, whatever the day.
    Seconds(u32),
    /// So many minutes in which the office is open.
    BusinessMinutes(u32),
    /// Until the office closes on the day so many business days later.
    BusinessDays(u32),
}

/// Why a text is no size, length of time or time of the day.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum AmountError {
    /// Not a number of bytes.
    Size,
    /// Not a length of time.
    Within,
    /// A length of time in business hours or days where only the clock counts.
    Business,
    /// Not a time of the day.
    Clock,
}

impl std::error::Error for AmountError {}

impl fmt::Display for AmountError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            AmountError::Size => "a size is written 500kB, 50MB or 2GB",
            AmountError::Within => {
                "a length of time is written 30m, 24h, 7d, 4 business hours or 2 business days"
            }
            AmountError::Business => "this length of time is written 30s, 15m, 24h or 7d",
            AmountError::Clock => "a time of the day is written 09:00 or 23:30",
        })
    }
}

impl FromStr for Within {
    type Err = AmountError;

    fn from_str(text: &str) -> Result<Within, AmountError> {
        let digits = text.bytes().take_while(u8::is_ascii_digit).count();
        let (number, unit) = text.split_at(digits);
        let number: u64 = number.parse().map_err(|_| AmountError::Within)?;
        let whole = |seconds: u64| match number.checked_mul(seconds) {
            Some(total) if (1..=LONGEST).contains(&total) => {
                u32::try_from(total).map_err(|_| AmountError::Within)
            }
            _ => Err(AmountError::Within),
        };
        match unit.strip_prefix(' ').unwrap_or(unit) {
            "s" => whole(1).map(Within::Seconds),
            "m" => whole(60).map(Within::Seconds),
            "h" => whole(3_600).map(Within::Seconds),
            "d" => whole(86_400).map(Within::Seconds),
            "business hour" | "business hours" if number <= 10_000 => {
                Ok(Within::BusinessMinutes(whole(3_600)? / 60))
            }
            "business day" | "business days" if (1..=1_000).contains(&number) => {
                Ok(Within::BusinessDays(number as u32))
            }
            _ => Err(AmountError::Within),
        }
    }
}

impl fmt::Display for Within {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let plural = |n: u32| if n == 1 { "" } else { "s" };
        match *self {
            Within::Seconds(s) if s % 86_400 == 0 && s > 86_400 => write!(f, "{}d", s / 86_400),
            Within::Seconds(s) if s % 3_600 == 0 => write!(f, "{}h", s / 3_600),
            Within::Seconds(s) if s % 60 == 0 => write!(f, "{}m", s / 60),
            Within::Seconds(s) => write!(f, "{s}s"),
            Within::BusinessMinutes(m) => write!(f, "{} business hour{}", m / 60, plural(m / 60)),
            Within::BusinessDays(days) => write!(f, "{days} business day{}", plural(days)),
        }
    }
}

impl Within {
    /// When it is over, counted from an instant. Business hours and days are those of the calendar
    /// in the zone; a time that starts while the office is closed starts when it opens.
    ///
    /// `None` beyond the years that can be told.
    pub fn end(self, from: Timestamp, zone: &Zone, calendar: &Calendar) -> Option<Timestamp> {
        match self {
            Within::Seconds(seconds) => after(from, i64::from(seconds)),
            Within::BusinessMinutes(minutes) => calendar.open_for(from, minutes, zone),
            Within::BusinessDays(days) => calendar.business_days_later(from, days, zone),
        }
    }
}

/// So many seconds later.
pub(crate) fn after(from: Timestamp, seconds: i64) -> Option<Timestamp> {
    Timestamp::from_second(from.as_second().checked_add(seconds)?).ok()
}

/// Seconds by the clock, e.g. `90s`, `15m`, `24h`, `7d`.
///
/// # Errors
///
/// [`AmountError`] if it is none, or one of business hours or days.
pub fn seconds(text: &str) -> Result<u32, AmountError> {
    match text.parse()? {
        Within::Seconds(seconds) => Ok(seconds),
        Within::BusinessMinutes(_) | Within::BusinessDays(_) => Err(AmountError::Business),
    }
}

/// A number of bytes, e.g. `0`, `1500`, `500kB`, `50MB`; a kilobyte is 1,000 bytes.
///
/// # Errors
///
/// [`AmountError::Size`].
pub fn bytes(text: &str) -> Result<u64, AmountError> {
    let digits = text.bytes().take_while(u8::is_ascii_digit).count();
    let (number, unit) = text.split_at(digits);
    let number: u64 = number.parse().map_err(|_| AmountError::Size)?;
    let unit: u64 = match unit.strip_prefix(' ').unwrap_or(unit) {
        "" | "B" => 1,
        "kB" | "KB" => 1_000,
        "MB" => 1_000_000,
        "GB" => 1_000_000_000,
        "TB" => 1_000_000_000_000,
        _ => return Err(AmountError::Size),
    };
    number.checked_mul(unit).ok_or(AmountError::Size)
}

/// A time of the day to the minute, e.g. `09:00`.
///
/// # Errors
///
/// [`AmountError::Clock`].
pub fn clock(text: &str) -> Result<Time, AmountError> {
    let wrong = AmountError::Clock;
    let (hour, minute) = text.split_once(':').ok_or(wrong)?;
    let two = |digits: &str| {
        let plain = digits.len() == 2 && digits.bytes().all(|byte| byte.is_ascii_digit());
        plain.then(|| digits.parse::<i8>().ok()).flatten().ok_or(wrong)
    };
    Time::new(two(hour)?, two(minute)?, 0, 0).map_err(|_| wrong)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lengths_of_time_read_and_show_the_same() {
        for (text, within) in [
            ("90s", Within::Seconds(90)),
            ("30m", Within::Seconds(1_800)),
            ("25h", Within::Seconds(90_000)),
            ("7d", Within::Seconds(604_800)),
            ("4 business hours", Within::BusinessMinutes(240)),
            ("1 business day", Within::BusinessDays(1)),
        ] {
            assert_eq!(text.parse(), Ok(within));
            assert_eq!(within.to_string(), text);
        }
        let wrong =
            ["", "h", "0h", "-1h", "24", "24 hours", "1.5h", "99999999999d", "0 business days"];
        for text in wrong {
            assert_eq!(text.parse::<Within>(), Err(AmountError::Within), "{text}");
        }
        assert_eq!(seconds("1 business day"), Err(AmountError::Business));
    }

    #[test]
    fn sizes_and_times_of_the_day_are_plain() {
        assert_eq!(bytes("50MB"), Ok(50_000_000));
        assert_eq!(bytes("2 GB"), Ok(2_000_000_000));
        assert_eq!(bytes("0"), Ok(0));
        for text in ["", "MB", "1.5MB", "5 mb", "99999999999TB"] {
            assert_eq!(bytes(text), Err(AmountError::Size), "{text}");
        }
        assert_eq!(clock("09:30").map(|time| (time.hour(), time.minute())), Ok((9, 30)));
        for text in ["9:30", "24:00", "09:60", "0930", "09:+3", "09:3"] {
            assert_eq!(clock(text), Err(AmountError::Clock), "{text}");
        }
    }
}
