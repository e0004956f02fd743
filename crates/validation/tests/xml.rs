//! XML and JSON are two ways to write one tree.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::LazyLock;

use definitions::Definitions;
use fhir::xml::{read, write};
use json::{Object, Value};
use proptest::prelude::*;
use support::{ALLERGY, DOCUMENT, OBSERVATION, PATIENT, VALIDATOR, examples, parse};
use validation::Model;

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::new(Definitions::embedded()));

/// The same tree whatever the order of members, which XML gives by definition.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut members: Vec<_> = object
                .iter()
                .map(|(k, v)| (k.to_owned(), sorted(v)))
                .collect();
            members.sort_by(|a, b| a.0.cmp(&b.0));
            members
                .into_iter()
                .fold(Object::new(), |object, (k, v)| object.with(k, v))
                .into()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn good() -> Vec<(String, Vec<String>, Value)> {
    let mut all: Vec<_> = examples()
        .into_iter()
        .map(|e| (e.file, vec![e.profile], e.resource))
        .collect();
    for (name, base) in [
        ("PATIENT", PATIENT),
        ("OBSERVATION", OBSERVATION),
        ("ALLERGY", ALLERGY),
        ("DOCUMENT", DOCUMENT),
    ] {
        all.push((name.to_owned(), Vec::new(), parse(base)));
    }
    all
}

#[test]
fn every_example_goes_through_xml_and_back() {
    for (name, profiles, resource) in good() {
        let xml = write(&resource, &*MODEL).unwrap_or_else(|error| panic!("{name}: {error}"));
        let back =
            read(xml.as_bytes(), &*MODEL).unwrap_or_else(|error| panic!("{name}: {error}\n{xml}"));
        assert_eq!(sorted(&back), sorted(&resource), "{name}\n{xml}");
        let profiles: Vec<&str> = profiles.iter().map(String::as_str).collect();
        let verdict = |value: &Value| {
            let mut issues: Vec<String> = VALIDATOR
                .validate(value, &profiles)
                .iter()
                .map(ToString::to_string)
                .collect();
            issues.sort();
            issues
        };
        assert_eq!(verdict(&back), verdict(&resource), "{name}");
    }
}

#[test]
fn xml_keeps_what_json_keeps() {
    let xml = r#"<?xml version="1.0" encoding="UTF-8"?>
<Patient xmlns="http://hl7.org/fhir">
  <!-- a comment -->
  <id value="p1"/>
  <text><status value="generated"/><div xmlns="http://www.w3.org/1999/xhtml"><p title="a &amp; b">x</p></div></text>
  <contained><Organization><id value="o"/><name value="Home &lt;1&gt;&#10;2"/></Organization></contained>
  <extension url="https://example.org/a" id="e"><valueDecimal value="0.10"/></extension>
  <name id="n"><given value="Ann"/><given id="g"><extension url="https://example.org/b"><valueCode value="masked"/></extension></given></name>
  <birthDate value="1950-02-28"><extension url="https://example.org/c"><valueBoolean value="true"/></extension></birthDate>
  <multipleBirthInteger value="2"/>
</Patient>"#;
    let expected = parse(
        r#"{"resourceType":"Patient","id":"p1","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p title=\"a &amp; b\">x</p></div>"},
        "contained":[{"resourceType":"Organization","id":"o","name":"Home <1>\n2"}],
        "extension":[{"id":"e","url":"https://example.org/a","valueDecimal":0.10}],
        "name":[{"id":"n","given":["Ann",null],"_given":[null,{"id":"g","extension":[{"url":"https://example.org/b","valueCode":"masked"}]}]}],
        "birthDate":"1950-02-28","_birthDate":{"extension":[{"url":"https://example.org/c","valueBoolean":true}]},
        "multipleBirthInteger":2}"#,
    );
    let read_back = read(xml.as_bytes(), &*MODEL).unwrap();
    assert_eq!(sorted(&read_back), sorted(&expected), "{read_back}");
    // A prefix for the namespace is as good as none.
    let prefixed =
        r#"<f:Patient xmlns:f="http://hl7.org/fhir"><f:active value="true"/></f:Patient>"#;
    assert_eq!(
        read(prefixed.as_bytes(), &*MODEL).unwrap().get("active"),
        Some(&Value::Bool(true))
    );
}

#[test]
fn xml_is_written_in_the_order_of_the_definition() {
    let xml = write(&parse(r#"{"birthDate":"1950","resourceType":"Patient","name":[{"given":["A"],"family":"B"}],"id":"1"}"#), &*MODEL).unwrap();
    let place = |text: &str| xml.find(text).unwrap();
    assert!(place("<id") < place("<name") && place("<name") < place("<birthDate"));
    assert!(place("<family") < place("<given"));
}

#[test]
fn what_xml_security_refuses() {
    let patient = |inner: &str| format!("<Patient xmlns=\"http://hl7.org/fhir\">{inner}</Patient>");
    let deep = format!(
        "{}{}",
        "<extension url=\"a\">".repeat(100_000),
        "</extension>".repeat(100_000)
    );
    for text in [
        "<!DOCTYPE Patient><Patient xmlns=\"http://hl7.org/fhir\"/>".to_owned(),
        "<!DOCTYPE x [<!ENTITY a SYSTEM \"file:///etc/passwd\">]><Patient xmlns=\"http://hl7.org/fhir\"><id value=\"&a;\"/></Patient>".to_owned(),
        patient("<id value=\"&unknown;\"/>"),
        patient("<id value=\"&#xD800;\"/>"),
        patient("<id value=\"&#0;\"/>"),
        patient("<id value=\"a\u{1}\"/>"),
        patient("<id value=\"a\" value=\"b\"/>"),
        patient("<id value=\"a\" other=\"b\"/>"),
        patient("text"),
        patient("<![CDATA[text]]>"),
        patient("&amp;"),
        patient("<id value=\"1\">text</id>"),
        patient("<name value=\"x\"/>"),
        patient("<contained/>"),
        patient("<contained><Patient/><Patient/></contained>"),
        patient("<text><div xmlns=\"http://www.w3.org/1999/xhtml\">a<!DOCTYPE x></div></text>"),
        patient("<x xmlns=\"http://example.org\"/>"),
        patient(&deep),
        "<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"1\"/>".to_owned(),
        "<Patient xmlns=\"http://hl7.org/fhir\"></Person>".to_owned(),
        "<Patient xmlns=\"http://hl7.org/fhir\"/><Patient xmlns=\"http://hl7.org/fhir\"/>".to_owned(),
        "<Patient/>".to_owned(),
        "<Patient xmlns=\"http://hl7.org/fhir\"/>x".to_owned(),
        String::new(),
    ] {
        assert!(read(text.as_bytes(), &*MODEL).is_err(), "{}", &text[..text.len().min(200)]);
    }
    assert!(
        read(
            b"<Patient xmlns=\"http://hl7.org/fhir\">\xff</Patient>",
            &*MODEL
        )
        .is_err()
    );
    let error = read(
        patient("\n<name><given value=\"&x;\"/></name>").as_bytes(),
        &*MODEL,
    )
    .unwrap_err();
    assert_eq!(
        (
            error.position.map(|at| (at.line, at.column)),
            error.element.as_deref()
        ),
        (Some((2, 7)), Some("Patient.name[0]"))
    );
}

#[test]
fn what_is_wrong_in_xml_gets_the_verdict_of_json() {
    for (xml, json) in [
        (
            "<birthDate value=\"1950-02-30\"/>",
            r#"{"birthDate":"1950-02-30"}"#,
        ),
        ("<active value=\"yes\"/>", r#"{"active":"yes"}"#),
        ("<birthdate value=\"1950\"/>", r#"{"birthdate":"1950"}"#),
        ("<gender value=\"woman\"/>", r#"{"gender":"woman"}"#),
        (
            "<gender value=\"male\"/><gender value=\"female\"/>",
            r#"{"gender":["male","female"]}"#,
        ),
        ("<name/>", r#"{"name":[{}]}"#),
        ("<gender/>", r#"{"gender":null}"#),
        ("<gender value=\"\"/>", r#"{"gender":""}"#),
        (
            "<deceasedBoolean value=\"true\"/><deceasedDateTime value=\"2020\"/>",
            r#"{"deceasedBoolean":true,"deceasedDateTime":"2020"}"#,
        ),
    ] {
        let from_xml = read(
            format!("<Patient xmlns=\"http://hl7.org/fhir\">{xml}</Patient>").as_bytes(),
            &*MODEL,
        )
        .unwrap();
        let mut from_json = parse(json);
        from_json
            .as_object_mut()
            .unwrap()
            .insert("resourceType", "Patient");
        let issues = VALIDATOR.validate(&from_xml, &[]);
        assert!(diagnostics::has_errors(&issues), "{xml}");
        assert_eq!(issues, VALIDATOR.validate(&from_json, &[]), "{xml}");
    }
}

#[test]
fn nothing_is_lost_in_silence_when_xml_cannot_hold_it() {
    for text in [
        r#"{"resourceType":"Patient","nothing":1}"#,
        r#"{"resourceType":"Nothing"}"#,
        r#"{"resourceType":"Patient","id":"a\u0001"}"#,
        r#"{"resourceType":"Patient","name":["x"]}"#,
        r#"{"resourceType":"Patient","text":{"status":"generated","div":"<div>x"}}"#,
        r#"{"resourceType":"Patient","birthDate":{"a":1}}"#,
        "[]",
    ] {
        assert!(write(&parse(text), &*MODEL).is_err(), "{text}");
    }
}

prop_compose! {
    fn name()(family in "[^\u{0}-\u{8}\u{b}\u{c}\u{e}-\u{1f}\u{fffe}\u{ffff}]{1,20}",
              given in prop::collection::vec(prop::option::of("[a-z<>&\"' \n\t\r]{1,8}"), 1..4)) -> Value {
        let values: Vec<Value> = given.iter().map(|g| g.as_deref().map_or(Value::Null, Value::from)).collect();
        let mores: Vec<Value> = given.iter().map(|g| match g {
            Some(_) => Value::Null,
            None => parse(r#"{"extension":[{"url":"https://example.org/x","valueString":"a \" b"}]}"#),
        }).collect();
        let mut object = Object::new().with("family", family);
        if given.iter().any(Option::is_some) { object.insert("given", values); }
        if given.iter().any(Option::is_none) { object.insert("_given", mores); }
        object.into()
    }
}

proptest! {
    #[test]
    fn any_text_survives(names in prop::collection::vec(name(), 1..4), decimal in "-?[1-9][0-9]{0,8}\\.[0-9]{1,8}") {
        let mut patient = Object::new().with("resourceType", "Patient").with("name", names);
        let number = json::Number::from_text(&decimal).unwrap();
        patient.insert("extension", vec![Object::new().with("url", "https://example.org/d").with("valueDecimal", number).into()]);
        let patient = Value::Object(patient);
        let xml = write(&patient, &*MODEL).unwrap();
        let back = read(xml.as_bytes(), &*MODEL).unwrap();
        prop_assert_eq!(sorted(&back), sorted(&patient), "{}", xml);
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in ".*", tags in prop::collection::vec("</?(Patient|name|given|text|div|contained|extension)( value=\"a\"| url=\"&amp;\"| xmlns=\"http://hl7.org/fhir\")?/?>", 0..12)) {
        let _ = read(text.as_bytes(), &*MODEL);
        let _ = read(format!("<Patient xmlns=\"http://hl7.org/fhir\">{}{text}", tags.concat()).as_bytes(), &*MODEL);
    }
}
