//! The lock beside the file.
//!
//! SQLite itself keeps writers of several processes apart. The lock is for what nobody may stand
//! beside: bringing the tables up to date, and putting a backup in place. Whoever has the store open
//! shares it; whoever does one of those has it alone. An earlier Causeway, which knows of no others
//! beside it, holds it alone all the time.

use std::fs::{File, TryLockError};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use crate::Error;

/// How long an opening waits for another that is under way.
const PATIENCE: Duration = Duration::from_secs(5);

/// Held until it is dropped.
#[derive(Debug)]
pub(super) struct Lock {
    _file: File,
}

impl Lock {
    /// Together with others.
    pub(super) fn shared(path: &Path) -> Result<Self, Error> {
        Self::take(path, File::try_lock_shared)
    }

    /// Alone.
    pub(super) fn alone(path: &Path) -> Result<Self, Error> {
        Self::take(path, File::try_lock)
    }

    fn take(path: &Path, attempt: fn(&File) -> Result<(), TryLockError>) -> Result<Self, Error> {
        let fail = |error: std::io::Error| Error::Open {
            path: path.into(),
            reason: error.to_string(),
        };
        let file = File::options()
            .create(true)
            .truncate(false)
            .write(true)
            .open(beside(path, ".lock"))
            .map_err(fail)?;
        let begun = Instant::now();
        loop {
            match attempt(&file) {
                Ok(()) => return Ok(Self { _file: file }),
                Err(TryLockError::WouldBlock) if begun.elapsed() < PATIENCE => {
                    std::thread::sleep(Duration::from_millis(20));
                }
                Err(TryLockError::WouldBlock) => return Err(Error::InUse { path: path.into() }),
                Err(TryLockError::Error(error)) => return Err(fail(error)),
            }
        }
    }
}

/// The path of a file that lies beside another.
pub(super) fn beside(path: &Path, suffix: &str) -> PathBuf {
    let mut name = path.as_os_str().to_owned();
    name.push(suffix);
    name.into()
}
