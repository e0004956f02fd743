//! Search parameters.

use serde::{Deserialize, Serialize};

/// A search parameter of one or more resource types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchParameter {
    /// The canonical url.
    pub url: Box<str>,
    /// The name in a query: `birthdate`.
    pub code: Box<str>,
    /// `token`, `reference`, `date`, `string`, `quantity`, `uri`, `number`, `composite` or `special`.
    pub kind: SearchKind,
    /// The resource types that have it; `Resource` and `DomainResource` stand for all below them.
    pub bases: Vec<Box<str>>,
    /// The FHIRPath expression whose results are searched, over all of its bases.
    pub expression: Option<Box<str>>,
    /// The resource types that a reference may point at.
    pub targets: Vec<Box<str>>,
    /// The parts of a composite.
    pub components: Vec<SearchComponent>,
}

/// A part of a composite search parameter.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SearchComponent {
    /// The url of the search parameter that the part is compared as.
    pub definition: Box<str>,
    /// The FHIRPath expression from the composite's own results to the part.
    pub expression: Box<str>,
}

/// How a search parameter's values are compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[allow(
    missing_docs,
    reason = "the names are those of FHIR's search-param-type"
)]
pub enum SearchKind {
    Number,
    Date,
    String,
    Token,
    Reference,
    Composite,
    Quantity,
    Uri,
    Special,
}

impl SearchKind {
    /// The FHIR code: `token`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Number => "number",
            Self::Date => "date",
            Self::String => "string",
            Self::Token => "token",
            Self::Reference => "reference",
            Self::Composite => "composite",
            Self::Quantity => "quantity",
            Self::Uri => "uri",
            Self::Special => "special",
        }
    }

    /// The kind for a FHIR code.
    pub fn from_code(code: &str) -> Option<Self> {
        Some(match code {
            "number" => Self::Number,
            "date" => Self::Date,
            "string" => Self::String,
            "token" => Self::Token,
            "reference" => Self::Reference,
            "composite" => Self::Composite,
            "quantity" => Self::Quantity,
            "uri" => Self::Uri,
            "special" => Self::Special,
            _ => return None,
        })
    }
}
