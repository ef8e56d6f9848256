//! Intervals as they were read, until it is known what they measure.

use tieline_model::meter::Direction;
use tieline_model::quantity::Unit;
use tieline_model::time::{Timestamp, Zone};
use tieline_model::usage::{CodeNumber, IntervalSeries, PointValue, Quality, SeriesError};

use super::EspiFault;
use super::codes;
use crate::files::error::Place;

/// No cost.
const NONE: i64 = i64::MIN;

/// What a run counts for beside its points.
const RUN_WEIGHT: usize = 64;

/// An interval as it was read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub(super) struct Raw {
    /// Seconds since 1970.
    pub(super) start: i64,
    pub(super) seconds: u32,
    pub(super) value: Option<i64>,
    pub(super) cost: Option<i64>,
    pub(super) quality: Option<u16>,
}

/// A reading without a time of its own.
#[derive(Debug, Clone, Copy)]
pub(super) struct Untimed {
    /// When its block starts, if the block says so, and its number in it.
    pub(super) block: Option<i64>,
    pub(super) number: u32,
    pub(super) raw: Raw,
}

/// Intervals of one meter reading.
#[derive(Debug, Default)]
pub(super) struct Spool {
    runs: Vec<Run>,
    pub(super) untimed: Vec<Untimed>,
}

/// Intervals that follow each other in time. The series packs them; its unit, direction and zone
/// mean nothing.
#[derive(Debug)]
struct Run {
    values: IntervalSeries,
    costs: Vec<i64>,
    code: (Option<u16>, CodeNumber),
    place: Place,
    exceptions: usize,
}

impl Spool {
    /// What it counts for.
    pub(super) fn weight(&self) -> usize {
        let of_run =
            |run: &Run| run.values.len() + run.costs.len() + 8 * run.exceptions + RUN_WEIGHT;
        self.runs.iter().map(of_run).sum::<usize>() + 8 * self.untimed.len()
    }

    /// Whether there is no interval.
    pub(super) fn is_empty(&self) -> bool {
        self.runs.is_empty() && self.untimed.is_empty()
    }

    /// Whether an interval cost less than nothing.
    pub(super) fn has_credit(&self) -> bool {
        let is_credit = |cost: &i64| *cost < 0 && *cost != NONE;
        self.runs.iter().any(|run| run.costs.iter().any(is_credit))
    }

    /// Where the first of its intervals was read.
    pub(super) fn place(&self) -> Option<&Place> {
        self.runs.first().map(|run| &run.place)
    }

    /// Adds an interval; `place` is where it was read.
    pub(super) fn push(
        &mut self,
        raw: Raw,
        place: impl FnOnce() -> Place,
    ) -> Result<(), EspiFault> {
        let start = Timestamp::from_second(raw.start);
        let start = start.map_err(|_| EspiFault::Number("start"))?;
        if let Some(run) = self.runs.last_mut() {
            match run.push(start, raw) {
                Err(
                    SeriesError::Overlap { .. }
                    | SeriesError::OffBeat(_)
                    | SeriesError::TooFar(_)
                    | SeriesError::TooManyCodes,
                ) => {}
                result => return Ok(result?),
            }
        }
        let (unit, zone) = (Unit::Other.into(), Zone::utc());
        let mut values = IntervalSeries::new(Direction::Net, unit, raw.seconds, zone, start)?;
        let code = values.code(Quality::Actual, None)?;
        let mut run =
            Run { values, costs: Vec::new(), code: (None, code), place: place(), exceptions: 0 };
        run.push(start, raw)?;
        self.runs.push(run);
        Ok(())
    }

    /// Takes over what another has.
    pub(super) fn append(&mut self, mut other: Spool) {
        self.runs.append(&mut other.runs);
        self.untimed.append(&mut other.untimed);
    }

    /// Its intervals in the order of time, each run with its place.
    pub(super) fn in_order(&mut self) -> impl Iterator<Item = (&Place, Raw)> {
        self.runs.sort_by_key(|run| run.values.start());
        self.runs.iter().flat_map(|run| run.points().map(move |raw| (&run.place, raw)))
    }
}

impl Run {
    fn push(&mut self, start: Timestamp, raw: Raw) -> Result<(), SeriesError> {
        if self.code.0 != raw.quality {
            let code = match raw.quality {
                None => self.values.code(Quality::Actual, None)?,
                Some(code) => self.values.code(codes::quality(code), Some(&code.to_string()))?,
            };
            self.code = (raw.quality, code);
        }
        let value = raw.value.map(Into::into);
        self.values.push_at(start, self.code.1, value)?;
        if raw.seconds != self.values.seconds() {
            self.values.set_last_seconds(raw.seconds)?;
            self.exceptions += 1;
        }
        if let Some(cost) = raw.cost {
            self.costs.resize(self.values.len() - 1, NONE);
            self.costs.push(cost);
        }
        Ok(())
    }

    fn points(&self) -> impl Iterator<Item = Raw> {
        let costs = self.costs.iter().copied().chain(std::iter::repeat(NONE));
        self.values.points().zip(costs).filter_map(|(point, cost)| {
            let (value, code) = match point.value {
                PointValue::Quantity(amount, code) => (i64::try_from(amount.mantissa()).ok(), code),
                PointValue::NoValue(code) => (None, code),
                PointValue::NotSent => return None,
            };
            Some(Raw {
                start: point.start.as_second(),
                seconds: (point.end.as_second() - point.start.as_second()) as u32,
                value,
                cost: (cost != NONE).then_some(cost),
                quality: code.raw.as_ref().and_then(|code| code.parse().ok()),
            })
        })
    }
}
