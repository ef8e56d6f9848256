//! The steps of the road, one file each.
//!
//! A step looks at what is there, works out what follows, and says so as one change; the worker has
//! it written together with the end of the job. A step that cannot be done now fails in passing and
//! is tried again; one that never can fails for good, and a person hears of it.

pub(crate) mod call;
pub(crate) mod check;
pub(crate) mod deliver;
pub(crate) mod export;
pub(crate) mod import;
pub(crate) mod post;
pub(crate) mod quarantine;
pub(crate) mod read;
pub(crate) mod receipt;
pub(crate) mod release;
pub(crate) mod send;

use tieline_store::change::{self, NewEvent};
use tieline_store::job::{End, NewJob};
use tieline_store::{Change, MessageId, StoreError};
use tieline_x12::check::Plans;
use tieline_x12::header::Header;
use tieline_x12::plan::Plan;
use tieline_x12::table::Release;

use std::io;
use std::sync::Arc;
use tieline_partner::PartnerBook;
use tokio::task::JoinError;

/// The kind of the job that reads a message.
pub const READ: &str = "read";
/// The kind of the job that judges and answers an interchange.
pub(crate) const CHECK: &str = "check";
/// The kind of the job that posts an interchange.
pub(crate) const POST: &str = "post";
/// The kind of the job that delivers a message.
pub(crate) const DELIVER: &str = "deliver";
/// The kind of the job that imports a file of our own house; its detail is the word of a format.
pub const IMPORT: &str = "import";
/// The kind of the job that composes what is due to a partner.
pub const RELEASE: &str = "release";
/// The kind of the job that writes what was posted into a folder.
pub const EXPORT: &str = "export";
/// The kind of the job that follows when an answer is due soon or overdue.
pub(crate) const OVERDUE: &str = "overdue";
/// The kind of the job that throws away what was kept long enough.
pub const RETAIN: &str = "retain";
/// The kind of the job that calls a partner's server.
pub(crate) const CALL: &str = "call";
/// The kind of the job that sends a receipt by itself; its detail is the address.
pub(crate) const RECEIPT: &str = "receipt";
/// The kind of the job that sets aside what could not be opened; its detail is why.
pub(crate) const QUARANTINE: &str = "quarantine";
/// The kind of the job that looks whether an expected file came.
pub(crate) const WATCH: &str = "watch";
/// The kind of the job that tells a person.
pub(crate) const ALERT: &str = "alert";
/// The kind of the job that sends alerts that were gathered.
pub const TELL: &str = "tell";

/// What a step comes to.
#[derive(Debug)]
pub(crate) struct Step {
    pub(crate) change: Change,
    pub(crate) end: End,
}

impl Step {
    /// The step is done, and nothing follows by itself.
    pub(crate) fn done(change: Change) -> Step {
        Step { change, end: End::Done }
    }
}

/// Why a step was not done.
#[derive(Debug, thiserror::Error)]
pub(crate) enum Failure {
    /// The same may succeed later.
    #[error("{0}")]
    Passing(String),
    /// It never will, unless somebody changes something.
    #[error("{0}")]
    Final(String),
    /// The store did not do what was asked.
    #[error(transparent)]
    Store(#[from] StoreError),
}

impl From<io::Error> for Failure {
    fn from(error: io::Error) -> Failure {
        Failure::Passing(error.to_string())
    }
}

/// Works on the processor, apart from the tasks that wait for others.
pub(crate) async fn work<T: Send + 'static>(
    work: impl FnOnce() -> Result<T, Failure> + Send + 'static,
) -> Result<T, Failure> {
    tokio::task::spawn_blocking(work).await.map_err(|error| broken(&error))?
}

/// A step that broke down by a fault of ours counts as an attempt: the others go on. What the fault says
/// is not told, because it may quote what was read; where it is, is on standard error.
pub(crate) fn broken(_: &JoinError) -> Failure {
    Failure::Passing("the step broke down; tell the makers of tieline what its log says".into())
}

/// Something that happened to a message.
pub(crate) fn event(message: change::Message, what: &str, detail: impl Into<String>) -> NewEvent {
    NewEvent { message, interchange: None, what: what.to_string(), detail: detail.into() }
}

/// A job about nothing yet.
pub(crate) fn job(kind: &str) -> NewJob {
    NewJob {
        kind: kind.to_string(),
        message: None,
        interchange: None,
        detail: String::new(),
        due: None,
        order: None,
        unique: None,
    }
}

/// A job that tells a person of a message. What is told of one partner and kind within some minutes is
/// sent together.
pub(crate) fn alert(partner: Option<&str>, what: &str, message: MessageId) -> NewJob {
    let partner = partner.unwrap_or("nobody");
    NewJob {
        message: Some(change::Message::Known(message)),
        detail: format!("{what} {partner}"),
        unique: Some(format!("alert {what} {partner} {message}")),
        ..job(ALERT)
    }
}

/// The plans of a partner book: those of the partner an interchange is from or for.
pub(crate) struct ByPartner(pub(crate) Arc<PartnerBook>);

impl Plans for ByPartner {
    fn plan(&self, header: &Header, release: Release, set: &[u8]) -> Option<Arc<Plan>> {
        let found = self.0.find_by_isa(header.sender(), header.receiver());
        let guided = found.and_then(|(partner, way)| partner.plan(set, release, way).cloned());
        guided.or_else(|| Plan::standard(release, set))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn work_that_breaks_down_may_be_done_again_and_quotes_nothing() {
        let done = work::<()>(|| panic!("account 4410027718")).await;
        let Err(Failure::Passing(reason)) = done else { panic!("it is tried again: {done:?}") };
        assert!(!reason.contains("4410027718"), "{reason}");
    }
}
