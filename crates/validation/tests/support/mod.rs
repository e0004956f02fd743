//! What the tests of validation share: the validator, and the official examples where they are.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::HashSet;
use std::path::PathBuf;
use std::sync::LazyLock;

use diagnostics::{Issue, Severity};
use json::Value;
use validation::{Validator, settle};

pub static VALIDATOR: LazyLock<Validator> = LazyLock::new(Validator::embedded);

pub const UKCORE: &str = "https://fhir.hl7.org.uk/StructureDefinition/";

pub struct Example {
    pub file: String,
    pub profile: String,
    pub resource: Value,
}

fn peers() -> PathBuf {
    PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data")
}

/// The official UK Core examples with the profile that each is meant for. They are not shipped with
/// Causeway: without them the test says so and passes, except in CI.
pub fn examples() -> Vec<Example> {
    let folder = peers().join("ukcore-examples");
    let Ok(manifest) = std::fs::read(folder.join("manifest.json")) else {
        assert!(
            std::env::var_os("CI").is_none(),
            "the official UK Core examples are missing, and CI must have them"
        );
        eprintln!("SKIPPED (1): the official UK Core examples are not here");
        return Vec::new();
    };
    let manifest = json::parse(&manifest).unwrap();
    let examples: Vec<Example> = manifest
        .as_array()
        .unwrap()
        .iter()
        .map(|entry| {
            let file = entry.text("file").unwrap().to_owned();
            let resource = json::parse(&std::fs::read(folder.join(&file)).unwrap()).unwrap();
            Example {
                file,
                profile: entry.text("inferredProfile").unwrap().to_owned(),
                resource,
            }
        })
        .collect();
    assert!(examples.len() > 50);
    examples
}

pub fn parse(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap()
}

/// The errors of a resource. All that is raised says what to do, and says it once.
pub fn errors(resource: &Value, profiles: &[&str]) -> Vec<Issue> {
    let report = VALIDATOR.examine(resource, profiles);
    sound(&report.issues);
    assert_eq!(report.issues, {
        let mut all = VALIDATOR.validate(resource, profiles);
        // Good practice is told only to who examines.
        for issue in &report.issues {
            if issue.severity == Severity::Information && !all.contains(issue) {
                let at = report
                    .issues
                    .iter()
                    .position(|other| other == issue)
                    .unwrap();
                all.insert(at, issue.clone());
            }
        }
        all
    });
    sound(&settle(&report.open, &[]));
    report.issues.into_iter().filter(Issue::is_error).collect()
}

/// Every issue has a help text and an element, and no two are equal.
pub fn sound(issues: &[Issue]) {
    let mut seen = HashSet::new();
    for issue in issues {
        assert!(
            issue.help.as_deref().is_some_and(|help| !help.is_empty()),
            "no help: {issue:?}"
        );
        assert!(issue.element.is_some(), "no element: {issue:?}");
        assert!(!issue.message.is_empty(), "no message: {issue:?}");
        assert!(
            seen.insert((&issue.code, &issue.element, &issue.message)),
            "said twice: {issue:?}"
        );
    }
}

pub fn lines(issues: &[Issue]) -> String {
    issues.iter().map(|issue| format!("  {issue}\n")).collect()
}

/// A validator over what is built in and one definition more.
pub fn with_definition(text: &str) -> Validator {
    let definition = definitions::package::read(&parse(text)).unwrap().unwrap();
    let definitions = definitions::Definitions::embedded()
        .with(&[definition])
        .unwrap();
    let terminology = std::sync::Arc::new(terminology::Terminology::new(&definitions));
    Validator::new(&definitions, terminology)
}

/// The place that a JSON pointer names.
pub fn at<'v>(value: &'v mut Value, pointer: &str) -> &'v mut Value {
    let mut place = value;
    for step in pointer.split('/').filter(|step| !step.is_empty()) {
        place = match step.parse::<usize>() {
            Ok(index) => &mut place.as_array_mut().unwrap()[index],
            Err(_) => place
                .get_mut(step)
                .unwrap_or_else(|| panic!("nothing at {pointer}")),
        };
    }
    place
}

/// Sets (or with `None` removes) what a JSON pointer names.
pub fn set(value: &mut Value, pointer: &str, new: Option<Value>) {
    let (parent, last) = pointer.rsplit_once('/').unwrap();
    let parent = at(value, parent);
    match (last.parse::<usize>(), new) {
        (Ok(index), Some(new)) => {
            let items = parent.as_array_mut().unwrap();
            if index < items.len() {
                items[index] = new;
            } else {
                items.push(new);
            }
        }
        (Ok(index), None) => {
            parent.as_array_mut().unwrap().remove(index);
        }
        (Err(_), Some(new)) => {
            parent.as_object_mut().unwrap().insert(last, new);
        }
        (Err(_), None) => {
            parent
                .as_object_mut()
                .unwrap()
                .remove(last)
                .unwrap_or_else(|| panic!("nothing at {pointer}"));
        }
    }
}

pub const PATIENT: &str = r##"{
 "resourceType": "Patient", "id": "p1",
 "meta": {"profile": ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"]},
 "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Ann Example</p></div>"},
 "contained": [{"resourceType": "Organization", "id": "o", "name": "Example Home"}],
 "extension": [
  {"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-BirthSex",
   "valueCodeableConcept": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender", "code": "F"}]}},
  {"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"city": "Leeds"}}],
 "identifier": [
  {"extension": [{"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
    "valueCodeableConcept": {"coding": [{"system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland", "code": "01"}]}}],
   "system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"},
  {"system": "https://example.org/ids", "value": "A1", "period": {"start": "2020-01-01", "end": "2021"}}],
 "active": true,
 "name": [{"use": "official", "family": "Example", "given": ["Ann", null], "_given": [null, {"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "masked"}]}]}],
 "telecom": [{"system": "phone", "value": "0113 496 0000", "rank": 1}],
 "gender": "female", "birthDate": "1950-02-28", "_birthDate": {"id": "b"},
 "deceasedBoolean": false,
 "contact": [{"name": {"family": "Example"}}],
 "communication": [{"language": {"coding": [{"system": "urn:ietf:bcp:47", "code": "en-GB"}]}, "preferred": true}],
 "generalPractitioner": [{"reference": "Organization/1", "type": "Organization"}],
 "managingOrganization": {"reference": "#o"}
}"##;

pub const PRESSURE: &str = r##"{
 "resourceType": "Observation", "id": "bp",
 "meta": {"profile": ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Observation-AverageBloodPressure"]},
 "status": "final",
 "category": [{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/observation-category", "code": "vital-signs", "display": "Vital Signs"}]}],
 "code": {"coding": [
   {"system": "http://snomed.info/sct", "code": "314440001", "display": "Average systolic blood pressure"},
   {"system": "http://loinc.org", "code": "96607-7"}]},
 "subject": {"reference": "Patient/p1"},
 "effectiveDateTime": "2024-05-01T10:00:00+01:00"
}"##;

pub const OBSERVATION: &str = r##"{
 "resourceType": "Observation", "id": "o1",
 "meta": {"profile": ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Observation"]},
 "status": "final",
 "code": {"coding": [{"system": "http://snomed.info/sct", "code": "27113001", "display": "Body weight"}], "text": "Weight"},
 "subject": {"reference": "Patient/p1"},
 "effectivePeriod": {"start": "2024-05-01", "end": "2024-05-02"},
 "valueQuantity": {"value": 70.10, "unit": "kg", "system": "http://unitsofmeasure.org", "code": "kg"},
 "referenceRange": [{"low": {"value": 50, "system": "http://unitsofmeasure.org", "code": "kg"}, "high": {"value": 90, "system": "http://unitsofmeasure.org", "code": "kg"}}]
}"##;

pub const ALLERGY: &str = r##"{
 "resourceType": "AllergyIntolerance", "id": "a1",
 "meta": {"profile": ["https://fhir.hl7.org.uk/StructureDefinition/UKCore-AllergyIntolerance"]},
 "clinicalStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical", "code": "active"}]},
 "verificationStatus": {"coding": [{"system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-verification", "code": "unconfirmed"}]},
 "category": ["food"],
 "code": {"text": "Peanuts"},
 "patient": {"reference": "Patient/p1"},
 "onsetDateTime": "2001"
}"##;

pub const DOCUMENT: &str = r##"{
 "resourceType": "Bundle", "id": "b1", "type": "document",
 "identifier": {"system": "urn:ietf:rfc:3986", "value": "urn:uuid:0b4c2a0e-4d2f-4f0e-9d8e-0a6f3f0b2c11"},
 "timestamp": "2024-05-01T10:00:00Z",
 "entry": [
  {"fullUrl": "urn:uuid:1b4c2a0e-4d2f-4f0e-9d8e-0a6f3f0b2c11", "resource": {"resourceType": "Composition", "status": "final",
    "type": {"coding": [{"system": "http://loinc.org", "code": "60591-5"}]},
    "subject": {"reference": "urn:uuid:2b4c2a0e-4d2f-4f0e-9d8e-0a6f3f0b2c11"},
    "date": "2024-05-01", "title": "Summary", "author": [{"display": "Causeway"}],
    "section": [{"title": "Problems", "text": {"status": "generated", "div": "<div xmlns=\"http://www.w3.org/1999/xhtml\">None recorded</div>"}}]}},
  {"fullUrl": "urn:uuid:2b4c2a0e-4d2f-4f0e-9d8e-0a6f3f0b2c11", "resource": {"resourceType": "Patient", "gender": "male"}}]
}"##;
