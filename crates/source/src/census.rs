//! What a file holds beside what was read of it: for the loss report.

use serde::Serialize;

use crate::json_tree::UndeclaredMembers;
use crate::schema::Schema;

/// How many cells of each column hold something, and what the schema does not declare.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    /// By the index of the table in the schema.
    pub tables: Vec<TableCensus>,
    /// Columns, sheets and members that the file has and the schema does not declare, in the order
    /// in which the file has them.
    pub undeclared: Vec<Unused>,
}

/// The counts of one table.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct TableCensus {
    /// How many records could be read.
    pub records: u64,
    /// How many could not.
    pub unreadable: u64,
    /// By the index of the column in the table: how many records hold something there, denied
    /// columns included.
    pub filled: Vec<u64>,
}

/// Something that a file has and the schema does not declare.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Unused {
    /// The sheet of a workbook.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub sheet: Option<String>,
    /// The header of a column, the path of a member (`alerts[].colour`), or nothing for a sheet as
    /// a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub column: Option<String>,
    /// How many cells hold something.
    pub filled: u64,
}

/// The counts of some batches, on their way to a [`Census`].
#[derive(Debug, Default)]
pub struct Counts {
    pub(crate) tables: Vec<TableCensus>,
    pub(crate) undeclared: Undeclared,
}

/// The counts of what the schema does not declare.
#[derive(Debug, Default)]
pub(crate) struct Undeclared {
    /// By table and by the order of the columns in the file.
    pub columns: Vec<Vec<u64>>,
    /// Of documents.
    pub members: UndeclaredMembers,
}

impl Counts {
    /// Nothing counted yet.
    pub fn new(schema: &Schema) -> Self {
        Self {
            tables: schema
                .tables
                .iter()
                .map(|table| TableCensus {
                    filled: vec![0; table.columns.len()],
                    ..TableCensus::default()
                })
                .collect(),
            undeclared: Undeclared {
                columns: vec![Vec::new(); schema.tables.len()],
                members: UndeclaredMembers::default(),
            },
        }
    }

    /// Adds the counts of the batches that come next.
    pub fn add(&mut self, next: Self) {
        for (table, more) in self.tables.iter_mut().zip(next.tables) {
            table.records += more.records;
            table.unreadable += more.unreadable;
            add(&mut table.filled, &more.filled);
        }
        let columns = next.undeclared.columns;
        for (table, more) in self.undeclared.columns.iter_mut().zip(columns) {
            add(table, &more);
        }
        self.undeclared.members.add(next.undeclared.members);
    }
}

fn add(counts: &mut Vec<u64>, more: &[u64]) {
    if counts.len() < more.len() {
        counts.resize(more.len(), 0);
    }
    for (count, more) in counts.iter_mut().zip(more) {
        *count += more;
    }
}
