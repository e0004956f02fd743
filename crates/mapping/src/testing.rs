//! The tests that a mapping carries: `tests/<case>/` with an input and what it must become.
//!
//! [`run_tests`] is what `causeway test` calls. Each resource that a case makes is validated as
//! well, and an invalid one fails the case, unless its `issues.json` expects just that.

mod difference;
mod expectation;

use std::path::{Path, PathBuf};
use std::sync::Arc;

use definitions::Definitions;
use diagnostics::{Issue, IssueType, Severity};
use serde::Serialize;
use source::Input;
use terminology::Terminology;
use validation::Validator;

pub use difference::Difference;

use crate::codes;
use crate::testing::difference::compare;
use crate::testing::expectation::{Expectation, context};
use crate::{
    Folder, Judge, Loaded, Made, Mapping, Quarantined, RunContext, RunOptions, Sink, Verdict, load,
};

/// How tests are run.
#[derive(Debug, Clone, Default)]
pub struct TestOptions {
    /// Rewrite the expectations to what is made.
    pub accept: bool,
    /// Only cases whose name holds this.
    pub filter: Option<String>,
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
}

impl CaseReport {
    /// Whether all is as expected. A rewritten case passes unless something in it is invalid.
    pub fn passed(&self) -> bool {
        self.issues.is_empty() && (self.accepted || self.differences.is_empty())
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
    if let Some(mapping) = &mapping {
        let validator = Validator::new(definitions, Arc::clone(terminology));
        for case in case_folders(&files.path().join("tests")) {
            let name = case
                .file_name()
                .map(|name| name.to_string_lossy().into_owned())
                .unwrap_or_default();
            if options
                .filter
                .as_ref()
                .is_none_or(|filter| name.contains(filter))
            {
                cases.push(run_case(name, &case, mapping, &validator, options));
            }
        }
    }
    loaded.mapping = mapping;
    TestReport {
        mapping: crate::MappingFiles::name(&files).to_owned(),
        loaded,
        cases,
    }
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

/// Validates as in earnest: what is not valid is refused, and what refers to it is held back.
struct Validating<'v>(&'v Validator);

impl Judge for Validating<'_> {
    type Judged = ();

    fn judge(&self, made: &mut Made) -> Result<(), Vec<Issue>> {
        let errors: Vec<Issue> = self
            .0
            .validate(&made.resource, &[])
            .into_iter()
            .filter(Issue::is_error)
            .map(|mut issue| {
                issue.input.get_or_insert_with(|| made.place.clone());
                issue
            })
            .collect();
        if errors.is_empty() {
            Ok(())
        } else {
            Err(errors)
        }
    }
}

/// What a case makes.
#[derive(Default)]
struct Gathered {
    made: Vec<Made>,
    issues: Vec<Issue>,
    /// What validation refused, with the rule that made it.
    invalid: Vec<(Arc<str>, Issue)>,
}

impl Sink for Gathered {
    fn resource(&mut self, made: Made, _judged: ()) -> Verdict {
        self.issues.extend(made.issues.iter().cloned());
        self.made.push(made);
        Verdict::Accepted
    }

    fn quarantined(&mut self, quarantined: Quarantined) {
        if let (true, Some(rule)) = (quarantined.judged, &quarantined.rule) {
            let refused = quarantined.issues.iter();
            self.invalid
                .extend(refused.map(|issue| (Arc::clone(rule), issue.clone())));
        }
        self.issues.extend(quarantined.issues);
    }

    fn issue(&mut self, issue: Issue) {
        self.issues.push(issue);
    }
}

fn run_case(
    name: String,
    folder: &Path,
    mapping: &Mapping,
    validator: &Validator,
    options: &TestOptions,
) -> CaseReport {
    let mut report = CaseReport {
        name,
        ..CaseReport::default()
    };
    let outcome = make(folder, mapping, validator);
    let mut gathered = match outcome {
        Ok(gathered) => gathered,
        Err(issues) => {
            report.issues = issues;
            return report;
        }
    };
    report.resources = gathered.made.len();
    let made: Vec<json::Value> = gathered
        .made
        .into_iter()
        .map(|made| made.resource)
        .collect();
    gathered
        .issues
        .retain(|issue| issue.severity != Severity::Information);
    let expectation = Expectation::read(folder);
    for (rule, issue) in std::mem::take(&mut gathered.invalid) {
        if expectation
            .as_ref()
            .is_ok_and(|expectation| expectation.expects(&issue))
        {
            continue;
        }
        let mut invalid = Issue::error(
            codes::TEST_INVALID,
            IssueType::Invariant,
            format!("the rule {rule} makes an invalid resource: {}: {}", issue.code, issue.message),
        )
        .help("mend the mapping; where a bad record is the point of the case, list the issue in issues.json");
        invalid.element.clone_from(&issue.element);
        invalid.resource.clone_from(&issue.resource);
        invalid.input.clone_from(&issue.input);
        report.issues.push(invalid);
        gathered.issues.retain(|other| *other != issue);
    }
    match expectation {
        Ok(expectation) => {
            report.differences = compare(&expectation.resources, &made);
            report
                .differences
                .extend(expectation.compare_issues(&gathered.issues));
        }
        Err(issue) if options.accept && issue.code == codes::TEST_BROKEN => {
            report.differences.push(Difference::NoExpectation);
        }
        Err(issue) => report.issues.push(*issue),
    }
    if options.accept && !report.differences.is_empty() && report.issues.is_empty() {
        match expectation::write(folder, &made, &gathered.issues) {
            Ok(()) => report.accepted = true,
            Err(issue) => report.issues.push(*issue),
        }
    }
    report
}

fn make(folder: &Path, mapping: &Mapping, validator: &Validator) -> Result<Gathered, Vec<Issue>> {
    let broken = |message: String| {
        vec![
            Issue::error(codes::TEST_BROKEN, IssueType::NotFound, message)
                .help("a case has one file whose name begins with 'input.'"),
        ]
    };
    let mut inputs: Vec<PathBuf> = std::fs::read_dir(folder)
        .map_err(|error| broken(format!("the case cannot be read: {error}")))?
        .filter_map(|entry| Some(entry.ok()?.path()))
        .filter(|path| {
            path.file_name()
                .is_some_and(|name| name.to_string_lossy().starts_with("input."))
        })
        .collect();
    let Some(input) = inputs.pop().filter(|_| inputs.is_empty()) else {
        return Err(broken("the case has no input, or more than one".to_owned()));
    };
    let context: RunContext = context(folder, mapping).map_err(|issue| vec![*issue])?;
    let mut gathered = Gathered::default();
    let run = mapping.run(
        &Input::path(input),
        &context,
        RunOptions::one_thread(),
        &Validating(validator),
        &mut gathered,
    );
    if let Err(issues) = run {
        // An input that cannot be used may be the point of the case.
        gathered.issues.extend(issues);
    }
    Ok(gathered)
}
