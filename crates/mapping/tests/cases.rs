//! The tests that mappings carry: how they are compared, accepted, and what they reach.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::{Path, PathBuf};
use std::sync::{Arc, LazyLock};

use definitions::Definitions;
use mapping::coverage::{Coverage, Part};
use mapping::testing::{CaseReport, Difference, TestOptions, TestReport, run_tests};
use tempfile::TempDir;
use terminology::Terminology;

static TERMINOLOGY: LazyLock<Arc<Terminology>> =
    LazyLock::new(|| Arc::new(Terminology::new(Definitions::embedded())));

const MAPPING: &str = r#"mapping: home
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
        Surname: string
        Given: { type: list, separator: " " }
        Sex: code
        Ward: string
        Room: string
codes:
  sex:
    to: http://hl7.org/fhir/administrative-gender
    rows: { Male: male, Female: female, Other: other }
make:
  Patient:
    from: rows
    name:
      - { family: "=[Surname]", given: "=[Given]" }
    gender: =[Sex] | code(sex)
    address:
      - { text: '=coalesce([Ward], [Room])' }
  Flag:
    from: rows
    when: =[Ward] = "North"
    key: ="north"
    status: active
    code: { text: '=if([Surname] = "Testwood", "ours", "theirs")' }
    subject: =Patient()
"#;

struct Home(TempDir);

impl Home {
    fn new() -> Self {
        let home = Self(TempDir::new().unwrap());
        home.write("mapping.yaml", MAPPING);
        home
    }

    fn folder(&self) -> PathBuf {
        self.0.path().join("home")
    }

    fn write(&self, path: &str, text: &str) {
        let path = self.folder().join(path);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }

    fn read(&self, path: &str) -> String {
        std::fs::read_to_string(self.folder().join(path)).unwrap()
    }

    fn run(&self, options: &TestOptions) -> TestReport {
        run_tests(
            &self.folder(),
            Definitions::embedded(),
            &TERMINOLOGY,
            options,
        )
    }

    /// A case whose expectation is what is made.
    fn accepted(input: &str) -> Self {
        let home = Self::new();
        home.write("tests/one/input.csv", input);
        let report = home.run(&accepting());
        assert!(report.passed() && report.cases[0].accepted, "{report:#?}");
        home
    }

    fn one(&self) -> CaseReport {
        let mut report = self.run(&TestOptions::default());
        assert_eq!(report.cases.len(), 1);
        report.cases.remove(0)
    }

    fn expect(&self, change: impl Fn(String) -> String) {
        let text = self.read("tests/one/expected.ndjson");
        let changed = change(text.clone());
        assert_ne!(text, changed, "the change changes something");
        self.write("tests/one/expected.ndjson", &changed);
    }
}

fn accepting() -> TestOptions {
    TestOptions {
        accept: true,
        ..TestOptions::default()
    }
}

fn covering() -> TestOptions {
    TestOptions {
        coverage: true,
        ..TestOptions::default()
    }
}

const ROWS: &str = "ID,Surname,Given,Sex,Ward,Room\np1,Testwood,Ada Beth Cora,Female,North,1\np2,Mockham,Dan,Male,South,2\n";

fn words(case: &CaseReport) -> Vec<String> {
    case.differences.iter().map(ToString::to_string).collect()
}

#[test]
fn what_is_accepted_passes_and_what_changes_is_named_by_its_path() {
    let home = Home::accepted(ROWS);
    assert!(home.one().passed());
    home.expect(|text| {
        text.replace("\"Testwood\"", "\"Testwod\"")
            .replace("\"gender\":\"male\",", "")
    });
    let case = home.one();
    assert!(!case.passed());
    let found: Vec<(&str, Option<&str>, Option<&str>)> = case
        .differences
        .iter()
        .map(|it| match it {
            Difference::Element {
                path,
                expected,
                actual,
                ..
            } => (path.as_str(), expected.as_deref(), actual.as_deref()),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(
        found,
        [
            (
                "Patient.name[0].family",
                Some("\"Testwod\""),
                Some("\"Testwood\"")
            ),
            ("Patient.gender", None, Some("\"male\"")),
        ]
    );
    let words = words(&case).join("\n");
    assert!(words.contains("Patient.name[0].family changed"), "{words}");
    assert!(words.contains("Patient.gender is not expected"), "{words}");
}

#[test]
fn an_item_that_moved_is_not_many_that_changed() {
    let home = Home::accepted(ROWS);
    home.expect(|text| text.replace(r#"["Ada","Beth","Cora"]"#, r#"["Beth","Cora","Ada"]"#));
    let case = home.one();
    let moved = Difference::Moved {
        resource: String::new(),
        path: "Patient.name[0].given".to_owned(),
        from: 2,
        to: 0,
    };
    let found: Vec<Difference> = case
        .differences
        .into_iter()
        .map(|it| match it {
            Difference::Moved { path, from, to, .. } => Difference::Moved {
                resource: String::new(),
                path,
                from,
                to,
            },
            other => other,
        })
        .collect();
    assert_eq!(found, [moved]);
    // One item too few at the front is one item, not all that follow.
    home.write("tests/one/expected.ndjson", "");
    assert!(home.run(&accepting()).passed());
    home.expect(|text| text.replace(r#"["Ada","Beth","Cora"]"#, r#"["Beth","Cora"]"#));
    let words = words(&home.one());
    assert_eq!(words.len(), 1, "{words:?}");
    assert!(
        words[0].contains("Patient.name[0].given[0] is not expected"),
        "{words:?}"
    );
}

#[test]
fn a_resource_under_another_id_is_compared_with_what_it_became() {
    let home = Home::accepted(ROWS);
    home.write(
        "tests/one/input.csv",
        &ROWS.replace("p2,Mockham", "p9,Mockhom"),
    );
    let case = home.one();
    let kinds: Vec<&str> = case
        .differences
        .iter()
        .map(|it| match it {
            Difference::OtherId { .. } => "other id",
            Difference::Element { path, .. } => path.as_str(),
            other => panic!("{other:?}"),
        })
        .collect();
    assert_eq!(kinds, ["other id", "Patient.name[0].family"], "{case:#?}");
}

#[test]
fn the_same_resources_in_another_order_are_told() {
    let home = Home::accepted(ROWS);
    home.expect(|text| {
        let lines: Vec<&str> = text.lines().collect();
        format!("{}\n{}\n{}\n", lines[1], lines[0], lines[2])
    });
    let case = home.one();
    assert!(
        matches!(&case.differences[..], [Difference::Order { .. }]),
        "{case:#?}"
    );
}

#[test]
fn what_is_ignored_does_not_count_and_an_idle_path_is_told() {
    let home = Home::accepted(ROWS);
    home.expect(|text| {
        text.replace("\"Testwood\"", "\"Testwod\"")
            .replace("\"Beth\"", "\"Bet\"")
    });
    assert_eq!(home.one().differences.len(), 2);
    home.write(
        "tests/one/context.json",
        r#"{ "ignore": ["Patient.name.family", "Patient.name[0].given[1]"] }"#,
    );
    assert!(home.one().passed(), "{:#?}", home.one());
    // An index that is another's hides nothing.
    home.write(
        "tests/one/context.json",
        r#"{ "ignore": ["Patient.name.family", "Patient.name[0].given[7]"] }"#,
    );
    let words = words(&home.one()).join("\n");
    assert!(
        words.contains("Patient.name[0].given[7] meets nothing"),
        "{words}"
    );
    assert!(
        words.contains("Patient.name[0].given[1] changed"),
        "{words}"
    );
}

#[test]
fn settings_that_say_nothing_are_an_error() {
    let home = Home::accepted(ROWS);
    for (settings, said) in [
        (r#"{ "ignroe": [] }"#, "ignroe"),
        (r#"{ "ignore": "Patient.name" }"#, "ignore"),
        (r#"{ "ignore": ["Patient"] }"#, "ignore"),
        (r#"{ "asOf": 2026 }"#, "asOf"),
    ] {
        home.write("tests/one/context.json", settings);
        let case = home.one();
        assert!(case.is_broken() && !case.passed(), "{settings}: {case:#?}");
        assert!(
            case.issues[0].message.contains(said),
            "{settings}: {case:#?}"
        );
    }
}

#[test]
fn what_is_not_valid_is_never_accepted() {
    let home = Home::new();
    home.write(
        "mapping.yaml",
        &MAPPING.replace("status: active", "status: =text([Room])"),
    );
    home.write("tests/one/input.csv", ROWS);
    let report = home.run(&accepting());
    let case = &report.cases[0];
    assert!(!case.accepted && !case.passed(), "{report:#?}");
    assert!(!home.folder().join("tests/one/expected.ndjson").exists());
}

#[test]
fn a_case_that_cannot_be_run_has_a_result_too() {
    let home = Home::accepted(ROWS);
    home.write("tests/two/notes.txt", "no input");
    let report = home.run(&TestOptions::default());
    assert_eq!(report.cases.len(), 2);
    assert!(report.cases[0].passed() && report.cases[1].is_broken());
    home.write("mapping.yaml", &MAPPING.replace("=[Surname]", "=[Surnam]"));
    let report = home.run(&TestOptions::default());
    assert!(report.loaded.mapping.is_none());
    assert_eq!(report.cases.len(), 2);
    assert!(
        report.cases.iter().all(CaseReport::is_broken),
        "{report:#?}"
    );
}

fn missed(part: &Part) -> Vec<&str> {
    part.missed.iter().map(|it| it.what.as_str()).collect()
}

fn coverage(home: &Home) -> Coverage {
    home.run(&covering()).coverage.expect("it was asked for")
}

#[test]
fn what_no_case_reaches_is_listed() {
    let home = Home::accepted("ID,Surname,Given,Sex,Ward,Room\np1,Testwood,Ada,Female,South,\n");
    let found = coverage(&home);
    assert_eq!(missed(&found.rules), ["Flag"]);
    assert_eq!(
        (found.rules.reached, found.rules.of, found.rules.percent),
        (1, 2, 50)
    );
    assert_eq!(missed(&found.columns), ["rows.[Room]"]);
    assert_eq!(missed(&found.code_rows), ["sex: Male", "sex: Other"]);
    assert_eq!(
        missed(&found.branches),
        [
            "coalesce never takes choice 2",
            "when is never true",
            "if is never true",
            "if is never false",
        ]
    );
    let line = |part: &Part, index: usize| part.missed[index].place.as_ref().unwrap().line as usize;
    let text = |line: usize| MAPPING.lines().nth(line - 1).unwrap().trim().to_owned();
    assert_eq!(text(line(&found.rules, 0)), "Flag:");
    assert_eq!(text(line(&found.branches, 1)), "when: =[Ward] = \"North\"");
}

#[test]
fn cases_add_up_to_all() {
    let home = Home::accepted(
        "ID,Surname,Given,Sex,Ward,Room\np1,Testwood,Ada,Female,North,\np2,Mockham,Dan,Male,North,3\n",
    );
    home.write(
        "tests/two/input.csv",
        "ID,Surname,Given,Sex,Ward,Room\np3,Fakenham,Eve,Other,,5\n",
    );
    let report = home.run(&TestOptions {
        coverage: true,
        ..accepting()
    });
    let found = report.coverage.unwrap();
    for (kind, part) in found.parts() {
        assert!(part.missed.is_empty(), "{kind}: {part:#?}");
        assert_eq!(part.percent, 100);
    }
    // Only what was run counts.
    let one = home.run(&TestOptions {
        filter: Some("two".to_owned()),
        ..covering()
    });
    assert_eq!(missed(&one.coverage.unwrap().rules), ["Flag"]);
}

#[test]
fn the_cases_of_the_shipped_mappings_reach_their_rules_and_codes() {
    let mappings = Path::new(env!("CARGO_MANIFEST_DIR")).join("../../mappings");
    let found = mapping::find_mappings(&mappings);
    assert!(found.len() >= 3, "{found:?}");
    for folder in found {
        let report = run_tests(&folder, Definitions::embedded(), &TERMINOLOGY, &covering());
        assert!(report.passed(), "{report:#?}");
        let coverage = report.coverage.expect("it was asked for");
        assert!(
            coverage.rules.missed.is_empty(),
            "{}: {:#?}",
            report.mapping,
            coverage.rules
        );
        let rows = &coverage.code_rows;
        assert!(
            rows.of > 0 && rows.percent >= 90,
            "{}: {rows:#?}",
            report.mapping
        );
    }
}
