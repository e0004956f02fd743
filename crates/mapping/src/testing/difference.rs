//! How resources differ, by FHIR path.

use std::fmt;

use json::Value;
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
    },
    /// A resource is made that is not expected.
    UnexpectedResource {
        /// `Type/id`.
        resource: String,
        /// It, as JSON.
        content: String,
    },
    /// An element differs.
    Element {
        /// `Type/id`.
        resource: String,
        /// Its FHIR path: `Patient.name[0].family`.
        path: String,
        /// What is expected, as JSON; nothing where the element should not be.
        expected: Option<String>,
        /// What is made; nothing where it lacks.
        actual: Option<String>,
    },
    /// The same resources in another order.
    Order,
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
            Self::MissingResource { resource } => {
                write!(f, "- {resource} is expected and not made")
            }
            Self::UnexpectedResource { resource, content } => {
                write!(f, "+ {resource} is made and not expected: {content}")
            }
            Self::Element {
                resource,
                path,
                expected,
                actual,
            } => {
                writeln!(f, "  {resource}: {path}")?;
                writeln!(f, "  - {}", expected.as_deref().unwrap_or("(nothing)"))?;
                write!(f, "  + {}", actual.as_deref().unwrap_or("(nothing)"))
            }
            Self::Order => f.write_str("the resources come in another order"),
            Self::MissingIssue { issue } => {
                write!(f, "- issue {issue} is expected and did not occur")
            }
            Self::UnexpectedIssue { issue } => write!(f, "+ issue {issue}"),
        }
    }
}

/// Compares two lists of resources by type and id.
pub(super) fn compare(expected: &[Value], actual: &[Value]) -> Vec<Difference> {
    let mut differences = Vec::new();
    for wanted in expected {
        let name = name(wanted);
        match actual.iter().find(|made| self::name(made) == name) {
            None => differences.push(Difference::MissingResource { resource: name }),
            Some(made) => {
                let path = wanted.text("resourceType").unwrap_or_default();
                elements(&name, path, Some(wanted), Some(made), &mut differences);
            }
        }
    }
    for made in actual {
        let name = name(made);
        if !expected.iter().any(|wanted| self::name(wanted) == name) {
            differences.push(Difference::UnexpectedResource {
                resource: name,
                content: made.to_string(),
            });
        }
    }
    if differences.is_empty() && expected != actual {
        differences.push(Difference::Order);
    }
    differences
}

fn name(resource: &Value) -> String {
    format!(
        "{}/{}",
        resource.text("resourceType").unwrap_or("?"),
        resource.text("id").unwrap_or("?")
    )
}

fn elements(
    resource: &str,
    path: &str,
    expected: Option<&Value>,
    actual: Option<&Value>,
    out: &mut Vec<Difference>,
) {
    match (expected, actual) {
        (Some(Value::Object(wanted)), Some(Value::Object(made))) => {
            for (name, value) in wanted.iter() {
                elements(
                    resource,
                    &format!("{path}.{name}"),
                    Some(value),
                    made.get(name),
                    out,
                );
            }
            for (name, value) in made.iter() {
                if !wanted.contains(name) {
                    elements(resource, &format!("{path}.{name}"), None, Some(value), out);
                }
            }
        }
        (Some(Value::Array(wanted)), Some(Value::Array(made))) => {
            for index in 0..wanted.len().max(made.len()) {
                let path = format!("{path}[{index}]");
                elements(resource, &path, wanted.get(index), made.get(index), out);
            }
        }
        (expected, actual) if expected == actual => {}
        (expected, actual) => out.push(Difference::Element {
            resource: resource.to_owned(),
            path: path.to_owned(),
            expected: expected.map(Value::to_string),
            actual: actual.map(Value::to_string),
        }),
    }
}
