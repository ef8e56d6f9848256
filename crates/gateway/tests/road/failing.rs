//! Every call of the store that a document's road makes, and what may become of each: it fails, it is
//! done and nobody hears of it, the program ends before or after it, a worker stalls past its lease.
//! Whatever happens, the document has its effect once and its answer once.

use std::fs;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, AtomicU32, Ordering};

use jiff::SignedDuration;
use tieline_gateway::worker;
use tieline_store::State;
use tieline_store::message::Flow;
use tieline_store::options::ToldClock;
use tokio::sync::Notify;

use crate::common::{Database, Gateway};
use crate::hooked::{Fate, Hooked};
use crate::once::{BANK, payment};

/// A gateway, and the payments that went through it so far.
struct Run {
    gateway: Gateway,
    clock: ToldClock,
    payments: u32,
}

impl Run {
    async fn start(on: Database) -> Run {
        let (gateway, clock) = crate::due::gateway(on).await;
        Run { gateway, clock, payments: 0 }
    }

    /// A node for which the call of this number, counted from 0, has a fate; and how many it made.
    fn node(&self, call: u32, fate: Fate) -> (Gateway, Arc<AtomicU32>, Arc<Notify>) {
        let calls = Arc::new(AtomicU32::new(0));
        let mut ended = Arc::new(Notify::new());
        let counted = Arc::clone(&calls);
        let hook = move |_| match counted.fetch_add(1, Ordering::SeqCst) == call {
            true => fate.clone(),
            false => Fate::Done,
        };
        let node = self.gateway.wrapped("other", |store| {
            let hooked = Hooked::around(store, Box::new(hook));
            ended = hooked.ended();
            Arc::new(hooked)
        });
        (node, calls, ended)
    }

    async fn next_payment(&mut self) {
        self.gateway.receive(BANK, "pay.edi", &payment(self.payments)).await;
        self.payments += 1;
    }

    /// Goes on after a crash or a failure: leases end, and waits are over.
    async fn recover(&self) {
        for _ in 0..3 {
            self.clock.advance(SignedDuration::from_secs(61));
            self.gateway.work().await;
        }
    }

    async fn check(&self) {
        let came = self.gateway.all(Flow::In).await.len();
        self.gateway.each_payment_once(self.payments as usize, came).await;
    }
}

/// One payment for each call that its road makes, with the same fate.
async fn each_call(on: Database, fate: Fate) {
    let mut run = Run::start(on).await;
    for call in 0.. {
        run.next_payment().await;
        let (node, calls, ended) = run.node(call, fate.clone());
        let walked = tokio::select! {
            // After a failure it is up to whoever runs the workers to go on.
            walked = worker::run_due(&node.house) => walked.is_ok(),
            () = ended.notified() => false,
        };
        run.recover().await;
        if walked && calls.load(Ordering::SeqCst) <= call {
            assert!(call > 18, "the road makes more calls than {call}");
            break;
        }
    }
    run.check().await;
}

pub(crate) async fn a_call_that_fails_is_made_again(on: Database) {
    each_call(on, Fate::Failed).await;
}

pub(crate) async fn a_call_that_is_done_and_not_heard_of_is_not_done_twice(on: Database) {
    each_call(on, Fate::Unheard).await;
}

pub(crate) async fn whoever_ends_before_a_call_has_lost_nothing(on: Database) {
    each_call(on, Fate::EndsBefore).await;
}

pub(crate) async fn whoever_ends_after_a_call_has_lost_nothing(on: Database) {
    each_call(on, Fate::EndsAfter).await;
}

/// Another worker does the job meanwhile, and what the first one goes on with changes nothing.
pub(crate) async fn whoever_stalls_past_the_lease_writes_nothing(on: Database) {
    let mut run = Run::start(on).await;
    for call in 0.. {
        run.next_payment().await;
        let gate = Arc::new(Notify::new());
        let (node, calls, _) = run.node(call, Fate::Waits(Arc::clone(&gate)));
        let house = Arc::clone(&node.house);
        let stalled = tokio::spawn(async move { worker::run_due(&house).await });
        while calls.load(Ordering::SeqCst) <= call && !stalled.is_finished() {
            tokio::task::yield_now().await;
        }
        let is_last = calls.load(Ordering::SeqCst) <= call;
        run.recover().await;
        let before = run.gateway.mailbox(BANK, "outbound");
        gate.notify_one();
        stalled.await.expect("it goes on").expect("the store works");
        assert_eq!(run.gateway.mailbox(BANK, "outbound"), before, "call {call}");
        if is_last {
            break;
        }
    }
    run.check().await;
}

/// What cannot be put into a mailbox waits, and goes there once when it can.
pub(crate) async fn a_mailbox_that_cannot_be_written_to_loses_and_doubles_nothing(on: Database) {
    let mut run = Run::start(on).await;
    run.next_payment().await;
    run.gateway.work().await;
    let root = run.gateway.house.mailbox(BANK).root;
    let (outbound, aside) = (root.join("outbound"), root.join("aside"));
    fs::rename(&outbound, &aside).expect("it can be moved");
    fs::write(&outbound, "no folder").expect("it is written");
    for _ in 0..3 {
        run.next_payment().await;
        run.gateway.work().await;
        run.clock.advance(SignedDuration::from_secs(61));
    }
    let jobs = run.gateway.store().jobs(&Default::default(), 9).await.expect("the store works");
    assert_eq!(jobs.len(), 3, "three answers wait");
    assert!(jobs.iter().all(|it| it.kind == "deliver" && !it.dead), "{jobs:?}");
    fs::remove_file(&outbound).expect("it can be removed");
    fs::rename(&aside, &outbound).expect("it can be moved");
    run.recover().await;
    run.check().await;
}

/// A step that breaks down by a fault of ours is a failed attempt; others go on meanwhile.
pub(crate) async fn a_step_that_breaks_down_is_given_up_and_others_go_on(on: Database) {
    let mut run = Run::start(on).await;
    let breaks = Arc::new(AtomicBool::new(true));
    let told = Arc::clone(&breaks);
    let hook = move |name| match name == "payload" && told.load(Ordering::SeqCst) {
        true => Fate::Panics,
        false => Fate::Done,
    };
    let node =
        run.gateway.wrapped("other", |store| Arc::new(Hooked::around(store, Box::new(hook))));
    let broken = run.gateway.receive(BANK, "broken.edi", "not looked at").await;
    for attempt in 1..=10 {
        assert_eq!(node.message(broken).await.state, State::Received, "attempt {attempt}");
        node.work().await;
        breaks.store(false, Ordering::SeqCst);
        run.next_payment().await;
        node.work().await;
        breaks.store(true, Ordering::SeqCst);
        run.clock.advance(SignedDuration::from_secs(3_600));
    }
    let message = node.message(broken).await;
    assert_eq!(message.state, State::Dead);
    let reason = message.reason.expect("why");
    assert!(reason.contains("the step broke down"), "{reason}");
    assert!(!reason.contains("of a test"), "what a fault says may quote what was read: {reason}");
    let posted = node.messages(State::Posted).await;
    assert_eq!(posted.len(), run.payments as usize, "the others went on");
}
