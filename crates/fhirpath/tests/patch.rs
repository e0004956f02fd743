//! FHIRPath Patch: what each operation does, and what it refuses.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::sync::LazyLock;

use definitions::Definitions;
use fhirpath::{Model, patch};
use json::Value;

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::new(Definitions::embedded()));

fn value(text: &str) -> Value {
    json::parse(text.as_bytes()).unwrap()
}

/// One operation from its parts: `("path", r#""valueString":"Patient""#)`.
fn operation(parts: &[(&str, &str)]) -> String {
    let parts: Vec<String> = parts
        .iter()
        .map(|(name, value)| format!(r#"{{"name":"{name}",{value}}}"#))
        .collect();
    format!(r#"{{"name":"operation","part":[{}]}}"#, parts.join(","))
}

fn text(value: &str) -> String {
    format!(r#""valueString":"{value}""#)
}

fn parts(kind: &str, path: &str, more: &[(&str, &str)]) -> String {
    let kind = format!(r#""valueCode":"{kind}""#);
    let path = text(path);
    let mut all = vec![("type", kind.as_str()), ("path", path.as_str())];
    all.extend_from_slice(more);
    operation(&all)
}

fn apply(resource: &str, operations: &[String]) -> Result<String, String> {
    let parameters = value(&format!(
        r#"{{"resourceType":"Parameters","parameter":[{}]}}"#,
        operations.join(",")
    ));
    let mut resource = value(resource);
    let before = resource.clone();
    match patch::apply(&parameters, &mut resource, &MODEL) {
        Ok(()) => Ok(String::from_utf8(resource.to_bytes()).unwrap()),
        Err(error) => {
            assert_eq!(resource, before, "a patch that fails changes nothing");
            Err(error.to_string())
        }
    }
}

/// A Patient with these members, applied one operation; the members after.
#[track_caller]
fn check(members: &str, operation: String, after: &str) {
    let patient = |members: &str| match members {
        "" => r#"{"resourceType":"Patient"}"#.to_owned(),
        members => format!(r#"{{"resourceType":"Patient",{members}}}"#),
    };
    let done = apply(&patient(members), &[operation]).unwrap();
    assert_eq!(value(&done), value(&patient(after)), "{done}");
}

#[track_caller]
fn refuses(members: &str, operation: String, why: &str) {
    let error = apply(
        &format!(r#"{{"resourceType":"Patient",{members}}}"#),
        &[operation],
    )
    .unwrap_err();
    assert!(error.contains(why), "{error}");
    assert!(error.starts_with("operation 1: "), "{error}");
}

const LIST: &str = r#""identifier":[{"system":"https://example.org","value":"1"},{"system":"https://example.org","value":"2"},{"system":"https://example.org","value":"3"}]"#;

fn identifiers(values: &[&str]) -> String {
    let items: Vec<String> = values
        .iter()
        .map(|value| format!(r#"{{"system":"https://example.org","value":"{value}"}}"#))
        .collect();
    format!(r#""identifier":[{}]"#, items.join(","))
}

#[test]
fn adds_primitives_complex_types_and_elements_in_parts() {
    let name = |name: &str| text(name);
    check(
        "",
        parts(
            "add",
            "Patient",
            &[
                ("name", &name("birthDate")),
                ("value", r#""valueDate":"1930-01-01""#),
            ],
        ),
        r#""birthDate":"1930-01-01""#,
    );
    check(
        r#""contact":[{"name":{"text":"a"}}]"#,
        parts(
            "add",
            "Patient.contact[0]",
            &[
                ("name", &name("gender")),
                ("value", r#""valueCode":"male""#),
            ],
        ),
        r#""contact":[{"name":{"text":"a"},"gender":"male"}]"#,
    );
    check(
        "",
        parts(
            "add",
            "Patient",
            &[
                ("name", &name("maritalStatus")),
                ("value", r#""valueCodeableConcept":{"text":"married"}"#),
            ],
        ),
        r#""maritalStatus":{"text":"married"}"#,
    );
    check(
        "",
        parts(
            "add",
            "Patient",
            &[
                ("name", &name("contact")),
                (
                    "value",
                    r#""part":[{"name":"name","valueHumanName":{"text":"a"}},{"name":"gender","valueCode":"other"}]"#,
                ),
            ],
        ),
        r#""contact":[{"name":{"text":"a"},"gender":"other"}]"#,
    );
    check(
        "",
        parts(
            "add",
            "Patient",
            &[
                ("name", &name("deceased")),
                ("value", r#""valueBoolean":true"#),
            ],
        ),
        r#""deceasedBoolean":true"#,
    );
    check(
        r#""name":[{"given":["A"],"_given":[{"id":"x"}]}]"#,
        parts(
            "add",
            "Patient.name[0]",
            &[("name", &name("given")), ("value", r#""valueString":"B""#)],
        ),
        r#""name":[{"given":["A","B"],"_given":[{"id":"x"},null]}]"#,
    );
}

#[test]
fn inserts_where_it_is_told() {
    let at = |index: &str, path: &str| {
        parts(
            "insert",
            path,
            &[
                ("index", &format!(r#""valueInteger":{index}"#)),
                (
                    "value",
                    r#""valueIdentifier":{"system":"https://example.org","value":"4"}"#,
                ),
            ],
        )
    };
    check(
        LIST,
        at("3", "Patient.identifier"),
        &identifiers(&["1", "2", "3", "4"]),
    );
    check(
        LIST,
        at("0", "Patient.identifier"),
        &identifiers(&["4", "1", "2", "3"]),
    );
    check(
        LIST,
        at("1", "Patient.identifier"),
        &identifiers(&["1", "4", "2", "3"]),
    );
    check("", at("0", "Patient.identifier"), &identifiers(&["4"]));
    refuses(LIST, at("4", "Patient.identifier"), "the list has 3 items");
    refuses(LIST, at("0", "Patient.birthDate"), "leads to no list");
}

#[test]
fn deletes_one_element_and_what_is_empty_without_it() {
    let delete = |path: &str| parts("delete", path, &[]);
    check(
        r#""birthDate":"1920-01-01""#,
        delete("Patient.birthDate"),
        "",
    );
    check(
        r#""birthDate":"1920-01-01","_birthDate":{"id":"x"}"#,
        delete("Patient.birthDate"),
        "",
    );
    check(
        r#""contact":[{"name":{"text":"a"},"gender":"male"}]"#,
        delete("Patient.contact[0].name.text"),
        r#""contact":[{"gender":"male"}]"#,
    );
    check(
        r#""contact":[{"name":{"text":"a"}}]"#,
        delete("Patient.contact[0]"),
        "",
    );
    check(
        LIST,
        delete("Patient.identifier[1]"),
        &identifiers(&["1", "3"]),
    );
    check(
        LIST,
        delete("Patient.identifier.where(value = '3')"),
        &identifiers(&["1", "2"]),
    );
    check(LIST, delete("Patient.maritalStatus"), LIST);
    check(
        r#""name":[{"given":["A","B"],"_given":[{"extension":[{"url":"https://example.org/x","valueCode":"c"}]},null]}]"#,
        delete("Patient.name.given.extension"),
        r#""name":[{"given":["A","B"]}]"#,
    );
    check(
        r#""name":[{"given":["A",null],"_given":[null,{"id":"x"}]}]"#,
        delete("Patient.name.given[1]"),
        r#""name":[{"given":["A"]}]"#,
    );
    refuses(LIST, delete("Patient.identifier"), "several elements");
    refuses(LIST, delete("Patient"), "cannot be deleted");
}

#[test]
fn replaces_with_the_right_type() {
    let replace = |path: &str, value: &str| parts("replace", path, &[("value", value)]);
    check(
        r#""birthDate":"1920-01-01""#,
        replace("Patient.birthDate", r#""valueDate":"1930-01-01""#),
        r#""birthDate":"1930-01-01""#,
    );
    check(
        r#""contact":[{"name":{"text":"a"},"gender":"male"}]"#,
        replace("Patient.contact[0].gender", r#""valueCode":"female""#),
        r#""contact":[{"name":{"text":"a"},"gender":"female"}]"#,
    );
    check(
        r#""maritalStatus":{"id":"1","text":"married"}"#,
        replace(
            "Patient.maritalStatus",
            r#""valueCodeableConcept":{"id":"2","text":"not married"}"#,
        ),
        r#""maritalStatus":{"id":"2","text":"not married"}"#,
    );
    check(
        LIST,
        replace("Patient.identifier[1].value", r#""valueString":"9""#),
        &identifiers(&["1", "9", "3"]),
    );
    check(
        r#""deceasedBoolean":true"#,
        replace("Patient.deceased", r#""valueDateTime":"2024-05-01""#),
        r#""deceasedDateTime":"2024-05-01""#,
    );
    refuses(
        r#""birthDate":"1920-01-01""#,
        replace(
            "Patient.birthDate",
            r#""valueCodeableConcept":{"text":"x"}"#,
        ),
        "cannot hold a CodeableConcept",
    );
    refuses(
        r#""birthDate":"1920-01-01""#,
        replace("Patient.birthDate", r#""valueString":"yesterday""#),
        "cannot hold a String",
    );
    refuses(
        LIST,
        replace("Patient.gender", r#""valueCode":"male""#),
        "leads to nothing",
    );
    refuses(
        LIST,
        replace("Patient.identifier.value", r#""valueString":"9""#),
        "several elements",
    );
}

#[test]
fn moves_within_a_list() {
    let shift = |source: &str, destination: &str| {
        parts(
            "move",
            "Patient.identifier",
            &[
                ("source", &format!(r#""valueInteger":{source}"#)),
                ("destination", &format!(r#""valueInteger":{destination}"#)),
            ],
        )
    };
    check(LIST, shift("2", "0"), &identifiers(&["3", "1", "2"]));
    check(LIST, shift("0", "2"), &identifiers(&["2", "3", "1"]));
    check(LIST, shift("1", "1"), LIST);
    refuses(LIST, shift("3", "0"), "its `source` is 3");
    refuses(LIST, shift("0", "3"), "its `destination` is 3");
    refuses(LIST, shift("-1", "0"), "not a whole number");
}

#[test]
fn says_which_operation_failed_and_why() {
    let fine = parts("delete", "Patient.identifier[0]", &[]);
    let wrong = parts("delete", "Patient.identifer", &[]);
    let error = apply(
        &format!(r#"{{"resourceType":"Patient",{LIST}}}"#),
        &[fine, wrong],
    )
    .unwrap_err();
    assert!(error.starts_with("operation 2: "), "{error}");
    assert!(error.contains("Patient has no `identifer`"), "{error}");
    refuses(
        LIST,
        operation(&[("type", r#""valueCode":"copy""#)]),
        "is not one of",
    );
    refuses(LIST, operation(&[("path", &text("Patient"))]), "no `type`");
    refuses(
        LIST,
        operation(&[("type", r#""valueCode":"add""#)]),
        "no `path`",
    );
    refuses(LIST, parts("add", "Patient", &[]), "no `name`");
    refuses(
        LIST,
        parts("add", "Patient", &[("name", &text("gender"))]),
        "no `value`",
    );
    refuses(
        r#""gender":"male""#,
        parts(
            "add",
            "Patient",
            &[
                ("name", &text("gender")),
                ("value", r#""valueCode":"female""#),
            ],
        ),
        "is there already",
    );
    refuses(
        LIST,
        parts(
            "add",
            "Patient",
            &[
                ("name", &text("shoeSize")),
                ("value", r#""valueInteger":43"#),
            ],
        ),
        "Patient has no `shoeSize`",
    );
    refuses(
        LIST,
        parts("delete", "'text'", &[]),
        "no element of the resource",
    );
    refuses(LIST, parts("delete", "Patient.(", &[]), "cannot be used");
}

#[test]
fn a_patch_is_a_parameters_resource() {
    let mut resource = value(r#"{"resourceType":"Patient"}"#);
    let error = patch::apply(
        &value(r#"{"resourceType":"Patient"}"#),
        &mut resource,
        &MODEL,
    )
    .unwrap_err();
    assert_eq!(error.operation, None);
    assert_eq!(
        apply(r#"{"resourceType":"Patient"}"#, &[]).unwrap(),
        r#"{"resourceType":"Patient"}"#
    );
}
