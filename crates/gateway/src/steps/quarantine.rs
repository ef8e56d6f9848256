//! Quarantine: what came over AS2 under a partner's name and could not be opened waits, sealed, for a
//! person.

use tieline_store::Change;
use tieline_store::change::{self, MessageState};
use tieline_store::job::Claimed;
use tieline_store::message::State;

use super::{Failure, Step, alert, event};
use crate::house::House;

/// The channel of messages that lie here sealed.
pub(crate) const SEALED: &str = "as2 sealed";

/// Holds the message of a job; its detail says why.
pub(crate) async fn step(house: &House, claimed: &Claimed) -> Result<Step, Failure> {
    let id = claimed.message.ok_or_else(|| Failure::Final("the job names no message".into()))?;
    let partner = house.store.message(id).await?.and_then(|message| message.partner);
    let reason = format!("it could not be opened, and lies here sealed: {}", claimed.detail);
    let mut change = Change::default();
    change.message_states.push(MessageState {
        message: id,
        from: vec![State::Received],
        to: State::Held,
        reason: Some(reason.clone()),
    });
    change.events.push(event(change::Message::Known(id), "held", reason));
    change.jobs.push(alert(partner.as_deref(), "held", id));
    Ok(Step::done(change))
}
