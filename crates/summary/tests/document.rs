//! The document: IPS rules, links, validity, and the narrative as a whole.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod people;

use std::collections::BTreeSet;

use definitions::Definitions;
use json::Value;
use people::*;
use summary::{Contribution, summarise};
use terminology::Terminology;
use validation::Validator;

/// A person whom three organisations know, with something for most sections.
fn everything() -> Vec<Contribution> {
    let organisation = r#"{"resourceType":"Organization","id":"gp1","meta":{"versionId":"3","lastUpdated":"2026-01-01T00:00:00Z"},"name":"The Surgery"}"#;
    let mut rose = home(
        "VM1",
        &[
            &allergy("Penicillin"),
            &medicine("Metformin 500mg tablets", "One twice a day"),
            &medicine("Warfarin", "3 mg at 18:00"),
            &flag("Falls: high risk", "Risk"),
            &flag("DNACPR in place", "Resuscitation"),
            r#"{"resourceType":"RelatedPerson","name":[{"text":"Bo Smith"}],"relationship":[{"text":"Daughter"},{"text":"Next of kin"}],"telecom":[{"system":"phone","value":"07700 900123"}]}"#,
            r#"{"resourceType":"RelatedPerson","name":[{"text":"Cy Smith"}],"relationship":[{"text":"Lasting power of attorney: health and welfare"}]}"#,
            r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://snomed.info/sct","code":"27113001","display":"Body weight"}]},"effectiveDateTime":"2026-01-02","valueQuantity":{"value":61.50,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}"#,
            r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://snomed.info/sct","code":"27113001","display":"Body weight"}]},"effectiveDateTime":"2025-01-02","valueQuantity":{"value":70,"unit":"kg"}}"#,
            r#"{"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"survey"}]}],"code":{"text":"Waterlow"},"effectiveDateTime":"2026-01-02","valueInteger":14}"#,
            r#"{"resourceType":"MedicationStatement","status":"active","medicationReference":{"reference":"Medication/m1"},"dosage":[{"text":"as needed"}]}"#,
            r#"{"resourceType":"Medication","id":"m1","code":{"text":"Senna 7.5mg tablets"}}"#,
            organisation,
        ],
    );
    if let Some(object) = rose.patient.as_object_mut() {
        object.insert(
            "generalPractitioner",
            vec![value(
                r#"{"reference":"Organization/gp1","display":"The Surgery"}"#,
            )],
        );
    }
    rose.held_back = vec![held("Condition", 1)];
    let mut council = home(
        "503",
        &[
            r#"{"resourceType":"Condition","category":[{"text":"Social care support reason"}],"code":{"text":"Physical Support: Personal Care Support"},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"unconfirmed"}]}}"#,
            r#"{"resourceType":"Condition","clinicalStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}]},"verificationStatus":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/condition-ver-status","code":"unconfirmed"}]},"code":{"text":"Dementia"}}"#,
            r#"{"resourceType":"EpisodeOfCare","status":"active","type":[{"text":"Home care, 4 calls daily"}],"period":{"start":"2026-01-14"},"managingOrganization":{"reference":"Organization/x","display":"Elsewhere"}}"#,
            r#"{"resourceType":"Observation","status":"final","category":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"social-history"}]}],"code":{"text":"Accommodation status"},"valueString":"Owner occupier","effectiveDateTime":"2025-06-30"}"#,
            r#"{"resourceType":"Task","status":"completed","intent":"plan","code":{"text":"Review: planned"},"executionPeriod":{"start":"2025-12-01","end":"2025-12-02"}}"#,
        ],
    );
    council.as_of = Some("2025-12-31".to_owned());
    council.phone = None;
    let other = home(
        "VM2",
        &[
            &allergy("penicillin"),
            &medicine("Warfarin", "5 mg at 18:00"),
        ],
    );
    vec![rose, council, other]
}

fn made() -> Value {
    summary(&everything()).bundle
}

#[test]
fn the_document_keeps_the_rules_of_ips() {
    let bundle = made();
    assert_eq!(bundle.text("type"), Some("document"));
    assert!(
        bundle
            .get("identifier")
            .unwrap()
            .text("value")
            .unwrap()
            .starts_with("urn:uuid:")
    );
    assert_eq!(bundle.text("timestamp"), Some("2026-03-01T12:00:00Z"));
    let entries: Vec<&Value> = bundle.each("entry").collect();
    assert_eq!(
        composition(&bundle).text("resourceType"),
        Some("Composition")
    );
    for type_name in ["Composition", "Patient"] {
        assert_eq!(resources(&bundle, type_name).len(), 1, "{type_name}");
    }
    let mut urls = BTreeSet::new();
    for entry in &entries {
        let url = entry.text("fullUrl").unwrap();
        assert!(url.starts_with("urn:uuid:") && url.len() == 45, "{url}");
        assert!(urls.insert(url.to_owned()), "{url} twice");
        for name in ["search", "request", "response"] {
            assert!(entry.get(name).is_none());
        }
    }
    // Every reference resolves inside.
    let mut pending: Vec<&Value> = vec![&bundle];
    let mut links = 0;
    while let Some(value) = pending.pop() {
        match value {
            Value::Object(object) => {
                if let Some(reference) = object.get("reference").and_then(Value::as_str) {
                    assert!(urls.contains(reference), "{reference} does not resolve");
                    links += 1;
                }
                pending.extend(object.iter().map(|(_, child)| child));
            }
            Value::Array(items) => pending.extend(items),
            _ => {}
        }
    }
    assert!(links > 30);

    let composition = composition(&bundle);
    assert_eq!(
        composition
            .get("type")
            .unwrap()
            .get("coding")
            .unwrap()
            .item(0)
            .unwrap()
            .text("code"),
        Some("60591-5")
    );
    let author = composition
        .get("author")
        .unwrap()
        .item(0)
        .unwrap()
        .text("reference")
        .unwrap();
    let device = entries
        .iter()
        .find(|e| e.text("fullUrl") == Some(author))
        .unwrap();
    assert_eq!(
        device.get("resource").unwrap().text("resourceType"),
        Some("Device")
    );
    let event = composition.get("event").unwrap().item(0).unwrap();
    assert_eq!(
        event.get("period").unwrap().text("end"),
        composition.text("date")
    );
    assert!(composition.get("attester").is_none() && composition.get("custodian").is_none());
    let allowed = |loinc: &str| -> Option<&'static [&'static str]> {
        Some(match loinc {
            "11450-4" | "11348-0" => &["Condition", "DocumentReference"],
            "48765-2" => &["AllergyIntolerance", "DocumentReference"],
            "10160-0" => &[
                "MedicationStatement",
                "MedicationRequest",
                "MedicationAdministration",
                "MedicationDispense",
                "DocumentReference",
            ],
            "104605-1" => &["Flag", "DocumentReference"],
            "42348-3" => &["Consent", "DocumentReference"],
            "47420-5" => &["Condition", "ClinicalImpression", "DocumentReference"],
            "8716-3" | "29762-2" => &["Observation", "DocumentReference"],
            "18776-5" => &[
                "CarePlan",
                "ImmunizationRecommendation",
                "DocumentReference",
            ],
            _ => return None,
        })
    };
    for section in composition.each("section") {
        assert!(section.text("title").is_some() && section.get("text").is_some());
        let codings: Vec<&Value> = section.get("code").unwrap().each("coding").collect();
        let last = codings.last().unwrap();
        assert_eq!(
            last.text("system"),
            Some("https://fhir.hl7.org.uk/CodeSystem/UKCore-RecordStandardHeadings")
        );
        if codings.len() == 2 {
            assert_eq!(codings[0].text("system"), Some("http://loinc.org"));
        }
        assert_ne!(
            section.get("entry").is_some(),
            section.get("emptyReason").is_some(),
            "{}",
            section.text("title").unwrap()
        );
        if let Some(types) = codings[0].text("code").and_then(allowed) {
            for entry in section.each("entry") {
                let urn = entry.text("reference").unwrap();
                let target = entries
                    .iter()
                    .find(|e| e.text("fullUrl") == Some(urn))
                    .unwrap();
                let type_name = target
                    .get("resource")
                    .unwrap()
                    .text("resourceType")
                    .unwrap();
                assert!(
                    types.contains(&type_name),
                    "{type_name} in {}",
                    section.text("title").unwrap()
                );
            }
        }
    }
    // What the IPS package adds to base R4.
    for medicine in resources(&bundle, "MedicationStatement") {
        assert!(
            ["effectiveDateTime", "effectivePeriod", "_effectiveDateTime"]
                .iter()
                .any(|n| medicine.get(n).is_some())
        );
        assert!(medicine.get("subject").unwrap().text("reference").is_some());
    }
    for flag in resources(&bundle, "Flag") {
        assert_eq!(flag.text("status"), Some("active"));
    }
    let patient = resources(&bundle, "Patient")[0];
    assert!(patient.get("name").is_some() && patient.text("birthDate").is_some());
    assert_eq!(
        patient.each("identifier").count(),
        1,
        "one NHS number stands once"
    );
}

#[test]
fn each_resource_of_the_document_is_valid() {
    let definitions = Definitions::embedded();
    let validator = Validator::new(definitions, Terminology::new(definitions).into());
    let bundle = made();
    let mut problems = Vec::new();
    for (_, resource) in fhir::bundle::resources(&bundle) {
        problems.extend(validator.validate(resource, &[]));
    }
    problems.extend(validator.validate(&bundle, &[]));
    let errors: Vec<String> = diagnostics::errors(&problems)
        .map(ToString::to_string)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    for (_, resource) in fhir::bundle::resources(&bundle) {
        for holder in [Some(resource)]
            .into_iter()
            .flatten()
            .chain(resource.each("section"))
        {
            if let Some(div) = holder.get("text").and_then(|t| t.text("div")) {
                fhir::narrative::check(div).unwrap();
            }
        }
    }
}

#[test]
fn the_same_input_gives_the_same_bytes_in_any_order() {
    let first = made().to_string();
    let mut turned = everything();
    turned.reverse();
    assert_eq!(first, summary(&turned).bundle.to_string());
}

#[test]
fn readings_are_the_latest_and_the_rest_is_counted() {
    let bundle = made();
    let said = words(&bundle, "Vital Signs");
    assert!(said.contains("61.50 kg") && !said.contains("70 kg") && said.contains("1 older"));
    let old = r#"{"resourceType":"Observation","status":"final","code":{"coding":[{"system":"http://snomed.info/sct","code":"78564009"}],"text":"Pulse"},"effectiveDateTime":"2025-01-01","valueQuantity":{"value":70,"unit":"/min"}}"#;
    let made = summarise(&[home("A1", &[old])], &settings()).unwrap();
    assert!(!made.bundle.to_string().contains("78564009"));
    assert!(words(&made.bundle, "Vital Signs").contains("1 older"));
}

#[test]
fn details_that_differ_are_shown_and_not_chosen() {
    let mut other = home("B2", &[]);
    other.patient = value(&other.patient.to_string().replace("\"female\"", "\"male\""));
    let bundle = summary(&[home("A1", &[]), other]).bundle;
    let patient = resources(&bundle, "Patient")[0];
    assert!(patient.get("gender").is_none());
    let text = patient.get("text").unwrap().text("div").unwrap();
    assert!(text.contains("female") && text.contains(">male<") && text.contains("CONFLICT"));
}

#[test]
fn the_narrative_reads_as_a_whole() {
    insta::assert_snapshot!(summary::render_text(&made()).unwrap());
}

#[test]
fn what_is_no_summary_is_not_rendered() {
    for text in [
        "{}",
        r#"{"resourceType":"Bundle","entry":[]}"#,
        r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Patient"}}]}"#,
    ] {
        assert!(summary::render_text(&value(text)).is_err());
    }
    let broken = r#"{"resourceType":"Bundle","entry":[{"resource":{"resourceType":"Composition","text":{"div":"<div><p>x</div>"}}}]}"#;
    assert!(summary::render_text(&value(broken)).is_err());
}
