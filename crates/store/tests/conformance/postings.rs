//! Postings: once under each key, once to each partner in each form.

use std::sync::Arc;

use jiff::civil::date;
use tieline_store::change::{Change, Message, Posted};
use tieline_store::message::Flow;
use tieline_store::posting::{Filter, Kind, NewPosting, NewRelease, PostingId};
use tieline_store::{MessageId, State, StoreError};

use crate::kit::*;

fn posting(message: MessageId, reference: &str, record: &str) -> NewPosting {
    NewPosting {
        kind: Kind::Usage,
        flow: Flow::Out,
        party: "prairie-rivers".to_string(),
        reference: reference.to_string(),
        test: false,
        accounts: vec!["B-2".to_string(), "A-1".to_string()],
        from: Some(date(2026, 2, 1)),
        until: Some(date(2026, 3, 1)),
        amount: Some("123.45".to_string()),
        record: record.as_bytes().to_vec(),
        message: Message::Known(message),
        interchange: None,
    }
}

fn posts(postings: Vec<NewPosting>) -> Change {
    Change { postings, ..Change::default() }
}

pub(crate) async fn a_posting_has_its_effect_once(world: World) {
    let message = receive(&**world, b"one").await;
    let new = vec![posting(message, "r1", "{1}"), posting(message, "r1", "{1}")];
    let posted = world.apply(posts(new)).await.expect("written").postings;
    let [Posted::New(id), Posted::Same(same)] = posted[..] else { panic!("{posted:?}") };
    assert_eq!(id, same);
    let others = vec![
        posting(message, "r1", "{2}"),
        NewPosting { test: true, ..posting(message, "r1", "{1}") },
        NewPosting { flow: Flow::In, ..posting(message, "r1", "{1}") },
        NewPosting { kind: Kind::Bill, ..posting(message, "r1", "{1}") },
        NewPosting { party: "other".to_string(), ..posting(message, "r1", "{1}") },
    ];
    let posted = world.apply(posts(others)).await.expect("written").postings;
    assert_eq!(posted[0], Posted::Other(id));
    assert!(posted[1..].iter().all(|posted| matches!(posted, Posted::New(_))), "{posted:?}");
    let kept = world.postings(&Filter::default(), None, 1).await.expect("read").remove(0);
    let accounts = ["B-2".to_string(), "A-1".to_string()];
    assert_eq!(
        (kept.id, kept.record, kept.accounts.as_slice()),
        (id, b"{1}".to_vec(), &accounts[..])
    );
    assert_eq!((kept.from, kept.amount.as_deref()), (Some(date(2026, 2, 1)), Some("123.45")));
    assert_eq!((kept.message, kept.at), (message, world.clock.now()));
}

pub(crate) async fn of_many_at_once_one_is_posted(world: World) {
    let message = receive(&**world, b"one").await;
    let tasks: Vec<_> = (0..24)
        .map(|number: usize| {
            let store = Arc::clone(&world.nodes[number % 2]);
            let record = ["{1}", "{2}"][number / 2 % 2];
            let mut new = vec![posting(message, "r1", record), posting(message, "r2", record)];
            if number.is_multiple_of(3) {
                new.reverse();
            }
            tokio::spawn(async move { store.apply(posts(new)).await.expect("written").postings })
        })
        .collect();
    let mut all = Vec::new();
    for task in tasks {
        all.extend(task.await.expect("no task panics"));
    }
    let count = |wanted: fn(&Posted) -> bool| all.iter().filter(|posted| wanted(posted)).count();
    assert_eq!(count(|posted| matches!(posted, Posted::New(_))), 2);
    assert_eq!(count(|posted| matches!(posted, Posted::Same(_))), 22);
    assert_eq!(count(|posted| matches!(posted, Posted::Other(_))), 24);
}

pub(crate) async fn a_posting_goes_to_a_partner_once(world: World) {
    let message = receive(&**world, b"one").await;
    let change = posts(vec![posting(message, "r1", "{1}"), posting(message, "r2", "{2}")]);
    let posted = world.apply(change).await.expect("written").postings;
    let [Posted::New(first), Posted::New(second)] = posted[..] else { panic!("{posted:?}") };
    let release = |posting: PostingId, partner: &str, form: &str| NewRelease {
        posting,
        partner: partner.to_string(),
        form: form.to_string(),
        message: Message::New(0),
    };
    let send = |releases| Change {
        messages: vec![outgoing(State::Queued)],
        releases,
        ..Change::default()
    };
    let both = vec![release(first, PARTNER, "867"), release(first, PARTNER, "espi")];
    world.apply(send(both)).await.expect("once as each form");
    let again = vec![release(second, PARTNER, "867"), release(first, PARTNER, "867")];
    let refused = world.apply(send(again)).await;
    assert!(matches!(refused, Err(StoreError::ReleasedBefore)), "{refused:?}");
    assert_eq!(world.messages(&Default::default(), None, 9).await.expect("read").len(), 2);
    let unreleased = async |partner: &str| {
        let unreleased = Some((partner.to_string(), "867".to_string()));
        let filter = Filter { unreleased, ..Filter::default() };
        let found = world.postings(&filter, None, 9).await.expect("read");
        found.into_iter().map(|posting| posting.id).collect::<Vec<_>>()
    };
    assert_eq!(unreleased(PARTNER).await, [second]);
    assert_eq!(unreleased("other").await, [first, second]);
    // Two nodes release the same at the same time.
    let tasks = world.nodes.clone().map(|store| {
        let change = send(vec![release(second, "other", "867")]);
        tokio::spawn(async move { store.apply(change).await.is_ok() })
    });
    let mut done = 0;
    for task in tasks {
        done += u32::from(task.await.expect("no task panics"));
    }
    assert_eq!(done, 1);
}

pub(crate) async fn postings_are_found_by_what_they_are(world: World) {
    let message = receive(&**world, b"one").await;
    let other = receive(&**world, b"two").await;
    let new = vec![
        posting(message, "r1", "{1}"),
        NewPosting {
            kind: Kind::Payment,
            flow: Flow::In,
            test: true,
            accounts: vec!["A-1".to_string()],
            from: Some(date(2026, 3, 5)),
            until: None,
            ..posting(message, "r2", "{2}")
        },
        NewPosting {
            kind: Kind::Request,
            party: "other".to_string(),
            accounts: Vec::new(),
            from: None,
            until: None,
            ..posting(other, "r3", "{3}")
        },
    ];
    world.apply(posts(new)).await.expect("written");
    let find = async |filter: Filter| {
        let found = world.postings(&filter, None, 9).await.expect("read");
        found.into_iter().map(|posting| posting.reference).collect::<Vec<_>>()
    };
    let any = Filter::default;
    assert_eq!(find(any()).await, ["r1", "r2", "r3"]);
    assert_eq!(
        find(Filter { kinds: vec![Kind::Usage, Kind::Request], ..any() }).await,
        ["r1", "r3"]
    );
    assert_eq!(find(Filter { flow: Some(Flow::In), ..any() }).await, ["r2"]);
    assert_eq!(find(Filter { party: Some("other".to_string()), ..any() }).await, ["r3"]);
    assert_eq!(find(Filter { reference: Some("r2".to_string()), ..any() }).await, ["r2"]);
    assert_eq!(find(Filter { test: Some(false), ..any() }).await, ["r1", "r3"]);
    let accounts = vec!["A-1".to_string(), "C-3".to_string()];
    assert_eq!(find(Filter { accounts, ..any() }).await, ["r1", "r2"]);
    // As many as a whole territory has, and more than values can be bound.
    let accounts: Vec<String> = (0..70_000).map(|n| format!("A-{n}")).collect();
    assert_eq!(find(Filter { accounts, ..any() }).await, ["r1", "r2"]);
    assert_eq!(find(Filter { message: Some(other), ..any() }).await, ["r3"]);
    assert_eq!(find(Filter { from: Some(date(2026, 2, 28)), ..any() }).await, ["r1", "r2"]);
    assert_eq!(find(Filter { from: Some(date(2026, 3, 1)), ..any() }).await, ["r2"]);
    assert_eq!(find(Filter { from: Some(date(2026, 3, 6)), ..any() }).await, [""; 0]);
    assert_eq!(find(Filter { until: Some(date(2026, 2, 2)), ..any() }).await, ["r1"]);
    assert_eq!(find(Filter { until: Some(date(2026, 2, 1)), ..any() }).await, [""; 0]);
    assert_eq!(find(Filter { until: Some(date(2026, 3, 6)), ..any() }).await, ["r1", "r2"]);
    let first = world.postings(&any(), None, 1).await.expect("read").remove(0).id;
    let page = world.postings(&any(), Some(first), 1).await.expect("read");
    assert_eq!(page[0].reference, "r2");
}
