//! A copy of a whole store, and a store made from a copy.

use std::ffi::OsString;
use std::fs::{self, File};
use std::io;
use std::path::{Path, PathBuf};
use std::time::Duration;

use sqlx::sqlite::SqliteConnectOptions;
use sqlx::{Connection, SqliteConnection, query, query_scalar};

use super::connection::{MIGRATIONS, begin_private};
use super::payload_folder;
use crate::columns::Columns;
use crate::error::StoreError;
use crate::message::MessageId;
use crate::options::Options;
use crate::payload::{file, make_private, transfer};

/// The database in the folder of a backup.
const DATABASE: &str = "store.db";

/// The payloads in the folder of a backup: where those of its database are looked for, so that a backup
/// is a store that can be checked where it lies.
const PAYLOADS: &str = "store.db.payloads";

/// What a backup holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Backup {
    /// How many payloads lie in files.
    pub payloads: u64,
    /// What could not be copied because the store has not got it whole.
    pub faults: Vec<String>,
}

/// Makes a backup. Payloads are copied after the database, since a row comes after its file.
pub(crate) async fn make(
    path: &Path,
    options: &Options,
    folder: &Path,
) -> Result<Backup, StoreError> {
    make_private(folder).map_err(|error| file(folder, error))?;
    if fs::read_dir(folder).map_err(|error| file(folder, error))?.next().is_some() {
        let used = format!("{} is not empty; a backup needs a folder of its own", folder.display());
        return Err(StoreError::Address(used));
    }
    let copy = folder.join(DATABASE);
    let mut store = connect(path).await?;
    begin_private(&copy);
    query("vacuum into $1").bind(copy.to_string_lossy()).execute(&mut store).await?;
    let mut copied = connect(&copy).await?;
    let from = options.payloads.clone().unwrap_or_else(|| payload_folder(path));
    let backup = copy_payloads(&mut copied, &mut store, &from, &folder.join(PAYLOADS)).await?;
    copied.close().await?;
    store.close().await?;
    // The copy was written without a sync.
    sync(&copy).and_then(|()| sync(folder)).map_err(|error| file(&copy, error))?;
    Ok(backup)
}

async fn connect(path: &Path) -> Result<SqliteConnection, StoreError> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(false);
    SqliteConnection::connect_with(&options.busy_timeout(super::connection::PATIENCE))
        .await
        .map_err(|_| StoreError::Address(format!("there is no store in {}", path.display())))
}

async fn copy_payloads(
    copied: &mut SqliteConnection,
    store: &mut SqliteConnection,
    from: &Path,
    to: &Path,
) -> Result<Backup, StoreError> {
    let mut backup = Backup { payloads: 0, faults: Vec::new() };
    let rows = query("select id, sha256 from message where kept = 'file' order by id")
        .fetch_all(&mut *copied)
        .await?;
    for row in rows {
        let id = row.number("id")?;
        if transfer(from, to, &row.digest("sha256")?)? {
            backup.payloads += 1;
            continue;
        }
        // It may have been purged since the database was copied.
        let kept: String = query_scalar("select kept from message where id = $1")
            .bind(id)
            .fetch_one(&mut *store)
            .await?;
        if kept == "gone" {
            query("update message set kept = 'gone' where id = $1")
                .bind(id)
                .execute(&mut *copied)
                .await?;
        } else {
            backup.faults.push(StoreError::PayloadMissing(MessageId(id)).to_string());
        }
    }
    Ok(backup)
}

/// Puts a backup in the place of a store. The database comes last, so that a store is there whole or
/// not at all.
pub(crate) async fn put_back(
    folder: &Path,
    path: &Path,
    options: &Options,
    replace: bool,
) -> Result<(), StoreError> {
    let source = folder.join(DATABASE);
    let mut backup = connect(&source).await?;
    check(&mut backup, &source).await?;
    if path.exists() && !replace {
        let there =
            format!("there is a store in {} already, which was not to be replaced", path.display());
        return Err(StoreError::Address(there));
    }
    nobody_uses(path).await?;
    let to = options.payloads.clone().unwrap_or_else(|| payload_folder(path));
    let rows = query("select distinct sha256 from message where kept = 'file'")
        .fetch_all(&mut backup)
        .await?;
    for row in rows {
        // What the backup lacks is told when the store is checked.
        transfer(&folder.join(PAYLOADS), &to, &row.digest("sha256")?)?;
    }
    backup.close().await?;
    let fresh = with_end(path, ".restored");
    fs::copy(&source, &fresh)
        .and_then(|_| sync(&fresh))
        .and_then(|()| set_aside(path))
        .and_then(|()| fs::rename(&fresh, path))
        .and_then(|()| sync(folder_of(path)))
        .map_err(|error| file(path, error))
}

/// Whoever has the store open would go on writing into what is set aside. To leave the write-ahead log
/// a connection must be the only one. A store that is damaged is told by nothing, and may be replaced.
async fn nobody_uses(path: &Path) -> Result<(), StoreError> {
    let options = SqliteConnectOptions::new().filename(path).create_if_missing(false);
    let options = options.busy_timeout(Duration::from_millis(500));
    let Ok(mut connection) = SqliteConnection::connect_with(&options).await else { return Ok(()) };
    let left = query("pragma journal_mode = delete").execute(&mut connection).await;
    let _ = connection.close().await;
    match left.map_err(StoreError::from) {
        Err(StoreError::Busy(_)) => {
            let path = path.display();
            Err(StoreError::Busy(format!("{path} is in use; stop the gateway that serves from it")))
        }
        _ => Ok(()),
    }
}

/// A backup must be whole and of a version that this program knows.
async fn check(backup: &mut SqliteConnection, source: &Path) -> Result<(), StoreError> {
    let broken = |why: &str| StoreError::Address(format!("{}: {why}", source.display()));
    let said: Result<Vec<String>, _> =
        query_scalar("pragma integrity_check").fetch_all(&mut *backup).await;
    match said {
        Ok(lines) if lines == ["ok"] => {}
        _ => return Err(broken("the database of the backup is damaged")),
    }
    let found: i64 = query_scalar("pragma user_version").fetch_one(&mut *backup).await?;
    let known = MIGRATIONS.len() as i64;
    match found {
        0 => Err(broken("this is no backup of a store")),
        found if found > known => Err(StoreError::TooNew { found, known }),
        _ => Ok(()),
    }
}

/// Renames the files of a database, so that what a crash left beside it is not taken for the new
/// one's.
fn set_aside(path: &Path) -> io::Result<()> {
    for end in ["-wal", "-shm", ""] {
        let from = with_end(path, end);
        if from.exists() {
            fs::rename(&from, with_end(&with_end(path, ".replaced"), end))?;
        }
    }
    Ok(())
}

fn with_end(path: &Path, end: &str) -> PathBuf {
    let mut name = OsString::from(path);
    name.push(end);
    PathBuf::from(name)
}

fn folder_of(path: &Path) -> &Path {
    path.parent().filter(|folder| !folder.as_os_str().is_empty()).unwrap_or(Path::new("."))
}

fn sync(path: &Path) -> io::Result<()> {
    File::open(path)?.sync_all()
}
