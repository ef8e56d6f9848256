//! A workbook for Excel, with a sheet for each table. It is only written.
//!
//! Sheets and columns are those of the tables. Texts, dates and numbers of accounts are text, so
//! that zeros in front stay; a number of at most fifteen digits is a number with the decimals it
//! has, a longer one is text, for a spreadsheet would round it. Nothing is ever a formula. The same
//! records are the same bytes.
//!
//! A workbook is held in memory until its end, about a kilobyte for each row, and a sheet takes
//! [`MAX_ROWS`]; what is longer is refused and belongs into a table of text.

use std::io::Write;

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Workbook, XlsxError};
use tieline_model::record::Record;
use tieline_model::usage::{UsageItem, UsageReport};

use super::error::{FileError, FileFault, Place};
use super::loss::{Losses, losses};
use super::table::TableOptions;
use super::usage_csv::{self, UsageLayout};
use super::{billing_csv, payment_csv};

mod sheet;

use sheet::SheetWriter;
pub use sheet::{MAX_DIGITS, MAX_ROWS};

/// Which table a record goes to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Sheet {
    /// Usage, an interval to a row.
    Intervals,
    /// Usage, a quantity of a period to a row.
    Readings,
    /// Bills.
    Bills,
    /// Payments.
    Payments,
}

/// How a workbook looks. Separators, line ends and decimal commas do not matter in it.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct XlsxOptions {
    /// The one sheet that there is; by the records if none is named.
    pub only: Option<Sheet>,
    /// The headers of usage.
    pub usage: TableOptions,
    /// The headers of bills.
    pub bills: TableOptions,
    /// The headers of payments.
    pub payments: TableOptions,
}

/// Writes records as a workbook.
pub struct Writer<W> {
    sink: W,
    options: XlsxOptions,
    records: u64,
    intervals: Option<usage_csv::Rows<SheetWriter>>,
    readings: Option<usage_csv::Rows<SheetWriter>>,
    bills: Option<billing_csv::Rows<SheetWriter>>,
    payments: Option<payment_csv::Rows<SheetWriter>>,
}

impl<W: Write> Writer<W> {
    /// Begins a workbook; nothing is written to `sink` before the end.
    pub fn new(sink: W, options: &XlsxOptions) -> Writer<W> {
        let options = options.clone();
        Writer {
            sink,
            options,
            records: 0,
            intervals: None,
            readings: None,
            bills: None,
            payments: None,
        }
    }

    /// What the sheets have no place for of a record.
    pub fn losses(&self, record: &Record) -> Losses {
        let of = |sheet, record: &Record| match sheet {
            Sheet::Intervals => losses(record, &usage_csv::HOLDS_INTERVALS),
            Sheet::Readings => losses(record, &usage_csv::HOLDS_READINGS),
            Sheet::Bills => losses(record, &billing_csv::HOLDS),
            Sheet::Payments => losses(record, &payment_csv::HOLDS),
        };
        let mut lost = Losses::default();
        for (sheet, part) in self.parts(record) {
            let of_part = of(sheet, part.as_ref().unwrap_or(record));
            let of_whole = part.as_ref().map(|_| of(sheet, record));
            for (field, places) in of_part.iter() {
                // What both sheets of a report leave out is lost as often as the report says it.
                let before = lost.get(field).filter(|_| !field.starts_with(ITEMS));
                let whole = of_whole.as_ref().and_then(|whole| whole.get(field));
                let more = before.zip(whole).map(|(before, whole)| whole.saturating_sub(before));
                lost.count_many(field, more.unwrap_or(places));
            }
        }
        lost
    }

    /// Writes one record.
    ///
    /// # Errors
    ///
    /// [`FileFault::NotHeld`] for a record that belongs into no sheet, or not into the only one; a
    /// [`TableFault`](super::table::TableFault) when a sheet is full or a text does not fit a cell.
    pub fn write(&mut self, record: &Record) -> Result<(), FileError> {
        self.records += 1;
        let place = Place::Record(self.records);
        for (sheet, part) in self.parts(record) {
            let written = self.write_to(sheet, part.as_ref().unwrap_or(record));
            written.map_err(|error| FileError { place: place.clone(), ..error })?;
        }
        Ok(())
    }

    /// Writes the workbook, and gives the sink back.
    ///
    /// # Errors
    ///
    /// [`FileFault::Io`].
    pub fn finish(mut self) -> Result<W, FileError> {
        if self.is_empty() {
            self.open(self.options.only.unwrap_or(Sheet::Intervals))?;
        }
        let mut book = Workbook::new();
        book.set_properties(&properties().map_err(unsaved)?);
        let usage = [self.intervals, self.readings].into_iter().flatten().map(|rows| rows.table);
        let bills = self.bills.into_iter().map(|rows| rows.0);
        let payments = self.payments.into_iter().map(|rows| rows.0);
        for sheet in usage.chain(bills).chain(payments) {
            book.push_worksheet(sheet.finish()?);
        }
        let bytes = book.save_to_buffer().map_err(unsaved)?;
        let written = self.sink.write_all(&bytes).and_then(|()| self.sink.flush());
        written.map_err(|error| FileError::new(Place::File, error))?;
        Ok(self.sink)
    }

    /// The sheets of a record. A report with intervals and quantities is parted.
    fn parts(&self, record: &Record) -> Vec<(Sheet, Option<Record>)> {
        if let Some(only) = self.options.only {
            return vec![(only, None)];
        }
        match record {
            Record::Bill(_) => vec![(Sheet::Bills, None)],
            Record::Payment(_) => vec![(Sheet::Payments, None)],
            Record::UsageReport(report) => {
                let has_series = report.series().any(|(_, series)| !series.is_empty());
                let has_quantities =
                    report.sections.iter().any(|section| section.quantities().next().is_some());
                match (has_series, has_quantities) {
                    (true, true) => vec![
                        (
                            Sheet::Intervals,
                            Some(part(report, |it| matches!(it, UsageItem::Series(_)))),
                        ),
                        (
                            Sheet::Readings,
                            Some(part(report, |it| matches!(it, UsageItem::Quantity(_)))),
                        ),
                    ],
                    (false, true) => vec![(Sheet::Readings, None)],
                    _ => vec![(Sheet::Intervals, None)],
                }
            }
            _ => vec![(Sheet::Intervals, None)],
        }
    }

    fn write_to(&mut self, sheet: Sheet, record: &Record) -> Result<(), FileError> {
        self.open(sheet)?;
        let written = match sheet {
            Sheet::Intervals => self.intervals.as_mut().map(|rows| rows.write(record)),
            Sheet::Readings => self.readings.as_mut().map(|rows| rows.write(record)),
            Sheet::Bills => self.bills.as_mut().map(|rows| rows.write(record)),
            Sheet::Payments => self.payments.as_mut().map(|rows| rows.write(record)),
        };
        written.unwrap_or(Ok(()))
    }

    /// Begins a sheet with its header, if it is not there.
    fn open(&mut self, sheet: Sheet) -> Result<(), FileError> {
        let usage = |name, layout: UsageLayout| {
            let table = SheetWriter::new(name, layout.columns(), &self.options.usage)?;
            Ok::<_, FileError>(usage_csv::Rows { table, layout })
        };
        match sheet {
            Sheet::Intervals if self.intervals.is_none() => {
                self.intervals = Some(usage("Intervals", UsageLayout::Intervals)?);
            }
            Sheet::Readings if self.readings.is_none() => {
                self.readings = Some(usage("Readings", UsageLayout::Readings)?);
            }
            Sheet::Bills if self.bills.is_none() => {
                let table = SheetWriter::new("Bills", billing_csv::COLUMNS, &self.options.bills)?;
                self.bills = Some(billing_csv::Rows(table));
            }
            Sheet::Payments if self.payments.is_none() => {
                let columns = payment_csv::COLUMNS;
                let table = SheetWriter::new("Payments", columns, &self.options.payments)?;
                self.payments = Some(payment_csv::Rows(table));
            }
            _ => {}
        }
        Ok(())
    }

    fn is_empty(&self) -> bool {
        self.intervals.is_none()
            && self.readings.is_none()
            && self.bills.is_none()
            && self.payments.is_none()
    }
}

/// A report with the items of one kind, in the sections that have some.
fn part(report: &UsageReport, is_in: fn(&UsageItem) -> bool) -> Record {
    let mut part = report.clone();
    for section in &mut part.sections {
        section.items.retain(is_in);
    }
    part.sections.retain(|section| !section.items.is_empty());
    Record::UsageReport(Box::new(part))
}

/// What stands in one sheet only, where a report is parted.
const ITEMS: &str = "usage_report.sections.items";

/// The time is fixed, so that the same records are the same bytes.
fn properties() -> Result<DocProperties, XlsxError> {
    let zero = ExcelDateTime::from_ymd(1980, 1, 1)?;
    Ok(DocProperties::new().set_creation_datetime(&zero))
}

/// Sheets are well formed, so only their packing can fail.
fn unsaved(error: XlsxError) -> FileError {
    FileError::new(Place::File, FileFault::Io(std::io::Error::other(error)))
}
