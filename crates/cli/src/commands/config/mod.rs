//! `config`: the settings of the gateway, checked, and where each comes from.

mod check;
mod show;

use std::net::SocketAddr;

use crate::console::Console;
use crate::station::StationArgs;
use crate::text_or_json::TextOrJson;

/// Check the settings of the gateway, or show them and where each comes from
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline config check --config /etc/tieline/tieline.toml
  tieline config show --origin")]
pub(crate) struct ConfigCommand {
    #[command(subcommand)]
    step: Step,
}

#[derive(Debug, clap::Subcommand)]
enum Step {
    Check(check::CheckArgs),
    Show(show::ShowArgs),
}

/// The settings as `serve` would take them.
#[derive(Debug, Clone, clap::Args)]
struct Given {
    #[command(flatten)]
    station: StationArgs,

    /// The address at which partners find their mailboxes
    #[arg(long, value_name = "ADDRESS", env = "TIELINE_SFTP", hide_env_values = true)]
    sftp: Option<SocketAddr>,

    /// The address at which partners send over AS2
    #[arg(long, value_name = "ADDRESS", env = "TIELINE_AS2", hide_env_values = true)]
    as2: Option<SocketAddr>,

    /// How to write it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: TextOrJson,
}

pub(crate) fn run(command: &ConfigCommand, console: &mut Console<'_>) -> anyhow::Result<u8> {
    match &command.step {
        Step::Check(args) => check::run(args, console),
        Step::Show(args) => show::run(args, console),
    }
}
