//! Who a record is about.
//!
//! The main types are [`NhsNumber`], a number that has passed its check digit; [`PersonKey`], what
//! must agree before two sources' facts are shown as one person's (CS-2); and [`IdSpace`], which
//! makes the opaque ids that resources are stored and served under (CS-1).
//!
//! Invariants:
//! - An [`NhsNumber`] is ten digits with a valid modulus-11 check digit.
//! - An id depends only on the id space, the tenant, the source and the record's stable key: never
//!   on a row number, a file name or the time; so the same record has the same id in every file.
//! - Nothing here guesses: names are folded for comparing, never matched by likeness.

mod fold;
mod id;
mod nhs_number;
mod person;

pub use fold::fold_name;
pub use id::{IdSpace, RuleIds};
pub use nhs_number::{NHS_NUMBER_SYSTEM, NhsNumber, NhsNumberError};
pub use person::{Agreement, PersonKey};
