//! FHIR's XML (<http://hl7.org/fhir/R4/xml.html>) as the same tree that its JSON gives, and back.
//!
//! XML does not say whether an element repeats or whether `value="1"` is a number; the definitions
//! do, so [`read`] and [`write`] ask a [`Model`]. What the model does not know is read all the same
//! (an object, a string, an array when it occurs twice): the validator then says what is wrong with
//! it, and XML and JSON get the same verdict.
//!
//! Security: a document type is refused, no entity is expanded beyond XML's five and character
//! references, depth is bounded by [`MAX_DEPTH`], an unclosed document and characters outside XML
//! 1.0 are errors.

mod read;
pub(crate) mod text;
mod write;

use std::fmt;

pub use read::read;
pub use write::write;

use crate::Primitive;

/// The namespace of FHIR.
pub const FHIR: &str = "http://hl7.org/fhir";

/// How deep elements may nest. FHIR resources stay under 30.
pub const MAX_DEPTH: usize = 64;

/// What the codec must know of FHIR's types. A node is a place in a type: a resource, a data type,
/// or an element with children of its own.
pub trait Model {
    /// A place in a type.
    type Node: Clone;

    /// The root of a resource type; `None` when it is unknown.
    fn resource(&self, type_name: &str) -> Option<Self::Node>;

    /// The child of that JSON name, for a choice with its type: `valueQuantity`.
    fn child(&self, node: &Self::Node, name: &str) -> Option<Child<Self::Node>>;
}

/// A child of a node.
#[derive(Debug, Clone)]
pub struct Child<N> {
    /// Whether JSON holds an array.
    pub is_array: bool,
    /// Its place among its siblings, which XML keeps.
    pub order: u32,
    /// What it holds.
    pub content: Content<N>,
}

/// What an element holds.
#[derive(Debug, Clone)]
pub enum Content<N> {
    /// A primitive value, which may carry an id and extensions.
    Primitive(Primitive),
    /// Children.
    Complex(N),
    /// A whole resource: `contained`, `Bundle.entry.resource`.
    Resource,
}

/// Why a text cannot be read or a tree not be written as FHIR XML. The message never quotes a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlError {
    /// The line, from 1; 0 when writing.
    pub line: usize,
    /// What is wrong, in one sentence fragment.
    pub message: String,
    /// Which element, as a path, where that is known.
    pub element: Option<String>,
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if self.line > 0 {
            write!(f, "line {}: ", self.line)?;
        }
        f.write_str(&self.message)?;
        match &self.element {
            Some(element) => write!(f, " (at {element})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for XmlError {}
