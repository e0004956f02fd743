//! Opening a workbook: its sheets and their header rows.

use std::io::BufReader;
use std::sync::Arc;

use calamine::{Reader as _, SheetType, SheetVisible, Xlsx, XlsxError};
use diagnostics::{InputPlace, Issue, IssueType};

use super::sheet::{Rows, guard};
use super::{Book, SheetCell, SheetTable, Workbook, archive, damaged};
use crate::adapter::Found;
use crate::codes;
use crate::csv_table::{absent_names, no_header, no_records};
use crate::header::{Matched, find_columns, is_header, letters};
use crate::input::Input;
use crate::label::{nearest, normalise_header};
use crate::limits;
use crate::opened::TableFound;
use crate::schema::{Schema, Table};
use crate::text::{unreadable, wrong_format};

pub(crate) fn open(input: &Input, schema: &Arc<Schema>) -> Result<Found, Vec<Issue>> {
    let place = InputPlace::file(input.name().as_ref());
    archive::check(input, &place)?;
    let reader = input
        .open()
        .map_err(|error| vec![unreadable(&error, place.clone())])?;
    let mut book: Book = guard(|| Xlsx::new(BufReader::new(reader)))
        .map_err(|_| vec![damaged(place.clone())])?
        .map_err(|error| vec![book_issue(&error, &place)])?;
    let epoch_1904 = book.has_1904_epoch();
    let sheets: Vec<(String, bool)> = book
        .sheets_metadata()
        .iter()
        .filter(|sheet| sheet.typ == SheetType::WorkSheet)
        .map(|sheet| (sheet.name.clone(), sheet.visible == SheetVisible::Visible))
        .collect();

    let mut issues = hidden(&sheets, &place);
    let mut errors = Vec::new();
    let mut tables = Vec::new();
    let mut found = Vec::new();
    let chosen: Vec<Option<&str>> = schema
        .tables
        .iter()
        .map(|table| find_sheet(table.sheet_name(), &sheets))
        .collect();
    if chosen.iter().all(Option::is_none) {
        return Err(vec![wrong_workbook(schema, sheets.len(), place)]);
    }
    for (index, (table, sheet)) in schema.tables.iter().zip(&chosen).enumerate() {
        let Some(sheet) = sheet else {
            let names = sheets.iter().map(|(name, _)| name.as_str());
            let issue = no_sheet(table, nearest(table.sheet_name(), names), place.clone());
            if table.optional {
                issues.push(issue);
            } else {
                errors.push(issue);
            }
            tables.push(None);
            found.push(TableFound {
                columns: vec![None; table.columns.len()],
                ..TableFound::default()
            });
            continue;
        };
        match open_sheet(&mut book, schema, index, sheet, epoch_1904, &place) {
            Ok((sheet, more)) => {
                issues.extend(more);
                found.push(TableFound::of(&sheet.layout, sheet.header_row));
                tables.push(Some(Arc::new(sheet)));
            }
            Err(more) => errors.extend(more),
        }
    }
    if !errors.is_empty() {
        return Err(errors);
    }
    let undeclared = sheets
        .iter()
        .map(|(name, _)| name)
        .filter(|name| !chosen.contains(&Some(name.as_str())))
        .cloned()
        .collect();
    Ok(Found {
        adapter: Box::new(Workbook {
            book,
            sheets: tables,
            undeclared,
        }),
        tables: found,
        issues,
    })
}

fn open_sheet(
    book: &mut Book,
    schema: &Arc<Schema>,
    index: usize,
    sheet: &str,
    epoch_1904: bool,
    place: &InputPlace,
) -> Result<(SheetTable, Vec<Issue>), Vec<Issue>> {
    let place = place.clone().sheet(sheet);
    let failed = |_| vec![damaged(place.clone())];
    let Some(table) = schema.tables.get(index) else {
        return Err(vec![crate::header::no_such_table(place)]);
    };
    let mut rows = Rows::open(book, sheet, epoch_1904).map_err(failed)?;
    let mut header = None;
    let mut closest: Option<(u64, Vec<String>)> = None;
    while let Some(row) = rows.next().map_err(failed)? {
        if row.number > limits::HEADER_ROWS {
            break;
        }
        let cells: Vec<String> = row.cells.iter().map(SheetCell::as_text).collect();
        if is_header(table, cells.iter().map(String::as_str)) {
            header = Some((row.number, cells));
            break;
        }
        if let Some(absent) = absent_names(table, &cells)
            && closest
                .as_ref()
                .is_none_or(|(_, best)| absent.len() < best.len())
        {
            closest = Some((row.number, absent));
        }
    }
    let Some((header_row, mut headers)) = header else {
        return Err(vec![no_header(table, closest, place, "sheet")]);
    };
    let mut any_record = false;
    while let Some(row) = rows.next().map_err(failed)? {
        if !row.is_blank() {
            any_record = true;
            break;
        }
    }
    drop(rows);
    while headers
        .last()
        .is_some_and(|header| header.trim().is_empty())
    {
        headers.pop();
    }
    let Matched { layout, mut issues } = find_columns(
        schema,
        index,
        headers,
        place.clone().row(header_row),
        epoch_1904,
    )?;
    issues.extend(merged(book, sheet, header_row, &place));
    if !any_record {
        issues.push(no_records(place));
    }
    let sheet = SheetTable {
        name: sheet.to_owned(),
        header_row,
        layout,
    };
    Ok((sheet, issues))
}

/// The sheet of a name: exactly it, or the only one that differs in case, spaces and punctuation.
fn find_sheet<'s>(name: &str, sheets: &'s [(String, bool)]) -> Option<&'s str> {
    if let Some((sheet, _)) = sheets.iter().find(|(sheet, _)| sheet == name) {
        return Some(sheet);
    }
    let wanted = normalise_header(name);
    let mut like = sheets
        .iter()
        .filter(|(sheet, _)| normalise_header(sheet) == wanted);
    match (like.next(), like.next()) {
        (Some((sheet, _)), None) => Some(sheet),
        _ => None,
    }
}

fn hidden(sheets: &[(String, bool)], place: &InputPlace) -> Vec<Issue> {
    sheets
        .iter()
        .filter(|(_, visible)| !visible)
        .map(|(name, _)| {
            Issue::information(
                codes::HIDDEN_SHEET,
                "the sheet is hidden; it is read like any other if the mapping declares it",
            )
            .at_input(place.clone().sheet(name.as_str()))
        })
        .collect()
}

/// Merged cells below the header. Only the first of them has the value; that the others mean the
/// same is likely and not certain, so they stay blank.
fn merged(book: &mut Book, sheet: &str, header_row: u64, place: &InputPlace) -> Option<Issue> {
    let regions = guard(|| book.merge_cells_by_sheet_name(sheet)).ok()?.ok()?;
    let below: Vec<_> = regions
        .iter()
        .filter(|region| u64::from(region.start.0) >= header_row)
        .collect();
    let first = below.first()?;
    let column = |index: u32| letters(usize::try_from(index).unwrap_or(usize::MAX));
    Some(
        Issue::warning(
            codes::MERGED_CELLS,
            IssueType::Structure,
            format!(
                "{} groups of cells below the header are merged, the first of them {}{}:{}{}; only the first cell of a group has its value",
                below.len(),
                column(first.start.1),
                first.start.0 + 1,
                column(first.end.1),
                first.end.0 + 1,
            ),
        )
        .help("unmerge the cells and fill in each of them")
        .at_input(place.clone().row(u64::from(first.start.0) + 1)),
    )
}

fn no_sheet(table: &Table, near: Option<&str>, place: InputPlace) -> Issue {
    let name = table.sheet_name();
    let message = match near {
        Some(near) => format!("the workbook has no sheet \"{name}\"; it has one called \"{near}\""),
        None => format!("the workbook has no sheet \"{name}\""),
    };
    let issue = if table.optional {
        Issue::information(codes::NO_SHEET, message)
    } else {
        Issue::error(codes::NO_SHEET, IssueType::Required, message)
    };
    issue
        .help("name the sheet as the mapping does, or change its name in the mapping")
        .at_input(place)
}

fn wrong_workbook(schema: &Schema, sheets: usize, place: InputPlace) -> Issue {
    let names: Vec<String> = schema
        .tables
        .iter()
        .map(|table| format!("\"{}\"", table.sheet_name()))
        .collect();
    Issue::error(
        codes::WRONG_FILE,
        IssueType::Structure,
        format!(
            "this is a workbook, but not one that the mapping describes: none of its {sheets} sheets is known"
        ),
    )
    .help(format!(
        "choose the mapping that fits the file; this one reads the sheets {}",
        names.join(", ")
    ))
    .at_input(place)
}

pub(super) fn book_issue(error: &XlsxError, place: &InputPlace) -> Issue {
    match error {
        XlsxError::Password => {
            let mut issue = damaged(place.clone());
            issue.code = codes::ENCRYPTED.into();
            issue.kind = IssueType::NotSupported;
            "the workbook is protected by a password, so it cannot be read"
                .clone_into(&mut issue.message);
            issue.help("remove the password and send it by a protected way")
        }
        XlsxError::FileNotFound(_) | XlsxError::RelationshipNotFound => wrong_format(
            "a ZIP archive, not an Excel workbook",
            "XLSX",
            place.clone(),
        ),
        _ => damaged(place.clone()),
    }
}
