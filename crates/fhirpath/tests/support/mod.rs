//! What several tests need: definitions as the XML codec asks for them, and the shared data.
#![allow(dead_code, reason = "each test uses a part")]

use std::path::PathBuf;

use definitions::{Definitions, ElementId, Kind, Shape};
use fhir::Primitive;
use fhir::xml::{Child, Content};

/// A folder of the data that lies beside the repository; `None` (said loudly) where it is absent. In
/// CI it has to be there.
pub fn shared(folder: &str) -> Option<PathBuf> {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR"))
        .join("../../../shared/data")
        .join(folder);
    if path.is_dir() {
        return Some(path);
    }
    assert!(
        std::env::var("CI").as_deref() != Ok("true"),
        "the shared data are missing: {folder}"
    );
    eprintln!("SKIPPED: the shared data are absent: {folder}");
    None
}

/// R4's types, read straight from the Shapes.
pub struct XmlModel(pub Definitions);

#[derive(Clone)]
pub struct Place(Shape, ElementId);

impl fhir::xml::Model for XmlModel {
    type Node = Place;

    fn resource(&self, type_name: &str) -> Option<Place> {
        let shape = self.0.shape_of_type(type_name)?;
        let root = shape.root();
        Some(Place(shape, root))
    }

    fn child(&self, node: &Place, name: &str) -> Option<Child<Place>> {
        let Place(shape, parent) = node;
        let children = &shape.element(*parent).children;
        for &id in children {
            let element = shape.element(id);
            let code = if element.content_reference.is_some() && *element.name == *name {
                Some("")
            } else {
                element.types.iter().find_map(|of_type| {
                    let key = match element.is_choice {
                        true => {
                            let mut chars = of_type.code.chars();
                            let first = chars.next()?.to_ascii_uppercase();
                            format!("{}{first}{}", element.name, chars.as_str())
                        }
                        false => element.name.to_string(),
                    };
                    (key == name).then_some(&*of_type.code)
                })
            };
            let Some(code) = code else { continue };
            let content = if let Some(primitive) = Primitive::named(code) {
                Content::Primitive(primitive)
            } else if code == "Resource" {
                Content::Resource
            } else {
                let (shape, element) = self.0.scope(shape, id, code)?;
                Content::Complex(Place(shape, element))
            };
            return Some(Child {
                is_array: element.is_array,
                choice: element.is_choice.then_some(element.name.len()),
                // One of the suite's inputs has its elements out of order.
                order: 0,
                content,
            });
        }
        None
    }
}

/// Whether a Shape defines a type rather than a profile of one.
pub fn is_type(shape: &Shape) -> bool {
    !shape.is_profile() && shape.kind() != Kind::Logical
}
