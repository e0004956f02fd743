//! A verdict on each resource of some bytes.
//!
//! The command `causeway validate` and the operation `$validate` ask the same question: here are
//! bytes, what is wrong with them, and where? The main type is [`Examiner`]: it reads a text (JSON or
//! XML), validates what it holds, has open code checks decided by whoever can, and finds the line and
//! column of each issue. A [`Verdict`] can be written as a line of JSON ([`Verdict::json`]) or as an
//! OperationOutcome ([`Verdict::outcome`]). [`in_order`] spreads the work over threads and hands the
//! results on in the order of the input.
//!
//! Invariants:
//! - Every text gets a verdict: what cannot be read has one that says where and why.
//! - What can be read and what is wrong in it does not depend on the number of threads.
//! - Places are looked for only where there is an issue, and once for all issues of a text.
//! - No file, no network, no clock: inputs come as bytes, code checks are decided by the caller.

mod examine;
mod in_order;
mod tally;
mod verdict;

pub use examine::Examiner;
pub use in_order::in_order;
pub use tally::Tally;
pub use verdict::{Finding, Verdict};
