//! The `source` section.

use jiff::tz::TimeZone;
use source::{Format, Markers, Schema, Table};

use crate::codes;
use crate::declare::columns::{self, ColumnDecl};
use crate::declare::{constant_text, flag, required_text, texts, wants_map};
use crate::findings::{Findings, misspelt, nearest, suggest};
use crate::keys;
use crate::program::Purpose;
use crate::yaml::{Node, Spot};

/// A source as the mapping declares it.
#[derive(Debug)]
pub(crate) struct SourceDecl {
    pub format: Format,
    pub snapshot: bool,
    /// The `asOf` node.
    pub as_of: Option<Node>,
    pub sender: Option<Node>,
    pub missing: Markers,
    pub zone: TimeZone,
    pub tables: Vec<TableDecl>,
}

/// A table.
#[derive(Debug)]
pub(crate) struct TableDecl {
    pub table: Table,
    pub parent: Option<usize>,
    pub key: Vec<usize>,
    pub identity: Vec<IdentityDecl>,
    pub columns: Vec<ColumnDecl>,
    /// The `only` node.
    pub only: Option<Node>,
    /// The `deleted` node.
    pub deleted: Option<Node>,
    /// Its named expressions.
    pub lets: Vec<(Node, Node)>,
    /// The `latest` node.
    pub latest: Option<Node>,
}

/// One entry of an identity.
#[derive(Debug, Clone)]
pub(crate) struct IdentityDecl {
    pub columns: Vec<usize>,
    pub weak: bool,
}

impl Default for SourceDecl {
    fn default() -> Self {
        Self {
            format: Format::csv(),
            snapshot: true,
            as_of: None,
            sender: None,
            missing: Markers::default(),
            zone: TimeZone::UTC,
            tables: Vec::new(),
        }
    }
}

impl SourceDecl {
    /// A table by its name.
    pub fn table(&self, name: &str) -> Option<usize> {
        self.tables
            .iter()
            .position(|table| table.table.name == name)
    }

    /// What the reader needs.
    pub fn schema(&self) -> Schema {
        Schema {
            format: self.format.clone(),
            tables: self
                .tables
                .iter()
                .map(|decl| Table {
                    columns: decl
                        .columns
                        .iter()
                        .map(|column| column.column.clone())
                        .collect(),
                    ..decl.table.clone()
                })
                .collect(),
            missing: self.missing.clone(),
            zone: self.zone.clone(),
        }
    }
}

impl TableDecl {
    /// A column by its name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.column.name == name)
    }

    fn resolve(&self, name: &str, spot: Spot, findings: &mut Findings) -> Option<usize> {
        let found = self.column(name);
        match found {
            Some(index) => {
                if let Some(column) = self.columns.get(index) {
                    column.used.set(true);
                }
            }
            None => self.unknown_column(name, spot, findings),
        }
        found
    }
}

impl TableDecl {
    /// Reports a column that the table does not have.
    pub fn unknown_column(&self, name: &str, spot: Spot, findings: &mut Findings) {
        let table = &self.table.name;
        if findings.is_broken("column", &format!("{table}.{name}"))
            || findings.is_broken("table", table)
            || (findings.is_lost(name) && findings.is_broken("column", name))
        {
            return;
        }
        let names: Vec<&str> = self
            .columns
            .iter()
            .map(|column| column.column.name.as_str())
            .collect();
        let help = suggest(name, names.iter().copied(), "columns");
        // The column that was meant is not unused.
        if let Some(near) = nearest(name, names.iter().copied()) {
            findings.lose(near);
        }
        findings.error(
            codes::UNKNOWN_COLUMN,
            spot,
            format!("table {table} has no column '{name}'"),
            help,
        );
    }
}

/// Reads `source`.
pub(crate) fn read(node: &Node, at: Spot, findings: &mut Findings) -> SourceDecl {
    let mut decl = SourceDecl {
        as_of: node.get("asOf").cloned(),
        sender: node.get("sender").cloned(),
        ..SourceDecl::default()
    };
    if node.entries().is_none() {
        wants_map(findings, node, "source");
        return decl;
    }
    findings.unknown_keys(node, keys::SOURCE, "source");
    if let Some(format) = required_text(findings, node, "format", "source", at) {
        decl.format = read_format(format, node, findings);
    }
    match node.get("extent") {
        None if misspelt(node, "extent", keys::SOURCE) => {}
        None
        | Some(Node {
            data: crate::yaml::Data::Empty,
            ..
        }) => findings.error(
            codes::NO_EXTENT,
            at,
            "the source does not say what its files cover",
            "add extent: snapshot (the whole truth of its scope) or extent: changes",
        ),
        Some(value) => match value.constant() {
            Some("snapshot") => {}
            Some("changes") => decl.snapshot = false,
            other => {
                let near = other.and_then(|text| nearest(text, ["snapshot", "changes"]));
                findings.error(
                    codes::BAD_VALUE,
                    value.spot,
                    "an extent is snapshot or changes",
                    match near {
                        Some(near) => format!("did you mean '{near}'?"),
                        None => "snapshot: what is not in the file is no longer so; changes: it only adds and corrects".to_owned(),
                    },
                );
            }
        },
    }
    if decl.as_of.is_none() && !misspelt(node, "asOf", keys::SOURCE) {
        findings.error(
            codes::NO_AS_OF,
            at,
            "the source does not say as of when its files are",
            "add asOf: =table.[Column], or asOf: stated",
        );
    }
    decl.missing = Markers::new(
        texts(findings, node, "missing")
            .into_iter()
            .map(|(text, _)| text),
    );
    decl.zone = match node.get("timezone") {
        Some(value) => columns::zone(value, findings),
        None => TimeZone::get("Europe/London").ok(),
    }
    .unwrap_or(TimeZone::UTC);
    match node.entry("tables") {
        None if misspelt(node, "tables", keys::SOURCE) => findings.lose_all(node),
        None => findings.error(
            codes::MISSING_KEY,
            at,
            "the source has no tables",
            "add tables: with at least one table and its columns",
        ),
        Some((key, tables)) => read_tables(key, tables, &mut decl, findings),
    }
    decl
}

fn read_format(name: &str, node: &Node, findings: &mut Findings) -> Format {
    let spot = node.get("format").map_or(node.spot, |value| value.spot);
    if let Some(delimiter) = node.get("delimiter")
        && name != "csv"
    {
        findings.error(
            codes::UNKNOWN_KEY,
            delimiter.spot,
            "only csv has a delimiter",
            "take delimiter out",
        );
    }
    match name {
        "csv" => {
            let delimiters: Vec<u8> = texts(findings, node, "delimiter")
                .into_iter()
                .filter_map(|(text, spot)| match text.as_bytes() {
                    [byte] => Some(*byte),
                    _ if text == "tab" => Some(b'\t'),
                    _ => {
                        findings.error(
                            codes::BAD_VALUE,
                            spot,
                            "a delimiter is one character",
                            "for example \";\", or tab",
                        );
                        None
                    }
                })
                .collect();
            if delimiters.is_empty() {
                Format::csv()
            } else {
                Format::Csv { delimiters }
            }
        }
        "xlsx" => Format::Xlsx,
        "json" => Format::Json { lines: false },
        "ndjson" => Format::Json { lines: true },
        other => {
            findings.error(
                codes::BAD_VALUE,
                spot,
                format!("'{other}' is no format"),
                suggest(other, keys::FORMATS.iter().copied(), "formats"),
            );
            Format::csv()
        }
    }
}

fn read_tables(key: &Node, node: &Node, decl: &mut SourceDecl, findings: &mut Findings) {
    let Some(entries) = node.entries() else {
        findings.lose_all(node);
        return wants_map(findings, node, "tables");
    };
    if entries.is_empty() {
        findings.error(
            codes::MISSING_KEY,
            key.spot,
            "the source has no tables",
            "add a table and its columns",
        );
    }
    if matches!(decl.format, Format::Csv { .. })
        && let Some((second, _)) = entries.get(1)
    {
        findings.error(
            codes::BAD_VALUE,
            second.spot,
            "a csv file is one table",
            "keep one table, or use another format",
        );
    }
    let mut tables: Vec<(TableDecl, Node)> = entries
        .iter()
        .filter_map(|(name, value)| Some((read_table(name, value, decl, findings)?, value.clone())))
        .collect();
    if matches!(decl.format, Format::Json { .. }) {
        nest(&mut tables);
    }
    for (mut table, node) in tables {
        table.key = names(&table, node.get("key"), findings);
        table.identity = identity(&table, node.get("identity"), findings);
        table.table.header = texts(findings, &node, "header")
            .into_iter()
            .filter_map(|(name, spot)| table.resolve_quietly(&name, spot, findings).map(|_| name))
            .collect();
        if table.table.header.is_empty() {
            table.table.header = table
                .columns
                .iter()
                .filter(|column| column.column.required)
                .map(|column| column.column.name.clone())
                .collect();
        }
        decl.tables.push(table);
    }
}

impl TableDecl {
    /// The header says where the table begins: it is no use of the column.
    fn resolve_quietly(&self, name: &str, spot: Spot, findings: &mut Findings) -> Option<usize> {
        let index = self.column(name);
        if index.is_none() {
            return self.resolve(name, spot, findings);
        }
        index
    }
}

fn read_table(
    name: &Node,
    node: &Node,
    decl: &SourceDecl,
    findings: &mut Findings,
) -> Option<TableDecl> {
    let text = name.text()?;
    let good = text.chars().next().is_some_and(|c| c.is_ascii_lowercase())
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || c == '_' || c == '-');
    if !good {
        findings.error(
            codes::BAD_VALUE,
            name.spot,
            format!("'{text}' is no name of a table"),
            "a lower-case letter, then letters, digits, _ or -",
        );
    }
    if node.entries().is_none() {
        wants_map(findings, node, "a table");
        findings.breaks("table", text);
        return None;
    }
    findings.unknown_keys(node, keys::TABLE, "a table");
    let mut table = TableDecl {
        table: Table {
            name: text.to_owned(),
            optional: flag(findings, node, "optional"),
            ..Table::default()
        },
        parent: None,
        key: Vec::new(),
        identity: Vec::new(),
        columns: Vec::new(),
        only: node.get("only").cloned(),
        deleted: node.get("deleted").cloned(),
        lets: super::fragments::lets(node.get("let"), findings),
        latest: node.get("latest").cloned(),
    };
    for (key, format) in [("sheet", "xlsx"), ("path", "json")] {
        let Some(value) = node.get(key) else { continue };
        let fits = match key {
            "sheet" => decl.format == Format::Xlsx,
            _ => matches!(decl.format, Format::Json { .. }),
        };
        if !fits {
            findings.error(
                codes::UNKNOWN_KEY,
                value.spot,
                format!("'{key}' belongs to the format {format}"),
                format!("take {key} out"),
            );
            continue;
        }
        if key == "sheet" {
            table.table.sheet = constant_text(findings, value, key).map(str::to_owned);
        } else if !matches!(value.data, crate::yaml::Data::Empty) {
            table.table.path = constant_text(findings, value, key)
                .unwrap_or_default()
                .to_owned();
        }
    }
    match node.get("columns") {
        None => {
            findings.breaks("table", text);
            if !misspelt(node, "columns", keys::TABLE) {
                findings.error(
                    codes::MISSING_KEY,
                    name.spot,
                    format!("table {text} has no columns"),
                    "add columns: with a name and a type each",
                );
            }
        }
        Some(value) => match value.entries() {
            None => {
                wants_map(findings, value, "columns");
                findings.breaks("table", text);
            }
            Some(entries) => {
                for (key, value) in entries {
                    let column = columns::read(key, value, findings);
                    if column.is_none() {
                        let name = key.text().unwrap_or_default();
                        findings.breaks("column", &format!("{text}.{name}"));
                    }
                    table.columns.extend(column);
                }
            }
        },
    }
    Some(table)
}

/// Finds each table's parent by its path, and puts parents first.
fn nest(tables: &mut [(TableDecl, Node)]) {
    tables.sort_by_key(|(table, _)| {
        table.table.path.matches("[]").count() * 1000 + table.table.path.len()
    });
    let paths: Vec<String> = tables
        .iter()
        .map(|(table, _)| table.table.path.clone())
        .collect();
    for (index, (table, _)) in tables.iter_mut().enumerate() {
        let path = table.table.path.clone();
        let parent = paths
            .iter()
            .enumerate()
            .take(index)
            .filter_map(|(other, prefix)| {
                let rest = path.strip_prefix(prefix.as_str())?;
                let rest = match (prefix.is_empty(), rest.strip_prefix('.')) {
                    (true, _) => (!rest.is_empty()).then_some(rest),
                    (false, rest) => rest,
                }?;
                Some((prefix.len(), other, rest.to_owned()))
            })
            .max_by_key(|(length, ..)| *length);
        if let Some((_, other, rest)) = parent {
            table.parent = Some(other);
            table.table.parent = Some(other);
            table.table.path = rest;
        }
    }
}

fn names(table: &TableDecl, node: Option<&Node>, findings: &mut Findings) -> Vec<usize> {
    node.map(Node::items)
        .unwrap_or_default()
        .iter()
        .filter_map(|item| {
            let name = constant_text(findings, item, "a column")?;
            table.resolve(name, item.spot, findings)
        })
        .collect()
}

/// Reads an identity: entries that are a column, a list of columns, or `{ weak: [columns] }`.
pub(crate) fn identity(
    table: &TableDecl,
    node: Option<&Node>,
    findings: &mut Findings,
) -> Vec<IdentityDecl> {
    let mut entries = Vec::new();
    for item in node.map(Node::items).unwrap_or_default() {
        let (columns, weak) = match item.get("weak") {
            Some(weak) => {
                findings.unknown_keys(item, keys::IDENTITY, "an entry of an identity");
                (weak, true)
            }
            None => (item, false),
        };
        let columns = names(table, Some(columns), findings);
        for &column in &columns {
            let volatile = table.columns.get(column).filter(|decl| decl.volatile);
            if let Some(decl) = volatile {
                findings.error(
                    codes::VOLATILE_ID,
                    item.spot,
                    format!("'{}' is volatile and cannot name a person", decl.column.name),
                    "use the NHS number, a stable local id, or names and birth date as { weak: […] }",
                );
            }
        }
        entries.push(IdentityDecl { columns, weak });
    }
    entries
}

/// Reports columns that nothing uses.
pub(crate) fn unused(decl: &SourceDecl, findings: &mut Findings) {
    for table in &decl.tables {
        for column in &table.columns {
            let name = &column.column.name;
            if findings.is_lost(name) && !column.used.get() {
                continue;
            }
            match (&column.purpose, column.used.get()) {
                (Purpose::Used, false) => findings.error(
                    codes::UNUSED_COLUMN,
                    column.spot,
                    format!(
                        "nothing uses the column '{name}' of table {}",
                        table.table.name
                    ),
                    "use it in a rule, or say { ignore: reason } or { deny: reason }",
                ),
                (Purpose::Ignored(_) | Purpose::Denied(_), true) => findings.error(
                    codes::WITHHELD_COLUMN,
                    column.spot,
                    format!("the column '{name}' is ignored or denied, and used all the same"),
                    "take the use out, or take ignore or deny out",
                ),
                _ => {}
            }
        }
    }
}
