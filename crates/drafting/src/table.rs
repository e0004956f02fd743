//! The tables of a file as they were found, with what was counted of their columns.

use std::collections::HashSet;

use diagnostics::Issue;
use source::{Format, Input, Seen, inspect};

use crate::facts::Facts;
use crate::heading::{self, Role};
use crate::quote;
use crate::tree::Tree;

/// A file as it was found.
#[derive(Debug)]
pub(crate) struct Found {
    pub format: Format,
    pub tables: Vec<Table>,
    pub issues: Vec<Issue>,
    /// What could not be drafted, in words.
    pub notes: Vec<String>,
}

/// A table.
#[derive(Debug, Default)]
pub(crate) struct Table {
    /// Its name in the mapping.
    pub name: String,
    pub sheet: Option<String>,
    pub hidden: bool,
    /// The path of its records in a document.
    pub path: Option<String>,
    /// The table whose records enclose its own.
    pub parent: Option<usize>,
    pub header_row: Option<u64>,
    pub titled: bool,
    /// Its records.
    pub rows: u64,
    /// Rows that cannot be read as one.
    pub unreadable: u64,
    pub columns: Vec<Column>,
    /// What cannot be declared, in words.
    pub notes: Vec<String>,
}

/// A column.
#[derive(Debug, Default)]
pub(crate) struct Column {
    /// What it is called in the mapping.
    pub name: String,
    /// Its header, where that cannot be the name.
    pub alias: Option<String>,
    /// Where it is in a record of a document, where that is not the name.
    pub path: Option<String>,
    /// Whether it is an array of texts in a document.
    pub is_array: bool,
    /// In how many records of a document its member is.
    pub present: u64,
    pub facts: Facts,
    pub role: Option<Role>,
    /// Why its values never leave the reader.
    pub secret: Option<&'static str>,
}

impl Table {
    /// The first column of a role.
    pub fn of(&self, role: Role) -> Option<usize> {
        self.columns
            .iter()
            .position(|column| column.role == Some(role) && column.secret.is_none())
    }

    /// All columns of a role.
    pub fn all_of(&self, role: Role) -> Vec<usize> {
        (0..self.columns.len())
            .filter(|index| {
                self.columns
                    .get(*index)
                    .is_some_and(|column| column.role == Some(role) && column.secret.is_none())
            })
            .collect()
    }
}

/// Reads a file and counts.
pub(crate) fn gather(input: &Input) -> Result<Found, Vec<Issue>> {
    let mut inspected = inspect(input)?;
    let epoch_1904 = inspected.epoch_1904();
    let mut tree = Tree::default();
    let mut counts: Vec<(u64, u64, Vec<Facts>)> = inspected
        .sheets
        .iter()
        .map(|sheet| (0, 0, vec![Facts::default(); sheet.headers.len()]))
        .collect();
    let mut unreadable_documents = 0;
    let is_json = matches!(inspected.format, Format::Json { .. });
    inspected
        .read(&mut |seen| match seen {
            Seen::Row { sheet, cells, .. } => {
                if let Some((rows, _, facts)) = counts.get_mut(sheet) {
                    *rows += 1;
                    if facts.len() < cells.len() {
                        facts.resize_with(cells.len(), Facts::default);
                    }
                    for (facts, cell) in facts.iter_mut().zip(cells) {
                        facts.add(*cell, epoch_1904);
                    }
                }
            }
            Seen::Document(document) => tree.add(document),
            Seen::Unreadable { sheet } if is_json => unreadable_documents += 1 + sheet as u64,
            Seen::Unreadable { sheet } => {
                if let Some((_, unreadable, _)) = counts.get_mut(sheet) {
                    *unreadable += 1;
                }
            }
        })
        .map_err(|issue| vec![*issue])?;
    let mut notes = Vec::new();
    let mut names = HashSet::new();
    let tables = if is_json {
        if unreadable_documents > 0 {
            notes.push(format!(
                "{unreadable_documents} documents cannot be read as JSON; they are not counted here"
            ));
        }
        tree.tables(&mut names, &mut notes)
    } else {
        inspected
            .sheets
            .iter()
            .zip(counts)
            .filter_map(|(sheet, (rows, unreadable, facts))| {
                let table = flat(sheet, rows, unreadable, facts, &mut names);
                if table.columns.is_empty() {
                    notes.push(match &sheet.name {
                        Some(name) => format!(
                            "the sheet \"{}\" has no header that a mapping can name, so it is not in the draft",
                            quote::shown(name)
                        ),
                        None => "no header can be the name of a column".to_owned(),
                    });
                    return None;
                }
                Some(table)
            })
            .collect()
    };
    if tables.iter().all(|table: &Table| table.columns.is_empty()) {
        let mut issue = Issue::error(
            source_no_header(),
            diagnostics::IssueType::Structure,
            "nothing in the file has a name that a mapping can use",
        );
        issue = issue.help("give each column a name of its own above the first record");
        return Err(vec![issue]);
    }
    Ok(Found {
        format: inspected.format,
        tables,
        issues: inspected.issues,
        notes,
    })
}

/// The code of a file whose header is not found (`docs/source-contract.md`).
fn source_no_header() -> &'static str {
    "S007"
}

fn flat(
    sheet: &source::Sheet,
    rows: u64,
    unreadable: u64,
    facts: Vec<Facts>,
    names: &mut HashSet<String>,
) -> Table {
    let mut table = Table {
        name: table_name(sheet.name.as_deref().unwrap_or("rows"), names),
        sheet: sheet.name.clone(),
        hidden: sheet.hidden,
        header_row: Some(sheet.header_row),
        titled: sheet.titled,
        rows,
        unreadable,
        ..Table::default()
    };
    let mut taken: HashSet<String> = sheet.headers.iter().cloned().collect();
    let mut seen: HashSet<&str> = HashSet::new();
    for (index, facts) in facts.into_iter().enumerate() {
        let header = sheet
            .headers
            .get(index)
            .map(String::as_str)
            .unwrap_or_default();
        let letter = letters(index);
        if header.is_empty() {
            if facts.filled > 0 {
                table.notes.push(format!(
                    "column {letter} has no header, so it cannot be declared; its {} cells are counted in the loss report",
                    facts.filled
                ));
            }
            continue;
        }
        let secret = heading::secret(header);
        let twice = sheet
            .headers
            .iter()
            .filter(|other| *other == header)
            .count()
            > 1;
        if twice {
            // Two columns of one name cannot be told apart. A secret must not leave the reader all
            // the same: declared, it makes the reader refuse the file.
            let denied = secret.is_some() && seen.insert(header);
            table.notes.push(if secret.is_some() {
                format!(
                    "column {letter} is a secret and has the same header as another column: files are refused until each has a name of its own"
                )
            } else {
                format!(
                    "column {letter} has the same header as another column, so neither can be declared; give each a name of its own"
                )
            });
            if !denied {
                continue;
            }
        }
        if is_value(header) {
            table.notes.push(format!(
                "the header of column {letter} looks like a value, so it is not written here; declare it if it is a name"
            ));
            continue;
        }
        let (name, alias) = column_name(header, &mut taken, &letter);
        table.columns.push(Column {
            role: heading::role(header, &[]),
            secret,
            name,
            alias,
            present: rows,
            facts,
            ..Column::default()
        });
    }
    table
}

/// Whether a header looks like what should be in a cell: then a draft must not show it.
pub(crate) fn is_value(header: &str) -> bool {
    let letters = header.chars().filter(|c| c.is_alphabetic()).count();
    let digits = header.chars().filter(char::is_ascii_digit).count();
    header.contains('@') || digits >= 6 || (digits > 0 && letters < digits)
}

/// A name for a column: its header, or, where that can be none, what is left of it.
pub(crate) fn column_name(
    header: &str,
    taken: &mut HashSet<String>,
    otherwise: &str,
) -> (String, Option<String>) {
    if quote::is_name(header) {
        return (header.to_owned(), None);
    }
    let mut base: String = header
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .take(60)
        .collect::<String>()
        .split_whitespace()
        .collect::<Vec<_>>()
        .join(" ");
    if base.is_empty() {
        base = format!("Column {otherwise}");
    }
    let mut name = base.clone();
    let mut number = 2;
    while !taken.insert(name.clone()) {
        name = format!("{base} {number}");
        number += 1;
    }
    (name, Some(header.to_owned()))
}

/// A name for a table: a lower-case letter, then letters, digits and dashes.
pub(crate) fn table_name(text: &str, names: &mut HashSet<String>) -> String {
    let ascii: Vec<String> = heading::words(text)
        .into_iter()
        .map(|word| {
            word.chars()
                .filter(char::is_ascii_alphanumeric)
                .collect::<String>()
        })
        .filter(|word| !word.is_empty())
        .collect();
    let mut base: String = ascii.join("-").chars().take(40).collect();
    base = base.trim_end_matches('-').to_owned();
    if !base.chars().next().is_some_and(|c| c.is_ascii_lowercase()) {
        base = if base.is_empty() {
            "table".to_owned()
        } else {
            format!("t-{base}")
        };
    }
    let mut name = base.clone();
    let mut number = 2;
    while !names.insert(name.clone()) {
        name = format!("{base}-{number}");
        number += 1;
    }
    name
}

/// What a spreadsheet calls a column by its index.
pub(crate) fn letters(index: usize) -> String {
    let mut out = String::new();
    let mut rest = index;
    loop {
        out.insert(0, char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        match (rest / 26).checked_sub(1) {
            Some(next) => rest = next,
            None => return out,
        }
    }
}
