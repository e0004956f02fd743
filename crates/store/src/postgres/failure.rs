//! What PostgreSQL's failures mean.

use crate::Error;

/// A failure in the store's words. PostgreSQL names values only in details, which are left out, and
/// in the messages of data exceptions (class 22), of which only the code is told.
pub(super) fn of(error: sqlx::Error) -> Error {
    match &error {
        sqlx::Error::PoolTimedOut | sqlx::Error::Io(_) | sqlx::Error::Protocol(_) => {
            tracing::warn!(%error, "PostgreSQL did not answer");
            Error::Busy
        }
        sqlx::Error::PoolClosed | sqlx::Error::WorkerCrashed => Error::Closed,
        sqlx::Error::Database(database) => {
            let code = database.code().unwrap_or_default();
            match (class(&code), code.as_ref()) {
                // Disk full; out of memory is not a full disk.
                (_, "53100") => Error::Full,
                // Too many connections; cancelled by the statement's timeout or an operator; a lock
                // not got in time; conflicts that retrying did not mend; the server going or coming.
                // Two that wrote the same key at once are like two that waited for each other: the
                // second sees the first when it tries again.
                ("40" | "53" | "08", _)
                | (_, "23505" | "57014" | "55P03" | "57P01" | "57P02" | "57P03" | "25P03") => {
                    tracing::warn!(%code, message = database.message(), "PostgreSQL gave up a step");
                    Error::Busy
                }
                ("22", _) => Error::Database(format!("PostgreSQL refused a value ({code})")),
                _ => Error::Database(format!("PostgreSQL: {} ({code})", database.message())),
            }
        }
        sqlx::Error::Tls(_) | sqlx::Error::Configuration(_) => Error::Database(error.to_string()),
        _ => Error::Database("the answer of PostgreSQL could not be read".to_owned()),
    }
}

fn class(code: &str) -> &str {
    code.get(..2).unwrap_or_default()
}

/// Whether a transaction that failed so, before its COMMIT was sent, may be done again: it left
/// nothing behind, and the same may go well now.
pub(super) fn passes(error: &Error) -> bool {
    matches!(error, Error::Busy)
}
