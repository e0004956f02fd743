//! What every format gives to [`crate::Opened`].

use std::ops::ControlFlow;
use std::sync::Arc;

use diagnostics::{InputPlace, Issue};
use jiff::tz::TimeZone;

use crate::census::Census;
use crate::json_tree::Path;
use crate::opened::{Event, TableFound};
use crate::schema::{Column, Markers, Schema, Table};

/// The function that reading hands its events to.
pub(crate) type Visit<'v> = &'v mut dyn FnMut(Event<'_>) -> ControlFlow<()>;

/// A format's reading of one opened file. Every call of `read` starts at the beginning.
pub(crate) trait Adapter: Send {
    /// Reads the wanted tables (by index; as many as the schema has) and counts into the census
    /// when there is one.
    ///
    /// # Errors
    /// When the rest of the file cannot be read. What was visited before stands.
    fn read(
        &mut self,
        wanted: &[bool],
        census: Option<&mut Census>,
        visit: Visit<'_>,
    ) -> Result<(), Box<Issue>>;
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
