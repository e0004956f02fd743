//! Mappings as they are kept: content that never changes, its reviews, and which one an
//! organisation's files are read with.
//!
//! What a mapping makes depends on its bytes and nothing else, so a mapping is kept under the hash
//! of its bytes. Whoever installed, activated or rolled back what and when is a list that only grows;
//! what is active is read from that list, so there is no second truth that could disagree with it.

use jiff::Timestamp;

use crate::{Answer, MappingStamp, Tenant};

/// One file of a mapping.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingFile {
    /// Its path as the mapping names it.
    pub path: String,
    /// Its bytes.
    pub content: Vec<u8>,
}

/// A mapping's content: all files that decide what it makes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingPackage {
    /// Name, version, and the hash over all its files.
    pub stamp: MappingStamp,
    /// The resource types that it makes.
    pub types: Vec<String>,
    /// Its files, each path once.
    pub files: Vec<MappingFile>,
}

/// A clinical review of one mapping content (CS-21).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingReview {
    /// Who.
    pub reviewer: String,
    /// As what.
    pub role: String,
    /// With which professional body: `GMC 1234567`.
    pub registration: Option<String>,
    /// When: a day, `2026-11-22`.
    pub date: String,
    /// What else was said.
    pub note: Option<String>,
}

/// What is to be done, and by whom.
#[derive(Debug, Clone)]
pub struct MappingOrder {
    /// Who does it: a person, for the record.
    pub by: String,
    /// What.
    pub change: MappingChange,
}

/// A change of what is installed or active.
#[derive(Debug, Clone)]
pub enum MappingChange {
    /// Keeps a content, and reviews of it. A content that is kept already gains the reviews that it
    /// lacks.
    Install {
        /// The content.
        package: MappingPackage,
        /// Reviews of exactly this content.
        reviews: Vec<MappingReview>,
        /// The file that the reviews come from, as it is.
        review_file: Option<Vec<u8>>,
    },
    /// Makes an installed mapping the one that an organisation's files are read with.
    Activate {
        /// Whose files.
        tenant: Tenant,
        /// Of this source only, or of every source that has no choice of its own.
        source: Option<String>,
        /// The mapping's name.
        name: String,
        /// Its version.
        version: String,
        /// Whether a mapping without a review is refused (CS-21).
        reviewed_only: bool,
    },
    /// Goes back to what was active before.
    RollBack {
        /// Whose files.
        tenant: Tenant,
        /// The same choice as was activated for.
        source: Option<String>,
        /// The mapping's name.
        name: String,
        /// Whether a mapping without a review is refused (CS-21).
        reviewed_only: bool,
    },
}

/// What became of an order. What is refused changes nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum MappingOutcome {
    /// The content is kept.
    Installed {
        /// Whether it was not there before.
        new: bool,
        /// How many reviews are new.
        reviews: usize,
    },
    /// Another content has this name and version: a version never changes its content.
    OtherContent {
        /// The hash of what is kept.
        kept: String,
    },
    /// It is active.
    Activated {
        /// What was active before.
        before: Option<MappingStamp>,
    },
    /// It was active already; nothing was changed.
    AlreadyActive,
    /// What was active before is active again.
    RolledBack {
        /// What was active until now.
        from: MappingStamp,
        /// What is active now.
        to: MappingStamp,
    },
    /// There is nothing to go back to.
    NothingBefore,
    /// No such mapping is installed.
    NotInstalled,
    /// Nobody has reviewed it.
    NotReviewed {
        /// Which.
        mapping: MappingStamp,
    },
}

/// What is installed, without its files.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct InstalledMapping {
    /// Which.
    pub stamp: MappingStamp,
    /// The resource types that it makes.
    pub types: Vec<String>,
    /// When it was installed.
    pub installed: Timestamp,
    /// By whom.
    pub by: String,
    /// Its reviews, the oldest first.
    pub reviews: Vec<MappingReview>,
}

/// What is active for an organisation.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ActiveMapping {
    /// Whose files are read with it.
    pub tenant: Tenant,
    /// Of this source only, or of every source without a choice of its own.
    pub source: Option<String>,
    /// Which.
    pub stamp: MappingStamp,
    /// Since when.
    pub since: Timestamp,
    /// Who decided it.
    pub by: String,
}

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum MappingStep {
    /// A content was put in.
    Installed,
    /// A content that was there gained a review.
    Reviewed,
    /// It became active.
    Activated,
    /// It became active again.
    RolledBack,
}

impl MappingStep {
    const ALL: [Self; 4] = [
        Self::Installed,
        Self::Reviewed,
        Self::Activated,
        Self::RolledBack,
    ];

    /// The word it is stored and shown as.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Installed => "installed",
            Self::Reviewed => "reviewed",
            Self::Activated => "activated",
            Self::RolledBack => "rolled-back",
        }
    }

    pub(crate) fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|step| step.as_str() == word)
    }
}

/// One entry of the list of what happened.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MappingEvent {
    /// Its number: later ones have higher ones.
    pub number: u64,
    /// When.
    pub at: Timestamp,
    /// By whom.
    pub by: String,
    /// What.
    pub step: MappingStep,
    /// To which mapping; for a roll-back, the one that is active again.
    pub stamp: MappingStamp,
    /// For whose files.
    pub tenant: Option<Tenant>,
    /// For which source.
    pub source: Option<String>,
}

/// A mapping by which something was stored.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct UsedMapping {
    /// For whom.
    pub tenant: Tenant,
    /// Which.
    pub stamp: MappingStamp,
    /// By how many submissions.
    pub submissions: u64,
    /// Whether exactly this content has a review that is kept here.
    pub reviewed: bool,
}

/// The mappings that are kept. No record of a person is among them, so nothing here takes a
/// [`Sight`](crate::Sight); which organisation uses what is for the operator.
pub trait MappingRegistry: Send + Sync {
    /// Does what is ordered, whole or not at all; it is on disk when this returns.
    ///
    /// # Errors
    /// As [`Store::commit`](crate::Store::commit). An order that may not be done is no error: the
    /// outcome says why, and nothing has changed.
    fn order(&self, order: MappingOrder) -> Answer<'_, MappingOutcome>;

    /// What is installed, by name and then in the order of installing.
    fn installed(&self) -> Answer<'_, Vec<InstalledMapping>>;

    /// A content by its hash, with its files.
    fn package<'a>(&'a self, hash: &'a str) -> Answer<'a, Option<MappingPackage>>;

    /// The reviews of a content, the oldest first; none when it is not installed.
    fn reviews<'a>(&'a self, hash: &'a str) -> Answer<'a, Vec<MappingReview>>;

    /// What is active now, of one tenant or of all.
    fn active<'a>(&'a self, tenant: Option<&'a Tenant>) -> Answer<'a, Vec<ActiveMapping>>;

    /// Everything that happened, the oldest first.
    fn events(&self) -> Answer<'_, Vec<MappingEvent>>;

    /// The mappings by which anything was ever stored here.
    fn used(&self) -> Answer<'_, Vec<UsedMapping>>;
}
