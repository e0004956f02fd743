//! What people decided.

use jiff::Timestamp;

use crate::Tenant;

/// A decision that somebody took: written with what follows from it, and never changed.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Deed {
    /// When.
    pub at: Timestamp,
    /// Who: a client's or a person's id, never a name out of a record.
    pub by: String,
    /// What, as a word: `confirmed`, `declined`, `withdrawn`, `replayed`, `released`, `discarded`,
    /// `rebuilt`, `recalled`, `erased`.
    pub what: String,
    /// The submission that it is about.
    pub submission: Option<String>,
    /// The resource that it is about: type and id.
    pub about: Option<(String, String)>,
    /// The reason that was given.
    pub note: Option<String>,
}

/// A deed as it is read back.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DeedRow {
    /// Its number.
    pub number: u64,
    /// Whose records it is about.
    pub tenant: Tenant,
    /// The deed.
    pub deed: Deed,
}
