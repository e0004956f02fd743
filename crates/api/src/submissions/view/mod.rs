//! Submissions as their sender reads them: as JSON, in plain words, and as tables.
//!
//! Whoever shows them has to have read them as the tenant itself (CS-22): they hold values of the file.

mod quarantine;
mod row;
mod sources;
mod status;
mod table;
mod words;

pub use quarantine::{held, quarantine_csv, quarantine_text};
pub use row::{list_text, row};
pub use sources::{source, sources_text};
pub use status::{Whole, issues_csv, status, status_text};
