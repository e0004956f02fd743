//! The draft as text: `mapping.yaml`.

use std::collections::HashSet;

use source::Format;

use crate::model::{Model, TableModel};
use crate::plan::{Kind, Plan};
use crate::quote::{self, constant, flow, scalar};
use crate::rules::{Codes, Proposal, Rule};

/// The place of the JSON Schema, from a mapping's folder in a checkout.
pub(crate) const SCHEMA: &str = "../../docs/mapping.schema.json";

/// Writes the mapping.
pub(crate) fn mapping(
    model: &Model,
    proposal: &Proposal,
    name: &str,
    synthetic: bool,
    schema: &str,
) -> String {
    let mut out = String::new();
    let mut put = |line: &str| {
        out.push_str(line.trim_end());
        out.push('\n');
    };
    put(&format!("# yaml-language-server: $schema={schema}"));
    put(
        "# A draft, made from one file by `causeway new-mapping`. It counts and guesses: every line is for you to judge.",
    );
    put(if synthetic {
        "# The file was said to be synthetic: labels of its cells stand in this folder."
    } else {
        "# It holds patterns and counts and no cell's value. X, x, 9, _ and * stand for a capital, a small letter, a digit, a space, another sign."
    });
    put(
        "# Columns that say `ignore: to do` are used by nothing yet: use them in a rule, or give the reason why not",
    );
    put(
        "# Rules under make: that begin with # may fit. To use one, take '# ' away from its lines, and `ignore` from its columns.",
    );
    put(&format!("mapping: {name}"));
    put("version: 0.1.0");
    put("fhir: 4.0.1");
    put("description: To do, in one sentence.");
    put("");
    put("source:");
    put(&format!("  format: {}", format_name(&model.format)));
    if let Format::Csv { delimiters } = &model.format {
        match delimiters.as_slice() {
            [b','] | [] => {}
            [b'\t'] => put("  delimiter: tab"),
            [byte, ..] => put(&format!(
                "  delimiter: {}",
                quote::quoted(&char::from(*byte).to_string())
            )),
        }
    }
    put(
        "  # CHOOSE: snapshot if each file lists everybody and everything of its scope, so that what is not in it is no longer so.",
    );
    put(
        "  # changes is the safe answer: nothing is ever taken to have ended because a file does not mention it (CS-4).",
    );
    put("  extent: changes");
    as_of(model, &mut put);
    let missing: Vec<String> = std::iter::once("\"\"".to_owned())
        .chain(model.missing.iter().map(|marker| quote::quoted(marker)))
        .collect();
    put(&format!("  missing: [{}]", missing.join(", ")));
    put("  timezone: Europe/London");
    put("  tables:");
    let used = used(model, proposal);
    for (index, table) in model.tables.iter().enumerate() {
        write_table(model, index, table, &used, &mut put);
    }
    if proposal.phrases {
        put("");
        put("phrases:");
        put(
            "  none known: [NKDA, NKA, no known allergies, no known drug allergies, no known allergy]",
        );
    }
    write_codes(&proposal.codes, &mut put);
    put("");
    if proposal.rules.iter().any(|rule| rule.active) {
        put("make:");
    } else {
        put("# Nothing is made yet.");
        put("make: {}");
    }
    for rule in proposal.rules.iter().filter(|rule| rule.active) {
        write_rule(rule, "  ", &mut put);
    }
    let waiting: Vec<&Rule> = proposal.rules.iter().filter(|rule| !rule.active).collect();
    if !waiting.is_empty() {
        put("");
        put("  # ---- Rules that may fit. None of them makes anything until you say so.");
        for rule in waiting {
            write_rule(rule, "  # ", &mut put);
        }
    }
    if !proposal.notes.is_empty() {
        put("");
        put("# ---- Not drafted:");
        for note in &proposal.notes {
            put(&format!("# - {note}"));
        }
    }
    out
}

/// The name of a format in the mapping language.
pub(crate) fn format_name(format: &Format) -> &'static str {
    match format {
        Format::Csv { .. } => "csv",
        Format::Xlsx => "xlsx",
        Format::Json { lines: true } => "ndjson",
        Format::Json { lines: false } => "json",
    }
}

fn as_of(model: &Model, put: &mut impl FnMut(&str)) {
    let named = |(table, column): (usize, usize)| -> Option<String> {
        let table = model.table(table)?;
        let column = table.column(column)?;
        Some(format!(
            "{}.{}",
            table.table.name,
            quote::cell(&column.name)
        ))
    };
    if let Some(place) = model.as_of.and_then(named) {
        put("  # Every row says the same day here. CHECK that it is the day the file is true of.");
        put(&format!("  asOf: {}", quote::expression(&place)));
        return;
    }
    put(
        "  # CHOOSE: stated means that whoever sends a file must say as of when it is. A column that says so is better:",
    );
    for candidate in model.as_of_candidates.iter().copied().filter_map(named) {
        put(&format!("  #   asOf: {}", quote::expression(&candidate)));
    }
    if model.as_of_candidates.is_empty() {
        put("  #   asOf: =table.[Column]");
    }
    put("  asOf: stated");
}

/// The columns that something uses: they are not ignored.
fn used(model: &Model, proposal: &Proposal) -> HashSet<(usize, usize)> {
    let mut used: HashSet<(usize, usize)> = proposal
        .rules
        .iter()
        .filter(|rule| rule.active)
        .flat_map(|rule| rule.uses.iter().copied())
        .collect();
    used.extend(model.as_of);
    for (index, table) in model.tables.iter().enumerate() {
        used.extend(table.key.map(|column| (index, column)));
        for entry in &table.identity {
            used.extend(entry.columns.iter().map(|column| (index, *column)));
        }
    }
    used
}

fn write_table(
    model: &Model,
    index: usize,
    table: &TableModel,
    used: &HashSet<(usize, usize)>,
    put: &mut impl FnMut(&str),
) {
    let found = &table.table;
    put("");
    let mut about = match found.rows {
        1 => "1 record".to_owned(),
        rows => format!("{rows} records"),
    };
    if let Some(row) = found.header_row {
        about.push_str(&format!(", header in row {row}"));
    }
    if found.hidden {
        about.push_str(", on a hidden sheet");
    }
    if found.unreadable > 0 {
        about.push_str(&format!(
            "; {} rows cannot be read and will be quarantined",
            found.unreadable
        ));
    }
    put(&format!("    # {about}."));
    for note in &found.notes {
        put(&format!("    # {note}."));
    }
    put(&format!("    {}:", found.name));
    if let Some(sheet) = &found.sheet {
        put(&format!("      sheet: {}", scalar(&constant(sheet))));
    }
    if let Some(path) = &found.path {
        put(&format!("      path: {}", quote::quoted(path)));
    }
    let others = index > 0 && Some(index) != model.person;
    if others && found.rows > 0 {
        put("      optional: true");
    } else if others {
        put("      optional: true   # it had no record");
    }
    let header = header(table);
    if !header.is_empty() {
        put(&format!("      header: [{}]", header.join(", ")));
    }
    let name =
        |column: usize| -> Option<String> { Some(flow(&constant(&table.column(column)?.name))) };
    if let Some(key) = table.key.and_then(name) {
        put(&format!("      key: {key}"));
    }
    if !table.identity.is_empty() {
        put(
            "      # What names a person across files, in order of trust. CHECK that these do (CS-1).",
        );
        let entries: Vec<String> = table
            .identity
            .iter()
            .map(|entry| {
                let names: Vec<String> = entry.columns.iter().copied().filter_map(name).collect();
                match (entry.weak, names.as_slice()) {
                    (true, names) => format!("{{ weak: [{}] }}", names.join(", ")),
                    (false, [one]) => one.clone(),
                    (false, names) => format!("[{}]", names.join(", ")),
                }
            })
            .collect();
        put(&format!("      identity: [{}]", entries.join(", ")));
    }
    put(if table.plans.is_empty() {
        "      columns: {}"
    } else {
        "      columns:"
    });
    for (column, plan) in table.plans.iter().enumerate() {
        write_column(table, column, plan, used.contains(&(index, column)), put);
    }
}

/// Up to three headers that identify the header row: those that need no other spelling and are
/// filled most.
fn header(table: &TableModel) -> Vec<String> {
    if table.table.header_row.is_none() {
        return Vec::new();
    }
    let mut columns: Vec<usize> = (0..table.plans.len()).collect();
    columns.sort_by_key(|column| {
        let found = table.column(*column);
        let filled = found.map_or(0, |found| found.facts.filled);
        let odd = found.is_none_or(|found| found.alias.is_some());
        (odd, std::cmp::Reverse(filled), *column)
    });
    columns.truncate(3);
    columns.sort_unstable();
    columns
        .into_iter()
        .filter_map(|column| Some(flow(&constant(&table.column(column)?.name))))
        .collect()
}

fn write_column(
    table: &TableModel,
    column: usize,
    plan: &Plan,
    is_used: bool,
    put: &mut impl FnMut(&str),
) {
    let Some(found) = table.column(column) else {
        return;
    };
    if found.secret.is_none() {
        let (checks, said): (Vec<&str>, Vec<&str>) = plan
            .evidence
            .iter()
            .map(String::as_str)
            .partition(|line| line.contains("CHECK: "));
        put(&format!("        # {}", said.join("; ")));
        for check in checks {
            put(&format!("        # {check}"));
        }
    }
    let mut options: Vec<String> = Vec::new();
    let alias = found
        .alias
        .as_ref()
        .map(|alias| format!("aliases: [{}]", quote::quoted(&constant(alias))));
    let path = found
        .path
        .as_ref()
        .map(|path| format!("path: {}", quote::quoted(&constant(path))));
    if let Some(secret) = found.secret {
        put(&format!(
            "        # {} filled: a secret by its header, so it never leaves the reader",
            found.facts.filled
        ));
        options.push(format!("deny: {secret}"));
        options.extend(alias);
        options.extend(path);
        put(&format!(
            "        {}: {{ {} }}",
            scalar(&found.name),
            options.join(", ")
        ));
        return;
    }
    let kind = kind(&plan.kind);
    options.extend(kind.clone());
    options.extend(alias);
    options.extend(path);
    if plan.keeps_markers {
        options.push("missing: []".to_owned());
    }
    if plan.required {
        options.push("required: true".to_owned());
    } else if plan.optional {
        options.push("optional: true".to_owned());
    }
    if plan.volatile {
        options.push("volatile: true".to_owned());
    }
    options.extend(plan.on_bad.map(|policy| format!("onBad: {policy}")));
    if !is_used {
        let header = found.alias.as_deref().unwrap_or(&found.name);
        let reason = crate::heading::not_clinical(header).unwrap_or("to do");
        options.push(format!("ignore: {reason}"));
    }
    let name = scalar(&found.name);
    match options.as_slice() {
        [only] if *only == "type: string" => put(&format!("        {name}: string")),
        _ => put(&format!("        {name}: {{ {} }}", options.join(", "))),
    }
}

/// A type as the options of a column.
fn kind(kind: &Kind) -> Vec<String> {
    let list = |texts: &[&str]| -> String {
        match texts {
            [one] => quote::quoted(one),
            many => {
                let quoted: Vec<String> = many.iter().map(|text| quote::quoted(text)).collect();
                format!("[{}]", quoted.join(", "))
            }
        }
    };
    let named = |name: &str| vec![format!("type: {name}")];
    match kind {
        Kind::String => named("string"),
        Kind::Boolean => named("boolean"),
        Kind::NhsNumber => named("nhs-number"),
        Kind::Postcode => named("postcode"),
        Kind::Phone => named("phone"),
        Kind::Code { values } => {
            let mut options = named("code");
            if !values.is_empty() {
                let values: Vec<String> =
                    values.iter().map(|value| flow(&constant(value))).collect();
                options.push(format!("values: [{}]", values.join(", ")));
            }
            options
        }
        Kind::Integer { range } | Kind::Decimal { range } => {
            let mut options = named(if matches!(kind, Kind::Integer { .. }) {
                "integer"
            } else {
                "decimal"
            });
            options.extend(
                range
                    .as_ref()
                    .map(|range| format!("range: {}", quote::quoted(range))),
            );
            options
        }
        Kind::Date { formats, time } => {
            let mut options = named(if *time { "dateTime" } else { "date" });
            let formats: Vec<String> = formats
                .iter()
                .map(|format| {
                    if format.contains(':') {
                        quote::quoted(format)
                    } else {
                        flow(format)
                    }
                })
                .collect();
            options.push(format!("formats: [{}]", formats.join(", ")));
            options
        }
        Kind::Flag { yes, no, unknown } => {
            let mut options = named("flag");
            options.push(format!("\"true\": {}", list(yes)));
            options.push(format!("\"false\": {}", list(no)));
            if !unknown.is_empty() {
                options.push(format!("unknown: {}", list(unknown)));
            }
            options
        }
        Kind::List { separator } => {
            let mut options = named("list");
            options.extend(separator.map(|it| format!("separator: {}", quote::quoted(it))));
            options
        }
    }
}

fn write_codes(codes: &[Codes], put: &mut impl FnMut(&str)) {
    if codes.is_empty() {
        return;
    }
    put("");
    let any = codes.iter().any(|table| table.active);
    put(if any { "codes:" } else { "# codes:" });
    for table in codes {
        let lead = match (table.active, any) {
            (true, _) => "  ",
            (false, true) => "  # ",
            (false, false) => "#   ",
        };
        let mut options = Vec::new();
        if table.rows.is_empty() && !is_inline(table) {
            put(&format!(
                "{lead}# Labels of the export and their codes; a blank code says that a label is known and has none."
            ));
            options.push(format!("file: codes/{}.csv", table.name));
            options.push(format!("to: {}", quote::scalar_url(table.to)));
        } else {
            options.push(format!("to: {}", quote::scalar_url(table.to)));
            let rows: Vec<String> = table
                .rows
                .iter()
                .map(|(label, code)| format!("{}: {code}", flow(label)))
                .chain(
                    table
                        .labels
                        .iter()
                        .map(|label| format!("{}: \"\"", flow(&constant_key(label)))),
                )
                .collect();
            options.push(format!("rows: {{ {} }}", rows.join(", ")));
        }
        options.extend(table.unmapped.map(|policy| format!("unmapped: {policy}")));
        put(&format!(
            "{lead}{}: {{ {} }}",
            table.name,
            options.join(", ")
        ));
    }
}

/// A label as the key of a row: a key is never an expression.
fn constant_key(label: &str) -> String {
    label.to_owned()
}

/// Whether a code table stands in the mapping itself.
pub(crate) fn is_inline(table: &Codes) -> bool {
    !table.rows.is_empty() || table.name == "sex"
}

fn write_rule(rule: &Rule, lead: &str, put: &mut impl FnMut(&str)) {
    put("");
    for line in &rule.why {
        // In a rule that waits, a remark stays one when the # and the space are taken away.
        put(&format!("{lead}# {line}"));
    }
    put(&format!("{lead}{}:", rule.name));
    for line in &rule.lines {
        put(&format!("{lead}  {line}"));
    }
}
