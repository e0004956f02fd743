//! ValueSet and CodeSystem.

use std::collections::HashMap;

use diagnostics::Issue;
use json::Value;

use super::read::{is_retired, required, text, texts, truth};
use crate::form::{CodeSystem, Concept, Filter, Include, ValueSet};

/// Properties of a concept that say what it stands under.
pub const PARENTS: [&str; 2] = ["parent", "subsumedBy"];
/// The property of a concept that names one that stands under it.
pub const CHILD: &str = "child";
/// The property of a concept that only groups others.
pub const ABSTRACT: [&str; 2] = ["notSelectable", "abstract"];
/// The properties of a concept that is no longer to be used.
pub const INACTIVE: [&str; 2] = ["inactive", "status"];
/// Properties that the built-in definitions keep because their value sets filter by them.
pub const FILTERED: [&str; 1] = ["acme-plasma"];

pub fn read_value_set(resource: &Value) -> Result<ValueSet, Box<Issue>> {
    let url = required(resource, "url")?;
    let mut set = ValueSet {
        url,
        version: text(resource, "version"),
        is_retired: is_retired(resource),
        includes: Vec::new(),
        excludes: Vec::new(),
        leaves_out_inactive: false,
        expansion: None,
    };
    match resource.get("compose") {
        Some(compose) => {
            set.includes = compose.each("include").map(include).collect();
            set.excludes = compose.each("exclude").map(include).collect();
            set.leaves_out_inactive = truth(compose, "inactive") == Some(false);
            set.expansion = is_whole_expansion(resource).then(|| expansion(resource));
        }
        // A value set that is only given as an expansion is the codes that it lists.
        None => set.includes = expansion(resource),
    }
    Ok(set)
}

fn include(part: &Value) -> Include {
    Include {
        system: text(part, "system"),
        version: text(part, "version"),
        codes: part
            .each("concept")
            .filter_map(|concept| text(concept, "code"))
            .collect(),
        filters: part
            .each("filter")
            .map(|filter| Filter {
                property: text(filter, "property").unwrap_or_default(),
                op: text(filter, "op").unwrap_or_default(),
                value: text(filter, "value").unwrap_or_default(),
            })
            .collect(),
        value_sets: texts(part, "valueSet"),
    }
}

/// The extensions of an expansion that does not list all codes.
const PARTIAL: [&str; 2] = [
    "http://hl7.org/fhir/StructureDefinition/valueset-toocostly",
    "http://hl7.org/fhir/StructureDefinition/valueset-unclosed",
];

/// Whether the resource lists all its codes: not one page of them, not some of them.
fn is_whole_expansion(resource: &Value) -> bool {
    let Some(expansion) = resource.get("expansion") else {
        return false;
    };
    let is_partial = expansion.each("extension").any(|extension| {
        extension
            .text("url")
            .is_some_and(|url| PARTIAL.contains(&url))
    }) || expansion.each("parameter").any(|parameter| {
        matches!(
            parameter.text("name"),
            Some("limitedExpansion" | "count" | "offset" | "filter")
        )
    });
    let total = super::read::count(expansion, "total");
    let mut listed: u32 = 0;
    let mut waiting: Vec<&Value> = expansion.each("contains").collect();
    while let Some(entry) = waiting.pop() {
        listed = listed.saturating_add(1);
        waiting.extend(entry.each("contains"));
    }
    !is_partial && listed > 0 && total.is_none_or(|total| total <= listed)
}

fn expansion(resource: &Value) -> Vec<Include> {
    let mut includes: Vec<Include> = Vec::new();
    let mut waiting: Vec<&Value> = resource
        .get("expansion")
        .map(|expansion| expansion.each("contains").collect())
        .unwrap_or_default();
    waiting.reverse();
    while let Some(entry) = waiting.pop() {
        let below: Vec<&Value> = entry.each("contains").collect();
        waiting.extend(below.into_iter().rev());
        let (Some(system), Some(code)) = (text(entry, "system"), text(entry, "code")) else {
            continue;
        };
        if truth(entry, "abstract") == Some(true) {
            continue;
        }
        match includes
            .iter_mut()
            .find(|include| include.system.as_deref() == Some(&*system))
        {
            Some(include) => include.codes.push(code),
            None => includes.push(Include {
                system: Some(system),
                codes: vec![code],
                ..Include::default()
            }),
        }
    }
    includes
}

pub fn read_code_system(resource: &Value) -> Result<CodeSystem, Box<Issue>> {
    Ok(CodeSystem {
        url: required(resource, "url")?,
        version: text(resource, "version"),
        is_retired: is_retired(resource),
        is_complete: resource.text("content") == Some("complete"),
        // R4 leaves open what silence means; telling case apart can only refuse more.
        is_case_sensitive: truth(resource, "caseSensitive") != Some(false),
        supplements: text(resource, "supplements"),
        concepts: concepts(resource),
    })
}

/// All concepts, each after the one that it is nested in.
fn concepts(resource: &Value) -> Vec<Concept> {
    let mut concepts = Vec::new();
    let mut elsewhere: Vec<(&str, &str)> = Vec::new();
    let mut waiting: Vec<(Option<&str>, &Value)> = resource
        .each("concept")
        .map(|concept| (None, concept))
        .collect();
    waiting.reverse();
    while let Some((parent, concept)) = waiting.pop() {
        let Some(code) = concept.text("code") else {
            continue;
        };
        let below: Vec<_> = concept
            .each("concept")
            .map(|child| (Some(code), child))
            .collect();
        waiting.extend(below.into_iter().rev());
        concepts.push(read_concept(concept, code, parent));
        for property in concept.each("property") {
            if property.text("code") == Some(CHILD)
                && let Some(child) = property.text("valueCode")
            {
                elsewhere.push((child, code));
            }
        }
    }
    if !elsewhere.is_empty() {
        adopt(&mut concepts, &elsewhere);
    }
    concepts
}

/// Adds parents that say themselves what else stands under them.
fn adopt(concepts: &mut [Concept], elsewhere: &[(&str, &str)]) {
    let places: HashMap<Box<str>, usize> = concepts
        .iter()
        .enumerate()
        .map(|(at, concept)| (concept.code.clone(), at))
        .collect();
    for &(child, parent) in elsewhere {
        if let Some(child) = places.get(child).and_then(|&at| concepts.get_mut(at))
            && !child.parents.iter().any(|known| **known == *parent)
        {
            child.parents.push(parent.into());
        }
    }
}

fn read_concept(concept: &Value, code: &str, parent: Option<&str>) -> Concept {
    let mut read = Concept {
        code: code.into(),
        display: text(concept, "display"),
        designations: concept
            .each("designation")
            .filter_map(|designation| text(designation, "value"))
            .collect(),
        parents: parent.map(Box::from).into_iter().collect(),
        ..Concept::default()
    };
    for property in concept.each("property") {
        let Some(name) = property.text("code") else {
            continue;
        };
        let value = property_text(property);
        if PARENTS.contains(&name) {
            read.parents
                .extend(value.filter(|value| !read.parents.iter().any(|known| **known == **value)));
        } else if ABSTRACT.contains(&name) {
            read.is_abstract |= value.as_deref() == Some("true");
        } else if name != CHILD {
            read.is_inactive |= INACTIVE.contains(&name) && means_inactive(value.as_deref());
            read.properties
                .extend(value.map(|value| (name.into(), value)));
        }
    }
    read
}

/// Whether `inactive` or `status` says that a concept is no longer to be used.
pub fn means_inactive(value: Option<&str>) -> bool {
    matches!(value, Some("true" | "inactive" | "retired"))
}

pub fn property_text(property: &Value) -> Option<Box<str>> {
    let (_, value) = super::read::choice(property, "value")?;
    match value {
        Value::Bool(truth) => Some(truth.to_string().into()),
        Value::Number(number) => Some(number.as_str().into()),
        other => other.as_str().map(Box::from),
    }
}
