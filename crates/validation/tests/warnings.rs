//! What may pass but is worth a look is a warning, and what is right raises nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use definitions::Definitions;
use diagnostics::{Issue, Severity};
use support::{ALLERGY, DOCUMENT, OBSERVATION, PATIENT, VALIDATOR, lines, parse, set};

fn changed(base: &str, pointer: &str, new: &str) -> Vec<Issue> {
    let mut resource = parse(base);
    set(
        &mut resource,
        pointer,
        (!new.is_empty()).then(|| parse(new)),
    );
    VALIDATOR.validate(&resource, &[])
}

#[test]
fn what_is_doubtful_is_a_warning_in_its_place() {
    for (base, pointer, new, code, element) in [
        (
            PATIENT,
            "/generalPractitioner/0",
            r#"{"type": "Device", "display": "x"}"#,
            "V070",
            "Patient.generalPractitioner[0]",
        ),
        (
            PATIENT,
            "/extension/2",
            r#"{"url": "https://example.org/mine", "valueString": "x"}"#,
            "V060",
            "Patient.extension[2]",
        ),
        (
            PATIENT,
            "/meta/profile/0",
            r#""https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient|0.0.1""#,
            "V080",
            "Patient.meta.profile[0]",
        ),
        // Somebody else's profile: it was not checked, and may well exist.
        (
            PATIENT,
            "/meta/profile/1",
            r#""https://example.org/profile""#,
            "V080",
            "Patient.meta.profile[1]",
        ),
    ] {
        let mut resource = parse(base);
        set(&mut resource, pointer, Some(parse(new)));
        let issues = VALIDATOR.validate(&resource, &[]);
        assert!(
            !diagnostics::has_errors(&issues),
            "{pointer}\n{}",
            lines(&issues)
        );
        assert!(
            issues
                .iter()
                .any(|issue| issue.severity == Severity::Warning
                    && issue.code == code
                    && issue.element.as_deref() == Some(element)),
            "{pointer}: expected {code} at {element}\n{}",
            lines(&issues)
        );
    }
}

#[test]
fn what_cannot_stand_is_an_error_in_its_place() {
    for (base, pointer, new, code, element) in [
        // A publisher whose definitions are here has no such profile.
        (
            PATIENT,
            "/meta/profile/1",
            r#""https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patent""#,
            "V080",
            "Patient.meta.profile[1]",
        ),
        (
            DOCUMENT,
            "/entry/1/fullUrl",
            r#""elsewhere/1""#,
            "V091",
            "Bundle.entry[1].fullUrl",
        ),
        // A complete code system has no such code, bound or not.
        (
            PATIENT,
            "/maritalStatus",
            r#"{"coding": [{"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "nonsense"}]}"#,
            "V042",
            "Patient.maritalStatus.coding[0]",
        ),
    ] {
        let mut resource = parse(base);
        set(&mut resource, pointer, Some(parse(new)));
        let issues = VALIDATOR.validate(&resource, &[]);
        assert!(
            issues.iter().any(|issue| issue.is_error()
                && issue.code == code
                && issue.element.as_deref() == Some(element)),
            "{pointer}: expected {code} at {element}\n{}",
            lines(&issues)
        );
    }
}

#[test]
fn what_is_right_raises_nothing() {
    for (base, pointer, new) in [
        // Text without a code is enough for every binding but a required one.
        (ALLERGY, "/code", r#"{"text": "Peanuts (itching)"}"#),
        // A code that nobody can look up offline is not judged.
        (OBSERVATION, "/code/coding/0/code", r#""73211009""#),
        // One coding in the set is enough.
        (
            ALLERGY,
            "/clinicalStatus/coding/1",
            r#"{"system": "https://example.org/own", "code": "current"}"#,
        ),
        // A quantity needs no coded unit.
        (
            OBSERVATION,
            "/valueQuantity",
            r#"{"value": 1, "unit": "pad"}"#,
        ),
        // A missing value with its reason.
        (
            PATIENT,
            "/_gender",
            r#"{"extension": [{"url": "http://hl7.org/fhir/StructureDefinition/data-absent-reason", "valueCode": "unknown"}]}"#,
        ),
        (
            OBSERVATION,
            "/subject",
            r#"{"identifier": {"system": "https://fhir.nhs.uk/Id/nhs-number", "value": "9990000018"}, "type": "Patient"}"#,
        ),
        (
            OBSERVATION,
            "/subject/reference",
            r#""https://example.org/fhir/Patient/1""#,
        ),
        (
            OBSERVATION,
            "/subject/reference",
            r#""urn:uuid:c757873d-ec9a-4326-a141-556f43239520""#,
        ),
        (
            PATIENT,
            "/identifier/2",
            r#"{"system": "https://example.org/other", "value": "B"}"#,
        ),
        (PATIENT, "/contained/0/partOf", r##"{"reference": "#"}"##),
    ] {
        let issues = changed(base, pointer, new);
        // The container of a contained Organization is a Patient, so `#` is of the wrong type there.
        let issues: Vec<_> = issues
            .into_iter()
            .filter(|issue| pointer != "/contained/0/partOf" || issue.code != "V070")
            .collect();
        assert!(issues.is_empty(), "{pointer} := {new}\n{}", lines(&issues));
    }
}

#[test]
fn a_profile_that_the_caller_asks_for_must_be_known() {
    let issues = VALIDATOR.validate(&parse(OBSERVATION), &["https://example.org/profile"]);
    assert!(diagnostics::has_errors(&issues));
    assert_eq!(issues[0].code, "V080");
}

#[test]
fn the_resource_is_named_by_its_id_and_the_value_kept_apart() {
    let issues = changed(PATIENT, "/birthDate", r#""1950-02-30""#);
    assert_eq!(issues[0].resource.as_deref(), Some("Patient/p1"));
    assert_eq!(issues[0].value.as_deref(), Some("1950-02-30"));
    assert!(issues[0].help.is_some());
}

#[test]
fn several_profiles_are_all_checked_and_said_once() {
    let base = "http://hl7.org/fhir/StructureDefinition/Patient";
    let issues = VALIDATOR.validate(&parse(&PATIENT.replace("\"female\"", "\"x\"")), &[base]);
    let about_gender: Vec<_> = issues
        .iter()
        .filter(|issue| issue.element.as_deref() == Some("Patient.gender"))
        .collect();
    assert_eq!(about_gender.len(), 1, "{}", lines(&issues));
}

#[test]
fn an_extension_of_another_fhir_version_is_only_unknown() {
    let url = "http://hl7.org/fhir/5.0/StructureDefinition/extension-Patient.nothing";
    let issues = changed(
        PATIENT,
        "/extension/2",
        &format!(r#"{{"url":"{url}","valueString":"x"}}"#),
    );
    assert_eq!(issues.len(), 1);
    assert!(!issues[0].is_error());
    assert!(
        VALIDATOR
            .validate(&parse(r#"{"resourceType":"Parameters"}"#), &[])
            .is_empty()
    );
}

/// An invariant whose expression is not the one of the definitions would never be used.
#[test]
fn every_native_invariant_is_stated_by_some_definition() {
    let definitions = Definitions::embedded();
    let mut stated = std::collections::HashSet::new();
    for url in definitions.structure_urls() {
        if let Some(shape) = definitions.shape(url) {
            for (_, element) in shape.iter() {
                for constraint in &element.constraints {
                    stated.insert((
                        constraint.key.to_string(),
                        constraint.expression.as_deref().unwrap_or("").to_owned(),
                    ));
                }
            }
        }
    }
    let mut count = 0;
    for (key, expression) in validation::invariants::natively_checked() {
        assert!(
            stated.contains(&(key.to_owned(), expression.to_owned())),
            "{key}: {expression}"
        );
        count += 1;
    }
    assert!(count > 60);
}

#[test]
fn a_display_that_is_no_name_of_the_code_is_a_warning() {
    let with = |display: &str| {
        changed(
            PATIENT,
            "/maritalStatus",
            &format!(
                r#"{{"coding": [{{"system": "http://terminology.hl7.org/CodeSystem/v3-MaritalStatus", "code": "W", "display": "{display}"}}]}}"#
            ),
        )
    };
    let told = |issues: &[Issue]| -> Vec<(Severity, String)> {
        issues
            .iter()
            .filter(|issue| issue.code == "V045")
            .map(|issue| (issue.severity, issue.element.clone().unwrap_or_default()))
            .collect()
    };
    assert_eq!(told(&with("Widowed")), []);
    assert_eq!(told(&with("widowed ")), []);
    assert_eq!(
        told(&with("Married")),
        [(
            Severity::Warning,
            "Patient.maritalStatus.coding[0].display".to_owned()
        )]
    );
}
