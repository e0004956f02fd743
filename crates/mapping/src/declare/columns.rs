//! The columns of a table.

use std::cell::Cell;
use std::sync::Arc;

use source::{CodeList, Column, ColumnType, DatePattern, Markers};

use crate::codes;
use crate::compile::scope::{Type, Typing};
use crate::declare::{constant_text, flag, policy, texts};
use crate::findings::{Findings, suggest};
use crate::keys;
use crate::program::{Policy, Purpose, Unit};
use crate::read::ReadAs;
use crate::yaml::{Node, Spot};

/// A column as the mapping declares it.
#[derive(Debug, Clone)]
pub(crate) struct ColumnDecl {
    pub column: Column,
    /// What the cell is read as, beyond what the reader gives.
    pub reading: Option<Reading>,
    pub required: bool,
    pub volatile: bool,
    pub on_bad: Option<Policy>,
    pub purpose: Purpose,
    pub spot: Spot,
    /// Whether anything refers to it.
    pub used: Cell<bool>,
}

/// What a cell is read as beyond what the reader of the file gives.
#[derive(Debug, Clone)]
pub(crate) enum Reading {
    /// A number in this unit.
    Unit(Arc<Unit>),
    /// A text.
    Text(ReadAs),
}

impl ColumnDecl {
    /// What its cells give.
    pub fn typing(&self) -> Typing {
        let plain = crate::compile::cells::column_typing(&self.column.kind);
        let of = match &self.reading {
            None => return plain,
            Some(Reading::Unit(_) | Reading::Text(ReadAs::Quantity(_))) => Type::Quantity,
            Some(Reading::Text(ReadAs::Time(_))) => Type::Time,
            Some(Reading::Text(_)) => Type::Text,
        };
        Typing { of, ..plain }.free(false)
    }
}

/// Reads one column.
pub(crate) fn read(key: &Node, value: &Node, findings: &mut Findings) -> Option<ColumnDecl> {
    let name = key.text()?.to_owned();
    let mut decl = ColumnDecl {
        column: Column::new(name.clone(), ColumnType::String),
        reading: None,
        required: false,
        volatile: false,
        on_bad: None,
        purpose: Purpose::Used,
        spot: key.spot,
        used: Cell::new(false),
    };
    if value.entries().is_none() {
        let text = constant_text(findings, value, &name)?;
        decl.column.kind = kind(text, value, None, findings)?;
        decl.reading = super::units::reading(text, value, None, findings);
        return Some(decl);
    }
    findings.unknown_keys(value, keys::COLUMN, "a column");
    options_of_others(value, findings);
    if let Some(reason) = value.get("deny") {
        decl.purpose = Purpose::Denied(constant_text(findings, reason, "deny")?.to_owned());
        decl.column.deny = true;
    } else if let Some(reason) = value.get("ignore") {
        decl.purpose = Purpose::Ignored(constant_text(findings, reason, "ignore")?.to_owned());
    }
    let type_name = value
        .get("type")
        .and_then(Node::constant)
        .unwrap_or("string");
    decl.column.kind = kind(type_name, value, Some(value), findings)?;
    decl.reading = super::units::reading(type_name, key, Some(value), findings);
    decl.required = flag(findings, value, "required");
    decl.column.required = decl.required && !flag(findings, value, "optional");
    decl.volatile = flag(findings, value, "volatile");
    decl.column.aliases = texts(findings, value, "aliases")
        .into_iter()
        .map(|(text, _)| text)
        .collect();
    decl.column.path = value
        .get("path")
        .and_then(|path| constant_text(findings, path, "path"))
        .map(str::to_owned);
    if value.get("missing").is_some() {
        decl.column.missing = Some(Markers::new(
            texts(findings, value, "missing")
                .into_iter()
                .map(|(text, _)| text),
        ));
    }
    if matches!(decl.column.kind, ColumnType::Flag { .. }) {
        let mut unknown: Vec<String> = texts(findings, value, "unknown")
            .into_iter()
            .map(|(text, _)| text)
            .collect();
        if !unknown.is_empty() {
            unknown.extend(
                texts(findings, value, "missing")
                    .into_iter()
                    .map(|(text, _)| text),
            );
            decl.column.missing = Some(Markers::new(unknown));
        }
    }
    if let Some(node) = value.get("onBad") {
        decl.on_bad = node.constant().and_then(policy::parse);
        if decl.on_bad.is_none() {
            let known = ["quarantine", "drop", "text"];
            let help = match node
                .constant()
                .and_then(|text| crate::findings::nearest(text, known))
            {
                Some(near) => format!("did you mean '{near}'?"),
                None => "one of quarantine, drop, text, absent(reason)".to_owned(),
            };
            findings.error(codes::BAD_VALUE, node.spot, "this is no policy", help);
        }
    }
    Some(decl)
}

/// Which types of column an option belongs to; other options belong to all.
const OF_TYPES: [(&str, &[&str]); 10] = [
    ("unit", &["integer", "decimal", "quantity"]),
    ("units", &["quantity"]),
    ("values", &["code"]),
    ("range", &["integer", "decimal"]),
    ("formats", &["date", "dateTime", "time"]),
    ("timezone", &["dateTime"]),
    ("true", &["flag"]),
    ("false", &["flag"]),
    ("unknown", &["flag"]),
    ("separator", &["list"]),
];

/// Reports options that the column's type does not have: they would do nothing.
fn options_of_others(value: &Node, findings: &mut Findings) {
    let secret = value.get("deny").is_some();
    let type_name = value.get("type").map_or(Some("string"), Node::constant);
    for (key, _) in value.entries().unwrap_or_default() {
        let Some(name) = key.text() else { continue };
        if secret
            && !matches!(
                name,
                "deny" | "aliases" | "path" | "optional" | "description"
            )
            && keys::COLUMN.contains(&name)
        {
            findings.error(
                codes::UNKNOWN_KEY,
                key.spot,
                format!("'{name}' means nothing beside deny: the value never leaves the reader"),
                format!("take {name} out"),
            );
            continue;
        }
        let of = OF_TYPES.iter().find(|(option, _)| *option == name);
        if let (Some((_, of)), Some(type_name)) = (of, type_name)
            && keys::COLUMN_TYPES.contains(&type_name)
            && !of.contains(&type_name)
        {
            findings.error(
                codes::UNKNOWN_KEY,
                key.spot,
                format!("'{name}' means nothing for a column of type {type_name}"),
                format!("it belongs to: {}", of.join(", ")),
            );
        }
    }
}

fn kind(
    name: &str,
    at: &Node,
    options: Option<&Node>,
    findings: &mut Findings,
) -> Option<ColumnType> {
    let at = options
        .and_then(|options| options.get("type"))
        .unwrap_or(at)
        .spot;
    let texts_of = |key: &str, findings: &mut Findings| -> Vec<(String, Spot)> {
        options.map_or_else(Vec::new, |options| texts(findings, options, key))
    };
    Some(match name {
        "string" => ColumnType::String,
        "code" => {
            let values = texts_of("values", findings);
            ColumnType::Code {
                values: (!values.is_empty())
                    .then(|| CodeList::new(values.into_iter().map(|(text, _)| text))),
            }
        }
        "integer" => {
            let (min, max) = range(options, findings);
            ColumnType::Integer {
                min: min.and_then(|text| text.parse().ok()),
                max: max.and_then(|text| text.parse().ok()),
            }
        }
        "decimal" => {
            let (min, max) = range(options, findings);
            ColumnType::Decimal { min, max }
        }
        "date" => ColumnType::Date {
            formats: formats(texts_of("formats", findings), false, at, findings),
        },
        "dateTime" => ColumnType::DateTime {
            formats: formats(texts_of("formats", findings), true, at, findings),
            zone: options
                .and_then(|options| options.get("timezone"))
                .and_then(|node| zone(node, findings)),
        },
        "flag" => {
            let labels = |key: &str, findings: &mut Findings| -> Vec<String> {
                texts_of(key, findings)
                    .into_iter()
                    .map(|(text, _)| text)
                    .collect()
            };
            let yes = labels("true", findings);
            let no = labels("false", findings);
            if yes.is_empty() {
                findings.error(
                    codes::MISSING_KEY,
                    at,
                    "a flag must say which text means true",
                    "for example: { type: flag, \"true\": Y, \"false\": N }",
                );
            }
            ColumnType::Flag { yes, no }
        }
        "boolean" => ColumnType::Flag {
            yes: vec!["true".to_owned()],
            no: vec!["false".to_owned()],
        },
        "list" => ColumnType::List {
            separator: texts_of("separator", findings)
                .into_iter()
                .next()
                .map(|(text, _)| text),
        },
        // The reader gives the text; the mapping reads it.
        "quantity" | "time" | "email" | "uprn" => ColumnType::String,
        "nhs-number" => ColumnType::NhsNumber,
        "postcode" => ColumnType::Postcode,
        "phone" => ColumnType::Phone,
        other => {
            findings.error(
                codes::BAD_VALUE,
                at,
                format!("'{other}' is no type of a column"),
                suggest(other, keys::COLUMN_TYPES.iter().copied(), "types"),
            );
            return None;
        }
    })
}

pub(crate) fn range(
    options: Option<&Node>,
    findings: &mut Findings,
) -> (Option<String>, Option<String>) {
    let Some(node) = options.and_then(|options| options.get("range")) else {
        return (None, None);
    };
    let parts = node.constant().and_then(|text| text.split_once(".."));
    let number = |text: &str| -> Option<Option<String>> {
        let text = text.trim();
        if text.is_empty() {
            return Some(None);
        }
        json::Number::from_text(text).map(|_| Some(text.to_owned()))
    };
    match parts.and_then(|(min, max)| Some((number(min)?, number(max)?))) {
        Some((Some(min), Some(max))) if matches!((min.parse::<f64>(), max.parse::<f64>()), (Ok(min), Ok(max)) if min > max) =>
        {
            findings.error(
                codes::BAD_VALUE,
                node.spot,
                "no number is within this range: its first is larger than its last",
                format!("write range: {max}..{min}"),
            );
            (None, None)
        }
        Some(bounds) => bounds,
        None => {
            findings.error(
                codes::BAD_VALUE,
                node.spot,
                "a range is two numbers with two dots between",
                "for example: range: 0..6, or range: 20..",
            );
            (None, None)
        }
    }
}

fn formats(
    texts: Vec<(String, Spot)>,
    time: bool,
    at: Spot,
    findings: &mut Findings,
) -> Vec<DatePattern> {
    if texts.is_empty() {
        findings.error(
            codes::DATE_FORMAT,
            at,
            "a date column must say how its dates are written",
            "for example: formats: [dd/MM/yyyy]",
        );
    }
    let mut patterns = Vec::new();
    let first = texts.first().cloned();
    for (text, spot) in texts {
        match DatePattern::parse(&text) {
            Ok(pattern) => {
                if !time && pattern.has_time() && text != "iso" && text != "excel" {
                    findings.error(
                        codes::DATE_FORMAT,
                        spot,
                        format!(
                            "the format '{text}' has a time of day, and the column holds dates"
                        ),
                        "use the type dateTime, or take the time out of the format",
                    );
                }
                patterns.push(pattern);
            }
            Err(error) => findings.error(
                codes::DATE_FORMAT,
                spot,
                format!("'{text}' is no date format: {error}"),
                "letters: yyyy MM M MMM MMMM dd d HH mm ss; or the names iso and excel",
            ),
        }
    }
    // Some cells may hold a date alone; where none can hold more, the type promises too much.
    if let Some((text, spot)) = first
        && time
        && !patterns.is_empty()
        && !patterns.iter().any(DatePattern::has_time)
    {
        findings.error(
            codes::DATE_FORMAT,
            spot,
            format!("the format '{text}' has no time of day, and the column holds dateTimes"),
            "use the type date, or add the time to the format: dd/MM/yyyy HH:mm",
        );
    }
    patterns
}

/// Reads a time zone.
pub(crate) fn zone(node: &Node, findings: &mut Findings) -> Option<jiff::tz::TimeZone> {
    let name = constant_text(findings, node, "timezone")?;
    match jiff::tz::TimeZone::get(name) {
        Ok(zone) => Some(zone),
        Err(_) => {
            findings.error(
                codes::BAD_VALUE,
                node.spot,
                format!("'{name}' is no time zone"),
                "a name of the IANA list, for example Europe/London or UTC",
            );
            None
        }
    }
}
