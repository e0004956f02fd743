//! Good resources, each broken in one place: the break is found, there, under its code.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use support::{
    ALLERGY, DOCUMENT, OBSERVATION, PATIENT, PRESSURE, VALIDATOR, errors, lines, parse, set,
};

/// Base resource, JSON pointer, what is put there (empty: removed), expected code and element.
type Variant = (
    &'static str,
    &'static str,
    &'static str,
    &'static str,
    &'static str,
);

const VARIANTS: &[Variant] = &[
    // The shape of the JSON.
    (PATIENT, "/resourceType", r#""Person2""#, "V011", "Resource"),
    (PATIENT, "/resourceType", "", "V010", "Resource"),
    (PATIENT, "/nmae", r#""x""#, "V012", "Patient.nmae"),
    (
        PATIENT,
        "/name/0/famly",
        r#""x""#,
        "V012",
        "Patient.name[0].famly",
    ),
    (
        PATIENT,
        "/name/0/_use",
        r#"{"extensin": []}"#,
        "V012",
        "Patient.name[0].use.extensin",
    ),
    (PATIENT, "/_contact", "[]", "V012", "Patient.contact"),
    (
        PATIENT,
        "/name",
        r#"{"family": "X"}"#,
        "V017",
        "Patient.name",
    ),
    (
        PATIENT,
        "/birthDate",
        r#"["1950-02-28"]"#,
        "V018",
        "Patient.birthDate",
    ),
    (
        PATIENT,
        "/managingOrganization",
        r#"[{"reference": "Organization/1"}]"#,
        "V018",
        "Patient.managingOrganization",
    ),
    (PATIENT, "/telecom", "[]", "V019", "Patient.telecom"),
    (
        PATIENT,
        "/contact/0/name",
        "{}",
        "V019",
        "Patient.contact[0].name",
    ),
    (
        PATIENT,
        "/contact/0/name",
        r#"{"id": "x"}"#,
        "V019",
        "Patient.contact[0].name",
    ),
    (PATIENT, "/birthDate", "null", "V020", "Patient.birthDate"),
    (
        PATIENT,
        "/name/0/given/0",
        "null",
        "V020",
        "Patient.name[0].given[0]",
    ),
    (PATIENT, "/name/0", "null", "V020", "Patient.name[0]"),
    (
        PATIENT,
        "/name/0/_given/1",
        "",
        "V021",
        "Patient.name[0].given",
    ),
    (PATIENT, "/active", r#""true""#, "V022", "Patient.active"),
    (
        PATIENT,
        "/telecom/0/rank",
        r#""1""#,
        "V022",
        "Patient.telecom[0].rank",
    ),
    (
        PATIENT,
        "/name/0/family",
        r#"{"value": "x"}"#,
        "V022",
        "Patient.name[0].family",
    ),
    (PATIENT, "/name/0", r#""Ann""#, "V022", "Patient.name[0]"),
    (
        PATIENT,
        "/_birthDate",
        r#""b""#,
        "V022",
        "Patient.birthDate",
    ),
    // Cardinality.
    (
        PATIENT,
        "/communication/0/language",
        "",
        "V015",
        "Patient.communication[0].language",
    ),
    (
        PATIENT,
        "/extension/0/url",
        "",
        "V015",
        "Patient.extension[0].url",
    ),
    (
        ALLERGY,
        "/patient",
        "",
        "V015",
        "AllergyIntolerance.patient",
    ),
    (ALLERGY, "/code", "", "V015", "AllergyIntolerance.code"),
    (OBSERVATION, "/status", "", "V015", "Observation.status"),
    (OBSERVATION, "/code", "", "V015", "Observation.code"),
    // Primitive formats.
    (
        PATIENT,
        "/birthDate",
        r#""1950-02-30""#,
        "V023",
        "Patient.birthDate",
    ),
    (
        PATIENT,
        "/birthDate",
        r#""28/02/1950""#,
        "V023",
        "Patient.birthDate",
    ),
    (
        PATIENT,
        "/birthDate",
        r#""1950-02-28T10:00:00Z""#,
        "V023",
        "Patient.birthDate",
    ),
    (PATIENT, "/id", r#""p 1""#, "V023", "Patient.id"),
    (
        PATIENT,
        "/name/0/family",
        r#""""#,
        "V023",
        "Patient.name[0].family",
    ),
    (
        PATIENT,
        "/telecom/0/rank",
        "0",
        "V023",
        "Patient.telecom[0].rank",
    ),
    (
        PATIENT,
        "/telecom/0/rank",
        "1.0",
        "V023",
        "Patient.telecom[0].rank",
    ),
    (
        PATIENT,
        "/identifier/1/system",
        r#""https://example.org/a b""#,
        "V023",
        "Patient.identifier[1].system",
    ),
    (PATIENT, "/gender", r#"" female""#, "V023", "Patient.gender"),
    (
        PATIENT,
        "/text/div",
        r#""<div xmlns=\"http://www.w3.org/1999/xhtml\"><script>x</script></div>""#,
        "V023",
        "Patient.text.div",
    ),
    (
        PATIENT,
        "/text/div",
        r#""<div>no namespace</div>""#,
        "V023",
        "Patient.text.div",
    ),
    (
        OBSERVATION,
        "/effectivePeriod/start",
        r#""2024-05-01T10:00:00""#,
        "V023",
        "Observation.effective.ofType(Period).start",
    ),
    // Choices.
    (
        PATIENT,
        "/deceasedDateTime",
        r#""2020""#,
        "V014",
        "Patient.deceasedDateTime",
    ),
    (
        PATIENT,
        "/deceasedString",
        r#""yes""#,
        "V013",
        "Patient.deceasedString",
    ),
    (
        OBSERVATION,
        "/valueFoo",
        r#""x""#,
        "V012",
        "Observation.valueFoo",
    ),
    (
        PATIENT,
        "/extension/0/valueString",
        r#""F""#,
        "V013",
        "Patient.extension[0].valueString",
    ),
    // Codes.
    (PATIENT, "/gender", r#""woman""#, "V040", "Patient.gender"),
    (
        OBSERVATION,
        "/status",
        r#""done""#,
        "V040",
        "Observation.status",
    ),
    (
        ALLERGY,
        "/clinicalStatus/coding/0/code",
        r#""actve""#,
        "V040",
        "AllergyIntolerance.clinicalStatus",
    ),
    (
        ALLERGY,
        "/clinicalStatus/coding/0/system",
        "",
        "V040",
        "AllergyIntolerance.clinicalStatus",
    ),
    (
        ALLERGY,
        "/clinicalStatus",
        r#"{"text": "active"}"#,
        "V040",
        "AllergyIntolerance.clinicalStatus",
    ),
    (
        ALLERGY,
        "/category/0",
        r#""nuts""#,
        "V040",
        "AllergyIntolerance.category[0]",
    ),
    (
        PATIENT,
        "/extension/0/valueCodeableConcept/coding/0/code",
        r#""female""#,
        "V040",
        "Patient.extension[0].value.ofType(CodeableConcept)",
    ),
    (
        PATIENT,
        "/communication/0/language/coding/0/code",
        r#""english please""#,
        "V040",
        "Patient.communication[0].language",
    ),
    // Slices and fixed values.
    (
        PATIENT,
        "/identifier/2",
        r#"{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000026"}"#,
        "V051",
        "Patient.identifier",
    ),
    (
        PATIENT,
        "/identifier/0/value",
        "",
        "V015",
        "Patient.identifier[0].value",
    ),
    // Extensions.
    (
        PATIENT,
        "/extension/2",
        r#"{"url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-Nothing", "valueString": "x"}"#,
        "V060",
        "Patient.extension[2]",
    ),
    (
        PATIENT,
        "/extension/2",
        r#"{"url": "http://hl7.org/fhir/StructureDefinition/patient-nothing", "valueString": "x"}"#,
        "V060",
        "Patient.extension[2]",
    ),
    (
        PATIENT,
        "/modifierExtension",
        r#"[{"url": "https://example.org/not", "valueBoolean": true}]"#,
        "V060",
        "Patient.modifierExtension[0]",
    ),
    (
        PATIENT,
        "/name/0/extension",
        r#"[{"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"city": "Leeds"}}]"#,
        "V061",
        "Patient.name[0].extension[0]",
    ),
    (
        PATIENT,
        "/modifierExtension",
        r#"[{"url": "http://hl7.org/fhir/StructureDefinition/patient-birthPlace", "valueAddress": {"city": "Leeds"}}]"#,
        "V062",
        "Patient.modifierExtension[0]",
    ),
    (
        PATIENT,
        "/name/0/modifierExtension",
        r#"[{"url": "https://example.org/not", "valueBoolean": true}]"#,
        "V012",
        "Patient.name[0].modifierExtension",
    ),
    (
        PATIENT,
        "/extension/1/valueAddress",
        "",
        "V015",
        "Patient.extension[1].value",
    ),
    (
        PATIENT,
        "/extension/1/valueAddress/extension",
        r#"[{"url": "https://example.org/x", "valueString": "x", "extension": [{"url": "a", "valueString": "b"}]}]"#,
        "V090",
        "Patient.extension[1].value.ofType(Address).extension[0]",
    ),
    // References.
    (
        PATIENT,
        "/generalPractitioner/0/reference",
        r#""Patient/1""#,
        "V070",
        "Patient.generalPractitioner[0]",
    ),
    (
        PATIENT,
        "/generalPractitioner/0/reference",
        r#""Surgery/1""#,
        "V070",
        "Patient.generalPractitioner[0]",
    ),
    (
        PATIENT,
        "/generalPractitioner/0/reference",
        r#""Practitioner/1""#,
        "V072",
        "Patient.generalPractitioner[0]",
    ),
    (
        PATIENT,
        "/managingOrganization/reference",
        r##""#x""##,
        "V071",
        "Patient.managingOrganization",
    ),
    (
        PATIENT,
        "/contained/0",
        r#"{"resourceType": "Patient", "id": "o"}"#,
        "V070",
        "Patient.managingOrganization",
    ),
    // Contained resources.
    (
        PATIENT,
        "/managingOrganization",
        "",
        "V090",
        "Patient.contained[0]",
    ),
    (
        PATIENT,
        "/contained/0/contained",
        r#"[{"resourceType": "Patient", "id": "q"}]"#,
        "V090",
        "Patient",
    ),
    (
        PATIENT,
        "/contained/0/meta",
        r#"{"versionId": "1"}"#,
        "V090",
        "Patient",
    ),
    (
        PATIENT,
        "/contained/0/nme",
        r#""x""#,
        "V012",
        "Patient.contained[0].nme",
    ),
    (
        PATIENT,
        "/contained/0/telecom",
        r#"[{"system": "phone", "value": "1", "use": "home"}]"#,
        "V090",
        "Patient.contained[0].telecom[0]",
    ),
    // Rules between elements.
    (
        PATIENT,
        "/contact/0",
        r#"{"gender": "male"}"#,
        "V090",
        "Patient.contact[0]",
    ),
    (
        PATIENT,
        "/identifier/1/period/end",
        r#""2019""#,
        "V090",
        "Patient.identifier[1].period",
    ),
    (
        PATIENT,
        "/telecom/0/system",
        "",
        "V090",
        "Patient.telecom[0]",
    ),
    (
        OBSERVATION,
        "/dataAbsentReason",
        r#"{"text": "x"}"#,
        "V090",
        "Observation",
    ),
    (
        OBSERVATION,
        "/valueQuantity/system",
        "",
        "V090",
        "Observation.value.ofType(Quantity)",
    ),
    (
        OBSERVATION,
        "/referenceRange/0",
        r#"{"type": {"text": "x"}}"#,
        "V090",
        "Observation.referenceRange[0]",
    ),
    (
        OBSERVATION,
        "/component",
        r#"[{"code": {"coding": [{"system": "http://snomed.info/sct", "code": "27113001", "display": "Body weight"}]}}]"#,
        "V090",
        "Observation",
    ),
    (ALLERGY, "/clinicalStatus", "", "V090", "AllergyIntolerance"),
    (
        ALLERGY,
        "/verificationStatus/coding/0/code",
        r#""entered-in-error""#,
        "V090",
        "AllergyIntolerance",
    ),
    // Profiles.
    (
        ALLERGY,
        "/meta/profile/0",
        r#""https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient""#,
        "V081",
        "AllergyIntolerance.meta.profile[0]",
    ),
    (
        PRESSURE,
        "/status",
        r#""amended""#,
        "V030",
        "Observation.status",
    ),
    // Bundles.
    (DOCUMENT, "/identifier", "", "V090", "Bundle"),
    (DOCUMENT, "/timestamp", "", "V090", "Bundle"),
    (DOCUMENT, "/entry/0", "", "V090", "Bundle"),
    (
        DOCUMENT,
        "/entry/1/fullUrl",
        r#""urn:uuid:1b4c2a0e-4d2f-4f0e-9d8e-0a6f3f0b2c11""#,
        "V090",
        "Bundle",
    ),
    (
        DOCUMENT,
        "/entry/1/fullUrl",
        r#""https://example.org/fhir/Group/1""#,
        "V091",
        "Bundle.entry[1].fullUrl",
    ),
    (
        DOCUMENT,
        "/entry/1/resource/gender",
        r#""man""#,
        "V040",
        "Bundle.entry[1].resource.gender",
    ),
    (
        DOCUMENT,
        "/entry/1/resource/resourceType",
        r#""Device""#,
        "V012",
        "Bundle.entry[1].resource.gender",
    ),
    (
        DOCUMENT,
        "/entry/1",
        r#"{"fullUrl": "urn:uuid:2b4c2a0e-4d2f-4f0e-9d8e-0a6f3f0b2c11"}"#,
        "V090",
        "Bundle.entry[1]",
    ),
    (
        DOCUMENT,
        "/entry/0/resource/author",
        "",
        "V015",
        "Bundle.entry[0].resource.author",
    ),
    (
        DOCUMENT,
        "/entry/0/resource/section/0",
        r#"{"title": "Empty"}"#,
        "V090",
        "Bundle.entry[0].resource.section[0]",
    ),
    (
        DOCUMENT,
        "/entry/0/resource/subject/reference",
        r#""Patient/other""#,
        "V071",
        "Bundle.entry[0].resource.subject",
    ),
    (
        DOCUMENT,
        "/entry/0/resource/section/0/entry",
        r#"[{"reference": "urn:uuid:9b4c2a0e-4d2f-4f0e-9d8e-0a6f3f0b2c11"}]"#,
        "V071",
        "Bundle.entry[0].resource.section[0].entry[0]",
    ),
    (
        DOCUMENT,
        "/identifier/value",
        r#""0b4c2a0e""#,
        "V026",
        "Bundle.identifier.value",
    ),
    (
        PATIENT,
        "/identifier/1/system",
        r#""local""#,
        "V026",
        "Patient.identifier[1].system",
    ),
    (
        PATIENT,
        "/identifier/1/system",
        r#""urn:uuid:nothing""#,
        "V023",
        "Patient.identifier[1].system",
    ),
    (
        PATIENT,
        "/identifier/1/period",
        r#"{"start": "2020-05-01", "end": "2020-05"}"#,
        "V090",
        "Patient.identifier[1].period",
    ),
    (
        OBSERVATION,
        "/code/coding/0/system",
        r#""snomed""#,
        "V026",
        "Observation.code.coding[0].system",
    ),
    (DOCUMENT, "/total", "2", "V090", "Bundle"),
];

#[test]
fn the_good_ones_are_good() {
    for base in [PATIENT, OBSERVATION, ALLERGY, DOCUMENT] {
        let issues = VALIDATOR.validate(&parse(base), &[]);
        assert!(issues.is_empty(), "{}", lines(&issues));
    }
}

#[test]
fn each_break_is_found_where_it_is() {
    let mut missed = String::new();
    for (base, pointer, new, code, element) in VARIANTS {
        let mut resource = parse(base);
        set(
            &mut resource,
            pointer,
            (!new.is_empty()).then(|| parse(new)),
        );
        let errors = errors(&resource, &[]);
        let found = errors
            .iter()
            .any(|issue| issue.code == *code && issue.element.as_deref() == Some(element));
        if !found {
            missed += &format!(
                "{pointer} := {new}: expected {code} at {element}, got\n{}",
                lines(&errors)
            );
        }
    }
    assert!(missed.is_empty(), "{missed}");
}

#[test]
fn no_message_quotes_the_record() {
    for (base, pointer, new, ..) in VARIANTS {
        let mut resource = parse(base);
        set(
            &mut resource,
            pointer,
            (!new.is_empty()).then(|| parse(new)),
        );
        for issue in VALIDATOR.validate(&resource, &[]) {
            let said = issue.to_string();
            for secret in [
                "Ann",
                "9990000018",
                "9990000026",
                "1950",
                "0113",
                "Leeds",
                "Peanuts",
            ] {
                assert!(!said.contains(secret), "{said}");
            }
        }
    }
}
