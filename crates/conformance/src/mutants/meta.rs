//! `meta`, `id`, `language` and `implicitRules`.

use json::{Object, Value, parse};

use super::edit::{Change, Mutant};
use super::{Base, Places, World};
use crate::Seeded;

/// Claims of profiles that fit, do not fit, do not exist; odd ids and languages.
pub fn any(_: &World<'_>, base: &Base, _: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let metas = [
        (
            "unknown-profile",
            r#"{"profile":["https://causeway.test/StructureDefinition/no-such"]}"#,
        ),
        (
            "unknown-hl7-profile",
            r#"{"profile":["http://hl7.org/fhir/StructureDefinition/no-such"]}"#,
        ),
        (
            "other-type",
            r#"{"profile":["http://hl7.org/fhir/StructureDefinition/Slot"]}"#,
        ),
        (
            "other-type-ukcore",
            r#"{"profile":["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Slot"]}"#,
        ),
        ("relative", r#"{"profile":["UKCore-Patient"]}"#),
        (
            "data-type",
            r#"{"profile":["http://hl7.org/fhir/StructureDefinition/HumanName"]}"#,
        ),
        (
            "extension",
            r#"{"profile":["https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-BirthSex"]}"#,
        ),
        (
            "value-set",
            r#"{"profile":["http://hl7.org/fhir/ValueSet/administrative-gender"]}"#,
        ),
        (
            "twice",
            r#"{"profile":["http://hl7.org/fhir/StructureDefinition/Resource","http://hl7.org/fhir/StructureDefinition/Resource"]}"#,
        ),
        (
            "resource",
            r#"{"profile":["http://hl7.org/fhir/StructureDefinition/Resource"]}"#,
        ),
        (
            "domain-resource",
            r#"{"profile":["http://hl7.org/fhir/StructureDefinition/DomainResource"]}"#,
        ),
        (
            "text",
            r#"{"profile":"http://hl7.org/fhir/StructureDefinition/Resource"}"#,
        ),
        (
            "no-version",
            r#"{"profile":["http://hl7.org/fhir/StructureDefinition/Resource|9.9"]}"#,
        ),
        (
            "version",
            r#"{"profile":["http://hl7.org/fhir/StructureDefinition/Resource|4.0.1"]}"#,
        ),
        ("empty", r#"{}"#),
        ("bad-instant", r#"{"lastUpdated":"2021-01-01"}"#),
        (
            "security",
            r#"{"security":[{"system":"http://terminology.hl7.org/CodeSystem/v3-Confidentiality","code":"R"}]}"#,
        ),
        (
            "tag",
            r#"{"tag":[{"system":"https://causeway.test/codes","code":"a"}]}"#,
        ),
        ("source", r#"{"source":"a b"}"#),
        ("version-id", r#"{"versionId":"a b"}"#),
        ("array", r#"[{"versionId":"1"}]"#),
    ];
    let type_name = base
        .resource
        .text("resourceType")
        .unwrap_or_default()
        .to_owned();
    let mut found = Vec::new();
    for _ in 0..4 {
        if let Some((how, text)) = seeded.pick(&metas) {
            let value = parse(text.as_bytes()).unwrap_or_default();
            found.push(Mutant::set(how, how, "/meta", value));
        }
    }
    let own = Object::new().with(
        "profile",
        Value::Array(vec![
            format!("http://hl7.org/fhir/StructureDefinition/{type_name}").into(),
        ]),
    );
    found.push(Mutant::set("own-type", "own-type", "/meta", own));
    match seeded.below(8) {
        0 => found.push(Mutant::set(
            "language-required",
            "language",
            "/language",
            "english words",
        )),
        1 => found.push(Mutant::set("language-other", "language", "/language", "cy")),
        2 => found.push(Mutant::set(
            "rules",
            "rules",
            "/implicitRules",
            "https://causeway.test/rules",
        )),
        3 => found.push(Mutant::set("id", "id", "/id", "a b")),
        4 => found.push(Mutant::set("type", "type", "/resourceType", "NoSuchType")),
        5 => found.push(Mutant::new(
            "no-type",
            "no-type",
            vec![Change::Remove("/resourceType".to_owned())],
        )),
        6 => found.push(Mutant::set(
            "type-case",
            "type-case",
            "/resourceType",
            type_name.to_lowercase(),
        )),
        _ => found.push(Mutant::set(
            "abstract",
            "abstract",
            "/resourceType",
            "DomainResource",
        )),
    }
    found
}
