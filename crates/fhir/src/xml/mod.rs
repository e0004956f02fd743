//! FHIR's XML (<http://hl7.org/fhir/R4/xml.html>) as the same tree that its JSON gives, and back.
//!
//! XML does not say whether an element repeats or whether `value="1"` is a number; the definitions
//! do, so [`read`] and [`write`] ask a [`Model`]. What the model does not know is read all the same
//! (an object, a string, an array when it occurs twice): the validator then says what is wrong with
//! it, and XML and JSON get the same verdict. What JSON cannot even say (elements out of order, an
//! attribute that FHIR does not have) is an error of [`read`], and one of the faults of [`examine`],
//! which reads on behind it.
//!
//! Security: a document type is refused, no entity is expanded beyond XML's five and character
//! references, depth is bounded by [`MAX_DEPTH`], an unclosed document and characters outside XML
//! 1.0 are errors. Comments and processing instructions are passed over.

mod div;
mod place;
mod read;
mod tag;
pub(crate) mod text;
mod tree;
mod write;

use std::fmt;

use json::{Position, Value};

pub use write::write;

use crate::{Primitive, codes};

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
    /// Of a choice, how much of its JSON name is the element's own: 5 of `valueQuantity`.
    pub choice: Option<usize>,
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

/// What kind of thing is wrong with an XML text.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Fault {
    /// It is not well formed, or uses what is refused for safety.
    NotXml,
    /// An element is outside its namespace.
    Namespace,
    /// An attribute stands where FHIR has none, or an element where FHIR has an attribute.
    Attribute,
    /// Text stands between elements.
    Text,
    /// Elements are not in the order of their definition.
    Order,
}

impl Fault {
    /// The issue code: one of [`crate::codes`].
    pub fn code(self) -> &'static str {
        match self {
            Self::NotXml => codes::NOT_XML,
            Self::Namespace => codes::XML_NAMESPACE,
            Self::Attribute => codes::XML_ATTRIBUTE,
            Self::Text => codes::XML_TEXT,
            Self::Order => codes::XML_ORDER,
        }
    }
}

/// Why a text cannot be read or a tree not be written as FHIR XML. The message never quotes a value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct XmlError {
    /// What kind of thing is wrong.
    pub fault: Fault,
    /// Where in the text; `None` when writing.
    pub position: Option<Position>,
    /// What is wrong, in one sentence fragment.
    pub message: String,
    /// Which element, as FHIRPath, where that is known.
    pub element: Option<String>,
}

impl fmt::Display for XmlError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        if let Some(position) = self.position {
            write!(f, "{position}: ")?;
        }
        f.write_str(&self.message)?;
        match &self.element {
            Some(element) => write!(f, " (at {element})"),
            None => Ok(()),
        }
    }
}

impl std::error::Error for XmlError {}

/// Reads one resource from FHIR XML.
///
/// # Errors
/// When the text is not well-formed XML 1.0 in UTF-8, uses what [the module](self) refuses, is
/// outside the FHIR namespace, has its elements out of order, or has text or attributes where FHIR
/// has none.
pub fn read<M: Model>(text: &[u8], model: &M) -> Result<Value, XmlError> {
    let (resource, faults) = examine(text, model)?;
    match faults.into_iter().next() {
        None => Ok(resource),
        Some(fault) => Err(fault),
    }
}

/// Reads one resource from FHIR XML, and says everything that is wrong with the XML as such, in the
/// order of the text. What is at fault is left out of the tree, but for elements out of order.
///
/// # Errors
/// When the text is not well-formed XML 1.0 in UTF-8, uses what [the module](self) refuses, or its
/// root is not in the FHIR namespace: then nothing can be read.
pub fn examine<M: Model>(text: &[u8], model: &M) -> Result<(Value, Vec<XmlError>), XmlError> {
    read::resource(text, model)
}
