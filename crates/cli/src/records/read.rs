//! Records read from a file, one after the other.

use std::io::{self, BufReader, Read};
use std::path::{Path, PathBuf};

use tieline_mapping::files::Losses;
use tieline_model::identifier::{AccountNumber, MeterNumber, ServicePointId};
use tieline_model::record::Record;
use tieline_model::time::{Date, Zone};

use super::{Format, files, json, tables, x12};
use crate::failure::Failure;
use crate::partners::Guides;
use crate::progress::Progress;
use crate::{clock, exit, reading};

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

    #[command(flatten)]
    pub(crate) unsaid: Unsaid,
}

/// What a file may leave unsaid.
#[derive(Debug, Clone, Default, clap::Args)]
pub(crate) struct Unsaid {
    /// The date of reports in a file that does not tell it; today when not given
    #[arg(long, value_name = "DATE", help_heading = "What a file may leave unsaid")]
    pub(crate) date: Option<Date>,

    /// The zone of the service points, e.g. America/Chicago; the partner's when not given
    #[arg(long, value_name = "ZONE", value_parser = zone)]
    #[arg(help_heading = "What a file may leave unsaid")]
    pub(crate) zone: Option<Zone>,

    /// The number of the report
    #[arg(long, value_name = "NUMBER", help_heading = "What a file may leave unsaid")]
    pub(crate) number: Option<String>,

    /// The account
    #[arg(long, value_name = "NUMBER", value_parser = account)]
    #[arg(help_heading = "What a file may leave unsaid")]
    pub(crate) account: Option<AccountNumber>,

    /// The service point, also in place of an id that a document has no room for
    #[arg(long, value_name = "NUMBER", value_parser = service_point)]
    #[arg(help_heading = "What a file may leave unsaid")]
    pub(crate) service_point: Option<ServicePointId>,

    /// The meter
    #[arg(long, value_name = "NUMBER", value_parser = meter)]
    #[arg(help_heading = "What a file may leave unsaid")]
    pub(crate) meter: Option<MeterNumber>,
}

fn zone(name: &str) -> Result<Zone, String> {
    Zone::named(name).map_err(|error| error.to_string())
}

fn account(number: &str) -> Result<AccountNumber, String> {
    AccountNumber::new(number).map_err(|error| error.to_string())
}

fn service_point(number: &str) -> Result<ServicePointId, String> {
    ServicePointId::new(number).map_err(|error| error.to_string())
}

fn meter(number: &str) -> Result<MeterNumber, String> {
    MeterNumber::new(number).map_err(|error| error.to_string())
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
    /// Reads a file and hands over its records in their order; envelopes are records too. Says what
    /// of the file is in none of them.
    ///
    /// # Errors
    ///
    /// A [`Failure`] that says where and what, if the file cannot be read or says something that
    /// is no record.
    pub(crate) fn read(&self, source: &Source, each: Each<'_>) -> anyhow::Result<Losses> {
        let name = &reading::name(&source.file);
        let (opened, _) = reading::open(&source.file).map_err(|e| Failure::no_input(name, &e))?;
        let counted = Counted { source: opened, progress: self.progress };
        let mut start = Vec::new();
        let mut input = BufReader::with_capacity(FIRST, counted);
        let first = input.by_ref().take(FIRST as u64).read_to_end(&mut start);
        first.map_err(|e| Failure::no_input(name, &e))?;
        let found = || found_out(&start, &source.file);
        let format = source.from.or_else(found).ok_or_else(|| unknown(name, &start))?;
        let mut input = BufReader::new(start.chain(input));
        let options = self.guides.options(None);
        let unsaid = Unsaid {
            date: source.unsaid.date.or_else(|| Some(clock::today())),
            zone: source.unsaid.zone.clone().or_else(|| Some(options.common.zone.clone())),
            ..source.unsaid.clone()
        };
        let each = &mut |record| each(completed(record, &unsaid));
        match format {
            Format::X12 => return x12::read(&mut input, name, self.guides, each),
            Format::Json => json::read(&mut input, name, each)?,
            Format::Xml => files::read_xml(&mut input, name, each)?,
            Format::Csv => {
                return tables::read(&mut input, &start, name, &options.files, &unsaid, each);
            }
            Format::Xlsx => {
                let message = format!("{name}: a workbook can only be written");
                let help = "save its sheet as CSV in UTF-8, and read that".to_string();
                return Err(Failure::usage(message, Some(help)).into());
            }
            Format::Espi => return files::read_espi(&mut input, name, &source.unsaid, each),
            Format::Smarthub => {
                return files::read_smarthub(&mut input, name, &options.files, &unsaid, each);
            }
        }
        Ok(Losses::default())
    }
}

/// How many characters of a number a document has room for.
pub(super) const NUMBER: usize = 30;

/// A report with what its file left unsaid.
fn completed(record: Record, unsaid: &Unsaid) -> Record {
    let Record::UsageReport(mut report) = record else { return record };
    report.number = report.number.or_else(|| unsaid.number.clone());
    report.account = report.account.or_else(|| unsaid.account.clone());
    if let Some(named) = &unsaid.service_point {
        let has_room = |own: &ServicePointId| own.as_str().chars().count() <= NUMBER;
        if !report.service_point.as_ref().is_some_and(has_room) {
            report.service_point = Some(named.clone());
        }
    }
    if let Some(meter) = &unsaid.meter {
        for section in report.sections.iter_mut().filter(|section| section.series().count() > 0) {
            section.meter.get_or_insert_with(|| meter.clone());
        }
    }
    Record::UsageReport(report)
}

/// The format of a file: by its content, else by its name.
fn found_out(start: &[u8], file: &Path) -> Option<Format> {
    Format::of_content(start).or_else(|| Format::of_name(file).filter(|_| !start.is_empty()))
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
