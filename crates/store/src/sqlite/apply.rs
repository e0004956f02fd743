//! One batch, inside the writer's transaction.

use std::collections::{BTreeMap, BTreeSet, HashSet};

use rusqlite::{Connection, OptionalExtension as _};

use super::memory::Memory;
use super::rows::Pending;
use super::session::Lite;
use crate::sql::decide::{self, Decision, Standing};
use crate::sql::prepared::{Content, Prepared};
use crate::sql::record::{instant, micros};
use crate::sql::rows::{self, Row};
use crate::sql::{batch as beside, now, outbox, people};
use crate::{Batch, Committed, Error, Label, Outcome, Reindex, Retire, Retired, Status};

/// The stored state of a resource that is about to be written.
struct Before {
    rid: i64,
    version: i64,
    vid: i64,
    status: i64,
    source: i64,
    as_of: i64,
    submission: String,
    hash: Vec<u8>,
    patient: Option<String>,
    labelled: bool,
    /// See [`Prepared::beside`]; `None` where it is not known.
    beside: Option<Vec<u8>>,
}

impl Before {
    fn standing(&self) -> Standing<'_> {
        Standing {
            version: self.version,
            status: self.status,
            as_of: self.as_of,
            hash: &self.hash,
        }
    }
}

/// A batch being applied.
struct Run<'a> {
    connection: &'a Connection,
    memory: &'a mut Memory,
    tenant: i64,
    submission: String,
    pending: Pending,
    touched: HashSet<i64>,
    said: Said,
    /// What has a new version, or other things beside its content: destinations are to be told.
    changed: Vec<i64>,
}

/// Resources of which nothing but the as-of and the submission moves: moved together.
#[derive(Default)]
struct Said {
    rows: BTreeMap<(i64, String), Vec<i64>>,
    all: HashSet<i64>,
}

impl Said {
    fn flush(&mut self, connection: &Connection) -> Result<(), Error> {
        for ((as_of, submission), mut rids) in std::mem::take(&mut self.rows) {
            // In the order of the rows: neighbours share a page.
            rids.sort_unstable();
            let list: Vec<String> = rids.iter().map(i64::to_string).collect();
            connection
                .prepare_cached(
                    "UPDATE resource SET as_of = ?1, submission = ?2
                     WHERE rid IN (SELECT value FROM json_each(?3))",
                )?
                .execute((as_of, submission, format!("[{}]", list.join(","))))?;
        }
        self.all.clear();
        Ok(())
    }
}

/// Applies a batch; the caller commits or rolls back.
pub(super) fn apply(
    connection: &Connection,
    memory: &mut Memory,
    mut batch: Batch,
    writes: Vec<Prepared>,
) -> Result<Committed, Error> {
    let tenant = now(beside::open(&mut Lite::writer(connection, memory), &batch))?;
    let mut run = Run {
        connection,
        memory,
        tenant,
        submission: batch.submission_id.clone(),
        pending: Pending::default(),
        touched: HashSet::new(),
        said: Said::default(),
        changed: Vec::new(),
    };
    let mut committed = Committed::default();
    for write in writes {
        committed.writes.push(run.write(write)?);
    }
    for retire in &batch.retire {
        committed.retired.push(run.retire(retire)?);
    }
    for reindex in std::mem::take(&mut batch.reindex) {
        committed.reindexed += u64::from(run.reindex(reindex)?);
    }
    run.pending.flush(connection, tenant)?;
    run.said.flush(connection)?;
    let changed = std::mem::take(&mut run.changed);
    let clock = memory.clock();
    let mut session = Lite::writer(connection, memory);
    now(outbox::note(&mut session, tenant, changed))?;
    now(beside::close(
        &mut session,
        clock,
        tenant,
        &mut batch,
        &mut committed,
    ))?;
    Ok(committed)
}

impl Run<'_> {
    fn before(&mut self, rtype: i64, id: &str) -> Result<Option<Before>, Error> {
        let before = self.look(rtype, id)?;
        match &before {
            // An earlier write of this batch has said it again, which is not in the table yet.
            Some(found) if self.said.all.contains(&found.rid) => {
                self.said.flush(self.connection)?;
                self.look(rtype, id)
            }
            _ => Ok(before),
        }
    }

    fn look(&self, rtype: i64, id: &str) -> Result<Option<Before>, Error> {
        Ok(self
            .connection
            .prepare_cached(
                "SELECT rid, ver, vid, status, source, as_of, submission, hash, patient, labelled,
                   beside
                 FROM resource WHERE tenant = ?1 AND rtype = ?2 AND id = ?3",
            )?
            .query_row((self.tenant, rtype, id), |row| {
                Ok(Before {
                    rid: row.get(0)?,
                    version: row.get(1)?,
                    vid: row.get(2)?,
                    status: row.get(3)?,
                    source: row.get(4)?,
                    as_of: row.get(5)?,
                    submission: row.get(6)?,
                    hash: row.get(7)?,
                    patient: row.get(8)?,
                    labelled: row.get(9)?,
                    beside: row.get(10)?,
                })
            })
            .optional()?)
    }

    /// The index rows that a resource has.
    fn rows_of(&self, rid: i64) -> Result<BTreeSet<Row>, Error> {
        let bytes: Vec<u8> = self
            .connection
            .prepare_cached("SELECT index_rows FROM resource WHERE rid = ?1")?
            .query_row([rid], |row| row.get(0))?;
        rows::decode(&bytes)
    }

    fn write(&mut self, mut prepared: Prepared) -> Result<Outcome, Error> {
        let rtype = self.memory.word(self.connection, &prepared.rtype)?;
        let before = self.before(rtype, &prepared.id)?;
        let decision = decide::write(&prepared, before.as_ref().map(Before::standing));
        if let Decision::Leave(outcome) = decision {
            return Ok(outcome);
        }
        let as_of = micros(prepared.write.as_of);
        let source = self.memory.word(self.connection, &prepared.write.source)?;
        if decision == Decision::Confirm
            && let Some(before) = &before
            && before.source == source
            && before.beside.as_deref() == Some(&prepared.beside)
        {
            return Ok(self.say_again(before, as_of, &prepared));
        }
        let (connection, memory) = (self.connection, &mut *self.memory);
        let mut rows = BTreeSet::new();
        for row in std::mem::take(&mut prepared.write.index) {
            rows.insert(Row::of(&prepared.rtype, row, |text| {
                memory.word(connection, text)
            })?);
        }
        match before {
            None => self.create(rtype, source, as_of, &prepared, &rows),
            Some(before) if decision == Decision::Confirm => {
                self.confirm(&before, source, as_of, &prepared, &rows)
            }
            Some(before) => self.update(&before, source, as_of, &prepared, &rows),
        }
    }

    /// The submission that a write is said by.
    fn said_by<'w>(&'w self, prepared: &'w Prepared) -> &'w str {
        let own = prepared.write.submission.as_deref();
        own.unwrap_or(&self.submission)
    }

    /// The same content with the same things beside it: it is said again, and that is all.
    fn say_again(&mut self, before: &Before, as_of: i64, prepared: &Prepared) -> Outcome {
        let submission = self.said_by(prepared);
        if before.as_of != as_of || before.submission != submission {
            let key = (as_of, submission.to_owned());
            self.said.rows.entry(key).or_default().push(before.rid);
            self.said.all.insert(before.rid);
        }
        Outcome::Unchanged {
            version: before.version.unsigned_abs(),
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
                   patient, source, as_of, submission, hash, index_rows, beside)
                 VALUES (?1, ?2, ?3, ?4, 1, ?5, ?6, ?7, ?8, ?9, ?10, ?11, ?12, ?13, ?14, ?15)",
            )?
            .execute(rusqlite::params![
                rid,
                self.tenant,
                rtype,
                prepared.id,
                vid,
                self.memory.now(),
                write.status.number(),
                !prepared.labels.is_empty(),
                write.patient,
                source,
                as_of,
                self.said_by(prepared),
                prepared.hash(),
                rows::encode(rows)?,
                prepared.beside,
            ])?;
        self.changed.push(rid);
        self.version(&NewVersion {
            vid,
            rid,
            version: 1,
            status: write.status,
            labels: &prepared.labels,
            patient: write.patient.as_deref(),
            source,
            as_of,
            submission: self.said_by(prepared),
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
        self.changed.push(before.rid);
        let write = &prepared.write;
        self.connection
            .prepare_cached(
                "UPDATE resource SET source = ?2, as_of = ?3, submission = ?4, labelled = ?5,
                   beside = ?6
                 WHERE rid = ?1",
            )?
            .execute((
                before.rid,
                source,
                as_of,
                self.said_by(prepared),
                !prepared.labels.is_empty(),
                prepared.beside,
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
        let old = self.rows_of(before.rid)?;
        if &old != rows {
            self.connection
                .prepare_cached("UPDATE resource SET index_rows = ?2 WHERE rid = ?1")?
                .execute((before.rid, rows::encode(rows)?))?;
            self.index(before.rid, &old, rows)?;
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
        let old = self.rows_of(before.rid)?;
        self.memory.last_version += 1;
        let vid = self.memory.last_version;
        self.changed.push(before.rid);
        self.version(&NewVersion {
            vid,
            rid: before.rid,
            version,
            status: write.status,
            labels: &prepared.labels,
            patient: write.patient.as_deref(),
            source,
            as_of,
            submission: self.said_by(prepared),
            content: prepared.content.as_ref(),
        })?;
        self.connection
            .prepare_cached(
                "UPDATE resource SET ver = ?2, vid = ?3, updated = ?4, status = ?5, labelled = ?6,
                   patient = ?7, source = ?8, as_of = ?9, submission = ?10, hash = ?11,
                   index_rows = ?12, beside = ?13
                 WHERE rid = ?1",
            )?
            .execute(rusqlite::params![
                before.rid,
                version,
                vid,
                self.memory.now(),
                write.status.number(),
                !prepared.labels.is_empty(),
                write.patient,
                source,
                as_of,
                self.said_by(prepared),
                prepared.hash(),
                rows::encode(rows)?,
                prepared.beside,
            ])?;
        self.index(before.rid, &old, rows)?;
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
        let old = self.rows_of(before.rid)?;
        if old == rows {
            return Ok(false);
        }
        self.connection
            .prepare_cached("UPDATE resource SET index_rows = ?2, beside = NULL WHERE rid = ?1")?
            .execute((before.rid, rows::encode(&rows)?))?;
        self.index(before.rid, &old, &rows)?;
        Ok(true)
    }

    fn retire(&mut self, retire: &Retire) -> Result<Vec<Retired>, Error> {
        let source = self.memory.word(self.connection, &retire.source)?;
        let mut outcomes = Vec::with_capacity(retire.ids.len());
        for (rtype, id) in &retire.ids {
            let rtype = self.memory.word(self.connection, rtype)?;
            let outcome = match self.before(rtype, id)? {
                Some(before)
                    if decide::retires(
                        retire,
                        before.standing(),
                        before.source == source,
                        &before.submission,
                    ) =>
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
        let as_of = match &retire.only_said_by {
            Some(_) => before.as_of,
            None => micros(retire.as_of),
        };
        self.memory.last_version += 1;
        let vid = self.memory.last_version;
        self.changed.push(before.rid);
        self.version(&NewVersion {
            vid,
            rid: before.rid,
            version,
            status: Status::Retired,
            labels: &labels,
            patient: patient.as_deref(),
            source: before.source,
            as_of,
            submission: &self.submission,
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
                self.memory.now(),
                Status::Retired.number(),
                as_of,
                &self.submission,
            ))?;
        Ok(Retired::Retired {
            version: version.unsigned_abs(),
        })
    }

    fn version(&self, new: &NewVersion<'_>) -> Result<(), Error> {
        let body = new.content.map_or_else(Vec::new, |content| {
            content.bytes(new.version, instant(self.memory.now()))
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
                self.memory.now(),
                new.status.number(),
                new.patient,
                new.source,
                new.as_of,
                new.submission,
                body,
            ])?;
        self.label(new.vid, new.labels)
    }

    fn label(&self, vid: i64, labels: &[Label]) -> Result<(), Error> {
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
    submission: &'a str,
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
