//! Elements with a choice of types.

use super::edit::{Change, Mutant, at, dotted};
use super::{Base, Member, Places, World};
use crate::Seeded;
use crate::grow::capital;

const TYPES: [&str; 14] = [
    "boolean",
    "integer",
    "decimal",
    "string",
    "code",
    "date",
    "dateTime",
    "uri",
    "Quantity",
    "Period",
    "CodeableConcept",
    "Reference",
    "Range",
    "Money",
];

/// A type that the choice does not have.
pub fn wrong_type(
    world: &World<'_>,
    base: &Base,
    places: &Places,
    seeded: &mut Seeded,
) -> Vec<Mutant> {
    let mut found = Vec::new();
    for member in places
        .members
        .iter()
        .filter(|member| member.element().is_choice)
    {
        let wrong: Vec<&str> = TYPES
            .into_iter()
            .filter(|wrong| member.element().types.iter().all(|of| &*of.code != *wrong))
            .collect();
        let Some(&wrong) = seeded.pick(&wrong) else {
            continue;
        };
        let Some(value) = value_of(world, wrong, member, seeded) else {
            continue;
        };
        let pointer = member.pointer();
        if at(&base.resource, &pointer).is_none() {
            continue;
        }
        let key = format!("{}{}", member.element().name, capital(wrong));
        found.push(Mutant::new(
            format!("{}:{wrong}", member.rule()),
            format!("{}:{key}", dotted(&pointer)),
            vec![
                Change::Remove(pointer),
                Change::Set(format!("{}/{key}", member.object), value),
            ],
        ));
    }
    found
}

/// Two values of one choice.
pub fn two(world: &World<'_>, _: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    for member in places
        .members
        .iter()
        .filter(|member| member.element().is_choice)
    {
        let others: Vec<_> = member
            .element()
            .types
            .iter()
            .filter(|of| of.code != member.of_type.code)
            .collect();
        let Some(other) = seeded.pick(&others) else {
            continue;
        };
        let Some(value) = world
            .grower
            .value(&member.shape, member.id, other, 40, 2, seeded)
        else {
            continue;
        };
        let key = format!("{}{}", member.element().name, capital(&other.code));
        let pointer = format!("{}/{key}", member.object);
        found.push(Mutant::set(&member.rule(), "second", &pointer, value));
    }
    found
}

fn value_of(
    world: &World<'_>,
    type_code: &str,
    member: &Member,
    seeded: &mut Seeded,
) -> Option<json::Value> {
    let of_type = definitions::ElementType {
        code: type_code.into(),
        ..definitions::ElementType::default()
    };
    let shape = world.definitions.shape_of_type("Parameters")?;
    let any = shape.find("Parameters.parameter.value[x]")?;
    let _ = member;
    world.grower.value(&shape, any, &of_type, 40, 2, seeded)
}
