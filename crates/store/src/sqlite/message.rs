//! Messages, their bytes, and what happened to them.

use sqlx::{QueryBuilder, Sqlite, SqliteConnection, SqlitePool, query};

use super::writer::Writing;
use crate::brought::{Brought, number};
use crate::change::{Known, MessageState, NewEvent};
use crate::columns::{self, Columns};
use crate::error::StoreError;
use crate::interchange::InterchangeId;
use crate::message::{
    Arrival, Event, Filter, Flow, Message, MessageId, NewMessage, Received, State,
};
use crate::payload::{Kept, Place, Stored};
use crate::words::Word;

pub(super) async fn receive(
    writing: &mut Writing,
    arrival: &Arrival,
    kept: &Kept,
) -> Result<Received, StoreError> {
    let at = writing.now.as_microsecond();
    let same_as = query(
        "select id from message where sha256 = $1 and partner is $2 and flow = 'in'
         order by id desc limit 1",
    )
    .bind(kept.sha256.as_slice())
    .bind(&arrival.partner)
    .fetch_optional(&mut writing.connection)
    .await?;
    let same_as = same_as.map(|row| row.number("id")).transpose()?;
    let row = query(
        "insert into message (partner, flow, channel, name, content, size, sha256, kept, origin,
             state, at, changed, same_as)
         values ($1, 'in', $2, $3, '', $4, $5, $6, $7, 'received', $8, $8, $9) returning id",
    )
    .bind(&arrival.partner)
    .bind(&arrival.channel)
    .bind(&arrival.name)
    .bind(number(kept.size, "the length")?)
    .bind(kept.sha256.as_slice())
    .bind(kept.word())
    .bind(&arrival.origin)
    .bind(at)
    .bind(same_as)
    .fetch_one(&mut writing.connection)
    .await?;
    let id = MessageId(row.number("id")?);
    write_payload(&mut writing.connection, id, kept).await?;
    write_event(writing, id, None, "received", &arrival.origin).await?;
    super::job::start(writing, &arrival.job, id, &arrival.detail).await?;
    if let Some((folder, file)) = &arrival.remember
        && !super::schedule::remember(writing, folder, file).await?
    {
        return Err(StoreError::TakenBefore);
    }
    Ok(Received { id, same_as: same_as.map(MessageId) })
}

async fn write_payload(
    connection: &mut SqliteConnection,
    id: MessageId,
    kept: &Kept,
) -> Result<(), StoreError> {
    if let Place::Row(bytes) = &kept.place {
        query("insert into payload (message, bytes) values ($1, $2)")
            .bind(id.0)
            .bind(bytes.as_slice())
            .execute(connection)
            .await?;
    }
    Ok(())
}

async fn write_event(
    writing: &mut Writing,
    message: MessageId,
    interchange: Option<InterchangeId>,
    what: &str,
    detail: &str,
) -> Result<(), StoreError> {
    query("insert into event (message, interchange, at, what, detail) values ($1, $2, $3, $4, $5)")
        .bind(message.0)
        .bind(interchange.map(|interchange| interchange.0))
        .bind(writing.now.as_microsecond())
        .bind(what)
        .bind(detail)
        .execute(&mut writing.connection)
        .await?;
    Ok(())
}

pub(super) async fn write(
    writing: &mut Writing,
    message: &NewMessage,
    kept: &Kept,
) -> Result<MessageId, StoreError> {
    let row = query(
        "insert into message (partner, flow, channel, name, content, test, size, sha256, kept,
             origin, state, reason, at, changed, same_as, answers)
         values ($1, 'out', $2, $3, $4, $5, $6, $7, $8, '', $9, $10, $11, $11, $12, $13)
         returning id",
    )
    .bind(&message.partner)
    .bind(&message.channel)
    .bind(&message.name)
    .bind(&message.content)
    .bind(message.test)
    .bind(number(kept.size, "the length")?)
    .bind(kept.sha256.as_slice())
    .bind(kept.word())
    .bind(message.state.word())
    .bind(&message.reason)
    .bind(writing.now.as_microsecond())
    .bind(message.again.map(|again| again.0))
    .bind(message.answers.map(|answers| answers.0))
    .fetch_one(&mut writing.connection)
    .await?;
    let id = MessageId(row.number("id")?);
    write_payload(&mut writing.connection, id, kept).await?;
    if let Some(again) = message.again {
        super::expectation::drop_waiting(writing, again).await?;
    }
    Ok(id)
}

/// Sets where a message stands, unless it does not stand where it should. The interchanges of one
/// that goes out stand where it stands.
pub(super) async fn set_state(
    writing: &mut Writing,
    change: &MessageState,
) -> Result<(), StoreError> {
    let id = change.message;
    let row = query("select state, flow from message where id = $1")
        .bind(id.0)
        .fetch_optional(&mut writing.connection)
        .await?;
    let Some(row) = row else { return Err(unknown(id)) };
    let (state, flow) = (row.state()?, row.word::<Flow>("flow")?);
    if !change.from.is_empty() && !change.from.contains(&state) {
        return Err(StoreError::WrongState { message: id, state: state.word() });
    }
    stand(writing, id, change.to, change.reason.as_deref()).await?;
    if flow == Flow::Out {
        super::interchange::follow(writing, id, change.to, change.reason.as_deref()).await?;
        match change.to {
            State::Sent => super::expectation::settle(writing, id).await?,
            State::Accepted | State::Refused => {
                super::expectation::drop_waiting(writing, id).await?;
            }
            _ => {}
        }
    }
    Ok(())
}

pub(super) async fn stand(
    writing: &mut Writing,
    id: MessageId,
    state: State,
    reason: Option<&str>,
) -> Result<(), StoreError> {
    query("update message set state = $2, reason = $3, changed = $4 where id = $1")
        .bind(id.0)
        .bind(state.word())
        .bind(reason)
        .bind(writing.now.as_microsecond())
        .execute(&mut writing.connection)
        .await?;
    Ok(())
}

pub(super) fn unknown(id: MessageId) -> StoreError {
    StoreError::NotWhole(format!("the store has no message {id}"))
}

pub(super) async fn become_known(writing: &mut Writing, known: &Known) -> Result<(), StoreError> {
    let done = query(
        "update message set partner = coalesce($2, partner), content = $3, test = coalesce($4, test)
         where id = $1",
    )
    .bind(known.message.0)
    .bind(&known.partner)
    .bind(&known.content)
    .bind(known.test)
    .execute(&mut writing.connection)
    .await?;
    if done.rows_affected() == 0 {
        return Err(unknown(known.message));
    }
    Ok(())
}

pub(super) async fn happen(
    writing: &mut Writing,
    event: &NewEvent,
    brought: &Brought,
) -> Result<(), StoreError> {
    let message = brought.message(event.message)?;
    let interchange = event.interchange.map(|named| brought.interchange(named)).transpose()?;
    write_event(writing, message, interchange, &event.what, &event.detail).await
}

/// Notes on an interchange, and so on its message, what it came to.
pub(super) async fn note_of(
    writing: &mut Writing,
    id: InterchangeId,
    what: &str,
    detail: &str,
) -> Result<(), StoreError> {
    query(
        "insert into event (message, interchange, at, what, detail)
         select message, id, $2, $3, $4 from interchange where id = $1",
    )
    .bind(id.0)
    .bind(writing.now.as_microsecond())
    .bind(what)
    .bind(detail)
    .execute(&mut writing.connection)
    .await?;
    Ok(())
}

/// Notes on a message what came for it.
pub(super) async fn note(
    writing: &mut Writing,
    id: MessageId,
    what: &str,
    detail: &str,
) -> Result<(), StoreError> {
    write_event(writing, id, None, what, detail).await
}

pub(super) async fn find(pool: &SqlitePool, id: MessageId) -> Result<Option<Message>, StoreError> {
    let row = query("select * from message where id = $1").bind(id.0).fetch_optional(pool).await?;
    row.as_ref().map(columns::message).transpose()
}

pub(super) async fn bytes(pool: &SqlitePool, id: MessageId) -> Result<Option<Stored>, StoreError> {
    let row = query(
        "select kept, sha256, bytes from message left join payload on payload.message = message.id
         where id = $1",
    )
    .bind(id.0)
    .fetch_optional(pool)
    .await?;
    let Some(row) = row else { return Ok(None) };
    let bytes = row.bytes_if_any("bytes")?;
    Ok(Some(Stored { kept: row.text("kept")?, sha256: row.digest("sha256")?, bytes }))
}

pub(super) async fn list(
    pool: &SqlitePool,
    filter: &Filter,
    before: Option<MessageId>,
    most: u32,
) -> Result<Vec<Message>, StoreError> {
    let mut sql = QueryBuilder::<Sqlite>::new("select * from message where true");
    if let Some(partner) = &filter.partner {
        sql.push(" and partner = ").push_bind(partner);
    }
    if let Some(flow) = filter.flow {
        sql.push(" and flow = ").push_bind(flow.as_word());
    }
    if !filter.states.is_empty() {
        sql.push(" and state in (");
        let mut states = sql.separated(", ");
        for state in &filter.states {
            states.push_bind(state.word());
        }
        sql.push(")");
    }
    if let Some(since) = filter.since {
        sql.push(" and at >= ").push_bind(since.as_microsecond());
    }
    if let Some(name) = &filter.name {
        sql.push(" and instr(name, ").push_bind(name).push(") > 0");
    }
    if let Some(control) = filter.control {
        sql.push(" and id in (select message from interchange where control = ");
        sql.push_bind(i64::try_from(control).unwrap_or(-1)).push(")");
    }
    if let Some(test) = filter.test {
        sql.push(" and test = ").push_bind(test);
    }
    if let Some(before) = before {
        sql.push(" and id < ").push_bind(before.0);
    }
    sql.push(" order by id desc limit ").push_bind(i64::from(most));
    columns::all(&sql.build().fetch_all(pool).await?, columns::message)
}

pub(super) async fn events(pool: &SqlitePool, id: MessageId) -> Result<Vec<Event>, StoreError> {
    let rows =
        query("select at, interchange, what, detail from event where message = $1 order by id")
            .bind(id.0)
            .fetch_all(pool)
            .await?;
    columns::all(&rows, columns::event)
}
