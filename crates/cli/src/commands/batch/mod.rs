//! `batch`: many files judged, or translated, on all processors.

mod bar;
mod convert;
mod files;
mod judge;

use std::path::PathBuf;
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, channel};

use tieline_partner::pattern::NamePattern;

use crate::console::Console;
use crate::exit;
use crate::failure::Failure;
use crate::partners::{Guides, PartnerArgs};
use crate::records::{Format, Table};
use crate::text::count;
use crate::text_or_json::TextOrJson;
use bar::Bar;
use files::File;

/// Judge or translate all files of a directory, on all processors
///
/// Writes a line for each file in the order of their names, and what all come to. With --to and --out
/// each file is translated; of each the result is there whole or not at all. Names that begin with a
/// point are passed over. The exit status is that of the worst file.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline batch inbox
  tieline batch inbox --only \"*.edi\"
  tieline batch inbox --recursive --format json > report.json
  tieline batch bills --to csv --out tables")]
pub(crate) struct BatchArgs {
    /// The directory
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    folder: PathBuf,

    /// Take the files of the directories in it too
    #[arg(long)]
    recursive: bool,

    /// Take only files of such names, with * and ?
    #[arg(long, value_name = "PATTERN")]
    only: Option<NamePattern>,

    /// Translate each file into this
    #[arg(long, value_enum, value_name = "FORMAT", requires = "out")]
    to: Option<Format>,

    /// The directory for what is written, which is made if it is not there
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath, requires = "to")]
    out: Option<PathBuf>,

    /// What the rows of tables are; told by the first record of each file when not given
    #[arg(long, value_enum, value_name = "TABLE", requires = "to")]
    table: Option<Table>,

    /// Leave out what the format has no place for
    #[arg(long, requires = "to")]
    allow_loss: bool,

    /// The control number for the first file whose records bring no envelope; each file counts one
    #[arg(long, value_name = "NUMBER", default_value_t = 1, requires = "to")]
    #[arg(value_parser = clap::value_parser!(u32).range(1..=999_999_999))]
    control_number: u32,

    /// Do not look for business findings
    #[arg(long, conflicts_with = "to")]
    no_business: bool,

    /// How many files are worked on at once; as many as there are processors when not given
    #[arg(long, value_name = "NUMBER", value_parser = clap::value_parser!(u16).range(1..=256))]
    jobs: Option<u16>,

    /// How to write it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: TextOrJson,

    #[command(flatten)]
    partners: PartnerArgs,
}

/// What came of a file.
struct Outcome {
    code: u8,
    /// How it is, in a word: `ok`, `wrong`, `no EDI`, `failed`.
    word: &'static str,
    /// More about it.
    how: String,
}

impl Outcome {
    fn failed(error: &anyhow::Error) -> Outcome {
        let how = error.to_string();
        let how = how.lines().next().unwrap_or_default().to_string();
        Outcome { code: crate::failure::code_of(error), word: "failed", how }
    }
}

pub(crate) fn run(args: &BatchArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let guides = match args.no_business || args.to.is_some() {
        true => args.partners.load()?,
        false => args.partners.load_with_rates()?,
    };
    let files = files::find(&args.folder, args.recursive, args.only.as_ref())?;
    if let (Some(format), Some(out)) = (args.to, &args.out) {
        convert::plan(&files, format, out)?;
    }
    let bar = Bar::new(console.shows_progress(), files.len());
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let threads = args.jobs.map_or(threads, usize::from).min(files.len());
    let work = |(at, file): (usize, &File)| work(args, &guides, at, file);
    let jobs = Mutex::new(files.iter().enumerate());
    let (sender, receiver) = channel();
    let outcomes = std::thread::scope(|scope| {
        for _ in 0..threads {
            let (sender, jobs) = (sender.clone(), &jobs);
            scope.spawn(move || {
                // The guard of the lock must not live while a file is worked on.
                let next = || jobs.lock().ok()?.next();
                while let Some(job) = next() {
                    if sender.send((job.0, work(job))).is_err() {
                        return;
                    }
                }
            });
        }
        drop(sender);
        gather(&files, &receiver, &bar, args, console)
    })?;
    bar.clear();
    finish(&files, &outcomes, args, console)
}

fn work(args: &BatchArgs, guides: &Guides, at: usize, file: &File) -> Outcome {
    match (args.to, &args.out) {
        (Some(format), Some(out)) => convert::convert(args, guides, format, out, (at, file)),
        _ => judge::judge(guides, file, !args.no_business),
    }
}

/// Takes what comes of files as it comes, and tells it in the order of the files.
fn gather(
    files: &[File],
    receiver: &Receiver<(usize, Outcome)>,
    bar: &Bar,
    args: &BatchArgs,
    console: &mut Console<'_>,
) -> std::io::Result<Vec<Outcome>> {
    let mut came: Vec<Option<Outcome>> = files.iter().map(|_| None).collect();
    let mut outcomes = Vec::with_capacity(files.len());
    let width = files.iter().map(|file| file.name.chars().count()).max().unwrap_or(0).min(60);
    for (at, outcome) in receiver {
        bar.step(outcome.code != exit::ACCEPTED);
        came[at] = Some(outcome);
        while let Some(outcome) = came.get_mut(outcomes.len()).and_then(Option::take) {
            if args.format == TextOrJson::Text {
                bar.clear();
                line(&files[outcomes.len()], &outcome, width, console)?;
            }
            outcomes.push(outcome);
        }
    }
    Ok(outcomes)
}

fn line(
    file: &File,
    outcome: &Outcome,
    width: usize,
    console: &mut Console<'_>,
) -> std::io::Result<()> {
    let is_good = outcome.code == exit::ACCEPTED;
    if console.quiet && is_good {
        return Ok(());
    }
    let style = if is_good { console.paint.good } else { console.paint.error };
    let (word, pad) = (outcome.word, 7_usize.saturating_sub(outcome.word.len()));
    writeln!(
        console.out,
        "{style}{word}{style:#}{:pad$}  {:width$}  {}",
        "", file.name, outcome.how
    )
}

/// Tells what all files come to; the exit code.
fn finish(
    files: &[File],
    outcomes: &[Outcome],
    args: &BatchArgs,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    let code = outcomes.iter().map(|it| it.code).max().unwrap_or(exit::ACCEPTED);
    if args.format.is_json() {
        let rows = files.iter().zip(outcomes).map(|(file, it)| {
            serde_json::json!({
                "file": file.name, "result": it.word, "exit_status": it.code, "how": it.how,
            })
        });
        let rows: Vec<serde_json::Value> = rows.collect();
        writeln!(console.out, "{}", serde_json::to_string_pretty(&rows)?)?;
        return Ok(code);
    }
    let mut words: Vec<&str> = Vec::new();
    for it in outcomes {
        if !words.contains(&it.word) {
            words.push(it.word);
        }
    }
    let of = |word: &&str| outcomes.iter().filter(|it| it.word == *word).count();
    let parts: Vec<String> = words.iter().map(|word| format!("{} {word}", of(word))).collect();
    if !console.quiet {
        let all = count(files.len() as u64, "file");
        writeln!(console.out, "\n{all}: {}", parts.join(", "))?;
    }
    Ok(code)
}

/// Nothing was asked for that can be done.
fn usage(message: String, help: &str) -> Failure {
    Failure::usage(message, Some(help.to_string()))
}
