//! Who may see what: a [`auth::Caller`], a purpose and what is asked become a decision, and the
//! [`store::Sight`] that the store applies.
//!
//! The main type is [`Access`], made once from the configuration.
//!
//! Invariants:
//! - Closed by default: without a scope, a purpose that is allowed and (for a consumer) a sharing
//!   agreement that holds today, nothing is seen.
//! - The sight never reaches beyond the decision: a provider's own tenant, or the tenants whose
//!   agreement names the consumer, and only the types that both the agreement and the scopes grant.
//! - Safeguarding is withheld from everyone over the API (CS-15): no scope opens it yet. What is
//!   marked restricted is withheld from other organisations.

mod agreement;
mod decision;
mod destination;
mod labels;
mod purpose;
mod scope;

pub use agreement::{Agreement, Config, ConfigError, TenantConfig};
pub use decision::{Access, Ask, Granted, Refusal};
pub use destination::Receiver;
pub use labels::{LABELS, SAFEGUARDING, labels_of, withheld_by_default, withheld_from_others};
pub use purpose::Purpose;
pub use scope::{GrantedTypes, Interaction, Scopes};
