//! Good resources, made from what the definitions say.
//!
//! [`Grower::resource`] fills a type's Shape with values that fit, more or fewer of them by the seed.
//! Few invariants are known to it: a resource that breaks one is a case like any other, and only
//! those that the oracle finds valid are broken further.

mod complex;
mod primitive;

use definitions::{Definitions, ElementId, ElementType, Shape, Strength};
use json::{Object, Value};
use terminology::Terminology;

use crate::Seeded;

/// Makes resources.
pub struct Grower<'d> {
    definitions: &'d Definitions,
    terminology: Terminology,
}

/// How deep optional elements go.
const DEEP: usize = 4;

/// How deep anything goes: definitions refer to themselves.
const DEEPEST: usize = 9;

/// What every resource and element has, and what is broken by rules of its own.
const BY_OTHERS: [&str; 7] = [
    "id",
    "extension",
    "modifierExtension",
    "contained",
    "implicitRules",
    "meta",
    "text",
];

impl<'d> Grower<'d> {
    /// A grower over definitions.
    pub fn new(definitions: &'d Definitions) -> Self {
        Self {
            definitions,
            terminology: Terminology::new(definitions),
        }
    }

    /// The codes of a value set, in an order of their own.
    pub fn codes(&self, value_set: &str) -> Option<Vec<(String, String)>> {
        let mut codes: Vec<(String, String)> = self
            .terminology
            .codes(value_set)?
            .into_iter()
            .map(|(system, code)| (system.to_owned(), code.to_owned()))
            .collect();
        codes.sort();
        (!codes.is_empty()).then_some(codes)
    }

    /// A resource of a type, or one that fits a profile's cardinalities, types and bindings.
    /// `percent` says how many optional elements there are.
    pub fn resource(&self, canonical: &str, percent: usize, seeded: &mut Seeded) -> Option<Value> {
        let shape = self
            .definitions
            .shape_of_type(canonical)
            .or_else(|| self.definitions.shape(canonical))?;
        let mut object = Object::new().with("resourceType", shape.type_name());
        object.insert("id", format!("g{}", seeded.below(10_000)));
        let root = shape.root();
        self.fill(&shape, root, &mut object, percent, 0, seeded);
        Some(object.into())
    }

    /// Puts the children of an element into an object.
    fn fill(
        &self,
        shape: &Shape,
        element: ElementId,
        object: &mut Object,
        percent: usize,
        depth: usize,
        seeded: &mut Seeded,
    ) {
        for &id in &shape.element(element).children {
            let child = shape.element(id);
            let wanted = child.min > 0
                || (depth < DEEP
                    && !BY_OTHERS.contains(&&*child.name)
                    && seeded.chance(percent.saturating_sub(depth * 8)));
            if child.max == Some(0) || !wanted || depth > DEEPEST {
                continue;
            }
            let Some(of_type) = self.type_of(shape, id, seeded) else {
                continue;
            };
            let key = if child.is_choice {
                format!("{}{}", child.name, capital(&of_type.code))
            } else {
                child.name.to_string()
            };
            let count = if child.is_array {
                let most = child.max.map_or(2, |max| max as usize).clamp(1, 2);
                (child.min as usize).max(1 + seeded.below(most))
            } else {
                1
            };
            let mut values = Vec::new();
            for _ in 0..count {
                if let Some(value) = self.value(shape, id, &of_type, percent, depth + 1, seeded)
                    && !values.contains(&value)
                {
                    values.push(value);
                }
            }
            if child.is_array {
                if !values.is_empty() {
                    object.insert(key, Value::Array(values));
                }
            } else if let Some(value) = values.pop() {
                object.insert(key, value);
            }
        }
    }

    fn type_of(&self, shape: &Shape, id: ElementId, seeded: &mut Seeded) -> Option<ElementType> {
        let child = shape.element(id);
        if child.content_reference.is_some() {
            return Some(ElementType {
                code: "BackboneElement".into(),
                ..ElementType::default()
            });
        }
        seeded.pick(&child.types).cloned()
    }

    /// A value of a type at an element; `None` where none can be made up.
    pub fn value(
        &self,
        shape: &Shape,
        id: ElementId,
        of_type: &ElementType,
        percent: usize,
        depth: usize,
        seeded: &mut Seeded,
    ) -> Option<Value> {
        let element = shape.element(id);
        if let Some(fixed) = element.fixed.as_ref().or(element.pattern.as_ref()) {
            return Some(fixed.clone());
        }
        let bound = element
            .binding
            .as_ref()
            .filter(|binding| binding.strength == Strength::Required);
        if let Some(value_set) = bound.and_then(|binding| binding.value_set.as_deref()) {
            match &*of_type.code {
                "code" | "Coding" | "CodeableConcept" | "string" | "uri" | "Quantity" => {
                    let codes = self.codes(value_set)?;
                    let (system, code) = seeded.pick(&codes)?;
                    return complex::coded(&of_type.code, system, code, seeded);
                }
                _ => {}
            }
        }
        if &*of_type.code == "Reference" {
            return self.reference(of_type, seeded);
        }
        if let Some(value) = complex::known(&of_type.code, seeded) {
            return Some(value);
        }
        if let Some(value) = primitive::of(&of_type.code, &element.path, seeded) {
            return Some(value);
        }
        if matches!(&*of_type.code, "Resource" | "xhtml" | "Narrative") {
            return None;
        }
        let (scope, root) = self.definitions.scope(shape, id, &of_type.code)?;
        let mut object = Object::new();
        self.fill(&scope, root, &mut object, percent, depth, seeded);
        if object.is_empty() {
            self.fill(&scope, root, &mut object, 90, DEEP - 1, seeded);
        }
        (!object.is_empty()).then(|| object.into())
    }

    fn reference(&self, of_type: &ElementType, seeded: &mut Seeded) -> Option<Value> {
        let target = match seeded.pick(&of_type.target_profiles) {
            Some(url) => self.definitions.shape(url)?.type_name().to_owned(),
            None => "Patient".to_owned(),
        };
        let target = if target == "Resource" {
            "Patient".to_owned()
        } else {
            target
        };
        let reference = format!("{target}/r{}", seeded.below(100));
        Some(Object::new().with("reference", reference).into())
    }
}

/// The name with a capital first letter: `valueString` from `string`.
pub fn capital(name: &str) -> String {
    let mut chars = name.chars();
    chars
        .next()
        .map(|first| first.to_uppercase().to_string())
        .unwrap_or_default()
        + chars.as_str()
}
