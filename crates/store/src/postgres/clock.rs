//! The server's time, the same for all nodes, without a question for each operation.

use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use sqlx::{PgExecutor, query};

use crate::columns::Columns;
use crate::error::StoreError;
use crate::options::Clock;

/// How long the server's answer is counted on from.
const FRESH: Duration = Duration::from_secs(1);

/// A clock that goes as the server's does. Between two answers this machine counts on from the moment
/// the last one came, so that it is behind by the way of an answer, and never ahead.
#[derive(Debug)]
pub(super) struct ServerClock {
    clock: Clock,
    answered: Mutex<Option<(Instant, Timestamp)>>,
}

impl ServerClock {
    pub(super) fn new(clock: Clock) -> Self {
        Self { clock, answered: Mutex::default() }
    }

    /// What time it is; the server is asked when its last answer is a second old.
    pub(super) async fn now(&self, server: impl PgExecutor<'_>) -> Result<Timestamp, StoreError> {
        if let Clock::Told(clock) = &self.clock {
            return Ok(clock.now());
        }
        let answered = *self.answered.lock().unwrap_or_else(PoisonError::into_inner);
        let since = answered.map(|(when, now)| (when.elapsed(), now));
        if let Some((since, now)) = since.filter(|(since, _)| *since < FRESH) {
            return now.checked_add(since).map_err(|error| StoreError::Database(error.to_string()));
        }
        let now = query("select (extract(epoch from clock_timestamp()) * 1000000)::bigint as now")
            .fetch_one(server)
            .await?
            .instant("now")?;
        *self.answered.lock().unwrap_or_else(PoisonError::into_inner) = Some((Instant::now(), now));
        Ok(now)
    }
}
