//! Planned runs that begin once, pauses, and files that were taken.

use std::sync::Arc;

use tieline_store::StoreError;
use tieline_store::access::AuditFilter;
use tieline_store::change::{Change, Message};
use tieline_store::job::NewJob;
use tieline_store::schedule::{Pause, Run, SeenFile};

use crate::kit::*;

fn run(world: &World, schedule: &str, seconds: i64) -> Run {
    Run { schedule: schedule.to_string(), planned: world.later(seconds) }
}

pub(crate) async fn a_planned_run_begins_once(world: World) {
    let tasks: Vec<_> = (0..16)
        .map(|number: i64| {
            let store = Arc::clone(&world.nodes[number as usize % 2]);
            let run = run(&world, "bank/pull", number / 8 * 60);
            tokio::spawn(async move { store.begin_run(&run, job("pull")).await.expect("asked") })
        })
        .collect();
    let mut begun = 0;
    for task in tasks {
        begun += u32::from(task.await.expect("no task panics"));
    }
    assert_eq!(begun, 2, "once for each of two instants");
    assert_eq!(world.jobs(&Default::default(), 9).await.expect("read").len(), 2);
    assert!(world.begin_run(&run(&world, "bank/push", 5), job("push")).await.expect("asked"));
    let last = world.last_runs().await.expect("read");
    assert_eq!(last, [run(&world, "bank/pull", 60), run(&world, "bank/push", 5)]);
    let wrong = NewJob { message: Some(Message::New(0)), ..job("pull") };
    let refused = world.begin_run(&run(&world, "bank/pull", 120), wrong).await;
    assert!(matches!(refused, Err(StoreError::NotWhole(_))), "{refused:?}");
    let named = || NewJob { unique: Some("pull".to_string()), ..job("pull") };
    assert!(world.begin_run(&run(&world, "bank/pull", 120), named()).await.expect("asked"));
    assert!(world.begin_run(&run(&world, "bank/pull", 180), named()).await.expect("asked"));
    assert_eq!(world.jobs(&Default::default(), 9).await.expect("read").len(), 4);
}

pub(crate) async fn a_paused_schedule_does_not_begin(world: World) {
    let pause = Pause { since: world.clock.now(), reason: "their holiday".to_string() };
    world.set_pause("bank/pull", Some(pause.clone()), "ada").await.expect("written");
    assert_eq!(world.pauses().await.expect("read"), [("bank/pull".to_string(), pause.clone())]);
    assert!(!world.begin_run(&run(&world, "bank/pull", 0), job("pull")).await.expect("asked"));
    assert!(world.begin_run(&run(&world, "bank/push", 0), job("push")).await.expect("asked"));
    let longer = Pause { reason: "their move".to_string(), ..pause };
    world.set_pause("bank/pull", Some(longer), "ada").await.expect("written");
    world.set_pause("bank/pull", None, "bob").await.expect("written");
    assert_eq!(world.pauses().await.expect("read"), []);
    assert!(world.begin_run(&run(&world, "bank/pull", 0), job("pull")).await.expect("asked"));
    let audit = world.audited(&AuditFilter::default(), 9).await.expect("read");
    let said: Vec<_> =
        audit.iter().map(|line| (line.actor.as_str(), line.detail.as_str())).collect();
    assert_eq!(said, [("bob", ""), ("ada", "their move"), ("ada", "their holiday")]);
}

pub(crate) async fn files_of_a_drop_are_remembered(world: World) {
    let file = |name: &[u8], size, modified| SeenFile { name: name.to_vec(), size, modified };
    let seen = file(b"a.edi", 10, 1_700_000_000);
    let change = Change {
        remembered: vec![("bank".to_string(), seen.clone()), ("bank".to_string(), seen.clone())],
        ..Change::default()
    };
    world.apply(change).await.expect("written");
    let asked = [
        seen.clone(),
        file(b"a.edi", 11, 1_700_000_000),
        file(b"a.edi", 10, 1_700_000_001),
        file(b"b.edi", 10, 1_700_000_000),
        seen.clone(),
    ];
    let found = world.remembered("bank", &asked).await.expect("read");
    assert_eq!(found, [true, false, false, false, true]);
    assert_eq!(world.remembered("usage", &[seen]).await.expect("read"), [false]);
    assert_eq!(world.remembered("bank", &[]).await.expect("read"), [false; 0]);
}
