//! A partner's name for a message is taken once, and its receipt is given again.

use tieline_store::change;
use tieline_store::receipt::{Claim, Claimed, NewReceipt};
use tieline_store::{Change, State};

use crate::kit::*;

fn claim_of(key: &str, bytes: &[u8]) -> Claim {
    Claim {
        key: key.to_string(),
        digest: digest(bytes),
        receipt: [b"receipt of ", bytes].concat(),
        job: None,
    }
}

pub(crate) async fn a_name_is_taken_once_and_its_receipt_given_again(world: World) {
    let first = world.receive_once(arrival(b"one"), claim_of("<1@them>", b"one")).await;
    let Claimed::New(first) = first.expect("it is kept") else { panic!("the name is new") };
    let again = world.receive_once(arrival(b"one"), claim_of("<1@them>", b"one")).await;
    let Claimed::Repeat(given) = again.expect("it is looked at") else { panic!("it is the same") };
    assert_eq!((given.message, given.bytes.as_slice()), (first.id, &b"receipt of one"[..]));
    let other = world.receive_once(arrival(b"two"), claim_of("<1@them>", b"two")).await;
    let Claimed::Other(given) = other.expect("it is looked at") else { panic!("it is another") };
    assert_eq!(given.message, first.id);
    let kept = world.messages(&Default::default(), None, 10).await.expect("read");
    assert_eq!(kept.len(), 1, "nothing else was kept");
    assert_eq!(world.jobs(&Default::default(), 10).await.expect("read").len(), 1);
    let events = world.events(first.id).await.expect("read");
    let events: Vec<&str> = events.iter().map(|event| event.what.as_str()).collect();
    assert_eq!(events, ["received", "repeat", "conflict"]);
    // The same name of another partner is another name.
    let mut theirs = arrival(b"one");
    theirs.partner = Some("otter-valley".to_string());
    let theirs = world.receive_once(theirs, claim_of("<1@them>", b"one")).await;
    assert!(matches!(theirs, Ok(Claimed::New(_))), "{theirs:?}");
}

pub(crate) async fn a_receipt_that_goes_later_has_its_job(world: World) {
    let mut claim = claim_of("<1@them>", b"one");
    claim.job = Some(("receipt".to_string(), "https://them.example/".to_string()));
    let kept = world.receive_once(arrival(b"one"), claim.clone()).await.expect("it is kept");
    let Claimed::New(kept) = kept else { panic!("the name is new") };
    world.receive_once(arrival(b"one"), claim).await.expect("it is looked at");
    let job = crate::kit::claim(&**world, "north", "receipt").await.expect("there is a job");
    assert_eq!((job.message, job.detail.as_str()), (Some(kept.id), "https://them.example/"));
    assert!(crate::kit::claim(&**world, "north", "receipt").await.is_none(), "one is enough");
}

pub(crate) async fn of_many_at_once_one_takes_the_name(world: World) {
    let mut tasks = tokio::task::JoinSet::new();
    for turn in 0..20 {
        let node = std::sync::Arc::clone(&world.nodes[turn % 2]);
        tasks.spawn(async move {
            node.receive_once(arrival(b"one"), claim_of("<1@them>", b"one")).await
        });
    }
    let all = tasks.join_all().await;
    let new = all.iter().filter(|it| matches!(it, Ok(Claimed::New(_)))).count();
    let again = all.iter().filter(|it| matches!(it, Ok(Claimed::Repeat(_)))).count();
    assert_eq!((new, again), (1, 19), "{all:?}");
}

pub(crate) async fn receipts_that_come_are_kept_with_their_message(world: World) {
    let sent = send(&**world, State::Sent).await;
    for text in ["a failure", "a success"] {
        let new = NewReceipt {
            message: change::Message::Known(sent),
            partner: PARTNER.to_string(),
            key: "<1@us>".to_string(),
            digest: digest(text.as_bytes()),
            bytes: text.as_bytes().to_vec(),
        };
        let change = Change { receipts: vec![new], ..Change::default() };
        world.apply(change).await.expect("it is written");
    }
    let kept = world.receipts(sent).await.expect("read");
    let texts: Vec<&[u8]> = kept.iter().map(|it| it.bytes.as_slice()).collect();
    assert_eq!(texts, [&b"a failure"[..], b"a success"]);
    assert_eq!(kept[0].key, "<1@us>");
}
