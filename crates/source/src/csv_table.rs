//! Separated values: one table, a row a record.

mod faults;
pub(crate) mod inspect;
mod opening;
mod records;

use std::ops::ControlFlow;
use std::sync::Arc;

use diagnostics::Issue;

use crate::adapter::{Adapter, Give, Interpret, Layout, Visit};
use crate::batch::{Batch, BatchSize, Content};
use crate::census::{Counts, Undeclared, Unused};
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
    layout: Arc<Layout>,
    any_denied: bool,
}

/// What looks into the rows of a CSV file.
struct CsvRows {
    file: TextFile,
    layout: Arc<Layout>,
    any_denied: bool,
}

/// Rows of a CSV file.
#[derive(Debug, Default)]
pub(crate) struct TextBatch {
    text: Vec<u8>,
    ends: Vec<usize>,
    rows: Vec<TextRow>,
}

#[derive(Debug)]
struct TextRow {
    row: u64,
    line: u64,
    /// Where its text and its cells end in the batch's.
    text: usize,
    cells: usize,
    fault: Option<Fault>,
    is_last: bool,
}

/// One row, as it was cut.
#[derive(Clone, Copy)]
struct Cut<'b> {
    text: &'b [u8],
    ends: &'b [usize],
    is_last: bool,
}

impl TextBatch {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn weight(&self) -> usize {
        self.text.len()
            + self.ends.len() * size_of::<usize>()
            + self.rows.len() * size_of::<TextRow>()
    }

    fn push(&mut self, records: &Records, row: u64, line: u64, fault: Option<Fault>) {
        self.text.extend_from_slice(records.text());
        self.ends.extend_from_slice(records.ends());
        self.rows.push(TextRow {
            row,
            line,
            text: self.text.len(),
            cells: self.ends.len(),
            fault,
            is_last: records.is_last(),
        });
    }

    fn rows(&self) -> impl Iterator<Item = (&TextRow, Cut<'_>)> {
        let (mut text, mut cells) = (0, 0);
        self.rows.iter().map(move |row| {
            let cut = Cut {
                text: self.text.get(text..row.text).unwrap_or_default(),
                ends: self.ends.get(cells..row.cells).unwrap_or_default(),
                is_last: row.is_last,
            };
            (text, cells) = (row.text, row.cells);
            (row, cut)
        })
    }
}

impl Adapter for CsvTable {
    fn cut(&mut self, wanted: &[bool], give: Give<'_>) -> Result<(), Box<Issue>> {
        if !wanted.iter().any(|wanted| *wanted) {
            return Ok(());
        }
        let failed = |error| Box::new(unreadable(&error, self.layout.place()));
        let mut records = Records::new(self.file.open().map_err(failed)?, self.delimiter);
        let mut batch = TextBatch::default();
        loop {
            let next = records.next().map_err(failed);
            match next {
                Ok(Next::Record { row, .. } | Next::Faulty { row, .. })
                    if row <= self.header_row => {}
                Ok(Next::Record { row, line }) => batch.push(&records, row, line, None),
                Ok(Next::Faulty { row, line, fault }) => {
                    batch.push(&records, row, line, Some(fault));
                }
                ended => {
                    if batch.len() > 0
                        && give(Batch {
                            content: Content::Text(batch),
                        })
                        .is_break()
                    {
                        return Ok(());
                    }
                    return match ended? {
                        Next::Unclosed { row, line } => Err(Box::new(faults::unclosed(
                            self.layout.place().row(row),
                            line,
                        ))),
                        _ => Ok(()),
                    };
                }
            }
            if BatchSize::is_full(batch.len(), batch.text.len()) {
                let next = TextBatch {
                    text: Vec::with_capacity(batch.text.len() + batch.text.len() / 8),
                    ends: Vec::with_capacity(batch.ends.len() + batch.ends.len() / 8),
                    rows: Vec::with_capacity(batch.rows.len() + 1),
                };
                let full = std::mem::replace(&mut batch, next);
                if give(Batch {
                    content: Content::Text(full),
                })
                .is_break()
                {
                    return Ok(());
                }
            }
        }
    }

    fn interpreter(&self) -> Arc<dyn Interpret> {
        Arc::new(CsvRows {
            file: self.file.clone(),
            layout: Arc::clone(&self.layout),
            any_denied: self.any_denied,
        })
    }

    fn undeclared(&mut self, counts: Undeclared) -> Vec<Unused> {
        let counts = counts.columns.into_iter().next().unwrap_or_default();
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

impl Interpret for CsvRows {
    fn visit(
        &self,
        batch: &Batch,
        _wanted: &[bool],
        mut counts: Option<&mut Counts>,
        visit: Visit<'_>,
    ) -> ControlFlow<()> {
        let Content::Text(batch) = &batch.content else {
            return ControlFlow::Continue(());
        };
        for (at, cut) in batch.rows() {
            let outcome = match at.fault {
                Some(fault) => {
                    let text = match fault {
                        Fault::Quote(_) => std::str::from_utf8(cut.text).ok(),
                        _ => None,
                    };
                    Err(Box::new((faults::fault(fault, &self.layout, at.row), text)))
                }
                None => self.cells(cut, at.row),
            };
            let flow = match outcome {
                Ok(None) => continue,
                Ok(Some(text)) => {
                    let record = Row {
                        layout: &self.layout,
                        cells: Cells::Text {
                            text,
                            ends: cut.ends,
                        },
                        number: at.row,
                        line: Some(at.line),
                        parent: None,
                    };
                    if let Some(counts) = counts.as_deref_mut() {
                        count(counts, &record, text, cut.ends);
                    }
                    visit(Event::Row(&record))
                }
                Err(refused) => {
                    let (issue, text) = *refused;
                    if let Some(table) = counts.as_deref_mut().and_then(|c| c.tables.first_mut()) {
                        table.unreadable += 1;
                    }
                    visit(Event::Unreadable(Unreadable {
                        table: 0,
                        place: self.layout.place().row(at.row),
                        issues: vec![issue],
                        raw: text.map_or_else(String::new, |text| self.raw(text, cut.ends)),
                    }))
                }
            };
            flow?;
        }
        ControlFlow::Continue(())
    }
}

impl CsvRows {
    /// The text of a record whose cells agree with the header; nothing when it is blank.
    fn cells<'r>(
        &self,
        cut: Cut<'r>,
        row: u64,
    ) -> Result<Option<&'r str>, Box<(Issue, Option<&'r str>)>> {
        let place = || self.layout.place().row(row);
        let text = std::str::from_utf8(cut.text)
            .ok()
            .filter(|text| !self.file.is_garbled(text))
            .ok_or_else(|| Box::new((faults::encoding(place()), None)))?;
        if text.trim_start().is_empty() {
            return Ok(None);
        }
        if text.as_bytes().contains(&0) {
            return Err(Box::new((faults::nul(place()), Some(text))));
        }
        let (found, expected) = (cut.ends.len(), self.layout.headers.len());
        if found != expected {
            let issue = if found < expected && cut.is_last {
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
}

fn count(counts: &mut Counts, row: &Row<'_>, text: &str, ends: &[usize]) {
    let markers = &row.layout.schema.missing;
    if let Some(table) = counts.tables.first_mut() {
        table.records += 1;
        for (column, filled) in table.filled.iter_mut().enumerate() {
            *filled += u64::from(row.is_filled(column));
        }
    }
    let Some(undeclared) = counts.undeclared.columns.first_mut() else {
        return;
    };
    undeclared.resize(row.layout.headers.len(), 0);
    for &index in &row.layout.undeclared {
        if let (Some(cell), Some(filled)) =
            (text_cell(text, ends, index), undeclared.get_mut(index))
        {
            *filled += u64::from(!markers.is_missing(cell));
        }
    }
}

/// For opening: the place of the whole file.
fn file_place(name: &Arc<str>) -> diagnostics::InputPlace {
    diagnostics::InputPlace::file(Arc::clone(name))
}
