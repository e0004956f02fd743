//! Results as JUnit XML, as continuous integration reads it: a suite for each mapping, a test case
//! for each case.

use std::io::{self, Write};
use std::time::Duration;

use diagnostics::Severity;
use mapping::testing::{CaseReport, TestReport};
use quick_xml::Writer;
use quick_xml::events::{BytesDecl, BytesText, Event};

/// Writes the results of some mappings.
///
/// # Errors
/// When it cannot be written.
pub fn write(reports: &[TestReport], out: impl Write) -> io::Result<()> {
    let mut writer = Writer::new_with_indent(out, b' ', 2);
    writer.write_event(Event::Decl(BytesDecl::new("1.0", Some("UTF-8"), None)))?;
    let suites: Vec<Vec<Test>> = reports.iter().map(tests).collect();
    let all = Totals::of(suites.iter().flatten()).attributes();
    writer
        .create_element("testsuites")
        .with_attribute(("name", "causeway test"))
        .with_attributes(all.iter().map(Named::pair))
        .write_inner_content(|writer| {
            for (report, tests) in reports.iter().zip(&suites) {
                let totals = Totals::of(tests).attributes();
                writer
                    .create_element("testsuite")
                    .with_attribute(("name", clean(&report.mapping).as_str()))
                    .with_attributes(totals.iter().map(Named::pair))
                    .write_inner_content(|writer| {
                        for test in tests {
                            test.write(&report.mapping, writer)?;
                        }
                        Ok(())
                    })?;
            }
            Ok(())
        })?;
    writer.into_inner().write_all(b"\n")
}

/// What became of one test.
struct Test {
    name: String,
    took: Duration,
    outcome: Outcome,
}

enum Outcome {
    Passed,
    /// The kind of element, what it says in one line, and the whole of it.
    Other(&'static str, String, String),
}

/// The mapping itself, where it cannot be used, and its cases.
fn tests(report: &TestReport) -> Vec<Test> {
    let mut tests = Vec::new();
    let errors: Vec<String> = report
        .loaded
        .issues
        .iter()
        .filter(|issue| issue.severity == Severity::Error)
        .map(ToString::to_string)
        .collect();
    if !errors.is_empty() {
        tests.push(Test {
            name: mapping::MAPPING_FILE.to_owned(),
            took: Duration::ZERO,
            outcome: Outcome::Other(
                "error",
                format!("the mapping has {} errors", errors.len()),
                errors.join("\n"),
            ),
        });
    }
    tests.extend(report.cases.iter().map(|case| Test {
        name: case.name.clone(),
        took: case.took,
        outcome: outcome(case),
    }));
    tests
}

fn outcome(case: &CaseReport) -> Outcome {
    if case.passed() {
        return Outcome::Passed;
    }
    let words = super::words(case);
    let first = words.lines().next().unwrap_or_default().to_owned();
    let kind = if case.is_broken() { "error" } else { "failure" };
    Outcome::Other(kind, first, words)
}

impl Test {
    fn write<W: Write>(&self, mapping: &str, writer: &mut Writer<W>) -> io::Result<()> {
        let (name, mapping) = (clean(&self.name), clean(mapping));
        let took = seconds(self.took);
        let element = writer.create_element("testcase").with_attributes([
            ("classname", mapping.as_str()),
            ("name", name.as_str()),
            ("time", took.as_str()),
        ]);
        match &self.outcome {
            Outcome::Passed => element.write_empty()?,
            Outcome::Other(kind, message, text) => element.write_inner_content(|writer| {
                writer
                    .create_element(*kind)
                    .with_attribute(("message", clean(message).as_str()))
                    .write_text_content(BytesText::new(&clean(text)))?;
                Ok(())
            })?,
        };
        Ok(())
    }
}

/// How many of each kind.
#[derive(Default)]
struct Totals {
    tests: usize,
    failures: usize,
    errors: usize,
    took: Duration,
}

impl Totals {
    fn of<'t>(tests: impl IntoIterator<Item = &'t Test>) -> Self {
        let mut totals = Self::default();
        for test in tests {
            totals.tests += 1;
            totals.took += test.took;
            match test.outcome {
                Outcome::Passed => {}
                Outcome::Other("error", ..) => totals.errors += 1,
                Outcome::Other(..) => totals.failures += 1,
            }
        }
        totals
    }

    fn attributes(&self) -> [Named; 5] {
        [
            Named("tests", self.tests.to_string()),
            Named("failures", self.failures.to_string()),
            Named("errors", self.errors.to_string()),
            Named("skipped", "0".to_owned()),
            Named("time", seconds(self.took)),
        ]
    }
}

/// An attribute.
struct Named(&'static str, String);

impl Named {
    fn pair(&self) -> (&str, &str) {
        (self.0, &self.1)
    }
}

fn seconds(took: Duration) -> String {
    format!("{:.3}", took.as_secs_f64())
}

/// Text without the characters that XML 1.0 cannot hold, however they are escaped.
fn clean(text: &str) -> String {
    text.chars()
        .map(|character| match character {
            '\t' | '\n' | '\r' => character,
            '\u{0}'..='\u{1F}' | '\u{FFFE}' | '\u{FFFF}' => '\u{FFFD}',
            other => other,
        })
        .collect()
}
