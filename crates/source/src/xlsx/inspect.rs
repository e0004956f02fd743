//! A workbook that no schema describes: each sheet with a header row is a table.

use std::io::BufReader;

use calamine::{Reader as _, SheetType, SheetVisible, Xlsx};
use diagnostics::{InputPlace, Issue, IssueType};

use super::sheet::{Rows, guard};
use super::{Book, SheetCell, archive, damaged};
use crate::codes;
use crate::input::Input;
use crate::inspect::{Head, Look, Seen, Sheet, find_header, no_header};
use crate::limits;
use crate::text::unreadable;
use crate::value::RawCell;

/// A workbook whose header rows were found.
pub(crate) struct Plain {
    book: Book,
    place: InputPlace,
    pub epoch_1904: bool,
}

impl std::fmt::Debug for Plain {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Plain")
            .field("place", &self.place)
            .finish_non_exhaustive()
    }
}

pub(crate) fn open(input: &Input) -> Result<(Plain, Vec<Sheet>, Vec<Issue>), Vec<Issue>> {
    let place = InputPlace::file(input.name().as_ref());
    archive::check(input, &place)?;
    let reader = input
        .open()
        .map_err(|error| vec![unreadable(&error, place.clone())])?;
    let mut book: Book = guard(|| Xlsx::new(BufReader::new(reader)))
        .map_err(|_| vec![damaged(place.clone())])?
        .map_err(|error| vec![super::opening::book_issue(&error, &place)])?;
    let epoch_1904 = book.has_1904_epoch();
    let names: Vec<(String, bool)> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible != SheetVisible::Visible))
        .collect();
    let mut sheets = Vec::new();
    let mut issues = Vec::new();
    for (name, hidden) in names {
        let at = place.clone().sheet(name.as_str());
        if hidden {
            issues.push(
                Issue::information(codes::HIDDEN_SHEET, "the sheet is hidden").at_input(at.clone()),
            );
        }
        let rows =
            first_rows(&mut book, &name, epoch_1904).map_err(|_| vec![damaged(at.clone())])?;
        if rows.is_empty() {
            continue;
        }
        match find_header(&rows) {
            Some(Head {
                row,
                headers,
                titled,
            }) => sheets.push(Sheet {
                name: Some(name),
                hidden,
                header_row: row,
                titled,
                headers,
            }),
            None => {
                let mut issue = no_header(at);
                issue.severity = diagnostics::Severity::Warning;
                issues.push(issue);
            }
        }
    }
    if sheets.is_empty() {
        let mut errors: Vec<Issue> = issues
            .into_iter()
            .filter(|issue| issue.code == codes::NO_HEADER)
            .collect();
        if errors.is_empty() {
            errors.push(
                Issue::error(
                    codes::EMPTY,
                    IssueType::Incomplete,
                    "no sheet of the workbook has anything in it",
                )
                .help("export it again")
                .at_input(place),
            );
        }
        for issue in &mut errors {
            issue.severity = diagnostics::Severity::Error;
        }
        return Err(errors);
    }
    let plain = Plain {
        book,
        place,
        epoch_1904,
    };
    Ok((plain, sheets, issues))
}

fn first_rows(
    book: &mut Book,
    sheet: &str,
    epoch_1904: bool,
) -> Result<Vec<(u64, Vec<String>)>, super::sheet::Damaged> {
    let mut rows = Rows::open(book, sheet, epoch_1904)?;
    let mut first = Vec::new();
    while let Some(row) = rows.next()? {
        if row.number > limits::HEADER_ROWS {
            break;
        }
        if !row.is_blank() && !row.is_damaged {
            let cells = row.cells.iter().map(SheetCell::as_text).collect();
            first.push((row.number, cells));
        }
    }
    Ok(first)
}

impl Plain {
    pub(crate) fn read(&mut self, sheets: &[Sheet], look: Look<'_>) -> Result<(), Box<Issue>> {
        for (index, sheet) in sheets.iter().enumerate() {
            let Some(name) = &sheet.name else { continue };
            let failed = |_| Box::new(damaged(self.place.clone().sheet(name.as_str())));
            let mut rows = Rows::open(&mut self.book, name, self.epoch_1904).map_err(failed)?;
            while let Some(row) = rows.next().map_err(failed)? {
                if row.number <= sheet.header_row || row.is_blank() {
                    continue;
                }
                if row.is_damaged || row.is_too_wide {
                    look(Seen::Unreadable { sheet: index });
                    continue;
                }
                let cells: Vec<RawCell<'_>> = row
                    .cells
                    .iter()
                    .map(|cell| {
                        if cell.is_blank() {
                            RawCell::Missing
                        } else {
                            cell.raw()
                        }
                    })
                    .collect();
                look(Seen::Row {
                    sheet: index,
                    row: row.number,
                    cells: &cells,
                });
            }
        }
        Ok(())
    }
}
