//! A mapping's life through the crate's interface: a folder, reviews, a store.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::{Path, PathBuf};
use std::sync::Arc;

use definitions::Definitions;
use jiff::civil::date;
use mapping::{Folder, Loaded};
use mapping_registry::{
    Gate, REVIEW_FILE, Registry, RegistryError, ReviewFile, ReviewRefused, Reviewer, Standing,
    review,
};
use proptest::prelude::*;
use store::{MappingOutcome, Options, SqliteStore, Store, Tenant};
use tempfile::TempDir;
use terminology::Terminology;

const MAPPING: &str = r#"
mapping: homes
version: 1.0.0
fhir: 4.0.1
source:
  format: csv
  extent: snapshot
  asOf: =rows.[As Of]
  tables:
    rows:
      identity: [NHS Number]
      key: NHS Number
      columns:
        As Of: { type: date, formats: [yyyy-MM-dd], required: true }
        NHS Number: { type: nhs-number, required: true }
        Surname: { type: string, required: true }
        Born: { type: date, formats: [yyyy-MM-dd], required: true }
        Sex: { type: code, values: [F, M] }
codes:
  sex: { file: codes/sex.csv, to: http://hl7.org/fhir/administrative-gender }
make:
  Patient:
    from: rows
    profile: UKCore-Patient
    identifier:
      - slice: nhsNumber
        value: =[NHS Number]
        extension: { nhsNumberVerificationStatus: "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland|02" }
    name:
      - { use: official, family: "=[Surname]" }
    gender: =[Sex] | code(sex)
    birthDate: =[Born]
"#;

const INPUT: &str =
    "As Of,NHS Number,Surname,Born,Sex\n2026-01-01,9990000018,Testing,1940-02-03,F\n";

struct Bench {
    _folder: TempDir,
    mapping: PathBuf,
    store: Arc<dyn Store>,
    terminology: Arc<Terminology>,
}

fn definitions() -> &'static Definitions {
    Definitions::embedded()
}

impl Bench {
    fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mapping = folder.path().join("homes");
        std::fs::create_dir_all(mapping.join("codes")).unwrap();
        std::fs::create_dir_all(mapping.join("tests/one")).unwrap();
        std::fs::write(mapping.join("mapping.yaml"), MAPPING).unwrap();
        std::fs::write(
            mapping.join("codes/sex.csv"),
            "source,code\nF,female\nM,male\n",
        )
        .unwrap();
        std::fs::write(mapping.join("tests/one/input.csv"), INPUT).unwrap();
        let store: Arc<dyn Store> = Arc::new(
            SqliteStore::open(&folder.path().join("s.sqlite"), Options::default()).unwrap(),
        );
        let bench = Self {
            _folder: folder,
            mapping,
            store,
            terminology: Arc::new(Terminology::new(definitions())),
        };
        let accepted = mapping::testing::run_tests(
            &bench.mapping,
            definitions(),
            &bench.terminology,
            &mapping::testing::TestOptions {
                accept: true,
                ..Default::default()
            },
        );
        assert!(accepted.passed(), "{accepted:#?}");
        bench
    }

    fn review_by(&self, name: &str) -> Result<mapping_registry::Reviewed, ReviewRefused> {
        review(
            &self.mapping,
            &Reviewer {
                name: name.to_owned(),
                role: "Clinical safety officer".to_owned(),
                registration: Some("GMC 1234567".to_owned()),
                date: date(2026, 11, 22),
                note: None,
            },
            date(2026, 11, 22),
            definitions(),
            &self.terminology,
        )
    }

    fn loaded(&self) -> Loaded {
        mapping::load(
            &Folder::open(&self.mapping),
            definitions(),
            &self.terminology,
        )
    }

    fn standing(&self) -> Standing {
        Standing::of(&self.mapping, &self.loaded())
    }

    fn registry(&self, gate: Gate) -> Registry {
        Registry::new(
            self.store.clone(),
            definitions(),
            self.terminology.clone(),
            gate,
        )
    }

    fn edit(&self, file: &str, from: &str, to: &str) {
        let path = self.mapping.join(file);
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "{file} has no {from}");
        std::fs::write(path, text.replacen(from, to, 1)).unwrap();
    }
}

fn home() -> Tenant {
    Tenant::new("home")
}

#[test]
fn cs_21_a_review_counts_until_a_byte_changes_and_counts_again_when_it_is_back() {
    let bench = Bench::new();
    assert_eq!(bench.standing(), Standing::Unreviewed);
    let reviewed = bench.review_by("Dr A Example").unwrap();
    assert_eq!(reviewed.review.tests, 1);
    assert_eq!(
        bench.standing().to_string(),
        "reviewed 2026-11-22 by Dr A Example (Clinical safety officer, GMC 1234567)"
    );

    bench.edit("codes/sex.csv", "M,male", "M,unknown");
    bench.edit("mapping.yaml", "1.0.0", "1.0.1");
    assert_eq!(
        bench.standing().to_string(),
        "not reviewed as it is now: reviewed 2026-11-22 by Dr A Example (Clinical safety officer, \
         GMC 1234567); codes/sex.csv and mapping.yaml changed since"
    );
    assert!(bench.standing().review().is_none());

    bench.edit("codes/sex.csv", "M,unknown", "M,male");
    bench.edit("mapping.yaml", "1.0.1", "1.0.0");
    assert!(bench.standing().review().is_some());
}

#[test]
fn cs_21_reviews_are_a_history_and_the_last_of_the_present_content_counts() {
    let bench = Bench::new();
    bench.review_by("Dr A").unwrap();
    bench.edit("mapping.yaml", "fhir: 4.0.1", "fhir: 4.0.1 # R4");
    bench.review_by("Dr B").unwrap();
    bench.review_by("Dr C").unwrap();
    assert_eq!(bench.standing().review().unwrap().reviewer, "Dr C");
    // Back to the content that only Dr A saw.
    bench.edit("mapping.yaml", "fhir: 4.0.1 # R4", "fhir: 4.0.1");
    assert_eq!(bench.standing().review().unwrap().reviewer, "Dr A");
    let (file, _) = ReviewFile::read(&bench.mapping).unwrap().unwrap();
    assert_eq!(file.reviews.len(), 3);
    assert!(bench.review_by("Dr A").unwrap().known);
    let (again, _) = ReviewFile::read(&bench.mapping).unwrap().unwrap();
    assert_eq!(again, file, "the same review is not written twice");
}

#[test]
fn cs_21_nothing_is_recorded_of_a_mapping_that_is_wrong_or_untested() {
    let nothing = |bench: &Bench| assert!(!bench.mapping.join(REVIEW_FILE).exists());
    let bench = Bench::new();
    bench.edit("mapping.yaml", "birthDate: =[Born]", "birthDay: =[Born]");
    assert!(matches!(
        bench.review_by("Dr A"),
        Err(ReviewRefused::Errors(_))
    ));
    nothing(&bench);

    let bench = Bench::new();
    bench.edit("codes/sex.csv", "F,female", "F,other");
    assert!(matches!(
        bench.review_by("Dr A"),
        Err(ReviewRefused::TestsFail(_))
    ));
    nothing(&bench);

    let bench = Bench::new();
    std::fs::remove_dir_all(bench.mapping.join("tests")).unwrap();
    assert!(matches!(
        bench.review_by("Dr A"),
        Err(ReviewRefused::NoTests)
    ));
    nothing(&bench);

    let bench = Bench::new();
    assert!(matches!(
        bench.review_by("  "),
        Err(ReviewRefused::Unsaid(_))
    ));
    nothing(&bench);
}

#[test]
fn cs_21_a_review_file_that_cannot_be_read_counts_for_nothing_and_is_not_overwritten() {
    let bench = Bench::new();
    bench.review_by("Dr A").unwrap();
    let path = bench.mapping.join(REVIEW_FILE);
    let text = std::fs::read_to_string(&path).unwrap();
    for broken in [
        text.replace("reviewer:", "reviewers:"),
        text.replace("2026-11-22", "last Tuesday"),
        format!("{text}\n]"),
        text.replace("tests: 1", "tests: many"),
    ] {
        std::fs::write(&path, &broken).unwrap();
        assert!(
            matches!(bench.standing(), Standing::Unreadable(_)),
            "{broken}"
        );
        assert!(matches!(
            bench.review_by("Dr B"),
            Err(ReviewRefused::File(_))
        ));
        assert_eq!(std::fs::read_to_string(&path).unwrap(), broken);
    }
}

#[test]
fn cs_21_a_review_of_another_content_is_not_made_one_by_the_names_of_its_files() {
    let bench = Bench::new();
    bench.review_by("Dr A").unwrap();
    bench.edit("mapping.yaml", "1.0.0", "1.0.1");
    // Whoever only copies the file hashes has still not reviewed this.
    let now = mapping_registry::file_hashes(&bench.loaded());
    let path = bench.mapping.join(REVIEW_FILE);
    let (mut file, _) = ReviewFile::read(&bench.mapping).unwrap().unwrap();
    file.reviews[0].files = now;
    std::fs::write(path, file.to_text()).unwrap();
    assert!(bench.standing().review().is_none());
}

async fn install(registry: &Registry, folder: &Path) -> Result<MappingOutcome, RegistryError> {
    registry
        .install_folder(folder, "Pat Operator")
        .await
        .map(|(_, outcome)| outcome)
}

#[tokio::test]
async fn cs_21_production_takes_only_what_was_reviewed_byte_for_byte() {
    let bench = Bench::new();
    let registry = bench.registry(Gate::ReviewedOnly);
    install(&registry, &bench.mapping).await.unwrap();
    let refused = registry
        .activate(&home(), None, "homes", "1.0.0", "Pat")
        .await;
    assert!(
        matches!(&refused, Err(RegistryError::NotReviewed(stamp)) if stamp.version == "1.0.0"),
        "{refused:?}"
    );
    assert!(refused.unwrap_err().to_string().contains("mappings review"));
    assert!(
        registry
            .active_for(&home(), "homes", "any")
            .await
            .unwrap()
            .is_none()
    );

    bench.review_by("Dr A").unwrap();
    assert_eq!(
        install(&registry, &bench.mapping).await.unwrap(),
        MappingOutcome::Installed {
            new: false,
            reviews: 1
        }
    );
    let done = registry
        .activate(&home(), None, "homes", "1.0.0", "Pat")
        .await
        .unwrap();
    assert_eq!(done, MappingOutcome::Activated { before: None });

    // Its bytes are the store's: the folder may change or go.
    let active = registry
        .active_for(&home(), "homes", "any")
        .await
        .unwrap()
        .unwrap();
    bench.edit("mapping.yaml", "Surname", "Family");
    std::fs::remove_dir_all(&bench.mapping).unwrap();
    let mapping = registry.load(&active.stamp).await.unwrap();
    assert_eq!(mapping.hash(), active.stamp.hash);
    registry.may_publish(&active.stamp).await.unwrap();
}

#[tokio::test]
async fn cs_21_a_review_of_an_earlier_content_does_not_travel_with_a_later_one() {
    let bench = Bench::new();
    bench.review_by("Dr A").unwrap();
    bench.edit("mapping.yaml", "1.0.0", "1.0.1");
    let registry = bench.registry(Gate::ReviewedOnly);
    assert_eq!(
        install(&registry, &bench.mapping).await.unwrap(),
        MappingOutcome::Installed {
            new: true,
            reviews: 0
        }
    );
    let refused = registry
        .activate(&home(), None, "homes", "1.0.1", "Pat")
        .await;
    assert!(matches!(refused, Err(RegistryError::NotReviewed(_))));
}

#[tokio::test]
async fn what_cannot_be_installed_changes_nothing() {
    let bench = Bench::new();
    let registry = bench.registry(Gate::Open);
    assert!(matches!(
        registry.install_folder(&bench.mapping, " ").await,
        Err(RegistryError::Nobody)
    ));
    bench.edit("mapping.yaml", "birthDate: =[Born]", "birthDay: =[Born]");
    assert!(matches!(
        install(&registry, &bench.mapping).await,
        Err(RegistryError::Errors(_))
    ));
    bench.edit("mapping.yaml", "birthDay: =[Born]", "birthDate: =[Born]");
    std::fs::write(bench.mapping.join(REVIEW_FILE), "reviews: {").unwrap();
    assert!(matches!(
        install(&registry, &bench.mapping).await,
        Err(RegistryError::ReviewFile(_))
    ));
    std::fs::remove_file(bench.mapping.join(REVIEW_FILE)).unwrap();
    assert!(bench.store.installed().await.unwrap().is_empty());

    install(&registry, &bench.mapping).await.unwrap();
    bench.edit("codes/sex.csv", "M,male", "M,unknown");
    assert!(matches!(
        install(&registry, &bench.mapping).await,
        Err(RegistryError::OtherContent { .. })
    ));
    assert!(matches!(
        registry
            .activate(&home(), None, "homes", "2.0.0", "Pat")
            .await,
        Err(RegistryError::NotInstalled { .. })
    ));
    assert!(matches!(
        registry.roll_back(&home(), None, "homes", "Pat").await,
        Err(RegistryError::NothingBefore { .. })
    ));
}

#[tokio::test]
async fn a_source_of_its_own_choice_goes_before_the_choice_for_all() {
    let bench = Bench::new();
    let registry = bench.registry(Gate::Open);
    install(&registry, &bench.mapping).await.unwrap();
    bench.edit("mapping.yaml", "1.0.0", "1.1.0");
    install(&registry, &bench.mapping).await.unwrap();
    for (source, version) in [(None, "1.0.0"), (Some("east"), "1.1.0")] {
        registry
            .activate(&home(), source, "homes", version, "Pat")
            .await
            .unwrap();
    }
    for (source, version) in [("east", "1.1.0"), ("west", "1.0.0")] {
        let active = registry
            .active_for(&home(), "homes", source)
            .await
            .unwrap()
            .unwrap();
        assert_eq!(active.stamp.version, version);
    }
    let other = registry
        .active_for(&Tenant::new("other"), "homes", "east")
        .await
        .unwrap();
    assert!(other.is_none());
}

fn any_review() -> impl Strategy<Value = mapping_registry::Review> {
    let text = "\\PC{1,20}".prop_filter("not blank", |text| !text.trim().is_empty());
    let some = proptest::option::of(
        "[\\PC\n\t]{1,20}".prop_filter("not blank", |text| !text.trim().is_empty()),
    );
    (
        (text.clone(), text.clone(), some.clone(), some),
        (text.clone(), text.clone(), "[0-9a-f]{64}", 0usize..1000),
        proptest::collection::btree_map(text, "[0-9a-f]{64}", 1..4),
    )
        .prop_map(|(who, what, files)| mapping_registry::Review {
            reviewer: who.0,
            role: who.1,
            registration: who.2,
            date: "2026-11-22".to_owned(),
            note: who.3,
            mapping: what.0,
            version: what.1,
            hash: what.2,
            tests: what.3,
            causeway: "0.1.0".to_owned(),
            files,
        })
}

proptest! {
    #[test]
    fn a_review_file_is_read_back_as_it_was_written(
        reviews in proptest::collection::vec(any_review(), 0..4)
    ) {
        let file = ReviewFile { reviews };
        let text = file.to_text();
        prop_assert_eq!(ReviewFile::parse(&text).map_err(|error| format!("{error}\n{text}")), Ok(file));
    }

    #[test]
    fn no_text_makes_the_reader_panic(text in "\\PC{0,200}", lines in "[-:{}\\[\\]&*!|>'\"a-z \n]{0,200}") {
        let _ = ReviewFile::parse(&text);
        let _ = ReviewFile::parse(&lines);
    }
}
