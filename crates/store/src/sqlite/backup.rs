//! A whole copy of the store, and its way back.
//!
//! A copy is what one reader sees: one state of the store, made while others write. It is written
//! under another name, checked, brought to the disk and only then given its own name, so that a file
//! with that name is always whole.

use std::fs::File;
use std::path::Path;

use rusqlite::{Connection, OpenFlags};

use super::lock::{Lock, beside};
use super::{SqliteStore, schema};
use crate::Error;

impl SqliteStore {
    /// Writes a copy of the whole store, the archived files and the list of what happened included,
    /// into a new file, while the store goes on being read and written. The write-ahead log is not
    /// folded in meanwhile, so it grows with what is written.
    ///
    /// # Errors
    /// [`Error::Open`] when the place is taken or cannot be written, [`Error::Full`] when there is no
    /// room, [`Error::Database`] when the copy is not sound. In each case there is no file of that
    /// name.
    pub async fn backup(&self, to: &Path) -> Result<(), Error> {
        let (from, to) = (self.path.clone(), to.to_owned());
        let task = tokio::task::spawn_blocking(move || copy(&from, &to));
        task.await
            .map_err(|_| Error::Database("a backup ended by a fault".to_owned()))?
    }

    /// Puts a backup in the place of a store that does not exist. The next opening brings the tables
    /// of an older one up to date.
    ///
    /// # Errors
    /// [`Error::Open`] when there is something at the place already or the backup is not a sound
    /// store, [`Error::TooNew`] when a later program wrote it, [`Error::InUse`] when the place is in
    /// use, [`Error::Full`] when there is no room.
    pub fn restore(from: &Path, to: &Path) -> Result<(), Error> {
        let _alone = Lock::alone(to)?;
        copy(from, to)
    }
}

fn refuse(path: &Path, reason: impl Into<String>) -> Error {
    Error::Open {
        path: path.into(),
        reason: reason.into(),
    }
}

/// Copies a store into a new file.
fn copy(from: &Path, to: &Path) -> Result<(), Error> {
    for taken in [to.to_owned(), beside(to, "-wal"), beside(to, "-journal")] {
        if taken.exists() {
            return Err(refuse(
                &taken,
                "it exists already, and nothing is written over it: name another place, or move it away",
            ));
        }
    }
    let part = beside(to, &format!(".part-{}", std::process::id()));
    let copied = make(from, &part).and_then(|()| settle(&part, to));
    if copied.is_err()
        && part.exists()
        && let Err(error) = std::fs::remove_file(&part)
    {
        tracing::warn!(path = %part.display(), %error, "an unfinished copy is left behind");
    }
    copied
}

/// Makes the copy under its passing name, and checks it.
fn make(from: &Path, part: &Path) -> Result<(), Error> {
    let source = Connection::open_with_flags(
        from,
        OpenFlags::SQLITE_OPEN_READ_ONLY | OpenFlags::SQLITE_OPEN_NO_MUTEX,
    )
    .map_err(|error| refuse(from, error.to_string()))?;
    source.busy_timeout(std::time::Duration::from_secs(10))?;
    check_kind(&source, from)?;
    create(part).map_err(|error| refuse(part, error.to_string()))?;
    let name = part
        .to_str()
        .ok_or_else(|| refuse(part, "its name is not one that can be written down"))?;
    source.execute("VACUUM INTO ?1", [name])?;
    check(part)
}

/// An empty file that its owner alone may read: it will hold care records.
fn create(path: &Path) -> std::io::Result<()> {
    let mut options = File::options();
    options.write(true).create_new(true);
    #[cfg(unix)]
    std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
    options.open(path).map(|_| ())
}

/// Refuses what is not a store, or one of a later program.
fn check_kind(connection: &Connection, path: &Path) -> Result<(), Error> {
    let number = |pragma: &str| -> Result<i64, Error> {
        connection
            .pragma_query_value(None, pragma, |row| row.get(0))
            .map_err(|error| refuse(path, error.to_string()))
    };
    if number("application_id")? != schema::APPLICATION {
        return Err(refuse(path, "it is not a store of Causeway"));
    }
    let found = number("user_version")?;
    if found > schema::VERSION {
        return Err(Error::TooNew {
            path: path.into(),
            found,
            known: schema::VERSION,
        });
    }
    Ok(())
}

/// Reads a copy from end to end.
fn check(path: &Path) -> Result<(), Error> {
    let connection = Connection::open_with_flags(path, OpenFlags::SQLITE_OPEN_READ_ONLY)?;
    check_kind(&connection, path)?;
    let sound: String = connection.query_row("PRAGMA integrity_check(1)", [], |row| row.get(0))?;
    if sound != "ok" {
        return Err(refuse(path, format!("the copy is not sound: {sound}")));
    }
    let dangling = connection.prepare("PRAGMA foreign_key_check")?.exists([])?;
    if dangling {
        return Err(refuse(
            path,
            "the copy has rows whose counterparts are missing",
        ));
    }
    Ok(())
}

/// Brings the copy to the disk and gives it its name.
fn settle(part: &Path, to: &Path) -> Result<(), Error> {
    let fail = |error: std::io::Error| match error.kind() {
        std::io::ErrorKind::StorageFull => Error::Full,
        _ => refuse(to, error.to_string()),
    };
    File::options()
        .write(true)
        .open(part)
        .and_then(|file| file.sync_all())
        .map_err(fail)?;
    if to.exists() {
        return Err(refuse(
            to,
            "somebody else has put something there meanwhile",
        ));
    }
    std::fs::rename(part, to).map_err(fail)?;
    // The name itself is durable only when its folder is.
    #[cfg(unix)]
    if let Some(folder) = to.parent() {
        let folder = if folder.as_os_str().is_empty() {
            Path::new(".")
        } else {
            folder
        };
        File::open(folder)
            .and_then(|folder| folder.sync_all())
            .map_err(fail)?;
    }
    Ok(())
}
