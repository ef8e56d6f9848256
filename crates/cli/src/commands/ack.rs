//! `ack`: the answer to a file: TA1, 997 or 999.

use std::io::Write;
use std::path::PathBuf;

use tieline_x12::acknowledge::{Acknowledger, GroupAnswer, InterchangeAnswer, Policy, Stamp};
use tieline_x12::check::Plans;
use tieline_x12::finding::{Finding, Severity};
use tieline_x12::observer::{Observer, Scene};

use crate::console::Console;
use crate::failure::Failure;
use crate::output::write_file;
use crate::partners::PartnerArgs;
use crate::{clock, exit, reading};

/// Write the answer to a file: TA1, 997 or 999
///
/// Groups of acknowledgments are not answered. Exit status 1 when something is wrong with the file,
/// which its answer then says.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline ack bill.edi
  tieline ack bill.edi --partner sheyenne-foods -o bill.997.edi
  tieline ack usage.edi --group 999 --ta1 always --control-number 42")]
pub(crate) struct AckArgs {
    /// The file to answer; `-` reads standard input
    #[arg(value_name = "FILE", value_hint = clap::ValueHint::FilePath)]
    file: PathBuf,

    /// Which set answers a functional group; 999 is for release 005010
    #[arg(long, value_enum, value_name = "SET", default_value = "997")]
    group: Group,

    /// When an interchange is answered with a TA1
    #[arg(long, value_enum, value_name = "WHEN", default_value = "asked")]
    ta1: Ta1,

    /// Accept sets with errors, noting them: AK501 is E, not R
    #[arg(long)]
    accept_with_errors: bool,

    /// The control number of the answer, and of its first group
    #[arg(long, value_name = "NUMBER", default_value_t = 1, value_parser = clap::value_parser!(u32).range(0..=999_999_999))]
    control_number: u32,

    /// The date of the answer, CCYYMMDD; today in UTC when not given
    #[arg(long, value_name = "DATE", value_parser = digits::<8>)]
    date: Option<String>,

    /// The time of the answer, HHMM; now in UTC when not given
    #[arg(long, value_name = "TIME", value_parser = digits::<4>)]
    time: Option<String>,

    /// Write to this file; it is there whole or not at all
    #[arg(short, long, value_name = "PATH", value_hint = clap::ValueHint::FilePath)]
    output: Option<PathBuf>,

    #[command(flatten)]
    partners: PartnerArgs,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Group {
    #[value(name = "997")]
    Functional,
    /// 997 before release 005010
    #[value(name = "999")]
    Implementation,
    None,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Ta1 {
    /// When ISA14 asks for it, or something is wrong with the interchange itself
    Asked,
    Always,
    Never,
}

fn digits<const N: usize>(text: &str) -> Result<String, String> {
    match text.len() == N && text.bytes().all(|b| b.is_ascii_digit()) {
        true => Ok(text.to_string()),
        false => Err(format!("{N} digits are needed")),
    }
}

pub(crate) fn run(args: &AckArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let policy = Policy {
        accept_with_errors: args.accept_with_errors,
        interchange: match args.ta1 {
            Ta1::Asked => InterchangeAnswer::AskedOrWrong,
            Ta1::Always => InterchangeAnswer::Always,
            Ta1::Never => InterchangeAnswer::Never,
        },
        group: match args.group {
            Group::Functional => GroupAnswer::Functional,
            Group::Implementation => GroupAnswer::Implementation,
            Group::None => GroupAnswer::Never,
        },
    };
    let plans = args.partners.load()?;
    let answered = match &args.output {
        Some(path) => write_file(path, |out| answer(args, policy, &plans, out))?,
        None => answer(args, policy, &plans, console.out)?,
    };
    let name = reading::name(&args.file);
    if answered.not_x12 {
        console.complain(&format_args!("{name}: this is not an X12 file, so it has no answer"));
        return Ok(exit::NOT_EDI);
    }
    if answered.interchanges == 0 {
        console.say(format_args!("{name}: nothing in it is answered"));
    }
    Ok(if answered.errors > 0 { exit::FINDINGS } else { exit::ACCEPTED })
}

/// What came of answering a file.
struct Answered {
    not_x12: bool,
    errors: u64,
    /// How many interchanges were answered.
    interchanges: u32,
}

/// Writes the answers of a file while it is read, each when its interchange has ended.
fn answer(
    args: &AckArgs,
    policy: Policy,
    plans: &dyn Plans,
    out: &mut dyn Write,
) -> anyhow::Result<Answered> {
    let today = clock::now();
    let stamp = |n: u32| Stamp {
        control_number: args.control_number.saturating_add(n),
        date: args.date.as_deref().unwrap_or(&today.0),
        time: args.time.as_deref().unwrap_or(&today.1),
    };
    let mut interchanges = 0;
    let mut failed = None;
    let mut write = |acknowledger: &mut Acknowledger| {
        for answers in acknowledger.take() {
            let Some(written) = answers.write(stamp(interchanges)) else { continue };
            interchanges += 1;
            let written = written.map_err(|error| {
                let name = reading::name(&args.file);
                let message = format!("{name}: its answer cannot be written: {error}");
                anyhow::Error::from(Failure { code: exit::FINDINGS, message, help: None })
            });
            if let Err(error) = written.and_then(|bytes| Ok(out.write_all(&bytes)?)) {
                failed = Some(error);
                return false;
            }
        }
        true
    };
    let mut observer = (Acknowledger::new(policy), Errors(0));
    let totals =
        reading::check(&args.file, plans, &mut observer, |observer, _| write(&mut observer.0))?;
    write(&mut observer.0);
    match failed {
        Some(error) => Err(error),
        None => Ok(Answered { not_x12: totals.not_x12, errors: observer.1.0, interchanges }),
    }
}

/// Counts errors.
struct Errors(u64);

impl Observer for Errors {
    fn finding(&mut self, finding: Finding, _: &Scene<'_>) {
        self.0 += u64::from(finding.severity == Severity::Error);
    }
}
