//! `doctor`: whether the gateway is well, a line for each thing that was looked at.

mod shared;
mod work;

use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;
use tieline_partner::Expiry;
use tieline_partner::PartnerBook;
use tieline_store::Store;
use tieline_store::maintenance;
use tieline_store::sqlite::payload_folder;

use crate::console::Console;
use crate::inspection::{Inspection, Verdict};
use crate::station::{self, Settings, StationArgs, without_password};
use crate::text::count;
use crate::text_or_json::TextOrJson;
use crate::{clock, exit, looks};

/// How far this machine's clock may be from the store's, in milliseconds.
const CLOCK_WARNING: u128 = 2_000;
/// The same when leases and deadlines cannot be trusted any more.
const CLOCK_FAILURE: u128 = 30_000;
/// Room on a disk that is soon too little, in megabytes.
const ROOM_WARNING: u64 = 2_000;
/// The same when it is too little.
const ROOM_FAILURE: u64 = 200;

/// Look whether the gateway is well: store, folders, clock, keys, secrets, disk, schedules, work
///
/// A line for each thing: ok, warn, or FAIL with what to do. Run it as the gateway's user, and with
/// several nodes on each of them: a node leaves a mark among the mailboxes, by which the others see
/// that they share them. Exit status 1 when something failed.
#[derive(Debug, clap::Args)]
#[command(after_help = "\
Examples:
  tieline doctor --config /etc/tieline/tieline.toml
  tieline doctor --quick --quiet                   only what is not well, without reading the store")]
pub(crate) struct DoctorArgs {
    /// Do not check the whole store, which takes long when it is large
    #[arg(long)]
    quick: bool,

    /// How to write it
    #[arg(long, value_enum, value_name = "FORMAT", default_value = "text")]
    format: TextOrJson,

    #[command(flatten)]
    station: StationArgs,
}

pub(crate) fn run(args: &DoctorArgs, console: &mut Console<'_>) -> anyhow::Result<u8> {
    let mut seen = Inspection::default();
    match args.station.settings() {
        Ok(settings) => {
            seen.ok("settings", args.station.told());
            look(&settings, args.quick, &mut seen)?;
        }
        Err(failure) => {
            seen.fail("settings", failure.message, "tieline config check says more");
        }
    }
    seen.write(args.format, console)?;
    if !args.format.is_json() {
        console.say(seen.sum());
    }
    Ok(if seen.worst() == Verdict::Fail { exit::FINDINGS } else { exit::ACCEPTED })
}

fn look(settings: &Settings, quick: bool, seen: &mut Inspection) -> anyhow::Result<()> {
    let book = match settings.book() {
        Ok(book) => {
            seen.ok("partners", count(book.partners().len() as u64, "partner"));
            Some(book)
        }
        Err(_) => {
            let how = format!("{}: their files are wrong", settings.partners().display());
            seen.fail("partners", how, "tieline partner check --all says where");
            None
        }
    };
    station::run(async {
        if let Some(store) = store(settings, quick, seen).await {
            clocks(&*store, seen).await;
            looks::writable("mailboxes", &settings.mailboxes(), seen);
            if settings.store_file().is_none() {
                shared::look(settings, &*store, seen).await;
            }
            work::look(&*store, book.as_ref(), seen).await;
            store.close().await;
        } else {
            looks::writable("mailboxes", &settings.mailboxes(), seen);
        }
        Ok(())
    })?;
    looks::host_keys(settings, seen);
    if let Some(book) = &book {
        looks::secrets(book, seen);
        looks::mail(settings, book, seen);
        looks::as2_keys(settings, book, seen);
        ends(settings, book, seen);
    }
    room(settings, seen);
    Ok(())
}

/// Opens the store if it is there and up to date: looking must not change it.
async fn store(
    settings: &Settings,
    quick: bool,
    seen: &mut Inspection,
) -> Option<std::sync::Arc<dyn Store>> {
    let address = settings.address();
    let shown = without_password(&address);
    if !settings.has_store() {
        seen.fail("store", format!("there is none at {shown}"), "tieline db migrate makes it");
        return None;
    }
    match maintenance::version(&address).await {
        Ok(it) if it.found > it.known => {
            let how = format!("{shown}: a newer tieline has written it");
            seen.fail("store", how, "use that one here too");
            return None;
        }
        Ok(it) if it.found < it.known => {
            let how = format!("{shown}: its tables are not up to date");
            seen.fail("store", how, "tieline db migrate, or start the gateway");
            return None;
        }
        Ok(_) => {}
        Err(error) => {
            seen.fail("store", format!("{shown}: {error}"), "start it, or correct its address");
            return None;
        }
    }
    let store = match tieline_store::open(&address).await {
        Ok(store) => store,
        Err(error) => {
            seen.fail("store", format!("{shown}: {error}"), "start it, or correct its address");
            return None;
        }
    };
    seen.ok("store", shown);
    if let Some(path) = settings.store_file() {
        looks::writable("payloads", &payload_folder(&path), seen);
    }
    if !quick {
        verify(&*store, seen).await;
    }
    Some(store)
}

async fn verify(store: &dyn Store, seen: &mut Inspection) {
    let fix = "tieline db verify tells all of it; restore a backup if it was the disk";
    match store.verify().await {
        Ok(faults) if faults.is_empty() => seen.ok("verified", "everything in the store fits"),
        Ok(faults) => {
            let many = count(faults.len() as u64, "thing");
            let first = faults.first().map(String::as_str).unwrap_or_default();
            seen.fail(
                "verified",
                format!("{many} in the store do not fit, the first: {first}"),
                fix,
            );
        }
        Err(error) => seen.fail("verified", error.to_string(), fix),
    }
}

/// Compares this machine's clock with the store's, by which leases and due times are measured.
async fn clocks(store: &dyn Store, seen: &mut Inspection) {
    let (before, asked) = (Timestamp::now(), Instant::now());
    let fix = "have both follow the same time servers (NTP)";
    let theirs = match store.now().await {
        Ok(theirs) => theirs,
        Err(error) => return seen.fail("clock", error.to_string(), "see why the store fails"),
    };
    let half = asked.elapsed() / 2;
    let apart = (theirs.duration_since(before)).unsigned_abs();
    let apart = apart.max(half).saturating_sub(half.min(Duration::from_secs(5))).as_millis();
    let how = format!("{apart} ms from the store's");
    match apart {
        CLOCK_FAILURE.. => seen.fail("clock", how, fix),
        CLOCK_WARNING.. => seen.warn("clock", how, fix),
        _ => seen.ok("clock", how),
    }
}

/// Authorizations, keys and certificates that end soon, of partners and ours.
fn ends(settings: &Settings, book: &PartnerBook, seen: &mut Inspection) {
    let today = clock::today();
    let mut all: Vec<(String, Expiry, &str)> = Vec::new();
    for partner in book.partners() {
        let fix = "have it renewed, or take it out of the partner's folder";
        let ending = partner.expiries(today).into_iter();
        all.extend(ending.map(|it| (format!("{}: {}", partner.profile().id, it.what), it, fix)));
    }
    let fix = "make the next with `tieline cert new` and send it to the partners in good time";
    all.extend(book.own_expiries(today).into_iter().map(|it| (it.what.clone(), it, fix)));
    let https = looks::https_expiry(settings, today);
    all.extend(
        https.map(|it| (it.what.clone(), it, "renew it, and send it to partners who pin it")),
    );
    let mut is_good = true;
    for (what, expiry, fix) in all {
        let days = count(expiry.days_left.unsigned_abs().into(), "day");
        let how = match expiry.warning() {
            Some(0) => format!("{what} ended on {}", expiry.last_day),
            Some(_) => format!("{what} ends on {}, in {days}", expiry.last_day),
            None => continue,
        };
        is_good = false;
        seen.warn("ending", how, fix);
    }
    if is_good {
        seen.ok("ending", "no authorization, key or certificate ends soon");
    }
}

/// Room on the disks of the store and of the mailboxes.
fn room(settings: &Settings, seen: &mut Inspection) {
    let store = settings.store_file().and_then(|path| path.parent().map(Path::to_path_buf));
    let mut folders = vec![settings.mailboxes()];
    folders.extend(store.filter(|folder| !settings.mailboxes().starts_with(folder)));
    for folder in folders {
        let is_there = |it: &&Path| it.as_os_str().is_empty() || it.exists();
        let there = folder.ancestors().find(is_there).unwrap_or(Path::new("."));
        let there = if there.as_os_str().is_empty() { Path::new(".") } else { there };
        let shown = folder.display();
        let room = match rustix::fs::statvfs(there) {
            Ok(disk) => disk.f_bavail.saturating_mul(disk.f_frsize) / 1_000_000,
            Err(error) => {
                seen.warn("disk", format!("{shown}: {error}"), "look at the disk by hand");
                continue;
            }
        };
        let how = format!("{shown}: {} MB free", crate::text::grouped(room));
        let fix = "make room, or purge what has ended: see retention in partner.toml";
        match room {
            ROOM_WARNING.. => seen.ok("disk", how),
            ROOM_FAILURE.. => seen.warn("disk", how, fix),
            _ => seen.fail("disk", how, fix),
        }
    }
}
