//! Who failed to log in, who is banned, who did what, and how many are where.

use std::sync::Arc;

use tieline_store::access::AuditFilter;
use tieline_store::change::Change;
use tieline_store::job::{End, NewJob};
use tieline_store::{AuditEntry, Ban, State};

use crate::kit::*;

pub(crate) async fn failed_logins_are_counted_within_a_window(world: World) {
    let fail = async |subjects: &[&str]| world.failed_login(subjects, 60).await.expect("counted");
    assert_eq!(fail(&["192.0.2.7", "bank"]).await, [1, 1]);
    world.pass(30);
    assert_eq!(fail(&["192.0.2.7"]).await, [2]);
    world.pass(30);
    assert_eq!(fail(&["192.0.2.7", "bank"]).await, [2, 1], "the first is a minute old");
    let tasks: Vec<_> = (0..10)
        .map(|number| {
            let store = Arc::clone(&world.nodes[number % 2]);
            tokio::spawn(async move { store.failed_login(&["198.51.100.1"], 60).await })
        })
        .collect();
    for task in tasks {
        task.await.expect("no task panics").expect("counted");
    }
    assert_eq!(fail(&["198.51.100.1"]).await, [11]);
    world.forget_logins(&["198.51.100.1", "nobody"]).await.expect("written");
    assert_eq!(fail(&["198.51.100.1", "192.0.2.7"]).await, [1, 3], "others count as before");
}

pub(crate) async fn bans_end_and_are_lifted(world: World) {
    let ban = |seconds| Ban { until: world.later(seconds), reason: "logins".to_string() };
    world.set_ban("192.0.2.7", Some(ban(100))).await.expect("written");
    world.set_ban("bank", Some(ban(50))).await.expect("written");
    world.set_ban("192.0.2.7", Some(ban(60))).await.expect("written");
    let (until_first, until_bank) = (ban(60), ban(50));
    let both = [("192.0.2.7".to_string(), until_first), ("bank".to_string(), until_bank)];
    assert_eq!(world.nodes[1].bans().await.expect("read"), both);
    world.pass(50);
    assert_eq!(world.bans().await.expect("read"), both[..1]);
    world.set_ban("192.0.2.7", None).await.expect("written");
    world.set_ban("nobody", None).await.expect("written");
    assert_eq!(world.bans().await.expect("read"), []);
}

pub(crate) async fn the_audit_is_read_latest_first(world: World) {
    let entry = |actor: &str, action: &str, subject: &str| AuditEntry {
        at: None,
        actor: actor.to_string(),
        action: action.to_string(),
        subject: subject.to_string(),
        detail: "in words".to_string(),
    };
    world
        .audit(vec![entry("bank", "login", "sftp"), entry("ada", "resend", "M1")])
        .await
        .expect("written");
    world.pass(10);
    let audit = vec![entry("bank", "file arrived", "M2")];
    world.apply(Change { audit, ..Change::default() }).await.expect("written");
    let old = AuditEntry { at: Some(world.later(-99)), ..entry("bank", "logout", "sftp") };
    world.audit(vec![old]).await.expect("written");
    let find = async |filter: AuditFilter, most| {
        let found = world.audited(&filter, most).await.expect("read");
        found.into_iter().map(|line| line.action).collect::<Vec<_>>()
    };
    let any = AuditFilter::default;
    assert_eq!(find(any(), 9).await, ["file arrived", "resend", "login", "logout"]);
    assert_eq!(find(any(), 1).await, ["file arrived"]);
    let actor = AuditFilter { actor: Some("bank".to_string()), ..any() };
    assert_eq!(find(actor, 9).await, ["file arrived", "login", "logout"]);
    let action = AuditFilter { action: Some("resend".to_string()), ..any() };
    assert_eq!(find(action, 9).await, ["resend"]);
    let subject = AuditFilter { subject: Some("sftp".to_string()), ..any() };
    assert_eq!(find(subject, 9).await, ["login", "logout"]);
    let since = AuditFilter { since: Some(world.later(-10)), ..any() };
    assert_eq!(find(since, 9).await, ["file arrived", "resend", "login"]);
    let lines = world.audited(&any(), 1).await.expect("read");
    assert_eq!((lines[0].at, lines[0].detail.as_str()), (Some(world.clock.now()), "in words"));
}

pub(crate) async fn figures_say_how_many_are_where(world: World) {
    receive(&**world, b"one").await;
    receive(&**world, b"two").await;
    send(&**world, State::Held).await;
    let later = NewJob { due: Some(world.later(9)), ..job("send") };
    bring(&**world, vec![later, job("post"), job("post")]).await;
    let dead = claim(&**world, "north", "post").await.expect("there is a job");
    let end = End::Dead { reason: "given up".to_string() };
    world.finish(&dead.lease, Change::default(), end).await.expect("it ends");
    claim(&**world, "north", "post").await.expect("there is a job");
    let figures = world.figures().await.expect("read");
    let lines: Vec<String> = figures
        .iter()
        .map(|figure| {
            let labels: Vec<_> = figure.labels.iter().map(|(_, value)| value.as_str()).collect();
            format!("{} {} {}", figure.name, labels.join(" "), figure.value)
        })
        .collect();
    let expected = [
        "messages redriver-bank held 1",
        "messages redriver-bank received 2",
        "jobs post dead 1",
        "jobs post taken 1",
        "jobs read due 2",
        "jobs send waiting 1",
    ];
    assert_eq!(lines, expected);
    assert_eq!(
        figures[0].labels,
        [("partner", PARTNER.to_string()), ("state", "held".to_string())]
    );
}
