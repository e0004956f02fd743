//! Excel workbooks: a table for each sheet, a row a record.

mod archive;
mod cell;
pub(crate) mod inspect;
mod opening;
mod sheet;

use std::io::BufReader;

use calamine::Xlsx;
use diagnostics::{Issue, IssueType};

use crate::adapter::{Adapter, Layout, Visit};
use crate::census::{Census, Unused};
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
    sheets: Vec<Option<SheetTable>>,
    /// Sheets that the schema does not declare.
    undeclared: Vec<String>,
}

/// A sheet whose header was found.
struct SheetTable {
    name: String,
    header_row: u64,
    layout: Layout,
}

impl Adapter for Workbook {
    fn read(
        &mut self,
        wanted: &[bool],
        mut census: Option<&mut Census>,
        visit: Visit<'_>,
    ) -> Result<(), Box<Issue>> {
        for (table, sheet) in self.sheets.iter().enumerate() {
            let Some(sheet) = sheet else { continue };
            if wanted.get(table) != Some(&true) {
                continue;
            }
            let stopped = sheet.read(&mut self.book, census.as_deref_mut(), visit)?;
            if stopped {
                return Ok(());
            }
        }
        if let Some(census) = census {
            for name in &self.undeclared {
                census.undeclared.push(Unused {
                    sheet: Some(name.clone()),
                    column: None,
                    filled: sheet::filled_cells(&mut self.book, name),
                });
            }
        }
        Ok(())
    }
}

impl SheetTable {
    /// Visits the records of the sheet; whether the visitor stopped.
    fn read(
        &self,
        book: &mut Book,
        mut census: Option<&mut Census>,
        visit: Visit<'_>,
    ) -> Result<bool, Box<Issue>> {
        let failed = |_| Box::new(damaged_sheet(&self.layout));
        let mut rows = Rows::open(book, &self.name, self.layout.epoch_1904).map_err(failed)?;
        let mut undeclared: Vec<u64> = vec![0; self.layout.headers.len()];
        while let Some(row) = rows.next().map_err(failed)? {
            if row.number <= self.header_row || row.is_blank() {
                continue;
            }
            let number = row.number;
            let fault = self.fault(&row);
            let record = Row {
                layout: &self.layout,
                cells: Cells::Sheet(row.cells),
                number,
                line: None,
                parent: None,
            };
            let flow = match fault {
                None => {
                    if let Some(census) = census.as_deref_mut() {
                        self.count(census, &record, row.cells, &mut undeclared);
                    }
                    visit(Event::Row(&record))
                }
                Some(issue) => {
                    let counts = census
                        .as_deref_mut()
                        .and_then(|census| census.tables.get_mut(self.layout.table));
                    if let Some(counts) = counts {
                        counts.unreadable += 1;
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
            };
            if flow.is_break() {
                return Ok(true);
            }
        }
        if let Some(census) = census {
            for (index, filled) in undeclared.into_iter().enumerate() {
                // A column without a header and without a value is the empty edge of the sheet.
                let named = self
                    .layout
                    .headers
                    .get(index)
                    .is_some_and(|h| !h.is_empty());
                if self.layout.positions.contains(&Some(index)) || (filled == 0 && !named) {
                    continue;
                }
                census.undeclared.push(Unused {
                    sheet: Some(self.name.clone()),
                    column: Some(crate::header::label(&self.layout.headers, index)),
                    filled,
                });
            }
        }
        Ok(false)
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

    fn count(
        &self,
        census: &mut Census,
        record: &Row<'_>,
        cells: &[SheetCell],
        undeclared: &mut Vec<u64>,
    ) {
        if let Some(counts) = census.tables.get_mut(self.layout.table) {
            counts.records += 1;
            for (column, filled) in counts.filled.iter_mut().enumerate() {
                *filled += u64::from(record.is_filled(column));
            }
        }
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
