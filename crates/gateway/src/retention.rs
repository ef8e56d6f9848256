//! Retention: what was kept as long as is agreed with a partner is thrown away, once a day.
//!
//! Messages lose their bytes and events, postings what they say; their rows, numbers and keys stay, so
//! that a repeat is known for ever. Files go from a mailbox's `archive`, `errors` and `reports`. What
//! waits for somebody or something is never thrown away, nor what is of a partner that was taken out.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tieline_partner::profile::Retention;
use tieline_store::access::Expired;
use tieline_store::job::{Claimed, NewJob};
use tieline_store::schedule::Run;
use tieline_store::{AuditEntry, Change, StoreError};
use tieline_transport::Mailbox;
use tokio::sync::watch;

use crate::house::House;
use crate::steps::{Failure, RETAIN, Step, job, work};
use crate::{ending, operate};

/// How often is looked whether the day's run is due.
const EVERY: Duration = Duration::from_secs(60);
/// When it is due, on our clock.
const AT: (i8, i8) = (3, 10);
/// The name of the run among the schedules.
const NAME: &str = "retention";
/// The folders of a mailbox from which files go by their age.
const FOLDERS: [&str; 3] = ["archive", "errors", "reports"];

/// Begins the run of a day when its time has come since `from` or the last one; whether it did.
///
/// # Errors
///
/// When the store fails.
pub async fn begin_due(house: &House, from: Timestamp) -> Result<bool, StoreError> {
    let now = house.store.now().await?;
    let local = house.local(now);
    let today = local.date().at(AT.0, AT.1, 0, 0).to_zoned(local.time_zone().clone());
    let Ok(planned) = today.map(|it| it.timestamp()) else { return Ok(false) };
    let runs = house.store.last_runs().await?;
    let last = runs.iter().find(|run| run.schedule == NAME).map_or(from, |run| run.planned);
    if planned > now || planned <= last {
        return Ok(false);
    }
    let run = Run { schedule: NAME.to_string(), planned };
    let new = NewJob { unique: Some(RETAIN.to_string()), ..job(RETAIN) };
    house.store.begin_run(&run, new).await
}

/// Looks again and again until `stop` says true.
pub async fn run(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    let from = house.store.now().await.unwrap_or_else(|_| Timestamp::now());
    while !*stop.borrow() {
        if let Err(error) = begin_due(&house, from).await {
            tracing::error!(%error, "nobody knows whether something was kept long enough");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

/// How much was thrown away.
#[derive(Debug, Default, PartialEq, Eq)]
struct Purged {
    messages: u64,
    postings: u64,
    files: u64,
}

/// Throws away what was kept long enough, and says in the audit how much.
pub(crate) async fn step(house: &House, _: &Claimed) -> Result<Step, Failure> {
    let now = house.store.now().await?;
    let book = house.book();
    let mut change = Change::default();
    let ours = book.utility().map(|us| us.retention).unwrap_or_default();
    let theirs = book.partners().iter().map(|it| {
        let profile = it.profile();
        (Some(profile.id.clone()), profile.retention)
    });
    for (partner, kept) in theirs.chain([(None, ours)]) {
        let mut purged = purge(house, partner.as_deref(), kept, now).await?;
        if let Some(id) = &partner {
            let mailbox = house.mailbox(id);
            let before = ago(now, kept.files).as_second();
            purged.files = work(move || Ok(clear(&mailbox, before)?)).await?;
        }
        if purged != Purged::default() {
            change.audit.push(AuditEntry {
                at: None,
                actor: "tieline".to_string(),
                action: "purge".to_string(),
                subject: partner.unwrap_or_else(|| "our own house".to_string()),
                detail: format!(
                    "{} messages, {} postings, {} files",
                    purged.messages, purged.postings, purged.files
                ),
            });
        }
    }
    // The night's run is also when it is looked what ends soon.
    ending::tell(house).await?;
    // An authorization may begin today.
    change.jobs.extend(operate::at_once(&book));
    Ok(Step::done(change))
}

async fn purge(
    house: &House,
    partner: Option<&str>,
    kept: Retention,
    now: Timestamp,
) -> Result<Purged, StoreError> {
    let expired =
        |test, days| Expired { partner: partner.map(str::to_string), test, before: ago(now, days) };
    let tests = expired(true, kept.tests);
    let store = &house.store;
    let messages = store.purge_messages(&expired(false, kept.messages)).await?
        + store.purge_messages(&tests).await?;
    let postings = store.purge_postings(&expired(false, kept.records)).await?
        + store.purge_postings(&tests).await?;
    Ok(Purged { messages, postings, files: 0 })
}

fn ago(now: Timestamp, days: u32) -> Timestamp {
    now.checked_sub(SignedDuration::from_hours(24 * i64::from(days))).unwrap_or(Timestamp::MIN)
}

/// Takes away files that were last changed before an instant, in seconds since 1970; how many.
fn clear(mailbox: &Mailbox, before: i64) -> std::io::Result<u64> {
    if !mailbox.root.is_dir() {
        return Ok(0);
    }
    let open = mailbox.open()?;
    let mut cleared = 0;
    for place in 0..open.folders().count() {
        if !FOLDERS.contains(&open.folder(place).name.as_str()) {
            continue;
        }
        for name in open.list(place)? {
            let name = name?;
            // Gone since, or no plain file.
            let Ok(facts) = open.facts(place, &name) else { continue };
            if facts.modified < before {
                open.remove(place, &name)?;
                cleared += 1;
            }
        }
    }
    Ok(cleared)
}
