//! How a store is opened.

use std::path::PathBuf;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use jiff::{SignedDuration, Timestamp};

/// How a store is opened.
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Options {
    /// The folder for payloads that are too long for a row. `None` means a folder beside the
    /// database for SQLite, and rows alone for PostgreSQL. Nodes that share a PostgreSQL share it.
    pub payloads: Option<PathBuf>,
    /// The longest payload that is kept in a row, in bytes.
    pub inline_limit: u64,
    /// Where the time comes from.
    pub clock: Clock,
    /// How long a number stays allocated: after a counter has come round, it skips numbers that were
    /// given within this time. Partners refuse a control number that they saw not long ago.
    pub number_window: SignedDuration,
    /// The most connections that are open at once, at least 2.
    pub connections: u32,
}

impl Default for Options {
    /// 1 MB in a row, the database's clock, numbers allocated for 400 days, 8 connections.
    fn default() -> Self {
        Self {
            payloads: None,
            inline_limit: 1_000_000,
            clock: Clock::Database,
            number_window: SignedDuration::from_hours(400 * 24),
            connections: 8,
        }
    }
}

/// Where a store's time comes from.
#[derive(Debug, Clone, Default)]
pub enum Clock {
    /// This machine for SQLite; the server, the same for all nodes, for PostgreSQL.
    #[default]
    Database,
    /// Whatever a test says.
    Told(ToldClock),
}

/// A clock that stands still until it is moved, for tests.
#[derive(Debug, Clone)]
pub struct ToldClock(Arc<AtomicI64>);

impl ToldClock {
    /// A clock that stands at an instant, in whole microseconds.
    pub fn new(at: Timestamp) -> Self {
        Self(Arc::new(AtomicI64::new(at.as_microsecond())))
    }

    /// Moves the clock on, or back.
    pub fn advance(&self, by: SignedDuration) {
        let microseconds = i64::try_from(by.as_micros()).unwrap_or(i64::MAX);
        self.0.fetch_add(microseconds, Ordering::SeqCst);
    }

    /// Where it stands.
    pub fn now(&self) -> Timestamp {
        Timestamp::from_microsecond(self.0.load(Ordering::SeqCst)).unwrap_or(Timestamp::MAX)
    }
}

/// This machine's time, in whole microseconds.
pub(crate) fn machine_time() -> Timestamp {
    Timestamp::from_microsecond(Timestamp::now().as_microsecond()).unwrap_or(Timestamp::MAX)
}

/// The instant so many seconds after another, or the last one there is.
pub(crate) fn after(instant: Timestamp, seconds: u32) -> Timestamp {
    instant.checked_add(SignedDuration::from_secs(seconds.into())).unwrap_or(Timestamp::MAX)
}
