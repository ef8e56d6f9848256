//! Connections to a SQLite database, and its tables brought up to date.

use std::fs::File;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::time::Duration;

use sqlx::sqlite::{
    SqliteConnectOptions, SqliteJournalMode, SqlitePool, SqlitePoolOptions, SqliteSynchronous,
};
use sqlx::{Connection, SqliteConnection, query, query_scalar, raw_sql};

use crate::error::StoreError;
use crate::maintenance::Version;

/// The tables, one text for each version, the first from nothing.
pub(super) const MIGRATIONS: [&str; 3] = [
    include_str!("../../migrations/sqlite/0001_store.sql"),
    include_str!("../../migrations/sqlite/0002_receipt.sql"),
    include_str!("../../migrations/sqlite/0003_held_apart.sql"),
];

/// How long a statement waits for another process to be done with the database.
pub(super) const PATIENCE: Duration = Duration::from_secs(10);

/// Every commit is on the disk when it returns: with `NORMAL` a loss of power may take the last.
fn options(path: &Path) -> SqliteConnectOptions {
    SqliteConnectOptions::new()
        .filename(path)
        .journal_mode(SqliteJournalMode::Wal)
        .synchronous(SqliteSynchronous::Full)
        .foreign_keys(true)
        .busy_timeout(PATIENCE)
        .statement_cache_capacity(256)
}

/// The one connection that writes. The database is made if it is not there.
pub(super) async fn writing(path: &Path) -> Result<SqliteConnection, StoreError> {
    let options = options(path).create_if_missing(true);
    begin_private(path);
    let mut connection =
        SqliteConnection::connect_with(&options).await.map_err(|error| unusable(path, error))?;
    migrate(&mut connection).await?;
    Ok(connection)
}

/// Begins a database that nobody else may read, unless there is one: that keeps the permissions that
/// somebody gave it. Its journals get the same. When it cannot be begun, the connection says why.
pub(super) fn begin_private(path: &Path) {
    drop(File::options().write(true).create_new(true).mode(0o600).open(path));
}

/// The connections that read.
pub(super) fn reading(path: &Path, most: u32) -> SqlitePool {
    let options = options(path).create_if_missing(false).pragma("query_only", "on");
    // A file does not go away as a server does, so it is not asked before each use.
    let pool = SqlitePoolOptions::new().max_connections(most.max(1)).test_before_acquire(false);
    pool.connect_lazy_with(options)
}

/// The version of the tables, of which nothing is changed.
pub(super) async fn version(path: &Path) -> Result<Version, StoreError> {
    let options = SqliteConnectOptions::new().filename(path).read_only(true);
    let options = options.create_if_missing(false).busy_timeout(PATIENCE);
    let mut connection =
        SqliteConnection::connect_with(&options).await.map_err(|error| unusable(path, error))?;
    let found = query_scalar("pragma user_version").fetch_one(&mut connection).await?;
    connection.close().await?;
    Ok(Version { found, known: MIGRATIONS.len() as i64 })
}

fn unusable(path: &Path, error: sqlx::Error) -> StoreError {
    match StoreError::from(error) {
        StoreError::Database(why) => {
            StoreError::Address(format!("{} cannot be used as a database: {why}", path.display()))
        }
        other => other,
    }
}

/// Brings the tables up to date, in one transaction.
async fn migrate(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    query("begin immediate").execute(&mut *connection).await?;
    let done = migrate_now(connection).await;
    query(if done.is_ok() { "commit" } else { "rollback" }).execute(&mut *connection).await?;
    done
}

async fn migrate_now(connection: &mut SqliteConnection) -> Result<(), StoreError> {
    let found: i64 = query_scalar("pragma user_version").fetch_one(&mut *connection).await?;
    let known = MIGRATIONS.len() as i64;
    if found > known {
        return Err(StoreError::TooNew { found, known });
    }
    let tables: i64 =
        query_scalar("select count(*) from sqlite_schema").fetch_one(&mut *connection).await?;
    if found == 0 && tables > 0 {
        let whose = "the file is the database of another program; choose another";
        return Err(StoreError::Address(whose.to_string()));
    }
    for (migration, version) in MIGRATIONS.iter().zip(1..).skip(found as usize) {
        raw_sql(*migration).execute(&mut *connection).await?;
        let version: i64 = version;
        let set = format!("pragma user_version = {version}");
        raw_sql(sqlx::AssertSqlSafe(set)).execute(&mut *connection).await?;
    }
    Ok(())
}
