//! What waits for a person or for the gateway: schedules that are paused, jobs, answers, messages.

use jiff::{SignedDuration, Timestamp};
use tieline_gateway::TELL;
use tieline_gateway::schedule::planned;
use tieline_partner::PartnerBook;
use tieline_store::expectation::Standing;
use tieline_store::{State, Store, StoreError, expectation, job, message};

use crate::inspection::Inspection;
use crate::text::count;

/// The most of anything that is counted.
const MOST: u32 = 1_000;
/// How late a job may be before somebody should look whether a gateway serves.
const LATE: SignedDuration = SignedDuration::from_mins(5);

pub(super) async fn look(store: &dyn Store, book: Option<&PartnerBook>, seen: &mut Inspection) {
    let looked = async {
        pauses(store, book, seen).await?;
        jobs(store, seen).await?;
        answers(store, seen).await?;
        held(store, seen).await?;
        alerts(store, seen).await?;
        bans(store, seen).await
    };
    if let Err(error) = looked.await {
        seen.fail("store", error.to_string(), "see why the store fails");
    }
}

async fn pauses(
    store: &dyn Store,
    book: Option<&PartnerBook>,
    seen: &mut Inspection,
) -> Result<(), StoreError> {
    let pauses = store.pauses().await?;
    for (name, pause) in &pauses {
        let fix = format!("mend the cause, then: tieline schedule resume \"{name}\"");
        seen.warn("schedules", format!("{name} is paused: {}", pause.reason), &fix);
    }
    if pauses.is_empty() {
        let many = book.map_or(0, |book| planned(book).len());
        seen.ok("schedules", format!("none of {many} is paused"));
    }
    Ok(())
}

async fn jobs(store: &dyn Store, seen: &mut Inspection) -> Result<(), StoreError> {
    let dead = job::Filter { dead: Some(true), ..job::Filter::default() };
    let dead = store.jobs(&dead, MOST).await?;
    let waiting = job::Filter { dead: Some(false), ..job::Filter::default() };
    let waiting = store.jobs(&waiting, MOST).await?;
    let now = store.now().await?;
    if !dead.is_empty() {
        let how = format!("{} given up", told(dead.len(), "step"));
        let fix = "tieline msg list --state dead; mend the cause, then tieline msg reprocess";
        seen.warn("work", how, fix);
    }
    let late = |job: &&job::Job| job.lease.is_none() && now.duration_since(job.due) > LATE;
    let late: Vec<&job::Job> = waiting.iter().filter(late).collect();
    match late.iter().map(|job| job.due).min() {
        Some(first) => {
            let how = format!("{} wait since {}", told(late.len(), "step"), minute(first));
            seen.warn("work", how, "look whether a gateway serves this store");
        }
        None if dead.is_empty() => seen.ok("work", "nothing is given up, nothing waits too long"),
        None => {}
    }
    Ok(())
}

async fn answers(store: &dyn Store, seen: &mut Inspection) -> Result<(), StoreError> {
    let waiting = expectation::Filter { waiting: true, ..expectation::Filter::default() };
    let now = store.now().await?;
    let mut overdue = store.expectations(&waiting, MOST).await?;
    overdue.retain(|it| it.standing == Standing::Overdue || it.due < now);
    let Some(first) = overdue.first() else {
        seen.ok("answers", "no acknowledgment is overdue");
        return Ok(());
    };
    let how = format!(
        "{} overdue, the first that of {} for {}, due {}",
        told(overdue.len(), "acknowledgment"),
        first.partner,
        first.message,
        minute(first.due)
    );
    let fix = format!("ask {}; tieline msg show {}", first.partner, first.message);
    seen.warn("answers", how, &fix);
    Ok(())
}

async fn held(store: &dyn Store, seen: &mut Inspection) -> Result<(), StoreError> {
    let filter =
        message::Filter { states: vec![State::Held, State::Dead], ..message::Filter::default() };
    let held = store.messages(&filter, None, MOST).await?;
    if held.is_empty() {
        seen.ok("messages", "none waits for a person");
    } else {
        let how = format!("waiting for a person: {}", told(held.len(), "message"));
        seen.warn("messages", how, "tieline msg list --state held --state dead");
    }
    Ok(())
}

/// Alerts that nobody has got yet.
async fn alerts(store: &dyn Store, seen: &mut Inspection) -> Result<(), StoreError> {
    let tell = job::Filter { kind: Some(TELL.to_string()), ..job::Filter::default() };
    let mut late = store.jobs(&tell, MOST).await?;
    late.retain(|job| job.dead || job.reason.is_some());
    let Some(reason) = late.iter().find_map(|job| job.reason.as_deref()) else {
        seen.ok("alerts", "none waits to be sent again");
        return Ok(());
    };
    let how = format!("{} not sent: {reason}", told(late.len(), "alert"));
    seen.warn("alerts", how, "tieline alert test tries it out, stage by stage");
    Ok(())
}

/// Who is kept out.
async fn bans(store: &dyn Store, seen: &mut Inspection) -> Result<(), StoreError> {
    let bans = store.bans().await?;
    match bans.iter().find(|(subject, _)| subject.starts_with("account:")) {
        Some((subject, ban)) => {
            let how = format!("{subject} is kept out until {}: {}", minute(ban.until), ban.reason);
            let fix = format!("ask the partner; then tieline ban lift {subject}");
            seen.warn("bans", how, &fix);
        }
        None => seen.ok("bans", told(bans.len(), "ban") + " in force"),
    }
    Ok(())
}

/// How many, as far as was counted.
fn told(many: usize, what: &str) -> String {
    match many >= MOST as usize {
        true => format!("{} or more", count(many as u64, what)),
        false => count(many as u64, what),
    }
}

fn minute(at: Timestamp) -> String {
    at.strftime("%Y-%m-%d %H:%MZ").to_string()
}
