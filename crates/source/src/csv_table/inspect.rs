//! A CSV file that no schema describes: its separator is the one under which its first rows agree.

use std::io;

use diagnostics::{InputPlace, Issue};

use super::faults;
use super::records::{Next, Records};
use crate::inspect::{Head, Look, Rows, Seen, Sheet, find_header, no_header};
use crate::limits;
use crate::row::text_cell;
use crate::text::{TextFile, empty, unreadable};
use crate::value::RawCell;

const DELIMITERS: [u8; 4] = [b',', b';', b'\t', b'|'];

/// A CSV file whose separator and header were found out.
#[derive(Debug)]
pub(crate) struct Plain {
    file: TextFile,
    place: InputPlace,
    pub delimiter: u8,
    header_row: u64,
    columns: usize,
}

pub(crate) fn open(file: TextFile, place: InputPlace) -> Result<(Plain, Sheet), Vec<Issue>> {
    let failed = |error: io::Error| vec![unreadable(&error, place.clone())];
    let mut best: Option<(u64, u8, Rows)> = None;
    let mut binary = false;
    for delimiter in DELIMITERS {
        let (rows, has_nul) = first_rows(&file, delimiter).map_err(failed)?;
        binary |= has_nul;
        let score = agreement(&rows);
        if best.as_ref().is_none_or(|(most, ..)| score > *most) {
            best = Some((score, delimiter, rows));
        }
    }
    if binary {
        return Err(vec![crate::text::wrong_format(
            "a binary file, not text",
            "CSV",
            place,
        )]);
    }
    let (_, delimiter, rows) = best.ok_or_else(|| vec![empty(place.clone())])?;
    if rows.is_empty() {
        return Err(vec![empty(place)]);
    }
    let Some(Head {
        row,
        headers,
        titled,
    }) = find_header(&rows)
    else {
        return Err(vec![no_header(place)]);
    };
    let columns = rows
        .iter()
        .find(|(number, _)| *number == row)
        .map_or(0, |(_, cells)| cells.len());
    Ok((
        Plain {
            file,
            place,
            delimiter,
            header_row: row,
            columns,
        },
        Sheet {
            name: None,
            hidden: false,
            header_row: row,
            titled,
            headers,
        },
    ))
}

/// The first rows that can be read and are not blank, and whether one holds a NUL.
fn first_rows(file: &TextFile, delimiter: u8) -> io::Result<(Rows, bool)> {
    let mut records = Records::new(file.open()?, delimiter);
    let mut rows = Vec::new();
    let mut has_nul = false;
    loop {
        let row = match records.next()? {
            Next::End | Next::Unclosed { .. } => break,
            Next::Record { row, .. } | Next::Faulty { row, .. } if row > limits::HEADER_ROWS => {
                break;
            }
            Next::Faulty { .. } => continue,
            Next::Record { row, .. } => row,
        };
        let Ok(text) = std::str::from_utf8(records.text()) else {
            continue;
        };
        let is_excels = row == 1 && text.len() <= 5 && text.to_lowercase().starts_with("sep=");
        if text.trim().is_empty() || is_excels {
            continue;
        }
        has_nul |= text.contains('\0');
        let ends = records.ends();
        let cells = (0..ends.len())
            .map(|index| text_cell(text, ends, index).unwrap_or_default().to_owned())
            .collect();
        rows.push((row, cells));
    }
    Ok((rows, has_nul))
}

/// How well rows agree: how many have the most frequent number of cells, for each of those cells
/// beyond the first.
fn agreement(rows: &[(u64, Vec<String>)]) -> u64 {
    let mut best = 0;
    for (_, cells) in rows {
        let same = rows
            .iter()
            .filter(|(_, other)| other.len() == cells.len())
            .count();
        let beyond = cells.len().saturating_sub(1).min(64);
        let share = same * 1000 / rows.len().max(1);
        best = best.max((share * share / 1000 * beyond) as u64);
    }
    best
}

impl Plain {
    pub(crate) fn read(&self, look: Look<'_>) -> Result<(), Box<Issue>> {
        let failed = |error| Box::new(unreadable(&error, self.place.clone()));
        let mut records = Records::new(self.file.open().map_err(failed)?, self.delimiter);
        loop {
            let row = match records.next().map_err(failed)? {
                Next::End => return Ok(()),
                Next::Unclosed { row, line } => {
                    return Err(Box::new(faults::unclosed(
                        self.place.clone().row(row),
                        line,
                    )));
                }
                Next::Record { row, .. } | Next::Faulty { row, .. } if row <= self.header_row => {
                    continue;
                }
                Next::Faulty { .. } => {
                    look(Seen::Unreadable { sheet: 0 });
                    continue;
                }
                Next::Record { row, .. } => row,
            };
            let text = std::str::from_utf8(records.text())
                .ok()
                .filter(|text| !self.file.is_garbled(text) && !text.contains('\0'));
            let Some(text) = text else {
                look(Seen::Unreadable { sheet: 0 });
                continue;
            };
            if text.trim_start().is_empty() {
                continue;
            }
            let ends = records.ends();
            if ends.len() != self.columns {
                look(Seen::Unreadable { sheet: 0 });
                continue;
            }
            let cells: Vec<RawCell<'_>> = (0..ends.len())
                .map(|index| match text_cell(text, ends, index) {
                    Some(cell) if !cell.trim().is_empty() => RawCell::Text(cell),
                    _ => RawCell::Missing,
                })
                .collect();
            look(Seen::Row {
                sheet: 0,
                row,
                cells: &cells,
            });
        }
    }
}
