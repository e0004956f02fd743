//! Some records of a file, cut out of it and not yet looked into.

use std::sync::Arc;

use crate::adapter::{Interpret, Visit};
use crate::census::Counts;
use crate::csv_table::TextBatch;
use crate::json_tree::DocumentBatch;
use crate::xlsx::SheetBatch;

/// Some records of a file, one after another: owned, so that any thread can look into them with an
/// [`Interpreter`].
#[derive(Debug)]
pub struct Batch {
    pub(crate) content: Content,
}

#[derive(Debug)]
pub(crate) enum Content {
    Text(TextBatch),
    Sheet(SheetBatch),
    Documents(DocumentBatch),
}

impl Batch {
    /// How many records it holds; of documents, how many documents.
    pub fn len(&self) -> usize {
        match &self.content {
            Content::Text(batch) => batch.len(),
            Content::Sheet(batch) => batch.len(),
            Content::Documents(batch) => batch.len(),
        }
    }

    /// Whether it holds none.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }

    /// About how many bytes of memory it takes once it was looked into.
    pub fn weight(&self) -> usize {
        match &self.content {
            Content::Text(batch) => batch.weight(),
            Content::Sheet(batch) => batch.weight(),
            Content::Documents(batch) => batch.weight(),
        }
    }
}

/// How much a batch holds before it is handed on: enough that handing it on costs nothing beside it,
/// and little enough that several threads have some of a small file.
#[derive(Debug, Clone, Copy)]
pub(crate) struct BatchSize;

impl BatchSize {
    const RECORDS: usize = 512;
    const BYTES: usize = 256 << 10;

    pub(crate) fn is_full(records: usize, bytes: usize) -> bool {
        records >= Self::RECORDS || bytes >= Self::BYTES
    }
}

/// Looks into batches of one opened file. Cloning it is cheap.
#[derive(Clone)]
pub struct Interpreter {
    pub(crate) inner: Arc<dyn Interpret>,
    pub(crate) wanted: Arc<[bool]>,
}

impl Interpreter {
    /// Visits the records of a batch in their order, those of the wanted tables, and counts when
    /// counts are given. A `Break` ends the visit.
    pub fn visit(
        &self,
        batch: &Batch,
        counts: Option<&mut Counts>,
        visit: Visit<'_>,
    ) -> std::ops::ControlFlow<()> {
        self.inner.visit(batch, &self.wanted, counts, visit)
    }
}

impl std::fmt::Debug for Interpreter {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Interpreter")
            .field("wanted", &self.wanted)
            .finish_non_exhaustive()
    }
}
