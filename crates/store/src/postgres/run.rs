//! Transactions: tried again where that is safe, and never guessed about.
//!
//! Until COMMIT is sent, a transaction that fails has left nothing behind, so one that PostgreSQL
//! gave up, or whose connection was lost, is done again (F3). When the connection is lost after
//! COMMIT was sent, the transaction may be committed or not: each one leaves a mark of its own, and
//! the mark is looked for under the tenant's clock, which nobody gets before that transaction has
//! ended one way or the other (F4).

use std::collections::{BTreeSet, HashMap};
use std::future::Future;
use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};
use std::time::{Duration, Instant};

use sqlx::PgPool;

use super::failure;
use super::session::{Across, Known, Pg};
use crate::Error;
use crate::sql::{Part, Session as _, first};

/// How long a mark is kept: far longer than anyone looks for it.
const KEPT: i64 = 3_600_000_000;

/// How many new resources make a table worth counting, and from how many on it is left to autovacuum.
const YOUNG: u64 = 1_000;
const OLD: u64 = 500_000;

/// The clock of what belongs to no tenant: mappings.
pub(super) const NOBODY: &str = "";

/// Where transactions run.
#[derive(Debug)]
pub(super) struct Runner {
    pub(super) pool: PgPool,
    pub(super) known: Arc<Known>,
    /// How many resources this process has created.
    pub(super) created: AtomicU64,
    pub(super) patience: Duration,
    /// How long a reader goes on trying: whoever asks waits for the answer.
    pub(super) reading: Duration,
    /// How long one try may take: a wire that went silent answers never.
    pub(super) longest: Duration,
}

/// How a transaction ended.
enum Ended<T> {
    /// As it should.
    Done(T),
    /// Without a trace.
    Failed(Error),
    /// The answer to COMMIT was lost.
    Lost(T),
}

impl Runner {
    /// Reads one state of the store.
    pub(super) async fn read<T, W: Future<Output = (Pg, Result<T, Error>)> + Send>(
        &self,
        across: Across,
        work: impl Fn(Pg) -> W + Send + Sync,
    ) -> Result<T, Error> {
        let mut tries = Tries::new(self.reading);
        loop {
            let failed = match self.read_once(across, &work).await {
                Ok(answer) => return Ok(answer),
                Err(error) => error,
            };
            tries.again(failed).await?;
        }
    }

    /// The same, tried once.
    pub(super) async fn read_once<T, W: Future<Output = (Pg, Result<T, Error>)> + Send>(
        &self,
        across: Across,
        work: &(impl Fn(Pg) -> W + Send + Sync),
    ) -> Result<T, Error> {
        match tokio::time::timeout(self.longest, self.reads(across, work)).await {
            Ok(answer) => answer,
            Err(_) => Err(silent()),
        }
    }

    async fn reads<T, W: Future<Output = (Pg, Result<T, Error>)> + Send>(
        &self,
        across: Across,
        work: &(impl Fn(Pg) -> W + Send + Sync),
    ) -> Result<T, Error> {
        let begin = "BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY";
        let transaction = self.pool.begin_with(begin).await.map_err(failure::of)?;
        let session = Pg::new(transaction, Arc::clone(&self.known), across).await?;
        let (session, answer) = work(session).await;
        // Nothing was written: how it ends decides nothing but what may be remembered.
        match answer {
            Ok(answer) => {
                session.commit().await.map_err(failure::of)?;
                Ok(answer)
            }
            Err(error) => {
                let _ = session.roll_back().await;
                Err(error)
            }
        }
    }

    /// Writes for a tenant: whole, or not at all; on disk when this returns. `rehearse` tells the
    /// outcome and leaves nothing behind. Transactions of one tenant come one after the other.
    pub(super) async fn write<T, W: Future<Output = (Pg, Result<T, Error>)> + Send>(
        &self,
        tenant: &str,
        rehearse: bool,
        work: impl Fn(Pg) -> W + Send + Sync,
    ) -> Result<T, Error> {
        let number = self.tenant(tenant).await?;
        let mut tries = Tries::new(self.patience);
        loop {
            let mark = uuid::Uuid::new_v4().simple().to_string();
            let failed = match self.try_write(number, &mark, rehearse, &work).await {
                Ended::Done(answer) => return Ok(answer),
                Ended::Failed(error) => error,
                Ended::Lost(answer) => {
                    if self.find_out(number, &mark).await? {
                        return Ok(answer);
                    }
                    Error::Busy
                }
            };
            tries.again(failed).await?;
        }
    }

    async fn try_write<T, W: Future<Output = (Pg, Result<T, Error>)> + Send>(
        &self,
        tenant: i64,
        mark: &str,
        rehearse: bool,
        work: &(impl Fn(Pg) -> W + Send + Sync),
    ) -> Ended<T> {
        let worked = tokio::time::timeout(self.longest, self.work(tenant, mark, work));
        let (session, answer) = match worked.await {
            Ok(Ok(done)) => done,
            Ok(Err(error)) => return Ended::Failed(error),
            Err(_) => return Ended::Failed(silent()),
        };
        if rehearse {
            // Whatever becomes of the connection: nothing is committed.
            let _ = session.roll_back().await;
            return Ended::Done(answer);
        }
        self.end(session, answer).await
    }

    async fn work<T, W: Future<Output = (Pg, Result<T, Error>)> + Send>(
        &self,
        tenant: i64,
        mark: &str,
        work: &(impl Fn(Pg) -> W + Send + Sync),
    ) -> Result<(Pg, T), Error> {
        let transaction = self.pool.begin().await.map_err(failure::of)?;
        let mut session = Pg::new(transaction, Arc::clone(&self.known), Across::Nothing).await?;
        session.take_clock(tenant).await?;
        let (mut session, answer) = work(session).await;
        let answer = match answer {
            Ok(answer) => answer,
            Err(error) => {
                let _ = session.roll_back().await;
                return Err(error);
            }
        };
        session.enter(tenant).await?;
        let now = session.clock();
        session
            .execute(Part::new(
                "WITH gone AS (DELETE FROM commit_mark WHERE tenant = ? AND at < ?)
                 INSERT INTO commit_mark (tenant, id, at) VALUES (?, ?, ?)",
                [
                    tenant.into(),
                    (now - KEPT).into(),
                    tenant.into(),
                    mark.into(),
                    now.into(),
                ],
            ))
            .await?;
        Ok((session, answer))
    }

    /// Writes to the queue, over all tenants, or gives out numbers. What is done here may be done
    /// twice where an answer was lost: a claim that nobody knows of ends with its lease, and whoever
    /// gives back a claim twice is told that it no longer holds.
    pub(super) async fn write_queue<T, W: Future<Output = (Pg, Result<T, Error>)> + Send>(
        &self,
        work: impl Fn(Pg) -> W + Send + Sync,
    ) -> Result<T, Error> {
        let mut tries = Tries::new(self.patience);
        loop {
            let failed = match self.try_queue(&work).await {
                Ended::Done(answer) => return Ok(answer),
                Ended::Failed(error) => error,
                Ended::Lost(_) => Error::Busy,
            };
            tries.again(failed).await?;
        }
    }

    async fn try_queue<T, W: Future<Output = (Pg, Result<T, Error>)> + Send>(
        &self,
        work: &(impl Fn(Pg) -> W + Send + Sync),
    ) -> Ended<T> {
        let begun = async {
            let transaction = self.pool.begin().await.map_err(failure::of)?;
            let mut session = Pg::new(transaction, Arc::clone(&self.known), Across::Queue).await?;
            session.tell_moment().await?;
            let (session, answer) = work(session).await;
            Ok((session, answer?))
        };
        match tokio::time::timeout(self.longest, begun).await {
            Ok(Ok((session, answer))) => self.end(session, answer).await,
            Ok(Err(error)) => Ended::Failed(error),
            Err(_) => Ended::Failed(silent()),
        }
    }

    /// The number of a tenant, given to it in a transaction of its own.
    async fn tenant(&self, name: &str) -> Result<i64, Error> {
        if name == NOBODY {
            return Ok(0);
        }
        if let Some(number) = self.known.tenant(name) {
            return Ok(number);
        }
        self.write_queue(|mut session: Pg| async move {
            let number = session.new_tenant(name).await;
            (session, number)
        })
        .await
    }

    /// The numbers of words. Those that have none are given one in a transaction of its own, so that
    /// a batch holds no word back from the batches of others.
    pub(super) async fn words(
        &self,
        words: BTreeSet<String>,
    ) -> Result<HashMap<String, i64>, Error> {
        let mut numbers = HashMap::with_capacity(words.len());
        let mut missing = Vec::new();
        for word in words {
            match self.known.word(&word) {
                Some(number) => {
                    numbers.insert(word, number);
                }
                None => missing.push(word),
            }
        }
        if !missing.is_empty() {
            let missing = &missing;
            let given = |mut session: Pg| async move {
                let numbers = session.new_words(missing).await;
                (session, numbers)
            };
            numbers.extend(self.write_queue(given).await?);
        }
        Ok(numbers)
    }

    /// Has the tables counted when they have grown to about twice what they were: while a database is
    /// young, and autovacuum has not come by. What goes wrong here makes nothing wrong.
    pub(super) async fn grown(&self, by: u64) {
        let before = self.created.fetch_add(by, Ordering::Relaxed);
        let step = |count: u64| (count / YOUNG).checked_ilog2();
        if by == 0 || before > OLD || step(before) == step(before + by) {
            return;
        }
        let count = |mut session: Pg| async move {
            let counted = first(&mut session, Part::new("SELECT causeway_count()", [])).await;
            (session, counted.map(|_| ()))
        };
        if let Err(error) = self.write_queue(count).await {
            tracing::debug!(%error, "the tables were not counted");
        }
    }

    /// Whether a transaction whose answer was lost is committed.
    async fn find_out(&self, tenant: i64, mark: &str) -> Result<bool, Error> {
        tracing::warn!("the answer to a commit was lost: looking for what became of it");
        let mut tries = Tries::new(self.patience);
        loop {
            let looked = tokio::time::timeout(self.longest, self.look(tenant, mark));
            let failed = match looked.await {
                Ok(Ok(found)) => return Ok(found),
                Ok(Err(error)) => error,
                Err(_) => silent(),
            };
            if tries.again(failed).await.is_err() {
                return Err(Error::Unknown);
            }
        }
    }

    async fn look(&self, tenant: i64, mark: &str) -> Result<bool, Error> {
        let transaction = self.pool.begin().await.map_err(failure::of)?;
        let mut session = Pg::new(transaction, Arc::clone(&self.known), Across::Nothing).await?;
        session.take_clock(tenant).await?;
        let part = Part::new(
            "SELECT 1 FROM commit_mark WHERE tenant = ? AND id = ?",
            [tenant.into(), mark.into()],
        );
        let found = first(&mut session, part).await?.is_some();
        session.roll_back().await.map_err(failure::of)?;
        Ok(found)
    }

    async fn end<T>(&self, session: Pg, answer: T) -> Ended<T> {
        match tokio::time::timeout(self.longest, session.commit()).await {
            Ok(Ok(())) => Ended::Done(answer),
            // PostgreSQL said itself that it gave the transaction up.
            Ok(Err(sqlx::Error::Database(database)))
                if database
                    .code()
                    .is_some_and(|code| code.starts_with("40") || code.starts_with("23")) =>
            {
                Ended::Failed(Error::Busy)
            }
            Ok(Err(error)) => {
                tracing::warn!(%error, "the answer to a commit did not come");
                Ended::Lost(answer)
            }
            Err(_) => {
                tracing::warn!("the answer to a commit did not come in time");
                Ended::Lost(answer)
            }
        }
    }
}

fn silent() -> Error {
    tracing::warn!("PostgreSQL did not answer in time");
    Error::Busy
}

/// How often and how long something is tried.
pub(super) struct Tries {
    until: Instant,
    count: u32,
}

impl Tries {
    pub(super) fn new(patience: Duration) -> Self {
        Self {
            until: Instant::now() + patience,
            count: 0,
        }
    }

    /// Waits a while before the next try: longer each time, and never as long as another that
    /// failed at the same moment. Gives the failure back when trying again is of no use.
    pub(super) async fn again(&mut self, failed: Error) -> Result<(), Error> {
        if !failure::passes(&failed) || Instant::now() >= self.until {
            return Err(failed);
        }
        self.count += 1;
        let most = 10u64 << self.count.min(7);
        let random = u64::try_from(uuid::Uuid::new_v4().as_u128() & 0xFFFF).unwrap_or(0);
        let wait = most / 2 + (most / 2) * random / 0xFFFF;
        tokio::time::sleep(Duration::from_millis(wait)).await;
        Ok(())
    }
}
