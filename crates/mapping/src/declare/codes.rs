//! The `codes` section: code tables from files and from the mapping itself.

use json::{CompactString, Object, Value};

use crate::code_table::{CodeRow, CodeTable};
use crate::codes;
use crate::declare::{Systems, constant_text, wants_map};
use crate::files::{FileProblem, MappingFiles};
use crate::findings::{Findings, suggest};
use crate::keys;
use crate::program::{Coding, Policy};
use crate::yaml::{Node, Spot};

/// A file that was read: its path and its text, for excerpts.
pub(crate) type Texts = Vec<(String, String)>;

/// The largest code table, in bytes.
const MAX_TABLE: u64 = 16 << 20;
/// The most rows of one.
const MAX_ROWS: usize = 100_000;

/// Reads `codes`.
pub(crate) fn read(
    node: Option<&Node>,
    systems: &Systems,
    files: &dyn MappingFiles,
    library: Option<&str>,
    texts: &mut Texts,
    findings: &mut Findings,
) -> Vec<CodeTable> {
    let Some(node) = node else { return Vec::new() };
    let Some(entries) = node.entries() else {
        wants_map(findings, node, "codes");
        return Vec::new();
    };
    entries
        .iter()
        .filter_map(|(key, value)| table(key, value, systems, files, library, texts, findings))
        .collect()
}

#[allow(clippy::too_many_arguments)]
fn table(
    key: &Node,
    node: &Node,
    systems: &Systems,
    files: &dyn MappingFiles,
    library: Option<&str>,
    texts: &mut Texts,
    findings: &mut Findings,
) -> Option<CodeTable> {
    let name = key.text()?.to_owned();
    if node.entries().is_none() {
        wants_map(findings, node, "a code table");
        findings.breaks("code table", &name);
        return None;
    }
    findings.unknown_keys(node, keys::CODE_TABLE, "a code table");
    let to = node.get("to").and_then(|value| {
        let text = constant_text(findings, value, "to")?;
        let system = systems.resolve(text);
        if system.is_none() {
            findings.error(
                codes::UNKNOWN_NAME,
                value.spot,
                format!("'{text}' is no system"),
                systems.suggest(text),
            );
        }
        system
    });
    let unmapped = match node.get("unmapped") {
        None => Policy::Text,
        Some(value) => match value.constant() {
            Some("text") => Policy::Text,
            Some("drop") => Policy::Drop,
            Some("quarantine") => Policy::Quarantine,
            _ => {
                findings.error(
                    codes::BAD_VALUE,
                    value.spot,
                    "unmapped is text, drop or quarantine",
                    "text keeps the label without a code",
                );
                Policy::Text
            }
        },
    };
    match (node.get("file"), node.get("rows")) {
        (Some(file), None) => {
            let written = constant_text(findings, file, "file")?;
            let path = match library {
                Some(library) => format!("{library}/{written}"),
                None => written.to_owned(),
            };
            let mut table = CodeTable::new(name, Some(path.clone()), key.spot, unmapped);
            let text = match files.open(&path, MAX_TABLE) {
                Ok(bytes) => String::from_utf8(bytes.into_owned()).ok(),
                Err(problem) => {
                    let known = files.paths();
                    let near = crate::findings::nearest(&path, known.iter().map(String::as_str));
                    let help = match near {
                        Some(near) if problem == FileProblem::Absent => {
                            format!("did you mean '{near}'?")
                        }
                        _ => problem.help().to_owned(),
                    };
                    let message = format!("'{path}' {problem}");
                    findings.error(problem.code(), file.spot, message, help);
                    findings.breaks("code table", &table.name);
                    return Some(table);
                }
            };
            let Some(text) = text else {
                findings.error(
                    codes::FILE,
                    file.spot,
                    format!("'{path}' is not UTF-8"),
                    "save it as UTF-8: in Excel, as CSV UTF-8",
                );
                findings.breaks("code table", &table.name);
                return Some(table);
            };
            from_file(
                &mut table,
                &path,
                &text,
                node,
                to.as_deref(),
                systems,
                findings,
            );
            if !texts.iter().any(|(known, _)| *known == path) {
                texts.push((path, text));
            }
            Some(table)
        }
        (None, Some(rows)) => {
            let mut table = CodeTable::new(name, None, key.spot, unmapped);
            from_rows(&mut table, rows, to.as_deref(), systems, findings);
            Some(table)
        }
        _ => {
            findings.error(
                codes::MISSING_KEY,
                key.spot,
                format!("the code table '{name}' needs either a file or rows"),
                "add file: codes/name.csv, or rows: { label: code }",
            );
            findings.breaks("code table", &name);
            None
        }
    }
}

fn from_rows(
    table: &mut CodeTable,
    rows: &Node,
    to: Option<&str>,
    systems: &Systems,
    findings: &mut Findings,
) {
    table.columns = vec!["source".to_owned(), "code".to_owned()];
    let Some(entries) = rows.entries() else {
        return wants_map(findings, rows, "rows");
    };
    for (label, value) in entries {
        let (Some(label_text), Some(text)) = (
            label.text(),
            match value.data {
                crate::yaml::Data::Empty => Some(""),
                _ => constant_text(findings, value, "a code"),
            },
        ) else {
            continue;
        };
        let (system, code, display) = split_coding(text);
        let system = match system {
            Some(name) => resolve(systems, name, value.spot, findings),
            None => to.map(str::to_owned),
        };
        let codings = if code.is_empty() {
            Vec::new()
        } else {
            vec![coding(system.as_deref(), code, display, None)]
        };
        let clashes = table.add(CodeRow {
            labels: vec![label_text.to_owned()],
            codings,
            cells: vec![label_text.into(), code.into()],
            spot: label.spot,
        });
        for clash in clashes {
            findings.error(
                codes::AMBIGUOUS_ROW,
                label.spot,
                format!("the label '{clash}' stands in the table before"),
                "case, dashes and spaces do not tell labels apart; keep one row",
            );
        }
    }
}

fn resolve(systems: &Systems, name: &str, spot: Spot, findings: &mut Findings) -> Option<String> {
    let system = systems.resolve(name);
    if system.is_none() {
        findings.error(
            codes::UNKNOWN_NAME,
            spot,
            format!("'{name}' is no system"),
            systems.suggest(name),
        );
    }
    system
}

#[derive(Default)]
struct Positions {
    source: Option<usize>,
    code: Option<usize>,
    system: Option<usize>,
    display: Option<usize>,
    aliases: Option<usize>,
    user_selected: Option<usize>,
}

fn from_file(
    table: &mut CodeTable,
    path: &str,
    text: &str,
    node: &Node,
    to: Option<&str>,
    systems: &Systems,
    findings: &mut Findings,
) {
    let mut reader =
        csv::ReaderBuilder::new().from_reader(text.trim_start_matches('\u{feff}').as_bytes());
    let headers: Vec<String> = match reader.headers() {
        Ok(headers) => headers.iter().map(|name| name.trim().to_owned()).collect(),
        Err(error) => {
            let message = format!("this is no CSV: {error}");
            findings.error_in(
                path,
                codes::CODE_TABLE,
                line(1),
                message,
                "the first line names the columns",
            );
            return;
        }
    };
    let positions = positions(&headers, node, path, findings);
    table.columns = headers;
    let Some(source) = positions.source else {
        findings.breaks("code table", &table.name);
        return;
    };
    for (index, record) in reader.records().enumerate() {
        if index >= MAX_ROWS {
            findings.error_in(
                path,
                codes::TOO_MUCH,
                line(1),
                format!("the table has more than {MAX_ROWS} rows"),
                "split it",
            );
            break;
        }
        let record = match record {
            Ok(record) => record,
            Err(error) => {
                let at = error.position().map_or(1, csv::Position::line);
                let message = "this row cannot be read: it has more or fewer cells than the header, or is not UTF-8";
                findings.error_in(
                    path,
                    codes::CODE_TABLE,
                    line(at),
                    message,
                    "put quotes round cells that hold commas",
                );
                continue;
            }
        };
        let at = line(record.position().map_or(1, csv::Position::line));
        let cell = |index: Option<usize>| {
            index
                .and_then(|index| record.get(index))
                .map(str::trim)
                .filter(|text| !text.is_empty())
        };
        let Some(label) = cell(Some(source)) else {
            findings.error_in(
                path,
                codes::CODE_TABLE,
                at,
                "this row has no label",
                "fill the source column, or take the row out",
            );
            continue;
        };
        let mut labels = vec![label.to_owned()];
        labels.extend(
            cell(positions.aliases)
                .unwrap_or_default()
                .split('|')
                .map(str::trim)
                .filter(|alias| !alias.is_empty())
                .filter(|alias| source::normalise_label(alias) != source::normalise_label(label))
                .map(str::to_owned),
        );
        let system = match cell(positions.system) {
            Some(name) => {
                let system = systems.resolve(name);
                if system.is_none() {
                    let message = format!("'{name}' is no system");
                    findings.error_in(
                        path,
                        codes::UNKNOWN_NAME,
                        at,
                        message,
                        systems.suggest(name),
                    );
                }
                system
            }
            None => to.map(str::to_owned),
        };
        let codings = cell(positions.code)
            .map(|code| {
                coding(
                    system.as_deref(),
                    code,
                    cell(positions.display),
                    cell(positions.user_selected).map(|text| text.eq_ignore_ascii_case("true")),
                )
            })
            .into_iter()
            .collect();
        let clashes = table.add(CodeRow {
            labels,
            codings,
            cells: record
                .iter()
                .map(|cell| CompactString::from(cell.trim()))
                .collect(),
            spot: at,
        });
        for clash in clashes {
            let message =
                format!("the label '{clash}' stands in the table before, for the same system");
            findings.error_in(
                path,
                codes::AMBIGUOUS_ROW,
                at,
                message,
                "case, dashes and spaces do not tell labels apart; keep one row",
            );
        }
    }
    if table.rows.is_empty() {
        findings.error_in(
            path,
            codes::CODE_TABLE,
            line(1),
            "the table has no rows",
            "add at least one row",
        );
    }
}

fn positions(headers: &[String], node: &Node, path: &str, findings: &mut Findings) -> Positions {
    let names = node.get("columns");
    if let Some(names) = names {
        findings.unknown_keys(names, keys::CODE_COLUMNS, "the columns of a code table");
    }
    let mut find = |role: &str| -> Option<usize> {
        let named = names.and_then(|names| names.get(role));
        let header = named.and_then(Node::constant).unwrap_or(role);
        let position = headers.iter().position(|name| name == header);
        if position.is_none() && (named.is_some() || role == "source") {
            let help = suggest(header, headers.iter().map(String::as_str), "headers");
            let message = format!("'{path}' has no column '{header}'");
            match named {
                Some(named) => findings.error(codes::CODE_TABLE, named.spot, message, help),
                None => findings.error_in(path, codes::CODE_TABLE, line(1), message, help),
            }
        }
        position
    };
    Positions {
        source: find("source"),
        code: find("code"),
        system: find("system"),
        display: find("display"),
        aliases: find("aliases"),
        user_selected: find("userSelected"),
    }
}

fn line(number: u64) -> Spot {
    Spot {
        line: u32::try_from(number).unwrap_or(u32::MAX),
        column: 1,
        length: 1,
        origin: 0,
    }
}

/// Splits `system|code|display`; a text without a bar is a code alone.
pub(crate) fn split_coding(text: &str) -> (Option<&str>, &str, Option<&str>) {
    match text.split_once('|') {
        None => (None, text, None),
        Some((system, rest)) => match rest.split_once('|') {
            None => (Some(system.trim()), rest.trim(), None),
            Some((code, display)) => (Some(system.trim()), code.trim(), Some(display.trim())),
        },
    }
}

/// A coding with its FHIR form built.
pub(crate) fn coding(
    system: Option<&str>,
    code: &str,
    display: Option<&str>,
    user_selected: Option<bool>,
) -> Coding {
    let mut object = Object::with_capacity(4);
    if let Some(system) = system {
        object.insert("system", system);
    }
    object.insert("code", code);
    if let Some(display) = display {
        object.insert("display", display);
    }
    if let Some(selected) = user_selected {
        object.insert("userSelected", selected);
    }
    Coding {
        system: system.map(CompactString::from),
        code: code.into(),
        display: display.map(CompactString::from),
        value: Value::Object(object),
    }
}
