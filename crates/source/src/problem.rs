//! What is wrong with one cell.

use std::borrow::Cow;

use diagnostics::{InputPlace, Issue, IssueType, Severity};

/// What is wrong with one cell: an [`Issue`] that does not know its place yet.
///
/// Neither `message` nor `help` holds the value (CS-22).
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CellProblem {
    /// One of [`crate::codes`].
    pub code: &'static str,
    /// An error: the cell has no value. A warning: it has one, and somebody should look.
    pub severity: Severity,
    /// Its kind in FHIR's words.
    pub kind: IssueType,
    /// What is wrong, in one sentence.
    pub message: String,
    /// What to do about it.
    pub help: Option<Cow<'static, str>>,
    /// The value, for the report of the organisation that sent it.
    pub value: Option<String>,
}

impl CellProblem {
    pub(crate) fn error(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            code,
            severity: Severity::Error,
            kind: IssueType::Value,
            message: message.into(),
            help: None,
            value: None,
        }
    }

    pub(crate) fn warning(code: &'static str, message: impl Into<String>) -> Self {
        Self {
            severity: Severity::Warning,
            ..Self::error(code, message)
        }
    }

    #[must_use]
    pub(crate) fn kind(mut self, kind: IssueType) -> Self {
        self.kind = kind;
        self
    }

    #[must_use]
    pub(crate) fn help(mut self, help: impl Into<Cow<'static, str>>) -> Self {
        self.help = Some(help.into());
        self
    }

    #[must_use]
    pub(crate) fn value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// The issue at its place.
    pub fn into_issue(self, place: InputPlace) -> Issue {
        let mut issue = Issue::new(self.code, self.severity, self.kind, self.message);
        issue.help = self.help.map(Cow::into_owned);
        issue.value = self.value;
        issue.at_input(place)
    }
}
