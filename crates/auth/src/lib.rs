//! Who is calling: a bearer token in, a [`Caller`] out.
//!
//! The main type is [`Auth`]. It is made once from a [`Config`] by reading the issuer's discovery
//! document and keys, and then answers [`Auth::caller`] for each request.
//!
//! Invariants:
//! - It fails closed: no keys at start, no [`Auth`]; any doubt about a token, no [`Caller`].
//! - Only JWT access tokens (RFC 9068, `typ` `at+jwt`) signed with a configured algorithm by a key
//!   of the configured issuer's own key set count. An ID token does not; nor does a key that the
//!   token itself brings or points to.
//! - What a client may be (its organisation, provider or consumer, its tenant) comes from the
//!   configuration, never from a header and never from the token.
//! - No token and no part of one is in an error, a log line or a `WWW-Authenticate` header.

mod caller;
mod config;
mod error;
mod fetch;
mod gate;
mod keys;
mod remembered;
mod token;

pub use caller::{Caller, Kind};
pub use config::{Algorithm, Client, Config, ConfigError, Pace, check_clients};
pub use error::{DiscoverError, Refusal};
pub use gate::{Auth, Readiness};
pub use keys::Offers;
