//! Reads an export again, apart from Causeway's own readers, so that neither can hide a cell.

use std::collections::BTreeMap;
use std::io::Cursor;

use calamine::{Data, Reader, Xlsx};
use samples::{Format, Verdict, carehome_xlsx, cld_r1};

/// A cell with something in it, and where it is.
#[derive(Debug)]
pub struct Cell {
    pub sheet: Option<String>,
    /// As a person counts rows, the header included; in JSON the document.
    pub row: u64,
    /// The header; in JSON the path without the numbers of list items.
    pub column: String,
    pub value: String,
}

impl Cell {
    /// The mapping's name of the column; in JSON that is the last part of the path.
    pub fn name(&self, format: Format) -> &str {
        match format {
            Format::ModsJson => self.column.rsplit('.').next().unwrap_or(&self.column),
            Format::CldR1 | Format::GenericCarehomeXlsx => &self.column,
        }
    }

    /// The mapping's name of the table, where there are several.
    pub fn table(&self) -> Option<String> {
        match &self.sheet {
            Some(sheet) => Some(sheet.to_lowercase()),
            None => {
                let (table, _) = self.column.split_once('.')?;
                Some(match table {
                    "subjectOfCare" | "careOrganisation" | "aboutMe" => "record".to_owned(),
                    "proxy" => "proxies".to_owned(),
                    other => other.to_owned(),
                })
            }
        }
    }

    /// The ways in which a resource may hold the value.
    pub fn forms(&self) -> Vec<String> {
        let value = self.value.trim();
        let mut forms = vec![value.to_owned()];
        let digits: String = value.chars().filter(char::is_ascii_digit).collect();
        if digits.len() == 10 {
            forms.push(digits);
        }
        if let [day, month, rest] = value.splitn(3, '/').collect::<Vec<_>>()[..]
            && let Some(year) = rest.get(..4)
        {
            let time = rest
                .get(5..)
                .map(|time| format!("T{time}"))
                .unwrap_or_default();
            forms.push(format!("{year}-{month}-{day}{time}"));
        }
        // A list is shown item by item.
        if let Some((first, _)) = value.split_once(';') {
            forms.push(first.trim().to_owned());
        }
        forms
    }
}

fn blank(format: Format, value: &str) -> bool {
    let value = value.trim().to_lowercase();
    match format {
        Format::CldR1 => value.is_empty() || value == "null",
        Format::ModsJson => value.is_empty(),
        Format::GenericCarehomeXlsx => ["", "n/a", "-", "nil"].contains(&value.as_str()),
    }
}

/// Every cell that holds something.
pub fn cells(format: Format, bytes: &[u8]) -> Vec<Cell> {
    let mut cells = match format {
        Format::CldR1 => csv_cells(bytes),
        Format::ModsJson => json_cells(bytes),
        Format::GenericCarehomeXlsx => workbook_cells(bytes),
    };
    cells.retain(|cell| !blank(format, &cell.value));
    cells
}

fn csv_cells(bytes: &[u8]) -> Vec<Cell> {
    let mut reader = csv::ReaderBuilder::new().from_reader(bytes);
    let mut cells = Vec::new();
    for (row, record) in (2..).zip(reader.records()) {
        for (column, value) in record.unwrap().iter().enumerate() {
            cells.push(Cell {
                sheet: None,
                row,
                // The header may be a variant; the order never is.
                column: cld_r1::header::HEADER[column].to_owned(),
                value: value.to_owned(),
            });
        }
    }
    cells
}

fn json_cells(bytes: &[u8]) -> Vec<Cell> {
    fn walk(value: &json::Value, path: &str, row: u64, cells: &mut Vec<Cell>) {
        match value {
            json::Value::Object(object) => {
                for (name, value) in object.iter() {
                    let path = match path {
                        "" => name.to_owned(),
                        path => format!("{path}.{name}"),
                    };
                    walk(value, &path, row, cells);
                }
            }
            json::Value::Array(items) => items.iter().for_each(|item| walk(item, path, row, cells)),
            json::Value::Null => {}
            leaf => cells.push(Cell {
                sheet: None,
                row,
                column: path.to_owned(),
                value: leaf
                    .as_str()
                    .map_or_else(|| leaf.to_string(), str::to_owned),
            }),
        }
    }
    let text = std::str::from_utf8(bytes).unwrap();
    let mut cells = Vec::new();
    for (row, line) in (1..).zip(text.lines()) {
        walk(&json::parse(line.as_bytes()).unwrap(), "", row, &mut cells);
    }
    cells
}

/// The sheets that have records, with the position of their header row.
fn workbook(bytes: &[u8]) -> Vec<(String, u64, calamine::Range<Data>)> {
    let mut book: Xlsx<_> = Xlsx::new(Cursor::new(bytes)).unwrap();
    let mut sheets = Vec::new();
    for name in book.sheet_names() {
        let range = book.worksheet_range(&name).unwrap();
        let first = match carehome_xlsx::HEADERS
            .iter()
            .find(|(sheet, _)| *sheet == name)
        {
            Some((_, header)) => header[0],
            None if name == "Settings" => "Setting",
            None => continue,
        };
        let header = range
            .rows()
            .position(|row| row.first() == Some(&Data::String(first.to_owned())))
            .unwrap();
        sheets.push((name, header as u64, range));
    }
    sheets
}

fn workbook_cells(bytes: &[u8]) -> Vec<Cell> {
    let mut cells = Vec::new();
    for (sheet, header, range) in workbook(bytes) {
        let names: Vec<String> = range
            .rows()
            .nth(header as usize)
            .unwrap()
            .iter()
            .map(ToString::to_string)
            .collect();
        for (at, row) in (0u64..).zip(range.rows()).skip(header as usize + 1) {
            for (column, value) in names.iter().zip(row) {
                let value = match value {
                    Data::DateTime(moment) => {
                        let (year, month, day, hour, minute, ..) = moment.to_ymd_hms_milli();
                        match (hour, minute) {
                            (0, 0) => format!("{year:04}-{month:02}-{day:02}"),
                            _ => format!("{year:04}-{month:02}-{day:02}T{hour:02}:{minute:02}"),
                        }
                    }
                    other => other.to_string(),
                };
                cells.push(Cell {
                    sheet: Some(sheet.clone()),
                    row: at + 1,
                    column: column.clone(),
                    value,
                });
            }
        }
    }
    cells
}

/// Where the records of a truth file stand in the export.
pub struct Places(BTreeMap<String, u64>);

impl Places {
    pub fn new(format: Format, bytes: &[u8]) -> Self {
        Self(match format {
            Format::GenericCarehomeXlsx => workbook(bytes)
                .into_iter()
                .map(|(sheet, header, _)| (sheet, header + 1))
                .collect(),
            Format::CldR1 => BTreeMap::from([(String::new(), 1)]),
            Format::ModsJson => BTreeMap::from([(String::new(), 0)]),
        })
    }

    /// The row as a person counts, the header included; in JSON the line.
    pub fn of(&self, verdict: &Verdict) -> (Option<String>, u64) {
        let sheet = verdict.table.filter(|table| self.0.contains_key(*table));
        let before = self.0[sheet.unwrap_or_default()];
        (sheet.map(str::to_owned), before + verdict.record)
    }
}
