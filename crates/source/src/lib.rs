//! Bytes in a vendor's format to typed records that know where they came from.
//!
//! The main type is [`Opened`]: an [`Input`] opened with a [`Schema`], read as often as one likes
//! and handing out one [`Row`] at a time. CSV, XLSX and JSON sit behind it, and whoever reads rows
//! cannot tell them apart. What every adapter must keep is written in `docs/source-contract.md`.
//!
//! Invariants:
//! - A record that cannot be read costs itself only: it comes as an [`Event::Unreadable`] with its
//!   place and its mend. Only what makes the rest of the file unreadable ends a reading.
//! - Memory is bounded by [`limits`], not by the size of the file (a workbook's shared strings are
//!   the exception that the format forces; they have a limit of their own).
//! - A cell is interpreted only when it is asked for, and never guessed: no unit, no century, no
//!   time zone offset that is not certain.
//! - The value of a denied column is never handed out, neither typed nor in a record's raw form.
//! - No input, however broken, makes this crate panic; no message of its issues holds a value.

mod adapter;
mod batch;
mod census;
pub mod codes;
mod csv_table;
mod date_pattern;
mod header;
mod input;
mod inspect;
mod json_tree;
mod label;
pub mod limits;
mod opened;
mod problem;
mod row;
mod schema;
mod sniff;
mod text;
mod typed;
mod value;
mod xlsx;

pub use batch::{Batch, Interpreter};
pub use census::{Census, Counts, TableCensus, Unused};
pub use date_pattern::{DatePattern, PatternError};
pub use input::{Input, ReadSeek};
pub use inspect::{Inspected, Seen, Sheet, inspect};
pub use label::{nearest, normalise_header, normalise_label};
pub use opened::{Event, Opened, TableFound, Unreadable, open};
pub use problem::CellProblem;
pub use row::Row;
pub use schema::{CodeList, Column, ColumnType, Format, Markers, Schema, Table};
pub use typed::{Reading, typed};
pub use value::{Clock, Date, DateTime, RawCell, Typed};
