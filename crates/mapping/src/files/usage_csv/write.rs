//! Usage reports as rows.

use std::io::Write;

use tieline_model::coded::Coded;
use tieline_model::record::Record;
use tieline_model::usage::{
    FactorKind, IntervalSeries, Measurement, PointValue, Quality, UsageItem, UsageQuantity,
    UsageReport, UsageSection,
};

use super::*;
use crate::files::clock::Clock;
use crate::files::error::{FileError, FileFault};
use crate::files::table::cells;
use crate::files::table::reader::section_period_cells;
use crate::files::table::writer::{CellSink, TableWriter};

/// Writes usage reports as a table.
pub struct Writer<W>(Rows<TableWriter<W>>);

impl<W: Write> Writer<W> {
    /// Begins a table with its header.
    ///
    /// # Errors
    ///
    /// [`FileError`] if the options name columns that there are not.
    pub fn new(sink: W, options: &UsageCsvOptions) -> Result<Writer<W>, FileError> {
        let layout = options.layout;
        let table = TableWriter::new(sink, layout.columns(), &options.table)?;
        Ok(Writer(Rows { table, layout }))
    }

    /// Writes one record.
    ///
    /// # Errors
    ///
    /// [`FileFault::NotHeld`] for a record that is no usage report, or has nothing that this layout
    /// is for; nothing of it is written then. [`FileFault::Io`].
    pub fn write(&mut self, record: &Record) -> Result<(), FileError> {
        self.0.write(record)
    }

    /// Writes what is left, and gives the sink back.
    ///
    /// # Errors
    ///
    /// [`FileFault::Io`].
    pub fn finish(self) -> Result<W, FileError> {
        self.0.table.finish()
    }
}

/// The rows of usage reports.
pub(crate) struct Rows<T> {
    pub(crate) table: T,
    pub(crate) layout: UsageLayout,
}

impl<T: CellSink> Rows<T> {
    pub(crate) fn write(&mut self, record: &Record) -> Result<(), FileError> {
        self.table.next_record();
        let Record::UsageReport(report) = record else {
            return Err(self.table.fault(FileFault::NotHeld("record other than a usage report")));
        };
        self.check(report)?;
        self.report_cells(report);
        let mut number = 0;
        for section in &report.sections {
            let is_written = |item: &UsageItem| match item {
                UsageItem::Series(series) => {
                    self.layout == UsageLayout::Intervals && !series.is_empty()
                }
                UsageItem::Quantity(_) => self.layout == UsageLayout::Readings,
            };
            if !section.items.iter().any(is_written) {
                continue;
            }
            number += 1;
            self.section_cells(section, number);
            match self.layout {
                UsageLayout::Intervals => {
                    let full = section.series().filter(|series| !series.is_empty());
                    (1..).zip(full).try_for_each(|(n, series)| self.series(series, n))?;
                }
                UsageLayout::Readings => {
                    let all = (1..).zip(section.quantities());
                    self.table.maybe_plain(ROLE, section.role.as_ref().map(cells::coded_text));
                    all.into_iter().try_for_each(|(n, quantity)| self.quantity(quantity, n))?;
                }
            }
        }
        Ok(())
    }

    /// What cannot be told in a table is refused before anything is written.
    fn check(&self, report: &UsageReport) -> Result<(), FileError> {
        let not_held = |what| Err(self.table.fault(FileFault::NotHeld(what)));
        let has_items = match self.layout {
            UsageLayout::Intervals => {
                let full = |it: &&IntervalSeries| !it.is_empty();
                let series: Vec<_> = report.series().map(|(_, one)| one).filter(full).collect();
                if series.iter().any(|it| it.start().subsec_nanosecond() != 0) {
                    return not_held("interval that starts between two seconds");
                }
                !series.is_empty()
            }
            UsageLayout::Readings => {
                report.sections.iter().any(|section| section.quantities().next().is_some())
            }
        };
        match (has_items, self.layout) {
            (true, _) => Ok(()),
            (false, UsageLayout::Intervals) => not_held("usage report without intervals"),
            (false, UsageLayout::Readings) => not_held("usage report without quantities"),
        }
    }

    fn report_cells(&mut self, report: &UsageReport) {
        let table = &mut self.table;
        table.clear_from(0);
        table.maybe_text(REPORT_NUMBER, report.number.as_deref());
        table.plain(REPORT_DATE, report.date);
        table.coded(PURPOSE, Some(&report.purpose));
        table.coded(REPORT_KIND, report.kind.as_ref());
        table.maybe_text(ANSWERS, report.answers.as_deref());
        table.maybe_text(ACCOUNT, report.account.as_ref().map(|account| account.as_str()));
        table.maybe_text(SERVICE_POINT, report.service_point.as_ref().map(|it| it.as_str()));
    }

    fn section_cells(&mut self, section: &UsageSection, number: u32) {
        let table = &mut self.table;
        table.clear_from(SECTION);
        table.maybe_text(SECTION_PLACE, section.service_point.as_ref().map(|it| it.as_str()));
        table.count(SECTION, number);
        table.coded(SECTION_KIND, Some(&section.kind));
        table.coded(COMMODITY, section.commodity.as_ref());
        table.maybe_text(METER, section.meter.as_ref().map(|meter| meter.as_str()));
        table.maybe_text(CHANNEL, section.channel.as_deref());
        if let Some(period) = &section.period {
            let (start, end, exchange) = section_period_cells(period);
            table.maybe_plain(PERIOD_START, start);
            table.maybe_plain(PERIOD_END, end);
            table.plain(METER_EXCHANGE, exchange);
        }
    }

    fn series(&mut self, series: &IntervalSeries, number: u32) -> Result<(), FileError> {
        let table = &mut self.table;
        table.clear_from(SERIES);
        table.count(SERIES, number);
        table.word(DIRECTION, &series.direction());
        table.coded(UNIT, Some(&series.unit));
        table.plain(ZONE, series.zone.name());
        table.count(SECONDS, series.seconds());
        let beginning = table.beginning(START);

        let words: Vec<String> = series.codes().iter().map(cells::coded_text).collect();
        let word_of = |code: &Coded<Quality>| {
            let known = series.codes().iter().position(|known| std::ptr::eq(known, code));
            known.map_or("", |n| words[n].as_str())
        };
        let mut clock = Clock::of(series.zone.clone());
        let (mut start, mut end) = (String::new(), String::new());
        clock.write(series.start().as_second(), &mut start);
        for point in series.points() {
            clock.write(point.end.as_second(), &mut end);
            table.plain(START, &start);
            table.plain(END, &end);
            table.number(QUANTITY, point.value.quantity().as_ref());
            match point.value {
                PointValue::Quantity(_, code) | PointValue::NoValue(code) => {
                    table.text(QUALITY, word_of(code));
                }
                PointValue::NotSent => table.text(QUALITY, ""),
            }
            let is_ambiguous = point.exception.is_some_and(|exception| exception.ambiguous);
            table.plain(AMBIGUOUS, if is_ambiguous { "yes" } else { "" });
            table.end_row_after(&beginning, START)?;
            std::mem::swap(&mut start, &mut end);
        }
        Ok(())
    }

    /// One row, or as many as its readings and factors need.
    fn quantity(&mut self, quantity: &UsageQuantity, number: u32) -> Result<(), FileError> {
        let table = &mut self.table;
        table.clear_from(ITEM);
        table.count(ITEM, number);
        table.word(ITEM_DIRECTION, &quantity.direction());
        table.word(BASIS, &quantity.basis);
        table.coded(ITEM_UNIT, quantity.unit.as_ref());
        table.number(ITEM_QUANTITY, quantity.amount().as_ref());
        table.coded(ITEM_QUALITY, Some(&quantity.quality));
        table.maybe_text(OCCURRED, quantity.occurred.as_ref().map(cells::stamp_text).as_deref());
        let mut rest = quantity.measurements.as_slice();
        loop {
            table.clear_from(READ_PAIR);
            if let [Measurement::Read(read), behind @ ..] = rest {
                table.coded(READ_PAIR, read.pair.as_ref());
                table.maybe_text(READ_MEASURE, read.measure.as_deref());
                table.number(READ_AMOUNT, read.amount.as_ref());
                table.coded(READ_UNIT, read.unit.as_ref());
                table.number(BEGIN_READ, read.begin.as_ref());
                table.number(END_READ, read.end.as_ref());
                table.coded(TIME_OF_USE, read.time_of_use.as_ref());
                rest = behind;
            }
            if let [Measurement::Factor(factor), behind @ ..] = rest
                && factor.kind.meaning == FactorKind::Multiplier
            {
                table.number(MULTIPLIER, Some(&factor.value));
                rest = behind;
            }
            if let [Measurement::Factor(factor), behind @ ..] = rest
                && factor.kind.meaning != FactorKind::Multiplier
            {
                table.coded(FACTOR_KIND, Some(&factor.kind));
                table.number(FACTOR, Some(&factor.value));
                rest = behind;
            }
            table.end_row(READINGS.len())?;
            if rest.is_empty() {
                return Ok(());
            }
        }
    }
}
