//! What can go wrong between the service and us.

use std::fmt;
use std::time::Duration;

/// Why an exchange with the service came to nothing. Never holds anything of a message.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Fault {
    /// Nobody answered at the address: nothing was asked.
    Unreachable,
    /// One side does not trust the other's certificate.
    Untrusted,
    /// The answer did not come, or stood still, for too long.
    Slow,
    /// The connection broke.
    Broken,
    /// The service is busy and said so each time it was asked.
    Busy {
        /// The HTTP status.
        status: u16,
        /// How long it asks to be left alone.
        wait: Option<Duration>,
    },
    /// The service does not know the mailbox, its password, the shared key or the certificate, or
    /// this machine's clock is wrong.
    NotLetIn,
    /// The service said no.
    Refused {
        /// The HTTP status.
        status: u16,
        /// The service's own error code, for example `12` for a mailbox that is not registered.
        code: Option<String>,
    },
    /// The answer cannot be read.
    Unreadable(&'static str),
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unreachable => f.write_str("the MESH service cannot be reached"),
            Self::Untrusted => f.write_str(
                "the MESH service and this server do not trust each other's certificates: check the \
                 client certificate and the authorities",
            ),
            Self::Slow => f.write_str("the MESH service did not answer in time"),
            Self::Broken => f.write_str("the connection to the MESH service broke"),
            Self::Busy { status, .. } => {
                write!(f, "the MESH service is busy (it answered {status})")
            }
            Self::NotLetIn => f.write_str(
                "the MESH service does not let this mailbox in (it answered 403): check the \
                 mailbox, its password, the shared key, the client certificate and this machine's \
                 clock",
            ),
            Self::Refused {
                status,
                code: Some(code),
            } => write!(
                f,
                "the MESH service refused (it answered {status}, code {code})"
            ),
            Self::Refused { status, code: None } => {
                write!(f, "the MESH service refused (it answered {status})")
            }
            Self::Unreadable(what) => write!(f, "the answer of the MESH service {what}"),
        }
    }
}

impl std::error::Error for Fault {}
