//! `causeway validate`, run as a user runs it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod harness;

use std::io::{Read as _, Write as _};
use std::path::Path;
use std::process::{Command, Stdio};

use harness::{binary, causeway, causeway_with_input, root};
use serde_json::Value;

const GOOD: &str =
    r#"{"resourceType":"Patient","id":"a","name":[{"family":"Test"}],"gender":"female"}"#;
const BAD: &str = r#"{"resourceType":"Patient","id":"b","gender":"lady","brithDate":"1940-01-01"}"#;

fn lines(out: &str) -> Vec<Value> {
    out.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn json(input: &str) -> Vec<Value> {
    lines(&causeway_with_input(&["validate", "--format", "json", "-"], input.as_bytes()).out)
}

/// The line and column of the first issue with a code.
fn place(line: &Value, code: &str) -> (u64, u64) {
    let issue = line["issues"]
        .as_array()
        .unwrap()
        .iter()
        .find(|issue| issue["code"] == code)
        .unwrap_or_else(|| panic!("no {code} in {line}"));
    (
        issue["line"].as_u64().unwrap(),
        issue["column"].as_u64().unwrap(),
    )
}

#[test]
fn a_line_of_json_for_each_resource_in_order() {
    let input = format!("{GOOD}\n\n{BAD}\nnot json\n{GOOD}");
    let finished = causeway_with_input(&["validate", "--format", "json", "-"], input.as_bytes());
    let lines = lines(&finished.out);
    assert_eq!(lines.len(), 4, "{}", finished.out);
    for line in &lines {
        let keys: Vec<&str> = line
            .as_object()
            .unwrap()
            .keys()
            .map(String::as_str)
            .collect();
        for key in ["source", "line", "resourceType", "id", "valid", "issues"] {
            assert!(keys.contains(&key), "{key}");
        }
        for issue in line["issues"].as_array().unwrap() {
            for key in [
                "severity",
                "code",
                "expression",
                "line",
                "column",
                "message",
            ] {
                assert!(issue.get(key).is_some(), "{key}: {issue}");
            }
            assert!(issue["line"].as_u64() == line["line"].as_u64());
            assert!(issue["column"].as_u64().unwrap() >= 1);
        }
    }
    let told = |index: usize| {
        let line: &Value = &lines[index];
        (
            line["line"].as_u64(),
            line["valid"].as_bool(),
            line["id"].as_str().map(str::to_owned),
        )
    };
    assert_eq!(told(0), (Some(1), Some(true), Some("a".to_owned())));
    assert_eq!(told(1), (Some(3), Some(false), Some("b".to_owned())));
    assert_eq!(told(2), (Some(4), Some(false), None));
    assert_eq!(told(3), (Some(5), Some(true), Some("a".to_owned())));
    assert_eq!(lines[0]["source"], "-");
    assert_eq!(lines[1]["resourceType"], "Patient");
    // `brithDate` begins at its quotation mark.
    assert_eq!(place(&lines[1], "V012"), (3, 52));
    assert_eq!(place(&lines[2], "V001"), (4, 2));
    assert_eq!(
        finished.code, 1,
        "an unreadable line among readable ones is not valid"
    );
}

#[test]
fn the_number_of_threads_changes_nothing() {
    let mut input = String::new();
    for index in 0..3_000 {
        match index % 7 {
            3 => input.push_str(BAD),
            5 => input.push_str("{\"resourceType\":\"Patient\""),
            _ => input.push_str(&GOOD.replace("\"a\"", &format!("\"n{index}\""))),
        }
        input.push('\n');
    }
    let run = |threads: &str| {
        causeway_with_input(
            &["validate", "--format", "json", "--threads", threads, "-"],
            input.as_bytes(),
        )
    };
    let one = run("1");
    assert_eq!(lines(&one.out).len(), 3_000);
    assert_eq!(one.out, run("2").out);
    assert_eq!(one.out, run("7").out);
}

#[test]
fn places_in_json_over_many_lines() {
    let text = r##"{
  "resourceType": "Bundle",
  "type": "collection",
  "entry": [
    {"fullUrl": "urn:uuid:2b4c2a0e-4d2f-4f0e-9d8e-0a6f3f0b2c11", "resource": {
      "resourceType": "Observation",
      "contained": [{"resourceType": "Patient", "id": "p",
        "gender": "é-lady"}],
      "status": "final",
      "code": {"text": "Weight"},
      "subject": {"reference": "#p"},
      "valueQuantity": {"valu": 70},
      "_effectiveDateTime": {"extension": [{"url": "http://example.org/a b", "valueBoolean": true}]}
    }}
  ]
}"##;
    let line = &json(text)[0];
    let of = |expression: &str| {
        let issues = line["issues"].as_array().unwrap();
        let issue = issues
            .iter()
            .find(|issue| issue["expression"] == expression)
            .unwrap_or_else(|| panic!("{expression}: {line}"));
        (
            issue["line"].as_u64().unwrap(),
            issue["column"].as_u64().unwrap(),
        )
    };
    assert_eq!(of("Bundle.entry[0].resource.contained[0].gender"), (8, 9));
    assert_eq!(
        of("Bundle.entry[0].resource.value.ofType(Quantity).valu"),
        (12, 25)
    );
    assert_eq!(
        of("Bundle.entry[0].resource.effective.ofType(dateTime).extension[0].url"),
        (13, 45)
    );
}

#[test]
fn places_in_xml_and_its_own_faults() {
    let text = "<?xml version=\"1.0\"?>\n<Patient xmlns=\"http://hl7.org/fhir\">\n  <!-- é --><gender value=\"lady\"/>\n  <name>\n    <given value=\"A\"/><given value=\"\"/>\n  </name>\n  <deceasedDateTime value=\"soon\"/>\n  <photo strange=\"x\"><title value=\"t\"/></photo>\n  text\n</Patient>\n";
    let line = &json(text)[0];
    assert_eq!(line["valid"], false);
    assert_eq!(place(line, "V040"), (3, 13));
    // name stands behind gender.
    assert_eq!(place(line, "V008"), (4, 3));
    assert_eq!(place(line, "V006"), (8, 3));
    assert_eq!(place(line, "V007"), (8, 48));
    let issues = line["issues"].as_array().unwrap();
    let at = |expression: &str| {
        issues
            .iter()
            .find(|issue| issue["expression"] == expression)
            .map(|issue| {
                (
                    issue["line"].as_u64().unwrap(),
                    issue["column"].as_u64().unwrap(),
                )
            })
    };
    assert_eq!(at("Patient.name[0].given[1]"), Some((5, 23)), "{line}");
    assert_eq!(
        at("Patient.deceased.ofType(dateTime)"),
        Some((7, 3)),
        "{line}"
    );
    for (text, expected) in [
        (
            "<Patient xmlns=\"http://hl7.org/fhir\">\n <id value=\"&x;\"/></Patient>",
            (2, 2),
        ),
        (
            "<!DOCTYPE x>\n<Patient xmlns=\"http://hl7.org/fhir\"/>",
            (1, 1),
        ),
        (
            "<Patient xmlns=\"http://hl7.org/fhir\">\n<id value=\"a\"/>\n",
            (3, 1),
        ),
    ] {
        assert_eq!(place(&json(text)[0], "V002"), expected, "{text}");
    }
    assert_eq!(place(&json("<Patient/>")[0], "V005"), (1, 1));
}

#[test]
fn unreadable_json_is_said_where_it_breaks() {
    for (text, expected) in [
        (
            "{\n \"resourceType\": \"Patient\",\n \"id\": \"a\",\n \"id\": \"b\"\n}",
            (4, 2),
        ),
        ("{\n \"resourceType\": \"Patient\" // no\n}", (2, 28)),
        ("{\n \"resourceType\": \"Patient\"\n} x", (3, 3)),
    ] {
        let finished = causeway_with_input(&["validate", "--format", "json", "-"], text.as_bytes());
        assert_eq!(place(&lines(&finished.out)[0], "V001"), expected, "{text}");
        assert_eq!(finished.code, 2, "nothing at all could be read");
    }
}

#[test]
fn exit_codes() {
    let run = |arguments: &[&str], input: &str| {
        let mut all = vec!["validate"];
        all.extend(arguments);
        causeway_with_input(&all, input.as_bytes()).code
    };
    let warned = r#"{"resourceType":"Patient","id":"a","meta":{"profile":["https://example.org/StructureDefinition/none"]}}"#;
    let coded = r#"{"resourceType":"Condition","id":"a","subject":{"reference":"Patient/a"},"code":{"coding":[{"system":"http://snomed.info/sct","code":"22298006"}]}}"#;
    assert_eq!(run(&["-"], GOOD), 0);
    assert_eq!(run(&["-"], BAD), 1);
    assert_eq!(run(&["-"], &format!("nothing\n{GOOD}\n")), 1);
    assert_eq!(run(&["-"], ""), 2);
    assert_eq!(run(&["-"], "[1,\n"), 2);
    assert_eq!(run(&["no/such/file.json"], ""), 2);
    assert_eq!(run(&["no/such/*.json"], ""), 2);
    assert_eq!(run(&["--profile", "UKCore-Pateint", "-"], GOOD), 2);
    assert_eq!(run(&["--package", "no.such.package@1.0.0", "-"], GOOD), 2);
    assert_eq!(run(&["--threads", "0", "-"], GOOD), 2);
    let clean = GOOD.replace(
        r#""gender""#,
        r#""text":{"status":"generated","div":"<div xmlns=\"http://www.w3.org/1999/xhtml\">Test</div>"},"gender""#,
    );
    assert_eq!(run(&["--fail-on", "information", "-"], &clean), 0);
    assert_eq!(run(&["-"], coded), 0);
    assert_eq!(run(&["--fail-on", "information", "-"], coded), 1);
    let own = causeway_with_input(&["validate", "--format", "json", "-"], warned.as_bytes());
    let severities: Vec<Value> = lines(&own.out)[0]["issues"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| issue["severity"].clone())
        .collect();
    let expected = i32::from(severities.iter().any(|severity| severity != "information"));
    assert_eq!(run(&["--fail-on", "warning", "-"], warned), expected);
    let unknown = causeway(&["validate", "--profile", "UKCore-Pateint", "-"]);
    assert!(unknown.err.contains("UKCore-Patient"), "{}", unknown.err);
}

#[test]
fn files_folders_globs_and_gzip() {
    let folder = tempfile::tempdir().unwrap();
    let at = |name: &str| folder.path().join(name);
    std::fs::create_dir_all(at("in/deep/.hidden")).unwrap();
    std::fs::write(at("in/b.ndjson"), format!("{GOOD}\n{BAD}\n")).unwrap();
    std::fs::write(at("in/a.json"), GOOD).unwrap();
    std::fs::write(
        at("in/deep/c.xml"),
        "<Patient xmlns=\"http://hl7.org/fhir\"><id value=\"c\"/></Patient>",
    )
    .unwrap();
    std::fs::write(at("in/deep/note.txt"), "not FHIR").unwrap();
    std::fs::write(at("in/deep/.hidden/x.json"), BAD).unwrap();
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::fast());
    gzip.write_all(format!("{GOOD}\n{GOOD}\n").as_bytes())
        .unwrap();
    std::fs::write(at("in/deep/d.jsonl.gz"), gzip.finish().unwrap()).unwrap();

    let sources = |arguments: &[&str]| {
        let mut all = vec!["validate", "--format", "json"];
        all.extend(arguments);
        let finished = causeway(&all);
        let sources: Vec<String> = lines(&finished.out)
            .iter()
            .map(|line| {
                let source = line["source"].as_str().unwrap();
                let name = Path::new(source).file_name().unwrap().to_string_lossy();
                format!("{name}:{}:{}", line["line"], line["valid"])
            })
            .collect();
        (finished.code, sources)
    };
    let whole = at("in");
    let expected = [
        "a.json:1:true",
        "b.ndjson:1:true",
        "b.ndjson:2:false",
        "c.xml:1:true",
        "d.jsonl.gz:1:true",
        "d.jsonl.gz:2:true",
    ];
    let (code, found) = sources(&[whole.to_str().unwrap()]);
    assert_eq!(
        (code, found.as_slice()),
        (1, expected.map(str::to_owned).as_slice())
    );
    let glob = at("in/*.json");
    assert_eq!(
        sources(&[glob.to_str().unwrap()]),
        (0, vec!["a.json:1:true".to_owned()])
    );
    let deep = at("in/**/*.gz");
    assert_eq!(sources(&[deep.to_str().unwrap()]).1.len(), 2);
    // The order is that of the arguments.
    let (c, a) = (at("in/deep/c.xml"), at("in/a.json"));
    let (_, found) = sources(&[c.to_str().unwrap(), a.to_str().unwrap()]);
    assert_eq!(found, ["c.xml:1:true", "a.json:1:true"]);
    // A folder in which something can be read is not unusable for what cannot.
    std::fs::write(at("in/broken.json"), "{").unwrap();
    std::fs::write(at("in/empty.json"), "").unwrap();
    let (code, found) = sources(&[whole.to_str().unwrap()]);
    assert_eq!(code, 1);
    assert!(
        found.contains(&"broken.json:1:false".to_owned()),
        "{found:?}"
    );
    assert!(
        found.contains(&"empty.json:1:false".to_owned()),
        "{found:?}"
    );
    let broken = at("in/broken.json");
    assert_eq!(
        sources(&[a.to_str().unwrap(), broken.to_str().unwrap()]).0,
        2
    );
    // A compressed file that is cut off says so.
    let whole = std::fs::read(at("in/deep/d.jsonl.gz")).unwrap();
    std::fs::write(at("cut.ndjson.gz"), &whole[..whole.len() - 4]).unwrap();
    let cut = at("cut.ndjson.gz");
    let (code, found) = sources(&[cut.to_str().unwrap()]);
    assert_eq!(code, 1, "{found:?}");
    assert!(found.last().unwrap().ends_with("false"), "{found:?}");
    // So does a resource that is too large.
    let large = format!(
        "{{\"resourceType\":\"Binary\",\"data\":\"{}\"}}",
        "A".repeat(2 << 20)
    );
    std::fs::write(at("large.ndjson"), format!("{large}\n{GOOD}\n")).unwrap();
    let large = at("large.ndjson");
    let (_, found) = sources(&["--max-resource", "1", large.to_str().unwrap()]);
    assert_eq!(found, ["large.ndjson:1:false", "large.ndjson:2:true"]);
}

#[test]
fn a_whole_document_on_standard_input() {
    let pretty = serde_json::to_string_pretty(&serde_json::from_str::<Value>(GOOD).unwrap());
    let xml = "<Patient xmlns=\"http://hl7.org/fhir\">\n <id value=\"x\"/>\n</Patient>\n";
    for text in [pretty.unwrap().as_str(), xml] {
        let finished = causeway_with_input(&["validate", "--format", "json", "-"], text.as_bytes());
        assert_eq!(finished.code, 0, "{}", finished.out);
        assert_eq!(lines(&finished.out).len(), 1);
    }
    let wrong = "<Patient xmlns=\"http://hl7.org/fhir\"><gender value=\"lady\"/></Patient>";
    let profile = ["validate", "--profile", "UKCore-Patient", "-"];
    assert_eq!(causeway_with_input(&profile, wrong.as_bytes()).code, 1);
    assert_eq!(causeway_with_input(&profile, xml.as_bytes()).code, 0);
}

#[test]
fn text_is_for_people_and_ends_with_a_summary() {
    let input = format!("{BAD}\n{GOOD}\n{BAD}\n{{\n");
    let finished = causeway_with_input(&["validate", "-"], input.as_bytes());
    assert!(
        finished
            .out
            .contains("-:1:52: error V012 Patient.brithDate: "),
        "{}",
        finished.out
    );
    assert!(
        finished.out.contains("birthDate"),
        "the nearest element is named"
    );
    assert!(
        !finished.out.contains('\u{1b}'),
        "no colour where nobody looks on"
    );
    assert!(
        !finished.out.contains("lady"),
        "no value of a record outside a terminal"
    );
    let summary = finished
        .out
        .split_once("3 resources: 1 valid, 2 not valid, 1 could not be read\n");
    let rules: Vec<Vec<&str>> = summary
        .expect("a summary")
        .1
        .lines()
        .map(|line| line.split_whitespace().collect())
        .collect();
    let counts: Vec<u32> = rules.iter().map(|rule| rule[0].parse().unwrap()).collect();
    assert!(counts.is_sorted_by(|a, b| a >= b), "{counts:?}");
    assert!(
        rules
            .iter()
            .any(|rule| rule[2] == "V012" && rule.ends_with(&["2", "resources"]))
    );
    let quiet = causeway_with_input(&["validate", "--quiet", "-"], input.as_bytes());
    assert_eq!((quiet.code, quiet.out.as_str()), (1, ""));
}

/// What is printed as OperationOutcomes is valid FHIR itself.
#[test]
fn an_operation_outcome_for_each_resource() {
    let input = format!("{BAD}\n{GOOD}\nnonsense\n");
    let outcome = ["validate", "--format", "outcome", "-"];
    let finished = causeway_with_input(&outcome, input.as_bytes());
    assert_eq!(finished.code, 1);
    let outcomes = lines(&finished.out);
    assert_eq!(outcomes.len(), 3);
    assert!(
        outcomes
            .iter()
            .all(|outcome| outcome["resourceType"] == "OperationOutcome")
    );
    let severities: Vec<&Value> = outcomes[0]["issue"]
        .as_array()
        .unwrap()
        .iter()
        .map(|issue| &issue["severity"])
        .collect();
    assert!(
        severities.contains(&&Value::from("error")),
        "{severities:?}"
    );
    assert_eq!(outcomes[2]["issue"][0]["location"][0], "Line[3] Col[2]");
    assert!(outcomes[0].to_string().contains("Patient.gender"));
    assert_eq!(outcomes[1]["issue"][0]["severity"], "information");
    let again = causeway_with_input(
        &["validate", "--fail-on", "warning", "-"],
        finished.out.as_bytes(),
    );
    assert_eq!(again.code, 0, "{}", again.out);
}

/// Results come while the input is still open, and a reader that goes away ends the work.
#[test]
fn a_stream_is_answered_as_it_comes() {
    let mut child = Command::new(binary())
        .args(["validate", "--format", "json", "-"])
        .stdin(Stdio::piped())
        .stdout(Stdio::piped())
        .spawn()
        .unwrap();
    let mut input = child.stdin.take().unwrap();
    let mut output = child.stdout.take().unwrap();
    input
        .write_all(format!("{GOOD}\n{BAD}\n").as_bytes())
        .unwrap();
    input.flush().unwrap();
    let mut seen = Vec::new();
    let mut room = [0; 4096];
    while seen.iter().filter(|byte| **byte == b'\n').count() < 2 {
        let count = output.read(&mut room).unwrap();
        assert!(count > 0, "the output ended early");
        seen.extend_from_slice(&room[..count]);
    }
    drop(output);
    // Enough to fill any pipe: the program must notice that nobody reads any more.
    let many = format!("{BAD}\n").repeat(2_000);
    for _ in 0..2_000 {
        if input.write_all(many.as_bytes()).is_err() {
            break;
        }
    }
    drop(input);
    child.wait().unwrap();
}

/// Every code that an author can meet has a row in the documentation, and no row is left over.
#[test]
fn every_code_is_documented() {
    let mut codes = Vec::new();
    for krate in [
        "fhir",
        "validation",
        "definitions",
        "terminology",
        "terminology-server",
    ] {
        collect(&root().join("crates").join(krate).join("src"), &mut codes);
    }
    codes.sort();
    codes.dedup();
    assert!(codes.len() > 60, "{codes:?}");
    let page = std::fs::read_to_string(root().join("docs/validation.md")).unwrap();
    let rows: Vec<&str> = page
        .lines()
        .filter_map(|line| line.strip_prefix("| `"))
        .filter_map(|line| line.split_once('`').map(|(code, _)| code))
        .filter(|code| is_code(code))
        .collect();
    for code in &codes {
        let count = rows.iter().filter(|row| *row == code).count();
        assert_eq!(count, 1, "rows for {code} in docs/validation.md");
    }
    for row in rows {
        assert!(
            codes.iter().any(|code| code == row),
            "{row} is not raised by anything"
        );
    }
    for line in page.lines().filter(|line| {
        let code = line.strip_prefix("| `").and_then(|line| line.get(..4));
        code.is_some_and(is_code)
    }) {
        let cells: Vec<&str> = line.trim_matches('|').split(" | ").collect();
        assert!(
            cells.len() == 4 && cells.iter().all(|cell| !cell.trim().is_empty()),
            "code, meaning, example, mend: {line}"
        );
    }
}

fn is_code(text: &str) -> bool {
    text.len() == 4
        && text.starts_with(['V', 'T', 'D'])
        && text[1..].bytes().all(|byte| byte.is_ascii_digit())
}

/// The values of all constants that are codes.
fn collect(folder: &Path, codes: &mut Vec<String>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            collect(&path, codes);
            continue;
        }
        let text = std::fs::read_to_string(&path).unwrap();
        for line in text
            .lines()
            .filter(|line| line.contains("const ") && line.contains(": &str"))
        {
            let value = line.split('"').nth(1).unwrap_or("");
            if is_code(value) {
                codes.push(value.to_owned());
            }
        }
    }
}
