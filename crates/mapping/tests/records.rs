//! Maps that repeat over records: inside the rule's own, of another table, of its group.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

const MAPPING: &str = r#"mapping: home
version: 1.0.0
fhir: 4.0.1
source:
  format: json
  extent: snapshot
  asOf: stated
  tables:
    residents:
      path: residents[]
      key: id
      identity: [id]
      columns:
        id: { type: string, required: true }
        name: { type: string, required: true }
    contacts:
      path: residents[].contacts[]
      optional: true
      columns:
        name: { type: string, required: true }
        kind: { type: string, optional: true }
        since: { type: date, formats: [iso], optional: true }
    phones:
      path: residents[].contacts[].phones[]
      optional: true
      columns:
        number: { type: string, path: "." }
    addresses:
      path: addresses[]
      optional: true
      latest: { of: aid, by: version }
      columns:
        aid: { type: string, required: true }
        version: { type: integer, required: true }
        resident: { type: string, required: true }
        line: { type: string, optional: true }
        postcode: { type: string, optional: true }
    readings:
      path: readings[]
      optional: true
      key: [resident, at]
      columns:
        resident: { type: string, required: true }
        at: { type: date, formats: [iso], required: true }
        what: { type: string, required: true }
        value: { type: integer, required: true }
make:
  Patient:
    from: residents
    name: [ { text: "=[name]" } ]
    contact:
      - each: { from: contacts, as: contact }
        when: =not contact.[kind] = "none"
        name: { text: "=contact.[name]" }
        telecom:
          - each: { from: phones, as: phone }
            system: phone
            value: =phone.[number]
        period: { start: "=contact.[since]" }
    address:
      - each: { from: addresses, on: { resident: "=[id]" }, as: address, missing: MISSING }
        line: =address.[line]
        postalCode: =address.[postcode]
  Observation:
    from: readings
    group: [resident, at]
    status: final
    code: { text: Chart }
    subject: =Patient([resident])
    effectiveDateTime: =[at]
    component:
      - each: { from: group, as: reading }
        code: { text: "=reading.[what]" }
        valueInteger: =reading.[value]
"#;

const INPUT: &str = r#"{
"residents": [
  {"id":"1","name":"Ada","contacts":[
    {"name":"Ben","kind":"son","phones":["0700 1","0700 2"],"since":"2020"},
    {"name":"Cy","kind":"none"},
    {"name":"Di","phones":["0700 3"],"since":"soon"}]},
  {"id":"2","name":"Eve"}],
"addresses": [
  {"aid":"a1","version":1,"resident":"1","line":"Old Road","postcode":"LS1 1AA"},
  {"aid":"a2","version":1,"resident":"1","line":"High Street","postcode":"LS2 2BB"},
  {"aid":"a1","version":2,"resident":"1","line":"New Road","postcode":"LS1 1AB"}],
"readings": [
  {"resident":"1","at":"2026-07-01","what":"Pulse","value":72},
  {"resident":"2","at":"2026-07-01","what":"Pulse","value":80},
  {"resident":"1","at":"2026-07-01","what":"Breaths","value":16}]
}"#;

fn mapping(missing: &str) -> mapping::Mapping {
    support::good("home", &MAPPING.replace("MISSING", missing), &[])
}

#[test]
fn the_records_inside_a_record_are_its_own_at_any_depth() {
    let (sink, _) = support::run(&mapping("drop"), "in.json", INPUT.as_bytes());
    let patients = sink.of("Patient");
    assert_eq!(
        patients[0].resource.get("contact").unwrap().to_string(),
        r#"[{"name":{"text":"Ben"},"telecom":[{"system":"phone","value":"0700 1"},{"system":"phone","value":"0700 2"}],"period":{"start":"2020"}},{"name":{"text":"Di"},"telecom":[{"system":"phone","value":"0700 3"}]}]"#
    );
    assert!(patients[1].resource.get("contact").is_none());
    // A cell of such a record that cannot be read is said, at its own place.
    let issue = patients[0].issues.iter().find(|issue| {
        issue
            .input
            .as_ref()
            .unwrap()
            .to_string()
            .contains("contacts/2/since")
    });
    assert!(issue.is_some(), "{:#?}", patients[0].issues);
}

#[test]
fn the_records_of_another_table_come_in_the_files_order_and_in_their_last_version() {
    let (sink, _) = support::run(&mapping("drop"), "in.json", INPUT.as_bytes());
    assert_eq!(
        sink.of("Patient")[0]
            .resource
            .get("address")
            .unwrap()
            .to_string(),
        r#"[{"line":["High Street"],"postalCode":"LS2 2BB"},{"line":["New Road"],"postalCode":"LS1 1AB"}]"#
    );
    assert!(sink.of("Patient")[1].resource.get("address").is_none());
}

#[test]
fn a_rule_says_what_a_missing_partner_means() {
    let of = |missing: &str| support::run(&mapping(missing), "in.json", INPUT.as_bytes()).0;
    let codes = |sink: &support::Gathered| {
        sink.made
            .iter()
            .flat_map(|made| &made.issues)
            .filter(|issue| issue.code == "M109")
            .count()
    };
    assert_eq!(codes(&of("drop")), 0);
    let warned = of("warn");
    assert_eq!((codes(&warned), warned.of("Patient").len()), (1, 2));
    let held = of("quarantine");
    assert_eq!(held.of("Patient").len(), 1);
    assert!(
        held.refusals().contains(&"M109".to_owned()),
        "{:?}",
        held.refusals()
    );
}

#[test]
fn the_records_of_a_group_become_the_parts_of_one_resource() {
    let (sink, _) = support::run(&mapping("drop"), "in.json", INPUT.as_bytes());
    let charts = sink.of("Observation");
    assert_eq!(charts.len(), 2, "{}", sink.text());
    assert_eq!(
        charts[0].resource.get("component").unwrap().to_string(),
        r#"[{"code":{"text":"Pulse"},"valueInteger":72},{"code":{"text":"Breaths"},"valueInteger":16}]"#
    );
    assert_eq!(
        charts[1]
            .resource
            .get("component")
            .unwrap()
            .as_array()
            .unwrap()
            .len(),
        1
    );
}

#[test]
fn nothing_of_what_is_repeated_over_counts_as_lost() {
    let (_, report) = support::run(&mapping("drop"), "in.json", INPUT.as_bytes());
    let lost = serde_json::to_string(&report.loss).unwrap();
    // Only the version that another overtook says something that nobody hears.
    assert!(lost.contains(r#""overtaken":{"addresses":1}"#), "{lost}");
    for table in ["contacts", "phones", "readings"] {
        assert!(!lost.contains(table), "{lost}");
    }
    assert!(lost.contains(r#""column":"postcode","cells":1"#), "{lost}");
}

#[test]
fn records_that_are_not_in_reach_are_found() {
    let text = MAPPING.replace("MISSING", "drop");
    for (name, code, from, to) in [
        (
            "a table that is not inside",
            "M091",
            ", on: { resident: \"=[id]\" }",
            "",
        ),
        (
            "a rule without a group",
            "M091",
            "    group: [resident, at]\n",
            "",
        ),
        (
            "a rule that repeats records",
            "M091",
            "    from: residents\n    name",
            "    from: residents\n    each: { from: contacts, as: one }\n    name",
        ),
        (
            "an unknown table",
            "M025",
            "from: contacts",
            "from: contact",
        ),
        (
            "an unknown column of it",
            "M022",
            "contact.[name]",
            "contact.[nam]",
        ),
        (
            "an unknown column of its key",
            "M022",
            "on: { resident:",
            "on: { residen:",
        ),
        (
            "a record that is no value",
            "M010",
            "=contact.[name]",
            "=contact",
        ),
        (
            "another word for missing",
            "M006",
            "missing: drop",
            "missing: ignore",
        ),
    ] {
        assert!(text.contains(from), "{name}");
        let loaded = support::load("home", &text.replacen(from, to, 1), &[]);
        assert!(
            loaded.issues.iter().any(|issue| issue.code == code),
            "{name}: {code} is not found:\n{}",
            support::render(&loaded)
        );
    }
}

#[test]
fn cs_10_free_text_of_a_joined_record_is_tested_too() {
    let text = MAPPING.replace("MISSING", "drop")
        + r#"  Condition:
    from: residents
    clinicalStatus: active
    subject: =Patient()
    code:
      coding:
        - each: { from: contacts, as: one }
          system: snomed
          code: "1"
          display: =one.[kind]
"#;
    let loaded = support::load("home", &text, &[]);
    assert!(
        loaded.issues.iter().any(|issue| issue.code == "M065"),
        "{}",
        support::render(&loaded)
    );
}
