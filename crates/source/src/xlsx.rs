//! Excel workbooks: a table for each sheet, a row a record.

mod archive;
mod cell;
pub(crate) mod inspect;
mod opening;
mod sheet;

use std::io::BufReader;
use std::ops::ControlFlow;
use std::sync::Arc;

use calamine::Xlsx;
use diagnostics::{Issue, IssueType};

use crate::adapter::{Adapter, Give, Interpret, Layout, Visit};
use crate::batch::{Batch, BatchSize, Content};
use crate::census::{Counts, Undeclared, Unused};
use crate::input::ReadSeek;
use crate::opened::{Event, Unreadable};
use crate::row::{Cells, Row};
use crate::{codes, limits};
use sheet::{Rows, SheetRow};

pub(crate) use cell::SheetCell;
pub(crate) use opening::open;

type Book = Xlsx<BufReader<Box<dyn ReadSeek>>>;

/// A workbook whose sheets were found.
struct Workbook {
    book: Book,
    /// By the index of the table; nothing where an optional sheet is absent.
    sheets: Vec<Option<Arc<SheetTable>>>,
    /// Sheets that the schema does not declare.
    undeclared: Vec<String>,
}

/// A sheet whose header was found.
struct SheetTable {
    name: String,
    header_row: u64,
    layout: Layout,
}

/// What looks into the rows of a workbook.
struct SheetRows {
    sheets: Vec<Option<Arc<SheetTable>>>,
}

/// Rows of one sheet.
#[derive(Debug, Default)]
pub(crate) struct SheetBatch {
    table: usize,
    cells: Vec<SheetCell>,
    rows: Vec<CutRow>,
    text: usize,
}

#[derive(Debug)]
struct CutRow {
    number: u64,
    /// Where its cells end in the batch's.
    cells: usize,
    is_damaged: bool,
    is_too_wide: bool,
}

impl SheetBatch {
    pub(crate) fn len(&self) -> usize {
        self.rows.len()
    }

    pub(crate) fn weight(&self) -> usize {
        self.text
            + self.cells.len() * size_of::<SheetCell>()
            + self.rows.len() * size_of::<CutRow>()
    }

    fn push(&mut self, row: &SheetRow<'_>) {
        self.text += row.cells.iter().map(SheetCell::text_length).sum::<usize>();
        self.cells.extend_from_slice(row.cells);
        self.rows.push(CutRow {
            number: row.number,
            cells: self.cells.len(),
            is_damaged: row.is_damaged,
            is_too_wide: row.is_too_wide,
        });
    }

    fn rows(&self) -> impl Iterator<Item = SheetRow<'_>> {
        let mut from = 0;
        self.rows.iter().map(move |row| {
            let cells = self.cells.get(from..row.cells).unwrap_or_default();
            from = row.cells;
            SheetRow {
                number: row.number,
                cells,
                is_damaged: row.is_damaged,
                is_too_wide: row.is_too_wide,
            }
        })
    }
}

impl Adapter for Workbook {
    fn cut(&mut self, wanted: &[bool], give: Give<'_>) -> Result<(), Box<Issue>> {
        for (table, sheet) in self.sheets.iter().enumerate() {
            let Some(sheet) = sheet else { continue };
            if wanted.get(table) != Some(&true) {
                continue;
            }
            if sheet.cut(&mut self.book, table, give)?.is_break() {
                return Ok(());
            }
        }
        Ok(())
    }

    fn interpreter(&self) -> Arc<dyn Interpret> {
        Arc::new(SheetRows {
            sheets: self.sheets.clone(),
        })
    }

    fn undeclared(&mut self, counts: Undeclared) -> Vec<Unused> {
        let mut undeclared = Vec::new();
        for (sheet, counts) in self.sheets.iter().zip(counts.columns) {
            if let Some(sheet) = sheet {
                sheet.undeclared(counts, &mut undeclared);
            }
        }
        for name in &self.undeclared {
            undeclared.push(Unused {
                sheet: Some(name.clone()),
                column: None,
                filled: sheet::filled_cells(&mut self.book, name),
            });
        }
        undeclared
    }
}

impl Interpret for SheetRows {
    fn visit(
        &self,
        batch: &Batch,
        wanted: &[bool],
        mut counts: Option<&mut Counts>,
        visit: Visit<'_>,
    ) -> ControlFlow<()> {
        let Content::Sheet(batch) = &batch.content else {
            return ControlFlow::Continue(());
        };
        let (Some(Some(sheet)), Some(true)) =
            (self.sheets.get(batch.table), wanted.get(batch.table))
        else {
            return ControlFlow::Continue(());
        };
        for row in batch.rows() {
            sheet.visit(&row, counts.as_deref_mut(), visit)?;
        }
        ControlFlow::Continue(())
    }
}

impl SheetTable {
    /// Cuts the sheet into batches.
    fn cut(
        &self,
        book: &mut Book,
        table: usize,
        give: Give<'_>,
    ) -> Result<ControlFlow<()>, Box<Issue>> {
        let mut rows = Rows::open(book, &self.name, self.layout.epoch_1904)
            .map_err(|_| Box::new(damaged_sheet(&self.layout)))?;
        let empty = || SheetBatch {
            table,
            ..SheetBatch::default()
        };
        let mut batch = empty();
        loop {
            let next = rows.next();
            match &next {
                Ok(Some(row)) if row.number <= self.header_row || row.is_blank() => continue,
                Ok(Some(row)) => batch.push(row),
                _ => {}
            }
            let ended = !matches!(next, Ok(Some(_)));
            if ended || BatchSize::is_full(batch.len(), batch.weight()) {
                let full = std::mem::replace(&mut batch, empty());
                let flow = if full.len() == 0 {
                    ControlFlow::Continue(())
                } else {
                    give(Batch {
                        content: Content::Sheet(full),
                    })
                };
                if next.is_err() {
                    return Err(Box::new(damaged_sheet(&self.layout)));
                }
                if ended || flow.is_break() {
                    return Ok(flow);
                }
            }
        }
    }

    /// Visits a row.
    fn visit(
        &self,
        row: &SheetRow<'_>,
        counts: Option<&mut Counts>,
        visit: Visit<'_>,
    ) -> ControlFlow<()> {
        let number = row.number;
        let fault = self.fault(row);
        let record = Row {
            layout: &self.layout,
            cells: Cells::Sheet(row.cells),
            number,
            line: None,
            parent: None,
        };
        match fault {
            None => {
                if let Some(counts) = counts {
                    self.count(counts, &record, row.cells);
                }
                visit(Event::Row(&record))
            }
            Some(issue) => {
                if let Some(table) =
                    counts.and_then(|counts| counts.tables.get_mut(self.layout.table))
                {
                    table.unreadable += 1;
                }
                visit(Event::Unreadable(Unreadable {
                    table: self.layout.table,
                    place: self.layout.place().row(number),
                    raw: if issue.code == codes::BAD_WORKBOOK {
                        record.raw_json()
                    } else {
                        String::new()
                    },
                    issues: vec![issue],
                }))
            }
        }
    }

    /// The columns that the schema does not declare.
    fn undeclared(&self, counts: Vec<u64>, undeclared: &mut Vec<Unused>) {
        let count = counts.len().max(self.layout.headers.len());
        for index in 0..count {
            let filled = counts.get(index).copied().unwrap_or(0);
            // A column without a header and without a value is the empty edge of the sheet.
            let named = self
                .layout
                .headers
                .get(index)
                .is_some_and(|h| !h.is_empty());
            if self.layout.positions.contains(&Some(index)) || (filled == 0 && !named) {
                continue;
            }
            undeclared.push(Unused {
                sheet: Some(self.name.clone()),
                column: Some(crate::header::label(&self.layout.headers, index)),
                filled,
            });
        }
    }

    fn fault(&self, row: &SheetRow<'_>) -> Option<Issue> {
        let place = self.layout.place().row(row.number);
        if row.is_damaged {
            return Some(
                Issue::error(
                    codes::BAD_WORKBOOK,
                    IssueType::Structure,
                    "a cell in or next to this row is written in a way that cannot be read, so the row was passed over",
                )
                .help("open the workbook, mend the row and save it again")
                .at_input(place),
            );
        }
        if row.is_too_wide {
            return Some(
                Issue::error(
                    codes::TOO_LARGE,
                    IssueType::TooLong,
                    format!("the row has cells beyond column number {}", limits::COLUMNS),
                )
                .help("clear the cells right of the table")
                .at_input(place),
            );
        }
        let large = row.cells.iter().position(|cell| match cell {
            SheetCell::Text(text) => text.len() > limits::CELL_BYTES,
            _ => false,
        })?;
        Some(
            Issue::error(
                codes::TOO_LARGE,
                IssueType::TooLong,
                format!(
                    "the cell is larger than {} MiB, so its row was passed over",
                    limits::CELL_BYTES >> 20
                ),
            )
            .help("look for a file pasted into the cell")
            .at_input(place.column(crate::header::label(&self.layout.headers, large))),
        )
    }

    fn count(&self, counts: &mut Counts, record: &Row<'_>, cells: &[SheetCell]) {
        if let Some(table) = counts.tables.get_mut(self.layout.table) {
            table.records += 1;
            for (column, filled) in table.filled.iter_mut().enumerate() {
                *filled += u64::from(record.is_filled(column));
            }
        }
        let Some(undeclared) = counts.undeclared.columns.get_mut(self.layout.table) else {
            return;
        };
        if undeclared.len() < cells.len() {
            undeclared.resize(cells.len(), 0);
        }
        for (cell, filled) in cells.iter().zip(undeclared) {
            let says_something = match cell {
                SheetCell::Text(text) => !self.layout.schema.missing.is_missing(text),
                other => !other.is_blank(),
            };
            *filled += u64::from(says_something);
        }
    }
}

fn damaged_sheet(layout: &Layout) -> Issue {
    damaged(layout.place())
}

fn damaged(place: diagnostics::InputPlace) -> Issue {
    Issue::error(
        codes::BAD_WORKBOOK,
        IssueType::Structure,
        "the workbook is damaged and cannot be read here",
    )
    .help("open it in a spreadsheet program, save it again, or export it again")
    .at_input(place)
}
