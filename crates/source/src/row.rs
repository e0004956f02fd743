//! One record of a table.

use std::sync::Arc;

use diagnostics::InputPlace;

use crate::adapter::Layout;
use crate::json_tree::TreeCells;
use crate::problem::CellProblem;
use crate::typed::{Reading, typed};
use crate::value::{RawCell, Typed};
use crate::xlsx::SheetCell;

/// One record of a table, while it is being visited. Columns are asked for by their index in
/// [`crate::Table::columns`].
#[derive(Debug)]
pub struct Row<'a> {
    pub(crate) layout: &'a Layout,
    pub(crate) cells: Cells<'a>,
    pub(crate) number: u64,
    pub(crate) line: Option<u64>,
    pub(crate) parent: Option<&'a Row<'a>>,
}

/// Where a format keeps the cells of a record.
#[derive(Debug)]
pub(crate) enum Cells<'a> {
    /// One text with the end of each cell.
    Text { text: &'a str, ends: &'a [usize] },
    /// The cells of a sheet's row.
    Sheet(&'a [SheetCell]),
    /// A node of a document.
    Tree(TreeCells<'a>),
}

impl<'a> Row<'a> {
    /// The index of its table in the schema.
    pub fn table(&self) -> usize {
        self.layout.table
    }

    /// Its number as a person counts: the row of a sheet or CSV file as a spreadsheet shows it,
    /// header and blank rows included, so that a cell with line breaks is still one row; the
    /// document's number in a JSON file.
    pub fn number(&self) -> u64 {
        self.number
    }

    /// The line of the file on which it begins, where a file has lines.
    pub fn line(&self) -> Option<u64> {
        self.line
    }

    /// The record that encloses it, where its table has a parent.
    pub fn parent(&self) -> Option<&Row<'a>> {
        self.parent
    }

    /// A cell as the format gives it, missing markers applied. A denied column, and an index that
    /// the table does not have, is missing.
    pub fn raw(&self, column: usize) -> RawCell<'a> {
        match self.layout.column(column) {
            Some(declared) if !declared.deny => self.undenied(column),
            _ => RawCell::Missing,
        }
    }

    /// Whether a cell holds something: also for a denied column, whose value stays in.
    pub fn is_filled(&self, column: usize) -> bool {
        !matches!(self.undenied(column), RawCell::Missing)
    }

    fn undenied(&self, column: usize) -> RawCell<'a> {
        let Some(declared) = self.layout.column(column) else {
            return RawCell::Missing;
        };
        let raw = match &self.cells {
            Cells::Tree(tree) => match self.layout.paths.get(column) {
                Some(path) => tree.cell(path),
                None => RawCell::Missing,
            },
            Cells::Text { text, ends } => match self.position(column) {
                Some(position) => {
                    text_cell(text, ends, position).map_or(RawCell::Missing, RawCell::Text)
                }
                None => RawCell::Missing,
            },
            Cells::Sheet(cells) => self
                .position(column)
                .and_then(|position| cells.get(position))
                .map_or(RawCell::Missing, SheetCell::raw),
        };
        let markers = self.layout.markers(declared);
        match raw {
            RawCell::Text(text) if markers.is_missing(text) => RawCell::Missing,
            RawCell::Error(text) if markers.is_missing(text) => RawCell::Missing,
            RawCell::Items(items) if items.iter().all(|item| blank(item, markers)) => {
                RawCell::Missing
            }
            other => other,
        }
    }

    fn position(&self, column: usize) -> Option<usize> {
        self.layout.positions.get(column).copied().flatten()
    }

    /// A cell as its column's type reads it; `None` when it is missing.
    ///
    /// # Errors
    /// When the cell is not what its column declares.
    pub fn get(&self, column: usize) -> Result<Option<Typed<'a>>, CellProblem> {
        self.reading(column)
            .map(|reading| reading.map(|it| it.value))
    }

    /// As [`Row::get`], with the warning that the value may carry.
    ///
    /// # Errors
    /// As [`Row::get`].
    pub fn reading(&self, column: usize) -> Result<Option<Reading<'a>>, CellProblem> {
        let Some(declared) = self.layout.column(column) else {
            return Ok(None);
        };
        typed(
            &declared.kind,
            self.raw(column),
            self.layout.markers(declared),
            self.layout.zone(),
            self.layout.epoch_1904,
        )
    }

    /// Its place.
    pub fn place(&self) -> InputPlace {
        let mut place = self.layout.place();
        match &self.cells {
            Cells::Tree(tree) => {
                place.row = self.line.filter(|_| tree.by_line);
                place.pointer = Some(tree.pointer());
            }
            _ => place.row = Some(self.number),
        }
        place
    }

    /// The place of one of its cells.
    pub fn cell_place(&self, column: usize) -> InputPlace {
        let mut place = self.place();
        match &self.cells {
            Cells::Tree(_) => {
                if let (Some(pointer), Some(path)) =
                    (&mut place.pointer, self.layout.paths.get(column))
                {
                    path.append_to(pointer);
                }
            }
            _ => place.column = self.layout.names.get(column).map(Arc::clone),
        }
        place
    }

    /// The record as it was read, as compact JSON: header to text for a row, the record itself for
    /// a document. Denied values are left out wherever they are.
    pub fn raw_json(&self) -> String {
        match &self.cells {
            Cells::Tree(tree) => tree.raw_json(),
            Cells::Text { text, ends } => {
                let count = self.layout.headers.len().max(ends.len());
                self.object(count, |index| {
                    text_cell(text, ends, index)
                        .filter(|cell| !cell.is_empty())
                        .map(json::Value::from)
                })
            }
            Cells::Sheet(cells) => self.object(cells.len(), |index| {
                cells.get(index).and_then(SheetCell::to_json)
            }),
        }
    }

    fn object(&self, count: usize, cell: impl Fn(usize) -> Option<json::Value>) -> String {
        let mut object = json::Object::with_capacity(count);
        for index in 0..count {
            if self.layout.denied.get(index).copied().unwrap_or(false) {
                continue;
            }
            let Some(value) = cell(index) else { continue };
            let name = crate::header::label(&self.layout.headers, index);
            // A name that occurs twice would hide the first cell.
            let name = if object.contains(&name) {
                format!("{name} ({})", crate::header::letters(index))
            } else {
                name
            };
            object.insert(name, value);
        }
        json::Value::from(object).to_string()
    }
}

pub(crate) fn text_cell<'t>(text: &'t str, ends: &[usize], index: usize) -> Option<&'t str> {
    let end = *ends.get(index)?;
    let start = match index.checked_sub(1) {
        Some(before) => *ends.get(before)?,
        None => 0,
    };
    text.get(start..end)
}

pub(crate) fn blank(value: &json::Value, markers: &crate::schema::Markers) -> bool {
    match value {
        json::Value::Null => true,
        json::Value::String(text) => markers.is_missing(text),
        json::Value::Array(items) => items.iter().all(|item| blank(item, markers)),
        _ => false,
    }
}
