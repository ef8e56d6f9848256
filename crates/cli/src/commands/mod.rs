//! The commands, one file each: its arguments, its help, its run.

mod ack;
mod alert;
mod ban;
mod batch;
mod cert;
mod chart;
mod completions;
mod config;
mod convert;
mod db;
mod demo;
mod diff;
mod doctor;
mod explain;
mod export;
mod fmt;
mod info;
mod man;
mod msg;
mod partner;
mod price;
mod reconcile;
mod sample;
mod schedule;
mod scrub;
pub(crate) mod serve;
mod show;
mod validate;

use crate::console::Console;
use crate::exit;

const EXAMPLES: &str = "\
Examples:
  tieline validate bill.edi                              by the standard, or the partner's guide
  tieline validate usage.edi --guide utility/867-interval
  tieline validate --format sarif *.edi > report.sarif

Run `tieline COMMAND --help` for what a command takes.";

/// Judge, show and answer the X12 documents of electric utilities
///
/// Results go to standard output and everything else to standard error. `-` reads standard input.
#[derive(Debug, clap::Parser)]
#[command(
    name = "tieline",
    version,
    disable_help_subcommand = true,
    after_help = EXAMPLES,
    after_long_help = exit::with_codes(EXAMPLES)
)]
pub(crate) struct CommandLine {
    /// When to use colours; NO_COLOR turns them off too
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto")]
    pub(crate) color: clap::ColorChoice,

    /// Tell only what is wrong
    #[arg(short, long, global = true)]
    pub(crate) quiet: bool,

    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, clap::Subcommand)]
pub(crate) enum Command {
    Validate(validate::ValidateArgs),
    Info(info::InfoArgs),
    Show(show::ShowArgs),
    Fmt(fmt::FmtArgs),
    Diff(diff::DiffArgs),
    Scrub(scrub::ScrubArgs),
    Ack(ack::AckArgs),
    Convert(convert::ConvertArgs),
    Export(export::ExportArgs),
    Batch(batch::BatchArgs),
    Explain(explain::ExplainArgs),
    Sample(sample::SampleArgs),
    Price(price::PriceArgs),
    Reconcile(reconcile::ReconcileArgs),
    Chart(chart::ChartArgs),
    Demo(demo::DemoArgs),
    Partner(partner::PartnerCommand),
    Cert(cert::CertCommand),
    Schedule(schedule::ScheduleCommand),
    Serve(serve::ServeArgs),
    Msg(msg::MsgCommand),
    Alert(alert::AlertCommand),
    Ban(ban::BanCommand),
    Db(db::DbCommand),
    Config(config::ConfigCommand),
    Doctor(doctor::DoctorArgs),
    Completions(completions::CompletionsArgs),
    Man(man::ManArgs),
}

impl Command {
    /// Runs the command; the exit code.
    pub(crate) fn run(self, console: &mut Console<'_>) -> anyhow::Result<u8> {
        match self {
            Command::Validate(args) => validate::run(args, console),
            Command::Info(args) => info::run(&args, console),
            Command::Show(args) => show::run(&args, console),
            Command::Fmt(args) => fmt::run(&args, console),
            Command::Diff(args) => diff::run(&args, console),
            Command::Scrub(args) => scrub::run(&args, console),
            Command::Ack(args) => ack::run(&args, console),
            Command::Convert(args) => convert::run(&args, console),
            Command::Export(args) => export::run(&args, console),
            Command::Batch(args) => batch::run(&args, console),
            Command::Explain(args) => explain::run(&args, console),
            Command::Sample(args) => sample::run(&args, console),
            Command::Price(args) => price::run(&args, console),
            Command::Reconcile(args) => reconcile::run(&args, console),
            Command::Chart(args) => chart::run(&args, console),
            Command::Demo(args) => demo::run(&args, console),
            Command::Partner(args) => partner::run(&args, console),
            Command::Cert(args) => cert::run(&args, console),
            Command::Schedule(args) => schedule::run(&args, console),
            Command::Serve(args) => serve::run(&args, console),
            Command::Msg(args) => msg::run(&args, console),
            Command::Alert(args) => alert::run(&args, console),
            Command::Ban(args) => ban::run(&args, console),
            Command::Db(args) => db::run(&args, console),
            Command::Config(args) => config::run(&args, console),
            Command::Doctor(args) => doctor::run(&args, console),
            Command::Completions(args) => completions::run(&args, console),
            Command::Man(args) => man::run(&args, console),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_well_formed() {
        use clap::CommandFactory;
        CommandLine::command().debug_assert();
    }
}
