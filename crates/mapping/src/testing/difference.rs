//! How what a case makes differs from what it expects, by FHIR path.

use std::fmt;

use serde::Serialize;

/// One difference between what a case expects and what it makes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "kind", rename_all = "camelCase")]
pub enum Difference {
    /// The case has no `expected.ndjson` yet.
    NoExpectation,
    /// A resource that is expected is not made.
    MissingResource {
        /// `Type/id`.
        resource: String,
        /// It, as JSON.
        content: String,
    },
    /// A resource is made that is not expected.
    UnexpectedResource {
        /// `Type/id`.
        resource: String,
        /// It, as JSON.
        content: String,
    },
    /// A resource is made under another id; what else differs is told apart.
    OtherId {
        /// `Type/id` as expected.
        resource: String,
        /// `Type/id` as made.
        made: String,
    },
    /// An element differs.
    Element {
        /// `Type/id`.
        resource: String,
        /// Its FHIR path: `Patient.name[0].family`. The index is that of what is made; of what is
        /// only expected, its own.
        path: String,
        /// What is expected, as JSON; nothing where the element should not be.
        expected: Option<String>,
        /// What is made; nothing where it lacks.
        actual: Option<String>,
    },
    /// An item of a list stands in another place.
    Moved {
        /// `Type/id`.
        resource: String,
        /// The FHIR path of the list.
        path: String,
        /// Its index as expected.
        from: usize,
        /// Its index as made.
        to: usize,
    },
    /// The same resources in another order.
    Order {
        /// The first that is made earlier than expected.
        resource: String,
    },
    /// A path of `ignore` meets nothing.
    IdleIgnore {
        /// The path.
        path: String,
    },
    /// An issue that is expected did not occur.
    MissingIssue {
        /// Its code and place.
        issue: String,
    },
    /// An issue occurred that is not expected.
    UnexpectedIssue {
        /// Its code, place and message.
        issue: String,
    },
}

impl fmt::Display for Difference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::NoExpectation => f.write_str("nothing is expected yet"),
            Self::MissingResource { resource, content } => {
                write!(f, "- {resource} is expected and not made: {content}")
            }
            Self::UnexpectedResource { resource, content } => {
                write!(f, "+ {resource} is made and not expected: {content}")
            }
            Self::OtherId { resource, made } => {
                write!(f, "~ {resource} is made as {made}")
            }
            Self::Element {
                resource,
                path,
                expected,
                actual,
            } => match (expected, actual) {
                (Some(expected), Some(actual)) => write!(
                    f,
                    "~ {resource}: {path} changed\n    - {expected}\n    + {actual}"
                ),
                (Some(expected), None) => {
                    write!(f, "- {resource}: {path} is not made\n    - {expected}")
                }
                (None, Some(actual)) => {
                    write!(f, "+ {resource}: {path} is not expected\n    + {actual}")
                }
                (None, None) => write!(f, "~ {resource}: {path}"),
            },
            Self::Moved {
                resource,
                path,
                from,
                to,
            } => write!(f, "> {resource}: {path}[{from}] moved to [{to}]"),
            Self::Order { resource } => {
                write!(
                    f,
                    "> the resources come in another order: {resource} comes earlier"
                )
            }
            Self::IdleIgnore { path } => {
                write!(f, "! ignore: {path} meets nothing: take it out, or mend it")
            }
            Self::MissingIssue { issue } => {
                write!(f, "- issue {issue} is expected and did not occur")
            }
            Self::UnexpectedIssue { issue } => write!(f, "+ issue {issue}"),
        }
    }
}
