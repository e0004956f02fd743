//! Fictional contributions.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    dead_code
)]

use jiff::Timestamp;
use json::Value;
use summary::{Contribution, HeldBack, Review, Settings, Stated, Summary, summarise};

pub const NHS: &str = "9990000018";

pub fn value(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap_or_else(|error| panic!("{error}\n{text}"))
}

pub fn settings() -> Settings {
    Settings::new("2026-03-01T12:00:00Z".parse::<Timestamp>().unwrap())
}

pub fn patient(id: &str, family: &str, birth: &str) -> Value {
    value(&format!(
        r#"{{"resourceType":"Patient","id":"{id}","meta":{{"profile":["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"]}},
        "identifier":[{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"{NHS}",
          "extension":[{{"url":"https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus","valueCodeableConcept":{{"coding":[{{"system":"https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland","code":"02"}}]}}}}]}}],
        "name":[{{"use":"official","family":"{family}","given":["Ada"]}}],"gender":"female","birthDate":"{birth}",
        "telecom":[{{"system":"phone","value":"020 7946 0999"}}],
        "address":[{{"line":["12 Secret Lane"],"postalCode":"LS1 9ZZ"}}]}}"#
    ))
}

/// A contribution of a home, its resources given as JSON without subject.
pub fn home(tenant: &str, resources: &[&str]) -> Contribution {
    Contribution {
        tenant: tenant.to_owned(),
        organisation: format!("Home {tenant}"),
        phone: Some(format!("0113 000 {tenant}")),
        source: format!("source-{tenant}"),
        as_of: Some("2026-02-20".to_owned()),
        received: "2026-02-21T08:00:00Z".parse().unwrap(),
        review: Review::Demo,
        patient: patient(&format!("p-{tenant}"), "Smith", "1935-06-01"),
        resources: resources
            .iter()
            .enumerate()
            .map(|(index, text)| stated(tenant, index, text))
            .collect(),
        held_back: Vec::new(),
        not_shared: Vec::new(),
    }
}

pub fn stated(tenant: &str, index: usize, text: &str) -> Stated {
    let mut resource = value(text);
    let type_name = resource.text("resourceType").unwrap().to_owned();
    let object = resource.as_object_mut().unwrap();
    if !object.contains("id") {
        object.insert("id", format!("r{index}-{tenant}"));
    }
    let subject = json::Object::new().with("reference", format!("Patient/p-{tenant}"));
    match type_name.as_str() {
        "AllergyIntolerance" | "RelatedPerson" | "EpisodeOfCare" | "Immunization" => {
            object.insert("patient", subject)
        }
        "Task" => object.insert("for", subject),
        "Organization" | "Location" | "Practitioner" | "Medication" => None,
        _ => object.insert("subject", subject),
    };
    resource.into()
}

pub fn held(resource_type: &str, count: u32) -> HeldBack {
    HeldBack {
        resource_type: resource_type.to_owned(),
        count,
    }
}

pub fn summary(contributions: &[Contribution]) -> Summary {
    summarise(contributions, &settings()).expect("a summary")
}

pub fn composition(bundle: &Value) -> &Value {
    bundle
        .get("entry")
        .unwrap()
        .item(0)
        .unwrap()
        .get("resource")
        .unwrap()
}

pub fn section<'a>(bundle: &'a Value, title: &str) -> Option<&'a Value> {
    composition(bundle)
        .each("section")
        .find(|section| section.text("title") == Some(title))
}

/// The narrative of a section, as text.
pub fn words(bundle: &Value, title: &str) -> String {
    section(bundle, title)
        .unwrap_or_else(|| panic!("no section {title}"))
        .get("text")
        .unwrap()
        .text("div")
        .unwrap()
        .to_owned()
}

pub fn entries(bundle: &Value, title: &str) -> usize {
    section(bundle, title).map_or(0, |section| section.each("entry").count())
}

pub fn resources<'a>(bundle: &'a Value, type_name: &str) -> Vec<&'a Value> {
    fhir::bundle::resources(bundle)
        .map(|(_, resource)| resource)
        .filter(|resource| resource.text("resourceType") == Some(type_name))
        .collect()
}

pub fn allergy(text: &str) -> String {
    format!(
        r#"{{"resourceType":"AllergyIntolerance","clinicalStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical","code":"active"}}]}},
        "verificationStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/allergyintolerance-verification","code":"unconfirmed"}}]}},"code":{{"text":"{text}"}}}}"#
    )
}

pub fn medicine(name: &str, dose: &str) -> String {
    format!(
        r#"{{"resourceType":"MedicationStatement","status":"active","medicationCodeableConcept":{{"text":"{name}"}},
        "effectivePeriod":{{"start":"2025-01-01"}},"dosage":[{{"text":"{dose}"}}]}}"#
    )
}

pub fn flag(text: &str, category: &str) -> String {
    format!(
        r#"{{"resourceType":"Flag","status":"active","category":[{{"text":"{category}"}}],"code":{{"text":"{text}"}},"period":{{"start":"2026-01-05"}}}}"#
    )
}
