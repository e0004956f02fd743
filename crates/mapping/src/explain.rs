//! What a traced run says of one resource, element by element: what `causeway explain` prints and
//! the workbench shows. It holds values of the source: it is for the eyes of the organisation that
//! sent the file.

use diagnostics::{InputPlace, Issue, MappingPlace};
use json::Value;
use serde::Serialize;

use crate::trace::{Decision, Origin, PassedFor, PassedOver, Trace, TracedElement};
use crate::{Made, Quarantined};

/// What became of one rule and one record.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Explanation {
    /// What came of it.
    pub outcome: Outcome,
    /// `Type/id`, where it has or would have had an id.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub resource: Option<String>,
    /// The rule; nothing where the record as a whole was refused or passed over.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub rule: Option<String>,
    /// Where the mapping writes the rule.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<MappingPlace>,
    /// The record.
    pub record: InputPlace,
    /// Why a rule made nothing where nothing is wrong.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<PassedFor>,
    /// The elements, in the order of the resource.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elements: Vec<ExplainedElement>,
    /// The conditions that were asked on the way.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub decisions: Vec<Decision>,
    /// What was said of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub issues: Vec<ExplainedIssue>,
}

/// What came of a rule and a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Outcome {
    /// A resource.
    Made,
    /// A resource was refused or held back, or a record could not be used.
    Quarantined,
    /// Nothing, and nothing is wrong with that.
    PassedOver,
}

/// One element that has a value of its own.
#[derive(Debug, Clone, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ExplainedElement {
    /// Its FHIR path with indices: `Patient.name[0].family`.
    pub path: String,
    /// What it holds: a text as it is, a number with its digits as written.
    pub value: String,
    /// Where the mapping writes it; in a fragment, the place in the fragment.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<MappingPlace>,
    /// In a fragment: where it is used, the innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<MappingPlace>,
    /// What it was made of.
    pub from: Vec<Origin>,
}

/// An issue with the value that it is about, which [`Issue`] itself does not print.
#[derive(Debug, Clone, Serialize)]
pub struct ExplainedIssue {
    /// The issue.
    #[serde(flatten)]
    pub issue: Issue,
    /// The value.
    #[serde(rename = "value", skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

impl Explanation {
    /// Of a resource that was made in a traced run.
    pub fn made(made: &Made) -> Self {
        let trace = made.trace.as_deref();
        Self {
            outcome: Outcome::Made,
            resource: Some(format!("{}/{}", made.resource_type, made.id)),
            rule: Some(made.rule.to_string()),
            mapping: trace.and_then(|trace| trace.place.clone()),
            record: made.place.clone(),
            reason: None,
            elements: elements(&made.resource, trace),
            decisions: decisions(trace),
            issues: with_values(&made.issues),
        }
    }

    /// Of something that was refused or held back; with the resource, where it was made and its judge
    /// refused it.
    pub fn quarantined(quarantined: &Quarantined, resource: Option<&Value>) -> Self {
        let trace = quarantined.trace.as_deref();
        let elements = resource.map_or_else(Vec::new, |resource| elements(resource, trace));
        let name = quarantined
            .resource_type
            .as_ref()
            .zip(quarantined.id.as_ref())
            .map(|(resource_type, id)| format!("{resource_type}/{id}"));
        Self {
            outcome: Outcome::Quarantined,
            resource: name,
            rule: quarantined.rule.as_deref().map(str::to_owned),
            mapping: trace.and_then(|trace| trace.place.clone()),
            record: quarantined.place.clone(),
            reason: None,
            elements,
            decisions: decisions(trace),
            issues: with_values(&quarantined.issues),
        }
    }

    /// Of a record of which a rule made nothing.
    pub fn passed_over(passed: &PassedOver) -> Self {
        Self {
            outcome: Outcome::PassedOver,
            resource: None,
            rule: passed.rule.as_deref().map(str::to_owned),
            mapping: passed.trace.place.clone(),
            record: passed.place.clone(),
            reason: Some(passed.reason),
            elements: Vec::new(),
            decisions: passed.trace.decisions.clone(),
            issues: Vec::new(),
        }
    }
}

fn decisions(trace: Option<&Trace>) -> Vec<Decision> {
    trace.map_or_else(Vec::new, |trace| trace.decisions.clone())
}

fn with_values(issues: &[Issue]) -> Vec<ExplainedIssue> {
    issues
        .iter()
        .map(|issue| ExplainedIssue {
            value: issue.value.clone(),
            issue: issue.clone(),
        })
        .collect()
}

/// Every value of a resource with what it was made of.
fn elements(resource: &Value, trace: Option<&Trace>) -> Vec<ExplainedElement> {
    let mut out = Vec::new();
    let resource_type = resource.text("resourceType").unwrap_or_default();
    let Some(object) = resource.as_object() else {
        return out;
    };
    for (name, value) in object.iter().filter(|(name, _)| *name != "resourceType") {
        walk(plain(name), value, &mut |path, value| {
            out.push(explained(resource_type, path, value, trace));
        });
    }
    out
}

/// The name of an element without the `_` that marks a primitive's extensions.
fn plain(name: &str) -> &str {
    name.strip_prefix('_').unwrap_or(name)
}

/// Visits every value that has no members of its own.
fn walk(path: &str, value: &Value, visit: &mut dyn FnMut(&str, &Value)) {
    match value {
        Value::Object(object) => {
            for (name, value) in object.iter() {
                walk(&format!("{path}.{}", plain(name)), value, visit);
            }
        }
        Value::Array(items) => {
            for (index, value) in items.iter().enumerate() {
                walk(&format!("{path}[{index}]"), value, visit);
            }
        }
        // Only a place-holder beside the extensions of a primitive.
        Value::Null => {}
        value => visit(path, value),
    }
}

fn explained(
    resource_type: &str,
    path: &str,
    value: &Value,
    trace: Option<&Trace>,
) -> ExplainedElement {
    let written = trace
        .map_or(&[][..], |trace| trace.elements.as_slice())
        .iter()
        .rev()
        .filter_map(|element| Some((element, below(path, &element.path)?)))
        .max_by_key(|(element, _)| element.path.len());
    let full = format!("{resource_type}.{path}");
    match written {
        Some((element, rest)) => ExplainedElement {
            path: full,
            value: text(value),
            mapping: element.place.clone(),
            uses: element.uses.clone(),
            from: origins(element, rest),
        },
        None => ExplainedElement {
            path: full,
            value: text(value),
            mapping: trace.and_then(|trace| trace.place.clone()),
            uses: Vec::new(),
            from: vec![Origin::Engine],
        },
    }
}

fn text(value: &Value) -> String {
    value
        .as_str()
        .map_or_else(|| value.to_string(), str::to_owned)
}

/// The rest of a path that lies at or below another.
fn below<'p>(path: &'p str, above: &str) -> Option<&'p str> {
    let rest = path.strip_prefix(above)?;
    if rest.is_empty() || rest.starts_with('[') {
        Some(rest)
    } else {
        rest.strip_prefix('.')
    }
}

/// What one value was made of, where an element has several and each comes from elsewhere.
fn origins(element: &TracedElement, rest: &str) -> Vec<Origin> {
    if let Some(fixed) = &element.fixed {
        return vec![if is_fixed(fixed, rest) {
            Origin::Profile
        } else {
            Origin::Constant
        }];
    }
    let coded = element
        .origins
        .iter()
        .any(|origin| matches!(origin, Origin::CodeRow { .. } | Origin::NoCodeRow { .. }));
    match rest {
        // The text is the label itself; which row stands for it decides only the codings.
        "text" if coded => element
            .origins
            .iter()
            .filter(|origin| !matches!(origin, Origin::CodeRow { .. }))
            .cloned()
            .collect(),
        // A quantity: its unit stands in the mapping.
        "unit" | "system" | "code" if !coded => vec![Origin::Constant],
        _ => element.origins.clone(),
    }
}

/// Whether the profile fixes the value at a path.
fn is_fixed(fixed: &Value, path: &str) -> bool {
    let mut at = Some(fixed);
    for step in path.split(['.', '[', ']']).filter(|step| !step.is_empty()) {
        at = at.and_then(|value| match step.parse::<usize>() {
            Ok(index) => value.item(index),
            Err(_) => value.get(step),
        });
    }
    at.is_some_and(|value| *value != Value::Null)
}
