//! The one thread that writes.
//!
//! What is to be written waits in a queue; the thread takes all that waits, up to a bound, does each
//! errand under its own savepoint, and commits them together, so that many small ones share one
//! `fsync`. An errand is answered only after that commit.
//!
//! Another process may have the file open too: a group begins with SQLite's write lock, waits for it
//! a while, and then answers [`Error::Busy`]; the memory of numbers is learnt anew where somebody
//! else has written.

use std::thread::JoinHandle;

use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::memory::Memory;
use crate::{Clock, Error};

/// Something to write, whatever its answer is.
trait Errand: Send {
    /// Does it, inside the transaction, under a savepoint of its own.
    fn run(&mut self, connection: &Connection, memory: &mut Memory) -> Result<Keep, Error>;

    /// Answers whoever waits, after the commit, or with why nothing of it was stored.
    fn answer(self: Box<Self>, failure: Option<Error>);
}

/// Whether what an errand did stays.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Keep {
    /// It stays.
    Yes,
    /// It was a rehearsal: it is undone.
    No,
}

/// An errand with its answer.
struct Task<T, F> {
    work: Option<F>,
    done: Option<T>,
    keep: Keep,
    answer: oneshot::Sender<Result<T, Error>>,
}

impl<T, F> Errand for Task<T, F>
where
    T: Send,
    F: FnOnce(&Connection, &mut Memory) -> Result<T, Error> + Send,
{
    fn run(&mut self, connection: &Connection, memory: &mut Memory) -> Result<Keep, Error> {
        let work = self.work.take().ok_or_else(crossed)?;
        self.done = Some(work(connection, memory)?);
        Ok(self.keep)
    }

    fn answer(self: Box<Self>, failure: Option<Error>) {
        let answer = match failure {
            Some(error) => Err(error),
            None => self.done.ok_or_else(crossed),
        };
        // A caller that no longer waits has lost nothing: what it asked for is as committed as it is.
        let _ = self.answer.send(answer);
    }
}

/// The writer does each errand once and answers it once; anything else is a fault of it.
fn crossed() -> Error {
    Error::Database("the writer has no answer to what it was asked".to_owned())
}

/// How many errands may wait before a sender has to.
const QUEUE: usize = 64;

#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Box<dyn Errand>>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread on its connection.
    pub(super) fn start(
        mut connection: Connection,
        group: usize,
        clock: Clock,
    ) -> Result<Self, Error> {
        let mut memory = Memory::load(&connection, clock)?;
        let (queue, mut errands) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(&mut connection, &mut memory, &mut errands, group.max(1)))
            .map_err(|error| Error::Database(format!("the writer cannot start: {error}")))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Queues work and waits until it is on disk.
    pub(super) async fn run<T: Send + 'static>(
        &self,
        work: impl FnOnce(&Connection, &mut Memory) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        self.run_and(Keep::Yes, work).await
    }

    /// Queues work and waits until it is on disk, or undone where it is not to be kept.
    pub(super) async fn run_and<T: Send + 'static>(
        &self,
        keep: Keep,
        work: impl FnOnce(&Connection, &mut Memory) -> Result<T, Error> + Send + 'static,
    ) -> Result<T, Error> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(Error::Closed)?;
        let task = Task {
            work: Some(work),
            done: None,
            keep,
            answer,
        };
        queue
            .send(Box::new(task))
            .await
            .map_err(|_| Error::Closed)?;
        answered.await.map_err(|_| Error::Closed)?
    }

    /// Whether the thread still takes errands.
    pub(super) fn alive(&self) -> bool {
        self.queue.as_ref().is_some_and(|queue| !queue.is_closed())
    }
}

impl Drop for Writer {
    /// Lets the thread finish what is queued, and waits for it.
    fn drop(&mut self) {
        self.queue = None;
        if let Some(thread) = self.thread.take()
            && thread.join().is_err()
        {
            tracing::error!("the store's writer ended by a fault");
        }
    }
}

fn run(
    connection: &mut Connection,
    memory: &mut Memory,
    errands: &mut mpsc::Receiver<Box<dyn Errand>>,
    most: usize,
) {
    while let Some(first) = errands.blocking_recv() {
        let mut group = vec![first];
        while group.len() < most {
            match errands.try_recv() {
                Ok(errand) => group.push(errand),
                Err(_) => break,
            }
        }
        let failures = commit_group(connection, memory, &mut group);
        if memory.fold {
            memory.fold = !folded(connection);
        }
        for (errand, failure) in group.into_iter().zip(failures) {
            errand.answer(failure);
        }
    }
    if let Err(error) = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)")
    {
        tracing::warn!(%error, "the write-ahead log was not folded in; the next start does it");
    }
}

/// Folds the write-ahead log into the database and empties it. `false`: a reader stood in the way
/// all the time, and it is tried again after the next group.
fn folded(connection: &Connection) -> bool {
    let busy = connection.query_row("PRAGMA wal_checkpoint(TRUNCATE)", [], |row| {
        row.get::<_, i64>(0)
    });
    match busy {
        Ok(0) => true,
        Ok(_) => {
            tracing::warn!(
                "the write-ahead log still holds what was erased; it is folded in later"
            );
            false
        }
        Err(error) => {
            tracing::warn!(%error, "the write-ahead log still holds what was erased; it is folded in later");
            false
        }
    }
}

/// Does and commits a group; for each errand, in order, why it was not stored.
fn commit_group(
    connection: &mut Connection,
    memory: &mut Memory,
    group: &mut [Box<dyn Errand>],
) -> Vec<Option<Error>> {
    match try_group(connection, memory, group) {
        Ok(failures) => failures,
        Err(error) => {
            tracing::error!(%error, errands = group.len(), "a group of batches was not stored");
            if let Err(error) = memory.reload(connection) {
                tracing::error!(%error, "the store cannot be read after a failed commit");
            }
            vec![Some(error); group.len()]
        }
    }
}

fn try_group(
    connection: &mut Connection,
    memory: &mut Memory,
    group: &mut [Box<dyn Errand>],
) -> Result<Vec<Option<Error>>, Error> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    memory.begin(&transaction)?;
    let mut failures = Vec::with_capacity(group.len());
    for errand in group {
        let savepoint = transaction.savepoint()?;
        let failure = match errand.run(&savepoint, memory) {
            Ok(Keep::Yes) => {
                savepoint.commit()?;
                None
            }
            // SQLite has given up the whole transaction (disk full, I/O): so must we.
            Err(error) if savepoint.is_autocommit() => return Err(error),
            Ok(Keep::No) => {
                savepoint.finish()?;
                memory.reload(&transaction)?;
                None
            }
            Err(error) => {
                savepoint.finish()?;
                memory.reload(&transaction)?;
                Some(error)
            }
        };
        failures.push(failure);
    }
    transaction.commit()?;
    Ok(failures)
}
