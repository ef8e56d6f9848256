//! What an operator may do with a message, by where it stands.

use sha2::{Digest, Sha256};
use tieline_gateway::IMPORT;
use tieline_gateway::operate::{self, Numbering, OperateError};
use tieline_store::access::AuditFilter;
use tieline_store::change::{Change, MessageState};
use tieline_store::message::{Filter, Flow, Message};
use tieline_store::{Arrival, MessageId, Payload, State};

use crate::common::{Database, Gateway, sample};
use crate::once::BANK;
use crate::outbound::{AGGREGATOR, acknowledgment, usage};

const PAYMENT: &str = "820/ach-ctx-many-accounts.edi";

async fn resend(gateway: &Gateway, id: MessageId) -> Result<MessageId, String> {
    said(operate::resend(&gateway.house, id, Numbering::Same, "a person", "they lost it").await)
}

async fn reprocess(gateway: &Gateway, id: MessageId) -> Result<String, String> {
    said(operate::reprocess(&gateway.house, id, false, "a person", "it was set right").await)
}

fn said<T>(result: Result<T, OperateError>) -> Result<T, String> {
    result.map_err(|error| error.to_string())
}

/// Lets a message stand somewhere, as if it had come there.
async fn stand(gateway: &Gateway, message: MessageId, to: State) {
    let state = MessageState { message, from: Vec::new(), to, reason: None };
    let change = Change { message_states: vec![state], ..Change::default() };
    gateway.store().apply(change).await.expect("the store works");
}

pub(crate) async fn what_came_in_is_never_sent_again(on: Database) {
    let gateway = Gateway::open(on).await;
    let message = gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    let refused = resend(&gateway, message.id).await.expect_err("it came in");
    assert!(refused.contains("tieline msg reprocess"), "{refused}");
    let unknown = resend(&gateway, MessageId(4_711)).await.expect_err("there is none");
    assert_eq!(unknown, "there is no message M4711");
}

pub(crate) async fn what_was_sent_is_sent_again_and_what_is_being_sent_is_not(on: Database) {
    let gateway = Gateway::open(on).await;
    gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    let answer = gateway.messages(State::Sent).await.remove(0);
    for state in [State::Queued, State::Sending] {
        stand(&gateway, answer.id, state).await;
        let refused = resend(&gateway, answer.id).await.expect_err("it is under way");
        assert!(refused.contains("is being sent already"), "{refused}");
    }
    for state in [State::Sent, State::Accepted, State::Refused, State::Dead] {
        stand(&gateway, answer.id, state).await;
        let again = resend(&gateway, answer.id).await.expect("it may be sent again");
        gateway.work().await;
        let again = gateway.message(again).await;
        assert_eq!((again.state, again.same_as), (State::Sent, Some(answer.id)), "{state:?}");
        assert_eq!(again.sha256, answer.sha256, "with the same bytes");
    }
    assert_eq!(gateway.mailbox(BANK, "outbound").len(), 1, "under the same name");
}

pub(crate) async fn an_answer_to_what_was_sent_again_is_its_answer(on: Database) {
    let gateway = Gateway::open(on).await;
    gateway.bring("usage.json", "json", &usage()).await;
    gateway.work().await;
    gateway.release("prairie-power/867").await;
    let first = gateway.messages(State::Sent).await.remove(0);
    let again = resend(&gateway, first.id).await.expect("it may be sent again");
    gateway.work().await;
    let document = gateway.mailbox(AGGREGATOR, "outbound")[0].1.clone();
    gateway.take(AGGREGATOR, "997.edi", &acknowledgment(&document, "000000074", true)).await;
    assert_eq!(gateway.message(again).await.state, State::Accepted);
    assert_eq!(gateway.message(first.id).await.state, State::Sent, "nobody waits for it any more");
}

pub(crate) async fn only_what_waits_for_a_person_is_looked_at_anew(on: Database) {
    let gateway = Gateway::open(on).await;
    let message = gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    for state in [State::Received, State::Checked, State::Posted, State::Repeat] {
        stand(&gateway, message.id, state).await;
        let refused = reprocess(&gateway, message.id).await.expect_err("it needs no help");
        assert!(refused.contains("there is nothing to look at anew"), "{refused}");
    }
}

pub(crate) async fn what_was_held_goes_on_when_it_was_set_right(on: Database) {
    let gateway = Gateway::open(on).await;
    let unknown = sample(PAYMENT).replace("REDRIVERBANK   ", "REDRIVERNEW    ");
    let message = gateway.take(BANK, "new.edi", &unknown).await;
    assert_eq!(message.state, State::Held);
    gateway.edit(BANK, |it| it.replace("id = \"REDRIVERBANK\"", "id = \"REDRIVERNEW\""));
    let done = reprocess(&gateway, message.id).await.expect("it is held");
    assert_eq!(done, "1 of it will be looked at anew");
    gateway.work().await;
    let message = gateway.message(message.id).await;
    assert_eq!((message.state, message.reason), (State::Posted, None));
    assert_eq!(gateway.postings().await.len(), 1);
    assert_eq!(gateway.mailbox(BANK, "outbound").len(), 1, "it is answered");
}

pub(crate) async fn what_was_held_is_held_again_until_it_is_set_right(on: Database) {
    let gateway = Gateway::open(on).await;
    let elsewhere = sample(PAYMENT).replace("*01*0055500010000  *", "*01*0055599990000  *");
    let other = gateway.take(BANK, "elsewhere.edi", &elsewhere).await;
    let unknown = sample(PAYMENT).replace("REDRIVERBANK   ", "REDRIVERNEW    ");
    let unknown = gateway.take(BANK, "new.edi", &unknown).await;
    let stolen = gateway.take(AGGREGATOR, "payments.edi", &sample(PAYMENT)).await;
    for (message, why) in
        [(other, "01:0055599990000"), (unknown, "REDRIVERNEW"), (stolen, "prairie-power")]
    {
        reprocess(&gateway, message.id).await.expect("it is held");
        gateway.work().await;
        let after = gateway.message(message.id).await;
        let reason = after.reason.unwrap_or_default();
        assert!(after.state == State::Held && reason.contains(why), "{:?}: {reason}", after.state);
    }
    assert_eq!(gateway.postings().await, []);
    assert_eq!(gateway.all(Flow::Out).await, [], "nothing is answered");
}

pub(crate) async fn what_was_given_up_on_its_way_out_is_delivered(on: Database) {
    let gateway = Gateway::open(on).await;
    gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    let answer = answers(&gateway).await.remove(0);
    std::fs::remove_file(gateway.house.mailbox(BANK).root.join("outbound").join(&answer.name))
        .expect("it is there");
    stand(&gateway, answer.id, State::Dead).await;
    reprocess(&gateway, answer.id).await.expect("it was given up");
    gateway.work().await;
    assert_eq!(gateway.message(answer.id).await.state, State::Sent);
    assert_eq!(gateway.mailbox(BANK, "outbound").len(), 1);
}

/// The first answers, without those that were sent again.
async fn answers(gateway: &Gateway) -> Vec<Message> {
    let sent = gateway.all(Flow::Out).await;
    sent.into_iter().filter(|it| it.same_as.is_none() && it.channel == "mailbox").collect()
}

pub(crate) async fn of_two_copies_of_an_unknown_sender_one_counts(on: Database) {
    let gateway = Gateway::open(on).await;
    let unknown = sample(PAYMENT).replace("REDRIVERBANK   ", "REDRIVERNEW    ");
    let forged = unknown.replace("DTM*097*20260414", "DTM*097*20260415");
    let mut messages = Vec::new();
    for bytes in [&unknown, &unknown, &forged] {
        let message = gateway.take(BANK, "new.edi", bytes).await;
        assert_eq!(message.state, State::Held);
        messages.push(message.id);
    }
    gateway.edit(BANK, |it| it.replace("id = \"REDRIVERBANK\"", "id = \"REDRIVERNEW\""));
    // Nobody had spoken before, so the one that a person has looked at first is the first.
    for id in &messages {
        reprocess(&gateway, *id).await.expect("it is held");
        gateway.work().await;
    }
    let states = async || {
        let mut states = Vec::new();
        for id in &messages {
            states.push(gateway.message(*id).await.state);
        }
        states
    };
    assert_eq!(states().await, [State::Posted, State::Repeat, State::Held]);
    assert_eq!(gateway.postings().await.len(), 1);
    let acknowledged = answers(&gateway).await.iter().filter(|it| it.content == "997 x 1").count();
    assert_eq!(acknowledged, 1, "one of them is answered by a 997");
    // A person may take the one under the used number all the same.
    let taken = operate::reprocess(&gateway.house, messages[2], true, "a person", "it is another");
    taken.await.expect("it is held");
    gateway.work().await;
    let acknowledged = answers(&gateway).await.iter().filter(|it| it.content == "997 x 1").count();
    assert_eq!(acknowledged, 2, "it was judged");
}

pub(crate) async fn an_advice_anew_has_a_number_of_its_own(on: Database) {
    let gateway = Gateway::open(on).await;
    gateway
        .edit(BANK, |it| it.replace("[mailbox]", "[x12.acknowledge]\nadvice = true\n\n[mailbox]"));
    let wrong = sample(PAYMENT).replace("*83126.42*", "*83126.43*");
    assert_ne!(wrong, sample(PAYMENT));
    let message = gateway.take(BANK, "wrong.edi", &wrong).await;
    let filter = AuditFilter { action: Some("alert".to_string()), ..AuditFilter::default() };
    let told = gateway.store().audited(&filter, 10).await.expect("the store works");
    assert_eq!(told.len(), 1, "{told:?}");
    assert!(told[0].detail.starts_with("business redriver-bank"), "{told:?}");
    let inside = gateway.store().interchanges(message.id).await.expect("the store works");
    let held = (inside[0].id, State::Held, Some("a person wants it so".to_string()));
    let change = Change { interchange_states: vec![held], ..Change::default() };
    gateway.store().apply(change).await.expect("the store works");
    reprocess(&gateway, message.id).await.expect("it is held");
    gateway.work().await;
    let filter = Filter { flow: Some(Flow::Out), ..Filter::default() };
    let out = gateway.store().messages(&filter, None, 100).await.expect("the store works");
    let mut numbers = Vec::new();
    for advice in out.iter().filter(|it| it.content.starts_with("824")) {
        let inside = gateway.store().interchanges(advice.id).await.expect("the store works");
        numbers.push(inside[0].control);
    }
    assert_eq!(numbers.len(), 2, "{out:?}");
    assert_ne!(numbers[0], numbers[1]);
}

pub(crate) async fn what_lies_here_sealed_is_not_looked_at_anew(on: Database) {
    let gateway = Gateway::open(on).await;
    let arrival = arrival(Some(BANK), "as2 sealed", "quarantine", "cannot be decrypted");
    let id = gateway.store().receive(arrival).await.expect("it is kept").id;
    gateway.work().await;
    assert_eq!(gateway.message(id).await.state, State::Held);
    let refused = reprocess(&gateway, id).await.expect_err("nobody can open it");
    assert!(refused.contains("ask the partner to send it again"), "{refused}");
    assert_eq!(gateway.message(id).await.state, State::Held);
}

fn arrival(partner: Option<&str>, channel: &str, job: &str, detail: &str) -> Arrival {
    Arrival {
        partner: partner.map(str::to_string),
        channel: channel.to_string(),
        name: "file".to_string(),
        payload: Payload::Bytes(b"{".to_vec()),
        sha256: Sha256::digest(b"{").into(),
        origin: "a test".to_string(),
        job: job.to_string(),
        detail: detail.to_string(),
        remember: None,
    }
}

pub(crate) async fn an_import_of_our_own_is_imported_anew(on: Database) {
    let gateway = Gateway::open(on).await;
    let folder = gateway.path("usage");
    std::fs::create_dir(&folder).expect("a folder");
    let channel = format!("folder json {}", folder.display());
    let arrival = Arrival {
        payload: Payload::Bytes(usage().into_bytes()),
        sha256: Sha256::digest(usage().as_bytes()).into(),
        ..arrival(None, &channel, IMPORT, "json")
    };
    let id = gateway.store().receive(arrival).await.expect("it is kept").id;
    gateway.work().await;
    let count = gateway.postings().await.len();
    assert!(count > 0, "{:?}", gateway.message(id).await);
    stand(&gateway, id, State::Held).await;
    reprocess(&gateway, id).await.expect("it is held");
    gateway.work().await;
    assert_eq!(gateway.message(id).await.state, State::Posted);
    assert_eq!(gateway.postings().await.len(), count, "nothing is posted twice");
}

/// In whatever way it was brought, its format is told by the job that was given up; else a person is told.
pub(crate) async fn an_import_whose_format_is_not_known_any_more_is_refused(on: Database) {
    let gateway = Gateway::open(on).await;
    let held = arrival(None, "command line", IMPORT, "json");
    let id = gateway.store().receive(held).await.expect("it is kept").id;
    gateway.work().await;
    assert_eq!(gateway.message(id).await.state, State::Held, "it is no JSON");
    let refused = reprocess(&gateway, id).await.expect_err("nobody knows its format");
    assert!(refused.contains("bring the file again"), "{refused}");

    let dead = arrival(None, "command line", IMPORT, "no format");
    let id = gateway.store().receive(dead).await.expect("it is kept").id;
    gateway.work().await;
    assert_eq!(gateway.message(id).await.state, State::Dead);
    reprocess(&gateway, id).await.expect("it was given up");
    gateway.work().await;
    let message = gateway.message(id).await;
    assert_eq!(message.state, State::Dead, "it is imported as before, not read as X12");
    assert!(message.reason.is_some_and(|it| it.contains("there is no format")));
}

pub(crate) async fn what_is_held_on_its_way_out_is_not_sent_again(on: Database) {
    let gateway = Gateway::open(on).await;
    gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    let answer = answers(&gateway).await.remove(0);
    stand(&gateway, answer.id, State::Held).await;
    let refused = resend(&gateway, answer.id).await.expect_err("it is held");
    assert!(refused.contains("tieline msg reprocess"), "{refused}");
    reprocess(&gateway, answer.id).await.expect("nothing is wrong with it");
    gateway.work().await;
    assert_eq!(gateway.message(answer.id).await.state, State::Sent);
    resend(&gateway, answer.id).await.expect("it was sent");
}
