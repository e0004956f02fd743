//! What every format gives to [`crate::Opened`].

use std::ops::ControlFlow;
use std::sync::Arc;

use diagnostics::{InputPlace, Issue};
use jiff::tz::TimeZone;

use crate::batch::Batch;
use crate::census::{Counts, Undeclared, Unused};
use crate::json_tree::Path;
use crate::opened::{Event, TableFound};
use crate::schema::{Column, Markers, Schema, Table};

/// The function that reading hands its events to.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(Event<'_>) -> ControlFlow<()>;

/// The function that cutting hands its batches to.
pub(crate) type Give<'v> = &'v mut dyn FnMut(Batch) -> ControlFlow<()>;

/// A format's cutting of one opened file into batches. Every call of `cut` starts at the beginning.
pub(crate) trait Adapter: Send {
    /// Cuts the wanted tables (by index; as many as the schema has) into batches.
    ///
    /// # Errors
    /// When the rest of the file cannot be read. What was given before stands.
    fn cut(&mut self, wanted: &[bool], give: Give<'_>) -> Result<(), Box<Issue>>;

    /// What looks into the batches.
    fn interpreter(&self) -> Arc<dyn Interpret>;

    /// What the file has that the schema does not declare, from the counts of all its batches.
    fn undeclared(&mut self, counts: Undeclared) -> Vec<Unused>;
}

/// A format's looking into what it cut.
pub(crate) trait Interpret: Send + Sync {
    /// Visits the records of a batch, those of the wanted tables; counts when there are counts.
    fn visit(
        &self,
        batch: &Batch,
        wanted: &[bool],
        counts: Option<&mut Counts>,
        visit: Visit<'_>,
    ) -> ControlFlow<()>;
}

/// What opening found: the adapter, each table's columns, and what somebody should know.
pub(crate) struct Found {
    pub adapter: Box<dyn Adapter>,
    pub tables: Vec<TableFound>,
    pub issues: Vec<Issue>,
}

/// A table as it was found in one file: what a row needs to find, interpret and name its cells.
#[derive(Debug)]
pub(crate) struct Layout {
    pub schema: Arc<Schema>,
    /// The index of the table in the schema.
    pub table: usize,
    pub file: Arc<str>,
    pub sheet: Option<Arc<str>>,
    /// The headers in the file's order; empty for a document.
    pub headers: Vec<Arc<str>>,
    /// Which of them are denied, by the file's order.
    pub denied: Vec<bool>,
    /// For each declared column where it is in the file.
    pub positions: Vec<Option<usize>>,
    /// The positions in the file of the columns that are not declared.
    pub undeclared: Vec<usize>,
    /// For each declared column what messages call it: its header in this file, or its name.
    pub names: Vec<Arc<str>>,
    /// For each declared column its path; empty for anything but a document.
    pub paths: Vec<Path>,
    /// Whether day numbers count from 1904.
    pub epoch_1904: bool,
}

impl Layout {
    pub(crate) fn declared(&self) -> Option<&Table> {
        self.schema.tables.get(self.table)
    }

    pub(crate) fn column(&self, column: usize) -> Option<&Column> {
        self.declared()?.columns.get(column)
    }

    pub(crate) fn markers<'s>(&'s self, column: &'s Column) -> &'s Markers {
        column.missing.as_ref().unwrap_or(&self.schema.missing)
    }

    pub(crate) fn zone(&self) -> &TimeZone {
        &self.schema.zone
    }

    pub(crate) fn place(&self) -> InputPlace {
        InputPlace {
            file: Some(Arc::clone(&self.file)),
            sheet: self.sheet.clone(),
            ..InputPlace::default()
        }
    }
}
