//! What a mapping declares: its source, its code tables, its phrases and its names of systems.

pub(crate) mod codes;
pub(crate) mod columns;
pub(crate) mod fragments;
pub(crate) mod policy;
pub(crate) mod source;
pub(crate) mod units;

use std::collections::BTreeMap;

use crate::findings::{Findings, suggest};
use crate::program::Phrases;
use crate::yaml::{Node, Spot};

/// Short names of systems.
#[derive(Debug, Clone)]
pub(crate) struct Systems(BTreeMap<String, String>);

impl Systems {
    pub fn read(node: Option<&Node>, findings: &mut Findings) -> Self {
        let mut names: BTreeMap<String, String> = [
            ("snomed", "http://snomed.info/sct"),
            ("loinc", "http://loinc.org"),
            ("ucum", "http://unitsofmeasure.org"),
            ("dmd", "https://dmd.nhs.uk"),
            ("nhs-number", "https://fhir.nhs.uk/Id/nhs-number"),
            ("ods", "https://fhir.nhs.uk/Id/ods-organization-code"),
            (
                "nhs-number-status",
                "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland",
            ),
        ]
        .into_iter()
        .map(|(name, url)| (name.to_owned(), url.to_owned()))
        .collect();
        if let Some(node) = node {
            let Some(entries) = node.entries() else {
                wants_map(findings, node, "systems");
                return Self(names);
            };
            for (key, value) in entries {
                match (key.text(), value.constant()) {
                    (Some(name), Some(url)) if is_uri(url) => {
                        names.insert(name.to_owned(), url.to_owned());
                    }
                    _ => findings.error(
                        crate::codes::BAD_VALUE,
                        value.spot,
                        "a system is a name and a URI",
                        "for example: iw: https://example.org/CodeSystem/x",
                    ),
                }
            }
        }
        Self(names)
    }

    /// The URI of a name, or the URI itself.
    pub fn resolve(&self, text: &str) -> Option<String> {
        self.0
            .get(text)
            .cloned()
            .or_else(|| is_uri(text).then(|| text.to_owned()))
    }

    /// What to say about a name that stands for no system.
    pub fn suggest(&self, text: &str) -> String {
        suggest(
            text,
            self.0.keys().map(String::as_str),
            "systems with a name",
        )
    }
}

/// Whether a text is an absolute URI.
pub(crate) fn is_uri(text: &str) -> bool {
    let Some((scheme, rest)) = text.split_once(':') else {
        return false;
    };
    !rest.is_empty()
        && scheme.len() > 1
        && scheme
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "+-.".contains(c))
        && !text.contains(char::is_whitespace)
        && !text.contains('|')
}

/// Reads `phrases`.
pub(crate) fn phrases(node: Option<&Node>, findings: &mut Findings) -> Vec<Phrases> {
    let mut lists = Vec::new();
    let Some(node) = node else { return lists };
    let Some(entries) = node.entries() else {
        wants_map(findings, node, "phrases");
        return lists;
    };
    for (key, value) in entries {
        let phrases: Vec<String> = value
            .items()
            .iter()
            .filter_map(Node::constant)
            .map(crate::run::wording::fold)
            .filter(|phrase| !phrase.is_empty())
            .collect();
        if phrases.len() != value.items().len() || phrases.is_empty() {
            findings.error(
                crate::codes::BAD_VALUE,
                value.spot,
                "a list of phrases holds texts",
                "for example: none known: [NKDA, no known allergies]",
            );
        }
        lists.push(Phrases {
            owner: None,
            name: key.text().unwrap_or_default().to_owned(),
            phrases,
        });
    }
    lists
}

/// Says that something must be a map.
pub(crate) fn wants_map(findings: &mut Findings, node: &Node, what: &str) {
    findings.error(
        crate::codes::BAD_VALUE,
        node.spot,
        format!("{what} must be a map, and this is {}", node.kind()),
        "write names and values on lines of their own, further in",
    );
}

/// The constant text of a key that must have one.
pub(crate) fn required_text<'n>(
    findings: &mut Findings,
    node: &'n Node,
    key: &str,
    what: &str,
    at: Spot,
) -> Option<&'n str> {
    match node.get(key) {
        // An unknown key that was meant for this one is reported by itself.
        None if node.entries().unwrap_or_default().iter().any(|(other, _)| {
            other
                .text()
                .is_some_and(|other| findings.is_reported(other, key))
        }) =>
        {
            None
        }
        None => {
            findings.error(
                crate::codes::MISSING_KEY,
                at,
                format!("{what} lacks '{key}'"),
                format!("add '{key}:'"),
            );
            None
        }
        Some(value) => constant_text(findings, value, key),
    }
}

/// The constant text of a value.
pub(crate) fn constant_text<'n>(
    findings: &mut Findings,
    value: &'n Node,
    key: &str,
) -> Option<&'n str> {
    let text = value.constant();
    if text.is_none() {
        findings.error(
            crate::codes::BAD_VALUE,
            value.spot,
            format!(
                "'{key}' must be a text, and this is {}",
                if value.expression().is_some() {
                    "an expression"
                } else {
                    value.kind()
                }
            ),
            "write a constant",
        );
    }
    text
}

/// The truth of a key, false where it is absent.
pub(crate) fn flag(findings: &mut Findings, node: &Node, key: &str) -> bool {
    match node.get(key) {
        None => false,
        Some(value) => match value.constant() {
            Some("true") => true,
            Some("false") => false,
            _ => {
                findings.error(
                    crate::codes::BAD_VALUE,
                    value.spot,
                    format!("'{key}' is true or false"),
                    format!("write {key}: true, or leave it out"),
                );
                false
            }
        },
    }
}

/// The texts of a key: one, or a list.
pub(crate) fn texts(findings: &mut Findings, node: &Node, key: &str) -> Vec<(String, Spot)> {
    let Some(value) = node.get(key) else {
        return Vec::new();
    };
    value
        .items()
        .iter()
        .filter_map(|item| Some((constant_text(findings, item, key)?.to_owned(), item.spot)))
        .collect()
}
