//! A usage point with its meter readings, as a usage report.

use tieline_model::account::Commodity;
use tieline_model::coded::Coded;
use tieline_model::common::{Purpose, Reference, ReferenceKind};
use tieline_model::decimal::Decimal;
use tieline_model::identifier::ServicePointId;
use tieline_model::meter::Direction;
use tieline_model::period::Period;
use tieline_model::quantity::Unit;
use tieline_model::stamp::{ClockTime, Stamp};
use tieline_model::time::{Date, Timestamp, Zone};
use tieline_model::usage::{
    Basis, CodeNumber, IntervalSeries, MeterType, Quality, SectionKind, SectionPeriod, SeriesError,
    UsageItem, UsageQuantity, UsageReport, UsageSection,
};

use super::entry::{Mark, Measured, ReadingType, Summary, scaled};
use super::held::{Held, HeldPoint, HeldReading, Number};
use super::spool::Raw;
use super::{EspiFault, EspiOptions, codes};
use crate::files::error::{FileError, Place};
use crate::files::xml::LeftOut;

/// The longest day, when the clocks are set back; what takes longer is no interval.
const LONGEST_DAY: u32 = 25 * 3600;

/// US dollars in `currency`; 0 says nothing.
const DOLLARS: [u16; 2] = [840, 0];

/// Reads a usage point that was held; `made` is when the feed was.
pub(super) fn read(
    held: &mut Held,
    number: Number,
    made: Option<&str>,
    options: &EspiOptions,
    left_out: &mut LeftOut,
) -> Result<UsageReport, FileError> {
    let missing = EspiFault::Missing { outer: "feed", name: "UsagePoint" };
    let (mut point, readings) =
        held.take(number).ok_or_else(|| FileError::new(Place::File, missing))?;
    let at_point = |fault: EspiFault| FileError::new(point.place.clone(), fault);
    let zone = zone(held, &point, options).map_err(&at_point)?;
    let made = point.made.as_deref().or(made);
    let made = made.ok_or(EspiFault::Missing { outer: "entry", name: "updated" });
    let made: Timestamp = made
        .and_then(|made| made.parse().map_err(|_| EspiFault::Time("updated")))
        .map_err(&at_point)?;

    let mut report = UsageReport::new(Purpose::Original.into(), None, zone.local(made).date());
    report.account = point.point.account.take();
    report.service_point = point.point.service_point.take().or_else(|| id(&point));
    let named = [
        (ReferenceKind::Rate, point.point.rate.take()),
        (ReferenceKind::BillingCycle, point.point.read_cycle.take()),
    ];
    for (kind, value) in named {
        report.references.extend(value.map(|value| Reference::new(kind.into(), value)));
    }
    let service = point.point.service.and_then(codes::service);
    let mut sections = Sections::default();
    for mut reading in readings {
        if reading.spool.is_empty() && reading.mark.section.is_some() {
            sections.add_empty(reading.mark, service);
            continue;
        }
        let found = held.reading_type(&reading);
        let kind = found.cloned().ok_or(EspiFault::NoReadingType);
        let kind = kind.map_err(|fault| FileError::new(reading.place.clone(), fault))?;
        if kind.is_register {
            left_out.note("MeterReading", "ReadingType of a register");
            continue;
        }
        let scale = Scale::new(&kind, reading.mark.unit, zone.clone())?;
        let items = scale.items(&mut reading, left_out)?;
        sections.add(reading.mark, &kind, service, items);
    }
    let mut sections = sections.finish();
    for summary in point.summaries {
        sections.push((summary.section, summary_section(summary, service, &zone)?));
    }
    sections.sort_by_key(|(number, _)| number.unwrap_or(u32::MAX));
    report.sections = sections.into_iter().map(|(_, section)| section).collect();
    Ok(report)
}

fn zone(held: &Held, point: &HeldPoint, options: &EspiOptions) -> Result<Zone, EspiFault> {
    match (&options.zone, held.clock(point)) {
        (Some(zone), _) => Ok(zone.clone()),
        (None, Some(clock)) => clock.zone().ok_or(EspiFault::UnknownZone),
        (None, None) => Err(EspiFault::NoZone),
    }
}

/// The identifier of the entry, where it has no name for the service point.
fn id(point: &HeldPoint) -> Option<ServicePointId> {
    let id = match point.links.id.as_str() {
        "" => point.links.own.rsplit('/').next()?,
        id => id.strip_prefix("urn:uuid:").unwrap_or(id),
    };
    ServicePointId::new(id).ok()
}

/// How the numbers of a meter reading are to be understood.
struct Scale {
    unit: Coded<Unit>,
    power: i8,
    multiplier: i8,
    direction: Direction,
    quality: Coded<Quality>,
    seconds: Option<u32>,
    basis: Basis,
    has_dollars: bool,
    has_credit: bool,
    is_of_periods: bool,
    zone: Zone,
}

impl Scale {
    fn new(kind: &ReadingType, wanted: Option<Unit>, zone: Zone) -> Result<Scale, FileError> {
        let fault = |fault| FileError::new(kind.place.clone(), fault);
        let direction = codes::direction(kind.direction);
        let (unit, power) = codes::unit(kind.unit, wanted);
        if unit.meaning == Unit::UsDollar && !DOLLARS.contains(&kind.currency.unwrap_or(0)) {
            let meaning = format!("currency {} in the model", kind.currency.unwrap_or(0));
            return Err(fault(EspiFault::NoCode(meaning)));
        }
        Ok(Scale {
            unit,
            power,
            multiplier: kind.multiplier,
            direction: direction.ok_or_else(|| fault(EspiFault::Direction(kind.direction)))?,
            quality: match kind.quality {
                Some(code) => Coded::received(codes::quality(code), code.to_string()),
                None => Quality::Actual.into(),
            },
            seconds: kind.seconds,
            basis: Basis::Measured,
            has_dollars: DOLLARS.contains(&kind.currency.unwrap_or(0)),
            has_credit: false,
            is_of_periods: false,
            zone,
        })
    }

    fn amount(&self, value: i64) -> Result<Decimal, EspiFault> {
        scaled(value, self.multiplier, self.power).ok_or(EspiFault::TooLong)
    }

    fn coded(&self, code: Option<u16>) -> Coded<Quality> {
        match code {
            Some(code) => Coded::received(codes::quality(code), code.to_string()),
            None => self.quality.clone(),
        }
    }

    /// The readings as quantities of periods, and as series.
    fn items(
        mut self,
        reading: &mut HeldReading,
        left_out: &mut LeftOut,
    ) -> Result<Vec<UsageItem>, FileError> {
        self.basis = reading.mark.basis.unwrap_or(Basis::Measured);
        self.is_of_periods = reading.mark.is_of_periods;
        self.has_credit = reading.spool.has_credit();
        let mut items = Vec::new();
        let outer = reading.place.clone();
        let in_reading = |fault| FileError::new(outer.clone(), fault);
        let place = reading.place.clone();
        for untimed in std::mem::take(&mut reading.spool.untimed) {
            match (untimed.block, self.seconds) {
                (Some(block), Some(seconds)) => {
                    let start = block + i64::from(untimed.number) * i64::from(seconds);
                    let raw = Raw { start, seconds, ..untimed.raw };
                    reading.spool.push(raw, || place.clone()).map_err(in_reading)?;
                }
                _ => items.push(self.quantity(untimed.raw, None).map_err(in_reading)?),
            }
        }
        let mut pen: Option<Pen> = None;
        let mut end = i64::MIN;
        for (place, raw) in reading.spool.in_order() {
            let fault = |fault| FileError::new(place.clone(), fault);
            if raw.start < end {
                return Err(fault(EspiFault::Overlap));
            }
            end = raw.start + i64::from(raw.seconds);
            if raw.cost.is_some() && !self.has_dollars {
                left_out.note("IntervalReading", "cost in another currency");
            }
            if let Some(period) = self.period(raw) {
                items.extend(pen.take().into_iter().flat_map(Pen::finish));
                items.push(self.quantity(raw, Some(period)).map_err(fault)?);
                if raw.cost.is_some() && self.has_dollars {
                    left_out.note("IntervalReading", "cost of a period");
                }
                continue;
            }
            if pen.as_ref().is_none_or(|pen| !pen.takes(raw)) {
                items.extend(pen.take().into_iter().flat_map(Pen::finish));
            }
            match &mut pen {
                Some(pen) => pen.push(raw, &self),
                None => {
                    let begun = Pen::new(raw, &self).map_err(fault)?;
                    pen.insert(begun).push(raw, &self)
                }
            }
            .map_err(fault)?;
        }
        items.extend(pen.into_iter().flat_map(Pen::finish));
        Ok(items)
    }

    /// The dates of a reading that is longer than a day, if it is of whole days.
    fn period(&self, raw: Raw) -> Option<Period> {
        if raw.seconds <= LONGEST_DAY && !self.is_of_periods {
            return None;
        }
        days(raw.start, raw.seconds, &self.zone)
    }

    fn quantity(&self, raw: Raw, period: Option<Period>) -> Result<UsageItem, EspiFault> {
        let amount = raw.value.map(|value| self.amount(value)).transpose()?;
        let quality = self.coded(raw.quality);
        let made = UsageQuantity::new(self.direction, amount, self.unit.clone(), quality);
        let mut quantity = made.map_err(|_| EspiFault::Negative)?;
        quantity.basis = self.basis;
        quantity.period = period;
        Ok(UsageItem::Quantity(quantity))
    }
}

/// From which date to which, if it is from midnight to midnight.
fn days(start: i64, seconds: u32, zone: &Zone) -> Option<Period> {
    let day = |second: i64| -> Option<(Date, bool)> {
        let at = Timestamp::from_second(second).ok()?;
        let date = zone.local(at).date();
        Some((date, zone.day(date).ok()?.start() == at))
    };
    let (first, starts_at_midnight) = day(start)?;
    let (next, ends_at_midnight) = day(start + i64::from(seconds))?;
    let last = next.yesterday().ok()?;
    (starts_at_midnight && ends_at_midnight).then(|| Period::new(first, last).ok()).flatten()
}

/// Writes a series, and what it cost.
struct Pen {
    values: IntervalSeries,
    costs: Option<IntervalSeries>,
    code: Option<(Option<u16>, CodeNumber)>,
}

impl Pen {
    fn new(raw: Raw, scale: &Scale) -> Result<Pen, EspiFault> {
        let start = Timestamp::from_second(raw.start);
        let start = start.map_err(|_| EspiFault::Number("start"))?;
        // An interval of another length may be the first, as on the day when clocks are changed.
        let usual = scale.seconds.filter(|usual| is_a_day(*usual) && is_a_day(raw.seconds));
        let seconds = usual.unwrap_or(raw.seconds);
        let (unit, zone) = (scale.unit.clone(), scale.zone.clone());
        let values = IntervalSeries::new(scale.direction, unit, seconds, zone, start)?;
        Ok(Pen { values, costs: None, code: None })
    }

    /// Whether an interval belongs to the same series.
    fn takes(&self, raw: Raw) -> bool {
        let fits = |series: &IntervalSeries| {
            let Ok(end) = series.end() else { return false };
            let (after, seconds) = (raw.start - end.as_second(), i64::from(series.seconds()));
            let missing = u64::try_from(after / seconds).ok();
            after % seconds == 0 && missing.is_none_or(|missing| series.takes_gap(missing))
        };
        fits(&self.values) && (raw.cost.is_none() || self.costs.as_ref().is_none_or(fits))
    }

    fn push(&mut self, raw: Raw, scale: &Scale) -> Result<(), EspiFault> {
        let start = Timestamp::from_second(raw.start);
        let start = start.map_err(|_| EspiFault::Number("start"))?;
        let code = match self.code {
            Some((known, code)) if known == raw.quality => code,
            _ => {
                let coded = scale.coded(raw.quality);
                self.values.code(coded.meaning, coded.raw.as_deref())?
            }
        };
        self.code = Some((raw.quality, code));
        let amount = raw.value.map(|value| scale.amount(value)).transpose()?;
        push_at(&mut self.values, start, code, amount, raw.seconds)?;
        let Some(cost) = raw.cost.filter(|_| scale.has_dollars) else { return Ok(()) };
        let costs = match &mut self.costs {
            Some(costs) => costs,
            none => {
                let seconds = self.values.seconds();
                let (unit, zone) = (Unit::UsDollar.into(), scale.zone.clone());
                // What costs less than nothing is a net cost.
                let direction = if scale.has_credit { Direction::Net } else { scale.direction };
                none.insert(IntervalSeries::new(direction, unit, seconds, zone, start)?)
            }
        };
        let coded = scale.coded(raw.quality);
        let code = costs.code(coded.meaning, coded.raw.as_deref())?;
        let amount = Decimal::new(i128::from(cost), 5).map_err(|_| EspiFault::TooLong)?;
        push_at(costs, start, code, Some(amount), raw.seconds)
    }

    fn finish(self) -> impl Iterator<Item = UsageItem> {
        [Some(self.values), self.costs].into_iter().flatten().map(UsageItem::Series)
    }
}

/// 23, 24 or 25 hours.
fn is_a_day(seconds: u32) -> bool {
    (23 * 3600..=LONGEST_DAY).contains(&seconds)
}

fn push_at(
    series: &mut IntervalSeries,
    start: Timestamp,
    code: CodeNumber,
    amount: Option<Decimal>,
    seconds: u32,
) -> Result<(), EspiFault> {
    series.push_at(start, code, amount).map_err(|error| match error {
        SeriesError::Negative(_) => EspiFault::Negative,
        error => error.into(),
    })?;
    if seconds != series.seconds() {
        series.set_last_seconds(seconds)?;
    }
    Ok(())
}

/// The sections of a report, and what tells them apart.
#[derive(Default)]
struct Sections(Vec<(Mark, Option<u32>, UsageSection)>);

impl Sections {
    /// Adds what a meter reading says: to a section that it belongs to, or a new one.
    fn add(
        &mut self,
        mark: Mark,
        kind: &ReadingType,
        service: Option<Commodity>,
        items: Vec<UsageItem>,
    ) {
        let commodity = kind.commodity.map(codes::commodity).or_else(|| service.map(Coded::new));
        let mut section = begin(&mark, commodity);
        section.references =
            kind.buckets.iter().map(|(name, number)| bucket(name, *number)).collect();
        section.items = items;
        let first = section.series().next();
        let seconds = first.map(IntervalSeries::seconds);
        let derived = first.map(|series| {
            let minutes = series.seconds() % 60 == 0;
            let minutes = minutes.then(|| u16::try_from(series.seconds() / 60).ok()).flatten();
            MeterType { unit: Some(series.unit.meaning), minutes }.into()
        });
        section.meter_type = section.meter_type.or(derived);
        let same = self.0.iter_mut().find(|(known, known_seconds, existing)| {
            match (known.section, mark.section) {
                (Some(known), Some(new)) => known == new,
                (None, None) => {
                    *known_seconds == seconds && are_of_one_meter(known, &mark, existing, &section)
                }
                _ => false,
            }
        });
        match same {
            Some((_, _, existing)) => existing.items.append(&mut section.items),
            None => self.0.push((mark, seconds, section)),
        }
    }

    /// Adds a section that says nothing was measured.
    fn add_empty(&mut self, mark: Mark, service: Option<Commodity>) {
        let section = begin(&mark, service.map(Coded::new));
        self.0.push((mark, None, section));
    }

    /// The sections; a period that all quantities of one have is the section's.
    fn finish(self) -> Vec<(Option<u32>, UsageSection)> {
        let sections = self.0.into_iter().map(|(mark, _, section)| (mark.section, section));
        let mut sections: Vec<_> = sections.collect();
        for (_, section) in &mut sections {
            let first = section.quantities().next().and_then(|quantity| quantity.period);
            let is_common =
                first.is_some() && section.quantities().all(|quantity| quantity.period == first);
            if section.period.is_none() && is_common && section.series().next().is_none() {
                section.period = first.map(SectionPeriod::Regular);
            }
            let own = section.period.and_then(|period| period.period());
            for item in &mut section.items {
                if let UsageItem::Quantity(quantity) = item
                    && quantity.period == own
                {
                    quantity.period = None;
                }
            }
        }
        sections
    }
}

/// A section with what its mark says.
fn begin(mark: &Mark, commodity: Option<Coded<Commodity>>) -> UsageSection {
    let mut section = UsageSection::new(mark.kind.unwrap_or(SectionKind::MeterDetail).into());
    section.commodity = commodity;
    section.meter = mark.meter.clone();
    section.channel = mark.channel.clone();
    section.service_point = mark.service_point.clone();
    section.period = mark.period;
    section.meter_type = mark.meter_type.map(Coded::new);
    section
}

/// Whether two readings are of one meter, as far as a file without our extension says: the same unit
/// and buckets, and ways that none has yet.
fn are_of_one_meter(
    known: &Mark,
    mark: &Mark,
    existing: &UsageSection,
    section: &UsageSection,
) -> bool {
    let unit_and_way = |item: &UsageItem| match item {
        UsageItem::Series(series) => (Some(series.unit.meaning), series.direction()),
        UsageItem::Quantity(quantity) => {
            (quantity.unit.as_ref().map(|unit| unit.meaning), quantity.direction())
        }
    };
    let (Some(old), Some(new)) = (existing.items.first(), section.items.first()) else {
        return false;
    };
    let ((unit, _), (new_unit, direction)) = (unit_and_way(old), unit_and_way(new));
    let is_free = existing.items.iter().all(|item| unit_and_way(item) != (unit, direction));
    known == mark
        && unit == new_unit
        && is_free
        && existing.commodity == section.commodity
        && existing.references == section.references
}

/// A number of a bucket that the model has no field for, under the name of its element.
fn bucket(name: &str, number: i64) -> Reference {
    Reference::new(Coded::received(ReferenceKind::Other, name), number.to_string())
}

/// What was billed, as a section.
fn summary_section(
    summary: Summary,
    service: Option<Commodity>,
    zone: &Zone,
) -> Result<UsageSection, FileError> {
    let fault = |fault| FileError::new(summary.place.clone(), fault);
    let mut section = UsageSection::new(SectionKind::BilledSummary.into());
    section.commodity = summary.commodity.map(codes::commodity).or_else(|| service.map(Coded::new));
    section.period = match summary.period {
        Some((start, seconds)) => billing_period(start, seconds, zone).map(SectionPeriod::Regular),
        None => None,
    };
    let quality = match summary.quality {
        Some(code) => Coded::received(codes::quality(code), code.to_string()),
        None => Quality::Actual.into(),
    };
    for measured in [&summary.consumption, &summary.peak].into_iter().flatten() {
        let Measured { unit, multiplier, value, at } = measured;
        let (unit, power) = codes::unit(*unit, None);
        let amount = scaled(*value, *multiplier, power).ok_or_else(|| fault(EspiFault::TooLong))?;
        let direction = if *value < 0 { Direction::Net } else { Direction::Delivered };
        let made = UsageQuantity::new(direction, Some(amount), unit, quality.clone());
        let mut quantity = made.map_err(|_| fault(EspiFault::Negative))?;
        quantity.basis = Basis::Billed;
        quantity.occurred = at.map(|at| {
            let local = zone.local(at);
            let time = ClockTime::new(local.hour() as u8, local.minute() as u8).ok();
            Stamp { date: local.date(), time, zone: None }
        });
        section.items.push(UsageItem::Quantity(quantity));
    }
    Ok(section)
}

/// The dates of a billing period; one that does not change at midnight ends on the day it says.
fn billing_period(start: i64, seconds: u32, zone: &Zone) -> Option<Period> {
    if let Some(period) = days(start, seconds, zone) {
        return Some(period);
    }
    let day = |second| Some(zone.local(Timestamp::from_second(second).ok()?).date());
    Period::new(day(start)?, day(start + i64::from(seconds))?).ok()
}
