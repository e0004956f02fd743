//! What is indexed can be asked for, and what cannot be asked for is refused.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::sync::LazyLock;

use definitions::Definitions;
use search::{Indexer, Limits, index, parse};
use store::{Clause, DateOp, IndexRow, SystemMatch, TextMatch};

static INDEXER: LazyLock<Indexer> = LazyLock::new(|| Indexer::new(Definitions::embedded()));

fn rows(resource: &str) -> Vec<IndexRow> {
    index(&INDEXER, &json::parse(resource.as_bytes()).unwrap())
}

fn tokens(rows: &[IndexRow], wanted: &str) -> Vec<(String, String)> {
    rows.iter()
        .filter_map(|row| match row {
            IndexRow::Token {
                param,
                system,
                code,
            } if param == wanted => Some((system.clone(), code.clone())),
            _ => None,
        })
        .collect()
}

fn strings(rows: &[IndexRow], wanted: &str) -> Vec<String> {
    rows.iter()
        .filter_map(|row| match row {
            IndexRow::String { param, norm } if param == wanted => Some(norm.clone()),
            _ => None,
        })
        .collect()
}

fn references(rows: &[IndexRow], wanted: &str) -> Vec<String> {
    rows.iter()
        .filter_map(|row| match row {
            IndexRow::Reference { param, rtype, id } if param == wanted => {
                Some(format!("{rtype}/{id}"))
            }
            _ => None,
        })
        .collect()
}

fn dates(rows: &[IndexRow], wanted: &str) -> Vec<(String, String)> {
    rows.iter()
        .filter_map(|row| match row {
            IndexRow::Date { param, lo, hi } if param == wanted => {
                Some((lo.to_string(), hi.to_string()))
            }
            _ => None,
        })
        .collect()
}

const PATIENT: &str = r#"{"resourceType":"Patient","id":"p1","meta":{"tag":[{"system":"urn:causeway:source","code":"x"}]},
  "identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"},{"value":"A1"}],
  "active":true,"name":[{"family":"O’Brien-Núñez","given":["Mary Jane","Ann"],"prefix":["Mrs"]}],
  "telecom":[{"system":"phone","value":"020 7946 0000"},{"system":"email","value":"a@example.org"}],
  "gender":"female","birthDate":"1935-06","deceasedDateTime":"2026-01-02T10:00:00Z",
  "address":[{"line":["1 High Street"],"city":"Leeds","postalCode":"LS1 1AA","use":"home"}],
  "generalPractitioner":[{"reference":"Organization/gp1"}]}"#;

#[test]
fn a_patient_is_found_by_what_identifies_a_person() {
    let rows = rows(PATIENT);
    assert_eq!(
        tokens(&rows, "identifier"),
        [
            (String::new(), "A1".to_owned()),
            (
                "https://fhir.nhs.uk/Id/nhs-number".to_owned(),
                "9990000018".to_owned()
            )
        ]
    );
    assert_eq!(strings(&rows, "family"), ["obriennunez"]);
    assert_eq!(strings(&rows, "given"), ["ann", "maryjane"]);
    assert_eq!(
        strings(&rows, "name"),
        ["ann", "maryjane", "mrs", "obriennunez"]
    );
    assert_eq!(
        tokens(&rows, "email"),
        [(String::new(), "a@example.org".to_owned())]
    );
    assert_eq!(tokens(&rows, "gender")[0].1, "female");
    assert_eq!(
        tokens(&rows, "deceased"),
        [(String::new(), "true".to_owned())]
    );
    assert_eq!(
        tokens(&rows, "_tag"),
        [("urn:causeway:source".to_owned(), "x".to_owned())]
    );
    assert_eq!(
        references(&rows, "general-practitioner"),
        ["Organization/gp1"]
    );
    assert_eq!(
        dates(&rows, "birthdate"),
        [(
            "1935-05-31T23:00:00Z".to_owned(),
            "1935-06-30T23:00:00Z".to_owned()
        )]
    );
    assert_eq!(dates(&rows, "death-date").len(), 1);
    assert!(strings(&rows, "address-postalcode").contains(&"ls11aa".to_owned()));
    assert!(strings(&rows, "phonetic").is_empty());
}

#[test]
fn each_type_is_indexed_by_its_own_part_of_a_union() {
    let allergy = rows(
        r#"{"resourceType":"AllergyIntolerance","id":"a1","clinicalStatus":{"coding":[{"system":"s","code":"active"}]},
            "code":{"coding":[{"system":"http://snomed.info/sct","code":"91936005"}]},"patient":{"reference":"Patient/p1"},
            "recordedDate":"2026-02-14","reaction":[{"substance":{"coding":[{"code":"x"}]},"manifestation":[{"text":"rash"}]}]}"#,
    );
    assert_eq!(references(&allergy, "patient"), ["Patient/p1"]);
    assert_eq!(
        tokens(&allergy, "clinical-status"),
        [("s".to_owned(), "active".to_owned())]
    );
    assert_eq!(
        tokens(&allergy, "code").len(),
        2,
        "the reaction's substance is part of `code`"
    );
    assert_eq!(dates(&allergy, "date").len(), 1);

    let task = rows(
        r#"{"resourceType":"Task","id":"t","for":{"reference":"Patient/p1"},"owner":{"reference":"Organization/o"}}"#,
    );
    assert_eq!(references(&task, "patient"), ["Patient/p1"]);
    assert_eq!(references(&task, "subject"), ["Patient/p1"]);

    let other = rows(
        r#"{"resourceType":"Condition","id":"c","subject":{"reference":"Group/g"},"onsetPeriod":{"start":"2020"}}"#,
    );
    assert!(
        references(&other, "patient").is_empty(),
        "a Group is no patient"
    );
    assert_eq!(references(&other, "subject"), ["Group/g"]);
    assert_eq!(
        dates(&other, "onset-date")[0].1,
        jiff::Timestamp::MAX.to_string()
    );

    let medicine = rows(
        r#"{"resourceType":"MedicationStatement","id":"m","status":"active","medicationCodeableConcept":{"coding":[{"system":"https://dmd.nhs.uk","code":"1"}]},
        "subject":{"reference":"Patient/p1"},"effectiveDateTime":"2026-01-01"}"#,
    );
    assert_eq!(
        tokens(&medicine, "code"),
        [("https://dmd.nhs.uk".to_owned(), "1".to_owned())]
    );
    assert_eq!(dates(&medicine, "effective").len(), 1);
    assert_eq!(tokens(&medicine, "status")[0].1, "active");

    let reading = rows(
        r#"{"resourceType":"Observation","id":"o","status":"final","code":{"coding":[{"code":"c"}]},"subject":{"reference":"Patient/p1"},
        "valueCodeableConcept":{"coding":[{"code":"v"}],"text":"Walks with aid"},"effectiveInstant":"2026-01-01T00:00:00Z"}"#,
    );
    assert_eq!(
        tokens(&reading, "value-concept"),
        [(String::new(), "v".to_owned())]
    );
    assert_eq!(dates(&reading, "date").len(), 1);
    assert_eq!(strings(&reading, "value-string"), ["walkswithaid"]);
}

#[test]
fn what_uk_core_access_asks_for_is_indexed() {
    for (resource_type, wanted) in [
        (
            "Patient",
            &[
                "_id",
                "identifier",
                "name",
                "family",
                "given",
                "gender",
                "birthdate",
                "_lastUpdated",
            ][..],
        ),
        (
            "AllergyIntolerance",
            &["patient", "clinical-status", "_id", "date", "last-date"],
        ),
        ("Immunization", &["patient", "status", "_id", "date"]),
        (
            "MedicationAdministration",
            &["patient", "status", "effective-time", "_id"],
        ),
        (
            "MedicationDispense",
            &["patient", "status", "whenprepared", "_id"],
        ),
        (
            "MedicationRequest",
            &["patient", "status", "authoredon", "_id"],
        ),
        (
            "MedicationStatement",
            &["patient", "status", "effective", "_id"],
        ),
        (
            "Observation",
            &["patient", "subject", "category", "code", "date", "status"],
        ),
        (
            "Condition",
            &["patient", "subject", "category", "clinical-status", "code"],
        ),
        ("Flag", &["patient", "subject", "date", "identifier"]),
    ] {
        let codes: Vec<String> = INDEXER
            .parameters(resource_type)
            .iter()
            .map(|p| p.code.clone())
            .collect();
        for code in wanted {
            assert!(
                codes.iter().any(|known| known == code),
                "{resource_type}.{code} is missing: {codes:?} {:?}",
                INDEXER.unsupported(resource_type)
            );
        }
    }
}

#[test]
fn what_cannot_be_indexed_is_listed_and_never_offered() {
    let offered = INDEXER.parameters("Observation");
    let left_out = INDEXER.unsupported("Observation");
    for code in ["value-quantity", "code-value-quantity"] {
        assert!(!offered.iter().any(|p| p.code == code));
        assert!(left_out.iter().any(|(name, _)| name == code), "{code}");
    }
    assert!(INDEXER.parameters("Nonsense").is_empty());
}

fn ask(
    resource_type: &str,
    query: &[(&str, &str)],
) -> Result<search::Parsed, Vec<diagnostics::Issue>> {
    let pairs: Vec<(String, String)> = query
        .iter()
        .map(|(n, v)| ((*n).to_owned(), (*v).to_owned()))
        .collect();
    let limits = Limits {
        base: Some("http://localhost/fhir/R4".to_owned()),
        ..Limits::default()
    };
    parse(&INDEXER, resource_type, &pairs, &limits)
}

#[test]
fn repeats_are_and_commas_are_or() {
    let parsed = ask(
        "Patient",
        &[
            ("given", "Ann,Bea"),
            ("given", "Mary"),
            ("gender", "female"),
        ],
    )
    .unwrap();
    assert_eq!(parsed.query.clauses.len(), 3);
    let Clause::Text { any, .. } = &parsed.query.clauses[0] else {
        panic!()
    };
    assert_eq!(
        any,
        &[
            TextMatch::StartsWith("ann".to_owned()),
            TextMatch::StartsWith("bea".to_owned())
        ]
    );
    assert!(
        parsed
            .applied
            .contains(&("_count".to_owned(), "50".to_owned()))
    );
}

#[test]
fn tokens_take_every_form_and_escapes() {
    let one = |value: &str| {
        let parsed = ask("Patient", &[("identifier", value)]).unwrap();
        let Clause::Token { any, .. } = parsed.query.clauses[0].clone() else {
            panic!()
        };
        any[0].clone()
    };
    assert_eq!(one("A1").system, SystemMatch::Any);
    assert_eq!(one("|A1").system, SystemMatch::None);
    assert_eq!(one("urn:x|").code, None);
    assert_eq!(one("urn:x|A\\|1\\,2").code.as_deref(), Some("A|1,2"));
    let nhs = one("https://fhir.nhs.uk/Id/nhs-number|999 000 0018");
    assert_eq!(nhs.code.as_deref(), Some("9990000018"));
}

#[test]
fn dates_take_prefixes_and_partial_precision() {
    let parsed = ask(
        "Patient",
        &[
            ("birthdate", "ge1935"),
            ("birthdate", "lt1936-07"),
            ("birthdate", "1935-06-01"),
        ],
    )
    .unwrap();
    let ops: Vec<DateOp> = parsed
        .query
        .clauses
        .iter()
        .map(|clause| match clause {
            Clause::Date { any, .. } => any[0].op,
            _ => panic!(),
        })
        .collect();
    assert_eq!(ops, [DateOp::Ge, DateOp::Lt, DateOp::Eq]);
}

#[test]
fn references_take_id_type_and_own_address() {
    for value in ["p1", "Patient/p1", "http://localhost/fhir/R4/Patient/p1"] {
        let parsed = ask("Condition", &[("patient", value)]).unwrap();
        let Clause::Reference { any, .. } = &parsed.query.clauses[0] else {
            panic!()
        };
        assert_eq!(any[0].rtype.as_deref(), Some("Patient"));
        assert_eq!(any[0].id, "p1");
    }
    assert!(ask("Condition", &[("subject:Patient", "p1")]).is_ok());
}

#[test]
fn what_is_not_understood_is_refused_and_named() {
    for (resource_type, name, value) in [
        ("Patient", "famly", "Smith"),
        ("Patient", "family:exact", "Smith"),
        ("Patient", "family:phonetic", "Smith"),
        ("Patient", "_include", "Patient:organization"),
        ("Patient", "_sort", "family"),
        ("Patient", "_has:Observation:patient:code", "x"),
        ("Condition", "patient.identifier", "x"),
        ("Condition", "patient", "Observation/o1"),
        (
            "Condition",
            "patient",
            "http://elsewhere.example/Patient/p1",
        ),
        ("Condition", "patient", "a b"),
        ("Condition", "subject:Banana", "p1"),
        ("Patient", "birthdate", "ap2020"),
        ("Patient", "birthdate", "2020-13"),
        ("Patient", "birthdate", "last week"),
        ("Patient", "birthdate", ""),
        ("Patient", "family", ","),
        ("Patient", "family", "---"),
        ("Patient", "identifier", "|"),
        ("Patient", "identifier", "a|b|c"),
        (
            "Patient",
            "identifier",
            "https://fhir.nhs.uk/Id/nhs-number|9990000019",
        ),
        ("Patient", "_count", "-1"),
        ("Patient", "_count", "ten"),
        ("Patient", "_total", "maybe"),
        ("Observation", "value-quantity", "5"),
    ] {
        let issues = ask(resource_type, &[(name, value)]).expect_err(name);
        assert_eq!(issues.len(), 1, "{name}={value}");
        let said = issues[0].to_string();
        assert!(
            value.len() < 4 || !said.contains(value),
            "{said} quotes a value"
        );
    }
    let issues = ask("Patient", &[("famly", "x"), ("brithdate", "2020")]).unwrap_err();
    assert!(issues[0].help.as_deref().unwrap().contains("`family`"));
    assert!(issues[1].help.as_deref().unwrap().contains("`birthdate`"));
}

#[test]
fn i9_large_requests_are_capped() {
    assert_eq!(
        ask("Patient", &[("_count", "1000000000")])
            .unwrap()
            .query
            .count,
        200
    );
    assert_eq!(
        ask("Patient", &[("_count", "99999999999999999999")])
            .unwrap()
            .query
            .count,
        200
    );
    let many = vec!["x"; 500].join(",");
    assert!(ask("Patient", &[("family", &many)]).is_err());
    assert!(ask("Patient", &[("family", &"x".repeat(10_000))]).is_err());
    assert!(ask("Patient", &vec![("family", "x"); 100]).is_err());
}

#[test]
fn lenient_handling_ignores_with_a_warning() {
    let pairs = [
        ("famly".to_owned(), "x".to_owned()),
        ("family".to_owned(), "Smith".to_owned()),
    ];
    let limits = Limits {
        lenient: true,
        ..Limits::default()
    };
    let parsed = parse(&INDEXER, "Patient", &pairs, &limits).unwrap();
    assert_eq!(parsed.warnings.len(), 1);
    assert!(!parsed.applied.iter().any(|(name, _)| name == "famly"));
}

proptest::proptest! {
    #[test]
    fn no_input_panics(name in ".{0,30}", value in ".{0,60}") {
        let _ = ask("Patient", &[(&name, &value)]);
        let _ = ask("Observation", &[("date", &value), ("patient", &value), ("code", &value)]);
    }

    #[test]
    fn every_indexed_name_is_found_by_its_beginning(family in "[\\p{L}'’ -]{1,20}") {
        let resource = json::Value::from(json::Object::new().with("resourceType", "Patient").with("name", vec![
            json::Value::from(json::Object::new().with("family", family.as_str()))]));
        let rows = index(&INDEXER, &resource);
        if let Ok(parsed) = ask("Patient", &[("family", &family)]) {
            let Clause::Text { any, .. } = &parsed.query.clauses[0] else { panic!() };
            let TextMatch::StartsWith(wanted) = &any[0] else { panic!() };
            let found = rows.iter().any(|row| matches!(row, IndexRow::String { param, norm } if param == "family" && norm.starts_with(wanted.as_str())));
            proptest::prop_assert!(found);
        }
    }
}
