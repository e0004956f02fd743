//! The embedded store: SQLite with a write-ahead log, one thread that writes and a few connections
//! that read beside it.

mod apply;
mod archive;
mod backup;
mod directory;
mod identity;
mod jobs;
mod lock;
mod memory;
mod outbox;
mod readers;
mod rows;
pub(crate) mod schema;
mod schema_directory;
mod schema_files;
mod schema_identity;
mod schema_outbox;
mod session;
mod writer;

#[cfg(test)]
mod plans;

use std::path::{Path, PathBuf};
use std::time::Duration;

use rusqlite::Connection;

use self::lock::Lock;
use self::memory::Memory;
use self::readers::Readers;
use self::session::Lite;
use self::writer::{Keep, Writer};
use crate::sql::people::Wanted;
use crate::sql::prepared::Prepared;
use crate::sql::{
    deeds, fetch, find, fingerprint, now, pending, people, quarantine, registry, submissions,
    touched,
};
use crate::{
    ActiveMapping, Answer, Batch, Clock, Committed, Current, DeedRow, Error, InstalledMapping,
    MappingEvent, MappingOrder, MappingOutcome, MappingPackage, MappingRegistry, MappingReview,
    Page, PendingRow, PersonMatch, PersonRow, QuarantineQuery, QuarantinedRow, Query, Scan, Sight,
    Store, Stored, Submission, SubmissionQuery, Tenant, TouchedPart, UsedMapping,
};

/// How the embedded store runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// How many connections read at once.
    pub readers: usize,
    /// How many waiting batches the writer may take into one transaction.
    pub group: usize,
    /// Where the time comes from.
    pub clock: Clock,
    /// How large the file may become, in bytes, so that it leaves room on the disk for what else
    /// must be written there; no bound when `None`. Beyond, a batch is answered [`Error::Full`].
    pub most_bytes: Option<u64>,
    /// How long the writer waits for another process that writes, before it answers
    /// [`Error::Busy`].
    pub patience: Duration,
}

impl Default for Options {
    fn default() -> Self {
        Self {
            readers: 4,
            group: 64,
            clock: Clock::default(),
            most_bytes: None,
            patience: Duration::from_secs(10),
        }
    }
}

/// The embedded store in one file. Several processes may have the file open at once: a command works
/// beside a running server.
#[derive(Debug)]
pub struct SqliteStore {
    path: PathBuf,
    clock: Clock,
    writer: Writer,
    readers: Readers,
    _lock: Lock,
}

impl SqliteStore {
    /// Opens the store in `path`, making it where it is missing. Beside it lie SQLite's own `-wal`
    /// and `-shm` files, and a `.lock`.
    ///
    /// # Errors
    /// [`Error::Open`] when the file cannot be opened or is not a Causeway store, [`Error::InUse`]
    /// when its tables have to be brought up to date and somebody else has it open, or when somebody
    /// else brings them up to date or has it alone; [`Error::TooNew`] when a later program wrote it.
    pub fn open(path: &Path, options: Options) -> Result<Self, Error> {
        let fail = |reason: String| Error::Open {
            path: path.into(),
            reason,
        };
        let mut lock = Lock::shared(path)?;
        if !schema::is_present(path) {
            drop(lock);
            let alone = Lock::alone(path)?;
            let mut connection = Connection::open(path).map_err(|error| fail(error.to_string()))?;
            schema::settle_connection(&connection).map_err(|error| fail(error.to_string()))?;
            schema::prepare(&mut connection, path)?;
            drop(connection);
            drop(alone);
            lock = Lock::shared(path)?;
        }
        let mut connection = Connection::open(path).map_err(|error| fail(error.to_string()))?;
        schema::settle_connection(&connection).map_err(|error| fail(error.to_string()))?;
        schema::prepare(&mut connection, path)?;
        connection.busy_timeout(options.patience)?;
        if let Some(bytes) = options.most_bytes {
            schema::bound(&connection, bytes)?;
        }
        let writer = Writer::start(connection, options.group, options.clock.clone())?;
        let readers = Readers::open(path, options.readers)?;
        Ok(Self {
            path: path.into(),
            clock: options.clock,
            writer,
            readers,
            _lock: lock,
        })
    }

    /// The file.
    pub fn path(&self) -> &Path {
        &self.path
    }

    fn reading<'a, T: Send + 'static>(
        &'a self,
        read: impl FnOnce(&Connection) -> Result<T, Error> + Send + 'static,
    ) -> Answer<'a, T> {
        Box::pin(self.readers.with(read))
    }
}

impl MappingRegistry for SqliteStore {
    fn order(&self, order: MappingOrder) -> Answer<'_, MappingOutcome> {
        Box::pin(self.writer.run(move |connection, memory| {
            now(registry::order(
                &mut Lite::writer(connection, memory),
                &order,
            ))
        }))
    }

    fn installed(&self) -> Answer<'_, Vec<InstalledMapping>> {
        self.reading(|connection| now(registry::installed(&mut Lite::reader(connection))))
    }

    fn package<'a>(&'a self, hash: &'a str) -> Answer<'a, Option<MappingPackage>> {
        let hash = hash.to_owned();
        self.reading(move |connection| now(registry::package(&mut Lite::reader(connection), &hash)))
    }

    fn reviews<'a>(&'a self, hash: &'a str) -> Answer<'a, Vec<MappingReview>> {
        let hash = hash.to_owned();
        self.reading(move |connection| {
            now(registry::reviews_of(&mut Lite::reader(connection), &hash))
        })
    }

    fn active<'a>(&'a self, tenant: Option<&'a Tenant>) -> Answer<'a, Vec<ActiveMapping>> {
        let tenant = tenant.cloned();
        self.reading(move |connection| {
            now(registry::active(
                &mut Lite::reader(connection),
                tenant.as_ref(),
            ))
        })
    }

    fn events(&self) -> Answer<'_, Vec<MappingEvent>> {
        self.reading(|connection| now(registry::events(&mut Lite::reader(connection))))
    }

    fn used(&self) -> Answer<'_, Vec<UsedMapping>> {
        self.reading(|connection| now(registry::used(&mut Lite::reader(connection))))
    }
}

impl Store for SqliteStore {
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
            let keep = if batch.rehearse { Keep::No } else { Keep::Yes };
            let apply = move |connection: &Connection, memory: &mut Memory| {
                apply::apply(connection, memory, batch, prepared)
            };
            self.writer.run_and(keep, apply).await
        })
    }

    fn read<'a>(
        &'a self,
        sight: &'a Sight,
        rtype: &'a str,
        id: &'a str,
    ) -> Answer<'a, Option<Stored>> {
        let (sight, rtype, id) = (sight.clone(), rtype.to_owned(), id.to_owned());
        self.reading(move |connection| {
            now(fetch::read(
                &mut Lite::reader(connection),
                &sight,
                &rtype,
                &id,
            ))
        })
    }

    fn vread<'a>(
        &'a self,
        sight: &'a Sight,
        rtype: &'a str,
        id: &'a str,
        version: u64,
    ) -> Answer<'a, Option<Stored>> {
        let (sight, rtype, id) = (sight.clone(), rtype.to_owned(), id.to_owned());
        self.reading(move |connection| {
            let mut session = Lite::reader(connection);
            let found = fetch::history(&mut session, &sight, &rtype, &id, Some(version));
            Ok(now(found)?.pop())
        })
    }

    fn history<'a>(
        &'a self,
        sight: &'a Sight,
        rtype: &'a str,
        id: &'a str,
    ) -> Answer<'a, Vec<Stored>> {
        let (sight, rtype, id) = (sight.clone(), rtype.to_owned(), id.to_owned());
        self.reading(move |connection| {
            now(fetch::history(
                &mut Lite::reader(connection),
                &sight,
                &rtype,
                &id,
                None,
            ))
        })
    }

    fn search<'a>(&'a self, sight: &'a Sight, query: &'a Query) -> Answer<'a, Page> {
        let (sight, query) = (sight.clone(), query.clone());
        self.reading(move |connection| {
            now(find::search(&mut Lite::reader(connection), &sight, &query))
        })
    }

    fn everything_about<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        patient: &'a str,
    ) -> Answer<'a, Vec<Stored>> {
        let (sight, tenant, patient) = (sight.clone(), tenant.clone(), patient.to_owned());
        self.reading(move |connection| {
            now(fetch::everything_about(
                &mut Lite::reader(connection),
                &sight,
                &tenant,
                &patient,
            ))
        })
    }

    fn people_by_nhs_number<'a>(
        &'a self,
        sight: &'a Sight,
        nhs_number: &'a str,
    ) -> Answer<'a, Vec<PersonRow>> {
        let (sight, number) = (sight.clone(), nhs_number.to_owned());
        self.reading(move |connection| {
            now(people::by_nhs_number(
                &mut Lite::reader(connection),
                &sight,
                &number,
            ))
        })
    }

    fn people_of_source<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        source: &'a str,
        matching: &'a PersonMatch,
    ) -> Answer<'a, Vec<PersonRow>> {
        let (sight, tenant) = (sight.clone(), tenant.clone());
        let (source, matching) = (source.to_owned(), matching.clone());
        self.reading(move |connection| {
            let wanted = Wanted::OfSource(&source, &matching);
            now(people::find(
                &mut Lite::reader(connection),
                &sight,
                &tenant,
                &wanted,
            ))
        })
    }

    fn person<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        patient: &'a str,
    ) -> Answer<'a, Option<PersonRow>> {
        let (sight, tenant, patient) = (sight.clone(), tenant.clone(), patient.to_owned());
        self.reading(move |connection| {
            let wanted = Wanted::Patient(&patient);
            Ok(now(people::find(
                &mut Lite::reader(connection),
                &sight,
                &tenant,
                &wanted,
            ))?
            .pop())
        })
    }

    fn current_of_source<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        source: &'a str,
    ) -> Answer<'a, Vec<Current>> {
        let (sight, tenant, source) = (sight.clone(), tenant.clone(), source.to_owned());
        self.reading(move |connection| {
            now(fetch::current_of_source(
                &mut Lite::reader(connection),
                &sight,
                &tenant,
                &source,
            ))
        })
    }

    fn scan<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        from: u64,
        limit: usize,
    ) -> Answer<'a, Scan> {
        let (sight, tenant) = (sight.clone(), tenant.clone());
        self.reading(move |connection| {
            now(fetch::scan(
                &mut Lite::reader(connection),
                &sight,
                &tenant,
                from,
                limit,
            ))
        })
    }

    fn quarantine_for<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        patient: &'a str,
    ) -> Answer<'a, Vec<QuarantinedRow>> {
        let (sight, tenant, patient) = (sight.clone(), tenant.clone(), patient.to_owned());
        self.reading(move |connection| {
            now(quarantine::of_person(
                &mut Lite::reader(connection),
                &sight,
                &tenant,
                &patient,
            ))
        })
    }

    fn quarantine_by_nhs_number<'a>(
        &'a self,
        sight: &'a Sight,
        nhs_number: &'a str,
    ) -> Answer<'a, Vec<QuarantinedRow>> {
        let (sight, number) = (sight.clone(), nhs_number.to_owned());
        self.reading(move |connection| {
            now(quarantine::of_number(
                &mut Lite::reader(connection),
                &sight,
                &number,
            ))
        })
    }

    fn submission<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        id: &'a str,
    ) -> Answer<'a, Option<Submission>> {
        let (sight, tenant, id) = (sight.clone(), tenant.clone(), id.to_owned());
        self.reading(move |connection| {
            now(submissions::submission(
                &mut Lite::reader(connection),
                &sight,
                &tenant,
                &id,
            ))
        })
    }

    fn find_submissions<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        query: &'a SubmissionQuery,
    ) -> Answer<'a, Vec<Submission>> {
        let (sight, tenant, query) = (sight.clone(), tenant.clone(), query.clone());
        self.reading(move |connection| {
            let mut session = Lite::reader(connection);
            now(submissions::find(&mut session, &sight, &tenant, &query))
        })
    }

    fn quarantine<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        query: &'a QuarantineQuery,
    ) -> Answer<'a, Vec<QuarantinedRow>> {
        let (sight, tenant, query) = (sight.clone(), tenant.clone(), query.clone());
        self.reading(move |connection| {
            let mut session = Lite::reader(connection);
            now(quarantine::find(&mut session, &sight, &tenant, &query))
        })
    }

    fn pending<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        submission: Option<&'a str>,
    ) -> Answer<'a, Vec<PendingRow>> {
        let (sight, tenant) = (sight.clone(), tenant.clone());
        let submission = submission.map(str::to_owned);
        self.reading(move |connection| {
            let mut session = Lite::reader(connection);
            let submission = submission.as_deref();
            now(pending::list(&mut session, &sight, &tenant, submission))
        })
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
        let (sight, tenant) = (sight.clone(), tenant.clone());
        let (source, submissions) = (source.to_owned(), submissions.to_vec());
        self.reading(move |connection| {
            now(touched::touched(
                &mut Lite::reader(connection),
                &sight,
                &tenant,
                &source,
                &submissions,
                from,
                limit,
            ))
        })
    }

    fn deeds<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        submission: Option<&'a str>,
    ) -> Answer<'a, Vec<DeedRow>> {
        let (sight, tenant) = (sight.clone(), tenant.clone());
        let submission = submission.map(str::to_owned);
        self.reading(move |connection| {
            let mut session = Lite::reader(connection);
            now(deeds::list(
                &mut session,
                &sight,
                &tenant,
                submission.as_deref(),
            ))
        })
    }

    fn fingerprint<'a>(&'a self, tenant: &'a Tenant) -> Answer<'a, String> {
        let tenant = tenant.clone();
        self.reading(move |connection| {
            let mut session = Lite::reader(connection);
            now(fingerprint::fingerprint(&mut session, &tenant))
        })
    }

    fn ready(&self) -> Answer<'_, ()> {
        Box::pin(async move {
            if !self.writer.alive() {
                return Err(Error::Closed);
            }
            self.readers
                .with(|connection| Ok(connection.query_row("SELECT 1", [], |_| Ok(()))?))
                .await
        })
    }
}
