//! What arrives is kept, and found again.

use tieline_store::interchange::InterchangeId;
use tieline_store::message::{Filter, Flow};
use tieline_store::schedule::SeenFile;
use tieline_store::{MessageId, Payload, State, StoreError};

use crate::kit::*;

pub(crate) async fn what_arrived_is_kept_with_its_event_and_job(world: World) {
    let seen = SeenFile { name: b"pay\xff.edi".to_vec(), size: 7, modified: -5 };
    let mut new = arrival(b"ISA*00~");
    new.remember = Some(("bank".to_string(), seen.clone()));
    new.detail = "as is".to_string();
    let received = world.receive(new).await.expect("it is kept");
    assert_eq!(received.same_as, None);
    let message = world.message(received.id).await.expect("read").expect("there");
    assert_eq!((message.flow, message.state, message.size), (Flow::In, State::Received, 7));
    assert_eq!((message.sha256, message.at), (digest(b"ISA*00~"), world.clock.now()));
    assert_eq!(message.partner.as_deref(), Some(PARTNER));
    assert_eq!((message.test, message.content.as_str()), (None, ""));
    let events = world.events(received.id).await.expect("read");
    assert_eq!((events.len(), events[0].what.as_str()), (1, "received"));
    let job = claim(&**world, "north", "read").await.expect("there is a job");
    assert_eq!((job.message, job.detail.as_str()), (Some(received.id), "as is"));
    let payload = world.payload(received.id).await.expect("read");
    assert_eq!(payload, Payload::Bytes(b"ISA*00~".to_vec()));
    let other = SeenFile { size: 8, ..seen.clone() };
    assert_eq!(world.remembered("bank", &[other, seen]).await.expect("read"), [false, true]);
}

pub(crate) async fn the_same_bytes_of_the_same_partner_are_told(world: World) {
    let first = receive(&**world, b"one").await;
    let second = world.receive(arrival(b"one")).await.expect("it is kept");
    assert_eq!(second.same_as, Some(first));
    let third = world.receive(arrival(b"one")).await.expect("it is kept");
    assert_eq!(third.same_as, Some(second.id), "the latest earlier one");
    let mut ours = arrival(b"one");
    ours.partner = None;
    assert_eq!(world.receive(ours.clone()).await.expect("it is kept").same_as, None);
    assert!(world.receive(ours).await.expect("it is kept").same_as.is_some());
    assert_eq!(world.receive(arrival(b"two")).await.expect("it is kept").same_as, None);
}

pub(crate) async fn other_bytes_than_announced_are_refused(world: World) {
    for length in [10, 5000] {
        let mut new = arrival(&vec![b'x'; length]);
        new.sha256[0] ^= 1;
        let refused = world.receive(new).await;
        assert!(matches!(refused, Err(StoreError::OtherBytes)), "{refused:?}");
    }
    let none = world.messages(&Filter::default(), None, 10).await.expect("read");
    assert_eq!(none, []);
    assert!(world.jobs(&Default::default(), 10).await.expect("read").is_empty());
}

pub(crate) async fn long_bytes_lie_in_a_file_and_are_the_same_again(world: World) {
    let bytes = vec![b'x'; INLINE as usize + 1];
    let path = world.folder.path().join("upload");
    std::fs::write(&path, &bytes).expect("there is room");
    for payload in [Payload::Bytes(bytes.clone()), Payload::File(path.clone())] {
        let mut new = arrival(&bytes);
        new.payload = payload;
        let id = world.receive(new).await.expect("it is kept").id;
        let Payload::File(kept) = world.payload(id).await.expect("read") else {
            panic!("it lies in a file")
        };
        assert_eq!(std::fs::read(kept).expect("it is there"), bytes);
    }
    assert!(path.exists(), "the file that was given is left");
    let short = world.folder.path().join("short");
    std::fs::write(&short, b"short").expect("there is room");
    let mut new = arrival(b"short");
    new.payload = Payload::File(short);
    let id = world.receive(new).await.expect("it is kept").id;
    assert_eq!(world.payload(id).await.expect("read"), Payload::Bytes(b"short".to_vec()));
    let none = world.payload(MessageId(999)).await;
    assert!(matches!(none, Err(StoreError::PayloadMissing(_))), "{none:?}");
}

pub(crate) async fn messages_are_found_by_what_they_are(world: World) {
    let first = receive(&**world, b"one").await;
    keep(&**world, interchange(first, 905, b"one")).await;
    world.pass(60);
    let second = send(&**world, State::Queued).await;
    let third = send(&**world, State::Held).await;
    let find = async |filter: Filter| {
        let found = world.messages(&filter, None, 10).await.expect("read");
        found.into_iter().map(|message| message.id).collect::<Vec<_>>()
    };
    let any = Filter::default;
    assert_eq!(find(any()).await, [third, second, first]);
    assert_eq!(find(Filter { flow: Some(Flow::In), ..any() }).await, [first]);
    let states = vec![State::Held, State::Received];
    assert_eq!(find(Filter { states, ..any() }).await, [third, first]);
    assert_eq!(find(Filter { since: Some(world.clock.now()), ..any() }).await, [third, second]);
    assert_eq!(find(Filter { name: Some("payments".to_string()), ..any() }).await, [first]);
    assert_eq!(find(Filter { name: Some("%".to_string()), ..any() }).await, []);
    assert_eq!(find(Filter { control: Some(905), ..any() }).await, [first]);
    assert_eq!(find(Filter { test: Some(false), ..any() }).await, [third, second]);
    assert_eq!(find(Filter { partner: Some("nobody".to_string()), ..any() }).await, []);
    let page = world.messages(&any(), Some(third), 1).await.expect("read");
    assert_eq!(page.iter().map(|message| message.id).collect::<Vec<_>>(), [second]);
    assert_eq!(world.message(MessageId(999)).await.expect("read"), None);
    assert_eq!(world.interchange(InterchangeId(999)).await.expect("read"), None);
}

pub(crate) async fn a_file_of_a_folder_is_taken_once(world: World) {
    let seen = SeenFile { name: b"usage.csv".to_vec(), size: 3, modified: 9 };
    let mut new = arrival(b"one");
    new.remember = Some(("folder /in".to_string(), seen.clone()));
    world.receive(new.clone()).await.expect("it is kept");
    let again = world.receive(new.clone()).await;
    assert!(matches!(again, Err(StoreError::TakenBefore)), "{again:?}");
    assert_eq!(world.messages(&Filter::default(), None, 10).await.expect("read").len(), 1);
    new.remember = Some(("folder /in".to_string(), SeenFile { modified: 10, ..seen }));
    world.receive(new).await.expect("another file of the same name is kept");
}
