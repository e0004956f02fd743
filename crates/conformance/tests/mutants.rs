//! The generator: the same each time, and enough of each kind.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use conformance::mutants::kinds;
use conformance::{Case, Sources, Suite};

fn suite(seed: u64) -> Suite {
    let root: PathBuf = Path::new(env!("CARGO_MANIFEST_DIR"))
        .ancestors()
        .nth(2)
        .unwrap()
        .into();
    let sources = Sources {
        root,
        data: None,
        examples: None,
    };
    Suite::new(sources, seed, 100).unwrap()
}

fn all(seed: u64) -> Vec<Case> {
    let suite = suite(seed);
    let corpus = suite.corpus().unwrap();
    let mut cases = suite.mutants(&corpus, |_| true, None);
    cases.extend(corpus);
    cases
}

#[test]
fn a_seed_gives_the_same_cases_each_time_and_another_seed_others() {
    let hashes = |seed| {
        all(seed)
            .iter()
            .map(|case| (case.name.clone(), case.hash()))
            .collect::<Vec<_>>()
    };
    let first = hashes(1);
    assert_eq!(first, hashes(1));
    assert_ne!(first, hashes(2));
}

#[test]
fn every_kind_has_a_hundred_cases_and_no_two_have_one_name() {
    let mut counts: BTreeMap<&str, usize> = BTreeMap::new();
    let mut names: BTreeMap<String, usize> = BTreeMap::new();
    for case in all(1) {
        *counts.entry(case.kind).or_default() += 1;
        *names.entry(case.name).or_default() += 1;
    }
    for kind in kinds() {
        assert!(
            counts.get(kind).is_some_and(|count| *count >= 100),
            "{kind}: {:?}",
            counts.get(kind)
        );
    }
    for (kind, count) in &counts {
        assert!(*count >= 80 || *kind == "sample", "{kind}: {count}");
    }
    let twice: Vec<_> = names.into_iter().filter(|(_, count)| *count > 1).collect();
    assert!(twice.is_empty(), "{twice:?}");
}

#[test]
fn a_mutant_differs_from_what_it_was_made_of() {
    let suite = suite(1);
    let corpus = suite.corpus().unwrap();
    for case in suite.mutants(&corpus, |_| true, None) {
        let base = case
            .name
            .split('/')
            .skip(1)
            .take(2)
            .collect::<Vec<_>>()
            .join("/");
        if let Some(base) = corpus.iter().find(|found| found.name == base) {
            assert_ne!(base.text, case.text, "{}", case.name);
        }
    }
}
