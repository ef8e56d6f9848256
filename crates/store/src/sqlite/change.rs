//! A change, written in the order of its fields.

use super::writer::Writing;
use super::{access, expectation, interchange, job, message, posting, receipt, schedule};
use crate::brought::Brought;
use crate::change::{Applied, Change};
use crate::error::StoreError;
use crate::job::{End, Lease};
use crate::payload::Kept;

/// Writes what a step comes to and ends its job. The job ends first, so that the change may bring
/// one of the same name or order.
pub(super) async fn finish(
    writing: &mut Writing,
    lease: &Lease,
    change: &Change,
    kept: &[Kept],
    end: &End,
) -> Result<Applied, StoreError> {
    let worker = job::end(writing, lease, end).await?;
    let (mut applied, brought) = write(writing, change, kept).await?;
    if let End::Next(place) = end
        && let Some(next) = brought.job(*place)?
    {
        applied.next = job::take(writing, next, &worker).await?;
    }
    Ok(applied)
}

/// Writes a change; `kept` are the bytes of its messages.
pub(super) async fn write(
    writing: &mut Writing,
    change: &Change,
    kept: &[Kept],
) -> Result<(Applied, Brought), StoreError> {
    let mut applied = Applied { at: writing.now, ..Applied::default() };
    let mut brought = Brought::default();
    for (new, kept) in change.messages.iter().zip(kept) {
        brought.messages.push(message::write(writing, new, kept).await?);
    }
    for new in &change.interchanges {
        let written = interchange::write(writing, new, &brought).await?;
        brought.interchanges.push(written);
    }
    for (id, window_from) in &change.taken_up {
        applied.taken_up.push(interchange::take_up(writing, *id, *window_from).await?);
    }
    for (id, state, reason) in &change.interchange_states {
        interchange::set_state(writing, *id, *state, reason.as_deref()).await?;
    }
    for state in &change.message_states {
        message::set_state(writing, state).await?;
    }
    for known in &change.known {
        message::become_known(writing, known).await?;
    }
    for new in &change.postings {
        applied.postings.push(posting::write(writing, new, &brought).await?);
    }
    for release in &change.releases {
        posting::release(writing, release, &brought).await?;
    }
    for new in &change.expectations {
        expectation::write(writing, new, &brought).await?;
    }
    for answer in &change.answers {
        applied.answered.push(expectation::answer(writing, answer).await?);
    }
    for new in &change.receipts {
        receipt::write(writing, new, &brought).await?;
    }
    for new in &change.jobs {
        let written = job::write(writing, new, &brought).await?;
        brought.jobs.push(written);
    }
    for dead in &change.revived {
        job::revive(writing, *dead).await?;
    }
    for (folder, file) in &change.remembered {
        schedule::remember(writing, folder, file).await?;
    }
    for event in &change.events {
        message::happen(writing, event, &brought).await?;
    }
    access::audit_all(writing, &change.audit).await?;
    applied.messages.clone_from(&brought.messages);
    applied.interchanges.clone_from(&brought.interchanges);
    Ok((applied, brought))
}
