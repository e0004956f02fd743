//! Which entries of its lists a run has met.

use std::sync::atomic::{AtomicBool, Ordering};

use serde::Serialize;
use source::{CodeList, ColumnType};

use super::MAX_LABELS;
use crate::program::{Program, Purpose};

/// A list of the mapping, and what of it no record of a file used.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnusedEntries {
    /// What kind of list.
    pub kind: ListKind,
    /// Its name: `table.[Column]` for the labels of a column, else as the mapping calls it.
    pub list: String,
    /// How many entries it has.
    pub of: usize,
    /// How many of them no record used.
    pub unused: usize,
    /// These, the first [`MAX_LABELS`] of them: of a code table its rows by their first label.
    pub entries: Vec<String>,
}

/// A kind of list.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum ListKind {
    /// The labels that a column declares.
    Values,
    /// A code table.
    Codes,
    /// Phrases.
    Phrases,
}

/// Marks that any thread may set.
///
/// A mark is read before it is set: most are set already, and reading does not take the memory away
/// from other threads.
#[derive(Debug, Default)]
struct Marks(Vec<AtomicBool>);

impl Marks {
    fn new(count: usize) -> Self {
        Self((0..count).map(|_| AtomicBool::new(false)).collect())
    }

    fn set(&self, index: usize) {
        if let Some(mark) = self.0.get(index)
            && !mark.load(Ordering::Relaxed)
        {
            mark.store(true, Ordering::Relaxed);
        }
    }

    fn is_set(&self, index: usize) -> bool {
        self.0
            .get(index)
            .is_some_and(|mark| mark.load(Ordering::Relaxed))
    }

    fn report<'l>(
        &self,
        kind: ListKind,
        list: String,
        entries: impl Iterator<Item = &'l str>,
    ) -> Option<UnusedEntries> {
        let mut report = UnusedEntries {
            kind,
            list,
            of: 0,
            unused: 0,
            entries: Vec::new(),
        };
        for (index, entry) in entries.enumerate() {
            report.of += 1;
            if self.is_set(index) {
                continue;
            }
            report.unused += 1;
            if report.entries.len() < MAX_LABELS {
                report.entries.push(entry.to_owned());
            }
        }
        (report.unused > 0).then_some(report)
    }
}

/// What a run has met of its lists.
#[derive(Debug, Default)]
pub(crate) struct Seen {
    /// By table and column.
    labels: Vec<Vec<Marks>>,
    /// By code table.
    rows: Vec<Marks>,
    /// By list of phrases.
    phrases: Vec<Marks>,
}

impl Seen {
    pub fn new(program: &Program) -> Self {
        let labels = program.schema.tables.iter().map(|table| {
            let columns = table.columns.iter();
            columns
                .map(|column| Marks::new(list_of(&column.kind).map_or(0, |it| it.labels().len())))
                .collect()
        });
        Self {
            labels: labels.collect(),
            rows: program
                .codes
                .iter()
                .map(|table| Marks::new(table.rows.len()))
                .collect(),
            phrases: program
                .phrases
                .iter()
                .map(|list| Marks::new(list.phrases.len()))
                .collect(),
        }
    }

    /// A cell held a label of its column's list.
    pub fn label(&self, table: usize, column: usize, label: usize) {
        if let Some(marks) = self.labels.get(table).and_then(|table| table.get(column)) {
            marks.set(label);
        }
    }

    /// A label met a row of a code table.
    pub fn row(&self, table: usize, row: usize) {
        if let Some(marks) = self.rows.get(table) {
            marks.set(row);
        }
    }

    /// A text held a phrase.
    pub fn phrase(&self, list: usize, phrase: usize) {
        if let Some(marks) = self.phrases.get(list) {
            marks.set(phrase);
        }
    }

    /// What was not met.
    pub fn unused(&self, program: &Program) -> Vec<UnusedEntries> {
        let mut out = Vec::new();
        for (index, (declared, marks)) in program.tables.iter().zip(&self.labels).enumerate() {
            for (position, (column, marks)) in declared.columns.iter().zip(marks).enumerate() {
                let kind = program
                    .schema
                    .tables
                    .get(index)
                    .and_then(|table| table.columns.get(position))
                    .map(|column| &column.kind);
                if let (Purpose::Used, Some(list)) = (&column.purpose, kind.and_then(list_of)) {
                    out.extend(marks.report(
                        ListKind::Values,
                        format!("{}.[{}]", declared.name, column.name),
                        list.labels().iter().map(String::as_str),
                    ));
                }
            }
        }
        for (table, marks) in program.codes.iter().zip(&self.rows) {
            let labels = table
                .rows
                .iter()
                .map(|row| row.labels.first().map_or("", String::as_str));
            out.extend(marks.report(ListKind::Codes, table.name.clone(), labels));
        }
        for (list, marks) in program.phrases.iter().zip(&self.phrases) {
            let phrases = list.phrases.iter().map(String::as_str);
            out.extend(marks.report(ListKind::Phrases, list.name.clone(), phrases));
        }
        out
    }
}

fn list_of(kind: &ColumnType) -> Option<&CodeList> {
    match kind {
        ColumnType::Code { values } => values.as_ref(),
        _ => None,
    }
}
