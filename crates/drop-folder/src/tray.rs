//! Reports for senders, in `out`.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use uuid::Uuid;

use crate::disk::{Disk, Machine};
use crate::name::safe_own_name;
use crate::places::Places;

/// How many reports of files of one name lie side by side.
const MOST_OF_A_NAME: u32 = 100_000;

/// Where reports are put for senders to fetch. Cheap to clone.
#[derive(Debug)]
pub struct Tray<D = Machine> {
    root: PathBuf,
    folders: Arc<[String]>,
    disk: Arc<D>,
}

impl<D> Clone for Tray<D> {
    fn clone(&self) -> Self {
        Self {
            root: self.root.clone(),
            folders: self.folders.clone(),
            disk: self.disk.clone(),
        }
    }
}

impl<D: Disk> Tray<D> {
    pub(crate) fn new(root: &Path, folders: Arc<[String]>, disk: Arc<D>) -> Self {
        Self {
            root: root.to_path_buf(),
            folders,
            disk,
        }
    }

    /// Puts the report of a file into `out` as `<name>.report.txt`, written whole before it has that
    /// name. A report that lies there is never overwritten: the next is `<name>.2.report.txt`. The
    /// same report put twice is there once. Where it lies is given back.
    ///
    /// # Errors
    /// What the system says; [`io::ErrorKind::NotFound`] for a folder that is not one of the settings.
    pub async fn put_report(
        &self,
        folder: &str,
        file_name: &str,
        text: &str,
    ) -> io::Result<PathBuf> {
        if !self.folders.iter().any(|known| known == folder) {
            return Err(io::Error::new(
                io::ErrorKind::NotFound,
                "the settings name no such folder",
            ));
        }
        let out = Places::new(&self.root, folder).out;
        let name = safe_own_name(file_name);
        let (disk, text) = (self.disk.clone(), text.to_owned());
        tokio::task::spawn_blocking(move || put(disk.as_ref(), &out, &name, &text)).await?
    }
}

fn put(disk: &impl Disk, out: &Path, name: &str, text: &str) -> io::Result<PathBuf> {
    for number in 1..=MOST_OF_A_NAME {
        let path = match number {
            1 => out.join(format!("{name}.report.txt")),
            number => out.join(format!("{name}.{number}.report.txt")),
        };
        match fs::read(&path) {
            Ok(there) if there == text.as_bytes() => return Ok(path),
            Ok(_) => continue,
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => return Err(error),
        }
        let unfinished = out.join(format!(".{}.tmp", Uuid::new_v4().simple()));
        let put = disk
            .write(&unfinished, text)
            .and_then(|()| disk.rename(&unfinished, &path))
            .and_then(|()| disk.sync_folder(out));
        if put.is_err() {
            // What was not finished is hidden and in nobody's way, should this fail, too.
            let _ = disk.remove(&unfinished);
        }
        return put.map(|()| path);
    }
    Err(io::Error::new(
        io::ErrorKind::AlreadyExists,
        "too many reports of files of one name lie in out",
    ))
}
