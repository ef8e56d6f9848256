//! `validate`: judges documents and says what is wrong with them.

use std::io::{self, Write};
use std::path::{Path, PathBuf};
use std::sync::Mutex;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use crate::business::Business;
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;
use crate::output::write_file;
use crate::partners::{Guides, PartnerArgs};
use crate::progress::Progress;
use crate::reading;
use crate::report::{Format, Hearing, Manner, Report, Verdict};

const EXAMPLES: &str = "\
Examples:
  tieline validate bill.edi
  tieline validate usage.edi --partner prairie-power
  tieline validate usage.edi --guide utility/867-interval --deny warnings
  cat *.edi | tieline validate - --format short
  tieline validate --format json -o report.json inbox/*.edi";

/// Judge documents and say what is wrong with them
///
/// Each finding says where it is, what was expected there, which acknowledgment it earns and what to
/// do about it. What a document says is judged too: business findings (UTL-101 and others) never
/// change an acknowledgment. The charges of our own bills are compared with the rates in utility/rates
/// of the partners' directory. Nothing is stored and nothing is sent.
#[derive(Debug, clap::Args)]
#[command(after_help = EXAMPLES, after_long_help = exit::with_codes(EXAMPLES))]
pub(crate) struct ValidateArgs {
    /// The files to judge; `-` reads standard input
    #[arg(required = true, value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,

    #[command(flatten)]
    partners: PartnerArgs,

    /// The form of the report
    #[arg(long, value_name = "FORMAT", default_value = "text")]
    format: Format,

    /// Write the report to a file instead of standard output
    #[arg(short, long, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    /// End with exit status 1 for these too
    #[arg(long, value_name = "WHAT")]
    deny: Option<Deny>,

    /// Show at most so many errors, and so many warnings, of each file; 50 in text
    #[arg(long, value_name = "N")]
    max_errors: Option<u64>,

    /// Do not look for business findings: sums that differ, intervals that are missing, and the like
    #[arg(long)]
    no_business: bool,
}

/// What else is denied.
#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Deny {
    /// Warnings
    Warnings,
}

pub(crate) fn run(args: ValidateArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let from_input = args.files.iter().filter(|file| reading::is_standard_input(file)).count();
    if from_input > 1 {
        return Err(Failure::usage("standard input can be read only once", None).into());
    }
    let guides = match args.no_business {
        true => args.partners.load()?,
        false => args.partners.load_with_rates()?,
    };
    let deny_warnings = args.deny == Some(Deny::Warnings);
    let manner = Manner {
        paint: if args.output.is_some() { crate::console::Paint::PLAIN } else { console.paint },
        quiet: console.quiet,
        deny_warnings,
    };
    let report = args.format.report(manner);
    let work = Work {
        files: &args.files,
        guides: &guides,
        report: &*report,
        most: args.max_errors.unwrap_or(args.format.most()),
        with_business: !args.no_business,
        progress: Progress::new(console.shows_progress(), total_size(&args.files)),
    };
    let verdicts = match &args.output {
        None => work.write(console.out)?,
        Some(path) => {
            let verdicts = write_file(path, |out| Ok(work.write(out)?))?;
            console.say(format_args!("the report is in {}", path.display()));
            verdicts
        }
    };
    for failure in verdicts.iter().filter_map(|verdict| verdict.failure.as_ref()) {
        console.complain(failure);
    }
    if let Some(why) = guides.unused() {
        let judged = verdicts.iter().filter(|verdict| verdict.totals.sets > 0);
        for verdict in judged.filter(|verdict| verdict.guides.is_empty()) {
            console.say(format_args!("{}: {why}", verdict.file));
        }
    }
    let codes = verdicts.iter().map(|verdict| verdict.exit_code(deny_warnings));
    Ok(codes.max().unwrap_or(exit::ACCEPTED))
}

/// The size of all files together; none when one is not known.
fn total_size(files: &[PathBuf]) -> Option<u64> {
    files.iter().map(|file| reading::size(file)).sum()
}

/// What is to be judged, and how it is told.
struct Work<'a> {
    files: &'a [PathBuf],
    guides: &'a Guides,
    report: &'a dyn Report,
    most: u64,
    with_business: bool,
    progress: Progress,
}

/// A part of what is written about a file.
enum Piece {
    Bytes(Vec<u8>),
    /// The last part.
    End(Box<Verdict>),
}

impl Work<'_> {
    /// Judges the files, as many at once as there are processors, and writes the report in the order
    /// they were given.
    fn write(&self, out: &mut dyn Write) -> io::Result<Vec<Verdict>> {
        let threads = std::thread::available_parallelism().map_or(1, usize::from);
        let (senders, receivers): (Vec<_>, Vec<_>) =
            self.files.iter().map(|_| sync_channel(PIECES)).unzip();
        let jobs = Mutex::new(self.files.iter().zip(senders));
        self.report.begin(out)?;
        let verdicts = std::thread::scope(|scope| {
            for _ in 0..threads.min(self.files.len()) {
                scope.spawn(|| {
                    // The guard of the lock must not live while a file is judged.
                    let next = || jobs.lock().ok()?.next();
                    while let Some((file, pieces)) = next() {
                        self.judge(file, &pieces);
                    }
                });
            }
            let result = self.gather(receivers, out);
            self.progress.clear();
            if result.is_err() {
                // Nobody reads any more: what is not begun is not begun.
                while jobs.lock().is_ok_and(|mut jobs| jobs.next().is_some()) {}
            }
            result
        })?;
        self.report.end(out, &verdicts)?;
        out.flush()?;
        Ok(verdicts)
    }

    /// Judges one file.
    fn judge(&self, file: &Path, pieces: &SyncSender<Piece>) {
        let started = Instant::now();
        let writer = PieceWriter { pieces: pieces.clone(), held: Vec::new() };
        let report = self.report.file(Box::new(writer));
        let mut hearing = {
            let business = self.with_business.then(|| Business::new(self.guides));
            Hearing::new(reading::name(file), report, self.most, business)
        };
        let result = reading::check(file, self.guides, &mut hearing, |hearing, bytes| {
            self.progress.add(bytes);
            hearing.goes_on()
        });
        let verdict = hearing.end(|verdict| {
            match result {
                Ok(totals) => verdict.totals = totals,
                Err(failure) => verdict.failure = Some(failure),
            }
            verdict.took = started.elapsed();
        });
        if let Ok(verdict) = verdict {
            // When nobody listens any more, the end does not matter.
            let _ = pieces.send(Piece::End(Box::new(verdict)));
        }
    }

    /// Writes the pieces of each file, file after file.
    fn gather(
        &self,
        receivers: Vec<Receiver<Piece>>,
        out: &mut dyn Write,
    ) -> io::Result<Vec<Verdict>> {
        let mut verdicts = Vec::with_capacity(receivers.len());
        let mut joint = self.report.joint().as_bytes();
        for pieces in receivers {
            for piece in pieces {
                match piece {
                    Piece::Bytes(bytes) => {
                        let bytes = bytes.strip_prefix(joint).unwrap_or(&bytes);
                        joint = b"";
                        self.progress.clear();
                        out.write_all(bytes)?;
                    }
                    Piece::End(verdict) => verdicts.push(*verdict),
                }
            }
        }
        Ok(verdicts)
    }
}

/// How many pieces of a file wait for those of the files before it.
const PIECES: usize = 16;
/// The size of a piece.
const PIECE: usize = 64 << 10;

/// Sends what is written on in pieces.
struct PieceWriter {
    pieces: SyncSender<Piece>,
    held: Vec<u8>,
}

impl Write for PieceWriter {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        self.held.extend_from_slice(bytes);
        if self.held.len() >= PIECE {
            self.flush()?;
        }
        Ok(bytes.len())
    }

    fn flush(&mut self) -> io::Result<()> {
        if self.held.is_empty() {
            return Ok(());
        }
        let bytes = Piece::Bytes(std::mem::take(&mut self.held));
        self.pieces.send(bytes).map_err(|_| io::ErrorKind::BrokenPipe.into())
    }
}
