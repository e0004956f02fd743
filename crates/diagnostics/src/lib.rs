//! The one [`Issue`] type that every part of Causeway reports with.
//!
//! An issue says what happened, where (in the input, in the mapping, in the FHIR resource) and
//! what to do about it. It is read by the person who met it: an integrator at a terminal, a care
//! provider reading a report, a client reading an `OperationOutcome`.
//!
//! Invariants:
//! - `message` and `help` never hold personal data (CS-22). The offending value, where it helps the
//!   organisation that sent it, is kept apart in [`Issue::value`], which only that organisation's
//!   own report prints; `Display` and the log never do.
//! - `code` is stable: a letter for the part that raised it and a number, never reused.
//! - This crate knows nothing of who raises an issue.

mod issue;
mod place;
mod render;

pub use issue::{Issue, IssueType, Severity, errors, has_errors};
pub use place::{InputPlace, MappingPlace};
pub use render::{render_with_source, summary_line};
