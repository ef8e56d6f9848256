//! The audit of sessions while the store cannot write.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::{Duration, Instant};

use tieline_gateway::host::Host;
use tieline_store::access::AuditFilter;
use tieline_transport::sftp::audit::{Audit as _, Event, What};

use crate::common::{Database, Gateway};
use crate::hooked::{Fate, Hooked};

/// What happens while the store is away is written when it is back, in order, and nobody waits for it.
pub(crate) async fn what_happens_while_the_store_is_away_is_in_the_audit(on: Database) {
    let gateway = Gateway::open(on).await;
    let is_away = Arc::new(AtomicBool::new(true));
    let tried = Arc::new(AtomicBool::new(false));
    let (away, seen) = (Arc::clone(&is_away), Arc::clone(&tried));
    let node = gateway.wrapped("other", |store| {
        let hook = move |name| match name == "audit" && away.load(Ordering::SeqCst) {
            true => {
                seen.store(true, Ordering::SeqCst);
                Fate::Failed
            }
            false => Fate::Done,
        };
        Arc::new(Hooked::around(store, Box::new(hook)))
    });
    let (host, writing) = Host::new(Arc::clone(&node.house));
    let note = |session: u64| {
        let peer = "192.0.2.1:40000".parse().expect("an address");
        let what = What::Deleted { path: format!("/inbound/{session}") };
        host.note(Event { session, peer, account: Some("bank".to_string()), what });
    };
    let before = Instant::now();
    (0..300).for_each(note);
    assert!(before.elapsed() < Duration::from_secs(1), "nobody waits");
    while !tried.load(Ordering::SeqCst) {
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    (300..400).for_each(note);
    is_away.store(false, Ordering::SeqCst);
    drop(host);
    writing.await.expect("it writes to the end");
    let filter = AuditFilter { actor: Some("bank".to_string()), ..AuditFilter::default() };
    let mut lines = gateway.store().audited(&filter, 1_000).await.expect("the store works");
    lines.reverse();
    let subjects: Vec<String> = lines.into_iter().map(|it| it.subject).collect();
    let all: Vec<String> = (0..400).map(|session| format!("/inbound/{session}")).collect();
    assert_eq!(subjects, all);
}
