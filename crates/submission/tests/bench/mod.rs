//! A pipeline with a store, an archive, a queue and a small mapping of the tests' own.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    dead_code,
    missing_docs
)]

use std::collections::BTreeMap;
use std::path::Path;
use std::sync::{Arc, LazyLock, Mutex};
use std::time::Duration;

use definitions::Definitions;
use identity::IdSpace;
use mapping::{Embedded, Mapping};
use mapping_registry::{Gate, RegistryError};
use search::Indexer;
use store::{
    MappingStamp, Options, PostgresOptions, PostgresStore, QuarantineQuery, QuarantinedRow, Query,
    SqliteStore, Status, Store, Stored, Submission, Tenant,
};
use submission::{
    ArrivalInfo, By, Decisions, Intake, IntakeSettings, Looked, Mappings, NotTaken, Pipeline,
    Report, Taken, WorkerSettings, work_off_as,
};
use tempfile::TempDir;
use terminology::Terminology;
use validation::Validator;

pub const MAPPING: &str = r#"
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
        Sex: { type: code, values: [F, M] }
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
"#;

/// The same, for files that hold only what changed.
pub fn changes() -> String {
    MAPPING.replace("extent: snapshot", "extent: changes")
}

/// A later version that understands another way of writing the birth date, and says it otherwise.
pub fn mended() -> String {
    MAPPING.replace("version: 1.0.0", "version: 1.1.0").replace(
        "Born: { type: date, formats: [yyyy-MM-dd]",
        "Born: { type: date, formats: [yyyy-MM-dd, dd/MM/yyyy]",
    )
}

pub const HEADER: &str = "As Of,NHS Number,Surname,Given,Born,Allergies,Sex\n";

/// NHS numbers of the range for tests, with their check digits.
pub fn number(person: usize) -> String {
    let mut found = 0;
    let mut at: u64 = 999_000_000;
    // Those whose check digit would be ten do not exist.
    loop {
        at += 1;
        let digits: Vec<u64> = at
            .to_string()
            .bytes()
            .map(|digit| u64::from(digit - b'0'))
            .collect();
        let sum: u64 = digits
            .iter()
            .zip((2..=10).rev())
            .map(|(digit, weight)| digit * weight)
            .sum();
        let check = (11 - sum % 11) % 11;
        if check == 10 {
            continue;
        }
        if found == person {
            return (at * 10 + check).to_string();
        }
        found += 1;
    }
}

pub fn row(as_of: &str, person: usize, allergies: &str) -> String {
    format!(
        "{as_of},{},Testname{person},Ada,19{:02}-01-{:02},{allergies},F\n",
        number(person),
        30 + person / 28,
        person % 28 + 1
    )
}

pub fn home(as_of: &str, people: usize, allergies: &str) -> Vec<String> {
    (0..people)
        .map(|person| row(as_of, person, allergies))
        .collect()
}

pub fn csv(rows: &[String]) -> Vec<u8> {
    format!("{HEADER}{}", rows.concat()).into_bytes()
}

pub fn mapping(text: &str) -> Arc<Mapping> {
    let definitions = Definitions::embedded();
    let terminology = Terminology::new(definitions);
    let files = Embedded::new("test-home").with("mapping.yaml", text.as_bytes().to_vec());
    let loaded = mapping::load(&files, definitions, &terminology);
    let errors: Vec<_> = diagnostics::errors(&loaded.issues)
        .map(ToString::to_string)
        .collect();
    assert!(errors.is_empty(), "{errors:#?}");
    Arc::new(loaded.mapping.unwrap())
}

/// The mappings of a test: one active for every source, the others there to be gone on with.
pub struct TestMappings {
    active: Mutex<Option<Arc<Mapping>>>,
    known: Mutex<BTreeMap<String, Arc<Mapping>>>,
}

impl TestMappings {
    pub fn new() -> Self {
        Self {
            active: Mutex::default(),
            known: Mutex::default(),
        }
    }

    pub fn activate(&self, mapping: &Arc<Mapping>) {
        let mut known = self.known.lock().unwrap();
        known.insert(mapping.hash().to_owned(), mapping.clone());
        *self.active.lock().unwrap() = Some(mapping.clone());
    }

    pub fn deactivate(&self) {
        *self.active.lock().unwrap() = None;
    }
}

impl Mappings for TestMappings {
    fn active<'a>(&'a self, _tenant: &'a Tenant, source: &'a str) -> Looked<'a> {
        let found =
            self.active
                .lock()
                .unwrap()
                .clone()
                .ok_or_else(|| RegistryError::NotInstalled {
                    name: source.to_owned(),
                    version: None,
                });
        Box::pin(std::future::ready(found))
    }

    fn exactly<'a>(&'a self, stamp: &'a MappingStamp) -> Looked<'a> {
        let found = self.known.lock().unwrap().get(&stamp.hash).cloned();
        let found = found.ok_or_else(|| RegistryError::NotReviewed(stamp.clone()));
        Box::pin(std::future::ready(found))
    }
}

static VALIDATOR: LazyLock<(Arc<Validator>, Arc<Indexer>)> = LazyLock::new(|| {
    let definitions = Definitions::embedded();
    (
        Arc::new(Validator::new(
            definitions,
            Arc::new(Terminology::new(definitions)),
        )),
        Arc::new(Indexer::new(definitions)),
    )
});

/// Whether the test target runs on PostgreSQL. Where that is not installed, which `postgres_peer` says
/// and does not suffer in continuous integration, its tests run on SQLite once more.
const ON_POSTGRES: bool = matches!(env!("CARGO_CRATE_NAME").as_bytes(), [.., b'_', b'p', b'g']);

pub struct Bench {
    pub store: Arc<dyn Store>,
    pub mappings: Arc<TestMappings>,
    pub pipeline: Pipeline,
    pub intake: Intake,
    pub decisions: Decisions,
    pub tenant: Tenant,
    pub runtime: tokio::runtime::Runtime,
    /// What the store lies on: let go last.
    _ground: Option<Box<dyn std::any::Any>>,
}

/// How long a lease lasts in these tests.
pub const LEASE: Duration = Duration::from_millis(400);

impl Bench {
    pub fn new() -> Self {
        Self::with(MAPPING)
    }

    pub fn with(text: &str) -> Self {
        let runtime = tokio::runtime::Runtime::new().unwrap();
        if ON_POSTGRES && let Some(database) = postgres_peer::database() {
            let mut options = PostgresOptions::new(&database.url);
            options.owner_url = Some(database.owner_url.clone());
            options.connections = 6;
            let store = runtime.block_on(PostgresStore::connect(options)).unwrap();
            let mut bench = Self::of(Arc::new(store), text, runtime);
            bench._ground = Some(Box::new(database));
            return bench;
        }
        let folder: TempDir = tempfile::tempdir().unwrap();
        let mut bench = Self::at(folder.path(), text);
        bench._ground = Some(Box::new(folder));
        bench
    }

    pub fn at(folder: &Path, text: &str) -> Self {
        let store = SqliteStore::open(&folder.join("s.sqlite"), Options::default()).unwrap();
        Self::of(
            Arc::new(store),
            text,
            tokio::runtime::Runtime::new().unwrap(),
        )
    }

    pub fn of(store: Arc<dyn Store>, text: &str, runtime: tokio::runtime::Runtime) -> Self {
        let mappings = Arc::new(TestMappings::new());
        mappings.activate(&mapping(text));
        let (validator, indexer) = VALIDATOR.clone();
        let pipeline = Pipeline::new(
            store.clone(),
            validator,
            indexer,
            IdSpace::with_secret(b"a secret of this test"),
        )
        .with_gate(Gate::Open)
        .with_mappings(mappings.clone())
        .with_batch(7);
        Self {
            _ground: None,
            intake: Intake::new(store.clone(), mappings.clone(), IntakeSettings::default()),
            decisions: Decisions::new(store.clone(), mappings.clone()),
            store,
            mappings,
            pipeline,
            tenant: Tenant::new("T1"),
            runtime,
        }
    }

    pub fn by() -> By {
        By::new("pat")
    }

    pub fn info(&self) -> ArrivalInfo {
        ArrivalInfo::new(
            self.tenant.clone(),
            "home",
            "exports/home.csv",
            "https",
            "client-1",
        )
    }

    pub fn take(&self, info: ArrivalInfo, bytes: &[u8]) -> Result<Taken, NotTaken> {
        let mut from = bytes;
        self.runtime.block_on(self.intake.take(info, &mut from))
    }

    pub fn send(&self, rows: &[String]) -> String {
        self.take(self.info(), &csv(rows)).unwrap().submission
    }

    pub fn work(&self) -> u64 {
        let settings = WorkerSettings {
            lease: LEASE,
            ..WorkerSettings::default()
        };
        self.runtime
            .block_on(work_off_as(&self.pipeline, settings))
            .unwrap()
    }

    /// Sends a file and has it done.
    pub fn put(&self, rows: &[String]) -> (String, Report) {
        let id = self.send(rows);
        self.work();
        let report = self.report(&id);
        (id, report)
    }

    pub fn submission(&self, id: &str) -> Submission {
        let sight = access::Access::pipeline(&self.tenant);
        self.runtime
            .block_on(self.store.submission(&sight, &self.tenant, id))
            .unwrap()
            .unwrap()
    }

    pub fn report(&self, id: &str) -> Report {
        Report::of(&self.submission(id))
    }

    pub fn all(&self, rtype: &str) -> Vec<Stored> {
        let sight = access::Access::pipeline(&self.tenant);
        let mut query = Query::new(rtype);
        query.count = 1000;
        self.runtime
            .block_on(self.store.search(&sight, &query))
            .unwrap()
            .items
    }

    /// The texts of the allergies that stand, sorted.
    pub fn allergies(&self) -> Vec<String> {
        let mut texts: Vec<String> = self
            .all("AllergyIntolerance")
            .into_iter()
            .filter(|stored| stored.status == Status::Active)
            .map(|stored| {
                let body = json::parse(&stored.body).unwrap();
                body.get("code").unwrap().text("text").unwrap().to_owned()
            })
            .collect();
        texts.sort();
        texts
    }

    pub fn people(&self) -> usize {
        self.all("Patient")
            .iter()
            .filter(|stored| stored.status == Status::Active)
            .count()
    }

    pub fn open_rows(&self) -> Vec<QuarantinedRow> {
        self.rows(&QuarantineQuery {
            open: true,
            ..QuarantineQuery::default()
        })
    }

    pub fn rows(&self, query: &QuarantineQuery) -> Vec<QuarantinedRow> {
        let sight = access::Access::pipeline(&self.tenant);
        self.runtime
            .block_on(self.store.quarantine(&sight, &self.tenant, query))
            .unwrap()
    }

    pub fn waiting(&self) -> usize {
        let sight = access::Access::pipeline(&self.tenant);
        self.runtime
            .block_on(self.store.pending(&sight, &self.tenant, None))
            .unwrap()
            .len()
    }

    /// Everything that is stored, in words that are the same for two stores that hold the same: no
    /// times of storing, no ids of submissions.
    pub fn picture(&self) -> Vec<String> {
        let mut lines = Vec::new();
        for rtype in ["Patient", "AllergyIntolerance"] {
            for stored in self.all(rtype) {
                let mut body = json::parse(&stored.body).unwrap();
                if let Some(meta) = body.get_mut("meta").and_then(json::Value::as_object_mut) {
                    meta.remove("lastUpdated");
                }
                let mut bytes = Vec::new();
                body.write(&mut bytes);
                lines.push(format!(
                    "{rtype}/{} {:?} {} {}",
                    stored.id,
                    stored.status,
                    stored.as_of,
                    String::from_utf8(bytes).unwrap()
                ));
            }
        }
        for row in self.rows(&QuarantineQuery::default()) {
            lines.push(format!(
                "held {} {:?} {:?} {} {:?} {} {}",
                row.held.place,
                row.held.rtype,
                row.held.id,
                row.settled,
                row.decided,
                row.held.issues,
                row.held.raw
            ));
        }
        lines.sort();
        lines.push(format!("{} wait", self.waiting()));
        lines
    }

    /// The reports of all submissions, the first received first, without their ids.
    pub fn reports(&self) -> Vec<serde_json::Value> {
        let sight = access::Access::pipeline(&self.tenant);
        let mut all = self
            .runtime
            .block_on(self.store.find_submissions(
                &sight,
                &self.tenant,
                &store::SubmissionQuery::default(),
            ))
            .unwrap();
        all.reverse();
        all.iter()
            .map(|submission| {
                let mut report = Report::of(submission);
                report.id = None;
                serde_json::to_value(&report).unwrap()
            })
            .collect()
    }
}
