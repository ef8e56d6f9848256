//! Workers: each takes a job, does its step under a lease, and has the result written.

use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use tieline_store::change::{self, MessageState};
use tieline_store::job::{Claimed, End, Lease, NewJob, Worker};
use tieline_store::message::State;
use tieline_store::{Change, Store, StoreError};
use tokio::sync::watch;

use crate::house::House;
use crate::steps::{ALERT, CHECK, Failure, Step, TELL, alert, broken, event, job};
use crate::{inbound, outbound, steady};

/// How long a lease lasts, in seconds; it is renewed at a third of that.
const LEASE: u32 = 60;
/// How long a worker with nothing to do waits before it looks by itself.
const IDLE: Duration = Duration::from_secs(1);
/// How long a worker waits after the store failed.
const FAILED: Duration = Duration::from_millis(500);
/// How often it is tried to write what a step came to, in about a minute.
const WRITES: u32 = 120;
/// How often a step is tried before it is given up.
const ATTEMPTS: u32 = 10;
/// The first wait after a failure, in seconds; each further one is twice as long, at most an hour.
const FIRST_WAIT: i64 = 5;
const LONGEST_WAIT: i64 = 3_600;

/// Every kind of job that a worker takes.
const KINDS: [&str; 14] = [
    crate::steps::READ,
    crate::steps::CHECK,
    crate::steps::POST,
    crate::steps::IMPORT,
    crate::steps::RELEASE,
    crate::steps::DELIVER,
    crate::steps::CALL,
    crate::steps::EXPORT,
    crate::steps::OVERDUE,
    crate::steps::RETAIN,
    crate::steps::RECEIPT,
    crate::steps::QUARANTINE,
    crate::steps::WATCH,
    crate::steps::ALERT,
];

/// The kind that has a worker of its own: whoever does not answer when told holds up nothing else.
const TELLING: [&str; 1] = [crate::steps::TELL];

/// Runs workers until `stop` says true, and lets the steps under way end. One more sends alerts.
pub async fn run(house: Arc<House>, workers: usize, stop: watch::Receiver<bool>) {
    let start = |name: String, kinds: &'static [&'static str]| {
        let (house, name) = (Arc::clone(&house), format!("{}/{name}", house.node));
        steady::run("worker", stop.clone(), move |stop| {
            one(Arc::clone(&house), Worker { name: name.clone(), lease: LEASE }, kinds, stop)
        })
    };
    let mut all: Vec<_> = (0..workers.max(1)).map(|n| start(n.to_string(), &KINDS)).collect();
    all.push(start("alerts".to_string(), &TELLING));
    for worker in all {
        let _ = worker.await;
    }
}

/// Does every job that is due, one after the other, and says how many there were.
///
/// # Errors
///
/// When the store does not take or give jobs.
pub async fn run_due(house: &Arc<House>) -> Result<u64, StoreError> {
    let worker = Worker { name: format!("{}/due", house.node), lease: LEASE };
    let mut done = 0;
    let mut round = Round::of(&[&KINDS[..], &TELLING[..]].concat());
    while let Some(claimed) = round.claim(house, &worker).await? {
        done += do_all(house, &worker, claimed).await?;
    }
    Ok(done)
}

async fn one(
    house: Arc<House>,
    worker: Worker,
    kinds: &'static [&'static str],
    mut stop: watch::Receiver<bool>,
) {
    let mut round = Round::of(kinds);
    while !*stop.borrow() {
        let waited = match take_one(&house, &worker, &mut round).await {
            Ok(true) => continue,
            Ok(false) => rest(&house, kinds),
            Err(error) => {
                tracing::error!(%error, "the store does not give jobs or take what they came to");
                tokio::select! {
                    () = let_go(&house, &worker) => continue,
                    _ = stop.changed() => continue,
                }
            }
        };
        tokio::select! {
            () = waited => {}
            _ = stop.changed() => {}
        }
    }
}

/// Waits until there may be something to do. The word that there is wakes one worker, which must not be
/// the one that sends alerts: that looks by itself.
async fn rest(house: &House, kinds: &[&str]) {
    if kinds == TELLING {
        tokio::time::sleep(IDLE).await;
    } else {
        house.store.wait_for_work(IDLE).await;
    }
}

/// Takes a job that is due and does it, with those it leads to; whether there was one.
async fn take_one(
    house: &Arc<House>,
    worker: &Worker,
    round: &mut Round,
) -> Result<bool, StoreError> {
    match round.claim(house, worker).await? {
        Some(claimed) => do_all(house, worker, claimed).await.map(|_| true),
        None => Ok(false),
    }
}

/// What a worker takes, in turns. A file of many interchanges brings a check for each: after one of those
/// a worker looks for something else first, so that a short file does not wait for somebody's long one.
struct Round {
    kinds: Vec<&'static str>,
    others: Vec<&'static str>,
    /// Whether the last job was one of many.
    was_part: bool,
}

impl Round {
    fn of(kinds: &[&'static str]) -> Round {
        let others = kinds.iter().copied().filter(|kind| *kind != CHECK).collect();
        Round { kinds: kinds.to_vec(), others, was_part: false }
    }

    /// The job whose turn it is, if one is due.
    async fn claim(
        &mut self,
        house: &House,
        worker: &Worker,
    ) -> Result<Option<Claimed>, StoreError> {
        if std::mem::take(&mut self.was_part)
            && let Some(other) = house.store.claim(worker, &self.others, 1).await?.pop()
        {
            return Ok(Some(other));
        }
        let claimed = house.store.claim(worker, &self.kinds, 1).await?.pop();
        self.was_part = claimed.as_ref().is_some_and(|it| it.kind == CHECK);
        Ok(claimed)
    }
}

/// Ends the leases of a worker that has nothing in hand, as soon as the store answers. After a failed
/// call it may have been given a job and not have heard of it.
async fn let_go(house: &House, worker: &Worker) {
    loop {
        tokio::time::sleep(FAILED).await;
        if house.store.end_leases(&worker.name).await.is_ok() {
            return;
        }
    }
}

/// Does a job and those it leads to at once; how many there were.
async fn do_all(house: &Arc<House>, worker: &Worker, first: Claimed) -> Result<u64, StoreError> {
    let mut next = Some(first);
    let mut done = 0;
    while let Some(claimed) = next {
        next = do_one(house, worker, &claimed).await?;
        done += 1;
    }
    Ok(done)
}

/// Does one job and has its result written; the job to go on with.
async fn do_one(
    house: &Arc<House>,
    worker: &Worker,
    claimed: &Claimed,
) -> Result<Option<Claimed>, StoreError> {
    let mut step = {
        let (house, claimed) = (Arc::clone(house), claimed.clone());
        tokio::spawn(async move { take(&house, &claimed).await })
    };
    let result = loop {
        tokio::select! {
            done = &mut step => break done,
            () = tokio::time::sleep(Duration::from_secs(u64::from(LEASE) / 3)) => {
                if let Err(StoreError::LeaseLost) = house.store.renew(&claimed.lease, worker).await {
                    step.abort();
                    tracing::warn!(job = claimed.lease.job.0, "another worker has taken the job");
                    return Ok(None);
                }
            }
        }
    };
    let result = result.unwrap_or_else(|error| Err(broken(&error)));
    let Step { change, end } = match result {
        Ok(step) => step,
        Err(failure) => failed(&*house.store, claimed, failure).await?,
    };
    write(&*house.store, worker, &claimed.lease, change, end).await
}

/// Writes a result. A store that does not answer is asked again while the lease lasts, so that what
/// was done is not done again for that. A lease that was lost means that another worker does the job,
/// or that it was written before and nobody heard of it.
async fn write(
    store: &dyn Store,
    worker: &Worker,
    lease: &Lease,
    change: Change,
    end: End,
) -> Result<Option<Claimed>, StoreError> {
    let mut tries = 1;
    loop {
        match store.finish(lease, change.clone(), end.clone()).await {
            Ok(applied) => return Ok(applied.next),
            Err(StoreError::LeaseLost) if tries == 1 => {
                tracing::warn!(job = lease.job.0, "another worker has taken the job");
                return Ok(None);
            }
            Err(error) if error.is_passing() && tries < WRITES => {
                tracing::warn!(%error, job = lease.job.0, "a result cannot be written yet");
                tries += 1;
                tokio::time::sleep(FAILED).await;
                let _ = store.renew(lease, worker).await;
            }
            Err(error) => return Err(error),
        }
    }
}

/// Which step a job is.
async fn take(house: &Arc<House>, claimed: &Claimed) -> Result<Step, Failure> {
    match inbound::step(house, claimed).await {
        Some(step) => step,
        None => match outbound::step(house, claimed).await {
            Some(step) => step,
            None => Err(Failure::Final(format!("nobody knows the step {}", claimed.kind))),
        },
    }
}

/// What follows from a failure: another attempt, or the end of them, which a person hears of.
async fn failed(
    store: &dyn Store,
    claimed: &Claimed,
    failure: Failure,
) -> Result<Step, StoreError> {
    let is_final = match &failure {
        Failure::Final(_) => true,
        Failure::Passing(_) => claimed.attempt >= ATTEMPTS,
        Failure::Store(error) => !error.is_passing() || claimed.attempt >= ATTEMPTS,
    };
    let reason = failure.to_string();
    tracing::warn!(job = claimed.lease.job.0, step = claimed.kind, reason, "a step failed");
    let mut change = Change::default();
    if !is_final {
        let due = again_at(store.now().await?, claimed.attempt);
        return Ok(Step { change, end: End::Again { due, reason } });
    }
    let what = format!("the step {} was given up: {reason}", claimed.kind);
    if let Some(id) = claimed.message {
        match claimed.interchange {
            Some(interchange) => {
                change.interchange_states.push((interchange, State::Dead, Some(what.clone())));
            }
            None => change.message_states.push(MessageState {
                message: id,
                from: Vec::new(),
                to: State::Dead,
                reason: Some(what.clone()),
            }),
        }
        change.events.push(event(change::Message::Known(id), "dead", what));
        let partner = store.message(id).await?.and_then(|message| message.partner);
        change.jobs.push(alert(partner.as_deref(), "dead", id));
    } else if claimed.kind != TELL {
        // An alert that cannot be sent is not told by another one.
        change.jobs.push(NewJob { detail: format!("{}: {what}", claimed.detail), ..job(ALERT) });
    }
    Ok(Step { change, end: End::Dead { reason } })
}

/// When a step is tried again after this attempt.
fn again_at(now: Timestamp, attempt: u32) -> Timestamp {
    let doublings = attempt.saturating_sub(1).min(20);
    let wait = FIRST_WAIT.saturating_mul(1 << doublings).min(LONGEST_WAIT);
    now + SignedDuration::from_secs(wait)
}
