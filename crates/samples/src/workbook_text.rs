//! A small workbook written as text, so that a test case or a shipped sample can be read and
//! reviewed where a workbook is a closed box.
//!
//! The text may stand in a Markdown page: where a page has fenced blocks, only what is in them counts.
//!
//! ```text
//! == sheet: Residents
//! Pretend Lodge, residents
//! ID,Last Name,DOB,NHS Number
//! 1,Testwood,date:1938-02-14,num:9990000018
//! == sheet: Old (hidden)
//! == merge: A1:D1
//! ```
//!
//! A sheet begins with `== sheet: NAME`, and ` (hidden)` after the name hides it; `== merge: A1:D1`
//! anywhere below merges cells of that sheet. All other lines are CSV, a row a record (an empty line
//! is an empty row). A cell is text unless it begins with `num:`, `date:` (ISO), `time:` (ISO, to the
//! minute) or `formula:` (the formula, ` => `, its stored result). Lines that begin with `##` say
//! something to the reader.

use crate::Error;
use crate::workbook::{self, Cell, Sheet};

/// The workbook as bytes.
///
/// # Errors
/// With the line, where the text is not understood.
pub fn workbook_from_text(text: &str) -> Result<Vec<u8>, Error> {
    workbook::write(&sheets(text)?)
}

/// The sheets that a text describes.
///
/// # Errors
/// With the line, where the text is not understood.
pub fn sheets(text: &str) -> Result<Vec<Sheet>, Error> {
    let mut sheets: Vec<Sheet> = Vec::new();
    let page = text.lines().any(fence);
    let mut outside = page;
    let mut lines = (1..).zip(text.lines());
    while let Some((number, line)) = lines.next() {
        if fence(line) {
            outside = !outside;
            continue;
        }
        if outside || line.starts_with("##") {
            continue;
        }
        if let Some(name) = line.strip_prefix("== sheet:") {
            let name = name.trim();
            let (name, hidden) = match name.strip_suffix("(hidden)") {
                Some(name) => (name.trim_end(), true),
                None => (name, false),
            };
            sheets.push(Sheet {
                name: name.to_owned(),
                hidden,
                ..Sheet::default()
            });
            continue;
        }
        let Some(sheet) = sheets.last_mut() else {
            return Err(wrong(
                number,
                "a row stands before the first `== sheet: NAME`",
            ));
        };
        if let Some(range) = line.strip_prefix("== merge:") {
            let range = merged(range.trim()).ok_or_else(|| {
                wrong(number, "a merge is written as two cells, for example A1:D1")
            })?;
            sheet.merged.push(range);
            continue;
        }
        // A quoted cell may run over several lines.
        let mut record = line.to_owned();
        while record.matches('"').count() % 2 == 1 {
            let Some((_, more)) = lines.next() else {
                return Err(wrong(number, "a quoted cell is not closed"));
            };
            record.push('\n');
            record.push_str(more);
        }
        sheet.rows.push(row(number, &record)?);
    }
    Ok(sheets)
}

fn fence(line: &str) -> bool {
    line.starts_with("```")
}

fn row(number: usize, record: &str) -> Result<Vec<Cell>, Error> {
    if record.is_empty() {
        return Ok(Vec::new());
    }
    let mut reader = csv::ReaderBuilder::new()
        .has_headers(false)
        .from_reader(record.as_bytes());
    let mut cells = Vec::new();
    for found in reader.records() {
        let found = found.map_err(|error| wrong(number, &error.to_string()))?;
        for text in &found {
            let cell = cell(text).ok_or_else(|| {
                wrong(
                    number,
                    "a cell begins with num:, date:, time: or formula: and cannot be read so",
                )
            })?;
            cells.push(cell);
        }
    }
    Ok(cells)
}

fn cell(text: &str) -> Option<Cell> {
    if let Some(number) = text.strip_prefix("num:") {
        return number.parse().ok().map(Cell::Number);
    }
    if let Some(date) = text.strip_prefix("date:") {
        return date.parse().ok().map(Cell::date);
    }
    if let Some(time) = text.strip_prefix("time:") {
        let time: jiff::civil::DateTime = time.parse().ok()?;
        return Some(Cell::DateTime(
            time.year().unsigned_abs(),
            time.month().unsigned_abs(),
            time.day().unsigned_abs(),
            u16::from(time.hour().unsigned_abs()),
            time.minute().unsigned_abs(),
        ));
    }
    if let Some(formula) = text.strip_prefix("formula:") {
        let (formula, result) = formula.split_once(" => ")?;
        return Some(Cell::Formula(formula.to_owned(), result.to_owned()));
    }
    Some(Cell::text(text))
}

fn merged(range: &str) -> Option<(u32, u16, u32, u16)> {
    let (from, to) = range.split_once(':')?;
    let ((top, left), (bottom, right)) = (corner(from)?, corner(to)?);
    (top <= bottom && left <= right).then_some((top, left, bottom, right))
}

fn corner(name: &str) -> Option<(u32, u16)> {
    let digits = name.find(|letter: char| letter.is_ascii_digit())?;
    let (letters, row) = name.split_at_checked(digits)?;
    let mut column = 0u16;
    for letter in letters.bytes() {
        if !letter.is_ascii_uppercase() {
            return None;
        }
        column = column
            .checked_mul(26)?
            .checked_add(u16::from(letter - b'A') + 1)?;
    }
    Some((
        row.parse::<u32>().ok()?.checked_sub(1)?,
        column.checked_sub(1)?,
    ))
}

fn wrong(line: usize, what: &str) -> Error {
    Error::WorkbookText {
        line,
        what: what.to_owned(),
    }
}
