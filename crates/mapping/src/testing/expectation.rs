//! What a case expects: `expected.ndjson`, `issues.json`, and the context in `context.json`.

use std::fmt::Write as _;
use std::path::Path;

use diagnostics::{Issue, IssueType};
use json::Value;

use crate::codes;
use crate::testing::Difference;
use crate::testing::ignore::Ignored;
use crate::{Mapping, RunContext};

const RESOURCES: &str = "expected.ndjson";
const ISSUES: &str = "issues.json";
const CONTEXT: &str = "context.json";

/// What a case expects.
pub(super) struct Expectation {
    pub resources: Vec<Value>,
    /// Without a list only errors are unexpected.
    issues: Option<Vec<ExpectedIssue>>,
}

/// An issue that must occur: its code, and whatever else is given.
#[derive(Debug, Clone, PartialEq, Eq)]
struct ExpectedIssue {
    code: String,
    severity: Option<String>,
    row: Option<i64>,
    column: Option<String>,
    sheet: Option<String>,
    pointer: Option<String>,
}

impl ExpectedIssue {
    fn read(value: &Value) -> Option<Self> {
        Some(Self {
            code: value.text("code")?.to_owned(),
            severity: value.text("severity").map(str::to_owned),
            row: value
                .get("row")
                .and_then(Value::as_number)
                .and_then(json::Number::as_i64),
            column: value.text("column").map(str::to_owned),
            sheet: value.text("sheet").map(str::to_owned),
            pointer: value.text("pointer").map(str::to_owned),
        })
    }

    fn of(issue: &Issue) -> Self {
        let place = issue.input.clone().unwrap_or_default();
        Self {
            code: issue.code.to_string(),
            severity: Some(severity(issue).to_owned()),
            row: place.row.and_then(|row| i64::try_from(row).ok()),
            column: place.column.map(|column| column.to_string()),
            sheet: place.sheet.map(|sheet| sheet.to_string()),
            pointer: place.pointer,
        }
    }

    fn fits(&self, other: &Self) -> bool {
        fn given<T: PartialEq>(wanted: &Option<T>, found: &Option<T>) -> bool {
            wanted.is_none() || wanted == found
        }
        self.code == other.code
            && given(&self.severity, &other.severity)
            && given(&self.row, &other.row)
            && given(&self.column, &other.column)
            && given(&self.sheet, &other.sheet)
            && given(&self.pointer, &other.pointer)
    }

    fn to_json(&self) -> Value {
        let mut object = json::Object::new();
        object.insert("code", self.code.as_str());
        let texts = [
            ("severity", &self.severity),
            ("sheet", &self.sheet),
            ("column", &self.column),
            ("pointer", &self.pointer),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                object.insert(name, text.as_str());
            }
        }
        if let Some(row) = self.row {
            object.insert("row", row);
        }
        Value::Object(object)
    }

    fn describe(&self) -> String {
        let mut out = self.code.clone();
        if let Some(severity) = &self.severity {
            let _ = write!(out, " ({severity})");
        }
        for (name, text) in [
            ("sheet", self.sheet.clone()),
            ("row", self.row.map(|row| row.to_string())),
            ("column", self.column.clone()),
            ("at", self.pointer.clone()),
        ] {
            if let Some(text) = text {
                let _ = write!(out, ", {name} {text}");
            }
        }
        out
    }
}

fn severity(issue: &Issue) -> &'static str {
    match issue.severity {
        diagnostics::Severity::Error => "error",
        diagnostics::Severity::Warning => "warning",
        diagnostics::Severity::Information => "information",
    }
}

impl Expectation {
    /// Reads what a case expects.
    ///
    /// # Errors
    /// When a file is absent or is not what it should be.
    pub fn read(folder: &Path) -> Result<Self, Box<Issue>> {
        let text = read(folder, RESOURCES)?.ok_or_else(|| {
            broken(
                format!("the case has no {RESOURCES}"),
                "run causeway test --accept and review what it writes",
            )
        })?;
        let mut resources = Vec::new();
        for (index, line) in text
            .lines()
            .enumerate()
            .filter(|(_, line)| !line.trim().is_empty())
        {
            let value = json::parse(line.as_bytes()).map_err(|error| {
                broken(
                    format!("{RESOURCES}, line {}, is no JSON: {error}", index + 1),
                    "one resource a line",
                )
            })?;
            resources.push(value);
        }
        let issues = match read(folder, ISSUES)? {
            None => None,
            Some(text) => {
                let bad = || {
                    broken(
                        format!("{ISSUES} is no list of issues"),
                        "a list of { \"code\", \"severity\", \"row\", \"column\" }",
                    )
                };
                let value = json::parse(text.as_bytes()).map_err(|_| bad())?;
                let items = value.as_array().ok_or_else(bad)?;
                let read: Option<Vec<ExpectedIssue>> =
                    items.iter().map(ExpectedIssue::read).collect();
                Some(read.ok_or_else(bad)?)
            }
        };
        Ok(Self { resources, issues })
    }

    /// Whether an issue is among those that must occur.
    pub fn expects(&self, issue: &Issue) -> bool {
        let issue = ExpectedIssue::of(issue);
        self.issues
            .iter()
            .flatten()
            .any(|wanted| wanted.fits(&issue))
    }

    /// How the issues of a run differ from those expected.
    pub fn compare_issues(&self, found: &[Issue]) -> Vec<Difference> {
        let mut found: Vec<(ExpectedIssue, &Issue)> = found
            .iter()
            .map(|issue| (ExpectedIssue::of(issue), issue))
            .collect();
        let mut differences = Vec::new();
        for wanted in self.issues.iter().flatten() {
            match found.iter().position(|(known, _)| wanted.fits(known)) {
                Some(index) => {
                    found.remove(index);
                }
                None => differences.push(Difference::MissingIssue {
                    issue: wanted.describe(),
                }),
            }
        }
        for (unexpected, issue) in found {
            // One wanted issue stands for all of its kind and place.
            let covered = self
                .issues
                .iter()
                .flatten()
                .any(|wanted| wanted.fits(&unexpected));
            if covered || (self.issues.is_none() && !issue.is_error()) {
                continue;
            }
            differences.push(Difference::UnexpectedIssue {
                issue: format!("{}: {}", unexpected.describe(), issue.message),
            });
        }
        differences
    }
}

/// Rewrites what a case expects.
///
/// # Errors
/// When a file cannot be written.
pub(super) fn write(folder: &Path, made: &[Value], issues: &[Issue]) -> Result<(), Box<Issue>> {
    let put = |name: &str, text: String| {
        std::fs::write(folder.join(name), text).map_err(|error| {
            broken(
                format!("{name} cannot be written: {error}"),
                "look at the folder's rights",
            )
        })
    };
    let lines: String = made
        .iter()
        .map(|resource| format!("{resource}\n"))
        .collect();
    put(RESOURCES, lines)?;
    let mut expected: Vec<ExpectedIssue> = Vec::new();
    for issue in issues.iter().map(ExpectedIssue::of) {
        if !expected.contains(&issue) {
            expected.push(issue);
        }
    }
    if expected.is_empty() {
        if folder.join(ISSUES).exists() {
            put(ISSUES, "[]\n".to_owned())?;
        }
        return Ok(());
    }
    let lines: Vec<String> = expected
        .iter()
        .map(|issue| format!("  {}", issue.to_json()))
        .collect();
    put(ISSUES, format!("[\n{}\n]\n", lines.join(",\n")))
}

/// How a case is run and compared.
pub(super) struct Settings {
    pub context: RunContext,
    /// What need not be as expected.
    pub ignore: Ignored,
}

impl Settings {
    /// Reads `context.json`; without one the defaults hold.
    ///
    /// # Errors
    /// When it is there and cannot be read.
    pub fn read(folder: &Path, mapping: &Mapping) -> Result<Self, Box<Issue>> {
        let given = match read(folder, CONTEXT)? {
            None => Value::Object(json::Object::new()),
            Some(text) => json::parse(text.as_bytes()).map_err(|error| {
                broken(
                    format!("{CONTEXT} is no JSON: {error}"),
                    "for example { \"asOf\": \"2026-11-01\" }",
                )
            })?,
        };
        let known = ["tenant", "source", "asOf", "ignore"];
        let members = given.as_object().into_iter().flat_map(json::Object::iter);
        for (name, value) in members {
            if !known.contains(&name) || (name != "ignore" && value.as_str().is_none()) {
                return Err(broken(
                    format!("{CONTEXT} has '{name}', which says nothing there"),
                    "it takes tenant, source and asOf, each a text, and ignore, a list of FHIR paths",
                ));
            }
        }
        let as_of = given.text("asOf").map(str::to_owned);
        Ok(Self {
            context: RunContext {
                tenant: given.text("tenant").unwrap_or("A1001").to_owned(),
                source: given.text("source").unwrap_or(mapping.name()).to_owned(),
                ids: identity::IdSpace::published(),
                as_of: as_of.or_else(|| mapping.as_of_is_stated().then(|| "2026-11-01".to_owned())),
            },
            ignore: match given.get("ignore") {
                None => Ignored::default(),
                Some(paths) => Ignored::read(paths).ok_or_else(|| {
                    broken(
                        format!("{CONTEXT}: ignore is no list of FHIR paths"),
                        "for example [\"Patient.identifier.value\", \"Task.output[1]\"]",
                    )
                })?,
            },
        })
    }
}

fn read(folder: &Path, name: &str) -> Result<Option<String>, Box<Issue>> {
    match std::fs::read_to_string(folder.join(name)) {
        Ok(text) => Ok(Some(text)),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Ok(None),
        Err(error) => Err(broken(
            format!("{name} cannot be read: {error}"),
            "look at the file",
        )),
    }
}

fn broken(message: String, help: &str) -> Box<Issue> {
    Box::new(Issue::error(codes::TEST_BROKEN, IssueType::Processing, message).help(help))
}
