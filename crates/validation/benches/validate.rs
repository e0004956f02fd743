//! How many resources a second of processor time validates.
//!
//! `cargo bench -p validation` prints one line a resource: its size, and resources per CPU second of
//! one thread, everything included but the parsing of JSON.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use json::Value;
use validation::Validator;

const PROFILE: &str = "https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient";

/// A Patient of about 2.8 kB, with what a care record usually has.
fn patient() -> Value {
    let coded = |system: &str, code: &str| {
        format!(r#"{{"coding":[{{"system":"{system}","code":"{code}"}}]}}"#)
    };
    let uk = "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore";
    let text = format!(
        r##"{{"resourceType":"Patient","id":"c757873d-ec9a-4326-a141-556f43239520",
"meta":{{"profile":["{PROFILE}"],"lastUpdated":"2024-05-01T10:00:00Z","tag":[{{"system":"https://example.org/source","code":"cld-r1"}}]}},
"text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Ann Beth Example, born 28 February 1950, 1 High Street, Leeds LS1 1AA</p></div>"}},
"extension":[
{{"url":"{uk}-BirthSex","valueCodeableConcept":{}}},
{{"url":"{uk}-EthnicCategory","valueCodeableConcept":{}}},
{{"url":"{uk}-ResidentialStatus","valueCodeableConcept":{}}},
{{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueAddress":{{"city":"Leeds","country":"England"}}}}],
"identifier":[{{"extension":[{{"url":"{uk}-NHSNumberVerificationStatus","valueCodeableConcept":{}}}],"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}},
{{"use":"usual","system":"https://example.org/care/person","value":"P-000123","period":{{"start":"2020-01-01"}}}}],
"active":true,
"name":[{{"use":"official","text":"Mrs Ann Beth Example","family":"Example","given":["Ann","Beth"],"prefix":["Mrs"],"period":{{"start":"1975-06-01"}}}},{{"use":"nickname","given":["Annie"]}}],
"telecom":[{{"system":"phone","value":"0113 496 0000","use":"home"}},{{"system":"phone","value":"07700 900000","use":"mobile","rank":1}},{{"system":"email","value":"ann@example.org"}}],
"gender":"female","birthDate":"1950-02-28","deceasedBoolean":false,
"address":[{{"use":"home","type":"both","text":"1 High Street, Leeds LS1 1AA","line":["1 High Street","Headingley"],"city":"Leeds","district":"West Yorkshire","postalCode":"LS1 1AA","country":"England","period":{{"start":"2010"}}}}],
"maritalStatus":{},
"contact":[{{"relationship":[{}],"name":{{"use":"official","family":"Example","given":["Carl"]}},"telecom":[{{"system":"phone","value":"0113 496 0001"}}],"address":{{"line":["2 High Street"],"city":"Leeds"}},"gender":"male"}}],
"communication":[{{"language":{},"preferred":true}}],
"generalPractitioner":[{{"reference":"Organization/gp1","type":"Organization","display":"The Surgery"}}],
"managingOrganization":{{"reference":"Organization/home1"}}}}"##,
        coded(
            "http://terminology.hl7.org/CodeSystem/v3-AdministrativeGender",
            "F"
        ),
        coded(
            "https://fhir.hl7.org.uk/CodeSystem/UKCore-EthnicCategoryEngland",
            "A"
        ),
        coded(
            "https://fhir.hl7.org.uk/CodeSystem/UKCore-ResidentialStatus",
            "H"
        ),
        coded(
            "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland",
            "01"
        ),
        coded(
            "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus",
            "M"
        ),
        coded("http://terminology.hl7.org/CodeSystem/v2-0131", "C"),
        coded("urn:ietf:bcp:47", "en-GB"),
    );
    json::parse(text.as_bytes()).unwrap()
}

fn main() {
    let validator = Validator::embedded();
    let patient = patient();
    let observation = json::parse(
        br#"{"resourceType":"Observation","id":"1","status":"final","code":{"coding":[{"system":"http://snomed.info/sct","code":"27113001"}]},
        "subject":{"reference":"Patient/1"},"effectiveDateTime":"2024-05-01","valueQuantity":{"value":70.10,"unit":"kg","system":"http://unitsofmeasure.org","code":"kg"}}"#,
    )
    .unwrap();
    let first = Instant::now();
    let issues = validator.validate(&patient, &[PROFILE]);
    let cold = first.elapsed();
    assert!(!diagnostics::has_errors(&issues), "{issues:?}");
    println!(
        "first validation, compiling included: {cold:?}; issues: {}",
        issues.len()
    );
    for (name, resource, profiles) in [
        ("UKCore-Patient", &patient, &[PROFILE][..]),
        ("Observation (R4)", &observation, &[][..]),
    ] {
        // The shortest of several runs is the one that other programs disturbed least.
        let rounds = 20_000u32;
        let best = (0..5)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..rounds {
                    black_box(validator.validate(black_box(resource), profiles));
                }
                start.elapsed() / rounds
            })
            .min()
            .unwrap();
        println!(
            "{name}: {} bytes, {best:?} each, {:.0} resources per CPU second",
            resource.to_bytes().len(),
            1.0 / best.as_secs_f64()
        );
    }
}
