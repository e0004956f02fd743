//! Shapes compiled for walking: every name looked up once, every question about a definition
//! answered before the first resource comes.

mod arena;
mod compile;
mod discriminator;
mod judged;
mod lookup;
mod plans;

use std::sync::OnceLock;

use definitions::{Context, ElementId, Shape, Strength};
use fhir::Primitive;
use json::Value;

pub(crate) use arena::NodeId;
pub(crate) use lookup::{NameIndex, quick_hash};
pub(crate) use plans::Plans;

use judged::Judged;

use crate::invariants::{Invariant, PathRules};

/// What an object may hold: an element of a type in a Shape, or the root of a Shape.
#[derive(Debug)]
pub(crate) struct Node {
    /// The type of the object: `Patient`, `HumanName`, `BackboneElement`.
    pub type_name: Box<str>,
    /// What FHIRPath knows it by: the type, or the path of an element with children of its own.
    pub path: Box<str>,
    /// The members that JSON may have, without the names that begin with `_`.
    pub members: Box<[Member]>,
    index: NameIndex,
    pub children: Box<[Child]>,
    /// The children that must be looked at when they are missing.
    pub required: Box<[usize]>,
    pub invariants: Box<[Invariant]>,
    /// Whether it says something of only some children, and another plan all.
    pub is_partial: bool,
    /// What the root of a Shape adds.
    pub root: Option<Root>,
}

/// What is known of a Shape as a whole.
#[derive(Debug)]
pub(crate) struct Root {
    pub url: Box<str>,
    pub is_resource: bool,
    pub is_profile: bool,
    pub is_modifier: bool,
    /// Where an extension may be used.
    pub contexts: Box<[Context]>,
    /// The contexts that are FHIRPath, each for the types of resources that it was asked of.
    pub context_paths: PathRules,
    /// What must hold where an extension is used.
    pub context_invariants: Box<[Box<str>]>,
    /// The names under which this root is known as a place for extensions.
    pub places: Box<[Box<str>]>,
}

/// A name that JSON may have, for a choice with its type.
#[derive(Debug)]
pub(crate) struct Member {
    pub name: Box<str>,
    pub child: usize,
    /// Which of the child's types.
    pub of_type: usize,
}

#[derive(Debug)]
pub(crate) struct Child {
    pub name: Box<str>,
    pub is_choice: bool,
    pub is_array: bool,
    pub is_extension: bool,
    /// Whether it is the id of an element.
    pub is_id: bool,
    pub rule: Rule,
}

/// What an element, or a slice of one, must be.
#[derive(Debug)]
pub(crate) struct Rule {
    pub min: u32,
    /// `u32::MAX` for any number.
    pub max: u32,
    pub types: Box<[TypeRule]>,
    pub fixed: Option<Value>,
    pub pattern: Option<Value>,
    pub binding: Option<Bound>,
    pub min_value: Option<Value>,
    pub max_value: Option<Value>,
    pub max_length: Option<usize>,
    pub invariants: Box<[Invariant]>,
    pub slicing: Option<Slices>,
    /// Whether it says nothing of a value but its type: no fixed value, pattern, binding or limit.
    pub is_plain: bool,
}

#[derive(Debug)]
pub(crate) struct Bound {
    pub value_set: Box<str>,
    pub strength: Strength,
    pub max_value_set: Option<Box<str>>,
}

/// A type that an element may have.
#[derive(Debug)]
pub(crate) struct TypeRule {
    pub code: Box<str>,
    pub kind: TypeKind,
    pub special: Special,
    /// Profiles of which a value must meet one, where the type names more than one.
    pub profiles: Box<[Box<str>]>,
    /// The resource types that a reference may point at; empty for any.
    pub targets: Box<[Box<str>]>,
    /// The profiles of which the target of a reference must meet one, with their types, where the
    /// type alone is not enough.
    pub target_profiles: Box<[(Box<str>, Box<str>)]>,
    /// The names under which this element is known as a place for extensions.
    pub places: Box<[Box<str>]>,
    origin: (Shape, ElementId),
    scope: OnceLock<Scope>,
    /// Values of coded types that were found good.
    pub judged: Judged,
}

/// What the children of a value must be.
#[derive(Debug, Default)]
pub(crate) struct Scope {
    /// One plan, or several of which one must hold; none where nothing is known of the type.
    pub any_of: Box<[NodeId]>,
    /// What the profile says of the children of all the types that an element may have.
    pub shared: Option<NodeId>,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TypeKind {
    Primitive(Primitive),
    Complex,
    Resource,
}

/// The types with rules of their own that no definition states.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Special {
    None,
    CodeableConcept,
    Coding,
    Identifier,
    Quantity,
    Reference,
}

impl Special {
    pub fn of(type_code: &str) -> Self {
        match type_code {
            "CodeableConcept" => Self::CodeableConcept,
            "Coding" => Self::Coding,
            "Identifier" => Self::Identifier,
            "Quantity" | "Age" | "Duration" | "Count" | "Distance" | "SimpleQuantity"
            | "MoneyQuantity" => Self::Quantity,
            "Reference" => Self::Reference,
            _ => Self::None,
        }
    }
}

/// How the repetitions of an element are told apart.
#[derive(Debug)]
pub(crate) struct Slices {
    pub closed: bool,
    pub open_at_end: bool,
    pub ordered: bool,
    pub slices: Box<[Slice]>,
    /// The child whose text alone tells the slices apart, with the text of each slice: no item can
    /// be in two.
    pub by_text: Option<ByText>,
}

/// The child whose text tells slices apart, and what it says in each of them.
#[derive(Debug)]
pub(crate) struct ByText {
    pub child: Box<str>,
    pub texts: Box<[Box<str>]>,
}

#[derive(Debug)]
pub(crate) struct Slice {
    pub name: Box<str>,
    pub rule: Rule,
    /// All must hold; `None` when they cannot be decided from the item alone.
    pub tests: Option<Box<[Test]>>,
}

/// What puts an item into a slice.
#[derive(Debug, PartialEq)]
pub(crate) enum Test {
    /// Some value at the path is one of these.
    Value(Box<[Step]>, Box<[Wanted]>),
    /// Something is at the path, or nothing is.
    Exists(Box<[Step]>, bool),
    /// The value at the path has one of these types.
    Type(Box<[Step]>, Box<[Box<str>]>),
    /// The value at the path meets one of these profiles.
    Profile(Box<[Step]>, Box<[Box<str>]>),
}

#[derive(Debug, PartialEq)]
pub(crate) enum Wanted {
    Fixed(Value),
    Pattern(Value),
    In(Box<str>),
}

/// A step of a discriminator's path.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Step {
    Child(Box<str>),
    Extension(Box<str>),
    OfType(Box<str>),
    /// To what a reference points at, inside the same resource or Bundle; of what lies elsewhere
    /// only the type can be told.
    Resolve,
}

impl Node {
    /// The member of that JSON name.
    pub fn member(&self, name: &str) -> Option<(&Child, &Member)> {
        let member = self.index.find(name, |index| {
            let member = self.members.get(index)?;
            (*member.name == *name).then_some(member)
        })?;
        Some((self.children.get(member.child)?, member))
    }
}

impl Slice {
    /// Whether an item in both slices is the item's fault: the profile may mark two slices alike,
    /// and value sets may overlap.
    pub fn can_be_told_from(&self, other: &Slice) -> bool {
        self.tests != other.tests && !self.by_value_set() && !other.by_value_set()
    }

    fn by_value_set(&self) -> bool {
        self.tests
            .iter()
            .flat_map(|tests| tests.iter())
            .any(|test| {
                matches!(test, Test::Value(_, wanted) if wanted
                    .iter()
                    .any(|wanted| matches!(wanted, Wanted::In(_))))
            })
    }
}

impl Rule {
    /// The rule for a type of that name: by name, or the only one where a resource may be of any.
    pub fn type_named(&self, code: &str) -> Option<&TypeRule> {
        self.types
            .iter()
            .find(|rule| *rule.code == *code)
            .or_else(|| {
                self.types
                    .iter()
                    .find(|rule| matches!(&*rule.code, "Resource" | "DomainResource"))
            })
    }
}
