//! Upkeep of the mailboxes: what was taken from `inbound` moves to `archive` after a while.
//!
//! A file appears in `inbound` when it is kept already; it is left there for a client that looks whether
//! its upload is there. Nothing is deleted here.

use std::sync::Arc;
use std::time::Duration;

use tieline_transport::mailbox::{OpenMailbox, is_unfinished};
use tokio::sync::watch;

use crate::house::House;

/// How long a file stays in `inbound`, in seconds.
const STAYS: i64 = 3_600;
/// How often is looked.
const EVERY: Duration = Duration::from_secs(300);

/// Moves what has been in `inbound` long enough, in every mailbox, and says how many files that were.
pub fn archive(house: &House, now: i64) -> u64 {
    let mut moved = 0;
    for partner in house.book().partners() {
        let id = &partner.profile().id;
        let mailbox = house.mailbox(id);
        if !mailbox.root.is_dir() {
            continue;
        }
        match mailbox.open().and_then(|open| archive_one(&open, now)) {
            Ok(count) => moved += count,
            Err(error) => tracing::error!(%error, partner = id, "the mailbox cannot be tidied"),
        }
    }
    moved
}

fn archive_one(mailbox: &OpenMailbox, now: i64) -> std::io::Result<u64> {
    let place = |name: &str| mailbox.folders().position(|it| it.name == name);
    let (Some(inbound), Some(archive)) = (place("inbound"), place("archive")) else {
        return Ok(0);
    };
    let mut moved = 0;
    for name in mailbox.list(inbound)? {
        let name = name?;
        // Gone since, or no plain file.
        let Ok(facts) = mailbox.facts(inbound, &name) else { continue };
        if is_unfinished(&name) || now - facts.modified < STAYS {
            continue;
        }
        // Names come again, so the time goes in front; a name that gets too long stays as it is.
        let stamped = [facts.modified.to_string().as_bytes(), b"-", &name].concat();
        let target = if stamped.len() > 255 { &name } else { &stamped };
        mailbox.rename((inbound, &name), (archive, target), false)?;
        moved += 1;
    }
    Ok(moved)
}

/// Tidies again and again until `stop` says true.
pub async fn run(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    while !*stop.borrow() {
        let house = Arc::clone(&house);
        let now = jiff::Timestamp::now().as_second();
        let _ = tokio::task::spawn_blocking(move || archive(&house, now)).await;
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}
