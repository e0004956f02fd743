//! Opening an input and reading it.

use std::ops::ControlFlow;
use std::sync::Arc;

use diagnostics::{InputPlace, Issue};

use crate::adapter::{Adapter, Found, Layout};
use crate::batch::{Batch, Interpreter};
use crate::census::{Census, Counts};
use crate::input::Input;
use crate::row::Row;
use crate::schema::{Format, Schema};

/// Opens an input as what a schema says it is: finds its encoding, its sheets and its header rows,
/// and makes sure that it is the file that the schema describes.
///
/// # Errors
/// When the input cannot be used: it does not exist, is empty, truncated, of another format, or
/// lacks columns that it must have. The issues name all that is wrong, not only the first.
pub fn open(input: &Input, schema: Arc<Schema>) -> Result<Opened, Vec<Issue>> {
    let found = match &schema.format {
        Format::Csv { delimiters } => crate::csv_table::open(input, &schema, delimiters),
        Format::Xlsx => crate::xlsx::open(input, &schema),
        Format::Json { lines } => crate::json_tree::open(input, &schema, *lines),
    }?;
    let Found {
        adapter,
        tables,
        issues,
    } = found;
    Ok(Opened {
        schema,
        tables,
        issues,
        adapter,
        census: None,
        kept: Kept::default(),
    })
}

/// An input that was opened: ready to be read, as often as one likes.
pub struct Opened {
    schema: Arc<Schema>,
    tables: Vec<TableFound>,
    issues: Vec<Issue>,
    adapter: Box<dyn Adapter>,
    census: Option<Census>,
    kept: Kept,
}

/// How many bytes of batches are kept of a file that was counted: a file that is no larger is read
/// from disk once.
const KEPT_BYTES: usize = 32 << 20;

/// The batches of a file that is small enough to be kept whole.
#[derive(Default)]
struct Kept {
    batches: Vec<Arc<Batch>>,
    bytes: usize,
    is_whole: bool,
}

impl Opened {
    /// What it was opened with.
    pub fn schema(&self) -> &Arc<Schema> {
        &self.schema
    }

    /// What somebody should know of the file: how it is encoded where that had to be found out, a
    /// hidden sheet, a column that is absent. No errors: those keep a file from being opened.
    pub fn issues(&self) -> &[Issue] {
        &self.issues
    }

    /// What was found of a table.
    pub fn table(&self, table: usize) -> Option<&TableFound> {
        self.tables.get(table)
    }

    /// Reads some tables from the start. Records come in the file's order: row by row; sheet by
    /// sheet in the schema's order; document by document, a record before the records inside it.
    /// A `Break` ends the reading without error.
    ///
    /// # Errors
    /// When the rest of the file cannot be read, for example because it is truncated. What was
    /// visited before stands; whoever must not act on half a file reads it once before acting.
    pub fn read(
        &mut self,
        tables: &[usize],
        visit: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<(), Box<Issue>> {
        let interpreter = self.interpreter(tables);
        self.cut(tables, &mut |batch| interpreter.visit(&batch, None, visit))
    }

    /// As [`Opened::read`] for every table, and counts what the file holds. The counts are in
    /// [`Opened::census`] once the reading was not broken off.
    ///
    /// # Errors
    /// As [`Opened::read`].
    pub fn read_counting(
        &mut self,
        visit: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
    ) -> Result<(), Box<Issue>> {
        let schema = Arc::clone(&self.schema);
        let mut counts = Counts::new(&schema);
        let interpreter = self.interpreter(&self.all_tables());
        let mut broken_off = false;
        self.cut_all(&mut |batch| {
            let mut own = Counts::new(&schema);
            let flow = interpreter.visit(&batch, Some(&mut own), visit);
            counts.add(own);
            broken_off |= flow.is_break();
            flow
        })?;
        if !broken_off {
            self.count(counts);
        }
        Ok(())
    }

    /// What looks into the batches of some tables.
    pub fn interpreter(&self, tables: &[usize]) -> Interpreter {
        Interpreter {
            inner: self.adapter.interpreter(),
            wanted: self.wanted(tables).into(),
        }
    }

    /// Every table, by index.
    pub fn all_tables(&self) -> Vec<usize> {
        (0..self.schema.tables.len()).collect()
    }

    /// Cuts some tables into batches, from the start, in the file's order. A batch may hold records
    /// of other tables too. A `Break` ends the cutting without error.
    ///
    /// # Errors
    /// As [`Opened::read`].
    pub fn cut(
        &mut self,
        tables: &[usize],
        give: &mut dyn FnMut(Arc<Batch>) -> ControlFlow<()>,
    ) -> Result<(), Box<Issue>> {
        if self.kept.is_whole {
            for batch in &self.kept.batches {
                if give(Arc::clone(batch)).is_break() {
                    break;
                }
            }
            return Ok(());
        }
        let wanted = self.wanted(tables);
        self.adapter
            .cut(&wanted, &mut |batch| give(Arc::new(batch)))
    }

    /// As [`Opened::cut`] for every table. Of a small file the batches are kept, so that it is read
    /// from disk once.
    ///
    /// # Errors
    /// As [`Opened::read`].
    pub fn cut_all(
        &mut self,
        give: &mut dyn FnMut(Arc<Batch>) -> ControlFlow<()>,
    ) -> Result<(), Box<Issue>> {
        if self.kept.is_whole {
            return self.cut(&[], give);
        }
        let wanted = vec![true; self.schema.tables.len()];
        let mut kept = Kept::default();
        let mut whole = true;
        self.adapter.cut(&wanted, &mut |batch| {
            let batch = Arc::new(batch);
            if whole {
                kept.bytes += batch.weight();
                whole = kept.bytes <= KEPT_BYTES;
                if whole {
                    kept.batches.push(Arc::clone(&batch));
                } else {
                    kept.batches = Vec::new();
                }
            }
            let flow = give(batch);
            whole &= flow.is_continue();
            flow
        })?;
        kept.is_whole = whole;
        if whole {
            self.kept = kept;
        }
        Ok(())
    }

    /// Takes the counts of all batches for the census.
    pub fn count(&mut self, counts: Counts) {
        self.census = Some(Census {
            tables: counts.tables,
            undeclared: self.adapter.undeclared(counts.undeclared),
        });
    }

    /// What the file holds, once [`Opened::read_counting`] went through.
    pub fn census(&self) -> Option<&Census> {
        self.census.as_ref()
    }

    fn wanted(&self, tables: &[usize]) -> Vec<bool> {
        (0..self.schema.tables.len())
            .map(|table| tables.contains(&table))
            .collect()
    }
}

impl std::fmt::Debug for Opened {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Opened")
            .field("format", &self.schema.format)
            .field("tables", &self.tables)
            .finish_non_exhaustive()
    }
}

/// What opening found of one table.
#[derive(Debug, Clone, Default)]
pub struct TableFound {
    /// Whether the file has it at all.
    pub present: bool,
    /// The row that the header was found in.
    pub header_row: Option<u64>,
    /// For each declared column the header it was found under. Of a document's members nothing is
    /// known before they are read, so there every column counts as found.
    pub columns: Vec<Option<Arc<str>>>,
    /// Headers that the table does not declare, in the file's order; a column without a header goes
    /// by its letter.
    pub undeclared: Vec<String>,
}

impl TableFound {
    pub(crate) fn of(layout: &Layout, header_row: u64) -> Self {
        let undeclared = (0..layout.headers.len())
            .filter(|index| !layout.positions.contains(&Some(*index)))
            .map(|index| crate::header::label(&layout.headers, index))
            .collect();
        Self {
            present: true,
            header_row: Some(header_row),
            columns: layout
                .positions
                .iter()
                .map(|position| layout.headers.get((*position)?).map(Arc::clone))
                .collect(),
            undeclared,
        }
    }
}

/// One thing that reading meets.
#[derive(Debug)]
pub enum Event<'a> {
    /// A record.
    Row(&'a Row<'a>),
    /// A record that cannot be read as one; the others go on.
    Unreadable(Unreadable),
}

/// A record that cannot be read as one.
#[derive(Debug, Clone)]
pub struct Unreadable {
    /// The index of its table in the schema.
    pub table: usize,
    /// Where it is.
    pub place: InputPlace,
    /// What is wrong with it.
    pub issues: Vec<Issue>,
    /// It as far as it was read, as compact JSON: an object where its cells are known, otherwise an
    /// array of its cells or one text. Empty where a denied value could be in it, where it is too
    /// large to be kept, or where its bytes are no text: then the place must do.
    pub raw: String,
}
