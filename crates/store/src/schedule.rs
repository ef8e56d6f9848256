//! Planned runs, each begun once, and files of drops that were taken.

use jiff::Timestamp;

/// A planned run of a schedule.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Run {
    /// The name of the schedule, e.g. `redriver-bank/pull`.
    pub schedule: String,
    /// The instant it was planned for, whenever it really began.
    pub planned: Timestamp,
}

/// Why a schedule is paused.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pause {
    /// Since when.
    pub since: Timestamp,
    /// Why, in the words of whoever paused it.
    pub reason: String,
}

/// A file in a folder that is not ours, as a listing shows it.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct SeenFile {
    /// Its name, byte for byte.
    pub name: Vec<u8>,
    /// Its length in bytes.
    pub size: u64,
    /// When it was changed, in seconds since 1970, UTC.
    pub modified: i64,
}
