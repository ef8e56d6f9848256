//! What is due by the clock: answers that are owed, files that are expected, schedules; and clocks that jump.

use jiff::{SignedDuration, Timestamp};
use tieline_gateway::{overdue, schedule};
use tieline_store::access::AuditFilter;
use tieline_store::job::Worker;
use tieline_store::options::{Clock, Options, ToldClock};

use crate::common::{Database, Gateway, sample};
use crate::once::{BANK, payment};
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

const PAYMENT: &str = "820/ach-ctx-many-accounts.edi";

/// Friday at ten; the bank's payments are expected by nine on business days, half an hour later at the
/// latest. What a person is told when Monday's deadline has passed.
async fn told_on_monday(
    gateway: &Gateway,
    clock: &ToldClock,
    comes: &[(i64, &str)],
) -> Option<String> {
    let from = clock.now();
    let mut passed = 0;
    for (minutes, bytes) in comes {
        clock.advance(SignedDuration::from_mins(minutes - passed));
        passed = *minutes;
        gateway.take("redriver-bank", "payments.edi", bytes).await;
    }
    let look = async || {
        let begun = overdue::look_for_files(&gateway.house, from).await.expect("it works");
        gateway.work().await;
        begun
    };
    clock.advance(SignedDuration::from_mins((3 * 24 - 1) * 60 + 29 - passed));
    assert_eq!(look().await, 0, "the deadline has not passed");
    clock.advance(SignedDuration::from_mins(2));
    assert_eq!(look().await, 1);
    assert_eq!(look().await, 0, "it is looked for once");
    let filter = AuditFilter { action: Some("alert".to_string()), ..AuditFilter::default() };
    let told = gateway.store().audited(&filter, 100).await.expect("the store works");
    let mut told = told.into_iter().map(|it| it.detail).filter(|it| it.starts_with("expected"));
    let first = told.next();
    assert_eq!(told.next(), None, "it is told once");
    first
}

/// Monday at eight, in minutes since Friday at ten.
const IN_TIME: i64 = (3 * 24 - 2) * 60;

pub(crate) async fn an_expected_file_that_comes_in_time_is_nothing_to_tell(on: Database) {
    let (gateway, clock) = gateway(on).await;
    let told = told_on_monday(&gateway, &clock, &[(IN_TIME, &sample(PAYMENT))]).await;
    assert_eq!(told, None);
}

pub(crate) async fn an_expected_file_that_does_not_come_is_told_once(on: Database) {
    let (gateway, clock) = gateway(on).await;
    let told = told_on_monday(&gateway, &clock, &[]).await.expect("it is told");
    assert_eq!(told, "expected file redriver-bank: payments has not come");
}

pub(crate) async fn an_expected_file_that_is_too_large_is_told(on: Database) {
    let (gateway, clock) = gateway(on).await;
    gateway.edit("redriver-bank", |it| it.replace("largest = \"20MB\"", "largest = \"1KB\""));
    let told = told_on_monday(&gateway, &clock, &[(IN_TIME, &sample(PAYMENT))]).await;
    let told = told.expect("it is told");
    assert!(told.ends_with("came 1 times, 1 of them empty, too small or too large"), "{told}");
}

pub(crate) async fn an_expected_file_that_is_empty_is_told(on: Database) {
    let (gateway, clock) = gateway(on).await;
    // By its name, because nothing in it says what it is.
    gateway
        .edit("redriver-bank", |it| it.replace("set = \"820\"\nby =", "pattern = \"pay*\"\nby ="));
    let told = told_on_monday(&gateway, &clock, &[(IN_TIME, "")]).await.expect("it is told");
    assert!(told.ends_with("came 1 times, 1 of them empty, too small or too large"), "{told}");
}

pub(crate) async fn of_two_expected_files_one_is_too_few(on: Database) {
    let (gateway, clock) = gateway(on).await;
    gateway.edit("redriver-bank", |it| it.replace("by = \"09:00\"", "by = \"09:00\"\nfiles = 2"));
    let told = told_on_monday(&gateway, &clock, &[(IN_TIME, &sample(PAYMENT))]).await;
    let told = told.expect("it is told");
    assert!(told.ends_with("came 1 times, not 2"), "{told}");
}

/// The clock of the machine is put back or on by an hour while things are under way.
pub(crate) async fn a_clock_that_is_put_back_or_on_loses_and_doubles_nothing(on: Database) {
    let (gateway, clock) = gateway(on).await;
    let mut copies = 0;
    for (number, hours) in [1, -1, -1, 1, 1, -1].into_iter().enumerate() {
        let (first, second) = (payment(2 * number as u32), payment(2 * number as u32 + 1));
        gateway.receive(BANK, "pay.edi", &first).await;
        let gone = Worker { name: "gone/1".to_string(), lease: 60 };
        gateway.store().claim(&gone, &["read"], 1).await.expect("the store works");
        clock.advance(SignedDuration::from_hours(hours));
        gateway.receive(BANK, "pay.edi", &second).await;
        gateway.receive(BANK, "pay.edi", &first).await;
        gateway.work().await;
        copies += 3;
    }
    // What was taken before the clock went back comes again when the clock has come there again.
    clock.advance(SignedDuration::from_hours(2));
    gateway.work().await;
    gateway.each_payment_once(12, copies).await;
}

pub(crate) async fn a_schedule_runs_once_when_the_clock_is_put_back(on: Database) {
    let (gateway, clock) = gateway(on).await;
    let from = FRIDAY.parse().expect("an instant");
    let begin = async || schedule::begin_due(&gateway.house, from).await.expect("it works");
    clock.advance(SignedDuration::from_secs(3 * 86_400 - 3 * 3_600));
    assert_eq!(begin().await, 1, "Monday's 867, at a quarter past six");
    for hours in [-1, 1, -1, 1] {
        clock.advance(SignedDuration::from_hours(hours));
        assert_eq!(begin().await, 0);
    }
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
    assert_eq!(alerts(&gateway).await, 0, "it is sent again first, as is agreed");
    clock.advance(SignedDuration::from_secs(7 * 86_400));
    assert_eq!(tell().await, 1);
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
