//! Rows of either database as the values of the contract.

use jiff::Timestamp;
use jiff::civil::Date;
use sqlx::{ColumnIndex, Database, Decode, Row, Type};

use crate::access::{AuditEntry, Ban};
use crate::control::Allocation;
use crate::error::StoreError;
use crate::expectation::{Expectation, Outcome};
use crate::interchange::{Interchange, InterchangeId};
use crate::job::{Claimed, Job, JobId, Lease};
use crate::message::{Event, Message, MessageId, State};
use crate::posting::{Posting, PostingId};
use crate::receipt::Receipt;
use crate::schedule::{Pause, Run, SeenFile};
use crate::words::{self, Word};
use crate::{expectation, interchange};

/// The columns of a row by their names.
pub(crate) trait Columns {
    fn number(&self, name: &str) -> Result<i64, StoreError>;
    fn number_if_any(&self, name: &str) -> Result<Option<i64>, StoreError>;
    fn text(&self, name: &str) -> Result<String, StoreError>;
    fn text_if_any(&self, name: &str) -> Result<Option<String>, StoreError>;
    fn flag(&self, name: &str) -> Result<bool, StoreError>;
    fn flag_if_any(&self, name: &str) -> Result<Option<bool>, StoreError>;
    fn bytes(&self, name: &str) -> Result<Vec<u8>, StoreError>;
    fn bytes_if_any(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError>;

    /// A number that is never negative.
    fn count(&self, name: &str) -> Result<u64, StoreError> {
        u64::try_from(self.number(name)?).map_err(|_| unreadable(name))
    }

    fn instant(&self, name: &str) -> Result<Timestamp, StoreError> {
        instant(self.number(name)?).ok_or_else(|| unreadable(name))
    }

    fn instant_if_any(&self, name: &str) -> Result<Option<Timestamp>, StoreError> {
        let number = self.number_if_any(name)?;
        number.map(|number| instant(number).ok_or_else(|| unreadable(name))).transpose()
    }

    fn word<T: Word>(&self, name: &str) -> Result<T, StoreError> {
        T::from_word(&self.text(name)?).ok_or_else(|| unreadable(name))
    }

    fn state(&self) -> Result<State, StoreError> {
        words::state(&self.text("state")?).ok_or_else(|| unreadable("state"))
    }

    fn digest(&self, name: &str) -> Result<[u8; 32], StoreError> {
        self.bytes(name)?.try_into().map_err(|_| unreadable(name))
    }

    fn day(&self, name: &str) -> Result<Option<Date>, StoreError> {
        let text = self.text_if_any(name)?;
        text.map(|text| text.parse().map_err(|_| unreadable(name))).transpose()
    }
}

impl<R> Columns for R
where
    R: Row,
    for<'a> &'a str: ColumnIndex<R>,
    for<'a> i64: Decode<'a, R::Database> + Type<R::Database>,
    for<'a> bool: Decode<'a, R::Database> + Type<R::Database>,
    for<'a> String: Decode<'a, R::Database> + Type<R::Database>,
    for<'a> Vec<u8>: Decode<'a, R::Database> + Type<R::Database>,
    R::Database: Database,
{
    fn number(&self, name: &str) -> Result<i64, StoreError> {
        Ok(self.try_get(name)?)
    }

    fn number_if_any(&self, name: &str) -> Result<Option<i64>, StoreError> {
        Ok(self.try_get(name)?)
    }

    fn text(&self, name: &str) -> Result<String, StoreError> {
        Ok(self.try_get(name)?)
    }

    fn text_if_any(&self, name: &str) -> Result<Option<String>, StoreError> {
        Ok(self.try_get(name)?)
    }

    fn flag(&self, name: &str) -> Result<bool, StoreError> {
        Ok(self.try_get(name)?)
    }

    fn flag_if_any(&self, name: &str) -> Result<Option<bool>, StoreError> {
        Ok(self.try_get(name)?)
    }

    fn bytes(&self, name: &str) -> Result<Vec<u8>, StoreError> {
        Ok(self.try_get(name)?)
    }

    fn bytes_if_any(&self, name: &str) -> Result<Option<Vec<u8>>, StoreError> {
        Ok(self.try_get(name)?)
    }
}

fn unreadable(name: &str) -> StoreError {
    StoreError::Database(format!("{name} holds what this program did not write"))
}

fn instant(microseconds: i64) -> Option<Timestamp> {
    Timestamp::from_microsecond(microseconds).ok()
}

pub(crate) fn message(row: &impl Columns) -> Result<Message, StoreError> {
    Ok(Message {
        id: MessageId(row.number("id")?),
        partner: row.text_if_any("partner")?,
        flow: row.word("flow")?,
        channel: row.text("channel")?,
        name: row.text("name")?,
        content: row.text("content")?,
        test: row.flag_if_any("test")?,
        size: row.count("size")?,
        sha256: row.digest("sha256")?,
        origin: row.text("origin")?,
        state: row.state()?,
        reason: row.text_if_any("reason")?,
        at: row.instant("at")?,
        same_as: row.number_if_any("same_as")?.map(MessageId),
        answers: row.number_if_any("answers")?.map(InterchangeId),
    })
}

pub(crate) fn event(row: &impl Columns) -> Result<Event, StoreError> {
    Ok(Event {
        at: row.instant("at")?,
        interchange: row.number_if_any("interchange")?.map(InterchangeId),
        what: row.text("what")?,
        detail: row.text("detail")?,
    })
}

pub(crate) fn interchange(row: &impl Columns) -> Result<Interchange, StoreError> {
    let earlier = || row.number("earlier").map(InterchangeId);
    Ok(Interchange {
        id: InterchangeId(row.number("id")?),
        message: MessageId(row.number("message")?),
        flow: row.word("flow")?,
        partner: row.text_if_any("partner")?,
        sender: row.text("sender")?,
        receiver: row.text("receiver")?,
        control: row.count("control")?,
        test: row.flag("test")?,
        sha256: row.digest("sha256")?,
        offset: row.count("place")?,
        length: row.count("length")?,
        content: row.text("content")?,
        state: row.state()?,
        reason: row.text_if_any("reason")?,
        standing: match row.text("standing")?.as_str() {
            "first" if row.flag("apart")? => interchange::Standing::Apart,
            "first" => interchange::Standing::First,
            "repeat" => interchange::Standing::Repeat(earlier()?),
            "conflict" => interchange::Standing::Conflict(earlier()?),
            _ => return Err(unreadable("standing")),
        },
        at: row.instant("at")?,
    })
}

pub(crate) fn claimed(row: &impl Columns) -> Result<Claimed, StoreError> {
    Ok(Claimed {
        lease: Lease { job: JobId(row.number("id")?), token: row.number("token")? },
        kind: row.text("kind")?,
        message: row.number_if_any("message")?.map(MessageId),
        interchange: row.number_if_any("interchange")?.map(InterchangeId),
        detail: row.text("detail")?,
        attempt: attempts(row)?,
        until: row.instant("lease_until")?,
    })
}

fn attempts(row: &impl Columns) -> Result<u32, StoreError> {
    u32::try_from(row.number("attempts")?).map_err(|_| unreadable("attempts"))
}

pub(crate) fn job(row: &impl Columns) -> Result<Job, StoreError> {
    let until = row.instant_if_any("lease_until")?;
    Ok(Job {
        id: JobId(row.number("id")?),
        kind: row.text("kind")?,
        message: row.number_if_any("message")?.map(MessageId),
        interchange: row.number_if_any("interchange")?.map(InterchangeId),
        detail: row.text("detail")?,
        due: row.instant("due")?,
        attempts: attempts(row)?,
        lease: row.text_if_any("worker")?.zip(until),
        reason: row.text_if_any("reason")?,
        dead: row.flag("dead")?,
    })
}

pub(crate) fn allocation(row: &impl Columns) -> Result<Allocation, StoreError> {
    Ok(Allocation {
        first: row.count("first")?,
        count: u32::try_from(row.number("count")?).map_err(|_| unreadable("count"))?,
        purpose: row.text("purpose")?,
        at: row.instant("at")?,
    })
}

pub(crate) fn standing(row: &impl Columns) -> Result<expectation::Standing, StoreError> {
    Ok(match row.text("standing")?.as_str() {
        "open" => expectation::Standing::Open,
        "overdue" => expectation::Standing::Overdue,
        "answered" => expectation::Standing::Answered(row.word::<Outcome>("outcome")?),
        "dropped" => expectation::Standing::Dropped,
        _ => return Err(unreadable("standing")),
    })
}

pub(crate) fn expectation(row: &impl Columns) -> Result<Expectation, StoreError> {
    let answered = match row.instant_if_any("answered_at")? {
        Some(at) => {
            Some((at, row.number_if_any("answered_by")?.map(InterchangeId), row.text("detail")?))
        }
        None => None,
    };
    Ok(Expectation {
        message: MessageId(row.number("message")?),
        partner: row.text("partner")?,
        kind: row.word("kind")?,
        key: row.text("key")?,
        wanted: row.text_if_any("wanted")?,
        standing: standing(row)?,
        due: row.instant("due")?,
        answered,
    })
}

/// A posting without its accounts, which stand in a table of their own.
pub(crate) fn posting(row: &impl Columns) -> Result<Posting, StoreError> {
    Ok(Posting {
        id: PostingId(row.number("id")?),
        kind: row.word("kind")?,
        flow: row.word("flow")?,
        party: row.text("party")?,
        reference: row.text("reference")?,
        test: row.flag("test")?,
        accounts: Vec::new(),
        from: row.day("from_day")?,
        until: row.day("until_day")?,
        amount: row.text_if_any("amount")?,
        record: row.bytes("record")?,
        message: MessageId(row.number("message")?),
        at: row.instant("at")?,
    })
}

pub(crate) fn receipt(row: &impl Columns) -> Result<Receipt, StoreError> {
    Ok(Receipt {
        message: MessageId(row.number("message")?),
        key: row.text("key")?,
        bytes: row.bytes("bytes")?,
        at: row.instant("at")?,
    })
}

pub(crate) fn run(row: &impl Columns) -> Result<Run, StoreError> {
    Ok(Run { schedule: row.text("schedule")?, planned: row.instant("planned")? })
}

pub(crate) fn pause(row: &impl Columns) -> Result<(String, Pause), StoreError> {
    let pause = Pause { since: row.instant("since")?, reason: row.text("reason")? };
    Ok((row.text("schedule")?, pause))
}

pub(crate) fn seen_file(row: &impl Columns) -> Result<SeenFile, StoreError> {
    Ok(SeenFile {
        name: row.bytes("name")?,
        size: row.count("size")?,
        modified: row.number("modified")?,
    })
}

pub(crate) fn ban(row: &impl Columns) -> Result<(String, Ban), StoreError> {
    let ban = Ban { until: row.instant("until")?, reason: row.text("reason")? };
    Ok((row.text("subject")?, ban))
}

pub(crate) fn audit(row: &impl Columns) -> Result<AuditEntry, StoreError> {
    Ok(AuditEntry {
        at: Some(row.instant("at")?),
        actor: row.text("actor")?,
        action: row.text("action")?,
        subject: row.text("subject")?,
        detail: row.text("detail")?,
    })
}

/// Reads each row, in order.
pub(crate) fn all<R, T>(
    rows: &[R],
    read: impl Fn(&R) -> Result<T, StoreError>,
) -> Result<Vec<T>, StoreError> {
    rows.iter().map(read).collect()
}
