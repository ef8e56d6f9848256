//! The one writer: operations that wait are written together, in one transaction.
//!
//! A commit costs a sync of the disk, however much it holds. So the writer takes all operations that
//! wait, gives each a savepoint, commits once, and only then answers. An operation that is refused
//! goes back to its savepoint and harms no other.

use std::future::Future;
use std::pin::Pin;
use std::sync::Arc;

use jiff::Timestamp;
use sqlx::{Connection, SqliteConnection, raw_sql};
use tokio::sync::{Notify, mpsc, oneshot};

use super::awake;
use crate::error::StoreError;
use crate::options::{Clock, machine_time};

/// How many operations are written together at most.
const MOST: usize = 50;

/// How many operations may wait before those who bring more have to wait themselves.
const WAITING: usize = 1000;

/// What an operation writes with.
#[derive(Debug)]
pub(super) struct Writing {
    pub(super) connection: SqliteConnection,
    /// When, for everything the operation writes.
    pub(super) now: Timestamp,
    /// How many jobs became ready.
    pub(super) ready: usize,
}

/// An operation under way.
pub(super) type Step<'a, T> = Pin<Box<dyn Future<Output = Result<T, StoreError>> + Send + 'a>>;

/// Hands operations to the task that writes.
#[derive(Debug, Clone)]
pub(super) struct Writer {
    requests: mpsc::Sender<Request>,
}

/// What the task is asked.
enum Request {
    Write(Box<dyn Operation>),
    /// To let go of the database, and say so.
    Close(oneshot::Sender<()>),
}

impl Writer {
    /// Starts the task; it ends when the last writer is dropped. `work` hears of jobs that are ready.
    pub(super) fn start(connection: SqliteConnection, clock: Clock, work: Arc<Notify>) -> Self {
        let (requests, waiting) = mpsc::channel(WAITING);
        let writing = Writing { connection, now: Timestamp::UNIX_EPOCH, ready: 0 };
        let runtime = tokio::runtime::Handle::current();
        std::thread::spawn(move || {
            let _entered = runtime.enter();
            awake::run(write_all(writing, waiting, clock, work));
        });
        Self { requests }
    }

    /// Does an operation, and returns when it is committed.
    pub(super) async fn write<T, F>(&self, work: F) -> Result<T, StoreError>
    where
        T: Send + 'static,
        F: for<'a> FnOnce(&'a mut Writing) -> Step<'a, T> + Send + 'static,
    {
        let (answer, answered) = oneshot::channel();
        let asked = Asked { work: Some(work), outcome: None, answer };
        let stopped = || StoreError::Database("its writer has stopped".to_string());
        self.requests.send(Request::Write(Box::new(asked))).await.map_err(|_| stopped())?;
        answered.await.map_err(|_| stopped())?
    }

    /// Lets go of the database when everything that waits is written.
    pub(super) async fn close(&self) {
        let (closed, is_closed) = oneshot::channel();
        if self.requests.send(Request::Close(closed)).await.is_ok() {
            let _ = is_closed.await;
        }
    }
}

/// An operation, whatever it gives.
trait Operation: Send {
    /// Does it, and says whether it may be kept.
    fn run<'a>(
        &'a mut self,
        writing: &'a mut Writing,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>>;

    /// Answers, once it is known whether what was done is kept.
    fn answer(self: Box<Self>, kept: Result<(), StoreError>);
}

struct Asked<T, F> {
    work: Option<F>,
    outcome: Option<Result<T, StoreError>>,
    answer: oneshot::Sender<Result<T, StoreError>>,
}

impl<T, F> Operation for Asked<T, F>
where
    T: Send + 'static,
    F: for<'a> FnOnce(&'a mut Writing) -> Step<'a, T> + Send + 'static,
{
    fn run<'a>(
        &'a mut self,
        writing: &'a mut Writing,
    ) -> Pin<Box<dyn Future<Output = bool> + Send + 'a>> {
        Box::pin(async move {
            let Some(work) = self.work.take() else { return false };
            self.outcome = Some(work(writing).await);
            matches!(self.outcome, Some(Ok(_)))
        })
    }

    fn answer(self: Box<Self>, kept: Result<(), StoreError>) {
        let answer = match (self.outcome, kept) {
            (Some(Err(refused)), _) => Err(refused),
            (_, Err(error)) => Err(error),
            (Some(outcome), Ok(())) => outcome,
            (None, Ok(())) => Err(StoreError::Database("it was not asked".to_string())),
        };
        // Whoever asked may have gone away; what was written stays written.
        let _ = self.answer.send(answer);
    }
}

async fn write_all(
    mut writing: Writing,
    mut waiting: mpsc::Receiver<Request>,
    clock: Clock,
    work: Arc<Notify>,
) {
    let mut requests = Vec::with_capacity(MOST);
    let mut batch = Vec::with_capacity(MOST);
    while waiting.recv_many(&mut requests, MOST).await > 0 {
        let mut closing = None;
        for request in requests.drain(..) {
            match request {
                Request::Write(operation) => batch.push(operation),
                Request::Close(closed) => closing = Some(closed),
            }
        }
        write_batch(&mut writing, &mut batch, &clock, &work).await;
        if let Some(closed) = closing {
            // Whatever cannot be tidied away now is tidied when the database is opened again.
            let _ = writing.connection.close().await;
            let _ = closed.send(());
            return;
        }
    }
}

/// Writes what waits, and answers.
async fn write_batch(
    writing: &mut Writing,
    batch: &mut Vec<Box<dyn Operation>>,
    clock: &Clock,
    work: &Notify,
) {
    if batch.is_empty() {
        return;
    }
    writing.ready = 0;
    let written = write_together(writing, batch, clock).await;
    if written.is_err() {
        // The database may have rolled back by itself already; then this one fails.
        let _ = raw_sql("rollback").execute(&mut writing.connection).await;
    }
    for operation in batch.drain(..) {
        operation.answer(match &written {
            Ok(()) => Ok(()),
            Err(error) => Err(same(error)),
        });
    }
    for _ in 0..writing.ready.min(MOST) {
        work.notify_one();
    }
}

async fn write_together(
    writing: &mut Writing,
    batch: &mut [Box<dyn Operation>],
    clock: &Clock,
) -> Result<(), StoreError> {
    // A transaction that begins by reading would be refused when another process has written since.
    // Each call is a word to the connection's thread and one back, so what follows goes together.
    let mut before = "begin immediate; savepoint operation";
    for operation in batch {
        writing.now = match clock {
            Clock::Database => machine_time(),
            Clock::Told(clock) => clock.now(),
        };
        let ready = writing.ready;
        raw_sql(before).execute(&mut writing.connection).await?;
        before = "release operation; savepoint operation";
        if !operation.run(writing).await {
            writing.ready = ready;
            raw_sql("rollback to operation").execute(&mut writing.connection).await?;
        }
    }
    raw_sql("release operation; commit").execute(&mut writing.connection).await?;
    Ok(())
}

/// The same error for another who waited.
fn same(error: &StoreError) -> StoreError {
    match error {
        StoreError::Full => StoreError::Full,
        StoreError::Busy(why) => StoreError::Busy(why.clone()),
        StoreError::Database(why) => StoreError::Database(why.clone()),
        other => StoreError::Database(other.to_string()),
    }
}
