//! One batch, inside the writer's transaction.

use std::collections::{BTreeSet, HashMap, HashSet};

use jiff::Timestamp;
use rusqlite::{Connection, OptionalExtension as _};

use super::rows::Pending;
use super::session::Lite;
use crate::sql::prepared::{Content, Prepared};
use crate::sql::record::{instant, micros};
use crate::sql::rows::{self, Row};
use crate::sql::{ledger, now, people};
use crate::{Batch, Committed, Error, Expected, Label, Outcome, Reindex, Retire, Retired, Status};

/// What the writer knows without asking: being the only one, it gives out the numbers.
pub(super) struct Memory {
    tenants: HashMap<String, i64>,
    words: HashMap<String, i64>,
    last_resource: i64,
    last_version: i64,
    last_tenant: i64,
    last_word: i64,
    /// The moment of the running transaction: never before one already given out (the clock may
    /// go back), and to the millisecond, as `meta.lastUpdated` shows it.
    now: i64,
}

/// How many words are remembered before the memory is emptied: they come from data (code systems),
/// so their number has no natural bound.
const MOST_WORDS: usize = 50_000;

impl Memory {
    pub(super) fn load(connection: &Connection) -> Result<Self, Error> {
        let number = |sql: &str| -> Result<i64, Error> {
            Ok(connection
                .prepare_cached(sql)?
                .query_row([], |row| row.get(0))?)
        };
        Ok(Self {
            tenants: HashMap::new(),
            words: HashMap::new(),
            last_resource: number("SELECT coalesce(max(rid), 0) FROM resource")?,
            last_version: number("SELECT coalesce(max(vid), 0) FROM version")?,
            last_tenant: number("SELECT coalesce(max(no), 0) FROM tenant")?,
            last_word: number("SELECT coalesce(max(no), 0) FROM word")?,
            now: number(
                "SELECT coalesce((SELECT updated FROM version ORDER BY vid DESC LIMIT 1), 0)",
            )?,
        })
    }

    /// Forgets what a rolled-back batch had added.
    pub(super) fn reload(&mut self, connection: &Connection) -> Result<(), Error> {
        let now = self.now;
        *self = Self::load(connection)?;
        self.now = self.now.max(now);
        Ok(())
    }

    pub(super) fn tick(&mut self, clock: Timestamp) {
        let clock = clock.as_millisecond().saturating_mul(1000);
        self.now = self.now.max(clock);
    }

    /// The moment of the running transaction, in microseconds.
    pub(super) fn now(&self) -> i64 {
        self.now
    }

    pub(super) fn tenant(&mut self, connection: &Connection, name: &str) -> Result<i64, Error> {
        if let Some(number) = self.tenants.get(name) {
            return Ok(*number);
        }
        let known = connection
            .prepare_cached("SELECT no FROM tenant WHERE name = ?1")?
            .query_row([name], |row| row.get(0))
            .optional()?;
        let number = match known {
            Some(number) => number,
            None => {
                self.last_tenant += 1;
                connection
                    .prepare_cached("INSERT INTO tenant (no, name) VALUES (?1, ?2)")?
                    .execute((self.last_tenant, name))?;
                self.last_tenant
            }
        };
        self.tenants.insert(name.to_owned(), number);
        Ok(number)
    }

    pub(super) fn word(&mut self, connection: &Connection, text: &str) -> Result<i64, Error> {
        if let Some(number) = self.words.get(text) {
            return Ok(*number);
        }
        let known = connection
            .prepare_cached("SELECT no FROM word WHERE text = ?1")?
            .query_row([text], |row| row.get(0))
            .optional()?;
        let number = match known {
            Some(number) => number,
            None => {
                self.last_word += 1;
                connection
                    .prepare_cached("INSERT INTO word (no, text) VALUES (?1, ?2)")?
                    .execute((self.last_word, text))?;
                self.last_word
            }
        };
        if self.words.len() >= MOST_WORDS {
            self.words.clear();
        }
        self.words.insert(text.to_owned(), number);
        Ok(number)
    }
}

/// The stored state of a resource that is about to be written.
struct Before {
    rid: i64,
    version: i64,
    vid: i64,
    status: i64,
    source: i64,
    as_of: i64,
    hash: Vec<u8>,
    patient: Option<String>,
    labelled: bool,
    rows: BTreeSet<Row>,
}

/// A batch being applied.
struct Run<'a> {
    connection: &'a Connection,
    memory: &'a mut Memory,
    tenant: i64,
    submission: String,
    pending: Pending,
    touched: HashSet<i64>,
}

/// Applies a batch; the caller commits or rolls back.
pub(super) fn apply(
    connection: &Connection,
    memory: &mut Memory,
    batch: Batch,
    writes: Vec<Prepared>,
) -> Result<Committed, Error> {
    let tenant = memory.tenant(connection, batch.tenant.as_str())?;
    if let Some(submission) = &batch.submission {
        let mut session = Lite::writer(connection, memory);
        now(ledger::put_submission(&mut session, tenant, submission))?;
    }
    let mut run = Run {
        connection,
        memory,
        tenant,
        submission: batch.submission_id,
        pending: Pending::default(),
        touched: HashSet::new(),
    };
    let mut committed = Committed::default();
    for write in writes {
        committed.writes.push(run.write(write)?);
    }
    for retire in &batch.retire {
        committed.retired.push(run.retire(retire)?);
    }
    for reindex in batch.reindex {
        committed.reindexed += u64::from(run.reindex(reindex)?);
    }
    run.pending.flush(connection, tenant)?;
    let Run {
        memory, submission, ..
    } = run;
    let mut session = Lite::writer(connection, memory);
    for settle in &batch.settle {
        committed.settled += now(ledger::settle(&mut session, tenant, &submission, settle))?;
    }
    for held in &batch.quarantine {
        now(ledger::hold(&mut session, tenant, &submission, held))?;
    }
    Ok(committed)
}

impl Run<'_> {
    fn before(&mut self, rtype: i64, id: &str) -> Result<Option<Before>, Error> {
        let found = self
            .connection
            .prepare_cached(
                "SELECT rid, ver, vid, status, source, as_of, hash, patient, labelled,
                   index_rows
                 FROM resource WHERE tenant = ?1 AND rtype = ?2 AND id = ?3",
            )?
            .query_row((self.tenant, rtype, id), |row| {
                Ok((
                    Before {
                        rid: row.get(0)?,
                        version: row.get(1)?,
                        vid: row.get(2)?,
                        status: row.get(3)?,
                        source: row.get(4)?,
                        as_of: row.get(5)?,
                        hash: row.get(6)?,
                        patient: row.get(7)?,
                        labelled: row.get(8)?,
                        rows: BTreeSet::new(),
                    },
                    row.get::<_, Vec<u8>>(9)?,
                ))
            })
            .optional()?;
        let Some((mut before, rows)) = found else {
            return Ok(None);
        };
        before.rows = rows::decode(&rows)?;
        Ok(Some(before))
    }

    fn write(&mut self, prepared: Prepared) -> Result<Outcome, Error> {
        let rtype = self.memory.word(self.connection, &prepared.rtype)?;
        let before = self.before(rtype, &prepared.id)?;
        let stored = before.as_ref().map(|before| before.version.unsigned_abs());
        let expected = match prepared.write.expected {
            Expected::Any => true,
            Expected::Absent => stored.is_none(),
            Expected::Version(version) => stored == Some(version),
        };
        if !expected {
            return Ok(Outcome::Conflict { version: stored });
        }
        let as_of = micros(prepared.write.as_of);
        if let Some(before) = &before
            && before.as_of > as_of
        {
            return Ok(Outcome::Older {
                version: before.version.unsigned_abs(),
            });
        }
        let source = self.memory.word(self.connection, &prepared.write.source)?;
        let (connection, memory) = (self.connection, &mut *self.memory);
        let mut rows = BTreeSet::new();
        let mut prepared = prepared;
        for row in std::mem::take(&mut prepared.write.index) {
            rows.insert(Row::of(&prepared.rtype, row, |text| {
                memory.word(connection, text)
            })?);
        }
        match before {
            None => self.create(rtype, source, as_of, &prepared, &rows),
            Some(before)
                if before.status == prepared.write.status.number()
                    && before.hash == prepared.hash() =>
            {
                self.confirm(&before, source, as_of, &prepared, &rows)
            }
            Some(before) => self.update(&before, source, as_of, &prepared, &rows),
        }
    }

    fn create(
        &mut self,
        rtype: i64,
        source: i64,
        as_of: i64,
        prepared: &Prepared,
        rows: &BTreeSet<Row>,
    ) -> Result<Outcome, Error> {
        self.memory.last_resource += 1;
        self.memory.last_version += 1;
        let (rid, vid) = (self.memory.last_resource, self.memory.last_version);
        let write = &prepared.write;
        self.connection
            .prepare_cached(
                "INSERT INTO resource (rid, tenant, rtype, id, ver, vid, updated, status, labelled,
                   patient, source, as_of, submission, hash, index_rows)
                 VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14)",
            )?
            .execute(rusqlite::params![
                rid,
                self.tenant,
                rtype,
                prepared.id,
                vid,
                self.memory.now,
                write.status.number(),
                !prepared.labels.is_empty(),
                write.patient,
                source,
                as_of,
                self.submission,
                prepared.hash(),
                rows::encode(rows)?,
            ])?;
        self.version(&NewVersion {
            vid,
            rid,
            version: 1,
            status: write.status,
            labels: &prepared.labels,
            patient: write.patient.as_deref(),
            source,
            as_of,
            content: prepared.content.as_ref(),
        })?;
        self.index(rid, &BTreeSet::new(), rows)?;
        self.person(rid, source, prepared)?;
        Ok(Outcome::Created { version: 1 })
    }

    /// The same content again: only what lies beside it may move.
    fn confirm(
        &mut self,
        before: &Before,
        source: i64,
        as_of: i64,
        prepared: &Prepared,
        rows: &BTreeSet<Row>,
    ) -> Result<Outcome, Error> {
        let write = &prepared.write;
        self.connection
            .prepare_cached(
                "UPDATE resource SET source = ?2, as_of = ?3, submission = ?4, labelled = ?5
                 WHERE rid = ?1",
            )?
            .execute((
                before.rid,
                source,
                as_of,
                &self.submission,
                !prepared.labels.is_empty(),
            ))?;
        if before.patient != write.patient {
            self.connection
                .prepare_cached("UPDATE resource SET patient = ?2 WHERE rid = ?1")?
                .execute((before.rid, &write.patient))?;
        }
        if before.labelled || !prepared.labels.is_empty() {
            self.connection
                .prepare_cached("DELETE FROM label WHERE tenant = ?1 AND vid = ?2")?
                .execute((self.tenant, before.vid))?;
            self.label(before.vid, &prepared.labels)?;
        }
        if &before.rows != rows {
            self.connection
                .prepare_cached("UPDATE resource SET index_rows = ?2 WHERE rid = ?1")?
                .execute((before.rid, rows::encode(rows)?))?;
            self.index(before.rid, &before.rows, rows)?;
        }
        self.person(before.rid, source, prepared)?;
        Ok(Outcome::Unchanged {
            version: before.version.unsigned_abs(),
        })
    }

    fn update(
        &mut self,
        before: &Before,
        source: i64,
        as_of: i64,
        prepared: &Prepared,
        rows: &BTreeSet<Row>,
    ) -> Result<Outcome, Error> {
        let write = &prepared.write;
        let version = before.version + 1;
        self.memory.last_version += 1;
        let vid = self.memory.last_version;
        self.version(&NewVersion {
            vid,
            rid: before.rid,
            version,
            status: write.status,
            labels: &prepared.labels,
            patient: write.patient.as_deref(),
            source,
            as_of,
            content: prepared.content.as_ref(),
        })?;
        self.connection
            .prepare_cached(
                "UPDATE resource SET ver = ?2, vid = ?3, updated = ?4, status = ?5, labelled = ?6,
                   patient = ?7, source = ?8, as_of = ?9, submission = ?10, hash = ?11,
                   index_rows = ?12
                 WHERE rid = ?1",
            )?
            .execute(rusqlite::params![
                before.rid,
                version,
                vid,
                self.memory.now,
                write.status.number(),
                !prepared.labels.is_empty(),
                write.patient,
                source,
                as_of,
                self.submission,
                prepared.hash(),
                rows::encode(rows)?,
            ])?;
        self.index(before.rid, &before.rows, rows)?;
        self.person(before.rid, source, prepared)?;
        Ok(Outcome::Updated {
            version: version.unsigned_abs(),
        })
    }

    /// Whether the index rows of a resource had to change.
    fn reindex(&mut self, reindex: Reindex) -> Result<bool, Error> {
        let rtype = self.memory.word(self.connection, &reindex.rtype)?;
        let Some(before) = self.before(rtype, &reindex.id)? else {
            return Ok(false);
        };
        if before.version.unsigned_abs() != reindex.version {
            return Ok(false);
        }
        let (connection, memory) = (self.connection, &mut *self.memory);
        let mut rows = BTreeSet::new();
        for row in reindex.index {
            rows.insert(Row::of(&reindex.rtype, row, |text| {
                memory.word(connection, text)
            })?);
        }
        if before.rows == rows {
            return Ok(false);
        }
        self.connection
            .prepare_cached("UPDATE resource SET index_rows = ?2 WHERE rid = ?1")?
            .execute((before.rid, rows::encode(&rows)?))?;
        self.index(before.rid, &before.rows, &rows)?;
        Ok(true)
    }

    fn retire(&mut self, retire: &Retire) -> Result<Vec<Retired>, Error> {
        let source = self.memory.word(self.connection, &retire.source)?;
        let mut outcomes = Vec::with_capacity(retire.ids.len());
        for (rtype, id) in &retire.ids {
            let rtype = self.memory.word(self.connection, rtype)?;
            let outcome = match self.before(rtype, id)? {
                Some(before)
                    if before.source == source
                        && before.status == Status::Active.number()
                        && before.as_of <= micros(retire.as_of) =>
                {
                    self.retire_one(&before, retire)?
                }
                _ => Retired::LeftAlone,
            };
            outcomes.push(outcome);
        }
        Ok(outcomes)
    }

    fn retire_one(&mut self, before: &Before, retire: &Retire) -> Result<Retired, Error> {
        let (body, patient): (Vec<u8>, Option<String>) = self
            .connection
            .prepare_cached("SELECT body, patient FROM version WHERE vid = ?1")?
            .query_row([before.vid], |row| Ok((row.get(0)?, row.get(1)?)))?;
        let labels = self
            .connection
            .prepare_cached("SELECT system, code FROM label WHERE tenant = ?1 AND vid = ?2")?
            .query_map((self.tenant, before.vid), |row| {
                Ok(Label::new(
                    row.get::<_, String>(0)?,
                    row.get::<_, String>(1)?,
                ))
            })?
            .collect::<Result<Vec<_>, _>>()?;
        let content = tagged(&body, retire.tag.as_ref())
            .ok_or_else(|| Error::Database("a stored resource cannot be read".to_owned()))?;
        let version = before.version + 1;
        let as_of = micros(retire.as_of);
        self.memory.last_version += 1;
        let vid = self.memory.last_version;
        self.version(&NewVersion {
            vid,
            rid: before.rid,
            version,
            status: Status::Retired,
            labels: &labels,
            patient: patient.as_deref(),
            source: before.source,
            as_of,
            content: Some(&content),
        })?;
        self.connection
            .prepare_cached(
                "UPDATE resource SET ver = ?2, vid = ?3, updated = ?4, status = ?5, as_of = ?6,
                   submission = ?7
                 WHERE rid = ?1",
            )?
            .execute((
                before.rid,
                version,
                vid,
                self.memory.now,
                Status::Retired.number(),
                as_of,
                &self.submission,
            ))?;
        Ok(Retired::Retired {
            version: version.unsigned_abs(),
        })
    }

    fn version(&mut self, new: &NewVersion<'_>) -> Result<(), Error> {
        let body = new.content.map_or_else(Vec::new, |content| {
            content.bytes(new.version, instant(self.memory.now))
        });
        self.connection
            .prepare_cached(
                "INSERT INTO version (vid, tenant, rid, ver, updated, status, patient, source,
                   as_of, submission, body)
                 VALUES (?1, ?2, ?3, ?4, ?5, ?6, ?7, ?8, ?9, ?10, ?11)",
            )?
            .execute(rusqlite::params![
                new.vid,
                self.tenant,
                new.rid,
                new.version,
                self.memory.now,
                new.status.number(),
                new.patient,
                new.source,
                new.as_of,
                self.submission,
                body,
            ])?;
        self.label(new.vid, new.labels)
    }

    fn label(&mut self, vid: i64, labels: &[Label]) -> Result<(), Error> {
        for label in labels {
            self.connection
                .prepare_cached(
                    "INSERT INTO label (tenant, vid, system, code) VALUES (?1, ?2, ?3, ?4)",
                )?
                .execute((self.tenant, vid, &label.system, &label.code))?;
        }
        Ok(())
    }

    fn person(&mut self, rid: i64, source: i64, prepared: &Prepared) -> Result<(), Error> {
        if prepared.rtype != "Patient" {
            return Ok(());
        }
        let keys = prepared.write.person.as_ref();
        let mut session = Lite::writer(self.connection, self.memory);
        now(people::put(&mut session, self.tenant, rid, source, keys))
    }

    fn index(&mut self, rid: i64, old: &BTreeSet<Row>, new: &BTreeSet<Row>) -> Result<(), Error> {
        // A second write of one resource takes away rows that the first may still have waiting.
        if !self.touched.insert(rid) {
            self.pending.flush(self.connection, self.tenant)?;
        }
        self.pending.change(rid, old, new);
        Ok(())
    }
}

/// A row of the version table.
struct NewVersion<'a> {
    vid: i64,
    rid: i64,
    version: i64,
    status: Status,
    labels: &'a [Label],
    patient: Option<&'a str>,
    source: i64,
    as_of: i64,
    content: Option<&'a Content>,
}

/// The content of a stored body with one more tag.
fn tagged(body: &[u8], tag: Option<&json::Value>) -> Option<Content> {
    let mut resource = json::parse(body).ok()?;
    if let Some(tag) = tag {
        let meta = resource.get_mut("meta")?.as_object_mut()?;
        match meta.get_mut("tag").and_then(json::Value::as_array_mut) {
            Some(tags) => tags.push(tag.clone()),
            None => {
                meta.insert("tag", json::Value::Array(vec![tag.clone()]));
            }
        }
    }
    Content::of(&resource)
}
