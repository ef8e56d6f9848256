//! Failed logins, bans, the audit, and figures for the metrics.

use sqlx::{PgPool, query};

use super::Writing;
use crate::access::{AuditEntry, AuditFilter, Ban, Figure};
use crate::columns::{self, Columns};
use crate::error::StoreError;

/// How long a failed login is kept at least, in microseconds: a day.
const KEPT: i64 = 86_400_000_000;

pub(super) async fn failed_login(
    writing: &mut Writing,
    subjects: &[&str],
    window: u32,
) -> Result<Vec<u32>, StoreError> {
    let now = writing.now.as_microsecond();
    let window = i64::from(window) * 1_000_000;
    query("delete from failed_login where at < $1")
        .bind(now - window.max(KEPT))
        .execute(&mut *writing.connection)
        .await?;
    let mut counts = Vec::with_capacity(subjects.len());
    let mut locks: Vec<String> =
        subjects.iter().map(|subject| format!("login {subject}")).collect();
    writing.lock_all(&mut locks).await?;
    for subject in subjects {
        query("insert into failed_login (subject, at) values ($1, $2)")
            .bind(subject)
            .bind(now)
            .execute(&mut *writing.connection)
            .await?;
        let row = query("select count(*) as n from failed_login where subject = $1 and at > $2")
            .bind(subject)
            .bind(now - window)
            .fetch_one(&mut *writing.connection)
            .await?;
        counts.push(u32::try_from(row.number("n")?).unwrap_or(u32::MAX));
    }
    Ok(counts)
}

pub(super) async fn forget_logins(
    writing: &mut Writing,
    subjects: &[&str],
) -> Result<(), StoreError> {
    for subject in subjects {
        query("delete from failed_login where subject = $1")
            .bind(subject)
            .execute(&mut *writing.connection)
            .await?;
    }
    Ok(())
}

pub(super) async fn set_ban(
    writing: &mut Writing,
    subject: &str,
    ban: Option<&Ban>,
) -> Result<(), StoreError> {
    let sql = match ban {
        Some(ban) => query(
            "insert into ban (subject, until, reason) values ($1, $2, $3)
             on conflict (subject) do update set until = excluded.until, reason = excluded.reason",
        )
        .bind(subject)
        .bind(ban.until.as_microsecond())
        .bind(&ban.reason),
        None => query("delete from ban where subject = $1").bind(subject),
    };
    sql.execute(&mut *writing.connection).await?;
    Ok(())
}

pub(super) async fn bans(pool: &PgPool, now: i64) -> Result<Vec<(String, Ban)>, StoreError> {
    let rows = query("select subject, until, reason from ban where until > $1 order by subject")
        .bind(now)
        .fetch_all(pool)
        .await?;
    columns::all(&rows, columns::ban)
}

pub(super) async fn audit(writing: &mut Writing, entry: &AuditEntry) -> Result<(), StoreError> {
    query("insert into audit (at, actor, action, subject, detail) values ($1, $2, $3, $4, $5)")
        .bind(entry.at.unwrap_or(writing.now).as_microsecond())
        .bind(&entry.actor)
        .bind(&entry.action)
        .bind(&entry.subject)
        .bind(&entry.detail)
        .execute(&mut *writing.connection)
        .await?;
    Ok(())
}

pub(super) async fn audit_all(
    writing: &mut Writing,
    entries: &[AuditEntry],
) -> Result<(), StoreError> {
    for entry in entries {
        audit(writing, entry).await?;
    }
    Ok(())
}

pub(super) async fn audited(
    pool: &PgPool,
    filter: &AuditFilter,
    most: u32,
) -> Result<Vec<AuditEntry>, StoreError> {
    let rows = query(
        "select * from audit
         where ($1::text is null or actor = $1) and ($2::text is null or action = $2)
             and ($3::text is null or subject = $3) and ($4::bigint is null or at >= $4)
         order by at desc, id desc limit $5",
    )
    .bind(&filter.actor)
    .bind(&filter.action)
    .bind(&filter.subject)
    .bind(filter.since.map(|since| since.as_microsecond()))
    .bind(i64::from(most))
    .persistent(false)
    .fetch_all(pool)
    .await?;
    columns::all(&rows, columns::audit)
}

pub(super) async fn figures(pool: &PgPool, now: i64) -> Result<Vec<Figure>, StoreError> {
    let messages = query(
        "select coalesce(partner, '') as first, state as second, count(*) as n from message
         group by partner, state order by 1, 2",
    )
    .fetch_all(pool)
    .await?;
    let jobs = query(
        "select kind as first,
             case when dead then 'dead' when worker is not null and lease_until > $1 then 'taken'
                 when ready <= $1 then 'due' else 'waiting' end as second,
             count(*) as n
         from job group by 1, 2 order by 1, 2",
    )
    .bind(now)
    .fetch_all(pool)
    .await?;
    let expectations = query(
        "select partner as first, standing as second, count(*) as n from expectation
         group by partner, standing order by 1, 2",
    )
    .fetch_all(pool)
    .await?;
    let mut figures = Vec::new();
    for (name, label, rows) in [
        ("messages", "partner", messages),
        ("jobs", "kind", jobs),
        ("expectations", "partner", expectations),
    ] {
        for row in rows {
            let labels = vec![(label, row.text("first")?), ("state", row.text("second")?)];
            figures.push(Figure { name, labels, value: row.count("n")? });
        }
    }
    Ok(figures)
}
