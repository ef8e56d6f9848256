//! A store opened by its address.

use std::path::Path;
use std::sync::Arc;

use crate::error::StoreError;
use crate::options::Options;
#[cfg(feature = "postgres")]
use crate::postgres::{self, PostgresStore};
use crate::sqlite::SqliteStore;
use crate::{Store, sqlite};

/// Opens the store at an address, `sqlite:PATH` or `postgres://USER@HOST/DATABASE`, and brings its
/// tables up to date.
///
/// # Errors
///
/// [`StoreError::Address`] when there is no store at the address, [`StoreError::TooNew`] when a
/// newer program has written it.
pub async fn open(address: &str) -> Result<Arc<dyn Store>, StoreError> {
    open_with(address, Options::default()).await
}

/// Opens the store at an address in a way of one's own.
///
/// # Errors
///
/// As [`open`].
pub async fn open_with(address: &str, options: Options) -> Result<Arc<dyn Store>, StoreError> {
    if let Some(path) = address.strip_prefix(sqlite::SCHEME) {
        return Ok(Arc::new(SqliteStore::open(Path::new(path), options).await?));
    }
    #[cfg(feature = "postgres")]
    if postgres::SCHEMES.iter().any(|scheme| address.starts_with(scheme)) {
        return Ok(Arc::new(PostgresStore::open(address, options).await?));
    }
    Err(StoreError::Address(
        "a store is named as sqlite:PATH or postgres://USER@HOST/DATABASE".to_string(),
    ))
}
