//! FHIR's types as expressions meet them: what a member is called, and what it holds.

mod layout;

use std::collections::HashMap;
use std::sync::{Arc, OnceLock};

use definitions::Definitions;
use json::Value;

use crate::Node;
use layout::lay_out;

/// The types of a set of definitions. Cloning it is cheap; types are laid out when first met.
#[derive(Debug, Clone)]
pub struct Model(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    definitions: Definitions,
    names: HashMap<Box<str>, u16>,
    types: Vec<(Box<str>, OnceLock<Option<Type>>)>,
    /// The types whose instances say themselves what they are.
    resource: u16,
    domain_resource: u16,
    extension: u16,
}

/// A type, or an element with children of its own: `HumanName`, `Patient.contact`.
///
/// It belongs to the [`Model`] that gave it, and is the same in every clone of that.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct Ty {
    of: u16,
    element: u16,
}

impl Ty {
    /// The type of what no definition describes.
    pub const UNKNOWN: Self = Self {
        of: u16::MAX,
        element: 0,
    };

    fn is_root(self) -> bool {
        self.element == 0
    }
}

/// What a primitive's text is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Primitive {
    Boolean,
    Integer,
    Decimal,
    String,
    Date,
    DateTime,
    Time,
}

impl Primitive {
    fn of(type_name: &str) -> Self {
        match type_name {
            "boolean" => Self::Boolean,
            "integer" | "positiveInt" | "unsignedInt" => Self::Integer,
            "decimal" => Self::Decimal,
            "date" => Self::Date,
            "dateTime" | "instant" => Self::DateTime,
            "time" => Self::Time,
            _ => Self::String,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Type {
    pub name: Box<str>,
    /// What it is, for a primitive type.
    pub primitive: Option<Primitive>,
    /// Its own place, then those of the types that it specialises.
    ancestors: Vec<u16>,
    elements: Vec<Element>,
}

#[derive(Debug, Default)]
struct Element {
    path: Box<str>,
    members: Vec<Arc<Member>>,
    /// The JSON names of the members, in order: which member, which of its types.
    keys: Vec<(Box<str>, u16, u16)>,
}

/// A named child.
#[derive(Debug)]
pub(crate) struct Member {
    /// Its name in expressions: `value` for `value[x]`.
    pub name: Box<str>,
    /// Whether the JSON name ends in the type.
    pub is_choice: bool,
    /// Whether JSON holds an array.
    pub is_array: bool,
    /// Whether any of its types is primitive, so that it may have a `_name` beside it.
    pub may_be_primitive: bool,
    /// The value set that its codes come from.
    pub value_set: Option<Box<str>>,
    pub choices: Vec<Choice>,
}

/// One of the types of a member.
#[derive(Debug)]
pub(crate) struct Choice {
    /// The name in JSON: `valueQuantity`.
    pub key: Box<str>,
    pub ty: Ty,
}

const TYPE_URL: &str = "http://hl7.org/fhir/StructureDefinition/";

impl Model {
    /// The model of some definitions. Nothing is laid out before it is asked for.
    pub fn new(definitions: &Definitions) -> Self {
        let mut names: HashMap<Box<str>, u16> = HashMap::new();
        let mut types = Vec::new();
        let urls = definitions
            .structure_urls()
            .filter_map(|url| url.strip_prefix(TYPE_URL));
        for name in urls {
            let Ok(at) = u16::try_from(types.len()) else {
                break;
            };
            // Of several layers of definitions the one on top answers for a name.
            if at < u16::MAX && !names.contains_key(name) {
                names.insert(name.into(), at);
                types.push((Box::from(name), OnceLock::new()));
            }
        }
        let place = |name: &str| names.get(name).copied().unwrap_or(u16::MAX);
        Self(Arc::new(Inner {
            definitions: definitions.clone(),
            resource: place("Resource"),
            domain_resource: place("DomainResource"),
            extension: place("Extension"),
            names,
            types,
        }))
    }

    /// The definitions that it is made from.
    pub fn definitions(&self) -> &Definitions {
        &self.0.definitions
    }

    /// A type by its name (`HumanName`) or by the path of an element (`Patient.contact`,
    /// `Patient.identifier.system`). `None` when there is none, and for a choice of several types.
    pub fn ty(&self, path: &str) -> Option<Ty> {
        match self.types_at(path)?.as_slice() {
            [only] => Some(*only),
            _ => None,
        }
    }

    /// The types that the element at a path can have: several for `Observation.value[x]`.
    pub fn types_at(&self, path: &str) -> Option<Vec<Ty>> {
        let mut parts = path.split('.');
        let mut here = vec![self.type_named(parts.next()?)?];
        for part in parts {
            let part = part.split(':').next().unwrap_or(part);
            let name = part.strip_suffix("[x]").unwrap_or(part);
            let mut next = Vec::new();
            for ty in here {
                if let Some(member) = self.member(ty, name) {
                    for choice in &member.choices {
                        if !next.contains(&choice.ty) {
                            next.push(choice.ty);
                        }
                    }
                } else if let Some((_, choice)) = self.key(ty, name) {
                    next.push(choice.ty);
                }
            }
            here = next;
        }
        (!here.is_empty()).then_some(here)
    }

    /// The node of a resource, with the type that it says it has.
    pub fn resource_node<'v>(&self, resource: &'v Value) -> Node<'v> {
        let ty = resource
            .text("resourceType")
            .and_then(|name| self.type_named(name))
            .unwrap_or(Ty::UNKNOWN);
        Node::new(resource, None, ty)
    }

    /// The name of a type; for an element with children of its own, its path.
    pub fn name(&self, ty: Ty) -> &str {
        match self.type_of(ty) {
            Some(found) if ty.is_root() => &found.name,
            Some(found) => found
                .elements
                .get(usize::from(ty.element))
                .map_or("", |element| &element.path),
            None => "",
        }
    }

    /// Whether a type is another one, or specialises it. An element with children of its own is a
    /// `BackboneElement` (or an `Element`).
    pub(crate) fn is_a(&self, ty: Ty, other: Ty) -> bool {
        if ty == other {
            return true;
        }
        let Some(found) = self.type_of(ty) else {
            return false;
        };
        if !other.is_root() {
            return false;
        }
        if ty.is_root() {
            found.ancestors.contains(&other.of)
        } else {
            ["BackboneElement", "Element"]
                .iter()
                .any(|name| self.0.names.get(*name) == Some(&other.of))
        }
    }

    /// A type by its name alone.
    pub(crate) fn type_named(&self, name: &str) -> Option<Ty> {
        let ty = Ty {
            of: *self.0.names.get(name)?,
            element: 0,
        };
        self.type_of(ty).map(|_| ty)
    }

    pub(crate) fn type_of(&self, ty: Ty) -> Option<&Type> {
        let (name, slot) = self.0.types.get(usize::from(ty.of))?;
        slot.get_or_init(|| lay_out(self, name, ty.of)).as_ref()
    }

    /// What the text of a primitive of this type is; `None` for everything else.
    pub(crate) fn primitive(&self, ty: Ty) -> Option<Primitive> {
        match ty.is_root() {
            true => self.type_of(ty)?.primitive,
            false => None,
        }
    }

    /// Whether values of this type say themselves what they are.
    pub(crate) fn is_any_resource(&self, ty: Ty) -> bool {
        ty.is_root() && (ty.of == self.0.resource || ty.of == self.0.domain_resource)
    }

    fn element(&self, ty: Ty) -> Option<&Element> {
        self.type_of(ty)?.elements.get(usize::from(ty.element))
    }

    /// The member of a type by its name in expressions.
    pub(crate) fn member(&self, ty: Ty, name: &str) -> Option<&Arc<Member>> {
        self.element(ty)?
            .members
            .iter()
            .find(|member| &*member.name == name)
    }

    /// The names that members of a type have in expressions: to suggest the nearest.
    pub(crate) fn member_names(&self, ty: Ty) -> impl Iterator<Item = &str> {
        self.element(ty)
            .into_iter()
            .flat_map(|element| &element.members)
            .map(|member| &*member.name)
    }

    /// What stands under a name in JSON.
    pub(crate) fn key(&self, ty: Ty, key: &str) -> Option<(&Member, &Choice)> {
        let element = self.element(ty)?;
        let found = element
            .keys
            .binary_search_by(|(known, _, _)| (**known).cmp(key))
            .ok()?;
        let (_, member, choice) = element.keys.get(found)?;
        let member = element.members.get(usize::from(*member))?;
        Some((member, member.choices.get(usize::from(*choice))?))
    }

    /// The type of an object in a place where any resource may stand.
    pub(crate) fn refine(&self, ty: Ty, value: &Value) -> Ty {
        if !self.is_any_resource(ty) {
            return ty;
        }
        value
            .text("resourceType")
            .and_then(|name| self.type_named(name))
            .unwrap_or(ty)
    }

    /// The type of extensions.
    pub(crate) fn extension(&self) -> Ty {
        Ty {
            of: self.0.extension,
            element: 0,
        }
    }
}
