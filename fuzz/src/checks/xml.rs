//! FHIR's XML and its narrative.

use std::sync::LazyLock;

use definitions::Definitions;
use fhir::xml::{read, write};
use json::{Object, Value};
use validation::Model;

use super::validate::VALIDATOR;

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::new(Definitions::embedded()));

/// What is read from XML can be written as XML unless the writer says why not, and is then the same.
pub fn xml(bytes: &[u8]) {
    let Ok(value) = read(bytes, &*MODEL) else {
        return;
    };
    let Ok(written) = write(&value, &*MODEL) else {
        return;
    };
    let again = read(written.as_bytes(), &*MODEL)
        .unwrap_or_else(|error| panic!("what was written is FHIR XML: {error}\n{written}"));
    assert_eq!(sorted(&again), sorted(&value), "{written}");
}

/// A resource that is valid goes from JSON to XML and back and is the same. Any other may be
/// refused, or come back as the next best, but only as something that can be read.
pub fn round_trip(bytes: &[u8]) {
    let Ok(value) = json::parse(bytes) else {
        return;
    };
    let valid = !diagnostics::has_errors(&VALIDATOR.validate(&value, &[]));
    match write(&value, &*MODEL) {
        Ok(written) => {
            let again = read(written.as_bytes(), &*MODEL);
            if valid {
                let again = again.unwrap_or_else(|error| panic!("{error}\n{written}"));
                assert_eq!(sorted(&again), sorted(&value), "{written}");
            }
        }
        Err(error) => assert!(!valid, "a valid resource can be written as XML: {error}"),
    }
}

/// A narrative is accepted or refused.
pub fn narrative(bytes: &[u8]) {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return;
    };
    let _ = fhir::narrative::check(text);
    let escaped = fhir::narrative::escape(text);
    let div = format!("<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>{escaped}x</p></div>");
    if let Err(error) = fhir::narrative::check(&div) {
        panic!("escaped text is no markup: {error:?}");
    }
}

/// The same tree whatever the order of members, which XML gives by definition.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut members: Vec<(&str, &Value)> = object.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            members
                .into_iter()
                .fold(Object::new(), |object, (name, value)| {
                    object.with(name, sorted(value))
                })
                .into()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}
