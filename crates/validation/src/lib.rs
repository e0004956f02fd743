//! Validation: what in a resource does not fit its type and its profiles.
//!
//! The main type is [`Validator`]. It compiles the Shapes of [`definitions`] into plans, each once,
//! and walks a resource over them. It looks at JSON shape, unknown elements, cardinality, primitive
//! formats, choice types, fixed and pattern values, bindings, slices, extensions, references,
//! contained resources, Bundles, narratives, and those invariants that [`invariants`] lists. Which
//! codes exist is [`terminology`]'s to say: what it cannot decide raises nothing.
//!
//! Invariants:
//! - Every issue has a stable code ([`codes`]), a FHIRPath to the element, one sentence and a mend.
//!   No message quotes a value of the record (CS-22): that stands in `Issue::value`.
//! - Any [`json::Value`] gets a verdict: nothing panics, depth and the number of issues are bounded.
//! - The verdict does not depend on whether the resource came as JSON or XML.
//! - Validation does no input or output.

pub mod codes;
pub mod invariants;
mod known_codes;
mod model;
mod named;
pub mod nhs;
mod open;
mod plan;
mod validator;
mod walk;

pub use model::Model;
pub use open::{CodeCheck, Decision, Report, settle};
pub use validator::Validator;
