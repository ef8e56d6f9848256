//! Load: the energy of each interval of a billing period, of one meter or of several together.

use jiff::Timestamp;

use crate::decimal::{Decimal, NumberError};
use crate::quantity::{Quantity, QuantityError, Unit};
use crate::time::Interval;
use crate::usage::{IntervalSeries, Quality};

/// The energy of intervals that follow each other, in kWh.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Load {
    seconds: u32,
    start: Timestamp,
    end: Timestamp,
    /// The first instant of each interval, the first instant after it, its energy.
    points: Vec<(Timestamp, Timestamp, Decimal)>,
    /// How many intervals have no quantity that can be billed; they count as zero here.
    missing: u32,
}

impl Load {
    /// The load of a series of energy.
    ///
    /// # Errors
    ///
    /// [`QuantityError`] if its unit is none of energy, or a number is too long.
    pub fn of(series: &IntervalSeries) -> Result<Load, QuantityError> {
        let mut load = Load {
            seconds: series.seconds(),
            start: series.start(),
            end: series.start(),
            points: Vec::with_capacity(series.len()),
            missing: 0,
        };
        for point in series.points() {
            let is_billable = point.value.quality() != Some(Quality::NotBillable);
            let quantity = point.value.quantity().filter(|_| is_billable);
            load.missing += u32::from(quantity.is_none());
            let quantity = Quantity::new(quantity.unwrap_or_default(), series.unit.meaning);
            load.points.push((point.start, point.end, quantity.to(Unit::KilowattHour)?.amount));
            load.end = point.end;
        }
        Ok(load)
    }

    /// Adds another load of the same intervals, or takes it off; `None` if its intervals are others.
    ///
    /// # Errors
    ///
    /// [`NumberError::Overflow`].
    pub fn with(mut self, other: &Load, takes_off: bool) -> Result<Option<Load>, NumberError> {
        let times = |load: &Load| (load.seconds, load.start, load.end, load.points.len());
        if times(&self) != times(other) {
            return Ok(None);
        }
        for (own, theirs) in self.points.iter_mut().zip(&other.points) {
            if (own.0, own.1) != (theirs.0, theirs.1) {
                return Ok(None);
            }
            own.2 = match takes_off {
                true => own.2.checked_sub(&theirs.2)?,
                false => own.2.checked_add(&theirs.2)?,
            };
        }
        // An interval that both lack is counted twice, which is as bad as once.
        self.missing = self.missing.saturating_add(other.missing);
        Ok(Some(self))
    }

    /// The usual length of its intervals.
    pub fn seconds(&self) -> u32 {
        self.seconds
    }

    /// The first instant of it.
    pub fn start(&self) -> Timestamp {
        self.start
    }

    /// The first instant after it.
    pub fn end(&self) -> Timestamp {
        self.end
    }

    /// How many intervals have no quantity that can be billed.
    pub fn missing(&self) -> u32 {
        self.missing
    }

    /// Each interval: its first instant, the first instant after it, its energy in kWh.
    pub fn points(&self) -> &[(Timestamp, Timestamp, Decimal)] {
        &self.points
    }

    /// All its energy in kWh.
    ///
    /// # Errors
    ///
    /// [`NumberError::Overflow`].
    pub fn total(&self) -> Result<Decimal, NumberError> {
        Decimal::sum(self.points.iter().map(|(_, _, energy)| energy))
    }

    /// The first instant of an interval that another time begins or ends within.
    pub(super) fn straddles(&self, interval: &Interval) -> Option<Timestamp> {
        let is_inside = |at: Timestamp, start, end| start < at && at < end;
        self.points
            .iter()
            .find(|(start, end, _)| {
                is_inside(interval.start(), *start, *end) || is_inside(interval.end(), *start, *end)
            })
            .map(|(start, _, _)| *start)
    }
}
