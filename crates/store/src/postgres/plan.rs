//! A batch worked out in memory, from what is stored of the resources that it names.
//!
//! The rules are [`decide`](crate::sql::decide)'s; a resource that a batch names twice is met the
//! second time as the first left it. Nothing is written here: what is to be written is gathered, and
//! goes out table by table.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use crate::sql::decide::{self, Decision, Standing};
use crate::sql::prepared::{Content, Prepared};
use crate::sql::record::micros;
use crate::sql::rows::Row;
use crate::{Error, Label, Outcome, PersonKeys, Reindex, Retire, Retired, Status};

/// Type, as a word's number, and id.
pub(super) type Key = (i64, String);

/// Where the content of the current version is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum VersionAt {
    /// In the tables, under this number.
    Stored(i64),
    /// Among the new versions of this batch.
    New(usize),
}

/// A resource as it stands at this point of the batch.
#[derive(Debug, Clone)]
pub(super) struct State {
    pub(super) rid: i64,
    /// The version that is in the tables; `None` for a resource that this batch creates.
    pub(super) stored: Option<i64>,
    pub(super) version: i64,
    pub(super) at: VersionAt,
    pub(super) updated: i64,
    pub(super) status: i64,
    pub(super) source: i64,
    pub(super) as_of: i64,
    pub(super) submission: String,
    pub(super) hash: Vec<u8>,
    pub(super) patient: Option<String>,
    pub(super) labelled: bool,
    pub(super) beside: Option<Vec<u8>>,
    /// Its index rows from now on, where they may have changed.
    pub(super) rows: Option<BTreeSet<Row>>,
    /// What identifies its person from now on, where that was said again.
    pub(super) person: Option<Option<PersonKeys>>,
    /// How much of it is to be written.
    pub(super) moved: Moved,
}

/// How much of a resource's row has changed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Moved {
    /// Nothing.
    Not,
    /// The as-of and the submission.
    Said,
    /// More.
    Changed,
}

impl State {
    fn standing(&self) -> Standing<'_> {
        Standing {
            version: self.version,
            status: self.status,
            as_of: self.as_of,
            hash: &self.hash,
        }
    }
}

/// A row of the version table.
#[derive(Debug)]
pub(super) struct NewVersion {
    pub(super) rid: i64,
    pub(super) version: i64,
    pub(super) status: Status,
    pub(super) labels: Vec<Label>,
    pub(super) patient: Option<String>,
    pub(super) source: i64,
    pub(super) as_of: i64,
    pub(super) submission: String,
    pub(super) body: Vec<u8>,
}

/// The content of a stored version that is about to be retired.
#[derive(Debug, Default)]
pub(super) struct Old {
    pub(super) body: Vec<u8>,
    pub(super) patient: Option<String>,
    pub(super) labels: Vec<Label>,
}

/// A batch being worked out.
#[derive(Debug)]
pub(super) struct Plan {
    pub(super) moment: i64,
    pub(super) submission: String,
    pub(super) words: HashMap<String, i64>,
    pub(super) states: HashMap<Key, State>,
    /// Numbers for resources that are new.
    pub(super) numbers: std::vec::IntoIter<i64>,
    pub(super) versions: Vec<NewVersion>,
    /// Labels of stored versions that are said anew.
    pub(super) relabelled: BTreeMap<i64, Vec<Label>>,
    /// Resources of which a receiver must be told.
    pub(super) changed: BTreeSet<i64>,
}

impl Plan {
    /// The number of a word: every word of the batch was given one before it began.
    pub(super) fn word(&self, text: &str) -> Result<i64, Error> {
        self.words
            .get(text)
            .copied()
            .ok_or_else(|| Error::Database("a word of a batch was given no number".to_owned()))
    }

    /// The key of a resource.
    pub(super) fn key(&self, rtype: &str, id: &str) -> Result<Key, Error> {
        Ok((self.word(rtype)?, id.to_owned()))
    }

    fn rows(&self, rtype: &str, index: &[crate::IndexRow]) -> Result<BTreeSet<Row>, Error> {
        index
            .iter()
            .map(|row| Row::of(rtype, row.clone(), |text| self.word(text)))
            .collect()
    }

    /// What becomes of a write.
    pub(super) fn write(&mut self, prepared: &Prepared) -> Result<Outcome, Error> {
        let key = self.key(&prepared.rtype, &prepared.id)?;
        let source = self.word(&prepared.write.source)?;
        let before = self.states.remove(&key);
        let decision = decide::write(prepared, before.as_ref().map(State::standing));
        let (state, outcome) = match (decision, before) {
            (Decision::Leave(outcome), before) => (before, outcome),
            (Decision::Create, _) => self.create(prepared, source)?,
            (Decision::Confirm, Some(before)) => self.confirm(before, prepared, source)?,
            (Decision::Update, Some(before)) => self.update(before, prepared, source)?,
            (_, None) => {
                return Err(Error::Database(
                    "what is not there cannot be changed".to_owned(),
                ));
            }
        };
        if let Some(state) = state {
            self.states.insert(key, state);
        }
        Ok(outcome)
    }

    fn said_by(&self, prepared: &Prepared) -> String {
        let own = prepared.write.submission.as_ref();
        own.unwrap_or(&self.submission).clone()
    }

    fn create(
        &mut self,
        prepared: &Prepared,
        source: i64,
    ) -> Result<(Option<State>, Outcome), Error> {
        let rid = self
            .numbers
            .next()
            .ok_or_else(|| Error::Database("a new resource was given no number".to_owned()))?;
        let state = State {
            rid,
            stored: None,
            version: 0,
            at: VersionAt::Stored(0),
            updated: 0,
            status: 0,
            source,
            as_of: 0,
            submission: String::new(),
            hash: Vec::new(),
            patient: None,
            labelled: false,
            beside: None,
            rows: None,
            person: None,
            moved: Moved::Changed,
        };
        let state = self.renew(state, prepared, source)?;
        Ok((Some(state), Outcome::Created { version: 1 }))
    }

    fn update(
        &mut self,
        before: State,
        prepared: &Prepared,
        source: i64,
    ) -> Result<(Option<State>, Outcome), Error> {
        let state = self.renew(before, prepared, source)?;
        let version = state.version.unsigned_abs();
        Ok((Some(state), Outcome::Updated { version }))
    }

    /// The next version of a resource.
    fn renew(
        &mut self,
        mut state: State,
        prepared: &Prepared,
        source: i64,
    ) -> Result<State, Error> {
        let write = &prepared.write;
        state.version += 1;
        state.at = VersionAt::New(self.versions.len());
        state.updated = self.moment;
        state.status = write.status.number();
        state.hash = prepared.hash().to_vec();
        self.set_beside(&mut state, prepared, source)?;
        let body = prepared.content.as_ref().map_or_else(Vec::new, |content| {
            content.bytes(state.version, crate::sql::record::instant(self.moment))
        });
        self.versions.push(NewVersion {
            rid: state.rid,
            version: state.version,
            status: write.status,
            labels: prepared.labels.clone(),
            patient: write.patient.clone(),
            source,
            as_of: state.as_of,
            submission: state.submission.clone(),
            body,
        });
        self.changed.insert(state.rid);
        Ok(state)
    }

    fn set_beside(&self, state: &mut State, prepared: &Prepared, source: i64) -> Result<(), Error> {
        let write = &prepared.write;
        state.source = source;
        state.as_of = micros(write.as_of);
        state.submission = self.said_by(prepared);
        state.patient.clone_from(&write.patient);
        state.labelled = !prepared.labels.is_empty();
        state.beside = Some(prepared.beside.to_vec());
        state.rows = Some(self.rows(&prepared.rtype, &write.index)?);
        if prepared.rtype == "Patient" {
            state.person = Some(write.person.clone());
        }
        state.moved = Moved::Changed;
        Ok(())
    }

    /// The same content again: only what lies beside it may move.
    fn confirm(
        &mut self,
        mut state: State,
        prepared: &Prepared,
        source: i64,
    ) -> Result<(Option<State>, Outcome), Error> {
        let outcome = Outcome::Unchanged {
            version: state.version.unsigned_abs(),
        };
        if state.source == source && state.beside.as_deref() == Some(&prepared.beside[..]) {
            let (as_of, submission) = (micros(prepared.write.as_of), self.said_by(prepared));
            if state.as_of != as_of || state.submission != submission {
                state.as_of = as_of;
                state.submission = submission;
                state.moved = state.moved.max(Moved::Said);
            }
            return Ok((Some(state), outcome));
        }
        if state.patient != prepared.write.patient {
            self.changed.insert(state.rid);
        }
        if state.labelled || !prepared.labels.is_empty() {
            let labels = prepared.labels.clone();
            self.changed.insert(state.rid);
            match state.at {
                VersionAt::Stored(vid) => {
                    self.relabelled.insert(vid, labels);
                }
                VersionAt::New(at) => {
                    if let Some(version) = self.versions.get_mut(at) {
                        version.labels = labels;
                    }
                }
            }
        }
        self.set_beside(&mut state, prepared, source)?;
        Ok((Some(state), outcome))
    }

    /// The stored versions whose content is needed for retiring.
    pub(super) fn needed(&self, retires: &[Retire]) -> Result<Vec<i64>, Error> {
        let mut needed = BTreeSet::new();
        for retire in retires {
            let source = self.word(&retire.source)?;
            for (rtype, id) in &retire.ids {
                if let Some(state) = self.states.get(&self.key(rtype, id)?)
                    && let VersionAt::Stored(vid) = state.at
                    && retires_now(retire, state, source)
                {
                    needed.insert(vid);
                }
            }
        }
        Ok(needed.into_iter().collect())
    }

    /// What becomes of what is to be retired.
    pub(super) fn retire(
        &mut self,
        retire: &Retire,
        old: &mut HashMap<i64, Old>,
    ) -> Result<Vec<Retired>, Error> {
        let source = self.word(&retire.source)?;
        let mut outcomes = Vec::with_capacity(retire.ids.len());
        for (rtype, id) in &retire.ids {
            let key = self.key(rtype, id)?;
            let Some(mut state) = self.states.remove(&key) else {
                outcomes.push(Retired::LeftAlone);
                continue;
            };
            if retires_now(retire, &state, source) {
                state = self.retire_one(state, retire, old)?;
                outcomes.push(Retired::Retired {
                    version: state.version.unsigned_abs(),
                });
            } else {
                outcomes.push(Retired::LeftAlone);
            }
            self.states.insert(key, state);
        }
        Ok(outcomes)
    }

    fn retire_one(
        &mut self,
        mut state: State,
        retire: &Retire,
        old: &mut HashMap<i64, Old>,
    ) -> Result<State, Error> {
        let unreadable = || Error::Database("a stored resource cannot be read".to_owned());
        let old = match state.at {
            VersionAt::Stored(vid) => {
                let mut old = old.remove(&vid).ok_or_else(unreadable)?;
                if let Some(labels) = self.relabelled.get(&vid) {
                    old.labels.clone_from(labels);
                }
                old
            }
            VersionAt::New(at) => {
                let version = self.versions.get(at).ok_or_else(unreadable)?;
                Old {
                    body: version.body.clone(),
                    patient: version.patient.clone(),
                    labels: version.labels.clone(),
                }
            }
        };
        let content = Content::tagged(&old.body, retire.tag.as_ref()).ok_or_else(unreadable)?;
        state.version += 1;
        state.at = VersionAt::New(self.versions.len());
        state.updated = self.moment;
        state.status = Status::Retired.number();
        if retire.only_said_by.is_none() {
            state.as_of = micros(retire.as_of);
        }
        state.submission.clone_from(&self.submission);
        state.moved = Moved::Changed;
        self.versions.push(NewVersion {
            rid: state.rid,
            version: state.version,
            status: Status::Retired,
            labels: old.labels,
            patient: old.patient,
            source: state.source,
            as_of: state.as_of,
            submission: state.submission.clone(),
            body: content.bytes(state.version, crate::sql::record::instant(self.moment)),
        });
        self.changed.insert(state.rid);
        Ok(state)
    }

    /// Whether a resource has other index rows from now on. `old` are those that the tables have.
    pub(super) fn reindex(
        &mut self,
        reindex: &Reindex,
        old: &HashMap<i64, BTreeSet<Row>>,
    ) -> Result<bool, Error> {
        let key = self.key(&reindex.rtype, &reindex.id)?;
        let rows = self.rows(&reindex.rtype, &reindex.index)?;
        let Some(state) = self.states.get_mut(&key) else {
            return Ok(false);
        };
        let before = state.rows.as_ref().or_else(|| old.get(&state.rid));
        if state.version.unsigned_abs() != reindex.version || before == Some(&rows) {
            return Ok(false);
        }
        state.rows = Some(rows);
        state.beside = None;
        state.moved = Moved::Changed;
        Ok(true)
    }
}

fn retires_now(retire: &Retire, state: &State, source: i64) -> bool {
    decide::retires(
        retire,
        state.standing(),
        state.source == source,
        &state.submission,
    )
}
