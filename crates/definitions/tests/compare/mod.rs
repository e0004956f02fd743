//! A Shape beside the snapshot that another tool made of the same definition.

#![allow(clippy::unwrap_used, clippy::expect_used, clippy::panic, missing_docs)]
#![allow(dead_code, reason = "each test file uses some of it")]

use std::collections::{BTreeMap, BTreeSet};

use definitions::form::{Definition, ElementRule};
use definitions::{
    Binding, Constraint, Definitions, Discriminator, DiscriminatorKind, Element, ElementType,
    Shape, Slicing, SlicingRules, package,
};
use json::{Object, Value};

/// One disagreement: the definition, the element, what is compared, theirs, ours.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Difference {
    pub definition: String,
    pub element: String,
    pub what: &'static str,
    pub theirs: String,
    pub ours: String,
}

/// The snapshot's elements, read as a differential that states everything.
pub fn snapshot(resource: &Value) -> Option<Vec<ElementRule>> {
    let mut whole: Object = resource.as_object()?.clone();
    let snapshot = whole.remove("snapshot")?;
    whole.remove("differential");
    whole.insert("differential", snapshot);
    match package::read(&whole.into()).expect("the snapshot reads") {
        Some(Definition::Structure(structure)) => Some(structure.elements),
        _ => None,
    }
}

pub fn compare(definitions: &Definitions, resource: &Value) -> Option<(usize, Vec<Difference>)> {
    let rules = snapshot(resource)?;
    let url = resource.text("url").unwrap();
    let shape = definitions
        .shape(url)
        .unwrap_or_else(|| panic!("{url} has no Shape"));
    let mut differences = Vec::new();
    let mut note = |element: &str, what: &'static str, theirs: String, ours: String| {
        differences.push(Difference {
            definition: resource.text("id").unwrap().to_owned(),
            element: element.to_owned(),
            what,
            theirs,
            ours,
        });
    };
    let ours: BTreeMap<&str, &Element> = shape.iter().map(|(_, e)| (&*e.id, e)).collect();
    assert_eq!(ours.len(), shape.iter().count(), "{url}: ids are unique");
    let theirs: BTreeSet<&str> = rules.iter().map(|rule| &*rule.id).collect();
    for id in ours.keys().filter(|id| !theirs.contains(*id)) {
        note(id, "extra", String::new(), "here".into());
    }
    for rule in &rules {
        let Some(element) = ours.get(&*rule.id) else {
            note(&rule.id, "missing", "here".into(), String::new());
            continue;
        };
        for (what, theirs, ours) in aspects(definitions, rule, element, &shape) {
            if theirs != ours {
                note(&rule.id, what, theirs, ours);
            }
        }
    }
    Some((rules.len(), differences))
}

fn aspects(
    definitions: &Definitions,
    rule: &ElementRule,
    element: &Element,
    shape: &Shape,
) -> Vec<(&'static str, String, String)> {
    let is_root = !rule.id.contains('.');
    let mut all = vec![
        ("path", rule.path.to_string(), element.path.to_string()),
        ("types", types(&rule.types), types(&element.types)),
        (
            "fixed",
            rule.fixed.as_deref().unwrap_or("-").into(),
            json_text(&element.fixed),
        ),
        (
            "pattern",
            rule.pattern.as_deref().unwrap_or("-").into(),
            json_text(&element.pattern),
        ),
        (
            "minValue",
            rule.min_value.as_deref().unwrap_or("-").into(),
            json_text(&element.min_value),
        ),
        (
            "maxValue",
            rule.max_value.as_deref().unwrap_or("-").into(),
            json_text(&element.max_value),
        ),
        (
            "maxLength",
            format!("{:?}", rule.max_length),
            format!("{:?}", element.max_length),
        ),
        ("binding", binding(&rule.binding), binding(&element.binding)),
        ("slicing", slicing(rule), format!("{:?}", element.slicing)),
        (
            "contentReference",
            content_reference(&rule.content_reference),
            content_reference(&element.content_reference),
        ),
        (
            "mustSupport",
            rule.must_support.unwrap_or_default().to_string(),
            element.must_support.to_string(),
        ),
        (
            "isModifier",
            rule.is_modifier.unwrap_or_default().to_string(),
            element.is_modifier.to_string(),
        ),
        (
            "xmlAttribute",
            rule.is_xml_attribute.to_string(),
            element.is_xml_attribute.to_string(),
        ),
        (
            "sliceName",
            rule.id
                .rsplit('.')
                .next()
                .and_then(|last| last.split_once(':'))
                .map_or("-", |(_, name)| name)
                .to_owned(),
            element.slice_name.as_deref().unwrap_or("-").to_owned(),
        ),
        (
            "isSummary",
            rule.is_summary.unwrap_or_default().to_string(),
            element.is_summary.to_string(),
        ),
    ];
    if !is_root {
        // Some publishers write into a sliced element how many its slices need together. A Shape
        // leaves that to the slices.
        let together: u32 = element
            .slices
            .iter()
            .map(|&slice| shape.element(slice).min)
            .sum();
        let stated = rule.min.unwrap_or(0);
        let ours = if stated == together {
            element.min.max(together)
        } else {
            element.min
        };
        all.push(("min", stated.to_string(), ours.to_string()));
        all.push(("max", max(rule.max.flatten()), max(element.max)));
    }
    let (theirs, ours) = constraints(definitions, rule, element, shape);
    all.push(("constraints", theirs, ours));
    all
}

/// Snapshots repeat the invariants of an element's type on the element; a Shape has them at the
/// root of the type's Shape. So both are compared without those of the types.
fn constraints(
    definitions: &Definitions,
    rule: &ElementRule,
    element: &Element,
    shape: &Shape,
) -> (String, String) {
    let id = shape.find(&element.id).unwrap();
    let mut of_types: BTreeSet<String> = BTreeSet::new();
    let mut note = |shape: Option<Shape>| {
        if let Some(shape) = shape {
            for constraint in &shape.element(shape.root()).constraints {
                of_types.insert(constraint.key.to_string());
            }
        }
    };
    for one in &element.types {
        note(definitions.shape_of_type(&one.code));
        note(
            definitions
                .scope(shape, id, &one.code)
                .map(|(shape, _)| shape),
        );
        for profile in &one.profiles {
            note(definitions.shape(profile));
        }
    }
    note(definitions.shape_of_type("Element"));
    let keys = |all: &[Constraint]| {
        all.iter()
            .filter(|one| !of_types.contains(&*one.key))
            .map(|one| {
                format!(
                    "{} {:?} {:?} {} {:?}",
                    one.key,
                    one.severity,
                    one.expression,
                    if one.is_best_practice {
                        "practice"
                    } else {
                        "rule"
                    },
                    one.human
                )
            })
            .collect::<BTreeSet<String>>()
            .into_iter()
            .collect::<Vec<String>>()
            .join("; ")
    };
    (keys(&rule.constraints), keys(&element.constraints))
}

/// Snapshots mostly leave out that extensions are told apart by url.
fn slicing(rule: &ElementRule) -> String {
    match &rule.slicing {
        None if is_unsliced_extension(&rule.id) => {
            format!(
                "{:?}",
                Some(Slicing {
                    discriminators: vec![Discriminator {
                        kind: DiscriminatorKind::Value,
                        path: "url".into(),
                    }],
                    rules: SlicingRules::Open,
                    ordered: false,
                })
            )
        }
        slicing => format!("{slicing:?}"),
    }
}

fn max(max: Option<u32>) -> String {
    max.map_or("*".into(), |max| max.to_string())
}

fn json_text(value: &Option<Value>) -> String {
    value.as_ref().map_or("-".into(), |value| {
        String::from_utf8(value.to_bytes()).unwrap()
    })
}

fn types(types: &[ElementType]) -> String {
    let mut all: Vec<String> = types
        .iter()
        .map(|one| {
            let list = |urls: &[Box<str>]| {
                let mut urls: Vec<&str> = urls.iter().map(|url| unversioned(url)).collect();
                urls.sort_unstable();
                urls.join(",")
            };
            let mut text = one.code.to_string();
            if !one.profiles.is_empty() {
                text += &format!("[{}]", list(&one.profiles));
            }
            if !one.target_profiles.is_empty() {
                text += &format!("({})", list(&one.target_profiles));
            }
            if !one.aggregation.is_empty() {
                text += &format!("{:?}", one.aggregation);
            }
            if let Some(regex) = &one.regex {
                text += &format!("/{regex}/");
            }
            text
        })
        .collect();
    all.sort();
    all.join(" ")
}

fn is_unsliced_extension(id: &str) -> bool {
    matches!(
        id.rsplit_once('.'),
        Some((_, "extension" | "modifierExtension"))
    )
}

/// Publishers add versions to references when they make snapshots.
fn unversioned(url: &str) -> &str {
    url.split('|').next().unwrap()
}

fn binding(binding: &Option<Binding>) -> String {
    binding.as_ref().map_or("-".into(), |binding| {
        format!(
            "{:?} {:?} {:?}",
            binding.strength,
            binding.value_set.as_deref().map(unversioned),
            binding.max_value_set.as_deref().map(unversioned)
        )
    })
}

/// Later publishers name the type of the definition in front of the element.
fn content_reference(reference: &Option<Box<str>>) -> String {
    reference
        .as_deref()
        .and_then(|reference| reference.split('#').nth(1))
        .unwrap_or("-")
        .into()
}
