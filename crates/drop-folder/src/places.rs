//! Where things lie in a watched folder.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

/// The folders of one feed.
#[derive(Debug, Clone)]
pub(crate) struct Places {
    pub inbox: PathBuf,
    pub processing: PathBuf,
    pub done: PathBuf,
    pub failed: PathBuf,
    pub out: PathBuf,
}

impl Places {
    pub(crate) fn new(root: &Path, folder: &str) -> Self {
        let below = |name: &str| root.join(name).join(folder);
        Self {
            inbox: below("inbox"),
            processing: below("processing"),
            done: below("done"),
            failed: below("failed"),
            out: below("out"),
        }
    }

    fn all(&self) -> [&PathBuf; 5] {
        [
            &self.inbox,
            &self.processing,
            &self.done,
            &self.failed,
            &self.out,
        ]
    }

    /// Makes what is not there. All must be on one file system: only within one is a move a single
    /// step.
    pub(crate) fn prepare(&self) -> io::Result<()> {
        for path in self.all() {
            fs::create_dir_all(path)?;
        }
        if self.is_on_one_file_system()? {
            Ok(())
        } else {
            Err(io::Error::other(
                "inbox, processing, done and failed are on different file systems: put them on one",
            ))
        }
    }

    #[cfg(unix)]
    fn is_on_one_file_system(&self) -> io::Result<bool> {
        use std::os::unix::fs::MetadataExt as _;
        let first = fs::metadata(&self.inbox)?.dev();
        for path in self.all() {
            if fs::metadata(path)?.dev() != first {
                return Ok(false);
            }
        }
        Ok(true)
    }

    #[cfg(not(unix))]
    fn is_on_one_file_system(&self) -> io::Result<bool> {
        Ok(true)
    }
}
