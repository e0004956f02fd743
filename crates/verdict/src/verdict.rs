//! What was found of one resource.

use diagnostics::{Issue, Severity};
use fhir::OutcomeSystem;
use json::{CompactString, Object, Position, Value};

/// An issue with its place in the text that came in.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Finding {
    /// What is wrong.
    pub issue: Issue,
    /// Where: the line of the whole input (not of the resource), the column in characters.
    pub position: Position,
}

/// What was found of one resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Verdict {
    /// The line of the input that its text begins on, from 1.
    pub line: u64,
    /// Its type, where it could be read that far.
    pub resource_type: Option<CompactString>,
    /// Its id.
    pub id: Option<CompactString>,
    /// Whether a resource could be read at all.
    pub is_read: bool,
    /// What is wrong, in the order found. No two are equal in code, element and message.
    pub findings: Vec<Finding>,
}

impl Verdict {
    /// Whether nothing is wrong that makes it unusable: no finding is an error.
    pub fn is_valid(&self) -> bool {
        !self.reaches(Severity::Error)
    }

    /// Whether a finding is at least this bad.
    pub fn reaches(&self, severity: Severity) -> bool {
        // Severities are in order from the worst.
        self.findings
            .iter()
            .any(|finding| finding.issue.severity <= severity)
    }

    /// The verdict as JSON, for a line of output: where it is from, which resource, whether it is
    /// valid, and its issues with code, severity, FHIRPath, line, column, message and help.
    pub fn json(&self, source: &str) -> Value {
        let text = |text: &Option<CompactString>| text.clone().map_or(Value::Null, Value::from);
        Object::with_capacity(6)
            .with("source", source)
            .with("line", number(self.line))
            .with("resourceType", text(&self.resource_type))
            .with("id", text(&self.id))
            .with("valid", self.is_valid())
            .with(
                "issues",
                self.findings.iter().map(Finding::json).collect::<Value>(),
            )
            .into()
    }

    /// The verdict as an OperationOutcome (<http://hl7.org/fhir/R4/operationoutcome.html>).
    pub fn outcome(&self, system: OutcomeSystem) -> Value {
        let found: Vec<(&Issue, Option<Position>)> = self
            .findings
            .iter()
            .map(|finding| (&finding.issue, Some(finding.position)))
            .collect();
        fhir::operation_outcome_with_places(&found, system)
    }
}

impl Finding {
    fn json(&self) -> Value {
        let issue = &self.issue;
        let mut object = Object::with_capacity(8)
            .with("severity", word(issue.severity))
            .with("code", issue.code.as_ref())
            .with(
                "expression",
                issue.element.as_deref().map_or(Value::Null, Value::from),
            )
            .with("line", number(self.position.line as u64))
            .with("column", number(self.position.column as u64))
            .with("message", issue.message.as_str());
        if let Some(help) = &issue.help {
            object.insert("help", help.as_str());
        }
        object.insert("type", issue.kind.code());
        object.into()
    }
}

/// FHIR's word for a severity.
fn word(severity: Severity) -> &'static str {
    match severity {
        Severity::Error => "error",
        Severity::Warning => "warning",
        Severity::Information => "information",
    }
}

fn number(number: u64) -> i64 {
    i64::try_from(number).unwrap_or(i64::MAX)
}
