//! Who calls.

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

/// The two kinds of caller there are.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Kind {
    /// A care provider: belongs to one tenant and works inside it.
    Provider {
        /// The tenant's name.
        tenant: String,
    },
    /// An NHS organisation: belongs to no tenant, and sees the persons that `access` allows.
    Consumer,
}

/// A client whose token has been verified.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Caller {
    /// The client, as registered.
    pub client_id: String,
    /// The ODS code of its organisation, from the registration.
    pub organisation: String,
    /// What it is, from the registration.
    pub kind: Kind,
    /// The scopes it was granted, as the token has them; parsed by `access::Scopes`.
    pub scope: String,
    /// The token's subject: the client itself, or the user it acts for.
    pub subject: String,
    /// The token's own id, where it has one: for the audit.
    pub token_id: Option<String>,
    /// When the token ends.
    pub expires: Timestamp,
}
