//! Picking up what is whole: one move per file, out of the sender's reach.

use std::collections::HashMap;
use std::ffi::{OsStr, OsString};
use std::fs::{self, Metadata};
use std::io;
use std::path::Path;
use std::time::{Duration, Instant, SystemTime};

use crate::content::{Stamp, is_plain_file};
use crate::disk::Disk;
use crate::name::{Ticket, marker_of, may_be_taken};
use crate::places::Places;
use crate::settings::{Feed, Whole};

/// The most entries of a folder that one look reads.
const MOST_ENTRIES: usize = 100_000;
/// After how long a file without its marker is told of.
const FORGOTTEN: Duration = Duration::from_secs(60 * 60);

/// A file that lies in the inbox, since it looks as it does.
#[derive(Debug, Clone)]
pub(crate) struct Seen {
    pub stamp: Stamp,
    pub since: Instant,
    pub is_told: bool,
}

/// What one look at an inbox gave.
#[derive(Debug, Default)]
pub(crate) struct Look {
    /// What is remembered for the next one.
    pub seen: HashMap<OsString, Seen>,
    /// Files that changed in the moment they were picked up: they must be quiet before they are read.
    pub unsettled: Vec<(Ticket, Seen)>,
    /// Entries that are never taken.
    pub odd: usize,
    /// Files that wait for their marker for a long time, and that nobody was told of.
    pub forgotten: usize,
    /// What the system refused.
    pub faults: Vec<io::ErrorKind>,
}

struct Candidate {
    name: OsString,
    modified: Option<SystemTime>,
    stamp: Stamp,
}

/// Looks at an inbox, and moves what is whole to `processing`, oldest first.
pub(crate) fn pick_up(
    disk: &impl Disk,
    places: &Places,
    feed: &Feed,
    at_once: usize,
    before: HashMap<OsString, Seen>,
) -> Look {
    let mut look = Look::default();
    let mut ready = Vec::new();
    let entries = match fs::read_dir(&places.inbox) {
        Ok(entries) => entries,
        Err(error) => {
            look.faults.push(error.kind());
            look.seen = before;
            return look;
        }
    };
    for entry in entries.take(MOST_ENTRIES) {
        let Ok(entry) = entry else { continue };
        let name = entry.file_name();
        if !may_be_taken(&name) {
            continue;
        }
        // This does not follow links. What is gone meanwhile was the sender's to take away.
        let Ok(metadata) = entry.metadata() else {
            continue;
        };
        if !is_plain_file(&metadata) {
            look.odd += 1;
            continue;
        }
        let stamp = Stamp::of(&metadata);
        let mut seen = match before.get(&name) {
            Some(seen) if seen.stamp == stamp => seen.clone(),
            _ => Seen {
                stamp: stamp.clone(),
                since: Instant::now(),
                is_told: false,
            },
        };
        let is_whole = match feed.whole {
            Whole::Renamed => true,
            Whole::Marked => is_marked(places, &name, &metadata),
            Whole::Quiet => seen.since.elapsed() >= feed.quiet,
        };
        if is_whole {
            ready.push(Candidate {
                name: name.clone(),
                modified: metadata.modified().ok(),
                stamp,
            });
        } else if feed.whole == Whole::Marked && !seen.is_told && seen.since.elapsed() >= FORGOTTEN
        {
            seen.is_told = true;
            look.forgotten += 1;
        }
        look.seen.insert(name, seen);
    }
    ready.sort_by(|a, b| (a.modified, &a.name).cmp(&(b.modified, &b.name)));
    for candidate in ready.into_iter().take(at_once) {
        match take(disk, places, &candidate) {
            Ok((ticket, now)) => {
                look.seen.remove(&candidate.name);
                if now.as_ref() != Some(&candidate.stamp) {
                    let seen = Seen {
                        stamp: now.unwrap_or(candidate.stamp),
                        since: Instant::now(),
                        is_told: false,
                    };
                    look.unsettled.push((ticket, seen));
                }
            }
            // Another process was faster, or the sender took it away.
            Err(error) if error.kind() == io::ErrorKind::NotFound => {}
            Err(error) => look.faults.push(error.kind()),
        }
        if feed.whole == Whole::Marked {
            // After the file, so that it is never without a marker while it lies in the inbox. One
            // that stays behind is older than any later file of its name, and does not count for it.
            let marker = places.inbox.join(marker_of(&candidate.name));
            let is_taken = !exists(&places.inbox.join(&candidate.name));
            if is_taken && let Err(error) = disk.remove(&marker) {
                look.faults.push(error.kind());
            }
        }
    }
    look
}

/// Moves one file; its ticket, and how it looks now.
fn take(
    disk: &impl Disk,
    places: &Places,
    candidate: &Candidate,
) -> io::Result<(Ticket, Option<Stamp>)> {
    let from = places.inbox.join(&candidate.name);
    disk.sync_file(&from)?;
    let ticket = Ticket::fresh();
    let to = places.processing.join(ticket.name(&candidate.name));
    disk.rename(&from, &to)?;
    let now = fs::symlink_metadata(&to).ok();
    Ok((ticket, now.as_ref().map(Stamp::of)))
}

fn exists(path: &Path) -> bool {
    fs::symlink_metadata(path).is_ok()
}

/// Whether a file's marker lies beside it, and was put there after the file: a marker that an earlier
/// file of the same name left behind says nothing of this one.
fn is_marked(places: &Places, name: &OsStr, file: &Metadata) -> bool {
    fs::symlink_metadata(places.inbox.join(marker_of(name)))
        .is_ok_and(|marker| marker.file_type().is_file() && changed(&marker) >= changed(file))
}

/// When the system last saw a change to a file. Senders can set the other times.
#[cfg(unix)]
fn changed(metadata: &Metadata) -> Option<(i64, i64)> {
    use std::os::unix::fs::MetadataExt as _;
    Some((metadata.ctime(), metadata.ctime_nsec()))
}

#[cfg(not(unix))]
fn changed(metadata: &Metadata) -> Option<SystemTime> {
    metadata.modified().ok()
}
