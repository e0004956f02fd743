//! Issues as FHIR says them to a client.

use diagnostics::{Issue, Severity};
use json::{Object, Position, Value};

/// The code system that `issue.details` of an OperationOutcome is coded in, beside Causeway's own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub enum OutcomeSystem {
    /// Only Causeway's own issue codes.
    #[default]
    Own,
    /// The NHS's `Spine-ErrorOrWarningCode` too, as its R4 APIs do, with this code for all issues:
    /// for example `INVALID_RESOURCE`, `RESOURCE_NOT_FOUND`.
    Spine(&'static str),
}

/// The system of Causeway's own issue codes.
const OWN: &str = "urn:causeway:issue";
const SPINE: &str = "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode";

/// An OperationOutcome that tells a client what happened
/// (<http://hl7.org/fhir/R4/operationoutcome.html>). It holds each issue's message, help and element,
/// and never [`Issue::value`]. Without issues it says that all went well.
pub fn operation_outcome(issues: &[Issue], system: OutcomeSystem) -> Value {
    let issues: Vec<(&Issue, Option<Position>)> =
        issues.iter().map(|issue| (issue, None)).collect();
    operation_outcome_with_places(&issues, system)
}

/// The same with the line and column of each issue in the text that the client sent. R4 has no
/// element for them; they stand in `location` in the form that other servers use, `Line[3] Col[8]`.
pub fn operation_outcome_with_places(
    issues: &[(&Issue, Option<Position>)],
    system: OutcomeSystem,
) -> Value {
    let entries: Value = if issues.is_empty() {
        let fine = Object::new()
            .with("severity", "information")
            .with("code", "informational")
            .with("diagnostics", "No issues were found.");
        Value::Array(vec![fine.into()])
    } else {
        issues
            .iter()
            .map(|(issue, position)| entry(issue, *position, system))
            .collect()
    };
    Object::new()
        .with("resourceType", "OperationOutcome")
        .with("issue", entries)
        .into()
}

fn entry(issue: &Issue, position: Option<Position>, system: OutcomeSystem) -> Value {
    let severity = match issue.severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "information",
    };
    let own = Object::new()
        .with("system", OWN)
        .with("code", issue.code.as_ref());
    let coding = match system {
        OutcomeSystem::Own => vec![own.into()],
        OutcomeSystem::Spine(code) => {
            let spine = Object::new()
                .with("system", SPINE)
                .with("version", "1")
                .with("code", code);
            vec![spine.into(), own.into()]
        }
    };
    let mut diagnostics = issue.message.clone();
    if let Some(help) = &issue.help {
        if !diagnostics.ends_with(['.', '!', '?']) {
            diagnostics.push('.');
        }
        diagnostics.push(' ');
        diagnostics.push_str(help);
    }
    let mut entry = Object::new()
        .with("severity", severity)
        .with("code", issue.kind.code())
        .with("details", Object::new().with("coding", coding))
        .with("diagnostics", diagnostics);
    if let Some(Position { line, column }) = position {
        let place = format!("Line[{line}] Col[{column}]");
        entry.insert("location", vec![Value::from(place)]);
    }
    if let Some(element) = &issue.element {
        entry.insert("expression", vec![Value::from(element.as_str())]);
    }
    entry.into()
}
