//! The loss report: what a file held and no resource took.

mod seen;

use std::collections::{BTreeMap, HashMap};

use serde::Serialize;
use source::Census;

pub(crate) use seen::Seen;
pub use seen::{ListKind, UnusedEntries};

use crate::program::{Program, Purpose};

/// What a file held and no resource took, by column and by label.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Loss {
    /// Columns, sheets and members that the mapping does not know, with how many cells they fill.
    pub unknown: Vec<UnknownColumn>,
    /// Cells of declared columns on records for which no rule that uses the column applied.
    pub unused: Vec<ColumnLoss>,
    /// Columns left out on purpose, with the reason.
    pub ignored: Vec<ColumnLoss>,
    /// Columns whose values never leave the reader, with the reason.
    pub denied: Vec<ColumnLoss>,
    /// Labels for which a code table had no row.
    pub unmapped: Vec<LabelLoss>,
    /// Cells of records that a later record of their group overtook and that say something else
    /// than what stands.
    pub overtaken_cells: Vec<ColumnLoss>,
    /// Records that a later version in the same file overtook, by table.
    pub overtaken: BTreeMap<String, u64>,
    /// Labels that are not in the list that their column declares.
    pub unlisted: Vec<UnlistedLabel>,
    /// What no record used of the labels of columns, of code tables and of phrases. A label that a
    /// supplier renamed stands here under its old name and among the unlisted under its new one.
    pub unused_entries: Vec<UnusedEntries>,
    /// By the index of the table and of the column: how many cells were used. For coverage.
    #[serde(skip)]
    pub used: Vec<Vec<u64>>,
}

/// A column that the mapping does not know.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnknownColumn {
    /// The sheet of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The column; nothing for a sheet as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// How many cells hold something.
    pub cells: u64,
}

/// A declared column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct ColumnLoss {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// Why it is left out, where the mapping says.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
    /// How many cells hold something and were not used.
    pub cells: u64,
}

/// A label that its column does not declare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct UnlistedLabel {
    /// The table.
    pub table: String,
    /// The column.
    pub column: String,
    /// The label as written; nothing for those beyond the first [`MAX_LABELS`] of a column.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How often a rule met it.
    pub count: u64,
}

/// A label without a code.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct LabelLoss {
    /// The code table.
    pub table: String,
    /// The label as written; nothing for those beyond the first [`MAX_LABELS`] of a table.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// How often.
    pub count: u64,
}

/// How many different labels of a code table are named; the rest are counted together.
pub const MAX_LABELS: usize = 1000;

/// Counts while a run goes on.
#[derive(Debug, Default)]
pub(crate) struct LossCounter {
    /// By table and column: cells that a rule used.
    used: Vec<Vec<u64>>,
    unmapped: Vec<HashMap<String, u64>>,
    beyond: Vec<u64>,
    pub overtaken: Vec<u64>,
    /// By rule and column.
    overtaken_cells: HashMap<(usize, usize), u64>,
    /// By table and column: labels, and how often more than are named.
    unlisted: BTreeMap<(usize, usize), (BTreeMap<String, u64>, u64)>,
}

/// A label that a rule met and nothing stands for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Lost {
    /// Code table, label.
    Unmapped(usize, String),
    /// Table, column, label.
    Unlisted(usize, usize, String),
}

impl LossCounter {
    pub fn new(program: &Program) -> Self {
        Self {
            used: program
                .tables
                .iter()
                .map(|table| vec![0; table.columns.len()])
                .collect(),
            unmapped: program.codes.iter().map(|_| HashMap::new()).collect(),
            beyond: vec![0; program.codes.len()],
            overtaken: vec![0; program.tables.len()],
            overtaken_cells: HashMap::new(),
            unlisted: BTreeMap::new(),
        }
    }

    pub fn used(&mut self, table: usize, column: usize) {
        if let Some(count) = self
            .used
            .get_mut(table)
            .and_then(|table| table.get_mut(column))
        {
            *count += 1;
        }
    }

    pub fn overtaken_cell(&mut self, rule: usize, column: usize) {
        *self.overtaken_cells.entry((rule, column)).or_default() += 1;
    }

    pub fn unmapped(&mut self, table: usize, label: String) {
        self.unmapped_times(table, label, 1);
    }

    pub fn lost(&mut self, lost: Lost) {
        match lost {
            Lost::Unmapped(table, label) => self.unmapped(table, label),
            Lost::Unlisted(table, column, label) => self.unlisted((table, column), label, 1),
        }
    }

    fn unlisted(&mut self, column: (usize, usize), label: String, times: u64) {
        let (labels, beyond) = self.unlisted.entry(column).or_default();
        if let Some(count) = labels.get_mut(&label) {
            *count += times;
        } else if labels.len() < MAX_LABELS {
            labels.insert(label, times);
        } else {
            *beyond += times;
        }
    }

    fn unmapped_times(&mut self, table: usize, label: String, times: u64) {
        let Some(labels) = self.unmapped.get_mut(table) else {
            return;
        };
        if let Some(count) = labels.get_mut(&label) {
            *count += times;
        } else if labels.len() < MAX_LABELS {
            labels.insert(label, times);
        } else if let Some(count) = self.beyond.get_mut(table) {
            *count += times;
        }
    }

    /// Adds the counts of the records that come next.
    pub fn add(&mut self, next: Self) {
        for (table, more) in self.used.iter_mut().zip(next.used) {
            for (count, more) in table.iter_mut().zip(more) {
                *count += more;
            }
        }
        for (table, labels) in next.unmapped.into_iter().enumerate() {
            let mut labels: Vec<(String, u64)> = labels.into_iter().collect();
            labels.sort();
            for (label, count) in labels {
                self.unmapped_times(table, label, count);
            }
        }
        for (column, (labels, beyond)) in next.unlisted {
            for (label, count) in labels {
                self.unlisted(column, label, count);
            }
            if beyond > 0 {
                self.unlisted.entry(column).or_default().1 += beyond;
            }
        }
        for (count, more) in self.beyond.iter_mut().zip(next.beyond) {
            *count += more;
        }
        for (count, more) in self.overtaken.iter_mut().zip(next.overtaken) {
            *count += more;
        }
        for (cell, more) in next.overtaken_cells {
            *self.overtaken_cells.entry(cell).or_default() += more;
        }
    }

    pub fn report(self, program: &Program, census: Option<&Census>) -> Loss {
        let mut loss = Loss::default();
        for unused in census
            .map(|census| census.undeclared.as_slice())
            .unwrap_or_default()
        {
            if unused.filled > 0 {
                loss.unknown.push(UnknownColumn {
                    sheet: unused.sheet.clone(),
                    column: unused.column.clone(),
                    cells: unused.filled,
                });
            }
        }
        for (index, table) in program.tables.iter().enumerate() {
            let counted = census.and_then(|census| census.tables.get(index));
            for (position, column) in table.columns.iter().enumerate() {
                let filled = counted
                    .and_then(|table| table.filled.get(position))
                    .copied()
                    .unwrap_or(0);
                let entry = |reason: Option<&String>, cells: u64| ColumnLoss {
                    table: table.name.to_string(),
                    column: column.name.to_string(),
                    reason: reason.cloned(),
                    cells,
                };
                match &column.purpose {
                    Purpose::Ignored(reason) => loss.ignored.push(entry(Some(reason), filled)),
                    Purpose::Denied(reason) => loss.denied.push(entry(Some(reason), filled)),
                    Purpose::Used => {
                        let used = self
                            .used
                            .get(index)
                            .and_then(|table| table.get(position))
                            .copied()
                            .unwrap_or(0);
                        if filled > used {
                            loss.unused.push(entry(None, filled - used));
                        }
                    }
                }
            }
            for (position, column) in table.columns.iter().enumerate() {
                // Several rules may group by the same column; a cell is counted once.
                let cells = program
                    .rules
                    .iter()
                    .enumerate()
                    .filter(|(_, rule)| rule.table == index)
                    .filter_map(|(rule, _)| self.overtaken_cells.get(&(rule, position)))
                    .max()
                    .copied()
                    .unwrap_or(0);
                if cells > 0 {
                    loss.overtaken_cells.push(ColumnLoss {
                        table: table.name.to_string(),
                        column: column.name.to_string(),
                        reason: None,
                        cells,
                    });
                }
            }
            let overtaken = self.overtaken.get(index).copied().unwrap_or(0);
            if overtaken > 0 {
                loss.overtaken.insert(table.name.to_string(), overtaken);
            }
        }
        loss.used = self.used;
        for ((table, column), (labels, beyond)) in self.unlisted {
            let declared = program.tables.get(table);
            let name = declared.and_then(|table| table.columns.get(column));
            let entry = |label: Option<String>, count: u64| UnlistedLabel {
                table: declared.map_or_else(String::new, |table| table.name.to_string()),
                column: name.map_or_else(String::new, |column| column.name.to_string()),
                label,
                count,
            };
            let named = labels.into_iter();
            loss.unlisted
                .extend(named.map(|(label, count)| entry(Some(label), count)));
            if beyond > 0 {
                loss.unlisted.push(entry(None, beyond));
            }
        }
        for ((table, labels), beyond) in program.codes.iter().zip(self.unmapped).zip(self.beyond) {
            let mut labels: Vec<(String, u64)> = labels.into_iter().collect();
            labels.sort();
            loss.unmapped
                .extend(labels.into_iter().map(|(label, count)| LabelLoss {
                    table: table.name.clone(),
                    label: Some(label),
                    count,
                }));
            if beyond > 0 {
                loss.unmapped.push(LabelLoss {
                    table: table.name.clone(),
                    label: None,
                    count: beyond,
                });
            }
        }
        loss
    }
}
