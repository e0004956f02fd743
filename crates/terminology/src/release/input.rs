//! The publisher's files: in folders, in a zip as it was downloaded, or alone.

use std::fs::File;
use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};

use diagnostics::{Issue, IssueType};
use zip::ZipArchive;

use crate::codes;

/// How deep folders are looked into.
const MAX_DEPTH: usize = 16;

/// A file of a release.
#[derive(Debug)]
pub struct Entry {
    /// Its name without folders.
    pub name: String,
    origin: Origin,
}

#[derive(Debug)]
enum Origin {
    File(PathBuf),
    Zipped(PathBuf, usize),
}

/// The issue of files that cannot be read.
pub fn unreadable(path: &Path, why: &str) -> Box<Issue> {
    Box::new(
        Issue::error(
            codes::SOURCE_UNREADABLE,
            IssueType::Processing,
            format!("{} cannot be read: {why}", path.display()),
        )
        .help("download the release again, and give its zip or the folder it was unpacked into"),
    )
}

/// All files that are given, in folders and zips too.
pub fn entries(paths: &[PathBuf]) -> Result<Vec<Entry>, Box<Issue>> {
    let mut found = Vec::new();
    for path in paths {
        gather(path, 0, &mut found)?;
    }
    found.sort_by(|one, other| one.name.cmp(&other.name));
    Ok(found)
}

fn gather(path: &Path, depth: usize, found: &mut Vec<Entry>) -> Result<(), Box<Issue>> {
    let failed = |error: &dyn std::fmt::Display| unreadable(path, &error.to_string());
    // Links below what is given are not followed: they may lead in a circle.
    let kind = if depth == 0 {
        path.metadata()
    } else {
        path.symlink_metadata()
    }
    .map_err(|error| failed(&error))?;
    if kind.is_dir() {
        if depth >= MAX_DEPTH {
            return Ok(());
        }
        let mut inside = Vec::new();
        for one in path.read_dir().map_err(|error| failed(&error))? {
            inside.push(one.map_err(|error| failed(&error))?.path());
        }
        inside.sort();
        for one in inside {
            gather(&one, depth + 1, found)?;
        }
        return Ok(());
    }
    if !kind.is_file() {
        return Ok(());
    }
    let name = base_name(&path.to_string_lossy());
    if !name.to_ascii_lowercase().ends_with(".zip") {
        found.push(Entry {
            name,
            origin: Origin::File(path.to_owned()),
        });
        return Ok(());
    }
    let zip = open_zip(path)?;
    for at in 0..zip.len() {
        if let Some(Ok(name)) = zip.name_for_index(at)
            && !name.ends_with('/')
        {
            found.push(Entry {
                name: base_name(&name),
                origin: Origin::Zipped(path.to_owned(), at),
            });
        }
    }
    Ok(())
}

fn base_name(path: &str) -> String {
    path.rsplit(['/', '\\']).next().unwrap_or(path).to_owned()
}

fn open_zip(path: &Path) -> Result<ZipArchive<BufReader<File>>, Box<Issue>> {
    let file = File::open(path).map_err(|error| unreadable(path, &error.to_string()))?;
    ZipArchive::new(BufReader::new(file)).map_err(|error| unreadable(path, &error.to_string()))
}

impl Entry {
    /// Gives its bytes to a reader, as a stream.
    pub fn read<T>(
        &self,
        read: impl FnOnce(&mut dyn BufRead) -> Result<T, Box<Issue>>,
    ) -> Result<T, Box<Issue>> {
        match &self.origin {
            Origin::File(path) => {
                let file =
                    File::open(path).map_err(|error| unreadable(path, &error.to_string()))?;
                read(&mut BufReader::with_capacity(1 << 16, file))
            }
            Origin::Zipped(path, at) => {
                let mut zip = open_zip(path)?;
                let file = zip
                    .by_index(*at)
                    .map_err(|error| unreadable(path, &error.to_string()))?;
                read(&mut BufReader::with_capacity(1 << 16, file))
            }
        }
    }

    /// The issue of this file when it cannot be read.
    pub fn unreadable(&self, why: &str) -> Box<Issue> {
        unreadable(Path::new(&self.name), why)
    }
}
