//! The one Patient of the document, composed of what the contributions say and nothing else.
//!
//! What may repeat (names, addresses, identifiers, contacts) is kept from every source, identical
//! values once. What may stand only once is kept when all who state it agree; where they differ it
//! is left out and the narrative shows what each said.

use identity::Known;
use json::{Object, Value};

use crate::concept::{address, concepts, contact_point, fold, human_name, joined};
use crate::time::readable;
use crate::withhold::is_traced;

/// Members that FHIR lets repeat.
const MANY: &[&str] = &[
    "identifier",
    "name",
    "telecom",
    "address",
    "contact",
    "communication",
    "generalPractitioner",
];
/// Members that stand once. Choice types are compared under their full names.
const ONCE: &[&str] = &[
    "gender",
    "birthDate",
    "_birthDate",
    "deceasedBoolean",
    "deceasedDateTime",
    "maritalStatus",
    "multipleBirthBoolean",
    "multipleBirthInteger",
];
const EXTENSIONS_THAT_REPEAT: &[&str] = &[
    "http://hl7.org/fhir/StructureDefinition/patient-citizenship",
    "http://hl7.org/fhir/StructureDefinition/patient-nationality",
];

/// A composed Patient, and what the sources disagree on.
pub(crate) struct Composed {
    pub(crate) patient: Object,
    /// Rows of the narrative: what, as stated, by which organisation.
    pub(crate) rows: Vec<[String; 3]>,
    /// Names of the members that the sources disagree on.
    pub(crate) differing: Vec<&'static str>,
}

/// Composes one Patient of several records of one person. `records` are (organisation, Patient)
/// whose references are those of the document already and which hold nothing that is withheld.
pub(crate) fn compose(records: &[(String, Value)], id: &str, known: &Known) -> Composed {
    let mut patient = Object::new().with("resourceType", "Patient").with("id", id);
    let mut differing = Vec::new();
    meta(records, &mut patient);
    extensions(records, &mut patient, &mut differing);
    let mut members: Vec<(&'static str, Value)> = Vec::new();
    for name in MANY {
        let mut items: Vec<Value> = Vec::new();
        for item in records.iter().flat_map(|(_, record)| record.each(name)) {
            if !items.iter().any(|known| same(known, item)) {
                items.push(item.clone());
            }
        }
        if *name == "identifier" {
            one_nhs_number(&mut items, known);
        }
        if !items.is_empty() {
            members.push((name, Value::Array(items)));
        }
    }
    for name in ONCE {
        let mut said = records.iter().filter_map(|(_, record)| record.get(name));
        if let Some(first) = said.next() {
            if said.all(|other| same(other, first)) {
                members.push((name, first.clone()));
            } else {
                differing.push(*name);
            }
        }
    }
    // Either form of "has died" beside the other would say two things at once.
    let deceased = |name: &str| members.iter().any(|(member, _)| *member == name);
    if deceased("deceasedBoolean") && deceased("deceasedDateTime") {
        let alive = members
            .iter()
            .any(|(name, value)| *name == "deceasedBoolean" && value.as_bool() == Some(false));
        if alive {
            members.retain(|(name, _)| !name.starts_with("deceased"));
            differing.push("deceasedBoolean");
        } else {
            members.retain(|(name, _)| *name != "deceasedBoolean");
        }
    }
    const ORDER: &[&str] = &[
        "identifier",
        "name",
        "telecom",
        "gender",
        "birthDate",
        "_birthDate",
        "deceasedBoolean",
        "deceasedDateTime",
        "address",
        "maritalStatus",
        "multipleBirthBoolean",
        "multipleBirthInteger",
        "contact",
        "communication",
        "generalPractitioner",
    ];
    members.sort_by_key(|(name, _)| ORDER.iter().position(|member| member == name));
    let has_birth_date = members.iter().any(|(name, _)| name.ends_with("birthDate"));
    for (name, value) in members {
        patient.insert(name, value);
    }
    if !has_birth_date {
        // IPS wants a birth date; where no source states one that is said as FHIR says it.
        patient.insert("_birthDate", absent());
    }
    Composed {
        patient,
        rows: rows(records),
        differing,
    }
}

/// `data-absent-reason` unknown, in place of a value that no source states.
pub(crate) fn absent() -> Object {
    Object::new().with(
        "extension",
        vec![Value::from(
            Object::new()
                .with(
                    "url",
                    "http://hl7.org/fhir/StructureDefinition/data-absent-reason",
                )
                .with("valueCode", "unknown"),
        )],
    )
}

/// The sources agree on the NHS number (CS-2), of which one may have replaced another, and may differ
/// on whether it was traced: it stands once, as the one that is not replaced, as the source that
/// traced it states it, else as the first does.
fn one_nhs_number(identifiers: &mut Vec<Value>, known: &Known) {
    let is_number =
        |identifier: &Value| identifier.text("system") == Some(identity::NHS_NUMBER_SYSTEM);
    let numbers: Vec<Value> = identifiers
        .iter()
        .filter(|i| is_number(i))
        .cloned()
        .collect();
    let traced = |number: &&Value| {
        is_traced(
            &Object::new()
                .with("identifier", vec![(*number).clone()])
                .into(),
        )
    };
    let stands = |number: &&Value| {
        let number = number.text("value").and_then(|text| text.parse().ok());
        number.is_some_and(|number| !known.is_superseded(&number))
    };
    let best = numbers
        .iter()
        .filter(stands)
        .find(traced)
        .or(numbers.iter().find(stands))
        .or(numbers.iter().find(traced))
        .or(numbers.first())
        .cloned();
    identifiers.retain(|identifier| !is_number(identifier));
    if let Some(best) = best {
        identifiers.insert(0, best);
    }
}

fn meta(records: &[(String, Value)], patient: &mut Object) {
    let mut meta = Object::new();
    for name in ["profile", "security", "tag"] {
        let mut items: Vec<Value> = Vec::new();
        if name == "profile" {
            items.push("http://hl7.org/fhir/uv/ips/StructureDefinition/Patient-uv-ips".into());
        }
        for item in records
            .iter()
            .filter_map(|(_, record)| record.get("meta"))
            .flat_map(|meta| meta.each(name))
        {
            if !items.contains(item) {
                items.push(item.clone());
            }
        }
        if !items.is_empty() {
            meta.insert(name, Value::Array(items));
        }
    }
    patient.insert("meta", meta);
}

fn extensions(
    records: &[(String, Value)],
    patient: &mut Object,
    differing: &mut Vec<&'static str>,
) {
    let mut kept: Vec<Value> = Vec::new();
    let mut dropped: Vec<String> = Vec::new();
    for extension in records
        .iter()
        .flat_map(|(_, record)| record.each("extension"))
    {
        let url = extension.text("url").unwrap_or_default();
        if kept.iter().any(|known| same(known, extension)) || dropped.iter().any(|u| u == url) {
            continue;
        }
        let rival = kept.iter().position(|known| known.text("url") == Some(url));
        match rival {
            Some(index) if !EXTENSIONS_THAT_REPEAT.contains(&url) => {
                kept.remove(index);
                dropped.push(url.to_owned());
                differing.push("extension");
            }
            _ => kept.push(extension.clone()),
        }
    }
    if !kept.is_empty() {
        patient.insert("extension", Value::Array(kept));
    }
}

/// Whether two values say the same, apart from case and spacing of words.
fn same(one: &Value, other: &Value) -> bool {
    match (one, other) {
        (Value::String(one), Value::String(other)) => fold(one) == fold(other),
        (Value::Array(one), Value::Array(other)) => {
            one.len() == other.len() && one.iter().zip(other).all(|(a, b)| same(a, b))
        }
        (Value::Object(one), Value::Object(other)) => {
            one.len() == other.len()
                && one
                    .iter()
                    .all(|(name, value)| other.get(name).is_some_and(|theirs| same(value, theirs)))
        }
        (one, other) => one == other,
    }
}

/// What each source states, for reading: one row for each different statement.
fn rows(records: &[(String, Value)]) -> Vec<[String; 3]> {
    type Read = fn(&Value) -> Option<String>;
    const READ: &[(&str, Read)] = &[
        ("Name", |p| joined(p.each("name").filter_map(human_name))),
        ("NHS number", nhs_number),
        ("Date of birth", |p| p.text("birthDate").map(str::to_owned)),
        ("Gender", |p| p.text("gender").map(str::to_owned)),
        ("Died", |p| {
            p.text("deceasedDateTime").map(readable).or_else(|| {
                (p.get("deceasedBoolean").and_then(Value::as_bool) == Some(true))
                    .then(|| "yes, date not stated".to_owned())
            })
        }),
        ("Address", |p| joined(p.each("address").filter_map(address))),
        ("Contact", |p| {
            joined(p.each("telecom").filter_map(contact_point))
        }),
        ("Language", |p| {
            joined(
                p.each("communication")
                    .filter_map(|c| concepts(c, "language")),
            )
        }),
        ("GP practice", |p| {
            joined(
                p.each("generalPractitioner")
                    .filter_map(|gp| gp.text("display").map(str::to_owned)),
            )
        }),
    ];
    let mut rows: Vec<[String; 3]> = Vec::new();
    for (label, read) in READ {
        let mut said: Vec<(String, Vec<&str>)> = Vec::new();
        for (organisation, record) in records {
            let Some(words) = read(record) else { continue };
            match said
                .iter_mut()
                .find(|(known, _)| fold(known) == fold(&words))
            {
                Some((_, by)) if by.contains(&organisation.as_str()) => {}
                Some((_, by)) => by.push(organisation),
                None => said.push((words, vec![organisation])),
            }
        }
        rows.extend(
            said.into_iter()
                .map(|(words, by)| [(*label).to_owned(), words, by.join("; ")]),
        );
    }
    rows
}

fn nhs_number(patient: &Value) -> Option<String> {
    patient
        .each("identifier")
        .filter(|identifier| identifier.text("system") == Some(identity::NHS_NUMBER_SYSTEM))
        .find_map(|identifier| identifier.text("value"))
        .map(str::to_owned)
}
