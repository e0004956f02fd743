//! FHIR R4 as data.
//!
//! What every other part of Causeway must know of FHIR before any profile comes in: how a primitive
//! is written ([`Primitive`]), what a narrative may hold ([`narrative`]), what a reference points at
//! ([`Reference`]), how Bundles and OperationOutcomes are built, and how a resource turns from XML
//! into the tree and back ([`xml`]). A resource is always a [`json::Value`]; this crate adds meaning,
//! not another tree.
//!
//! Invariants:
//! - It knows no profile and reads no file. Where the XML codec must know an element's type it asks
//!   the [`xml::Model`] that the caller brings.
//! - Nothing it reads can exhaust the stack or make it panic: depth is bounded, entities are never
//!   expanded, document types are refused.
//! - No message quotes a value: values may be personal data (CS-22).

pub mod bundle;
pub mod codes;
mod locate;
pub mod narrative;
mod outcome;
mod primitive;
mod reference;
mod stream;
pub mod xml;

pub use locate::locate;
pub use outcome::{OutcomeSystem, operation_outcome, operation_outcome_with_places};
pub use primitive::{JsonKind, Malformed, Primitive};
pub use reference::Reference;
pub use stream::{Format, MAX_RESOURCE, Piece, Stream, Unread};
