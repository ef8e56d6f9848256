//! Records as a file that is not X12: Green Button, a table, a workbook, our XML or JSON.

use std::fmt;
use std::io::{self, Write};

use jiff::Timestamp;
use tieline_mapping::files::espi::{self, EspiOptions};
use tieline_mapping::files::usage_csv::{self, UsageCsvOptions, UsageLayout};
use tieline_mapping::files::xlsx::{self, XlsxOptions};
use tieline_mapping::files::{FileError, Losses, billing_csv, bulk_xml, losses, payment_csv};
use tieline_mapping::options::Options;
use tieline_model::record::Record;
use tieline_partner::profile::FileFormat;

/// Why records are not written.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum FormError {
    /// A record does not fit the format, or nothing can be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// It cannot be written where it goes.
    #[error(transparent)]
    Io(#[from] io::Error),
    /// The format is none that records are written in this way.
    #[error("records are not written as {0}")]
    NoSuchForm(&'static str),
}

/// What the rows of a table are.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Table {
    /// Intervals of usage.
    Intervals,
    /// Quantities of a period with their readings.
    Readings,
    /// Charges, taxes and balances of bills.
    Bills,
    /// Accounts and bills that are paid.
    Payments,
}

impl Table {
    /// The table that a record is written to.
    pub fn of(record: &Record) -> Table {
        match record {
            Record::Bill(_) => Table::Bills,
            Record::Payment(_) => Table::Payments,
            Record::UsageReport(report) if report.series().next().is_none() => Table::Readings,
            _ => Table::Intervals,
        }
    }
}

/// Takes records and writes them, one after the other.
pub struct FormWriter<'w> {
    writer: Form<'w>,
    losses: Losses,
}

enum Form<'w> {
    Json(&'w mut dyn Write, bool),
    Usage(UsageLayout, Box<usage_csv::Writer<&'w mut dyn Write>>),
    Bills(Box<billing_csv::Writer<&'w mut dyn Write>>),
    Payments(Box<payment_csv::Writer<&'w mut dyn Write>>),
    Xlsx(Box<xlsx::Writer<&'w mut dyn Write>>),
    Espi(Box<espi::Writer<&'w mut dyn Write>>),
    Xml(Box<bulk_xml::Writer<&'w mut dyn Write>>),
}

impl fmt::Debug for FormWriter<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FormWriter").field("losses", &self.losses).finish_non_exhaustive()
    }
}

impl<'w> FormWriter<'w> {
    /// A writer with these options. Green Button is dated `updated`; a CSV file is this table.
    ///
    /// # Errors
    ///
    /// [`FormError`], also for X12 and SmartHub, which are not written in this way.
    pub fn new(
        out: &'w mut dyn Write,
        format: FileFormat,
        table: Table,
        options: &Options,
        updated: Timestamp,
    ) -> Result<FormWriter<'w>, FormError> {
        let files = &options.files;
        let usage = |layout| UsageCsvOptions { layout, ..files.usage_csv.clone() };
        let of_usage = |out, layout| {
            usage_csv::Writer::new(out, &usage(layout)).map(|it| Form::Usage(layout, it.into()))
        };
        let writer = match (format, table) {
            (FileFormat::Json, _) => Form::Json(out, false),
            (FileFormat::Csv, Table::Intervals) => of_usage(out, UsageLayout::Intervals)?,
            (FileFormat::Csv, Table::Readings) => of_usage(out, UsageLayout::Readings)?,
            (FileFormat::Csv, Table::Bills) => {
                Form::Bills(billing_csv::Writer::new(out, &files.billing_csv)?.into())
            }
            (FileFormat::Csv, Table::Payments) => {
                Form::Payments(payment_csv::Writer::new(out, &files.payment_csv)?.into())
            }
            (FileFormat::Xlsx, _) => {
                let options = XlsxOptions {
                    only: None,
                    usage: files.usage_csv.table.clone(),
                    bills: files.billing_csv.table.clone(),
                    payments: files.payment_csv.table.clone(),
                };
                Form::Xlsx(xlsx::Writer::new(out, &options).into())
            }
            (FileFormat::Espi, _) => {
                let zone = Some(options.common.zone.clone());
                let options = EspiOptions { zone, updated, ..EspiOptions::default() };
                Form::Espi(espi::Writer::new(out, &options)?.into())
            }
            (FileFormat::Xml, _) => {
                let options = bulk_xml::BulkXmlOptions::default();
                Form::Xml(bulk_xml::Writer::new(out, &options)?.into())
            }
            (FileFormat::X12 | FileFormat::SmartHub, _) => {
                return Err(FormError::NoSuchForm(format.word()));
            }
        };
        Ok(FormWriter { writer, losses: Losses::default() })
    }

    /// Writes a record, and counts what the format has no place for.
    ///
    /// # Errors
    ///
    /// [`FormError`]; the file is then worth nothing.
    pub fn write(&mut self, record: &Record) -> Result<(), FormError> {
        match &mut self.writer {
            Form::Json(out, has_any) => {
                out.write_all(if *has_any { b",\n" } else { b"[\n" })?;
                *has_any = true;
                serde_json::to_writer(out, record).map_err(io::Error::from)?;
            }
            Form::Usage(layout, writer) => {
                self.losses.add(usage_csv::losses(record, *layout));
                writer.write(record)?;
            }
            Form::Bills(writer) => {
                self.losses.add(losses(record, &billing_csv::HOLDS));
                writer.write(record)?;
            }
            Form::Payments(writer) => {
                self.losses.add(losses(record, &payment_csv::HOLDS));
                writer.write(record)?;
            }
            Form::Xlsx(writer) => {
                self.losses.add(writer.losses(record));
                writer.write(record)?;
            }
            Form::Espi(writer) => {
                self.losses.add(espi::losses(record));
                writer.write(record)?;
            }
            Form::Xml(writer) => {
                self.losses.add(losses(record, &bulk_xml::HOLDS));
                writer.write(record)?;
            }
        }
        Ok(())
    }

    /// Writes the end; what the format had no place for.
    ///
    /// # Errors
    ///
    /// [`FormError`]; the file is then worth nothing.
    pub fn finish(self) -> Result<Losses, FormError> {
        match self.writer {
            Form::Json(out, has_any) => out.write_all(if has_any { b"\n]\n" } else { b"[]\n" })?,
            Form::Usage(_, writer) => drop(writer.finish()?),
            Form::Bills(writer) => drop(writer.finish()?),
            Form::Payments(writer) => drop(writer.finish()?),
            Form::Xlsx(writer) => drop(writer.finish()?),
            Form::Espi(writer) => drop(writer.finish()?),
            Form::Xml(writer) => drop(writer.finish()?),
        }
        Ok(self.losses)
    }
}

/// The first fields that are lost, for people.
pub fn named(losses: &Losses) -> String {
    /// How many are named.
    const NAMED: usize = 5;
    let mut names: Vec<&str> = losses.iter().take(NAMED).map(|(field, _)| field).collect();
    let more = losses.iter().count() - names.len();
    let rest = format!("{more} more");
    if more > 0 {
        names.push(&rest);
    }
    names.join(", ")
}
