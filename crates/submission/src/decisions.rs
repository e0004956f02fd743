//! What people decide about files: confirmed, declined, withdrawn, discarded, replayed, rebuilt.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;
use std::sync::Arc;

use jiff::Timestamp;
use mapping_registry::RegistryError;
use store::{
    Accepted, Arrival, Batch, DecideQuarantine, Deed, JobQuery, JobState, QuarantineQuery,
    QuarantinedRow, Store, Submission, SubmissionQuery, SubmissionState, Tenant,
};

use crate::report::Report;
use crate::task::{Chosen, Task};
use crate::{Mappings, kill_point};

/// Who decides, and why.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct By {
    /// A client's or a person's id, never a name out of a record.
    pub who: String,
    /// The reason that is given.
    pub note: Option<String>,
}

impl By {
    /// Somebody who gives no reason.
    pub fn new(who: impl Into<String>) -> Self {
        Self {
            who: who.into(),
            note: None,
        }
    }

    pub(crate) fn deed(&self, what: &str, submission: Option<&str>) -> Deed {
        Deed {
            at: Timestamp::now(),
            by: self.who.clone(),
            what: what.to_owned(),
            submission: submission.map(str::to_owned),
            about: None,
            note: self.note.clone(),
        }
    }
}

/// Why a decision was not taken down. Nothing has changed then.
#[derive(Debug)]
pub enum Undecided {
    /// There is no such submission or row, for this organisation.
    NotFound,
    /// It cannot be decided as things stand.
    WrongState(String),
    /// Too many jobs of the organisation wait.
    Busy,
    /// The mapping that is needed is not there.
    Mapping(RegistryError),
    /// A file cannot be read again, for this reason.
    Unreadable(String),
    /// The store failed.
    Store(store::Error),
}

impl fmt::Display for Undecided {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NotFound => f.write_str("there is no such thing here: look at the list again"),
            Self::WrongState(why) => f.write_str(why),
            Self::Busy => f.write_str("too much of this organisation waits: try again in a minute"),
            Self::Mapping(error) => error.fmt(f),
            Self::Unreadable(error) => f.write_str(error),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for Undecided {}

impl From<store::Error> for Undecided {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<RegistryError> for Undecided {
    fn from(error: RegistryError) -> Self {
        match error {
            RegistryError::Store(error) => Self::Store(error),
            error => Self::Mapping(error),
        }
    }
}

/// What of the quarantine is to be read again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum ReplayOf {
    /// These rows, by number.
    Rows(Vec<u64>),
    /// All that a submission had held back.
    Submission(String),
    /// All of a source with an issue of a code.
    Code {
        /// The source.
        source: String,
        /// The code: `V004`.
        code: String,
    },
    /// All of a source.
    Source(String),
}

/// Takes decisions down. Whoever calls has made sure that the caller may decide for the organisation.
/// Cheap to clone.
#[derive(Clone)]
pub struct Decisions {
    pub(crate) store: Arc<dyn Store>,
    mappings: Arc<dyn Mappings>,
}

impl Decisions {
    /// Decisions about what is in a store.
    pub fn new(store: Arc<dyn Store>, mappings: Arc<dyn Mappings>) -> Self {
        Self { store, mappings }
    }

    async fn submission(&self, tenant: &Tenant, id: &str) -> Result<Submission, Undecided> {
        let sight = access::Access::pipeline(tenant);
        self.store
            .submission(&sight, tenant, id)
            .await?
            .ok_or(Undecided::NotFound)
    }

    /// What waits is gone indeed: it is marked as no longer reported (CS-4).
    ///
    /// # Errors
    /// When nothing waits, or it cannot be taken down.
    pub async fn confirm(&self, tenant: &Tenant, id: &str, by: &By) -> Result<(), Undecided> {
        self.about_waiting(tenant, id, by, &Task::Confirm, "confirmed")
            .await
    }

    /// What waits is not gone: it stays as it was.
    ///
    /// # Errors
    /// As [`Decisions::confirm`].
    pub async fn decline(&self, tenant: &Tenant, id: &str, by: &By) -> Result<(), Undecided> {
        self.about_waiting(tenant, id, by, &Task::Decline, "declined")
            .await
    }

    async fn about_waiting(
        &self,
        tenant: &Tenant,
        id: &str,
        by: &By,
        task: &Task,
        what: &str,
    ) -> Result<(), Undecided> {
        let submission = self.submission(tenant, id).await?;
        if submission.state != SubmissionState::AwaitingConfirmation {
            return Err(Undecided::WrongState(format!(
                "nothing of this file waits for anybody: it is {}",
                submission.state.as_str()
            )));
        }
        self.queue(&submission, by, task, what).await
    }

    /// Takes a file back, with everything that it and its later runs did. Its bytes may be sent again.
    ///
    /// # Errors
    /// When it did nothing or is taken back already, or it cannot be taken down.
    pub async fn withdraw(&self, tenant: &Tenant, id: &str, by: &By) -> Result<(), Undecided> {
        let submission = self.submission(tenant, id).await?;
        match submission.state {
            SubmissionState::Withdrawn => {
                return Err(Undecided::WrongState(
                    "this file is taken back already".to_owned(),
                ));
            }
            SubmissionState::Refused => {
                return Err(Undecided::WrongState(
                    "nothing of this file was used, so there is nothing to take back".to_owned(),
                ));
            }
            _ => {}
        }
        if let Some(of) = &submission.of {
            return Err(Undecided::WrongState(format!(
                "this is a later run of the file {of}: take that one back, and this goes with it"
            )));
        }
        self.queue(&submission, by, &Task::Withdraw, "withdrawn")
            .await
    }

    /// Queues what follows from a decision, and takes it down, in one commit. The same decision that
    /// waits already is not queued twice.
    async fn queue(
        &self,
        submission: &Submission,
        by: &By,
        task: &Task,
        what: &str,
    ) -> Result<(), Undecided> {
        let sight = access::Access::pipeline(&submission.tenant);
        let waiting = JobQuery {
            submission: Some(submission.id.clone()),
            states: vec![JobState::Waiting, JobState::Running],
        };
        let waits = self
            .store
            .jobs(&sight, &submission.tenant, &waiting)
            .await?
            .iter()
            .any(|job| job.work.kind == task.kind());
        if waits {
            return Ok(());
        }
        let mut batch = Batch::new(submission.tenant.clone(), submission.id.clone());
        batch.deeds.push(by.deed(what, Some(&submission.id)));
        batch
            .jobs
            .push(task.queued(&submission.id, &submission.source));
        self.store.commit(batch).await?;
        Ok(())
    }

    /// Discards rows of the quarantine: they are settled, and nothing is made of them. How many.
    ///
    /// # Errors
    /// When none of them is there and open, or it cannot be taken down.
    pub async fn discard(
        &self,
        tenant: &Tenant,
        numbers: &[u64],
        by: &By,
    ) -> Result<u64, Undecided> {
        let rows = self
            .open_rows(tenant, &ReplayOf::Rows(numbers.to_vec()))
            .await?;
        if rows.is_empty() {
            return Err(Undecided::NotFound);
        }
        let mut by_submission: BTreeMap<&str, Vec<u64>> = BTreeMap::new();
        for row in &rows {
            by_submission
                .entry(&row.submission)
                .or_default()
                .push(row.number);
        }
        let mut batch = Batch::new(tenant.clone(), String::new());
        for (submission, numbers) in by_submission {
            let mut deed = by.deed("discarded", Some(submission));
            deed.about = None;
            deed.note = Some(noted(by, &numbers));
            batch.deeds.push(deed);
        }
        batch.decide.push(DecideQuarantine {
            numbers: rows.iter().map(|row| row.number).collect(),
            decided: "discarded".to_owned(),
        });
        self.store.commit(batch).await?;
        Ok(rows.len() as u64)
    }

    async fn open_rows(
        &self,
        tenant: &Tenant,
        of: &ReplayOf,
    ) -> Result<Vec<QuarantinedRow>, Undecided> {
        let mut query = QuarantineQuery {
            open: true,
            ..QuarantineQuery::default()
        };
        match of {
            ReplayOf::Rows(numbers) if numbers.is_empty() => return Ok(Vec::new()),
            ReplayOf::Rows(numbers) => query.numbers.clone_from(numbers),
            ReplayOf::Submission(id) => query.submission = Some(id.clone()),
            ReplayOf::Code { source, code } => {
                query.source = Some(source.clone());
                query.code = Some(code.clone());
            }
            ReplayOf::Source(source) => query.source = Some(source.clone()),
        }
        let sight = access::Access::pipeline(tenant);
        Ok(self.store.quarantine(&sight, tenant, &query).await?)
    }

    /// Reads the files of what is held back again, with the mapping that is active now, and stores
    /// what goes through by now. The ids of the new submissions, one for each file.
    ///
    /// # Errors
    /// When nothing of it is open, there is no mapping, or it cannot be taken down.
    pub async fn replay(
        &self,
        tenant: &Tenant,
        of: &ReplayOf,
        by: &By,
    ) -> Result<Vec<String>, Undecided> {
        let rows = self.open_rows(tenant, of).await?;
        if rows.is_empty() {
            return Err(Undecided::NotFound);
        }
        // By the file that they are of: a replay's own rows belong to the first submission's bytes.
        let mut files: BTreeMap<String, (Submission, BTreeSet<String>, Vec<u64>)> = BTreeMap::new();
        let mut known: BTreeMap<String, Submission> = BTreeMap::new();
        for row in rows {
            let submission = match known.get(&row.submission) {
                Some(submission) => submission.clone(),
                None => {
                    let found = self.submission(tenant, &row.submission).await?;
                    known.insert(row.submission.clone(), found.clone());
                    found
                }
            };
            let root = match &submission.of {
                None => submission,
                Some(of) => self.submission(tenant, of).await?,
            };
            let file = files
                .entry(root.id.clone())
                .or_insert_with(|| (root, BTreeSet::new(), Vec::new()));
            file.1.insert(row.submission);
            file.2.push(row.number);
        }
        let mut begun = Vec::new();
        for (root, submissions, numbers) in files.into_values() {
            self.mappings.active(tenant, &root.source).await?;
            let mut deed = by.deed("replayed", Some(&root.id));
            deed.note = Some(noted(by, &numbers));
            let task = Task::Replay(Chosen {
                submissions: submissions.into_iter().collect(),
                numbers,
                code: None,
            });
            begun.push(self.run_again(&root, "replay", by, &task, deed).await?);
        }
        Ok(begun)
    }

    /// Reads a source's past files again, all of each, with the mapping that is active now. Of a
    /// source whose files are the whole truth that is the latest one, else all of them, the oldest
    /// first. [`crate::Pipeline::plan_rebuild`] tells before what it would change. The ids of the new
    /// submissions.
    ///
    /// # Errors
    /// When there is no file or no mapping, or it cannot be taken down.
    pub async fn rebuild(
        &self,
        tenant: &Tenant,
        source: &str,
        by: &By,
    ) -> Result<Vec<String>, Undecided> {
        self.mappings.active(tenant, source).await?;
        let mut begun = Vec::new();
        for root in to_rebuild(self.store.as_ref(), tenant, source).await? {
            let deed = by.deed("rebuilt", Some(&root.id));
            begun.push(
                self.run_again(&root, "rebuild", by, &Task::Rebuild, deed)
                    .await?,
            );
        }
        Ok(begun)
    }

    async fn run_again(
        &self,
        root: &Submission,
        way: &str,
        by: &By,
        task: &Task,
        deed: Deed,
    ) -> Result<String, Undecided> {
        let submission = again(root, way, &by.who);
        let id = submission.id.clone();
        let arrival = Arrival {
            job: Some(task.queued(&id, &root.source)),
            submission,
            upload: None,
            idempotency: None,
            deeds: vec![deed],
            most_waiting: None,
        };
        kill_point::at(kill_point::ACCEPT_BEFORE);
        let accepted = self.store.accept(arrival).await?;
        kill_point::at(kill_point::ACCEPT_AFTER);
        match accepted {
            Accepted::New => Ok(id),
            Accepted::Again { submission } => Ok(submission),
            Accepted::KeyInUse | Accepted::Busy => Err(Undecided::Busy),
        }
    }

    /// Erases a file's bytes for good, and the raw records of it that the quarantine holds. What was
    /// made of it stays. Whether there was something to erase.
    ///
    /// # Errors
    /// When there is no such file, a job needs it, or it cannot be taken down.
    pub async fn erase(&self, tenant: &Tenant, id: &str, by: &By) -> Result<bool, Undecided> {
        let submission = self.submission(tenant, id).await?;
        let sight = access::Access::pipeline(tenant);
        let busy = JobQuery {
            submission: None,
            states: vec![JobState::Waiting, JobState::Running],
        };
        for job in self.store.jobs(&sight, tenant, &busy).await? {
            let needs = self.submission(tenant, &job.work.submission).await?;
            if needs.file_hash == submission.file_hash {
                return Err(Undecided::WrongState(
                    "a job still needs this file: wait until it is done".to_owned(),
                ));
            }
        }
        let deed = by.deed("erased", Some(id));
        Ok(self
            .store
            .erase(tenant, &submission.file_hash, deed)
            .await?)
    }
}

/// A later run of a submission's bytes.
pub(crate) fn again(root: &Submission, way: &str, who: &str) -> Submission {
    let mut submission = Submission::new(
        root.tenant.clone(),
        uuid::Uuid::new_v4().to_string(),
        root.source.clone(),
        Timestamp::now(),
    );
    submission.file_name.clone_from(&root.file_name);
    submission.file_hash.clone_from(&root.file_hash);
    submission.size = root.size;
    submission.way = way.to_owned();
    submission.sender = who.to_owned();
    submission.of = Some(root.id.clone());
    submission.stated_as_of.clone_from(&root.stated_as_of);
    submission.as_of = root.as_of;
    submission.state = SubmissionState::Archived;
    submission
}

/// The files of a source that a rebuild reads again, the oldest as-of first.
pub(crate) async fn to_rebuild(
    store: &dyn Store,
    tenant: &Tenant,
    source: &str,
) -> Result<Vec<Submission>, Undecided> {
    let sight = access::Access::pipeline(tenant);
    let query = SubmissionQuery {
        source: Some(source.to_owned()),
        states: vec![
            SubmissionState::Reported,
            SubmissionState::AwaitingConfirmation,
        ],
        ..SubmissionQuery::default()
    };
    let mut files: Vec<Submission> = store
        .find_submissions(&sight, tenant, &query)
        .await?
        .into_iter()
        .filter(|submission| submission.of.is_none())
        .collect();
    files.sort_by_key(|file| (file.as_of, file.received));
    let snapshot = files
        .last()
        .is_some_and(|last| Report::of(last).extent.as_deref() == Some("snapshot"));
    if snapshot {
        files = files.split_off(files.len().saturating_sub(1));
    }
    if files.is_empty() {
        return Err(Undecided::NotFound);
    }
    Ok(files)
}

/// The reason with the rows that it is about.
fn noted(by: &By, numbers: &[u64]) -> String {
    const SHOWN: usize = 20;
    let mut rows: Vec<String> = numbers.iter().take(SHOWN).map(u64::to_string).collect();
    if numbers.len() > SHOWN {
        rows.push(format!("and {} more", numbers.len() - SHOWN));
    }
    let rows = format!("quarantine rows {}", rows.join(", "));
    match &by.note {
        Some(note) => format!("{note} ({rows})"),
        None => rows,
    }
}
