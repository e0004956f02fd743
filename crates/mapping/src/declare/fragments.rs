//! Fragments: pieces of `make` with parameters, each in a file of the common library.

use std::collections::BTreeSet;

use crate::codes;
use crate::compile::scope::{Type, Typing};
use crate::declare::{Systems, constant_text, flag, phrases, required_text, wants_map};
use crate::files::{FileProblem, LIBRARY, MappingFiles};
use crate::findings::{Findings, suggest};
use crate::keys;
use crate::program::Phrases;
use crate::yaml::{self, Data, Node, Spot};

use super::codes::Texts;
use crate::code_table::CodeTable;

/// The largest file of a fragment, in bytes.
const MAX_FRAGMENT: u64 = 1 << 18;

/// A fragment as its file declares it.
#[derive(Debug)]
pub(crate) struct FragmentDecl {
    pub name: String,
    /// Its file, by its path relative to the mapping.
    pub file: String,
    /// The type, resource or path (`Observation.component`) that it makes.
    pub target: String,
    pub parameters: Vec<Parameter>,
    pub systems: Systems,
    /// Its named expressions.
    pub lets: Vec<(Node, Node)>,
    pub make: Node,
    /// The origin of its definition.
    pub origin: u16,
    pub spot: Spot,
}

/// A parameter of a fragment.
#[derive(Debug, Clone)]
pub(crate) struct Parameter {
    pub name: String,
    pub of: ParameterType,
    pub list: bool,
    pub required: bool,
    pub default: Option<Node>,
    pub spot: Spot,
}

/// What a parameter takes.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum ParameterType {
    /// A value of a type; a reference of any.
    Value(Type),
    /// The name of a code table.
    Codes,
    /// Any value.
    Any,
}

impl Parameter {
    /// What its value is while nobody gives one.
    pub fn typing(&self) -> Typing {
        let of = match &self.of {
            ParameterType::Value(of) => of.clone(),
            ParameterType::Codes => Type::Text,
            ParameterType::Any => Type::Absent,
        };
        Typing::new(of).list(self.list).nullable(!self.required)
    }
}

/// What reading a mapping's files gathers beside the findings.
pub(crate) struct Library<'f> {
    pub files: &'f dyn MappingFiles,
    pub texts: &'f mut Texts,
    pub codes: &'f mut Vec<CodeTable>,
    pub phrases: &'f mut Vec<Phrases>,
}

/// Reads the fragments that nodes use, and those that they use in turn. A fragment that is absent or
/// broken is a finding where it is used.
pub(crate) fn read_used(
    roots: &[&Node],
    library: &mut Library<'_>,
    findings: &mut Findings,
) -> Vec<FragmentDecl> {
    let mut found: Vec<FragmentDecl> = Vec::new();
    let mut tried: BTreeSet<String> = BTreeSet::new();
    let mut wanted: Vec<String> = Vec::new();
    for root in roots {
        used(root, &mut wanted);
    }
    while let Some(name) = wanted.pop() {
        if !tried.insert(name.clone()) || !is_name(&name) {
            continue;
        }
        if let Some(fragment) = read(&name, found.len(), library, findings) {
            used(&fragment.make, &mut wanted);
            found.push(fragment);
        }
    }
    found
}

/// The names of the fragments that a node uses, at any depth.
fn used(node: &Node, out: &mut Vec<String>) {
    match &node.data {
        Data::List(items) => items.iter().for_each(|item| used(item, out)),
        Data::Map(entries) => {
            for (key, value) in entries {
                if key.text() == Some("fragment") {
                    match &value.data {
                        Data::Scalar { text, .. } => out.push(text.clone()),
                        Data::Map(uses) => {
                            out.extend(
                                uses.iter()
                                    .filter_map(|(name, _)| name.text().map(str::to_owned)),
                            );
                        }
                        _ => {}
                    }
                }
                used(value, out);
            }
        }
        _ => {}
    }
}

/// Whether a text may name a fragment: it is part of a path.
pub(crate) fn is_name(text: &str) -> bool {
    text.chars().next().is_some_and(|c| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// Reads one fragment; `index` is the one that it will have.
pub(crate) fn read(
    name: &str,
    index: usize,
    library: &mut Library<'_>,
    findings: &mut Findings,
) -> Option<FragmentDecl> {
    let file = format!("{LIBRARY}/{name}.yaml");
    let opened = library.files.open(&file, MAX_FRAGMENT);
    if matches!(opened, Err(FileProblem::Absent)) {
        return None;
    }
    let origin = findings.origins.add(&file, None)?;
    let start = Spot {
        line: 1,
        column: 1,
        length: 1,
        origin,
    };
    let bytes = match opened {
        Ok(bytes) => bytes,
        Err(problem) => {
            let message = format!("the fragment {problem}");
            findings.error(problem.code(), start, message, problem.help());
            return None;
        }
    };
    let text = match String::from_utf8(bytes.into_owned()) {
        Ok(text) => text,
        Err(_) => {
            findings.error(
                codes::FILE,
                start,
                "the fragment is not UTF-8",
                "save it as UTF-8",
            );
            return None;
        }
    };
    let yaml::Parsed {
        root,
        errors,
        folded,
        ..
    } = yaml::parse(&text);
    let root = root.map(|root| root.with_origin(origin));
    for error in errors {
        findings.yaml(error, &text, origin);
    }
    findings.origins.fold(origin, folded);
    library.texts.push((file.clone(), text));
    let root = root?;
    if root.entries().is_none() {
        wants_map(findings, &root, "a fragment");
        return None;
    }
    findings.unknown_keys(&root, keys::FRAGMENT, "a fragment");
    if let Some(own) = required_text(findings, &root, "fragment", "the fragment", start)
        && own != name
    {
        let spot = root.get("fragment").map_or(start, |node| node.spot);
        findings.error(
            codes::BAD_VALUE,
            spot,
            format!("the fragment is called '{own}' and its file '{name}.yaml'"),
            "give both one name",
        );
    }
    let target = required_text(findings, &root, "for", "the fragment", start)?.to_owned();
    let systems = Systems::read(root.get("systems"), findings);
    let tables = super::codes::read(
        root.get("codes"),
        &systems,
        library.files,
        Some(LIBRARY),
        library.texts,
        findings,
    );
    library.codes.extend(tables.into_iter().map(|mut table| {
        table.owner = Some(index);
        table
    }));
    library.phrases.extend(
        phrases(root.get("phrases"), findings)
            .into_iter()
            .map(|mut list| {
                list.owner = Some(index);
                list
            }),
    );
    let make = match root.get("make") {
        Some(make) if matches!(make.data, Data::Map(_) | Data::List(_)) => make.clone(),
        other => {
            findings.error(
                codes::MISSING_KEY,
                other.map_or(start, |node| node.spot),
                "the fragment makes nothing",
                "add make: with the elements, or a list of maps where the element repeats",
            );
            return None;
        }
    };
    Some(FragmentDecl {
        name: name.to_owned(),
        file,
        target,
        parameters: parameters(root.get("parameters"), findings),
        systems,
        lets: lets(root.get("let"), findings),
        make,
        origin,
        spot: root.entry("fragment").map_or(start, |(key, _)| key.spot),
    })
}

/// Reads `let`: names for expressions.
pub(crate) fn lets(node: Option<&Node>, findings: &mut Findings) -> Vec<(Node, Node)> {
    let Some(node) = node else { return Vec::new() };
    let Some(entries) = node.entries() else {
        wants_map(findings, node, "let");
        return Vec::new();
    };
    let mut out = Vec::with_capacity(entries.len());
    for (key, value) in entries {
        let good = key.text().is_some_and(is_variable);
        if !good {
            findings.error(
                codes::BAD_VALUE,
                key.spot,
                format!("'{}' is no name", key.text().unwrap_or_default()),
                "a lower-case letter, then letters, digits, _ or -",
            );
            continue;
        }
        if value.text().is_none() {
            findings.error(
                codes::BAD_VALUE,
                value.spot,
                format!(
                    "a name stands for an expression, and this is {}",
                    value.kind()
                ),
                "for example: let: { exported: =settings(\"Exported on\").[Value] }",
            );
            continue;
        }
        out.push((key.clone(), value.clone()));
    }
    out
}

/// Whether a text may name a value: a variable, a parameter, a named expression.
pub(crate) fn is_variable(text: &str) -> bool {
    text.chars().next().is_some_and(|c| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-')
        && !matches!(text, "true" | "false" | "and" | "or" | "not")
}

fn parameters(node: Option<&Node>, findings: &mut Findings) -> Vec<Parameter> {
    let Some(node) = node else { return Vec::new() };
    let Some(entries) = node.entries() else {
        wants_map(findings, node, "parameters");
        return Vec::new();
    };
    entries
        .iter()
        .filter_map(|(key, value)| parameter(key, value, findings))
        .collect()
}

fn parameter(key: &Node, value: &Node, findings: &mut Findings) -> Option<Parameter> {
    let name = key.text().filter(|name| is_variable(name));
    let Some(name) = name else {
        findings.error(
            codes::BAD_VALUE,
            key.spot,
            "this is no name of a parameter",
            "a lower-case letter, then letters, digits, _ or -",
        );
        return None;
    };
    let mut parameter = Parameter {
        name: name.to_owned(),
        of: ParameterType::Value(Type::Text),
        list: false,
        required: false,
        default: None,
        spot: key.spot,
    };
    let word = match value.entries() {
        None => value,
        Some(_) => {
            findings.unknown_keys(value, keys::PARAMETER, "a parameter");
            parameter.list = flag(findings, value, "list");
            parameter.required = flag(findings, value, "required");
            parameter.default = value.get("default").cloned();
            if parameter.required
                && let Some(default) = &parameter.default
            {
                findings.error(
                    codes::BAD_VALUE,
                    default.spot,
                    "a parameter that must be given needs no default",
                    "take required or default out",
                );
            }
            match value.get("type") {
                Some(word) => word,
                None => {
                    findings.error(
                        codes::MISSING_KEY,
                        key.spot,
                        format!("the parameter {name} has no type"),
                        format!("one of {}", keys::PARAMETER_TYPES.join(", ")),
                    );
                    return None;
                }
            }
        }
    };
    let text = constant_text(findings, word, "type")?;
    parameter.of = match text {
        "text" => ParameterType::Value(Type::Text),
        "integer" => ParameterType::Value(Type::Integer),
        "decimal" => ParameterType::Value(Type::Decimal),
        "boolean" => ParameterType::Value(Type::Boolean),
        "date" => ParameterType::Value(Type::Date),
        "dateTime" => ParameterType::Value(Type::DateTime),
        "time" => ParameterType::Value(Type::Time),
        "concept" => ParameterType::Value(Type::Concept),
        "quantity" => ParameterType::Value(Type::Quantity),
        "period" => ParameterType::Value(Type::Period),
        "reference" => ParameterType::Value(Type::Reference(Vec::new())),
        "codes" => ParameterType::Codes,
        "any" => ParameterType::Any,
        other => {
            findings.error(
                codes::BAD_VALUE,
                word.spot,
                format!("'{other}' is no type of a parameter"),
                suggest(other, keys::PARAMETER_TYPES.iter().copied(), "types"),
            );
            return None;
        }
    };
    Some(parameter)
}
