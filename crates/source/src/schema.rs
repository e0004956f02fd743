//! What a source looks like: what a mapping's `source:` section compiles to.

use std::collections::HashMap;

use jiff::tz::TimeZone;

use crate::date_pattern::DatePattern;
use crate::label::normalise_label;

/// A source: its format, its tables, and what holds for all their cells.
#[derive(Debug, Clone)]
pub struct Schema {
    /// The format of its files.
    pub format: Format,
    /// Its tables. A child stands after its parent.
    pub tables: Vec<Table>,
    /// Texts that stand for "nothing was entered", for each column that has no list of its own.
    pub missing: Markers,
    /// The zone of a local time.
    pub zone: TimeZone,
}

/// A file format.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Format {
    /// Separated values: one table.
    Csv {
        /// The bytes that may separate cells; the header row decides between them. Usually `,`.
        delimiters: Vec<u8>,
    },
    /// An Excel workbook: a table for each sheet.
    Xlsx,
    /// JSON: a table for each path.
    Json {
        /// Whether each line is a document of its own (NDJSON). Otherwise the file is one document,
        /// an array of them, or one after another.
        lines: bool,
    },
}

impl Format {
    /// Comma-separated values.
    pub fn csv() -> Self {
        Self::Csv {
            delimiters: vec![b','],
        }
    }

    /// The format's name in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Csv { .. } => "CSV",
            Self::Xlsx => "XLSX",
            Self::Json { lines: true } => "NDJSON",
            Self::Json { lines: false } => "JSON",
        }
    }
}

/// A table: what a record of it is called, where it is, and its columns.
#[derive(Debug, Clone, Default)]
pub struct Table {
    /// Its name in the mapping.
    pub name: String,
    /// The sheet of a workbook; without it the table's name is the sheet's.
    pub sheet: Option<String>,
    /// The path of its records in a document, from the parent's record or, without a parent, from
    /// the document: `""` is the document itself, `alerts[]` each item of its member `alerts`,
    /// `carePlans[].goals[]` each goal of each plan.
    pub path: String,
    /// The table whose record encloses this one's, by its index in [`Schema::tables`].
    pub parent: Option<usize>,
    /// Column names that together identify the header row. Empty: the first row that is not blank.
    pub header: Vec<String>,
    /// Its columns.
    pub columns: Vec<Column>,
    /// Whether a workbook may lack the sheet. Then it has no records, and an issue says so.
    pub optional: bool,
}

impl Table {
    /// The sheet that holds it.
    pub fn sheet_name(&self) -> &str {
        self.sheet.as_deref().unwrap_or(&self.name)
    }

    /// The index of a column by its name.
    pub fn column(&self, name: &str) -> Option<usize> {
        self.columns.iter().position(|column| column.name == name)
    }
}

/// A declared column.
#[derive(Debug, Clone, Default)]
pub struct Column {
    /// Its name, which is its header unless an alias is found instead.
    pub name: String,
    /// Other headers it goes by, the preferred one first.
    pub aliases: Vec<String>,
    /// Where it is in a record of a document, from the record: `subjectOfCare.name.family`,
    /// `telephone[]` for a list, `""` or `.` for the record itself when that is a plain value.
    /// Without it, the column's name is the path.
    pub path: Option<String>,
    /// Whether a file without this column is unusable. Says nothing of blank cells.
    pub required: bool,
    /// What its cells hold.
    pub kind: ColumnType,
    /// Texts that stand for "nothing was entered" in this column, instead of the source's. A blank
    /// cell is always missing.
    pub missing: Option<Markers>,
    /// Whether its values never leave the adapter.
    pub deny: bool,
}

impl Column {
    /// A column with a name and a type.
    pub fn new(name: impl Into<String>, kind: ColumnType) -> Self {
        Self {
            name: name.into(),
            kind,
            ..Self::default()
        }
    }

    /// Its path in a document.
    pub fn document_path(&self) -> &str {
        self.path.as_deref().unwrap_or(&self.name)
    }
}

/// What the cells of a column hold.
#[derive(Debug, Clone, Default)]
pub enum ColumnType {
    /// Text, verbatim but for the spaces round it.
    #[default]
    String,
    /// A whole number.
    Integer {
        /// The least it may be.
        min: Option<i64>,
        /// The most it may be.
        max: Option<i64>,
    },
    /// A number, its digits kept as written.
    Decimal {
        /// The least it may be, as a number's text.
        min: Option<String>,
        /// The most it may be, as a number's text.
        max: Option<String>,
    },
    /// A day, month or year. A real date of a workbook is always understood.
    Date {
        /// How it may be written.
        formats: Vec<DatePattern>,
    },
    /// A point in time, or a day, month or year where no more is known.
    DateTime {
        /// How it may be written.
        formats: Vec<DatePattern>,
        /// The zone of a local time; without it the source's.
        zone: Option<TimeZone>,
    },
    /// A label of a local list.
    Code {
        /// The labels, or nothing when the list is open.
        values: Option<CodeList>,
    },
    /// Several texts in one cell, or an array of a document.
    List {
        /// What stands between them in a text. Without it a text is a list of one.
        separator: Option<String>,
    },
    /// Yes or no. A real boolean of a workbook or a document is always understood.
    Flag {
        /// The texts that mean yes, compared as labels are ([`normalise_label`]).
        yes: Vec<String>,
        /// The texts that mean no.
        no: Vec<String>,
    },
    /// An NHS number: ten digits with a check digit.
    NhsNumber,
    /// A United Kingdom postcode; what does not look like one stays verbatim.
    Postcode,
    /// A telephone number, verbatim but for invisible characters.
    Phone,
}

impl ColumnType {
    /// Its name in the mapping language and in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::String => "string",
            Self::Integer { .. } => "integer",
            Self::Decimal { .. } => "decimal",
            Self::Date { .. } => "date",
            Self::DateTime { .. } => "dateTime",
            Self::Code { .. } => "code",
            Self::List { .. } => "list",
            Self::Flag { .. } => "flag",
            Self::NhsNumber => "nhs-number",
            Self::Postcode => "postcode",
            Self::Phone => "phone",
        }
    }
}

/// The labels of a local list, found whatever their case, dashes and spaces.
#[derive(Debug, Clone, Default)]
pub struct CodeList {
    labels: Vec<String>,
    exact: HashMap<String, usize>,
    normalised: HashMap<String, usize>,
}

impl CodeList {
    /// A list of labels. Where two are the same but for case, dashes and spaces, a text that is
    /// neither as written is taken for the first.
    pub fn new(labels: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let mut list = Self::default();
        for label in labels {
            let label = label.into();
            let index = list.labels.len();
            list.exact.entry(label.clone()).or_insert(index);
            list.normalised
                .entry(normalise_label(&label).into_owned())
                .or_insert(index);
            list.labels.push(label);
        }
        list
    }

    /// The labels as declared.
    pub fn labels(&self) -> &[String] {
        &self.labels
    }

    /// The index of the label that a text means.
    pub fn find(&self, text: &str) -> Option<usize> {
        self.exact
            .get(text)
            .or_else(|| self.normalised.get(normalise_label(text).as_ref()))
            .copied()
    }
}

/// Texts that stand for "nothing was entered", compared without regard to case and to the spaces
/// round them. A blank cell is always missing and need not be named.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Markers {
    texts: Vec<String>,
    longest: usize,
}

impl Markers {
    /// A set of markers.
    pub fn new(texts: impl IntoIterator<Item = impl Into<String>>) -> Self {
        let texts: Vec<String> = texts
            .into_iter()
            .map(|text| text.into().trim().to_lowercase())
            .filter(|text| !text.is_empty())
            .collect();
        let longest = texts.iter().map(String::len).max().unwrap_or(0);
        Self { texts, longest }
    }

    /// Whether a text stands for nothing.
    pub fn is_missing(&self, text: &str) -> bool {
        // Most cells begin and end with a letter or digit: nothing to trim.
        let graphic = |byte: Option<&u8>| byte.is_some_and(u8::is_ascii_graphic);
        let bytes = text.as_bytes();
        let text = if graphic(bytes.first()) && graphic(bytes.last()) {
            text
        } else {
            text.trim()
        };
        if text.is_empty() {
            return true;
        }
        if text.is_ascii() {
            return text.len() <= self.longest
                && self
                    .texts
                    .iter()
                    .any(|marker| marker.eq_ignore_ascii_case(text));
        }
        // Lower case may be shorter than the text, but never by more than this.
        text.len() <= self.longest.saturating_mul(3) && self.texts.contains(&text.to_lowercase())
    }
}
