//! What a change has brought so far, for what names it by its place in the change.

use crate::change::{Interchange, Message};
use crate::error::StoreError;
use crate::interchange::{InterchangeId, Standing};
use crate::job::JobId;
use crate::message::MessageId;

/// What was written of a change, in the order in which it brought it.
#[derive(Debug, Default)]
pub(crate) struct Brought {
    pub(crate) messages: Vec<MessageId>,
    pub(crate) interchanges: Vec<(InterchangeId, Standing)>,
    /// `None` for a job whose name another unfinished job has.
    pub(crate) jobs: Vec<Option<JobId>>,
}

impl Brought {
    pub(crate) fn message(&self, message: Message) -> Result<MessageId, StoreError> {
        match message {
            Message::Known(id) => Ok(id),
            Message::New(place) => {
                self.messages.get(place).copied().ok_or_else(|| missing("message", place))
            }
        }
    }

    pub(crate) fn interchange(&self, named: Interchange) -> Result<InterchangeId, StoreError> {
        match named {
            Interchange::Known(id) => Ok(id),
            Interchange::New(place) => {
                let found = self.interchanges.get(place).map(|(id, _)| *id);
                found.ok_or_else(|| missing("interchange", place))
            }
        }
    }

    pub(crate) fn job(&self, place: usize) -> Result<Option<JobId>, StoreError> {
        self.jobs.get(place).copied().ok_or_else(|| missing("job", place))
    }
}

fn missing(what: &str, place: usize) -> StoreError {
    StoreError::NotWhole(format!("it names its {what} {place}, counted from 0, and brings none"))
}

/// A number as the databases keep it.
pub(crate) fn number(value: u64, name: &str) -> Result<i64, StoreError> {
    i64::try_from(value).map_err(|_| StoreError::NotWhole(format!("{name} is too large")))
}

/// How an interchange compares with the earlier one that tells most, given as its number and
/// whether it has the same bytes.
pub(crate) fn standing(earlier: Option<(i64, bool)>) -> Standing {
    match earlier {
        None => Standing::First,
        Some((id, true)) => Standing::Repeat(InterchangeId(id)),
        Some((id, false)) => Standing::Conflict(InterchangeId(id)),
    }
}

/// The word of a standing and the earlier interchange it speaks of, as they are stored; one that stands
/// apart has a column of its own for that.
pub(crate) fn standing_columns(standing: Standing) -> (&'static str, Option<i64>) {
    match standing {
        Standing::First | Standing::Apart => ("first", None),
        Standing::Repeat(earlier) => ("repeat", Some(earlier.0)),
        Standing::Conflict(earlier) => ("conflict", Some(earlier.0)),
    }
}
