//! Any tree gets a verdict: nothing panics, nothing runs away.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use json::{Number, Object, Value};
use proptest::prelude::*;
use support::{ALLERGY, DOCUMENT, OBSERVATION, PATIENT, VALIDATOR, parse};
use validation::codes;

/// Names that FHIR has, so that random trees get somewhere.
const NAMES: &[&str] = &[
    "resourceType",
    "id",
    "meta",
    "profile",
    "extension",
    "modifierExtension",
    "url",
    "valueString",
    "valueQuantity",
    "value",
    "contained",
    "entry",
    "resource",
    "identifier",
    "system",
    "code",
    "coding",
    "name",
    "_name",
    "given",
    "_given",
    "family",
    "text",
    "div",
    "status",
    "reference",
    "type",
    "period",
    "start",
    "end",
    "component",
    "section",
    "subject",
    "fullUrl",
    "parameter",
    "part",
    "item",
    "answer",
    "birthDate",
    "_birthDate",
    "display",
    "nothing",
];

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        Just("Patient".to_owned()),
        Just("Bundle".to_owned()),
        Just("#a".to_owned()),
        Just("Patient/1".to_owned()),
        Just(format!("{}UKCore-Patient", support::UKCORE)),
        Just(format!("{}Extension-UKCore-BirthSex", support::UKCORE)),
        Just("2024-02-30".to_owned()),
        ".{0,12}",
    ]
}

fn tree() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        Just(Value::Number(Number::from_text("0.10").unwrap())),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(6, 64, 6, |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..4).prop_map(Value::Array),
            prop::collection::vec((prop::sample::select(NAMES), inner), 0..8).prop_map(|members| {
                let mut object = Object::new();
                for (name, value) in members {
                    object.insert(name, value);
                }
                Value::Object(object)
            }),
        ]
    })
}

fn resource() -> impl Strategy<Value = Value> {
    const TYPES: &[&str] = &[
        "Patient",
        "Bundle",
        "Observation",
        "Questionnaire",
        "QuestionnaireResponse",
        "Parameters",
        "Composition",
    ];
    (prop::sample::select(TYPES), tree()).prop_map(|(name, value)| {
        let mut object = Object::new().with("resourceType", name);
        if let Value::Object(members) = value {
            for (key, value) in members.iter() {
                if key != "resourceType" {
                    object.insert(key, value.clone());
                }
            }
        }
        object.into()
    })
}

/// Every place of a good resource that a random tree may replace.
fn planted() -> impl Strategy<Value = Value> {
    let base = prop::sample::select(&[PATIENT, OBSERVATION, ALLERGY, DOCUMENT][..]);
    (base, any::<prop::sample::Index>(), tree()).prop_map(|(base, index, new)| {
        let mut resource = parse(base);
        let mut count = 0;
        visit(&mut resource, &mut |_| count += 1);
        let chosen = index.index(count);
        let mut at = 0;
        visit(&mut resource, &mut |place| {
            if at == chosen {
                *place = new.clone();
            }
            at += 1;
        });
        resource
    })
}

fn visit(value: &mut Value, act: &mut dyn FnMut(&mut Value)) {
    match value {
        Value::Array(items) => items.iter_mut().for_each(|item| visit(item, act)),
        Value::Object(object) => object.iter_mut().for_each(|(_, value)| visit(value, act)),
        _ => {}
    }
    act(value);
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1_000))]

    #[test]
    fn any_tree(value in tree()) {
        let _ = VALIDATOR.validate(&value, &[]);
    }

    #[test]
    fn any_resource(value in resource()) {
        let profile = format!("{}UKCore-{}", support::UKCORE, value.text("resourceType").unwrap());
        let issues = VALIDATOR.validate(&value, &[&profile]);
        // The same tree gets the same verdict.
        prop_assert_eq!(issues, VALIDATOR.validate(&value, &[&profile]));
    }

    #[test]
    fn any_tree_in_any_place(value in planted()) {
        let _ = VALIDATOR.validate(&value, &[]);
    }
}

#[test]
fn depth_is_bounded() {
    for (open, close) in [
        (r#"{"url":"https://example.org/x","extension":["#, "]}"),
        (
            r#"{"url":"https://example.org/x","valueReference":{"identifier":{"assigner":{"extension":["#,
            "]}}}}",
        ),
    ] {
        // Built by hand: the parser would have stopped at 128 levels.
        let mut inner = parse(r#"{"url":"https://example.org/x","valueString":"x"}"#);
        let template = parse(&format!("{open}{close}"));
        for _ in 0..500 {
            let mut outer = template.clone();
            let mut placed = false;
            visit(&mut outer, &mut |place| {
                if !placed && place.as_array().is_some_and(<[Value]>::is_empty) {
                    *place = Value::Array(vec![std::mem::take(&mut inner)]);
                    placed = true;
                }
            });
            inner = outer;
        }
        let patient = Object::new()
            .with("resourceType", "Patient")
            .with("extension", vec![inner]);
        let issues = VALIDATOR.validate(&patient.into(), &[]);
        assert!(issues.iter().any(|issue| issue.code == codes::TOO_DEEP));
    }
}

#[test]
fn the_number_of_issues_is_bounded() {
    let names: Vec<Value> = (0..100_000).map(|_| Value::from("x")).collect();
    let patient = Object::new()
        .with("resourceType", "Patient")
        .with("name", names);
    let issues = VALIDATOR.validate(&patient.into(), &[]);
    assert!(issues.len() <= 1_001);
    assert_eq!(issues.last().unwrap().code, codes::TOO_MANY_ISSUES);
}
