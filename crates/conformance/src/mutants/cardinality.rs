//! How many there are.

use json::Value;

use super::edit::{Change, Mutant, at, dotted};
use super::{Base, Places, World};
use crate::Seeded;

/// A mandatory element is missing.
pub fn min(_: &World<'_>, base: &Base, places: &Places, _: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    for member in &places.members {
        let min = member.element().min as usize;
        let shadow = format!("{}/_{}", member.object, member.key);
        if min == 0 || at(&base.resource, &shadow).is_some() {
            continue;
        }
        let pointer = member.pointer();
        match at(&base.resource, &pointer) {
            Some(Value::Array(items)) if min > 1 => {
                let few: Vec<Value> = items.iter().take(min - 1).cloned().collect();
                found.push(Mutant::set(&member.rule(), "too-few", &pointer, few));
            }
            _ => found.push(Mutant::new(
                member.rule(),
                format!("{}:missing", dotted(&pointer)),
                vec![Change::Remove(pointer)],
            )),
        }
    }
    found
}

/// There is one too many, or one that a profile forbids.
pub fn max(world: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    for member in &places.members {
        let element = member.element();
        let (true, Some(max)) = (element.is_array, element.max) else {
            continue;
        };
        let pointer = member.pointer();
        let Some(Value::Array(items)) = at(&base.resource, &pointer) else {
            continue;
        };
        let mut many = items.clone();
        while many.len() <= max as usize {
            let more = world
                .grower
                .value(&member.shape, member.id, &member.of_type, 40, 1, seeded)
                .or_else(|| items.first().cloned());
            let Some(more) = more else { break };
            many.push(more);
        }
        found.push(Mutant::set(&member.rule(), "too-many", &pointer, many));
    }
    for site in &places.sites {
        for &id in &site.shape.element(site.id).children {
            let child = site.shape.element(id);
            if child.max != Some(0) {
                continue;
            }
            let Some(base_type) = world.definitions.shape_of_type(site.shape.type_name()) else {
                continue;
            };
            let Some(original) = base_type.find(&child.path) else {
                continue;
            };
            let element = base_type.element(original);
            let Some(of_type) = seeded.pick(&element.types).cloned() else {
                continue;
            };
            let Some(value) = world
                .grower
                .value(&base_type, original, &of_type, 40, 2, seeded)
            else {
                continue;
            };
            let key = if element.is_choice {
                format!("{}{}", element.name, crate::grow::capital(&of_type.code))
            } else {
                element.name.to_string()
            };
            let value = if element.is_array {
                Value::Array(vec![value])
            } else {
                value
            };
            let rule = format!("{}#{}", site.shape.name(), child.id);
            found.push(Mutant::set(
                &rule,
                "forbidden",
                &format!("{}/{key}", site.pointer),
                value,
            ));
        }
    }
    found
}
