//! Invariants.

use std::collections::BTreeSet;

use definitions::{Constraint, ConstraintSeverity, Element, ElementId, Shape};
use json::Value;

use super::edit::{Change, Mutant, at, dotted};
use super::{Base, Places, Site, World};
use crate::Seeded;
use crate::grow::capital;

/// For every invariant that holds at an object: the elements that its expression names taken away,
/// added or changed, alone and in pairs. Some of it breaks the invariant.
pub fn any(world: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    for site in &places.sites {
        for constraint in constraints(world, site) {
            let (Some(expression), true) = (
                constraint.expression.as_deref(),
                constraint.severity == ConstraintSeverity::Error,
            ) else {
                continue;
            };
            if matches!(&*constraint.key, "ele-1" | "ext-1") {
                continue;
            }
            let named = names(expression);
            let mut tried = 0;
            while tried < 6 {
                tried += 1;
                let mut changes = Vec::new();
                for _ in 0..=seeded.below(2) {
                    if let Some(change) = change(world, base, site, &named, seeded) {
                        changes.push(change);
                    }
                }
                if changes.is_empty() {
                    continue;
                }
                let place = format!(
                    "{}@{}:{}",
                    constraint.key,
                    dotted(&site.pointer),
                    words(&changes)
                );
                found.push(Mutant::new(constraint.key.to_string(), place, changes));
            }
        }
    }
    found
}

fn words(changes: &[Change]) -> String {
    let words: Vec<String> = changes
        .iter()
        .map(|change| match change {
            Change::Set(pointer, _) => format!("set-{}", last(pointer)),
            Change::Remove(pointer) => format!("no-{}", last(pointer)),
        })
        .collect();
    words.join("+")
}

fn last(pointer: &str) -> &str {
    pointer.rsplit('/').next().unwrap_or("x")
}

fn constraints(world: &World<'_>, site: &Site) -> Vec<Constraint> {
    let mut all: Vec<Constraint> = site.shape.element(site.id).constraints.clone();
    if let Some(of_type) = world.definitions.shape_of_type(&site.type_code)
        && of_type != site.shape
    {
        all.extend(of_type.element(of_type.root()).constraints.iter().cloned());
    }
    all
}

/// The words of an expression that could be element names.
fn names(expression: &str) -> BTreeSet<String> {
    expression
        .split(|c: char| !c.is_ascii_alphanumeric())
        .filter(|word| word.starts_with(|c: char| c.is_ascii_lowercase()))
        .map(str::to_owned)
        .collect()
}

/// A change of an element that is named, at the object or in what it holds.
fn change(
    world: &World<'_>,
    base: &Base,
    site: &Site,
    named: &BTreeSet<String>,
    seeded: &mut Seeded,
) -> Option<Change> {
    let mut here = site.pointer.clone();
    let (mut shape, mut id) = (site.shape.clone(), site.id);
    loop {
        let children: Vec<ElementId> = shape
            .element(id)
            .children
            .iter()
            .copied()
            .filter(|&child| named.contains(&*shape.element(child).name))
            .collect();
        let child = *seeded.pick(&children)?;
        let element = shape.element(child).clone();
        let present = present(base, &here, &element);
        let deeper = present.as_ref().and_then(|(key, of_type)| {
            let inner = world.definitions.scope(&shape, child, of_type)?;
            let pointer = format!("{here}/{key}");
            let pointer = match at(&base.resource, &pointer)? {
                Value::Array(items) => format!("{pointer}/{}", seeded.below(items.len())),
                _ => pointer,
            };
            at(&base.resource, &pointer)?.as_object()?;
            let fits = inner
                .0
                .element(inner.1)
                .children
                .iter()
                .any(|&id| named.contains(&*inner.0.element(id).name));
            fits.then_some((inner, pointer))
        });
        if let Some(((inner, inner_id), pointer)) = deeper
            && seeded.chance(60)
        {
            (shape, id, here) = (inner, inner_id, pointer);
            continue;
        }
        if let Some((key, _)) = &present
            && seeded.chance(50)
        {
            return Some(Change::Remove(format!("{here}/{key}")));
        }
        return grown(
            world,
            &shape,
            child,
            &here,
            present.map(|(key, _)| key),
            seeded,
        );
    }
}

fn present(base: &Base, here: &str, element: &Element) -> Option<(String, String)> {
    element.types.iter().find_map(|of_type| {
        let key = if element.is_choice {
            format!("{}{}", element.name, capital(&of_type.code))
        } else {
            element.name.to_string()
        };
        at(&base.resource, &format!("{here}/{key}")).map(|_| (key, of_type.code.to_string()))
    })
}

fn grown(
    world: &World<'_>,
    shape: &Shape,
    child: ElementId,
    here: &str,
    present: Option<String>,
    seeded: &mut Seeded,
) -> Option<Change> {
    let element = shape.element(child);
    let of_type = seeded.pick(&element.types)?.clone();
    let value = world.grower.value(shape, child, &of_type, 50, 2, seeded)?;
    let key = match present {
        Some(key) if !element.is_choice => key,
        _ if element.is_choice => format!("{}{}", element.name, capital(&of_type.code)),
        _ => element.name.to_string(),
    };
    let value = if element.is_array {
        Value::Array(vec![value])
    } else {
        value
    };
    Some(Change::Set(format!("{here}/{key}"), value))
}
