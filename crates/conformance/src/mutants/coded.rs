//! Codes and their value sets.

use definitions::Strength;
use json::{Object, Value};

use super::edit::{Mutant, at};
use super::{Base, Places, World};
use crate::Seeded;

/// A code outside a required value set.
pub fn required(
    world: &World<'_>,
    base: &Base,
    places: &Places,
    seeded: &mut Seeded,
) -> Vec<Mutant> {
    bound(Strength::Required, world, base, places, seeded)
}

/// A code outside an extensible value set, which only a warning is due for.
pub fn extensible(
    world: &World<'_>,
    base: &Base,
    places: &Places,
    seeded: &mut Seeded,
) -> Vec<Mutant> {
    bound(Strength::Extensible, world, base, places, seeded)
}

/// A code outside a preferred value set, which is allowed.
pub fn preferred(
    world: &World<'_>,
    base: &Base,
    places: &Places,
    seeded: &mut Seeded,
) -> Vec<Mutant> {
    bound(Strength::Preferred, world, base, places, seeded)
}

fn bound(
    strength: Strength,
    world: &World<'_>,
    base: &Base,
    places: &Places,
    seeded: &mut Seeded,
) -> Vec<Mutant> {
    let mut found = Vec::new();
    for member in &places.members {
        let Some(binding) = &member.element().binding else {
            continue;
        };
        // A largest value set is another rule.
        let others = strength != Strength::Required && binding.max_value_set.is_some();
        if binding.strength != strength || others {
            continue;
        }
        let pointer = member.first();
        let known = binding
            .value_set
            .as_deref()
            .and_then(|set| world.grower.codes(set));
        // A code that the value set has, in another case and under another system.
        let near = known.as_ref().and_then(|codes| seeded.pick(codes));
        let upper = near.map_or_else(|| "NO-SUCH".to_owned(), |(_, code)| flipped(code));
        let system = near.map_or_else(
            || "https://causeway.test/codes".to_owned(),
            |(system, _)| system.clone(),
        );
        let rule = |how: &str| format!("{}:{how}", member.rule());
        match &*member.of_type.code {
            "code" | "string" | "uri" => {
                let wrong = if seeded.chance(50) {
                    "no-such-code".to_owned()
                } else {
                    upper
                };
                found.push(Mutant::set(&rule("code"), "code", &pointer, wrong));
            }
            "Coding" => {
                for (how, value) in codings(&system, &upper, strength, seeded) {
                    found.push(Mutant::set(&rule(how), how, &pointer, value));
                }
            }
            "CodeableConcept" => {
                for (how, value) in codings(&system, &upper, strength, seeded) {
                    let concept = Object::new().with("coding", Value::Array(vec![value.into()]));
                    found.push(Mutant::set(&rule(how), how, &pointer, concept));
                }
                found.push(Mutant::set(
                    &rule("text"),
                    "text",
                    &pointer,
                    Object::new().with("text", "words only"),
                ));
            }
            "Quantity" | "Duration" | "Age" => {
                if let Some(Value::Object(old)) = at(&base.resource, &pointer) {
                    let wrong = old.clone().with("system", system).with("code", upper);
                    found.push(Mutant::set(&rule("unit"), "unit", &pointer, wrong));
                }
            }
            _ => {}
        }
    }
    found
}

fn codings(
    system: &str,
    upper: &str,
    strength: Strength,
    seeded: &mut Seeded,
) -> Vec<(&'static str, Object)> {
    let of = |system: &str, code: &str| Object::new().with("system", system).with("code", code);
    let mut all = vec![
        ("system", of("https://causeway.test/codes", "a")),
        ("bare", Object::new().with("code", "no-such-code")),
        ("snomed", of("http://snomed.info/sct", "138875005")),
    ];
    // A code that its system does not have is wrong whatever the binding: a rule of its own.
    if strength == Strength::Required || seeded.chance(10) {
        all.push(("unknown", of(system, "no-such-code")));
        all.push(("case", of(system, upper)));
    }
    all
}

fn flipped(code: &str) -> String {
    let upper = code.to_uppercase();
    if upper == code {
        code.to_lowercase()
    } else {
        upper
    }
}

/// A code that its code system does not have, whatever is bound.
pub fn in_system(_: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let systems = [
        "http://terminology.hl7.org/CodeSystem/v3-ActCode",
        "http://terminology.hl7.org/CodeSystem/v2-0203",
        "http://terminology.hl7.org/CodeSystem/observation-category",
        "http://hl7.org/fhir/administrative-gender",
        "http://unitsofmeasure.org",
        "https://fhir.hl7.org.uk/CodeSystem/UKCore-BirthSex",
        "urn:ietf:bcp:47",
        "http://terminology.hl7.org/CodeSystem/condition-clinical",
        "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus",
        "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
        "http://terminology.hl7.org/CodeSystem/location-physical-type",
        "http://hl7.org/fhir/observation-status",
        "urn:iso:std:iso:4217",
        "http://loinc.org",
        "http://snomed.info/sct",
        "http://hl7.org/fhir/no-such-system",
        "https://dmd.nhs.uk",
        "http://hl7.org/fhir/ValueSet/administrative-gender",
    ];
    let mut found = Vec::new();
    for member in &places.members {
        let pointer = member.first();
        let strength = member
            .element()
            .binding
            .as_ref()
            .map(|binding| binding.strength);
        if strength == Some(Strength::Required) {
            continue;
        }
        let Some(&system) = seeded.pick(&systems) else {
            continue;
        };
        let code = *seeded
            .pick(&[
                "no-such-code",
                "EN",
                "mg",
                "M",
                "laboratory",
                "a b",
                "GBP",
                "male",
            ])
            .unwrap_or(&"x");
        let coding = Object::new().with("system", system).with("code", code);
        let rule = format!("{system}:{}:{code}", member.of_type.code);
        match &*member.of_type.code {
            "Coding" => found.push(Mutant::set(&rule, code, &pointer, coding)),
            "CodeableConcept" => {
                let concept = Object::new().with("coding", Value::Array(vec![coding.into()]));
                found.push(Mutant::set(&rule, code, &pointer, concept));
            }
            "Quantity" => {
                if let Some(Value::Object(old)) = at(&base.resource, &pointer) {
                    found.push(Mutant::set(
                        &rule,
                        code,
                        &pointer,
                        old.clone().with("system", system).with("code", code),
                    ));
                }
            }
            _ => {}
        }
    }
    found
}
