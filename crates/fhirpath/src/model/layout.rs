//! From a Shape to the table that expressions look names up in.

use std::sync::Arc;

use definitions::{Element as ShapeElement, Kind, Shape};

use super::{Choice, Element, Member, Model, Primitive, Ty, Type};

/// How many types may stand above one another; R4 has five.
const MAX_ANCESTORS: usize = 16;

/// Lays out the type of a name; `None` when the definitions have no such type.
pub(super) fn lay_out(model: &Model, name: &str, of: u16) -> Option<Type> {
    let definitions = model.definitions();
    let shape = definitions.shape_of_type(name)?;
    let ancestors = std::iter::successors(Some(shape.clone()), |shape| {
        definitions.shape(shape.base()?)
    })
    .take(MAX_ANCESTORS)
    .filter_map(|shape| model.0.names.get(shape.type_name()).copied())
    .collect();
    let elements = shape
        .iter()
        .map(|(_, element)| lay_out_element(model, &shape, of, element))
        .collect();
    let is_primitive = shape.kind() == Kind::Primitive;
    Some(Type {
        name: shape.type_name().into(),
        primitive: is_primitive.then(|| Primitive::of(name)),
        ancestors,
        elements,
    })
}

fn lay_out_element(model: &Model, shape: &Shape, of: u16, element: &ShapeElement) -> Element {
    let members: Vec<Arc<Member>> = element
        .children
        .iter()
        .map(|&child| Arc::new(lay_out_member(model, shape, of, child)))
        .collect();
    let mut keys = Vec::new();
    for (at, member) in members.iter().enumerate() {
        for (which, choice) in member.choices.iter().enumerate() {
            if let (Ok(at), Ok(which)) = (u16::try_from(at), u16::try_from(which)) {
                keys.push((choice.key.clone(), at, which));
            }
        }
    }
    keys.sort();
    Element {
        path: element.path.clone(),
        members,
        keys,
    }
}

fn lay_out_member(model: &Model, shape: &Shape, of: u16, id: definitions::ElementId) -> Member {
    let element = shape.element(id);
    let here = |index: usize| Ty {
        of,
        element: u16::try_from(index).unwrap_or(u16::MAX),
    };
    let choices: Vec<Choice> = if let Some(reference) = &element.content_reference {
        let target = reference
            .split_once('#')
            .and_then(|(_, id)| shape.find(id))
            .map_or(Ty::UNKNOWN, |id| here(id.index()));
        vec![Choice {
            key: element.name.clone(),
            ty: target,
        }]
    } else if !element.children.is_empty() && element.types.len() <= 1 {
        vec![Choice {
            key: element.name.clone(),
            ty: here(id.index()),
        }]
    } else {
        element
            .types
            .iter()
            .map(|of_type| Choice {
                key: match element.is_choice {
                    true => json_key(&element.name, &of_type.code),
                    false => element.name.clone(),
                },
                ty: type_of_code(model, &of_type.code),
            })
            .collect()
    };
    let may_be_primitive = choices.iter().any(|choice| is_primitive(model, choice.ty));
    Member {
        name: element.name.clone(),
        is_choice: element.is_choice,
        is_array: element.is_array,
        may_be_primitive,
        value_set: element
            .binding
            .as_ref()
            .and_then(|binding| binding.value_set.clone()),
        choices,
    }
}

/// Whether a type is primitive: by its definition, not by its layout, which may be under way.
fn is_primitive(model: &Model, ty: Ty) -> bool {
    let name = model.0.types.get(usize::from(ty.of)).map(|(name, _)| name);
    ty.is_root() && name.is_none_or(|name| name.starts_with(|c: char| c.is_ascii_lowercase()))
}

fn json_key(name: &str, type_code: &str) -> Box<str> {
    let mut chars = type_code.chars();
    let mut key = String::from(name);
    key.extend(chars.next().map(|first| first.to_ascii_uppercase()));
    key.push_str(chars.as_str());
    key.into()
}

/// The type of a code in a definition.
fn type_of_code(model: &Model, code: &str) -> Ty {
    model
        .0
        .names
        .get(code)
        .map_or(Ty::UNKNOWN, |&of| Ty { of, element: 0 })
}
