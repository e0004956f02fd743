//! Finding the header row of a table that nothing describes.

use std::sync::LazyLock;

use crate::date_pattern::DatePattern;

/// The first rows of a table: their numbers and their cells as text.
pub(crate) type Rows = Vec<(u64, Vec<String>)>;

/// A header row.
#[derive(Debug)]
pub(crate) struct Head {
    /// Its number.
    pub row: u64,
    /// Its cells without the spaces round them.
    pub headers: Vec<String>,
    /// Whether something stands above it.
    pub titled: bool,
}

/// The header among the first rows: the first one that fills at least half of the table's width
/// and mostly holds words, none of which is met again below it in its column. A row of values is
/// never taken, for its cells would be written down as the names of columns.
pub(crate) fn find(rows: &[(u64, Vec<String>)]) -> Option<Head> {
    let filled = |cells: &[String]| cells.iter().filter(|cell| !cell.is_empty()).count();
    let trimmed: Rows = rows
        .iter()
        .map(|(row, cells)| (*row, cells.iter().map(|cell| trim(cell)).collect()))
        .collect();
    let width = trimmed.iter().map(|(_, cells)| filled(cells)).max()?;
    let wanted = if width <= 1 {
        1
    } else {
        width.div_ceil(2).max(2)
    };
    let index = trimmed.iter().position(|(_, cells)| {
        let words = cells
            .iter()
            .filter(|cell| !cell.is_empty() && is_wordy(cell));
        filled(cells) >= wanted && words.count() * 10 >= filled(cells) * 6
    })?;
    let (row, headers) = trimmed.get(index)?;
    let below = trimmed.get(index + 1..).unwrap_or_default();
    let met_again = headers.iter().enumerate().any(|(column, header)| {
        !header.is_empty()
            && below
                .iter()
                // A report that repeats its header on each page repeats all of it.
                .any(|(_, cells)| cells.get(column) == Some(header) && cells != headers)
    });
    if met_again {
        return None;
    }
    let mut headers = headers.clone();
    while headers.last().is_some_and(String::is_empty) {
        headers.pop();
    }
    Some(Head {
        row: *row,
        headers,
        titled: trimmed
            .iter()
            .take(index)
            .any(|(_, cells)| filled(cells) > 0),
    })
}

fn trim(cell: &str) -> String {
    cell.trim_matches(|c: char| c.is_whitespace() || c == '\u{FEFF}')
        .to_owned()
}

/// Whether a cell may be the name of a column: it has letters, more than it has digits, and is no
/// date and no address of mail.
pub(crate) fn is_wordy(cell: &str) -> bool {
    static DATES: LazyLock<Vec<DatePattern>> = LazyLock::new(|| {
        [
            "iso",
            "d/M/yyyy",
            "d MMM yyyy",
            "d MMMM yyyy",
            "MMM yyyy",
            "MMMM yyyy",
        ]
        .iter()
        .filter_map(|pattern| DatePattern::parse(pattern).ok())
        .collect()
    });
    let letters = cell.chars().filter(|c| c.is_alphabetic()).count();
    let digits = cell.chars().filter(char::is_ascii_digit).count();
    letters > 0
        && letters >= digits
        && cell.chars().count() <= 200
        && !cell.contains('@')
        && !DATES.iter().any(|pattern| pattern.read(cell).is_some())
}
