//! Control numbers: given in rows, to one purpose each.

use sqlx::{SqlitePool, query};

use super::writer::Writing;
use crate::brought::number;
use crate::columns::{self, Columns};
use crate::control::{Allocation, Counter};
use crate::error::StoreError;

/// Allocates numbers; those given within the window, in microseconds, are not given again.
pub(super) async fn allocate(
    writing: &mut Writing,
    counter: &Counter,
    purpose: &str,
    count: u32,
    window: i64,
) -> Result<u64, StoreError> {
    let before = query(
        "select first, count from allocation where partner = $1 and kind = $2 and purpose = $3",
    )
    .bind(&counter.partner)
    .bind(&counter.kind)
    .bind(purpose)
    .fetch_optional(&mut writing.connection)
    .await?;
    if let Some(row) = before {
        if row.number("count")? != i64::from(count) {
            let why = format!("{count} numbers are asked for a purpose that has another count");
            return Err(StoreError::NotWhole(why));
        }
        return row.count("first");
    }
    let live_from = writing.now.as_microsecond().saturating_sub(window);
    let first = find_free(writing, counter, count.max(1), live_from).await?;
    query(
        "insert into allocation (partner, kind, purpose, first, count, at)
         values ($1, $2, $3, $4, $5, $6)",
    )
    .bind(&counter.partner)
    .bind(&counter.kind)
    .bind(purpose)
    .bind(first)
    .bind(i64::from(count))
    .bind(writing.now.as_microsecond())
    .execute(&mut writing.connection)
    .await?;
    query(
        "insert into counter (partner, kind, next) values ($1, $2, $3)
         on conflict (partner, kind) do update set next = excluded.next",
    )
    .bind(&counter.partner)
    .bind(&counter.kind)
    .bind(first + i64::from(count))
    .execute(&mut writing.connection)
    .await?;
    Ok(first.unsigned_abs())
}

/// The first number from the counter's next on, and then from 1, with enough free ones in a row.
async fn find_free(
    writing: &mut Writing,
    counter: &Counter,
    count: u32,
    live_from: i64,
) -> Result<i64, StoreError> {
    let last = number(counter.last, "the last number of a counter")?;
    let next = query("select next from counter where partner = $1 and kind = $2")
        .bind(&counter.partner)
        .bind(&counter.kind)
        .fetch_optional(&mut writing.connection)
        .await?;
    let next = next.map_or(Ok(1), |row| row.number("next"))?;
    // Once round, until the run that begins before the place where the search began.
    let mut first = next;
    let mut is_round = false;
    loop {
        let end = first + i64::from(count) - 1;
        if end > last {
            if is_round {
                break;
            }
            (first, is_round) = (1, true);
            continue;
        }
        // Runs that are still in force lie side by side, so the last that begins here ends last.
        let taken = query(
            "select first + count as after from allocation
             where partner = $1 and kind = $2 and first <= $3 and at >= $4 and count > 0
             order by first desc limit 1",
        )
        .bind(&counter.partner)
        .bind(&counter.kind)
        .bind(end)
        .bind(live_from)
        .fetch_optional(&mut writing.connection)
        .await?;
        match taken.map(|row| row.number("after")).transpose()? {
            Some(after) if after > first => first = after,
            _ => return Ok(first),
        }
        if is_round && first >= next {
            break;
        }
    }
    Err(StoreError::NumbersUsedUp(format!("{} of {}", counter.kind, counter.partner)))
}

pub(super) async fn list(
    pool: &SqlitePool,
    counter: &Counter,
    most: u32,
) -> Result<Vec<Allocation>, StoreError> {
    let rows = query(
        "select first, count, purpose, at from allocation where partner = $1 and kind = $2
         order by id desc limit $3",
    )
    .bind(&counter.partner)
    .bind(&counter.kind)
    .bind(i64::from(most))
    .fetch_all(pool)
    .await?;
    columns::all(&rows, columns::allocation)
}
