//! What the store answers, each in a transaction of its own.

use std::time::Duration;

use jiff::Timestamp;

use super::PostgresStore;
use super::run::NOBODY;
use super::session::{Across, Pg};
use crate::sql::people::Wanted;
use crate::sql::prepared::Prepared;
use crate::sql::{
    archive, deeds, erasure, fetch, find, fingerprint, first, intake, jobs, journal, pending,
    people, quarantine, registry, submissions, touched,
};
use crate::{
    Accepted, ActiveMapping, Answer, Archive, Arrival, Backlog, Batch, Blob, Chunk, ChunkHead,
    Claim, Committed, Current, Deed, DeedRow, Error, Fence, InstalledMapping, Intake, Job,
    JobQuery, Jobs, JournalRow, MappingEvent, MappingOrder, MappingOutcome, MappingPackage,
    MappingRegistry, MappingReview, Page, PendingRow, PersonMatch, PersonRow, QuarantineQuery,
    QuarantinedRow, Query, Scan, Sight, Store, Stored, Submission, SubmissionQuery, Tenant,
    TouchedPart, UsedMapping,
};

/// An answer that is read, in a session of this name.
macro_rules! reading {
    ($store:ident, $session:ident => $work:expr) => {
        reading!($store, $crate::postgres::session::Across::Nothing, $session => $work)
    };
    ($store:ident, $across:expr, $session:ident => $work:expr) => {
        Box::pin(async move {
            let work = |mut own: Pg| async move {
                let $session = &mut own;
                let answer = $work.await;
                (own, answer)
            };
            $store.runner.read($across, work).await
        })
    };
}

pub(super) use reading;

/// An answer that is written for a tenant, in a session of this name. What the answer owns is named
/// first: it may be asked for more than once.
macro_rules! writing {
    ($store:ident, $tenant:expr, $session:ident => $work:expr) => {
        writing!($store, $tenant, [] $session => $work)
    };
    ($store:ident, $tenant:expr, [$($owned:ident),*] $session:ident => $work:expr) => {
        Box::pin(async move {
            $(let $owned = &$owned;)*
            let work = |mut own: Pg| async move {
                let $session = &mut own;
                let answer = $work.await;
                (own, answer)
            };
            $store.runner.write($tenant, false, work).await
        })
    };
}

pub(super) use writing;

/// An answer that is written to the queue of all tenants.
macro_rules! queueing {
    ($store:ident, $session:ident => $work:expr) => {
        Box::pin(async move {
            let work = |mut own: Pg| async move {
                let $session = &mut own;
                let answer = $work.await;
                (own, answer)
            };
            $store.runner.write_queue(work).await
        })
    };
}

impl MappingRegistry for PostgresStore {
    fn order(&self, order: MappingOrder) -> Answer<'_, MappingOutcome> {
        writing!(self, NOBODY, [order] s => registry::order(s, order))
    }

    fn installed(&self) -> Answer<'_, Vec<InstalledMapping>> {
        reading!(self, s => registry::installed(s))
    }

    fn package<'a>(&'a self, hash: &'a str) -> Answer<'a, Option<MappingPackage>> {
        reading!(self, s => registry::package(s, hash))
    }

    fn reviews<'a>(&'a self, hash: &'a str) -> Answer<'a, Vec<MappingReview>> {
        reading!(self, s => registry::reviews_of(s, hash))
    }

    fn active<'a>(&'a self, tenant: Option<&'a Tenant>) -> Answer<'a, Vec<ActiveMapping>> {
        reading!(self, s => registry::active(s, tenant))
    }

    fn events(&self) -> Answer<'_, Vec<MappingEvent>> {
        reading!(self, s => registry::events(s))
    }

    fn used(&self) -> Answer<'_, Vec<UsedMapping>> {
        reading!(self, s => registry::used(s))
    }
}

impl Store for PostgresStore {
    fn commit(&self, mut batch: Batch) -> Answer<'_, Committed> {
        Box::pin(async move {
            let writes = std::mem::take(&mut batch.writes);
            let prepared = tokio::task::spawn_blocking(move || {
                writes
                    .into_iter()
                    .enumerate()
                    .map(|(number, write)| Prepared::new(number, write))
                    .collect::<Result<Vec<_>, _>>()
            });
            let prepared = prepared
                .await
                .map_err(|_| Error::Database("a batch could not be made ready".to_owned()))??;
            self.apply(batch, prepared).await
        })
    }

    fn read<'a>(
        &'a self,
        sight: &'a Sight,
        rtype: &'a str,
        id: &'a str,
    ) -> Answer<'a, Option<Stored>> {
        reading!(self, s => fetch::read(s, sight, rtype, id))
    }

    fn vread<'a>(
        &'a self,
        sight: &'a Sight,
        rtype: &'a str,
        id: &'a str,
        version: u64,
    ) -> Answer<'a, Option<Stored>> {
        Box::pin(async move {
            let work = |mut s: Pg| async move {
                let found = fetch::history(&mut s, sight, rtype, id, Some(version)).await;
                (s, found)
            };
            let mut found = self.runner.read(Across::Nothing, work).await?;
            Ok(found.pop())
        })
    }

    fn history<'a>(
        &'a self,
        sight: &'a Sight,
        rtype: &'a str,
        id: &'a str,
    ) -> Answer<'a, Vec<Stored>> {
        reading!(self, s => fetch::history(s, sight, rtype, id, None))
    }

    fn search<'a>(&'a self, sight: &'a Sight, query: &'a Query) -> Answer<'a, Page> {
        reading!(self, s => find::search(s, sight, query))
    }

    fn everything_about<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        patient: &'a str,
    ) -> Answer<'a, Vec<Stored>> {
        reading!(self, s => fetch::everything_about(s, sight, tenant, patient))
    }

    fn people_by_nhs_number<'a>(
        &'a self,
        sight: &'a Sight,
        nhs_number: &'a str,
    ) -> Answer<'a, Vec<PersonRow>> {
        reading!(self, s => people::by_nhs_number(s, sight, nhs_number))
    }

    fn people_of_source<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        source: &'a str,
        matching: &'a PersonMatch,
    ) -> Answer<'a, Vec<PersonRow>> {
        reading!(self, s => people::find(s, sight, tenant, &Wanted::OfSource(source, matching)))
    }

    fn person<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        patient: &'a str,
    ) -> Answer<'a, Option<PersonRow>> {
        Box::pin(async move {
            let wanted = &Wanted::Patient(patient);
            let work = |mut s: Pg| async move {
                let found = people::find(&mut s, sight, tenant, wanted).await;
                (s, found)
            };
            let mut found = self.runner.read(Across::Nothing, work).await?;
            Ok(found.pop())
        })
    }

    fn current_of_source<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        source: &'a str,
    ) -> Answer<'a, Vec<Current>> {
        reading!(self, s => fetch::current_of_source(s, sight, tenant, source))
    }

    fn scan<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        from: u64,
        limit: usize,
    ) -> Answer<'a, Scan> {
        reading!(self, s => fetch::scan(s, sight, tenant, from, limit))
    }

    fn quarantine_for<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        patient: &'a str,
    ) -> Answer<'a, Vec<QuarantinedRow>> {
        reading!(self, s => quarantine::of_person(s, sight, tenant, patient))
    }

    fn quarantine_by_nhs_number<'a>(
        &'a self,
        sight: &'a Sight,
        nhs_number: &'a str,
    ) -> Answer<'a, Vec<QuarantinedRow>> {
        reading!(self, s => quarantine::of_number(s, sight, nhs_number))
    }

    fn submission<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        id: &'a str,
    ) -> Answer<'a, Option<Submission>> {
        reading!(self, s => submissions::submission(s, sight, tenant, id))
    }

    fn find_submissions<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        query: &'a SubmissionQuery,
    ) -> Answer<'a, Vec<Submission>> {
        reading!(self, s => submissions::find(s, sight, tenant, query))
    }

    fn quarantine<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        query: &'a QuarantineQuery,
    ) -> Answer<'a, Vec<QuarantinedRow>> {
        reading!(self, s => quarantine::find(s, sight, tenant, query))
    }

    fn pending<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        submission: Option<&'a str>,
    ) -> Answer<'a, Vec<PendingRow>> {
        reading!(self, s => pending::list(s, sight, tenant, submission))
    }

    fn touched<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        source: &'a str,
        submissions: &'a [String],
        from: u64,
        limit: usize,
    ) -> Answer<'a, TouchedPart> {
        reading!(self, s => touched::touched(s, sight, tenant, source, submissions, from, limit))
    }

    fn deeds<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        submission: Option<&'a str>,
    ) -> Answer<'a, Vec<DeedRow>> {
        reading!(self, s => deeds::list(s, sight, tenant, submission))
    }

    fn fingerprint<'a>(&'a self, tenant: &'a Tenant) -> Answer<'a, String> {
        reading!(self, s => fingerprint::fingerprint(s, tenant))
    }

    fn ready(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            // Not for long: whoever asks wants to know how it is now.
            let work = |mut s: Pg| async move {
                let one = crate::sql::Part::new("SELECT 1", []);
                let answer = first(&mut s, one).await.map(|_| ());
                (s, answer)
            };
            self.runner.read_once(Across::Nothing, &work).await
        })
    }
}

impl Archive for PostgresStore {
    fn keep<'a>(
        &'a self,
        tenant: &'a Tenant,
        upload: &'a str,
        chunks: Vec<Chunk>,
    ) -> Answer<'a, ()> {
        writing!(self, tenant.as_str(), [chunks] s => {
            archive::keep(s, s.clock(), tenant, upload, chunks.clone())
        })
    }

    fn abandon<'a>(&'a self, tenant: &'a Tenant, upload: &'a str) -> Answer<'a, ()> {
        writing!(self, tenant.as_str(), s => archive::abandon(s, tenant, upload))
    }

    fn abandon_older(&self, before: Timestamp) -> Answer<'_, u64> {
        queueing!(self, s => archive::abandon_older(s, before.as_microsecond()))
    }

    fn blob<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        hash: &'a str,
    ) -> Answer<'a, Option<Blob>> {
        reading!(self, s => archive::blob(s, sight, tenant, hash))
    }

    fn chunk_heads<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        hash: &'a str,
    ) -> Answer<'a, Vec<ChunkHead>> {
        reading!(self, s => archive::chunk_heads(s, sight, tenant, hash))
    }

    fn chunk<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        hash: &'a str,
        number: u32,
    ) -> Answer<'a, Option<Chunk>> {
        reading!(self, s => archive::chunk(s, sight, tenant, hash, number))
    }

    fn expired(&self, now: Timestamp, limit: usize) -> Answer<'_, Vec<(Tenant, String)>> {
        reading!(self, Across::Queue, s => archive::expired(s, now, limit))
    }

    fn erase<'a>(&'a self, tenant: &'a Tenant, hash: &'a str, deed: Deed) -> Answer<'a, bool> {
        writing!(self, tenant.as_str(), [deed] s => {
            erasure::erase(s, s.clock(), tenant, hash, deed)
        })
    }
}

impl Intake for PostgresStore {
    fn accept(&self, arrival: Arrival) -> Answer<'_, Accepted> {
        writing!(self, arrival.submission.tenant.as_str(), [arrival] s => {
            intake::accept(s, s.clock(), arrival)
        })
    }
}

impl Jobs for PostgresStore {
    fn claim<'a>(&'a self, worker: &'a str, lease: Duration) -> Answer<'a, Option<Claim>> {
        Box::pin(async move {
            // Most of the time there is nothing to do: found out without writing.
            let any: Answer<'_, bool> = reading!(self, Across::Queue, s => any(s));
            if !any.await? {
                return Ok(None);
            }
            let claim: Answer<'_, Option<Claim>> =
                queueing!(self, s => jobs::claim(s, s.clock(), worker, lease));
            claim.await
        })
    }

    fn renew(&self, fence: Fence, lease: Duration) -> Answer<'_, bool> {
        queueing!(self, s => jobs::renew(s, s.clock(), fence, lease))
    }

    fn put_back<'a>(
        &'a self,
        fence: Fence,
        after: Duration,
        error: Option<&'a str>,
    ) -> Answer<'a, bool> {
        queueing!(self, s => jobs::put_back(s, s.clock(), fence, after, error))
    }

    fn journal(&self, job: u64) -> Answer<'_, Vec<JournalRow>> {
        reading!(self, Across::Queue, s => journal::list(s, job))
    }

    fn jobs<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        query: &'a JobQuery,
    ) -> Answer<'a, Vec<Job>> {
        reading!(self, s => jobs::list(s, sight, tenant, query))
    }

    fn backlog(&self) -> Answer<'_, Backlog> {
        reading!(self, Across::Queue, s => backlog(s))
    }
}

async fn any(s: &mut Pg) -> Result<bool, Error> {
    let now = s.ask_clock().await?;
    jobs::any(s, now).await
}

async fn backlog(s: &mut Pg) -> Result<Backlog, Error> {
    let now = s.ask_clock().await?;
    jobs::backlog(s, now).await
}
