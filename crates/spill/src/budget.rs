//! How much memory the tables of one run share.

use std::io;
use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, PoisonError, Weak};

use crate::scratch::Scratch;

/// Something that can move from memory to the file, part by part.
pub(crate) trait Relieve: Send + Sync {
    /// The part that takes most memory, and how many bytes it takes.
    fn fattest(&self) -> (usize, usize);

    /// Moves a part to the file.
    fn spill(&self, part: usize);
}

/// How many bytes of memory some tables share, and the file that takes the rest.
///
/// Cloning it is cheap and gives the same budget.
#[derive(Clone)]
pub struct Budget(Arc<Inner>);

struct Inner {
    limit: usize,
    used: AtomicUsize,
    scratch: Scratch,
    tables: Mutex<Vec<Weak<dyn Relieve>>>,
    relieving: Mutex<()>,
    failed: AtomicBool,
    failure: Mutex<Option<io::Error>>,
}

impl std::fmt::Debug for Budget {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Budget")
            .field("limit", &self.0.limit)
            .field("used", &self.used())
            .finish_non_exhaustive()
    }
}

impl Budget {
    /// A budget of so many bytes; its file is made in the system's folder for temporary files.
    pub fn new(bytes: usize) -> Self {
        Self::with_scratch(bytes, Scratch::new(None, u64::MAX))
    }

    /// The same, with the file in another folder.
    pub fn in_folder(bytes: usize, folder: impl Into<PathBuf>) -> Self {
        Self::with_scratch(bytes, Scratch::new(Some(folder.into()), u64::MAX))
    }

    /// The same, with a file that may take no more than so many bytes of the disk: what needs more
    /// fails as on a disk that is full.
    pub fn with_disk(bytes: usize, disk: u64) -> Self {
        Self::with_scratch(bytes, Scratch::new(None, disk))
    }

    /// A budget without an end: everything stays in memory.
    pub fn unlimited() -> Self {
        Self::new(usize::MAX)
    }

    fn with_scratch(limit: usize, scratch: Scratch) -> Self {
        Self(Arc::new(Inner {
            limit,
            used: AtomicUsize::new(0),
            scratch,
            tables: Mutex::default(),
            relieving: Mutex::default(),
            failed: AtomicBool::new(false),
            failure: Mutex::default(),
        }))
    }

    /// Whether the file failed: from then on no answer of a table counts.
    pub fn has_failed(&self) -> bool {
        self.0.failed.load(Ordering::Acquire)
    }

    /// Why it failed; the first time that it is asked.
    pub fn take_failure(&self) -> Option<io::Error> {
        let mut failure = self
            .0
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        failure.take()
    }

    /// About how many bytes of memory its tables take.
    pub fn used(&self) -> usize {
        self.0.used.load(Ordering::Relaxed)
    }

    /// How long its file is.
    pub fn spilled(&self) -> u64 {
        self.0.scratch.len()
    }

    pub(crate) fn scratch(&self) -> &Scratch {
        &self.0.scratch
    }

    pub(crate) fn register(&self, table: Weak<dyn Relieve>) {
        let mut tables = self.0.tables.lock().unwrap_or_else(PoisonError::into_inner);
        tables.retain(|table| table.strong_count() > 0);
        tables.push(table);
    }

    pub(crate) fn fail(&self, error: io::Error) {
        let mut failure = self
            .0
            .failure
            .lock()
            .unwrap_or_else(PoisonError::into_inner);
        if !self.0.failed.swap(true, Ordering::AcqRel) {
            *failure = Some(error);
        }
    }

    pub(crate) fn grew(&self, bytes: usize) {
        self.0.used.fetch_add(bytes, Ordering::Relaxed);
    }

    pub(crate) fn shrank(&self, bytes: usize) {
        self.0.used.fetch_sub(bytes, Ordering::Relaxed);
    }

    /// Moves parts of tables to the file, the fattest first, until there is room again. Whoever
    /// calls it holds no part of a table.
    pub(crate) fn relieve(&self) {
        let inner = &*self.0;
        if self.used() <= inner.limit || self.has_failed() {
            return;
        }
        let _one = if self.used() > inner.limit.saturating_add(inner.limit / 8) {
            // Too far over to let others go on.
            inner
                .relieving
                .lock()
                .unwrap_or_else(PoisonError::into_inner)
        } else if let Ok(one) = inner.relieving.try_lock() {
            one
        } else {
            return;
        };
        if self.used() <= inner.limit {
            return;
        }
        let tables: Vec<Arc<dyn Relieve>> = {
            let tables = inner.tables.lock().unwrap_or_else(PoisonError::into_inner);
            tables.iter().filter_map(Weak::upgrade).collect()
        };
        while self.used() > inner.limit - inner.limit / 8 && !self.has_failed() {
            let fattest = tables
                .iter()
                .map(|table| (table.fattest(), table))
                .max_by_key(|((_, bytes), _)| *bytes);
            let Some(((part, bytes @ 1..), table)) = fattest else {
                return;
            };
            let before = self.used();
            table.spill(part);
            // What cannot be moved is so little that it may stay.
            if self.used() >= before && table.fattest() == (part, bytes) {
                return;
            }
        }
    }
}

impl Default for Budget {
    /// Without an end.
    fn default() -> Self {
        Self::unlimited()
    }
}
