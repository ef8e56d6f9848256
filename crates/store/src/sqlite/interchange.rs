//! Interchanges, how they compare with those before, and where their messages stand for it.

use jiff::Timestamp;
use sqlx::{SqlitePool, query};

use super::writer::Writing;
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
    let standing = match (new.flow, new.window_from) {
        (Flow::In, Some(window_from)) => {
            let one = One {
                control: number(new.control, "the control number")?,
                sender: &new.sender,
                receiver: &new.receiver,
                sha256: &new.sha256,
            };
            compare(writing, &one, window_from).await?
        }
        (Flow::In, None) => Standing::Apart,
        (Flow::Out, _) => Standing::First,
    };
    let (word, earlier) = standing_columns(standing);
    let row = query(
        "insert into interchange (message, flow, partner, sender, receiver, control, test, sha256,
             place, length, content, state, reason, standing, earlier, at, apart)
         values ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)
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
    .bind(standing == Standing::Apart)
    .fetch_one(&mut writing.connection)
    .await?;
    if new.flow == Flow::In {
        follow_up(writing, message).await?;
    }
    Ok((InterchangeId(row.number("id")?), standing))
}

/// What is compared of an interchange.
struct One<'a> {
    control: i64,
    sender: &'a str,
    receiver: &'a str,
    sha256: &'a [u8; 32],
}

/// The earliest of the same bytes tells most, else the earliest of the same number.
async fn compare(
    writing: &mut Writing,
    one: &One<'_>,
    window_from: Timestamp,
) -> Result<Standing, StoreError> {
    let row = query(
        "select id, sha256 = $4 as same from interchange
         where control = $1 and sender = $2 and receiver = $3 and flow = 'in' and at >= $5
             and apart = 0
         order by sha256 = $4 desc, id limit 1",
    )
    .bind(one.control)
    .bind(one.sender)
    .bind(one.receiver)
    .bind(one.sha256.as_slice())
    .bind(window_from.as_microsecond())
    .fetch_optional(&mut writing.connection)
    .await?;
    let earlier = row.map(|row| Ok::<_, StoreError>((row.number("id")?, row.flag("same")?)));
    Ok(standing(earlier.transpose()?))
}

/// Compares an interchange that stood apart, and lets it stand among the others. One that stands there
/// already keeps its place.
pub(super) async fn take_up(
    writing: &mut Writing,
    id: InterchangeId,
    window_from: Timestamp,
) -> Result<Standing, StoreError> {
    let row = query("select * from interchange where id = $1")
        .bind(id.0)
        .fetch_optional(&mut writing.connection)
        .await?;
    let unknown = || StoreError::NotWhole(format!("the store has no interchange {id}"));
    let kept = columns::interchange(&row.ok_or_else(unknown)?)?;
    if kept.standing != Standing::Apart {
        return Ok(kept.standing);
    }
    let one = One {
        control: number(kept.control, "the control number")?,
        sender: &kept.sender,
        receiver: &kept.receiver,
        sha256: &kept.sha256,
    };
    let standing = compare(writing, &one, window_from).await?;
    let (word, earlier) = standing_columns(standing);
    query("update interchange set apart = 0, standing = $2, earlier = $3 where id = $1")
        .bind(id.0)
        .bind(word)
        .bind(earlier)
        .execute(&mut writing.connection)
        .await?;
    Ok(standing)
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
            .fetch_optional(&mut writing.connection)
            .await?;
    let unknown = || StoreError::NotWhole(format!("the store has no interchange {id}"));
    let message = MessageId(row.ok_or_else(unknown)?.number("message")?);
    follow_up(writing, message).await
}

/// Lets a message stand where the one of its interchanges stands that most needs somebody.
async fn follow_up(writing: &mut Writing, message: MessageId) -> Result<(), StoreError> {
    let rows = query("select state, reason from interchange where message = $1 order by id")
        .bind(message.0)
        .fetch_all(&mut writing.connection)
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
        .execute(&mut writing.connection)
        .await?;
    Ok(())
}

pub(super) async fn of(
    pool: &SqlitePool,
    message: MessageId,
) -> Result<Vec<Interchange>, StoreError> {
    let rows = query("select * from interchange where message = $1 order by id")
        .bind(message.0)
        .fetch_all(pool)
        .await?;
    columns::all(&rows, columns::interchange)
}

pub(super) async fn find(
    pool: &SqlitePool,
    id: InterchangeId,
) -> Result<Option<Interchange>, StoreError> {
    let row =
        query("select * from interchange where id = $1").bind(id.0).fetch_optional(pool).await?;
    row.as_ref().map(columns::interchange).transpose()
}

pub(super) async fn answers(
    pool: &SqlitePool,
    id: InterchangeId,
) -> Result<Vec<MessageId>, StoreError> {
    let rows =
        query("select id from message where answers = $1 order by id").bind(id.0).fetch_all(pool);
    columns::all(&rows.await?, |row| row.number("id").map(MessageId))
}
