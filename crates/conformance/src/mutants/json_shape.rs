//! The JSON shape: names, arrays, kinds of values.

use json::{Object, Value};

use super::edit::{Change, Mutant, at, dotted};
use super::{Base, Places, World};
use crate::Seeded;

/// A member that the definition does not have.
pub fn unknown(_: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let names = [
        "noSuchElement",
        "Name",
        "value",
        "names",
        "_noSuch",
        "resourcetype",
        "fhir_comments",
    ];
    let mut found = Vec::new();
    for site in &places.sites {
        let Some(&name) = seeded.pick(&names) else {
            continue;
        };
        let known = site
            .shape
            .element(site.id)
            .children
            .iter()
            .any(|&id| &*site.shape.element(id).name == name);
        if known {
            continue;
        }
        let value: Value = match seeded.below(3) {
            0 => "x".into(),
            1 => Object::new().with("a", "b").into(),
            _ => Value::Array(vec!["x".into()]),
        };
        let rule = format!("{}#{name}", site.type_code);
        found.push(Mutant::set(
            &rule,
            "added",
            &format!("{}/{name}", site.pointer),
            value,
        ));
    }
    for member in &places.members {
        let pointer = member.pointer();
        let Some(value) = at(&base.resource, &pointer) else {
            continue;
        };
        if member.element().min > 0 || !seeded.chance(20) {
            continue;
        }
        // A slip of the pen: one letter twice.
        let name = format!("{}{}", member.key, member.key.chars().last().unwrap_or('x'));
        found.push(Mutant::new(
            "misspelt",
            format!("{}:misspelt", dotted(&pointer)),
            vec![
                Change::Set(format!("{}/{name}", member.object), value.clone()),
                Change::Remove(pointer),
            ],
        ));
    }
    found
}

/// An array where one value belongs.
pub fn array_for_one(_: &World<'_>, base: &Base, places: &Places, _: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    for member in places
        .members
        .iter()
        .filter(|member| !member.element().is_array)
    {
        let pointer = member.pointer();
        if let Some(value) = at(&base.resource, &pointer) {
            found.push(Mutant::set(
                &member.rule(),
                "array",
                &pointer,
                vec![value.clone()],
            ));
        }
    }
    found
}

/// One value where an array belongs.
pub fn one_for_array(_: &World<'_>, base: &Base, places: &Places, _: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    for member in places
        .members
        .iter()
        .filter(|member| member.element().is_array)
    {
        let pointer = member.pointer();
        if let Some(value) = at(&base.resource, &pointer).and_then(|value| value.item(0)) {
            found.push(Mutant::set(&member.rule(), "bare", &pointer, value.clone()));
        }
    }
    found
}

/// A value of another JSON type.
pub fn wrong_type(_: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    for member in &places.members {
        let pointer = member.first();
        let Some(value) = at(&base.resource, &pointer) else {
            continue;
        };
        let wrong: Vec<(&str, Value)> = match value {
            Value::Object(_) => vec![
                ("text", "x".into()),
                ("number", 1i64.into()),
                ("true", true.into()),
            ],
            Value::String(_) => vec![
                ("object", Object::new().with("value", "x").into()),
                ("number", 1i64.into()),
                ("true", true.into()),
            ],
            Value::Number(number) => vec![
                ("text", number.as_str().into()),
                ("true", true.into()),
                ("object", Object::new().with("value", 1i64).into()),
            ],
            Value::Bool(truth) => vec![("text", truth.to_string().into()), ("number", 1i64.into())],
            _ => continue,
        };
        if let Some((how, value)) = seeded.pick(&wrong).cloned() {
            let rule = format!("{}-for-{}", how, member.of_type.code);
            found.push(Mutant::set(&rule, how, &pointer, value));
        }
    }
    found
}

/// Emptiness, which JSON of FHIR never shows.
pub fn empty(_: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    for member in &places.members {
        let pointer = member.pointer();
        let first = member.first();
        let Some(value) = at(&base.resource, &first) else {
            continue;
        };
        let rule = |how: &str| format!("{how}-{}", member.of_type.code);
        match seeded.below(3) {
            0 => found.push(Mutant::set(&rule("null"), "null", &pointer, Value::Null)),
            1 if member.element().is_array
                && (seeded.chance(25) || value.as_object().is_some()) =>
            {
                found.push(Mutant::set(
                    &rule("no-items"),
                    "no-items",
                    &pointer,
                    Value::Array(Vec::new()),
                ));
            }
            _ => match value {
                Value::Object(_) => {
                    found.push(Mutant::set(
                        &rule("no-members"),
                        "no-members",
                        &first,
                        Object::new(),
                    ));
                }
                Value::String(_) => {
                    found.push(Mutant::set(&rule("no-text"), "no-text", &first, ""));
                    if &*member.of_type.code == "string" {
                        found.push(Mutant::set(&rule("blank"), "blank", &first, "  "));
                    }
                }
                _ => {}
            },
        }
    }
    found
}
