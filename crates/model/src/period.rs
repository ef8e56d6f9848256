//! Periods of whole days, and months.

use std::fmt;

use jiff::civil::Date;
use serde::{Deserialize, Serialize};

/// From one date to another, as a document names them.
///
/// Whether the last date still belongs to it is a habit of the sender: a read at noon of the first
/// ends one period and starts the next. [`crate::time::Zone::span`] makes instants of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(try_from = "PeriodRecord", into = "PeriodRecord")]
pub struct Period {
    start: Date,
    end: Date,
}

/// Why something is no period or no month.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum PeriodError {
    /// The end is before the start.
    #[error("the period ends on {end}, before it starts on {start}")]
    EndBeforeStart {
        /// Its start.
        start: Date,
        /// Its end.
        end: Date,
    },
    /// Not a month of the calendar, written `2026-03`.
    #[error("a month is written as in 2026-03")]
    NoMonth,
}

impl Period {
    /// From `start` to `end`, which may be the same day.
    ///
    /// # Errors
    ///
    /// [`PeriodError::EndBeforeStart`].
    pub fn new(start: Date, end: Date) -> Result<Period, PeriodError> {
        match end < start {
            true => Err(PeriodError::EndBeforeStart { start, end }),
            false => Ok(Period { start, end }),
        }
    }

    /// The first date.
    pub fn start(&self) -> Date {
        self.start
    }

    /// The last date.
    pub fn end(&self) -> Date {
        self.end
    }

    /// How many midnights are between both dates: 30 from March 1 to March 31.
    pub fn nights(&self) -> u32 {
        self.start.duration_until(self.end).as_hours().unsigned_abs() as u32 / 24
    }

    /// Whether a date is not outside of both.
    pub fn contains(&self, date: Date) -> bool {
        (self.start..=self.end).contains(&date)
    }
}

/// From one date to another, as a document names them; the end is not before the start.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct PeriodRecord {
    /// The first date.
    start: Date,
    /// The last date.
    end: Date,
}

impl TryFrom<PeriodRecord> for Period {
    type Error = PeriodError;

    fn try_from(record: PeriodRecord) -> Result<Period, PeriodError> {
        Period::new(record.start, record.end)
    }
}

impl From<Period> for PeriodRecord {
    fn from(period: Period) -> PeriodRecord {
        PeriodRecord { start: period.start, end: period.end }
    }
}

/// A month of a year, written `2026-03`.
#[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub struct Month {
    year: i16,
    month: i8,
}

impl Month {
    /// A month, counted from 1, of a year from 1 to 9999.
    ///
    /// # Errors
    ///
    /// [`PeriodError::NoMonth`].
    pub fn new(year: i16, month: i8) -> Result<Month, PeriodError> {
        match (1..=9999).contains(&year) && (1..=12).contains(&month) {
            true => Ok(Month { year, month }),
            false => Err(PeriodError::NoMonth),
        }
    }

    /// The month a date is in.
    pub fn of(date: Date) -> Month {
        Month { year: date.year(), month: date.month() }
    }

    /// The year.
    pub fn year(&self) -> i16 {
        self.year
    }

    /// The month of the year; January is 1.
    pub fn month(&self) -> i8 {
        self.month
    }
}

impl fmt::Display for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}-{:02}", self.year, self.month)
    }
}

impl fmt::Debug for Month {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        fmt::Display::fmt(self, f)
    }
}

impl From<Month> for String {
    fn from(month: Month) -> String {
        month.to_string()
    }
}

impl TryFrom<String> for Month {
    type Error = PeriodError;

    fn try_from(text: String) -> Result<Month, PeriodError> {
        let digits = |text: &str| match text.bytes().all(|b| b.is_ascii_digit()) {
            true => text.parse::<i16>().ok(),
            false => None,
        };
        let parts = match (text.len(), text.split_once('-')) {
            (7, Some((year, month))) if year.len() == 4 => digits(year).zip(digits(month)),
            _ => None,
        };
        let (year, month) = parts.ok_or(PeriodError::NoMonth)?;
        Month::new(year, i8::try_from(month).map_err(|_| PeriodError::NoMonth)?)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for Month {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        "Month".into()
    }

    fn json_schema(_: &mut schemars::SchemaGenerator) -> schemars::Schema {
        schemars::json_schema!({
            "description": "A month of a year.",
            "type": "string",
            "pattern": "^[0-9]{4}-(0[1-9]|1[0-2])$",
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::civil::date;

    #[test]
    fn a_period_does_not_end_before_it_starts() {
        let march = Period::new(date(2026, 3, 1), date(2026, 3, 31)).expect("in order");
        assert_eq!(march.nights(), 30);
        assert!(march.contains(date(2026, 3, 31)) && !march.contains(date(2026, 4, 1)));
        assert!(Period::new(date(2026, 3, 1), date(2026, 3, 1)).is_ok());
        assert!(Period::new(date(2026, 3, 2), date(2026, 3, 1)).is_err());
        let json = r#"{"start":"2026-03-02","end":"2026-03-01"}"#;
        let error = serde_json::from_str::<Period>(json).expect_err("out of order");
        assert!(error.to_string().contains("before it starts"), "{error}");
    }

    #[test]
    fn a_month_is_written_with_its_year() {
        let read = |text: &str| Month::try_from(text.to_string());
        assert_eq!(read("2026-03"), Month::new(2026, 3));
        assert_eq!(read("2026-03").map(String::from), Ok("2026-03".to_string()));
        for text in ["2026-13", "2026-00", "2026-3", "26-03", "2026-+3", "0000-01", "2026/03", ""] {
            assert_eq!(read(text), Err(PeriodError::NoMonth), "{text}");
        }
        assert!(Month::of(date(2025, 12, 31)) < Month::of(date(2026, 1, 1)));
    }
}
