//! Interchanges, how they compare with those before, and where their messages stand for it.

use sqlx::{PgPool, query};

use super::Writing;
use crate::brought::{Brought, number, standing, standing_columns};
use crate::columns::{self, Columns};
use crate::error::StoreError;
use crate::interchange::{Interchange, InterchangeId, NewInterchange, Standing};
use crate::message::{Flow, MessageId, State};
use crate::words::Word;

pub(super) async fn write(
    writing: &mut Writing,
    new: &NewInterchange,
    brought: &Brought,
) -> Result<(InterchangeId, Standing), StoreError> {
    let message = brought.message(new.message)?;
    let standing = match new.flow {
        Flow::In => compare(writing, new).await?,
        Flow::Out => Standing::First,
    };
    let (word, earlier) = standing_columns(standing);
    let row = query(
        "insert into interchange (message, flow, partner, sender, receiver, control, test, sha256,
             place, length, content, state, reason, standing, earlier, at)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16)
         returning id",
    )
    .bind(message.0)
    .bind(new.flow.as_word())
    .bind(&new.partner)
    .bind(&new.sender)
    .bind(&new.receiver)
    .bind(number(new.control, "the control number")?)
    .bind(new.test)
    .bind(new.sha256.as_slice())
    .bind(number(new.offset, "the offset")?)
    .bind(number(new.length, "the length")?)
    .bind(&new.content)
    .bind(new.state.word())
    .bind(&new.reason)
    .bind(word)
    .bind(earlier)
    .bind(writing.now.as_microsecond())
    .fetch_one(&mut *writing.connection)
    .await?;
    if new.flow == Flow::In {
        follow_up(writing, message).await?;
    }
    Ok((InterchangeId(row.number("id")?), standing))
}

/// The earliest of the same bytes tells most, else the earliest of the same number.
async fn compare(writing: &mut Writing, new: &NewInterchange) -> Result<Standing, StoreError> {
    let row = query(
        "select id, sha256 = $4 as same from interchange
         where control = $1 and sender = $2 and receiver = $3 and flow = 'in' and at >= $5
         order by sha256 = $4 desc, id limit 1",
    )
    .bind(number(new.control, "the control number")?)
    .bind(&new.sender)
    .bind(&new.receiver)
    .bind(new.sha256.as_slice())
    .bind(new.window_from.as_microsecond())
    .fetch_optional(&mut *writing.connection)
    .await?;
    let earlier = row.map(|row| Ok::<_, StoreError>((row.number("id")?, row.flag("same")?)));
    Ok(standing(earlier.transpose()?))
}

pub(super) async fn set_state(
    writing: &mut Writing,
    id: InterchangeId,
    state: State,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    let row =
        query("update interchange set state = $2, reason = $3 where id = $1 returning message")
            .bind(id.0)
            .bind(state.word())
            .bind(reason)
            .fetch_optional(&mut *writing.connection)
            .await?;
    let unknown = || StoreError::NotWhole(format!("the store has no interchange {id}"));
    let message = MessageId(row.ok_or_else(unknown)?.number("message")?);
    follow_up(writing, message).await
}

/// Lets a message stand where the one of its interchanges stands that most needs somebody.
async fn follow_up(writing: &mut Writing, message: MessageId) -> Result<(), StoreError> {
    // Whoever else changes an interchange of it waits here, and then sees what was changed.
    query("select 1 from message where id = $1 for update")
        .bind(message.0)
        .execute(&mut *writing.connection)
        .await?;
    let rows = query("select state, reason from interchange where message = $1 order by id")
        .bind(message.0)
        .fetch_all(&mut *writing.connection)
        .await?;
    let states = columns::all(&rows, |row| Ok((row.state()?, row.text_if_any("reason")?)))?;
    let Some(most) = states.iter().map(|(state, _)| *state).max() else { return Ok(()) };
    let reason = states.into_iter().find(|(state, _)| *state == most).and_then(|(_, why)| why);
    super::message::stand(writing, message, most, reason.as_deref()).await
}

/// Lets the interchanges of a message that goes out stand where it stands.
pub(super) async fn follow(
    writing: &mut Writing,
    message: MessageId,
    state: State,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    query("update interchange set state = $2, reason = $3 where message = $1")
        .bind(message.0)
        .bind(state.word())
        .bind(reason)
        .execute(&mut *writing.connection)
        .await?;
    Ok(())
}

pub(super) async fn of(pool: &PgPool, message: MessageId) -> Result<Vec<Interchange>, StoreError> {
    let rows = query("select * from interchange where message = $1 order by id")
        .bind(message.0)
        .fetch_all(pool)
        .await?;
    columns::all(&rows, columns::interchange)
}

pub(super) async fn find(
    pool: &PgPool,
    id: InterchangeId,
) -> Result<Option<Interchange>, StoreError> {
    let row =
        query("select * from interchange where id = $1").bind(id.0).fetch_optional(pool).await?;
    row.as_ref().map(columns::interchange).transpose()
}

pub(super) async fn answers(
    pool: &PgPool,
    id: InterchangeId,
) -> Result<Vec<MessageId>, StoreError> {
    let rows =
        query("select id from message where answers = $1 order by id").bind(id.0).fetch_all(pool);
    columns::all(&rows.await?, |row| row.number("id").map(MessageId))
}
