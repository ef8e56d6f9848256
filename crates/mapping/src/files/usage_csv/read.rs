//! Rows as usage reports.

use std::io::Read;
use std::ops::Range;

use tieline_model::coded::Coded;
use tieline_model::common::Purpose;
use tieline_model::record::Record;
use tieline_model::time::Timestamp;
use tieline_model::usage::{
    Basis, CodeNumber, Factor, FactorKind, Measurement, RegisterRead, SectionKind, SeriesError,
    UsageItem, UsageKind, UsageQuantity, UsageReport, UsageSection,
};

use super::open::{Begun, Edge, Open};
use super::*;
use crate::files::clock::{Clock, TimeReader};
use crate::files::error::FileError;
use crate::files::table::reader::{RowReader, TableReader};
use crate::files::table::{Row, TableFault, cells};

/// Reads usage reports from a table, one after the other.
///
/// A wrong row is an error with its place; the next call goes on behind it. Rows that are wrong for
/// the same reason, because they say the same of account, meter or series, are told once. The
/// report around a wrong row is given without it, so whoever wants whole reports only refuses a
/// file that has an error.
pub struct Reader<R> {
    pub(super) table: TableReader<R>,
    layout: UsageLayout,
    /// Whether a row is a day with many intervals.
    is_by_day: bool,
    pub(super) options: UsageCsvOptions,
    times: TimeReader,
    pub(super) open: Option<Open>,
    /// The last row, of which the cells at `places` say where it belongs.
    known: Row,
    places: Vec<usize>,
    /// The series or section the last row belongs to; `None` if that could not be read.
    pub(super) current: Option<usize>,
    /// The cell of the quality that was read last, and its code in the current series.
    quality: (String, Option<CodeNumber>),
    /// The cells of the quantity that was read last, and its row.
    item: Option<(String, u64)>,
    waiting: Option<FileError>,
}

impl<R: Read> Reader<R> {
    /// Reads the header of a table.
    ///
    /// # Errors
    ///
    /// [`FileError`] if there is none, a column that must be there is not, or one is there twice.
    pub fn new(source: R, options: &UsageCsvOptions) -> Result<Reader<R>, FileError> {
        let (mut layout, mut is_by_day) = (UsageLayout::Readings, false);
        let table = TableReader::open(source, &options.table, |has| {
            is_by_day = has(&DAYS[VALUE]);
            if is_by_day || has(&INTERVALS[START]) || has(&INTERVALS[END]) {
                layout = UsageLayout::Intervals;
            }
            if is_by_day { &DAYS } else { layout.columns() }
        })?;
        if !table.has(REPORT_DATE) && options.date.is_none() {
            return Err(table.header_fault(TableFault::ColumnMissing("report_date")));
        }
        let constant = if layout == UsageLayout::Intervals { START } else { ITEM };
        Ok(Reader {
            places: table.places(0..constant).collect(),
            table,
            layout,
            is_by_day,
            options: options.clone(),
            times: TimeReader::default(),
            open: None,
            known: Row::default(),
            current: None,
            quality: (String::new(), None),
            item: None,
            waiting: None,
        })
    }

    /// The layout of the file.
    pub fn layout(&self) -> UsageLayout {
        self.layout
    }

    /// Headers of columns that the format does not have, and which are not read.
    pub fn unknown_columns(&self) -> &[String] {
        self.table.unknown()
    }

    fn key(&self, columns: Range<usize>) -> String {
        let mut key = String::new();
        for column in columns {
            key.push_str(self.table.cell(column));
            key.push('\0');
        }
        key
    }

    /// What tells a report from others.
    fn report_key(&self) -> String {
        let mut key = self.key(REPORT_NUMBER..SERVICE_POINT + 1);
        if self.table.cell(REPORT_NUMBER).is_empty() {
            key += &self.key(METER..METER + 1);
        }
        key
    }

    fn new_report(&self) -> Result<UsageReport, FileError> {
        let table = &self.table;
        let purpose = table.coded(PURPOSE)?.unwrap_or(Purpose::Original.into());
        let date = table.date(REPORT_DATE)?.or(self.options.date);
        let date = date.ok_or_else(|| table.fault(REPORT_DATE, TableFault::CellEmpty))?;
        let mut report = UsageReport::new(purpose, table.text(REPORT_NUMBER), date);
        report.kind = match (table.has(REPORT_KIND), self.layout) {
            (true, _) => table.coded(REPORT_KIND)?,
            (false, UsageLayout::Intervals) => Some(UsageKind::Interval.into()),
            (false, UsageLayout::Readings) => Some(UsageKind::Monthly.into()),
        };
        report.answers = table.text(ANSWERS);
        report.account = table.identifier(ACCOUNT)?;
        report.service_point = table.identifier(SERVICE_POINT)?;
        Ok(report)
    }

    /// The section of the row, which is begun if there is none. `own` tells it apart where the file
    /// does not number its sections.
    fn find_section(&mut self, own: &str) -> Result<usize, FileError> {
        let mut key = self.key(SECTION..METER_EXCHANGE + 1);
        if self.table.cell(SECTION).is_empty() {
            key.push_str(own);
        }
        let table = &self.table;
        let Some(open) = &mut self.open else { return Ok(0) };
        if let Some(found) = open.sections.get(&key) {
            return Ok(*found);
        }
        if open.sections.len() == MAX_SERIES {
            return Err(table.header_fault(TableFault::TooManySeries(MAX_SERIES)));
        }
        let kind = table.coded(SECTION_KIND)?.unwrap_or(SectionKind::MeterDetail.into());
        let mut section = UsageSection::new(kind);
        section.commodity = table.coded(COMMODITY)?;
        section.meter = table.identifier(METER)?;
        section.channel = table.text(CHANNEL);
        section.period = table.section_period(PERIOD_START, PERIOD_END, METER_EXCHANGE)?;
        section.service_point = table.identifier(SECTION_PLACE)?;
        if self.layout == UsageLayout::Readings {
            section.role = table.coded(ROLE)?;
        }
        section.at = table.ordinal();
        open.report.sections.push(section);
        let number = open.report.sections.len() - 1;
        open.sections.insert(key, number);
        Ok(number)
    }

    /// The series of the row, which is begun if there is none.
    fn find_series(&mut self) -> Result<usize, FileError> {
        let key = self.key(SECTION..START);
        if let Some(found) = self.open.as_ref().and_then(|open| open.series.get(&key)) {
            return Ok(*found);
        }
        let table = &self.table;
        let zone = |cell: &str| Zone::named(cell.trim()).map_err(|_| TableFault::NotAZone);
        let zone = table.maybe(ZONE, zone)?.or_else(|| self.options.zone.clone());
        let zone = zone.ok_or_else(|| table.fault(ZONE, TableFault::NoZone))?;
        let seconds = match table.maybe(SECONDS, |cell| count(cell, 1))? {
            Some(seconds) => Some(seconds),
            None => table.maybe(MINUTES, |cell| count(cell, 60))?,
        };
        let seconds = seconds.or(self.options.interval_seconds);
        let (direction, unit) = (self.direction(DIRECTION)?, self.unit(UNIT)?);
        let section = self.find_section(&self.key(SERIES..START))?;
        let at = self.table.ordinal();
        let Some(open) = &mut self.open else { return Ok(0) };
        if open.begun.len() == MAX_SERIES {
            return Err(self.table.header_fault(TableFault::TooManySeries(MAX_SERIES)));
        }
        open.series.insert(key, open.begun.len());
        let (clock, series) = (Clock::of(zone), None);
        open.begun.push(Begun { section, direction, unit, clock, seconds, at, series });
        Ok(open.begun.len() - 1)
    }

    fn direction(&self, column: usize) -> Result<Direction, FileError> {
        Ok(self.table.maybe(column, cells::word)?.unwrap_or(self.options.direction))
    }

    fn unit(&self, column: usize) -> Result<Coded<Unit>, FileError> {
        Ok(self.table.maybe(column, cells::unit)?.unwrap_or(self.options.unit.into()))
    }

    fn add_point(&mut self, current: usize) -> Result<(), FileError> {
        let table = &self.table;
        let order = self.options.table.dates;
        let times = &mut self.times;
        let start = table.maybe(START, |cell| times.read(cell, order))?;
        let end = table.maybe(END, |cell| times.read(cell, order))?;
        let quantity = table.number(QUANTITY)?;
        let Some(open) = &mut self.open else { return Ok(()) };
        let begun = &mut open.begun[current];
        let column = |edge| match edge {
            Edge::End if table.has(END) => END,
            _ if table.has(START) => START,
            _ => END,
        };
        let when = begun.when(start, end);
        let mut when = when.map_err(|(edge, fault)| table.fault(column(edge), fault))?;
        when.is_ambiguous |= table.cell(AMBIGUOUS).eq_ignore_ascii_case("yes");

        let cell = table.cell(QUALITY);
        let is_sent = quantity.is_some() || !cell.is_empty();
        let fault = |error: SeriesError| match error {
            SeriesError::Overlap { .. } => table.fault(column(Edge::Start), TableFault::OutOfOrder),
            SeriesError::OffBeat(_) => table.fault(column(Edge::Start), TableFault::OffBeat),
            SeriesError::Negative(_) => table.fault(QUANTITY, TableFault::Negative),
            other => table.fault(column(Edge::Start), TableFault::Series(other.to_string())),
        };
        let code = match self.quality.1 {
            _ if !is_sent => None,
            Some(code) if self.quality.0 == cell => Some(code),
            _ => {
                let quality = table.coded(QUALITY)?.unwrap_or(self.options.quality.into());
                let at = Timestamp::from_second(when.start);
                let at = at.map_err(|_| fault(SeriesError::TooLong))?;
                let series = begun.series(at).map_err(fault)?;
                let code = series.code(quality.meaning, quality.raw.as_deref()).map_err(fault)?;
                self.quality.0.clear();
                self.quality.0.push_str(cell);
                self.quality.1 = Some(code);
                Some(code)
            }
        };
        let before = begun.series.as_ref().map_or(0, |series| series.len());
        match begun.push(&when, code.map(|code| (code, quantity))) {
            Err(SeriesError::TooFar(_)) => {
                let number = self.successor(current)?;
                return self.add_point(number);
            }
            pushed => pushed.map_err(fault)?,
        }
        let points = begun.series.as_ref().map_or(0, |series| series.len()) - before;
        open.points = open.points.saturating_add(points as u32);
        Ok(())
    }

    /// Begins a series that goes on far behind another, which takes its place.
    pub(super) fn successor(&mut self, current: usize) -> Result<usize, FileError> {
        let table = &self.table;
        let Some(open) = &mut self.open else { return Ok(current) };
        let number = open.begun.len();
        if number == MAX_SERIES {
            return Err(table.header_fault(TableFault::TooManySeries(MAX_SERIES)));
        }
        let next = open.begun[current].successor(table.ordinal());
        for known in open.series.values_mut().filter(|known| **known == current) {
            *known = number;
        }
        open.begun.push(next);
        (self.current, self.quality.1) = (Some(number), None);
        Ok(number)
    }

    fn add_quantity(&mut self, section: usize) -> Result<(), FileError> {
        let table = &self.table;
        let own = self.key(ITEM..OCCURRED + 1);
        let measurements = self.measurements()?;
        let number = table.cell(ITEM);
        let row = table.row_number();
        let Some(open) = &mut self.open else { return Ok(()) };
        let items = &mut open.report.sections[section].items;
        if let (Some((known, known_row)), Some(UsageItem::Quantity(quantity))) =
            (&self.item, items.last_mut())
            && !number.is_empty()
            && known.split('\0').next() == Some(number)
        {
            if *known != own {
                return Err(table.fault(ITEM, TableFault::Differs(*known_row)));
            }
            quantity.measurements.extend(measurements);
            return Ok(());
        }
        let direction = table.maybe(ITEM_DIRECTION, cells::word)?;
        let direction = direction.unwrap_or(self.options.direction);
        let amount = table.number(ITEM_QUANTITY)?;
        let quality = table.coded(ITEM_QUALITY)?.unwrap_or(self.options.quality.into());
        let unit = table.maybe(ITEM_UNIT, cells::unit)?;
        let own_unit = unit.clone().unwrap_or(self.options.unit.into());
        let made = UsageQuantity::new(direction, amount, own_unit, quality);
        let mut quantity = made.map_err(|_| table.fault(ITEM_QUANTITY, TableFault::Negative))?;
        if unit.is_none() && table.has(ITEM_UNIT) {
            quantity.unit = None;
        }
        quantity.basis = table.maybe(BASIS, cells::word)?.unwrap_or(Basis::Measured);
        let order = self.options.table.dates;
        quantity.occurred = table.maybe(OCCURRED, |cell| cells::stamp(cell, order))?;
        quantity.measurements = measurements;
        quantity.at = table.ordinal();
        items.push(UsageItem::Quantity(quantity));
        open.points = open.points.saturating_add(1);
        self.item = Some((own, row));
        Ok(())
    }

    /// What stands behind the quantity of the row.
    fn measurements(&self) -> Result<Vec<Measurement>, FileError> {
        let table = &self.table;
        let mut found = Vec::new();
        if (READ_PAIR..MULTIPLIER).any(|column| !table.cell(column).is_empty()) {
            found.push(Measurement::Read(RegisterRead {
                pair: table.coded(READ_PAIR)?,
                measure: table.text(READ_MEASURE),
                amount: match table.has(READ_AMOUNT) {
                    true => table.number(READ_AMOUNT)?,
                    false => table.number(ITEM_QUANTITY)?,
                },
                unit: match table.has(READ_UNIT) {
                    true => table.maybe(READ_UNIT, cells::unit)?,
                    false => Some(self.unit(ITEM_UNIT)?),
                },
                begin: table.number(BEGIN_READ)?,
                end: table.number(END_READ)?,
                time_of_use: table.coded(TIME_OF_USE)?,
            }));
        }
        let factor = |kind, value| {
            Measurement::Factor(Factor { kind, value, unit: None, time_of_use: None })
        };
        if let Some(value) = table.number(MULTIPLIER)? {
            found.push(factor(FactorKind::Multiplier.into(), value));
        }
        if let Some(value) = table.number(FACTOR)? {
            let kind = table.must(FACTOR_KIND, cells::coded)?;
            found.push(factor(kind, value));
        }
        Ok(found)
    }
}

impl<R: Read> RowReader<R> for Reader<R> {
    fn parts(&mut self) -> (&mut TableReader<R>, &mut Option<FileError>) {
        (&mut self.table, &mut self.waiting)
    }

    fn take_row(&mut self) -> Result<Option<Record>, FileError> {
        let row = self.table.row();
        let is_same = |place: &usize| row.cell(*place) == self.known.cell(*place);
        let is_known = self.known.len() == row.len() && self.places.iter().all(is_same);
        let is_full = self.open.as_ref().is_some_and(|it| it.points >= self.options.max_points);
        let mut finished = None;
        if !is_known || is_full {
            self.known.copy(row);
            (self.current, self.quality.1, self.item) = (None, None, None);
            let key = self.report_key();
            let is_other = self.open.as_ref().is_none_or(|open| open.key != key);
            if is_full || is_other {
                finished = self.close();
                match self.new_report() {
                    Ok(report) => self.open = Some(Open::new(report, key)),
                    Err(error) => return self.later(finished, error),
                }
            }
            let found = match self.layout {
                UsageLayout::Intervals => self.find_series(),
                UsageLayout::Readings => self.find_section(""),
            };
            match found {
                Ok(found) => self.current = Some(found),
                Err(error) => return self.later(finished, error),
            }
        }
        let added = match (self.current, self.layout) {
            (None, _) => Ok(()),
            (Some(series), _) if self.is_by_day => self.add_day(series),
            (Some(series), UsageLayout::Intervals) => self.add_point(series),
            (Some(section), UsageLayout::Readings) => self.add_quantity(section),
        };
        match added {
            Ok(()) => Ok(finished),
            Err(error) => self.later(finished, error),
        }
    }

    fn close(&mut self) -> Option<Record> {
        let has_periods = self.table.has(PERIOD_START) || self.table.has(PERIOD_END);
        self.open.take()?.close(!has_periods)
    }
}

impl<R: Read> Iterator for Reader<R> {
    type Item = Result<Record, FileError>;

    fn next(&mut self) -> Option<Result<Record, FileError>> {
        self.next_record()
    }
}

/// A whole number of seconds or minutes.
fn count(cell: &str, seconds: u32) -> Result<u32, TableFault> {
    let number = cell.trim().parse::<u32>().ok().and_then(|count| count.checked_mul(seconds));
    number.filter(|number| *number > 0).ok_or(TableFault::NotACount)
}
