//! Where an issue is: in the input, and in the mapping.

use std::fmt;
use std::sync::Arc;

use serde::{Serialize, Serializer};

fn shared<S: Serializer>(text: &Arc<str>, serializer: S) -> Result<S::Ok, S::Error> {
    serializer.serialize_str(text)
}

fn shared_option<S: Serializer>(text: &Option<Arc<str>>, serializer: S) -> Result<S::Ok, S::Error> {
    text.as_deref().serialize(serializer)
}

/// A place in an input file. Every part is optional: a CSV file has no sheet, a JSON document has
/// a pointer instead of a row and a column.
#[derive(Debug, Clone, PartialEq, Eq, Default, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct InputPlace {
    /// The file's name, without its folder.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "shared_option"
    )]
    pub file: Option<Arc<str>>,
    /// The sheet of a workbook, or the entry of an archive.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "shared_option"
    )]
    pub sheet: Option<Arc<str>>,
    /// The row as a person sees it: 1 is the first line of a file or sheet, the header included.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub row: Option<u64>,
    /// The column by its header, or its letter where it has none.
    #[serde(
        skip_serializing_if = "Option::is_none",
        serialize_with = "shared_option"
    )]
    pub column: Option<Arc<str>>,
    /// A JSON pointer (RFC 6901) into a nested document.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pointer: Option<String>,
}

impl InputPlace {
    /// A place that is a file as a whole.
    pub fn file(name: impl Into<Arc<str>>) -> Self {
        Self {
            file: Some(name.into()),
            ..Self::default()
        }
    }

    /// The same place in a sheet.
    #[must_use]
    pub fn sheet(mut self, sheet: impl Into<Arc<str>>) -> Self {
        self.sheet = Some(sheet.into());
        self
    }

    /// The same place at a row; rows count from 1.
    #[must_use]
    pub fn row(mut self, row: u64) -> Self {
        self.row = Some(row);
        self
    }

    /// The same place in a column.
    #[must_use]
    pub fn column(mut self, column: impl Into<Arc<str>>) -> Self {
        self.column = Some(column.into());
        self
    }

    /// The same place at a JSON pointer.
    #[must_use]
    pub fn pointer(mut self, pointer: impl Into<String>) -> Self {
        self.pointer = Some(pointer.into());
        self
    }
}

impl fmt::Display for InputPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let mut separator = "";
        if let Some(file) = &self.file {
            write!(f, "{file}")?;
            separator = ", ";
        }
        if let Some(sheet) = &self.sheet {
            write!(f, "{separator}sheet {sheet}")?;
            separator = ", ";
        }
        if let Some(row) = self.row {
            write!(f, "{separator}row {row}")?;
            separator = ", ";
        }
        if let Some(column) = &self.column {
            write!(f, "{separator}column {column}")?;
            separator = ", ";
        }
        // The empty pointer is the whole document, of which nothing more need be said.
        if let Some(pointer) = self.pointer.as_deref().filter(|it| !it.is_empty()) {
            write!(f, "{separator}at {pointer}")?;
        }
        Ok(())
    }
}

/// A place in a mapping file or in a file that belongs to it, such as a code table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct MappingPlace {
    /// The file, relative to the folder that was given.
    #[serde(serialize_with = "shared")]
    pub file: Arc<str>,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
    /// How many characters it spans; at least 1.
    pub length: u32,
}

impl fmt::Display for MappingPlace {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.file, self.line, self.column)
    }
}
