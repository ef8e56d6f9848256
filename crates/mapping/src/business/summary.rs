//! Summaries of intervals against the intervals themselves.

use std::collections::{HashMap, HashSet};

use tieline_model::common::Purpose;
use tieline_model::decimal::{Decimal, NumberError};
use tieline_model::meter::{Direction, MeterRole};
use tieline_model::period::Period;
use tieline_model::quantity::{Quantity, Unit};
use tieline_model::usage::{SectionKind, UsageKind, UsageQuantity, UsageReport, UsageSection};

use super::catalogue::Code;
use super::finding::{Findings, What};
use super::intervals::Stream;
use super::usage::{adds_up, is_part, is_summary};

pub(super) fn judge(report: &UsageReport, streams: &[Stream<'_>], found: &mut Findings<'_>) {
    if found.wants(Code::INTERVAL_SUM) {
        let intervals = Intervals::of(report, streams);
        for section in report.sections.iter().filter(|section| is_summary(section)) {
            sums(section, &intervals, found);
        }
    }
    periods(report, found);
    // A cancellation may leave its details out, and an answer its summaries.
    if matches!(report.purpose.meaning, Purpose::Original | Purpose::Replace) {
        pairs(report, found);
    }
}

/// The intervals of a report by what sums them up.
struct Intervals<'s, 'r> {
    of_meter: HashMap<Option<&'r str>, Vec<&'s Stream<'r>>>,
    /// Those of the account, else those of all meters; none if they are not all there is.
    of_account: Vec<&'s Stream<'r>>,
    /// How many summaries of a kind there are.
    summaries: HashMap<SectionKind, u32>,
}

impl<'s, 'r> Intervals<'s, 'r> {
    fn of(report: &UsageReport, streams: &'s [Stream<'r>]) -> Intervals<'s, 'r> {
        let of_kind = |kind| streams.iter().filter(move |stream| stream.kind == kind);
        let mut of_meter: HashMap<_, Vec<_>> = HashMap::new();
        for stream in of_kind(SectionKind::MeterDetail) {
            of_meter.entry(stream.meter).or_default().push(stream);
        }
        let account: Vec<_> = of_kind(SectionKind::AccountDetail).collect();
        let of_account = match account.is_empty() {
            false => account,
            true if has_more_than_intervals(report) => Vec::new(),
            true => of_kind(SectionKind::MeterDetail).collect(),
        };
        let mut summaries = HashMap::new();
        for section in &report.sections {
            *summaries.entry(section.kind.meaning).or_default() += 1;
        }
        Intervals { of_meter, of_account, summaries }
    }

    /// Those that a summary is about.
    fn summed_up_by<'a>(&'a self, summary: &'a UsageSection) -> &'a [&'a Stream<'a>] {
        match summary.kind.meaning {
            SectionKind::MeterSummary => {
                self.of_meter.get(&meter(summary)).map_or(&[], Vec::as_slice)
            }
            kind if self.summaries.get(&kind) == Some(&1) => &self.of_account,
            _ => &[],
        }
    }
}

fn meter(section: &UsageSection) -> Option<&str> {
    section.meter.as_ref().map(|meter| meter.as_str())
}

/// Energy of a summary against its intervals.
fn sums(summary: &UsageSection, intervals: &Intervals<'_, '_>, found: &mut Findings<'_>) {
    let its = intervals.summed_up_by(summary);
    for direction in [Direction::Delivered, Direction::Received, Direction::Net, Direction::Total] {
        let stated: Vec<&UsageQuantity> = summary
            .quantities()
            .filter(|quantity| quantity.direction() == direction && is_whole(quantity))
            .collect();
        let Some(first) = stated.first() else { continue };
        let Some(unit) = first.unit.as_ref().map(|unit| unit.meaning) else { continue };
        let amounts: Vec<Decimal> = stated
            .iter()
            .filter(|quantity| quantity.unit.as_ref().is_some_and(|it| it.meaning == unit))
            .filter_map(|quantity| quantity.amount())
            .collect();
        let Some(sum) = sum_for(summary, direction, unit, its) else { continue };
        if let Ok(Some(stated)) = wrong_amount(&amounts, sum, found.options.rounded_summaries) {
            found.add(Code::INTERVAL_SUM, first.at, What::IntervalSum { stated, sum, unit });
        }
    }
}

/// Whether a quantity is energy of the whole period and of all the time.
fn is_whole(quantity: &UsageQuantity) -> bool {
    let unit = quantity.unit.as_ref().map(|unit| unit.meaning.dimension());
    let reads: Vec<_> = quantity.reads().collect();
    let is_of_a_part = matches!(&reads[..], [read] if is_part(read));
    unit.is_some_and(adds_up) && quantity.period.is_none() && !is_of_a_part
}

/// What a summary says, unless it is the sum: all its quantities together, or one of them, where the
/// others are parts of it.
fn wrong_amount(
    amounts: &[Decimal],
    sum: Decimal,
    rounded: bool,
) -> Result<Option<Decimal>, NumberError> {
    let total = Decimal::sum(amounts)?;
    for amount in amounts.iter().chain([&total]) {
        let sum = if rounded { sum.rounded(amount.scale().min(sum.scale()))? } else { sum };
        if *amount == sum {
            return Ok(None);
        }
    }
    Ok((!amounts.is_empty()).then_some(total))
}

/// The sum of the intervals of a direction; `None` if there are none, or not all of them.
fn sum_for(
    summary: &UsageSection,
    direction: Direction,
    unit: Unit,
    streams: &[&Stream<'_>],
) -> Option<Decimal> {
    let is_it = |stream: &&&Stream<'_>| {
        stream.direction == direction && stream.unit.dimension() == unit.dimension()
    };
    let chosen: Vec<&&Stream<'_>> = streams.iter().filter(is_it).collect();
    if chosen.is_empty() || chosen.iter().any(|stream| !stream.is_whole) {
        return None;
    }
    let is_of_a_meter = summary.kind.meaning == SectionKind::MeterSummary;
    let mut sum = Decimal::ZERO;
    for part in chosen.iter().flat_map(|stream| &stream.parts) {
        let Quantity { amount, .. } = part.series.total().ok()?.to(unit).ok()?;
        let role = part.section.role.as_ref().map(|role| role.meaning);
        sum = match role.filter(|_| !is_of_a_meter) {
            Some(MeterRole::Ignored) => sum,
            Some(MeterRole::Subtractive) => sum.checked_sub(&amount).ok()?,
            Some(MeterRole::Additive) | None => sum.checked_add(&amount).ok()?,
        };
    }
    Some(sum)
}

/// Whether something was used that no interval shows.
fn has_more_than_intervals(report: &UsageReport) -> bool {
    use SectionKind::{MeterDetail, NonIntervalDetail, UnmeteredDetail, UnmeteredSummary};
    report.sections.iter().any(|section| match section.kind.meaning {
        NonIntervalDetail | UnmeteredDetail | UnmeteredSummary => true,
        MeterDetail => section.series().next().is_none(),
        _ => false,
    })
}

fn period(section: &UsageSection) -> Option<Period> {
    section.period.and_then(|period| period.period())
}

/// Details against the period of their summary: that of their meter, or one of the account.
fn periods(report: &UsageReport, found: &mut Findings<'_>) {
    use SectionKind::{AccountDetail, MeterDetail, MeterSummary, NonIntervalDetail};
    let mut of_meter: HashMap<Option<&str>, Vec<Period>> = HashMap::new();
    let mut of_account: Vec<Period> = Vec::new();
    for summary in report.sections.iter().filter(|section| is_summary(section)) {
        let Some(period) = period(summary) else { continue };
        let known = match summary.kind.meaning {
            MeterSummary => of_meter.entry(meter(summary)).or_default(),
            _ => &mut of_account,
        };
        if !known.contains(&period) && known.len() < MOST_PERIODS {
            known.push(period);
        }
    }
    for detail in &report.sections {
        let is_detail =
            matches!(detail.kind.meaning, MeterDetail | AccountDetail | NonIntervalDetail);
        let Some(part) = period(detail).filter(|_| is_detail) else { continue };
        let its = of_meter.get(&meter(detail)).unwrap_or(&of_account);
        let is_within = |whole: &Period| whole.contains(part.start()) && whole.contains(part.end());
        let Some(first) = its.first().filter(|_| !its.iter().any(is_within)) else { continue };
        let dates = |period: Period| (period.start(), period.end());
        let what = What::Outside { part: dates(part), whole: dates(*first) };
        found.add(Code::DETAIL_OUTSIDE_SUMMARY, detail.at, what);
    }
}

/// How many different periods of summaries a detail is compared with; a year has twelve.
const MOST_PERIODS: usize = 64;

/// Summaries and details that belong together.
fn pairs(report: &UsageReport, found: &mut Findings<'_>) {
    use SectionKind::{AccountDetail, MeterDetail, MeterSummary, NonIntervalDetail};
    let kind = report.kind.as_ref().map(|kind| kind.meaning);
    let has_intervals = matches!(kind, Some(UsageKind::Interval | UsageKind::Both));
    let of = |kinds: &'static [SectionKind]| {
        let is_it = move |section: &&UsageSection| kinds.contains(&section.kind.meaning);
        report.sections.iter().filter(is_it)
    };
    let by_meter = of(&[MeterSummary]).next().is_some();
    let has_summary = report.sections.iter().any(is_summary);
    let (summed, detailed) = (meters(of(&[MeterSummary])), meters(of(DETAILS)));
    for summary in of(&[MeterSummary]).filter(|it| !detailed.contains(&meter(it))) {
        let what = What::Missing("the detail of this summary");
        found.add(Code::DETAIL_MISSING, summary.at, what);
    }
    // A number mistyped in one of both loops is told once.
    let is_told = by_meter && !summed.is_subset(&detailed);
    for detail in of(&[MeterDetail]).filter(|section| section.series().next().is_some()) {
        let is_summed = match by_meter {
            true => summed.contains(&meter(detail)),
            false => has_summary || !has_intervals,
        };
        if !is_summed && !is_told {
            let what = What::Missing("the summary of these intervals");
            found.add(Code::SUMMARY_MISSING, detail.at, what);
        }
    }
    let has_detail = of(&[MeterDetail, AccountDetail, NonIntervalDetail]).next().is_some();
    for summary in of(&[SectionKind::AccountSummary]).filter(|_| has_intervals && !has_detail) {
        let what = What::Missing("the detail of this summary");
        found.add(Code::DETAIL_MISSING, summary.at, what);
    }
}

/// The sections that tell of one meter what its summary sums up.
const DETAILS: &[SectionKind] = &[SectionKind::MeterDetail, SectionKind::NonIntervalDetail];

fn meters<'r>(sections: impl Iterator<Item = &'r UsageSection>) -> HashSet<Option<&'r str>> {
    sections.map(meter).collect()
}
