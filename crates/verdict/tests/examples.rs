//! Official examples through the codec: what JSON says, XML says too, and back.
//!
//! The examples are not shipped with Causeway. The official UK Core ones are looked for beside the
//! project; those of R4 (and any others, as JSON) are read when `CAUSEWAY_EXAMPLES` names a folder.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use definitions::Definitions;
use fhir::Format;
use fhir::xml::{examine, write};
use json::{Object, Value};
use validation::{Model, Validator};
use verdict::Examiner;

static MODEL: LazyLock<Model> = LazyLock::new(|| Model::new(Definitions::embedded()));
static EXAMINER: LazyLock<Examiner> =
    LazyLock::new(|| Examiner::new(Validator::embedded(), Model::new(Definitions::embedded())));

/// The same tree whatever the order of members, which XML gives by definition.
fn sorted(value: &Value) -> Value {
    match value {
        Value::Object(object) => {
            let mut members: Vec<_> = object.iter().collect();
            members.sort_by_key(|(name, _)| *name);
            let mut out = Object::with_capacity(members.len());
            for (name, value) in members {
                // XML reads a line's end as one character, and has no white space around a div.
                let value = match value {
                    Value::String(div) if name == "div" => {
                        div.trim().replace("\r\n", "\n").replace('\r', "\n").into()
                    }
                    other => sorted(other),
                };
                out.insert(name, value);
            }
            out.into()
        }
        Value::Array(items) => items.iter().map(sorted).collect(),
        other => other.clone(),
    }
}

fn folders() -> Vec<PathBuf> {
    let peers = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../../shared/data/ukcore-examples");
    let mut folders: Vec<PathBuf> = std::env::var_os("CAUSEWAY_EXAMPLES")
        .map(PathBuf::from)
        .into_iter()
        .collect();
    if peers.is_dir() {
        folders.push(peers);
    } else {
        assert!(
            std::env::var_os("CI").is_none(),
            "the official UK Core examples are missing, and CI must have them"
        );
        eprintln!("SKIPPED (1): the official UK Core examples are not here");
    }
    folders
}

fn each(mut check: impl FnMut(&str, &[u8], &Value)) {
    for folder in folders() {
        let mut count = 0;
        for entry in std::fs::read_dir(&folder).unwrap() {
            let path = entry.unwrap().path();
            let name = path.file_name().unwrap().to_string_lossy().into_owned();
            if !name.ends_with(".json") || name == "package.json" {
                continue;
            }
            let text = std::fs::read(&path).unwrap();
            let resource = json::parse(&text).unwrap_or_else(|error| panic!("{name}: {error}"));
            if resource.get("resourceType").is_some() {
                count += 1;
                check(&name, &text, &resource);
            }
        }
        assert!(count > 50, "{}: {count}", folder.display());
    }
}

#[test]
fn every_example_goes_through_xml_and_back() {
    let mut wrong = Vec::new();
    each(|name, _, resource| {
        let xml = match write(resource, &*MODEL) {
            Ok(xml) => xml,
            Err(error) => return wrong.push(format!("{name}: {error}")),
        };
        match examine(xml.as_bytes(), &*MODEL) {
            Err(error) => wrong.push(format!("{name}: {error}")),
            Ok((back, faults)) => {
                if let Some(fault) = faults.first() {
                    wrong.push(format!("{name}: {fault}"));
                }
                if sorted(&back) != sorted(resource) {
                    wrong.push(format!("{name}: came back different"));
                }
            }
        }
    });
    assert!(wrong.is_empty(), "{}\n{}", wrong.len(), wrong.join("\n"));
}

/// XML and JSON of one resource get the same verdict, but for the places.
#[test]
fn a_verdict_does_not_depend_on_the_format() {
    each(|name, text, resource| {
        if text.len() > 200_000 {
            return;
        }
        let Ok(xml) = write(resource, &*MODEL) else {
            return;
        };
        let said = |text: &[u8], format| {
            let mut said: Vec<String> = EXAMINER
                .text(text, format, 1)
                .findings
                .iter()
                .map(|finding| finding.issue.to_string())
                .collect();
            said.sort();
            said
        };
        assert_eq!(
            said(xml.as_bytes(), Format::Xml),
            said(text, Format::Json),
            "{name}"
        );
    });
}

/// Every issue has a place inside its text, and in JSON one where something begins.
#[test]
fn every_issue_of_an_example_has_its_place() {
    each(|name, text, _| {
        if text.len() > 200_000 {
            return;
        }
        let lines: Vec<&[u8]> = text.split(|byte| *byte == b'\n').collect();
        for finding in EXAMINER.text(text, Format::Json, 1).findings {
            let line = String::from_utf8_lossy(lines[finding.position.line - 1]);
            let at = line.chars().nth(finding.position.column - 1);
            assert!(
                at.is_some_and(|c| "\"{[".contains(c) || c.is_alphanumeric() || c == '-'),
                "{name}: {finding:?}"
            );
        }
    });
}
