//! `causeway test`.

use mapping::testing::{TestOptions, TestReport, run_tests};
use serde_json::json;

use crate::cli::{Format, Test};
use crate::exit::{Exit, Failure};
use crate::knowledge::Knowledge;
use crate::{locate, output};

/// Runs the command.
pub fn run(arguments: &Test) -> Result<Exit, Failure> {
    let knowledge = Knowledge::of(&arguments.packages)?;
    let options = TestOptions {
        accept: arguments.accept,
        filter: arguments.filter.clone(),
    };
    let mut usable = true;
    let (mut passed, mut failed) = (0, 0);
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
            Format::Text => output::print(&text(&report))?,
            Format::Json => {
                for case in &report.cases {
                    output::print_json(&json!({
                        "mapping": report.mapping,
                        "passed": case.passed(),
                        "case": case,
                    }))?;
                }
            }
        }
    }
    if arguments.format == Format::Text {
        output::print(&format!("{passed} passed, {failed} failed\n"))?;
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
    Ok(if failed > 0 { Exit::Failed } else { Exit::Fine })
}

fn text(report: &TestReport) -> String {
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
        if case.passed() {
            continue;
        }
        for difference in &case.differences {
            text.push_str(&format!("    {difference}\n"));
        }
        for issue in &case.issues {
            text.push_str(&format!("    {issue}\n"));
        }
    }
    text
}
