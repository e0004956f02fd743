//! The FHIR REST interface over axum: read, vread, history, search and `Patient/$summary`, with
//! the CapabilityStatement generated from what is really served.
//!
//! The main type is [`Api`]; [`Api::router`] gives the axum router that the binary serves.
//!
//! Invariants:
//! - A handler cannot reach the store: it is given a `Reader`, which exists only for a `Sight`
//!   that `access` granted to a caller whose token `auth` has verified. Open routes (`metadata`,
//!   `_ping`, `_status`, the SMART configuration) are given none.
//! - Every error is an OperationOutcome. What is missing and what may not be seen give the same
//!   answer.
//! - No personal data in a log line, a metric or an error: routes are named by template, callers
//!   by client, values never.
//! - Every answer carries `X-Request-ID`, `Cache-Control: no-store` and `nosniff`.
//! - Stored JSON is served as the bytes it was stored with, except that another organisation is not
//!   told where an untraced person lives (CS-3), by reading or by searching.

mod capability;
pub mod codes;
mod config;
mod cursor;
mod failure;
mod format;
mod gate;
mod gather;
mod health;
mod kin;
mod observe;
mod open;
mod providers;
mod read;
mod request;
mod respond;
mod route;
mod searching;
mod serve;
mod submissions;
mod summarising;
mod vault;

pub use config::{Config, Issuer};
pub use health::{Health, Seen};
pub use providers::{Provider, Providers};
pub use serve::{Api, State, Unusable};
pub use submissions::{Desk, view};
