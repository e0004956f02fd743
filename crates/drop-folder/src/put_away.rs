//! Where a file goes that was dealt with.

use std::io;
use std::path::Path;

use crate::disk::Disk;
use crate::notice::Reason;
use crate::places::Places;
use crate::settings::After;

/// Puts a file away that was received. A file that is gone was put away by another process.
pub(crate) fn received(
    disk: &impl Disk,
    places: &Places,
    name: &str,
    after: After,
) -> io::Result<()> {
    let from = places.processing.join(name);
    match after {
        After::Keep => {
            moved(disk, &from, &places.done.join(name))?;
            disk.sync_folder(&places.done)?;
        }
        After::Delete => disk.remove(&from)?,
    }
    disk.sync_folder(&places.processing)
}

/// Puts a file into `failed`, with a text beside it that says why. The text comes first: a file never
/// lies there without one.
pub(crate) fn failed(
    disk: &impl Disk,
    places: &Places,
    name: &str,
    why: &Reason,
) -> io::Result<()> {
    let text = format!(
        "This file was not received.\n\nWhat is wrong: {why}.\nWhat to do: {}\n\n\
         Nothing of it was stored. It lies here unchanged until somebody deletes it.\n\
         When you ask for help, name this file by the date and number at the beginning of its name; \
         do not send records of people.\n",
        why.mend()
    );
    disk.write(&places.failed.join(format!("{name}.txt")), &text)?;
    moved(
        disk,
        &places.processing.join(name),
        &places.failed.join(name),
    )?;
    disk.sync_folder(&places.failed)?;
    disk.sync_folder(&places.processing)
}

fn moved(disk: &impl Disk, from: &Path, to: &Path) -> io::Result<()> {
    match disk.rename(from, to) {
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(()),
        other => other,
    }
}
