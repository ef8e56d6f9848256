//! Interchanges: the same, another under the same number, and where their messages stand.

use std::sync::Arc;

use tieline_store::change::{Change, Known, MessageState};
use tieline_store::interchange::{NewInterchange, Standing};
use tieline_store::message::{Flow, NewMessage};
use tieline_store::{State, StoreError};

use crate::kit::*;

pub(crate) async fn a_repeat_and_a_conflict_are_told_from_a_first(world: World) {
    let message = receive(&**world, b"one").await;
    let (first, standing) = keep(&**world, interchange(message, 905, b"one")).await;
    assert_eq!(standing, Standing::First);
    let (_, standing) = keep(&**world, interchange(message, 905, b"one")).await;
    assert_eq!(standing, Standing::Repeat(first));
    let (other, standing) = keep(&**world, interchange(message, 905, b"two")).await;
    assert_eq!(standing, Standing::Conflict(first));
    let (_, standing) = keep(&**world, interchange(message, 905, b"one")).await;
    assert_eq!(standing, Standing::Repeat(first), "the earliest of the same bytes");
    let (_, standing) = keep(&**world, interchange(message, 905, b"two")).await;
    assert_eq!(standing, Standing::Repeat(other));
    let elsewhere = [
        interchange(message, 906, b"one"),
        NewInterchange { sender: "ZZ:OTHER".to_string(), ..interchange(message, 905, b"one") },
        NewInterchange { receiver: "ZZ:OTHER".to_string(), ..interchange(message, 905, b"one") },
    ];
    for new in elsewhere {
        assert_eq!(keep(&**world, new).await.1, Standing::First);
    }
    let both = vec![interchange(message, 7, b"one"), interchange(message, 7, b"two")];
    let change = Change { interchanges: both, ..Change::default() };
    let applied = world.apply(change).await.expect("written").interchanges;
    assert_eq!(applied[1].1, Standing::Conflict(applied[0].0), "within one change too");
    let kept = world.interchange(other).await.expect("read").expect("there");
    assert_eq!((kept.standing, kept.control), (Standing::Conflict(first), 905));
    assert_eq!(world.interchanges(message).await.expect("read").len(), 10);
}

pub(crate) async fn what_was_kept_before_the_window_does_not_count(world: World) {
    let message = receive(&**world, b"one").await;
    keep(&**world, interchange(message, 905, b"one")).await;
    world.pass(100);
    let within = |seconds: i64| NewInterchange {
        window_from: Some(world.later(-seconds)),
        ..interchange(message, 905, b"two")
    };
    let (second, standing) = keep(&**world, within(99)).await;
    assert_eq!(standing, Standing::First);
    assert_eq!(keep(&**world, within(50)).await.1, Standing::Repeat(second));
    let late = NewInterchange { sha256: digest(b"one"), ..within(99) };
    assert_eq!(keep(&**world, late.clone()).await.1, Standing::Conflict(second));
    world.pass(1);
    let at_its_edge = NewInterchange { sha256: digest(b"three"), ..within(1) };
    assert_eq!(keep(&**world, at_its_edge).await.1, Standing::Conflict(second));
}

pub(crate) async fn our_own_interchanges_are_not_compared(world: World) {
    let message = send(&**world, State::Queued).await;
    let ours = NewInterchange { flow: Flow::Out, ..interchange(message, 905, b"one") };
    assert_eq!(keep(&**world, ours.clone()).await.1, Standing::First);
    assert_eq!(keep(&**world, ours).await.1, Standing::First);
    let theirs = receive(&**world, b"one").await;
    assert_eq!(keep(&**world, interchange(theirs, 905, b"one")).await.1, Standing::First);
}

pub(crate) async fn of_many_at_once_one_is_the_first(world: World) {
    let message = receive(&**world, b"one").await;
    let tasks: Vec<_> = (0..24)
        .map(|number: u8| {
            let store = Arc::clone(&world.nodes[usize::from(number) % 2]);
            let bytes = [number % 4];
            // In either order, so that two changes meet each other half way.
            let mut controls = [905, 906];
            if number.is_multiple_of(3) {
                controls.reverse();
            }
            let interchanges =
                controls.map(|control| interchange(message, control, &bytes)).to_vec();
            let change = Change { interchanges, ..Change::default() };
            tokio::spawn(async move { store.apply(change).await.expect("written") })
        })
        .collect();
    for task in tasks {
        task.await.expect("no task panics");
    }
    let all = world.interchanges(message).await.expect("read");
    for control in [905, 906] {
        let same: Vec<_> = all.iter().filter(|one| one.control == control).collect();
        let count =
            |wanted: fn(&Standing) -> bool| same.iter().filter(|one| wanted(&one.standing)).count();
        assert_eq!(same.len(), 24);
        assert_eq!(count(|standing| *standing == Standing::First), 1);
        assert_eq!(count(|standing| matches!(standing, Standing::Conflict(_))), 3);
        assert_eq!(count(|standing| matches!(standing, Standing::Repeat(_))), 20);
    }
}

pub(crate) async fn one_that_stands_apart_is_compared_once_it_is_taken_up(world: World) {
    let message = receive(&**world, b"one").await;
    let apart = |bytes| NewInterchange { window_from: None, ..interchange(message, 905, bytes) };
    let (forged, standing) = keep(&**world, apart(b"two")).await;
    assert_eq!(standing, Standing::Apart);
    let (same, _) = keep(&**world, apart(b"one")).await;
    let (first, standing) = keep(&**world, interchange(message, 905, b"one")).await;
    assert_eq!(standing, Standing::First, "what stands apart does not count");
    let since = interchange(message, 905, b"one").window_from.expect("it has one");
    for _ in 0..2 {
        let taken_up = vec![(forged, since), (same, since)];
        let change = Change { taken_up, ..Change::default() };
        let applied = world.apply(change).await.expect("written");
        assert_eq!(applied.taken_up, [Standing::Conflict(first), Standing::Repeat(first)]);
    }
    let kept = world.interchange(forged).await.expect("read").expect("there");
    assert_eq!(kept.standing, Standing::Conflict(first));
    let (_, standing) = keep(&**world, interchange(message, 905, b"two")).await;
    assert_eq!(standing, Standing::Repeat(forged), "it stands among the others now");
}

pub(crate) async fn a_message_stands_where_its_most_urgent_interchange_stands(world: World) {
    let message = receive(&**world, b"one").await;
    let states = [State::Posted, State::Held, State::Checked];
    let interchanges = states
        .into_iter()
        .zip(1..)
        .map(|(state, control)| NewInterchange {
            state,
            reason: (state == State::Held).then(|| "conflict".to_string()),
            ..interchange(message, control, b"one")
        })
        .collect();
    let change = Change { interchanges, ..Change::default() };
    let ids = world.apply(change).await.expect("written").interchanges;
    let held = world.message(message).await.expect("read").expect("there");
    assert_eq!((held.state, held.reason.as_deref()), (State::Held, Some("conflict")));
    for (place, expected) in [(1, State::Checked), (2, State::Posted)] {
        let change = Change {
            interchange_states: vec![(ids[place].0, State::Posted, None)],
            ..Change::default()
        };
        world.apply(change).await.expect("written");
        let message = world.message(message).await.expect("read").expect("there");
        assert_eq!((message.state, message.reason), (expected, None));
    }
    let out = send(&**world, State::Queued).await;
    let ours =
        NewInterchange { flow: Flow::Out, state: State::Queued, ..interchange(out, 1, b"one") };
    let (id, _) = keep(&**world, ours).await;
    stand(&**world, out, State::Sent).await;
    let ours = world.interchange(id).await.expect("read").expect("there");
    assert_eq!(ours.state, State::Sent, "what goes out stands where its message stands");
}

pub(crate) async fn a_message_that_stands_elsewhere_refuses_the_change(world: World) {
    let message = receive(&**world, b"one").await;
    let change = |from: Vec<State>| Change {
        message_states: vec![MessageState { message, from, to: State::Held, reason: None }],
        known: vec![Known {
            message,
            partner: Some("other".to_string()),
            content: "820 x 3".to_string(),
            test: Some(true),
        }],
        ..Change::default()
    };
    let refused = world.apply(change(vec![State::Sent, State::Dead])).await;
    let Err(StoreError::WrongState { message: which, state: where_ }) = refused else {
        panic!("{refused:?}")
    };
    assert_eq!((which, where_), (message, "received"));
    world.apply(change(vec![State::Sent, State::Received])).await.expect("it stands there");
    let now = world.message(message).await.expect("read").expect("there");
    assert_eq!((now.state, now.test, now.content.as_str()), (State::Held, Some(true), "820 x 3"));
    assert_eq!(now.partner.as_deref(), Some("other"));
}

pub(crate) async fn answers_to_an_interchange_are_found(world: World) {
    let message = receive(&**world, b"one").await;
    let (id, _) = keep(&**world, interchange(message, 1, b"one")).await;
    let answer = NewMessage { answers: Some(id), ..outgoing(State::Queued) };
    let change = Change { messages: vec![answer.clone(), answer], ..Change::default() };
    let sent = world.apply(change).await.expect("written").messages;
    assert_eq!(world.answers(id).await.expect("read"), sent);
    let first = world.message(sent[0]).await.expect("read").expect("there");
    assert_eq!(first.answers, Some(id));
}
