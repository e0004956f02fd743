//! Lists that may grow without bound, kept on disk until the report is written.

use std::fs::File;
use std::io::{self, BufWriter, Read as _, Seek as _, SeekFrom, Write};

use serde::Serialize;

/// A JSON array in a temporary file: memory stays flat however many items it holds. The file has no
/// name that others can open, and is gone when the process ends.
pub struct Spool {
    file: BufWriter<File>,
    count: u64,
    failed: Option<io::Error>,
}

impl Spool {
    /// An empty list.
    ///
    /// # Errors
    /// When the system gives no temporary file.
    pub fn new() -> io::Result<Self> {
        Ok(Self {
            file: BufWriter::new(tempfile::tempfile()?),
            count: 0,
            failed: None,
        })
    }

    /// Adds an item. A failure is kept and given by [`Spool::copy_to`], so that a full disk is
    /// noticed once and not at each of a million items.
    pub fn add(&mut self, item: &impl Serialize) {
        if self.failed.is_some() {
            return;
        }
        let separator: &[u8] = if self.count == 0 { b"\n  " } else { b",\n  " };
        let outcome = self
            .file
            .write_all(separator)
            .and_then(|()| serde_json::to_writer(&mut self.file, item).map_err(io::Error::from));
        match outcome {
            Ok(()) => self.count += 1,
            Err(error) => self.failed = Some(error),
        }
    }

    /// How many items there are.
    pub fn len(&self) -> u64 {
        self.count
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.count == 0
    }

    /// Writes the items, separated by commas, without the brackets.
    ///
    /// # Errors
    /// When an item could not be kept, or cannot be written.
    pub fn copy_to(self, out: &mut dyn Write) -> io::Result<()> {
        if let Some(error) = self.failed {
            return Err(error);
        }
        let mut file = self.file.into_inner().map_err(|error| error.into_error())?;
        file.seek(SeekFrom::Start(0))?;
        let mut buffer = vec![0; 64 * 1024];
        loop {
            let read = file.read(&mut buffer)?;
            if read == 0 {
                return Ok(());
            }
            out.write_all(buffer.get(..read).unwrap_or_default())?;
        }
    }
}
