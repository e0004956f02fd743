//! From the publisher's files to a compiled release.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use diagnostics::{Issue, IssueType};

use super::{Release, dmd, input, rf2};
use crate::codes;

/// The name that a compiled release of a code system has, and the ending of all.
const FILES: [(&str, &str); 2] = [("SNOMED CT", "snomed-ct.cwterm"), ("dm+d", "dmd.cwterm")];

/// What was made of the publisher's files.
#[derive(Debug)]
pub struct Found {
    /// Where each compiled release is.
    pub compiled: Vec<PathBuf>,
    /// What was left out, as warnings.
    pub issues: Vec<Issue>,
}

impl Found {
    pub(super) fn spool(error: &std::io::Error) -> Box<Issue> {
        Box::new(
            Issue::error(
                codes::NOT_WRITTEN,
                IssueType::Processing,
                format!("no temporary file can be written: {error}"),
            )
            .help("make room where temporary files are kept"),
        )
    }
}

/// Rows that nothing could be made of: how many a file, and the first one's line.
#[derive(Debug, Default)]
pub struct LeftOut(BTreeMap<String, (u64, u64)>);

impl LeftOut {
    pub fn count(&mut self, file: &str, line: u64) {
        match self.0.get_mut(file) {
            Some((count, _)) => *count += 1,
            None => {
                self.0.insert(file.to_owned(), (1, line));
            }
        }
    }

    fn issues(self) -> impl Iterator<Item = Issue> {
        self.0.into_iter().map(|(file, (count, first))| {
            Issue::warning(
                codes::LEFT_OUT,
                IssueType::Incomplete,
                format!("{file}: {count} rows were left out, the first at {first}"),
            )
            .help(
                "rows that name a concept of an extension which was not given are left out; give \
                 all zips of an edition together",
            )
        })
    }
}

/// Compiles the release files at some paths (folders, zips as downloaded, single files) into a
/// folder, one file a code system; what was there before of the same code system is replaced when
/// the new one is whole.
///
/// Files are read as streams: memory grows with the number of concepts and members, not with texts.
///
/// # Errors
/// When the files cannot be read, are no release, or the result cannot be written.
pub fn compile(paths: &[PathBuf], into: &Path) -> Result<Found, Box<Issue>> {
    let entries = input::entries(paths)?;
    let mut left_out = LeftOut::default();
    let mut compiled = Vec::new();
    for (name, file) in FILES {
        let is_snomed = name == "SNOMED CT";
        let is_part = if is_snomed {
            rf2::is_part
        } else {
            dmd::is_part
        };
        if !entries.iter().any(is_part) {
            continue;
        }
        let draft = if is_snomed {
            rf2::read(&entries, &mut left_out)?
        } else {
            dmd::read(&entries, &mut left_out)?
        };
        if draft.count() == 0 {
            return Err(no_release(&format!("the files of {name} hold no concept")));
        }
        let path = into.join(file);
        draft.write(&path)?;
        // What was written must open.
        Release::open(&path)?;
        compiled.push(path);
    }
    if compiled.is_empty() {
        return Err(no_release(
            "no file of a SNOMED CT or dm+d release was found",
        ));
    }
    Ok(Found {
        compiled,
        issues: left_out.issues().collect(),
    })
}

fn no_release(why: &str) -> Box<Issue> {
    Box::new(
        Issue::error(codes::NOT_A_RELEASE, IssueType::NotFound, why.to_owned()).help(
            "give the zip of an RF2 release with its Snapshot folder, or of a weekly dm+d release \
             with its f_….xml files, as downloaded from TRUD",
        ),
    )
}

/// The compiled releases in a folder; none when the folder is not there.
///
/// # Errors
/// When the folder cannot be read.
pub fn compiled(folder: &Path) -> Result<Vec<PathBuf>, Box<Issue>> {
    let inside = match folder.read_dir() {
        Ok(inside) => inside,
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(Vec::new()),
        Err(error) => return Err(input::unreadable(folder, &error.to_string())),
    };
    let mut found = Vec::new();
    for one in inside {
        let path = one
            .map_err(|error| input::unreadable(folder, &error.to_string()))?
            .path();
        if path.extension().is_some_and(|ending| ending == "cwterm") {
            found.push(path);
        }
    }
    found.sort();
    Ok(found)
}
