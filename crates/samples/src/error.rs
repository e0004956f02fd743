//! What can go wrong.

use std::fmt;

/// Why no sample was written.
#[derive(Debug)]
pub enum Error {
    /// There are fewer test NHS numbers than people asked for.
    TooManyPeople {
        /// How many were asked for.
        asked: u32,
        /// How many there can be.
        most: u32,
    },
    /// A share of untidiness that is not between 0 and 1.
    MessOutOfRange(f64),
    /// A workbook cannot hold this: the format ends at 1,048,576 rows a sheet.
    Workbook(String),
    /// A line of a workbook written as text is not understood.
    WorkbookText {
        /// The line, from 1.
        line: usize,
        /// What is wrong with it.
        what: String,
    },
    /// Writing failed.
    Io(std::io::Error),
}

impl fmt::Display for Error {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::TooManyPeople { asked, most } => write!(
                f,
                "{asked} people were asked for, but there are test NHS numbers for {most}: ask for fewer, or make several files with different seeds"
            ),
            Self::MessOutOfRange(mess) => {
                write!(f, "the mess rate is {mess}, but must be from 0 to 1")
            }
            Self::Workbook(what) => write!(f, "the workbook cannot be written: {what}"),
            Self::WorkbookText { line, what } => write!(f, "line {line}: {what}"),
            Self::Io(error) => write!(f, "the file cannot be written: {error}"),
        }
    }
}

impl std::error::Error for Error {
    fn source(&self) -> Option<&(dyn std::error::Error + 'static)> {
        match self {
            Self::Io(error) => Some(error),
            _ => None,
        }
    }
}

impl From<std::io::Error> for Error {
    fn from(error: std::io::Error) -> Self {
        Self::Io(error)
    }
}

impl From<csv::Error> for Error {
    fn from(error: csv::Error) -> Self {
        Self::Io(error.into())
    }
}

impl From<rust_xlsxwriter::XlsxError> for Error {
    fn from(error: rust_xlsxwriter::XlsxError) -> Self {
        Self::Workbook(error.to_string())
    }
}
