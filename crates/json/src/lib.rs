//! JSON as it was written.
//!
//! The main type is [`Value`]: a tree that keeps what FHIR and care records need kept and ordinary
//! JSON libraries lose: a number's text (`0.10` stays `0.10`, FHIR R4 section 2.24.0.1, decimal), the
//! order of members, and the refusal of a member that occurs twice.
//!
//! Invariants:
//! - [`parse`] followed by [`Value::write`] gives back the same numbers, strings and order.
//! - An [`Object`] never holds a name twice.
//! - Depth is bounded by [`MAX_DEPTH`]: neither reading nor writing can exhaust the stack.

mod parse;
mod position;
mod scan;
mod value;
mod write;

pub use compact_str::CompactString;
pub use parse::{MAX_DEPTH, ParseError, parse};
pub use position::{Position, positions};
pub use scan::{Begins, Visitor, scan};
pub use value::{Number, Object, Value};
