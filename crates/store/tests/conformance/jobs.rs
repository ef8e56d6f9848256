//! Jobs: leases, attempts, order, names, and changes that are written whole or not at all.

use std::sync::Arc;
use std::time::Duration;

use tieline_store::change::{self, Change, MessageState, NewEvent};
use tieline_store::job::{Claimed, End, Filter, NewJob};
use tieline_store::{MessageId, State, Store, StoreError};

use crate::kit::*;

fn details(jobs: &[Claimed]) -> Vec<&str> {
    jobs.iter().map(|job| job.detail.as_str()).collect()
}

async fn end(store: &dyn Store, job: &Claimed, end: End) {
    store.finish(&job.lease, Change::default(), end).await.expect("the job ends");
}

pub(crate) async fn a_job_goes_to_one_worker_and_the_oldest_first(world: World) {
    let later = NewJob { due: Some(world.later(5)), ..detailed("read", "later") };
    let new = ["one", "two", "three"].map(|detail| detailed("read", detail));
    bring(&**world, vec![later]).await;
    bring(&**world, new.to_vec()).await;
    bring(&**world, vec![detailed("send", "other")]).await;
    let first = world.claim(&worker("north"), &["read"], 2).await.expect("taken");
    assert_eq!(details(&first), ["one", "two"]);
    let second = world.claim(&worker("south"), &["send", "read"], 9).await.expect("taken");
    assert_eq!(details(&second), ["three", "other"]);
    assert_eq!(first[0].until, world.later(60));
    world.pass(5);
    let third = world.claim(&worker("south"), &["read"], 9).await.expect("taken");
    assert_eq!(details(&third), ["later"]);
    assert!(world.claim(&worker("south"), &[], 9).await.expect("taken").is_empty());
}

pub(crate) async fn a_late_finish_is_refused_and_writes_nothing(world: World) {
    let message = receive(&**world, b"one").await;
    let slow = claim(&**world, "north", "read").await.expect("there is a job");
    assert!(claim(&**world, "south", "read").await.is_none());
    world.pass(61);
    let quick = claim(&**world, "south", "read").await.expect("the lease has ended");
    assert_eq!(quick.lease.job, slow.lease.job);
    let change = || Change {
        messages: vec![outgoing(State::Queued)],
        jobs: vec![job("send")],
        ..Change::default()
    };
    let late = world.finish(&slow.lease, change(), End::Done).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    let renewed = world.renew(&slow.lease, &worker("north")).await;
    assert!(matches!(renewed, Err(StoreError::LeaseLost)), "{renewed:?}");
    world.finish(&quick.lease, change(), End::Done).await.expect("it is the worker's own");
    let again = world.finish(&quick.lease, change(), End::Done).await;
    assert!(matches!(again, Err(StoreError::LeaseLost)), "{again:?}");
    let all = world.messages(&Default::default(), None, 9).await.expect("read");
    assert_eq!(all.len(), 2, "{message} and one that was sent");
}

pub(crate) async fn a_node_that_starts_ends_the_leases_it_had(world: World) {
    bring(&**world, vec![detailed("read", "one"), detailed("read", "two")]).await;
    let lost = claim(&**world, "north/1", "read").await.expect("there is a job");
    let kept = claim(&**world, "northern/1", "read").await.expect("there is another");
    assert_eq!(world.end_leases("north").await.expect("they end"), 1);
    let again = claim(&**world, "north/2", "read").await.expect("nobody has it any more");
    assert_eq!((again.lease.job, again.attempt), (lost.lease.job, 2));
    let late = world.finish(&lost.lease, Change::default(), End::Done).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "{late:?}");
    world.finish(&kept.lease, Change::default(), End::Done).await.expect("it is another node's");
    // A worker may end its own and no other's.
    bring(&**world, vec![detailed("read", "three")]).await;
    claim(&**world, "north/3", "read").await.expect("there is a job");
    assert_eq!(world.end_leases("north/3").await.expect("they end"), 1);
    assert!(claim(&**world, "south/1", "read").await.is_some(), "nobody has it any more");
}

pub(crate) async fn a_lease_lasts_longer_when_it_is_renewed(world: World) {
    bring(&**world, vec![job("read")]).await;
    let held = claim(&**world, "north", "read").await.expect("there is a job");
    world.pass(50);
    world.renew(&held.lease, &worker("north")).await.expect("it is the worker's own");
    world.pass(50);
    assert!(claim(&**world, "south", "read").await.is_none());
    let listed = world.jobs(&Filter::default(), 9).await.expect("read");
    assert_eq!(listed[0].lease, Some(("north".to_string(), world.later(10))));
    world.pass(20);
    // Nobody has taken it since, so what was done may be written.
    end(&**world, &held, End::Done).await;
    assert!(world.jobs(&Filter::default(), 9).await.expect("read").is_empty());
}

pub(crate) async fn attempts_are_counted_when_a_job_is_taken(world: World) {
    bring(&**world, vec![job("read")]).await;
    for attempt in 1..4 {
        let job = claim(&**world, "north", "read").await.expect("there is a job");
        assert_eq!(job.attempt, attempt);
        world.pass(61);
    }
    assert_eq!(world.jobs(&Filter::default(), 9).await.expect("read")[0].attempts, 3);
}

pub(crate) async fn a_failed_job_is_due_again_when_it_says_so(world: World) {
    bring(&**world, vec![job("read")]).await;
    let failed = claim(&**world, "north", "read").await.expect("there is a job");
    let again = End::Again { due: world.later(30), reason: "no answer".to_string() };
    end(&**world, &failed, again).await;
    let late = world.finish(&failed.lease, Change::default(), End::Done).await;
    assert!(matches!(late, Err(StoreError::LeaseLost)), "it ended already: {late:?}");
    assert!(claim(&**world, "north", "read").await.is_none());
    let listed = world.jobs(&Filter::default(), 9).await.expect("read").remove(0);
    assert_eq!((listed.lease, listed.reason.as_deref()), (None, Some("no answer")));
    assert_eq!(listed.due, world.later(30));
    world.pass(30);
    assert_eq!(claim(&**world, "north", "read").await.expect("it is due").attempt, 2);
}

pub(crate) async fn a_dead_job_waits_for_a_person_and_can_be_revived(world: World) {
    bring(&**world, vec![job("read")]).await;
    let failed = claim(&**world, "north", "read").await.expect("there is a job");
    end(&**world, &failed, End::Dead { reason: "given up".to_string() }).await;
    world.pass(1_000_000);
    assert!(claim(&**world, "north", "read").await.is_none());
    let dead = Filter { dead: Some(true), ..Filter::default() };
    let listed = world.jobs(&dead, 9).await.expect("read");
    assert_eq!((listed.len(), listed[0].reason.as_deref()), (1, Some("given up")));
    let change = Change { revived: vec![listed[0].id], ..Change::default() };
    world.apply(change.clone()).await.expect("it is due again");
    let alive = claim(&**world, "north", "read").await.expect("it is due again");
    assert_eq!(alive.attempt, 1);
    world.apply(change).await.expect("one that lives is left alone");
    assert!(claim(&**world, "south", "read").await.is_none());
    end(&**world, &alive, End::Done).await;
}

fn ordered(detail: &str, order: &str) -> NewJob {
    NewJob { order: Some(order.to_string()), ..detailed("send", detail) }
}

pub(crate) async fn jobs_of_one_order_are_done_one_after_the_other(world: World) {
    bring(&**world, vec![ordered("a1", "a"), ordered("b1", "b"), ordered("a2", "a")]).await;
    bring(&**world, vec![ordered("a3", "a"), detailed("send", "free")]).await;
    let first = world.claim(&worker("north"), &["send"], 9).await.expect("taken");
    assert_eq!(details(&first), ["a1", "b1", "free"]);
    let again = End::Again { due: world.later(30), reason: "busy".to_string() };
    end(&**world, &first[0], again).await;
    end(&**world, &first[1], End::Done).await;
    end(&**world, &first[2], End::Done).await;
    assert!(claim(&**world, "north", "send").await.is_none(), "a1 comes before a2");
    world.pass(30);
    let first = claim(&**world, "north", "send").await.expect("a1 is due");
    assert_eq!(first.detail, "a1");
    end(&**world, &first, End::Done).await;
    let second = world.claim(&worker("north"), &["send"], 9).await.expect("taken");
    assert_eq!(details(&second), ["a2"]);
    world.pass(61);
    let second = claim(&**world, "south", "send").await.expect("the lease has ended");
    assert_eq!(second.detail, "a2", "it is still the oldest");
    end(&**world, &second, End::Done).await;
    assert_eq!(claim(&**world, "south", "send").await.expect("a3 is left").detail, "a3");
}

pub(crate) async fn a_dead_job_holds_up_no_order_and_no_name(world: World) {
    let named = |detail| NewJob { unique: Some("poll".to_string()), ..ordered(detail, "a") };
    bring(&**world, vec![named("first")]).await;
    let first = claim(&**world, "north", "send").await.expect("there is a job");
    end(&**world, &first, End::Dead { reason: "given up".to_string() }).await;
    bring(&**world, vec![named("second")]).await;
    let revive = Change { revived: vec![first.lease.job], ..Change::default() };
    world.apply(revive.clone()).await.expect("its name is taken, so it stays dead");
    let second = claim(&**world, "north", "send").await.expect("the dead one is passed over");
    assert_eq!(second.detail, "second");
    end(&**world, &second, End::Done).await;
    bring(&**world, vec![ordered("third", "a"), ordered("fourth", "a")]).await;
    world.apply(revive).await.expect("its name is free");
    for detail in ["first", "third", "fourth"] {
        let next = claim(&**world, "north", "send").await.expect("there is a job");
        assert_eq!(next.detail, detail, "the revived one is the oldest");
        assert!(claim(&**world, "south", "send").await.is_none());
        end(&**world, &next, End::Done).await;
    }
}

pub(crate) async fn a_name_has_one_unfinished_job(world: World) {
    let named = |detail| NewJob { unique: Some("poll".to_string()), ..detailed("pull", detail) };
    bring(&**world, vec![named("first"), named("second")]).await;
    bring(&**world, vec![named("third")]).await;
    assert_eq!(world.jobs(&Filter::default(), 9).await.expect("read").len(), 1);
    // Its own end comes first, so a job may bring its successor.
    finish(&**world, "pull", jobs(vec![named("fourth")])).await;
    assert_eq!(claim(&**world, "north", "pull").await.expect("there").detail, "fourth");
}

pub(crate) async fn a_worker_goes_on_with_the_next_job(world: World) {
    let message = receive(&**world, b"one").await;
    let read = claim(&**world, "north", "read").await.expect("there is a job");
    let check = NewJob { message: Some(change::Message::Known(message)), ..job("check") };
    let change = jobs(vec![job("other"), check]);
    let applied = world.finish(&read.lease, change, End::Next(1)).await.expect("written");
    let next = applied.next.expect("the worker goes on");
    assert_eq!((next.kind.as_str(), next.message, next.attempt), ("check", Some(message), 1));
    assert_eq!(next.until, world.later(60));
    assert!(claim(&**world, "south", "check").await.is_none());
    end(&**world, &next, End::Done).await;
    assert!(claim(&**world, "south", "other").await.is_some());
}

pub(crate) async fn a_next_job_that_must_wait_is_not_taken(world: World) {
    let named = NewJob { unique: Some("poll".to_string()), ..job("poll") };
    bring(&**world, vec![ordered("a1", "a"), named.clone()]).await;
    let due = NewJob { due: Some(world.later(9)), ..job("later") };
    for next in [ordered("a2", "a"), due, named] {
        bring(&**world, vec![job("read")]).await;
        let read = claim(&**world, "north", "read").await.expect("there is a job");
        let applied = world.finish(&read.lease, jobs(vec![next]), End::Next(0)).await;
        assert_eq!(applied.expect("written").next, None);
    }
    bring(&**world, vec![job("read")]).await;
    let read = claim(&**world, "north", "read").await.expect("there is a job");
    let none = world.finish(&read.lease, Change::default(), End::Next(0)).await;
    assert!(matches!(none, Err(StoreError::NotWhole(_))), "{none:?}");
    end(&**world, &read, End::Done).await;
}

/// A change that is refused by its last field but brings something in every other.
fn refused(message: MessageId) -> Change {
    let event = |message| NewEvent {
        message,
        interchange: None,
        what: "checked".to_string(),
        detail: String::new(),
    };
    Change {
        messages: vec![outgoing(State::Queued)],
        interchanges: vec![interchange(message, 1, b"one")],
        message_states: vec![MessageState {
            message,
            from: vec![State::Received],
            to: State::Dead,
            reason: None,
        }],
        jobs: vec![job("send"), ordered("a1", "a")],
        events: vec![event(change::Message::New(0)), event(change::Message::New(1))],
        ..Change::default()
    }
}

pub(crate) async fn a_refused_change_writes_nothing(world: World) {
    let message = receive(&**world, b"one").await;
    let read = claim(&**world, "north", "read").await.expect("there is a job");
    let refusal = world.finish(&read.lease, refused(message), End::Done).await;
    assert!(matches!(refusal, Err(StoreError::NotWhole(_))), "{refusal:?}");
    let unknown = NewJob { message: Some(change::Message::Known(MessageId(999))), ..job("send") };
    let refusal = world.apply(jobs(vec![job("send"), unknown])).await;
    assert!(matches!(refusal, Err(StoreError::NotWhole(_))), "{refusal:?}");
    assert_eq!(state(&**world, message).await, State::Received);
    assert_eq!(world.messages(&Default::default(), None, 9).await.expect("read").len(), 1);
    assert!(world.interchanges(message).await.expect("read").is_empty());
    assert_eq!(world.jobs(&Filter::default(), 9).await.expect("read").len(), 1);
    assert_eq!(world.events(message).await.expect("read").len(), 1);
    end(&**world, &read, End::Done).await;
}

/// With SQLite those that wait are written in one transaction.
pub(crate) async fn a_refused_change_harms_no_other_beside_it(world: World) {
    let message = receive(&**world, b"one").await;
    let tasks: Vec<_> = (0..200)
        .map(|number: u32| {
            let store = Arc::clone(&world.nodes[number as usize % 2]);
            let change = match number % 3 {
                0 => refused(message),
                _ => jobs(vec![detailed("send", &number.to_string())]),
            };
            tokio::spawn(async move { (number, store.apply(change).await) })
        })
        .collect();
    for task in tasks {
        let (number, applied) = task.await.expect("no task panics");
        assert_eq!(applied.is_err(), number % 3 == 0, "{applied:?}");
    }
    let written = world.jobs(&Filter::default(), 999).await.expect("read");
    let mut numbers: Vec<u32> = written.iter().filter_map(|job| job.detail.parse().ok()).collect();
    numbers.sort_unstable();
    assert_eq!(numbers, (0..200).filter(|number| number % 3 != 0).collect::<Vec<_>>());
    assert_eq!(world.messages(&Default::default(), None, 9).await.expect("read").len(), 1);
    assert_eq!(world.verify().await.expect("it can be checked"), [""; 0]);
}

pub(crate) async fn many_workers_never_share_a_job(world: World) {
    let mut new = Vec::new();
    for number in 0..60 {
        new.push(ordered(&format!("{number}"), ["a", "b", "c"][number % 3]));
        new.push(detailed("send", "free"));
    }
    bring(&**world, new).await;
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let store = Arc::clone(&world.nodes[number % 2]);
            tokio::spawn(async move {
                let mut done = Vec::new();
                let worker = worker(&format!("worker {number}"));
                for _ in 0..400 {
                    for job in store.claim(&worker, &["send"], 3).await.expect("taken") {
                        done.push((job.lease.job, job.detail.clone()));
                        assert_eq!(job.attempt, 1);
                        end(&*store, &job, End::Done).await;
                    }
                    if store.jobs(&Filter::default(), 1).await.expect("read").is_empty() {
                        break;
                    }
                }
                done
            })
        })
        .collect();
    let mut done = Vec::new();
    for task in tasks {
        done.extend(task.await.expect("no task panics"));
    }
    done.sort_by_key(|(id, _)| *id);
    done.dedup_by_key(|(id, _)| *id);
    assert_eq!(done.len(), 120);
    assert!(world.jobs(&Filter::default(), 9).await.expect("read").is_empty());
}

pub(crate) async fn whoever_waits_hears_of_work(world: World) {
    // A first wait takes up whatever was said before.
    world.nodes[1].wait_for_work(Duration::from_millis(50)).await;
    let other = Arc::clone(&world.nodes[1]);
    let begun = std::time::Instant::now();
    let waiting = tokio::spawn(async move { other.wait_for_work(Duration::from_secs(60)).await });
    tokio::time::sleep(Duration::from_millis(100)).await;
    bring(&**world, vec![job("read")]).await;
    waiting.await.expect("no task panics");
    assert!(begun.elapsed() < Duration::from_secs(30), "it heard of the job");
    bring(&**world, vec![NewJob { due: Some(world.later(1)), ..job("read") }]).await;
    world.wait_for_work(Duration::from_millis(50)).await;
    let begun = std::time::Instant::now();
    world.wait_for_work(Duration::from_secs(60)).await;
    assert!(begun.elapsed() < Duration::from_secs(30), "it knows when the next is due");
}
