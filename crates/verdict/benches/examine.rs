//! How many resources a second of processor time are read, validated, their issues placed, and the
//! verdicts written as JSON: the work of `causeway validate` between reading and printing bytes.
//!
//! `cargo bench -p verdict` prints it beside the time to parse the same bytes, as a limit.
#![allow(clippy::unwrap_used, missing_docs)]

use std::hint::black_box;
use std::time::{Duration, Instant};

use definitions::Definitions;
use fhir::{Format, Piece};
use validation::{Model, Validator};
use verdict::Examiner;

const COUNT: usize = 1_000;
const RUNS: usize = 7;

fn main() {
    let examiner = Examiner::new(Validator::embedded(), Model::new(Definitions::embedded()));
    let lines: Vec<String> = (0..COUNT).map(patient).collect();
    let piece = Piece {
        line: 1,
        format: Format::NdJson,
        bytes: lines.join("\n").into_bytes(),
    };
    let mut best = (Duration::MAX, Duration::MAX);
    let mut issues = 0;
    for _ in 0..RUNS {
        let start = processor();
        let mut out = Vec::new();
        issues = 0;
        for verdict in examiner.piece(black_box(&piece)) {
            issues += verdict.findings.len();
            verdict.json("people.ndjson").write(&mut out);
            out.push(b'\n');
        }
        black_box(&out);
        let examined = processor() - start;
        let start = processor();
        for (_, text) in piece.documents() {
            black_box(json::parse(black_box(text)).unwrap());
        }
        best = (best.0.min(examined), best.1.min(processor() - start));
    }
    let each = |time: Duration| time.as_secs_f64() * 1e6 / COUNT as f64;
    println!(
        "Patient of {} bytes, {} issues: {:.1} µs, of which parsing {:.1} µs; {:.0} per CPU s",
        piece.bytes.len() / COUNT,
        issues / COUNT,
        each(best.0),
        each(best.1),
        1e6 / each(best.0)
    );
}

/// A fictional Patient with what a care record usually has.
fn patient(number: usize) -> String {
    let uk = "https://fhir.hl7.org.uk/StructureDefinition";
    let coded = |system: &str, code: &str| {
        format!(r#"{{"coding":[{{"system":"{system}","code":"{code}"}}]}}"#)
    };
    let people = "https://fhir.hl7.org.uk/CodeSystem/UKCore";
    let terms = "http://terminology.hl7.org/CodeSystem";
    [
        format!(r#"{{"resourceType":"Patient","id":"p{number}","meta":{{"profile":["{uk}/UKCore-Patient"],"lastUpdated":"2024-05-01T10:00:00Z","tag":[{{"system":"https://example.org/source","code":"small"}}]}},"#),
        r#""text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\"><p>Ann Beth Example, born 28 February 1950, 1 High Street, Leeds LS1 1AA</p></div>"},"#.to_owned(),
        format!(r#""extension":[{{"url":"{uk}/Extension-UKCore-BirthSex","valueCodeableConcept":{}}},{{"url":"{uk}/Extension-UKCore-EthnicCategory","valueCodeableConcept":{}}},"#, coded(&format!("{terms}/v3-AdministrativeGender"), "F"), coded(&format!("{people}-EthnicCategoryEngland"), "A")),
        format!(r#"{{"url":"{uk}/Extension-UKCore-ResidentialStatus","valueCodeableConcept":{}}},{{"url":"http://hl7.org/fhir/StructureDefinition/patient-birthPlace","valueAddress":{{"city":"Leeds","country":"England"}}}}],"#, coded(&format!("{people}-ResidentialStatus"), "H")),
        format!(r#""identifier":[{{"extension":[{{"url":"{uk}/Extension-UKCore-NHSNumberVerificationStatus","valueCodeableConcept":{}}}],"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}},{{"use":"usual","system":"https://example.org/care/person","value":"P-{number}","period":{{"start":"2020-01-01"}}}}],"#, coded(&format!("{people}-NHSNumberVerificationStatusEngland"), "01")),
        r#""active":true,"name":[{"use":"official","text":"Mrs Ann Beth Example","family":"Example","given":["Ann","Beth"],"prefix":["Mrs"],"period":{"start":"1975-06-01"}},{"use":"nickname","given":["Annie"]}],"#.to_owned(),
        r#""telecom":[{"system":"phone","value":"0113 496 0000","use":"home"},{"system":"phone","value":"07700 900000","use":"mobile","rank":1},{"system":"email","value":"ann@example.org"}],"gender":"female","birthDate":"1950-02-28","deceasedBoolean":false,"#.to_owned(),
        r#""address":[{"use":"home","type":"both","text":"1 High Street, Leeds LS1 1AA","line":["1 High Street","Headingley"],"city":"Leeds","district":"West Yorkshire","postalCode":"LS1 1AA","country":"England","period":{"start":"2010"}}],"#.to_owned(),
        format!(r#""maritalStatus":{},"contact":[{{"relationship":[{}],"name":{{"use":"official","family":"Example","given":["Carl"]}},"telecom":[{{"system":"phone","value":"0113 496 0001"}}],"address":{{"line":["2 High Street"],"city":"Leeds"}},"gender":"male"}}],"#, coded(&format!("{terms}/v3-MaritalStatus"), "M"), coded(&format!("{terms}/v2-0131"), "C")),
        format!(r#""communication":[{{"language":{},"preferred":true}}],"generalPractitioner":[{{"reference":"Organization/gp1","type":"Organization","display":"The Surgery"}}],"managingOrganization":{{"reference":"Organization/home1"}}}}"#, coded("urn:ietf:bcp:47", "en-GB")),
    ]
    .concat()
}

/// How long this thread has run, as Linux counts it; elsewhere, time on the wall.
fn processor() -> Duration {
    static START: std::sync::OnceLock<Instant> = std::sync::OnceLock::new();
    std::fs::read_to_string("/proc/thread-self/schedstat")
        .ok()
        .and_then(|text| text.split_whitespace().next()?.parse().ok())
        .map_or_else(
            || START.get_or_init(Instant::now).elapsed(),
            Duration::from_nanos,
        )
}
