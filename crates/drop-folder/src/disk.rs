//! The steps that change the disk, each of which can fail or be the last before the power goes.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::path::Path;

/// What is done to the disk. Tests put their own in its place, which fails where they want.
pub trait Disk: Send + Sync + 'static {
    /// Moves a file within one file system, over nothing that is there: names are made unique before.
    ///
    /// # Errors
    /// What the system says.
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()>;

    /// Has the content of a file written through to the disk.
    ///
    /// # Errors
    /// What the system says.
    fn sync_file(&self, path: &Path) -> io::Result<()>;

    /// Has the names in a folder written through to the disk.
    ///
    /// # Errors
    /// What the system says.
    fn sync_folder(&self, path: &Path) -> io::Result<()>;

    /// Deletes a file; one that is gone is deleted.
    ///
    /// # Errors
    /// What the system says.
    fn remove(&self, path: &Path) -> io::Result<()>;

    /// Writes a small file whole, through to the disk, over one that is there.
    ///
    /// # Errors
    /// What the system says.
    fn write(&self, path: &Path, text: &str) -> io::Result<()>;
}

/// The machine's own disk.
#[derive(Debug, Clone, Copy, Default)]
pub struct Machine;

impl Disk for Machine {
    fn rename(&self, from: &Path, to: &Path) -> io::Result<()> {
        fs::rename(from, to)
    }

    fn sync_file(&self, path: &Path) -> io::Result<()> {
        // Some systems write through only what was opened for writing; a file of another owner may
        // only be readable.
        match OpenOptions::new().write(true).open(path) {
            Ok(file) => file.sync_all(),
            Err(_) => File::open(path)?.sync_all(),
        }
    }

    fn sync_folder(&self, path: &Path) -> io::Result<()> {
        if cfg!(unix) {
            File::open(path)?.sync_all()
        } else {
            // A folder cannot be opened there; names are written through with the file.
            Ok(())
        }
    }

    fn remove(&self, path: &Path) -> io::Result<()> {
        match fs::remove_file(path) {
            Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
            other => other,
        }
    }

    fn write(&self, path: &Path, text: &str) -> io::Result<()> {
        let mut file = File::create(path)?;
        file.write_all(text.as_bytes())?;
        file.sync_all()
    }
}
