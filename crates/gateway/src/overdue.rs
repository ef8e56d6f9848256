//! What did not come: answers that are owed, and files that were expected.
//!
//! An answer is warned of before its deadline and told when it is overdue. A file that is watched for
//! is looked for once its deadline has passed: it may be missing, too few, empty, too small or too
//! large.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tieline_partner::profile::{Status, Watch};
use tieline_store::change;
use tieline_store::job::{Claimed, NewJob};
use tieline_store::message::{Filter, Flow, Message};
use tieline_store::schedule::Run;
use tieline_store::{Change, StoreError};
use tokio::sync::watch;

use crate::house::House;
use crate::steps::{ALERT, Failure, Step, WATCH, alert, event, job};

/// How often deadlines are looked at.
const EVERY: Duration = Duration::from_secs(10);
/// The most messages of a partner that are looked at for one deadline.
const MOST: u32 = 10_000;

/// Tells of every answer whose time to warn or deadline has come, and says how many.
///
/// # Errors
///
/// When the store fails.
pub async fn tell(house: &House) -> Result<usize, StoreError> {
    let due = house.store.fall_due().await?;
    for due in &due {
        let it = &due.expectation;
        let this = change::Message::Known(it.message);
        let (what, word) = if due.overdue {
            ("overdue", "has not come")
        } else {
            ("due soon", "is still to come")
        };
        let detail = format!("the answer to {} {word}; it is due {}", it.key, it.due);
        let mut change = Change::default();
        change.events.push(event(this, what, detail));
        change.jobs.push(alert(Some(&it.partner), what, it.message));
        house.store.apply(change).await?;
    }
    Ok(due.len())
}

/// Begins the look for every expected file whose deadline has passed since `from` or the last look.
///
/// # Errors
///
/// When the store fails.
pub async fn look_for_files(house: &House, from: Timestamp) -> Result<u64, StoreError> {
    let now = house.store.now().await?;
    let last = house.store.last_runs().await?;
    let book = house.book();
    let mut begun = 0;
    for partner in book.partners() {
        let profile = partner.profile();
        if profile.status != Status::Live {
            continue;
        }
        for watch in &profile.watches {
            let name = format!("{}/watch {}", profile.id, watch.name);
            let last = last.iter().find(|run| run.schedule == name).map_or(from, |run| run.planned);
            let mut after = last - SignedDuration::from_secs(watch.late_after.into());
            while let Some(deadline) = watch.next(after).filter(|it| it.late <= now) {
                after = deadline.due;
                let planned = deadline.late;
                if planned <= last {
                    continue;
                }
                let detail = format!("{name}\n{}\n{}", deadline.opens, deadline.late);
                let look = NewJob { detail, ..job(WATCH) };
                let run = Run { schedule: name.clone(), planned };
                begun += u64::from(house.store.begin_run(&run, look).await?);
            }
        }
    }
    Ok(begun)
}

/// Tells and looks again and again until `stop` says true.
pub async fn run(house: Arc<House>, mut stop: watch::Receiver<bool>) {
    let from = house.store.now().await.unwrap_or_else(|_| Timestamp::now());
    while !*stop.borrow() {
        let told = async {
            tell(&house).await?;
            look_for_files(&house, from).await
        };
        if let Err(error) = told.await {
            tracing::error!(%error, "the deadlines cannot be looked at");
        }
        tokio::select! {
            () = tokio::time::sleep(EVERY) => {}
            _ = stop.changed() => {}
        }
    }
}

/// Looks whether an expected file came.
pub(crate) async fn look(house: &House, claimed: &Claimed) -> Result<Step, Failure> {
    let wrong = || Failure::Final("the job names no watch of a partner".to_string());
    let mut lines = claimed.detail.lines();
    let (partner, name) = lines.next().and_then(|it| it.split_once("/watch ")).ok_or_else(wrong)?;
    let mut instant = || lines.next()?.parse::<Timestamp>().ok();
    let (opens, late) = instant().zip(instant()).ok_or_else(wrong)?;
    let book = house.book();
    let watch = book
        .find(partner)
        .and_then(|partner| partner.profile().watches.iter().find(|watch| watch.name == name));
    // It was taken out of the profile in the meantime.
    let Some(watch) = watch else { return Ok(Step::done(Change::default())) };
    let filter = Filter {
        partner: Some(partner.to_string()),
        flow: Some(Flow::In),
        since: Some(opens),
        ..Filter::default()
    };
    let came = house.store.messages(&filter, None, MOST).await?;
    let came: Vec<&Message> =
        came.iter().filter(|it| it.at < late && is_meant(watch, it)).collect();
    let Some(fault) = fault(watch, &came) else { return Ok(Step::done(Change::default())) };
    let mut change = Change::default();
    change.jobs.push(NewJob {
        detail: format!("expected file {partner}: {name} {fault}"),
        unique: Some(format!("alert watch {partner} {name} {late}")),
        ..job(ALERT)
    });
    Ok(Step::done(change))
}

fn is_meant(watch: &Watch, message: &Message) -> bool {
    let by_set = watch.set.as_ref().is_none_or(|set| message.content.contains(&format!("{set} x")));
    let by_name = watch.pattern.as_ref().is_none_or(|it| it.matches(message.name.as_bytes()));
    by_set && by_name
}

/// What is wrong with what came.
fn fault(watch: &Watch, came: &[&Message]) -> Option<String> {
    let wanted = watch.files as usize;
    let good = |it: &&&Message| {
        it.size >= watch.smallest.max(1) && watch.largest.is_none_or(|most| it.size <= most)
    };
    let fit = came.iter().filter(good).count();
    match (came.len(), fit) {
        (_, fit) if fit >= wanted => None,
        (0, _) => Some("has not come".to_string()),
        (came, fit) if came == fit => Some(format!("came {came} times, not {wanted}")),
        (came, fit) => {
            Some(format!("came {came} times, {} of them empty, too small or too large", came - fit))
        }
    }
}
