//! Of what a resource was made: the lines of the mapping and the cells of the source behind each
//! element, and how each condition on the way was decided.
//!
//! A run records it only when [`crate::RunOptions::trace`] is set; it travels with what the run
//! makes, refuses or passes over. A trace holds values of the source: it is for the eyes of the
//! organisation that sent the file, like the report. A denied column is never read, so it never
//! stands in a trace.

mod recorder;

use std::sync::Arc;

use diagnostics::{InputPlace, MappingPlace};
use json::Value;
use serde::Serialize;

pub(crate) use recorder::{Recorder, Way, cell_of, row_place};

/// How one resource came about, or how far it came.
#[derive(Debug, Clone, Default)]
pub struct Trace {
    /// The rule.
    pub rule: Option<Arc<str>>,
    /// Where the mapping writes the rule.
    pub place: Option<MappingPlace>,
    /// What was written, in the order of the mapping. An entry stands for everything below its path
    /// that has no entry of its own.
    pub elements: Vec<TracedElement>,
    /// The conditions that were asked, in the order in which they were asked.
    pub decisions: Vec<Decision>,
    /// What coverage counts.
    pub(crate) reached: Reached,
}

/// Something that a rule wrote.
#[derive(Debug, Clone)]
pub struct TracedElement {
    /// Its place in the resource, from below the resource type: `name[0].family`.
    pub path: String,
    /// Where the mapping writes it: in a fragment, the place in the fragment.
    pub place: Option<MappingPlace>,
    /// In a fragment: where it is used, the innermost first.
    pub uses: Vec<MappingPlace>,
    /// What it was made of.
    pub origins: Vec<Origin>,
    /// The part of a constant that the profile fixes; null where the mapping writes it.
    pub(crate) fixed: Option<Arc<Value>>,
}

/// One thing that a value was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "how", rename_all = "camelCase", rename_all_fields = "camelCase")]
pub enum Origin {
    /// The mapping says so for every record.
    Constant,
    /// The profile leaves no choice.
    Profile,
    /// A cell of the record, or of one that encloses it.
    Cell(CellOrigin),
    /// A cell of another record of the same group: the record's own was blank.
    FilledFrom(CellOrigin),
    /// A cell of another table's record.
    LookedUp(CellOrigin),
    /// A row of a code table.
    CodeRow {
        /// The code table.
        table: String,
        /// The file and line of the row.
        place: MappingPlace,
        /// The label as the source writes it.
        label: String,
    },
    /// A label that the code table has no row for.
    NoCodeRow {
        /// The code table.
        table: String,
        /// The label as the source writes it.
        label: String,
    },
    /// The resource of another rule.
    Reference {
        /// That rule.
        rule: String,
    },
    /// Causeway itself: the id, what it says of the source and the mapping.
    Engine,
}

/// A cell that a value was made of.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct CellOrigin {
    /// The table, as the mapping names it.
    pub table: String,
    /// The column, as the mapping names it.
    pub column: String,
    /// Where it is: file, sheet, row and column, or a JSON pointer.
    #[serde(rename = "input")]
    pub place: InputPlace,
    /// What it holds, as the source writes it; nothing for a blank one.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub value: Option<String>,
}

/// What kind of condition was asked.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum Asked {
    /// Whether a record counts at all: `only`.
    Only,
    /// Whether something is made: `when`.
    When,
    /// `if(…)`
    If,
    /// `case(…)`
    Case,
    /// `coalesce(…)`
    Coalesce,
}

impl Asked {
    /// As the mapping language writes it.
    pub fn word(self) -> &'static str {
        match self {
            Self::Only => "only",
            Self::When => "when",
            Self::If => "if",
            Self::Case => "case",
            Self::Coalesce => "coalesce",
        }
    }
}

/// How a condition was decided.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Decision {
    /// What was asked.
    pub asked: Asked,
    /// The way that was taken: `true` or `false`; of `case` and `coalesce` the number of the branch
    /// from 1, `otherwise`, or `nothing`.
    pub answer: String,
    /// The element it was asked for, from below the resource type; nothing for the rule as a whole.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub element: Option<String>,
    /// Where the mapping asks.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mapping: Option<MappingPlace>,
    /// In a fragment: where it is used, the innermost first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub uses: Vec<MappingPlace>,
    /// The cells it was decided by.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub by: Vec<Origin>,
}

/// Why a rule made nothing of a record.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
pub enum PassedFor {
    /// The rule does not look at such records.
    Only,
    /// Its condition did not hold.
    When,
    /// What it repeats has no item.
    NoItem,
    /// A later record of its group stands for it.
    Group,
    /// Another record with the same key says the same.
    Repeated,
    /// A later version of the record is in the same file.
    Overtaken,
    /// Its source marks it as deleted, and what it made is retired.
    Retired,
}

impl PassedFor {
    /// In words.
    pub fn words(self) -> &'static str {
        match self {
            Self::Only => "the rule does not look at such records (`only`)",
            Self::When => "its condition does not hold (`when`)",
            Self::NoItem => "what it repeats (`each`) has no item here",
            Self::Group => "another record of its group is the latest, or says the same",
            Self::Repeated => "another record with the same key says the same: one is kept",
            Self::Retired => "its source marks it as deleted: what it made is retired (`deleted`)",
            Self::Overtaken => "a later version of the record is in the same file",
        }
    }
}

/// A record of which a rule made nothing, and nothing is wrong with that.
#[derive(Debug, Clone)]
pub struct PassedOver {
    /// The rule; nothing where the record as a whole was passed over.
    pub rule: Option<Arc<str>>,
    /// The type that it makes.
    pub resource_type: Option<Arc<str>>,
    /// The record.
    pub place: InputPlace,
    /// Why.
    pub reason: PassedFor,
    /// How it was decided.
    pub trace: Box<Trace>,
}

/// What coverage counts of one trace: by the addresses of the compiled operations, which stay where
/// they are for as long as the mapping is there.
#[derive(Debug, Clone, Default)]
pub(crate) struct Reached {
    /// The operation or condition, and the way that was taken.
    pub ways: Vec<(usize, Way)>,
    /// Code table and row.
    pub rows: Vec<(usize, usize)>,
    /// Table and column of cells that had a value.
    pub cells: Vec<(usize, usize)>,
}
