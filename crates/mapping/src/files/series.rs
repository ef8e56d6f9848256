//! A point of a series at its time, whether or not something was sent for it.

use tieline_model::decimal::Decimal;
use tieline_model::time::Timestamp;
use tieline_model::usage::{CodeNumber, IntervalSeries, SeriesError};

/// Adds a point that starts at `start`: a code and perhaps a quantity, or `None` for nothing sent.
///
/// # Errors
///
/// As [`IntervalSeries::push_at`]; the series is as before then.
pub(crate) fn put(
    series: &mut IntervalSeries,
    start: Timestamp,
    sent: Option<(CodeNumber, Option<Decimal>)>,
) -> Result<(), SeriesError> {
    if let Some((code, quantity)) = sent {
        return series.push_at(start, code, quantity);
    }
    let (end, seconds) = (series.end()?, i64::from(series.seconds()));
    let behind = start.as_second() - end.as_second();
    match u32::try_from(behind / seconds) {
        _ if behind < 0 => Err(SeriesError::Overlap { start, end }),
        _ if behind % seconds != 0 => Err(SeriesError::OffBeat(start)),
        // A gap that is as long as one before a point may be.
        Ok(missing) if missing as usize <= 96 + 8 * series.len() => series.skip(missing + 1),
        _ => Err(SeriesError::TooFar(start)),
    }
}
