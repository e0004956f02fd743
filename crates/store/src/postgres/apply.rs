//! One batch, inside its transaction: read together, worked out in memory, written together.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use sqlx::Arguments as _;
use sqlx::postgres::PgArguments;

use super::plan::{Key, Moved, NewVersion, Old, Plan, State, VersionAt};
use super::session::{Pg, shut};
use crate::sql::prepared::Prepared;
use crate::sql::rows::{self, Row};
use crate::sql::{Part, Session as _, Value, batch as beside, outbox};
use crate::{Batch, Committed, Error, IndexRow, Label};

/// The words that a batch needs numbers for.
pub(super) fn words(batch: &Batch, writes: &[Prepared]) -> BTreeSet<String> {
    let mut words = BTreeSet::new();
    let mut index = |rtype: &str, rows: &[IndexRow]| {
        for row in rows {
            let (param, besides) = match row {
                IndexRow::Token { param, system, .. } => (param, Some(system)),
                IndexRow::Reference { param, rtype, .. } => (param, Some(rtype)),
                IndexRow::Date { param, .. } | IndexRow::String { param, .. } => (param, None),
            };
            let param = format!("{rtype}.{param}");
            for word in besides.into_iter().chain([&param]) {
                if !words.contains(word) {
                    words.insert(word.clone());
                }
            }
        }
    };
    for write in writes {
        index(&write.rtype, &write.write.index);
    }
    for reindex in &batch.reindex {
        index(&reindex.rtype, &reindex.index);
    }
    let mut name = |word: &str| {
        if !words.contains(word) {
            words.insert(word.to_owned());
        }
    };
    for write in writes {
        name(&write.rtype);
        name(&write.write.source);
    }
    for reindex in &batch.reindex {
        name(&reindex.rtype);
    }
    for retire in &batch.retire {
        name(&retire.source);
        for (rtype, _) in &retire.ids {
            name(rtype);
        }
    }
    words
}

/// Applies a batch in a transaction that holds the tenant's clock; the caller commits or rolls back.
pub(super) async fn apply(
    s: &mut Pg,
    batch: &Batch,
    writes: &[Prepared],
    words: &HashMap<String, i64>,
) -> Result<Committed, Error> {
    // It may be applied again, and what comes after the resources takes parts of it away.
    let mut batch = batch.clone();
    let tenant = beside::open(s, &batch).await?;
    let mut plan = Plan {
        moment: s.moment(),
        submission: batch.submission_id.clone(),
        words: words.clone(),
        states: HashMap::new(),
        numbers: Vec::new().into_iter(),
        versions: Vec::new(),
        relabelled: BTreeMap::new(),
        changed: BTreeSet::new(),
    };
    let mut keys = BTreeSet::new();
    let mut written = BTreeSet::new();
    for write in writes {
        written.insert(plan.key(&write.rtype, &write.id)?);
    }
    for reindex in &batch.reindex {
        keys.insert(plan.key(&reindex.rtype, &reindex.id)?);
    }
    for (rtype, id) in batch.retire.iter().flat_map(|retire| &retire.ids) {
        keys.insert(plan.key(rtype, id)?);
    }
    keys.extend(written.iter().cloned());
    plan.states = load(s, tenant, keys).await?;
    let new = written
        .iter()
        .filter(|key| !plan.states.contains_key(*key))
        .count();
    plan.numbers = numbers(s, "resource_number", new).await?.into_iter();

    let mut committed = Committed::default();
    for write in writes {
        committed.writes.push(plan.write(write)?);
    }
    if !batch.retire.is_empty() {
        let mut old = contents(s, tenant, plan.needed(&batch.retire)?).await?;
        for retire in &batch.retire {
            committed.retired.push(plan.retire(retire, &mut old)?);
        }
    }
    if !batch.reindex.is_empty() {
        let mut rids = Vec::new();
        for reindex in &batch.reindex {
            let state = plan.states.get(&plan.key(&reindex.rtype, &reindex.id)?);
            rids.extend(
                state
                    .filter(|state| state.rows.is_none())
                    .map(|state| state.rid),
            );
        }
        let old = index_rows(s, tenant, rids).await?;
        for reindex in &batch.reindex {
            committed.reindexed += u64::from(plan.reindex(reindex, &old)?);
        }
    }
    let changed = plan.changed.iter().copied().collect();
    flush(s, tenant, plan).await?;
    if !batch.rehearse {
        outbox::note(s, tenant, changed).await?;
    }
    beside::close(s, s.clock(), tenant, &mut batch, &mut committed).await?;
    Ok(committed)
}

/// What is stored of the resources that a batch names. Each is asked for by its whole key
/// (`LATERAL`, and `OFFSET` to keep it where it is written): a planner that has seen no counts yet
/// would walk through a type and compare each resource with each key.
async fn load(s: &mut Pg, tenant: i64, keys: BTreeSet<Key>) -> Result<HashMap<Key, State>, Error> {
    let mut states = HashMap::new();
    if keys.is_empty() {
        return Ok(states);
    }
    let (types, ids): (Vec<i64>, Vec<String>) = keys.into_iter().unzip();
    let part = Part::new(
        "SELECT r.rtype, r.id, r.rid, r.ver, r.vid, r.updated, r.status, r.source, r.as_of,
           r.submission, r.hash, r.patient, r.labelled, r.beside
         FROM unnest(CAST(? AS BIGINT[]), CAST(? AS TEXT[])) k (rtype, id)
         JOIN LATERAL (SELECT c.* FROM resource c
           WHERE c.tenant = ? AND c.rtype = k.rtype AND c.id = k.id OFFSET 0) r ON TRUE",
        [Value::Ints(types), Value::Texts(ids), tenant.into()],
    );
    for mut row in s.query(part).await? {
        let key = (row.int()?, row.text()?);
        let (rid, version, vid) = (row.int()?, row.int()?, row.int()?);
        let state = State {
            rid,
            stored: Some(version),
            version,
            at: VersionAt::Stored(vid),
            updated: row.int()?,
            status: row.int()?,
            source: row.int()?,
            as_of: row.int()?,
            submission: row.text()?,
            hash: row.bytes()?,
            patient: row.opt_text()?,
            labelled: row.flag()?,
            beside: row.opt_bytes()?,
            rows: None,
            person: None,
            moved: Moved::Not,
        };
        states.insert(key, state);
    }
    Ok(states)
}

/// Numbers out of a sequence, in order.
async fn numbers(s: &mut Pg, sequence: &str, count: usize) -> Result<Vec<i64>, Error> {
    if count == 0 {
        return Ok(Vec::new());
    }
    let part = Part::new(
        format!("SELECT nextval('{sequence}') FROM generate_series(1, ?)"),
        [i64::try_from(count).unwrap_or(i64::MAX).into()],
    );
    let mut numbers = Vec::with_capacity(count);
    for mut row in s.query(part).await? {
        numbers.push(row.int()?);
    }
    numbers.sort_unstable();
    Ok(numbers)
}

/// The contents of stored versions.
async fn contents(s: &mut Pg, tenant: i64, vids: Vec<i64>) -> Result<HashMap<i64, Old>, Error> {
    let mut contents = HashMap::new();
    if vids.is_empty() {
        return Ok(contents);
    }
    let part = Part::new(
        "SELECT vid, body, patient FROM version WHERE tenant = ? AND vid = ANY(?)",
        [tenant.into(), Value::Ints(vids.clone())],
    );
    for mut row in s.query(part).await? {
        let vid = row.int()?;
        let old = Old {
            body: row.bytes()?,
            patient: row.opt_text()?,
            labels: Vec::new(),
        };
        contents.insert(vid, old);
    }
    let part = Part::new(
        "SELECT vid, system, code FROM label WHERE tenant = ? AND vid = ANY(?)
         ORDER BY vid, system, code",
        [tenant.into(), Value::Ints(vids)],
    );
    for mut row in s.query(part).await? {
        if let Some(old) = contents.get_mut(&row.int()?) {
            old.labels.push(Label::new(row.text()?, row.text()?));
        }
    }
    Ok(contents)
}

/// The index rows that resources have.
async fn index_rows(
    s: &mut Pg,
    tenant: i64,
    rids: Vec<i64>,
) -> Result<HashMap<i64, BTreeSet<Row>>, Error> {
    let mut found = HashMap::new();
    if rids.is_empty() {
        return Ok(found);
    }
    let part = Part::new(
        "SELECT rid, index_rows FROM resource WHERE tenant = ? AND rid = ANY(?)",
        [tenant.into(), Value::Ints(rids)],
    );
    for mut row in s.query(part).await? {
        let rid = row.int()?;
        found.insert(rid, rows::decode(&row.bytes()?)?);
    }
    Ok(found)
}

/// Writes what was worked out, table by table.
async fn flush(s: &mut Pg, tenant: i64, plan: Plan) -> Result<(), Error> {
    let vids = numbers(s, "version_number", plan.versions.len()).await?;
    let moment = plan.moment;
    let mut states: Vec<(Key, State)> = plan
        .states
        .into_iter()
        .filter(|(_, state)| state.moved != Moved::Not)
        .collect();
    states.sort_unstable_by_key(|(_, state)| state.rid);
    let stored: Vec<i64> = states
        .iter()
        .filter(|(_, state)| state.stored.is_some() && state.rows.is_some())
        .map(|(_, state)| state.rid)
        .collect();
    let old = index_rows(s, tenant, stored).await?;
    let none = BTreeSet::new();
    let mut index = Index::default();
    for (_, state) in &states {
        if let Some(rows) = &state.rows {
            index.change(state.rid, old.get(&state.rid).unwrap_or(&none), rows);
        }
    }
    create(s, tenant, &states, &vids).await?;
    change(s, tenant, &states, &vids, &old).await?;
    said(s, tenant, &states).await?;
    versions(s, tenant, moment, &plan.versions, &vids, &plan.relabelled).await?;
    index.write(s, tenant).await?;
    people(s, tenant, &states).await
}

fn vid(state: &State, vids: &[i64]) -> Result<i64, Error> {
    match state.at {
        VersionAt::Stored(vid) => Ok(vid),
        VersionAt::New(at) => vids
            .get(at)
            .copied()
            .ok_or_else(|| Error::Database("a new version was given no number".to_owned())),
    }
}

fn text(text: &str) -> String {
    shut(text.into()).into_owned()
}

fn opt_text(value: Option<&String>) -> Option<String> {
    value.map(|value| text(value))
}

/// Lists for one statement over many rows.
struct Lists(PgArguments);

impl Lists {
    fn new(tenant: i64) -> Result<Self, Error> {
        let mut lists = Self(PgArguments::default());
        lists.one(tenant)?;
        Ok(lists)
    }

    fn one(&mut self, number: i64) -> Result<(), Error> {
        self.0.add(number).map_err(not_sent)
    }

    fn ints(&mut self, list: impl IntoIterator<Item = i64>) -> Result<(), Error> {
        let list: Vec<i64> = list.into_iter().collect();
        self.0.add(list).map_err(not_sent)
    }

    fn texts(&mut self, list: impl IntoIterator<Item = String>) -> Result<(), Error> {
        let list: Vec<String> = list.into_iter().collect();
        self.0.add(list).map_err(not_sent)
    }

    fn opt_texts(&mut self, list: impl IntoIterator<Item = Option<String>>) -> Result<(), Error> {
        let list: Vec<Option<String>> = list.into_iter().collect();
        self.0.add(list).map_err(not_sent)
    }

    fn bytes<'b>(&mut self, list: impl IntoIterator<Item = &'b [u8]>) -> Result<(), Error> {
        let list: Vec<&[u8]> = list.into_iter().collect();
        self.0.add(list).map_err(not_sent)
    }

    fn opt_bytes<'b>(
        &mut self,
        list: impl IntoIterator<Item = Option<&'b [u8]>>,
    ) -> Result<(), Error> {
        let list: Vec<Option<&[u8]>> = list.into_iter().collect();
        self.0.add(list).map_err(not_sent)
    }
}

fn not_sent(error: Box<dyn std::error::Error + Send + Sync>) -> Error {
    Error::Database(format!("a list of values cannot be sent: {error}"))
}

/// Adds the columns of resources that both statements write, but for their index rows.
fn columns(lists: &mut Lists, states: &[&(Key, State)], vids: &[i64]) -> Result<(), Error> {
    let state = || states.iter().map(|(_, state)| state);
    let mut current = Vec::with_capacity(states.len());
    for state in state() {
        current.push(vid(state, vids)?);
    }
    lists.ints(state().map(|state| state.rid))?;
    lists.ints(state().map(|state| state.version))?;
    lists.ints(current)?;
    lists.ints(state().map(|state| state.updated))?;
    lists.ints(state().map(|state| state.status))?;
    lists.ints(state().map(|state| i64::from(state.labelled)))?;
    lists.opt_texts(state().map(|state| opt_text(state.patient.as_ref())))?;
    lists.ints(state().map(|state| state.source))?;
    lists.ints(state().map(|state| state.as_of))?;
    lists.texts(state().map(|state| text(&state.submission)))?;
    lists.bytes(state().map(|state| state.hash.as_slice()))?;
    lists.opt_bytes(state().map(|state| state.beside.as_deref()))
}

async fn create(
    s: &mut Pg,
    tenant: i64,
    states: &[(Key, State)],
    vids: &[i64],
) -> Result<(), Error> {
    let new: Vec<&(Key, State)> = states
        .iter()
        .filter(|(_, state)| state.stored.is_none())
        .collect();
    if new.is_empty() {
        return Ok(());
    }
    let none = BTreeSet::new();
    let mut encoded = Vec::with_capacity(new.len());
    for (_, state) in &new {
        encoded.push(rows::encode(state.rows.as_ref().unwrap_or(&none))?);
    }
    let mut lists = Lists::new(tenant)?;
    columns(&mut lists, &new, vids)?;
    lists.ints(new.iter().map(|((rtype, _), _)| *rtype))?;
    lists.texts(new.iter().map(|((_, id), _)| id.clone()))?;
    lists.bytes(encoded.iter().map(Vec::as_slice))?;
    s.bulk(
        "INSERT INTO resource (tenant, rid, ver, vid, updated, status, labelled, patient, source,
           as_of, submission, hash, beside, rtype, id, index_rows)
         SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[],
           $6::bigint[], $7::bigint[], $8::text[], $9::bigint[], $10::bigint[], $11::text[],
           $12::bytea[], $13::bytea[], $14::bigint[], $15::text[], $16::bytea[])",
        lists.0,
    )
    .await?;
    Ok(())
}

async fn change(
    s: &mut Pg,
    tenant: i64,
    states: &[(Key, State)],
    vids: &[i64],
    old: &HashMap<i64, BTreeSet<Row>>,
) -> Result<(), Error> {
    let changed: Vec<&(Key, State)> = states
        .iter()
        .filter(|(_, state)| state.stored.is_some() && state.moved == Moved::Changed)
        .collect();
    if changed.is_empty() {
        return Ok(());
    }
    let mut lists = Lists::new(tenant)?;
    columns(&mut lists, &changed, vids)?;
    lists.ints(changed.iter().filter_map(|(_, state)| state.stored))?;
    let done = s
        .bulk(
            "UPDATE resource r SET ver = n.ver, vid = n.vid, updated = n.updated,
               status = n.status, labelled = n.labelled, patient = n.patient, source = n.source,
               as_of = n.as_of, submission = n.submission, hash = n.hash, beside = n.beside
             FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
               $7::bigint[], $8::text[], $9::bigint[], $10::bigint[], $11::text[], $12::bytea[],
               $13::bytea[], $14::bigint[])
               n (rid, ver, vid, updated, status, labelled, patient, source, as_of, submission,
                 hash, beside, stored)
             WHERE r.tenant = $1 AND r.rid = n.rid AND r.ver = n.stored RETURNING r.rid",
            lists.0,
        )
        .await?;
    if done.len() != changed.len() {
        // Somebody changed one without holding the tenant's clock: what was worked out is not so.
        return Err(Error::Busy);
    }
    let mut rids = Vec::new();
    let mut encoded = Vec::new();
    for (_, state) in &changed {
        if let Some(rows) = &state.rows
            && old.get(&state.rid) != Some(rows)
        {
            rids.push(state.rid);
            encoded.push(rows::encode(rows)?);
        }
    }
    if rids.is_empty() {
        return Ok(());
    }
    let mut lists = Lists::new(tenant)?;
    lists.ints(rids)?;
    lists.bytes(encoded.iter().map(Vec::as_slice))?;
    s.bulk(
        "UPDATE resource r SET index_rows = n.index_rows
         FROM unnest($2::bigint[], $3::bytea[]) n (rid, index_rows)
         WHERE r.tenant = $1 AND r.rid = n.rid",
        lists.0,
    )
    .await?;
    Ok(())
}

/// Resources of which nothing but the as-of and the submission moves.
async fn said(s: &mut Pg, tenant: i64, states: &[(Key, State)]) -> Result<(), Error> {
    let mut groups: BTreeMap<(i64, &str), Vec<i64>> = BTreeMap::new();
    for (_, state) in states {
        if state.stored.is_some() && state.moved == Moved::Said {
            let group = (state.as_of, state.submission.as_str());
            groups.entry(group).or_default().push(state.rid);
        }
    }
    for ((as_of, submission), rids) in groups {
        s.execute(Part::new(
            "UPDATE resource SET as_of = ?, submission = ? WHERE tenant = ? AND rid = ANY(?)",
            [
                as_of.into(),
                submission.into(),
                tenant.into(),
                Value::Ints(rids),
            ],
        ))
        .await?;
    }
    Ok(())
}

async fn versions(
    s: &mut Pg,
    tenant: i64,
    moment: i64,
    versions: &[NewVersion],
    vids: &[i64],
    relabelled: &BTreeMap<i64, Vec<Label>>,
) -> Result<(), Error> {
    if !versions.is_empty() {
        let mut lists = Lists::new(tenant)?;
        lists.one(moment)?;
        lists.ints(vids.iter().copied())?;
        lists.ints(versions.iter().map(|version| version.rid))?;
        lists.ints(versions.iter().map(|version| version.version))?;
        lists.ints(versions.iter().map(|version| version.status.number()))?;
        lists.opt_texts(
            versions
                .iter()
                .map(|version| opt_text(version.patient.as_ref())),
        )?;
        lists.ints(versions.iter().map(|version| version.source))?;
        lists.ints(versions.iter().map(|version| version.as_of))?;
        lists.texts(versions.iter().map(|version| text(&version.submission)))?;
        lists.bytes(versions.iter().map(|version| version.body.as_slice()))?;
        s.bulk(
            "INSERT INTO version (tenant, updated, vid, rid, ver, status, patient, source, as_of,
               submission, body)
             SELECT $1, $2, * FROM unnest($3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[],
               $7::text[], $8::bigint[], $9::bigint[], $10::text[], $11::bytea[])",
            lists.0,
        )
        .await?;
    }
    if !relabelled.is_empty() {
        let gone = relabelled.keys().copied().collect();
        s.execute(Part::new(
            "DELETE FROM label WHERE tenant = ? AND vid = ANY(?)",
            [tenant.into(), Value::Ints(gone)],
        ))
        .await?;
    }
    let new = vids.iter().zip(versions.iter().map(|new| &new.labels));
    let labels: Vec<(i64, &Label)> = relabelled
        .iter()
        .chain(new)
        .flat_map(|(vid, labels)| labels.iter().map(|label| (*vid, label)))
        .collect();
    if labels.is_empty() {
        return Ok(());
    }
    let mut lists = Lists::new(tenant)?;
    lists.ints(labels.iter().map(|(vid, _)| *vid))?;
    lists.texts(labels.iter().map(|(_, label)| text(&label.system)))?;
    lists.texts(labels.iter().map(|(_, label)| text(&label.code)))?;
    s.bulk(
        "INSERT INTO label (tenant, vid, system, code)
         SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::text[])",
        lists.0,
    )
    .await?;
    Ok(())
}

/// What identifies the persons, where that was said again.
async fn people(s: &mut Pg, tenant: i64, states: &[(Key, State)]) -> Result<(), Error> {
    let mut gone = Vec::new();
    let mut known = Vec::new();
    for (_, state) in states {
        match &state.person {
            None => {}
            Some(None) if state.stored.is_none() => {}
            Some(None) => gone.push(state.rid),
            Some(Some(keys)) => known.push((state, keys)),
        }
    }
    if !gone.is_empty() {
        s.execute(Part::new(
            "DELETE FROM person WHERE tenant = ? AND rid = ANY(?)",
            [tenant.into(), Value::Ints(gone)],
        ))
        .await?;
    }
    if known.is_empty() {
        return Ok(());
    }
    let mut lists = Lists::new(tenant)?;
    lists.ints(known.iter().map(|(state, _)| state.rid))?;
    lists.ints(known.iter().map(|(state, _)| state.source))?;
    lists.opt_texts(
        known
            .iter()
            .map(|(_, keys)| opt_text(keys.nhs_number.as_ref())),
    )?;
    lists.opt_texts(
        known
            .iter()
            .map(|(_, keys)| opt_text(keys.birth_date.as_ref())),
    )?;
    lists.opt_texts(known.iter().map(|(_, keys)| opt_text(keys.family.as_ref())))?;
    s.bulk(
        "INSERT INTO person (tenant, rid, source, nhs, birth, family)
         SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[])
         ON CONFLICT (tenant, rid) DO UPDATE SET source = excluded.source, nhs = excluded.nhs,
           birth = excluded.birth, family = excluded.family",
        lists.0,
    )
    .await?;
    Ok(())
}

/// Index rows that come and go, each with its resource's number.
#[derive(Default)]
struct Index {
    add: Vec<(Row, i64)>,
    remove: Vec<(Row, i64)>,
}

impl Index {
    fn change(&mut self, rid: i64, old: &BTreeSet<Row>, new: &BTreeSet<Row>) {
        let gone = old.difference(new).map(|row| (row.clone(), rid));
        self.remove.extend(gone);
        let come = new.difference(old).map(|row| (row.clone(), rid));
        self.add.extend(come);
    }

    /// Writes them in the order of their keys: neighbours in a table one after the other.
    async fn write(mut self, s: &mut Pg, tenant: i64) -> Result<(), Error> {
        self.add.sort_unstable();
        self.remove.sort_unstable();
        for (rows, remove) in [(self.remove, true), (self.add, false)] {
            let tables = Rows::of(rows);
            tables.write(s, tenant, remove).await?;
        }
        Ok(())
    }
}

/// The same, table by table and column by column.
#[derive(Default)]
struct Rows {
    token: (Vec<i64>, Vec<String>, Vec<i64>, Vec<i64>),
    reference: (Vec<i64>, Vec<String>, Vec<i64>, Vec<i64>),
    date: (Vec<i64>, Vec<i64>, Vec<i64>, Vec<i64>),
    string: (Vec<i64>, Vec<String>, Vec<i64>),
}

impl Rows {
    fn of(rows: Vec<(Row, i64)>) -> Self {
        let mut tables = Self::default();
        for (row, rid) in rows {
            match row {
                Row::Token(param, code, system) => {
                    tables.token.0.push(param);
                    tables.token.1.push(text(&code));
                    tables.token.2.push(rid);
                    tables.token.3.push(system);
                }
                Row::Reference(param, id, rtype) => {
                    tables.reference.0.push(param);
                    tables.reference.1.push(text(&id));
                    tables.reference.2.push(rid);
                    tables.reference.3.push(rtype);
                }
                Row::Date(param, lo, hi) => {
                    tables.date.0.push(param);
                    tables.date.1.push(lo);
                    tables.date.2.push(hi);
                    tables.date.3.push(rid);
                }
                Row::String(param, norm) => {
                    tables.string.0.push(param);
                    tables.string.1.push(text(&norm));
                    tables.string.2.push(rid);
                }
            }
        }
        tables
    }

    async fn write(self, s: &mut Pg, tenant: i64, remove: bool) -> Result<(), Error> {
        if !self.token.0.is_empty() {
            let mut lists = Lists::new(tenant)?;
            lists.ints(self.token.0)?;
            lists.texts(self.token.1)?;
            lists.ints(self.token.2)?;
            lists.ints(self.token.3)?;
            let sql = if remove {
                "DELETE FROM token t
                 USING unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
                   n (param, code, rid, system)
                 WHERE t.tenant = $1 AND t.param = n.param AND t.code = n.code
                   AND t.rid = n.rid AND t.system = n.system"
            } else {
                "INSERT INTO token (tenant, param, code, rid, system)
                 SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
                 ON CONFLICT DO NOTHING"
            };
            s.bulk(sql, lists.0).await?;
        }
        if !self.reference.0.is_empty() {
            let mut lists = Lists::new(tenant)?;
            lists.ints(self.reference.0)?;
            lists.texts(self.reference.1)?;
            lists.ints(self.reference.2)?;
            lists.ints(self.reference.3)?;
            let sql = if remove {
                "DELETE FROM reference t
                 USING unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
                   n (param, id, rid, rtype)
                 WHERE t.tenant = $1 AND t.param = n.param AND t.id = n.id
                   AND t.rid = n.rid AND t.rtype = n.rtype"
            } else {
                "INSERT INTO reference (tenant, param, id, rid, rtype)
                 SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bigint[], $5::bigint[])
                 ON CONFLICT DO NOTHING"
            };
            s.bulk(sql, lists.0).await?;
        }
        if !self.date.0.is_empty() {
            let mut lists = Lists::new(tenant)?;
            lists.ints(self.date.0)?;
            lists.ints(self.date.1)?;
            lists.ints(self.date.2)?;
            lists.ints(self.date.3)?;
            let sql = if remove {
                "DELETE FROM date t
                 USING unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
                   n (param, lo, hi, rid)
                 WHERE t.tenant = $1 AND t.param = n.param AND t.lo = n.lo AND t.hi = n.hi
                   AND t.rid = n.rid"
            } else {
                "INSERT INTO date (tenant, param, lo, hi, rid)
                 SELECT $1, * FROM unnest($2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[])
                 ON CONFLICT DO NOTHING"
            };
            s.bulk(sql, lists.0).await?;
        }
        if !self.string.0.is_empty() {
            let mut lists = Lists::new(tenant)?;
            lists.ints(self.string.0)?;
            lists.texts(self.string.1)?;
            lists.ints(self.string.2)?;
            let sql = if remove {
                "DELETE FROM string t
                 USING unnest($2::bigint[], $3::text[], $4::bigint[]) n (param, norm, rid)
                 WHERE t.tenant = $1 AND t.param = n.param AND t.norm = n.norm AND t.rid = n.rid"
            } else {
                "INSERT INTO string (tenant, param, norm, rid)
                 SELECT $1, * FROM unnest($2::bigint[], $3::text[], $4::bigint[])
                 ON CONFLICT DO NOTHING"
            };
            s.bulk(sql, lists.0).await?;
        }
        Ok(())
    }
}
