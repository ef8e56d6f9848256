//! `ban`: who is kept out after wrong logins, and letting somebody in again.

use std::net::IpAddr;

use tieline_gateway::bans;

use crate::console::Console;
use crate::exit;
use crate::failure::Failure;
use crate::station::{self, StationArgs, refused};
use crate::text_or_json::TextOrJson;

/// Show who is kept out after wrong logins, and let them in again
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline ban list
  tieline ban lift 192.0.2.7
  tieline ban lift account:redriver-bank")]
pub(crate) struct BanCommand {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    List(ListArgs),
    Lift(LiftArgs),
}

/// Show who is kept out, until when, and why
#[derive(Debug, clap::Args)]
struct ListArgs {
    /// How to write it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: TextOrJson,

    #[command(flatten)]
    station: StationArgs,
}

/// Let somebody in again, within five seconds at every node
///
/// What led to the ban is forgotten. It is in the audit who lifted it.
#[derive(Debug, clap::Args)]
struct LiftArgs {
    /// An address, or `account:NAME` for a login, as `ban list` names it
    #[arg(value_name = "SUBJECT")]
    subject: String,

    /// Who does it; the user of this machine when not given
    #[arg(
        long,
        value_name = "NAME",
        env = "USER",
        hide_env_values = true,
        default_value = "operator"
    )]
    by: String,

    #[command(flatten)]
    station: StationArgs,
}

pub(crate) fn run(command: &BanCommand, console: &mut Console<'_>) -> anyhow::Result<u8> {
    match &command.step {
        Step::List(args) => list(args, console),
        Step::Lift(args) => lift(args, console),
    }
}

fn list(args: &ListArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let settings = args.station.settings()?;
    let bans = station::run(async {
        let store = settings.store().await?;
        Ok(store.bans().await.map_err(|error| refused(&error))?)
    })?;
    if args.format.is_json() {
        let rows = bans.iter().map(|(subject, ban)| {
            serde_json::json!({
                "subject": subject,
                "until": ban.until.to_string(),
                "reason": ban.reason,
            })
        });
        let rows: Vec<serde_json::Value> = rows.collect();
        writeln!(console.out, "{}", serde_json::to_string_pretty(&rows)?)?;
        return Ok(exit::ACCEPTED);
    }
    if bans.is_empty() {
        console.say("nobody is kept out");
    }
    let width = bans.iter().map(|(subject, _)| subject.chars().count()).max().unwrap_or(0);
    for (subject, ban) in &bans {
        let until = ban.until.strftime("%Y-%m-%d %H:%M:%SZ");
        writeln!(console.out, "{subject:width$}  until {until}  {}", ban.reason)?;
    }
    Ok(exit::ACCEPTED)
}

fn lift(args: &LiftArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let settings = args.station.settings()?;
    let subject = subject(&args.subject);
    station::run(async {
        let store = settings.store().await?;
        let lifted = bans::lift(&*store, &subject, &args.by).await;
        match lifted.map_err(|error| refused(&error))? {
            true => console.say(format_args!("{subject} may come in again")),
            false => {
                let message = format!("{subject} is not kept out");
                let help = "tieline ban list shows who is".to_string();
                return Err(Failure::usage(message, Some(help)).into());
            }
        }
        Ok(exit::ACCEPTED)
    })
}

/// What is typed, as the bans name it.
fn subject(typed: &str) -> String {
    typed.parse::<IpAddr>().map_or_else(|_| typed.to_string(), bans::of_address)
}
