//! What is left of a resource when everything that is not a rule is taken away.

use json::{Object, Value};

use super::structure::{BEST_PRACTICE, FHIR_TYPE, MAX_VALUE_SET, REGEX};
use super::terms::{ABSTRACT, CHILD, FILTERED, INACTIVE, PARENTS, means_inactive, property_text};

const STRUCTURE: &[&str] = &[
    "resourceType",
    "id",
    "url",
    "version",
    "name",
    "status",
    "kind",
    "abstract",
    "type",
    "baseDefinition",
    "derivation",
];
const ELEMENT: &[&str] = &[
    "id",
    "path",
    "sliceName",
    "representation",
    "min",
    "max",
    "contentReference",
    "maxLength",
    "mustSupport",
    "isModifier",
    "isSummary",
];
const CHOICES: &[&str] = &["fixed", "pattern", "minValue", "maxValue"];
const VALUE_SET: &[&str] = &["resourceType", "id", "url", "version", "status"];
const CODE_SYSTEM: &[&str] = &[
    "resourceType",
    "id",
    "url",
    "version",
    "status",
    "caseSensitive",
    "content",
    "supplements",
];
const SEARCH_PARAMETER: &[&str] = &[
    "resourceType",
    "id",
    "url",
    "version",
    "status",
    "code",
    "base",
    "type",
    "expression",
    "target",
];

/// The resource with only the members that [`read`](super::read()) looks at, in a fixed order.
/// `None` for resources that it does not read. `displays` says whether a code system's preferred
/// terms are kept.
pub fn slim(resource: &Value, displays: bool) -> Option<Value> {
    match resource.text("resourceType")? {
        "StructureDefinition" => Some(structure(resource)),
        "ValueSet" => Some(value_set(resource)),
        "CodeSystem" => Some(code_system(resource, displays)),
        "SearchParameter" => Some(search_parameter(resource)),
        _ => None,
    }
}

fn keep(value: &Value, names: &[&str]) -> Object {
    let mut kept = Object::new();
    for &name in names {
        if let Some(member) = value.get(name) {
            kept.insert(name, member.clone());
        }
    }
    kept
}

fn put(object: &mut Object, name: &str, items: Vec<Value>) {
    if !items.is_empty() {
        object.insert(name, items);
    }
}

fn structure(resource: &Value) -> Value {
    let mut kept = keep(resource, STRUCTURE);
    let contexts = resource
        .each("context")
        .map(|context| keep(context, &["type", "expression"]).into())
        .collect();
    put(&mut kept, "context", contexts);
    if let Some(invariants) = resource.get("contextInvariant") {
        kept.insert("contextInvariant", invariants.clone());
    }
    for part in ["differential", "snapshot"] {
        if let Some(stated) = resource.get(part) {
            let elements: Vec<Value> = stated.each("element").map(element).collect();
            kept.insert(part, Object::new().with("element", elements));
            break;
        }
    }
    kept.into()
}

fn element(element: &Value) -> Value {
    let mut kept = keep(element, ELEMENT);
    keep_extensions(element, &[REGEX], &mut kept);
    let types = element
        .each("type")
        .map(|stated| {
            let mut slim = keep(stated, &["code", "profile", "targetProfile", "aggregation"]);
            keep_extensions(stated, &[FHIR_TYPE, REGEX], &mut slim);
            slim.into()
        })
        .collect();
    put(&mut kept, "type", types);
    for prefix in CHOICES {
        if let Some((name, value)) = super::read::choice(element, prefix) {
            kept.insert(name, value.clone());
        }
    }
    if let Some(slicing) = element.get("slicing") {
        let mut slim = Object::new();
        let discriminators = slicing
            .each("discriminator")
            .map(|one| keep(one, &["type", "path"]).into())
            .collect();
        put(&mut slim, "discriminator", discriminators);
        for (name, member) in keep(slicing, &["rules", "ordered"]).iter() {
            slim.insert(name, member.clone());
        }
        kept.insert("slicing", slim);
    }
    if let Some(binding) = element.get("binding") {
        let mut slim = keep(binding, &["strength", "valueSet"]);
        keep_extensions(binding, &[MAX_VALUE_SET], &mut slim);
        kept.insert("binding", slim);
    }
    let constraints = element
        .each("constraint")
        .map(|one| {
            let mut slim = keep(one, &["key", "severity", "human", "expression", "source"]);
            keep_extensions(one, &[BEST_PRACTICE], &mut slim);
            slim.into()
        })
        .collect();
    put(&mut kept, "constraint", constraints);
    kept.into()
}

fn keep_extensions(value: &Value, urls: &[&str], kept: &mut Object) {
    let extensions = value
        .each("extension")
        .filter(|extension| extension.text("url").is_some_and(|url| urls.contains(&url)))
        .cloned()
        .collect();
    put(kept, "extension", extensions);
}

fn value_set(resource: &Value) -> Value {
    let mut kept = keep(resource, VALUE_SET);
    if let Some(compose) = resource.get("compose") {
        let mut slim = Object::new();
        for (name, member) in keep(compose, &["inactive"]).iter() {
            slim.insert(name, member.clone());
        }
        for part in ["include", "exclude"] {
            put(&mut slim, part, compose.each(part).map(include).collect());
        }
        kept.insert("compose", slim);
    } else if let Some(expansion) = resource.get("expansion") {
        let contains: Vec<Value> = expansion.each("contains").map(contained).collect();
        kept.insert("expansion", Object::new().with("contains", contains));
    }
    kept.into()
}

fn include(part: &Value) -> Value {
    let mut slim = keep(part, &["system", "version", "valueSet"]);
    let concepts = part
        .each("concept")
        .map(|concept| keep(concept, &["code"]).into())
        .collect();
    put(&mut slim, "concept", concepts);
    let filters = part
        .each("filter")
        .map(|filter| keep(filter, &["property", "op", "value"]).into())
        .collect();
    put(&mut slim, "filter", filters);
    slim.into()
}

/// An entry of an expansion. Its depth is that of the parsed text, which the parser bounds.
fn contained(entry: &Value) -> Value {
    let mut slim = keep(entry, &["system", "code", "abstract"]);
    put(
        &mut slim,
        "contains",
        entry.each("contains").map(contained).collect(),
    );
    slim.into()
}

fn code_system(resource: &Value, displays: bool) -> Value {
    let mut kept = keep(resource, CODE_SYSTEM);
    let concepts = resource
        .each("concept")
        .map(|one| concept(one, displays))
        .collect();
    put(&mut kept, "concept", concepts);
    kept.into()
}

/// A concept. Its depth is that of the parsed text, which the parser bounds.
fn concept(concept_value: &Value, displays: bool) -> Value {
    let names: &[&str] = if displays {
        &["code", "display"]
    } else {
        &["code"]
    };
    let mut slim = keep(concept_value, names);
    let properties = concept_value
        .each("property")
        .filter(|property| {
            property.text("code").is_some_and(|code| {
                PARENTS.contains(&code)
                    || code == CHILD
                    || ABSTRACT.contains(&code)
                    || FILTERED.contains(&code)
                    || (INACTIVE.contains(&code)
                        && means_inactive(property_text(property).as_deref()))
            })
        })
        .cloned()
        .collect();
    if displays {
        let names = concept_value
            .each("designation")
            .map(|one| keep(one, &["value"]).into())
            .collect();
        put(&mut slim, "designation", names);
    }
    put(&mut slim, "property", properties);
    let below = concept_value
        .each("concept")
        .map(|one| concept(one, displays))
        .collect();
    put(&mut slim, "concept", below);
    slim.into()
}

fn search_parameter(resource: &Value) -> Value {
    let mut kept = keep(resource, SEARCH_PARAMETER);
    let components = resource
        .each("component")
        .map(|one| keep(one, &["definition", "expression"]).into())
        .collect();
    put(&mut kept, "component", components);
    kept.into()
}
