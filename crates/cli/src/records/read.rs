//! Records read from a file, one after the other.

use std::io::{self, BufRead, BufReader, Read};
use std::path::{Path, PathBuf};

use tieline_model::record::Record;

use super::{Format, json, x12};
use crate::failure::Failure;
use crate::partners::Guides;
use crate::progress::Progress;
use crate::{exit, reading};

/// How much of a file is looked at to find out its format.
const FIRST: usize = 64 << 10;

/// A file of records.
#[derive(Debug, Clone, clap::Args)]
pub(crate) struct Source {
    /// The file to read; `-` reads standard input
    #[arg(value_name = "IN", value_hint = clap::ValueHint::FilePath)]
    pub(crate) file: PathBuf,

    /// What it is; found out by its content when not said
    #[arg(long, value_enum, value_name = "FORMAT")]
    pub(crate) from: Option<Format>,
}

/// What a file of records is read with.
pub(crate) struct Reader<'r> {
    /// Whose codes and guides hold.
    pub(crate) guides: &'r Guides,
    /// How far it is.
    pub(crate) progress: &'r Progress,
}

/// Takes records; an error ends the reading.
pub(crate) type Each<'e> = &'e mut dyn FnMut(Record) -> anyhow::Result<()>;

impl Reader<'_> {
    /// Reads a file and hands over its records in their order; envelopes are records too.
    ///
    /// # Errors
    ///
    /// A [`Failure`] that says where and what, if the file cannot be read or says something that
    /// is no record. Nothing is skipped.
    pub(crate) fn read(&self, source: &Source, each: Each<'_>) -> anyhow::Result<()> {
        let name = reading::name(&source.file);
        let opened = reading::open(&source.file).map_err(|e| Failure::no_input(&name, &e))?;
        let counted = Counted { source: opened.0, progress: self.progress };
        let mut input = BufReader::with_capacity(FIRST, counted);
        let start = input.fill_buf().map_err(|e| Failure::no_input(&name, &e))?;
        let format = match source.from {
            Some(format) => format,
            None => found_out(start, &source.file).ok_or_else(|| unknown(&name, start))?,
        };
        match format {
            Format::X12 => x12::read(&mut input, &name, self.guides, each),
            Format::Json => json::read(&mut input, &name, each),
        }
    }
}

/// The format of a file: by its content, else by its name.
fn found_out(start: &[u8], file: &Path) -> Option<Format> {
    Format::of_content(start).or_else(|| Format::of_name(file))
}

fn unknown(name: &str, start: &[u8]) -> Failure {
    let message = match start.is_empty() {
        true => format!("{name}: the file is empty"),
        false => format!("{name}: what is in it cannot be told"),
    };
    let help = "say what it is with --from";
    Failure { code: exit::NOT_EDI, message, help: Some(help.to_string()) }
}

/// Counts the bytes that are read.
struct Counted<'p> {
    source: Box<dyn Read>,
    progress: &'p Progress,
}

impl Read for Counted<'_> {
    fn read(&mut self, buffer: &mut [u8]) -> io::Result<usize> {
        let read = self.source.read(buffer)?;
        self.progress.add(read as u64);
        Ok(read)
    }
}
