//! Extensions.

use json::{Object, Value, parse};

use super::edit::{Change, Mutant, at, dotted};
use super::format::ANY_VALUE;
use super::{Base, Places, Site, World};
use crate::Seeded;
use crate::grow::capital;

/// Extensions that are built in, and where they belong.
const KNOWN: [&str; 16] = [
    "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
    "http://hl7.org/fhir/StructureDefinition/patient-birthTime",
    "http://hl7.org/fhir/StructureDefinition/patient-nationality",
    "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
    "http://hl7.org/fhir/StructureDefinition/iso21090-ADXP-houseNumber",
    "http://hl7.org/fhir/StructureDefinition/iso21090-EN-use",
    "http://hl7.org/fhir/StructureDefinition/questionnaire-hidden",
    "http://hl7.org/fhir/StructureDefinition/valueset-expand-rules",
    "http://hl7.org/fhir/StructureDefinition/translation",
    "http://hl7.org/fhir/StructureDefinition/ordinalValue",
    "http://hl7.org/fhir/StructureDefinition/condition-outcome",
    "http://hl7.org/fhir/StructureDefinition/observation-delta",
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-BirthSex",
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory",
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-ContactPreference",
];

fn extensible<'p>(places: &'p Places, name: &str) -> Vec<&'p Site> {
    places
        .sites
        .iter()
        .filter(|site| {
            site.shape.child(site.id, name).is_some() || (name == "extension" && !is_resource(site))
        })
        .collect()
}

fn is_resource(site: &Site) -> bool {
    site.shape.kind() == definitions::Kind::Resource && site.id == site.shape.root()
}

/// An array of the extensions that stand there with one more.
fn with(base: &Base, site: &Site, name: &str, extension: Value) -> (String, Value) {
    let pointer = format!("{}/{name}", site.pointer);
    let mut all = match at(&base.resource, &pointer) {
        Some(Value::Array(items)) => items.clone(),
        _ => Vec::new(),
    };
    all.push(extension);
    (pointer, Value::Array(all))
}

/// An extension that nothing defines.
pub fn unknown(_: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let urls = [
        "https://causeway.test/StructureDefinition/no-such",
        "http://hl7.org/fhir/StructureDefinition/no-such-extension",
        "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NoSuch",
        "urn:oid:1.2.3.4",
        "http://example.org/no-such",
        "http://hl7.org/fhir/StructureDefinition/Patient",
        "http://hl7.org/fhir/StructureDefinition/patient-birthPlace|4.0.1",
    ];
    let mut found = Vec::new();
    for site in extensible(places, "extension") {
        let Some(&url) = seeded.pick(&urls) else {
            continue;
        };
        let (pointer, value) = with(
            base,
            site,
            "extension",
            Object::new()
                .with("url", url)
                .with("valueString", "x")
                .into(),
        );
        found.push(Mutant::set(
            &format!("{url}@{}", site.type_code),
            "unknown",
            &pointer,
            value,
        ));
    }
    found
}

/// An extension with a value of a wrong type, none, or one too many.
pub fn value(world: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let mut found = Vec::new();
    for site in &places.sites {
        let pointer = format!("{}/extension", site.pointer);
        let Some(Value::Array(items)) = at(&base.resource, &pointer) else {
            continue;
        };
        for (index, item) in items.iter().enumerate() {
            let Some(url) = item.text("url") else {
                continue;
            };
            let here = format!("{pointer}/{index}");
            let Some(old) = item.as_object() else {
                continue;
            };
            let key = old
                .iter()
                .map(|(key, _)| key)
                .find(|key| key.starts_with("value"));
            let Some(key) = key else { continue };
            let mut without = old.clone();
            without.remove(key);
            for wrong in [
                "valueString",
                "valueBoolean",
                "valueCodeableConcept",
                "valueReference",
                "valueNoSuch",
            ] {
                if wrong == key {
                    continue;
                }
                let value: Value = match wrong {
                    "valueString" => "x".into(),
                    "valueBoolean" => true.into(),
                    "valueCodeableConcept" => Object::new().with("text", "x").into(),
                    _ => Object::new().with("reference", "Patient/1").into(),
                };
                found.push(Mutant::set(
                    &format!("{url}:{wrong}"),
                    wrong,
                    &here,
                    without.clone().with(wrong, value.clone()),
                ));
                found.push(Mutant::set(
                    &format!("{url}:second"),
                    "second",
                    &here,
                    old.clone().with(wrong, value),
                ));
            }
            found.push(Mutant::set(
                &format!("{url}:none"),
                "no-value",
                &here,
                without,
            ));
        }
    }
    // Known extensions with values of any type, on what they may and may not stand on.
    for site in extensible(places, "extension") {
        let Some(&url) = seeded.pick(&KNOWN) else {
            continue;
        };
        let Some(shape) = world.definitions.extension(url) else {
            continue;
        };
        let Some(id) = shape.child(shape.root(), "value") else {
            continue;
        };
        let Some(of_type) = seeded.pick(&shape.element(id).types).cloned() else {
            continue;
        };
        let Some(value) = world.grower.value(&shape, id, &of_type, 30, 2, seeded) else {
            continue;
        };
        let extension = Object::new()
            .with("url", url)
            .with(format!("value{}", capital(&of_type.code)), value);
        let (pointer, value) = with(base, site, "extension", extension.into());
        found.push(Mutant::set(&format!("{url}:fits"), "fits", &pointer, value));
    }
    found
}

/// A known extension where it does not belong.
pub fn context(
    world: &World<'_>,
    base: &Base,
    places: &Places,
    seeded: &mut Seeded,
) -> Vec<Mutant> {
    let mut found = Vec::new();
    for site in extensible(places, "extension") {
        let Some(&url) = seeded.pick(&KNOWN) else {
            continue;
        };
        let Some(shape) = world.definitions.extension(url) else {
            continue;
        };
        let Some(id) = shape.child(shape.root(), "value") else {
            continue;
        };
        let Some(of_type) = shape.element(id).types.first().cloned() else {
            continue;
        };
        let Some(value) = world.grower.value(&shape, id, &of_type, 30, 2, seeded) else {
            continue;
        };
        let extension = Object::new()
            .with("url", url)
            .with(format!("value{}", capital(&of_type.code)), value);
        let (pointer, value) = with(base, site, "extension", extension.into());
        found.push(Mutant::set(
            &format!(
                "{url}@{}#{}",
                site.type_code,
                site.shape.element(site.id).path
            ),
            "moved",
            &pointer,
            value,
        ));
    }
    found
}

/// Extensions that are no extensions: without url, with value and nested ones, empty.
pub fn shape(_: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let forms = [
        ("no-url", r#"{"valueString":"x"}"#.to_owned()),
        (
            "relative-url",
            r#"{"url":"any-value","valueString":"x"}"#.to_owned(),
        ),
        ("empty-url", r#"{"url":"","valueString":"x"}"#.to_owned()),
        (
            "both",
            format!(
                r#"{{"url":"{ANY_VALUE}","valueString":"x","extension":[{{"url":"{ANY_VALUE}","valueString":"y"}}]}}"#
            ),
        ),
        ("neither", format!(r#"{{"url":"{ANY_VALUE}"}}"#)),
        ("only-id", format!(r#"{{"url":"{ANY_VALUE}","id":"x"}}"#)),
        (
            "unknown-member",
            format!(r#"{{"url":"{ANY_VALUE}","valueString":"x","value":"x"}}"#),
        ),
        (
            "modifier-inside",
            format!(
                r#"{{"url":"{ANY_VALUE}","modifierExtension":[{{"url":"{ANY_VALUE}","valueString":"y"}}]}}"#
            ),
        ),
        (
            "url-array",
            format!(r#"{{"url":["{ANY_VALUE}"],"valueString":"x"}}"#),
        ),
        (
            "good",
            format!(r#"{{"url":"{ANY_VALUE}","valueString":"x"}}"#),
        ),
        (
            "good-with-id",
            format!(r#"{{"url":"{ANY_VALUE}","id":"x1","valueCode":"x"}}"#),
        ),
        (
            "shadow-value",
            format!(
                r#"{{"url":"{ANY_VALUE}","_valueString":{{"extension":[{{"url":"{ANY_VALUE}","valueCode":"y"}}]}}}}"#
            ),
        ),
    ];
    let mut found = Vec::new();
    for site in extensible(places, "extension") {
        let Some((how, text)) = seeded.pick(&forms) else {
            continue;
        };
        let Ok(extension) = parse(text.as_bytes()) else {
            continue;
        };
        let (pointer, value) = with(base, site, "extension", extension);
        found.push(Mutant::set(
            &format!("{how}@{}", site.type_code),
            how,
            &pointer,
            value,
        ));
    }
    found
}

/// Modifier extensions that are unknown, misplaced, or no modifiers.
pub fn modifier(_: &World<'_>, base: &Base, places: &Places, seeded: &mut Seeded) -> Vec<Mutant> {
    let urls = [
        "https://causeway.test/StructureDefinition/modifier",
        "https://causeway.test/StructureDefinition/modifier",
        "https://causeway.test/StructureDefinition/any-value",
        "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-EthnicCategory",
        "https://causeway.test/StructureDefinition/no-such",
    ];
    let mut found = Vec::new();
    for site in &places.sites {
        let Some(&url) = seeded.pick(&urls) else {
            continue;
        };
        let name = if seeded.chance(60) {
            "modifierExtension"
        } else {
            "extension"
        };
        let extension = Object::new().with("url", url).with("valueBoolean", true);
        let (pointer, value) = with(base, site, name, extension.into());
        let rule = format!("{name}:{url}@{}", site.type_code);
        found.push(Mutant::new(
            rule,
            format!(
                "{}:{}",
                dotted(&pointer),
                url.rsplit('/').next().unwrap_or("x")
            ),
            vec![Change::Set(pointer, value)],
        ));
    }
    found
}
