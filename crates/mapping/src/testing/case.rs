//! One case: run, validated, compared.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use diagnostics::{Issue, IssueType, Severity};
use source::Input;
use validation::Validator;

use crate::codes;
use crate::coverage::CoverageCounter;
use crate::testing::compare::compare;
use crate::testing::difference::Difference;
use crate::testing::expectation::{self, Expectation, Settings};
use crate::testing::{CaseReport, TestOptions};
use crate::trace::PassedOver;
use crate::{Judge, Made, Mapping, Quarantined, RunOptions, Sink, Verdict};

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
struct Gathered<'c, 'm> {
    made: Vec<Made>,
    issues: Vec<Issue>,
    /// What validation refused, with the rule that made it.
    invalid: Vec<(Arc<str>, Issue)>,
    coverage: Option<&'c mut CoverageCounter<'m>>,
}

impl Sink for Gathered<'_, '_> {
    fn resource(&mut self, made: Made, _judged: ()) -> Verdict {
        if let (Some(coverage), Some(trace)) = (&mut self.coverage, &made.trace) {
            coverage.add(trace, true);
        }
        self.issues.extend(made.issues.iter().cloned());
        self.made.push(made);
        Verdict::Accepted
    }

    fn passed_over(&mut self, passed: PassedOver) {
        if let Some(coverage) = &mut self.coverage {
            coverage.add(&passed.trace, false);
        }
    }

    fn quarantined(&mut self, quarantined: Quarantined) {
        if let (Some(coverage), Some(trace)) = (&mut self.coverage, &quarantined.trace) {
            coverage.add(trace, true);
        }
        if let (true, Some(rule)) = (quarantined.judged, &quarantined.rule) {
            let refused = quarantined.issues.iter();
            self.invalid
                .extend(refused.map(|issue| (Arc::clone(rule), issue.clone())));
        }
        self.issues.extend(quarantined.issues);
    }

    fn retired(&mut self, retired: crate::Retired) {
        self.issue(retired.issue);
    }

    fn issue(&mut self, issue: Issue) {
        self.issues.push(issue);
    }
}

/// Runs one case and compares.
pub(super) fn run_case(
    name: String,
    folder: &Path,
    mapping: &Mapping,
    validator: &Validator,
    options: &TestOptions,
    coverage: Option<&mut CoverageCounter<'_>>,
) -> CaseReport {
    let mut report = CaseReport {
        name,
        ..CaseReport::default()
    };
    let settings = match Settings::read(folder, mapping) {
        Ok(settings) => settings,
        Err(issue) => {
            report.issues = vec![*issue];
            return report;
        }
    };
    let outcome = make(folder, mapping, validator, &settings, coverage);
    let mut gathered = match outcome {
        Ok(gathered) => gathered,
        Err(issues) => {
            report.issues = issues;
            return report;
        }
    };
    report.resources = gathered.made.len();
    let made: Vec<json::Value> = std::mem::take(&mut gathered.made)
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
            report.differences = compare(&expectation.resources, &made, &settings.ignore);
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

fn make<'c, 'm>(
    folder: &Path,
    mapping: &Mapping,
    validator: &Validator,
    settings: &Settings,
    coverage: Option<&'c mut CoverageCounter<'m>>,
) -> Result<Gathered<'c, 'm>, Vec<Issue>> {
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
    let mut gathered = Gathered {
        made: Vec::new(),
        issues: Vec::new(),
        invalid: Vec::new(),
        coverage,
    };
    let options = RunOptions {
        trace: gathered.coverage.is_some(),
        ..RunOptions::one_thread()
    };
    let run = mapping.run(
        &Input::path(input),
        &settings.context,
        options,
        &Validating(validator),
        &mut gathered,
    );
    match run {
        Ok(report) => {
            if let Some(coverage) = &mut gathered.coverage {
                coverage.add_used(&report.loss.used);
            }
        }
        // An input that cannot be used may be the point of the case.
        Err(issues) => gathered.issues.extend(issues),
    }
    Ok(gathered)
}
