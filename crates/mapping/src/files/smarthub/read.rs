//! An answer as a usage report.

use tieline_model::account::Commodity;
use tieline_model::common::Purpose;
use tieline_model::identifier::MeterNumber;
use tieline_model::meter::Direction;
use tieline_model::period::Period;
use tieline_model::quantity::Unit;
use tieline_model::record::Record;
use tieline_model::time::{Instants, Timestamp, Zone};
use tieline_model::usage::{
    IntervalSeries, MeterType, SectionKind, SectionPeriod, SeriesError, UsageItem, UsageKind,
    UsageQuantity, UsageReport, UsageSection,
};

use super::answer::{Answer, Block, Series};
use super::points::{Point, Step, local, points, step};
use super::*;
use crate::files::error::{FileError, Place};
use crate::files::series::put;

const DAY: u32 = 86_400;

/// Reads an answer.
///
/// # Errors
///
/// [`FileError`]: [`SmartHubFault::Pending`] if the same request is to be made again later; another
/// [`SmartHubFault`] with the byte of the point it is about.
pub fn read(bytes: &[u8], options: &SmartHubOptions) -> Result<Import, FileError> {
    let whole = |fault: SmartHubFault| FileError::new(Place::File, fault);
    if bytes.len() > MAX_BYTES {
        return Err(whole(SmartHubFault::TooLong));
    }
    let answer: Answer<'_> = serde_json::from_slice(bytes).map_err(|error| {
        whole(SmartHubFault::NotAnAnswer { line: error.line(), column: error.column() })
    })?;
    match answer.status.as_str() {
        "COMPLETE" => {}
        "PENDING" => return Err(whole(SmartHubFault::Pending)),
        _ => return Err(whole(SmartHubFault::UnknownStatus)),
    }
    let mut importer = Importer { bytes, options, sections: Vec::new(), left_out: Vec::new() };
    for (industry, blocks) in answer.data.unwrap_or_default() {
        importer.industry(&industry, &blocks)?;
    }
    importer.finish()
}

struct Importer<'a> {
    bytes: &'a [u8],
    options: &'a SmartHubOptions,
    /// Each with the name of its series.
    sections: Vec<(Option<String>, UsageSection)>,
    left_out: Vec<LeftOut>,
}

impl Importer<'_> {
    fn industry(&mut self, industry: &str, blocks: &[Block<'_>]) -> Result<(), FileError> {
        let count = |block: &Block<'_>| block.series.iter().map(|it| it.data.len()).sum::<usize>();
        if industry != "ELECTRIC" {
            let points = blocks.iter().map(count).sum();
            if points > 0 {
                self.left_out.push(LeftOut::Industry(points));
            }
            return Ok(());
        }
        // Usage first, so that costs find the section they belong to.
        for block in blocks.iter().filter(|block| block.kind == "USAGE") {
            block.series.iter().try_for_each(|it| self.series(block, it, self.options.unit))?;
        }
        for block in blocks.iter().filter(|block| block.kind != "USAGE" && count(block) > 0) {
            match (block.kind.as_str(), self.options.costs) {
                ("COST", true) => {
                    let cost = Unit::UsDollar;
                    block.series.iter().try_for_each(|it| self.series(block, it, cost))?;
                }
                ("COST", false) => self.left_out.push(LeftOut::Costs(count(block))),
                _ => self.left_out.push(LeftOut::Kind(count(block))),
            }
        }
        Ok(())
    }

    fn series(
        &mut self,
        block: &Block<'_>,
        series: &Series<'_>,
        unit: Unit,
    ) -> Result<(), FileError> {
        if series.data.is_empty() {
            return Ok(());
        }
        let mut direction = self.direction(block, series)?;
        let fault = |(at, fault): (usize, SmartHubFault)| self.fault(series, at, fault);
        let points = points(series, &self.options.zone).map_err(fault)?;
        let step = step(&points, self.options.time_frame).map_err(fault)?;
        let is_negative =
            |point: &&Point| point.quantity.is_some_and(|quantity| quantity.is_negative());
        if let Some(point) = points.iter().find(is_negative) {
            match unit == Unit::UsDollar || direction == Direction::Net {
                true => direction = Direction::Net,
                false => return Err(fault((point.at, SmartHubFault::Negative))),
            }
        }
        if step == Step::Month {
            let months = self.months(&points, direction, unit).map_err(fault)?;
            let open = points.len() - months.len();
            self.left_out.extend((0..open).map(|_| LeftOut::OpenPeriod));
            self.month_sections(series, months, unit);
            return Ok(());
        }
        let all = self.intervals(&points, step, direction, unit).map_err(fault)?;
        let mut items: Vec<UsageItem> = all.into_iter().map(UsageItem::Series).collect();
        let known = self.sections.iter_mut().find(|(name, _)| *name == series.name);
        match known.filter(|_| unit == Unit::UsDollar) {
            Some((_, section)) => section.items.append(&mut items),
            None => {
                let starts = points.first().zip(points.last());
                let dates = starts.and_then(|(first, last)| {
                    Period::new(local(first.wall).date(), local(last.wall).date()).ok()
                });
                let mut section = self.section(series, dates, items);
                let minutes = minutes(step);
                section.meter_type =
                    minutes.is_some().then(|| MeterType { unit: Some(unit), minutes }.into());
                self.sections.push((series.name.clone(), section));
            }
        }
        Ok(())
    }

    /// A section for each month: its period is the section's, as documents have it.
    fn month_sections(
        &mut self,
        series: &Series<'_>,
        months: Vec<(Period, UsageQuantity)>,
        unit: Unit,
    ) {
        for (period, quantity) in months {
            let regular = Some(SectionPeriod::Regular(period));
            let is_same = |(name, section): &&mut (Option<String>, UsageSection)| {
                unit == Unit::UsDollar && *name == series.name && section.period == regular
            };
            let item = UsageItem::Quantity(quantity);
            match self.sections.iter_mut().find(is_same) {
                Some((_, section)) => section.items.push(item),
                None => {
                    let section = self.section(series, Some(period), vec![item]);
                    self.sections.push((series.name.clone(), section));
                }
            }
        }
    }

    fn section(
        &self,
        series: &Series<'_>,
        period: Option<Period>,
        items: Vec<UsageItem>,
    ) -> UsageSection {
        let mut section = UsageSection::new(SectionKind::MeterDetail.into());
        section.commodity = Some(Commodity::Electricity.into());
        let last = series.name.as_deref().and_then(|name| name.split_whitespace().last());
        let number = last.filter(|word| word.bytes().any(|byte| byte.is_ascii_digit()));
        let meter = number.and_then(|number| MeterNumber::new(number).ok());
        section.meter = meter.or_else(|| self.options.meter.clone());
        section.period = period.map(SectionPeriod::Regular);
        section.items = items;
        section
    }

    fn direction(&self, block: &Block<'_>, series: &Series<'_>) -> Result<Direction, FileError> {
        let named = block.meters.iter().find(|meter| meter.series_id == series.name);
        let only = match block.meters.as_slice() {
            [meter] if block.series.len() == 1 => Some(meter),
            _ => None,
        };
        let meter = named.filter(|meter| meter.series_id.is_some()).or(only);
        match meter.and_then(|meter| meter.flow_direction.as_deref()) {
            None | Some("FORWARD") => Ok(Direction::Delivered),
            Some("RETURN") => Ok(Direction::Received),
            Some("NET") => Ok(Direction::Net),
            Some(_) => Err(self.fault(series, 0, SmartHubFault::UnknownFlow)),
        }
    }

    /// The points as series; one ends where far too many points are missing.
    fn intervals(
        &self,
        points: &[Point],
        step: Step,
        direction: Direction,
        unit: Unit,
    ) -> Result<Vec<IntervalSeries>, (usize, SmartHubFault)> {
        let seconds = match step {
            Step::Seconds(seconds) => seconds,
            Step::Day | Step::Month => DAY,
        };
        let mut all: Vec<IntervalSeries> = Vec::new();
        for point in points {
            let fault = |error: SeriesError| match error {
                SeriesError::OffBeat(_) | SeriesError::Overlap { .. } => {
                    (point.at, SmartHubFault::OffBeat)
                }
                other => (point.at, SmartHubFault::Series(other.to_string())),
            };
            let is_far = match all.last_mut() {
                Some(last) => match self.push(last, point, step) {
                    Err(SeriesError::TooFar(_)) => true,
                    pushed => pushed.map(|()| false).map_err(fault)?,
                },
                None => true,
            };
            if is_far {
                let start = Timestamp::from_second(point.start);
                let start = start.map_err(|_| (point.at, SmartHubFault::NotATime))?;
                let zone = self.options.zone.clone();
                let series = IntervalSeries::new(direction, unit.into(), seconds, zone, start);
                let mut series = series.map_err(fault)?;
                self.push(&mut series, point, step).map_err(fault)?;
                all.push(series);
            }
        }
        Ok(all)
    }

    fn push(
        &self,
        series: &mut IntervalSeries,
        point: &Point,
        step: Step,
    ) -> Result<(), SeriesError> {
        let start = Timestamp::from_second(point.start).map_err(|_| SeriesError::TooLong)?;
        if step == Step::Day {
            let missing = (point.start - series.end()?.as_second()) / i64::from(DAY);
            if u64::try_from(missing).is_ok_and(|missing| !series.takes_gap(missing)) {
                return Err(SeriesError::TooFar(start));
            }
            while series.end()? < start {
                let day = series.end()?;
                series.skip(1)?;
                series.set_last_seconds(day_length(&self.options.zone, day)?)?;
            }
        }
        let code = series.code(self.options.quality, None)?;
        put(series, start, point.quantity.map(|quantity| (code, Some(quantity))))?;
        if step == Step::Day {
            series.set_last_seconds(day_length(&self.options.zone, start)?)?;
        }
        match point.is_ambiguous {
            true => series.set_last_ambiguous(),
            false => Ok(()),
        }
    }

    /// The points as quantities of months, or up to the next point.
    fn months(
        &self,
        points: &[Point],
        direction: Direction,
        unit: Unit,
    ) -> Result<Vec<(Period, UsageQuantity)>, (usize, SmartHubFault)> {
        let mut found = Vec::new();
        for (n, point) in points.iter().enumerate() {
            let start = local(point.wall).date();
            let next = points.get(n + 1).map(|next| local(next.wall).date());
            let end = match start.day() {
                1 => Some(start.last_of_month()),
                _ => next.and_then(|next| next.yesterday().ok()),
            };
            let Some(period) = end.and_then(|end| Period::new(start, end).ok()) else {
                continue;
            };
            let quality = self.options.quality.into();
            let made = UsageQuantity::new(direction, point.quantity, unit.into(), quality);
            found.push((period, made.map_err(|_| (point.at, SmartHubFault::Negative))?));
        }
        Ok(found)
    }

    /// A fault with the byte of its point.
    fn fault(&self, series: &Series<'_>, at: usize, fault: SmartHubFault) -> FileError {
        let start = self.bytes.as_ptr() as usize;
        let point = series.data.get(at).map(|point| point.x.get().as_ptr() as usize);
        let place = point.and_then(|point| point.checked_sub(start));
        FileError::new(place.map_or(Place::File, |at| Place::Byte(at as u64)), fault)
    }

    fn finish(self) -> Result<Import, FileError> {
        let options = self.options;
        let number = options.number.clone();
        let mut report = UsageReport::new(Purpose::Original.into(), number, options.date);
        report.account = options.account.clone();
        report.service_point = options.service_point.clone();
        report.sections = self.sections.into_iter().map(|(_, section)| section).collect();
        report.sections.retain(|section| !section.items.is_empty());
        let has_series = report.series().next().is_some();
        let has_months =
            report.sections.iter().any(|section| section.quantities().next().is_some());
        report.kind = match (has_series, has_months) {
            (true, true) => Some(UsageKind::Both.into()),
            (true, false) => Some(UsageKind::Interval.into()),
            (false, true) => Some(UsageKind::Monthly.into()),
            (false, false) => return Err(FileError::new(Place::File, SmartHubFault::Nothing)),
        };
        let record = Record::UsageReport(Box::new(report));
        Ok(Import { record, left_out: self.left_out })
    }
}

fn minutes(step: Step) -> Option<u16> {
    match step {
        Step::Seconds(seconds) if seconds % 60 == 0 => u16::try_from(seconds / 60).ok(),
        Step::Day => Some(1440),
        Step::Seconds(_) | Step::Month => None,
    }
}

/// From a time of one day to the same time of the next.
fn day_length(zone: &Zone, start: Timestamp) -> Result<u32, SeriesError> {
    let next = zone.local(start).checked_add(jiff::Span::new().days(1));
    let next = next.map_err(|_| SeriesError::TooLong)?;
    let end = match zone.instants(next)? {
        Instants::Once(end) | Instants::Twice(end, _) => end.as_second(),
        Instants::Never => start.as_second() + i64::from(DAY),
    };
    Ok(u32::try_from(end - start.as_second()).unwrap_or(DAY))
}
