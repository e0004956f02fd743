//! What submissions have left behind, for taking it back.

use jiff::Timestamp;

use crate::Status;

/// A resource of which some version, or the last confirmation, is of one of the submissions asked
/// about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Touched {
    /// The resource type.
    pub rtype: String,
    /// The id.
    pub id: String,
    /// The Patient that it is about.
    pub patient: Option<String>,
    /// Whether it stands now.
    pub status: Status,
    /// The as-of that it has now.
    pub as_of: Timestamp,
    /// The submission that last said so.
    pub submission: String,
    /// Its versions, newest first: the first is the current one.
    pub versions: Vec<VersionHead>,
}

/// A version without its content.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct VersionHead {
    /// The version.
    pub version: u64,
    /// Whether it stood.
    pub status: Status,
    /// What moment it was true of when it was written.
    pub as_of: Timestamp,
    /// The submission that wrote it.
    pub submission: String,
}

/// A part of what submissions have left behind.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TouchedPart {
    /// The resources, in the order in which they were first stored.
    pub items: Vec<Touched>,
    /// Where the next part begins; `None` when there is none.
    pub next: Option<u64>,
}

/// Resources whose last confirmation is taken back: their as-of and submission become those that
/// their current version was written with. Only where `submission` is what they have now.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unconfirm {
    /// The submission that is taken back.
    pub submission: String,
    /// Type and id of each.
    pub ids: Vec<(String, String)>,
}

/// Everything of a source that an earlier submission said last is said again by this batch's
/// submission, with a later as-of: the same bytes came again. Facts that are retired stay so.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SayAgain {
    /// The source.
    pub source: String,
    /// The earlier submission.
    pub earlier: String,
    /// The as-of from now on; what has a later one already is left alone.
    pub as_of: Timestamp,
}
