//! Reading a file that no schema describes: what a first mapping is drafted from.
//!
//! [`inspect`] finds out a file's format, its separator or sheets, and its header rows;
//! [`Inspected::read`] then hands out one row or document at a time. Nothing is interpreted and no
//! more than one record is held.

mod header;

use diagnostics::{InputPlace, Issue, IssueType};

use crate::codes;
use crate::csv_table::inspect as csv;
use crate::input::Input;
use crate::json_tree::inspect as tree;
use crate::schema::Format;
use crate::sniff;
use crate::text::{TextFile, unreadable};
use crate::value::RawCell;
use crate::xlsx::inspect as workbook;

pub(crate) use header::{Head, Rows, find as find_header};

/// A file that was looked at without a schema.
#[derive(Debug)]
pub struct Inspected {
    /// Its format, with the separator that fits it best.
    pub format: Format,
    /// Its tables: one of a CSV file, one for each sheet of a workbook in which a header was found,
    /// none of a JSON file, whose tables are seen only in its documents.
    pub sheets: Vec<Sheet>,
    /// What somebody should know: an encoding that had to be found out, a hidden sheet, a sheet
    /// without a header.
    pub issues: Vec<Issue>,
    source: Source,
}

/// A table with a header row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sheet {
    /// The sheet's name; nothing for a CSV file.
    pub name: Option<String>,
    /// Whether the workbook hides it.
    pub hidden: bool,
    /// The row of the header, from 1.
    pub header_row: u64,
    /// Whether a row with something in it stands above the header.
    pub titled: bool,
    /// The headers without the spaces round them, in the file's order. Blank where there is none.
    pub headers: Vec<String>,
}

/// One thing that reading meets.
#[derive(Debug)]
pub enum Seen<'a> {
    /// A row below the header that is not blank. It may have fewer cells than the header.
    Row {
        /// The index of its table in [`Inspected::sheets`].
        sheet: usize,
        /// Its number, from 1, as a spreadsheet shows it.
        row: u64,
        /// Its cells as the format gives them; blank ones are [`RawCell::Missing`].
        cells: &'a [RawCell<'a>],
    },
    /// A document.
    Document(&'a json::Value),
    /// A row or document that cannot be read as one.
    Unreadable {
        /// The index of its table; 0 for a document.
        sheet: usize,
    },
}

/// The function that reading hands its records to.
pub(crate) type Look<'v> = &'v mut dyn FnMut(Seen<'_>);

#[derive(Debug)]
enum Source {
    Csv(csv::Plain),
    Workbook(Box<workbook::Plain>),
    Documents(tree::Plain),
}

/// Looks at a file without a schema.
///
/// # Errors
/// When it cannot be read, is empty, is of no format that Causeway reads, or has no row that looks
/// like a header.
pub fn inspect(input: &Input) -> Result<Inspected, Vec<Issue>> {
    let place = InputPlace::file(input.name().as_ref());
    let mut head = [0; 4];
    let mut reader = input
        .open()
        .map_err(|error| vec![unreadable(&error, place.clone())])?;
    let length = crate::text::fill(&mut *reader, &mut head)
        .map_err(|error| vec![unreadable(&error, place.clone())])?;
    if head.get(..length) == Some(b"PK\x03\x04".as_slice()) {
        let (plain, sheets, issues) = workbook::open(input)?;
        return Ok(Inspected {
            format: Format::Xlsx,
            sheets,
            issues,
            source: Source::Workbook(Box::new(plain)),
        });
    }
    let (file, issues) = TextFile::look(input, "CSV, XLSX or JSON").map_err(unmapped)?;
    if sniff::looks_like_json(&file.head) {
        let (plain, lines) = tree::open(file, &place)?;
        return Ok(Inspected {
            format: Format::Json { lines },
            sheets: Vec::new(),
            issues,
            source: Source::Documents(plain),
        });
    }
    let (plain, sheet) = csv::open(file, place)?;
    Ok(Inspected {
        format: Format::Csv {
            delimiters: vec![plain.delimiter],
        },
        sheets: vec![sheet],
        issues,
        source: Source::Csv(plain),
    })
}

impl Inspected {
    /// Reads the whole file, from its beginning, each time it is called.
    ///
    /// # Errors
    /// When the rest of the file cannot be read. What was handed out before stands.
    pub fn read(&mut self, look: &mut dyn FnMut(Seen<'_>)) -> Result<(), Box<Issue>> {
        match &mut self.source {
            Source::Csv(plain) => plain.read(look),
            Source::Workbook(plain) => plain.read(&self.sheets, look),
            Source::Documents(plain) => plain.read(look),
        }
    }

    /// Whether day numbers of the workbook count from 1904.
    pub fn epoch_1904(&self) -> bool {
        match &self.source {
            Source::Workbook(plain) => plain.epoch_1904,
            _ => false,
        }
    }
}

/// No row that looks like a header: the names of the columns are not known, and the first row may
/// well be a person's.
pub(crate) fn no_header(place: InputPlace) -> Issue {
    Issue::error(
        codes::NO_HEADER,
        IssueType::Structure,
        "no row looks like a header: the first rows hold values, not the names of columns",
    )
    .help("put a row with the names of the columns above the first record")
    .at_input(place)
}

/// There is no mapping yet that a message could speak of.
fn unmapped(mut issues: Vec<Issue>) -> Vec<Issue> {
    for issue in &mut issues {
        if issue.code == codes::WRONG_FORMAT {
            issue.message = issue
                .message
                .replace("the mapping reads", "a mapping can read");
            issue.help = Some("export the data as CSV, XLSX or JSON".to_owned());
        }
    }
    issues
}
