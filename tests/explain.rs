//! `causeway explain`, and what `causeway test` writes for other tools, run as a user runs them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing
)]

mod harness;

use harness::{Finished, causeway, copy_folder, root};
use serde_json::Value;

const CASE: &str = "mappings/cld-r1/tests/four-events/input.csv";

fn lines(text: &str) -> Vec<Value> {
    text.lines()
        .map(|line| serde_json::from_str(line).unwrap_or_else(|error| panic!("{error}: {line}")))
        .collect()
}

fn explain(arguments: &[&str]) -> Finished {
    let mut all = vec!["explain"];
    all.extend(arguments);
    causeway(&all)
}

/// The id of the one Patient that the case makes.
fn patient() -> String {
    let ran = explain(&[
        "--mapping",
        "cld-r1",
        CASE,
        "--resource",
        "Patient",
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    lines(&ran.out)[0]["resource"].as_str().unwrap().to_owned()
}

#[test]
fn a_resource_is_explained_by_line_and_cell() {
    let name = patient();
    let ran = explain(&["--mapping", "cld-r1", CASE, "--resource", &name]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let file = std::fs::read_to_string(root().join(CASE)).unwrap();
    let mapping = std::fs::read_to_string(root().join("mappings/cld-r1/mapping.yaml")).unwrap();
    let rule = mapping
        .lines()
        .position(|line| line == "  Patient:")
        .unwrap()
        + 1;
    let head = ran.out.lines().next().unwrap();
    assert!(head.starts_with(&name), "{head}");
    assert!(head.contains(&format!("mapping.yaml:{rule}:")), "{head}");
    // The value, then the cell with its row and what it holds there.
    assert!(
        ran.out.contains("Patient.birthDate: 1938-02-14"),
        "{}",
        ran.out
    );
    assert!(
        ran.out
            .contains("input.csv, row 6, column Date of Birth: 14/02/1938"),
        "{}",
        ran.out
    );
    assert!(file.lines().nth(5).unwrap().contains("14/02/1938"));
    assert!(!ran.out.contains("Observation/"), "{}", ran.out);
}

#[test]
fn json_has_each_element_with_its_mapping_line_and_cells() {
    let ran = explain(&[
        "--mapping",
        "cld-r1",
        CASE,
        "--resource",
        &patient(),
        "--format",
        "json",
    ]);
    let all = lines(&ran.out);
    assert_eq!(all.len(), 1);
    let explained = &all[0];
    assert_eq!(explained["outcome"], "made");
    assert_eq!(explained["rule"], "Patient");
    assert_eq!(explained["record"]["row"], 6);
    let of = |path: &str| -> &Value {
        let elements = explained["elements"].as_array().unwrap();
        elements
            .iter()
            .find(|it| it["path"] == path)
            .unwrap_or_else(|| panic!("{path}"))
    };
    let family = of("Patient.name[0].family");
    assert_eq!(family["value"], "Testwood");
    assert!(family["mapping"]["line"].as_u64().unwrap() > 1);
    assert_eq!(family["from"][0]["how"], "cell");
    assert_eq!(family["from"][0]["input"]["file"], "input.csv");
    assert_eq!(family["from"][0]["input"]["row"], 6);
    assert_eq!(family["from"][0]["input"]["column"], "Last Name");
    assert_eq!(family["from"][0]["value"], "Testwood");
    let hows = |path: &str| -> Vec<&str> {
        let from = of(path)["from"].as_array().unwrap();
        from.iter().map(|it| it["how"].as_str().unwrap()).collect()
    };
    assert_eq!(hows("Patient.identifier[0].system"), ["profile"]);
    assert_eq!(hows("Patient.name[0].use"), ["constant"]);
    assert_eq!(hows("Patient.id")[0], "engine");
    assert!(hows("Patient.gender").contains(&"codeRow"));
    assert!(
        explained["decisions"]
            .as_array()
            .unwrap()
            .iter()
            .any(|it| it["asked"] == "when"),
        "{explained:#}"
    );
}

#[test]
fn a_workbook_and_a_document_name_sheet_and_pointer() {
    let book = "mappings/generic-carehome-xlsx/tests/mar-atlas/input.xlsx";
    let ran = explain(&[
        "--mapping",
        "generic-carehome-xlsx",
        book,
        "--resource",
        "Patient",
    ]);
    assert!(ran.out.contains("sheet Residents, row "), "{}", ran.out);
    let document = "mappings/mods-json/tests/whole-document/input.ndjson";
    let ran = explain(&["--mapping", "mods-json", document, "--resource", "Patient"]);
    assert!(
        ran.out.contains("at /subjectOfCare/name/family"),
        "{}",
        ran.out
    );
}

#[test]
fn what_was_not_made_says_why() {
    // Everything of a row, also the rules that made nothing of it.
    let ran = explain(&[
        "--mapping",
        "cld-r1",
        CASE,
        "--row",
        "2",
        "--format",
        "json",
    ]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    let all = lines(&ran.out);
    let task = all
        .iter()
        .find(|it| it["rule"] == "Task.review")
        .expect("it is told");
    assert_eq!(
        (&task["outcome"], &task["reason"]),
        (&"passedOver".into(), &"when".into())
    );
    let asked = &task["decisions"][0];
    assert_eq!(
        (&asked["asked"], &asked["answer"]),
        (&"when".into(), &"false".into())
    );
    assert_eq!(asked["by"][0]["input"]["column"], "Event Type");
    assert!(all.iter().any(|it| it["outcome"] == "made"));
    assert!(
        all.iter()
            .all(|it| it["record"]["row"] == 2 || it["outcome"] == "issue"),
        "{all:#?}"
    );

    // What was held back names its rule and its issue.
    let held = "mappings/cld-r1/tests/held-back/input.csv";
    let ran = explain(&["--mapping", "cld-r1", held]);
    assert!(ran.out.contains("NOT MADE: rule "), "{}", ran.out);
    assert!(ran.out.contains("[M10"), "{}", ran.out);
}

#[test]
fn an_id_that_is_not_there_gets_an_answer_that_helps() {
    let ran = explain(&["--mapping", "cld-r1", CASE, "--resource", "Patient/nobody"]);
    assert_eq!(ran.code, 1);
    for said in [
        "Patient/nobody",
        "rule Patient: 1 made",
        "--organisation LOCAL",
        "--row",
    ] {
        assert!(ran.out.contains(said), "{said}: {}", ran.out);
    }
    let ran = explain(&["--mapping", "cld-r1", CASE, "--resource", "Device/d1"]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("makes no Device"), "{}", ran.out);
    let ran = explain(&[
        "--mapping",
        "cld-r1",
        CASE,
        "--resource",
        "ServiceRequest/x",
        "--format",
        "json",
    ]);
    let told = &lines(&ran.out)[0];
    assert_eq!(told["outcome"], "notFound");
    assert_eq!(told["rules"][0]["rule"], "ServiceRequest");
    // Which condition kept the other records from it, and where the mapping writes it.
    let passed = &told["rules"][0]["passedOver"][0];
    assert!(passed["records"].as_u64().unwrap() > 0, "{told:#}");
    assert!(
        passed["mapping"]
            .as_str()
            .unwrap()
            .starts_with("mapping.yaml:"),
        "{told:#}"
    );
    // Another organisation's ids are other ids.
    let ran = explain(&[
        "--mapping",
        "cld-r1",
        CASE,
        "--resource",
        &patient(),
        "--organisation",
        "A1001",
    ]);
    assert_eq!(ran.code, 1);
}

#[test]
fn arguments_and_inputs_that_cannot_be_used() {
    assert_eq!(
        explain(&["--mapping", "cld-r1", CASE, "--resource", "Patient/"]).code,
        2
    );
    assert_eq!(
        explain(&["--mapping", "cld-r1", CASE, "--resource", ""]).code,
        2
    );
    assert_eq!(explain(&["--mapping", "cld-r1", "no-such.csv"]).code, 4);
    assert_eq!(explain(&["--mapping", "cld-r1", "Cargo.toml"]).code, 4);
}

#[test]
fn cs_22_a_denied_cell_is_not_printed() {
    let folder = tempfile::tempdir().unwrap();
    let text = std::fs::read_to_string(root().join(CASE)).unwrap();
    let mut rows = text
        .lines()
        .map(|line| line.split(',').map(str::to_owned).collect::<Vec<_>>());
    let header = rows.next().unwrap();
    let secret = header.iter().position(|it| it == "Unit Cost").unwrap();
    let mut out = header.join(",");
    for mut row in rows {
        row[secret] = "SECRET-7734".to_owned();
        out.push('\n');
        out.push_str(&row.join(","));
    }
    let file = folder.path().join("input.csv");
    std::fs::write(&file, out).unwrap();
    for format in ["text", "json"] {
        let ran = explain(&[
            "--mapping",
            "cld-r1",
            file.to_str().unwrap(),
            "--format",
            format,
        ]);
        assert_eq!(ran.code, 0, "{}", ran.err);
        assert!(ran.out.contains("Testwood"));
        assert!(!ran.out.contains("SECRET-7734") && !ran.err.contains("SECRET-7734"));
    }
}

/// A copy of a shipped mapping, one of whose expectations is not what is made.
fn broken() -> (tempfile::TempDir, std::path::PathBuf) {
    let folder = tempfile::tempdir().unwrap();
    copy_folder(&root().join("mappings"), &folder.path().join("mappings"));
    let mappings = folder.path().join("mappings");
    let expected = mappings.join("cld-r1/tests/four-events/expected.ndjson");
    let text = std::fs::read_to_string(&expected).unwrap();
    std::fs::write(
        &expected,
        text.replace("\"Testwood\"", "\"<Test> & \\u0001wood\""),
    )
    .unwrap();
    (folder, mappings)
}

#[test]
fn junit_is_xml_with_a_suite_for_each_mapping_and_the_diff_in_it() {
    let (folder, mappings) = broken();
    let file = folder.path().join("junit.xml");
    let ran = causeway(&[
        "test",
        mappings.to_str().unwrap(),
        "--junit",
        file.to_str().unwrap(),
    ]);
    assert_eq!(ran.code, 1, "{}", ran.err);
    let text = std::fs::read_to_string(&file).unwrap();
    let mut reader = quick_xml::Reader::from_str(&text);
    let (mut suites, mut cases, mut failures) = (Vec::new(), 0, String::new());
    let mut inside = false;
    loop {
        use quick_xml::events::Event;
        let event = reader.read_event().expect("it is XML");
        match event {
            Event::Start(tag) | Event::Empty(tag) => match tag.name().as_ref() {
                "testsuite" => {
                    let name = tag.try_get_attribute("name").unwrap().unwrap();
                    suites.push(name.value.to_string());
                    let totals = tag.try_get_attribute("failures").unwrap().unwrap();
                    let wanted = if suites.last().unwrap() == "cld-r1" {
                        "1"
                    } else {
                        "0"
                    };
                    assert_eq!(&*totals.value, wanted, "{suites:?}");
                }
                "testcase" => {
                    cases += 1;
                    let time = tag.try_get_attribute("time").unwrap().unwrap();
                    let time = time.value.to_string();
                    assert!(time.parse::<f64>().unwrap() >= 0.0);
                }
                "failure" => inside = true,
                _ => {}
            },
            Event::Text(words) if inside => failures.push_str(&words),
            Event::GeneralRef(name) if inside => {
                failures.push_str(match &*name {
                    "lt" => "<",
                    "gt" => ">",
                    "amp" => "&",
                    "quot" => "\"",
                    "apos" => "'",
                    other => panic!("{other:?}"),
                });
            }
            Event::End(tag) if tag.name().as_ref() == "failure" => inside = false,
            Event::Eof => break,
            _ => {}
        }
    }
    assert!(
        suites.len() >= 3 && suites.contains(&"cld-r1".to_owned()),
        "{suites:?}"
    );
    assert!(cases >= 30, "{cases}");
    assert!(
        failures.contains("Patient.name[0].family changed"),
        "{failures}"
    );
    assert!(failures.contains("<Test> & "), "{failures}");
}

#[test]
fn coverage_is_listed_and_can_be_demanded() {
    let ran = causeway(&["test", "mappings/cld-r1", "--coverage"]);
    assert_eq!(ran.code, 0, "{}", ran.err);
    assert!(ran.out.contains("rules"), "{}", ran.out);
    assert!(ran.out.contains("100 %"), "{}", ran.out);
    assert!(ran.out.contains("that no case reaches:"), "{}", ran.out);

    let most = [
        "test",
        "mappings/",
        "--coverage-min",
        "rules=100",
        "--coverage-min",
        "code-rows=90",
    ];
    let ran = causeway(&most);
    assert_eq!(ran.code, 0, "{}{}", ran.out, ran.err);
    let ran = causeway(&[
        "test",
        "mappings/cld-r1",
        "--filter",
        "four-events",
        "--coverage-min",
        "rules=100",
    ]);
    assert_eq!(ran.code, 1);
    assert!(ran.out.contains("rules are reached"), "{}", ran.out);
    assert_eq!(
        causeway(&["test", "mappings/", "--coverage-min", "rulez=1"]).code,
        2
    );
    assert_eq!(
        causeway(&["test", "mappings/", "--coverage-min", "rules=101"]).code,
        2
    );

    let ran = causeway(&[
        "test",
        "mappings/mods-json",
        "--coverage",
        "--format",
        "json",
    ]);
    let all = lines(&ran.out);
    let coverage = &all.iter().find(|it| it.get("coverage").is_some()).unwrap()["coverage"];
    for kind in ["rules", "branches", "columns", "codeRows", "fragments"] {
        assert!(
            coverage[kind]["percent"].as_u64().unwrap() <= 100,
            "{coverage:#}"
        );
        assert!(coverage[kind]["missed"].is_array(), "{coverage:#}");
    }
    assert_eq!(coverage["rules"]["percent"], 100);
}
