//! A resource walked over its definition.

use definitions::{Definitions, Element, ElementId, ElementType, Shape};
use json::Value;

use super::Base;
use crate::grow::capital;

/// A member of an object, and what the definition says of it.
#[derive(Debug, Clone)]
pub struct Member {
    /// The object that has it, as a JSON pointer.
    pub object: String,
    /// Its name: `valueString`.
    pub key: String,
    /// The definition.
    pub shape: Shape,
    /// The element of the definition.
    pub id: ElementId,
    /// The type that it has here.
    pub of_type: ElementType,
}

impl Member {
    /// Where it stands.
    pub fn pointer(&self) -> String {
        format!("{}/{}", self.object, self.key)
    }

    /// Where its first (or only) value stands.
    pub fn first(&self) -> String {
        if self.element().is_array {
            format!("{}/{}/0", self.object, self.key)
        } else {
            self.pointer()
        }
    }

    /// What is said of it.
    pub fn element(&self) -> &Element {
        self.shape.element(self.id)
    }

    /// The rule it stands for: `UKCore-Patient#Patient.name`.
    pub fn rule(&self) -> String {
        format!("{}#{}", self.shape.name(), self.element().id)
    }
}

/// An object, and the element whose children its members are.
#[derive(Debug, Clone)]
pub struct Site {
    /// Where it stands.
    pub pointer: String,
    /// The definition of its children.
    pub shape: Shape,
    /// The element that has the children.
    pub id: ElementId,
    /// Whether the definition was reached by a content reference.
    pub by_reference: bool,
    /// The name of its type: `HumanName`, `BackboneElement`, `Patient`.
    pub type_code: String,
}

/// All members and objects of a resource that its definition knows.
#[derive(Debug, Clone, Default)]
pub struct Places {
    /// The members.
    pub members: Vec<Member>,
    /// The objects, the resource first.
    pub sites: Vec<Site>,
}

impl Places {
    /// Walks a base over its first profile, or over its type.
    pub fn of(definitions: &Definitions, base: &Base) -> Self {
        let mut places = Self::default();
        let shape = base
            .profiles
            .first()
            .and_then(|profile| definitions.shape(profile))
            .or_else(|| {
                let type_name = base.resource.text("resourceType")?;
                definitions.shape_of_type(type_name)
            });
        if let Some(shape) = shape {
            let site = Site {
                pointer: String::new(),
                id: shape.root(),
                type_code: shape.type_name().to_owned(),
                shape,
                by_reference: false,
            };
            places.walk(definitions, &base.resource, site);
        }
        places
    }

    fn walk(&mut self, definitions: &Definitions, value: &Value, site: Site) {
        let Some(object) = value.as_object() else {
            return;
        };
        self.sites.push(site.clone());
        for &id in &site.shape.element(site.id).children {
            let child = site.shape.element(id);
            for of_type in types(child) {
                let key = if child.is_choice {
                    format!("{}{}", child.name, capital(&of_type.code))
                } else {
                    child.name.to_string()
                };
                let Some(value) = object.get(&key) else {
                    continue;
                };
                self.members.push(Member {
                    object: site.pointer.clone(),
                    key: key.clone(),
                    shape: site.shape.clone(),
                    id,
                    of_type: of_type.clone(),
                });
                let pointer = format!("{}/{key}", site.pointer);
                self.inside(definitions, value, &site.shape, id, &of_type, pointer);
                if !child.is_choice {
                    break;
                }
            }
        }
    }

    fn inside(
        &mut self,
        definitions: &Definitions,
        value: &Value,
        shape: &Shape,
        id: ElementId,
        of_type: &ElementType,
        pointer: String,
    ) {
        if let Value::Array(items) = value {
            for (index, item) in items.iter().enumerate() {
                self.inside(
                    definitions,
                    item,
                    shape,
                    id,
                    of_type,
                    format!("{pointer}/{index}"),
                );
            }
            return;
        }
        let Value::Object(_) = value else { return };
        let scope = if &*of_type.code == "Resource" {
            value
                .text("resourceType")
                .and_then(|name| definitions.shape_of_type(name))
                .map(|shape| (shape.clone(), shape.root()))
        } else if &*of_type.code == "Extension" {
            // What an extension holds, its own definition says.
            None
        } else {
            definitions.scope(shape, id, &of_type.code)
        };
        if let Some((shape_inside, id_inside)) = scope {
            self.walk(
                definitions,
                value,
                Site {
                    pointer,
                    id: id_inside,
                    type_code: value
                        .text("resourceType")
                        .unwrap_or(&of_type.code)
                        .to_owned(),
                    shape: shape_inside,
                    by_reference: shape.element(id).content_reference.is_some(),
                },
            );
        }
    }
}

fn types(element: &Element) -> Vec<ElementType> {
    if element.content_reference.is_some() || element.types.is_empty() {
        return vec![ElementType {
            code: "BackboneElement".into(),
            ..ElementType::default()
        }];
    }
    element.types.clone()
}
