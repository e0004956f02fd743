//! Why the store could not do what it was asked.

use std::fmt;
use std::path::PathBuf;

/// Why the store failed. Nothing of a record is in it, so it may be logged.
#[derive(Debug, Clone)]
pub enum Error {
    /// The data folder or file cannot be opened.
    Open {
        /// The file.
        path: PathBuf,
        /// What the system said.
        reason: String,
    },
    /// Another process has the store open.
    InUse {
        /// The file.
        path: PathBuf,
    },
    /// The file was written by a later Causeway.
    TooNew {
        /// The file.
        path: PathBuf,
        /// The version of its tables.
        found: i64,
        /// The version this program knows.
        known: i64,
    },
    /// The disk is full; nothing of the batch was stored.
    Full,
    /// The store is stopping, or its writer has ended; nothing of the batch was stored.
    Closed,
    /// A write is not one that can be stored.
    Unusable {
        /// Which write of the batch, from 0.
        write: usize,
        /// What is wrong with it.
        reason: &'static str,
    },
    /// Something that was asked for cannot be, whatever is tried again; nothing was stored.
    Refused(&'static str),
    /// A search has more alternatives than one query may hold.
    TooWide,
    /// Something was to be held back for a submission that is not stored.
    UnknownSubmission,
    /// The same id is stored for more than one tenant in sight; showing either would be a guess.
    Ambiguous,
    /// The claim on the job no longer holds: another worker has it, or it is done. Nothing of the
    /// batch was stored.
    Fenced,
    /// The database did not answer in time, or has no connection to spare; nothing was stored.
    Busy,
    /// The connection broke while a batch was being committed, and whether it was stored could not be
    /// found out: ask again before doing it again.
    Unknown,
    /// The database failed; nothing of the batch was stored.
    Database(String),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Open { path, reason } => {
                write!(f, "the store {} cannot be opened: {reason}", path.display())
            }
            Self::InUse { path } => write!(
                f,
                "the store {} cannot be opened: another Causeway has it open, a server or another command; stop it, and run this again",
                path.display()
            ),
            Self::TooNew { path, found, known } => write!(
                f,
                "the store {} has tables of version {found}, and this program knows up to {known}: run a newer Causeway",
                path.display()
            ),
            Self::Full => f.write_str(
                "the disk is full, so nothing of this was stored: make room and send it again",
            ),
            Self::Closed => {
                f.write_str("the store is stopping, so nothing of this was stored: send it again")
            }
            Self::Unusable { write, reason } => {
                write!(f, "write {write} of the batch cannot be stored: {reason}")
            }
            Self::Refused(reason) => write!(f, "this cannot be stored: {reason}"),
            Self::TooWide => {
                f.write_str("the search has too many alternatives: ask in several searches")
            }
            Self::UnknownSubmission => {
                f.write_str("the submission that the batch names is not stored")
            }
            Self::Ambiguous => f.write_str("more than one resource in sight has this type and id"),
            Self::Fenced => f.write_str("another worker has taken the job over, so nothing of this was stored"),
            Self::Busy => f.write_str("the database is busy, so nothing of this was stored: try again in a moment"),
            Self::Unknown => f.write_str("the connection to the database broke, and whether this was stored is not known: send it again, what is stored already stays as it is"),
            Self::Database(reason) => write!(f, "the database failed: {reason}"),
        }
    }
}

impl std::error::Error for Error {}

impl From<rusqlite::Error> for Error {
    fn from(error: rusqlite::Error) -> Self {
        match error.sqlite_error_code() {
            Some(rusqlite::ErrorCode::DiskFull) => Self::Full,
            Some(rusqlite::ErrorCode::DatabaseBusy | rusqlite::ErrorCode::DatabaseLocked) => {
                Self::Busy
            }
            // The text of an SQLite error names tables and columns, never values.
            _ => Self::Database(error.to_string()),
        }
    }
}
