//! Control numbers: never the same for two purposes.

use std::sync::Arc;

use tieline_store::{Counter, StoreError};

use crate::kit::*;

fn counter(last: u64) -> Counter {
    Counter { partner: PARTNER.to_string(), kind: "ISA13".to_string(), last }
}

pub(crate) async fn numbers_follow_each_other_and_a_purpose_keeps_its_own(world: World) {
    let counter = counter(999_999_999);
    let mut given = Vec::new();
    for (purpose, count) in [("a", 1), ("b", 10), ("c", 1), ("b", 10), ("a", 1)] {
        given.push(world.allocate(&counter, purpose, count).await.expect("there are numbers"));
    }
    assert_eq!(given, [1, 2, 12, 2, 1]);
    let other = world.allocate(&counter, "b", 3).await;
    assert!(matches!(other, Err(StoreError::NotWhole(_))), "{other:?}");
    let tests = Counter { kind: "ISA13 test".to_string(), ..counter.clone() };
    assert_eq!(world.allocate(&tests, "a", 1).await.expect("there are numbers"), 1);
    let listed = world.allocations(&counter, 2).await.expect("read");
    let listed: Vec<_> =
        listed.iter().map(|one| (one.purpose.as_str(), one.first, one.count)).collect();
    assert_eq!(listed, [("c", 12, 1), ("b", 2, 10)]);
}

pub(crate) async fn numbers_are_not_given_twice_within_the_window(world: World) {
    let counter = counter(3);
    for number in 1..=3 {
        let given = world.allocate(&counter, &format!("first {number}"), 1).await;
        assert_eq!(given.expect("there are numbers"), number);
        world.pass(3600);
    }
    let none = world.allocate(&counter, "more", 1).await;
    assert!(matches!(none, Err(StoreError::NumbersUsedUp(_))), "{none:?}");
    world.pass(21 * 3600 + 1);
    assert_eq!(world.allocate(&counter, "second", 1).await.expect("1 is free"), 1);
    let none = world.allocate(&counter, "more", 1).await;
    assert!(matches!(none, Err(StoreError::NumbersUsedUp(_))), "{none:?}");
    assert_eq!(world.allocate(&counter, "second", 1).await.expect("its own"), 1);
    let many = world.allocate(&counter, "many", 4).await;
    assert!(matches!(many, Err(StoreError::NumbersUsedUp(_))), "{many:?}");
    assert_eq!(world.verify().await.expect("it can be checked"), [""; 0]);
}

pub(crate) async fn many_at_once_never_overlap(world: World) {
    let tasks: Vec<_> = (0..40)
        .map(|number: u32| {
            let store = Arc::clone(&world.nodes[number as usize % 2]);
            let count = 1 + number / 2 % 3;
            tokio::spawn(async move {
                let purpose = format!("purpose {}", number / 2);
                let first = store.allocate(&counter(999), &purpose, count).await;
                (purpose, first.expect("there are numbers"), u64::from(count))
            })
        })
        .collect();
    let mut given = Vec::new();
    for task in tasks {
        given.push(task.await.expect("no task panics"));
    }
    given.sort();
    given.dedup();
    assert_eq!(given.len(), 20, "each purpose was asked for twice and has one run");
    given.sort_by_key(|(_, first, _)| *first);
    for pair in given.windows(2) {
        assert!(pair[0].1 + pair[0].2 <= pair[1].1, "{pair:?}");
    }
}

pub(crate) async fn long_runs_and_short_ones_never_overlap_around_the_end(world: World) {
    // The second and fourth time round pass over numbers that are still in force.
    let mut given: Vec<(i64, u64, u64)> = Vec::new();
    let mut refused = 0;
    for step in 0..120_i64 {
        let count = [1, 7, 2, 5][step as usize % 4];
        world.pass(2 * 3600);
        let first = world.allocate(&counter(40), &format!("step {step}"), count).await;
        let count = u64::from(count);
        let Ok(first) = first else {
            refused += 1;
            continue;
        };
        assert!(first >= 1 && first + count - 1 <= 40);
        for (at, other, others) in &given {
            // The window is a day: twelve steps.
            let is_live = step - at <= 12;
            let apart = other + others <= first || first + count <= *other;
            assert!(!is_live || apart, "{first} x {count} and {other} x {others}");
        }
        given.push((step, first, count));
    }
    assert!(given.len() > 60 && refused > 0, "{} given, {refused} refused", given.len());
}
