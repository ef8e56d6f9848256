//! `partner set`: one value of a partner's file, with its comments kept.

use std::fs;

use tieline_partner::edit;

use super::{DirectoryArg, find, write_checked};
use crate::console::Console;
use crate::exit;
use crate::failure::Failure;

/// Change one value of a partner's file; comments and order stay
///
/// The file is read again as a whole, and the change is taken back when something is wrong with it.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline partner set lake-country zone America/Chicago
  tieline partner set lake-country x12.acknowledge.within \"1 business day\"
  tieline partner set lake-country documents.867-out.schedule \"15 6 * * MON-FRI\"
  tieline partner set lake-country drops.nightly.enabled false")]
pub(crate) struct SetArgs {
    /// The partner
    #[arg(value_name = "ID")]
    id: String,

    /// The key, with points between tables; a table among several by its name
    #[arg(value_name = "KEY")]
    key: String,

    /// The value: TOML such as true, 8 or ["a", "b"]; anything else is a text
    #[arg(value_name = "VALUE", allow_hyphen_values = true)]
    value: String,

    #[command(flatten)]
    directory: DirectoryArg,
}

pub(super) fn run(args: &SetArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let book = args.directory.book()?;
    find(&book, &args.id)?;
    let path = args.directory.profile_path(&args.id);
    if args.key == "status" && args.value == "live" {
        let help = format!("tieline partner promote {}", args.id);
        let message = "a partner goes live when its frames are passed and signed";
        return Err(Failure::usage(message, Some(help)).into());
    }
    let shown = path.display().to_string();
    let text = fs::read_to_string(&path).map_err(|error| Failure::no_input(&shown, &error))?;
    let new = edit::set(&text, &args.key, &args.value)
        .map_err(|error| Failure::usage(error.to_string(), None))?;
    if new == text {
        console.say(format_args!("{shown}: it says so already"));
        return Ok(exit::ACCEPTED);
    }
    write_checked(&args.directory, &path, &new)?;
    // Lines that are new show what was changed, and where.
    let before: Vec<&str> = text.lines().collect();
    for (n, line) in new.lines().enumerate() {
        if before.get(n) != Some(&line) && !before.contains(&line) {
            writeln!(console.out, "{shown}:{}: {line}", n + 1)?;
        }
    }
    Ok(exit::ACCEPTED)
}
