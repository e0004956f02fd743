//! `causeway terminology` and `causeway validate --terminology-server`, run as a user runs them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod harness;

use std::fs;
use std::io::{Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::sync::{Arc, Mutex};

use harness::{causeway, causeway_with_input};
use serde_json::Value;

/// Identifiers of concepts with right check digits, and nothing else of SNOMED CT.
const PARENT: &str = "404684003";
const CHILD: &str = "73211009";
const OTHER: &str = "716186003";

/// A condition with a code of SNOMED CT.
fn condition(code: &str) -> String {
    format!(
        r#"{{"resourceType":"Condition","id":"c","meta":{{"profile":["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Condition"]}},"clinicalStatus":{{"coding":[{{"system":"http://terminology.hl7.org/CodeSystem/condition-clinical","code":"active"}}]}},"subject":{{"reference":"Patient/p","identifier":{{"system":"https://fhir.nhs.uk/Id/nhs-number","value":"9990000018"}}}},"code":{{"coding":[{{"system":"http://snomed.info/sct","code":"{code}","display":"Mrs Smith has it"}}]}}}}"#
    )
}

fn codes(out: &str) -> Vec<String> {
    let line: Value =
        serde_json::from_str(out.trim()).unwrap_or_else(|error| panic!("{error}: {out}"));
    let issues = line["issues"].as_array().unwrap().iter();
    issues
        .map(|issue| issue["code"].as_str().unwrap().to_owned())
        .collect()
}

fn validate(code: &str, further: &[&str]) -> Vec<String> {
    let mut arguments = vec!["validate", "--format", "json"];
    arguments.extend(further);
    arguments.push("-");
    codes(&causeway_with_input(&arguments, condition(code).as_bytes()).out)
}

fn release(folder: &Path) {
    fs::write(
        folder.join("sct2_Concept_XSnapshot_GB_20260101.txt"),
        format!(
            "id\teffectiveTime\tactive\tmoduleId\tdefinitionStatusId\n{PARENT}\t20260101\t1\t1\t1\n\
             {CHILD}\t20260101\t1\t1\t1\n"
        ),
    )
    .unwrap();
    fs::write(
        folder.join("sct2_Relationship_XSnapshot_GB_20260101.txt"),
        format!(
            "id\teffectiveTime\tactive\tmoduleId\tsourceId\tdestinationId\trelationshipGroup\t\
             typeId\tcharacteristicTypeId\tmodifierId\n\
             1\t20260101\t1\t1\t{CHILD}\t{PARENT}\t0\t116680003\t1\t1\n"
        ),
    )
    .unwrap();
}

#[test]
fn a_release_that_a_site_adds_decides_its_codes() {
    let folder = tempfile::tempdir().unwrap();
    let source = folder.path().join("source");
    fs::create_dir(&source).unwrap();
    release(&source);
    let kept = folder.path().join("kept");
    let kept_text = kept.display().to_string();
    let config = folder.path().join("causeway.toml");
    fs::write(&config, "[terminology]\nreleases = \"kept\"\n").unwrap();
    let config = config.display().to_string();

    // Before, a code that exists cannot be told from one that does not.
    for code in [CHILD, OTHER] {
        let found = validate(code, &["--config", &config]);
        assert!(found.iter().any(|code| code == "V043"), "{found:?}");
    }
    let added = causeway(&[
        "terminology",
        "add",
        "--folder",
        &kept_text,
        &source.display().to_string(),
    ]);
    assert_eq!(added.code, 0, "{}", added.err);
    assert!(added.out.contains("snomed-ct"), "{}", added.out);
    let listed = causeway(&[
        "terminology",
        "list",
        "--folder",
        &kept_text,
        "--format",
        "json",
    ]);
    let line: Value = serde_json::from_str(listed.out.trim()).unwrap();
    assert_eq!(line["codes"], 2);
    assert_eq!(line["version"], "20260101");

    let found = validate(CHILD, &["--config", &config]);
    assert!(
        !found.iter().any(|code| matches!(&**code, "V042" | "V043")),
        "{found:?}"
    );
    let found = validate(OTHER, &["--config", &config]);
    assert!(found.iter().any(|code| code == "V042"), "{found:?}");
    assert!(!found.iter().any(|code| code == "V043"), "{found:?}");

    let removed = causeway(&["terminology", "remove", "snomed-ct", "--folder", &kept_text]);
    assert_eq!(removed.code, 0, "{}", removed.err);
    let again = causeway(&["terminology", "remove", "snomed-ct", "--folder", &kept_text]);
    assert_eq!(again.code, 2);
    let nothing = causeway(&["terminology", "add", "--folder", &kept_text, &config]);
    assert_eq!(nothing.code, 2);
    assert!(nothing.err.contains("T003"), "{}", nothing.err);
}

/// A terminology server that says no to everything, and keeps what it is told.
fn refusing_server() -> (String, Arc<Mutex<String>>) {
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}/fhir", listener.local_addr().unwrap());
    let told: Arc<Mutex<String>> = Arc::default();
    let kept = Arc::clone(&told);
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            let Ok(mut stream) = stream else { return };
            let request = read_request(&mut stream);
            let code = [CHILD, OTHER, PARENT]
                .into_iter()
                .find(|code| request.contains(code))
                .unwrap_or("none");
            kept.lock().unwrap().push_str(&request);
            let body = if request.contains("$validate-code HTTP") {
                format!(
                    r#"{{"resourceType":"Parameters","parameter":[{{"name":"result","valueBoolean":false}},{{"name":"code","valueCode":"{code}"}},{{"name":"system","valueUri":"http://snomed.info/sct"}}]}}"#
                )
            } else {
                r#"{"resourceType":"OperationOutcome","issue":[]}"#.to_owned()
            };
            let answer = format!(
                "HTTP/1.1 200 OK\r\ncontent-type: application/fhir+json\r\ncontent-length: {}\r\n\
                 connection: close\r\n\r\n{body}",
                body.len()
            );
            let _ = stream.write_all(answer.as_bytes());
        }
    });
    (url, told)
}

fn read_request(stream: &mut TcpStream) -> String {
    let mut text = Vec::new();
    let mut buffer = [0; 4096];
    while let Ok(count) = stream.read(&mut buffer) {
        text.extend_from_slice(&buffer[..count]);
        let so_far = String::from_utf8_lossy(&text).into_owned();
        let length = so_far
            .to_ascii_lowercase()
            .split_once("content-length: ")
            .and_then(|(_, rest)| rest.split("\r\n").next()?.parse::<usize>().ok());
        if let (Some(length), Some((_, body))) = (length, so_far.split_once("\r\n\r\n"))
            && body.len() >= length
        {
            break;
        }
        if count == 0 {
            break;
        }
    }
    String::from_utf8_lossy(&text).into_owned()
}

#[test]
fn cs_22_a_server_decides_codes_and_learns_of_nobody() {
    let (url, told) = refusing_server();
    let found = validate(CHILD, &["--terminology-server", &url]);
    assert!(found.iter().any(|code| code == "V042"), "{found:?}");
    let told = told.lock().unwrap();
    assert!(told.contains(CHILD));
    for personal in ["9990000018", "Mrs Smith", "Patient", "Condition.code"] {
        assert!(!told.contains(personal), "{personal}: {told}");
    }
}

#[test]
fn a_server_that_is_not_there_leaves_codes_unchecked() {
    let found = validate(CHILD, &["--terminology-server", "http://127.0.0.1:9/fhir"]);
    assert!(found.iter().any(|code| code == "V043"), "{found:?}");
    let bad = causeway_with_input(
        &[
            "validate",
            "--terminology-server",
            "http://tx.example.org",
            "-",
        ],
        condition(CHILD).as_bytes(),
    );
    assert_eq!(bad.code, 2);
    assert!(bad.err.contains("https"), "{}", bad.err);
}
