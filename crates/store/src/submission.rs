//! A file's life, as the store keeps it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Tenant;

/// Where a submission stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubmissionState {
    /// It has begun to come in.
    Received,
    /// Its bytes are kept, and its job waits.
    Archived,
    /// Being read, mapped and stored.
    Reading,
    /// All that can be stored of it is; what it means for the rest is being worked out.
    Stored,
    /// Stored and reported; the counts tell whether some of it is quarantined.
    Reported,
    /// Stored and reported, and something in it waits for a person's confirmation (CS-4).
    AwaitingConfirmation,
    /// Nothing of it could be used.
    Refused,
    /// Causeway itself could not finish it: whoever runs it has to look.
    Failed,
    /// It was taken back, with what it had done.
    Withdrawn,
}

impl SubmissionState {
    /// All of them, in the order of a submission's life.
    pub const ALL: [Self; 9] = [
        Self::Received,
        Self::Archived,
        Self::Reading,
        Self::Stored,
        Self::Reported,
        Self::AwaitingConfirmation,
        Self::Refused,
        Self::Failed,
        Self::Withdrawn,
    ];

    /// The word it is stored and shown as.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Archived => "archived",
            Self::Reading => "reading",
            Self::Stored => "stored",
            Self::Reported => "reported",
            Self::AwaitingConfirmation => "awaiting-confirmation",
            Self::Refused => "refused",
            Self::Failed => "failed",
            Self::Withdrawn => "withdrawn",
        }
    }

    /// The state of a word.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|state| state.as_str() == word)
    }

    /// Whether what it says counts for what is true now: what came before it must not overwrite it.
    pub fn stands(self) -> bool {
        matches!(self, Self::Reported | Self::AwaitingConfirmation)
    }
}

/// Which mapping a submission was run with.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct MappingStamp {
    /// The mapping's name: `cld-r1`.
    pub name: String,
    /// Its version.
    pub version: String,
    /// The hash of the mapping and its code tables, in hexadecimal.
    pub hash: String,
}

/// One submission: one file of one source of one tenant, or a later run of one that is archived.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Submission {
    /// Whose it is.
    pub tenant: Tenant,
    /// Its id, unique in the tenant.
    pub id: String,
    /// The source it comes from.
    pub source: String,
    /// The file's name, without its folder.
    pub file_name: String,
    /// The SHA-256 of its bytes, in hexadecimal: the archive's key.
    pub file_hash: String,
    /// How many bytes.
    pub size: u64,
    /// How it came in: `https`, `mesh`, `folder`, `command`, `replay`, `rebuild`.
    pub way: String,
    /// Who sent it: a client's id, a mailbox, a folder's source; never a person's name.
    pub sender: String,
    /// Where a report is to be sent to besides, as its way in understands it: a mailbox.
    pub reply_to: Option<String>,
    /// The submission whose bytes this one runs again.
    pub of: Option<String>,
    /// The as-of that the sender stated, as it was stated.
    pub stated_as_of: Option<String>,
    /// What moment its content is true of (CS-4).
    pub as_of: Timestamp,
    /// When it arrived.
    pub received: Timestamp,
    /// What it was mapped with.
    pub mapping: MappingStamp,
    /// What else decided what it became: the program's version and the packages in force. Two runs
    /// with the same bytes, mapping and engine give the same resources.
    pub engine: String,
    /// Where it stands.
    pub state: SubmissionState,
    /// Counts of what happened, as a JSON object.
    pub counts: String,
    /// The report, as JSON: for the sender only (CS-22).
    pub report: String,
}

impl Submission {
    /// A submission that has just come in, with nothing known of it but whose it is.
    pub fn new(
        tenant: Tenant,
        id: impl Into<String>,
        source: impl Into<String>,
        received: Timestamp,
    ) -> Self {
        Self {
            tenant,
            id: id.into(),
            source: source.into(),
            file_name: String::new(),
            file_hash: String::new(),
            size: 0,
            way: String::new(),
            sender: String::new(),
            reply_to: None,
            of: None,
            stated_as_of: None,
            as_of: received,
            received,
            mapping: MappingStamp::default(),
            engine: String::new(),
            state: SubmissionState::Received,
            counts: "{}".to_owned(),
            report: "{}".to_owned(),
        }
    }
}

/// Which submissions of a tenant are asked for: the latest received first.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct SubmissionQuery {
    /// Of one source.
    pub source: Option<String>,
    /// In one of these states; all when empty.
    pub states: Vec<SubmissionState>,
    /// With these bytes.
    pub file_hash: Option<String>,
    /// Run with this mapping, by hash.
    pub mapping_hash: Option<String>,
    /// Later runs of this submission.
    pub of: Option<String>,
    /// Received at this moment or later.
    pub received_from: Option<Timestamp>,
    /// Received before this moment.
    pub received_before: Option<Timestamp>,
    /// Only those that come after this one in the answer's order: the id of the last one of the page
    /// before.
    pub after: Option<String>,
    /// At most so many; no bound when `None`.
    pub limit: Option<usize>,
}
