//! `demo`: a utility and three of its partners trade for a month, on this machine and in seconds.
//!
//! Nothing in it is staged: the store, the servers and the road are those of a real gateway, and the
//! partners are other software that knows nothing of them but an address and a key.

mod bank;
mod board;
mod cooperative;
mod counterparty;
mod documents;
mod outcome;
mod place;
mod story;

use std::fmt;
use std::path::PathBuf;

use tokio::runtime;

use crate::console::Console;
use crate::exit;
use crate::failure::Failure;
use board::Board;
use place::Place;

/// Watch a utility and three partners trade usage, bills and payments for a month
///
/// It happens on this machine and takes seconds: a cooperative with servers for SFTP and AS2 on the
/// loopback, a data aggregator that gets usage, a customer that gets bills and pays them, and a bank
/// that sends payments over AS2. One payment is broken on purpose and one is sent twice. It ends by
/// itself, and fails if anything does not come out as it should. Everything in it is invented.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline demo
  tieline demo --keep month     the store, the mailboxes and what the partners got stay in month/")]
pub(crate) struct DemoArgs {
    /// Keep everything in this folder, which must be new or empty
    #[arg(long, value_name = "DIR", value_hint = clap::ValueHint::DirPath)]
    keep: Option<PathBuf>,
}

pub(crate) fn run(args: &DemoArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let place = Place::new(args.keep.as_deref())?;
    let mut building = runtime::Builder::new_multi_thread();
    let runtime = building.worker_threads(2).enable_all().build();
    let runtime = runtime.map_err(|error| broken("nothing can be started", &error))?;
    let mut board = Board::new(console);
    let outcome = runtime.block_on(story::tell(&place, &mut board))?;
    outcome.write(&mut console.out, console.paint)?;
    if place.is_kept() {
        console.say(format_args!("kept in {}", place.root().display()));
    }
    Ok(if outcome.is_good() { exit::ACCEPTED } else { exit::BUG })
}

/// Something did not work that always should.
fn broken(what: &str, why: &dyn fmt::Display) -> Failure {
    Failure { code: exit::BUG, message: format!("{what}: {why}"), help: None }
}
