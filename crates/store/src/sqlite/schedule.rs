//! Planned runs, pauses, and files of drops that were taken.

use sqlx::{SqlitePool, query};

use super::writer::Writing;
use crate::access::AuditEntry;
use crate::brought::{Brought, number};
use crate::columns;
use crate::error::StoreError;
use crate::job::NewJob;
use crate::schedule::{Pause, Run, SeenFile};

pub(super) async fn begin(
    writing: &mut Writing,
    run: &Run,
    job: &NewJob,
) -> Result<bool, StoreError> {
    let done = query(
        "insert into schedule_run (schedule, planned, at)
         select $1, $2, $3 where not exists (select 1 from pause where schedule = $1)
         on conflict do nothing",
    )
    .bind(&run.schedule)
    .bind(run.planned.as_microsecond())
    .bind(writing.now.as_microsecond())
    .execute(&mut writing.connection)
    .await?;
    if done.rows_affected() == 0 {
        return Ok(false);
    }
    super::job::write(writing, job, &Brought::default()).await?;
    Ok(true)
}

pub(super) async fn last_runs(pool: &SqlitePool) -> Result<Vec<Run>, StoreError> {
    let rows = query(
        "select schedule, max(planned) as planned from schedule_run group by schedule
         order by schedule",
    )
    .fetch_all(pool)
    .await?;
    columns::all(&rows, columns::run)
}

pub(super) async fn set_pause(
    writing: &mut Writing,
    schedule: &str,
    pause: Option<&Pause>,
    by: &str,
) -> Result<(), StoreError> {
    let sql = match pause {
        Some(pause) => query(
            "insert into pause (schedule, since, reason) values ($1, $2, $3)
             on conflict (schedule) do update set since = excluded.since, reason = excluded.reason",
        )
        .bind(schedule)
        .bind(pause.since.as_microsecond())
        .bind(&pause.reason),
        None => query("delete from pause where schedule = $1").bind(schedule),
    };
    sql.execute(&mut writing.connection).await?;
    let entry = AuditEntry {
        at: None,
        actor: by.to_string(),
        action: if pause.is_some() { "pause" } else { "go on" }.to_string(),
        subject: schedule.to_string(),
        detail: pause.map(|pause| pause.reason.clone()).unwrap_or_default(),
    };
    super::access::audit(writing, &entry).await
}

pub(super) async fn pauses(pool: &SqlitePool) -> Result<Vec<(String, Pause)>, StoreError> {
    let rows = query("select schedule, since, reason from pause order by schedule");
    columns::all(&rows.fetch_all(pool).await?, columns::pause)
}

/// Remembers a file; false when it was remembered before.
pub(super) async fn remember(
    writing: &mut Writing,
    folder: &str,
    file: &SeenFile,
) -> Result<bool, StoreError> {
    let done = query(
        "insert into seen_file (folder, name, size, modified, at) values ($1, $2, $3, $4, $5)
         on conflict do nothing",
    )
    .bind(folder)
    .bind(file.name.as_slice())
    .bind(number(file.size, "the length of a file")?)
    .bind(file.modified)
    .bind(writing.now.as_microsecond())
    .execute(&mut writing.connection)
    .await?;
    Ok(done.rows_affected() > 0)
}

pub(super) async fn remembered(
    pool: &SqlitePool,
    folder: &str,
    files: &[SeenFile],
) -> Result<Vec<bool>, StoreError> {
    let mut connection = pool.acquire().await?;
    let mut seen = Vec::with_capacity(files.len());
    for file in files {
        let row = query(
            "select 1 from seen_file
             where folder = $1 and name = $2 and size = $3 and modified = $4",
        )
        .bind(folder)
        .bind(file.name.as_slice())
        .bind(number(file.size, "the length of a file")?)
        .bind(file.modified)
        .fetch_optional(&mut *connection)
        .await?;
        seen.push(row.is_some());
    }
    Ok(seen)
}

pub(super) async fn files_of(pool: &SqlitePool, folder: &str) -> Result<Vec<SeenFile>, StoreError> {
    let rows = query("select name, size, modified from seen_file where folder = $1 order by name")
        .bind(folder)
        .fetch_all(pool)
        .await?;
    columns::all(&rows, columns::seen_file)
}
