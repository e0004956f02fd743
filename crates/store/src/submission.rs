//! A file's life, as the store keeps it.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Tenant;

/// Where a submission stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum SubmissionState {
    /// The bytes are here, nothing is stored of them yet.
    Received,
    /// Being read, mapped and stored.
    Reading,
    /// Stored and reported; the counts tell whether some of it is quarantined.
    Reported,
    /// It needs a person's confirmation before it goes on (CS-4).
    AwaitingConfirmation,
    /// Nothing of it could be used.
    Refused,
}

impl SubmissionState {
    /// The word it is stored and shown as.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Received => "received",
            Self::Reading => "reading",
            Self::Reported => "reported",
            Self::AwaitingConfirmation => "awaiting-confirmation",
            Self::Refused => "refused",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        [
            Self::Received,
            Self::Reading,
            Self::Reported,
            Self::AwaitingConfirmation,
            Self::Refused,
        ]
        .into_iter()
        .find(|state| state.as_str() == word)
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

/// One submission: one file of one source of one tenant.
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
    /// The SHA-256 of its bytes, in hexadecimal.
    pub file_hash: String,
    /// What moment its content is true of (CS-4).
    pub as_of: Timestamp,
    /// When it arrived.
    pub received: Timestamp,
    /// What it was mapped with.
    pub mapping: MappingStamp,
    /// Where it stands.
    pub state: SubmissionState,
    /// Counts of what happened, as a JSON object.
    pub counts: String,
    /// The report, as JSON: for the sender only (CS-22).
    pub report: String,
}
