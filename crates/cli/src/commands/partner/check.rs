//! `partner check`: whether the files of partners are good, hold no secrets, and what soon ends.

use tieline_model::time::Date;
use tieline_partner::profile::{Status, Usage};
use tieline_partner::{FileError, Partner, PartnerBook, suspicious};

use super::{DirectoryArg, find};
use crate::console::Console;
use crate::failure::Failure;
use crate::text::count;
use crate::{clock, exit};

/// Check the files of partners: every key, every guide, nothing that looks like a secret
///
/// Errors end with 78. What is no error yet, such as an authorization that ends soon, is told and
/// ends with 0.
#[derive(Debug, clap::Args)]
pub(crate) struct CheckArgs {
    /// The partner; all of them when not given
    #[arg(value_name = "ID", conflicts_with = "all")]
    id: Option<String>,

    /// All of them
    #[arg(long)]
    all: bool,

    /// The day on which it is looked at; today when not given
    #[arg(long, value_name = "DATE")]
    on: Option<Date>,

    #[command(flatten)]
    directory: DirectoryArg,
}

pub(super) fn run(args: &CheckArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let directory = args.directory.path();
    std::fs::read_dir(directory)
        .map_err(|error| Failure::no_input(&directory.display().to_string(), &error))?;
    let scope = args.id.as_ref().map_or(directory.to_path_buf(), |id| directory.join(id));
    let concerns = |error: &FileError| std::path::Path::new(&error.file).starts_with(&scope);
    let loaded = PartnerBook::load(directory);
    let mut errors = suspicious::secrets_in(&scope);
    if let Err(found) = &loaded {
        errors.extend(found.iter().filter(|error| concerns(error)).cloned());
    }
    if !errors.is_empty() {
        return Err(Failure::partner_files(&errors).into());
    }
    // Faults of others do not matter to this one, but nothing more can be said of it then.
    let Ok(book) = loaded else {
        console.say("its files are good; those of other partners are not, see --all");
        return Ok(exit::ACCEPTED);
    };
    let on = args.on.unwrap_or_else(clock::today);
    let partners: Vec<&Partner> = match &args.id {
        Some(id) => vec![find(&book, id)?],
        None => book.partners().iter().collect(),
    };
    let mut notes = 0;
    for partner in &partners {
        for note in remarks(partner, &book, on) {
            notes += 1;
            writeln!(console.out, "note: {}: {note}", partner.profile().id)?;
        }
    }
    let good = count(partners.len() as u64, "partner");
    writeln!(console.out, "{good} checked: no errors, {}", count(notes, "note"))?;
    Ok(exit::ACCEPTED)
}

/// What is no error and should be known.
fn remarks(partner: &Partner, book: &PartnerBook, on: Date) -> Vec<String> {
    let profile = partner.profile();
    let mut remarks = Vec::new();
    for expiry in partner.expiries(on) {
        match expiry.warning() {
            Some(0) => remarks.push(format!("{} ended on {}", expiry.what, expiry.last_day)),
            Some(_) => remarks.push(format!(
                "{} ends on {}, in {}",
                expiry.what,
                expiry.last_day,
                count(expiry.days_left.unsigned_abs().into(), "day")
            )),
            None => {}
        }
    }
    let carried = !profile.drops.is_empty() || !profile.folders.is_empty();
    if profile.status == Status::Live && profile.mailbox.is_none() && !carried {
        remarks.push("it is live and has no mailbox, drop or folder".to_string());
    }
    if profile.status == Status::Live && profile.envelope.usage == Usage::Test {
        remarks.push("it is live and x12.usage is T: what we send are tests".to_string());
    }
    if profile.contacts.is_empty() {
        remarks.push("it has no contacts".to_string());
    }
    let unread = profile.drops.iter().flat_map(|drop| {
        let names = [&drop.key, &drop.passphrase, &drop.password];
        names.into_iter().flatten().map(ToString::to_string)
    });
    let unread: Vec<String> = unread.collect();
    if !unread.is_empty() {
        remarks.push(format!("secrets it needs on the server: {}", unread.join(", ")));
    }
    if book.utility().is_none() {
        remarks.push("there is no utility.toml: nobody knows who we are".to_string());
    }
    remarks
}
