//! Who a record is about.
//!
//! The main types are [`NhsNumber`], a number that has passed its check digit; [`Claim`], what a
//! record says about its person; [`link`] and [`gather`], the one rule by which records are one
//! person's (CS-2); [`Known`], what people have decided in its place; and [`IdSpace`], which makes
//! the opaque ids that resources are stored and served under (CS-1).
//!
//! Invariants:
//! - An [`NhsNumber`] is ten digits with a valid modulus-11 check digit.
//! - An id depends only on the id space, the tenant, the source and the record's stable key: never
//!   on a row number, a file name or the time; so the same record has the same id in every file.
//! - Nothing here guesses: names are folded for comparing, never matched by likeness.
//! - What the rule does not link is linked only by a decision about exactly those two records.
//! - Decisions only add up: undoing one gives back exactly what held before it.
//! - No type here prints a name, a birth date or a whole number.

mod claim;
mod fold;
mod gathering;
mod id;
mod known;
mod linking;
mod merge;
mod names;
mod nhs_number;
pub mod verification;

pub use claim::{Claim, PersonKey};
pub use fold::fold_name;
pub use gathering::{Doubt, Gathering, gather};
pub use id::{IdSpace, RuleIds};
pub use known::{Decision, Known, Record, Ruling, standing};
pub use linking::{Linking, Party, Point, Reasons, link};
pub use merge::{MergeRefused, check_merge};
pub use nhs_number::{NHS_NUMBER_SYSTEM, NhsNumber, NhsNumberError};
pub use verification::VerificationStatus;
