//! Why there is no comparison.

use std::fmt;

use diagnostics::Issue;

/// Why two mappings cannot be compared over an export.
#[derive(Debug)]
pub enum DifferenceError {
    /// The export cannot be used with one of the two.
    Unusable {
        /// Whether it is the new one.
        new: bool,
        /// Why.
        issues: Vec<Issue>,
    },
    /// The disk failed, or the file that both outcomes lie in.
    Disk(String),
}

impl fmt::Display for DifferenceError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unusable { new, issues } => {
                let which = if *new { "new" } else { "old" };
                write!(f, "the {which} mapping cannot use this export")?;
                for issue in issues {
                    write!(f, "\n  {issue}")?;
                }
                Ok(())
            }
            Self::Disk(reason) => write!(f, "the comparison cannot be kept on disk: {reason}"),
        }
    }
}

impl std::error::Error for DifferenceError {}

impl From<rusqlite::Error> for DifferenceError {
    fn from(error: rusqlite::Error) -> Self {
        // The text of an SQLite error names tables and columns, never values.
        Self::Disk(error.to_string())
    }
}

impl From<std::io::Error> for DifferenceError {
    fn from(error: std::io::Error) -> Self {
        Self::Disk(error.to_string())
    }
}
