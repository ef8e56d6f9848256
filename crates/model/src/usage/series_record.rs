//! A series in JSON: its quantities in one list, and their quality in runs.
//!
//! A month of quarter hours is a page of numbers, and what is not measured stands out.

use std::num::NonZeroU32;

use jiff::Timestamp;
use serde::{Deserialize, Serialize, Serializer};

use super::interval::IntervalException;
use super::quality::Quality;
use super::series::{IntervalSeries, SeriesError};
use crate::coded::Coded;
use crate::decimal::Decimal;
use crate::meter::Direction;
use crate::provenance::Ordinal;
use crate::quantity::Unit;
use crate::residue::Residue;
use crate::stamp::Stamping;
use crate::time::Zone;

/// Points of one code that follow each other.
#[derive(Serialize, Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema))]
#[serde(deny_unknown_fields)]
struct QualityRun {
    /// How many points.
    points: u32,
    /// The quality of each; null when nothing was sent for them.
    quality: Option<Coded<Quality>>,
}

/// A series as it is written.
#[derive(Serialize)]
struct SeriesView<'s> {
    direction: Direction,
    unit: &'s Coded<Unit>,
    seconds: u32,
    zone: &'s Zone,
    stamping: Option<Stamping>,
    start: Timestamp,
    quality: Vec<QualityRun>,
    quantities: Quantities<'s>,
    exceptions: Vec<&'s IntervalException>,
    at: Ordinal,
    #[serde(skip_serializing_if = "Residue::is_empty")]
    residue: &'s Residue,
}

/// The quantities one by one, without a list of them.
struct Quantities<'s>(&'s IntervalSeries);

impl Serialize for Quantities<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.0.values().map(|value| value.quantity()))
    }
}

impl Serialize for IntervalSeries {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let view = SeriesView {
            direction: self.direction(),
            unit: &self.unit,
            seconds: self.seconds(),
            zone: &self.zone,
            stamping: self.stamping,
            start: self.start(),
            quality: runs(self),
            quantities: Quantities(self),
            exceptions: self.exceptions().collect(),
            at: self.at,
            residue: &self.residue,
        };
        view.serialize(serializer)
    }
}

/// The quality of the points, those of one code that follow each other together.
fn runs(series: &IntervalSeries) -> Vec<QualityRun> {
    let mut runs: Vec<QualityRun> = Vec::new();
    for value in series.values() {
        let code = value.code();
        match runs.last_mut() {
            Some(run) if run.quality.as_ref() == code => run.points += 1,
            _ => runs.push(QualityRun { points: 1, quality: code.cloned() }),
        }
    }
    runs
}

/// Quantities of intervals that follow each other without a break.
#[derive(Deserialize)]
#[cfg_attr(test, derive(schemars::JsonSchema), schemars(rename = "IntervalSeries"))]
#[serde(deny_unknown_fields)]
struct SeriesRecord {
    /// Which way the energy flowed.
    direction: Direction,
    /// The unit of all quantities.
    unit: Coded<Unit>,
    /// The length of an interval, but for exceptions.
    seconds: NonZeroU32,
    /// The zone of the service point.
    zone: Zone,
    /// How the document stamps its intervals.
    stamping: Option<Stamping>,
    /// The first instant of the first interval.
    start: Timestamp,
    /// The quality of the points, those of one code that follow each other together.
    quality: Vec<QualityRun>,
    /// The quantities of the points; null where nothing was sent, or that there is no value.
    quantities: Vec<Option<Decimal>>,
    /// What only a few points have, by their places.
    exceptions: Vec<IntervalException>,
    /// Where its first point was read.
    #[serde(default)]
    at: Ordinal,
    /// What no field means.
    #[serde(default)]
    residue: Residue,
}

impl TryFrom<SeriesRecord> for IntervalSeries {
    type Error = SeriesError;

    fn try_from(record: SeriesRecord) -> Result<IntervalSeries, SeriesError> {
        let SeriesRecord { direction, unit, seconds, zone, start, .. } = record;
        let mut series = IntervalSeries::new(direction, unit, seconds.get(), zone, start)?;
        series.stamping = record.stamping;
        series.at = record.at;
        series.residue = record.residue;

        let quantities = record.quantities.len() as u64;
        let qualities = record.quality.iter().map(|run| u64::from(run.points)).sum();
        if quantities != qualities {
            return Err(SeriesError::CountMismatch { quantities, qualities });
        }
        let mut exceptions = record.exceptions.into_iter().peekable();
        let mut quantities = record.quantities.into_iter();
        for QualityRun { points, quality } in record.quality {
            let code = match quality {
                Some(Coded { meaning, raw }) => Some(series.code(meaning, raw.as_deref())?),
                None => None,
            };
            for quantity in quantities.by_ref().take(points as usize) {
                let index = series.len() as u32;
                match code {
                    Some(code) => series.push(code, quantity)?,
                    None if quantity.is_some() => return Err(SeriesError::UnknownCode),
                    None => series.skip(1)?,
                }
                let Some(exception) = exceptions.next_if(|exception| exception.index == index)
                else {
                    continue;
                };
                if let Some(seconds) = exception.seconds {
                    series.set_last_seconds(seconds.get())?;
                }
                if let Some(stamp) = exception.stamp {
                    series.set_last_stamp(stamp)?;
                }
                if exception.ambiguous {
                    series.set_last_ambiguous()?;
                }
            }
        }
        match exceptions.next() {
            Some(_) => Err(SeriesError::NoPoint),
            None => Ok(series),
        }
    }
}

impl<'de> Deserialize<'de> for IntervalSeries {
    fn deserialize<D: serde::Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let record = SeriesRecord::deserialize(deserializer)?;
        record.try_into().map_err(serde::de::Error::custom)
    }
}

#[cfg(test)]
impl schemars::JsonSchema for IntervalSeries {
    fn schema_name() -> std::borrow::Cow<'static, str> {
        SeriesRecord::schema_name()
    }

    fn json_schema(generator: &mut schemars::SchemaGenerator) -> schemars::Schema {
        SeriesRecord::json_schema(generator)
    }
}
