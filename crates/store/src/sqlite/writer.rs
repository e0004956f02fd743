//! The one thread that writes.
//!
//! Batches wait in a queue; the thread takes all that wait, up to a bound, applies each under its
//! own savepoint, and commits them together, so that many small batches share one `fsync`. A batch
//! is answered only after that commit.

use std::thread::JoinHandle;

use jiff::Timestamp;
use rusqlite::{Connection, TransactionBehavior};
use tokio::sync::{mpsc, oneshot};

use super::apply::{Memory, apply};
use super::prepared::Prepared;
use super::session::Lite;
use crate::sql::{now, registry};
use crate::{Batch, Committed, Error, MappingOrder, MappingOutcome};

/// Something to write, and who waits for it.
struct Job {
    work: Work,
    answer: oneshot::Sender<Result<Done, Error>>,
}

/// What is written in one go.
enum Work {
    /// A batch, whose writes have moved to their prepared form.
    Batch(Box<Batch>, Vec<Prepared>),
    /// A change of what is installed or active.
    Mappings(MappingOrder),
}

/// What became of it.
enum Done {
    Batch(Committed),
    Mappings(MappingOutcome),
}

impl Work {
    fn apply(self, connection: &Connection, memory: &mut Memory) -> Result<Done, Error> {
        match self {
            Self::Batch(batch, writes) => {
                apply(connection, memory, *batch, writes).map(Done::Batch)
            }
            Self::Mappings(order) => now(registry::order(
                &mut Lite::writer(connection, memory),
                &order,
            ))
            .map(Done::Mappings),
        }
    }
}

/// How many batches may wait before a sender has to.
const QUEUE: usize = 64;

#[derive(Debug)]
pub(super) struct Writer {
    queue: Option<mpsc::Sender<Job>>,
    thread: Option<JoinHandle<()>>,
}

impl Writer {
    /// Starts the thread on its connection.
    pub(super) fn start(connection: Connection, group: usize) -> Result<Self, Error> {
        let memory = Memory::load(&connection)?;
        let (queue, jobs) = mpsc::channel(QUEUE);
        let thread = std::thread::Builder::new()
            .name("store-writer".to_owned())
            .spawn(move || run(connection, memory, jobs, group.max(1)))
            .map_err(|error| Error::Database(format!("the writer cannot start: {error}")))?;
        Ok(Self {
            queue: Some(queue),
            thread: Some(thread),
        })
    }

    /// Queues a batch and waits until it is on disk.
    pub(super) async fn commit(
        &self,
        batch: Batch,
        writes: Vec<Prepared>,
    ) -> Result<Committed, Error> {
        match self.write(Work::Batch(Box::new(batch), writes)).await? {
            Done::Batch(committed) => Ok(committed),
            Done::Mappings(_) => Err(crossed()),
        }
    }

    /// Queues an order and waits until it is on disk.
    pub(super) async fn order(&self, order: MappingOrder) -> Result<MappingOutcome, Error> {
        match self.write(Work::Mappings(order)).await? {
            Done::Mappings(outcome) => Ok(outcome),
            Done::Batch(_) => Err(crossed()),
        }
    }

    async fn write(&self, work: Work) -> Result<Done, Error> {
        let (answer, answered) = oneshot::channel();
        let queue = self.queue.as_ref().ok_or(Error::Closed)?;
        queue
            .send(Job { work, answer })
            .await
            .map_err(|_| Error::Closed)?;
        answered.await.map_err(|_| Error::Closed)?
    }

    /// Whether the thread still takes batches.
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

/// The writer answers each kind of work with its own kind of answer; anything else is a fault of it.
fn crossed() -> Error {
    Error::Database("the writer gave the answer to another question".to_owned())
}

fn run(mut connection: Connection, mut memory: Memory, mut jobs: mpsc::Receiver<Job>, most: usize) {
    while let Some(first) = jobs.blocking_recv() {
        let mut group = vec![first];
        while group.len() < most {
            match jobs.try_recv() {
                Ok(job) => group.push(job),
                Err(_) => break,
            }
        }
        let mut waiting = Vec::with_capacity(group.len());
        let mut done = Vec::with_capacity(group.len());
        for job in group {
            waiting.push(job.answer);
            done.push(job.work);
        }
        let answers = commit_group(&mut connection, &mut memory, done);
        for (answer, result) in waiting.into_iter().zip(answers) {
            // A caller that no longer waits has lost nothing: its batch is as committed as it is.
            let _ = answer.send(result);
        }
    }
    if let Err(error) = connection.execute_batch("PRAGMA optimize; PRAGMA wal_checkpoint(TRUNCATE)")
    {
        tracing::warn!(%error, "the write-ahead log was not folded in; the next start does it");
    }
}

/// Applies and commits a group; one answer for each batch, in order.
fn commit_group(
    connection: &mut Connection,
    memory: &mut Memory,
    group: Vec<Work>,
) -> Vec<Result<Done, Error>> {
    let size = group.len();
    match try_group(connection, memory, group) {
        Ok(answers) => answers,
        Err(error) => {
            tracing::error!(%error, batches = size, "a group of batches was not stored");
            if let Err(error) = memory.reload(connection) {
                tracing::error!(%error, "the store cannot be read after a failed commit");
            }
            let text = error.to_string();
            let full = matches!(error, Error::Full);
            (0..size)
                .map(|_| {
                    Err(if full {
                        Error::Full
                    } else {
                        Error::Database(text.clone())
                    })
                })
                .collect()
        }
    }
}

fn try_group(
    connection: &mut Connection,
    memory: &mut Memory,
    group: Vec<Work>,
) -> Result<Vec<Result<Done, Error>>, Error> {
    let mut transaction = connection.transaction_with_behavior(TransactionBehavior::Immediate)?;
    memory.tick(Timestamp::now());
    let mut answers = Vec::with_capacity(group.len());
    for work in group {
        let savepoint = transaction.savepoint()?;
        let answer = match work.apply(&savepoint, memory) {
            Ok(done) => {
                savepoint.commit()?;
                Ok(done)
            }
            // SQLite has given up the whole transaction (disk full, I/O): so must we.
            Err(error) if savepoint.is_autocommit() => return Err(error),
            Err(error) => {
                savepoint.finish()?;
                memory.reload(&transaction)?;
                Err(error)
            }
        };
        answers.push(answer);
    }
    transaction.commit()?;
    Ok(answers)
}
