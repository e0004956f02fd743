//! From a resource to index rows.

use std::collections::BTreeSet;

use definitions::SearchKind;
use fhir::Reference;
use jiff::Timestamp;
use json::Value;
use store::IndexRow;

use crate::compile::{Indexer, Leaf, Move, Parameter, Plan, fits};
use crate::date::range;
use crate::value::fold;

/// The longest text that goes into an index, in bytes. Longer text is found by its beginning.
const MAX_TEXT: usize = 256;
/// The longest token that goes into an index, in bytes.
const MAX_TOKEN: usize = 1024;

/// The index rows of a resource: one for each different value of each parameter.
pub fn index(indexer: &Indexer, resource: &Value) -> Vec<IndexRow> {
    let mut rows = BTreeSet::new();
    let Some(resource_type) = resource.text("resourceType") else {
        return Vec::new();
    };
    let of_type = indexer.of_type(resource_type);
    for parameter in of_type.parameters.iter() {
        for plan in &parameter.plans {
            let found = follow(plan, resource);
            if plan.truth {
                let truth = found
                    .iter()
                    .any(|(value, _)| value.as_bool() != Some(false));
                rows.insert(token(parameter, String::new(), &truth.to_string()));
                continue;
            }
            for (value, type_of) in found {
                extract(indexer, parameter, value, &type_of, &mut rows);
            }
        }
    }
    rows.into_iter().collect()
}

/// What stands at the end of a path.
#[derive(Debug, Clone)]
enum TypeOf<'p> {
    Leaf(&'p Leaf),
    /// The type that the name of an extension's value ends in.
    Named(String),
}

impl TypeOf<'_> {
    fn name(&self) -> &str {
        match self {
            Self::Leaf(leaf) => &leaf.type_name,
            Self::Named(name) => name,
        }
    }
}

fn follow<'v, 'p>(plan: &'p Plan, resource: &'v Value) -> Vec<(&'v Value, TypeOf<'p>)> {
    let mut here: Vec<(&Value, TypeOf<'p>)> = vec![(resource, TypeOf::Named(String::new()))];
    for step in &plan.moves {
        here = match step {
            Move::Into(names) => here
                .iter()
                .flat_map(|(value, _)| {
                    names.iter().flat_map(|(name, leaf)| {
                        value
                            .each(name)
                            .filter(|child| !matches!(child, Value::Null))
                            .map(|child| (child, TypeOf::Leaf(leaf.as_ref())))
                    })
                })
                .collect(),
            Move::Typed(type_name) => {
                here.retain(|(_, type_of)| type_of.name() == type_name);
                here
            }
            Move::Resolves(type_name) => {
                here.retain(|(value, _)| {
                    value
                        .text("reference")
                        .and_then(Reference::parse)
                        .and_then(Reference::type_name)
                        == Some(type_name.as_str())
                        || value.text("type") == Some(type_name.as_str())
                });
                here
            }
            Move::Equals(name, text) => {
                here.retain(|(value, _)| value.text(name) == Some(text.as_str()));
                here
            }
            Move::Extension(url) => here
                .iter()
                .flat_map(|(value, _)| value.each("extension"))
                .filter(|extension| extension.text("url") == Some(url.as_str()))
                .filter_map(|extension| {
                    extension.as_object()?.iter().find_map(|(name, value)| {
                        let type_name = name.strip_prefix("value")?;
                        Some((value, TypeOf::Named(uncapital(type_name))))
                    })
                })
                .collect(),
        };
    }
    here
}

/// The type that a choice name ends in: `String` is `string`, `CodeableConcept` stays.
fn uncapital(name: &str) -> String {
    match name {
        "String" | "Code" | "Boolean" | "Id" | "Uri" | "Date" | "Instant" | "Markdown" => {
            name.to_ascii_lowercase()
        }
        "DateTime" => "dateTime".to_owned(),
        other => other.to_owned(),
    }
}

fn token(parameter: &Parameter, system: String, code: &str) -> IndexRow {
    IndexRow::Token {
        param: parameter.code.clone(),
        system,
        code: code.to_owned(),
    }
}

fn extract(
    indexer: &Indexer,
    parameter: &Parameter,
    value: &Value,
    type_of: &TypeOf<'_>,
    rows: &mut BTreeSet<IndexRow>,
) {
    if !fits(parameter.kind, type_of.name()) {
        return;
    }
    match parameter.kind {
        SearchKind::Token => tokens(indexer, parameter, value, type_of, rows),
        SearchKind::Reference => {
            if let Some(Reference::Local { type_name, id, .. }) =
                value.text("reference").and_then(Reference::parse)
            {
                rows.insert(IndexRow::Reference {
                    param: parameter.code.clone(),
                    rtype: type_name.to_owned(),
                    id: id.to_owned(),
                });
            }
        }
        SearchKind::Date => {
            for (lo, hi) in ranges(value, type_of.name()) {
                rows.insert(IndexRow::Date {
                    param: parameter.code.clone(),
                    lo,
                    hi,
                });
            }
        }
        SearchKind::String => {
            for text in texts(value, type_of.name()) {
                let mut norm = fold(text);
                let end = (0..=MAX_TEXT.min(norm.len()))
                    .rev()
                    .find(|end| norm.is_char_boundary(*end))
                    .unwrap_or(0);
                norm.truncate(end);
                if !norm.is_empty() {
                    rows.insert(IndexRow::String {
                        param: parameter.code.clone(),
                        norm,
                    });
                }
            }
        }
        _ => {}
    }
}

fn tokens(
    indexer: &Indexer,
    parameter: &Parameter,
    value: &Value,
    type_of: &TypeOf<'_>,
    rows: &mut BTreeSet<IndexRow>,
) {
    let mut add = |system: Option<&str>, code: Option<&str>| {
        if let Some(code) = code.filter(|code| !code.is_empty() && code.len() <= MAX_TOKEN) {
            rows.insert(token(
                parameter,
                system.unwrap_or_default().to_owned(),
                code,
            ));
        }
    };
    match (type_of.name(), value) {
        ("CodeableConcept", _) => {
            for coding in value.each("coding") {
                add(coding.text("system"), coding.text("code"));
            }
        }
        ("Coding", _) => add(value.text("system"), value.text("code")),
        ("Identifier", _) => add(value.text("system"), value.text("value")),
        // The system of a contact point is its kind, which a search does not name.
        ("ContactPoint", _) => add(None, value.text("value")),
        (_, Value::Bool(truth)) => add(None, Some(if *truth { "true" } else { "false" })),
        ("code", Value::String(code)) => {
            let system = match type_of {
                TypeOf::Leaf(leaf) => leaf
                    .value_set
                    .as_deref()
                    .and_then(|set| indexer.terminology.system_of(set, code)),
                TypeOf::Named(_) => None,
            };
            add(system, Some(code));
        }
        (_, Value::String(text)) => add(None, Some(text)),
        _ => {}
    }
}

fn ranges(value: &Value, type_name: &str) -> Vec<(Timestamp, Timestamp)> {
    match type_name {
        "Period" => {
            let start = value.text("start").map(range);
            let end = value.text("end").map(range);
            // An end that cannot be read is not an open end: such a period is not indexed.
            match (start, end) {
                (None, None) | (Some(None), _) | (_, Some(None)) => Vec::new(),
                (start, end) => vec![(
                    start.flatten().map_or(Timestamp::MIN, |(lo, _)| lo),
                    end.flatten().map_or(Timestamp::MAX, |(_, hi)| hi),
                )],
            }
        }
        "Timing" => {
            let events: Vec<_> = value
                .each("event")
                .filter_map(Value::as_str)
                .filter_map(range)
                .collect();
            let lo = events.iter().map(|(lo, _)| *lo).min();
            let hi = events.iter().map(|(_, hi)| *hi).max();
            let bounds = value
                .get("repeat")
                .and_then(|repeat| repeat.get("boundsPeriod"))
                .map(|period| ranges(period, "Period"))
                .unwrap_or_default();
            lo.zip(hi).into_iter().chain(bounds).collect()
        }
        _ => value.as_str().and_then(range).into_iter().collect(),
    }
}

fn texts<'v>(value: &'v Value, type_name: &str) -> Vec<&'v str> {
    let parts: &[&str] = match type_name {
        "HumanName" => &["text", "family", "given", "prefix", "suffix"],
        "Address" => &[
            "text",
            "line",
            "city",
            "district",
            "state",
            "postalCode",
            "country",
        ],
        "CodeableConcept" => &["text"],
        _ => return value.as_str().into_iter().collect(),
    };
    let mut out: Vec<&str> = parts
        .iter()
        .flat_map(|part| value.each(part))
        .filter_map(Value::as_str)
        .collect();
    if type_name == "CodeableConcept" {
        out.extend(
            value
                .each("coding")
                .filter_map(|coding| coding.text("display")),
        );
    }
    out
}
