//! What goes into the store.

use jiff::Timestamp;

use crate::{
    ClosePending, DecideQuarantine, Deed, Fence, IndexRow, JobState, Label, NewJob, Pending,
    PersonKeys, Quarantined, SayAgain, Status, Submission, Tenant, Unconfirm,
};

/// What a writer believes is stored now: the compare of compare-and-set.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum Expected {
    /// Whatever is there.
    #[default]
    Any,
    /// Nothing: the resource must be new.
    Absent,
    /// Exactly this version.
    Version(u64),
}

/// One resource to be written.
#[derive(Debug, Clone)]
pub struct Write {
    /// The resource with its `resourceType` and `id`. The store sets `meta.versionId` and
    /// `meta.lastUpdated`; values already there are ignored.
    pub resource: json::Value,
    /// The id of the Patient whose compartment it is in (for a Patient, its own); `None` for what
    /// belongs to nobody, such as an Organization.
    pub patient: Option<String>,
    /// The source that says so.
    pub source: String,
    /// The moment that it is true of.
    pub as_of: Timestamp,
    /// Compare-and-set.
    pub expected: Expected,
    /// Whether it stands. [`Status::Retired`] is not written this way: see [`Retire`].
    pub status: Status,
    /// Labels besides those in `meta.security`, which the store reads itself.
    pub labels: Vec<Label>,
    /// Its index rows.
    pub index: Vec<IndexRow>,
    /// For a Patient: what identifies the person.
    pub person: Option<PersonKeys>,
    /// The content of an earlier version comes back, because the submission that replaced it is
    /// withdrawn: its as-of may be older than what is stored. Asks for `expected` to name a version.
    pub restores: bool,
    /// The submission that says so, where it is not the batch's: the one that a restored version is
    /// of.
    pub submission: Option<String>,
}

impl Write {
    /// A write of a resource that stands, over whatever is there.
    pub fn new(resource: json::Value, source: impl Into<String>, as_of: Timestamp) -> Self {
        Self {
            resource,
            patient: None,
            source: source.into(),
            as_of,
            expected: Expected::Any,
            status: Status::Active,
            labels: Vec::new(),
            index: Vec::new(),
            person: None,
            restores: false,
            submission: None,
        }
    }
}

/// Facts that a snapshot of their source no longer holds: they become [`Status::Retired`] in a new
/// version, and stay in the history (CS-4).
#[derive(Debug, Clone)]
pub struct Retire {
    /// The source whose facts they are; a resource of another source is left alone.
    pub source: String,
    /// The as-of of the snapshot that lacks them; a newer fact is left alone.
    pub as_of: Timestamp,
    /// Type and id of each.
    pub ids: Vec<(String, String)>,
    /// A Coding added to `meta.tag` of the new version, so that the content says so too.
    pub tag: Option<json::Value>,
    /// Only where this submission was the last to say so; the as-of of the fact stays as it is. For
    /// taking a submission back.
    pub only_said_by: Option<String>,
}

/// Quarantine rows that no longer matter: those of earlier submissions of a source.
#[derive(Debug, Clone)]
pub struct SettleQuarantine {
    /// The source.
    pub source: String,
    /// Only rows whose submission has an as-of before this one, or at it, are settled; rows of the
    /// batch itself are not.
    pub up_to: Timestamp,
    /// Only rows about this thing (type and id), or every row of the source when `None`.
    pub only: Option<(String, String)>,
}

/// New index rows for a resource whose content stays as it is: its search parameters have changed.
#[derive(Debug, Clone)]
pub struct Reindex {
    /// The resource type.
    pub rtype: String,
    /// The id.
    pub id: String,
    /// The version that the rows were made from; another one that is current by now keeps its own.
    pub version: u64,
    /// All its index rows.
    pub index: Vec<IndexRow>,
}

/// What one commit carries: one transaction, in this order.
#[derive(Debug, Clone)]
pub struct Batch {
    /// Whose data it is.
    pub tenant: Tenant,
    /// The submission that it belongs to, by id; empty for a write outside any.
    pub submission_id: String,
    /// Resources to write.
    pub writes: Vec<Write>,
    /// Facts to retire.
    pub retire: Vec<Retire>,
    /// Index rows to make anew.
    pub reindex: Vec<Reindex>,
    /// Quarantine rows to settle.
    pub settle: Vec<SettleQuarantine>,
    /// What was held back. Needs `submission_id` to name a stored submission, or one in this batch.
    pub quarantine: Vec<Quarantined>,
    /// The submission's own row, written or replaced.
    pub submission: Option<Submission>,
    /// The claim under which the batch is made: where it no longer holds, nothing is changed.
    pub fence: Option<Fence>,
    /// The next row of the job's journal. Needs a fence.
    pub journal: Option<Vec<u8>>,
    /// How far the job is, as JSON. Needs a fence.
    pub progress: Option<String>,
    /// The job ends with this batch, [`JobState::Done`] or [`JobState::Failed`]; its journal is
    /// dropped. Needs a fence.
    pub finish: Option<JobState>,
    /// Jobs that follow from it.
    pub jobs: Vec<NewJob>,
    /// What waits for a person.
    pub pending: Vec<Pending>,
    /// What waits no longer.
    pub close_pending: Vec<ClosePending>,
    /// What a person decided about the quarantine.
    pub decide: Vec<DecideQuarantine>,
    /// Confirmations that are taken back.
    pub unconfirm: Vec<Unconfirm>,
    /// What is said again without a change.
    pub say_again: Option<SayAgain>,
    /// Decisions that it follows from.
    pub deeds: Vec<Deed>,
    /// Whether it is only tried: what would become of it is told, and nothing is changed.
    pub rehearse: bool,
}

impl Batch {
    /// An empty batch.
    pub fn new(tenant: Tenant, submission_id: impl Into<String>) -> Self {
        Self {
            tenant,
            submission_id: submission_id.into(),
            writes: Vec::new(),
            retire: Vec::new(),
            reindex: Vec::new(),
            settle: Vec::new(),
            quarantine: Vec::new(),
            submission: None,
            fence: None,
            journal: None,
            progress: None,
            finish: None,
            jobs: Vec::new(),
            pending: Vec::new(),
            close_pending: Vec::new(),
            decide: Vec::new(),
            unconfirm: Vec::new(),
            say_again: None,
            deeds: Vec::new(),
            rehearse: false,
        }
    }
}

/// What became of one write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Outcome {
    /// It is new.
    Created {
        /// Its version: 1.
        version: u64,
    },
    /// It has a new version.
    Updated {
        /// The new version.
        version: u64,
    },
    /// The same content was there already; its as-of has moved on.
    Unchanged {
        /// The version that stays.
        version: u64,
    },
    /// What is stored has a newer as-of; it stays (CS-4).
    Older {
        /// The version that stays.
        version: u64,
    },
    /// The stored version is not the expected one; nothing was changed.
    Conflict {
        /// The version that is stored; `None` when nothing is.
        version: Option<u64>,
    },
}

/// What became of one fact that was to be retired.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Retired {
    /// It is retired, in this new version.
    Retired {
        /// The new version.
        version: u64,
    },
    /// It was left alone: not there, of another source, retired already, or newer.
    LeftAlone,
}

/// What became of a batch.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Committed {
    /// One for each write, in order.
    pub writes: Vec<Outcome>,
    /// One for each id of each retirement, in order.
    pub retired: Vec<Vec<Retired>>,
    /// How many quarantine rows were settled.
    pub settled: u64,
    /// How many resources have other index rows than before.
    pub reindexed: u64,
    /// How many confirmations were taken back.
    pub unconfirmed: u64,
    /// How many resources were said again without a change.
    pub said_again: u64,
    /// How many quarantine rows were held back again with them.
    pub held_again: u64,
}
