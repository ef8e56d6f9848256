//! Answers that we wait for: when they come, and when they do not.

use sqlx::{QueryBuilder, Sqlite, SqlitePool, query};

use super::writer::Writing;
use crate::brought::Brought;
use crate::columns::{self, Columns};
use crate::error::StoreError;
use crate::expectation::{
    Answer, Due, Expectation, Filter, Kind, NewExpectation, Outcome, Standing, UNSENT,
};
use crate::message::{MessageId, State};
use crate::words::Word;

/// Waits for an answer; when the message waits for it already, from now on with this deadline.
pub(super) async fn write(
    writing: &mut Writing,
    new: &NewExpectation,
    brought: &Brought,
) -> Result<(), StoreError> {
    let message = brought.message(new.message)?.0;
    let (warn, due) = (new.warn.map(|warn| warn.as_microsecond()), new.due.as_microsecond());
    let known = query(
        "update expectation set warn = $4, due = $5, wanted = $6, warned = 0,
             standing = case standing when 'overdue' then 'open' else standing end
         where message = $1 and kind = $2 and key = $3",
    )
    .bind(message)
    .bind(new.kind.as_word())
    .bind(&new.key)
    .bind(warn)
    .bind(due)
    .bind(&new.wanted)
    .execute(&mut writing.connection)
    .await?;
    if known.rows_affected() > 0 {
        return Ok(());
    }
    query(
        "insert into expectation (message, partner, kind, key, wanted, warn, due, standing)
         values ($1, $2, $3, $4, $5, $6, $7, 'open')",
    )
    .bind(message)
    .bind(&new.partner)
    .bind(new.kind.as_word())
    .bind(&new.key)
    .bind(&new.wanted)
    .bind(warn)
    .bind(due)
    .execute(&mut writing.connection)
    .await?;
    Ok(())
}

/// Nobody waits any more for answers to a message.
pub(super) async fn drop_waiting(
    writing: &mut Writing,
    message: MessageId,
) -> Result<(), StoreError> {
    query(
        "update expectation set standing = 'dropped'
         where message = $1 and standing in ('open', 'overdue')",
    )
    .bind(message.0)
    .execute(&mut writing.connection)
    .await?;
    Ok(())
}

/// Lets an answer close what waits for it, or change what an earlier answer said.
pub(super) async fn answer(
    writing: &mut Writing,
    answer: &Answer,
) -> Result<Vec<MessageId>, StoreError> {
    let row = query(
        "select id, message, standing, outcome from expectation
         where partner = $1 and kind = $2 and key = $3 order by id desc limit 1",
    )
    .bind(&answer.partner)
    .bind(answer.kind.as_word())
    .bind(&answer.key)
    .fetch_optional(&mut writing.connection)
    .await?;
    let Some(row) = row else {
        if let Some(by) = answer.by {
            super::message::note_of(writing, by, "answers nothing", UNSENT).await?;
        }
        return Ok(Vec::new());
    };
    match columns::standing(&row)? {
        Standing::Dropped => {
            // It closes nothing, and somebody may want to know all the same.
            let message = MessageId(row.number("message")?);
            super::message::note(writing, message, said(answer), &answer.unasked()).await?;
            return Ok(Vec::new());
        }
        Standing::Answered(before) if before == answer.outcome => return Ok(Vec::new()),
        Standing::Answered(_) | Standing::Open | Standing::Overdue => {}
    }
    query(
        "update expectation set standing = 'answered', outcome = $2, answered_at = $3,
             answered_by = $4, detail = $5
         where id = $1",
    )
    .bind(row.number("id")?)
    .bind(answer.outcome.as_word())
    .bind(writing.now.as_microsecond())
    .bind(answer.by.map(|by| by.0))
    .bind(&answer.detail)
    .execute(&mut writing.connection)
    .await?;
    let message = MessageId(row.number("message")?);
    super::message::note(writing, message, said(answer), &answer.detail).await?;
    settle(writing, message).await?;
    Ok(vec![message])
}

/// The event that an answer is for the message it answers.
fn said(answer: &Answer) -> &'static str {
    match (answer.kind, answer.outcome) {
        (Kind::Receipt, Outcome::Accepted) => "receipt",
        (_, Outcome::Accepted) => "accepted",
        (_, Outcome::Partly) => "partly accepted",
        (_, Outcome::Rejected) => "rejected",
    }
}

/// Lets a message that was sent stand as accepted or refused once everything it waits for is
/// answered.
pub(super) async fn settle(writing: &mut Writing, message: MessageId) -> Result<(), StoreError> {
    let row = query(
        "select count(*) filter (where standing in ('open', 'overdue')) as waiting,
             count(*) filter (where standing = 'answered') as answered,
             count(*) filter (where standing = 'answered' and outcome <> 'accepted') as refused,
             (select state from message where id = $1) as state,
             (select detail from expectation where message = $1 and standing = 'answered'
                  and outcome <> 'accepted' order by answered_at desc, id desc limit 1) as detail
         from expectation where message = $1",
    )
    .bind(message.0)
    .fetch_one(&mut writing.connection)
    .await?;
    let is_sent = matches!(row.state()?, State::Sent | State::Accepted | State::Refused);
    if !is_sent || row.number("waiting")? > 0 || row.number("answered")? == 0 {
        return Ok(());
    }
    let state = if row.number("refused")? > 0 { State::Refused } else { State::Accepted };
    let reason = row.text_if_any("detail")?;
    super::message::stand(writing, message, state, reason.as_deref()).await?;
    super::interchange::follow(writing, message, state, reason.as_deref()).await
}

/// Marks and gives those whose deadline has come, and of the others those whose warning has.
pub(super) async fn fall_due(writing: &mut Writing) -> Result<Vec<Due>, StoreError> {
    let now = writing.now.as_microsecond();
    let overdue = query(
        "update expectation set standing = 'overdue' where standing = 'open' and due <= $1
         returning *",
    )
    .bind(now)
    .fetch_all(&mut writing.connection)
    .await?;
    let warned = query(
        "update expectation set warned = 1
         where standing = 'open' and warn <= $1 and warned = 0 returning *",
    )
    .bind(now)
    .fetch_all(&mut writing.connection)
    .await?;
    let due = |overdue| move |row: &_| Ok(Due { expectation: columns::expectation(row)?, overdue });
    let mut all = columns::all(&overdue, due(true))?;
    all.extend(columns::all(&warned, due(false))?);
    all.sort_by_key(|due| due.expectation.due);
    Ok(all)
}

/// The same, and a job for each.
pub(super) async fn begin_due(writing: &mut Writing, kind: &str) -> Result<u64, StoreError> {
    let due = fall_due(writing).await?;
    for due in &due {
        super::job::write(writing, &due.job(kind), &Brought::default()).await?;
    }
    Ok(due.len() as u64)
}

pub(super) async fn list(
    pool: &SqlitePool,
    filter: &Filter,
    most: u32,
) -> Result<Vec<Expectation>, StoreError> {
    let mut sql = QueryBuilder::<Sqlite>::new("select * from expectation where true");
    if let Some(message) = filter.message {
        sql.push(" and message = ").push_bind(message.0);
    }
    if let Some(partner) = &filter.partner {
        sql.push(" and partner = ").push_bind(partner);
    }
    if filter.waiting {
        sql.push(" and standing in ('open', 'overdue')");
    }
    sql.push(" order by due, id limit ").push_bind(i64::from(most));
    columns::all(&sql.build().fetch_all(pool).await?, columns::expectation)
}
