//! How far Causeway's validator agrees with an outside one.
//!
//! A [`Case`] is a resource as text with the profiles that it is held against. Cases come from
//! corpora ([`corpus`]) and from the mutation generator ([`mutants`]), which breaks good resources
//! one rule at a time. Both validators give a [`Verdict`]; [`Comparison`] says where they differ, and
//! [`Reviewed`] lists the differences that somebody has judged by the specification.
//!
//! Development only: nothing that is shipped depends on this crate.
//!
//! Invariants:
//! - The same seed and the same corpus give the same cases, with the same names.
//! - The generator knows the definitions and nothing of how Causeway validates.

pub mod corpus;
pub mod grow;
pub mod mutants;
pub mod oracle;

mod case;
mod comparison;
mod ours;
mod reviewed;
mod seeded;
mod snapshot;
mod suite;
mod verdict;

pub use case::{Case, Format, Set};
pub use comparison::{Comparison, Count, LEAST_OF_KIND, LEAST_OVERALL};
pub use oracle::Oracle;
pub use ours::Ours;
pub use reviewed::{Entry, Reviewed};
pub use seeded::Seeded;
pub use snapshot::Snapshot;
pub use suite::{Sources, Suite};
pub use verdict::Verdict;
