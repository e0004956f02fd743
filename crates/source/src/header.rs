//! Finding the declared columns in a header row.

use std::collections::HashMap;
use std::sync::Arc;

use diagnostics::{InputPlace, Issue, IssueType};

use crate::adapter::Layout;
use crate::codes;
use crate::label::{nearest, normalise_header};
use crate::schema::{Schema, Table};

/// What a spreadsheet calls a column by its index: A, B … Z, AA.
pub(crate) fn letters(index: usize) -> String {
    let mut letters = Vec::new();
    let mut rest = index;
    loop {
        letters.push(char::from(b'A' + u8::try_from(rest % 26).unwrap_or(0)));
        match (rest / 26).checked_sub(1) {
            Some(next) => rest = next,
            None => break,
        }
    }
    letters.iter().rev().collect()
}

/// What messages call a column of a file: its header, or its letter where it has none.
pub(crate) fn label(headers: &[Arc<str>], index: usize) -> String {
    match headers.get(index) {
        Some(header) if !header.is_empty() => header.to_string(),
        _ => format!("column {}", letters(index)),
    }
}

/// Whether a row is the header of a table: it names all that identifies the header, or, where
/// nothing does, it is not blank.
pub(crate) fn is_header<'c>(table: &Table, cells: impl Iterator<Item = &'c str>) -> bool {
    let cells: Vec<&str> = cells.map(str::trim).collect();
    if table.header.is_empty() {
        return cells.iter().any(|cell| !cell.is_empty());
    }
    let normalised: Vec<String> = cells.iter().map(|cell| normalise_header(cell)).collect();
    table
        .header
        .iter()
        .all(|name| spellings(table, name).any(|spelling| contains(&cells, &normalised, spelling)))
}

/// A name and, where it is a declared column's, its aliases.
fn spellings<'t>(table: &'t Table, name: &'t str) -> impl Iterator<Item = &'t str> {
    let aliases = table
        .columns
        .iter()
        .find(|column| column.name == name)
        .map(|column| column.aliases.as_slice())
        .unwrap_or_default();
    std::iter::once(name).chain(aliases.iter().map(String::as_str))
}

fn contains(cells: &[&str], normalised: &[String], name: &str) -> bool {
    let wanted = normalise_header(name);
    cells.contains(&name) || (!wanted.is_empty() && normalised.contains(&wanted))
}

/// A file's table as it will be read, with what somebody should know.
pub(crate) struct Matched {
    pub layout: Layout,
    pub issues: Vec<Issue>,
}

/// Finds each declared column in a header row: by its exact name, by an exact alias, and then by
/// each of these without regard to case, spaces and punctuation.
pub(crate) fn find_columns(
    schema: &Arc<Schema>,
    table_index: usize,
    headers: Vec<String>,
    place: InputPlace,
    epoch_1904: bool,
) -> Result<Matched, Vec<Issue>> {
    let Some(table) = schema.tables.get(table_index) else {
        return Err(vec![no_such_table(place)]);
    };
    let headers: Vec<Arc<str>> = headers
        .into_iter()
        .map(|header| {
            Arc::from(header.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}'))
        })
        .collect();
    let mut exact: HashMap<&str, Vec<usize>> = HashMap::new();
    let mut loose: HashMap<String, Vec<usize>> = HashMap::new();
    for (index, header) in headers.iter().enumerate() {
        if header.is_empty() {
            continue;
        }
        exact.entry(header).or_default().push(index);
        loose
            .entry(normalise_header(header))
            .or_default()
            .push(index);
    }

    let declared: Vec<&str> = table.columns.iter().map(|c| c.name.as_str()).collect();
    let mut positions = Vec::with_capacity(table.columns.len());
    let mut errors = Vec::new();
    for column in &table.columns {
        let names = || {
            std::iter::once(column.name.as_str()).chain(column.aliases.iter().map(String::as_str))
        };
        let found = names()
            .find_map(|name| exact.get(name).cloned())
            .or_else(|| {
                names().find_map(|name| {
                    let indexes = loose.get(&normalise_header(name))?;
                    // A header that is another column's exact name is not this one's variant.
                    let free: Vec<usize> = indexes
                        .iter()
                        .copied()
                        .filter(|index| {
                            headers
                                .get(*index)
                                .is_none_or(|header| !declared.contains(&header.as_ref()))
                        })
                        .collect();
                    (!free.is_empty()).then_some(free)
                })
            })
            .unwrap_or_default();
        match found.as_slice() {
            [] => positions.push(None),
            [one] => positions.push(Some(*one)),
            many => {
                positions.push(None);
                errors.push(ambiguous(&column.name, &headers, many, &place));
            }
        }
    }

    for (index, (column, position)) in table.columns.iter().zip(&positions).enumerate() {
        let first = positions
            .iter()
            .position(|other| other.is_some() && other == position);
        if let Some(other) = first.filter(|first| *first < index)
            && let Some(other) = table.columns.get(other)
        {
            errors.push(
                Issue::error(
                    codes::AMBIGUOUS_COLUMN,
                    IssueType::Conflict,
                    format!(
                        "one column of the file matches both \"{}\" and \"{}\" of the mapping",
                        other.name, column.name
                    ),
                )
                .help("give the two columns of the mapping names that differ in letters or digits")
                .at_input(place.clone()),
            );
        }
    }

    let matched = positions.iter().flatten().count();
    let absent: Vec<&str> = table
        .columns
        .iter()
        .zip(&positions)
        .filter(|(column, position)| column.required && position.is_none())
        .map(|(column, _)| column.name.as_str())
        .filter(|name| {
            !errors
                .iter()
                .any(|issue| issue.message.contains(&format!("\"{name}\"")))
        })
        .collect();
    if matched == 0 && !table.columns.is_empty() && errors.is_empty() {
        errors.push(wrong_file(&schema.format, &headers, &declared, &place));
    } else if !absent.is_empty() {
        let free: Vec<&str> = headers
            .iter()
            .enumerate()
            .filter(|(index, header)| !header.is_empty() && !positions.contains(&Some(*index)))
            .map(|(_, header)| header.as_ref())
            .collect();
        errors.push(missing_columns(&absent, &free, &place));
    }
    if !errors.is_empty() {
        return Err(errors);
    }

    let optional: Vec<String> = table
        .columns
        .iter()
        .zip(&positions)
        .filter(|(_, position)| position.is_none())
        .map(|(column, _)| format!("\"{}\"", column.name))
        .collect();
    let mut issues = Vec::new();
    if !optional.is_empty() {
        issues.push(
            Issue::information(
                codes::ABSENT_COLUMN,
                format!(
                    "columns that the mapping can read are not in this file: {}",
                    optional.join(", ")
                ),
            )
            .at_input(place.clone()),
        );
    }
    let denied = (0..headers.len())
        .map(|index| {
            table
                .columns
                .iter()
                .zip(&positions)
                .any(|(column, position)| column.deny && *position == Some(index))
        })
        .collect();
    let names = table
        .columns
        .iter()
        .zip(&positions)
        .map(|(column, position)| {
            position
                .and_then(|index| headers.get(index))
                .map_or_else(|| Arc::from(column.name.as_str()), Arc::clone)
        })
        .collect();
    let undeclared = (0..headers.len())
        .filter(|index| !positions.contains(&Some(*index)))
        .collect();
    Ok(Matched {
        layout: Layout {
            undeclared,
            schema: Arc::clone(schema),
            table: table_index,
            file: place.file.unwrap_or_else(|| Arc::from("input")),
            sheet: place.sheet,
            headers,
            denied,
            positions,
            names,
            paths: Vec::new(),
            epoch_1904,
        },
        issues,
    })
}

pub(crate) fn no_such_table(place: InputPlace) -> Issue {
    Issue::error(
        codes::BAD_SCHEMA,
        IssueType::Processing,
        "the mapping declares no table for this file",
    )
    .help("declare a table under source in the mapping")
    .at_input(place)
}

fn ambiguous(name: &str, headers: &[Arc<str>], found: &[usize], place: &InputPlace) -> Issue {
    let mut at: Vec<String> = found
        .iter()
        .map(|index| format!("{} (column {})", label(headers, *index), letters(*index)))
        .collect();
    at.truncate(5);
    Issue::error(
        codes::AMBIGUOUS_COLUMN,
        IssueType::Conflict,
        format!(
            "{} columns of the file match \"{name}\": {}",
            found.len(),
            at.join(", ")
        ),
    )
    .help("remove or rename all but one of them in the export; which one is meant cannot be told")
    .at_input(place.clone())
}

fn wrong_file(
    format: &crate::schema::Format,
    headers: &[Arc<str>],
    declared: &[&str],
    place: &InputPlace,
) -> Issue {
    // What a file without the expected header begins with may be a person's data, so only its size
    // is told, never its text.
    let expected: Vec<String> = declared
        .iter()
        .take(4)
        .map(|name| format!("\"{name}\""))
        .collect();
    Issue::error(
        codes::WRONG_FILE,
        IssueType::Structure,
        format!(
            "this is a {} file, but not one that the mapping describes: none of its {} columns is known",
            format.name(),
            headers.len()
        ),
    )
    .help(format!(
        "choose the mapping that fits the file; this one reads columns such as {}",
        expected.join(", ")
    ))
    .at_input(place.clone())
}

fn missing_columns(absent: &[&str], free: &[&str], place: &InputPlace) -> Issue {
    let names: Vec<String> = absent
        .iter()
        .map(|name| match nearest(name, free.iter().copied()) {
            Some(near) => format!("\"{name}\" (the file has \"{near}\")"),
            None => format!("\"{name}\""),
        })
        .collect();
    let (noun, verb) = if absent.len() == 1 {
        ("a column", "is")
    } else {
        ("columns", "are")
    };
    Issue::error(
        codes::MISSING_COLUMNS,
        IssueType::Required,
        format!(
            "{noun} that the mapping needs {verb} not in the file: {}",
            names.join(", ")
        ),
    )
    .help("export the file with these columns, or declare the file's own name as an alias in the mapping")
    .at_input(place.clone())
}
