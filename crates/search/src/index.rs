//! From a resource to index rows.

use std::collections::BTreeSet;

use definitions::SearchKind;
use fhir::Reference;
use fhirpath::{Item, Node, Plan};
use jiff::Timestamp;
use json::Value;
use store::IndexRow;

use crate::compile::{Indexer, Parameter, fits};
use crate::date::range;
use crate::expression::follow;
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
    let node = indexer.model.resource_node(resource);
    for parameter in of_type.parameters.iter() {
        for plan in &parameter.plans {
            for item in follow(plan, node) {
                match item {
                    Item::Boolean(truth) => {
                        rows.insert(token(parameter, String::new(), &truth.to_string()));
                    }
                    Item::Node(node) => extract(indexer, parameter, plan, node, &mut rows),
                    _ => {}
                }
            }
        }
    }
    rows.into_iter().collect()
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
    plan: &Plan,
    node: Node<'_>,
    rows: &mut BTreeSet<IndexRow>,
) {
    let type_name = indexer.model.name(node.ty());
    let Some(value) = node.value().filter(|_| fits(parameter.kind, type_name)) else {
        return;
    };
    match parameter.kind {
        SearchKind::Token => tokens(indexer, parameter, plan, value, type_name, rows),
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
            for (lo, hi) in ranges(value, type_name) {
                rows.insert(IndexRow::Date {
                    param: parameter.code.clone(),
                    lo,
                    hi,
                });
            }
        }
        SearchKind::String => {
            for text in texts(value, type_name) {
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
    plan: &Plan,
    value: &Value,
    type_name: &str,
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
    match (type_name, value) {
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
            // The value set that a `code` is bound to gives it its system.
            let system = plan
                .value_set()
                .and_then(|set| indexer.terminology.system_of(set, code));
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
