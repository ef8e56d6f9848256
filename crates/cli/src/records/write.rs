//! Records written to a file, one after the other.

use std::io::Write;

use tieline_mapping::files::xlsx::{self, XlsxOptions};
use tieline_mapping::files::{FileError, Losses, bulk_xml, espi, losses};
use tieline_model::record::Record;

use super::files::espi_options;
use super::x12::Sending;
use super::{Format, Table, json, tables, x12};
use crate::failure::Failure;
use crate::partners::Guides;
use crate::{clock, exit};

/// What records are written as.
pub(crate) struct Target<'t> {
    /// The format.
    pub(crate) format: Format,
    /// Which table, where the format is one.
    pub(crate) table: Option<Table>,
    /// Whose codes and guides hold.
    pub(crate) guides: &'t Guides,
    /// The envelope of interchanges.
    pub(crate) sending: &'t Sending,
}

/// Takes records and writes them.
pub(crate) struct Sink<'s> {
    writer: Writer<'s>,
    losses: Losses,
}

enum Writer<'s> {
    X12(Box<x12::Writer<'s>>),
    Json(json::Writer<'s>),
    Table(Box<tables::Writer<'s>>),
    Xlsx(Box<xlsx::Writer<&'s mut dyn Write>>),
    Espi(Box<espi::Writer<&'s mut dyn Write>>),
    Xml(Box<bulk_xml::Writer<&'s mut dyn Write>>),
}

impl<'t> Target<'t> {
    /// A sink that writes to `out`.
    pub(crate) fn open(&self, out: &'t mut dyn Write) -> anyhow::Result<Sink<'t>> {
        let options = self.guides.options(None);
        let writer = match self.format {
            Format::X12 => Writer::X12(x12::Writer::new(out, self.guides, self.sending).into()),
            Format::Json => Writer::Json(json::Writer::new(out)),
            Format::Csv => {
                Writer::Table(tables::Writer::new(out, self.table, &options.files).into())
            }
            Format::Xlsx => {
                let options = XlsxOptions {
                    only: self.table.map(Table::sheet),
                    usage: options.files.usage_csv.table.clone(),
                    bills: options.files.billing_csv.table.clone(),
                    payments: options.files.payment_csv.table.clone(),
                };
                Writer::Xlsx(xlsx::Writer::new(out, &options).into())
            }
            Format::Espi => {
                let options = espi_options(Some(options.common.zone.clone()), clock::instant());
                Writer::Espi(espi::Writer::new(out, &options).map_err(|e| unwritable(&e))?.into())
            }
            Format::Xml => {
                let writer = bulk_xml::Writer::new(out, &bulk_xml::BulkXmlOptions::default());
                Writer::Xml(writer.map_err(|error| unwritable(&error))?.into())
            }
            Format::Smarthub => {
                let message = "an answer of SmartHub can only be read";
                return Err(Failure::usage(message, None).into());
            }
        };
        Ok(Sink { writer, losses: Losses::default() })
    }
}

impl Sink<'_> {
    /// Writes a record, and counts what the format has no place for.
    pub(crate) fn write(&mut self, record: &Record) -> anyhow::Result<()> {
        let is_envelope = matches!(record, Record::Interchange(_) | Record::Group(_));
        let written = match &mut self.writer {
            Writer::X12(writer) => return writer.write(record),
            Writer::Json(writer) => return writer.write(record),
            // What a document came in is not what it says.
            _ if is_envelope => return Ok(()),
            Writer::Table(writer) => {
                self.losses.add(writer.losses(record));
                writer.write(record)
            }
            Writer::Xlsx(writer) => {
                self.losses.add(writer.losses(record));
                writer.write(record)
            }
            Writer::Espi(writer) => {
                self.losses.add(espi::losses(record));
                writer.write(record)
            }
            Writer::Xml(writer) => {
                self.losses.add(losses(record, &bulk_xml::HOLDS));
                writer.write(record)
            }
        };
        written.map_err(|error| unwritable(&error).into())
    }

    /// Writes the end; what was lost on the way.
    pub(crate) fn finish(mut self) -> anyhow::Result<Losses> {
        match self.writer {
            Writer::X12(writer) => self.losses.add(writer.finish()?),
            Writer::Json(writer) => writer.finish()?,
            Writer::Table(writer) => writer.finish().map_err(|error| unwritable(&error))?,
            Writer::Xlsx(writer) => {
                writer.finish().map_err(|error| unwritable(&error))?;
            }
            Writer::Espi(writer) => {
                writer.finish().map_err(|error| unwritable(&error))?;
            }
            Writer::Xml(writer) => {
                writer.finish().map_err(|error| unwritable(&error))?;
            }
        }
        Ok(self.losses)
    }
}

/// A record that cannot be written. A full disk is not the record's fault.
fn unwritable(error: &FileError) -> Failure {
    use tieline_mapping::files::FileFault;
    let code = match &error.fault {
        FileFault::Io(_) => exit::UNWRITABLE,
        _ => exit::FINDINGS,
    };
    Failure { code, message: format!("it cannot be written: {error}"), help: None }
}
