//! What a report becomes: meter readings with their types, and usage summaries.

use tieline_model::coded::Coded;
use tieline_model::decimal::Decimal;
use tieline_model::meter::Direction;
use tieline_model::period::Period;
use tieline_model::quantity::{Dimension, Unit};
use tieline_model::time::Zone;
use tieline_model::usage::{
    Basis, IntervalPoint, IntervalSeries, PointValue, Quality, SectionKind, SectionPeriod,
    UsageItem, UsageQuantity, UsageReport, UsageSection,
};

use super::entry::MAX_INT48;
use super::{EspiFault, codes};

/// The decimals of a cost.
const COST_SCALE: u8 = 5;

/// The elements of a reading type that are kept as references of a section.
const BUCKETS: [&str; 3] = ["tou", "cpp", "consumptionTier"];

/// A meter reading to be written.
#[derive(Debug)]
pub(super) struct Planned<'r> {
    pub(super) content: Content<'r>,
    pub(super) unit: &'r Coded<Unit>,
    pub(super) direction: Direction,
    pub(super) scale: Scale,
    pub(super) basis: Basis,
}

/// What a meter reading has.
#[derive(Debug)]
pub(super) enum Content<'r> {
    /// Intervals, and what they cost.
    Series(&'r IntervalSeries, Option<&'r IntervalSeries>),
    /// Quantities with the period of each.
    Quantities(Vec<(&'r UsageQuantity, Option<Period>)>),
}

/// How numbers are written: the code of their unit, the power of ten, and how many decimals that is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Scale {
    pub(super) code: u16,
    pub(super) multiplier: i16,
    decimals: u8,
}

impl Scale {
    fn new(unit: &Coded<Unit>, decimals: u8) -> Result<Scale, EspiFault> {
        let no_code = || EspiFault::NoCode(format!("the unit {:?}", unit.meaning));
        let (code, power) = codes::unit_code(unit).ok_or_else(no_code)?;
        let multiplier = i16::from(power) - i16::from(decimals);
        // What a reader would refuse is not written.
        if multiplier < -30 {
            return Err(EspiFault::TooLong);
        }
        Ok(Scale { code, multiplier, decimals })
    }

    /// The whole number that stands for an amount.
    pub(super) fn whole(&self, amount: Decimal) -> Result<i64, EspiFault> {
        whole(amount, self.decimals).ok_or(EspiFault::TooLong)
    }
}

/// An amount without its point, if it has no more decimals and fits.
fn whole(amount: Decimal, decimals: u8) -> Option<i64> {
    let missing = decimals.checked_sub(amount.scale());
    let whole = match missing {
        Some(0) => amount.mantissa(),
        Some(missing) => amount.mantissa().checked_mul(10_i128.checked_pow(u32::from(missing))?)?,
        None => amount.with_scale(decimals).ok()?.mantissa(),
    };
    i64::try_from(whole).ok().filter(|whole| (-MAX_INT48..=MAX_INT48).contains(whole))
}

/// What a cost is in hundred-thousandths.
pub(super) fn whole_cost(amount: Decimal) -> Option<i64> {
    whole(amount, COST_SCALE)
}

/// The zone of all series of a report; `usual` where it has none.
pub(super) fn zone(report: &UsageReport, usual: Option<&Zone>) -> Result<Zone, EspiFault> {
    let mut zones = report.series().map(|(_, series)| &series.zone);
    let Some(first) = zones.next().or(usual) else { return Err(EspiFault::NoZone) };
    match zones.all(|zone| zone == first) {
        true => Ok(first.clone()),
        false => Err(EspiFault::Zones),
    }
}

/// The meter readings of a section. `usual` decides about costs nothing.
pub(super) fn readings(section: &UsageSection) -> Result<Vec<Planned<'_>>, EspiFault> {
    let mut planned: Vec<Planned<'_>> = Vec::new();
    for item in &section.items {
        match item {
            UsageItem::Series(series) => {
                if let Some(Planned { content: Content::Series(values, costs @ None), .. }) =
                    planned.last_mut()
                    && are_costs_of(series, values)
                {
                    *costs = Some(series);
                    continue;
                }
                planned.push(plan_series(series)?);
            }
            UsageItem::Quantity(quantity) => {
                plan_quantity(quantity, section.period, &mut planned)?;
            }
        }
    }
    Ok(planned)
}

fn plan_series(series: &IntervalSeries) -> Result<Planned<'_>, EspiFault> {
    if series.start().subsec_nanosecond() != 0 {
        return Err(EspiFault::Fraction);
    }
    let amounts = || series.values().filter_map(|value| value.quantity());
    let finest = amounts().map(|amount| amount.scale()).max().unwrap_or(0);
    Ok(Planned {
        content: Content::Series(series, None),
        unit: &series.unit,
        direction: series.direction(),
        scale: Scale::new(&series.unit, finest)?,
        basis: Basis::Measured,
    })
}

/// Quantities of one unit and way whose periods follow each other are one meter reading.
fn plan_quantity<'r>(
    quantity: &'r UsageQuantity,
    outer: Option<SectionPeriod>,
    planned: &mut Vec<Planned<'r>>,
) -> Result<(), EspiFault> {
    let Some(unit) = &quantity.unit else {
        return Err(EspiFault::NoCode("a quantity without a unit".to_string()));
    };
    let period = quantity.period.or(outer.and_then(|outer| outer.period()));
    let scale = Scale::new(unit, quantity.amount().map_or(0, |amount| amount.scale()))?;
    if let (Some(last), Some(period)) = (planned.last_mut(), period)
        && let Content::Quantities(all) = &mut last.content
        && all.last().is_some_and(|(_, before)| before.is_some_and(|it| it.end() < period.start()))
        && (last.unit, last.direction, last.basis) == (unit, quantity.direction(), quantity.basis)
        && last.scale == scale
    {
        all.push((quantity, Some(period)));
        return Ok(());
    }
    planned.push(Planned {
        content: Content::Quantities(vec![(quantity, period)]),
        unit,
        direction: quantity.direction(),
        scale,
        basis: quantity.basis,
    });
    Ok(())
}

/// Whether a series is what the intervals of the one before it cost, so that both are one.
fn are_costs_of(costs: &IntervalSeries, values: &IntervalSeries) -> bool {
    let mut has_credit = false;
    let mut of = values.points().filter(|point| point.value.code().is_some());
    let mut is_beside = |cost: &IntervalPoint<'_>| {
        let PointValue::Quantity(amount, quality) = cost.value else {
            return cost.value == PointValue::NotSent;
        };
        has_credit |= amount.is_negative();
        whole_cost(amount).is_some()
            && of.find(|value| value.start >= cost.start).is_some_and(|value| {
                (value.start, value.end, value.value.quantity().is_some())
                    == (cost.start, cost.end, true)
                    && value.value.code() == Some(quality)
            })
    };
    let is_dollars = |series: &IntervalSeries| series.unit.meaning == Unit::UsDollar;
    is_dollars(costs)
        && !is_dollars(values)
        && costs.seconds() == values.seconds()
        && costs.zone == values.zone
        && costs.points().all(|cost| is_beside(&cost))
        && costs.direction() == if has_credit { Direction::Net } else { values.direction() }
}

/// What a section says of time of use, critical peak and tier.
pub(super) fn bucket(section: &UsageSection, name: &str) -> Option<i16> {
    let named = section.references.iter().find(|it| it.kind.raw() == name);
    named.filter(|_| BUCKETS.contains(&name))?.value.as_ref()?.parse().ok()
}

/// The quantities of a section that is a usage summary: consumption and peak demand.
pub(super) struct SummaryPlan<'r> {
    pub(super) consumption: Option<(&'r UsageQuantity, Scale)>,
    pub(super) peak: Option<(&'r UsageQuantity, Scale)>,
    pub(super) period: Option<Period>,
    pub(super) quality: Option<u16>,
}

/// A section as a usage summary, if it says nothing that a summary has no place for.
pub(super) fn summary(section: &UsageSection) -> Option<SummaryPlan<'_>> {
    let is_plain = section.kind.meaning == SectionKind::BilledSummary
        && section.meter.is_none()
        && section.channel.is_none()
        && section.service_point.is_none()
        && section.references.is_empty();
    let period = match section.period {
        None => None,
        Some(SectionPeriod::Regular(period)) => Some(period),
        Some(_) => return None,
    };
    let mut plan = SummaryPlan { consumption: None, peak: None, period, quality: None };
    let mut first: Option<&Coded<Quality>> = None;
    for item in &section.items {
        let UsageItem::Quantity(quantity) = item else { return None };
        let unit = quantity.unit.as_ref()?;
        let amount = quantity.amount()?;
        let is_usual = quantity.basis == Basis::Billed
            && quantity.direction() == Direction::Delivered
            && quantity.period.is_none()
            && codes::is_usual(unit.meaning);
        let scale = Scale::new(unit, amount.scale()).ok().filter(|_| is_usual)?;
        scale.whole(amount).ok()?;
        if first.is_some_and(|first| *first != quantity.quality) {
            return None;
        }
        first = Some(&quantity.quality);
        let place = match unit.meaning.dimension() {
            Dimension::Demand => &mut plan.peak,
            _ if plan.peak.is_none() => &mut plan.consumption,
            _ => return None,
        };
        if place.replace((quantity, scale)).is_some() {
            return None;
        }
    }
    let quality = first.filter(|quality| !is_unsaid(quality));
    plan.quality = match quality {
        Some(quality) => Some(codes::quality_code(quality)?),
        None => None,
    };
    (is_plain && !section.items.is_empty()).then_some(plan)
}

/// Whether a quality is what a reading has that says nothing about it.
pub(super) fn is_unsaid(quality: &Coded<Quality>) -> bool {
    quality.meaning == Quality::Actual && quality.raw.is_none()
}

/// The code of a quality.
pub(super) fn quality_code(quality: &Coded<Quality>) -> Result<u16, EspiFault> {
    let no_code = || EspiFault::NoCode(format!("the quality {:?}", quality.meaning));
    codes::quality_code(quality).ok_or_else(no_code)
}
