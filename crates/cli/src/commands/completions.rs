//! `completions`: what a shell needs to complete our commands.

use clap::CommandFactory;

use crate::commands::CommandLine;
use crate::console::Console;
use crate::exit;

/// Write the completions of a shell
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline completions bash > ~/.local/share/bash-completion/completions/tieline
  tieline completions fish > ~/.config/fish/completions/tieline.fish")]
pub(crate) struct CompletionsArgs {
    /// The shell
    shell: clap_complete::Shell,
}

pub(crate) fn run(args: &CompletionsArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let mut script = Vec::new();
    clap_complete::generate(args.shell, &mut CommandLine::command(), "tieline", &mut script);
    console.out.write_all(&script)?;
    Ok(exit::ACCEPTED)
}
