//! Every way to tell slices apart, on small profiles made here.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::sync::Arc;

use definitions::{Definitions, package};
use support::parse;
use terminology::Terminology;
use validation::Validator;

const URL: &str = "http://example.org/profile";

/// A validator that knows a profile with this differential besides what is built in.
fn profile(base: &str, elements: &str) -> Validator {
    let text = format!(
        r#"{{"resourceType":"StructureDefinition","id":"test","url":"{URL}","name":"Test","status":"active",
            "kind":"resource","abstract":false,"type":"{base}","derivation":"constraint",
            "baseDefinition":"http://hl7.org/fhir/StructureDefinition/{base}","differential":{{"element":[{elements}]}}}}"#
    );
    let definition = package::read(&parse(&text)).unwrap().unwrap();
    let definitions = Definitions::embedded().with(&[definition]).unwrap();
    assert!(definitions.shape(URL).unwrap().issues().is_empty());
    let terminology = Arc::new(Terminology::new(&definitions));
    Validator::new(&definitions, terminology)
}

/// The codes of the errors of a resource with these members.
fn codes(validator: &Validator, resource: &str) -> Vec<String> {
    validator
        .validate(&parse(resource), &[URL])
        .iter()
        .filter(|issue| issue.is_error())
        .map(|issue| issue.code.to_string())
        .collect()
}

fn patient(members: &str) -> String {
    format!(r#"{{"resourceType":"Patient",{members}}}"#)
}

#[test]
fn by_a_fixed_value_closed_and_ordered() {
    let validator = profile(
        "Patient",
        r#"{"id":"Patient.telecom","path":"Patient.telecom","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"closed","ordered":true}},
           {"id":"Patient.telecom:phone","path":"Patient.telecom","sliceName":"phone","min":1,"max":"1"},
           {"id":"Patient.telecom:phone.system","path":"Patient.telecom.system","min":1,"fixedCode":"phone"},
           {"id":"Patient.telecom:email","path":"Patient.telecom","sliceName":"email","min":0,"max":"1"},
           {"id":"Patient.telecom:email.system","path":"Patient.telecom.system","min":1,"fixedCode":"email"},
           {"id":"Patient.telecom:email.use","path":"Patient.telecom.use","min":1}"#,
    );
    let phone = r#"{"system":"phone","value":"1"}"#;
    let email = r#"{"system":"email","value":"a@example.org","use":"home"}"#;
    let check = |items: &[&str]| {
        codes(
            &validator,
            &patient(&format!(r#""telecom":[{}]"#, items.join(","))),
        )
    };
    assert!(check(&[phone]).is_empty());
    assert!(check(&[phone, email]).is_empty());
    assert_eq!(check(&[email, phone]), ["V053"]);
    assert_eq!(check(&[email]), ["V050"]);
    assert_eq!(check(&[phone, phone]), ["V051"]);
    assert_eq!(check(&[phone, r#"{"system":"fax","value":"1"}"#]), ["V052"]);
    assert_eq!(
        check(&[phone, r#"{"system":"email","value":"1"}"#]),
        ["V015"]
    );
    assert_eq!(codes(&validator, &patient(r#""active":true"#)), ["V050"]);
}

#[test]
fn by_a_pattern_above_the_path() {
    let validator = profile(
        "Observation",
        r#"{"id":"Observation.category","path":"Observation.category","slicing":{"discriminator":[{"type":"pattern","path":"$this"}],"rules":"open"}},
           {"id":"Observation.category:vitals","path":"Observation.category","sliceName":"vitals","min":1,"max":"1",
            "patternCodeableConcept":{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs"}]}},
           {"id":"Observation.component","path":"Observation.component","slicing":{"discriminator":[{"type":"value","path":"code.coding.code"}],"rules":"open"}},
           {"id":"Observation.component:a","path":"Observation.component","sliceName":"a","min":0,"max":"1"},
           {"id":"Observation.component:a.code","path":"Observation.component.code","patternCodeableConcept":{"coding":[{"code":"a"}]}},
           {"id":"Observation.component:a.value[x]","path":"Observation.component.value[x]","min":1,"type":[{"code":"string"}]}"#,
    );
    let observation = |members: &str| {
        codes(
            &validator,
            &format!(
                r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},{members}}}"#
            ),
        )
    };
    let vitals = r#""category":[{"text":"x"},{"text":"Vital","coding":[{"code":"x","system":"https://example.org"},{"system":"http://terminology.hl7.org/CodeSystem/observation-category","code":"vital-signs","display":"Vital Signs"}]}]"#;
    assert!(observation(vitals).is_empty());
    assert_eq!(observation(r#""category":[{"text":"x"}]"#), ["V050"]);
    let component = |members: &str| {
        observation(&format!(
            r#"{vitals},"component":[{{"code":{{"coding":[{{"system":"https://example.org","code":"a"}}]}}{members}}}]"#
        ))
    };
    assert!(component(r#","valueString":"x""#).is_empty());
    assert_eq!(component(""), ["V015"]);
    assert_eq!(component(r#","valueInteger":1"#), ["V013", "V015"]);
}

#[test]
fn by_whether_something_is_there() {
    let validator = profile(
        "Patient",
        r#"{"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"exists","path":"period"}],"rules":"open"}},
           {"id":"Patient.identifier:old","path":"Patient.identifier","sliceName":"old","min":0,"max":"*"},
           {"id":"Patient.identifier:old.period","path":"Patient.identifier.period","min":1},
           {"id":"Patient.identifier:old.use","path":"Patient.identifier.use","min":1,"fixedCode":"old"},
           {"id":"Patient.identifier:now","path":"Patient.identifier","sliceName":"now","min":0,"max":"1"},
           {"id":"Patient.identifier:now.period","path":"Patient.identifier.period","max":"0"}"#,
    );
    let check = |items: &str| codes(&validator, &patient(&format!(r#""identifier":[{items}]"#)));
    assert!(check(r#"{"value":"1"},{"value":"2","use":"old","period":{"end":"2020"}}"#).is_empty());
    assert_eq!(
        check(r#"{"value":"1","use":"usual","period":{"end":"2020"}}"#),
        ["V030"]
    );
    assert_eq!(check(r#"{"value":"1"},{"value":"2"}"#), ["V051"]);
}

#[test]
fn by_the_type_of_a_choice_and_of_a_resource() {
    let validator = profile(
        "Observation",
        r#"{"id":"Observation.value[x]","path":"Observation.value[x]","slicing":{"discriminator":[{"type":"type","path":"$this"}],"rules":"open"}},
           {"id":"Observation.value[x]:valueQuantity","path":"Observation.value[x]","sliceName":"valueQuantity","min":0,"max":"1","type":[{"code":"Quantity"}]},
           {"id":"Observation.value[x]:valueQuantity.unit","path":"Observation.value[x].unit","min":1}"#,
    );
    let observation = |members: &str| {
        codes(
            &validator,
            &format!(
                r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},{members}}}"#
            ),
        )
    };
    assert!(observation(r#""valueQuantity":{"value":1,"unit":"kg"}"#).is_empty());
    assert_eq!(observation(r#""valueQuantity":{"value":1}"#), ["V015"]);
    assert!(observation(r#""valueString":"x""#).is_empty());

    let validator = profile(
        "Bundle",
        r#"{"id":"Bundle.entry","path":"Bundle.entry","slicing":{"discriminator":[{"type":"type","path":"resource"}],"rules":"open"}},
           {"id":"Bundle.entry:patient","path":"Bundle.entry","sliceName":"patient","min":1,"max":"1"},
           {"id":"Bundle.entry:patient.resource","path":"Bundle.entry.resource","min":1,"type":[{"code":"Patient","profile":["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Patient"]}]}"#,
    );
    let bundle = |entries: &str| {
        codes(
            &validator,
            &format!(r#"{{"resourceType":"Bundle","type":"collection","entry":[{entries}]}}"#),
        )
    };
    assert!(
        bundle(r#"{"fullUrl":"urn:x:1","resource":{"resourceType":"Patient","active":true}}"#)
            .is_empty()
    );
    assert_eq!(
        bundle(r#"{"fullUrl":"urn:x:1","resource":{"resourceType":"Device","lotNumber":"1"}}"#),
        ["V050"]
    );
    // The slice's profile of the resource holds too.
    let wrong = r#"{"fullUrl":"urn:x:1","resource":{"resourceType":"Patient","identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number"}]}}"#;
    assert_eq!(bundle(wrong), ["V015"]);
}

#[test]
fn what_tells_nothing_apart_refuses_nothing() {
    let validator = profile(
        "Patient",
        r#"{"id":"Patient.name","path":"Patient.name","slicing":{"discriminator":[{"type":"value","path":"extension('http://hl7.org/fhir/StructureDefinition/iso21090-EN-use').value"}],"rules":"open"}},
           {"id":"Patient.name:x","path":"Patient.name","sliceName":"x","min":1,"max":"1"}"#,
    );
    // The definition does not say what tells the slice apart: nothing is decided, nothing refused.
    assert!(codes(&validator, &patient(r#""name":[{"family":"A"}]"#)).is_empty());
}

#[test]
fn min_and_max_and_length() {
    let validator = profile(
        "Patient",
        r#"{"id":"Patient.multipleBirth[x]","path":"Patient.multipleBirth[x]","type":[{"code":"integer"}],"minValueInteger":1,"maxValueInteger":8},
           {"id":"Patient.name","path":"Patient.name","min":1},
           {"id":"Patient.name.family","path":"Patient.name.family","maxLength":5},
           {"id":"Patient.photo","path":"Patient.photo","max":"0"}"#,
    );
    let name = r#""name":[{"family":"Short"}]"#;
    assert!(
        codes(
            &validator,
            &patient(&format!(r#"{name},"multipleBirthInteger":8"#))
        )
        .is_empty()
    );
    assert_eq!(
        codes(
            &validator,
            &patient(&format!(r#"{name},"multipleBirthInteger":9"#))
        ),
        ["V025"]
    );
    assert_eq!(
        codes(
            &validator,
            &patient(&format!(r#"{name},"multipleBirthBoolean":true"#))
        ),
        ["V013"]
    );
    assert_eq!(
        codes(&validator, &patient(r#""name":[{"family":"Longer"}]"#)),
        ["V024"]
    );
    assert_eq!(
        codes(
            &validator,
            &patient(&format!(r#"{name},"photo":[{{"title":"x"}}]"#))
        ),
        ["V016"]
    );
}

#[test]
fn slices_of_slices_are_counted_in_their_own_slice() {
    let validator = profile(
        "Patient",
        r#"{"id":"Patient.identifier","path":"Patient.identifier","slicing":{"discriminator":[{"type":"value","path":"system"}],"rules":"open"}},
           {"id":"Patient.identifier:a","path":"Patient.identifier","sliceName":"a","min":0,"max":"*","slicing":{"discriminator":[{"type":"value","path":"use"}],"rules":"closed"}},
           {"id":"Patient.identifier:a.system","path":"Patient.identifier.system","min":1,"fixedUri":"urn:x:a"},
           {"id":"Patient.identifier:a/usual","path":"Patient.identifier","sliceName":"a/usual","min":1,"max":"1"},
           {"id":"Patient.identifier:a/usual.system","path":"Patient.identifier.system","min":1,"fixedUri":"urn:x:a"},
           {"id":"Patient.identifier:a/usual.use","path":"Patient.identifier.use","min":1,"fixedCode":"usual"},
           {"id":"Patient.identifier:a/old","path":"Patient.identifier","sliceName":"a/old","min":0,"max":"2"},
           {"id":"Patient.identifier:a/old.system","path":"Patient.identifier.system","min":1,"fixedUri":"urn:x:a"},
           {"id":"Patient.identifier:a/old.use","path":"Patient.identifier.use","min":1,"fixedCode":"old"}"#,
    );
    let check = |uses: &[&str]| {
        let items: Vec<String> = uses
            .iter()
            .map(|wanted| format!(r#"{{"system":"urn:x:a","use":"{wanted}","value":"1"}}"#))
            .collect();
        codes(
            &validator,
            &patient(&format!(r#""identifier":[{}]"#, items.join(","))),
        )
    };
    assert!(check(&["usual", "old", "old"]).is_empty());
    assert_eq!(check(&["old"]), ["V050"]);
    assert_eq!(check(&["usual", "usual"]), ["V051"]);
    assert_eq!(check(&["usual", "temp"]), ["V052"]);
    // What is in no slice is not sliced again, and the part that must be there is not.
    let other = r#""identifier":[{"system":"urn:x:b","use":"temp","value":"1"}]"#;
    assert_eq!(codes(&validator, &patient(other)), ["V050"]);
    assert_eq!(codes(&validator, &patient(r#""active":true"#)), ["V050"]);
}

#[test]
fn slices_of_slices_are_told_apart_as_the_slices_around_them() {
    let a = |name: &str, rest: &str| {
        format!(
            r#"{{"id":"Patient.identifier:{name}","path":"Patient.identifier","sliceName":"{name}",{rest}}},
               {{"id":"Patient.identifier:{name}.system","path":"Patient.identifier.system","min":1,"fixedUri":"urn:x:a"}}"#
        )
    };
    let used = |name: &str, code: &str| {
        format!(
            r#"{{"id":"Patient.identifier:{name}.use","path":"Patient.identifier.use","min":1,"fixedCode":"{code}"}}"#
        )
    };
    let sliced = |rules: &str, ordered: bool| {
        let elements = [
            format!(
                r#"{{"id":"Patient.identifier","path":"Patient.identifier","slicing":{{"discriminator":[{{"type":"value","path":"system"}},{{"type":"value","path":"use"}}],"rules":"{rules}","ordered":{ordered}}}}}"#
            ),
            a("a", r#""min":0,"max":"3""#),
            r#"{"id":"Patient.identifier:a.use","path":"Patient.identifier.use","min":1,"binding":{"strength":"required","valueSet":"http://hl7.org/fhir/ValueSet/identifier-use"}}"#.to_owned(),
            a("a/usual", r#""min":1,"max":"1""#),
            used("a/usual", "usual"),
            r#"{"id":"Patient.identifier:a/usual.value","path":"Patient.identifier.value","min":1}"#.to_owned(),
            a("a/old", r#""min":0,"max":"1""#),
            used("a/old", "old"),
        ];
        profile("Patient", &elements.join(","))
    };
    let item = |wanted: &str| format!(r#"{{"system":"urn:x:a","use":"{wanted}","value":"1"}}"#);
    let check = |validator: &Validator, items: &[String]| {
        codes(
            validator,
            &patient(&format!(r#""identifier":[{}]"#, items.join(","))),
        )
    };
    let uses = |validator: &Validator, wanted: &[&str]| {
        let items: Vec<String> = wanted.iter().map(|wanted| item(wanted)).collect();
        check(validator, &items)
    };
    let none: [&str; 0] = [];
    let open = sliced("open", false);
    assert_eq!(uses(&open, &["usual"]), none);
    assert_eq!(uses(&open, &["old", "usual"]), none);
    // In the slice, and in none of its parts.
    assert_eq!(uses(&open, &["temp", "usual", "secondary"]), none);
    assert_eq!(uses(&open, &["old"]), ["V050"]);
    assert_eq!(uses(&open, &["usual", "usual"]), ["V051"]);
    assert_eq!(uses(&open, &["usual", "old", "old"]), ["V051"]);
    // What counts in a part counts in the slice.
    assert_eq!(uses(&open, &["usual", "old", "temp", "temp"]), ["V051"]);
    // The part's own children.
    let no_value = r#"{"system":"urn:x:a","use":"usual"}"#.to_owned();
    assert_eq!(check(&open, &[no_value]), ["V015"]);
    let no_value = r#"{"system":"urn:x:a","use":"old"}"#.to_owned();
    assert_eq!(check(&open, &[no_value, item("usual")]), none);
    // Nothing of the slice at all.
    let other = r#"{"system":"urn:x:b","use":"usual","value":"1"}"#.to_owned();
    assert_eq!(check(&open, std::slice::from_ref(&other)), ["V050"]);
    assert_eq!(check(&open, &[other.clone(), item("usual")]), none);
    assert_eq!(codes(&open, &patient(r#""active":true"#)), ["V050"]);
    // A closed slicing is closed to what is in no slice, not to what is in no part of one.
    let closed = sliced("closed", true);
    assert_eq!(uses(&closed, &["usual", "temp"]), none);
    assert_eq!(check(&closed, &[item("usual"), other]), ["V052"]);
    assert_eq!(uses(&closed, &["old", "usual"]), ["V053"]);
}

#[test]
fn by_what_a_reference_leads_to() {
    let validator = profile(
        "Observation",
        r#"{"id":"Observation.performer","path":"Observation.performer","slicing":{"discriminator":[{"type":"type","path":"resolve()"}],"rules":"open"}},
           {"id":"Observation.performer:person","path":"Observation.performer","sliceName":"person","min":1,"max":"1","type":[{"code":"Reference","targetProfile":["http://hl7.org/fhir/StructureDefinition/Practitioner"]}]}"#,
    );
    let by = |performers: &str| {
        codes(
            &validator,
            &format!(
                r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"performer":[{performers}]}}"#
            ),
        )
    };
    assert!(by(r#"{"reference":"Practitioner/1"},{"reference":"Organization/1"}"#).is_empty());
    assert_eq!(by(r#"{"reference":"Organization/1"}"#), ["V050"]);

    let validator = profile(
        "Observation",
        r#"{"id":"Observation.hasMember","path":"Observation.hasMember","slicing":{"discriminator":[{"type":"profile","path":"resolve()"}],"rules":"closed"}},
           {"id":"Observation.hasMember:uk","path":"Observation.hasMember","sliceName":"uk","min":0,"max":"*","type":[{"code":"Reference","targetProfile":["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Observation"]}]}"#,
    );
    let contained = |subject: &str| {
        codes(
            &validator,
            &format!(
                r##"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},"hasMember":[{{"reference":"#m"}}],
                "contained":[{{"resourceType":"Observation","id":"m","status":"final","code":{{"text":"x"}}{subject}}}]}}"##
            ),
        )
    };
    assert!(contained("").is_empty());
    // A member that breaks its own type meets no profile of it.
    assert!(contained(r#","referenceRange":[{}]"#).contains(&"V052".to_owned()));
}

#[test]
fn what_all_types_of_a_choice_share() {
    let validator = profile(
        "Observation",
        r#"{"id":"Observation.value[x]","path":"Observation.value[x]","type":[{"code":"Quantity"},{"code":"CodeableConcept"}]},
           {"id":"Observation.value[x].extension","path":"Observation.value[x].extension","max":"0"}"#,
    );
    let by = |value: &str| {
        codes(
            &validator,
            &format!(
                r#"{{"resourceType":"Observation","status":"final","code":{{"text":"x"}},{value}}}"#
            ),
        )
    };
    let extension = r#""extension":[{"url":"https://example.org/none","valueString":"x"}]"#;
    assert!(by(r#""valueQuantity":{"value":1}"#).is_empty());
    assert!(by(r#""valueCodeableConcept":{"text":"x"}"#).is_empty());
    assert_eq!(
        by(&format!(r#""valueQuantity":{{"value":1,{extension}}}"#)),
        ["V016"]
    );
    assert_eq!(
        by(&format!(
            r#""valueCodeableConcept":{{"text":"x",{extension}}}"#
        )),
        ["V016"]
    );
    assert_eq!(by(r#""valueString":"x""#), ["V013"]);
}
