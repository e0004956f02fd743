//! What comes back from the store.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use crate::Tenant;

/// Whether a stored resource still stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum Status {
    /// It stands.
    #[default]
    Active,
    /// Its source no longer reports it (CS-4). Only a sight that shows retired resources sees it.
    Retired,
    /// It was wrong; the resource itself says `entered-in-error`.
    EnteredInError,
    /// It was deleted on request. A read finds the marker, without the content; a search does not.
    Deleted,
}

impl Status {
    pub(crate) fn number(self) -> i64 {
        match self {
            Self::Active => 0,
            Self::Retired => 1,
            Self::EnteredInError => 2,
            Self::Deleted => 3,
        }
    }

    pub(crate) fn from_number(number: i64) -> Option<Self> {
        [
            Self::Active,
            Self::Retired,
            Self::EnteredInError,
            Self::Deleted,
        ]
        .into_iter()
        .find(|status| status.number() == number)
    }
}

/// One version of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Stored {
    /// Whose it is.
    pub tenant: Tenant,
    /// `Patient`, `Flag`.
    pub rtype: String,
    /// The id.
    pub id: String,
    /// The version, from 1; the same as `meta.versionId`.
    pub version: u64,
    /// When this version was committed, to the millisecond; the same as `meta.lastUpdated`.
    pub updated: Timestamp,
    /// Whether it stands.
    pub status: Status,
    /// The id of the Patient it is about, where it is about one (for a Patient, its own).
    pub patient: Option<String>,
    /// The source that said so.
    pub source: String,
    /// The moment that the content is true of. For the current version it moves on when a later
    /// submission says the same again.
    pub as_of: Timestamp,
    /// The submission that last said so; empty when none did.
    pub submission: String,
    /// The resource as JSON, the bytes to serve. Empty when the status is [`Status::Deleted`].
    pub body: Vec<u8>,
}

/// A part of everything that is current in a tenant.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Scan {
    /// The resources, in the order in which they were first stored.
    pub items: Vec<Stored>,
    /// Where the next part begins; `None` when there is none.
    pub next: Option<u64>,
}

/// A current resource of a source without its content: for finding what a snapshot no longer holds.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Current {
    /// The resource type.
    pub rtype: String,
    /// The id.
    pub id: String,
    /// The current version.
    pub version: u64,
    /// The Patient it is about.
    pub patient: Option<String>,
    /// Whether it stands.
    pub status: Status,
    /// What moment it is true of.
    pub as_of: Timestamp,
}
