//! What an operator does with messages: sends one again, or has one looked at anew. Each needs a reason
//! and is in the audit.

use std::io::Read as _;

use tieline_partner::PartnerBook;
use tieline_partner::profile::FileFormat;
use tieline_store::change::{self, MessageState};
use tieline_store::interchange::Standing;
use tieline_store::job::{self, NewJob};
use tieline_store::message::{Flow, Message, State};
use tieline_store::{AuditEntry, Change, MessageId, StoreError};

use crate::house::House;
use crate::payload::Bytes;
use crate::renumber::Envelope;
use crate::steps::check::ACCEPTED;
use crate::steps::quarantine::SEALED;
use crate::steps::{CHECK, Failure, IMPORT, READ, event, export, import, job, release, work};
use crate::{agreement, compose, folders, queue};

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

/// By which number the partner knows what is sent again.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Numbering {
    /// The same bytes: the partner sees a repeat.
    Same,
    /// The same documents in an envelope with a number of its own: another interchange.
    New,
}

/// Looks anew at what was posted and goes out as soon as it is there: by the partners' files as they are
/// now more may go out than when it was posted, such as what an authorization was added for.
///
/// # Errors
///
/// When the store fails.
pub async fn release_what_may_go(house: &House) -> Result<(), StoreError> {
    let jobs = at_once(&house.book());
    if !jobs.is_empty() {
        house.store.apply(Change { jobs, ..Change::default() }).await?;
    }
    Ok(())
}

/// The releases and exports that no schedule begins.
pub(crate) fn at_once(book: &PartnerBook) -> Vec<NewJob> {
    let mut jobs = import::at_once(book);
    jobs.extend(export::at_once(book, None));
    jobs
}

/// Sends a message once more; gives the new message.
///
/// # Errors
///
/// [`OperateError`]; then nothing was done.
pub async fn resend(
    house: &House,
    id: MessageId,
    numbering: Numbering,
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
        (Flow::Out, State::Held) => {
            return Err(not_so("is held and was never sent; mend it, then: tieline msg reprocess"));
        }
        (Flow::Out, _) => {}
    }
    let mut change = Change::default();
    let sent = send_again(house, &mut change, &message, numbering).await;
    sent.map_err(|failure| match failure {
        Failure::Store(error) => OperateError::Store(error),
        other => not_so(&format!("cannot be sent again: {other}")),
    })?;
    let this = change::Message::Known(id);
    change.events.push(event(this, "sent again", format!("by {by}: {reason}")));
    change.audit.push(audit(by, "resend", id, reason));
    Ok(house.store.apply(change).await?.messages[0])
}

/// Adds a message once more to a change. The number it may need belongs to the message and the time
/// at which it was sent before, so that a step that is done twice uses one number.
pub(crate) async fn send_again(
    house: &House,
    change: &mut Change,
    message: &Message,
    numbering: Numbering,
) -> Result<(), Failure> {
    let payload = house.store.payload(message.id).await?;
    if numbering == Numbering::Same {
        queue::again(change, message, payload);
        return Ok(());
    }
    let book = house.book();
    let partner = message.partner.as_deref().and_then(|id| book.find(id));
    let partner = partner.ok_or_else(|| Failure::Final("it is for no partner".to_string()))?;
    // One that was sent again with the same bytes has the interchange of the first.
    let mut with = message.clone();
    let interchange = loop {
        if let Some(found) = house.store.interchanges(with.id).await?.into_iter().next() {
            break found;
        }
        let earlier = match with.same_as {
            Some(earlier) => house.store.message(earlier).await?,
            None => None,
        };
        with = earlier.ok_or_else(|| Failure::Final("it is no interchange".to_string()))?;
    };
    let bytes = Bytes::open(payload)?;
    let (bytes, found) = work(move || {
        let mut all = Vec::new();
        bytes.part(0, bytes.len()).read_to_end(&mut all)?;
        let found = Envelope::find(&all)?;
        Ok((all, found))
    })
    .await?;
    let now = house.store.now().await?;
    let counter = queue::counter(&partner.profile().id);
    let tried = house.store.events(message.id).await?.len();
    let purpose = format!("{} under a number of its own, after {tried} events", message.id);
    let control = house.store.allocate(&counter, &purpose, found.groups().max(1)).await?;
    let at = house.local(now);
    let bytes = found.renumber(&bytes, control, &at)?;
    let sets: Vec<&str> = found.sets.iter().map(String::as_str).collect();
    let name = agreement::file_name(partner, &sets, control, at.datetime(), interchange.test);
    queue::renumbered(change, message, &interchange, name, control, bytes);
    Ok(())
}

/// Has a message that waits for a person, was rejected or was given up looked at anew, with the
/// partners and guides as they are now; says what will be done. With `accept`, an interchange under a
/// control number that was used before is taken as a document of its own.
///
/// # Errors
///
/// [`OperateError`]; then nothing was done.
pub async fn reprocess(
    house: &House,
    id: MessageId,
    accept: bool,
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
    let said;
    if message.flow == Flow::Out {
        said = anew(house, &mut change, &message).await?;
    } else {
        let inside = house.store.interchanges(id).await?;
        if inside.is_empty() {
            let (kind, detail) = first_step(house, &message).await?;
            change.message_states.push(state(id, message.state, State::Received));
            change.jobs.push(NewJob { message: Some(this), detail, ..job(kind) });
        }
        // What is answered anew is answered under a number of its own.
        let at = house.store.now().await?.as_microsecond();
        for it in inside.iter().filter(|it| waits.contains(&it.state)) {
            let is_conflict = matches!(it.standing, Standing::Conflict(_));
            if is_conflict && !accept {
                return Err(not_so(
                    "came under a control number that was used before; if it is to be taken all the \
                     same: --accept-used-number",
                ));
            }
            let word = if accept { ACCEPTED } else { "anew" };
            change.interchange_states.push((it.id, State::Received, None));
            change.jobs.push(NewJob {
                message: Some(this),
                interchange: Some(change::Interchange::Known(it.id)),
                detail: format!("{word} {at}"),
                ..job(CHECK)
            });
        }
        said = format!("{} of it will be looked at anew", change.jobs.len());
    }
    change.events.push(event(this, "looked at anew", format!("by {by}: {reason}")));
    change.audit.push(audit(by, "reprocess", id, reason));
    house.store.apply(change).await?;
    Ok(said)
}

/// The step that a message in which nothing was found yet begins with, and the detail of its job.
async fn first_step(
    house: &House,
    message: &Message,
) -> Result<(&'static str, String), OperateError> {
    let not_so = |why: &str| OperateError::NotSo { message: message.id, why: why.to_string() };
    if message.channel == SEALED {
        return Err(not_so(
            "came over AS2 and could not be opened; it lies here sealed, and is not opened later: mend \
             the keys, and ask the partner to send it again",
        ));
    }
    match folders::origin(&message.channel) {
        Some((FileFormat::X12, _)) => return Ok((READ, String::new())),
        Some((format, _)) => return Ok((IMPORT, format.word().to_string())),
        None => {}
    }
    // What was brought in another way is known by the job that was given up.
    let given_up =
        job::Filter { message: Some(message.id), dead: Some(true), ..Default::default() };
    let given_up = house.store.jobs(&given_up, 1).await?.pop();
    if let Some(import) = given_up.filter(|it| it.kind == IMPORT) {
        return Ok((IMPORT, import.detail));
    }
    // Reading holds interchanges and never a message without any; only an import does that.
    if message.partner.is_none() && message.state == State::Held {
        return Err(not_so(
            "was not read as X12, and its format is not known any more: bring the file again",
        ));
    }
    Ok((READ, String::new()))
}

/// What becomes of a message of ours that was held or given up: it is composed anew from what was
/// posted, where it was, and else judged anew as it is.
async fn anew(
    house: &House,
    change: &mut Change,
    message: &Message,
) -> Result<String, OperateError> {
    let id = message.id;
    let not_so = |why: String| OperateError::NotSo { message: id, why };
    let failed = |failure: Failure| match failure {
        Failure::Store(error) => OperateError::Store(error),
        other => not_so(format!("is still as it was: {other}")),
    };
    if message.state == State::Held {
        if release::anew(house, change, message).await.map_err(failed)? {
            let reason = Some("composed anew; this one was never sent".to_string());
            let to = State::Repeat;
            change.message_states.push(MessageState {
                message: id,
                from: vec![State::Held],
                to,
                reason,
            });
            return Ok("it was composed anew and is sent".to_string());
        }
        let bytes = Bytes::open(house.store.payload(id).await?);
        let bytes = bytes.map_err(|error| failed(error.into()))?;
        let book = house.book();
        let objection = work(move || compose::objection(&book, &bytes)).await.map_err(failed)?;
        if let Some(objection) = objection {
            return Err(not_so(format!("is still as it was: {objection}")));
        }
    }
    change.message_states.push(state(id, message.state, State::Queued));
    if !queue::is_called(&message.channel) {
        change.jobs.push(queue::delivery(change::Message::Known(id)));
    }
    Ok("it is sent".to_string())
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
