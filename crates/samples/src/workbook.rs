//! Writing XLSX workbooks: cells as Excel keeps them, and workbooks written down as text.

use rust_xlsxwriter::{DocProperties, ExcelDateTime, Format, Formula, Workbook};

use crate::Error;

/// A cell as Excel keeps it.
#[derive(Debug, Clone, PartialEq)]
pub enum Cell {
    /// Nothing.
    Blank,
    /// Text.
    Text(String),
    /// A number; Excel has no other kind than a double.
    Number(f64),
    /// A real date: year, month, day.
    Date(u16, u8, u8),
    /// A real date with a time: year, month, day, hour, minute.
    DateTime(u16, u8, u8, u16, u8),
    /// A formula with the result that Excel stored beside it.
    Formula(String, String),
}

impl Cell {
    /// Text, or nothing for an empty one.
    pub fn text(text: impl Into<String>) -> Self {
        let text = text.into();
        if text.is_empty() {
            Self::Blank
        } else {
            Self::Text(text)
        }
    }

    /// A real date.
    pub fn date(day: jiff::civil::Date) -> Self {
        Self::Date(
            day.year().unsigned_abs(),
            day.month().unsigned_abs(),
            day.day().unsigned_abs(),
        )
    }
}

/// A sheet.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Sheet {
    /// Its name on the tab.
    pub name: String,
    /// Whether Excel hides it.
    pub hidden: bool,
    /// Rows from the top, headers among them.
    pub rows: Vec<Vec<Cell>>,
    /// Ranges whose cells are merged, as (first row, first column, last row, last column) from 0. Their
    /// text is that of the first cell.
    pub merged: Vec<(u32, u16, u32, u16)>,
}

/// The workbook as bytes. The same sheets give the same bytes.
///
/// # Errors
/// When a sheet has a name or a size that the format does not allow.
pub fn write(sheets: &[Sheet]) -> Result<Vec<u8>, Error> {
    let mut workbook = Workbook::new();
    // The only thing in the file that would otherwise tell one run from the next.
    let created = ExcelDateTime::from_ymd(2026, 10, 1)?;
    workbook.set_properties(&DocProperties::new().set_creation_datetime(&created));
    let date = Format::new().set_num_format("dd/mm/yyyy");
    let time = Format::new().set_num_format("dd/mm/yyyy hh:mm");
    let plain = Format::new();
    for sheet in sheets {
        let worksheet = workbook.add_worksheet();
        worksheet.set_name(&sheet.name)?;
        worksheet.set_hidden(sheet.hidden);
        for range in &sheet.merged {
            let (row, column, last_row, last_column) = *range;
            let text = match cell(&sheet.rows, row, column) {
                Some(Cell::Text(text)) => text.as_str(),
                _ => "",
            };
            worksheet.merge_range(row, column, last_row, last_column, text, &plain)?;
        }
        for (row, cells) in (0u32..).zip(&sheet.rows) {
            for (column, cell) in (0u16..).zip(cells) {
                if sheet.merged.iter().any(|range| within(*range, row, column)) {
                    continue;
                }
                match cell {
                    Cell::Blank => {}
                    Cell::Text(text) => {
                        worksheet.write_string(row, column, text)?;
                    }
                    Cell::Number(number) => {
                        worksheet.write_number(row, column, *number)?;
                    }
                    Cell::Date(year, month, day) => {
                        let day = ExcelDateTime::from_ymd(*year, *month, *day)?;
                        worksheet.write_datetime_with_format(row, column, &day, &date)?;
                    }
                    Cell::DateTime(year, month, day, hour, minute) => {
                        let moment = ExcelDateTime::from_ymd(*year, *month, *day)?
                            .and_hms(*hour, *minute, 0.0)?;
                        worksheet.write_datetime_with_format(row, column, &moment, &time)?;
                    }
                    Cell::Formula(formula, result) => {
                        let formula = Formula::new(formula).set_result(result);
                        worksheet.write_formula(row, column, formula)?;
                    }
                }
            }
        }
    }
    Ok(workbook.save_to_buffer()?)
}

fn cell(rows: &[Vec<Cell>], row: u32, column: u16) -> Option<&Cell> {
    rows.get(row as usize)?.get(usize::from(column))
}

fn within((top, left, bottom, right): (u32, u16, u32, u16), row: u32, column: u16) -> bool {
    (top..=bottom).contains(&row) && (left..=right).contains(&column)
}
