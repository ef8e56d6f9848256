//! `fmt`: a file with one segment to a line, or in one line.

use std::path::PathBuf;

use tieline_x12::layout::{Layout, LayoutError, lay_out};

use crate::console::Console;
use crate::output::write_file;
use crate::{exit, reading};

/// Set a file out with one segment to a line
///
/// Only line ends and blanks between segments change, so setting out twice gives the same. What
/// would get lost is refused.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline fmt bill.edi                  to standard output
  tieline fmt --write *.edi             in place
  tieline fmt --check *.edi             exit status 1 when a file would change
  tieline fmt --one-line bill.edi > dense.edi")]
pub(crate) struct FmtArgs {
    /// The files to set out; `-` reads standard input
    #[arg(value_name = "FILE", required = true, value_hint = clap::ValueHint::FilePath)]
    files: Vec<PathBuf>,

    /// Only say which files would change
    #[arg(long, conflicts_with = "write")]
    check: bool,

    /// Write each file back in its place
    #[arg(long)]
    write: bool,

    /// No line ends at all
    #[arg(long)]
    one_line: bool,
}

pub(crate) fn run(args: &FmtArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let layout = if args.one_line { Layout::OneLine } else { Layout::Lines };
    let mut worst = exit::ACCEPTED;
    for file in &args.files {
        let name = reading::name(file);
        let bytes = reading::whole(file)?;
        let laid_out = match lay_out(&bytes, layout) {
            Ok(laid_out) => laid_out,
            Err(error) => {
                console.complain(&format_args!("{name}: {error}"));
                worst = worst.max(match error {
                    LayoutError::NotX12 => exit::NOT_EDI,
                    _ => exit::FINDINGS,
                });
                continue;
            }
        };
        let changes = laid_out != bytes;
        if args.check {
            if changes {
                writeln!(console.out, "{name}")?;
                worst = worst.max(exit::FINDINGS);
            }
        } else if args.write && !reading::is_standard_input(file) {
            if changes {
                write_file(file, |out| Ok(out.write_all(&laid_out)?))?;
                console.say(format_args!("{name}: set out anew"));
            }
        } else {
            console.out.write_all(&laid_out)?;
        }
    }
    Ok(worst)
}
