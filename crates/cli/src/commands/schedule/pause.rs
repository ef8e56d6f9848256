//! `schedule pause` and `resume`: whether what is planned is done.

use tieline_store::schedule::Pause;

use super::{By, find};
use crate::console::Console;
use crate::exit;
use crate::station::{self, StationArgs, refused};

/// Do nothing by a schedule until it is resumed
///
/// What is under way ends. It is in the audit who paused it.
#[derive(Debug, clap::Args)]
pub(crate) struct PauseArgs {
    /// The schedule, as `schedule list` names it
    #[arg(value_name = "NAME")]
    name: String,

    /// Why; whoever looks at the schedules reads it
    #[arg(long, value_name = "TEXT")]
    reason: String,

    #[command(flatten)]
    by: By,

    #[command(flatten)]
    station: StationArgs,
}

/// Go on with a schedule that is paused, by hand or because its calls came to nothing
///
/// What was missed meanwhile is caught up as the schedule says.
#[derive(Debug, clap::Args)]
pub(crate) struct ResumeArgs {
    /// The schedule, as `schedule list` names it
    #[arg(value_name = "NAME")]
    name: String,

    #[command(flatten)]
    by: By,

    #[command(flatten)]
    station: StationArgs,
}

pub(super) fn pause(args: &PauseArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let settings = args.station.settings()?;
    let book = settings.book()?;
    let name = find(&book, &args.name)?.name;
    station::run(async {
        let store = settings.store().await?;
        let since = store.now().await.map_err(|error| refused(&error))?;
        let pause = Pause { since, reason: args.reason.clone() };
        let done = store.set_pause(&name, Some(pause), &args.by.by).await;
        done.map_err(|error| refused(&error))?;
        console.say(format_args!("{name} is paused"));
        Ok(exit::ACCEPTED)
    })
}

pub(super) fn resume(args: &ResumeArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let settings = args.station.settings()?;
    let book = settings.book()?;
    station::run(async {
        let store = settings.store().await?;
        let pauses = store.pauses().await.map_err(|error| refused(&error))?;
        let is_paused = pauses.iter().any(|(name, _)| *name == args.name);
        if !is_paused {
            find(&book, &args.name)?;
            console.say(format_args!("{} is not paused", args.name));
            return Ok(exit::ACCEPTED);
        }
        let done = store.set_pause(&args.name, None, &args.by.by).await;
        done.map_err(|error| refused(&error))?;
        console.say(format_args!("{} goes on", args.name));
        Ok(exit::ACCEPTED)
    })
}
