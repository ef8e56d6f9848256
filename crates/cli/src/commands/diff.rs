//! `diff`: what is different in two documents, by loops and elements.

use std::path::PathBuf;

use tieline_x12::diff::{self, Ignored};

use crate::console::Console;
use crate::differences::{Format, Names};
use crate::failure::Failure;
use crate::{exit, reading};

/// Compare two files as documents: which loops, segments and elements are different
///
/// Loops are matched by what they are called by, such as the meter or the end of the interval, so
/// that an interval put in is one loop more. Separators and line ends are no differences unless
/// --strict is given. Exit status 1 when something is different.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline diff usage.edi corrected.edi
  tieline diff bill.edi cancellation.edi --ignore control,dates
  tieline diff --format html ours.edi theirs.edi > differences.html")]
pub(crate) struct DiffArgs {
    /// The first file; `-` reads standard input
    #[arg(value_name = "BEFORE", value_hint = clap::ValueHint::FilePath)]
    before: PathBuf,

    /// The second file; `-` reads standard input
    #[arg(value_name = "AFTER", value_hint = clap::ValueHint::FilePath)]
    after: PathBuf,

    /// What is no difference
    #[arg(long, value_enum, value_name = "WHAT", value_delimiter = ',')]
    ignore: Vec<Ignore>,

    /// Separators, line ends and padding are differences too
    #[arg(long)]
    strict: bool,

    /// How to tell it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: Format,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, clap::ValueEnum)]
enum Ignore {
    /// Control numbers, and the counts in SE, GE and IEA
    Control,
    /// Dates and times of the interchange, the group and the document
    Dates,
}

pub(crate) fn run(args: &DiffArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    if reading::is_standard_input(&args.before) && reading::is_standard_input(&args.after) {
        let help = "name a file for one of them".to_string();
        let message = "standard input can be only one of the two files";
        return Err(Failure::usage(message, Some(help)).into());
    }
    let (before, after) = (reading::whole(&args.before)?, reading::whole(&args.after)?);
    let ignored = Ignored {
        control: args.ignore.contains(&Ignore::Control),
        dates: args.ignore.contains(&Ignore::Dates),
        separators: !args.strict,
    };
    let names = Names { before: reading::name(&args.before), after: reading::name(&args.after) };
    let mut differences = args.format.differences(names.clone(), console.paint);
    let out = &mut *console.out;
    let (mut begun, mut told) = (false, Ok(()));
    let result = diff::compare(&before, &after, ignored, |change| {
        if told.is_ok() && !begun {
            begun = true;
            told = differences.begin(out);
        }
        if told.is_ok() {
            told = differences.change(out, change);
        }
    });
    told?;
    let names = [names.before, names.after];
    let wrong: Vec<_> = names.iter().zip(result.is_x12).filter(|(_, is_x12)| !is_x12).collect();
    for (name, _) in &wrong {
        console.complain(&format_args!("{name}: this is not an X12 file"));
    }
    if !wrong.is_empty() {
        return Ok(exit::NOT_EDI);
    }
    if !begun {
        differences.begin(console.out)?;
    }
    differences.end(console.out, &result)?;
    Ok(if result.is_same() { exit::ACCEPTED } else { exit::FINDINGS })
}
