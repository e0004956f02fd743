//! The rules that an element can state: types, slicing, bindings, invariants.

use serde::{Deserialize, Serialize};

/// What a StructureDefinition defines (`StructureDefinition.kind`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum Kind {
    /// A primitive type: `string`, `dateTime`.
    Primitive,
    /// A complex data type, or a profile of one; extensions are of this kind.
    Complex,
    /// A resource, or a profile of one.
    Resource,
    /// A logical model.
    Logical,
}

/// A type that an element may have.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Default, Serialize, Deserialize)]
pub struct ElementType {
    /// The type's name: `string`, `HumanName`, `Reference`.
    pub code: Box<str>,
    /// Profiles of which the value must meet at least one.
    pub profiles: Vec<Box<str>>,
    /// Profiles of which the target of a reference must meet at least one.
    pub target_profiles: Vec<Box<str>>,
    /// How the target of a reference may be joined to it; empty when it is left open.
    pub aggregation: Vec<Aggregation>,
    /// The regular expression that a primitive's text must match as a whole.
    pub regex: Option<Box<str>>,
}

/// How the target of a reference is joined to it (`ElementDefinition.type.aggregation`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Aggregation {
    /// It is contained in the same resource.
    Contained,
    /// It stands elsewhere.
    Referenced,
    /// It is in the same Bundle.
    Bundled,
}

/// How repetitions of an element are told apart.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Slicing {
    /// What is looked at; empty when nothing tells slices apart but their content.
    pub discriminators: Vec<Discriminator>,
    /// Whether repetitions that are in no slice are allowed.
    pub rules: SlicingRules,
    /// Whether the repetitions must be in the order of the slices.
    pub ordered: bool,
}

/// One thing that tells slices apart.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub struct Discriminator {
    /// How it is compared.
    pub kind: DiscriminatorKind,
    /// The restricted FHIRPath to it: `system`, `coding.code`, `$this`, `resolve()`.
    pub path: Box<str>,
}

/// How a discriminator is compared (`ElementDefinition.slicing.discriminator.type`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum DiscriminatorKind {
    /// By the fixed value, the pattern or the required binding of the element at the path.
    Value,
    /// By whether the element at the path is there.
    Exists,
    /// By the pattern of the element at the path; R4 keeps it apart from `Value`.
    Pattern,
    /// By the type of the element at the path.
    Type,
    /// By whether the element at the path meets a profile.
    Profile,
}

/// Whether repetitions outside all slices are allowed.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum SlicingRules {
    /// None.
    Closed,
    /// Anywhere.
    Open,
    /// Only after the slices.
    OpenAtEnd,
}

/// The value set that a code comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Binding {
    /// How strictly.
    pub strength: Strength,
    /// The value set's canonical url, with `|version` where the definition gives one.
    pub value_set: Option<Box<str>>,
    /// A value set that even an extensible or preferred code may not leave
    /// (extension `elementdefinition-maxValueSet`).
    pub max_value_set: Option<Box<str>>,
}

/// How strictly a binding holds (`http://hl7.org/fhir/binding-strength`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub enum Strength {
    /// Nothing is asked.
    Example,
    /// Other codes are allowed, these are wanted.
    Preferred,
    /// Other codes only where none of these fits.
    Extensible,
    /// Only these codes.
    Required,
}

/// An invariant.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Constraint {
    /// Its key: `pat-1`.
    pub key: Box<str>,
    /// How bad it is when it does not hold.
    pub severity: ConstraintSeverity,
    /// The FHIRPath expression that must be true; some definitions have none.
    pub expression: Option<Box<str>>,
    /// What it asks for, in its publisher's words.
    pub human: Option<Box<str>>,
    /// Whether it is good practice rather than a rule (extension `elementdefinition-bestpractice`).
    pub is_best_practice: bool,
    /// The url of the definition that states it.
    pub source: Option<Box<str>>,
}

/// How bad a broken invariant is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize)]
pub enum ConstraintSeverity {
    /// The instance does not conform.
    Error,
    /// Somebody should look.
    Warning,
}

/// Where an extension may be used (`StructureDefinition.context`).
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Context {
    /// How the expression is to be read: `element`, `extension` or `fhirpath`.
    pub kind: Box<str>,
    /// An element id, an extension url, or a FHIRPath expression.
    pub expression: Box<str>,
}
