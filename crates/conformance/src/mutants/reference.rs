//! References.

use json::Object;

use super::edit::Mutant;
use super::{Base, Places, World};
use crate::Seeded;

const TYPES: [&str; 10] = [
    "Patient",
    "Practitioner",
    "Organization",
    "Observation",
    "Condition",
    "Encounter",
    "Medication",
    "Slot",
    "Device",
    "Bundle",
];

/// A reference to a resource of another type.
pub fn target(world: &World<'_>, _: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    for member in places
        .members
        .iter()
        .filter(|member| &*member.of_type.code == "Reference")
    {
        let allowed: Vec<String> = member
            .of_type
            .target_profiles
            .iter()
            .filter_map(|url| world.definitions.shape(url))
            .map(|shape| shape.type_name().to_owned())
            .collect();
        let pointer = member.first();
        for other in TYPES {
            if !seeded.chance(25) {
                continue;
            }
            let fits = allowed.iter().any(|name| name == other);
            let how = if fits { "right" } else { "wrong" };
            let rule = format!("{}:{how}", member.rule());
            let form = match seeded.below(5) {
                0 => {
                    Object::new().with("reference", format!("https://causeway.test/fhir/{other}/1"))
                }
                1 => Object::new().with("reference", format!("{other}/1/_history/2")),
                2 => Object::new()
                    .with("type", other)
                    .with("display", "somebody"),
                3 => {
                    let real = allowed.first().map_or("Patient", String::as_str);
                    Object::new()
                        .with("reference", format!("{real}/1"))
                        .with("type", other)
                }
                _ => Object::new().with("reference", format!("{other}/1")),
            };
            found.push(Mutant::set(&rule, other, &pointer, form));
        }
    }
    found
}

/// References that are written in odd ways.
pub fn form(_: &World<'_>, _: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let texts = [
        "Patient",
        "/Patient/1",
        "patient/1",
        "Patient/1 ",
        "Patient /1",
        "Pat ient/1",
        "NoSuchType/1",
        "Patient/a_b",
        "Patient/1/_history/",
        "Patient/1/_history/a_b",
        "#",
        "urn:uuid:x",
        "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
        "urn:oid:1.2.3",
        "urn:oid:x",
        "http://causeway.test",
        "x",
        "Patient?identifier=a|b",
        "https://causeway.test/fhir/Patient/1",
        "https://causeway.test/fhir/patient/1",
        "Patient/0123456789012345678901234567890123456789012345678901234567890123456789",
        "",
        "Patient/1#x",
        "1",
        "Patient/1?x=y",
        "../Patient/1",
        "ftp://causeway.test/Patient/1",
        "Patient/ä",
    ];
    let mut found = Vec::new();
    for member in places
        .members
        .iter()
        .filter(|member| &*member.of_type.code == "Reference")
    {
        let pointer = member.first();
        for _ in 0..2 {
            let Some(&text) = seeded.pick(&texts) else {
                continue;
            };
            found.push(Mutant::set(
                text,
                text,
                &pointer,
                Object::new().with("reference", text),
            ));
        }
        match seeded.below(8) {
            0 => found.push(Mutant::set("empty", "empty", &pointer, Object::new())),
            1 => found.push(Mutant::set(
                "identifier",
                "identifier",
                &pointer,
                Object::new().with("identifier", Object::new().with("value", "1")),
            )),
            2 => found.push(Mutant::set(
                "display",
                "display",
                &pointer,
                Object::new().with("display", "x"),
            )),
            3 => found.push(Mutant::set(
                "unknown-type",
                "unknown-type",
                &pointer,
                Object::new()
                    .with("type", "NoSuchType")
                    .with("display", "x"),
            )),
            _ => {}
        }
    }
    found
}
