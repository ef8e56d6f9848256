//! What an operator does with a store as a whole: bring it up to date, back it up, restore it, check it.

use std::path::Path;

use crate::error::StoreError;
use crate::open::open_with;
use crate::options::Options;
use crate::sqlite::{self, backup};

pub use crate::sqlite::backup::Backup;

/// Whether a store that is there already may be replaced.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Replace {
    /// No: then nothing is restored.
    Never,
    /// Yes: its files are set aside, with `.replaced` at the end of their names.
    SetAside,
}

/// Makes the tables of a store, or brings them up to date.
///
/// # Errors
///
/// As [`crate::open()`].
pub async fn migrate(address: &str, options: Options) -> Result<(), StoreError> {
    open_with(address, options).await?.close().await;
    Ok(())
}

/// The version of a store's tables, and the newest that this program knows.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Version {
    /// That of the store; 0 when it has no tables yet.
    pub found: i64,
    /// That of this program.
    pub known: i64,
}

/// Looks how far a store is behind, and changes nothing.
///
/// # Errors
///
/// [`StoreError::Address`] when there is no store at the address.
pub async fn version(address: &str) -> Result<Version, StoreError> {
    if let Some(path) = address.strip_prefix(sqlite::SCHEME) {
        return sqlite::version(Path::new(path)).await;
    }
    #[cfg(feature = "postgres")]
    return crate::postgres::version(address).await;
    #[cfg(not(feature = "postgres"))]
    return Err(StoreError::Address("a store is named as sqlite:PATH".to_string()));
}

/// Checks a store, and gives what does not fit; see [`crate::Store::verify`].
///
/// # Errors
///
/// As [`crate::open()`], and when it cannot be read.
pub async fn verify(address: &str, options: Options) -> Result<Vec<String>, StoreError> {
    let store = open_with(address, options).await?;
    let faults = store.verify().await;
    store.close().await;
    faults
}

/// Copies a SQLite store as it is at one instant, with its payloads, into a folder that is new or
/// empty. Others may read and write the store meanwhile.
///
/// # Errors
///
/// [`StoreError::Address`] for a PostgreSQL store, which has its own tools, and when the folder is
/// in use; [`StoreError::File`] and [`StoreError::Full`] when it cannot be written.
pub async fn backup(address: &str, options: &Options, folder: &Path) -> Result<Backup, StoreError> {
    backup::make(sqlite_path(address)?, options, folder).await
}

/// Puts a backup in the place of a SQLite store, and gives what [`verify`] says of it. Nobody may
/// use the store meanwhile.
///
/// # Errors
///
/// [`StoreError::Busy`] while somebody uses the store; [`StoreError::Address`] for a PostgreSQL store,
/// when there is a store already and it may not be replaced, and when the folder holds no backup;
/// [`StoreError::TooNew`] when a newer program made it. Then the store is as it was.
pub async fn restore(
    folder: &Path,
    address: &str,
    options: Options,
    replace: Replace,
) -> Result<Vec<String>, StoreError> {
    backup::put_back(folder, sqlite_path(address)?, &options, replace == Replace::SetAside).await?;
    verify(address, options).await
}

fn sqlite_path(address: &str) -> Result<&Path, StoreError> {
    let other = "only a SQLite store is backed up and restored here; for PostgreSQL use pg_dump and \
                 pg_restore, and copy the payload folder after the dump if there is one";
    let path = address.strip_prefix(sqlite::SCHEME);
    path.map(Path::new).ok_or_else(|| StoreError::Address(other.to_string()))
}
