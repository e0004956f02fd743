//! A first mapping, drafted from a sample of an export.
//!
//! [`draft`] reads a file of any format that Causeway reads, counts what is in its columns, and
//! writes a folder's worth of text: `mapping.yaml` with every column declared and a rule for
//! persons where there is evidence for one, further rules as comments, a README, and skeletons of
//! code tables.
//!
//! Invariants:
//! - A draft loads without an error, whatever the file holds; what it leaves open are `ignore`s and
//!   comments.
//! - Unless the file is said to be synthetic, no text of a cell is in a draft: only patterns,
//!   counts, and words of a built-in list such as `Male` or `Yes`. Headers, sheet names and names
//!   of members are in it; a header that looks like a value is not.
//! - The file is read once, and what is kept of it is bounded.
//! - Nothing but a Patient is made by a draft: that a column holds allergies is a guess, and a
//!   person turns it into a rule.

mod facts;
mod heading;
mod model;
mod plan;
mod quote;
mod readme;
mod rules;
mod shape;
mod table;
mod tree;
mod vocabulary;
mod write;

use diagnostics::{Issue, Severity};
use source::Input;

use model::Model;
use rules::{Codes, Proposal};

/// What is drafted.
#[derive(Debug, Clone)]
pub struct Options {
    /// The mapping's name, which is its folder's: see [`mapping_name`].
    pub name: String,
    /// Whether the people in the file are fictional, so that its texts may be written down.
    pub synthetic: bool,
    /// Whether the proposed rules are active and not comments.
    pub every_rule: bool,
    /// Where the JSON Schema of the language is, as the first line of the mapping names it.
    pub schema: String,
}

impl Options {
    /// A draft with this name, of a file of real people.
    pub fn new(name: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            synthetic: false,
            every_rule: false,
            schema: write::SCHEMA.to_owned(),
        }
    }
}

/// A drafted mapping.
#[derive(Debug)]
pub struct Draft {
    /// Its files: the path in the folder, with `/` between the parts, and the text.
    pub files: Vec<(String, String)>,
    /// The file ending of its format: `csv`, `xlsx`, `json` or `ndjson`.
    pub format: &'static str,
    /// Whether the mapping needs to be told as of when a file is.
    pub as_of_is_stated: bool,
    /// What it makes, in words: one line each.
    pub made: Vec<String>,
    /// What is not certain, in words.
    pub unsure: Vec<String>,
}

/// Drafts a mapping of a file.
///
/// # Errors
/// When the file cannot be read, or nothing in it has a name.
pub fn draft(input: &Input, options: &Options) -> Result<Draft, Vec<Issue>> {
    let model = Model::of(table::gather(input)?, options.synthetic);
    let proposal = Proposal::of(&model, options.synthetic, options.every_rule);
    let mut files = vec![
        (
            "mapping.yaml".to_owned(),
            write::mapping(
                &model,
                &proposal,
                &options.name,
                options.synthetic,
                &options.schema,
            ),
        ),
        (
            "README.md".to_owned(),
            readme::readme(&model, &proposal, &options.name, options.synthetic),
        ),
    ];
    for codes in proposal
        .codes
        .iter()
        .filter(|codes| !write::is_inline(codes))
    {
        files.push((format!("codes/{}.csv", codes.name), code_table(codes)));
    }
    Ok(Draft {
        files,
        format: write::format_name(&model.format),
        as_of_is_stated: model.as_of.is_none(),
        made: made(&model, &proposal),
        unsure: unsure(&model, &proposal),
    })
}

/// A name for a mapping out of a file's name: lower case, digits and dashes.
pub fn mapping_name(text: &str) -> String {
    table::table_name(text, &mut std::collections::HashSet::new())
}

/// Whether a text can be the name of a mapping.
pub fn is_mapping_name(text: &str) -> bool {
    text.len() <= 64
        && text.starts_with(|c: char| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
}

/// A code table to be filled in: labels, where they may be shown, and no codes.
fn code_table(codes: &Codes) -> String {
    let mut writer = csv::Writer::from_writer(Vec::new());
    let mut rows = vec![["source", "code", "display", "evidence"]];
    let labels: Vec<&str> = if codes.labels.is_empty() {
        vec!["replace this by a label of the export"]
    } else {
        codes.labels.iter().map(String::as_str).collect()
    };
    rows.extend(labels.into_iter().map(|label| [label, "", "", ""]));
    for row in rows {
        // Writing to memory does not fail.
        let _ = writer.write_record(row);
    }
    writer
        .into_inner()
        .ok()
        .and_then(|bytes| String::from_utf8(bytes).ok())
        .unwrap_or_default()
}

fn made(model: &Model, proposal: &Proposal) -> Vec<String> {
    let mut lines = Vec::new();
    for table in &model.tables {
        let secrets = table
            .table
            .columns
            .iter()
            .filter(|column| column.secret.is_some())
            .count();
        let mut line = format!(
            "table {}: {} records, {} columns",
            table.table.name,
            table.table.rows,
            table.plans.len()
        );
        if secrets > 0 {
            line.push_str(&format!(", {secrets} of them denied as secrets"));
        }
        lines.push(line);
    }
    let names = |active: bool| -> Vec<&str> {
        proposal
            .rules
            .iter()
            .filter(|rule| rule.active == active)
            .map(|rule| rule.name.as_str())
            .collect()
    };
    let (active, waiting) = (names(true), names(false));
    if !active.is_empty() {
        lines.push(format!("rules: {}", active.join(", ")));
    }
    if !waiting.is_empty() {
        lines.push(format!(
            "rules as comments, for you to judge: {}",
            waiting.join(", ")
        ));
    }
    lines
}

fn unsure(model: &Model, proposal: &Proposal) -> Vec<String> {
    let mut lines: Vec<String> = model
        .issues
        .iter()
        .filter(|issue| issue.severity != Severity::Information || issue.code == "S017")
        .map(|issue| {
            let sheet = issue.input.as_ref().and_then(|place| place.sheet.clone());
            match sheet {
                Some(sheet) => format!("sheet \"{}\": {}", quote::shown(&sheet), issue.message),
                None => issue.message.clone(),
            }
        })
        .collect();
    lines.push(
        "extent: changes was chosen because it is safe; say snapshot if a file lists everybody"
            .to_owned(),
    );
    if model.as_of.is_none() {
        lines.push(
            "asOf: the sender must state it, unless a column says as of when a file is".to_owned(),
        );
    }
    for table in &model.tables {
        if let Some(row) = table.table.header_row.filter(|_| table.table.titled) {
            lines.push(format!(
                "table {}: row {row} was taken for the header, and what stands above it for a title",
                table.table.name
            ));
        }
        let known = |column: &table::Column| column.role.is_some() || column.secret.is_some();
        if table.table.header_row.is_some() && !table.table.columns.iter().any(known) {
            lines.push(format!(
                "table {}: no header is a word that is known here; CHECK that row {} is the header and not a record",
                table.table.name,
                table.table.header_row.unwrap_or(1)
            ));
        }
        for note in &table.table.notes {
            lines.push(format!("table {}: {note}", table.table.name));
        }
        for (column, plan) in table.table.columns.iter().zip(&table.plans) {
            for evidence in plan
                .evidence
                .iter()
                .filter_map(|line| line.strip_prefix("CHECK: "))
            {
                lines.push(format!(
                    "{}, \"{}\": {evidence}",
                    table.table.name,
                    quote::shown(&column.name)
                ));
            }
        }
    }
    lines.extend(model.notes.iter().chain(&proposal.notes).cloned());
    lines
}
