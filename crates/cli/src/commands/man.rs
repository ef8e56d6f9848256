//! `man`: the manual pages.

use std::fs;
use std::path::PathBuf;

use clap::CommandFactory;

use crate::commands::CommandLine;
use crate::console::Console;
use crate::exit;

/// Write the manual pages
///
/// Without a directory, the page of the whole is written to standard output.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline man | man -l -
  tieline man ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// The directory for one page for each command; it is made when it is not there
    #[arg(value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    directory: Option<PathBuf>,
}

pub(crate) fn run(args: &ManArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    match &args.directory {
        None => clap_mangen::Man::new(CommandLine::command()).render(&mut console.out)?,
        Some(directory) => {
            fs::create_dir_all(directory)?;
            clap_mangen::generate_to(CommandLine::command(), directory)?;
            console.say(format_args!("the pages are in {}", directory.display()));
        }
    }
    Ok(exit::ACCEPTED)
}
