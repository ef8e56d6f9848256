//! `convert`: what a file says, in another format.

use std::path::PathBuf;

use tieline_mapping::derived::{SumError, summarize};
use tieline_mapping::files::Losses;
use tieline_model::record::Record;
use tieline_x12::delimiters::{Delimiters, LineEnd};
use tieline_x12::table::Release;

use crate::console::Console;
use crate::failure::Failure;
use crate::output::{write_file, write_out};
use crate::partners::PartnerArgs;
use crate::progress::Progress;
use crate::records::{Format, Reader, Sending, Source, Table, Target};
use crate::{exit, reading};

/// Translate a file into another format: usage, bills, payments and requests
///
/// The file is read one record at a time, so it may be larger than memory. A file with an error is
/// refused. What the format has no place for is named and refused too, unless --allow-loss says that
/// it may be left out. The result is written beside its place and renamed, so there is all of it or
/// nothing.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline convert usage.edi --to json
  tieline convert usage.json -o usage.edi --partner prairie-power
  tieline convert usage.edi --to csv --loss-report       says what a CSV file cannot hold")]
pub(crate) struct ConvertArgs {
    #[command(flatten)]
    source: Source,

    /// The file to write; standard output when not given
    #[arg(short, long, value_name = "OUT", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// What to write; told by the ending of OUT when not given
    #[arg(long, value_enum, value_name = "FORMAT")]
    to: Option<Format>,

    /// What the rows of a table are; told by the first record when not given
    #[arg(long, value_enum, value_name = "TABLE")]
    table: Option<Table>,

    /// Say what the format has no place for, and write nothing
    #[arg(long)]
    loss_report: bool,

    /// Leave out what the format has no place for
    #[arg(long)]
    allow_loss: bool,

    /// Add the sum of the intervals of each meter, where the file states no summary
    #[arg(long)]
    summarize: bool,

    /// The control number of the interchange and of its first group, where records bring no envelope
    #[arg(long, value_name = "NUMBER", default_value_t = 1)]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=999_999_999))]
    control_number: u32,

    /// Mark the interchange as production, where records bring no envelope; a test otherwise
    #[arg(long)]
    production: bool,

    /// The name of the customer, where records bring no envelope and do not name it
    #[arg(long, value_name = "NAME")]
    customer: Option<String>,

    /// The release of the interchange, where records bring no envelope
    #[arg(long, value_name = "RELEASE", default_value = "004010", value_parser = release)]
    release: Release,

    #[command(flatten)]
    partners: PartnerArgs,
}

fn release(text: &str) -> Result<Release, String> {
    Release::ALL
        .into_iter()
        .find(|release| release.as_str() == text)
        .ok_or_else(|| "there are 004010 and 005010".to_string())
}

pub(crate) fn run(args: &ConvertArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let guides = args.partners.load()?;
    let progress = Progress::new(console.shows_progress(), reading::size(&args.source.file));
    let reader = Reader { guides: &guides, progress: &progress };
    let sending = Sending {
        release: args.release,
        control_number: args.control_number,
        production: args.production,
        customer: args.customer.clone(),
        delimiters: Delimiters { line_end: LineEnd::Lf, ..Delimiters::default() },
    };
    let target =
        Target { format: args.target()?, table: args.table, guides: &guides, sending: &sending };
    let convert = |out: &mut dyn std::io::Write| -> anyhow::Result<Losses> {
        let mut sink = target.open(out)?;
        let unread = reader.read(&args.source, &mut |mut record| {
            if let (true, Record::UsageReport(report)) = (args.summarize, &mut record) {
                summarize(report).map_err(|error| unsummed(&args.source, &error))?;
            }
            sink.write(&record)
        })?;
        let mut losses = sink.finish()?;
        losses.add(unread);
        match losses.is_empty() || args.allow_loss || args.loss_report {
            true => Ok(losses),
            false => Err(lossy(&losses).into()),
        }
    };
    let converted = match (&args.output, args.loss_report) {
        (_, true) => convert(&mut std::io::sink()),
        (Some(path), _) => write_file(path, convert),
        (None, _) => write_out(console.out, convert),
    };
    progress.clear();
    let losses = converted?;
    if args.loss_report {
        for (field, places) in losses.iter() {
            writeln!(console.out, "{places:>8}  {field}")?;
        }
        return Ok(if losses.is_empty() { exit::ACCEPTED } else { exit::FINDINGS });
    }
    if !losses.is_empty() {
        console.say(format_args!("left out: {}", named(&losses)));
    }
    Ok(exit::ACCEPTED)
}

impl ConvertArgs {
    fn target(&self) -> Result<Format, Failure> {
        let by_name = || self.output.as_deref().and_then(Format::of_name);
        self.to.or_else(by_name).ok_or_else(|| {
            let help = "name it with --to, or end the name of OUT with it";
            Failure::usage("nothing says what to write", Some(help.to_string()))
        })
    }
}

/// Why there is no summary.
fn unsummed(source: &Source, error: &SumError) -> Failure {
    let message = format!("{}: {error}", reading::name(&source.file));
    let help = Some("leave out --summarize, or send the summary that the meter shows".to_string());
    Failure { code: exit::FINDINGS, message, help }
}

/// How many fields a message names.
const NAMED: usize = 5;

/// Why nothing is written though everything could be read.
fn lossy(losses: &Losses) -> Failure {
    Failure {
        code: exit::FINDINGS,
        message: format!("the format has no place for {}", named(losses)),
        help: Some("--loss-report tells all of it; --allow-loss leaves it out".to_string()),
    }
}

/// The first fields that are lost.
fn named(losses: &Losses) -> String {
    let mut names: Vec<&str> = losses.iter().take(NAMED).map(|(field, _)| field).collect();
    let more = losses.iter().count() - names.len();
    let rest = format!("{more} more");
    if more > 0 {
        names.push(&rest);
    }
    names.join(", ")
}
