//! A series told day by day: how much, how high, how complete.

use tieline_model::decimal::{Decimal, NumberError};
use tieline_model::time::{Date, Timestamp};

use super::Panel;

/// One local day of a series.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Day {
    pub(crate) date: Date,
    /// The sum of its values; `None` if there are none, or they do not add up, as demands do not.
    pub(crate) total: Option<Decimal>,
    /// The highest value, and the local time at which its interval starts.
    pub(crate) peak: Option<(Decimal, String)>,
    /// How many intervals with a value start in it.
    pub(crate) received: u32,
    /// How many should; `None` if a day is not a whole number of intervals.
    pub(crate) expected: Option<u32>,
    /// How many of those with a value were not measured.
    pub(crate) estimated: u32,
    /// How long it is.
    pub(crate) hours: i64,
}

impl Day {
    /// How many intervals have no value.
    pub(crate) fn missing(&self) -> Option<u32> {
        Some(self.expected?.saturating_sub(self.received))
    }
}

impl Panel {
    /// Its days in their order; those between two others are there though nothing was sent.
    pub(crate) fn days(&self) -> Result<Vec<Day>, NumberError> {
        let mut days: Vec<Day> = Vec::new();
        let mut end = i64::MIN;
        for point in &self.points {
            let mut from = point.start;
            // A hole may be many days long; an interval belongs to the day it starts in.
            loop {
                if from >= end {
                    let Some((day, day_end)) = self.day(from) else { break };
                    days.push(day);
                    end = day_end;
                }
                if point.value.is_some() || point.end <= end {
                    break;
                }
                from = end;
            }
            if let (Some(value), Some(day)) = (point.value, days.last_mut()) {
                day.received += 1;
                day.estimated += u32::from(point.is_estimated);
                if self.adds_up() {
                    day.total = Some(day.total.unwrap_or_default().checked_add(&value)?);
                }
                if day.peak.as_ref().is_none_or(|(highest, _)| value > *highest) {
                    day.peak = Some((value, self.clock(point.start)));
                }
            }
        }
        Ok(days)
    }

    /// The day a second is in, with nothing in it yet, and the first second after it.
    fn day(&self, second: i64) -> Option<(Day, i64)> {
        let date = self.date(second)?;
        let interval = self.zone.day(date).ok()?;
        let day = Day {
            date,
            total: None,
            peak: None,
            received: 0,
            expected: self.expected(date, interval.seconds()),
            estimated: 0,
            hours: interval.seconds() / 3600,
        };
        Some((day, interval.end().as_second()))
    }

    fn expected(&self, date: Date, seconds: i64) -> Option<u32> {
        // An interval of a day is as long as its day.
        if self.seconds == 86_400 && (82_800..=90_000).contains(&seconds) {
            return Some(1);
        }
        self.zone.intervals_of_day(date, self.seconds).ok()
    }

    /// How many intervals the day of a second has.
    pub(super) fn expected_of_day(&self, second: i64) -> Option<u32> {
        self.day(second)?.0.expected
    }

    /// The local time of a second, e.g. `14:15`; of a repeated hour with its offset.
    pub(crate) fn clock(&self, second: i64) -> String {
        let Ok(at) = Timestamp::from_second(second) else { return String::new() };
        let local = self.zone.local(at);
        let text = format!("{:02}:{:02}", local.hour(), local.minute());
        match self.zone.instants(local) {
            Ok(tieline_model::time::Instants::Twice(first, _)) => {
                text + if at == first { " (first)" } else { " (second)" }
            }
            _ => text,
        }
    }
}
