//! Stamps: dates and times of day as documents write them.
//!
//! Where a document names an instant, the model has the instant. The stamp is kept beside it where
//! its words matter, or where it names none.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// A time of day as a document writes it: `HHMM`, `HHMMSS`, or with one or two decimals of a
/// second. Midnight at the end of a day may be `2400`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct ClockTime {
    digits: [u8; 8],
    length: u8,
}

/// A text is no time of day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("a time of day is written as in 0015, 2400 or 001530")]
pub struct NoClockTime;

impl ClockTime {
    /// Reads the digits of a time of day.
    ///
    /// # Errors
    ///
    /// [`NoClockTime`].
    pub fn from_bytes(text: &[u8]) -> Result<ClockTime, NoClockTime> {
        let mut digits = [b'0'; 8];
        let is_time = matches!(text.len(), 4 | 6 | 7 | 8) && text.iter().all(u8::is_ascii_digit);
        if !is_time {
            return Err(NoClockTime);
        }
        digits[..text.len()].copy_from_slice(text);
        let time = ClockTime { digits, length: text.len() as u8 };
        match (time.hour(), time.minute(), time.second()) {
            (0..=23, 0..=59, 0..=59) => Ok(time),
            (24, 0, 0) if digits[6..] == *b"00" => Ok(time),
            _ => Err(NoClockTime),
        }
    }

    /// `HHMM`.
    ///
    /// # Errors
    ///
    /// [`NoClockTime`].
    pub fn new(hour: u8, minute: u8) -> Result<ClockTime, NoClockTime> {
        ClockTime::from_bytes(format!("{hour:02}{minute:02}").as_bytes())
    }

    /// The hour, up to 24.
    pub fn hour(&self) -> u8 {
        self.pair(0)
    }

    /// The minute.
    pub fn minute(&self) -> u8 {
        self.pair(2)
    }

    /// The second, decimals left out; 0 where none is written.
    pub fn second(&self) -> u8 {
        self.pair(4)
    }

    /// The text it was read from.
    pub fn as_str(&self) -> &str {
        std::str::from_utf8(&self.digits[..usize::from(self.length)]).unwrap_or_default()
    }

    fn pair(&self, at: usize) -> u8 {
        (self.digits[at] - b'0') * 10 + (self.digits[at + 1] - b'0')
    }
}

impl fmt::Debug for ClockTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl TryFrom<String> for ClockTime {
    type Error = NoClockTime;

    fn try_from(text: String) -> Result<ClockTime, NoClockTime> {
        ClockTime::from_bytes(text.as_bytes())
    }
}

impl From<ClockTime> for String {
    fn from(time: ClockTime) -> String {
        time.as_str().to_string()
    }
}

#[cfg(test)]
impl schemars::JsonSchema for ClockTime {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "ClockTime".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A time of day as the document writes it: HHMM, HHMMSS, or with \
                decimals of a second. Midnight at the end of a day may be 2400.",
            "type": "string",
            "pattern": "^([01][0-9]|2[0-4])[0-5][0-9]([0-5][0-9][0-9]{0,2})?$",
        })
    }
}

/// A date, and perhaps a time of day and a zone code, as a document writes them.
///
/// It is kept where the document's words matter beside the instant, or where it names none.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Stamp {
    /// The date.
    pub date: Date,
    /// The time of day.
    pub time: Option<ClockTime>,
    /// The zone code: `CD`, `CT`, `18` …
    pub zone: Option<String>,
}

impl Stamp {
    /// A date alone.
    pub fn day(date: Date) -> Stamp {
        Stamp { date, time: None, zone: None }
    }
}

/// How the stamps of a series name its intervals.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
pub struct Stamping {
    /// Which end of the interval is stamped.
    pub edge: Edge,
    /// How midnight is written.
    pub midnight: Midnight,
    /// How the zone is written.
    pub zone: ZoneStyle,
    /// Whether seconds are written.
    pub seconds: bool,
}

/// The end of an interval that its stamp names.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Edge {
    /// The first instant of the interval.
    Start,
    /// The first instant after it.
    End,
}

/// How the midnight that ends a day is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum Midnight {
    /// `2359` of the day that ends.
    LastMinute,
    /// `2400` of the day that ends.
    Hour24,
    /// `0000` of the day that begins.
    NextDay,
}

/// How the zone of a stamp is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(rename_all = "snake_case")]
pub enum ZoneStyle {
    /// Letters for the offset in force: `CS` in winter, `CD` in summer.
    InForce,
    /// Letters for standard time all year, and stamps in it: `CS`.
    Standard,
    /// Letters for the clock on the wall: `CT`. The hour that comes twice is told by the order.
    Prevailing,
    /// The offset in force as a number: `18` in winter, `19` in summer.
    Numeric,
    /// `UT`, and stamps in it.
    Utc,
    /// `GM`, and stamps in it.
    Greenwich,
    /// Not at all.
    Absent,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_time_keeps_its_text() {
        for text in ["0015", "2359", "2400", "240000", "23595999", "0015301"] {
            let time = ClockTime::from_bytes(text.as_bytes()).expect("a time");
            assert_eq!(time.as_str(), text);
        }
        for text in ["", "015", "2401", "2460", "0060", "000060", "00:15", "24000001", "00153"] {
            assert_eq!(ClockTime::from_bytes(text.as_bytes()), Err(NoClockTime));
        }
        assert_eq!(ClockTime::new(2, 30).map(String::from), Ok("0230".to_string()));
    }
}
