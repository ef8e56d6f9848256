//! What an operator does with messages: sends one again, or has one looked at anew. Each needs a reason
//! and is in the audit.

use tieline_store::change::{self, MessageState};
use tieline_store::job::NewJob;
use tieline_store::message::{Flow, Message, State};
use tieline_store::{AuditEntry, Change, MessageId, StoreError};

use crate::house::House;
use crate::queue;
use crate::steps::{CHECK, IMPORT, READ, event, job};

/// Why an operator's wish cannot be met.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum OperateError {
    /// There is no such message.
    #[error("there is no message {0}")]
    Unknown(MessageId),
    /// It is not of the kind that this can be done with.
    #[error("{message} {why}")]
    NotSo {
        /// The message.
        message: MessageId,
        /// Why not, and what to do instead.
        why: String,
    },
    /// The store did not do it.
    #[error(transparent)]
    Store(#[from] StoreError),
}

/// Sends a message once more, with the same bytes and control number; gives the new message.
///
/// # Errors
///
/// [`OperateError`]; then nothing was done.
pub async fn resend(
    house: &House,
    id: MessageId,
    by: &str,
    reason: &str,
) -> Result<MessageId, OperateError> {
    let message = known(house, id).await?;
    let not_so = |why: &str| OperateError::NotSo { message: id, why: why.to_string() };
    match (message.flow, message.state) {
        (Flow::In, _) => {
            return Err(not_so("came in; to look at it anew: tieline msg reprocess"));
        }
        (Flow::Out, State::Queued | State::Sending) => {
            return Err(not_so("is being sent already; it needs no help"));
        }
        (Flow::Out, _) => {}
    }
    let mut change = Change::default();
    queue::again(&mut change, &message, house.store.payload(id).await?);
    let this = change::Message::Known(id);
    change.events.push(event(this, "sent again", format!("by {by}: {reason}")));
    change.audit.push(audit(by, "resend", id, reason));
    Ok(house.store.apply(change).await?.messages[0])
}

/// Has a message that waits for a person, was rejected or was given up looked at anew, with the
/// partners and guides as they are now; says what will be done.
///
/// # Errors
///
/// [`OperateError`]; then nothing was done.
pub async fn reprocess(
    house: &House,
    id: MessageId,
    by: &str,
    reason: &str,
) -> Result<String, OperateError> {
    let message = known(house, id).await?;
    let not_so = |why: &str| OperateError::NotSo { message: id, why: why.to_string() };
    let waits = [State::Held, State::Rejected, State::Dead];
    if !waits.contains(&message.state) {
        let why = format!("is {}: there is nothing to look at anew", message.state.word());
        return Err(not_so(&why));
    }
    let this = change::Message::Known(id);
    let mut change = Change::default();
    if message.flow == Flow::Out {
        change.message_states.push(state(id, message.state, State::Queued));
        let partner = message.partner.as_deref().unwrap_or_default();
        change.jobs.push(queue::delivery(this, partner, &message.channel));
    } else {
        let inside = house.store.interchanges(id).await?;
        if inside.is_empty() {
            change.message_states.push(state(id, message.state, State::Received));
            let is_ours = message.partner.is_none() && message.channel.starts_with("folder ");
            let kind = if is_ours { IMPORT } else { READ };
            change.jobs.push(NewJob { message: Some(this), ..job(kind) });
        }
        for it in inside.iter().filter(|it| waits.contains(&it.state)) {
            change.interchange_states.push((it.id, State::Received, None));
            change.jobs.push(NewJob {
                message: Some(this),
                interchange: Some(change::Interchange::Known(it.id)),
                detail: "anew".to_string(),
                ..job(CHECK)
            });
        }
    }
    let count = change.jobs.len();
    change.events.push(event(this, "looked at anew", format!("by {by}: {reason}")));
    change.audit.push(audit(by, "reprocess", id, reason));
    house.store.apply(change).await?;
    Ok(format!("{count} of it will be looked at anew"))
}

async fn known(house: &House, id: MessageId) -> Result<Message, OperateError> {
    house.store.message(id).await?.ok_or(OperateError::Unknown(id))
}

fn state(message: MessageId, from: State, to: State) -> MessageState {
    MessageState { message, from: vec![from], to, reason: None }
}

fn audit(by: &str, action: &str, message: MessageId, reason: &str) -> AuditEntry {
    AuditEntry {
        at: None,
        actor: by.to_string(),
        action: action.to_string(),
        subject: message.to_string(),
        detail: reason.to_string(),
    }
}
