//! `docs/mapping.schema.json` says what the loader knows, no more and no less.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;
#[path = "support/yaml.rs"]
mod yaml;

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::LazyLock;

use drafting::Options;
use jsonschema::Validator;
use mapping::keys;
use serde_json::{Value, json};

const SCHEMA: &str = include_str!("../../../docs/mapping.schema.json");
const PAGE: &str = include_str!("../../../docs/mapping-language.md");

static DOCUMENT: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(SCHEMA).unwrap());
static VALIDATOR: LazyLock<Validator> = LazyLock::new(|| {
    jsonschema::draft202012::options()
        .should_validate_formats(true)
        .build(&DOCUMENT)
        .unwrap()
});

fn faults(value: &Value) -> Vec<String> {
    VALIDATOR
        .iter_errors(value)
        .map(|error| format!("{}: {error}", error.instance_path()))
        .collect()
}

fn assert_valid(what: &str, text: &str) {
    let faults = faults(&yaml::value(text));
    assert!(faults.is_empty(), "{what}:\n{}\n{text}", faults.join("\n"));
}

fn names(pointer: &str) -> BTreeSet<&'static str> {
    let at = DOCUMENT
        .pointer(pointer)
        .unwrap_or_else(|| panic!("no {pointer}"));
    match at {
        Value::Object(members) => members.keys().map(String::as_str).collect(),
        Value::Array(items) => items.iter().map(|item| item.as_str().unwrap()).collect(),
        other => panic!("{pointer} is {other}"),
    }
}

/// Each list of the loader, and where the schema has it.
const LISTS: [(&str, &[&str], &str); 26] = [
    ("MAPPING", keys::MAPPING, "/$defs/mappingFile/properties"),
    ("FRAGMENT", keys::FRAGMENT, "/$defs/fragmentFile/properties"),
    (
        "PARAMETER",
        keys::PARAMETER,
        "/$defs/fragmentFile/properties/parameters/additionalProperties/anyOf/1/properties",
    ),
    (
        "PARAMETER_TYPES",
        keys::PARAMETER_TYPES,
        "/$defs/parameterType/enum",
    ),
    ("SOURCE", keys::SOURCE, "/$defs/source/properties"),
    (
        "FORMATS",
        keys::FORMATS,
        "/$defs/source/properties/format/enum",
    ),
    (
        "EXTENTS",
        keys::EXTENTS,
        "/$defs/source/properties/extent/enum",
    ),
    (
        "SENDERS",
        keys::SENDERS,
        "/$defs/source/properties/sender/properties",
    ),
    ("TABLE", keys::TABLE, "/$defs/table/properties"),
    (
        "LATEST",
        keys::LATEST,
        "/$defs/table/properties/latest/properties",
    ),
    (
        "IDENTITY",
        keys::IDENTITY,
        "/$defs/identity/anyOf/1/properties",
    ),
    ("COLUMN", keys::COLUMN, "/$defs/columnMap/properties"),
    ("UNIT", keys::UNIT, "/$defs/unit/properties"),
    ("COLUMN_TYPES", keys::COLUMN_TYPES, "/$defs/columnType/enum"),
    (
        "CODE_TABLE",
        keys::CODE_TABLE,
        "/$defs/codeTable/properties",
    ),
    (
        "CODE_COLUMNS",
        keys::CODE_COLUMNS,
        "/$defs/codeTable/properties/columns/properties",
    ),
    (
        "UNMAPPED",
        keys::UNMAPPED,
        "/$defs/codeTable/properties/unmapped/enum",
    ),
    ("RULE", keys::RULE, "/$defs/rule/properties"),
    (
        "FRAGMENT_RULE",
        keys::FRAGMENT_RULE,
        "/$defs/fragmentMake/properties",
    ),
    ("EACH", keys::EACH, "/$defs/each/anyOf/1/properties"),
    (
        "EACH_MISSING",
        keys::EACH_MISSING,
        "/$defs/each/anyOf/1/properties/missing/enum",
    ),
    (
        "DELETED",
        keys::DELETED,
        "/$defs/rule/properties/deleted/anyOf/0/enum",
    ),
    ("WARNING", keys::WARNING, "/$defs/warning/properties"),
    ("META", keys::META, "/$defs/rule/properties/meta/properties"),
    ("MAP", keys::MAP, "/$defs/object/properties"),
    ("POLICIES", keys::POLICIES, ""),
];

#[test]
fn the_schema_has_the_keys_that_the_loader_knows() {
    for (list, known, pointer) in LISTS {
        let known: BTreeSet<&str> = known.iter().copied().collect();
        if list == "POLICIES" {
            let pattern = DOCUMENT["$defs"]["policy"]["pattern"].as_str().unwrap();
            for policy in known {
                assert!(pattern.contains(policy), "{policy}");
            }
            continue;
        }
        let mut found = names(pointer);
        // Where elements stand beside the language's own keys, the schema explains some of them too.
        if matches!(list, "RULE" | "FRAGMENT_RULE") {
            assert!(found.remove("fragment"), "{list}");
        }
        if list == "MAP" {
            assert!(found.remove("extension") && found.remove("concept"));
        }
        assert_eq!(found, known, "{list} and {pointer}");
    }
}

#[test]
fn no_list_of_the_loader_is_left_out() {
    let source = include_str!("../../mapping/src/keys.rs");
    let lists: BTreeSet<&str> = source
        .lines()
        .filter_map(|line| line.strip_prefix("pub const ")?.split(':').next())
        .collect();
    let mut here: BTreeSet<&str> = LISTS.iter().map(|(list, ..)| *list).collect();
    // Its keys are elements (text), or in MAP (slice).
    assert!(names("/$defs/object/properties").contains("concept"));
    here.insert("CONCEPT");
    assert_eq!(here, lists);
}

#[test]
fn every_key_is_described() {
    fn walk(value: &Value, path: &str, bare: &mut Vec<String>) {
        if let Value::Object(members) = value {
            if let Some(Value::Object(properties)) = members
                .get("properties")
                .filter(|_| members.contains_key("description"))
            {
                for (name, property) in properties {
                    if property.is_object()
                        && property.get("description").is_none()
                        && property.get("$ref").is_none()
                    {
                        bare.push(format!("{path}/{name}"));
                    }
                }
            }
            for (name, member) in members {
                walk(member, &format!("{path}/{name}"), bare);
            }
        } else if let Value::Array(items) = value {
            for (index, item) in items.iter().enumerate() {
                walk(item, &format!("{path}/{index}"), bare);
            }
        }
    }
    let mut bare = Vec::new();
    walk(&DOCUMENT, "", &mut bare);
    assert!(bare.is_empty(), "{bare:?}");
    for (name, definition) in DOCUMENT["$defs"].as_object().unwrap() {
        assert!(definition.get("description").is_some(), "{name}");
    }
}

fn yaml_files(folder: &Path, out: &mut Vec<PathBuf>) {
    for entry in std::fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_dir() {
            yaml_files(&path, out);
        } else if path.extension().is_some_and(|ending| ending == "yaml") {
            out.push(path);
        }
    }
}

#[test]
fn the_shipped_mappings_and_fragments_are_valid() {
    let mut files = Vec::new();
    yaml_files(Path::new("../../mappings"), &mut files);
    let mappings = files
        .iter()
        .filter(|file| file.ends_with("mapping.yaml"))
        .count();
    assert!(mappings >= 3, "{files:?}");
    for file in files {
        assert_valid(
            &file.display().to_string(),
            &std::fs::read_to_string(&file).unwrap(),
        );
    }
}

/// The fenced blocks of the language's page: info string and text.
fn blocks() -> Vec<(String, String)> {
    let mut out = Vec::new();
    let mut open: Option<(String, String)> = None;
    for line in PAGE.lines() {
        match (&mut open, line.trim_start().strip_prefix("```")) {
            (None, Some(info)) => open = Some((info.trim().to_owned(), String::new())),
            (Some(_), Some(_)) => out.extend(open.take()),
            (Some((_, text)), None) => {
                text.push_str(line);
                text.push('\n');
            }
            (None, None) => {}
        }
    }
    out
}

#[test]
fn the_examples_of_the_language_are_valid() {
    let mut seen = 0;
    for (info, text) in blocks() {
        let whole = info == "yaml check"
            || (info.starts_with("yaml file=common/") && info.ends_with(".yaml"));
        if whole {
            assert_valid(&info, &text);
            seen += 1;
        }
    }
    assert!(seen > 0);
}

#[test]
fn drafts_are_valid() {
    for (name, path) in [
        (
            "cld.csv",
            "../../mappings/cld-r1/samples/sampleshire-2026-q3.csv",
        ),
        (
            "home.xlsx",
            "../../mappings/generic-carehome-xlsx/samples/pretend-lodge.xlsx",
        ),
        (
            "mods.ndjson",
            "../../mappings/mods-json/samples/pretend-day-support.ndjson",
        ),
    ] {
        let bytes = std::fs::read(path).unwrap();
        for (synthetic, every_rule) in [(false, false), (true, true)] {
            let options = Options {
                synthetic,
                every_rule,
                ..Options::new("draft")
            };
            let draft = support::draft_with(name, &bytes, &options);
            assert_valid(name, support::text(&draft, "mapping.yaml"));
        }
    }
}

/// A small mapping with something in each corner.
const GOOD: &str = r#"
mapping: good
version: 1.0.0
fhir: 4.0.1
source:
  format: xlsx
  extent: snapshot
  asOf: =rows.[Day]
  missing: ["", "-"]
  tables:
    rows:
      sheet: Rows
      header: [ID]
      key: ID
      identity: [ID, { weak: [Name, Day] }]
      columns:
        ID: { type: string, required: true }
        Name: string
        Day: { type: date, formats: [dd/MM/yyyy], onBad: absent(unknown) }
        Ticked: { type: flag, "true": Y, "false": N }
        Score: { type: integer, range: 0..6 }
        Pin: { deny: a PIN }
systems: { iw: https://example.org/CodeSystem/x }
codes:
  sex: { to: iw, rows: { Male: male, 1: male, Nobody: }, unmapped: drop }
  more: { file: codes/more.csv, columns: { source: label } }
phrases: { none known: [NKDA] }
make:
  Patient:
    from: rows
    profile: UKCore-Patient
    when: =present([Name])
    warn: [ { when: "=[Ticked]", say: A sentence. }, Another. ]
    active: true
    name: [ { use: official, family: "=[Name]" } ]
  Observation.score:
    from: rows
    each: { columns: [Score], as: score }
    key: [ =score.column, "=[Day]" ]
    valueInteger: =score
"#;

#[test]
fn mutants_are_refused() {
    assert_valid("the mapping that mutants are made of", GOOD);
    let good = yaml::value(GOOD);
    type Edit = fn(&mut Value);
    let mutants: [(&str, Edit); 26] = [
        ("unknown key at the top", |m| m["sources"] = json!({})),
        ("no source", |m| {
            drop(m.as_object_mut().unwrap().remove("source"))
        }),
        ("no make", |m| {
            drop(m.as_object_mut().unwrap().remove("make"))
        }),
        ("another FHIR", |m| m["fhir"] = json!("5.0.0")),
        ("a name in capitals", |m| m["mapping"] = json!("Good")),
        ("no extent", |m| {
            drop(m["source"].as_object_mut().unwrap().remove("extent"))
        }),
        ("no asOf", |m| {
            drop(m["source"].as_object_mut().unwrap().remove("asOf"))
        }),
        ("another extent", |m| m["source"]["extent"] = json!("all")),
        ("another format", |m| m["source"]["format"] = json!("xls")),
        ("asOf without =", |m| {
            m["source"]["asOf"] = json!("rows.[Day]")
        }),
        ("a delimiter in a workbook", |m| {
            m["source"]["delimiter"] = json!(";")
        }),
        ("tables as a list", |m| m["source"]["tables"] = json!([])),
        ("unknown key of a table", |m| {
            m["source"]["tables"]["rows"]["colums"] = json!({})
        }),
        ("no columns", |m| {
            drop(
                m["source"]["tables"]["rows"]
                    .as_object_mut()
                    .unwrap()
                    .remove("columns"),
            )
        }),
        ("unknown key of a column", |m| {
            m["source"]["tables"]["rows"]["columns"]["ID"]["requird"] = json!(true)
        }),
        ("required as a text", |m| {
            m["source"]["tables"]["rows"]["columns"]["ID"]["required"] = json!("perhaps")
        }),
        ("unknown type", |m| {
            m["source"]["tables"]["rows"]["columns"]["Name"] = json!("text")
        }),
        ("date without formats", |m| {
            m["source"]["tables"]["rows"]["columns"]["Day"] = json!({ "type": "date" })
        }),
        ("flag without true", |m| {
            m["source"]["tables"]["rows"]["columns"]["Ticked"] = json!({ "type": "flag" })
        }),
        ("a range without dots", |m| {
            m["source"]["tables"]["rows"]["columns"]["Score"]["range"] = json!("0-6")
        }),
        ("another policy", |m| {
            m["source"]["tables"]["rows"]["columns"]["Day"]["onBad"] = json!("guess")
        }),
        ("a code table with file and rows", |m| {
            m["codes"]["more"]["rows"] = json!({})
        }),
        ("a file outside the folder", |m| {
            m["codes"]["more"]["file"] = json!("../secrets.csv")
        }),
        ("a rule without from", |m| {
            drop(m["make"]["Patient"].as_object_mut().unwrap().remove("from"))
        }),
        ("a condition without =", |m| {
            m["make"]["Patient"]["when"] = json!("[Name]")
        }),
        ("a warning without say", |m| {
            m["make"]["Patient"]["warn"] = json!([{ "when": "=[Ticked]" }])
        }),
    ];
    for (what, edit) in mutants {
        let mut mutant = good.clone();
        edit(&mut mutant);
        assert_ne!(mutant, good, "{what}");
        assert!(!faults(&mutant).is_empty(), "not refused: {what}");
    }
}

/// An example of each key where it stands is known to the loader: it says of none that it means
/// nothing there.
#[test]
fn the_loader_knows_every_key_of_the_schema() {
    let closed = [
        ("/$defs/mappingFile/properties", ""),
        ("/$defs/source/properties", "source"),
        ("/$defs/table/properties", "source.tables.rows"),
        (
            "/$defs/columnMap/properties",
            "source.tables.rows.columns.Name",
        ),
        ("/$defs/codeTable/properties", "codes.sex"),
    ];
    for (pointer, place) in closed {
        for key in names(pointer) {
            let mut mapping = yaml::value(GOOD);
            let mut at = &mut mapping;
            for step in place.split('.').filter(|step| !step.is_empty()) {
                at = &mut at[step];
            }
            if !at.is_object() {
                *at = json!({ "type": "string" });
            }
            if at.get(key).is_none() {
                at[key] = json!("x");
            }
            let loaded = support::load_text(&serde_json::to_string(&mapping).unwrap());
            let told = format!("'{key}' means nothing in ");
            let unknown: Vec<_> = loaded
                .issues
                .iter()
                .filter(|issue| issue.message.starts_with(&told))
                .collect();
            assert!(unknown.is_empty(), "{place}: {unknown:?}");
        }
        let mut mapping = yaml::value(GOOD);
        let mut at = &mut mapping;
        for step in place.split('.').filter(|step| !step.is_empty()) {
            at = &mut at[step];
        }
        if !at.is_object() {
            *at = json!({ "type": "string" });
        }
        at["nonsense"] = json!("x");
        let loaded = support::load_text(&serde_json::to_string(&mapping).unwrap());
        assert!(
            loaded.issues.iter().any(|issue| issue.code == "M004"),
            "{place}"
        );
    }
}
