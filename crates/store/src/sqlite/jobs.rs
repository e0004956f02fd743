//! The queue.

use std::time::Duration;

use super::SqliteStore;
use super::session::Lite;
use crate::sql::record::micros;
use crate::sql::{jobs, journal, now};
use crate::{Answer, Backlog, Claim, Fence, Job, JobQuery, Jobs, JournalRow, Sight, Tenant};

impl Jobs for SqliteStore {
    fn claim<'a>(&'a self, worker: &'a str, lease: Duration) -> Answer<'a, Option<Claim>> {
        let worker = worker.to_owned();
        Box::pin(async move {
            // Workers ask all the time, and most of the time there is nothing: a look does not wait
            // for the writer, and writes nothing.
            let clock = micros(self.clock.now());
            let look = self
                .readers
                .with(move |c| now(jobs::any(&mut Lite::reader(c), clock)));
            if !look.await? {
                return Ok(None);
            }
            self.writer
                .run(move |connection, memory| {
                    let clock = memory.clock();
                    let mut session = Lite::writer(connection, memory);
                    now(jobs::claim(&mut session, clock, &worker, lease))
                })
                .await
        })
    }

    fn renew(&self, fence: Fence, lease: Duration) -> Answer<'_, bool> {
        Box::pin(self.writer.run(move |connection, memory| {
            let clock = memory.clock();
            let mut session = Lite::writer(connection, memory);
            now(jobs::renew(&mut session, clock, fence, lease))
        }))
    }

    fn put_back<'a>(
        &'a self,
        fence: Fence,
        after: Duration,
        error: Option<&'a str>,
    ) -> Answer<'a, bool> {
        let error = error.map(str::to_owned);
        Box::pin(self.writer.run(move |connection, memory| {
            let clock = memory.clock();
            let mut session = Lite::writer(connection, memory);
            let error = error.as_deref();
            now(jobs::put_back(&mut session, clock, fence, after, error))
        }))
    }

    fn journal(&self, job: u64) -> Answer<'_, Vec<JournalRow>> {
        self.reading(move |connection| now(journal::list(&mut Lite::reader(connection), job)))
    }

    fn jobs<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        query: &'a JobQuery,
    ) -> Answer<'a, Vec<Job>> {
        let (sight, tenant, query) = (sight.clone(), tenant.clone(), query.clone());
        self.reading(move |connection| {
            let mut session = Lite::reader(connection);
            now(jobs::list(&mut session, &sight, &tenant, &query))
        })
    }

    fn backlog(&self) -> Answer<'_, Backlog> {
        let clock = micros(self.clock.now());
        self.reading(move |connection| now(jobs::backlog(&mut Lite::reader(connection), clock)))
    }
}
