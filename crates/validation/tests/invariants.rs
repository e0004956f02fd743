//! Invariants: the functions in Rust answer as the FHIRPath expressions that they stand for.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::LazyLock;

use diagnostics::Issue;
use json::Value;
use support::{ALLERGY, DOCUMENT, OBSERVATION, PATIENT, PRESSURE, VALIDATOR, examples, parse};
use validation::Validator;

static BY_PLANS: LazyLock<Validator> =
    LazyLock::new(|| Validator::embedded().without_native_invariants());

/// Resources full of what the native functions look at: both what holds and what does not.
const MORE: &[&str] = &[
    r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"urn:a","code":"1"}]},"valueQuantity":{"code":"kg","comparator":"<"},"dataAbsentReason":{"text":"x"},
      "component":[{"code":{"coding":[{"system":"urn:a","code":"1"}]},"valueRatio":{"numerator":{"value":1}}}],"referenceRange":[{},{"low":{"value":3},"high":{"value":2}},{"text":"t"}],
      "effectivePeriod":{"start":"2020-01-02","end":"2020-01-01"}}"#,
    r#"{"resourceType":"Observation","status":"final","code":{"text":"x"},"effectiveTiming":{"repeat":{"duration":-1,"period":-2,"periodMax":3,"durationMax":2,"countMax":2,"offset":3,"when":["C"],"timeOfDay":["10:00:00"]}},"valuePeriod":{"start":"2020","end":"2020-05"}}"#,
    r#"{"resourceType":"AllergyIntolerance","verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"entered-in-error"}]},"clinicalStatus":{"text":"x"},"patient":{"display":"x"},"onsetAge":{"value":-1,"system":"urn:x"}}"#,
    r#"{"resourceType":"Condition","verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"entered-in-error"}]},"clinicalStatus":{"coding":[{"code":"active","system":"http://terminology.hl7.org/CodeSystem/condition-clinical"}]},"abatementString":"x","subject":{"display":"x"},"stage":[{"type":{"text":"x"}}],"evidence":[{}],"category":[{"text":"x"}]}"#,
    r#"{"resourceType":"Condition","subject":{"display":"x"},"category":[{"text":"x"}]}"#,
    r#"{"resourceType":"Appointment","status":"booked","start":"2020-01-01T10:00:00Z","participant":[{"status":"accepted"}],"cancelationReason":{"text":"x"}}"#,
    r#"{"resourceType":"Appointment","status":"noshow","participant":[{"status":"accepted","type":[{"text":"x"}]}],"cancelationReason":{"text":"x"}}"#,
    r#"{"resourceType":"Organization","telecom":[{"use":"home","value":"x"}],"address":[{"use":"home"}]}"#,
    r#"{"resourceType":"List","status":"current","mode":"snapshot","emptyReason":{"text":"x"},"entry":[{"deleted":true,"date":"2020","item":{"display":"x"}}]}"#,
    r#"{"resourceType":"Task","status":"draft","intent":"plan","authoredOn":"2020-02-01","lastModified":"2020-01-01","input":[]}"#,
    r#"{"resourceType":"Task","status":"draft","intent":"plan","authoredOn":"2020-02","lastModified":"2020-02-01"}"#,
    r#"{"resourceType":"Parameters","parameter":[{"name":"a"},{"name":"b","valueString":"x","part":[{"name":"c","valueString":"x"}]}]}"#,
    r#"{"resourceType":"Bundle","type":"batch","total":1,"entry":[{"search":{"mode":"match"},"fullUrl":"urn:uuid:1/_history/2"},{"response":{"status":"200"},"fullUrl":"urn:x:1"},{"fullUrl":"urn:x:1","request":{"method":"GET","url":"x"}}]}"#,
    r#"{"resourceType":"Bundle","type":"document","entry":[{"fullUrl":"urn:x:1","resource":{"resourceType":"Patient"}}]}"#,
    r#"{"resourceType":"Bundle","type":"message","entry":[{"fullUrl":"urn:x:1","resource":{"resourceType":"Patient"}}]}"#,
    r#"{"resourceType":"Composition","status":"final","type":{"text":"x"},"date":"2020","author":[{"display":"x"}],"title":"x","section":[{"title":"a"},{"emptyReason":{"text":"x"},"entry":[{"display":"x"}]}]}"#,
    r##"{"resourceType":"Patient","contained":[{"resourceType":"Patient","id":"a","meta":{"versionId":"1","security":[{"code":"x"}]},"contained":[{"resourceType":"Patient","id":"b"}]}],"link":[{"other":{"reference":"#a"},"type":"seealso"}],"photo":[{"data":"AAAA"}],"contact":[{"period":{}}],
      "extension":[{"url":"urn:x"},{"url":"urn:y","valueString":"x","extension":[{"url":"urn:z","valueString":"x"}]}]}"##,
    r#"{"resourceType":"QuestionnaireResponse","status":"completed","item":[{"linkId":"1","answer":[{"valueString":"x"}],"item":[{"linkId":"2"}]}]}"#,
    r#"{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"display":"x"},"activity":[{"reference":{"display":"x"},"detail":{"status":"scheduled"}}]}"#,
    r#"{"resourceType":"Consent","status":"active","scope":{"text":"x"},"category":[{"text":"x"}]}"#,
    r#"{"resourceType":"Immunization","status":"not-done","vaccineCode":{"text":"x"},"patient":{"display":"x"},"occurrenceString":"x","education":[{}]}"#,
    r#"{"resourceType":"AuditEvent","type":{"code":"x","system":"urn:x"},"recorded":"2020-01-01T00:00:00Z","agent":[{"requestor":true}],"source":{"observer":{"display":"x"}},"entity":[{"name":"x","query":"AAAA"}]}"#,
    r#"{"resourceType":"ServiceRequest","status":"active","intent":"order","subject":{"display":"x"},"orderDetail":[{"text":"x"}]}"#,
    r#"{"resourceType":"MedicationAdministration","status":"completed","medicationCodeableConcept":{"text":"x"},"subject":{"display":"x"},"effectiveDateTime":"2020","dosage":{"text":"x"}}"#,
];

/// The broken invariants, by key and place.
fn broken(validator: &Validator, resource: &Value) -> Vec<(String, String)> {
    let mut found: Vec<(String, String)> = validator
        .validate(resource, &[])
        .into_iter()
        .filter(|issue| issue.code == "V090" || issue.code == "V095")
        .map(|issue| {
            let key = issue
                .message
                .split(['(', ')'])
                .nth(1)
                .unwrap_or(&issue.message)
                .to_owned();
            (key, issue.element.unwrap_or_default())
        })
        .collect();
    found.sort();
    found
}

#[test]
fn native_functions_answer_as_their_expressions() {
    let mut resources: Vec<Value> = MORE.iter().map(|text| parse(text)).collect();
    resources.extend([PATIENT, PRESSURE, OBSERVATION, ALLERGY, DOCUMENT].map(parse));
    resources.extend(examples().into_iter().map(|example| example.resource));
    let mut differences = String::new();
    let mut keys: Vec<String> = Vec::new();
    for resource in &resources {
        // Without each of its members in turn, so that rules about what is there come into play.
        let members: Vec<String> = resource
            .as_object()
            .unwrap()
            .iter()
            .map(|(name, _)| name.to_owned())
            // A Bundle without a type is refused for that; what else it breaks says nothing more.
            .filter(|name| !matches!(name.as_str(), "resourceType" | "type"))
            .collect();
        let mut variants = vec![resource.clone()];
        for member in members.iter().take(24) {
            let mut less = resource.clone();
            less.as_object_mut().unwrap().remove(member);
            variants.push(less);
        }
        for variant in &variants {
            let native = broken(&VALIDATOR, variant);
            let plans = broken(&BY_PLANS, variant);
            keys.extend(native.iter().map(|(key, _)| key.clone()));
            if native != plans {
                differences += &format!("native {native:?}\nplans  {plans:?}\n{variant}\n\n");
            }
        }
    }
    keys.sort();
    keys.dedup();
    assert!(differences.is_empty(), "{differences}");
    assert!(keys.len() > 45, "too few rules were broken: {keys:?}");
}

#[test]
fn an_invariant_has_its_own_words_and_a_mend() {
    let resource = parse(r#"{"resourceType":"Patient","contact":[{"gender":"male"}]}"#);
    let issues: Vec<Issue> = VALIDATOR.validate(&resource, &[]);
    let issue = issues.iter().find(|issue| issue.code == "V090").unwrap();
    assert_eq!(issue.element.as_deref(), Some("Patient.contact[0]"));
    assert!(issue.message.contains("pat-1"), "{issue}");
    assert!(issue.help.is_some());
    assert!(issue.is_error());
}

#[test]
fn an_expression_that_cannot_be_understood_is_told_once() {
    let profile = r#"{"resourceType":"StructureDefinition","id":"p","url":"https://example.org/p","name":"P","status":"active","kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint",
      "differential":{"element":[{"id":"Patient","path":"Patient"},{"id":"Patient.name","path":"Patient.name","constraint":[{"key":"own-1","severity":"error","human":"x","expression":"nonsense(("}]}]}}"#;
    let validator = support::with_definition(profile);
    let resource = parse(
        r#"{"resourceType":"Patient","meta":{"profile":["https://example.org/p"]},"name":[{"text":"a"},{"text":"b"}]}"#,
    );
    let issues = validator.validate(&resource, &[]);
    let told: Vec<&Issue> = issues.iter().filter(|issue| issue.code == "V095").collect();
    assert_eq!(told.len(), 1, "{issues:?}");
    assert!(told[0].message.contains("own-1"));
    assert!(!told[0].is_error());
}
