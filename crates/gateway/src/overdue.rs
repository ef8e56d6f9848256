//! What did not come: answers that are owed, and files that were expected.
//!
//! An answer is warned of before its deadline and told when it is overdue. A file that is watched for
//! is looked for once its deadline has passed: it may be missing, too few, empty, too small or too
//! large.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tieline_partner::profile::{ResendNumber, Status, Watch};
use tieline_store::change::MessageState;
use tieline_store::job::{Claimed, End, NewJob};
use tieline_store::message::{Filter, Flow, Message, State};
use tieline_store::schedule::Run;
use tieline_store::{Change, MessageId, StoreError, change, expectation};
use tokio::sync::watch;

use crate::house::House;
use crate::operate::{self, Numbering};
use crate::queue;
use crate::steps::{ALERT, Failure, OVERDUE, Step, WATCH, alert, event, job};

/// How often deadlines are looked at.
const EVERY: Duration = Duration::from_secs(10);
/// The event of a message that is sent again.
const SENT_AGAIN: &str = "sent again";
/// The most messages of a partner that are looked at for one deadline.
const MOST: u32 = 10_000;

/// Begins what follows from every answer whose time to warn or deadline has come, and says how many
/// there were.
///
/// # Errors
///
/// When the store fails.
pub async fn tell(house: &House) -> Result<u64, StoreError> {
    house.store.begin_due(OVERDUE).await
}

/// What follows from one: a person is warned; after the deadline the message is sent again as often as
/// is agreed with the partner, and then a person hears of it.
pub(crate) async fn follow(house: &House, claimed: &Claimed) -> Result<Step, Failure> {
    let wrong = || Failure::Final("the job names no answer to a message".to_string());
    let id = claimed.message.ok_or_else(wrong)?;
    let (what, key) = claimed.detail.split_once('\n').ok_or_else(wrong)?;
    let message = house.store.message(id).await?.ok_or_else(wrong)?;
    let of = expectation::Filter { message: Some(id), waiting: true, ..Default::default() };
    let waiting = house.store.expectations(&of, MOST).await?;
    // It came in the meantime, or the message was sent again.
    let Some(it) = waiting.iter().find(|it| it.key == key) else {
        return Ok(Step::done(Change::default()));
    };
    if it.kind == expectation::Kind::Receipt && message.state == State::Dead {
        // A person has heard of it. Its receipt would still count.
        return Ok(Step::done(Change::default()));
    }
    let this = change::Message::Known(id);
    let is_overdue = what == "overdue";
    let word = if is_overdue { "has not come" } else { "is still to come" };
    let mut detail = format!("the answer to {key} {word}; it is due {}", it.due);
    let mut change = Change::default();
    if is_overdue && it.kind == expectation::Kind::Receipt {
        let tries = sent_again(house, id).await?;
        if is_sent_again(house, &message, &it.partner, tries) {
            // The same message under the same Message-ID, so that the partner sees a repeat.
            change.message_states.push(MessageState {
                message: id,
                from: vec![State::Sent],
                to: State::Queued,
                reason: None,
            });
            change.jobs.push(queue::delivery(this));
            detail += &format!("; sent again under the same Message-ID, time {}", tries + 1);
            change.events.push(event(this, SENT_AGAIN, detail));
            return Ok(Step::done(change));
        }
    } else if is_overdue {
        match again(house, &message, &it.partner).await? {
            Again::No => {}
            Again::Later(due) => {
                let reason = "the message is sent again then".to_string();
                return Ok(Step { change, end: End::Again { due, reason } });
            }
            Again::Now(numbering, tries) => {
                let (numbers, told) = match numbering {
                    ResendNumber::Same => (Numbering::Same, "the same number"),
                    ResendNumber::New => (Numbering::New, "a number of its own"),
                };
                operate::send_again(house, &mut change, &message, numbers).await?;
                detail += &format!("; sent again under {told}, time {tries}");
                change.events.push(event(this, SENT_AGAIN, detail));
                return Ok(Step::done(change));
            }
        }
    }
    change.events.push(event(this, what, detail));
    change.jobs.push(alert(Some(&it.partner), what, id));
    Ok(Step::done(change))
}

/// How often a message was sent again under its Message-ID.
async fn sent_again(house: &House, id: MessageId) -> Result<u32, Failure> {
    let events = house.store.events(id).await?;
    Ok(events.iter().filter(|event| event.what == SENT_AGAIN).count() as u32)
}

/// Whether a message may be sent once more to a partner.
fn is_sent_again(house: &House, message: &Message, partner: &str, tries: u32) -> bool {
    let book = house.book();
    let Some(partner) = book.find(partner) else { return false };
    let profile = partner.profile();
    let trades = matches!(profile.status, Status::Testing | Status::Live);
    trades && message.state == State::Sent && tries < profile.envelope.acknowledge.resend.times
}

/// Whether a message is sent again whose answer is overdue.
enum Again {
    No,
    Later(Timestamp),
    /// With which number, and which time it is.
    Now(ResendNumber, u32),
}

async fn again(house: &House, message: &Message, partner: &str) -> Result<Again, Failure> {
    let book = house.book();
    let Some(partner) = book.find(partner) else { return Ok(Again::No) };
    let profile = partner.profile();
    let agreed = profile.envelope.acknowledge.resend;
    if !is_sent_again(house, message, &profile.id, 0) {
        return Ok(Again::No);
    }
    let mut tries = 0;
    let mut earlier = message.same_as;
    while let Some(before) = earlier.filter(|_| tries < agreed.times) {
        tries += 1;
        earlier = house.store.message(before).await?.and_then(|it| it.same_as);
    }
    if tries >= agreed.times {
        return Ok(Again::No);
    }
    // The first time it is due at once; then not before what is agreed has gone by.
    let due = message.at + SignedDuration::from_secs(agreed.every.into());
    if tries > 0 && due > house.store.now().await? {
        return Ok(Again::Later(due));
    }
    Ok(Again::Now(agreed.control_number, tries + 1))
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
