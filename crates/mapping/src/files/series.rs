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
    series.skip_to(start)?;
    series.skip(1)
}
