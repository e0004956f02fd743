//! The `_name` beside a primitive's name.

use json::{Object, Value, parse};

use super::edit::{Change, Mutant, at, dotted};
use super::format::ANY_VALUE;
use super::{Base, Places, World};
use crate::Seeded;

/// Shadows that fit, that do not, and that stand beside what is no primitive.
pub fn any(_: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    let extension =
        parse(format!(r#"{{"extension":[{{"url":"{ANY_VALUE}","valueString":"x"}}]}}"#).as_bytes())
            .unwrap_or_default();
    for member in &places.members {
        let pointer = member.pointer();
        let shadow = format!("{}/_{}", member.object, member.key);
        let Some(value) = at(&base.resource, &pointer) else {
            continue;
        };
        if at(&base.resource, &shadow).is_some() || &*member.key == "id" {
            continue;
        }
        let primitive = fhir::Primitive::named(&member.of_type.code).is_some();
        let mut add = |how: &str, change: Vec<Change>| {
            found.push(Mutant::new(
                format!("{how}:{}", member.of_type.code),
                format!("{}:{how}", dotted(&shadow)),
                change,
            ));
        };
        let set = |to: Value| Change::Set(shadow.clone(), to);
        match (primitive, value) {
            (true, Value::Array(items)) => match seeded.below(8) {
                0 => add(
                    "aligned",
                    vec![set(Value::Array(vec![extension.clone(); items.len()]))],
                ),
                1 => add(
                    "longer",
                    vec![set(Value::Array(vec![extension.clone(); items.len() + 1]))],
                ),
                2 => add("object-for-array", vec![set(extension.clone())]),
                3 => {
                    let mut with_null = items.clone();
                    with_null.push(Value::Null);
                    add(
                        "null-alone",
                        vec![Change::Set(pointer.clone(), Value::Array(with_null))],
                    );
                }
                4 => {
                    let mut with_null = items.clone();
                    with_null.push(Value::Null);
                    let mut shadows = vec![Value::Null; items.len()];
                    shadows.push(extension.clone());
                    add(
                        "null-and-extension",
                        vec![
                            Change::Set(pointer.clone(), Value::Array(with_null)),
                            set(Value::Array(shadows)),
                        ],
                    );
                }
                5 => add(
                    "all-null",
                    vec![set(Value::Array(vec![Value::Null; items.len()]))],
                ),
                6 => add(
                    "only-shadow",
                    vec![
                        Change::Remove(pointer.clone()),
                        set(Value::Array(vec![extension.clone()])),
                    ],
                ),
                _ => add(
                    "empty-shadow",
                    vec![set(Value::Array(vec![Object::new().into()]))],
                ),
            },
            (true, _) => match seeded.below(9) {
                0 => add("with-extension", vec![set(extension.clone())]),
                1 => add(
                    "instead-of-value",
                    vec![Change::Remove(pointer.clone()), set(extension.clone())],
                ),
                2 => add("array", vec![set(Value::Array(vec![extension.clone()]))]),
                3 => add("text", vec![set("x".into())]),
                4 => add("empty", vec![set(Object::new().into())]),
                5 => add(
                    "unknown-member",
                    vec![set(Object::new().with("value", "x").into())],
                ),
                6 => add("only-id", vec![set(Object::new().with("id", "a1").into())]),
                7 => add(
                    "only-id-no-value",
                    vec![
                        Change::Remove(pointer.clone()),
                        set(Object::new().with("id", "a1").into()),
                    ],
                ),
                _ => add("null", vec![set(Value::Null)]),
            },
            (false, _) if seeded.chance(40) => add("beside-complex", vec![set(extension.clone())]),
            _ => {}
        }
    }
    found
}
