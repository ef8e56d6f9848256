//! The command line: every way in that a person types.
//!
//! Results go to standard output, talk goes to standard error, and the exit code is part of the
//! contract.

mod commands;

// What commands share.
mod console;

pub mod exit;

mod failure;

mod partners;

mod reading;

mod each_set;

mod records;

mod business;

mod advise;

mod chart;

mod text;

mod clock;

mod progress;

mod report;

mod differences;

mod output;

mod station;

mod notify;

mod inspection;

mod looks;

mod text_or_json;

use std::ffi::OsString;

use clap::Parser;

pub use commands::serve::is_serving;
pub use console::Console;

/// Runs one command; the exit code.
pub fn run(
    arguments: impl IntoIterator<Item = impl Into<OsString> + Clone>,
    console: &mut Console<'_>,
) -> u8 {
    let line = match commands::CommandLine::try_parse_from(arguments) {
        Ok(line) => line,
        Err(error) => return console.parser(&error),
    };
    console.settle(line.color, line.quiet);
    let result = line.command.run(console).and_then(|code| {
        console.out.flush()?;
        Ok(code)
    });
    result.unwrap_or_else(|error| console.fail(&error))
}
