//! What a job is to do, as it is queued.

use serde::{Deserialize, Serialize};
use store::NewJob;

/// What is to be done about a submission.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "task", rename_all = "kebab-case")]
pub enum Task {
    /// Read it for the first time.
    Run,
    /// Read its bytes again for what the quarantine holds.
    Replay(Chosen),
    /// Read its bytes again, all of them, with the mapping that is active now.
    Rebuild,
    /// Retire what waits, for a person has confirmed it.
    Confirm,
    /// Leave what waits as it is, for a person has declined.
    Decline,
    /// Take it back.
    Withdraw,
}

/// Which open rows of the quarantine.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Chosen {
    /// Of these submissions.
    pub submissions: Vec<String>,
    /// These rows, by number; all when empty.
    #[serde(default)]
    pub numbers: Vec<u64>,
    /// With an issue of this code.
    #[serde(default)]
    pub code: Option<String>,
}

impl Task {
    /// The word by which the queue and its readers know it.
    pub fn kind(&self) -> &'static str {
        match self {
            Self::Run => "run",
            Self::Replay(_) => "replay",
            Self::Rebuild => "rebuild",
            Self::Confirm => "confirm",
            Self::Decline => "decline",
            Self::Withdraw => "withdraw",
        }
    }

    pub(crate) fn queued(&self, submission: &str, source: &str) -> NewJob {
        NewJob {
            submission: submission.to_owned(),
            source: source.to_owned(),
            kind: self.kind().to_owned(),
            // It holds nothing but words and numbers.
            argument: serde_json::to_string(self).unwrap_or_default(),
            run_at: None,
        }
    }

    pub(crate) fn of(job: &NewJob) -> Option<Self> {
        serde_json::from_str(&job.argument).ok()
    }
}
