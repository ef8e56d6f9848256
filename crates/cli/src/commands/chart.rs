//! `chart`: the load curve of a file, drawn or told day by day.

use std::path::PathBuf;

use tieline_model::common::Purpose;
use tieline_model::record::Record;
use tieline_model::time::Date;

use crate::chart::svg::{NotDrawn, svg};
use crate::chart::{Days, Gathered, MOST_PANELS, MOST_POINTS, Panel, TooMuch, table};
use crate::console::Console;
use crate::failure::Failure;
use crate::output::{write_file, write_out};
use crate::partners::PartnerArgs;
use crate::progress::Progress;
use crate::records::{self, Reader, Source, Unsaid};
use crate::{exit, reading};

/// Draw the load curve of a file, with gaps, estimates and days on which the clocks change
///
/// Times are those of the series' own zone. Each meter and direction has a curve of its own. Where
/// intervals are more than there is room for, each column shows the lowest and the highest of them.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline chart usage.edi -o usage.svg
  tieline chart usage.edi --meter 88400217 --since 2026-03-01 --until 2026-03-08 > week.svg
  tieline chart usage.edi --table                        the figures, day by day")]
pub(crate) struct ChartArgs {
    /// The file to read: 867, Green Button, CSV or our JSON; `-` reads standard input
    #[arg(value_name = "IN", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// What it is; found out by its content when not said
    #[arg(long, value_enum, value_name = "FORMAT")]
    from: Option<records::Format>,

    /// The file to write; standard output when not given
    #[arg(short, long, value_name = "OUT", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// Only this meter; may be given again
    #[arg(long, value_name = "NUMBER")]
    meter: Vec<String>,

    /// The first day, e.g. 2026-03-01
    #[arg(long, value_name = "DATE")]
    since: Option<Date>,

    /// The last day
    #[arg(long, value_name = "DATE")]
    until: Option<Date>,

    /// What to write
    #[arg(long, value_enum, value_name = "OUTPUT", default_value = "svg")]
    format: Format,

    /// The same as --format table
    #[arg(long, conflicts_with = "format")]
    table: bool,

    #[command(flatten)]
    partners: PartnerArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Format {
    /// The curve
    Svg,
    /// Its figures day by day, for people
    Table,
    /// The same as CSV, for a spreadsheet
    Csv,
    /// A page with the curve and its figures
    Html,
}

pub(crate) fn run(args: &ChartArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let panels = gather(args, console)?;
    let name = reading::name(&args.file);
    let format = if args.table { Format::Table } else { args.format };
    let drawn = match format {
        Format::Svg => svg(&panels),
        Format::Table => table::text(&panels).map_err(NotDrawn::from),
        Format::Csv => table::csv(&panels).map_err(NotDrawn::from),
        Format::Html => svg(&panels).and_then(|chart| Ok(table::page(&panels, &chart)?)),
    };
    let text = drawn.map_err(|error| not_drawn(&name, error))?;
    let write = |out: &mut dyn std::io::Write| Ok(out.write_all(text.as_bytes())?);
    match &args.output {
        Some(path) => write_file(path, write)?,
        None => write_out(console.out, write)?,
    }
    Ok(exit::ACCEPTED)
}

fn gather(args: &ChartArgs, console: &Console<'_>) -> anyhow::Result<Vec<Panel>> {
    let name = reading::name(&args.file);
    if args.since.zip(args.until).is_some_and(|(since, until)| until < since) {
        let message = "the last day is before the first";
        return Err(Failure::usage(message, None).into());
    }
    let guides = args.partners.load()?;
    let progress = Progress::new(console.shows_progress(), reading::size(&args.file));
    let reader = Reader { guides: &guides, progress: &progress };
    let days = Days { since: args.since, until: args.until };
    let source = Source { file: args.file.clone(), from: args.from, unsaid: Unsaid::default() };
    let mut gathered = Gathered::default();
    reader.read(&source, &mut |record| {
        let Record::UsageReport(report) = record else { return Ok(()) };
        // What is taken back was not used.
        if matches!(report.purpose.meaning, Purpose::Cancel | Purpose::CancelReissue) {
            return Ok(());
        }
        for (section, series) in report.series() {
            let meter = section.meter.as_ref().map_or("", |meter| meter.as_str());
            if args.meter.is_empty() || args.meter.iter().any(|wanted| wanted == meter) {
                gathered.add(section, series, days).map_err(|much| too_much(&name, much))?;
            }
        }
        Ok(())
    })?;
    progress.clear();
    if gathered.panels.is_empty() {
        let narrowed = !args.meter.is_empty() || args.since.is_some() || args.until.is_some();
        let message = match narrowed {
            true => format!("{name}: there are no intervals of this meter and these days in it"),
            false => format!("{name}: there are no intervals in it"),
        };
        return Err(Failure { code: exit::FINDINGS, message, help: None }.into());
    }
    Ok(gathered.settled())
}

fn too_much(name: &str, much: TooMuch) -> Failure {
    let (message, help) = match much {
        TooMuch::Panels => (
            format!("{name}: there are more than {MOST_PANELS} series in it"),
            "choose with --meter, which may be given again",
        ),
        TooMuch::Points => (
            format!("{name}: there are more than {MOST_POINTS} intervals in it"),
            "choose with --meter, --since and --until",
        ),
    };
    Failure { code: exit::FINDINGS, message, help: Some(help.to_string()) }
}

fn not_drawn(name: &str, error: NotDrawn) -> Failure {
    let message = match error {
        NotDrawn::Sum(error) => format!("{name}: a sum of its intervals is too long: {error}"),
        NotDrawn::Value => format!("{name}: a value has more digits than can be drawn"),
    };
    Failure { code: exit::FINDINGS, message, help: None }
}
