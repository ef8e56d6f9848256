//! A report to which rows are still added: its sections, and its series with their clocks.

use std::collections::HashMap;

use tieline_model::coded::Coded;
use tieline_model::provenance::Ordinal;
use tieline_model::record::Record;
use tieline_model::time::Timestamp;
use tieline_model::usage::{
    CodeNumber, IntervalSeries, MeterType, SeriesError, UsageItem, UsageReport,
};

use super::*;
use crate::derived::period;
use crate::files::clock::{Clock, Time};
use crate::files::series::put;
use crate::files::table::TableFault;
use crate::stamp::Found;

const DAY: u32 = 86_400;

/// A report to which rows are still added.
pub(super) struct Open {
    pub(super) report: UsageReport,
    /// What tells it from other reports.
    pub(super) key: String,
    pub(super) points: u32,
    pub(super) sections: HashMap<String, usize>,
    /// Which of the begun series goes on.
    pub(super) series: HashMap<String, usize>,
    pub(super) begun: Vec<Begun>,
}

impl Open {
    pub(super) fn new(report: UsageReport, key: String) -> Open {
        Open {
            report,
            key,
            points: 0,
            sections: HashMap::new(),
            series: HashMap::new(),
            begun: Vec::new(),
        }
    }

    /// The report with its series in it. Where the file has no columns for them, `fill_periods`
    /// works the periods of sections out. `None` if every row of it was wrong.
    pub(super) fn close(mut self, fill_periods: bool) -> Option<Record> {
        for begun in self.begun {
            if let Some(series) = begun.series.filter(|series| !series.is_empty()) {
                self.report.sections[begun.section].items.push(UsageItem::Series(series));
            }
        }
        self.report.sections.retain(|section| !section.items.is_empty());
        for section in &mut self.report.sections {
            section.meter_type = meter_type(section.series());
            if fill_periods {
                section.period = period(section.series());
            }
        }
        let is_something = !self.report.sections.is_empty();
        is_something.then(|| Record::UsageReport(Box::new(self.report)))
    }
}

/// What the meter of these series measures; what that costs it does not.
pub(super) fn meter_type<'s>(
    series: impl Iterator<Item = &'s IntervalSeries>,
) -> Option<Coded<MeterType>> {
    let all: Vec<_> = series.map(|one| (one.unit.meaning, one.seconds())).collect();
    let measured = all.iter().copied().filter(|(unit, _)| *unit != Unit::UsDollar);
    let (mut units, mut seconds): (Vec<Unit>, Vec<u32>) = measured.unzip();
    if units.is_empty() {
        (units, seconds) = all.into_iter().unzip();
    }
    units.dedup();
    let minutes = seconds.first().filter(|first| seconds.iter().all(|it| it == *first));
    let minutes = minutes.filter(|seconds| *seconds % 60 == 0).map(|seconds| seconds / 60);
    let minutes = minutes.and_then(|minutes| u16::try_from(minutes).ok());
    let unit = units.first().copied().filter(|_| units.len() == 1);
    (!seconds.is_empty()).then(|| MeterType { unit, minutes }.into())
}

/// A series that has been begun: what all its rows say, and its points so far.
pub(super) struct Begun {
    pub(super) section: usize,
    pub(super) direction: Direction,
    pub(super) unit: Coded<Unit>,
    pub(super) clock: Clock,
    /// The usual length of its intervals, once it is known.
    pub(super) seconds: Option<u32>,
    pub(super) at: Ordinal,
    pub(super) series: Option<IntervalSeries>,
}

/// When an interval is.
pub(super) struct When {
    pub(super) start: i64,
    pub(super) length: u32,
    pub(super) is_ambiguous: bool,
}

/// Which end of an interval a fault is at, and the fault.
pub(super) type EndFault = (Edge, TableFault);

/// An end of an interval.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    Start,
    End,
}

impl Begun {
    /// A series that goes on far behind this one.
    pub(super) fn successor(&self, at: Ordinal) -> Begun {
        Begun {
            section: self.section,
            direction: self.direction,
            unit: self.unit.clone(),
            clock: Clock::of(self.clock.zone().clone()),
            seconds: self.seconds,
            at,
            series: None,
        }
    }

    /// When the interval is that a row names by one end or both.
    pub(super) fn when(
        &mut self,
        start: Option<Time>,
        end: Option<Time>,
    ) -> Result<When, EndFault> {
        let expected = self.series.as_ref().and_then(|it| Some(it.end().ok()?.as_second()));
        let told = match (start, end) {
            (Some(Time::Wall(start)), Some(Time::Wall(end)))
            | (Some(Time::Instant(start)), Some(Time::Instant(end))) => {
                u32::try_from(end - start).ok().filter(|length| *length > 0)
            }
            _ => None,
        };
        let seconds = self.seconds.or(told);
        let (start, end) = match (start, end, seconds) {
            (None, None, _) => return Err((Edge::Start, TableFault::NoTime)),
            (_, _, None) if start.is_none() || end.is_none() => {
                return Err((Edge::End, TableFault::NoLength));
            }
            (Some(start), None, Some(seconds)) => (start, later(start, i64::from(seconds))),
            (None, Some(end), Some(seconds)) if seconds < DAY || is_instant(end) => {
                let at = self.end(end, expected.map(|it| it + i64::from(seconds)))?;
                let start = at.0 - i64::from(seconds);
                return Ok(When { start, length: seconds, is_ambiguous: at.1 });
            }
            (None, Some(end), Some(seconds)) => (later(end, -i64::from(seconds)), end),
            (Some(start), Some(end), _) => (start, end),
            (_, _, None) => return Err((Edge::End, TableFault::NoLength)),
        };
        let (first, is_ambiguous) = self.start(start, expected)?;
        // On a day on which the clocks change, a day of the wall clock is not as long as others,
        // while the hours that it repeats are.
        let is_as_told = !is_instant(start) && told.is_none_or(|told| seconds == Some(told));
        let length = match seconds.filter(|seconds| is_as_told && *seconds < DAY) {
            Some(seconds) => self.as_told(first, seconds, told.map(|_| end)),
            None => {
                let expected = seconds.map_or(1, i64::from);
                self.end(end, Some(first + expected))?.0 - first
            }
        };
        let length = u32::try_from(length).ok().filter(|length| *length > 0);
        let length = length.ok_or((Edge::End, TableFault::IntervalBackwards))?;
        // A day is as long as the usual one, whatever the first one is.
        self.seconds = self.seconds.or(seconds.filter(|usual| *usual >= DAY)).or(Some(length));
        Ok(When { start: first, length, is_ambiguous })
    }

    /// How long an interval is that is `seconds` long by the clock. The hour that is left out in
    /// spring is in no interval.
    fn as_told(&mut self, first: i64, seconds: u32, end: Option<Time>) -> i64 {
        let seconds = i64::from(seconds);
        let end = end.and_then(|end| self.end(end, Some(first + seconds)).ok());
        end.map(|(end, _)| end - first).filter(|it| (1..seconds).contains(it)).unwrap_or(seconds)
    }

    /// The second of a start, and whether it is open in which of two hours.
    fn start(&mut self, time: Time, expected: Option<i64>) -> Result<(i64, bool), EndFault> {
        match time {
            Time::Instant(second) => Ok((second, false)),
            Time::Wall(wall) => sure(self.clock.start(wall, expected), Edge::Start),
        }
    }

    fn end(&mut self, time: Time, expected: Option<i64>) -> Result<(i64, bool), EndFault> {
        match time {
            Time::Instant(second) => Ok((second, false)),
            Time::Wall(wall) => sure(self.clock.end(wall, expected), Edge::End),
        }
    }

    /// Adds a point, or one for which nothing was sent.
    ///
    /// # Errors
    ///
    /// [`SeriesError`]; the series is as before then.
    pub(super) fn push(
        &mut self,
        when: &When,
        sent: Option<(CodeNumber, Option<tieline_model::decimal::Decimal>)>,
    ) -> Result<(), SeriesError> {
        let start = Timestamp::from_second(when.start).map_err(|_| SeriesError::TooLong)?;
        let series = self.series(start)?;
        put(series, start, sent)?;
        if when.length != series.seconds() {
            series.set_last_seconds(when.length)?;
        }
        match when.is_ambiguous {
            true => series.set_last_ambiguous(),
            false => Ok(()),
        }
    }

    /// The series, which begins at `start` if it has not begun.
    pub(super) fn series(&mut self, start: Timestamp) -> Result<&mut IntervalSeries, SeriesError> {
        match self.series {
            Some(ref mut series) => Ok(series),
            None => {
                let seconds = self.seconds.unwrap_or_default();
                let (unit, zone) = (self.unit.clone(), self.clock.zone().clone());
                let mut series = IntervalSeries::new(self.direction, unit, seconds, zone, start)?;
                series.at = self.at;
                Ok(self.series.insert(series))
            }
        }
    }
}

fn is_instant(time: Time) -> bool {
    matches!(time, Time::Instant(_))
}

fn later(time: Time, seconds: i64) -> Time {
    match time {
        Time::Instant(at) => Time::Instant(at + seconds),
        Time::Wall(at) => Time::Wall(at + seconds),
    }
}

fn sure(found: Found, edge: Edge) -> Result<(i64, bool), EndFault> {
    match found {
        Found::At(second) => Ok((second, false)),
        Found::Perhaps(second) => Ok((second, true)),
        Found::Never => Err((edge, TableFault::SkippedTime)),
    }
}
