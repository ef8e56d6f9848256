//! How long things are kept.

use std::fs::File;
use std::time::{Duration, SystemTime};

use jiff::{SignedDuration, Timestamp};
use tieline_gateway::retention;
use tieline_store::access::AuditFilter;
use tieline_store::{State, StoreError};

use crate::common::sample;
use crate::{BANK, FRIDAY, told};

const DAY: i64 = 86_400;

#[tokio::test]
async fn what_was_kept_long_enough_goes_and_is_told() {
    let (gateway, clock) = told().await;
    gateway
        .write_more("redriver-bank/partner.toml", "\n[retention]\nmessages = 30\nrecords = 60\n");
    let from: Timestamp = FRIDAY.parse().expect("an instant");
    let payment = sample("820/ach-ctx-many-accounts.edi");
    let message = gateway.take(BANK, "payments.edi", &payment).await;
    let run = async || {
        let begun = retention::begin_due(&gateway.house, from).await.expect("the store works");
        gateway.work().await;
        begun
    };
    assert!(!run().await, "it is not night yet");
    clock.advance(SignedDuration::from_secs(DAY));
    assert!(run().await);
    assert!(!run().await, "once a night");
    gateway.store().payload(message.id).await.expect("it is kept yet");
    clock.advance(SignedDuration::from_secs(40 * DAY));
    assert!(run().await);
    let gone = gateway.store().payload(message.id).await;
    assert!(matches!(gone, Err(StoreError::PayloadMissing(_))), "{gone:?}");
    assert_eq!(gateway.message(message.id).await.state, State::Posted);
    assert_eq!(gateway.postings().await.len(), 1);
    clock.advance(SignedDuration::from_secs(40 * DAY));
    assert!(run().await);
    assert_eq!(gateway.postings().await, []);
    let filter = AuditFilter { action: Some("purge".to_string()), ..AuditFilter::default() };
    let told = gateway.store().audited(&filter, 9).await.expect("the store works");
    let details: Vec<_> = told.iter().map(|it| (it.subject.as_str(), it.detail.as_str())).collect();
    assert_eq!(details[0], (BANK, "0 messages, 1 postings, 0 files"));
    assert_eq!(details[1].0, BANK);
    // The same file is known for ever.
    let again = gateway.take(BANK, "payments.edi", &payment).await;
    assert_ne!(again.state, State::Received);
    assert_eq!(gateway.postings().await, []);
}

#[tokio::test]
async fn old_files_leave_the_archive_and_nothing_else() {
    let (gateway, clock) = told().await;
    let mailbox = gateway.house.mailbox(BANK);
    std::fs::create_dir_all(&mailbox.root).expect("a folder");
    mailbox.open().expect("it opens");
    let now: Timestamp = FRIDAY.parse().expect("an instant");
    let age = |folder: &str, name: &str, days: u64| {
        let file = File::create(mailbox.root.join(folder).join(name)).expect("it is made");
        let now = SystemTime::UNIX_EPOCH + Duration::from_secs(now.as_second() as u64);
        file.set_modified(now - Duration::from_secs(days * DAY as u64)).expect("its time is set");
    };
    for folder in ["archive", "reports", "outbound", "inbound"] {
        age(folder, "old", 40);
        age(folder, "young", 20);
    }
    clock.advance(SignedDuration::from_secs(DAY));
    assert!(retention::begin_due(&gateway.house, now).await.expect("the store works"));
    gateway.work().await;
    for (folder, left) in [("archive", 1), ("reports", 1), ("outbound", 2), ("inbound", 2)] {
        assert_eq!(gateway.mailbox(BANK, folder).len(), left, "{folder}");
    }
}

#[tokio::test]
async fn what_ends_soon_is_told_once_for_each_warning() {
    let (gateway, clock) = told().await;
    let file = "prairie-power/authorizations/2026-014.toml";
    let names = std::fs::read_dir(gateway.path("partners/prairie-power/authorizations"));
    let name = names.expect("a folder").next().expect("there is one").expect("it is listed");
    let file = file.replace("2026-014.toml", &name.file_name().to_string_lossy());
    gateway.rewrite(&file, |text| text.replace("until = 2028-03-31", "until = 2026-05-01"));
    let from: Timestamp = FRIDAY.parse().expect("an instant");
    let alerts = async || {
        let filter = AuditFilter { action: Some("alert".to_string()), ..AuditFilter::default() };
        let all = gateway.store().audited(&filter, 99).await.expect("the store works");
        let ends = all.into_iter().filter(|it| it.detail.contains("ending prairie-power"));
        ends.map(|it| it.detail).collect::<Vec<_>>()
    };
    // The nights of 4 April, 28 days before; of 5; of 18, 13 days before; and of 2 May.
    for (days, told) in [(1, 1), (1, 1), (13, 2), (14, 3)] {
        clock.advance(SignedDuration::from_secs(days * DAY));
        retention::begin_due(&gateway.house, from).await.expect("the store works");
        gateway.work().await;
        let alerts = alerts().await;
        assert_eq!(alerts.len(), told, "{alerts:?}");
    }
    let all = alerts().await;
    assert!(all[0].contains("ended on 2026-05-01"), "{all:?}");
    assert!(all[2].contains("ends on 2026-05-01, in 27 days"), "{all:?}");
}
