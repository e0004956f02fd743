//! A store with an intake before it.

use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use definitions::Definitions;
use mapping::{Embedded, Mapping};
use mapping_registry::RegistryError;
use store::{
    Batch, JobQuery, MappingStamp, Options, SqliteStore, Store, Submission, SubmissionState, Tenant,
};
use submission::{Intake, IntakeSettings, Looked, Mappings};
use tempfile::TempDir;
use terminology::Terminology;
use ways_in::{Ways, WaysIn};

const MAPPING: &str = r#"
mapping: home
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: changes
  asOf: =rows.[As Of]
  tables:
    rows:
      identity: [NHS Number]
      key: NHS Number
      columns:
        As Of: { type: date, formats: [yyyy-MM-dd], required: true }
        NHS Number: nhs-number
        Surname: { type: string, required: true }
make:
  Patient:
    from: rows
    name:
      - { family: "=[Surname]" }
"#;

/// Every source that is called `home` has the mapping, and no other.
struct One(Arc<Mapping>);

impl Mappings for One {
    fn active<'a>(&'a self, _: &'a Tenant, source: &'a str) -> Looked<'a> {
        let found = (source == "home").then(|| self.0.clone());
        Box::pin(async move { found.ok_or_else(|| RegistryError::Store(store::Error::Closed)) })
    }

    fn exactly<'a>(&'a self, _: &'a MappingStamp) -> Looked<'a> {
        Box::pin(async move { Ok(self.0.clone()) })
    }
}

pub struct Bench {
    pub folder: TempDir,
    pub store: Arc<dyn Store>,
    pub intake: Intake,
    mappings: Arc<One>,
    pub queued: Arc<AtomicUsize>,
}

impl Bench {
    pub fn new(settings: IntakeSettings) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("s.sqlite");
        let store: Arc<dyn Store> = Arc::new(SqliteStore::open(&path, Options::default()).unwrap());
        let definitions = Definitions::embedded();
        let files = Embedded::new("home").with("mapping.yaml", MAPPING.as_bytes().to_vec());
        let loaded = mapping::load(&files, definitions, &Terminology::new(definitions));
        let mapping = loaded
            .mapping
            .unwrap_or_else(|| panic!("{:#?}", loaded.issues));
        let mappings = Arc::new(One(Arc::new(mapping)));
        Self {
            intake: Intake::new(store.clone(), mappings.clone(), settings),
            folder,
            store,
            mappings,
            queued: Arc::default(),
        }
    }

    /// The same store behind other settings.
    pub fn with(self, settings: IntakeSettings) -> Self {
        let intake = Intake::new(self.store.clone(), self.mappings.clone(), settings);
        Self { intake, ..self }
    }

    /// Begins to watch. Only the organisation `VM001` is known.
    pub fn watch(
        &self,
        mailboxes: Vec<mesh::Settings>,
        folders: Vec<drop_folder::Settings>,
    ) -> WaysIn {
        let queued = self.queued.clone();
        WaysIn::start(Ways {
            mailboxes,
            folders,
            intake: self.intake.clone(),
            tenant_of: Arc::new(|ods| (ods == "VM001").then(|| Tenant::new("willow"))),
            queued: Arc::new(move || {
                queued.fetch_add(1, Ordering::Relaxed);
            }),
            store: self.store.clone(),
        })
        .unwrap()
    }

    /// The folder of one source.
    pub fn drop_settings(&self, organisation: &str, source: &str) -> drop_folder::Settings {
        toml::from_str(&format!(
            "path = {:?}\npoll-seconds = 0.02\n[[sources]]\nfolder = \"home\"\n\
             organisation = \"{organisation}\"\nsource = \"{source}\"\n",
            self.folder.path().join("drop").to_str().unwrap()
        ))
        .unwrap()
    }

    pub async fn submissions(&self) -> Vec<Submission> {
        let tenant = Tenant::new("willow");
        let sight = access::Access::pipeline(&tenant);
        let mut all = self.store.submissions(&sight, &tenant, None).await.unwrap();
        all.sort_by(|a, b| a.file_name.cmp(&b.file_name));
        all
    }

    /// As a worker leaves a submission that it has dealt with.
    pub async fn dealt_with(&self, submission: &Submission, state: SubmissionState) {
        let mut batch = Batch::new(submission.tenant.clone(), submission.id.clone());
        let mut row = submission.clone();
        row.state = state;
        batch.submission = Some(row);
        self.store.commit(batch).await.unwrap();
    }

    pub async fn deeds(&self) -> usize {
        let tenant = Tenant::new("willow");
        let sight = access::Access::pipeline(&tenant);
        self.store.deeds(&sight, &tenant, None).await.unwrap().len()
    }

    pub async fn jobs(&self) -> usize {
        let tenant = Tenant::new("willow");
        let sight = access::Access::pipeline(&tenant);
        let query = JobQuery::default();
        let jobs = self.store.jobs(&sight, &tenant, &query).await.unwrap();
        jobs.len()
    }

    /// The archived bytes of a submission.
    pub async fn bytes(&self, submission: &Submission) -> Vec<u8> {
        let tenant = Tenant::new("willow");
        let sight = access::Access::pipeline(&tenant);
        let hash = submission.file_hash.as_str();
        let keys = archive::Keys::none();
        let reader = archive::Reader::open(self.store.clone(), &sight, &tenant, hash, &keys).await;
        let mut bytes = Vec::new();
        reader.unwrap().copy_to(&mut bytes).await.unwrap();
        bytes
    }
}

/// Waits until something is so.
pub async fn until<F: Future<Output = bool>>(what: &str, mut is_so: impl FnMut() -> F) {
    let begun = Instant::now();
    while !is_so().await {
        assert!(begun.elapsed() < Duration::from_secs(60), "{what}");
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}
