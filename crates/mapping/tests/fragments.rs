//! Fragments and named expressions: what they make, and what the checker says of them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use definitions::Definitions;
use mapping::{Embedded, Folder, check_library, find_libraries};

const HEAD: &str = r#"mapping: small
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: snapshot
  asOf: stated
  tables:
    rows:
      key: ID
      identity: [ID]
      columns:
        ID: { type: string, required: true }
        Name: { type: string, required: true }
        Given: string
        Phone: string
        Born: { type: date, formats: [dd/MM/yyyy] }
"#;

const NAME: &str = r#"fragment: uk-name
for: HumanName
parameters:
  family: { type: text, required: true }
  given: { type: text, list: true }
  use: { type: text, default: official }
make:
  use: =use
  family: =family
  given: =given
"#;

const INPUT: &[u8] = b"ID,Name,Given,Phone,Born\n1,Test,Ada,0700,01/02/1938\n2,Sample,,,\n";

fn load(make: &str, fragments: &[(&str, &str)]) -> mapping::Loaded {
    support::load("small", &format!("{HEAD}{make}"), fragments)
}

fn shown(loaded: &mapping::Loaded) -> String {
    support::render(loaded)
}

fn good(make: &str, fragments: &[(&str, &str)]) -> mapping::Mapping {
    let loaded = load(make, fragments);
    assert!(loaded.issues.is_empty(), "{}", shown(&loaded));
    loaded.mapping.unwrap()
}

const PATIENT: &str = r#"make:
  Patient:
    from: rows
    profile: UKCore-Patient
    name:
      - fragment: { uk-name: { family: "=[Name]", given: "=[Given]" } }
    birthDate: =[Born]
    telecom: [ { system: phone, value: "=[Phone]" } ]
"#;

#[test]
fn a_fragment_makes_what_it_says_of_its_arguments() {
    let mapping = good(PATIENT, &[("common/uk-name.yaml", NAME)]);
    let (sink, _) = support::run(&mapping, "in.csv", INPUT);
    let names: Vec<String> = sink
        .made
        .iter()
        .map(|made| made.resource.get("name").unwrap().to_string())
        .collect();
    assert_eq!(
        names,
        [
            r#"[{"use":"official","family":"Test","given":["Ada"]}]"#,
            r#"[{"use":"official","family":"Sample"}]"#
        ]
    );
}

#[test]
fn a_fragment_gives_the_bytes_that_the_written_out_map_gives() {
    let used = good(PATIENT, &[("common/uk-name.yaml", NAME)]);
    let written = PATIENT.replace(
        "fragment: { uk-name: { family: \"=[Name]\", given: \"=[Given]\" } }",
        "{ use: official, family: \"=[Name]\", given: \"=[Given]\" }",
    );
    let written = good(&written, &[]);
    let (a, _) = support::run(&used, "in.csv", INPUT);
    let (b, _) = support::run(&written, "in.csv", INPUT);
    assert_eq!(a.text(), b.text());
}

#[test]
fn the_hash_covers_the_fragments_that_are_used() {
    let one = good(PATIENT, &[("common/uk-name.yaml", NAME)]);
    let other = good(
        PATIENT,
        &[("common/uk-name.yaml", &NAME.replace("official", "usual"))],
    );
    let beside = good(
        PATIENT,
        &[
            ("common/uk-name.yaml", NAME),
            ("common/other.yaml", "fragment: other"),
        ],
    );
    assert_ne!(one.hash(), other.hash());
    assert_eq!(one.hash(), beside.hash());
    let loaded = load(PATIENT, &[("common/uk-name.yaml", NAME)]);
    assert_eq!(loaded.source("common/uk-name.yaml"), Some(NAME));
}

#[test]
fn what_a_fragment_lacks_and_what_it_is_given_wrongly_is_found() {
    for (name, code, from, to, fragment) in [
        ("an unknown fragment", "M080", "uk-name:", "uk-nam:", NAME),
        (
            "an unknown parameter",
            "M081",
            "given: \"=[Given]\"",
            "givn: \"=[Given]\"",
            NAME,
        ),
        (
            "a parameter that is left out",
            "M081",
            "family: \"=[Name]\", ",
            "",
            NAME,
        ),
        (
            "an argument of another type",
            "M081",
            "=[Given]",
            "=[Born]",
            NAME,
        ),
        (
            "another type",
            "M082",
            "    birthDate: =[Born]",
            "    birthDate: =[Born]\n    address: [ { fragment: { uk-name: { family: \"=[Name]\" } } } ]",
            NAME,
        ),
        (
            "the same element twice",
            "M083",
            "- fragment:",
            "- use: usual\n        fragment:",
            NAME,
        ),
        (
            "an unused parameter",
            "M085",
            "",
            "",
            &NAME.replace("  given: =given\n", ""),
        ),
        (
            "a column in a fragment",
            "M086",
            "",
            "",
            &NAME.replace("=family", "=[Name]"),
        ),
        (
            "an unknown element",
            "M051",
            "",
            "",
            &NAME.replace("  given: =given\n", "  givn: =given\n"),
        ),
        (
            "a fragment of another name",
            "M006",
            "",
            "",
            &NAME.replace("fragment: uk-name", "fragment: other"),
        ),
        (
            "a fragment that uses itself",
            "M084",
            "",
            "",
            &NAME.replace(
                "  given: =given\n",
                "  given: =given\n  fragment: { uk-name: { family: =family } }\n",
            ),
        ),
        (
            "a value outside the binding",
            "M043",
            "given: \"=[Given]\"",
            "given: \"=[Given]\", use: formal",
            NAME,
        ),
    ] {
        let loaded = load(
            &PATIENT.replacen(from, to, 1),
            &[("common/uk-name.yaml", fragment)],
        );
        assert!(
            loaded.issues.iter().any(|issue| issue.code == code),
            "{name}: {code} is not found:\n{}",
            shown(&loaded)
        );
    }
}

#[test]
fn a_finding_in_a_fragment_points_into_its_file() {
    let broken = NAME.replace("  given: =given\n", "  givn: =given\n");
    let loaded = load(PATIENT, &[("common/uk-name.yaml", &broken)]);
    let place = loaded.issues[0].mapping.as_ref().unwrap();
    assert_eq!(
        (&*place.file, place.line, place.column),
        ("common/uk-name.yaml", 10, 3)
    );
    let said = loaded.issues.iter().filter(|issue| issue.code == "M051");
    assert_eq!(said.count(), 1, "said once: {}", shown(&loaded));
}

#[test]
fn a_finding_of_one_use_names_the_place_of_use() {
    // A number is asked of a text only where it is used.
    let fragment = NAME.replace("type: text, required: true", "type: any, required: true");
    let loaded = load(
        &PATIENT.replace("family: \"=[Name]\"", "family: \"=[Born]\""),
        &[("common/uk-name.yaml", &fragment)],
    );
    let issue = loaded
        .issues
        .iter()
        .find(|issue| issue.code == "M052")
        .unwrap();
    assert_eq!(
        &*issue.mapping.as_ref().unwrap().file,
        "common/uk-name.yaml"
    );
    let help = issue.help.as_deref().unwrap();
    assert!(help.contains("used at mapping.yaml:23:"), "{help}");
}

#[test]
fn a_fragment_may_use_another_and_be_a_list() {
    let phones = r#"fragment: phones
for: ContactPoint
parameters: { home: text, mobile: text }
make:
  - fragment: { phone: { number: =home, use: home } }
  - fragment: { phone: { number: =mobile, use: mobile } }
"#;
    let phone = r#"fragment: phone
for: ContactPoint
parameters: { number: text, use: text }
let: { tidy: '=replace(number, " ", "")' }
make: { system: phone, value: =tidy, use: =use }
"#;
    let make = PATIENT.replace(
        "{ system: phone, value: \"=[Phone]\" }",
        "{ fragment: { phones: { mobile: \"=[Phone]\" } } }",
    );
    let mapping = good(
        &make,
        &[
            ("common/uk-name.yaml", NAME),
            ("common/phones.yaml", phones),
            ("common/phone.yaml", phone),
        ],
    );
    let (sink, _) = support::run(&mapping, "in.csv", INPUT);
    assert_eq!(
        sink.made[0].resource.get("telecom").unwrap().to_string(),
        r#"[{"system":"phone","value":"0700","use":"mobile"}]"#
    );
    assert!(sink.made[1].resource.get("telecom").is_none());
}

#[test]
fn a_fragment_of_a_rule_brings_profile_condition_and_tables() {
    let fragment = r#"fragment: birth
for: Flag
parameters: { born: { type: date, required: true }, about: { type: reference, required: true }, word: text }
codes:
  words: { to: "urn:x:words", rows: { yes: Y } }
make:
  profile: UKCore-Flag
  when: =present(born)
  status: active
  code: =word | code(words)
  subject: =about
  period: { start: =born }
"#;
    let make = format!(
        "{PATIENT}  Flag:\n    from: rows\n    when: =[Name] != \"Nobody\"\n    fragment:\n      birth: {{ born: \"=[Born]\", about: \"=Patient()\", word: \"Yes\" }}\n"
    );
    let mapping = good(
        &make,
        &[
            ("common/uk-name.yaml", NAME),
            ("common/birth.yaml", fragment),
        ],
    );
    let (sink, _) = support::run(&mapping, "in.csv", INPUT);
    let flag = sink.one("Flag");
    assert_eq!(
        flag.resource.get("code").unwrap().to_string(),
        r#"{"coding":[{"system":"urn:x:words","code":"Y"}],"text":"Yes"}"#
    );
    assert_eq!(
        flag.resource
            .get("meta")
            .unwrap()
            .get("profile")
            .unwrap()
            .to_string(),
        r#"["https://fhir.hl7.org.uk/StructureDefinition/UKCore-Flag"]"#
    );
}

#[test]
fn cs_10_a_fragment_does_not_hide_free_text_from_the_test_for_denial() {
    let fragment = r#"fragment: need
for: Condition
parameters: { text: { type: text, required: true }, about: { type: reference, required: true } }
make:
  profile: UKCore-Condition
  clinicalStatus: active
  code: { text: =text }
  subject: =about
"#;
    let rule = "  Condition:\n    from: rows\n    key: [Given]\n    fragment:\n      need: { text: \"=[Given]\", about: \"=Patient()\" }\n";
    let files = [
        ("common/uk-name.yaml", NAME),
        ("common/need.yaml", fragment),
    ];
    let untested = load(&format!("{PATIENT}{rule}"), &files);
    assert!(
        untested.issues.iter().any(|issue| issue.code == "M065"),
        "{}",
        shown(&untested)
    );
    let tested = fragment.replace(
        "  clinicalStatus: active\n",
        "  clinicalStatus: active\n  when: =not (negates(text) or doubts(text))\n",
    );
    good(
        &format!("{PATIENT}{rule}"),
        &[files[0], ("common/need.yaml", &tested)],
    );
    // The test may also stand in the rule, under a name.
    let rule = rule.replace(
        "    key: [Given]\n",
        "    key: [Given]\n    let: { clear: \"=not (negates([Given]) or doubts([Given]))\" }\n    when: =clear\n",
    );
    good(&format!("{PATIENT}{rule}"), &files);
}

#[test]
fn a_name_stands_for_its_expression_at_the_top_in_a_table_and_in_a_rule() {
    let head = HEAD.replace(
        "      key: ID\n",
        "      key: ID\n      let: { whole: '=join(\" \", [Given], [Name])' }\n",
    );
    let make = r#"let: { epoch: '=date("1900-01-01", "yyyy-MM-dd")' }
make:
  Patient:
    from: rows
    let: { plausible: "=not [Born] < epoch" }
    name: [ { text: =whole } ]
    birthDate: =if(plausible, [Born])
    telecom: [ { system: phone, value: "=[Phone]" } ]
"#;
    let loaded = support::load("small", &format!("{head}{make}"), &[]);
    assert!(loaded.issues.is_empty(), "{}", shown(&loaded));
    let input = b"ID,Name,Given,Phone,Born\n1,Test,Ada,,01/02/1938\n2,Old,,,01/02/1838\n";
    let (sink, _) = support::run(&loaded.mapping.unwrap(), "in.csv", input);
    assert_eq!(
        sink.made[0].resource.get("name").unwrap().to_string(),
        r#"[{"text":"Ada Test"}]"#
    );
    assert_eq!(sink.made[0].resource.text("birthDate"), Some("1938-02-01"));
    assert_eq!(sink.made[1].resource.text("birthDate"), None);
}

#[test]
fn names_that_go_round_grow_or_serve_nobody_are_found() {
    for (name, code, lets) in [
        ("a circle", "M084", "let: { a: =b, b: =a }\n"),
        (
            "an unused name",
            "M085",
            "let: { a: =b, b: '=\"x\"', c: '=\"y\"' }\n",
        ),
        ("a column at the top", "M022", "let: { a: '=[Name]' }\n"),
        (
            "names that grow",
            "M092",
            "let: { a: '=concat(b,b,b,b,b,b,b,b,b,b)', b: '=concat(c,c,c,c,c,c,c,c,c,c)', c: '=concat(d,d,d,d,d,d,d,d,d,d)', d: '=concat(e,e,e,e,e,e,e,e,e,e)', e: '=concat(f,f,f,f,f,f,f,f,f,f)', f: '=\"x\"' }\n",
        ),
    ] {
        let make = PATIENT.replace("=[Phone]", "=concat(a, [Phone])");
        let loaded = load(&format!("{lets}{make}"), &[("common/uk-name.yaml", NAME)]);
        assert!(
            loaded.issues.iter().any(|issue| issue.code == code),
            "{name}: {code} is not found:\n{}",
            shown(&loaded)
        );
    }
}

#[test]
fn a_folder_reads_the_library_beside_it_and_nothing_else_outside() {
    let root = tempfile::tempdir().unwrap();
    let write = |path: &str, text: &str| {
        let path = root.path().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    };
    write("small/mapping.yaml", &format!("{HEAD}{PATIENT}"));
    write("common/uk-name.yaml", NAME);
    write("secret.yaml", NAME);
    let folder = Folder::open(root.path().join("small"));
    let load =
        |folder: &Folder| mapping::load(folder, Definitions::embedded(), &support::TERMINOLOGY);
    let beside = load(&folder);
    assert!(beside.issues.is_empty(), "{}", shown(&beside));
    use mapping::MappingFiles as _;
    assert!(folder.read("../secret.yaml").is_none());
    assert!(folder.read("common/../secret.yaml").is_none());
    assert!(folder.read("secret.yaml").is_none());
    assert!(folder.locate("common/uk-name.yaml").is_file());
    // A copy inside the mapping's own folder comes first, so that a mapping can travel alone.
    write(
        "small/common/uk-name.yaml",
        &NAME.replace("official", "usual"),
    );
    let own = load(&folder);
    assert_ne!(beside.mapping.unwrap().hash(), own.mapping.unwrap().hash());
}

#[test]
fn the_library_is_checked_by_itself() {
    let root = tempfile::tempdir().unwrap();
    let library = root.path().join("common");
    std::fs::create_dir(&library).unwrap();
    assert!(find_libraries(root.path()).is_empty());
    let broken = NAME.replace("  given: =given\n", "");
    std::fs::write(library.join("uk-name.yaml"), &broken).unwrap();
    assert_eq!(find_libraries(root.path()), std::slice::from_ref(&library));
    assert_eq!(find_libraries(&library), std::slice::from_ref(&library));
    let loaded = check_library(
        &Folder::open(&library),
        Definitions::embedded(),
        &support::TERMINOLOGY,
    );
    let codes: Vec<&str> = loaded
        .issues
        .iter()
        .map(|issue| issue.code.as_ref())
        .collect();
    assert_eq!(codes, ["M085"], "{}", shown(&loaded));
    let files = Embedded::new("x").with("common/uk-name.yaml", NAME.as_bytes());
    let loaded = check_library(&files, Definitions::embedded(), &support::TERMINOLOGY);
    assert!(loaded.issues.is_empty(), "{}", shown(&loaded));
}
