//! Records written to a file, one after the other.

use std::io::Write;

use tieline_mapping::files::{Holds, Losses, losses};
use tieline_model::record::Record;

use super::x12::Sending;
use super::{Format, json, x12};
use crate::partners::Guides;

/// What records are written as.
pub(crate) struct Target<'t> {
    /// The format.
    pub(crate) format: Format,
    /// Whose codes and guides hold.
    pub(crate) guides: &'t Guides,
    /// The envelope of interchanges.
    pub(crate) sending: &'t Sending,
}

/// Takes records and writes them.
pub(crate) struct Sink<'s> {
    writer: Writer<'s>,
    holds: Option<&'static Holds>,
    losses: Losses,
}

enum Writer<'s> {
    X12(Box<x12::Writer<'s>>),
    Json(json::Writer<'s>),
}

impl<'t> Target<'t> {
    /// A sink that writes to `out`.
    pub(crate) fn open(&self, out: &'t mut dyn Write) -> Sink<'t> {
        let (writer, holds) = match self.format {
            Format::X12 => {
                let writer = x12::Writer::new(out, self.guides, self.sending);
                (Writer::X12(Box::new(writer)), None)
            }
            Format::Json => (Writer::Json(json::Writer::new(out)), None),
        };
        Sink { writer, holds, losses: Losses::default() }
    }
}

impl Sink<'_> {
    /// Writes a record, and counts what the format has no place for.
    pub(crate) fn write(&mut self, record: &Record) -> anyhow::Result<()> {
        if let Some(holds) = self.holds {
            self.losses.add(losses(record, holds));
        }
        match &mut self.writer {
            Writer::X12(writer) => writer.write(record),
            Writer::Json(writer) => writer.write(record),
        }
    }

    /// Writes the end; what was lost on the way.
    pub(crate) fn finish(self) -> anyhow::Result<Losses> {
        match self.writer {
            Writer::X12(writer) => writer.finish()?,
            Writer::Json(writer) => writer.finish()?,
        }
        Ok(self.losses)
    }
}
