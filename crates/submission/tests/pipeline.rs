//! A file's life, through the public interface, with a small mapping of the test's own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::sync::Arc;

use definitions::Definitions;
use identity::IdSpace;
use jiff::Timestamp;
use mapping::{Embedded, Mapping};
use mapping_registry::{Gate, package_of};
use search::Indexer;
use source::Input;
use store::{
    MappingChange, MappingOrder, MappingReview, Options, Query, SqliteStore, Status, Store, Stored,
    Tenant,
};
use submission::{Delivery, Pipeline, Report, ReportState, SubmitError, codes};
use tempfile::TempDir;
use terminology::Terminology;
use validation::Validator;

const MAPPING: &str = r#"
mapping: test-home
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: snapshot
  asOf: =rows.[As Of]
  tables:
    rows:
      identity: [NHS Number, { weak: [Surname, Given, Born] }]
      key: NHS Number
      columns:
        As Of: { type: date, formats: [yyyy-MM-dd], required: true }
        NHS Number: nhs-number
        Surname: { type: string, required: true }
        Given: string
        Born: { type: date, formats: [yyyy-MM-dd], required: true }
        Allergies: { type: list, separator: ";" }
        Alert: { type: string, optional: true }
        Sex: { type: code, values: [F, M] }
        Key Safe: { deny: door code }
codes:
  sex: { to: http://hl7.org/fhir/administrative-gender, rows: { F: female, M: male } }
make:
  Patient:
    from: rows
    profile: UKCore-Patient
    identifier:
      - slice: nhsNumber
        value: =[NHS Number]
        extension: { nhsNumberVerificationStatus: "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland|02" }
    name:
      - { use: official, family: "=[Surname]", given: "=[Given]" }
    gender: =[Sex] | code(sex)
    birthDate: =[Born]
  AllergyIntolerance:
    from: rows
    each: =[Allergies] as substance
    when: =not (negates(substance) or doubts(substance))
    key: =substance
    profile: UKCore-AllergyIntolerance
    patient: =Patient()
    code: =textOnly(substance)
    clinicalStatus: active
    verificationStatus: unconfirmed
  Flag:
    from: rows
    when: =present([Alert])
    key: =[Alert]
    profile: UKCore-Flag
    status: active
    code: =textOnly([Alert])
    subject: =Patient()
"#;

const HEADER: &str = "As Of,NHS Number,Surname,Given,Born,Allergies,Sex,Key Safe\n";

struct Bench {
    _folder: TempDir,
    store: Arc<dyn Store>,
    pipeline: Pipeline,
    mapping: Arc<Mapping>,
    runtime: tokio::runtime::Runtime,
}

const NUMBERS: [&str; 10] = [
    "9990000018",
    "9990000026",
    "9990000034",
    "9990000042",
    "9990000050",
    "9990000069",
    "9990000077",
    "9990000085",
    "9990000093",
    "9990000107",
];

impl Bench {
    fn new() -> Self {
        Self::with(MAPPING)
    }

    /// People are told apart by name and birth date, so that two may carry one NHS number.
    fn by_name() -> Self {
        Self::with(
            &MAPPING
                .replace("identity: [NHS Number, {", "identity: [{")
                .replace("key: NHS Number", "key: [Surname, Given, Born]"),
        )
    }

    fn with(mapping: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let store: Arc<dyn Store> = Arc::new(
            SqliteStore::open(&folder.path().join("s.sqlite"), Options::default()).unwrap(),
        );
        let definitions = Definitions::embedded();
        let terminology = Terminology::new(definitions);
        let files = Embedded::new("test-home").with("mapping.yaml", mapping.as_bytes().to_vec());
        let loaded = mapping::load(&files, definitions, &terminology);
        let errors: Vec<_> = diagnostics::errors(&loaded.issues)
            .map(ToString::to_string)
            .collect();
        assert!(errors.is_empty(), "{errors:#?}");
        let pipeline = Pipeline::new(
            store.clone(),
            Arc::new(Validator::new(
                definitions,
                Arc::new(Terminology::new(definitions)),
            )),
            Arc::new(Indexer::new(definitions)),
            IdSpace::with_secret(b"a secret of this test"),
        )
        .with_gate(Gate::Open);
        Self {
            _folder: folder,
            store,
            pipeline,
            mapping: Arc::new(loaded.mapping.unwrap()),
            runtime: tokio::runtime::Runtime::new().unwrap(),
        }
    }

    fn submit(&self, rows: &[String]) -> Report {
        self.submit_as("T1", rows)
    }

    fn submit_as(&self, tenant: &str, rows: &[String]) -> Report {
        let csv = format!("{HEADER}{}", rows.concat());
        self.submit_bytes(tenant, csv.into_bytes())
    }

    fn submit_bytes(&self, tenant: &str, bytes: Vec<u8>) -> Report {
        let delivery = self.delivery(tenant, bytes);
        self.runtime
            .block_on(self.pipeline.submit(delivery))
            .unwrap()
    }

    fn delivery(&self, tenant: &str, bytes: Vec<u8>) -> Delivery {
        Delivery {
            tenant: Tenant::new(tenant),
            source: "home".to_owned(),
            mapping: self.mapping.clone(),
            input: Input::bytes("home.csv", bytes),
            as_of: None,
            received: Timestamp::now(),
        }
    }

    fn all(&self, rtype: &str) -> Vec<Stored> {
        let sight = access::Access::pipeline(&Tenant::new("T1"));
        let mut query = Query::new(rtype);
        query.count = 1000;
        self.runtime
            .block_on(self.store.search(&sight, &query))
            .unwrap()
            .items
    }

    fn standing(&self, rtype: &str) -> Vec<json::Value> {
        self.all(rtype)
            .into_iter()
            .filter(|stored| stored.status == Status::Active)
            .map(|stored| json::parse(&stored.body).unwrap())
            .collect()
    }

    fn allergies(&self) -> Vec<String> {
        let mut texts: Vec<String> = self
            .standing("AllergyIntolerance")
            .iter()
            .map(|allergy| {
                allergy
                    .get("code")
                    .unwrap()
                    .text("text")
                    .unwrap()
                    .to_owned()
            })
            .collect();
        texts.sort();
        texts
    }
}

fn row(as_of: &str, person: usize, allergies: &str) -> String {
    format!(
        "{as_of},{},Testname{person},Ada,1940-01-{:02},{allergies},F,1234\n",
        NUMBERS[person],
        person + 1
    )
}

fn home(as_of: &str, allergies: &str) -> Vec<String> {
    (0..10)
        .map(|person| row(as_of, person, allergies))
        .collect()
}

#[test]
fn cs_21_in_production_an_unreviewed_mapping_stores_nothing() {
    let bench = Bench::new();
    let production = bench.pipeline.clone().with_gate(Gate::default());
    let csv = format!("{HEADER}{}", home("2026-11-01", "Penicillin").concat());
    let submit = || {
        let delivery = bench.delivery("T1", csv.clone().into_bytes());
        bench.runtime.block_on(production.submit(delivery))
    };
    let refused = submit().unwrap_err();
    assert!(
        matches!(&refused, SubmitError::Unreviewed(stamp) if stamp.hash == bench.mapping.hash()),
        "{refused}"
    );
    assert!(refused.to_string().contains("mappings review"), "{refused}");
    assert!(bench.all("Patient").is_empty());

    // A review of this content, kept by the store, opens the gate.
    let definitions = Definitions::embedded();
    let files = Embedded::new("test-home").with("mapping.yaml", MAPPING.as_bytes().to_vec());
    let loaded = mapping::load(&files, definitions, &Terminology::new(definitions));
    let order = MappingOrder {
        by: "Pat Operator".to_owned(),
        change: MappingChange::Install {
            package: package_of(&loaded).unwrap(),
            reviews: vec![MappingReview {
                reviewer: "Dr A Example".to_owned(),
                role: "Clinical safety officer".to_owned(),
                registration: None,
                date: "2026-11-22".to_owned(),
                note: None,
            }],
            review_file: None,
        },
    };
    bench.runtime.block_on(bench.store.order(order)).unwrap();
    assert_eq!(submit().unwrap().state, ReportState::Reported);
    assert_eq!(bench.standing("Patient").len(), 10);
}

#[test]
fn the_same_file_twice_changes_nothing() {
    let bench = Bench::new();
    let first = bench.submit(&home("2026-11-01", "Penicillin"));
    assert_eq!(first.state, ReportState::Reported);
    assert_eq!(
        (first.counts.records, first.counts.created),
        (10, 20),
        "{}",
        first.to_text()
    );
    let second = bench.submit(&home("2026-11-01", "Penicillin"));
    assert_eq!(
        second.counts.created + second.counts.updated + second.counts.retired,
        0
    );
    assert_eq!(second.counts.unchanged, 20);
}

#[test]
fn cs_04_an_older_file_after_a_newer_one_changes_nothing() {
    let bench = Bench::new();
    bench.submit(&home("2026-11-02", "Latex"));
    let older = bench.submit(&home("2026-11-01", "Penicillin"));
    assert_eq!(older.state, ReportState::Refused);
    assert!(
        older
            .issues
            .iter()
            .any(|issue| issue.code == codes::OLDER_FILE)
    );
    assert!(older.to_text().contains("newer"), "{}", older.to_text());
    assert!(bench.allergies().iter().all(|text| text == "Latex"));
    let newer = bench.submit(&home("2026-11-03", "Latex"));
    assert_eq!(newer.state, ReportState::Reported);
}

#[test]
fn cs_04_what_vanished_is_retired_and_its_history_stays() {
    let bench = Bench::new();
    bench.submit(&home("2026-11-01", ""));
    // One of ten has left: not more than one in ten.
    let report = bench.submit(&home("2026-11-02", "")[..9]);
    assert_eq!(report.state, ReportState::Reported, "{}", report.to_text());
    assert_eq!(report.counts.retired, 1);
    assert_eq!(bench.standing("Patient").len(), 9);
    let gone: Vec<_> = bench
        .all("Patient")
        .into_iter()
        .filter(|stored| stored.status == Status::Retired)
        .collect();
    assert_eq!(gone.len(), 1);
    assert_eq!(gone[0].version, 2);
    assert!(String::from_utf8_lossy(&gone[0].body).contains("no-longer-reported"));
    // Who comes back stands again.
    bench.submit(&home("2026-11-03", ""));
    assert_eq!(bench.standing("Patient").len(), 10);
}

#[test]
fn cs_04_a_vanished_allergy_and_a_sharp_fall_wait_for_a_person() {
    let bench = Bench::new();
    bench.submit(&home("2026-11-01", "Penicillin"));
    let report = bench.submit(&home("2026-11-02", ""));
    assert_eq!(
        report.state,
        ReportState::AwaitingConfirmation,
        "{}",
        report.to_text()
    );
    assert_eq!(
        bench.allergies().len(),
        10,
        "an allergy does not vanish by itself"
    );
    let fall = bench.submit(&home("2026-11-03", "Penicillin")[..8]);
    assert_eq!(
        fall.state,
        ReportState::AwaitingConfirmation,
        "{}",
        fall.to_text()
    );
    assert_eq!(bench.standing("Patient").len(), 10);
}

#[test]
fn what_could_not_be_read_is_not_taken_for_gone() {
    let bench = Bench::new();
    bench.submit(&home("2026-11-01", "Penicillin"));
    let mut rows = home("2026-11-02", "Penicillin");
    rows[3] = rows[3].replace("1940-01-04", "1940-13-04");
    let report = bench.submit(&rows);
    assert!(report.counts.quarantined >= 1, "{}", report.to_text());
    assert_eq!(report.counts.retired, 0, "{}", report.to_text());
    assert_eq!(bench.standing("Patient").len(), 10);
    assert_eq!(bench.allergies().len(), 10);
    let mut rows = home("2026-11-03", "Penicillin");
    rows[5] = "2026-11-03,too few\n".to_owned();
    let report = bench.submit(&rows);
    assert_eq!(report.counts.retired, 0, "{}", report.to_text());
    assert_eq!(bench.standing("Patient").len(), 10);
}

#[test]
fn cs_01_who_a_stored_person_is_does_not_change_by_an_update() {
    for (from, to) in [("Testname4", "Otherwise"), ("1940-01-05", "1941-01-05")] {
        let bench = Bench::new();
        bench.submit(&home("2026-11-01", "Penicillin"));
        let mut rows = home("2026-11-02", "Penicillin;Latex");
        rows[4] = rows[4].replace(from, to);
        let report = bench.submit(&rows);
        assert!(
            report
                .issues
                .iter()
                .any(|issue| issue.code == codes::IDENTITY_CHANGED),
            "{}",
            report.to_text()
        );
        // The person and what depends on them is held back; everybody else's went through.
        assert_eq!(
            bench
                .allergies()
                .iter()
                .filter(|text| *text == "Latex")
                .count(),
            9
        );
        assert_eq!(
            bench
                .allergies()
                .iter()
                .filter(|text| *text == "Penicillin")
                .count(),
            10
        );
        let family: Vec<String> = bench
            .standing("Patient")
            .iter()
            .map(|patient| {
                patient
                    .each("name")
                    .next()
                    .unwrap()
                    .text("family")
                    .unwrap()
                    .to_owned()
            })
            .collect();
        assert!(family.contains(&"Testname4".to_owned()));
        assert!(!family.contains(&"Otherwise".to_owned()));
    }
}

#[test]
fn cs_01_an_nhs_number_that_changes_or_vanishes_is_held_back() {
    for to in ["9990000115", ""] {
        let bench = Bench::new();
        bench.submit(&home("2026-11-01", ""));
        let mut rows = home("2026-11-02", "");
        rows[2] = rows[2].replace(NUMBERS[2], to);
        let report = bench.submit(&rows);
        assert!(
            report
                .issues
                .iter()
                .any(|issue| issue.code == codes::IDENTITY_CHANGED),
            "{to}: {}",
            report.to_text()
        );
        assert_eq!(bench.standing("Patient").len(), 10, "{to}");
    }
}

#[test]
fn cs_01_twins_are_two_people() {
    let bench = Bench::new();
    let mut rows = home("2026-11-01", "");
    rows[1] = rows[0]
        .replace(NUMBERS[0], NUMBERS[1])
        .replace("Ada", "Ben");
    let report = bench.submit(&rows);
    assert_eq!(report.counts.quarantined, 0, "{}", report.to_text());
    assert_eq!(bench.standing("Patient").len(), 10);
}

#[test]
fn cs_22_values_are_in_no_report_text_and_no_other_tenant_is_touched() {
    let bench = Bench::new();
    let mut rows = home("2026-11-01", "Penicillin");
    rows[0] = rows[0].replace("1940-01-01", "31.12.1940");
    let report = bench.submit_as("T1", &rows);
    assert!(!report.to_text().contains("31.12.1940"));
    assert!(
        !serde_json::to_string(&report)
            .unwrap()
            .contains("31.12.1940")
    );
    let sight = access::Access::pipeline(&Tenant::new("T2"));
    let page = bench
        .runtime
        .block_on(bench.store.search(&sight, &Query::new("Patient")))
        .unwrap();
    assert!(page.items.is_empty());
    // The sender finds the record, with its value, in its own quarantine; the door code is nowhere.
    let sight = access::Access::pipeline(&Tenant::new("T1"));
    let id = report.id.clone().unwrap();
    let held = bench
        .runtime
        .block_on(bench.store.quarantine_of(&sight, &Tenant::new("T1"), &id))
        .unwrap();
    assert!(held.iter().any(|row| row.held.raw.contains("31.12.1940")));
    assert!(held.iter().all(|row| !row.held.raw.contains("1234")));
}

#[test]
fn a_file_that_is_not_the_mappings_is_refused_with_words() {
    let bench = Bench::new();
    for bytes in [
        &b""[..],
        b"Name,Colour\nAda,Blue\n",
        b"\x00\xff\xfe garbage",
    ] {
        let report = bench.submit_bytes("T1", bytes.to_vec());
        assert_eq!(report.state, ReportState::Refused, "{}", report.to_text());
        assert!(!report.issues.is_empty());
        assert_eq!(report.counts.created, 0);
    }
    assert!(bench.all("Patient").is_empty());
}

#[test]
fn ids_need_the_deployments_secret() {
    let bench = Bench::new();
    bench.submit(&home("2026-11-01", ""));
    let stored = bench.all("Patient");
    let guess = IdSpace::published().resource_id("T1", "home", "Patient", "Patient", &[NUMBERS[0]]);
    assert!(stored.iter().all(|patient| patient.id != guess));
}

#[test]
fn a_resource_that_is_not_valid_names_its_row() {
    let bench = Bench::new();
    // FHIR allows no control characters in a text, and the mapping lets them through.
    let report = bench.submit(&[row("2026-09-30", 0, "Penicillin\u{1}")]);
    let refused: Vec<_> = report
        .issues
        .iter()
        .filter(|group| group.code.starts_with('V'))
        .collect();
    assert!(!refused.is_empty(), "{:#?}", report.issues);
    for group in refused {
        assert_eq!(group.places, ["home.csv, row 2"], "{group:#?}");
    }
}

#[test]
fn cs_02_two_people_with_one_number_are_pointed_out_in_a_conversion() {
    let definitions = Definitions::embedded();
    let validator = Validator::new(definitions, Arc::new(Terminology::new(definitions)));
    // Known by surname, given name and birth date: people of their own, whatever their number.
    let files = Embedded::new("test-home").with(
        "mapping.yaml",
        MAPPING
            .replace("identity: [NHS Number, {", "identity: [{")
            .replace("key: NHS Number", "key: [Surname, Given, Born]")
            .into_bytes(),
    );
    let loaded = mapping::load(&files, definitions, &Terminology::new(definitions));
    let mapping = loaded.mapping.unwrap();
    let found = |second: &str| {
        let csv = format!(
            "{HEADER}{}2026-09-30,{second},,F,1\n",
            row("2026-09-30", 0, "")
        );
        let context = mapping::RunContext {
            tenant: "T1".to_owned(),
            source: "home".to_owned(),
            ids: IdSpace::published(),
            as_of: None,
        };
        let input = Input::bytes("home.csv", csv.into_bytes());
        let mut out = Vec::new();
        submission::convert(
            &mapping,
            input,
            &context,
            &validator,
            mapping::RunOptions::default(),
            &mut out,
            &mut |_| (),
        )
        .unwrap()
        .unwrap_or_else(|issues| panic!("{issues:#?}"))
        .report
        .issues
        .into_iter()
        .filter(|group| group.code.starts_with('P'))
        .map(|group| (group.code, group.places))
        .collect::<Vec<_>>()
    };
    let place = vec!["home.csv, row 3".to_owned()];
    let number = NUMBERS[0];
    assert_eq!(
        found(&format!("{number},Elsename,Bob,1950-05-05")),
        [(codes::NUMBER_SHARED.to_owned(), place.clone())]
    );
    let first = row("2026-09-30", 0, "");
    let surname = first.split(',').nth(2).unwrap();
    let born = first.split(',').nth(4).unwrap();
    assert_eq!(
        found(&format!("{number},{surname},Bea,{born}")),
        [(codes::REGISTERED_TWICE.to_owned(), place)]
    );
    assert_eq!(
        found(&format!("{},Elsename,Bob,1950-05-05", NUMBERS[1])),
        []
    );
}

#[test]
fn cs_04_a_mistyped_year_does_not_shut_later_files_out() {
    let bench = Bench::new();
    let report = bench.submit(&[row("2926-09-30", 0, "Penicillin")]);
    assert_eq!(report.state, ReportState::Refused);
    assert_eq!(report.issues.len(), 1, "{:#?}", report.issues);
    assert_eq!(report.issues[0].code, codes::FUTURE);
    assert!(bench.allergies().is_empty());
    // The right file is not taken for an older one.
    let report = bench.submit(&[row("2020-09-30", 0, "Penicillin")]);
    assert_eq!(report.state, ReportState::Reported);
    assert_eq!(bench.allergies(), ["Penicillin"]);
}

#[test]
fn a_day_that_comes_soon_is_stored_and_pointed_out() {
    let bench = Bench::new();
    let soon = Timestamp::now() + jiff::SignedDuration::from_hours(24 * 30);
    let report = bench.submit(&[row(&soon.to_string()[..10], 0, "Penicillin")]);
    assert_eq!(report.state, ReportState::Reported);
    assert!(
        report
            .issues
            .iter()
            .any(|group| group.code == codes::FUTURE)
    );
    assert_eq!(bench.allergies(), ["Penicillin"]);
}

#[test]
fn cs_04_a_column_that_is_missing_retires_nothing() {
    let bench = Bench::new();
    let with_alerts = |as_of: &str, alert: &str| {
        let mut csv = HEADER.replace('\n', ",Alert\n");
        for row in home(as_of, "") {
            csv.push_str(&row.replace('\n', &format!(",{alert}\n")));
        }
        csv.into_bytes()
    };
    bench.submit_bytes("T1", with_alerts("2026-11-01", "Falls"));
    assert_eq!(bench.standing("Flag").len(), 10);
    // The next export has lost the column: that says nothing about the alerts.
    let report = bench.submit(&home("2026-11-02", ""));
    assert_eq!(report.counts.retired, 0, "{}", report.to_text());
    assert_eq!(bench.standing("Flag").len(), 10);
    assert!(
        report
            .issues
            .iter()
            .any(|issue| issue.code == codes::VANISHED_UNKNOWN)
    );
    // With the column and no alert in it they are no longer reported.
    let report = bench.submit_bytes("T1", with_alerts("2026-11-03", ""));
    assert_eq!(report.counts.retired, 10, "{}", report.to_text());
}

#[test]
fn cs_02_of_two_who_claim_one_number_in_one_file_neither_stands() {
    let claim = |as_of: &str| {
        let mut rows = home(as_of, "Penicillin");
        rows[7] = rows[7].replace(NUMBERS[7], NUMBERS[2]);
        rows
    };
    for reversed in [false, true] {
        let bench = Bench::by_name();
        let mut rows = claim("2026-11-01");
        if reversed {
            rows.reverse();
        }
        for _ in 0..2 {
            let report = bench.submit(&rows);
            assert!(
                report
                    .issues
                    .iter()
                    .any(|issue| issue.code == codes::NUMBER_SHARED),
                "{}",
                report.to_text()
            );
            assert_eq!(bench.standing("Patient").len(), 8);
            assert_eq!(bench.allergies().len(), 8);
        }
        // Mended at the source, both stand.
        let report = bench.submit(&home("2026-11-02", "Penicillin"));
        assert_eq!(bench.standing("Patient").len(), 10, "{}", report.to_text());
        assert_eq!(bench.allergies().len(), 10);
    }
}

#[test]
fn cs_02_who_had_the_number_before_keeps_it() {
    let bench = Bench::by_name();
    bench.submit(&home("2026-11-01", "Penicillin")[..9]);
    let mut rows = home("2026-11-02", "Penicillin");
    rows[9] = rows[9].replace(NUMBERS[9], NUMBERS[2]);
    let report = bench.submit(&rows);
    assert!(report.counts.quarantined > 0, "{}", report.to_text());
    assert_eq!(bench.standing("Patient").len(), 9);
}

/// A source that sends changes and marks what it has deleted.
fn deleting() -> Bench {
    let mapping = MAPPING
        .replace("extent: snapshot", "extent: changes")
        .replace(
            "      key: NHS Number\n",
            "      key: NHS Number\n      deleted: =[Gone]\n",
        )
        .replace(
            "        Key Safe:",
            "        Gone: { type: flag, \"true\": Y, optional: true }\n        Key Safe:",
        )
        .replace("    from: rows\n", "    from: rows\n    deleted: retire\n");
    Bench::with(&mapping)
}

fn told(bench: &Bench, as_of: &str, person: usize) -> Report {
    let csv = format!(
        "As Of,NHS Number,Surname,Given,Born,Allergies,Sex,Key Safe,Gone\n{as_of},{},Testname{person},Ada,1940-01-{:02},Latex,F,,Y\n",
        NUMBERS[person],
        person + 1
    );
    bench.submit_bytes("T1", csv.into_bytes())
}

#[test]
fn cs_04_what_a_source_says_is_gone_is_retired_with_all_that_is_gone_with_it() {
    let bench = deleting();
    bench.submit(&home("2026-11-01", "Latex"));
    // One of ten: not more than one in ten. The allergy of who is gone goes too.
    let report = told(&bench, "2026-11-02", 3);
    assert_eq!(report.state, ReportState::Reported, "{}", report.to_text());
    assert_eq!(report.counts.quarantined, 0, "{}", report.to_text());
    assert_eq!(report.counts.retired, 2, "{}", report.to_text());
    assert_eq!(bench.standing("Patient").len(), 9);
    assert_eq!(bench.allergies().len(), 9);
    assert!(
        report.issues.iter().any(|issue| issue.code == "M124"),
        "it is said: {}",
        report.to_text()
    );
    // What is gone already cannot go again.
    let again = told(&bench, "2026-11-03", 3);
    assert_eq!(again.counts.retired, 0, "{}", again.to_text());
}

#[test]
fn cs_04_a_deleted_allergy_waits_for_a_person() {
    let mapping = MAPPING
        .replace("extent: snapshot", "extent: changes")
        .replace(
            "      key: NHS Number\n",
            "      key: NHS Number\n      deleted: =[Alert] = \"gone\"\n",
        )
        .replace(
            "code: =textOnly(substance)\n",
            "code: =textOnly(substance)\n    deleted: retire\n",
        )
        .replace(
            "    birthDate: =[Born]\n",
            "    birthDate: =[Born]\n    deleted: { active: \"true\" }\n",
        );
    let bench = Bench::with(&mapping);
    bench.submit(&home("2026-11-01", "Latex"));
    let csv = format!(
        "As Of,NHS Number,Surname,Given,Born,Allergies,Sex,Alert\n2026-11-02,{},Testname3,Ada,1940-01-04,Latex,F,gone\n",
        NUMBERS[3]
    );
    let report = bench.submit_bytes("T1", csv.into_bytes());
    assert_eq!(
        report.state,
        ReportState::AwaitingConfirmation,
        "{}",
        report.to_text()
    );
    assert_eq!(bench.allergies().len(), 10);
    assert!(
        report.to_text().contains("marked as deleted"),
        "{}",
        report.to_text()
    );
}
