//! Changes that break nothing.

use json::{Object, Value};

use super::edit::{Change, Mutant, at, dotted};
use super::{Base, Places, World};
use crate::Seeded;
use crate::grow::capital;

/// Optional elements added, repetitions added, orders changed: what a definition allows.
pub fn any(world: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    for site in &places.sites {
        let children = &site.shape.element(site.id).children;
        let Some(&id) = seeded.pick(children) else {
            continue;
        };
        let child = site.shape.element(id);
        if child.max == Some(0)
            || matches!(
                &*child.name,
                "id" | "contained"
                    | "extension"
                    | "modifierExtension"
                    | "implicitRules"
                    | "text"
                    | "meta"
            )
        {
            continue;
        }
        let Some(of_type) = seeded.pick(&child.types).cloned() else {
            continue;
        };
        let taken = child.is_choice
            && child.types.iter().any(|of| {
                at(
                    &base.resource,
                    &format!("{}/{}{}", site.pointer, child.name, capital(&of.code)),
                )
                .is_some()
            });
        if taken {
            continue;
        }
        let key = if child.is_choice {
            format!("{}{}", child.name, capital(&of_type.code))
        } else {
            child.name.to_string()
        };
        let Some(value) = world.grower.value(&site.shape, id, &of_type, 40, 2, seeded) else {
            continue;
        };
        let pointer = format!("{}/{key}", site.pointer);
        let rule = format!("{}#{}", site.shape.name(), child.id);
        if child.is_array {
            let mut items = match at(&base.resource, &pointer) {
                Some(Value::Array(items)) => items.clone(),
                _ => Vec::new(),
            };
            if child.max.is_some_and(|max| items.len() >= max as usize) {
                continue;
            }
            items.push(value);
            found.push(Mutant::set(&rule, "more", &pointer, items));
        } else {
            found.push(Mutant::set(&rule, "filled", &pointer, value));
        }
    }
    for member in &places.members {
        let pointer = member.pointer();
        match at(&base.resource, &pointer) {
            Some(Value::Object(object)) if seeded.chance(10) => {
                // The order of members says nothing in JSON.
                let mut turned = object.clone();
                turned.sort_by_key(|name| std::cmp::Reverse(name.to_owned()));
                found.push(Mutant::set("member-order", "turned", &pointer, turned));
            }
            Some(Value::String(text)) if &*member.of_type.code == "string" && seeded.chance(10) => {
                let long = format!("{text} \u{1f600} \u{e9}\n{}", "x".repeat(500));
                found.push(Mutant::set("long-text", "long", &pointer, long));
            }
            Some(Value::Object(object)) if seeded.chance(10) => {
                found.push(Mutant::set("element-id", "id", &pointer, with_id(object)));
            }
            _ => {}
        }
        if member.element().min == 0 && seeded.chance(5) {
            found.push(Mutant::new(
                "left-out",
                format!("{}:left-out", dotted(&pointer)),
                vec![Change::Remove(pointer)],
            ));
        }
    }
    found
}

fn with_id(object: &Object) -> Object {
    object.clone().with("id", "some-id")
}
