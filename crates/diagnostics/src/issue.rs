//! What happened, how bad it is, and what to do.

use std::borrow::Cow;
use std::fmt;

use serde::Serialize;

use crate::{InputPlace, MappingPlace};

/// How bad an issue is. The names are those of FHIR's `issue-severity`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum Severity {
    /// The thing that has this issue cannot be used: a resource is quarantined, a mapping refused.
    Error,
    /// It can be used, and somebody should look.
    Warning,
    /// Worth knowing.
    Information,
}

/// The kind of an issue in FHIR's words, for `OperationOutcome.issue.code`
/// (<http://hl7.org/fhir/R4/valueset-issue-type.html>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum IssueType {
    /// The content does not have the right shape.
    Structure,
    /// A required element is missing.
    Required,
    /// A value is not allowed here.
    Value,
    /// A rule between elements is broken.
    Invariant,
    /// A code is not in the value set it must be in.
    CodeInvalid,
    /// An extension is unknown or not allowed here.
    Extension,
    /// Something referred to does not exist.
    NotFound,
    /// Two statements cannot both hold.
    Conflict,
    /// Something is not supported here.
    NotSupported,
    /// More than one thing matches where one must.
    MultipleMatches,
    /// A business rule of Causeway's own is broken.
    BusinessRule,
    /// Too large or too deep.
    TooLong,
    /// The input is incomplete.
    Incomplete,
    /// Only for information.
    Informational,
    /// Anything else that went wrong while processing.
    #[default]
    Processing,
}

impl IssueType {
    /// The FHIR code, for example `code-invalid`.
    pub fn code(self) -> &'static str {
        match self {
            Self::Structure => "structure",
            Self::Required => "required",
            Self::Value => "value",
            Self::Invariant => "invariant",
            Self::CodeInvalid => "code-invalid",
            Self::Extension => "extension",
            Self::NotFound => "not-found",
            Self::Conflict => "conflict",
            Self::NotSupported => "not-supported",
            Self::MultipleMatches => "multiple-matches",
            Self::BusinessRule => "business-rule",
            Self::TooLong => "too-long",
            Self::Incomplete => "incomplete",
            Self::Informational => "informational",
            Self::Processing => "processing",
        }
    }
}

/// One thing that somebody should know, with its place and its mend.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Issue {
    /// Stable code: a letter for the part that raised it and a number, for example `M012`.
    pub code: Cow<'static, str>,
    /// How bad it is.
    pub severity: Severity,
    /// Its kind in FHIR's words.
    #[serde(rename = "type")]
    pub kind: IssueType,
    /// What happened, in one sentence, without personal data.
    pub message: String,
    /// What to do about it, in one sentence.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// Where in the input.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub input: Option<InputPlace>,
    /// Where in the mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<MappingPlace>,
    /// Which FHIR element, as a path: `Patient.name[0].family`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
    /// Which resource, as `Type/id`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The offending value: only for the report of the organisation that sent it (CS-22), so it is
    /// skipped by serialisation and by `Display`; the report writer asks for it by name.
    #[serde(skip)]
    pub value: Option<String>,
}

impl Issue {
    /// An issue with a code, a severity and a message; the places are added with the `at_` methods.
    pub fn new(
        code: impl Into<Cow<'static, str>>,
        severity: Severity,
        kind: IssueType,
        message: impl Into<String>,
    ) -> Self {
        Self {
            code: code.into(),
            severity,
            kind,
            message: message.into(),
            help: None,
            input: None,
            mapping: None,
            element: None,
            resource: None,
            value: None,
        }
    }

    /// An error: the thing cannot be used.
    pub fn error(
        code: impl Into<Cow<'static, str>>,
        kind: IssueType,
        message: impl Into<String>,
    ) -> Self {
        Self::new(code, Severity::Error, kind, message)
    }

    /// A warning: it can be used, and somebody should look.
    pub fn warning(
        code: impl Into<Cow<'static, str>>,
        kind: IssueType,
        message: impl Into<String>,
    ) -> Self {
        Self::new(code, Severity::Warning, kind, message)
    }

    /// Something worth knowing.
    pub fn information(code: impl Into<Cow<'static, str>>, message: impl Into<String>) -> Self {
        Self::new(
            code,
            Severity::Information,
            IssueType::Informational,
            message,
        )
    }

    /// Says what to do about it.
    #[must_use]
    pub fn help(mut self, help: impl Into<String>) -> Self {
        self.help = Some(help.into());
        self
    }

    /// Says where in the input it is.
    #[must_use]
    pub fn at_input(mut self, place: InputPlace) -> Self {
        self.input = Some(place);
        self
    }

    /// Says where in the mapping it is.
    #[must_use]
    pub fn at_mapping(mut self, place: MappingPlace) -> Self {
        self.mapping = Some(place);
        self
    }

    /// Says which FHIR element it is about.
    #[must_use]
    pub fn at_element(mut self, path: impl Into<String>) -> Self {
        self.element = Some(path.into());
        self
    }

    /// Says which resource it is about, as `Type/id`.
    #[must_use]
    pub fn about(mut self, resource: impl Into<String>) -> Self {
        self.resource = Some(resource.into());
        self
    }

    /// Keeps the offending value for the sender's own report.
    #[must_use]
    pub fn with_value(mut self, value: impl Into<String>) -> Self {
        self.value = Some(value.into());
        self
    }

    /// Whether it is an error.
    pub fn is_error(&self) -> bool {
        self.severity == Severity::Error
    }
}

impl fmt::Display for Issue {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&crate::summary_line(self))
    }
}

/// Whether any issue of a list is an error.
pub fn has_errors<'a>(issues: impl IntoIterator<Item = &'a Issue>) -> bool {
    issues.into_iter().any(Issue::is_error)
}

/// The errors of a list.
pub fn errors<'a>(issues: impl IntoIterator<Item = &'a Issue>) -> impl Iterator<Item = &'a Issue> {
    issues.into_iter().filter(|issue| issue.is_error())
}
