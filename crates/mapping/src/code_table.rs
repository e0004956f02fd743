//! Code tables: local labels and the codes that stand for them.

use std::collections::HashMap;

use json::CompactString;
use source::normalise_label;

use crate::program::{Coding, Policy};
use crate::yaml::Spot;

/// A code table, ready for look-ups.
#[derive(Debug, Clone)]
pub(crate) struct CodeTable {
    pub name: String,
    /// The fragment that brings it; nothing for the mapping's own.
    pub owner: Option<usize>,
    /// The file that holds it; nothing for rows in the mapping itself.
    pub file: Option<String>,
    /// Where the mapping declares it.
    pub spot: Spot,
    pub unmapped: Policy,
    pub rows: Vec<CodeRow>,
    /// The names of all columns, for `lookup`.
    pub columns: Vec<String>,
    by_label: HashMap<String, usize>,
}

/// A row: all rows of one label together.
#[derive(Debug, Clone)]
pub(crate) struct CodeRow {
    pub labels: Vec<String>,
    pub codings: Vec<Coding>,
    /// The cells of the first row, as [`CodeTable::columns`] names them.
    pub cells: Vec<CompactString>,
    /// Where it stands.
    pub spot: Spot,
}

impl CodeTable {
    pub fn new(name: String, file: Option<String>, spot: Spot, unmapped: Policy) -> Self {
        Self {
            name,
            owner: None,
            file,
            spot,
            unmapped,
            rows: Vec::new(),
            columns: Vec::new(),
            by_label: HashMap::new(),
        }
    }

    /// The row of a label.
    pub fn find(&self, label: &str) -> Option<usize> {
        self.by_label.get(normalise_label(label).as_ref()).copied()
    }

    /// The row of a label that is normalised already.
    pub fn row(&self, index: usize) -> Option<&CodeRow> {
        self.rows.get(index)
    }

    /// Adds a row, or the codings of a further row of the same label. Gives back the labels that
    /// other rows hold already.
    pub fn add(&mut self, row: CodeRow) -> Vec<String> {
        let mut clashes = Vec::new();
        let first = row.labels.first().map(String::as_str).unwrap_or_default();
        if let Some(index) = self.find(first)
            && let Some(known) = self.rows.get_mut(index)
            && known.labels.first().is_some_and(|label| {
                normalise_label(label).as_ref() == normalise_label(first).as_ref()
            })
        {
            for coding in row.codings {
                if known.codings.iter().any(|old| old.system == coding.system) {
                    clashes.push(first.to_owned());
                } else {
                    known.codings.push(coding);
                }
            }
            return clashes;
        }
        let index = self.rows.len();
        for label in &row.labels {
            let key = normalise_label(label).into_owned();
            match self.by_label.get(&key) {
                Some(&other) if other != index => clashes.push(label.clone()),
                _ => {
                    self.by_label.insert(key, index);
                }
            }
        }
        self.rows.push(row);
        clashes
    }
}
