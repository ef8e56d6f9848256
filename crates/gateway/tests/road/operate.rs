//! What an operator may do with a message, by where it stands.

use tieline_gateway::operate::{self, Numbering, OperateError};
use tieline_store::change::{Change, MessageState};
use tieline_store::message::Flow;
use tieline_store::{MessageId, State};

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
    for (message, state) in [(other, State::Held), (unknown, State::Dead), (stolen, State::Held)] {
        reprocess(&gateway, message.id).await.expect("it is held");
        gateway.work().await;
        let after = gateway.message(message.id).await;
        assert_eq!(after.state, state, "{:?}", after.reason);
    }
    assert_eq!(gateway.postings().await, []);
    assert_eq!(gateway.all(Flow::Out).await, [], "nothing is answered");
}

pub(crate) async fn what_was_given_up_on_its_way_out_is_delivered(on: Database) {
    let gateway = Gateway::open(on).await;
    gateway.take(BANK, "payments.edi", &sample(PAYMENT)).await;
    let answer = gateway.all(Flow::Out).await.remove(0);
    std::fs::remove_file(gateway.house.mailbox(BANK).root.join("outbound").join(&answer.name))
        .expect("it is there");
    stand(&gateway, answer.id, State::Dead).await;
    reprocess(&gateway, answer.id).await.expect("it was given up");
    gateway.work().await;
    assert_eq!(gateway.message(answer.id).await.state, State::Sent);
    assert_eq!(gateway.mailbox(BANK, "outbound").len(), 1);
}
