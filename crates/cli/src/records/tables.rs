//! Records as tables: usage as intervals or readings, bills, payments.

use std::io::{Cursor, Read, Write};

use tieline_mapping::files::usage_csv::{self, UsageCsvOptions, UsageLayout};
use tieline_mapping::files::xlsx::Sheet;
use tieline_mapping::files::{FileError, Losses, billing_csv, losses, payment_csv};
use tieline_mapping::options::FileOptions;
use tieline_model::record::Record;

use super::files::refused;
use super::read::{Each, Unsaid};
use crate::failure::Failure;

/// What the rows of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
pub(crate) enum Table {
    /// Intervals of usage
    Intervals,
    /// Quantities of a period with their readings
    Readings,
    /// Charges, taxes and balances of bills
    Bills,
    /// Accounts and bills that are paid
    Payments,
}

impl Table {
    /// The same in a workbook.
    pub(super) fn sheet(self) -> Sheet {
        match self {
            Table::Intervals => Sheet::Intervals,
            Table::Readings => Sheet::Readings,
            Table::Bills => Sheet::Bills,
            Table::Payments => Sheet::Payments,
        }
    }
}

/// Reads a table; which it is shows its header, of which `start` has all. Says which columns are
/// in no record.
pub(super) fn read(
    input: &mut dyn Read,
    start: &[u8],
    name: &str,
    options: &FileOptions,
    unsaid: &Unsaid,
    each: Each<'_>,
) -> anyhow::Result<Losses> {
    let mut unread = Losses::default();
    let mut leave = |columns: &[String]| {
        columns.iter().for_each(|column| unread.count(&format!("column {column}")));
    };
    let usage = UsageCsvOptions {
        date: options.usage_csv.date.or(unsaid.date),
        zone: options.usage_csv.zone.clone().or(unsaid.zone.clone()),
        ..options.usage_csv.clone()
    };
    // A reader looks at no more than the header before it gives a row.
    let bills = billing_csv::Reader::new(Cursor::new(start), &options.billing_csv);
    let payments = payment_csv::Reader::new(Cursor::new(start), &options.payment_csv);
    if bills.is_ok() {
        let reader = billing_csv::Reader::new(input, &options.billing_csv);
        let reader = reader.map_err(|error| refused(name, &error))?;
        leave(reader.unknown_columns());
        give(reader, name, each)?;
    } else if payments.is_ok() {
        let reader = payment_csv::Reader::new(input, &options.payment_csv);
        let reader = reader.map_err(|error| refused(name, &error))?;
        leave(reader.unknown_columns());
        give(reader, name, each)?;
    } else {
        let reader = usage_csv::Reader::new(input, &usage).map_err(|error| Failure {
            help: Some("docs/formats-csv.md names the columns of each table".to_string()),
            ..refused(name, &error)
        })?;
        leave(reader.unknown_columns());
        give(reader, name, each)?;
    }
    Ok(unread)
}

/// How many wrong rows are told.
const MOST_ROWS: usize = 20;

/// Hands over the records. Wrong rows are told together, and no record behind the first is given.
fn give(
    reader: impl Iterator<Item = Result<Record, FileError>>,
    name: &str,
    each: Each<'_>,
) -> anyhow::Result<()> {
    let mut wrong: Vec<FileError> = Vec::new();
    for record in reader {
        match record {
            Ok(record) if wrong.is_empty() => each(record)?,
            Ok(_) => {}
            Err(error) => wrong.push(error),
        }
        if wrong.len() == MOST_ROWS {
            break;
        }
    }
    let Some((first, others)) = wrong.split_first() else { return Ok(()) };
    let mut failure = refused(name, first);
    for other in others {
        failure.message.push_str(&format!("\n{name}: {other}"));
    }
    Err(failure.into())
}

/// A table in the writing; which it is may be told by the first record.
pub(super) struct Writer<'w> {
    out: Option<&'w mut dyn Write>,
    table: Option<Table>,
    options: FileOptions,
    open: Option<Open<'w>>,
}

enum Open<'w> {
    Usage(Box<usage_csv::Writer<&'w mut dyn Write>>),
    Bills(Box<billing_csv::Writer<&'w mut dyn Write>>),
    Payments(Box<payment_csv::Writer<&'w mut dyn Write>>),
}

impl<'w> Writer<'w> {
    pub(super) fn new(
        out: &'w mut dyn Write,
        table: Option<Table>,
        options: &FileOptions,
    ) -> Writer<'w> {
        Writer { out: Some(out), table, options: options.clone(), open: None }
    }

    /// What the table has no place for of a record that is written to it.
    pub(super) fn losses(&mut self, record: &Record) -> Losses {
        match *self.table.get_or_insert_with(|| table_of(record)) {
            Table::Intervals => usage_csv::losses(record, UsageLayout::Intervals),
            Table::Readings => usage_csv::losses(record, UsageLayout::Readings),
            Table::Bills => losses(record, &billing_csv::HOLDS),
            Table::Payments => losses(record, &payment_csv::HOLDS),
        }
    }

    pub(super) fn write(&mut self, record: &Record) -> Result<(), FileError> {
        let table = *self.table.get_or_insert_with(|| table_of(record));
        let open = self.open(table)?;
        match open {
            Some(Open::Usage(writer)) => writer.write(record),
            Some(Open::Bills(writer)) => writer.write(record),
            Some(Open::Payments(writer)) => writer.write(record),
            None => Ok(()),
        }
    }

    pub(super) fn finish(mut self) -> Result<(), FileError> {
        if self.open.is_none() {
            self.open(self.table.unwrap_or(Table::Intervals))?;
        }
        match self.open {
            Some(Open::Usage(writer)) => writer.finish().map(|_| ()),
            Some(Open::Bills(writer)) => writer.finish().map(|_| ()),
            Some(Open::Payments(writer)) => writer.finish().map(|_| ()),
            None => Ok(()),
        }
    }

    fn open(&mut self, table: Table) -> Result<Option<&mut Open<'w>>, FileError> {
        if let Some(out) = self.out.take() {
            let usage = |layout| UsageCsvOptions { layout, ..self.options.usage_csv.clone() };
            let of_usage = |out, layout| {
                usage_csv::Writer::new(out, &usage(layout)).map(|it| Open::Usage(it.into()))
            };
            self.open = Some(match table {
                Table::Intervals => of_usage(out, UsageLayout::Intervals)?,
                Table::Readings => of_usage(out, UsageLayout::Readings)?,
                Table::Bills => {
                    Open::Bills(billing_csv::Writer::new(out, &self.options.billing_csv)?.into())
                }
                Table::Payments => {
                    Open::Payments(payment_csv::Writer::new(out, &self.options.payment_csv)?.into())
                }
            });
        }
        Ok(self.open.as_mut())
    }
}

/// The table that a record is written to when none was named.
fn table_of(record: &Record) -> Table {
    match record {
        Record::Bill(_) => Table::Bills,
        Record::Payment(_) => Table::Payments,
        Record::UsageReport(report) if report.series().next().is_none() => Table::Readings,
        _ => Table::Intervals,
    }
}
