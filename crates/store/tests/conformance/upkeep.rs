//! What is thrown away after its time, and damage that is found.

use std::fs;
use std::path::{Path, PathBuf};
use std::time::{Duration, SystemTime};

use tieline_store::access::Expired;
use tieline_store::change::{Change, Message, Posted};
use tieline_store::job::End;
use tieline_store::posting::{self, NewPosting};
use tieline_store::{Counter, MessageId, Payload, State, StoreError};

use crate::kit::*;

fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder).into_iter().flatten() {
        let path = entry.expect("it can be read").path();
        if path.is_dir() { found.extend(files(&path)) } else { found.push(path) }
    }
    found
}

async fn keep_long(world: &World, byte: u8) -> MessageId {
    receive(&***world, &vec![byte; INLINE as usize * 3]).await
}

pub(crate) async fn what_ended_is_purged_and_its_row_stays(world: World) {
    let ended = receive(&**world, b"ended").await;
    let long = keep_long(&world, b'l').await;
    let shared = keep_long(&world, b's').await;
    let sharing = keep_long(&world, b's').await;
    let going_on = receive(&**world, b"going on").await;
    while let Some(read) = claim(&**world, "north", "read").await {
        if read.message != Some(going_on) {
            let end = world.finish(&read.lease, Change::default(), End::Done).await;
            end.expect("the job ends");
        }
    }
    let new = NewPosting {
        kind: posting::Kind::Payment,
        flow: tieline_store::message::Flow::In,
        party: PARTNER.to_string(),
        reference: "r1".to_string(),
        test: false,
        accounts: vec!["A-1".to_string()],
        from: None,
        until: None,
        amount: None,
        record: b"{}".to_vec(),
        message: Message::Known(ended),
        interchange: None,
    };
    let post = || Change { postings: vec![new.clone()], ..Change::default() };
    let posted = world.apply(post()).await.expect("written").postings;
    for id in [ended, long, shared, going_on] {
        stand(&**world, id, State::Posted).await;
    }
    stand(&**world, sharing, State::Held).await;
    world.pass(1000);
    let young = receive(&**world, b"young").await;
    stand(&**world, young, State::Posted).await;
    assert_eq!(world.purge(world.later(-500)).await.expect("purged"), 3);
    assert_eq!(world.purge(world.later(-500)).await.expect("purged"), 0);
    for id in [ended, long, shared] {
        let gone = world.payload(id).await;
        assert!(matches!(gone, Err(StoreError::PayloadMissing(_))), "{gone:?}");
        assert!(world.events(id).await.expect("read").is_empty());
        assert_eq!(state(&**world, id).await, State::Posted);
    }
    for id in [sharing, going_on, young] {
        world.payload(id).await.expect("it is needed yet");
        assert_eq!(world.events(id).await.expect("read").len(), 1);
    }
    let again = world.apply(post()).await.expect("written").postings;
    assert_eq!(format!("{again:?}"), format!("{posted:?}").replace("New", "Same"));
    assert_eq!(world.verify().await.expect("it can be checked"), [""; 0]);
}

pub(crate) async fn each_partners_things_are_purged_in_their_own_time(world: World) {
    let of = |partner: Option<&str>, before| Expired {
        partner: partner.map(str::to_string),
        test: false,
        before,
    };
    let theirs = receive(&**world, b"theirs").await;
    let mut arrival = arrival(b"ours");
    arrival.partner = None;
    let ours = world.receive(arrival).await.expect("it is kept").id;
    while let Some(read) = claim(&**world, "north", "read").await {
        let end = world.finish(&read.lease, Change::default(), End::Done).await;
        end.expect("the job ends");
    }
    let new = |party: &str| NewPosting {
        kind: posting::Kind::Payment,
        flow: tieline_store::message::Flow::In,
        party: party.to_string(),
        reference: "r1".to_string(),
        test: false,
        accounts: vec!["A-1".to_string()],
        from: None,
        until: None,
        amount: Some("1.00".to_string()),
        record: b"{}".to_vec(),
        message: Message::Known(theirs),
        interchange: None,
    };
    let behind = format!("{PARTNER}/9876");
    let longer = format!("{PARTNER}-2");
    let post =
        || Change { postings: [PARTNER, &behind, &longer].map(new).to_vec(), ..Change::default() };
    world.apply(post()).await.expect("written");
    for id in [theirs, ours] {
        stand(&**world, id, State::Posted).await;
    }
    world.pass(1000);
    let (early, late) = (world.later(-2000), world.later(-500));
    let tests = Expired { test: true, ..of(Some(PARTNER), late) };
    for expired in [of(Some(PARTNER), early), of(Some("other"), late), tests] {
        assert_eq!(world.purge_messages(&expired).await.expect("purged"), 0);
        assert_eq!(world.purge_postings(&expired).await.expect("purged"), 0);
    }
    assert_eq!(world.purge_messages(&of(Some(PARTNER), late)).await.expect("purged"), 1);
    world.payload(ours).await.expect("it is another's");
    assert_eq!(world.purge_messages(&of(None, late)).await.expect("purged"), 1);
    let sent = posting::Filter { sender: Some(PARTNER.to_string()), ..Default::default() };
    assert_eq!(world.postings(&sent, None, 9).await.expect("read").len(), 2);
    assert_eq!(world.postings(&Default::default(), None, 9).await.expect("read").len(), 3);
    assert_eq!(world.purge_postings(&of(Some(PARTNER), late)).await.expect("purged"), 2);
    assert_eq!(world.purge_postings(&of(Some(PARTNER), late)).await.expect("purged"), 0);
    let left = world.postings(&Default::default(), None, 9).await.expect("read");
    assert_eq!(left.iter().map(|it| &it.party).collect::<Vec<_>>(), [&longer]);
    let again = world.apply(post()).await.expect("written").postings;
    assert!(again.iter().all(|it| matches!(it, Posted::Same(_))), "{again:?}");
    assert_eq!(world.verify().await.expect("it can be checked"), [""; 0]);
}

pub(crate) async fn planted_damage_is_found(world: World) {
    receive(&**world, b"whole").await;
    let missing = keep_long(&world, b'm').await;
    let damaged = keep_long(&world, b'd').await;
    let counter = Counter { partner: PARTNER.to_string(), kind: "ISA13".to_string(), last: 9 };
    world.allocate(&counter, "one", 2).await.expect("there are numbers");
    assert_eq!(world.verify().await.expect("it can be checked"), [""; 0]);
    for id in [missing, damaged] {
        let Payload::File(path) = world.payload(id).await.expect("read") else {
            panic!("it lies in a file")
        };
        if id == missing {
            fs::remove_file(&path).expect("it is there");
        } else {
            fs::write(&path, b"other").expect("it can be written");
        }
    }
    let gone = world.payload(missing).await;
    assert!(matches!(gone, Err(StoreError::PayloadMissing(id)) if id == missing), "{gone:?}");
    let other = world.payload(damaged).await;
    assert!(matches!(other, Err(StoreError::PayloadDamaged(id)) if id == damaged), "{other:?}");
    let out = send(&**world, State::Queued).await;
    for control in [2, 7] {
        let ours = tieline_store::interchange::NewInterchange {
            flow: tieline_store::message::Flow::Out,
            ..interchange(out, control, b"one")
        };
        keep(&**world, ours).await;
    }
    let found = world.verify().await.expect("it can be checked");
    assert_eq!(found.len(), 3, "{found:?}");
    assert!(found[0].starts_with("I2: it was sent under a number"), "{found:?}");
    assert!(found[1].contains(&missing.to_string()) && found[1].contains("not there"));
    assert!(found[2].contains(&damaged.to_string()) && found[2].contains("not those"));
}

pub(crate) async fn files_that_nobody_speaks_of_are_swept(world: World) {
    let spoken = keep_long(&world, b's').await;
    let kept = files(&world.payloads());
    assert_eq!(kept.len(), 1);
    let orphan = kept[0].with_file_name("0".repeat(62));
    let unfinished = world.payloads().join(".77-unfinished");
    let young = world.payloads().join(".77-young");
    for path in [&orphan, &unfinished, &young] {
        fs::write(path, b"left behind").expect("there is room");
    }
    let old = SystemTime::now() - Duration::from_secs(48 * 3600);
    for path in [&kept[0], &orphan, &unfinished] {
        let file = fs::File::options().write(true).open(path).expect("it is there");
        file.set_modified(old).expect("its time can be set");
    }
    world.purge(world.clock.now()).await.expect("purged");
    let mut left = files(&world.payloads());
    left.sort();
    assert_eq!(left, {
        let mut all = vec![kept[0].clone(), young];
        all.sort();
        all
    });
    world.payload(spoken).await.expect("it is whole");
}
