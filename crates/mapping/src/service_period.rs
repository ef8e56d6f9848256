//! A service period: the `DTM` of its start and end, and of the exchange of a meter.

use tieline_model::period::Period;
use tieline_model::time::Date;
use tieline_model::usage::SectionPeriod;
use tieline_x12::compose::Segment;

use crate::branch::segment;
use crate::error::MappingError;
use crate::given::Given;
use crate::options::CommonOptions;
use crate::stamp::written;

/// Reads it. The exchange of a meter takes the place of the start or of the end. Dates that are no period are
/// left over.
pub(crate) fn read(
    given: &Given<'_>,
    options: &CommonOptions,
) -> Result<Option<SectionPeriod>, MappingError> {
    let start = day(given, &options.period_start)?;
    let end = day(given, &options.period_end)?;
    let exchange = day(given, &options.exchange)?;
    let period = |start, end| Period::new(start, end).ok();
    Ok(match (start, end, exchange) {
        (Some(start), Some(end), _) => period(start, end).map(SectionPeriod::Regular),
        (None, Some(end), Some(day)) => period(day, end).map(SectionPeriod::FromExchange),
        (Some(start), None, Some(day)) => period(start, day).map(SectionPeriod::UntilExchange),
        (Some(start), None, None) => Some(SectionPeriod::From(start)),
        (None, Some(end), None) => Some(SectionPeriod::Until(end)),
        (None, None, Some(day)) => Some(SectionPeriod::Exchange(day)),
        (None, None, None) => None,
    })
}

pub(crate) fn write(period: Option<SectionPeriod>, options: &CommonOptions) -> Vec<Segment> {
    let CommonOptions { period_start, period_end, exchange, .. } = options;
    match period {
        None => Vec::new(),
        Some(SectionPeriod::Regular(it)) => {
            vec![write_day(period_start, it.start()), write_day(period_end, it.end())]
        }
        Some(SectionPeriod::FromExchange(it)) => {
            vec![write_day(exchange, it.start()), write_day(period_end, it.end())]
        }
        Some(SectionPeriod::UntilExchange(it)) => {
            vec![write_day(period_start, it.start()), write_day(exchange, it.end())]
        }
        Some(SectionPeriod::From(date)) => vec![write_day(period_start, date)],
        Some(SectionPeriod::Until(date)) => vec![write_day(period_end, date)],
        Some(SectionPeriod::Exchange(date)) => vec![write_day(exchange, date)],
    }
}

pub(crate) fn day(given: &Given<'_>, qualifier: &str) -> Result<Option<Date>, MappingError> {
    given.find("DTM", qualifier).map_or(Ok(None), |dtm| dtm.date(2))
}

pub(crate) fn write_day(qualifier: &str, date: Date) -> Segment {
    segment("DTM", [Some(qualifier), Some(&written(date))])
}
