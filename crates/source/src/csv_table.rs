//! Separated values: one table, a row a record.

mod faults;
pub(crate) mod inspect;
mod opening;
mod records;

use std::sync::Arc;

use diagnostics::Issue;

use crate::adapter::{Adapter, Layout, Visit};
use crate::census::{Census, Unused};
use crate::opened::{Event, Unreadable};
use crate::row::{Cells, Row, text_cell};
use crate::text::{TextFile, unreadable};
use records::{Fault, Next, Records};

pub(crate) use opening::{absent_names, no_header, no_records, open};

/// A CSV file whose header was found.
struct CsvTable {
    file: TextFile,
    delimiter: u8,
    header_row: u64,
    layout: Layout,
    any_denied: bool,
}

impl Adapter for CsvTable {
    fn read(
        &mut self,
        wanted: &[bool],
        mut census: Option<&mut Census>,
        visit: Visit<'_>,
    ) -> Result<(), Box<Issue>> {
        if !wanted.iter().any(|wanted| *wanted) {
            return Ok(());
        }
        let failed = |error| Box::new(unreadable(&error, self.layout.place()));
        let mut records = Records::new(self.file.open().map_err(failed)?, self.delimiter);
        let mut undeclared = vec![0_u64; self.layout.headers.len()];
        loop {
            let (row, line, fault) = match records.next().map_err(failed)? {
                Next::End => break,
                Next::Unclosed { row, line } => {
                    return Err(Box::new(faults::unclosed(
                        self.layout.place().row(row),
                        line,
                    )));
                }
                Next::Record { row, .. } | Next::Faulty { row, .. } if row <= self.header_row => {
                    continue;
                }
                Next::Record { row, line } => (row, line, None),
                Next::Faulty { row, line, fault } => (row, line, Some(fault)),
            };
            let outcome = match fault {
                Some(fault) => {
                    let text = match fault {
                        Fault::Quote(_) => std::str::from_utf8(records.text()).ok(),
                        _ => None,
                    };
                    Err(Box::new((faults::fault(fault, &self.layout, row), text)))
                }
                None => self.cells(&records, row),
            };
            let flow = match outcome {
                Ok(None) => continue,
                Ok(Some(text)) => {
                    let cells = Cells::Text {
                        text,
                        ends: records.ends(),
                    };
                    let record = Row {
                        layout: &self.layout,
                        cells,
                        number: row,
                        line: Some(line),
                        parent: None,
                    };
                    if let Some(census) = census.as_deref_mut() {
                        count(census, &record, &mut undeclared, text, records.ends());
                    }
                    visit(Event::Row(&record))
                }
                Err(refused) => {
                    let (issue, text) = *refused;
                    if let Some(table) = census.as_deref_mut().and_then(|c| c.tables.first_mut()) {
                        table.unreadable += 1;
                    }
                    visit(Event::Unreadable(Unreadable {
                        table: 0,
                        place: self.layout.place().row(row),
                        issues: vec![issue],
                        raw: text.map_or_else(String::new, |text| self.raw(text, records.ends())),
                    }))
                }
            };
            if flow.is_break() {
                return Ok(());
            }
        }
        if let Some(census) = census {
            census.undeclared = self.undeclared(&undeclared);
        }
        Ok(())
    }
}

impl CsvTable {
    /// The text of a record whose cells agree with the header; nothing when it is blank.
    fn cells<'r>(
        &self,
        records: &'r Records,
        row: u64,
    ) -> Result<Option<&'r str>, Box<(Issue, Option<&'r str>)>> {
        let place = || self.layout.place().row(row);
        let text = std::str::from_utf8(records.text())
            .ok()
            .filter(|text| !self.file.is_garbled(text))
            .ok_or_else(|| Box::new((faults::encoding(place()), None)))?;
        if text.trim_start().is_empty() {
            return Ok(None);
        }
        if text.as_bytes().contains(&0) {
            return Err(Box::new((faults::nul(place()), Some(text))));
        }
        let (found, expected) = (records.ends().len(), self.layout.headers.len());
        if found != expected {
            let issue = if found < expected && records.is_last() {
                faults::cut(found, expected, place())
            } else {
                faults::ragged(found, expected, place())
            };
            return Err(Box::new((issue, Some(text))));
        }
        Ok(Some(text))
    }

    /// The cells of a record that does not agree with the header, as a JSON array: which is which
    /// is not known, so with a denied column in the file none can be shown.
    fn raw(&self, text: &str, ends: &[usize]) -> String {
        if self.any_denied {
            return String::new();
        }
        (0..ends.len())
            .filter_map(|index| text_cell(text, ends, index))
            .map(json::Value::from)
            .collect::<json::Value>()
            .to_string()
    }

    fn undeclared(&self, counts: &[u64]) -> Vec<Unused> {
        (0..self.layout.headers.len())
            .filter(|index| !self.layout.positions.contains(&Some(*index)))
            .map(|index| Unused {
                sheet: None,
                column: Some(crate::header::label(&self.layout.headers, index)),
                filled: counts.get(index).copied().unwrap_or(0),
            })
            .collect()
    }
}

fn count(census: &mut Census, row: &Row<'_>, undeclared: &mut [u64], text: &str, ends: &[usize]) {
    let markers = &row.layout.schema.missing;
    if let Some(table) = census.tables.first_mut() {
        table.records += 1;
        for (column, filled) in table.filled.iter_mut().enumerate() {
            *filled += u64::from(row.is_filled(column));
        }
    }
    for (index, filled) in undeclared.iter_mut().enumerate() {
        if let Some(cell) = text_cell(text, ends, index) {
            *filled += u64::from(!markers.is_missing(cell));
        }
    }
}

/// For opening: the place of the whole file.
fn file_place(name: &Arc<str>) -> diagnostics::InputPlace {
    diagnostics::InputPlace::file(Arc::clone(name))
}
