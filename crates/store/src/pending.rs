//! What waits for a person (CS-4).

use jiff::Timestamp;

/// A stored fact that a file no longer holds, and that is not retired until a person confirms it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Pending {
    /// The resource type.
    pub rtype: String,
    /// The id.
    pub id: String,
    /// The Patient that it is about.
    pub patient: Option<String>,
    /// Why it waits, as a word: `vanished-allergy`, `people-gone`, `deleted-allergy`.
    pub why: String,
}

/// A row of what waits, as it is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PendingRow {
    /// Its number.
    pub number: u64,
    /// The submission that no longer holds it.
    pub submission: String,
    /// The source of that submission.
    pub source: String,
    /// The as-of of that submission: what is newer by now is left alone.
    pub as_of: Timestamp,
    /// The fact.
    pub pending: Pending,
}

/// Rows of what waits that need nobody any more: a person has decided, or a newer file has.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ClosePending {
    /// The source.
    pub source: String,
    /// Only those of this submission; of every submission of the source but the batch's own, with an
    /// as-of up to the one given, when `None`.
    pub submission: Option<String>,
    /// See `submission`.
    pub up_to: Timestamp,
}
