//! The oracle's verdicts, kept.

use std::collections::{BTreeMap, BTreeSet};
use std::fs::File;
use std::io::{BufRead, BufReader, Write};
use std::path::Path;

use flate2::Compression;
use flate2::read::GzDecoder;
use flate2::write::GzEncoder;

use crate::{Case, Verdict};

/// The oracle's verdicts by case: gzipped text, a line a case, `hash rules name`, where `rules` is
/// `valid` or the oracle's message ids joined by `+`. A verdict holds for the case with that hash
/// only.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snapshot {
    lines: BTreeMap<String, (String, String)>,
}

impl Snapshot {
    /// Reads a snapshot.
    ///
    /// # Errors
    /// When the file cannot be read or a line is not as it should be.
    pub fn read(path: &Path) -> Result<Self, String> {
        let says = |error: std::io::Error| format!("{}: {error}", path.display());
        let input = BufReader::new(GzDecoder::new(File::open(path).map_err(says)?));
        let mut lines = BTreeMap::new();
        for line in input.lines() {
            let line = line.map_err(says)?;
            let mut parts = line.splitn(3, ' ');
            let (Some(hash), Some(rules), Some(name)) = (parts.next(), parts.next(), parts.next())
            else {
                return Err(format!("{}: not a verdict: {line}", path.display()));
            };
            lines.insert(name.to_owned(), (hash.to_owned(), rules.to_owned()));
        }
        Ok(Self { lines })
    }

    /// Writes the snapshot.
    ///
    /// # Errors
    /// When the file cannot be written.
    pub fn write(&self, path: &Path) -> Result<(), String> {
        let says = |error: std::io::Error| format!("{}: {error}", path.display());
        let mut out = GzEncoder::new(File::create(path).map_err(says)?, Compression::best());
        for (name, (hash, rules)) in &self.lines {
            writeln!(out, "{hash} {rules} {name}").map_err(says)?;
        }
        out.finish().map_err(says)?;
        Ok(())
    }

    /// Adds a verdict.
    pub fn insert(&mut self, case: &Case, verdict: &Verdict) {
        let rules = verdict.summary().replace(' ', "_");
        self.lines.insert(case.name.clone(), (case.hash(), rules));
    }

    /// The verdict on a case; `None` when the oracle has not seen it as it is now.
    pub fn get(&self, case: &Case) -> Option<Verdict> {
        let (hash, rules) = self.lines.get(&case.name)?;
        if *hash != case.hash() {
            return None;
        }
        let valid = rules == "valid";
        let rules: BTreeSet<String> = if valid {
            BTreeSet::new()
        } else {
            rules.split('+').map(str::to_owned).collect()
        };
        Some(Verdict {
            valid,
            rules,
            words: Vec::new(),
        })
    }

    /// How many verdicts there are.
    pub fn len(&self) -> usize {
        self.lines.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.lines.is_empty()
    }
}
