//! Causeway's verdicts beside those that the outside oracle gave: over what can be had without a
//! network and without Java.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::{Path, PathBuf};

use conformance::{Comparison, Reviewed, Snapshot, Sources, Suite};

/// The least agreement in percent without the official examples, which are the easier part: with
/// them it is `LEAST_OVERALL`.
const LEAST_OFFLINE: f64 = 98.5;

/// As many as `cargo xtask oracle` makes.
const PER_KIND: usize = 110;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .to_path_buf()
}

/// The folder with the official packages and examples, which are not shipped with Causeway.
fn data() -> Option<PathBuf> {
    let data = root().parent()?.join("shared/data");
    if data.is_dir() {
        return Some(data);
    }
    assert!(
        std::env::var_os("CI").is_none(),
        "{} is missing, and CI must have it",
        data.display()
    );
    eprintln!("SKIPPED (1): the official UK Core and IPS examples are not here");
    None
}

#[test]
fn verdicts_agree_with_the_oracle() {
    let root = root();
    let folder = root.join("conformance/oracle");
    let snapshot = Snapshot::read(&folder.join("verdicts.txt.gz")).unwrap();
    let reviewed = Reviewed::read(&folder.join("disagreements.json")).unwrap();
    let sources = Sources {
        root,
        data: data(),
        examples: None,
    };
    let whole = sources.data.is_some();
    let suite = Suite::new(sources, 1, PER_KIND).unwrap();

    let corpus = suite.corpus().unwrap();
    // Which bases are broken further depends on what the oracle said of them.
    let mutants = if whole {
        let valid =
            |case: &conformance::Case| snapshot.get(case).is_some_and(|verdict| verdict.valid);
        suite.mutants(&corpus, valid, None)
    } else {
        Vec::new()
    };
    let cases: Vec<_> = corpus.into_iter().chain(mutants).collect();
    let ours = suite.ours(&cases).unwrap();

    let mut comparison = Comparison::default();
    let mut unseen = Vec::new();
    for (case, ours) in cases.iter().zip(&ours) {
        match snapshot.get(case) {
            Some(oracle) => comparison.add(case, &oracle, ours, &reviewed),
            None => unseen.push(case.name.as_str()),
        }
    }
    eprintln!("{}", comparison.report(1));

    assert!(
        unseen.is_empty(),
        "the oracle has not seen {} cases as they are now ({}…): run cargo xtask oracle --keep and review it",
        unseen.len(),
        unseen[..unseen.len().min(5)].join(", ")
    );
    assert!(comparison.overall().compared > 3000);
    if whole {
        assert_eq!(comparison.overall().compared, snapshot.len());
    }
    let unlisted = comparison.unlisted();
    assert!(
        unlisted.is_empty(),
        "not on the reviewed list: {unlisted:#?}"
    );
    let shortfalls = comparison.shortfalls(LEAST_OFFLINE);
    assert!(shortfalls.is_empty(), "{shortfalls:#?}");
}
