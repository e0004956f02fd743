//! Asks the NHS Personal Demographics Service (PDS) whether an NHS number is a person's (CS-3).
//!
//! The main type is [`Client`]: [`Client::trace`] takes what a record says of its person and gives a
//! [`Trace`]: the number is theirs, or PDS knows somebody else under it, or another number, or
//! nobody; and whether the person is restricted or has died. It uses the PDS FHIR API in
//! application-restricted mode (signed JWT), reads by NHS number, and never searches: a person is not
//! found by likeness.
//!
//! Invariants:
//! - Only [`Outcome::Verified`] gives verification status 01, and only the rule for linking
//!   ([`identity::link`]) gives that outcome. Whatever cannot be understood verifies nobody.
//! - Nothing of an answer outlives the question but the outcome: no name, birth date or address is
//!   kept, logged or put into an error.
//! - No key, token or number is in any `Debug`, log line or error.
//! - The service is asked no faster than configured, waits when it is told to, and a question is
//!   tried again only with the same `X-Request-ID`.

mod address;
mod answer;
mod assertion;
mod client;
mod error;
mod key;
mod memory;
mod pace;
mod settings;
mod token;
mod trace;

pub use client::Client;
pub use error::Error;
pub use key::{PrivateKey, UnusableKey};
pub use memory::{Memory, Remember};
pub use settings::Settings;
pub use trace::{Confidentiality, Outcome, Trace};
