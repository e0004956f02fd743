//! References, Bundles, contained resources, contexts: what must agree across a resource.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use support::{DOCUMENT, VALIDATOR, errors, parse, set, sound, with_definition};
use validation::Validator;

fn told(text: &str) -> Vec<String> {
    by(&VALIDATOR, text)
}

fn by(validator: &Validator, text: &str) -> Vec<String> {
    let issues = validator.validate(&parse(text), &[]);
    sound(&issues);
    issues
        .iter()
        .filter(|issue| issue.is_error())
        .map(|issue| format!("{} {}", issue.code, issue.element.as_deref().unwrap()))
        .collect()
}

#[test]
fn a_target_that_is_here_meets_the_target_profile() {
    let validator = with_definition(
        r#"{"resourceType":"StructureDefinition","id":"p","url":"https://example.org/p","name":"P","status":"active","kind":"resource","abstract":false,"type":"Patient","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Patient","derivation":"constraint",
        "differential":{"element":[{"id":"Patient","path":"Patient"},{"id":"Patient.managingOrganization","path":"Patient.managingOrganization","type":[{"code":"Reference","targetProfile":["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Organization"]}]}]}}"#,
    );
    // UK Core's organisation has a value beside the system of its code.
    let full = r#","value":"A1001""#;
    let contained = |value: &str| {
        format!(
            r##"{{"resourceType":"Patient","meta":{{"profile":["https://example.org/p"]}},"managingOrganization":{{"reference":"#o"}},
            "contained":[{{"resourceType":"Organization","id":"o","name":"Home","identifier":[{{"system":"https://fhir.nhs.uk/Id/ods-organization-code"{value}}}]}}]}}"##
        )
    };
    assert!(by(&validator, &contained(full)).is_empty());
    assert_eq!(
        by(&validator, &contained("")),
        ["V073 Patient.managingOrganization"]
    );
    let bundled = |value: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"collection","entry":[
            {{"fullUrl":"urn:x:1","resource":{{"resourceType":"Patient","meta":{{"profile":["https://example.org/p"]}},"managingOrganization":{{"reference":"urn:x:2"}}}}}},
            {{"fullUrl":"urn:x:2","resource":{{"resourceType":"Organization","name":"Home","identifier":[{{"system":"https://fhir.nhs.uk/Id/ods-organization-code"{value}}}]}}}}]}}"#
        )
    };
    assert!(by(&validator, &bundled(full)).is_empty());
    assert_eq!(
        by(&validator, &bundled("")),
        ["V073 Bundle.entry[0].resource.managingOrganization"]
    );
}

#[test]
fn references_in_a_bundle_lead_by_full_urls() {
    let bundle = |reference: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"collection","entry":[
            {{"fullUrl":"https://example.org/fhir/Observation/o","resource":{{"resourceType":"Observation","id":"o","status":"final","code":{{"text":"x"}},"subject":{{"reference":"{reference}"}}}}}},
            {{"fullUrl":"https://example.org/fhir/Patient/p","resource":{{"resourceType":"Patient","id":"p"}}}},
            {{"fullUrl":"urn:uuid:2b4c2a0e-4d2f-4f0e-9d8e-0a6f3f0b2c11","resource":{{"resourceType":"Appointment","status":"proposed","participant":[{{"status":"accepted","type":[{{"text":"x"}}]}}]}}}}]}}"#
        )
    };
    for fine in [
        "Patient/p",
        "https://example.org/fhir/Patient/p",
        "Patient/elsewhere",
    ] {
        assert!(told(&bundle(fine)).is_empty(), "{fine}");
    }
    // A urn says no type: what it leads to does.
    let subject = "V070 Bundle.entry[0].resource.subject";
    assert_eq!(
        told(&bundle("urn:uuid:2b4c2a0e-4d2f-4f0e-9d8e-0a6f3f0b2c11")),
        [subject]
    );
    assert_eq!(told(&bundle("Appointment/a")), [subject]);
    assert_eq!(
        told(&bundle("a b")),
        ["V071 Bundle.entry[0].resource.subject.reference"]
    );
}

#[test]
fn every_entry_has_the_full_url_of_its_resource() {
    let bundle = |kind: &str, entry: &str| {
        format!(r#"{{"resourceType":"Bundle","type":"{kind}","entry":[{entry}]}}"#)
    };
    let resource = r#""resource":{"resourceType":"Patient","id":"p"}"#;
    let with = |url: &str| format!(r#"{{"fullUrl":"{url}",{resource}}}"#);
    for (kind, entry, expected) in [
        (
            "collection",
            format!("{{{resource}}}"),
            "V091 Bundle.entry[0]",
        ),
        (
            "collection",
            with("relative"),
            "V091 Bundle.entry[0].fullUrl",
        ),
        (
            "searchset",
            with("Patient/p"),
            "V091 Bundle.entry[0].fullUrl",
        ),
        (
            "collection",
            with("https://example.org/Patient/q"),
            "V091 Bundle.entry[0].fullUrl",
        ),
        (
            "collection",
            with("https://example.org/Device/p"),
            "V091 Bundle.entry[0].fullUrl",
        ),
    ] {
        assert_eq!(told(&bundle(kind, &entry)), [expected], "{entry}");
    }
    assert!(
        told(&bundle(
            "collection",
            &with("https://example.org/Patient/p")
        ))
        .is_empty()
    );
    let asked = format!(r#"{{{resource},"request":{{"method":"POST","url":"Patient"}}}}"#);
    assert!(told(&bundle("transaction", &asked)).is_empty());
}

#[test]
fn a_document_holds_what_belongs_to_it_and_nothing_else() {
    let document = parse(DOCUMENT);
    assert!(errors(&document, &[]).is_empty());

    let mut lost = document.clone();
    set(
        &mut lost,
        "/entry/0/resource/subject",
        Some(parse(r#"{"reference":"Patient/nowhere"}"#)),
    );
    let codes: Vec<String> = errors(&lost, &[])
        .iter()
        .map(|issue| format!("{} {}", issue.code, issue.element.as_deref().unwrap()))
        .collect();
    assert_eq!(
        codes,
        [
            "V071 Bundle.entry[0].resource.subject",
            "V093 Bundle.entry[1]"
        ]
    );

    let mut paged = document;
    set(
        &mut paged,
        "/link",
        Some(parse(
            r#"[{"relation":"next","url":"https://example.org/2"}]"#,
        )),
    );
    assert_eq!(errors(&paged, &[])[0].code, "V092");
    assert_eq!(
        told(
            r#"{"resourceType":"Bundle","type":"document","identifier":{"system":"urn:x:1","value":"1"},"timestamp":"2024-05-01T10:00:00Z"}"#
        ),
        ["V090 Bundle", "V092 Bundle"]
    );
}

#[test]
fn ids_and_links_inside_a_resource() {
    assert_eq!(
        told(r#"{"resourceType":"Patient","name":[{"id":"a","text":"x"},{"id":"a","text":"y"}]}"#),
        ["V094 Patient.name[1].id"]
    );
    let narrative = |target: &str| {
        format!(
            r##"{{"resourceType":"Patient","name":[{{"id":"a","text":"x"}}],"text":{{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><a name=\"here\">x</a><a href=\"#{target}\">y</a></div>"}}}}"##
        )
    };
    assert!(told(&narrative("here")).is_empty());
    assert!(told(&narrative("a")).is_empty());
    assert_eq!(told(&narrative("nowhere")), ["V071 Patient.text.div"]);
    assert_eq!(
        told(
            r#"{"resourceType":"CarePlan","status":"active","intent":"plan","subject":{"display":"x"},"instantiatesCanonical":["PlanDefinition/1"]}"#
        ),
        ["V026 CarePlan.instantiatesCanonical[0]"]
    );
}

#[test]
fn an_extension_stands_where_its_contexts_say() {
    let extension = |context: &str, more: &str| {
        with_definition(&format!(
            r#"{{"resourceType":"StructureDefinition","id":"e","url":"https://example.org/e","name":"E","status":"active","kind":"complex-type","abstract":false,"type":"Extension","baseDefinition":"http://hl7.org/fhir/StructureDefinition/Extension","derivation":"constraint","context":[{context}]{more},
            "differential":{{"element":[{{"id":"Extension","path":"Extension"}},{{"id":"Extension.url","path":"Extension.url","fixedUri":"https://example.org/e"}},{{"id":"Extension.value[x]","path":"Extension.value[x]","min":1,"type":[{{"code":"string"}}]}}]}}}}"#
        ))
    };
    let own = r#"{"url":"https://example.org/e","valueString":"x"}"#;
    let on_phone = format!(
        r#"{{"resourceType":"Patient","telecom":[{{"system":"phone","value":"1","extension":[{own}]}}]}}"#
    );
    let on_fax = on_phone.replace("phone", "fax");
    let on_patient = format!(r#"{{"resourceType":"Patient","extension":[{own}]}}"#);

    let by_path = extension(
        r#"{"type":"fhirpath","expression":"Patient.telecom.where(system = 'phone')"}"#,
        "",
    );
    assert!(by(&by_path, &on_phone).is_empty());
    assert_eq!(
        by(&by_path, &on_fax),
        ["V061 Patient.telecom[0].extension[0]"]
    );
    assert_eq!(by(&by_path, &on_patient), ["V061 Patient.extension[0]"]);

    let by_invariant = extension(
        r#"{"type":"element","expression":"ContactPoint"}"#,
        r#","contextInvariant":["system = 'fax'"]"#,
    );
    assert!(by(&by_invariant, &on_fax).is_empty());
    assert_eq!(
        by(&by_invariant, &on_phone),
        ["V061 Patient.telecom[0].extension[0]"]
    );
    let by_whole_path = extension(
        r#"{"type":"element","expression":"Patient.telecom.system"}"#,
        "",
    );
    let on_system = format!(
        r#"{{"resourceType":"Patient","telecom":[{{"system":"phone","_system":{{"extension":[{own}]}},"value":"1"}}]}}"#
    );
    assert!(by(&by_whole_path, &on_system).is_empty());
    assert_eq!(
        by(&by_whole_path, &on_phone),
        ["V061 Patient.telecom[0].extension[0]"]
    );
}

#[test]
fn a_relative_reference_is_a_type_and_an_id() {
    let observation = |reference: &str| {
        format!(
            r#"{{"resourceType":"Observation","id":"o","status":"final","code":{{"text":"x"}},"subject":{{"reference":"{reference}"}}}}"#
        )
    };
    let bundle = |reference: &str| {
        format!(
            r#"{{"resourceType":"Bundle","type":"collection","entry":[{{"fullUrl":"https://example.org/fhir/Observation/o","resource":{}}}]}}"#,
            observation(reference)
        )
    };
    let warned = |reference: &str| {
        let issues = VALIDATOR.validate(&parse(&observation(reference)), &[]);
        issues.iter().any(|issue| issue.code == "V071")
    };
    for odd in [
        "/Patient/1",
        "Patient",
        "1",
        "../Patient/1",
        "fhir/Patient/1",
        "Patient/1/",
        "Patient/1/_history",
        "patient/1",
    ] {
        assert!(
            told(&bundle(odd))
                .contains(&"V071 Bundle.entry[0].resource.subject.reference".to_owned()),
            "{odd}"
        );
        // Alone, a reader may know what is meant.
        assert_eq!(
            told(&observation(odd))
                .iter()
                .filter(|told| told.starts_with("V071"))
                .count(),
            0,
            "{odd}"
        );
        assert!(warned(odd), "{odd}");
    }
    for good in [
        "Patient/1",
        "Patient/1/_history/2",
        "https://example.org/other/Patient/1",
        "urn:uuid:2b4c2a0e-4d2f-4f0e-9d8e-0a6f3f0b2c11",
        "Patient?identifier=1",
    ] {
        assert_eq!(told(&bundle(good)), [""; 0], "{good}");
        assert!(!warned(good), "{good}");
    }
}
