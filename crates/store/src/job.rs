//! Work that is to be done, by whichever process comes to it first.

use std::time::Duration;

use jiff::Timestamp;

use crate::{Answer, Sight, Tenant};

/// A job to be queued.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct NewJob {
    /// The submission that it works on.
    pub submission: String,
    /// The source: of one tenant's source one job runs at a time, in the order of queueing.
    pub source: String,
    /// What is to be done, as the submission crate names it.
    pub kind: String,
    /// What else it needs to know, as JSON.
    pub argument: String,
    /// Not before this moment; `None` is at once.
    pub run_at: Option<Timestamp>,
}

/// Where a job stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JobState {
    /// Nobody works on it.
    Waiting,
    /// Somebody holds a lease on it.
    Running,
    /// It is done.
    Done,
    /// It was given up: a person has to look.
    Failed,
}

impl JobState {
    pub(crate) const ALL: [Self; 4] = [Self::Waiting, Self::Running, Self::Done, Self::Failed];

    /// The word that is stored and shown.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Waiting => "waiting",
            Self::Running => "running",
            Self::Done => "done",
            Self::Failed => "failed",
        }
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }
}

/// A job as it stands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Job {
    /// Its number in the store.
    pub number: u64,
    /// Whose it is.
    pub tenant: Tenant,
    /// What was queued.
    pub work: NewJob,
    /// Where it stands.
    pub state: JobState,
    /// How often it was claimed.
    pub attempts: u32,
    /// When it was queued.
    pub queued: Timestamp,
    /// Until when its worker's lease holds.
    pub lease_until: Option<Timestamp>,
    /// The worker that holds it, or held it last.
    pub worker: Option<String>,
    /// How far it is, as JSON: for those who wait.
    pub progress: String,
    /// Why it was put back last; never a value of a record.
    pub last_error: Option<String>,
}

/// A job in a worker's hands.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Claim {
    /// The job.
    pub job: Job,
    /// The fencing token: larger with every claim, so that a worker whose lease ran out can change
    /// nothing any more.
    pub token: u64,
}

impl Claim {
    /// What a batch carries to prove that the claim still holds.
    pub fn fence(&self) -> Fence {
        Fence {
            job: self.job.number,
            token: self.token,
        }
    }
}

/// Proof of a claim. A batch with a fence whose token is not the job's present one, or whose job no
/// longer runs, changes nothing: [`crate::Error::Fenced`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Fence {
    /// The job's number.
    pub job: u64,
    /// The token.
    pub token: u64,
}

/// What a worker needs to know again after a crash, written with the batch that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct JournalRow {
    /// From 1, without a gap.
    pub number: u32,
    /// What the worker wrote.
    pub entry: Vec<u8>,
    /// What became of the writes of that very batch, as the store counted them.
    pub counted: Counted,
}

/// Outcomes of one batch, counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Counted {
    /// New resources.
    pub created: u64,
    /// New versions.
    pub updated: u64,
    /// Nothing new.
    pub unchanged: u64,
    /// Older than what is stored.
    pub older: u64,
    /// Not the version that was expected.
    pub conflict: u64,
    /// Retired facts.
    pub retired: u64,
}

/// Which jobs are asked for.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct JobQuery {
    /// Of one submission.
    pub submission: Option<String>,
    /// In one of these states; all when empty.
    pub states: Vec<JobState>,
}

/// How much there is to do over all tenants: for metrics and health, never for a caller.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Backlog {
    /// Jobs that wait and whose time has come, those behind another of their source included.
    pub waiting: u64,
    /// Jobs that run.
    pub running: u64,
    /// Jobs that were given up.
    pub failed: u64,
    /// Since when the longest waiting one waits.
    pub oldest: Option<Timestamp>,
}

/// The queue.
pub trait Jobs {
    /// Takes the next job: one whose source has no other job running or queued before it, of the
    /// tenant that has the fewest running and was served longest ago. A running job whose lease is
    /// over is taken like a waiting one; a lease that ends further ahead than it was granted for is
    /// over too, for the clock has gone back. A job that was put back keeps its place before those
    /// queued behind it; one that is queued for a time to come takes its place when that has come; one
    /// that was given up is out of the way.
    fn claim<'a>(&'a self, worker: &'a str, lease: Duration) -> Answer<'a, Option<Claim>>;

    /// Prolongs a lease. `false`: the claim no longer holds, and the worker must stop.
    fn renew(&self, fence: Fence, lease: Duration) -> Answer<'_, bool>;

    /// Gives a job back, to be run again after a while. `false`: the claim no longer held.
    fn put_back<'a>(
        &'a self,
        fence: Fence,
        after: Duration,
        error: Option<&'a str>,
    ) -> Answer<'a, bool>;

    /// What earlier claims of a job have written, in order.
    fn journal(&self, job: u64) -> Answer<'_, Vec<JournalRow>>;

    /// Jobs of a tenant, the latest first. Only the tenant itself sees them.
    fn jobs<'a>(
        &'a self,
        sight: &'a Sight,
        tenant: &'a Tenant,
        query: &'a JobQuery,
    ) -> Answer<'a, Vec<Job>>;

    /// How much there is to do.
    fn backlog(&self) -> Answer<'_, Backlog>;
}
