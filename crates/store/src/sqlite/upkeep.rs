//! Whether everything fits, and what is thrown away after its time.

use jiff::Timestamp;
use sqlx::{query, query_scalar};

use super::SqliteStore;
use super::writer::Writing;
use crate::access::{Expired, OURSELVES};
use crate::columns::Columns;
use crate::error::StoreError;
use crate::message::MessageId;
use crate::payload::Payloads;

/// How many messages are purged or looked at in one go, so that others get their turn.
const AT_ONCE: i64 = 500;

/// What does not fit, apart from payloads: each statement gives a line for each fault.
const CHECKS: [&str; 7] = [
    "select 'M' || id || ': it has no bytes in its row' as fault from message
     where kept = 'row' and not exists (select 1 from payload where message = message.id)",
    "select 'M' || message || ': bytes are kept that it does not speak of' as fault from payload
     where not exists (select 1 from message where id = payload.message and kept = 'row')",
    "select 'M' || message.id || ': it stands as ' || state || ', an interchange of it as received'
         as fault
     from message where flow = 'in' and state = 'posted' and exists (
         select 1 from interchange where message = message.id and state = 'received')",
    "select 'I' || i.id || ': it was sent under a number that was not allocated' as fault
     from interchange i
     where i.flow = 'out'
         and exists (select 1 from counter where partner = i.partner and substr(kind, 1, 5) = 'ISA13')
         and not exists (
             select 1 from allocation a where a.partner = i.partner and substr(a.kind, 1, 5) = 'ISA13'
                 and i.control between a.first and a.first + a.count - 1)",
    "select 'counter ' || kind || ' of ' || partner || ': it is not where it was left' as fault
     from counter where next is not (
         select first + count from allocation a
         where a.partner = counter.partner and a.kind = counter.kind order by a.id desc limit 1)",
    "select 'order ' || order_key || ': its jobs wait for nothing' as fault from job
     where order_key is not null and dead = 0 group by order_key
     having count(*) filter (where ready < 9223372036854775807) <> 1",
    "select 'M' || message || ': what is expected for it was answered, and nobody knows when' as fault
     from expectation
     where standing = 'answered' and (outcome is null or answered_at is null or detail is null)",
];

pub(super) async fn verify(store: &SqliteStore) -> Result<Vec<String>, StoreError> {
    let pool = &store.pool;
    let mut faults = Vec::new();
    let lines: Vec<String> = query_scalar("pragma integrity_check").fetch_all(pool).await?;
    faults.extend(lines.into_iter().filter(|line| line != "ok"));
    for row in query("pragma foreign_key_check").fetch_all(pool).await? {
        let (table, parent) = (row.text("table")?, row.text("parent")?);
        faults.push(format!("table {table}: a row names a row of {parent} that is not there"));
    }
    for check in CHECKS {
        for row in query(check).fetch_all(pool).await? {
            faults.push(row.text("fault")?);
        }
    }
    verify_payloads(store, &mut faults).await?;
    Ok(faults)
}

async fn verify_payloads(store: &SqliteStore, faults: &mut Vec<String>) -> Result<(), StoreError> {
    let mut after = 0;
    loop {
        let rows =
            query("select id from message where id > $1 and kept <> 'gone' order by id limit $2")
                .bind(after)
                .bind(AT_ONCE)
                .fetch_all(&store.pool)
                .await?;
        for row in &rows {
            after = row.number("id")?;
            match store.read_payload(MessageId(after)).await {
                Ok(_) => {}
                Err(
                    fault @ (StoreError::PayloadMissing(_)
                    | StoreError::PayloadDamaged(_)
                    | StoreError::File { .. }),
                ) => faults.push(fault.to_string()),
                Err(error) => return Err(error),
            }
        }
        if rows.is_empty() {
            return Ok(());
        }
    }
}

/// Messages that ended before an instant lose their bytes and events, some at a time. Gives how
/// many. Files that nobody speaks of any more are swept when they are old. The plus signs keep the
/// database to the index of what is not purged yet.
pub(super) async fn purge_some(
    writing: &mut Writing,
    ended_before: Timestamp,
    of: Option<&Expired>,
) -> Result<u64, StoreError> {
    let rows = query(
        "update message set kept = 'gone'
         where id in (
             select id from message
             where kept <> 'gone' and changed < $1
                 and (+state in ('posted', 'accepted', 'repeat', 'rejected', 'refused')
                     or (+state = 'sent' and not exists (
                         select 1 from expectation
                         where message = message.id and standing in ('open', 'overdue'))))
                 and not exists (select 1 from job where message = message.id)
                 and ($3 or (+partner is $4 and coalesce(test, 0) = $5))
             limit $2)
         returning id",
    )
    .bind(ended_before.as_microsecond())
    .bind(AT_ONCE)
    .bind(of.is_none())
    .bind(of.and_then(|of| of.partner.as_deref()))
    .bind(of.is_some_and(|of| of.test))
    .fetch_all(&mut writing.connection)
    .await?;
    for row in &rows {
        let id = row.number("id")?;
        query("delete from payload where message = $1")
            .bind(id)
            .execute(&mut writing.connection)
            .await?;
        query("delete from event where message = $1")
            .bind(id)
            .execute(&mut writing.connection)
            .await?;
    }
    Ok(rows.len() as u64)
}

/// Postings of a partner lose what they say, some at a time. Gives how many.
pub(super) async fn purge_postings(writing: &mut Writing, of: &Expired) -> Result<u64, StoreError> {
    let party = of.partner.as_deref().unwrap_or(OURSELVES);
    let rows = query(
        "update posting set record = x'', amount = null
         where id in (
             select id from posting
             where at < $1 and test = $2 and length(record) > 0
                 and (party = $3 or substr(party, 1, length($3) + 1) = $3 || '/')
             limit $4)
         returning id",
    )
    .bind(of.before.as_microsecond())
    .bind(of.test)
    .bind(party)
    .bind(AT_ONCE)
    .fetch_all(&mut writing.connection)
    .await?;
    for row in &rows {
        query("delete from posting_account where posting = $1")
            .bind(row.number("id")?)
            .execute(&mut writing.connection)
            .await?;
    }
    Ok(rows.len() as u64)
}

/// Old runs but the last of each schedule, and bans that are over.
pub(super) async fn purge_rest(
    writing: &mut Writing,
    ended_before: Timestamp,
) -> Result<(), StoreError> {
    query(
        "delete from schedule_run where planned < $1 and planned < (
             select max(planned) from schedule_run later
             where later.schedule = schedule_run.schedule)",
    )
    .bind(ended_before.as_microsecond())
    .execute(&mut writing.connection)
    .await?;
    query("delete from ban where until < $1")
        .bind(ended_before.as_microsecond().min(writing.now.as_microsecond()))
        .execute(&mut writing.connection)
        .await?;
    Ok(())
}

/// Takes away those of these files that no message speaks of. It is done by the writer, so that
/// nobody comes to speak of a file between looking and taking it away.
pub(super) async fn sweep_some(
    writing: &mut Writing,
    payloads: &Payloads,
    files: &[[u8; 32]],
) -> Result<(), StoreError> {
    for sha256 in files {
        let row = query("select 1 from message where sha256 = $1 and kept = 'file' limit 1")
            .bind(sha256.as_slice())
            .fetch_optional(&mut writing.connection)
            .await?;
        if row.is_none() {
            payloads.remove(sha256)?;
        }
    }
    Ok(())
}
