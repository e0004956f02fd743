//! Good resources broken in every place that a definition gives a rule for: each break is an error.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::collections::BTreeMap;

use definitions::{Definitions, ElementId, Shape, Strength};
use json::{Object, Value};
use support::{ALLERGY, DOCUMENT, OBSERVATION, PATIENT, at, errors, examples, parse, set};
use terminology::Terminology;

/// What the mutations are made from: a resource and the profile that it fits.
fn good() -> Vec<(String, String, Value)> {
    let mut all: Vec<(String, String, Value)> = examples()
        .into_iter()
        .map(|example| (example.file, example.profile, example.resource))
        .collect();
    for (name, base) in [
        ("PATIENT", PATIENT),
        ("OBSERVATION", OBSERVATION),
        ("ALLERGY", ALLERGY),
        ("DOCUMENT", DOCUMENT),
    ] {
        let resource = parse(base);
        let profile = match resource.get("meta") {
            Some(meta) => meta
                .each("profile")
                .next()
                .unwrap()
                .as_str()
                .unwrap()
                .to_owned(),
            None => "http://hl7.org/fhir/StructureDefinition/Bundle".to_owned(),
        };
        all.push((name.to_owned(), profile, resource));
    }
    all
}

/// A break: what kind, where, and what is put there.
type Break = (&'static str, String, Option<Value>);

/// The breaks of an object by what its definition says of its members, independently of how the
/// validator reads it.
fn breaks(
    shape: &Shape,
    element: ElementId,
    pointer: &str,
    object: &Object,
    terminology: &Terminology,
    out: &mut Vec<Break>,
) {
    let definitions = Definitions::embedded();
    for &id in &shape.element(element).children {
        let child = shape.element(id);
        let member = object.iter().find(|(key, _)| {
            if child.is_choice {
                key.strip_prefix(&*child.name)
                    .is_some_and(|rest| rest.starts_with(|c: char| c.is_ascii_uppercase()))
            } else {
                *key == &*child.name
            }
        });
        let Some((key, value)) = member else { continue };
        let here = format!("{pointer}/{key}");
        if child.min > 0 && !object.contains(&format!("_{key}")) {
            out.push(("remove mandatory", here.clone(), None));
        }
        if child.is_array {
            if child.max == Some(1) {
                let mut items = value.as_array().unwrap().to_vec();
                items.push(items[0].clone());
                out.push(("repeat single", here.clone(), Some(Value::Array(items))));
            }
        } else {
            out.push((
                "array of single",
                here.clone(),
                Some(Value::Array(vec![value.clone(), value.clone()])),
            ));
        }
        let of_type = child.types.iter().find(|of_type| {
            !child.is_choice || key[child.name.len()..].eq_ignore_ascii_case(&of_type.code)
        });
        if let (Some(binding), Some(of_type)) = (&child.binding, of_type)
            && binding.strength == Strength::Required
            && &*of_type.code == "code"
            && let Some(codes) = terminology.codes(binding.value_set.as_deref().unwrap())
        {
            assert!(!codes.is_empty());
            let wrong = Value::from("no-such-code");
            let wrong = if child.is_array {
                Value::Array(vec![wrong])
            } else {
                wrong
            };
            out.push(("wrong code", here.clone(), Some(wrong)));
        }
        let code = of_type.map_or("", |of_type| &of_type.code);
        // Other resources, and what extensions hold, have definitions of their own.
        if matches!(code, "Resource" | "Extension") {
            continue;
        }
        let Some((inner, scope)) = definitions.scope(shape, id, code) else {
            continue;
        };
        match value {
            Value::Object(object) => breaks(&inner, scope, &here, object, terminology, out),
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    if let Value::Object(object) = item {
                        breaks(
                            &inner,
                            scope,
                            &format!("{here}/{index}"),
                            object,
                            terminology,
                            out,
                        );
                    }
                }
            }
            _ => {}
        }
    }
}

#[test]
fn every_break_by_the_definition_is_an_error() {
    let definitions = Definitions::embedded();
    let terminology = Terminology::new(definitions);
    let mut made: BTreeMap<&str, usize> = BTreeMap::new();
    let mut missed = String::new();
    for (name, profile, resource) in good() {
        let shape = definitions.shape(&profile).unwrap();
        let mut all = Vec::new();
        breaks(
            &shape,
            shape.root(),
            "",
            resource.as_object().unwrap(),
            &terminology,
            &mut all,
        );
        assert!(!all.is_empty(), "{name}");
        for (kind, pointer, new) in all {
            let mut broken = resource.clone();
            set(&mut broken, &pointer, new);
            *made.entry(kind).or_default() += 1;
            if errors(&broken, &[&profile]).is_empty() {
                missed += &format!("{name} against {profile}: {kind} {pointer}\n");
            }
        }
    }
    eprintln!("breaks made: {made:?}");
    assert_eq!(made.len(), 4, "{made:?}");
    assert!(missed.is_empty(), "{missed}");
}

/// All places of a tree by their JSON pointers.
fn places(value: &Value, pointer: &str, out: &mut Vec<String>) {
    match value {
        Value::Object(object) => {
            for (key, value) in object.iter() {
                let here = format!("{pointer}/{key}");
                out.push(here.clone());
                places(value, &here, out);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                let here = format!("{pointer}/{index}");
                out.push(here.clone());
                places(value, &here, out);
            }
        }
        _ => {}
    }
}

#[test]
fn every_break_of_the_json_shape_is_an_error() {
    let mut made = 0usize;
    let mut missed = String::new();
    for (name, profile, resource) in good() {
        let mut all = Vec::new();
        places(&resource, "", &mut all);
        for pointer in all {
            let mut copy = resource.clone();
            let value = at(&mut copy, &pointer).clone();
            let mut wrong: Vec<(&str, Value)> = vec![("empty object", Object::new().into())];
            // A null stands in the arrays of a primitive where the other array has something.
            if !pointer.contains("/_") && value != Value::Null {
                wrong.push(("null", Value::Null));
            }
            match &value {
                Value::Object(object) => {
                    wrong.push((
                        "unknown member",
                        object.clone().with("noSuchElement", "x").into(),
                    ));
                    wrong.push(("string for object", "x".into()));
                }
                Value::Array(_) => wrong.push(("empty array", Value::Array(Vec::new()))),
                Value::String(_) => {
                    wrong.push(("empty string", "".into()));
                    wrong.push(("number for string", 1i64.into()));
                }
                Value::Number(_) => wrong.push(("string for number", "1".into())),
                Value::Bool(_) => wrong.push(("string for boolean", "true".into())),
                Value::Null => {}
            }
            for (kind, wrong) in wrong {
                let mut broken = resource.clone();
                set(&mut broken, &pointer, Some(wrong));
                made += 1;
                if errors(&broken, &[&profile]).is_empty() {
                    missed += &format!("{name}: {kind} at {pointer}\n");
                }
            }
        }
    }
    eprintln!("breaks made: {made}");
    assert!(made > 500);
    assert!(missed.is_empty(), "{missed}");
}
