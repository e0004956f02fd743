//! `causeway test`.

mod coverage;
mod junit;

use std::io::Write as _;

use mapping::testing::{CaseReport, TestOptions, TestReport, run_tests};
use serde_json::json;

pub use coverage::Least;

use crate::cli::{Format, Test};
use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::out_file::OutFile;
use crate::{locate, output};

/// Runs the command.
pub fn run(arguments: &Test) -> Result<Exit, Failure> {
    let knowledge = Knowledge::of(&arguments.packages)?;
    let options = TestOptions {
        accept: arguments.accept,
        filter: arguments.filter.clone(),
        coverage: arguments.coverage || !arguments.coverage_min.is_empty(),
    };
    let mut usable = true;
    let (mut passed, mut failed) = (0, 0);
    let mut short = Vec::new();
    let mut reports = Vec::new();
    for folder in locate::folders(&arguments.paths)? {
        let report = run_tests(
            &folder,
            knowledge.definitions,
            &knowledge.terminology,
            &options,
        );
        usable &= !diagnostics::has_errors(&report.loaded.issues);
        let good = report.cases.iter().filter(|case| case.passed()).count();
        passed += good;
        failed += report.cases.len() - good;
        match arguments.format {
            Format::Text => output::print(&text(&report, arguments.coverage))?,
            Format::Json => lines(&report)?,
        }
        if let Some(coverage) = &report.coverage {
            short.extend(coverage::shortfalls(
                &report.mapping,
                coverage,
                &arguments.coverage_min,
            ));
        }
        reports.push(report);
    }
    if let Some(path) = &arguments.junit {
        let unwritable =
            |error| Failure::failed(format!("{} cannot be written: {error}", path.display()));
        let mut out = OutFile::create(path)?;
        junit::write(&reports, &mut out)
            .and_then(|()| out.flush())
            .and_then(|()| out.finish())
            .map_err(unwritable)?;
    }
    match arguments.format {
        Format::Text => {
            let mut end: String = short.iter().map(|line| format!("{line}\n")).collect();
            end.push_str(&format!("{passed} passed, {failed} failed\n"));
            output::print(&end)?;
        }
        Format::Json => {
            for line in &short {
                eprintln!("{line}");
            }
        }
    }
    if !usable {
        return Err(Failure::usage(
            "a mapping has errors: see them with `causeway check`",
        ));
    }
    if passed + failed == 0 {
        return Err(Failure::usage(
            "no case was found: a mapping keeps them in tests/<case>/",
        ));
    }
    Ok(if failed > 0 || !short.is_empty() {
        Exit::Failed
    } else {
        Exit::Fine
    })
}

fn lines(report: &TestReport) -> Result<(), Failure> {
    for case in &report.cases {
        output::print_json(&json!({
            "mapping": report.mapping,
            "passed": case.passed(),
            "case": case,
        }))?;
    }
    if let Some(coverage) = &report.coverage {
        output::print_json(&json!({ "mapping": report.mapping, "coverage": coverage }))?;
    }
    Ok(())
}

/// What the cases of one mapping gave, for people.
pub fn text(report: &TestReport, with_coverage: bool) -> String {
    let mut text = String::new();
    for case in &report.cases {
        let verdict = if !case.passed() {
            "FAILED"
        } else if case.accepted {
            "accepted"
        } else {
            "ok"
        };
        text.push_str(&format!(
            "{} / {}: {verdict}, {} resources\n",
            report.mapping, case.name, case.resources
        ));
        if !case.passed() {
            for line in words(case).lines() {
                text.push_str(&format!("    {line}\n"));
            }
        }
    }
    if let (true, Some(coverage)) = (with_coverage, &report.coverage) {
        text.push_str(&coverage::text(&report.mapping, coverage));
    }
    text
}

/// Why a case fails: its issues, and the differences by FHIR path.
fn words(case: &CaseReport) -> String {
    let issues = case.issues.iter().map(ToString::to_string);
    let differences = case.differences.iter().map(ToString::to_string);
    issues.chain(differences).collect::<Vec<_>>().join("\n")
}
