//! References, Bundles and OperationOutcomes.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use diagnostics::{Issue, IssueType};
use fhir::bundle::{self, SearchMode, Searchset};
use fhir::{OutcomeSystem, Reference, operation_outcome};
use json::{Object, Value};

#[test]
fn references_are_taken_apart() {
    let local = |type_name, id, version| Reference::Local {
        type_name,
        id,
        version,
    };
    for (text, expected) in [
        ("Patient/1", local("Patient", "1", None)),
        ("Patient/1/_history/2", local("Patient", "1", Some("2"))),
        ("#a", Reference::Contained("a")),
        ("#", Reference::Contained("")),
        (
            "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
            Reference::Urn("urn:uuid:c757873d-ec9a-4326-a141-556f43239520"),
        ),
        (
            "https://example.org/fhir/Patient/1",
            Reference::Remote {
                base: "https://example.org/fhir",
                type_name: "Patient",
                id: "1",
                version: None,
            },
        ),
        (
            "Patient?identifier=1",
            Reference::Other("Patient?identifier=1"),
        ),
        ("patient/1", Reference::Other("patient/1")),
        ("x/Patient/1", Reference::Other("x/Patient/1")),
        ("Patient/a_b", Reference::Other("Patient/a_b")),
        (
            "Patient/1/_history/",
            Reference::Other("Patient/1/_history/"),
        ),
        ("Patient", Reference::Other("Patient")),
    ] {
        assert_eq!(Reference::parse(text), Some(expected), "{text}");
    }
    assert_eq!(Reference::parse(""), None);
    assert_eq!(Reference::parse("Patient/1 "), None);
    assert_eq!(
        Reference::parse("Patient/1").unwrap().type_name(),
        Some("Patient")
    );
}

#[test]
fn a_searchset_says_why_each_entry_is_there() {
    let mut page = Searchset::new()
        .total(1)
        .link("self", "https://example.org/Patient?_id=1");
    let patient: Value = Object::new()
        .with("resourceType", "Patient")
        .with("id", "1")
        .into();
    page.push(
        Some("https://example.org/Patient/1"),
        patient.clone(),
        SearchMode::Match,
    );
    page.push(
        None,
        operation_outcome(&[], OutcomeSystem::Own),
        SearchMode::Outcome,
    );
    let bundle = page.finish();
    assert_eq!(bundle.text("type"), Some("searchset"));
    assert_eq!(
        bundle
            .each("entry")
            .next()
            .unwrap()
            .get("search")
            .unwrap()
            .text("mode"),
        Some("match")
    );
    let found: Vec<_> = bundle::resources(&bundle).collect();
    assert_eq!(found[0], (Some("https://example.org/Patient/1"), &patient));
    assert_eq!(found[1].0, None);
    // FHIR's JSON has no empty arrays.
    assert!(Searchset::new().total(0).finish().get("entry").is_none());
}

#[test]
fn cs_22_an_outcome_never_holds_the_offending_value() {
    let issue = Issue::error(
        "V023",
        IssueType::Value,
        "the date is not a day of the calendar",
    )
    .help("write it as R4 writes a date")
    .at_element("Patient.birthDate")
    .with_value("1950-02-30");
    let outcome = operation_outcome(&[issue], OutcomeSystem::Spine("INVALID_RESOURCE"));
    let text = outcome.to_string();
    assert!(!text.contains("1950"));
    let issue = outcome.each("issue").next().unwrap();
    assert_eq!(issue.text("severity"), Some("error"));
    assert_eq!(issue.text("code"), Some("value"));
    assert_eq!(
        issue.each("expression").next().unwrap().as_str(),
        Some("Patient.birthDate")
    );
    let codes: Vec<_> = issue
        .get("details")
        .unwrap()
        .each("coding")
        .filter_map(|coding| coding.text("code"))
        .collect();
    assert_eq!(codes, ["INVALID_RESOURCE", "V023"]);
    assert!(
        issue
            .text("diagnostics")
            .unwrap()
            .starts_with("the date is not a day of the calendar. write")
    );
}
