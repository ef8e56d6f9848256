//! What a usage report leaves unsaid and its data tells: its kind, the periods of its sections, and, when
//! asked for, the sums of its intervals.
//!
//! Files such as Green Button have no place for these, and a document needs them. Nothing that a report
//! says is changed.

use tieline_model::coded::Coded;
use tieline_model::decimal::NumberError;
use tieline_model::identifier::MeterNumber;
use tieline_model::meter::Direction;
use tieline_model::period::Period;
use tieline_model::quantity::{Dimension, Quantity, QuantityError, Unit};
use tieline_model::time::{Date, Timestamp};
use tieline_model::usage::{
    IntervalSeries, NegativeQuantity, Quality, SectionKind, SectionPeriod, UsageItem, UsageKind,
    UsageQuantity, UsageReport, UsageSection,
};

/// Why intervals have no sum that could be sent.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum SumError {
    /// Not all of the time is told.
    #[error(
        "the intervals that start on {from} are not all there, so that their sum is not the usage"
    )]
    Gaps {
        /// The day on which the first of them starts.
        from: Date,
    },
    /// Some intervals count twice.
    #[error(
        "intervals of one meter and direction overlap from {from} on, so that their sum is not the usage"
    )]
    Overlap {
        /// The day on which the later ones start.
        from: Date,
    },
    /// Quantities that are neither measured nor estimated.
    #[error("some intervals are neither measured nor estimated, and a sum of them has no quality")]
    Quality,
    /// The unit is none of energy, or the sum is too long.
    #[error(transparent)]
    Quantity(#[from] QuantityError),
    /// The sum is too long.
    #[error(transparent)]
    Number(#[from] NumberError),
    /// The sum is less than zero where it cannot be.
    #[error(transparent)]
    Negative(#[from] NegativeQuantity),
}

/// Fills in the kind of a report and the periods of its sections of intervals, where they are not said.
pub fn derive(report: &mut UsageReport) {
    if report.kind.is_none() {
        report.kind = kind(report).map(Coded::new);
    }
    for section in &mut report.sections {
        if section.period.is_none() {
            section.period = period(section.series());
        }
    }
}

/// Whether a report has intervals, quantities of a period, or both. A summary of intervals is none
/// beside them.
fn kind(report: &UsageReport) -> Option<UsageKind> {
    use SectionKind::{AccountSummary, BilledSummary, IntervalSummary, MeterSummary, NetSummary};
    let has_quantities = |section: &&UsageSection| section.quantities().next().is_some();
    let is_summary = |section: &&UsageSection| {
        let kind = section.kind.meaning;
        [AccountSummary, BilledSummary, IntervalSummary, MeterSummary, NetSummary].contains(&kind)
    };
    let mut told = report.sections.iter().filter(has_quantities).peekable();
    match (report.series().next().is_some(), told.peek().is_some()) {
        (true, _) => Some(match told.any(|section| !is_summary(&section)) {
            true => UsageKind::Both,
            false => UsageKind::Interval,
        }),
        (false, true) => Some(UsageKind::Monthly),
        (false, false) => None,
    }
}

/// The dates that series touch.
pub(crate) fn period<'s>(
    series: impl Iterator<Item = &'s IntervalSeries>,
) -> Option<SectionPeriod> {
    let mut found: Option<(Date, Date)> = None;
    for series in series {
        let last = Timestamp::from_second(series.end().ok()?.as_second() - 1).ok()?;
        let start = series.zone.local(series.start()).date();
        let end = series.zone.local(last).date();
        let (first, last) = found.unwrap_or((start, end));
        found = Some((first.min(start), last.max(end)));
    }
    let (first, last) = found?;
    Period::new(first, last).ok().map(SectionPeriod::Regular)
}

/// Adds a summary before the intervals of each meter, and of the account, that has none: the sum of
/// its energy in each direction.
///
/// # Errors
///
/// [`SumError`] if the intervals are not all of the usage of their time; the report is as before then.
pub fn summarize(report: &mut UsageReport) -> Result<(), SumError> {
    let mut sections: Vec<UsageSection> = Vec::with_capacity(report.sections.len());
    let mut done: Vec<(SectionKind, Option<MeterNumber>)> = Vec::new();
    for section in &report.sections {
        let summary = match section.kind.meaning {
            SectionKind::MeterDetail => Some(SectionKind::MeterSummary),
            SectionKind::AccountDetail => Some(SectionKind::AccountSummary),
            _ => None,
        };
        if let Some(kind) = summary {
            let key = (kind, section.meter.clone());
            if !done.contains(&key) && !is_summarized(report, &key) {
                sections.extend(summary_of(report, section, kind)?);
                done.push(key);
            }
        }
        sections.push(section.clone());
    }
    report.sections = sections;
    Ok(())
}

/// Whether a report states a summary already, of a meter or of all of them.
fn is_summarized(report: &UsageReport, (kind, meter): &(SectionKind, Option<MeterNumber>)) -> bool {
    report.sections.iter().any(|section| {
        let known = section.kind.meaning;
        let of_all = matches!(known, SectionKind::AccountSummary | SectionKind::IntervalSummary);
        of_all || known == *kind && section.meter == *meter
    })
}

/// The summary of all sections that are of the kind and meter of this one; `None` without energy.
fn summary_of(
    report: &UsageReport,
    detail: &UsageSection,
    kind: SectionKind,
) -> Result<Option<UsageSection>, SumError> {
    let is_its = |section: &&UsageSection| {
        section.kind.meaning == detail.kind.meaning && section.meter == detail.meter
    };
    let details: Vec<&UsageSection> = report.sections.iter().filter(is_its).collect();
    let is_energy = |series: &&IntervalSeries| {
        series.unit.meaning.dimension() == Dimension::Energy && !series.is_empty()
    };
    let all: Vec<&IntervalSeries> =
        details.iter().flat_map(|section| section.series()).filter(is_energy).collect();
    let mut summary = UsageSection::new(kind.into());
    summary.commodity = detail.commodity.clone();
    summary.meter = detail.meter.clone();
    summary.service_point = detail.service_point.clone();
    summary.period = period(all.iter().copied());
    for direction in [Direction::Delivered, Direction::Received, Direction::Net, Direction::Total] {
        let mut own: Vec<&IntervalSeries> =
            all.iter().copied().filter(|series| series.direction() == direction).collect();
        own.sort_by_key(|series| series.start());
        if let Some(quantity) = sum_of(&own)? {
            summary.items.push(UsageItem::Quantity(quantity));
        }
    }
    Ok((!summary.items.is_empty()).then_some(summary))
}

/// The sum of series of one direction, in the order of time; `None` if there are none.
fn sum_of(all: &[&IntervalSeries]) -> Result<Option<UsageQuantity>, SumError> {
    let Some(first) = all.first() else { return Ok(None) };
    let unit = first.unit.meaning;
    let mut sum = Quantity::new(Default::default(), unit);
    let mut end = first.start();
    let mut is_estimated = false;
    for series in all {
        let from = series.zone.local(series.start()).date();
        let series_end = series.end().map_err(|_| NumberError::Overflow)?;
        match series.start().cmp(&end) {
            std::cmp::Ordering::Less => return Err(SumError::Overlap { from }),
            std::cmp::Ordering::Greater => return Err(SumError::Gaps { from }),
            std::cmp::Ordering::Equal => end = series_end,
        }
        if let Some(gap) = series.gaps().next() {
            return Err(SumError::Gaps { from: series.zone.local(gap.interval.start()).date() });
        }
        for code in series.codes() {
            match code.meaning {
                Quality::Actual => {}
                Quality::Estimated => is_estimated = true,
                _ => return Err(SumError::Quality),
            }
        }
        sum.amount = sum.amount.checked_add(&series.total()?.to(unit)?.amount)?;
    }
    let quality = if is_estimated { Quality::Estimated } else { Quality::Actual };
    let unit: Coded<Unit> = unit.into();
    let made = UsageQuantity::new(first.direction(), Some(sum.amount), unit, quality.into())?;
    Ok(Some(made))
}

#[cfg(test)]
mod tests {
    use tieline_model::common::Purpose;
    use tieline_model::decimal::Decimal;
    use tieline_model::time::{Zone, date};

    use super::*;

    fn number(text: &str) -> Decimal {
        text.parse().expect("the test gives a number")
    }

    /// Hours from midnight on; an empty amount was not sent.
    fn series(direction: Direction, amounts: &[&str]) -> IntervalSeries {
        let zone = Zone::named("America/Chicago").expect("the zone is built in");
        let start = zone.day(date(2026, 3, 8)).expect("in range").start();
        let unit = Unit::KilowattHour.into();
        let made = IntervalSeries::new(direction, unit, 3600, zone, start);
        let mut series = made.expect("intervals have a length");
        let code = series.code(Quality::Actual, None).expect("the first code");
        for amount in amounts {
            match amount.is_empty() {
                true => series.skip(1).expect("short"),
                false => series.push(code, Some(number(amount))).expect("a point"),
            }
        }
        series
    }

    fn report(meter: &str, all: Vec<IntervalSeries>) -> UsageReport {
        let mut report = UsageReport::new(Purpose::Original.into(), None, date(2026, 3, 9));
        let mut section = UsageSection::new(SectionKind::MeterDetail.into());
        section.meter = MeterNumber::new(meter).ok();
        section.items = all.into_iter().map(UsageItem::Series).collect();
        report.sections.push(section);
        report
    }

    #[test]
    fn kind_and_period_are_those_of_the_intervals() {
        let hours = vec!["1"; 23];
        let mut it = report("1", vec![series(Direction::Delivered, &hours)]);
        derive(&mut it);
        assert_eq!(it.kind, Some(UsageKind::Interval.into()));
        let day = Period::new(date(2026, 3, 8), date(2026, 3, 8)).expect("a day");
        assert_eq!(it.sections[0].period, Some(SectionPeriod::Regular(day)));
        let said = it.clone();
        derive(&mut it);
        assert_eq!(it, said, "what is said stays");
    }

    #[test]
    fn each_direction_of_a_meter_is_summed_up() {
        let both = vec![
            series(Direction::Delivered, &["1.5", "2.25"]),
            series(Direction::Received, &["0.125", "0"]),
        ];
        let mut it = report("1", both);
        summarize(&mut it).expect("all is there");
        let kinds: Vec<_> = it.sections.iter().map(|section| section.kind.meaning).collect();
        assert_eq!(kinds, [SectionKind::MeterSummary, SectionKind::MeterDetail]);
        let amounts = it.sections[0].quantities().map(|quantity| quantity.amount());
        assert_eq!(amounts.collect::<Vec<_>>(), [Some(number("3.75")), Some(number("0.125"))]);
        let said = it.clone();
        summarize(&mut it).expect("all is there");
        assert_eq!(it, said, "a summary that is stated stays the only one");
        derive(&mut it);
        assert_eq!(it.kind, Some(UsageKind::Interval.into()));
    }

    #[test]
    fn what_is_not_all_there_has_no_sum() {
        let mut gap = report("1", vec![series(Direction::Delivered, &["1", "", "1"])]);
        let before = gap.clone();
        assert_eq!(summarize(&mut gap), Err(SumError::Gaps { from: date(2026, 3, 8) }));
        assert_eq!(gap, before);
        let twice = series(Direction::Delivered, &["1"]);
        let mut twice = report("1", vec![twice.clone(), twice]);
        assert_eq!(summarize(&mut twice), Err(SumError::Overlap { from: date(2026, 3, 8) }));
        let mut doubtful = series(Direction::Delivered, &["1"]);
        doubtful.code(Quality::Questionable, None).expect("the second code");
        assert_eq!(summarize(&mut report("1", vec![doubtful])), Err(SumError::Quality));
    }
}
