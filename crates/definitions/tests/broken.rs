//! Definitions that are broken cost themselves, never the program.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]

use std::fmt::Write as _;

use definitions::form::Definition;
use definitions::{Definitions, codes, package};

fn structure(id: &str, base: &str, elements: &str) -> Definition {
    let text = format!(
        r#"{{"resourceType":"StructureDefinition","id":"{id}","url":"http://example.org/{id}",
            "name":"X","status":"active","kind":"resource","abstract":false,"type":"Patient",
            "baseDefinition":"{base}","derivation":"constraint",
            "differential":{{"element":[{elements}]}}}}"#
    );
    package::read(&json::parse(text.as_bytes()).unwrap())
        .unwrap()
        .unwrap()
}

const PATIENT: &str = "http://hl7.org/fhir/StructureDefinition/Patient";

fn over(definitions: &[Definition]) -> Definitions {
    Definitions::embedded().with(definitions).unwrap()
}

#[test]
fn a_missing_base_is_named() {
    let all = over(&[structure("a", "http://example.org/nowhere", "")]);
    let issue = all.checked_shape("http://example.org/a").unwrap_err();
    assert_eq!(issue.code, codes::BASE_MISSING);
    assert!(
        issue.message.contains("http://example.org/nowhere"),
        "{issue}"
    );
    assert!(all.shape("http://example.org/a").is_none());
    assert!(all.profile("a").is_none());
}

#[test]
fn a_circle_of_bases_is_named() {
    let all = over(&[
        structure("a", "http://example.org/b", ""),
        structure("b", "http://example.org/c", ""),
        structure("c", "http://example.org/a", ""),
        structure("self", "http://example.org/self", ""),
    ]);
    for id in ["a", "b", "c", "self"] {
        let issue = all
            .checked_shape(&format!("http://example.org/{id}"))
            .unwrap_err();
        assert_eq!(issue.code, codes::BASE_CYCLE, "{issue}");
    }
}

#[test]
fn bases_without_end_are_refused() {
    let chain: Vec<Definition> = (0..200)
        .map(|at| {
            structure(
                &format!("p{at}"),
                &format!("http://example.org/p{}", at + 1),
                "",
            )
        })
        .collect();
    assert!(over(&chain).checked_shape("http://example.org/p0").is_err());
}

#[test]
fn a_part_that_is_not_understood_is_left_out() {
    let all = over(&[structure(
        "a",
        PATIENT,
        r#"{"id":"Patient.nickname","path":"Patient.nickname","min":1},
           {"id":"Patient.birthDate.year","path":"Patient.birthDate.year","min":1},
           {"id":"Patient.active","path":"Patient.active","type":[{"code":"Quantity"}]},
           {"id":"Patient.gender","path":"Patient.gender","min":1}"#,
    )]);
    let shape = all.shape("http://example.org/a").unwrap();
    let found: Vec<&str> = shape.issues().iter().map(|issue| &*issue.code).collect();
    assert_eq!(
        found,
        [
            codes::ELEMENT_UNKNOWN,
            codes::ELEMENT_UNKNOWN,
            codes::TYPE_NOT_ALLOWED
        ]
    );
    assert!(shape.find("Patient.nickname").is_none());
    let gender = shape.find("Patient.gender").unwrap();
    assert_eq!(shape.element(gender).min, 1);
}

#[test]
fn a_definition_cannot_grow_without_bound() {
    // Each slice copies what is below it, slices and all.
    let mut elements = String::new();
    let mut path = "Patient.contact".to_owned();
    let mut id = path.clone();
    for level in 0..60 {
        let _ = write!(
            elements,
            r#"{{"id":"{id}.extension:s{level}","path":"{path}.extension","sliceName":"s{level}"}},"#
        );
        id += &format!(".extension:s{level}");
        path += ".extension";
    }
    for twin in 0..400 {
        let _ = write!(
            elements,
            r#"{{"id":"Patient.contact:t{twin}","path":"Patient.contact","sliceName":"t{twin}"}},"#
        );
    }
    elements.pop();
    let all = over(&[structure("a", PATIENT, &elements)]);
    let shape = all.shape("http://example.org/a").unwrap();
    assert!(shape.iter().count() <= 20_000);
    assert!(
        shape
            .issues()
            .iter()
            .any(|issue| issue.code == codes::TOO_LARGE)
    );
}

#[test]
fn an_extension_that_holds_itself_ends() {
    let text = r#"{"resourceType":"StructureDefinition","id":"e","url":"http://example.org/e",
        "name":"E","status":"active","kind":"complex-type","abstract":false,"type":"Extension",
        "baseDefinition":"http://hl7.org/fhir/StructureDefinition/Extension",
        "derivation":"constraint","differential":{"element":[
        {"id":"Extension.extension:e","path":"Extension.extension","sliceName":"e",
         "type":[{"code":"Extension","profile":["http://example.org/e"]}]},
        {"id":"Extension.extension:e.value[x]","path":"Extension.extension.value[x]","min":1}]}}"#;
    let definition = package::read(&json::parse(text.as_bytes()).unwrap())
        .unwrap()
        .unwrap();
    let all = over(&[definition]);
    let shape = all.extension("http://example.org/e").unwrap();
    assert!(shape.find("Extension.extension:e.value[x]").is_some());
}

#[test]
fn definitions_without_what_they_need_are_named() {
    for text in [
        r#"{"resourceType":"StructureDefinition","kind":"resource","type":"Patient"}"#,
        r#"{"resourceType":"StructureDefinition","url":"u","kind":"what","type":"Patient"}"#,
        r#"{"resourceType":"StructureDefinition","url":"u","kind":"resource","type":"Patient"}"#,
        r#"{"resourceType":"StructureDefinition","url":"u","kind":"resource","type":"Patient",
            "differential":{"element":[{"id":"Patient"}]}}"#,
        r#"{"resourceType":"ValueSet"}"#,
        r#"{"resourceType":"CodeSystem","url":7}"#,
        r#"{"resourceType":"SearchParameter","url":"u","code":"c","type":"odd"}"#,
    ] {
        let issue = package::read(&json::parse(text.as_bytes()).unwrap()).unwrap_err();
        assert_eq!(issue.code, codes::UNREADABLE, "{text}");
        assert!(issue.help.is_some());
    }
    let other = json::parse(br#"{"resourceType":"Patient"}"#).unwrap();
    assert!(package::read(&other).unwrap().is_none());
}
