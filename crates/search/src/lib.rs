//! FHIR search (<http://hl7.org/fhir/R4/search.html>): what of a resource is indexed, and what a
//! request's parameters ask of the store.
//!
//! The main type is [`Indexer`]: it compiles the search parameters that the definitions hold for a
//! type, once, into paths through that type's Shape. [`index`] follows them through a resource;
//! [`parse`] turns a request's parameters into a [`store::Query`]. Both read the same compiled
//! parameters, so that what can be asked is exactly what is indexed.
//!
//! Invariants:
//! - A parameter that cannot be indexed as FHIR defines it is listed by [`Indexer::unsupported`],
//!   is refused in a request, and never appears in a CapabilityStatement.
//! - A request that is not understood in full is refused, never answered in part: an ignored
//!   parameter would widen the result.
//! - Nothing here reads the store or knows who asks.

pub mod codes;
mod compile;
mod date;
mod expression;
mod index;
mod parse;
mod value;

pub use compile::{Indexer, Parameter};
pub use index::index;
pub use parse::{Limits, Parsed, parse};
