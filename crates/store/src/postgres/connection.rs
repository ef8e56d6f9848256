//! Connections to a PostgreSQL server, transactions on them, and the tables brought up to date.

use std::time::Duration;

use jiff::Timestamp;
use sqlx::postgres::{PgConnectOptions, PgPool, PgPoolOptions};
use sqlx::{Connection, PgConnection, Postgres, Transaction, query, query_scalar, raw_sql};

use super::clock::ServerClock;
use crate::error::StoreError;
use crate::maintenance::Version;

/// The tables, one text for each version, the first from nothing.
const MIGRATIONS: [&str; 3] = [
    include_str!("../../migrations/postgres/0001_store.sql"),
    include_str!("../../migrations/postgres/0002_receipt.sql"),
    include_str!("../../migrations/postgres/0003_held_apart.sql"),
];

/// The channel on which nodes tell each other of jobs.
pub(super) const CHANNEL: &str = "tieline_work";

/// How long a connection may lie unused until it is asked, before its next use, whether it still is one.
const UNASKED: Duration = Duration::from_secs(1);

pub(super) async fn connect(address: &str, most: u32) -> Result<PgPool, StoreError> {
    let options: PgConnectOptions = address.parse().map_err(|error: sqlx::Error| {
        StoreError::Address(format!("the address of the PostgreSQL server cannot be read: {error}"))
    })?;
    let options = options.application_name("tieline").statement_cache_capacity(256);
    let pool = PgPoolOptions::new()
        .max_connections(most.max(2))
        .test_before_acquire(false)
        .before_acquire(|connection, meta| {
            Box::pin(async move {
                if meta.idle_for > UNASKED {
                    connection.ping().await?;
                }
                Ok(true)
            })
        })
        .connect_with(options)
        .await?;
    migrate(&pool).await?;
    Ok(pool)
}

/// The version of the tables, of which nothing is changed.
pub(super) async fn version(address: &str) -> Result<Version, StoreError> {
    let options: PgConnectOptions = address.parse().map_err(|error: sqlx::Error| {
        StoreError::Address(format!("the address of the PostgreSQL server cannot be read: {error}"))
    })?;
    let mut connection = PgConnection::connect_with(&options).await?;
    let is_made: bool = query_scalar("select to_regclass('store_version') is not null")
        .fetch_one(&mut connection)
        .await?;
    let found: Option<i64> = match is_made {
        true => {
            let asked = query_scalar("select max(version) from store_version");
            asked.fetch_one(&mut connection).await?
        }
        false => None,
    };
    connection.close().await?;
    Ok(Version { found: found.unwrap_or(0), known: MIGRATIONS.len() as i64 })
}

/// Brings the tables up to date, in one transaction. Nodes that start together wait for each other.
async fn migrate(pool: &PgPool) -> Result<(), StoreError> {
    let mut transaction = pool.begin().await?;
    lock(&mut transaction, "migration").await?;
    raw_sql("create table if not exists store_version (version bigint not null)")
        .execute(&mut *transaction)
        .await?;
    let found: Option<i64> =
        query_scalar("select max(version) from store_version").fetch_one(&mut *transaction).await?;
    let (found, known) = (found.unwrap_or(0), MIGRATIONS.len() as i64);
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    for (migration, version) in MIGRATIONS.iter().zip(1_i64..).skip(found as usize) {
        raw_sql(*migration).execute(&mut *transaction).await?;
        query("insert into store_version (version) values ($1)")
            .bind(version)
            .execute(&mut *transaction)
            .await?;
    }
    transaction.commit().await?;
    Ok(())
}

async fn lock(connection: &mut PgConnection, name: &str) -> Result<(), StoreError> {
    query("select pg_advisory_xact_lock(hashtextextended($1, 0))")
        .bind(name)
        .execute(connection)
        .await?;
    Ok(())
}

/// What an operation writes with: a transaction of its own.
#[derive(Debug)]
pub(super) struct Writing {
    pub(super) connection: Transaction<'static, Postgres>,
    /// When, for everything the operation writes.
    pub(super) now: Timestamp,
    /// How many jobs became ready.
    pub(super) ready: usize,
}

impl Writing {
    pub(super) async fn begin(pool: &PgPool, clock: &ServerClock) -> Result<Self, StoreError> {
        let mut connection = pool.begin().await?;
        let now = clock.now(&mut *connection).await?;
        Ok(Self { connection, now, ready: 0 })
    }

    /// Has a name for itself until the end.
    pub(super) async fn lock(&mut self, name: &str) -> Result<(), StoreError> {
        lock(&mut self.connection, name).await
    }

    /// Has names for itself, always in the same order, so that two who want the same do not wait
    /// for each other.
    pub(super) async fn lock_all(&mut self, names: &mut Vec<String>) -> Result<(), StoreError> {
        names.sort_unstable();
        names.dedup();
        for name in names {
            lock(&mut self.connection, name).await?;
        }
        Ok(())
    }

    /// Commits, and tells other nodes of jobs that are ready.
    pub(super) async fn commit(mut self) -> Result<(), StoreError> {
        if self.ready > 0 {
            query("select pg_notify($1, $2)")
                .bind(CHANNEL)
                .bind(self.ready.to_string())
                .execute(&mut *self.connection)
                .await?;
        }
        Ok(self.connection.commit().await?)
    }
}

/// How often an operation is tried that met another half way.
pub(super) const TRIES: u32 = 8;

/// Does an operation in a transaction of its own, again when it met another half way.
macro_rules! in_transaction {
    ($store:expr, $writing:ident => $work:expr) => {{
        let mut tries = 0;
        loop {
            tries += 1;
            let mut $writing = connection::Writing::begin(&$store.pool, &$store.clock).await?;
            let done = match $work.await {
                Ok(value) => $writing.commit().await.map(|()| value),
                Err(error) => {
                    // A connection that cannot roll back is broken, and closed for that.
                    let _ = $writing.connection.rollback().await;
                    Err(error)
                }
            };
            match done {
                Err(StoreError::Busy(_)) if tries < connection::TRIES => {}
                done => break done,
            }
        }
    }};
}
pub(super) use in_transaction;
