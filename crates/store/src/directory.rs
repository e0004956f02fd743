//! Who is known: organisations, their clients and agreements, as operators record them.

use jiff::Timestamp;

use crate::Answer;

/// A change of one entry. What an entry says is the `directory` crate's; to the store it is text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryChange {
    /// When.
    pub at: Timestamp,
    /// Who recorded it.
    pub by: String,
    /// What the entry is: `tenant`, `client`, `agreement`.
    pub kind: String,
    /// What names it among its kind.
    pub key: String,
    /// What it says from now on, as JSON; `None` ends it.
    pub content: Option<String>,
}

/// A change as it is read back: the list only grows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct DirectoryRow {
    /// Its number.
    pub number: u64,
    /// The change.
    pub change: DirectoryChange,
}

/// Where entries are kept. What counts for an entry is its last change.
pub trait Directory {
    /// Records a change; its number.
    fn record_change(&self, change: DirectoryChange) -> Answer<'_, u64>;

    /// The last change of every entry, ended ones included, in the order of their kinds and keys.
    fn directory(&self) -> Answer<'_, Vec<DirectoryRow>>;

    /// Every change of an entry, the oldest first.
    fn directory_history<'a>(
        &'a self,
        kind: &'a str,
        key: &'a str,
    ) -> Answer<'a, Vec<DirectoryRow>>;

    /// The number of the last change of all; 0 when there is none. Asked for often, to see whether
    /// anything is new.
    fn directory_number(&self) -> Answer<'_, u64>;
}
