//! The tests that a mapping carries: `tests/<case>/` with an input and what it must become.
//!
//! [`run_tests`] is what `causeway test` calls. Each resource that a case makes is validated as
//! well, and an invalid one fails the case, unless its `issues.json` expects just that.

mod case;
mod compare;
mod difference;
mod expectation;
mod ignore;

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use definitions::Definitions;
use diagnostics::{Issue, IssueType};
use serde::Serialize;
use terminology::Terminology;
use validation::Validator;

pub use difference::Difference;

use crate::codes;
use crate::coverage::{Coverage, CoverageCounter};
use crate::testing::case::run_case;
use crate::{Folder, Loaded, load};

/// How tests are run.
#[derive(Debug, Clone, Default)]
pub struct TestOptions {
    /// Rewrite the expectations to what is made.
    pub accept: bool,
    /// Only cases whose name holds this.
    pub filter: Option<String>,
    /// Also say what of the mapping the cases reach.
    pub coverage: bool,
}

/// What the tests of one mapping gave.
#[derive(Debug)]
pub struct TestReport {
    /// The mapping's folder name.
    pub mapping: String,
    /// What the checker finds; with an error among it no case was run.
    pub loaded: Loaded,
    /// The cases, by name.
    pub cases: Vec<CaseReport>,
    /// What the cases reach, where that was asked for and the mapping loads.
    pub coverage: Option<Coverage>,
}

impl TestReport {
    /// Whether the mapping loads and every case passed.
    pub fn passed(&self) -> bool {
        !diagnostics::has_errors(&self.loaded.issues) && self.cases.iter().all(CaseReport::passed)
    }
}

/// What one case gave.
#[derive(Debug, Clone, Default, Serialize)]
pub struct CaseReport {
    /// The case's folder name.
    pub name: String,
    /// How many resources it made.
    pub resources: usize,
    /// Where what was made is not what was expected.
    pub differences: Vec<Difference>,
    /// Why the case cannot be run, and what makes its resources invalid.
    pub issues: Vec<Issue>,
    /// Whether the expectations were rewritten.
    pub accepted: bool,
    /// How long it took.
    #[serde(skip)]
    pub took: Duration,
}

impl CaseReport {
    /// Whether all is as expected. A rewritten case passes unless something in it is invalid.
    pub fn passed(&self) -> bool {
        self.issues.is_empty() && (self.accepted || self.differences.is_empty())
    }

    /// Whether it could not be run, or not be compared with anything.
    pub fn is_broken(&self) -> bool {
        self.issues
            .iter()
            .any(|issue| issue.code == codes::TEST_BROKEN)
    }
}

/// Runs the tests of one mapping folder.
pub fn run_tests(
    folder: &Path,
    definitions: &Definitions,
    terminology: &Arc<Terminology>,
    options: &TestOptions,
) -> TestReport {
    let files = Folder::open(folder);
    let mut loaded = load(&files, definitions, terminology);
    let mapping = loaded.mapping.take();
    let mut cases = Vec::new();
    let mut coverage = None;
    let folders = case_folders(&files.path().join("tests"))
        .into_iter()
        .map(|case| (name_of(&case), case))
        .filter(|(name, _)| {
            let filter = options.filter.as_deref();
            filter.is_none_or(|filter| name.contains(filter))
        });
    match &mapping {
        Some(mapping) => {
            let validator = Validator::new(definitions, Arc::clone(terminology));
            let mut counter = options.coverage.then(|| CoverageCounter::new(mapping));
            for (name, case) in folders {
                let began = Instant::now();
                let mut report =
                    run_case(name, &case, mapping, &validator, options, counter.as_mut());
                report.took = began.elapsed();
                cases.push(report);
            }
            coverage = counter.map(CoverageCounter::finish);
        }
        None => cases.extend(folders.map(|(name, _)| CaseReport {
            name,
            issues: vec![unloaded()],
            ..CaseReport::default()
        })),
    }
    loaded.mapping = mapping;
    TestReport {
        mapping: crate::MappingFiles::name(&files).to_owned(),
        loaded,
        cases,
        coverage,
    }
}

fn unloaded() -> Issue {
    Issue::error(
        codes::TEST_BROKEN,
        IssueType::Processing,
        "the case was not run, because the mapping has errors",
    )
    .help("see them with causeway check")
}

fn name_of(folder: &Path) -> String {
    folder
        .file_name()
        .map(|name| name.to_string_lossy().into_owned())
        .unwrap_or_default()
}

fn case_folders(tests: &Path) -> Vec<PathBuf> {
    let mut folders: Vec<PathBuf> = std::fs::read_dir(tests)
        .into_iter()
        .flatten()
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| path.is_dir())
        .collect();
    folders.sort();
    folders
}
