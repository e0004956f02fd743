//! What the validator remembers changes no verdict.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::LazyLock;

use json::{Object, Value};
use support::{ALLERGY, DOCUMENT, OBSERVATION, PATIENT, VALIDATOR, at, examples, parse};
use validation::Validator;

static FORGETFUL: LazyLock<Validator> = LazyLock::new(|| Validator::embedded().without_memory());

/// Both ways of asking, each twice: at the second time the one has it remembered.
fn same(resource: &Value, what: &str) {
    for _ in 0..2 {
        assert_eq!(
            VALIDATOR.validate(resource, &[]),
            FORGETFUL.validate(resource, &[]),
            "{what}"
        );
        let (one, other) = (
            VALIDATOR.examine(resource, &[]),
            FORGETFUL.examine(resource, &[]),
        );
        assert_eq!(one.issues, other.issues, "{what}");
        assert_eq!(one.open, other.open, "{what}");
    }
}

fn resources() -> Vec<(String, Value)> {
    examples()
        .into_iter()
        .map(|example| (example.file, example.resource))
        .chain(
            [PATIENT, OBSERVATION, ALLERGY, DOCUMENT]
                .into_iter()
                .enumerate()
                .map(|(at, text)| (format!("base {at}"), parse(text))),
        )
        .collect()
}

/// The pointers to all values of a type with codes, or with something like them.
fn coded(value: &Value, pointer: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            if ["coding", "system", "code"]
                .iter()
                .any(|name| object.contains(name))
            {
                out.push(pointer.to_owned());
            }
            for (name, member) in object.iter() {
                coded(member, &format!("{pointer}/{name}"), out);
            }
        }
        Value::Array(items) => {
            for (index, item) in items.iter().enumerate() {
                coded(item, &format!("{pointer}/{index}"), out);
            }
        }
        _ => {}
    }
}

type Change = (&'static str, fn(&mut Object));

/// What tells one coded value from another that is nearly equal.
const CHANGES: &[Change] = &[
    ("another code", |object| {
        if let Some(code) = object.get("code").and_then(Value::as_str) {
            let code = format!("{code}x");
            object.insert("code", code);
        }
    }),
    ("another system", |object| {
        object.insert("system", "https://example.org/another");
    }),
    ("a relative system", |object| {
        object.insert("system", "another");
    }),
    ("another display", |object| {
        object.insert("display", "Nobody calls it so");
    }),
    ("no system", |object| {
        object.remove("system");
    }),
    ("no code", |object| {
        object.remove("code");
    }),
    ("no coding", |object| {
        object.remove("coding");
    }),
    ("text alone", |object| {
        object.insert("text", " ");
    }),
    ("an id", |object| {
        object.insert("id", "same");
    }),
    ("an extension", |object| {
        let extension = Object::new()
            .with(
                "url",
                "http://hl7.org/fhir/StructureDefinition/patient-birthPlace",
            )
            .with("valueString", "here");
        object.insert("extension", Value::from_iter([Value::from(extension)]));
    }),
    ("a shadow", |object| {
        object.insert("_code", Object::new().with("id", "same"));
    }),
    ("something unknown", |object| {
        object.insert("colour", "blue");
    }),
];

#[test]
fn a_value_that_is_nearly_a_remembered_one_is_judged_by_itself() {
    for (name, resource) in resources() {
        same(&resource, &name);
        let mut pointers = Vec::new();
        coded(&resource, "", &mut pointers);
        pointers.retain(|pointer| !pointer.is_empty());
        for (index, pointer) in pointers.iter().enumerate() {
            // Each change at every fourth place: places of one kind are many.
            for (what, change) in CHANGES.iter().skip(index % 4).step_by(4) {
                let mut changed = resource.clone();
                change(at(&mut changed, pointer).as_object_mut().unwrap());
                same(&changed, &format!("{name}: {what} at {pointer}"));
            }
        }
    }
}

#[test]
fn one_value_is_judged_anew_at_another_place() {
    let coding = r#"{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}"#;
    let observation = |category: &str, reason: &str| {
        parse(&format!(
            r#"{{"resourceType":"Observation","status":"final","category":[{category}],
            "code":{{"text":"Weight"}},"dataAbsentReason":{reason}}}"#
        ))
    };
    let unknown = r#"{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/data-absent-reason","code":"unknown"}]}"#;
    for (category, reason) in [
        (coding, unknown),
        (unknown, coding),
        (coding, coding),
        (unknown, unknown),
        (coding, unknown),
    ] {
        same(&observation(category, reason), "category and reason");
    }
}

#[test]
fn more_values_than_are_remembered_are_judged_all_the_same() {
    for number in 0..3000 {
        let system = if number % 3 == 0 {
            "https://example.org/of-ours"
        } else {
            "http://terminology.hl7.org/CodeSystem/v2-0131"
        };
        let resource = parse(&format!(
            r#"{{"resourceType":"Patient","contact":[{{"relationship":[{{"coding":[{{"system":"{system}","code":"C{number}"}}]}}],"name":{{"text":"Ann"}}}}]}}"#
        ));
        assert_eq!(
            VALIDATOR.validate(&resource, &[]),
            FORGETFUL.validate(&resource, &[])
        );
    }
    let known = parse(
        r#"{"resourceType":"Patient","contact":[{"relationship":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0131","code":"C"}]}],"name":{"text":"Ann"}}]}"#,
    );
    same(&known, "a good code after many bad ones");
    assert_eq!(VALIDATOR.validate(&known, &[]), []);
}

#[test]
fn threads_that_share_a_validator_find_the_same() {
    let resources = resources();
    let shared = Validator::embedded();
    let found: Vec<Vec<_>> = std::thread::scope(|scope| {
        let threads: Vec<_> = (0..3)
            .map(|first| {
                let (resources, shared) = (&resources, &shared);
                scope.spawn(move || {
                    let mut found = vec![Vec::new(); resources.len()];
                    for at in 0..resources.len() {
                        let at = (at + first * 7) % resources.len();
                        found[at] = shared.validate(&resources[at].1, &[]);
                    }
                    found
                })
            })
            .collect();
        threads
            .into_iter()
            .map(|thread| thread.join().unwrap())
            .collect()
    });
    for found in found {
        for (issues, (name, resource)) in found.iter().zip(&resources) {
            assert_eq!(*issues, FORGETFUL.validate(resource, &[]), "{name}");
        }
    }
}
