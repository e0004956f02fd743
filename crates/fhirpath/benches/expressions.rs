//! How long expressions take.
//!
//! `cargo bench -p fhirpath` prints one line an expression: the time to compile it, and to test it
//! once on one thread.
#![allow(clippy::unwrap_used, clippy::expect_used, missing_docs)]

use std::hint::black_box;
use std::time::Instant;

use definitions::Definitions;
use fhirpath::{Environment, Model, Plan};

const PATIENT: &str = r##"{"resourceType":"Patient","id":"p","text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Ann Example</p></div>"},
"extension":[{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueAddress":{"city":"Leeds"}}],
"identifier":[{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"},{"use":"usual","system":"https://example.org/person","value":"P-1","period":{"start":"2020-01-01","end":"2024-01-01"}}],
"active":true,"name":[{"use":"official","family":"Example","given":["Ann","Beth"]},{"use":"nickname","given":["Annie"]}],
"telecom":[{"system":"phone","value":"0113 496 0000","use":"home"},{"system":"email","value":"ann@example.org"}],
"gender":"female","birthDate":"1950-02-28","deceasedBoolean":false,
"address":[{"use":"home","line":["1 High Street"],"city":"Leeds","postalCode":"LS1 1AA"}],
"contact":[{"relationship":[{"coding":[{"system":"http://terminology.hl7.org/CodeSystem/v2-0131","code":"C"}]}],"name":{"family":"Example"}}],
"managingOrganization":{"reference":"#o"},"contained":[{"resourceType":"Organization","id":"o","name":"A"}]}"##;

const EXPRESSIONS: &[&str] = &[
    "birthDate",
    "name.given",
    "name.where(use = 'official').given.first()",
    "contact.all(name.exists() or telecom.exists() or address.exists() or organization.exists())",
    "identifier.period.all(start.hasValue().not() or end.hasValue().not() or (start <= end))",
    "contained.contained.empty()",
    "contained.where((('#'+id in (%resource.descendants().reference | %resource.descendants().as(canonical) | %resource.descendants().as(uri) | %resource.descendants().as(url))) or descendants().where(reference = '#').exists() or descendants().where(as(canonical) = '#').exists() or descendants().where(as(canonical) = '#').exists()).not()).trace('unmatched', id).empty()",
    "text.`div`.exists()",
    "telecom.where(system = 'phone').value.matches('^[0-9 ]+$').allTrue()",
    "managingOrganization.resolve().name = 'A'",
    "birthDate <= today()",
    "deceased.exists() and deceased != false",
    "descendants().count()",
];

fn main() {
    let model = Model::new(Definitions::embedded());
    let patient = json::parse(PATIENT.as_bytes()).unwrap();
    let node = model.resource_node(&patient);
    let environment = Environment::new(node);
    for text in EXPRESSIONS {
        let start = Instant::now();
        let plan = Plan::compile(text, "Patient", &model).unwrap();
        let compiled = start.elapsed();
        let rounds = 20_000u32;
        // The shortest of several runs is the one that other programs disturbed least.
        let best = (0..5)
            .map(|_| {
                let start = Instant::now();
                for _ in 0..rounds {
                    let _ = black_box(plan.evaluate(black_box(node), &environment));
                }
                start.elapsed() / rounds
            })
            .min()
            .unwrap();
        let shown: String = text.chars().take(70).collect();
        println!("{best:>9.1?}  compiled in {compiled:>9.1?}  {shown}");
    }
}
