//! A service period: the `DTM` of its start and end, and of the exchange of a meter.

use tieline_model::period::Period;
use tieline_model::time::Date;
use tieline_model::usage::SectionPeriod;

use crate::error::MappingError;
use crate::figure::Figure;
use crate::given::Given;
use crate::options::CommonOptions;
use crate::sink::Sink;

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

pub(crate) fn write(
    period: Option<SectionPeriod>,
    options: &CommonOptions,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    let CommonOptions { period_start, period_end, exchange, .. } = options;
    match period {
        None => Ok(()),
        Some(SectionPeriod::Regular(it)) => write_whole(it, period_start, period_end, out),
        Some(SectionPeriod::FromExchange(it)) => write_whole(it, exchange, period_end, out),
        Some(SectionPeriod::UntilExchange(it)) => write_whole(it, period_start, exchange, out),
        Some(SectionPeriod::From(date)) => write_day(period_start, date, out),
        Some(SectionPeriod::Until(date)) => write_day(period_end, date, out),
        Some(SectionPeriod::Exchange(date)) => write_day(exchange, date, out),
    }
}

pub(crate) fn day(given: &Given<'_>, qualifier: &str) -> Result<Option<Date>, MappingError> {
    given.find("DTM", qualifier).map_or(Ok(None), |dtm| dtm.date(2))
}

pub(crate) fn write_day(
    qualifier: &str,
    date: Date,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    out.segment("DTM", &[Some(qualifier), Some(&Figure::date(date))])
}

/// Both ends in order; anything else is left over.
pub(crate) fn read_whole(
    given: &Given<'_>,
    start: &str,
    end: &str,
) -> Result<Option<Period>, MappingError> {
    let both = day(given, start)?.zip(day(given, end)?);
    Ok(both.and_then(|(start, end)| Period::new(start, end).ok()))
}

pub(crate) fn write_whole(
    period: Period,
    start: &str,
    end: &str,
    out: &mut dyn Sink,
) -> Result<(), MappingError> {
    write_day(start, period.start(), out)?;
    write_day(end, period.end(), out)
}
