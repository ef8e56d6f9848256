//! `db`: the store as a whole: brought up to date, backed up, restored, checked.

use std::path::{Path, PathBuf};

use tieline_store::StoreError;
use tieline_store::maintenance::{self, Backup, Replace};
use tieline_store::options::Options;

use crate::console::Console;
use crate::exit;
use crate::failure::Failure;
use crate::station::{self, Settings, StationArgs, no_store, refused, without_password};
use crate::text::count;
use crate::text_or_json::TextOrJson;

/// Bring the store up to date, back it up, restore it, check it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline db backup /var/backups/tieline/2026-11-24
  tieline db verify
  tieline db restore /var/backups/tieline/2026-11-24 --replace")]
pub(crate) struct DbCommand {
    #[command(subcommand)]
    step: Step,

    #[command(flatten)]
    station: StationArgs,

    /// How to write the result
    #[arg(long, global = true, value_enum, value_name = "FORMAT", default_value = "text")]
    format: TextOrJson,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    /// Make the store, or bring its tables up to date
    ///
    /// `serve` does so by itself; this does it beforehand, while nobody is served.
    Migrate,
    /// Copy a SQLite store as it is at one instant, with its payloads
    ///
    /// The gateway may serve meanwhile. Exit status 1 when the store has not got everything whole:
    /// the rest is copied all the same, and what is missing is told.
    Backup {
        /// The folder to make; it must not hold anything
        #[arg(value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
        folder: PathBuf,
    },
    /// Put a backup in the place of a SQLite store, and check it
    ///
    /// The gateway must not serve meanwhile. Exit status 1 when the check finds something.
    Restore {
        /// The folder that `db backup` made
        #[arg(value_name = "FOLDER", value_hint = clap::ValueHint::DirPath)]
        folder: PathBuf,

        /// Set a store that is there aside, under names that end with .replaced
        #[arg(long)]
        replace: bool,
    },
    /// Check that everything in the store fits: keys, payloads against their hashes, counters
    ///
    /// Exit status 1 when something does not. The gateway may serve meanwhile.
    Verify,
}

pub(crate) fn run(command: &DbCommand, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let settings = command.station.settings()?;
    let json = command.format.is_json();
    station::run(async {
        match &command.step {
            Step::Migrate => migrate(&settings, json, console).await,
            Step::Backup { folder } => {
                has_store(&settings)?;
                station::make_private(folder)?;
                let (address, options) = (settings.address(), Options::default());
                let done = maintenance::backup(&address, &options, folder).await;
                let Backup { payloads, faults } = done.map_err(|error| failed(&error))?;
                if !json {
                    let files = count(payloads, "payload");
                    console.say(format_args!("backed up, {files} in files of their own"));
                }
                let folder = folder.display().to_string();
                let told = serde_json::json!({ "folder": folder, "payload_files": payloads });
                tell(told, &faults, json, console)
            }
            Step::Restore { folder, replace } => {
                make_folder(&settings)?;
                let how = if *replace { Replace::SetAside } else { Replace::Never };
                let is_in_the_way = settings.store_file().is_some_and(|it| it.exists()) && !replace;
                let (address, options) = (settings.address(), Options::default());
                let done = maintenance::restore(folder, &address, options, how).await;
                let faults = done.map_err(|error| not_restored(&error, is_in_the_way))?;
                if !json {
                    let place = without_password(&settings.address());
                    console.say(format_args!("restored to {place}"));
                }
                tell(serde_json::json!({}), &faults, json, console)
            }
            Step::Verify => {
                has_store(&settings)?;
                let found = maintenance::verify(&settings.address(), Options::default()).await;
                let faults = found.map_err(|error| failed(&error))?;
                if faults.is_empty() && !json {
                    console.say("everything in the store fits");
                }
                tell(serde_json::json!({}), &faults, json, console)
            }
        }
    })
}

async fn migrate(settings: &Settings, json: bool, console: &mut Console<'_>) -> anyhow::Result<u8> {
    make_folder(settings)?;
    let done = maintenance::migrate(&settings.address(), Options::default()).await;
    done.map_err(|error| failed(&error))?;
    if !json {
        let place = without_password(&settings.address());
        console.say(format_args!("the store is up to date: {place}"));
    }
    tell(serde_json::json!({}), &[], json, console)
}

/// Makes the folder of a store that is kept in a file.
fn make_folder(settings: &Settings) -> Result<(), Failure> {
    match settings.store_file().as_deref().and_then(Path::parent) {
        Some(folder) if !folder.as_os_str().is_empty() => station::make_private(folder),
        _ => Ok(()),
    }
}

/// Writes what does not fit, a line each; the exit code.
fn tell(
    mut told: serde_json::Value,
    faults: &[String],
    json: bool,
    console: &mut Console<'_>,
) -> anyhow::Result<u8> {
    if json {
        told["faults"] = serde_json::json!(faults);
        writeln!(console.out, "{}", serde_json::to_string_pretty(&told)?)?;
    } else {
        for fault in faults {
            writeln!(console.out, "{fault}")?;
        }
    }
    Ok(if faults.is_empty() { exit::ACCEPTED } else { exit::FINDINGS })
}

fn has_store(settings: &Settings) -> Result<(), Failure> {
    if settings.has_store() { Ok(()) } else { Err(no_store(&settings.address())) }
}

/// Of an address the store says itself what to do.
fn failed(error: &StoreError) -> Failure {
    match error {
        StoreError::Address(_) => Failure { help: None, ..refused(error) },
        error => refused(error),
    }
}

fn not_restored(error: &StoreError, is_in_the_way: bool) -> Failure {
    let help = (matches!(error, StoreError::Address(_)) && is_in_the_way)
        .then(|| "--replace sets a store that is there aside".to_string());
    Failure { help, ..failed(error) }
}
