//! Why PDS could not be asked.

use std::fmt;
use std::time::Duration;

/// Why there is no answer. Nothing of a person, and no secret, is in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Error {
    /// The settings cannot work.
    Settings(&'static str),
    /// No token was given: the HTTP status and what the token service said, which is about the
    /// assertion and never about a person.
    Token {
        /// The status.
        status: u16,
        /// What it said.
        said: String,
    },
    /// The token was given and PDS takes it for no permission.
    Denied,
    /// PDS asked to wait for longer than is waited.
    Busy {
        /// For how long.
        wait: Duration,
    },
    /// PDS cannot be reached, or did not answer in time.
    Unreachable,
    /// PDS answered what nobody can understand: the HTTP status, and the code it gave.
    Unexpected {
        /// The status.
        status: u16,
        /// The code of its OperationOutcome, where that is one.
        code: Option<String>,
    },
}

impl Error {
    /// Whether asking about somebody else would fail in the same way, so that there is no use in
    /// going on now.
    pub fn is_everyones(&self) -> bool {
        !matches!(self, Self::Unexpected { .. })
    }
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Settings(what) => write!(f, "PDS cannot be asked: {what}"),
            Self::Token { status, said } => write!(
                f,
                "no token for PDS was given ({status}: {said}): check the API key, the key id, and that the public key is registered"
            ),
            Self::Denied => f.write_str(
                "PDS denies access: check that the application is registered for application-restricted access",
            ),
            Self::Busy { wait } => write!(
                f,
                "PDS asks to wait {} seconds before the next question",
                wait.as_secs()
            ),
            Self::Unreachable => f.write_str("PDS cannot be reached, or does not answer in time"),
            Self::Unexpected { status, code } => write!(
                f,
                "PDS gave an answer that is not understood (status {status}, {})",
                code.as_deref().unwrap_or("no code")
            ),
        }
    }
}

impl std::error::Error for Error {}
