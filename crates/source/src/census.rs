//! What a file holds beside what was read of it: for the loss report.

use serde::Serialize;

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
