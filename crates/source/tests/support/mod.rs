//! What the tests of this crate share: opening bytes, collecting what was read.
#![allow(
    dead_code,
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::ops::ControlFlow;
use std::sync::Arc;

use diagnostics::{InputPlace, Issue};
use jiff::tz::TimeZone;
use source::{
    Column, ColumnType, Event, Format, Input, Markers, Opened, RawCell, Schema, Table, open,
};

pub fn london() -> TimeZone {
    TimeZone::get("Europe/London").unwrap()
}

pub fn schema(format: Format, tables: Vec<Table>) -> Arc<Schema> {
    Arc::new(Schema {
        format,
        tables,
        missing: Markers::new(["N/A", "-", "nil", "NULL"]),
        zone: london(),
    })
}

/// A table of text columns; a name that ends in `!` is required.
pub fn table(name: &str, columns: &[&str]) -> Table {
    Table {
        name: name.to_owned(),
        columns: columns
            .iter()
            .map(|column| Column {
                name: column.trim_end_matches('!').to_owned(),
                required: column.ends_with('!'),
                ..Column::default()
            })
            .collect(),
        ..Table::default()
    }
}

pub fn csv(columns: &[&str]) -> Arc<Schema> {
    schema(Format::csv(), vec![table("people", columns)])
}

pub fn kinds(columns: Vec<(&str, ColumnType)>) -> Table {
    Table {
        name: "people".to_owned(),
        columns: columns
            .into_iter()
            .map(|(name, kind)| Column::new(name, kind))
            .collect(),
        ..Table::default()
    }
}

pub fn opened(name: &str, bytes: impl Into<Vec<u8>>, schema: &Arc<Schema>) -> Opened {
    try_open(name, bytes, schema).unwrap_or_else(|issues| panic!("{issues:#?}"))
}

pub fn try_open(
    name: &str,
    bytes: impl Into<Vec<u8>>,
    schema: &Arc<Schema>,
) -> Result<Opened, Vec<Issue>> {
    let input = Input::bytes(name, bytes.into());
    open(&input, Arc::clone(schema))
}

/// The issues of an input that cannot be used.
pub fn refused(name: &str, bytes: impl Into<Vec<u8>>, schema: &Arc<Schema>) -> Vec<Issue> {
    match try_open(name, bytes, schema) {
        Ok(opened) => panic!("it was opened: {:#?}", opened.issues()),
        Err(issues) => {
            assert!(!issues.is_empty(), "a refusal says why");
            issues
        }
    }
}

/// A record as the tests compare it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    pub table: usize,
    pub number: u64,
    pub line: Option<u64>,
    pub cells: Vec<Option<String>>,
    pub place: InputPlace,
    pub raw: String,
}

#[derive(Debug, Default)]
pub struct Read {
    pub rows: Vec<Seen>,
    pub unreadable: Vec<source::Unreadable>,
    pub end: Option<Issue>,
}

impl Read {
    pub fn cells(&self) -> Vec<Vec<Option<&str>>> {
        self.rows
            .iter()
            .map(|row| row.cells.iter().map(Option::as_deref).collect())
            .collect()
    }

    pub fn codes(&self) -> Vec<&str> {
        self.unreadable
            .iter()
            .flat_map(|it| it.issues.iter().map(|issue| issue.code.as_ref()))
            .collect()
    }
}

pub fn text(raw: RawCell<'_>) -> Option<String> {
    match raw {
        RawCell::Missing => None,
        RawCell::Text(text)
        | RawCell::Number(text)
        | RawCell::Rounded(text)
        | RawCell::Error(text) => Some(text.to_owned()),
        RawCell::Bool(truth) => Some(truth.to_string()),
        RawCell::Date(date) => Some(date.to_string()),
        RawCell::DateTime(at) => Some(at.to_string()),
        RawCell::Time(time) => Some(time.to_string()),
        RawCell::Items(items) => Some(json::Value::Array(items.to_vec()).to_string()),
        RawCell::Object => Some("{}".to_owned()),
    }
}

/// Everything that reading gives, with the counting pass compared with the plain one.
pub fn read(opened: &mut Opened) -> Read {
    let tables: Vec<usize> = (0..opened.schema().tables.len()).collect();
    let plain = collect(opened, |opened, visit| opened.read(&tables, visit));
    let counting = collect(opened, Opened::read_counting);
    assert_eq!(plain.rows, counting.rows, "every pass reads the same");
    if plain.end.is_none() {
        let census = opened.census().expect("a whole pass counts");
        let records: u64 = census.tables.iter().map(|table| table.records).sum();
        assert_eq!(records, plain.rows.len() as u64);
    }
    plain
}

type Visitor<'v> = &'v mut dyn FnMut(Event<'_>) -> ControlFlow<()>;

fn collect(
    opened: &mut Opened,
    pass: impl FnOnce(&mut Opened, Visitor<'_>) -> Result<(), Box<Issue>>,
) -> Read {
    let schema = Arc::clone(opened.schema());
    let mut all = Read::default();
    let end = pass(opened, &mut |event| {
        match event {
            Event::Row(row) => all.rows.push(Seen {
                table: row.table(),
                number: row.number(),
                line: row.line(),
                cells: (0..schema.tables[row.table()].columns.len())
                    .map(|column| text(row.raw(column)))
                    .collect(),
                place: row.place(),
                raw: row.raw_json(),
            }),
            Event::Unreadable(unreadable) => all.unreadable.push(unreadable),
        }
        ControlFlow::Continue(())
    });
    all.end = end.err().map(|issue| *issue);
    all
}

/// No text that a log or a terminal may show holds any of the values.
pub fn assert_no_values(issues: &[Issue], values: &[&str]) {
    for issue in issues {
        let shown = issue.to_string();
        for value in values {
            assert!(!shown.contains(value), "{shown} shows {value}");
        }
    }
}
