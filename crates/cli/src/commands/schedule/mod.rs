//! `schedule`: what is planned with partners, and what an operator does about it.

mod list;
mod next;
mod pause;
mod run;

use tieline_gateway::schedule::{Planned, planned};
use tieline_model::time::{Date, Timestamp, Zone};
use tieline_partner::{PartnerBook, did_you_mean};

use crate::console::Console;
use crate::failure::Failure;

/// Show what is planned with partners, run it now, pause it
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline schedule list
  tieline schedule next --days 3
  tieline schedule run prairie-power/867 --dry-run
  tieline schedule pause \"prairie-power/drop data-desk\" --reason \"they move their server\"")]
pub(crate) struct ScheduleCommand {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    List(list::ListArgs),
    Next(next::NextArgs),
    Run(run::RunArgs),
    Pause(pause::PauseArgs),
    Resume(pause::ResumeArgs),
}

pub(crate) fn run(command: &ScheduleCommand, console: &mut Console<'_>) -> anyhow::Result<u8> {
    match &command.step {
        Step::List(args) => list::run(args, console),
        Step::Next(args) => next::run(args, console),
        Step::Run(args) => run::run(args, console),
        Step::Pause(args) => pause::pause(args, console),
        Step::Resume(args) => pause::resume(args, console),
    }
}

/// Who does it, for the audit.
#[derive(Debug, Clone, clap::Args)]
struct By {
    /// Who does it; the user of this machine when not given
    #[arg(
        long,
        value_name = "NAME",
        env = "USER",
        hide_env_values = true,
        default_value = "operator"
    )]
    by: String,
}

/// The schedule of this name.
fn find<'b>(book: &'b PartnerBook, name: &str) -> Result<Planned<'b>, Failure> {
    let mut all = planned(book);
    match all.iter().position(|it| it.name == name) {
        Some(at) => Ok(all.swap_remove(at)),
        None => Err(unknown(book, name)),
    }
}

/// There is no such schedule; perhaps one of nearly that name.
fn unknown(book: &PartnerBook, name: &str) -> Failure {
    let all = planned(book);
    let known: Vec<&str> = all.iter().map(|it| it.name.as_str()).collect();
    let help = did_you_mean(name, &known)
        .unwrap_or_else(|| "tieline schedule list shows them all".to_string());
    Failure::usage(format!("nothing is planned under the name `{name}`"), Some(help))
}

/// `Mon 2026-11-23`.
fn day(date: Date) -> String {
    const NAMES: [&str; 7] = ["Mon", "Tue", "Wed", "Thu", "Fri", "Sat", "Sun"];
    let name = NAMES[date.weekday().to_monday_zero_offset().unsigned_abs() as usize % 7];
    format!("{name} {date}")
}

/// `Mon 2026-11-23 06:15 -06:00`: an instant on the clocks of a zone.
fn stamp(zone: &Zone, at: Timestamp) -> String {
    let local = zone.local(at);
    let offset = zone.offset(at);
    let sign = if offset < 0 { '-' } else { '+' };
    let (hours, minutes) = (offset.abs() / 3_600, offset.abs() / 60 % 60);
    let time = format!("{:02}:{:02}", local.hour(), local.minute());
    format!("{} {time} {sign}{hours:02}:{minutes:02}", day(local.date()))
}
