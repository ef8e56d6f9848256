//! Answers we wait for: warned of once, overdue once, and what they make of what was sent.

use std::sync::Arc;

use tieline_store::change::{self, Change};
use tieline_store::expectation::{Answer, Filter, Kind, NewExpectation, Outcome, Standing};
use tieline_store::job::End;
use tieline_store::message::NewMessage;
use tieline_store::{MessageId, State, Store};

use crate::kit::*;

fn expectation(world: &World, message: MessageId, key: &str) -> NewExpectation {
    NewExpectation {
        message: change::Message::Known(message),
        partner: PARTNER.to_string(),
        kind: Kind::Functional,
        key: key.to_string(),
        wanted: Some("a MIC".to_string()),
        warn: Some(world.later(100)),
        due: world.later(200),
    }
}

async fn expect(store: &dyn Store, expectations: Vec<NewExpectation>) {
    let change = Change { expectations, ..Change::default() };
    store.apply(change).await.expect("written");
}

async fn answer(store: &dyn Store, key: &str, outcome: Outcome) -> Vec<MessageId> {
    let answer = Answer {
        partner: PARTNER.to_string(),
        kind: Kind::Functional,
        key: key.to_string(),
        outcome,
        detail: format!("{key}: {outcome:?}"),
        by: None,
    };
    let change = Change { answers: vec![answer], ..Change::default() };
    store.apply(change).await.expect("written").answered.remove(0)
}

async fn standings(store: &dyn Store, filter: Filter) -> Vec<Standing> {
    let found = store.expectations(&filter, 99).await.expect("read");
    found.into_iter().map(|expectation| expectation.standing).collect()
}

pub(crate) async fn warnings_and_deadlines_come_once(world: World) {
    let message = send(&**world, State::Sent).await;
    let silent = NewExpectation { warn: None, ..expectation(&world, message, "PT:2") };
    expect(&**world, vec![expectation(&world, message, "PT:1"), silent]).await;
    let due = async || {
        let (one, two) = tokio::join!(world.nodes[0].fall_due(), world.nodes[1].fall_due());
        let mut all = one.expect("read");
        all.extend(two.expect("read"));
        let mut all: Vec<_> =
            all.into_iter().map(|due| (due.expectation.key, due.overdue)).collect();
        all.sort();
        all
    };
    world.pass(99);
    assert_eq!(due().await, []);
    world.pass(1);
    assert_eq!(due().await, [("PT:1".to_string(), false)]);
    assert_eq!(due().await, []);
    world.pass(100);
    assert_eq!(due().await, [("PT:1".to_string(), true), ("PT:2".to_string(), true)]);
    assert_eq!(due().await, []);
    let waiting = Filter { waiting: true, message: Some(message), partner: None };
    assert_eq!(standings(&**world, waiting.clone()).await, [Standing::Overdue; 2]);
    assert_eq!(answer(&**world, "PT:1", Outcome::Accepted).await, [message]);
    assert_eq!(standings(&**world, waiting).await, [Standing::Overdue]);
    // Both have come, and nobody looked: the deadline is told and the warning is not.
    expect(&**world, vec![expectation(&world, message, "PT:3")]).await;
    world.pass(500);
    assert_eq!(due().await, [("PT:3".to_string(), true)]);
    assert_eq!(due().await, []);
}

pub(crate) async fn an_answer_closes_the_latest_of_its_key(world: World) {
    let first = send(&**world, State::Sent).await;
    let second = send(&**world, State::Sent).await;
    expect(&**world, vec![expectation(&world, first, "PT:1")]).await;
    expect(&**world, vec![expectation(&world, second, "PT:1")]).await;
    assert_eq!(answer(&**world, "PT:2", Outcome::Accepted).await, []);
    assert_eq!(answer(&**world, "PT:1", Outcome::Accepted).await, [second]);
    assert_eq!(answer(&**world, "PT:1", Outcome::Accepted).await, [], "nobody waits for it");
    assert_eq!(state(&**world, first).await, State::Sent);
    assert_eq!(state(&**world, second).await, State::Accepted);
    let found = world.expectations(&Filter { message: Some(second), ..Filter::default() }, 9).await;
    let (at, by, detail) = found.expect("read").remove(0).answered.expect("it was answered");
    assert_eq!((at, by, detail.as_str()), (world.clock.now(), None, "PT:1: Accepted"));
    assert_eq!(
        world.events(second).await.expect("read").len(),
        1,
        "people see it with the message"
    );
}

pub(crate) async fn a_message_is_accepted_when_every_answer_is(world: World) {
    let message = send(&**world, State::Sent).await;
    let receipt = NewExpectation { kind: Kind::Receipt, ..expectation(&world, message, "PT:1") };
    expect(&**world, vec![expectation(&world, message, "PT:1"), receipt]).await;
    answer(&**world, "PT:1", Outcome::Accepted).await;
    assert_eq!(state(&**world, message).await, State::Sent, "one is missing");
    let receipt = Answer {
        partner: PARTNER.to_string(),
        kind: Kind::Receipt,
        key: "PT:1".to_string(),
        outcome: Outcome::Accepted,
        detail: String::new(),
        by: None,
    };
    let change = Change { answers: vec![receipt], ..Change::default() };
    assert_eq!(world.apply(change).await.expect("written").answered, [[message]]);
    assert_eq!(state(&**world, message).await, State::Accepted);
}

pub(crate) async fn a_message_is_refused_when_one_answer_says_so(world: World) {
    for outcome in [Outcome::Rejected, Outcome::Partly] {
        let message = send(&**world, State::Sent).await;
        let all = ["PT:1", "PT:2", "PT:3"].map(|key| expectation(&world, message, key));
        expect(&**world, all.to_vec()).await;
        answer(&**world, "PT:1", Outcome::Accepted).await;
        answer(&**world, "PT:2", outcome).await;
        assert_eq!(state(&**world, message).await, State::Sent, "one is missing");
        answer(&**world, "PT:3", Outcome::Accepted).await;
        let refused = world.message(message).await.expect("read").expect("there");
        assert_eq!(refused.state, State::Refused);
        assert_eq!(refused.reason, Some(format!("PT:2: {outcome:?}")));
    }
}

pub(crate) async fn an_answer_before_the_delivery_is_written_down_counts(world: World) {
    let message = send(&**world, State::Sending).await;
    expect(&**world, vec![expectation(&world, message, "PT:1")]).await;
    assert_eq!(answer(&**world, "PT:1", Outcome::Accepted).await, [message]);
    assert_eq!(state(&**world, message).await, State::Sending, "the delivery still goes on");
    stand(&**world, message, State::Sent).await;
    assert_eq!(state(&**world, message).await, State::Accepted);
}

pub(crate) async fn an_answer_waited_for_twice_has_the_later_deadline(world: World) {
    let message = send(&**world, State::Sending).await;
    let first = expectation(&world, message, "PT:1");
    let later = NewExpectation { due: world.later(500), ..first.clone() };
    expect(&**world, vec![first.clone()]).await;
    expect(&**world, vec![later.clone()]).await;
    let kept = world.expectations(&Filter::default(), 9).await.expect("read");
    assert_eq!((kept.len(), kept[0].due), (1, later.due));
    assert_eq!(answer(&**world, "PT:1", Outcome::Accepted).await, [message]);
    expect(&**world, vec![first]).await;
    let kept = world.expectations(&Filter::default(), 9).await.expect("read");
    assert!(matches!(kept[0].standing, Standing::Answered(_)), "what was answered stays so");
}

pub(crate) async fn nobody_waits_for_a_message_that_is_sent_again(world: World) {
    let first = send(&**world, State::Sent).await;
    expect(&**world, vec![expectation(&world, first, "PT:1")]).await;
    let again = NewMessage { again: Some(first), ..outgoing(State::Sent) };
    let change = Change { messages: vec![again], ..Change::default() };
    let second = world.apply(change).await.expect("written").messages[0];
    let of_first = Filter { message: Some(first), ..Filter::default() };
    assert_eq!(standings(&**world, of_first).await, [Standing::Dropped]);
    assert_eq!(answer(&**world, "PT:1", Outcome::Accepted).await, []);
    let events = world.events(first).await.expect("read");
    let last = events.last().expect("it is noted");
    assert_eq!(last.what, "accepted");
    assert!(last.detail.ends_with("nobody waited for it any more"), "{}", last.detail);
    expect(&**world, vec![expectation(&world, second, "PT:1")]).await;
    assert_eq!(answer(&**world, "PT:1", Outcome::Accepted).await, [second]);
    let kept = world.message(second).await.expect("read").expect("there");
    assert_eq!((kept.state, kept.same_as), (State::Accepted, Some(first)));
    let third = send(&**world, State::Sent).await;
    expect(&**world, vec![expectation(&world, third, "PT:3")]).await;
    stand(&**world, third, State::Accepted).await;
    let of_third = Filter { message: Some(third), ..Filter::default() };
    assert_eq!(standings(&**world, of_third).await, [Standing::Dropped], "a person said so");
    world.pass(999);
    assert!(world.fall_due().await.expect("read").is_empty());
}

pub(crate) async fn an_answer_to_nothing_is_noted_where_it_came(world: World) {
    let message = receive(&**world, b"997").await;
    let (by, _) = keep(&**world, interchange(message, 71, b"997")).await;
    let answer = Answer {
        partner: PARTNER.to_string(),
        kind: Kind::Functional,
        key: "PT:77".to_string(),
        outcome: Outcome::Accepted,
        detail: String::new(),
        by: Some(by),
    };
    let change = Change { answers: vec![answer], ..Change::default() };
    let answered = world.apply(change).await.expect("written").answered;
    assert_eq!(answered, [Vec::new()]);
    let events = world.events(message).await.expect("read");
    let last = events.last().expect("it is noted");
    assert_eq!((last.what.as_str(), last.interchange), ("answers nothing", Some(by)));
}

pub(crate) async fn an_answer_may_change(world: World) {
    let message = send(&**world, State::Sent).await;
    expect(&**world, vec![expectation(&world, message, "PT:1")]).await;
    let tasks: Vec<_> = (0..8)
        .map(|number| {
            let store = Arc::clone(&world.nodes[number % 2]);
            tokio::spawn(async move { answer(&*store, "PT:1", Outcome::Accepted).await.len() })
        })
        .collect();
    let mut closed = 0;
    for task in tasks {
        closed += task.await.expect("no task panics");
    }
    assert_eq!(closed, 1, "of many at once one closes it");
    assert_eq!(answer(&**world, "PT:1", Outcome::Rejected).await, [message]);
    assert_eq!(state(&**world, message).await, State::Refused);
    assert_eq!(answer(&**world, "PT:1", Outcome::Accepted).await, [message]);
    let accepted = world.message(message).await.expect("read").expect("there");
    assert_eq!((accepted.state, accepted.reason), (State::Accepted, None));
}

pub(crate) async fn what_falls_due_brings_its_job_with_it(world: World) {
    let sent = send(&**world, State::Sent).await;
    let both = ["PT:1", "IN:2"].map(|key| expectation(&world, sent, key));
    expect(&**world, both.to_vec()).await;
    assert_eq!(world.begin_due("overdue").await.expect("written"), 0);
    world.pass(100);
    assert_eq!(world.begin_due("overdue").await.expect("written"), 2);
    assert_eq!(world.begin_due("overdue").await.expect("written"), 0);
    world.pass(100);
    assert_eq!(world.begin_due("overdue").await.expect("written"), 2);
    let mut told = Vec::new();
    while let Some(job) = claim(&**world, "north", "overdue").await {
        assert_eq!(job.message, Some(sent));
        told.push(job.detail.clone());
        world.finish(&job.lease, Change::default(), End::Done).await.expect("it ends");
    }
    told.sort();
    assert_eq!(told, ["due soon\nIN:2", "due soon\nPT:1", "overdue\nIN:2", "overdue\nPT:1"]);
}
