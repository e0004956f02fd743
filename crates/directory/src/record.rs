//! Recording a change.

use std::fmt;

use jiff::Timestamp;
use store::{DirectoryChange, Store};

use crate::{Entry, Kind, Known, Problem, read};

/// Why a change was not recorded.
#[derive(Debug)]
pub enum RecordError {
    /// What would be left cannot be used.
    Unusable(Problem),
    /// There is no such entry.
    Unknown {
        /// What kind was named.
        kind: Kind,
        /// What was named.
        key: String,
    },
    /// The store failed.
    Store(store::Error),
}

impl fmt::Display for RecordError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable(problem) => problem.fmt(f),
            Self::Unknown { kind, key } => write!(
                f,
                "there is no {kind} {key}: `causeway {kind} list` shows those there are"
            ),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for RecordError {}

impl From<store::Error> for RecordError {
    fn from(error: store::Error) -> Self {
        Self::Store(error)
    }
}

impl From<Problem> for RecordError {
    fn from(problem: Problem) -> Self {
        Self::Unusable(problem)
    }
}

/// Records an entry, in place of one of the same name. `file` is what the configuration file says.
///
/// # Errors
/// When what is known then could not be used, or the store fails; nothing was recorded.
pub async fn put(
    store: &dyn Store,
    file: Known,
    entry: Entry,
    by: &str,
    at: Timestamp,
) -> Result<u64, RecordError> {
    let mut known = read(store, file).await?;
    let change = DirectoryChange {
        at,
        by: by.to_owned(),
        kind: entry.kind().as_str().to_owned(),
        key: entry.key(),
        content: Some(entry.to_json()),
    };
    known.put(entry);
    known.check()?;
    Ok(store.record_change(change).await?)
}

/// Records that an entry has ended, also one of the configuration file.
///
/// # Errors
/// When there is no such entry, what is left could not be used, or the store fails; nothing was
/// recorded.
pub async fn end(
    store: &dyn Store,
    file: Known,
    kind: Kind,
    key: &str,
    by: &str,
    at: Timestamp,
) -> Result<u64, RecordError> {
    let mut known = read(store, file).await?;
    let is_known = match kind {
        Kind::Tenant => known.organisations.contains_key(key),
        Kind::Client => known.clients.contains_key(key),
        Kind::Agreement => known.agreements.contains_key(key),
    };
    if !is_known {
        return Err(RecordError::Unknown {
            kind,
            key: key.to_owned(),
        });
    }
    known.end(kind, key);
    known.check()?;
    let change = DirectoryChange {
        at,
        by: by.to_owned(),
        kind: kind.as_str().to_owned(),
        key: key.to_owned(),
        content: None,
    };
    Ok(store.record_change(change).await?)
}
