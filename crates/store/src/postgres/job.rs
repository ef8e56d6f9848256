//! Jobs: what is due, who has it, and what must wait for what.
//!
//! `ready` is when a job can be taken: when it is due, or when the lease of whoever has it ends. A
//! dead job and one that waits for another of its order key are never ready, so that taking jobs
//! is one walk along an index. A dead job holds up no other.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::{AssertSqlSafe, PgPool, query};

use super::Writing;
use crate::brought::Brought;
use crate::columns::{self, Columns};
use crate::error::StoreError;
use crate::job::{Claimed, End, Filter, Job, JobId, Lease, NewJob, Worker};
use crate::message::MessageId;
use crate::options::after;

/// The job that takes an arrival further.
pub(super) async fn start(
    writing: &mut Writing,
    kind: &str,
    message: MessageId,
    detail: &str,
) -> Result<(), StoreError> {
    query("insert into job (kind, message, detail, due, ready) values ($1, $2, $3, $4, $4)")
        .bind(kind)
        .bind(message.0)
        .bind(detail)
        .bind(writing.now.as_microsecond())
        .execute(&mut *writing.connection)
        .await?;
    writing.ready += 1;
    Ok(())
}

/// Writes a job, unless another unfinished one has its name.
pub(super) async fn write(
    writing: &mut Writing,
    job: &NewJob,
    brought: &Brought,
) -> Result<Option<JobId>, StoreError> {
    if let Some(order) = &job.order {
        // Before the job has its number, so that jobs of one order are numbered as they are written.
        writing.lock(&order_lock(order)).await?;
    }
    let message = job.message.map(|named| brought.message(named)).transpose()?;
    let interchange = job.interchange.map(|named| brought.interchange(named)).transpose()?;
    let due = job.due.unwrap_or(writing.now).as_microsecond();
    let row = query(
        "insert into job (kind, message, interchange, detail, due, order_key, unique_name, ready)
         values ($1, $2, $3, $4, $5, $6, $7,
             case when $6::text is null then $5 else 9223372036854775807 end)
         on conflict (unique_name) where unique_name is not null and not dead do nothing
         returning id",
    )
    .bind(&job.kind)
    .bind(message.map(|message| message.0))
    .bind(interchange.map(|interchange| interchange.0))
    .bind(&job.detail)
    .bind(due)
    .bind(&job.order)
    .bind(&job.unique)
    .fetch_optional(&mut *writing.connection)
    .await?;
    let Some(row) = row else { return Ok(None) };
    if let Some(order) = &job.order {
        settle_order(writing, order).await?;
    }
    writing.ready += 1;
    Ok(Some(JobId(row.number("id")?)))
}

/// The name that whoever writes or ends a job of an order has for itself.
pub(super) fn order_lock(order: &str) -> String {
    format!("order {order}")
}

/// The order key of a job, if it has one.
pub(super) async fn order_of(
    writing: &mut Writing,
    id: JobId,
) -> Result<Option<String>, StoreError> {
    let row = query("select order_key from job where id = $1")
        .bind(id.0)
        .fetch_optional(&mut *writing.connection)
        .await?;
    row.map(|row| row.text_if_any("order_key")).transpose().map(Option::flatten)
}

/// Lets the first job of an order key be ready when it is due, and no other: one that somebody has,
/// else the oldest.
async fn settle_order(writing: &mut Writing, order: &str) -> Result<(), StoreError> {
    query(
        "update job set ready = 9223372036854775807
         where order_key = $1 and not dead and ready < 9223372036854775807 and id <> (
             select id from job where order_key = $1 and not dead order by worker is null, id limit 1)",
    )
    .bind(order)
    .execute(&mut *writing.connection)
    .await?;
    query(
        "update job set ready = coalesce(lease_until, due)
         where ready = 9223372036854775807 and id = (
             select id from job where order_key = $1 and not dead order by worker is null, id limit 1)",
    )
    .bind(order)
    .execute(&mut *writing.connection)
    .await?;
    writing.ready += 1;
    Ok(())
}

/// Takes jobs in one statement of its own. `now` is `None` for the server's clock. The limit stands
/// in the text: with a parameter the server comes to plan for any limit there may be, and reads the
/// whole table.
pub(super) async fn claim(
    pool: &PgPool,
    now: Option<i64>,
    worker: &Worker,
    kinds: &[&str],
    most: u32,
) -> Result<Vec<Claimed>, StoreError> {
    let sql = format!(
        "with clock as materialized (
             select coalesce($1, (extract(epoch from statement_timestamp()) * 1000000)::bigint) as now)
         update job set token = token + 1, attempts = attempts + 1, worker = $2, lease = $3::bigint,
             lease_until = (select now from clock) + $3::bigint * 1000000,
             ready = (select now from clock) + $3::bigint * 1000000
         where id = any(array(
             select id from job where ready <= (select now from clock) and kind = any($4)
             order by ready, id for update skip locked limit {most}))
         returning *"
    );
    let mut rows = query(AssertSqlSafe(sql))
        .bind(now)
        .bind(&worker.name)
        .bind(i64::from(worker.lease))
        .bind(kinds)
        .fetch_all(pool)
        .await?;
    // The order in which an update returns its rows is not defined.
    rows.sort_by_cached_key(|row| (row.number("due").ok(), row.number("id").ok()));
    columns::all(&rows, columns::claimed)
}

/// Takes a job that the same change brought, for the worker that goes on with it; `None` when it is
/// not due yet or has to wait for another.
pub(super) async fn take(
    writing: &mut Writing,
    id: JobId,
    worker: &Worker,
) -> Result<Option<Claimed>, StoreError> {
    let row = query(
        "update job set token = token + 1, attempts = attempts + 1, worker = $2, lease = $3,
             lease_until = $4, ready = $4
         where id = $1 and ready <= $5 returning *",
    )
    .bind(id.0)
    .bind(&worker.name)
    .bind(i64::from(worker.lease))
    .bind(after(writing.now, worker.lease).as_microsecond())
    .bind(writing.now.as_microsecond())
    .fetch_optional(&mut *writing.connection)
    .await?;
    row.as_ref().map(columns::claimed).transpose()
}

pub(super) async fn renew(
    writing: &mut Writing,
    lease: &Lease,
    worker: &Worker,
) -> Result<(), StoreError> {
    let done = query(
        "update job set lease = $3, lease_until = $4, ready = $4
         where id = $1 and token = $2 and worker is not null",
    )
    .bind(lease.job.0)
    .bind(lease.token)
    .bind(i64::from(worker.lease))
    .bind(after(writing.now, worker.lease).as_microsecond())
    .execute(&mut *writing.connection)
    .await?;
    if done.rows_affected() == 0 { Err(StoreError::LeaseLost) } else { Ok(()) }
}

/// Ends the leases of a node's workers, or of one worker.
pub(super) async fn end_leases(writing: &mut Writing, whose: &str) -> Result<u64, StoreError> {
    let now = writing.now.as_microsecond();
    let done = query(
        "update job set lease_until = $2, ready = $2
         where lease_until > $2 and (worker = $3 or substr(worker, 1, length($1)) = $1)",
    )
    .bind(format!("{whose}/"))
    .bind(now)
    .bind(whose)
    .execute(&mut *writing.connection)
    .await?;
    writing.ready += 1;
    Ok(done.rows_affected())
}

/// Ends a job, and gives the worker that had it.
pub(super) async fn end(
    writing: &mut Writing,
    lease: &Lease,
    end: &End,
) -> Result<Worker, StoreError> {
    let ended = match end {
        End::Done | End::Next(_) => query(
            "delete from job where id = $1 and token = $2 and worker is not null
             returning worker, lease, order_key",
        ),
        End::Again { .. } | End::Dead { .. } => query(
            "select worker, lease, order_key from job
             where id = $1 and token = $2 and worker is not null for update",
        ),
    };
    let row =
        ended.bind(lease.job.0).bind(lease.token).fetch_optional(&mut *writing.connection).await?;
    let row = row.ok_or(StoreError::LeaseLost)?;
    let order = row.text_if_any("order_key")?;
    if let Some(order) = &order {
        writing.lock(&order_lock(order)).await?;
    }
    let put_off = match end {
        End::Done | End::Next(_) => None,
        End::Again { due, reason } => Some(
            query(
                "update job set worker = null, lease = null, lease_until = null, due = $2,
                     ready = $2, reason = $3
                 where id = $1",
            )
            .bind(lease.job.0)
            .bind(due.as_microsecond())
            .bind(reason),
        ),
        End::Dead { reason } => Some(
            query(
                "update job set worker = null, lease = null, lease_until = null, dead = true,
                     ready = 9223372036854775807, reason = $2
                 where id = $1",
            )
            .bind(lease.job.0)
            .bind(reason),
        ),
    };
    if let Some(put_off) = put_off {
        put_off.execute(&mut *writing.connection).await?;
    }
    if let Some(order) = &order {
        settle_order(writing, order).await?;
    }
    let lease = u32::try_from(row.count("lease")?).unwrap_or(u32::MAX);
    Ok(Worker { name: row.text("worker")?, lease })
}

/// Makes a dead job due again; one whose name another unfinished job has by now stays dead.
pub(super) async fn revive(writing: &mut Writing, id: JobId) -> Result<(), StoreError> {
    let order = order_of(writing, id).await?;
    if let Some(order) = &order {
        writing.lock(&order_lock(order)).await?;
    }
    query(
        "update job set dead = false, attempts = 0, reason = null, due = $2,
             ready = case when order_key is null then $2 else 9223372036854775807 end
         where id = $1 and dead and not exists (
             select 1 from job other where other.unique_name = job.unique_name and not other.dead)",
    )
    .bind(id.0)
    .bind(writing.now.as_microsecond())
    .execute(&mut *writing.connection)
    .await?;
    if let Some(order) = &order {
        settle_order(writing, order).await?;
    }
    writing.ready += 1;
    Ok(())
}

pub(super) async fn list(
    pool: &PgPool,
    filter: &Filter,
    most: u32,
) -> Result<Vec<Job>, StoreError> {
    let rows = query(
        "select * from job
         where ($1::bigint is null or message = $1) and ($2::boolean is null or dead = $2)
             and ($3::text is null or kind = $3)
         order by due, id limit $4",
    )
    .bind(filter.message.map(|message| message.0))
    .bind(filter.dead)
    .bind(&filter.kind)
    .bind(i64::from(most))
    .persistent(false)
    .fetch_all(pool)
    .await?;
    columns::all(&rows, columns::job)
}

/// How long it is until the next job that is not ready yet will be.
pub(super) async fn until_next(pool: &PgPool, now: Timestamp) -> Result<Duration, StoreError> {
    let now = now.as_microsecond();
    let row = query(
        "select min(ready) as ready from job where ready > $1 and ready < 9223372036854775807",
    )
    .bind(now)
    .fetch_one(pool)
    .await?;
    let wait = row.number_if_any("ready")?.and_then(|ready| u64::try_from(ready - now).ok());
    Ok(wait.map_or(Duration::MAX, Duration::from_micros))
}
