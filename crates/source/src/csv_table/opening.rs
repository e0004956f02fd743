//! Opening a CSV file: its encoding, its separator, its header.

use std::io;
use std::sync::Arc;

use diagnostics::{InputPlace, Issue, IssueType};

use super::records::{Next, Records};
use super::{CsvTable, faults, file_place};
use crate::adapter::Found;
use crate::header::{Matched, find_columns, is_header, no_such_table};
use crate::input::Input;
use crate::label::normalise_header;
use crate::opened::TableFound;
use crate::row::text_cell;
use crate::schema::{Schema, Table};
use crate::text::{TextFile, empty, unreadable, wrong_format};
use crate::{codes, limits, sniff};

/// A header row by one separator.
struct Header {
    delimiter: u8,
    row: u64,
    cells: Vec<String>,
    known: usize,
}

/// What was found where the header should be.
enum Search {
    Header(Header),
    /// No row names all that identifies the header; this one names the most of it.
    Nearest {
        row: u64,
        absent: Vec<String>,
    },
    /// No row names any of it.
    Unknown,
    /// There is no row at all.
    Blank,
}

pub(crate) fn open(
    input: &Input,
    schema: &Arc<Schema>,
    delimiters: &[u8],
) -> Result<Found, Vec<Issue>> {
    let place = file_place(input.name());
    let [table] = schema.tables.as_slice() else {
        let mut issue = no_such_table(place);
        "a CSV file is one table, and the mapping declares none or several"
            .clone_into(&mut issue.message);
        return Err(vec![issue]);
    };
    let (file, mut issues) = TextFile::look(input, "CSV")?;
    if sniff::looks_like_json(&file.head) {
        return Err(vec![wrong_format("JSON", "CSV", place)]);
    }
    let delimiters = if delimiters.is_empty() {
        b","
    } else {
        delimiters
    };
    let mut searches = Vec::new();
    for delimiter in delimiters {
        searches.push(search(&file, table, *delimiter, &place)?);
    }
    let header = choose(searches, table, &file, delimiters, &place)?;
    let Matched {
        layout,
        issues: matched,
    } = find_columns(
        schema,
        0,
        header.cells,
        place.clone().row(header.row),
        false,
    )
    .map_err(|mut issues| {
        for issue in &mut issues {
            hint_separator(issue, &file, delimiters);
        }
        issues
    })?;
    issues.extend(matched);
    let found = TableFound::of(&layout, header.row);
    let csv = CsvTable {
        any_denied: layout.denied.contains(&true),
        delimiter: header.delimiter,
        header_row: header.row,
        file,
        layout: Arc::new(layout),
    };
    if !csv
        .has_record()
        .map_err(|error| vec![unreadable(&error, place.clone())])?
    {
        issues.push(no_records(place));
    }
    Ok(Found {
        adapter: Box::new(csv),
        tables: vec![found],
        issues,
    })
}

/// A header without records: it says nothing of anybody, least of all that there is nothing.
pub(crate) fn no_records(place: InputPlace) -> Issue {
    Issue::warning(
        codes::NO_RECORDS,
        IssueType::Incomplete,
        "there is a header and no record under it; nothing is concluded from that",
    )
    .help("check that the export was meant to be empty")
    .at_input(place)
}

fn choose(
    searches: Vec<Search>,
    table: &Table,
    file: &TextFile,
    delimiters: &[u8],
    place: &InputPlace,
) -> Result<Header, Vec<Issue>> {
    let mut nearest: Option<(u64, Vec<String>)> = None;
    let mut best: Option<Header> = None;
    let mut blank = true;
    for search in searches {
        blank &= matches!(search, Search::Blank);
        match search {
            Search::Header(header) => {
                if best.as_ref().is_none_or(|best| {
                    (header.known, header.cells.len()) > (best.known, best.cells.len())
                }) {
                    best = Some(header);
                }
            }
            Search::Nearest { row, absent } => {
                if nearest
                    .as_ref()
                    .is_none_or(|(_, best)| absent.len() < best.len())
                {
                    nearest = Some((row, absent));
                }
            }
            Search::Unknown | Search::Blank => {}
        }
    }
    if let Some(header) = best {
        return Ok(header);
    }
    if blank {
        return Err(vec![empty(place.clone())]);
    }
    let mut issue = no_header(table, nearest, place.clone(), "file");
    hint_separator(&mut issue, file, delimiters);
    Err(vec![issue])
}

/// The header row was not found.
pub(crate) fn no_header(
    table: &Table,
    nearest: Option<(u64, Vec<String>)>,
    place: InputPlace,
    container: &str,
) -> Issue {
    let quoted = |names: &[String]| {
        let names: Vec<String> = names.iter().map(|name| format!("\"{name}\"")).collect();
        names.join(", ")
    };
    match nearest {
        Some((row, absent)) => Issue::error(
            codes::NO_HEADER,
            IssueType::Structure,
            format!(
                "the header row was not found; this row is nearest to it and lacks {}",
                quoted(&absent)
            ),
        )
        .help("export the columns under their usual names, or declare the new names as aliases in the mapping")
        .at_input(place.row(row)),
        None => Issue::error(
            codes::WRONG_FILE,
            IssueType::Structure,
            format!(
                "this {container} is not one that the mapping describes: none of its first {} rows names {}",
                limits::HEADER_ROWS,
                quoted(&table.header)
            ),
        )
        .help("choose the mapping that fits the file")
        .at_input(place),
    }
}

/// Which of the names that identify a header are not among some cells; all of them or none says
/// nothing.
pub(crate) fn absent_names(table: &Table, cells: &[String]) -> Option<Vec<String>> {
    let absent: Vec<String> = table
        .header
        .iter()
        .filter(|name| {
            let only = Table {
                header: vec![(*name).clone()],
                columns: table.columns.clone(),
                ..Table::default()
            };
            !is_header(&only, cells.iter().map(String::as_str))
        })
        .cloned()
        .collect();
    (absent.len() < table.header.len()).then_some(absent)
}

fn search(
    file: &TextFile,
    table: &Table,
    delimiter: u8,
    place: &InputPlace,
) -> Result<Search, Vec<Issue>> {
    let failed = |error: io::Error| vec![unreadable(&error, place.clone())];
    let mut records = Records::new(file.open().map_err(failed)?, delimiter);
    let mut nearest: Option<(u64, Vec<String>)> = None;
    let mut blank = true;
    loop {
        let row = match records.next().map_err(failed)? {
            Next::End => break,
            Next::Unclosed { row, line } if blank => {
                return Err(vec![faults::unclosed(place.clone().row(row), line)]);
            }
            Next::Unclosed { .. } => break,
            Next::Record { row, .. } | Next::Faulty { row, .. } if row > limits::HEADER_ROWS => {
                break;
            }
            Next::Record { row, .. } => row,
            // A row that cannot be read is not the header.
            Next::Faulty { .. } => {
                blank = false;
                continue;
            }
        };
        let text = String::from_utf8_lossy(records.text());
        if text.trim().is_empty() {
            continue;
        }
        blank = false;
        if text.contains('\0') {
            return Err(vec![wrong_format(
                "a binary file, not text",
                "CSV",
                place.clone(),
            )]);
        }
        // Excel's own way of naming the separator, before the header.
        if row == 1 && text.len() <= 5 && text.to_ascii_lowercase().starts_with("sep=") {
            continue;
        }
        let ends = records.ends();
        let cells: Vec<String> = if text.len() == records.text().len() {
            (0..ends.len())
                .map(|index| text_cell(&text, ends, index).unwrap_or_default().to_owned())
                .collect()
        } else {
            continue;
        };
        if is_header(table, cells.iter().map(String::as_str)) {
            return Ok(Search::Header(Header {
                delimiter,
                row,
                known: known(table, &cells),
                cells,
            }));
        }
        if let Some(absent) = absent_names(table, &cells)
            && nearest
                .as_ref()
                .is_none_or(|(_, best)| absent.len() < best.len())
        {
            nearest = Some((row, absent));
        }
    }
    Ok(match nearest {
        Some((row, absent)) => Search::Nearest { row, absent },
        None if blank => Search::Blank,
        None => Search::Unknown,
    })
}

fn known(table: &Table, cells: &[String]) -> usize {
    let cells: Vec<String> = cells.iter().map(|cell| normalise_header(cell)).collect();
    table
        .columns
        .iter()
        .filter(|column| {
            std::iter::once(&column.name)
                .chain(&column.aliases)
                .any(|name| cells.contains(&normalise_header(name)))
        })
        .count()
}

/// Says so when the first line looks as though it were separated by something else.
fn hint_separator(issue: &mut Issue, file: &TextFile, delimiters: &[u8]) {
    let first = file.head.lines().find(|line| !line.trim().is_empty());
    let count = |byte: u8| {
        first.map_or(0, |line| {
            line.bytes().filter(|other| *other == byte).count()
        })
    };
    let declared = delimiters.iter().map(|d| count(*d)).max().unwrap_or(0);
    let other = [
        (b';', "a semicolon"),
        (b'\t', "a tab"),
        (b'|', "a bar"),
        (b',', "a comma"),
    ]
    .into_iter()
    .filter(|(byte, _)| !delimiters.contains(byte))
    .max_by_key(|(byte, _)| count(*byte));
    if let Some((byte, name)) = other
        && count(byte) > declared
    {
        issue.help = Some(format!(
            "the cells seem to be separated by {name}; export with the separator that the mapping declares, or declare this one in the mapping"
        ));
    }
}

impl CsvTable {
    fn has_record(&self) -> io::Result<bool> {
        let mut records = Records::new(self.file.open()?, self.delimiter);
        loop {
            match records.next()? {
                Next::End => return Ok(false),
                Next::Record { row, .. } if row <= self.header_row => {}
                Next::Record { .. } if records.text().trim_ascii().is_empty() => {}
                _ => return Ok(true),
            }
        }
    }
}
