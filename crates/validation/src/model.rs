//! The definitions as the XML codec asks for them.

use definitions::Definitions;
use fhir::xml::{Child, Content};

use crate::plan::{NodeId, Plans, TypeKind};

/// R4's own types, for reading and writing XML and for [`fhir::Resources`]. Make one and share it.
#[derive(Debug)]
pub struct Model {
    plans: Plans,
}

impl Model {
    /// The model of some definitions. Nothing is compiled before it is asked for.
    pub fn new(definitions: &Definitions) -> Self {
        Self {
            plans: Plans::new(definitions.clone()),
        }
    }
}

/// A place in a type.
#[derive(Debug, Clone, Copy)]
pub struct Place(NodeId);

impl fhir::xml::Model for Model {
    type Node = Place;

    fn resource(&self, type_name: &str) -> Option<Place> {
        self.plans.id_of_type(type_name).map(Place)
    }

    fn child(&self, node: &Place, name: &str) -> Option<Child<Place>> {
        let (child, member) = self.plans.at(node.0)?.member(name)?;
        let rule = child.rule.types.get(member.of_type)?;
        let content = match rule.kind {
            TypeKind::Primitive(primitive) => Content::Primitive(primitive),
            TypeKind::Resource => Content::Resource,
            TypeKind::Complex => {
                let scope = *self.plans.scope(rule).any_of.first()?;
                Content::Complex(Place(scope))
            }
        };
        Some(Child {
            is_array: child.is_array,
            choice: child.is_choice.then_some(child.name.len()),
            order: u32::try_from(member.child).unwrap_or(u32::MAX),
            content,
        })
    }
}
