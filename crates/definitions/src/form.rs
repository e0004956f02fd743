//! The distilled form: what is kept of a definition.

use serde::{Deserialize, Serialize};

use crate::{Binding, Constraint, Context, ElementType, Kind, SearchParameter, Slicing};

/// A definition that Causeway has a use for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Definition {
    /// A type or a profile.
    Structure(Structure),
    /// A set of codes.
    ValueSet(ValueSet),
    /// Codes and what they belong to.
    CodeSystem(CodeSystem),
    /// A way to search.
    SearchParameter(SearchParameter),
}

impl Definition {
    /// The canonical url.
    pub fn url(&self) -> &str {
        match self {
            Self::Structure(structure) => &structure.url,
            Self::ValueSet(set) => &set.url,
            Self::CodeSystem(system) => &system.url,
            Self::SearchParameter(parameter) => &parameter.url,
        }
    }
}

/// A StructureDefinition: its differential and what it is laid over.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Structure {
    /// The canonical url.
    pub url: Box<str>,
    /// The business version.
    pub version: Option<Box<str>>,
    /// The resource id, `UKCore-Patient`.
    pub id: Box<str>,
    /// The computable name, `UKCorePatient`.
    pub name: Box<str>,
    /// The type that is defined or constrained.
    pub type_name: Box<str>,
    /// What kind of type it is.
    pub kind: Kind,
    /// Whether instances cannot be of exactly this type.
    pub is_abstract: bool,
    /// Whether it constrains a type rather than defines one.
    pub is_profile: bool,
    /// Whether its publisher has retired it.
    pub is_retired: bool,
    /// The url of what it is laid over; none for `Element` and `Resource`.
    pub base: Option<Box<str>>,
    /// Where an extension may be used.
    pub contexts: Vec<Context>,
    /// FHIRPath expressions that must hold where an extension is used.
    pub context_invariants: Vec<Box<str>>,
    /// The elements that the differential states, in its order.
    pub elements: Vec<ElementRule>,
    /// The elements of the snapshot, where the base comes from another package: they stand in for
    /// the base when that package is not there.
    pub snapshot: Vec<ElementRule>,
}

/// One element of a differential: only what it states.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct ElementRule {
    /// The element id; made from path and slice name where the definition has none.
    pub id: Box<str>,
    /// The path.
    pub path: Box<str>,
    /// The smallest number.
    pub min: Option<u32>,
    /// The largest number: `Some(None)` is `*`.
    #[allow(clippy::option_option, reason = "silence and unbounded are two things")]
    pub max: Option<Option<u32>>,
    /// The types; empty when the differential says nothing of them.
    pub types: Vec<ElementType>,
    /// The content that it shares.
    pub content_reference: Option<Box<str>>,
    /// How it is sliced.
    pub slicing: Option<Slicing>,
    /// The fixed value as JSON text.
    pub fixed: Option<Box<str>>,
    /// The pattern as JSON text.
    pub pattern: Option<Box<str>>,
    /// The binding.
    pub binding: Option<Binding>,
    /// The invariants that it adds.
    pub constraints: Vec<Constraint>,
    /// The smallest value as JSON text.
    pub min_value: Option<Box<str>>,
    /// The largest value as JSON text.
    pub max_value: Option<Box<str>>,
    /// The longest text.
    pub max_length: Option<u32>,
    /// Whether it must be supported.
    pub must_support: Option<bool>,
    /// Whether it modifies.
    pub is_modifier: Option<bool>,
    /// Whether it is in the summary.
    pub is_summary: Option<bool>,
    /// Whether it is an XML attribute.
    pub is_xml_attribute: bool,
}

/// A value set as its publisher composes it; `terminology` turns it into codes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ValueSet {
    /// The canonical url.
    pub url: Box<str>,
    /// The business version.
    pub version: Option<Box<str>>,
    /// Whether its publisher has retired it.
    pub is_retired: bool,
    /// What is in it.
    pub includes: Vec<Include>,
    /// What is taken out again.
    pub excludes: Vec<Include>,
    /// Whether codes that their code system has made inactive are left out (`compose.inactive` is
    /// false).
    pub leaves_out_inactive: bool,
    /// The codes that the publisher lists beside the composition, where it lists them all: what the
    /// composition comes to, for those who lack the code systems.
    pub expansion: Option<Vec<Include>>,
}

/// One part of a value set. Every condition in it must hold.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Include {
    /// The code system that the codes are from.
    pub system: Option<Box<str>>,
    /// The version of the code system.
    pub version: Option<Box<str>>,
    /// The codes, when they are listed.
    pub codes: Vec<Box<str>>,
    /// The conditions that choose codes of the system.
    pub filters: Vec<Filter>,
    /// Value sets that the codes must all be in.
    pub value_sets: Vec<Box<str>>,
}

/// A condition on the codes of a code system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Filter {
    /// What is looked at: `concept`, `constraint`, a property of the system.
    pub property: Box<str>,
    /// How: `is-a`, `=`, `in`.
    pub op: Box<str>,
    /// With what.
    pub value: Box<str>,
}

/// A code system.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CodeSystem {
    /// The canonical url: what `Coding.system` says.
    pub url: Box<str>,
    /// The business version.
    pub version: Option<Box<str>>,
    /// Whether its publisher has retired it.
    pub is_retired: bool,
    /// Whether all of its codes are here (`content` is `complete`).
    pub is_complete: bool,
    /// Whether codes that differ only in case are different codes.
    pub is_case_sensitive: bool,
    /// The code system whose concepts this one only adds to (`content` is `supplement`).
    pub supplements: Option<Box<str>>,
    /// The codes, each after the codes it stands under.
    pub concepts: Vec<Concept>,
}

/// A code.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize, Deserialize)]
pub struct Concept {
    /// The code.
    pub code: Box<str>,
    /// Its preferred term, where it is shipped.
    pub display: Option<Box<str>>,
    /// Its other names, in whatever language.
    pub designations: Vec<Box<str>>,
    /// The codes that it stands under: where it is nested, and what its properties say.
    pub parents: Vec<Box<str>>,
    /// Whether it only groups others (property `notSelectable`).
    pub is_abstract: bool,
    /// Whether it is no longer to be used (property `inactive`, or a `status` that says so).
    pub is_inactive: bool,
    /// Its other properties, as text: value sets may filter by them. The definitions that are built
    /// in keep those that their own value sets ask for.
    pub properties: Vec<(Box<str>, Box<str>)>,
}
