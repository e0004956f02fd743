//! FHIRPath: expressions compiled against FHIR's definitions and run over resources.
//!
//! The language is FHIRPath N1 (<http://hl7.org/fhirpath/N1/>) with FHIR R4's additions
//! (<http://hl7.org/fhir/R4/fhirpath.html>). The main type is [`Plan`]: an expression checked against
//! the types of a [`Model`], which runs on [`Node`]s, borrowed parts of a resource. Invariants,
//! search parameters, slicing discriminators and [`patch`] run on it.
//!
//! Invariants:
//! - A plan names only elements that exist; what does not is a [`CompileError`] with its place.
//! - A resource is borrowed, never copied; a plain path or a test of one allocates nothing.
//! - Nothing runs without bound: the depth of expressions, the steps of an evaluation, the items it
//!   holds and the text it makes are limited, and reaching a limit is an error.
//! - No message quotes data: data may be personal.

mod ast;
mod compile;
mod environment;
mod error;
mod eval;
mod function;
mod item;
mod kinds;
mod lexer;
mod model;
mod moment;
mod parser;
pub mod patch;
mod plan;
mod quantity;

pub use environment::{Coded, Environment, Limits, NoServices, Services};
pub use error::{CompileError, CompileErrorKind, EvaluationError, EvaluationErrorKind, Position};
pub use item::{Collection, Item, Node, Text};
pub use model::{Model, Ty};
pub use moment::{Moment, MomentKind};
pub use plan::{Options, Plan};
pub use quantity::{CalendarUnit, Quantity, Unit};
