//! `partner check`: whether the files of partners are good, hold no secrets, and what soon ends.

use tieline_model::time::Date;
use tieline_partner::Expiry;
use tieline_partner::profile::as2::WantedReceipt;
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
    std::fs::read_dir(directory).map_err(|error| Failure::no_partners(directory, &error))?;
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
    if args.id.is_none() {
        for note in book.own_expiries(on).iter().filter_map(ending) {
            notes += 1;
            writeln!(console.out, "note: utility: {note}")?;
        }
    }
    let good = count(partners.len() as u64, "partner");
    writeln!(console.out, "{good} checked: no errors, {}", count(notes, "note"))?;
    Ok(exit::ACCEPTED)
}

/// What is said of something that ends soon.
fn ending(expiry: &Expiry) -> Option<String> {
    let (what, last_day) = (&expiry.what, expiry.last_day);
    let days = count(expiry.days_left.unsigned_abs().into(), "day");
    expiry.warning().map(|due| match due {
        0 => format!("{what} ended on {last_day}"),
        _ => format!("{what} ends on {last_day}, in {days}"),
    })
}

/// What is no error and should be known.
fn remarks(partner: &Partner, book: &PartnerBook, on: Date) -> Vec<String> {
    let profile = partner.profile();
    let mut remarks = Vec::new();
    remarks.extend(partner.expiries(on).iter().filter_map(ending));
    let waits = partner.waits_for_authorization(on);
    if !waits.is_empty() {
        let (sets, folder) = (waits.join(" and no "), "authorizations");
        remarks.push(format!("no {sets} goes out: no file in {folder}/ names its accounts"));
    }
    let as2 = profile.as2.as_ref();
    let carried = !profile.drops.is_empty() || !profile.folders.is_empty() || as2.is_some();
    if profile.status == Status::Live && profile.mailbox.is_none() && !carried {
        remarks.push("it is live and has no mailbox, drop, folder or AS2".to_string());
    }
    if as2.is_some_and(|it| it.url.is_some() && it.send.receipt == WantedReceipt::None) {
        remarks.push("as2.send.receipt is none: nothing proves what was delivered".to_string());
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
    let login = as2.and_then(|it| it.login.as_ref()).map(|it| it.password.to_string());
    let proxy = as2.and_then(|it| it.proxy.as_ref()).and_then(|it| it.password.as_ref());
    let client = as2.and_then(|it| it.client.as_ref()).map(|it| it.key.to_string());
    let unread: Vec<String> =
        unread.chain(login).chain(proxy.map(ToString::to_string)).chain(client).collect();
    if !unread.is_empty() {
        remarks.push(format!("secrets it needs on the server: {}", unread.join(", ")));
    }
    if book.utility().is_none() {
        remarks.push("there is no utility.toml: nobody knows who we are".to_string());
    }
    remarks
}
