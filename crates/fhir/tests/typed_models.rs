//! fhir-sdk has R4B types, not R4. For the resource types that Causeway makes the elements are the
//! same in both, so R4 JSON must go through those types and come out as it went in.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::PathBuf;

use fhir_sdk::r4b::resources::Resource;
use serde_json::Value;

/// The resource types that the mappings and the summary make.
const MADE: &[&str] = &[
    "AllergyIntolerance",
    "Bundle",
    "CarePlan",
    "CareTeam",
    "Composition",
    "Condition",
    "Consent",
    "Device",
    "DocumentReference",
    "Encounter",
    "EpisodeOfCare",
    "Flag",
    "Immunization",
    "List",
    "Location",
    "Medication",
    "MedicationAdministration",
    "MedicationRequest",
    "MedicationStatement",
    "Observation",
    "Organization",
    "Patient",
    "Practitioner",
    "PractitionerRole",
    "Procedure",
    "QuestionnaireResponse",
    "RelatedPerson",
    "ServiceRequest",
    "Task",
];

/// Small resources of the types for which no official example is at hand.
const OWN: &[&str] = &[
    r#"{"resourceType":"EpisodeOfCare","id":"1","status":"active","type":[{"coding":[{"system":"https://example.org/s","code":"a"}],"text":"Home care"}],"patient":{"reference":"Patient/1"},"managingOrganization":{"reference":"Organization/1"},"period":{"start":"2024-01-01","end":"2024"}}"#,
    r#"{"resourceType":"Task","id":"1","status":"completed","intent":"order","code":{"text":"Assessment"},"for":{"reference":"Patient/1"},"executionPeriod":{"start":"2024-01-01"},"authoredOn":"2024-01-01T00:00:00Z","output":[{"type":{"text":"Outcome"},"valueString":"met"}]}"#,
    r#"{"resourceType":"MedicationStatement","id":"1","status":"active","medicationCodeableConcept":{"text":"Paracetamol 500 mg tablets"},"subject":{"reference":"Patient/1"},"effectivePeriod":{"start":"2024-01"},"dosage":[{"text":"one at night","asNeededBoolean":false}]}"#,
    r#"{"resourceType":"DocumentReference","id":"1","status":"current","subject":{"reference":"Patient/1"},"type":{"coding":[{"system":"http://snomed.info/sct","code":"1382601000000107"}]},"content":[{"attachment":{"contentType":"application/pdf","url":"https://example.org/1"}}]}"#,
    r#"{"resourceType":"RelatedPerson","id":"1","patient":{"reference":"Patient/1"},"relationship":[{"text":"Daughter"}],"name":[{"text":"Ann Example"}],"telecom":[{"system":"phone","value":"01134960000"}]}"#,
    r#"{"resourceType":"PractitionerRole","id":"1","practitioner":{"reference":"Practitioner/1"},"code":[{"text":"Carer"}]}"#,
    r#"{"resourceType":"Encounter","id":"1","status":"finished","class":{"system":"http://terminology.hl7.org/CodeSystem/v3-ActCode","code":"IMP"},"subject":{"reference":"Patient/1"},"period":{"start":"2024-01-01T00:00:00+00:00"}}"#,
    r#"{"resourceType":"Patient","id":"1","name":[{"given":["Ann",null],"_given":[null,{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"masked"}]}]}],"_birthDate":{"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/data-absent-reason","valueCode":"unknown"}]},"deceasedDateTime":"2024-02"}"#,
];

/// What the types change without changing the value: how precisely a decimal is written, and how a
/// time zone is (`+00:00` becomes `Z`). Both are why they never carry records.
fn loose(value: Value) -> Value {
    match value {
        Value::Number(number) => number.as_f64().map_or(Value::Null, Value::from),
        Value::String(text) if text.contains('T') => match text.parse::<jiff::Timestamp>() {
            Ok(time) => Value::String(time.to_string()),
            Err(_) => Value::String(text),
        },
        Value::Array(items) => Value::Array(items.into_iter().map(loose).collect()),
        Value::Object(members) => {
            Value::Object(members.into_iter().map(|(k, v)| (k, loose(v))).collect())
        }
        other => other,
    }
}

fn official() -> Vec<(String, Value)> {
    let folder =
        PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ukcore-examples");
    let Ok(files) = std::fs::read_dir(&folder) else {
        assert!(
            std::env::var_os("CI").is_none(),
            "the official UK Core examples are missing, and CI must have them"
        );
        eprintln!("SKIPPED (1): the official UK Core examples are not here");
        return Vec::new();
    };
    let read = |path: PathBuf| {
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        (
            name,
            serde_json::from_slice::<Value>(&std::fs::read(path).unwrap()).unwrap(),
        )
    };
    files
        .map(|file| read(file.unwrap().path()))
        .filter(|(_, value)| value.is_object())
        .collect()
}

#[test]
fn r4_json_goes_through_the_r4b_types_unchanged() {
    let own = OWN.iter().map(|text| {
        (
            "own".to_owned(),
            serde_json::from_str::<Value>(text).unwrap(),
        )
    });
    let mut seen = std::collections::BTreeSet::new();
    let mut changed = String::new();
    for (name, value) in own.chain(official()) {
        let type_name = value["resourceType"].as_str().unwrap().to_owned();
        if !MADE.contains(&type_name.as_str()) {
            continue;
        }
        match serde_json::from_value::<Resource>(value.clone()) {
            Ok(typed) => {
                let back = serde_json::to_value(&typed).unwrap();
                let (back, value) = (loose(back), loose(value));
                if back != value {
                    changed +=
                        &format!("{name} ({type_name}) came out different:\n{back}\n{value}\n");
                }
            }
            Err(error) => changed += &format!("{name} ({type_name}): {error}\n"),
        }
        seen.insert(type_name);
    }
    eprintln!("types seen: {seen:?}");
    assert!(seen.len() >= 8);
    assert!(changed.is_empty(), "{changed}");
}
