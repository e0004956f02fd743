//! JSON documents as tables: a record at each place that a table's path leads to.

mod documents;
pub(crate) mod inspect;
mod opening;
mod path;
mod shape;

use std::sync::Arc;

use diagnostics::{InputPlace, Issue, IssueType};
use json::Value;

use crate::adapter::{Adapter, Layout, Visit};
use crate::census::Census;
use crate::codes;
use crate::opened::{Event, Unreadable};
use crate::row::{Cells, Row};
use crate::text::{TextFile, unreadable};
use crate::value::RawCell;
use documents::{Documents, Next, Shape};
use shape::{Declared, Undeclared};

pub(crate) use opening::open;
pub(crate) use path::Path;

/// A record inside a document.
#[derive(Debug)]
pub(crate) struct TreeCells<'a> {
    pub value: &'a Value,
    pub pointer: &'a str,
    /// Whether the line is part of its place: the file has several documents, and the pointer
    /// begins at one of them.
    pub by_line: bool,
    declared: Option<&'a Declared>,
}

impl TreeCells<'_> {
    pub(crate) fn cell(&self, path: &Path) -> RawCell<'_> {
        match path.find(self.value) {
            None | Some(Value::Null) => RawCell::Missing,
            Some(Value::String(text)) => RawCell::Text(text),
            Some(Value::Number(number)) => RawCell::Number(number.as_str()),
            Some(Value::Bool(truth)) => RawCell::Bool(*truth),
            Some(Value::Array(items)) => RawCell::Items(items),
            Some(Value::Object(_)) => RawCell::Object,
        }
    }

    pub(crate) fn raw_json(&self) -> String {
        match self.declared {
            Some(declared) => declared
                .without_denied(self.value)
                .map_or_else(String::new, |value| value.to_string()),
            None => self.value.to_string(),
        }
    }
}

/// A JSON file whose first document was looked at.
struct JsonTree {
    file: TextFile,
    shape: Shape,
    /// Whether every document's place has its line, or only that of a second and later one.
    lines: bool,
    layouts: Vec<Layout>,
    /// The path of each table from its parent's record.
    paths: Vec<Path>,
    /// The path of each table from the document.
    whole_paths: Vec<Path>,
    declared: Declared,
}

/// What is the same for all records of one document.
struct Reading<'r, 'v> {
    tree: &'r JsonTree,
    wanted: &'r [bool],
    census: Option<&'r mut Census>,
    visit: Visit<'v>,
    number: u64,
    line: u64,
    by_line: bool,
    stopped: bool,
}

impl Adapter for JsonTree {
    fn read(
        &mut self,
        wanted: &[bool],
        mut census: Option<&mut Census>,
        visit: Visit<'_>,
    ) -> Result<(), Box<Issue>> {
        let failed = |error| Box::new(unreadable(&error, self.place()));
        let reader = self.file.open().map_err(failed)?;
        let mut documents = Documents::new(reader, self.shape);
        let mut undeclared = Undeclared::default();
        loop {
            let next = documents.next().map_err(failed)?;
            let (number, line) = match next {
                Next::End => break,
                Next::Truncated { .. } | Next::Unexpected { .. } => {
                    return Err(Box::new(self.fatal(next)));
                }
                Next::Document { number, line, .. } | Next::TooLarge { number, line } => {
                    (number, line)
                }
            };
            let mut reading = Reading {
                tree: self,
                wanted,
                census: census.as_deref_mut(),
                visit: &mut *visit,
                number,
                line,
                by_line: self.lines || (self.shape != Shape::Array && number > 1),
                stopped: false,
            };
            let mut pointer = String::new();
            if self.shape == Shape::Array {
                path::append_index(
                    &mut pointer,
                    usize::try_from(number - 1).unwrap_or(usize::MAX),
                );
            }
            match self.parse(next, documents.bytes()) {
                Ok(document) => {
                    reading.document(&document, &mut pointer);
                    if reading.census.is_some() {
                        let markers = &self.layouts.first().map(|it| &it.schema.missing);
                        if let Some(markers) = markers {
                            undeclared.count(&document, &self.declared, markers);
                        }
                    }
                }
                Err(issue) => {
                    // What is not JSON is kept as one text, where it can be one.
                    let text = std::str::from_utf8(documents.bytes())
                        .ok()
                        .filter(|text| text.len() <= crate::limits::CELL_BYTES)
                        .map(Value::from);
                    reading.unparsed(*issue, pointer, text);
                }
            }
            if reading.stopped {
                return Ok(());
            }
        }
        if let Some(census) = census {
            census.undeclared = undeclared.into_unused();
        }
        Ok(())
    }
}

impl JsonTree {
    fn place(&self) -> InputPlace {
        self.layouts.first().map(Layout::place).unwrap_or_default()
    }

    /// A document's tree, or what is wrong with its text.
    fn parse(&self, next: Next, bytes: &[u8]) -> Result<Value, Box<Issue>> {
        let (line, last) = match next {
            Next::Document { line, last, .. } => (line, last),
            _ => {
                return Err(Box::new(
                    Issue::error(
                        codes::TOO_LARGE,
                        IssueType::TooLong,
                        format!(
                            "the document is larger than {} MiB, so it was passed over",
                            crate::limits::DOCUMENT_BYTES >> 20
                        ),
                    )
                    .help("export each person as a document of their own"),
                ));
            }
        };
        let garbled = match std::str::from_utf8(bytes) {
            Ok(text) => self.file.is_garbled(text),
            Err(_) => true,
        };
        if garbled {
            return Err(Box::new(
                Issue::error(
                    codes::BAD_ENCODING,
                    IssueType::Value,
                    "the document holds bytes that are not in the file's encoding, so its letters cannot be told",
                )
                .help("export the whole file as UTF-8"),
            ));
        }
        json::parse(bytes).map_err(|error| {
            let at = line + error.line.saturating_sub(1) as u64;
            // What a cut file ends with fails at its very end.
            let cut = last && self.shape == Shape::Lines && bytes.last() != Some(&b'}');
            Box::new(if cut {
                Issue::error(
                    codes::TRUNCATED,
                    IssueType::Incomplete,
                    "the last line is not a whole JSON document and no line break ends it: the file seems to be cut off there",
                )
                .help("export the file again and compare the number of documents")
            } else {
                Issue::error(
                    codes::BAD_JSON,
                    IssueType::Structure,
                    format!(
                        "the document is not JSON that can be read: {} (line {at} of the file, byte {} of the line)",
                        error.message, error.column
                    ),
                )
                .help("mend the document, or export it again")
            })
        })
    }

    fn fatal(&self, next: Next) -> Issue {
        let (code, kind, message, line) = match next {
            Next::Unexpected { line } => (
                codes::BAD_JSON,
                IssueType::Structure,
                "the file is not JSON that can be read: between two documents, or after the last, stands something that does not belong there",
                line,
            ),
            Next::Truncated { line }
            | Next::TooLarge { line, .. }
            | Next::Document { line, .. } => (
                codes::TRUNCATED,
                IssueType::Incomplete,
                "the file ends inside the document that begins here: it is truncated, or a closing bracket or quotation mark is missing",
                line,
            ),
            Next::End => (
                codes::TRUNCATED,
                IssueType::Incomplete,
                "the file ends too early",
                1,
            ),
        };
        Issue::error(code, kind, message)
            .help("export the file again")
            .at_input(self.place().row(line))
    }
}

impl Reading<'_, '_> {
    fn document(&mut self, document: &Value, pointer: &mut String) {
        for table in 0..self.tree.layouts.len() {
            let is_root = self
                .tree
                .layouts
                .get(table)
                .and_then(Layout::declared)
                .is_some_and(|table| table.parent.is_none());
            if is_root && !self.stopped {
                self.table(table, document, pointer, None);
            }
        }
    }

    /// Visits the records of a table inside a value.
    fn table(
        &mut self,
        table: usize,
        from: &Value,
        pointer: &mut String,
        parent: Option<&Row<'_>>,
    ) {
        let Some(path) = self.tree.paths.get(table) else {
            return;
        };
        self.step(table, path, 0, from, pointer, parent);
    }

    fn step(
        &mut self,
        table: usize,
        path: &Path,
        at: usize,
        value: &Value,
        pointer: &mut String,
        parent: Option<&Row<'_>>,
    ) {
        let Some(step) = path.steps.get(at) else {
            self.record(table, value, pointer, parent);
            return;
        };
        let length = pointer.len();
        let value = if step.name.is_empty() {
            Some(value)
        } else {
            path::append(pointer, &step.name);
            value.get(&step.name)
        };
        match value {
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) if step.each => {
                let length = pointer.len();
                for (index, item) in items.iter().enumerate() {
                    if self.stopped {
                        break;
                    }
                    path::append_index(pointer, index);
                    self.step(table, path, at + 1, item, pointer, parent);
                    pointer.truncate(length);
                }
            }
            Some(Value::Object(_)) if !step.each => {
                self.step(
                    table,
                    path,
                    at + 1,
                    value.unwrap_or(&Value::Null),
                    pointer,
                    parent,
                );
            }
            Some(other) => {
                let blank = self
                    .tree
                    .layouts
                    .get(table)
                    .is_some_and(|layout| crate::row::blank(other, &layout.schema.missing));
                if !blank {
                    let expected = if step.each { "array" } else { "object" };
                    let issue = wrong_type(expected, other);
                    self.unreadable(table, issue, pointer, other);
                }
            }
        }
        pointer.truncate(length);
    }

    fn record(
        &mut self,
        table: usize,
        value: &Value,
        pointer: &mut String,
        parent: Option<&Row<'_>>,
    ) {
        let tree = self.tree;
        let Some(layout) = tree.layouts.get(table) else {
            return;
        };
        if crate::row::blank(value, &layout.schema.missing) {
            return;
        }
        let is_plain = layout.paths.iter().all(|path| path.steps.is_empty());
        if !is_plain && !matches!(value, Value::Object(_)) {
            self.unreadable(table, wrong_type("object", value), pointer, value);
            return;
        }
        let here = pointer.clone();
        let row = Row {
            layout,
            cells: Cells::Tree(TreeCells {
                value,
                pointer: &here,
                by_line: self.by_line,
                declared: tree
                    .whole_paths
                    .get(table)
                    .and_then(|path| tree.declared.at(path)),
            }),
            number: self.number,
            line: Some(self.line),
            parent,
        };
        if let Some(counts) = self
            .census
            .as_deref_mut()
            .and_then(|c| c.tables.get_mut(table))
        {
            counts.records += 1;
            for (column, filled) in counts.filled.iter_mut().enumerate() {
                *filled += u64::from(row.is_filled(column));
            }
        }
        if self.wanted.get(table) == Some(&true) {
            self.stopped = (self.visit)(Event::Row(&row)).is_break();
        }
        for child in table + 1..tree.layouts.len() {
            let is_child = tree
                .layouts
                .get(child)
                .and_then(Layout::declared)
                .is_some_and(|child| child.parent == Some(table));
            if is_child && !self.stopped {
                self.table(child, value, pointer, Some(&row));
            }
        }
    }

    /// A document whose text is not JSON. It is reported whichever tables are wanted: it may hold
    /// records of any of them.
    fn unparsed(&mut self, issue: Issue, pointer: String, text: Option<Value>) {
        let mut place = self.tree.place();
        place.row = Some(self.line);
        place.pointer = Some(pointer);
        self.report(0, issue, place, text.as_ref());
    }

    /// A value that is no record of a table.
    fn unreadable(&mut self, table: usize, issue: Issue, pointer: &str, value: &Value) {
        if self.wanted.get(table) != Some(&true) {
            return;
        }
        let mut place = self.tree.place();
        place.row = self.by_line.then_some(self.line);
        place.pointer = Some(pointer.to_owned());
        self.report(table, issue, place, Some(value));
    }

    fn report(&mut self, table: usize, issue: Issue, place: InputPlace, content: Option<&Value>) {
        if let Some(counts) = self
            .census
            .as_deref_mut()
            .and_then(|census| census.tables.get_mut(table))
        {
            counts.unreadable += 1;
        }
        // Which of its parts are denied cannot be told where the shape is another.
        let raw = match content {
            Some(content) if !self.tree.has_denied() => content.to_string(),
            _ => String::new(),
        };
        self.stopped = (self.visit)(Event::Unreadable(Unreadable {
            table,
            issues: vec![issue.at_input(place.clone())],
            place,
            raw,
        }))
        .is_break();
    }
}

impl JsonTree {
    fn has_denied(&self) -> bool {
        self.layouts
            .iter()
            .filter_map(Layout::declared)
            .any(|table| table.columns.iter().any(|column| column.deny))
    }
}

fn wrong_type(expected: &str, found: &Value) -> Issue {
    Issue::error(
        codes::JSON_TYPE,
        IssueType::Structure,
        format!(
            "the mapping says that records are found here in an {expected}, and here is a JSON {}",
            found.type_name()
        ),
    )
    .help("correct the export, or the table's path in the mapping")
}

fn layout(
    file: &Arc<str>,
    schema: &Arc<crate::schema::Schema>,
    table: usize,
    paths: Vec<Path>,
) -> Layout {
    let names = schema
        .tables
        .get(table)
        .map(|table| {
            table
                .columns
                .iter()
                .map(|c| Arc::from(c.name.as_str()))
                .collect()
        })
        .unwrap_or_default();
    Layout {
        schema: Arc::clone(schema),
        table,
        file: Arc::clone(file),
        sheet: None,
        headers: Vec::new(),
        denied: Vec::new(),
        positions: Vec::new(),
        names,
        paths,
        epoch_1904: false,
    }
}
