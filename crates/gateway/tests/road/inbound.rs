//! What comes in: kept, judged, answered, posted, each once.

use std::sync::Arc;
use std::sync::atomic::{AtomicU32, Ordering};

use jiff::SignedDuration;
use tieline_gateway::{operate, worker};
use tieline_store::State;
use tieline_store::message::Flow;
use tieline_store::posting::Kind;

use crate::common::{Database, Gateway, sample, segments};
use crate::hooked::{Fate, Hooked};
use crate::once::payment;

const PAYMENT: &str = "820/ach-ctx-many-accounts.edi";
const BANK: &str = "redriver-bank";

pub(crate) async fn a_good_payment_is_answered_and_posted(on: Database) {
    let gateway = Gateway::open(on).await;
    let message = gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    assert_eq!((message.state, message.reason), (State::Posted, None));
    assert_eq!(message.content, "820 x 1");
    assert_eq!(gateway.events(message.id).await, ["received", "read", "checked", "posted"]);

    let answers = gateway.mailbox(BANK, "outbound");
    assert_eq!(answers.len(), 1, "{answers:?}");
    let (name, answer) = &answers[0];
    assert_eq!(name, "997-000000001.edi");
    assert_eq!(segments(answer, "AK1"), ["AK1*RA*615"]);
    assert_eq!(segments(answer, "AK9"), ["AK9*A*1*1*1"]);

    let postings = gateway.postings().await;
    assert_eq!(postings.len(), 1);
    let posting = &postings[0];
    assert_eq!((posting.kind, posting.test), (Kind::Payment, false));
    assert_eq!(posting.reference, "20260414R0000615");
    assert_eq!(posting.amount.as_deref(), Some("83126.42"));
    assert!(posting.accounts.contains(&"4410027718".to_string()));
}

pub(crate) async fn the_same_file_again_is_answered_again_and_posts_nothing(on: Database) {
    let gateway = Gateway::open(on).await;
    let first = gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    let answer = gateway.mailbox(BANK, "outbound");
    let again = gateway.take(BANK, "payments-again.edi", &sample(PAYMENT)).await;
    assert_eq!(again.state, State::Repeat);
    assert_eq!(again.same_as, Some(first.id));
    assert_eq!(gateway.mailbox(BANK, "outbound"), answer);
    let sent = gateway.messages(State::Sent).await;
    assert_eq!(sent.len(), 2, "the answer, and the answer again");
    assert_eq!(sent[0].sha256, sent[1].sha256);
    assert_eq!(gateway.postings().await.len(), 1);
    // A third time gives one more answer, not two.
    gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    assert_eq!(gateway.messages(State::Sent).await.len(), 3);
}

pub(crate) async fn another_file_under_a_used_number_is_held(on: Database) {
    let gateway = Gateway::open(on).await;
    gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    let forged = sample(PAYMENT).replace("DTM*097*20260414", "DTM*097*20260415");
    let message = gateway.take(BANK, "payments2.edi", &forged).await;
    assert_eq!(message.state, State::Held);
    assert_eq!(gateway.events(message.id).await, ["received", "read", "held"]);
    let answers = gateway.mailbox(BANK, "outbound");
    assert_eq!(answers.len(), 2);
    assert_eq!(segments(&answers[1].1, "TA1"), ["TA1*000000615*260414*0615*R*025"]);
    assert_eq!(gateway.postings().await.len(), 1);
}

pub(crate) async fn a_payment_that_was_posted_posts_nothing_in_a_new_interchange(on: Database) {
    let gateway = Gateway::open(on).await;
    gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    let resent = sample(PAYMENT).replace("000000615", "000000616").replace("*615*X*", "*616*X*");
    let resent = resent.replace("GE*1*615", "GE*1*616");
    let message = gateway.take(BANK, "payments2.edi", &resent).await;
    assert_eq!(message.state, State::Posted);
    assert_eq!(gateway.postings().await.len(), 1);
    let events = gateway.store().events(message.id).await.expect("the store works");
    let posted = events.iter().find(|event| event.what == "posted").expect("it says so");
    assert_eq!(posted.detail, "0 posted, 1 posted before");
}

pub(crate) async fn nobody_speaks_for_somebody_else(on: Database) {
    let gateway = Gateway::open(on).await;
    let unknown = sample(PAYMENT).replace("REDRIVERBANK   ", "SOMEBODYELSE   ");
    let message = gateway.take(BANK, "unknown.edi", &unknown).await;
    assert_eq!(message.state, State::Held);
    let other = gateway.take("prairie-power", "payments.edi", &sample(PAYMENT)).await;
    assert_eq!(other.state, State::Held);
    let reason = other.reason.expect("it says why");
    assert!(reason.contains("prairie-power, which may not send as redriver-bank"), "{reason}");
    let elsewhere = sample(PAYMENT).replace("*01*0055500010000  *", "*01*0055599990000  *");
    let elsewhere = gateway.take(BANK, "elsewhere.edi", &elsewhere).await;
    assert_eq!(elsewhere.state, State::Held);
    for partner in [BANK, "prairie-power"] {
        assert_eq!(gateway.mailbox(partner, "outbound"), [], "nothing is acknowledged");
    }
    assert_eq!(gateway.postings().await, []);
}

pub(crate) async fn what_somebody_else_said_takes_nothing_from_the_partner(on: Database) {
    let gateway = Gateway::open(on).await;
    let forged = sample(PAYMENT).replace("DTM*097*20260414", "DTM*097*20260415");
    let mut held = Vec::new();
    for (name, bytes) in [("forged.edi", &forged), ("copied.edi", &sample(PAYMENT))] {
        held.push(gateway.take("prairie-power", name, bytes).await);
    }
    assert!(held.iter().all(|it| it.state == State::Held), "{held:?}");
    let real = gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    assert_eq!((real.state, real.reason), (State::Posted, None), "the partner's own is the first");
    assert_eq!(gateway.mailbox(BANK, "outbound").len(), 1);
    assert_eq!(gateway.postings().await.len(), 1);

    // The other login may send as the bank from now on, and a person has the held ones looked at anew.
    gateway.edit("prairie-power", |text| {
        text + "\n[mailbox]\npassword = \"cred:prairie-power-login\"\nsenders = [{ qualifier = \"ZZ\", id = \"REDRIVERBANK\" }]\n"
    });
    for (message, stands) in held.iter().zip([State::Held, State::Repeat]) {
        let said = "the login may send as the bank";
        let done = operate::reprocess(&gateway.house, message.id, false, "a person", said).await;
        done.expect("it is held");
        gateway.work().await;
        let now = gateway.message(message.id).await;
        assert_eq!(now.state, stands, "{:?}", now.reason);
    }
    assert_eq!(gateway.postings().await.len(), 1);
}

pub(crate) async fn what_is_wrong_is_answered_so_and_reported(on: Database) {
    let gateway = Gateway::open(on).await;
    let wrong = sample(PAYMENT).replace("TRN*1*20260414R0000615", "TRN*1*");
    let message = gateway.take(BANK, "wrong.edi", &wrong).await;
    assert_eq!(message.state, State::Rejected);
    let answers = gateway.mailbox(BANK, "outbound");
    assert_eq!(segments(&answers[0].1, "AK9"), ["AK9*R*1*1*0"]);
    let reports = gateway.mailbox(BANK, "reports");
    assert_eq!(reports.len(), 1);
    assert!(reports[0].0.starts_with("wrong.edi.M1."), "{}", reports[0].0);
    assert!(reports[0].1.contains("error[X12-E"), "{}", reports[0].1);
    assert_eq!(gateway.postings().await, []);
}

pub(crate) async fn a_file_that_is_no_edi_is_refused_and_others_go_on(on: Database) {
    let gateway = Gateway::open(on).await;
    for (bytes, says) in [("", "empty"), ("hello", "no X12"), ("\u{fffd}\0\0", "no X12")] {
        let message = gateway.take(BANK, "nothing.edi", bytes).await;
        assert_eq!(message.state, State::Rejected, "{bytes:?}");
        assert!(message.reason.expect("why").contains(says), "{bytes:?}");
    }
    let reports = gateway.mailbox(BANK, "reports");
    assert_eq!(reports.len(), 3, "its partner learns that it was no EDI");
    assert_eq!(reports[0].0, "nothing.edi.M1.findings.txt");
    assert_eq!(reports[0].1, "the file is empty\n");
    let half = &sample(PAYMENT)[..400];
    let message = gateway.take(BANK, "half.edi", half).await;
    assert_eq!(message.state, State::Rejected);
    let good = gateway.take(BANK, "payments.edi", &sample(PAYMENT).replace("615", "618")).await;
    assert_eq!(good.state, State::Posted);
}

pub(crate) async fn several_interchanges_in_a_file_go_their_own_ways(on: Database) {
    let gateway = Gateway::open(on).await;
    let second =
        sample(PAYMENT).replace("615", "617").replace("REDRIVERBANK   ", "NOBODY         ");
    let both = sample(PAYMENT) + &second;
    let message = gateway.take(BANK, "both.edi", &both).await;
    assert_eq!(message.state, State::Held, "the most urgent of both");
    assert_eq!(message.content, "820 x 2");
    let inside = gateway.store().interchanges(message.id).await.expect("the store works");
    let states: Vec<State> = inside.iter().map(|it| it.state).collect();
    assert_eq!(states, [State::Posted, State::Held]);
    assert_eq!(gateway.postings().await.len(), 1);
}

pub(crate) async fn a_short_file_does_not_wait_for_a_long_one(on: Database) {
    const INTERCHANGES: u32 = 40;
    let (gateway, clock) = crate::due::gateway(on).await;
    let long: String = (0..INTERCHANGES).map(payment).collect();
    gateway.receive(BANK, "long.edi", &long).await;
    let later = SignedDuration::from_secs(10);
    clock.advance(later);
    let unusable = gateway.receive("prairie-power", "short.edi", "this is no EDI").await;
    clock.advance(-later);
    // The long file is read before the short one comes, so its interchanges are due before that.
    let (claims, moved) = (AtomicU32::new(0), clock.clone());
    let hook = move |call| {
        if call == "claim" && claims.fetch_add(1, Ordering::SeqCst) == 1 {
            moved.advance(later);
        }
        Fate::Done
    };
    let node = gateway.wrapped("other", |store| Arc::new(Hooked::around(store, Box::new(hook))));
    worker::run_due(&node.house).await.expect("the store works");
    assert_eq!(gateway.message(unusable).await.state, State::Rejected);
    let sent = gateway.all(Flow::Out).await;
    let place = |wanted: &str| {
        let mut ids: Vec<_> = sent.iter().map(|it| (it.id, it.partner.as_deref())).collect();
        ids.sort_unstable();
        ids.iter().position(|(_, partner)| *partner == Some(wanted))
    };
    assert_eq!(sent.len() as u32, INTERCHANGES + 1, "an answer to each, and a report");
    let place = place("prairie-power").expect("it got a report");
    assert!(place < 5, "{place} answers to the long file went before");
}

pub(crate) async fn test_traffic_stays_apart(on: Database) {
    let gateway = Gateway::open(on).await;
    let test = sample(PAYMENT)
        .replace("REDRIVERBANK   ", "REDRIVERTEST   ")
        .replace("*01*0055500010000  *", "*01*0055500010000T *")
        .replace("*0*P*:", "*0*T*:");
    let message = gateway.take(BANK, "test.edi", &test).await;
    assert_eq!((message.state, message.test), (State::Posted, Some(true)), "{:?}", message.reason);
    assert!(gateway.postings().await[0].test);
    let live = gateway.take(BANK, "live.edi", &sample(PAYMENT)).await;
    assert_eq!(live.state, State::Posted);
    assert_eq!(gateway.postings().await.len(), 2, "a test does not use up the reference");
    let crossed = test.replace("*0*T*:", "*0*P*:").replace("000000615", "000000777");
    let crossed = gateway.take(BANK, "crossed.edi", &crossed).await;
    assert_eq!(crossed.state, State::Held);
}

pub(crate) async fn what_a_997_refuses_with_its_group_is_not_posted(on: Database) {
    let gateway = Gateway::open(on).await;
    // GE01 counts a set that is not there; the set itself is without an error.
    let payment = sample(PAYMENT).replace("GE*1*615", "GE*2*615");
    let message = gateway.take(BANK, "payments.edi", &payment).await;
    let answers = gateway.mailbox(BANK, "outbound");
    assert_eq!(segments(&answers[0].1, "AK9"), ["AK9*R*2*1*0*5"]);
    assert_eq!(message.state, State::Rejected, "as its sender was told");
    assert_eq!(gateway.postings().await, []);
    // The group beside it is accepted, and so posted.
    let (head, rest) = payment.split_once("GS*").expect("a group");
    let (group, end) = rest.split_once("IEA*1").expect("an end");
    let good = group.replace("*615*X*", "*616*X*").replace("GE*2*615", "GE*1*616");
    let good = good.replace("20260414R0000615", "20260414R0000616");
    let two = format!("{head}GS*{group}GS*{good}IEA*2{end}").replace("000000615", "000000617");
    let message = gateway.take(BANK, "two-groups.edi", &two).await;
    assert_eq!(message.state, State::Posted, "{:?}", message.reason);
    let references: Vec<String> =
        gateway.postings().await.into_iter().map(|it| it.reference).collect();
    assert_eq!(references, ["20260414R0000616"]);
}

pub(crate) async fn what_is_accepted_with_errors_is_so_in_its_answer_and_its_effect(on: Database) {
    let gateway = Gateway::open(on).await;
    gateway.edit(BANK, |profile| profile + "\n[x12.acknowledge]\naccept_with_errors = true\n");
    let counted = sample(PAYMENT).replace("GE*1*615", "GE*2*615");
    let message = gateway.take(BANK, "counted.edi", &counted).await;
    assert_eq!(message.state, State::Posted, "{:?}", message.reason);
    let answers = gateway.mailbox(BANK, "outbound");
    assert_eq!(segments(&answers[0].1, "AK9"), ["AK9*E*2*1*1*5"]);
    assert_eq!(gateway.postings().await.len(), 1);
    // What is wrong as an interchange may be half of one.
    let cut = sample(PAYMENT).replace("615", "618");
    let (cut, _) = cut.split_once("GE*1*").expect("an end");
    let message = gateway.take(BANK, "cut.edi", cut).await;
    assert_eq!(message.state, State::Rejected);
    let answers = gateway.mailbox(BANK, "outbound");
    assert_eq!(answers.len(), 2);
    assert_eq!(segments(&answers[1].1, "TA1"), ["TA1*000000618*260414*0618*R*023"]);
    assert_eq!(segments(&answers[1].1, "AK9"), <[&str; 0]>::default());
    assert_eq!(gateway.postings().await.len(), 1);
}

pub(crate) async fn what_nothing_is_done_with_waits_for_a_person(on: Database) {
    let gateway = Gateway::open(on).await;
    // A purchase order keeps the standard as far as anybody looks, and is no business of ours.
    let order = sample(PAYMENT).replace("GS*RA", "GS*PO").replace("ST*820", "ST*850");
    let message = gateway.take(BANK, "order.edi", &order).await;
    assert_eq!(message.state, State::Held);
    assert_eq!(
        message.reason.as_deref(),
        Some(
            "1 document accepted of which nothing could be posted, as in 850 x 1: ask the partner what it is for"
        )
    );
    assert_eq!(gateway.postings().await, []);
}
