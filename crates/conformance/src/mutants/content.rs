//! Elements whose content is defined elsewhere.

use super::edit::Mutant;
use super::{Base, Places, World, cardinality, choice, format, json_shape};
use crate::Seeded;

/// Breaks of other kinds, inside what a content reference reaches.
pub fn inside(world: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let inner = Places {
        members: places
            .members
            .iter()
            .filter(|member| under_reference(places, &member.object))
            .cloned()
            .collect(),
        sites: places
            .sites
            .iter()
            .filter(|site| under_reference(places, &site.pointer))
            .cloned()
            .collect(),
    };
    if inner.sites.is_empty() {
        return Vec::new();
    }
    let mut found = cardinality::min(world, base, &inner, seeded);
    found.extend(json_shape::unknown(world, base, &inner, seeded));
    found.extend(json_shape::array_for_one(world, base, &inner, seeded));
    found.extend(choice::wrong_type(world, base, &inner, seeded));
    for type_code in ["boolean", "code", "dateTime", "string", "uri", "integer"] {
        found.extend(
            format::of(type_code, world, base, &inner, seeded)
                .into_iter()
                .filter(|mutant| !mutant.place.starts_with("extension:")),
        );
    }
    found
}

fn under_reference(places: &Places, pointer: &str) -> bool {
    places
        .sites
        .iter()
        .any(|site| site.by_reference && pointer.starts_with(&*site.pointer))
}
