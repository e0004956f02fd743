//! The rows of a sheet, streamed cell by cell.

use std::panic::{AssertUnwindSafe, catch_unwind};

use calamine::{DataRef, XlsxCellReader, XlsxError};

use super::Book;
use super::cell::SheetCell;
use crate::limits;

/// Why a sheet cannot be read on. The library's own message may quote a cell, so it is not kept.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Damaged;

/// Runs a call into the library that reads workbooks. Should it panic on a file that nobody thought
/// of, that file is damaged, and the process goes on.
pub(super) fn guard<T>(call: impl FnOnce() -> T) -> Result<T, Damaged> {
    catch_unwind(AssertUnwindSafe(call)).map_err(|_| Damaged)
}

/// The rows of a sheet.
pub(super) struct Rows<'b> {
    reader: XlsxCellReader<'b, std::io::BufReader<Box<dyn crate::input::ReadSeek>>>,
    epoch_1904: bool,
    cells: Vec<SheetCell>,
    /// The first cell of the row after, once it was read.
    pending: Option<(u64, usize, SheetCell)>,
    /// Whether a cell that cannot be read stood somewhere before the pending one.
    pending_damage: bool,
    last_row: u64,
    ended: bool,
}

/// One row of a sheet.
pub(super) struct SheetRow<'r> {
    /// From 1.
    pub number: u64,
    pub cells: &'r [SheetCell],
    /// Whether a cell of it, or between it and its neighbour, could not be read.
    pub is_damaged: bool,
    /// Whether it has cells beyond the limit.
    pub is_too_wide: bool,
}

impl SheetRow<'_> {
    pub(super) fn is_blank(&self) -> bool {
        !self.is_damaged && !self.is_too_wide && self.cells.iter().all(SheetCell::is_blank)
    }
}

impl<'b> Rows<'b> {
    pub(super) fn open(book: &'b mut Book, name: &str, epoch_1904: bool) -> Result<Self, Damaged> {
        let reader = guard(|| book.worksheet_cells_reader(name))?.map_err(|_| Damaged)?;
        Ok(Self {
            reader,
            epoch_1904,
            cells: Vec::new(),
            pending: None,
            pending_damage: false,
            last_row: 0,
            ended: false,
        })
    }

    /// The next row that has any cell.
    pub(super) fn next(&mut self) -> Result<Option<SheetRow<'_>>, Damaged> {
        self.cells.clear();
        let mut is_damaged = std::mem::take(&mut self.pending_damage);
        let mut is_too_wide = false;
        let mut number = 0;
        if let Some((row, column, cell)) = self.pending.take() {
            number = row;
            is_too_wide |= !put(&mut self.cells, column, cell);
        }
        while !self.ended {
            match self.cell()? {
                Step::Cell(row, column, cell) => {
                    if number == 0 {
                        number = row;
                    }
                    if row == number {
                        is_too_wide |= !put(&mut self.cells, column, cell);
                    } else if row > number {
                        self.pending = Some((row, column, cell));
                        break;
                    } else {
                        // A row that comes twice or backwards: whose cells are whose is not certain.
                        return Err(Damaged);
                    }
                    // Damage before this cell may have been in this row.
                    is_damaged |= std::mem::take(&mut self.pending_damage);
                }
                Step::Unreadable => self.pending_damage = true,
                Step::End => self.ended = true,
            }
        }
        if self.pending_damage {
            is_damaged = true;
            self.pending_damage = self.pending.is_some();
        }
        if number == 0 {
            if !is_damaged {
                return Ok(None);
            }
            number = self.last_row + 1;
        }
        self.last_row = number;
        Ok(Some(SheetRow {
            number,
            cells: &self.cells,
            is_damaged,
            is_too_wide,
        }))
    }

    fn cell(&mut self) -> Result<Step, Damaged> {
        // The formula is asked for only to tell a cell that holds one without its result from a
        // cell that holds nothing.
        match guard(|| self.reader.next_cell_with_formula_metadata())? {
            Ok(Some(cell)) => {
                let (row, column) = cell.pos;
                Ok(Step::Cell(
                    u64::from(row) + 1,
                    usize::try_from(column).unwrap_or(usize::MAX),
                    match (cell.value, cell.formula) {
                        (DataRef::Empty, Some(_)) => SheetCell::without_result(),
                        (value, _) => SheetCell::new(value, self.epoch_1904),
                    },
                ))
            }
            Ok(None) => Ok(Step::End),
            // The reader has taken the cell's value and can go on behind it.
            Err(
                XlsxError::CellError(_)
                | XlsxError::CellTAttribute(_)
                | XlsxError::ParseFloat(_)
                | XlsxError::Unexpected(_),
            ) => Ok(Step::Unreadable),
            Err(_) => Err(Damaged),
        }
    }
}

enum Step {
    Cell(u64, usize, SheetCell),
    Unreadable,
    End,
}

/// Puts a cell in its column; false when that is beyond the limit and the cell says something.
fn put(cells: &mut Vec<SheetCell>, column: usize, cell: SheetCell) -> bool {
    if cell == SheetCell::Empty {
        return true;
    }
    if column >= limits::COLUMNS {
        return cell.is_blank();
    }
    if cells.len() <= column {
        cells.resize(column + 1, SheetCell::Empty);
    }
    if let Some(place) = cells.get_mut(column) {
        *place = cell;
    }
    true
}

/// How many cells of a sheet hold something: for a sheet that is only counted. A damaged one counts
/// as far as it can be read.
pub(super) fn filled_cells(book: &mut Book, name: &str) -> u64 {
    let mut filled = 0;
    let Ok(Ok(mut reader)) = guard(|| book.worksheet_cells_reader(name)) else {
        return 0;
    };
    while let Ok(Ok(Some(cell))) = guard(|| reader.next_cell_with_formula_metadata()) {
        filled += u64::from(match &cell.value {
            DataRef::Empty => cell.formula.is_some(),
            DataRef::String(text) => !text.trim().is_empty(),
            DataRef::SharedString(text) => !text.trim().is_empty(),
            _ => true,
        });
    }
    filled
}
