//! What is due by the clock: answers that are owed, and schedules.

use jiff::{SignedDuration, Timestamp};
use tieline_gateway::{overdue, schedule};
use tieline_store::access::AuditFilter;
use tieline_store::options::{Clock, Options, ToldClock};

use crate::common::{Database, Gateway};
use crate::outbound::usage;

/// A Friday, at ten in the morning in Chicago.
const FRIDAY: &str = "2026-04-03T15:00:00Z";

pub(crate) async fn gateway(on: Database) -> (Gateway, ToldClock) {
    let clock = ToldClock::new(FRIDAY.parse::<Timestamp>().expect("an instant"));
    let mut options = Options::default();
    options.clock = Clock::Told(clock.clone());
    (Gateway::open_with(on, options).await, clock)
}

async fn alerts(gateway: &Gateway) -> usize {
    gateway.work().await;
    let filter = AuditFilter { action: Some("alert".to_string()), ..AuditFilter::default() };
    gateway.store().audited(&filter, 100).await.expect("the store works").len()
}

pub(crate) async fn an_answer_that_does_not_come_is_told_once(on: Database) {
    let (gateway, clock) = gateway(on).await;
    gateway.bring("usage.json", "json", &usage()).await;
    gateway.work().await;
    gateway.release("prairie-power/867").await;
    let tell = async || overdue::tell(&gateway.house).await.expect("the store works");
    assert_eq!(tell().await, 0, "it is not due yet");
    clock.advance(SignedDuration::from_secs(7 * 86_400));
    assert_eq!(tell().await, 1);
    assert_eq!(tell().await, 0);
    assert_eq!(alerts(&gateway).await, 1);
}

pub(crate) async fn a_schedule_begins_each_run_once(on: Database) {
    let (gateway, clock) = gateway(on).await;
    let from = FRIDAY.parse().expect("an instant");
    let begin = async || schedule::begin_due(&gateway.house, from).await.expect("it works");
    assert_eq!(begin().await, 0);
    // On Monday at noon the 867 of a quarter past six is due.
    clock.advance(SignedDuration::from_secs(3 * 86_400 + 7_200));
    assert_eq!(begin().await, 1);
    assert_eq!(begin().await, 0, "the same instant is not begun twice");
}
