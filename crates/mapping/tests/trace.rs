//! Of what each element was made: traces, and what they say in an explanation.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod support;

use std::path::{Path, PathBuf};

use definitions::Definitions;
use mapping::explain::{ExplainedElement, Explanation, Outcome};
use mapping::trace::{Asked, Origin, PassedFor, PassedOver};
use mapping::{Folder, Made, Mapping, Quarantined, RunContext, RunOptions, Sink, TakeAll, Verdict};
use source::Input;

#[derive(Default)]
struct Told {
    made: Vec<Made>,
    explained: Vec<Explanation>,
}

impl Sink for Told {
    fn resource(&mut self, made: Made, _judged: ()) -> Verdict {
        if made.trace.is_some() {
            self.explained.push(Explanation::made(&made));
        }
        self.made.push(made);
        Verdict::Accepted
    }

    fn quarantined(&mut self, quarantined: Quarantined) {
        self.explained
            .push(Explanation::quarantined(&quarantined, None));
    }

    fn retired(&mut self, retired: mapping::Retired) {
        self.issue(retired.issue);
    }

    fn issue(&mut self, _issue: diagnostics::Issue) {}

    fn passed_over(&mut self, passed: PassedOver) {
        self.explained.push(Explanation::passed_over(&passed));
    }
}

fn run(mapping: &Mapping, input: &Input, context: &RunContext, trace: bool) -> Told {
    let options = RunOptions {
        trace,
        ..RunOptions::one_thread()
    };
    run_with(mapping, input, context, options)
}

fn run_with(mapping: &Mapping, input: &Input, context: &RunContext, options: RunOptions) -> Told {
    let mut told = Told::default();
    mapping
        .run(input, context, options, &TakeAll, &mut told)
        .unwrap_or_else(|issues| panic!("unusable: {issues:#?}"));
    told
}

fn traced(mapping: &Mapping, input: &str) -> Told {
    let input = Input::bytes("rows.csv", input.as_bytes().to_vec());
    run(mapping, &input, &support::context(), true)
}

impl Told {
    fn of(&self, rule: &str) -> &Explanation {
        let all: Vec<&Explanation> = self
            .explained
            .iter()
            .filter(|it| it.rule.as_deref() == Some(rule))
            .collect();
        assert_eq!(all.len(), 1, "{all:#?}");
        all[0]
    }
}

fn element<'e>(explained: &'e Explanation, path: &str) -> &'e ExplainedElement {
    explained
        .elements
        .iter()
        .find(|element| element.path == path)
        .unwrap_or_else(|| panic!("no {path} in {:#?}", explained.elements))
}

/// Row, column and value of the cells that an element was made of.
fn cells(element: &ExplainedElement) -> Vec<(u64, String, String)> {
    element
        .from
        .iter()
        .filter_map(|origin| match origin {
            Origin::Cell(cell) | Origin::FilledFrom(cell) | Origin::LookedUp(cell) => Some((
                cell.place.row.unwrap(),
                cell.place.column.as_deref().unwrap().to_owned(),
                cell.value.clone().unwrap_or_default(),
            )),
            _ => None,
        })
        .collect()
}

fn cell(row: u64, column: &str, value: &str) -> Vec<(u64, String, String)> {
    vec![(row, column.to_owned(), value.to_owned())]
}

const MAPPING: &str = r#"mapping: rows
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: changes
  asOf: stated
  tables:
    rows:
      key: ID
      identity: [ID]
      columns:
        ID: { type: string, required: true }
        Surname: { type: string, aliases: [Family Name] }
        Sex: code
        Born: { type: date, formats: [dd/MM/yyyy] }
        Weight: decimal
        Smokes: { type: flag, "true": Y, "false": N }
        Wheelchair: { type: flag, "true": Y, "false": N }
        Door: { deny: door code }
codes:
  sex: { file: codes/sex.csv, to: http://hl7.org/fhir/administrative-gender }
make:
  Patient:
    from: rows
    profile: UKCore-Patient
    identifier:
      - { system: local(id), value: "=[ID]" }
    name:
      - { use: official, family: "=[Surname]" }
    gender: =[Sex] | code(sex)
    birthDate: =[Born]
  Observation.weight:
    from: rows
    when: =present([Weight])
    key: ="weight"
    profile: UKCore-Observation-VitalSigns-BodyWeight
    status: final
    code:
      coding:
        - { slice: snomedCT, code: "27113001", display: Body weight }
    subject: =Patient()
    effectiveDateTime: "2026-01-01"
    valueQuantity: =quantity([Weight], "kg")
  Flag:
    from: rows
    each: { columns: [Smokes, Wheelchair], as: tick }
    when: =tick
    key: =tick.column
    status: active
    code: { text: "=concat(tick.column, \" was ticked\")" }
    subject: =Patient()
"#;

const SEX: &str = "source,code\nMale,male\nFemale,female\n";

fn rows() -> Mapping {
    support::good("rows", MAPPING, &[("codes/sex.csv", SEX)])
}

const ROWS: &str = "ID,Family Name,Sex,Born,Weight,Smokes,Wheelchair,Door\n\
    p1,Testwood,female,14/02/1938,61.50,N,Y,4711C\n";

/// The line of the mapping above that an element points to.
fn line(element: &ExplainedElement) -> String {
    let line = element.mapping.as_ref().expect("a place").line as usize;
    MAPPING.lines().nth(line - 1).unwrap().trim().to_owned()
}

#[test]
fn an_element_names_its_line_of_the_mapping_and_its_cells() {
    let told = traced(&rows(), ROWS);
    let patient = told.of("Patient");
    assert_eq!(patient.outcome, Outcome::Made);
    let family = element(patient, "Patient.name[0].family");
    assert_eq!(family.value, "Testwood");
    assert_eq!(line(family), r#"- { use: official, family: "=[Surname]" }"#);
    // The place names the column as the file does, which calls it by its other name.
    assert_eq!(cells(family), cell(2, "Family Name", "Testwood"));
    let born = element(patient, "Patient.birthDate");
    assert_eq!(
        (born.value.as_str(), line(born).as_str()),
        ("1938-02-14", "birthDate: =[Born]")
    );
    assert_eq!(cells(born), cell(2, "Born", "14/02/1938"));
    let own = element(patient, "Patient.identifier[0].system");
    assert_eq!(own.from, [Origin::Constant]);
    assert_eq!(line(own), r#"- { system: local(id), value: "=[ID]" }"#);
}

#[test]
fn the_mapping_the_profile_and_causeway_are_told_apart() {
    let told = traced(&rows(), ROWS);
    let weight = told.of("Observation.weight");
    let how = |path: &str| element(weight, path).from[0].clone();
    assert_eq!(how("Observation.status"), Origin::Constant);
    assert_eq!(
        how("Observation.category[0].coding[0].code"),
        Origin::Profile
    );
    // One coding is the profile's; of the other the mapping writes the code, the profile the system.
    let codings: Vec<(String, Origin)> = weight
        .elements
        .iter()
        .filter(|it| it.path.starts_with("Observation.code.coding"))
        .map(|it| (it.value.clone(), it.from[0].clone()))
        .collect();
    let of = |value: &str| {
        codings
            .iter()
            .find(|(it, _)| it == value)
            .unwrap()
            .1
            .clone()
    };
    assert_eq!(of("http://loinc.org"), Origin::Profile);
    assert_eq!(of("29463-7"), Origin::Profile);
    assert_eq!(of("http://snomed.info/sct"), Origin::Profile);
    assert_eq!(of("27113001"), Origin::Constant);
    let id = element(weight, "Observation.id");
    assert_eq!(id.from[0], Origin::Engine);
    assert_eq!(how("Observation.meta.profile[0]"), Origin::Engine);
    // Of a quantity the number is the cell's and the unit the mapping's.
    let value = element(weight, "Observation.valueQuantity.value");
    assert_eq!(
        (value.value.as_str(), cells(value)),
        ("61.50", cell(2, "Weight", "61.50"))
    );
    assert_eq!(how("Observation.valueQuantity.code"), Origin::Constant);
}

#[test]
fn a_code_names_the_row_of_its_table() {
    let told = traced(&rows(), ROWS);
    let gender = element(told.of("Patient"), "Patient.gender");
    assert_eq!(gender.value, "female");
    assert_eq!(cells(gender), cell(2, "Sex", "female"));
    let row = gender.from.iter().find_map(|origin| match origin {
        Origin::CodeRow {
            table,
            place,
            label,
        } => Some((table.clone(), place.clone(), label.clone())),
        _ => None,
    });
    let (table, place, label) = row.expect("a row");
    assert_eq!((table.as_str(), label.as_str()), ("sex", "female"));
    assert_eq!((&*place.file, place.line), ("codes/sex.csv", 3));
}

#[test]
fn a_variable_stands_for_the_cell_that_it_was_read_from() {
    let told = traced(&rows(), ROWS);
    let flags: Vec<&Explanation> = told
        .explained
        .iter()
        .filter(|it| it.rule.as_deref() == Some("Flag"))
        .collect();
    // N is no reason for a flag: that is told with the condition and the cell that it looked at.
    let (made, passed): (Vec<&Explanation>, Vec<&Explanation>) = flags
        .into_iter()
        .partition(|it| it.outcome == Outcome::Made);
    assert_eq!((made.len(), passed.len()), (1, 1));
    assert_eq!(passed[0].reason, Some(PassedFor::When));
    let when = passed[0].decisions.last().unwrap();
    assert_eq!((when.asked, when.answer.as_str()), (Asked::When, "false"));
    assert!(
        matches!(&when.by[..], [Origin::Cell(by)] if by.column == "Smokes" && by.value.as_deref() == Some("N")),
        "{when:#?}"
    );
    let asked = made[0]
        .decisions
        .iter()
        .find(|it| it.asked == Asked::When)
        .unwrap();
    assert!(
        matches!(&asked.by[..], [Origin::Cell(by)] if by.column == "Wheelchair"),
        "{asked:#?}"
    );
}

#[test]
fn cs_22_a_denied_column_never_shows() {
    let told = traced(&rows(), ROWS);
    assert!(!format!("{:?}", told.explained).contains("4711C"));
    for made in &told.made {
        assert!(!format!("{:?}", made.trace).contains("4711C"));
    }
}

#[test]
fn without_being_asked_nothing_is_recorded() {
    let input = Input::bytes("rows.csv", ROWS.as_bytes().to_vec());
    let told = run(&rows(), &input, &support::context(), false);
    assert!(told.explained.is_empty(), "{:#?}", told.explained);
    assert!(told.made.iter().all(|made| made.trace.is_none()));
}

#[test]
fn what_is_refused_says_which_rule_and_how_far_it_came() {
    let mapping = support::good(
        "rows",
        &MAPPING.replace(
            "birthDate: =[Born]",
            "birthDate: =[Born] | onMissing(quarantine)",
        ),
        &[("codes/sex.csv", SEX)],
    );
    let told = traced(
        &mapping,
        "ID,Surname,Sex,Born,Weight,Smokes,Wheelchair,Door\np1,Testwood,Male,,61,N,Y,\n",
    );
    let patient = told.of("Patient");
    assert_eq!(patient.outcome, Outcome::Quarantined);
    assert_eq!(patient.issues[0].issue.code, "M105");
    assert!(patient.mapping.is_some() && patient.resource.is_some());
    // What refers to it is held back, and says so.
    let weight = told.of("Observation.weight");
    assert_eq!(weight.issues[0].issue.code, "M107");
    assert!(
        weight.decisions.iter().any(|it| it.answer == "true"),
        "{weight:#?}"
    );
}

const GROUPED: &str = r#"mapping: rows
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: changes
  asOf: stated
  tables:
    homes:
      header: [ID, Seen]
      key: ID
      identity: [ID]
      columns:
        ID: { type: string, required: true }
        Seen: { type: date, formats: [yyyy-MM-dd], required: true }
        Surname: string
        Postcode: string
make:
  Patient:
    from: homes
    group: [ID]
    latest: =[Seen]
    name:
      - { family: "=[Surname]" }
    address:
      - { postalCode: "=[Postcode]" }
"#;

#[test]
fn a_blank_that_another_record_of_the_group_fills_names_that_record() {
    let mapping = support::good("rows", GROUPED, &[]);
    let told = traced(
        &mapping,
        "ID,Seen,Surname,Postcode\np1,2026-01-01,Old,ZZ1 1AA\np1,2026-02-01,Testwood,\n",
    );
    let made = told
        .explained
        .iter()
        .find(|it| it.outcome == Outcome::Made)
        .unwrap();
    let family = element(made, "Patient.name[0].family");
    assert_eq!(cells(family), cell(3, "Surname", "Testwood"));
    let postcode = element(made, "Patient.address[0].postalCode");
    assert_eq!(cells(postcode), cell(2, "Postcode", "ZZ1 1AA"));
    assert!(
        matches!(postcode.from[0], Origin::FilledFrom(_)),
        "{postcode:#?}"
    );
    let passed = told
        .explained
        .iter()
        .find(|it| it.outcome == Outcome::PassedOver)
        .unwrap();
    assert_eq!(
        (passed.reason, passed.record.row),
        (Some(PassedFor::Group), Some(2))
    );
}

#[test]
fn a_cell_of_another_table_and_of_a_document_says_where_it_is() {
    let mapping = support::good(
        "rows",
        r#"mapping: rows
version: 1.0.0
fhir: 4.0.1
source:
  format: json
  extent: changes
  asOf: stated
  tables:
    wards:
      path: wards[]
      key: id
      columns: { id: { type: string, required: true }, name: string }
    people:
      path: people[]
      key: id
      identity: [id]
      columns:
        id: { type: string, required: true }
        family: { path: name.family, type: string }
        ward: string
make:
  Patient:
    from: people
    name: [ { family: "=[family]" } ]
    address: [ { text: "=wards([ward]).[name]" } ]
"#,
        &[],
    );
    let input = Input::bytes(
        "home.json",
        br#"{"wards":[{"id":"w1","name":"North"},{"id":"w2","name":"South"}],
            "people":[{"id":"p1","name":{"family":"Testwood"},"ward":"w2"}]}"#
            .to_vec(),
    );
    let told = run(&mapping, &input, &support::context(), true);
    let patient = told.of("Patient");
    let pointer = |path: &str| -> Vec<String> {
        let of = |origin: &Origin| match origin {
            Origin::Cell(cell) | Origin::LookedUp(cell) => cell.place.pointer.clone(),
            _ => None,
        };
        element(patient, path).from.iter().filter_map(of).collect()
    };
    assert_eq!(pointer("Patient.name[0].family"), ["/people/0/name/family"]);
    // The key that was looked up with, and what was found.
    assert_eq!(
        pointer("Patient.address[0].text"),
        ["/people/0/ward", "/wards/1/name"]
    );
}

fn shipped() -> Vec<PathBuf> {
    let mappings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../mappings");
    let found = mapping::find_mappings(&mappings);
    assert!(found.len() >= 3, "{found:?}");
    found
}

/// Over every case of every shipped mapping: a trace changes nothing that is made, and leaves no
/// value without an explanation.
#[test]
fn every_value_of_every_shipped_case_is_explained() {
    let mut values = 0;
    for folder in shipped() {
        let loaded = mapping::load(
            &Folder::open(&folder),
            Definitions::embedded(),
            &support::TERMINOLOGY,
        );
        let mapping = loaded.mapping.expect("it loads");
        for case in std::fs::read_dir(folder.join("tests")).unwrap() {
            let case = case.unwrap().path();
            let input = std::fs::read_dir(&case)
                .unwrap()
                .map(|file| file.unwrap().path())
                .find(|file| {
                    file.file_name()
                        .unwrap()
                        .to_string_lossy()
                        .starts_with("input.")
                });
            let input = Input::path(input.expect("an input"));
            let mut plain = Told::default();
            let options = RunOptions::one_thread();
            if mapping
                .run(&input, &support::context(), options, &TakeAll, &mut plain)
                .is_err()
            {
                continue;
            }
            let told = run(&mapping, &input, &support::context(), true);
            let text = |told: &Told| -> Vec<String> {
                told.made
                    .iter()
                    .map(|made| made.resource.to_string())
                    .collect()
            };
            assert_eq!(text(&plain), text(&told), "{}", case.display());
            let threads = RunOptions {
                threads: 3,
                trace: true,
                ..RunOptions::default()
            };
            let spread = run_with(&mapping, &input, &support::context(), threads);
            let json = |told: &Told| serde_json::to_string(&told.explained).unwrap();
            assert_eq!(json(&told), json(&spread), "{}", case.display());
            for explained in told
                .explained
                .iter()
                .filter(|it| it.outcome == Outcome::Made)
            {
                for element in &explained.elements {
                    values += 1;
                    let place = format!("{}: {element:#?}", case.display());
                    assert!(!element.from.is_empty(), "{place}");
                    let own = element.path.ends_with(".id") && !element.path.contains('[');
                    assert!(element.mapping.is_some() || own, "{place}");
                    let engine = element.from.contains(&Origin::Engine);
                    let meta = element.path.split('.').nth(1) == Some("meta");
                    assert!(!engine || own || meta, "{place}");
                }
            }
        }
    }
    assert!(values > 5_000, "{values}");
}

#[test]
fn records_inside_a_resource_show_their_own_cells() {
    let mapping = support::good(
        "rows",
        r#"mapping: rows
version: 1.0.0
fhir: 4.0.1
source:
  format: json
  extent: snapshot
  asOf: stated
  tables:
    people:
      path: people[]
      key: id
      identity: [id]
      columns: { id: { type: string, required: true }, family: { type: string, required: true } }
    contacts:
      path: people[].contacts[]
      optional: true
      columns: { called: { type: string, required: true } }
    addresses:
      path: addresses[]
      optional: true
      columns: { of: { type: string, required: true }, line: { type: string, required: true } }
make:
  Patient:
    from: people
    name: [ { family: "=[family]" } ]
    contact:
      - each: { from: contacts, as: person }
        name: { text: "=person.[called]" }
    address:
      - each: { from: addresses, on: { of: "=[id]" }, as: home }
        text: =home.[line]
"#,
        &[],
    );
    let input = Input::bytes(
        "home.json",
        br#"{"people":[{"id":"p1","family":"Testwood","contacts":[{"called":"Ann"},{"called":"Bea"}]}],
            "addresses":[{"of":"p1","line":"1 Test Street"}]}"#
            .to_vec(),
    );
    let told = run(&mapping, &input, &support::context(), true);
    let patient = told.of("Patient");
    let pointers = |path: &str| -> Vec<String> {
        element(patient, path)
            .from
            .iter()
            .filter_map(|origin| match origin {
                Origin::Cell(cell) => cell.place.pointer.clone(),
                _ => None,
            })
            .collect()
    };
    assert_eq!(
        pointers("Patient.contact[1].name.text"),
        ["/people/0/contacts/1/called"]
    );
    assert_eq!(pointers("Patient.address[0].text"), ["/addresses/0/line"]);
}
