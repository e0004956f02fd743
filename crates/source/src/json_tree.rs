//! JSON documents as tables: a record at each place that a table's path leads to.

mod documents;
pub(crate) mod inspect;
mod opening;
mod path;
mod shape;

use std::ops::ControlFlow;
use std::sync::{Arc, OnceLock};

use diagnostics::{InputPlace, Issue, IssueType};
use json::Value;

use crate::adapter::{Adapter, Give, Interpret, Layout, Visit};
use crate::batch::{Batch, BatchSize, Content};
use crate::census::{Counts, Undeclared, Unused};
use crate::codes;
use crate::opened::{Event, Unreadable};
use crate::row::{Cells, Row};
use crate::text::{TextFile, unreadable};
use crate::value::RawCell;
use documents::{Documents, Next, Shape};
use shape::Declared;

pub(crate) use opening::open;
pub(crate) use path::Path;
pub(crate) use shape::UndeclaredMembers;

/// A record inside a document.
#[derive(Debug)]
pub(crate) struct TreeCells<'a> {
    pub value: &'a Value,
    /// What it takes to say where it is.
    at: At<'a>,
    /// Whether the line is part of its place: the file has several documents, and the pointer
    /// begins at one of them.
    pub by_line: bool,
    declared: Option<&'a Declared>,
}

/// Where a value is: from the record round it, or from the document. The pointer is written out
/// only when somebody asks.
#[derive(Debug, Clone, Copy)]
struct At<'a> {
    /// The record round it.
    parent: Option<&'a Row<'a>>,
    /// The document's index in its array.
    document: Option<u64>,
    path: &'a Path,
    /// How many steps of the path were gone, the innermost index first.
    steps: usize,
    last: Option<&'a Index<'a>>,
}

/// An index on the way, and those before it.
#[derive(Debug)]
struct Index<'a> {
    index: usize,
    before: Option<&'a Index<'a>>,
}

impl At<'_> {
    fn append_to(&self, pointer: &mut String) {
        if let Some(document) = self.document {
            path::append_index(pointer, usize::try_from(document).unwrap_or(usize::MAX));
        }
        if let Some(Cells::Tree(parent)) = self.parent.map(|parent| &parent.cells) {
            parent.at.append_to(pointer);
        }
        let mut indices = Vec::new();
        let mut next = self.last;
        while let Some(index) = next {
            indices.push(index.index);
            next = index.before;
        }
        for step in self.path.steps.iter().take(self.steps) {
            if !step.name.is_empty() {
                path::append(pointer, &step.name);
            }
            if step.each
                && let Some(index) = indices.pop()
            {
                path::append_index(pointer, index);
            }
        }
    }
}

impl<'a> TreeCells<'a> {
    /// Its JSON pointer, from its document or from the array that its document is in.
    pub(crate) fn pointer(&self) -> String {
        let mut pointer = String::new();
        self.at.append_to(&mut pointer);
        pointer
    }

    pub(crate) fn cell(&self, path: &Path) -> RawCell<'a> {
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
    inner: Arc<Trees>,
}

/// What looks into the documents of a JSON file.
struct Trees {
    file: TextFile,
    shape: Shape,
    /// Whether every document's place has its line, or only that of a second and later one.
    lines: bool,
    layouts: Vec<Layout>,
    /// The path of each table from its parent's record.
    paths: Vec<Path>,
    /// The path of each table from the document.
    whole_paths: Vec<Path>,
    /// The tables inside each table's records.
    children: Vec<Vec<usize>>,
    declared: Declared,
}

/// Documents of a file.
#[derive(Debug, Default)]
pub(crate) struct DocumentBatch {
    text: Vec<u8>,
    documents: Vec<Document>,
    /// Their trees, once somebody has looked into them.
    trees: OnceLock<Vec<Result<Value, Box<Issue>>>>,
}

#[derive(Debug)]
struct Document {
    next: Next,
    number: u64,
    line: u64,
    /// Where its text ends in the batch's.
    end: usize,
}

impl DocumentBatch {
    /// A tree takes about this many times the memory of its text.
    const TREE: usize = 6;

    pub(crate) fn len(&self) -> usize {
        self.documents.len()
    }

    pub(crate) fn weight(&self) -> usize {
        self.text.len() * (1 + Self::TREE)
    }

    fn documents(&self) -> impl Iterator<Item = (&Document, &[u8])> {
        let mut from = 0;
        self.documents.iter().map(move |document| {
            let text = self.text.get(from..document.end).unwrap_or_default();
            from = document.end;
            (document, text)
        })
    }
}

/// What is the same for all records of one document.
struct Reading<'r, 'v> {
    tree: &'r Trees,
    wanted: &'r [bool],
    counts: Option<&'r mut Counts>,
    visit: Visit<'v>,
    number: u64,
    line: u64,
    by_line: bool,
    stopped: bool,
}

impl Adapter for JsonTree {
    fn cut(&mut self, _wanted: &[bool], give: Give<'_>) -> Result<(), Box<Issue>> {
        let tree = &self.inner;
        let failed = |error| Box::new(unreadable(&error, tree.place()));
        let reader = tree.file.open().map_err(failed)?;
        let mut documents = Documents::new(reader, tree.shape);
        let mut batch = DocumentBatch::default();
        loop {
            let next = documents.next().map_err(failed);
            let ended = match &next {
                Ok(
                    found @ (Next::Document { number, line, .. } | Next::TooLarge { number, line }),
                ) => {
                    if matches!(found, Next::Document { .. }) {
                        batch.text.extend_from_slice(documents.bytes());
                    }
                    batch.documents.push(Document {
                        next: *found,
                        number: *number,
                        line: *line,
                        end: batch.text.len(),
                    });
                    false
                }
                _ => true,
            };
            if ended || BatchSize::is_full(batch.len(), batch.text.len()) {
                let full = std::mem::take(&mut batch);
                let flow = if full.len() == 0 {
                    ControlFlow::Continue(())
                } else {
                    give(Batch {
                        content: Content::Documents(full),
                    })
                };
                if flow.is_break() {
                    return Ok(());
                }
            }
            if ended {
                return match next? {
                    Next::End => Ok(()),
                    fatal => Err(Box::new(tree.fatal(fatal))),
                };
            }
        }
    }

    fn interpreter(&self) -> Arc<dyn Interpret> {
        Arc::clone(&self.inner) as Arc<dyn Interpret>
    }

    fn undeclared(&mut self, counts: Undeclared) -> Vec<Unused> {
        counts.members.into_unused()
    }
}

impl Interpret for Trees {
    fn visit(
        &self,
        batch: &Batch,
        wanted: &[bool],
        mut counts: Option<&mut Counts>,
        visit: Visit<'_>,
    ) -> ControlFlow<()> {
        let Content::Documents(batch) = &batch.content else {
            return ControlFlow::Continue(());
        };
        let trees = batch.trees.get_or_init(|| {
            batch
                .documents()
                .map(|(document, text)| self.parse(document.next, text))
                .collect()
        });
        for ((document, text), tree) in batch.documents().zip(trees) {
            let (number, line) = (document.number, document.line);
            let mut reading = Reading {
                tree: self,
                wanted,
                counts: counts.as_deref_mut(),
                visit: &mut *visit,
                number,
                line,
                by_line: self.lines || (self.shape != Shape::Array && number > 1),
                stopped: false,
            };
            match tree {
                Ok(tree) => {
                    reading.document(tree);
                    if let Some(counts) = reading.counts
                        && let Some(markers) = self.layouts.first().map(|it| &it.schema.missing)
                    {
                        counts
                            .undeclared
                            .members
                            .count(tree, &self.declared, markers);
                    }
                }
                Err(issue) => {
                    // What is not JSON is kept as one text, where it can be one.
                    let text = std::str::from_utf8(text)
                        .ok()
                        .filter(|text| text.len() <= crate::limits::CELL_BYTES)
                        .map(Value::from);
                    reading.unparsed((**issue).clone(), text);
                }
            }
            if reading.stopped {
                return ControlFlow::Break(());
            }
        }
        ControlFlow::Continue(())
    }
}

impl Trees {
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
    fn array_index(&self) -> Option<u64> {
        (self.tree.shape == Shape::Array).then(|| self.number.saturating_sub(1))
    }

    fn document(&mut self, document: &Value) {
        for table in 0..self.tree.layouts.len() {
            let is_root = self
                .tree
                .layouts
                .get(table)
                .and_then(Layout::declared)
                .is_some_and(|table| table.parent.is_none());
            if is_root && !self.stopped {
                self.table(table, document, None);
            }
        }
    }

    /// Visits the records of a table inside a value.
    fn table(&mut self, table: usize, from: &Value, parent: Option<&Row<'_>>) {
        let tree = self.tree;
        let Some(path) = tree.paths.get(table) else {
            return;
        };
        let at = At {
            parent,
            document: if parent.is_none() {
                self.array_index()
            } else {
                None
            },
            path,
            steps: 0,
            last: None,
        };
        self.step(table, at, from);
    }

    fn step(&mut self, table: usize, at: At<'_>, value: &Value) {
        let Some(step) = at.path.steps.get(at.steps) else {
            self.record(table, at, value);
            return;
        };
        let next = At {
            steps: at.steps + 1,
            ..at
        };
        let value = if step.name.is_empty() {
            Some(value)
        } else {
            value.get(&step.name)
        };
        match value {
            None | Some(Value::Null) => {}
            Some(Value::Array(items)) if step.each => {
                for (index, item) in items.iter().enumerate() {
                    if self.stopped {
                        break;
                    }
                    let index = Index {
                        index,
                        before: at.last,
                    };
                    let next = At {
                        last: Some(&index),
                        ..next
                    };
                    self.step(table, next, item);
                }
            }
            Some(object @ Value::Object(_)) if !step.each => self.step(table, next, object),
            Some(other) => {
                let blank = self
                    .tree
                    .layouts
                    .get(table)
                    .is_some_and(|layout| crate::row::blank(other, &layout.schema.missing));
                if !blank {
                    let expected = if step.each { "array" } else { "object" };
                    self.unreadable(table, wrong_type(expected, other), next, other);
                }
            }
        }
    }

    fn record(&mut self, table: usize, at: At<'_>, value: &Value) {
        let tree = self.tree;
        let Some(layout) = tree.layouts.get(table) else {
            return;
        };
        if crate::row::blank(value, &layout.schema.missing) {
            return;
        }
        let is_plain = layout.paths.iter().all(|path| path.steps.is_empty());
        if !is_plain && !matches!(value, Value::Object(_)) {
            self.unreadable(table, wrong_type("object", value), at, value);
            return;
        }
        let row = Row {
            layout,
            cells: Cells::Tree(TreeCells {
                value,
                at,
                by_line: self.by_line,
                declared: tree
                    .whole_paths
                    .get(table)
                    .and_then(|path| tree.declared.at(path)),
            }),
            number: self.number,
            line: Some(self.line),
            parent: at.parent,
        };
        if let Some(counts) = self
            .counts
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
        for &child in tree.children.get(table).into_iter().flatten() {
            if !self.stopped {
                self.table(child, value, Some(&row));
            }
        }
    }

    /// A document whose text is not JSON. It is reported whichever tables are wanted: it may hold
    /// records of any of them.
    fn unparsed(&mut self, issue: Issue, text: Option<Value>) {
        let mut pointer = String::new();
        if let Some(index) = self.array_index() {
            path::append_index(&mut pointer, usize::try_from(index).unwrap_or(usize::MAX));
        }
        let mut place = self.tree.place();
        place.row = Some(self.line);
        place.pointer = Some(pointer);
        self.report(0, issue, place, text.as_ref());
    }

    /// A value that is no record of a table.
    fn unreadable(&mut self, table: usize, issue: Issue, at: At<'_>, value: &Value) {
        if self.wanted.get(table) != Some(&true) {
            return;
        }
        let mut pointer = String::new();
        at.append_to(&mut pointer);
        let mut place = self.tree.place();
        place.row = self.by_line.then_some(self.line);
        place.pointer = Some(pointer);
        self.report(table, issue, place, Some(value));
    }

    fn report(&mut self, table: usize, issue: Issue, place: InputPlace, content: Option<&Value>) {
        if let Some(counts) = self
            .counts
            .as_deref_mut()
            .and_then(|counts| counts.tables.get_mut(table))
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

impl Trees {
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
        undeclared: Vec::new(),
        denied: Vec::new(),
        positions: Vec::new(),
        names,
        paths,
        epoch_1904: false,
    }
}
