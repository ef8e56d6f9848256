//! What can go wrong with a store.

use std::path::PathBuf;

use crate::message::MessageId;

/// Why the store did not do what was asked.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StoreError {
    /// The lease of the job has ended and another worker has taken it; nothing was written.
    #[error("the job was taken by another worker; nothing was written")]
    LeaseLost,
    /// A message does not stand where the change supposes; nothing was written.
    #[error("{message} is {state}; that cannot be done with it now")]
    WrongState {
        /// The message.
        message: MessageId,
        /// The word of the state it is in.
        state: &'static str,
    },
    /// A change names something that the store does not have or that the change does not bring.
    #[error("the change is not whole: {0}; nothing was written")]
    NotWhole(String),
    /// A posting went to this partner before; nothing was written.
    #[error("what is to be sent went to this partner before; nothing was written")]
    ReleasedBefore,
    /// The file that an arrival was to be remembered as was taken before; nothing was written.
    #[error("this file was taken before; nothing was written")]
    TakenBefore,
    /// The numbers of a counter are used up within its window.
    #[error("the counter {0} has no number left")]
    NumbersUsedUp(String),
    /// The bytes that came are not those that were announced.
    #[error("the bytes do not have the SHA-256 that was announced; they changed on their way")]
    OtherBytes,
    /// The bytes of a message are not there, because it was purged or its file is gone.
    #[error("the bytes of {0} are not there; they were purged, or the payload folder is not whole")]
    PayloadMissing(MessageId),
    /// The bytes of a message are not the ones that were kept.
    #[error("the bytes of {0} are not those that were kept; restore them from a backup")]
    PayloadDamaged(MessageId),
    /// There is no room left on the disk.
    #[error("there is no room left where the store is kept; nothing was written")]
    Full,
    /// The database is of a later version than this program.
    #[error("the database is of version {found}, this program knows {known}; use a newer tieline")]
    TooNew {
        /// The database's version.
        found: i64,
        /// The newest version this program knows.
        known: i64,
    },
    /// Another process has the database for itself.
    #[error("the database is busy: {0}")]
    Busy(String),
    /// A file beside the database cannot be used.
    #[error("{path}: {error}")]
    File {
        /// Which.
        path: PathBuf,
        /// Why not.
        error: std::io::Error,
    },
    /// The address of the store cannot be used.
    #[error("{0}")]
    Address(String),
    /// The database does not answer, or not as it should.
    #[error("the database: {0}")]
    Database(String),
}

impl StoreError {
    /// Whether the same may succeed a little later without anybody doing anything.
    pub fn is_passing(&self) -> bool {
        matches!(self, StoreError::Full | StoreError::Busy(_) | StoreError::Database(_))
    }
}

impl From<sqlx::Error> for StoreError {
    fn from(error: sqlx::Error) -> Self {
        let Some(told) = error.as_database_error() else {
            return StoreError::Database(error.to_string());
        };
        if told.is_foreign_key_violation() {
            return StoreError::NotWhole("it names what the store does not have".to_string());
        }
        let code = told.code().unwrap_or_default();
        // SQLite's codes are numbers of which the low byte is the kind: 5 busy, 6 locked, 13 full.
        match (code.parse::<u32>().map(|number| number & 0xff), code.as_ref()) {
            (_, "53100") => StoreError::Full,
            (_, "55P03" | "40001" | "40P01" | "53300" | "57P03") => {
                StoreError::Busy(told.message().to_string())
            }
            (Ok(13), code) if code.len() < 5 => StoreError::Full,
            (Ok(5 | 6), code) if code.len() < 5 => StoreError::Busy(told.message().to_string()),
            _ => StoreError::Database(told.message().to_string()),
        }
    }
}
