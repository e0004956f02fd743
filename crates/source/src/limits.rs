//! How large the parts of an input may be. A part above its limit is an issue with a place; it
//! never grows memory further.

/// The largest cell, in bytes of UTF-8.
pub const CELL_BYTES: usize = 1 << 20;

/// The largest row of a CSV file, in bytes.
pub const ROW_BYTES: usize = 8 << 20;

/// The most columns of a table.
pub const COLUMNS: usize = 2_048;

/// How many rows are searched for the header.
pub const HEADER_ROWS: u64 = 100;

/// The largest single JSON document of a file, in bytes. A file may hold any number of documents.
pub const DOCUMENT_BYTES: usize = 64 << 20;

/// The most that a workbook may hold once it is unpacked, in bytes.
pub const WORKBOOK_BYTES: u64 = 2 << 30;

/// The most that the parts of a workbook which must be held in memory (shared strings, styles,
/// the list of sheets) may hold once they are unpacked, in bytes.
pub const WORKBOOK_MEMORY_BYTES: u64 = 256 << 20;

/// How much larger than the file its unpacked parts may be, once they exceed
/// [`WORKBOOK_RATIO_FROM`]. Real workbooks stay under 50.
pub const WORKBOOK_RATIO: u64 = 200;

/// Below this many unpacked bytes the ratio does not matter.
pub const WORKBOOK_RATIO_FROM: u64 = 64 << 20;

/// The most parts that a workbook may have.
pub const WORKBOOK_PARTS: usize = 10_000;
