//! A Shape: what instances of one type or profile may look like, with everything inherited in place.

use std::sync::Arc;

use diagnostics::Issue;
use json::Value;

use crate::{Binding, Constraint, Context, ElementType, Kind, Slicing};

/// The compiled definition of one type or profile. Cloning it is cheap.
///
/// Elements stand in definition order: an element, its inline children, then its slices.
#[derive(Debug, Clone)]
pub struct Shape(pub(crate) Arc<ShapeData>);

#[derive(Debug)]
pub(crate) struct ShapeData {
    pub url: Box<str>,
    pub version: Option<Box<str>>,
    pub id: Box<str>,
    pub type_name: Box<str>,
    pub kind: Kind,
    pub is_abstract: bool,
    pub is_profile: bool,
    pub is_retired: bool,
    pub base: Option<Box<str>>,
    pub contexts: Vec<Context>,
    pub context_invariants: Vec<Box<str>>,
    pub elements: Vec<Element>,
    pub issues: Vec<Issue>,
}

impl Shape {
    /// The canonical url, without a version.
    pub fn url(&self) -> &str {
        &self.0.url
    }

    /// The business version of the definition.
    pub fn version(&self) -> Option<&str> {
        self.0.version.as_deref()
    }

    /// The short name: the definition's id, for example `UKCore-Patient`.
    pub fn name(&self) -> &str {
        &self.0.id
    }

    /// The type that instances have: `Patient` for every profile of Patient.
    pub fn type_name(&self) -> &str {
        &self.0.type_name
    }

    /// What kind of thing it defines.
    pub fn kind(&self) -> Kind {
        self.0.kind
    }

    /// Whether no instance can be of exactly this type (`Resource`, `Element`).
    pub fn is_abstract(&self) -> bool {
        self.0.is_abstract
    }

    /// Whether it constrains a type rather than defines one (`derivation` is `constraint`).
    pub fn is_profile(&self) -> bool {
        self.0.is_profile
    }

    /// Whether its publisher has retired it: it can be read, and should not be claimed by new data.
    pub fn is_retired(&self) -> bool {
        self.0.is_retired
    }

    /// The url of the definition that it is laid over.
    pub fn base(&self) -> Option<&str> {
        self.0.base.as_deref()
    }

    /// Where an extension may be used; empty for anything else.
    pub fn contexts(&self) -> &[Context] {
        &self.0.contexts
    }

    /// FHIRPath expressions that must hold on the element in which an extension stands.
    pub fn context_invariants(&self) -> &[Box<str>] {
        &self.0.context_invariants
    }

    /// The root element.
    pub fn root(&self) -> ElementId {
        ElementId(0)
    }

    /// An element by its id. An id belongs to the Shape that gave it; one of another Shape gives
    /// some element of this one, or its root.
    pub fn element(&self, id: ElementId) -> &Element {
        self.0
            .elements
            .get(id.0 as usize)
            .unwrap_or_else(|| self.first())
    }

    /// All elements in definition order, the root first.
    pub fn iter(&self) -> impl Iterator<Item = (ElementId, &Element)> {
        self.0
            .elements
            .iter()
            .enumerate()
            .map(|(index, element)| (ElementId(u32::try_from(index).unwrap_or_default()), element))
    }

    /// The element with an id such as `Patient.identifier:nhsNumber.system`.
    pub fn find(&self, id: &str) -> Option<ElementId> {
        self.iter()
            .find_map(|(key, element)| (&*element.id == id).then_some(key))
    }

    /// The inline child of an element by its name without `[x]`: `value` for `value[x]`.
    pub fn child(&self, parent: ElementId, name: &str) -> Option<ElementId> {
        self.element(parent)
            .children
            .iter()
            .copied()
            .find(|&child| &*self.element(child).name == name)
    }

    /// The slice of an element by its name.
    pub fn slice(&self, sliced: ElementId, name: &str) -> Option<ElementId> {
        self.element(sliced)
            .slices
            .iter()
            .copied()
            .find(|&slice| self.element(slice).slice_name.as_deref() == Some(name))
    }

    /// What could not be understood while the definition was laid over its base: such a part was
    /// left out, everything else holds.
    pub fn issues(&self) -> &[Issue] {
        &self.0.issues
    }

    fn first(&self) -> &Element {
        static NOTHING: std::sync::LazyLock<Element> = std::sync::LazyLock::new(Element::default);
        self.0.elements.first().unwrap_or_else(|| &NOTHING)
    }
}

/// Two Shapes are the same when they are the same compiled value.
impl PartialEq for Shape {
    fn eq(&self, other: &Self) -> bool {
        Arc::ptr_eq(&self.0, &other.0)
    }
}

impl Eq for Shape {}

/// The place of an element in its Shape.
#[derive(Debug, Copy, Clone, Eq, PartialEq, Hash, PartialOrd, Ord)]
pub struct ElementId(pub(crate) u32);

impl ElementId {
    /// The place as an index: dense from 0, for side tables as long as the Shape.
    pub fn index(self) -> usize {
        self.0 as usize
    }
}

/// One element of a Shape: `ElementDefinition` reduced to its rules, everything inherited applied.
#[derive(Debug, Clone, Default)]
pub struct Element {
    /// The element's id: `Patient.identifier:nhsNumber.system`.
    pub id: Box<str>,
    /// Its path: `Patient.identifier.system`; choices keep `[x]`: `Observation.value[x]`.
    pub path: Box<str>,
    /// The last part of the path without `[x]`: `system`, `value`.
    pub name: Box<str>,
    /// Whether the name is followed by a type in instances: `valueQuantity`.
    pub is_choice: bool,
    /// How many there must be at least.
    pub min: u32,
    /// How many there may be at most; `None` for `*`.
    pub max: Option<u32>,
    /// Whether it is an array in JSON: decided by the type's own definition, never by a profile.
    pub is_array: bool,
    /// The types that it may have; empty at the root and where `content_reference` is set.
    pub types: Vec<ElementType>,
    /// The id of the element whose content this one has: `#Questionnaire.item`.
    pub content_reference: Option<Box<str>>,
    /// The children that stand in this Shape, in definition order; empty when the type's (or its
    /// profile's) Shape says it all: see `Definitions::scope`.
    pub children: Vec<ElementId>,
    /// How its repetitions are told apart.
    pub slicing: Option<Slicing>,
    /// Its slices, in definition order.
    pub slices: Vec<ElementId>,
    /// The name of the slice that this is.
    pub slice_name: Option<Box<str>>,
    /// The value that it must equal exactly (`fixed[x]`).
    pub fixed: Option<Value>,
    /// The value that it must contain (`pattern[x]`).
    pub pattern: Option<Value>,
    /// The value set that its code comes from.
    pub binding: Option<Binding>,
    /// Invariants on it, its own and those of the elements it refines. Those of its type are at the
    /// root of the type's Shape.
    pub constraints: Vec<Constraint>,
    /// The smallest allowed value.
    pub min_value: Option<Value>,
    /// The largest allowed value.
    pub max_value: Option<Value>,
    /// The longest allowed text, in characters.
    pub max_length: Option<u32>,
    /// Whether the profile asks systems to support it.
    pub must_support: bool,
    /// Whether it can change the meaning of what it stands in.
    pub is_modifier: bool,
    /// Whether it belongs to the summary of a resource.
    pub is_summary: bool,
    /// Whether it is an attribute in XML (`id`, `url`).
    pub is_xml_attribute: bool,
}
