//! The codes of this crate's issues. A code is never reused.

/// The file cannot be opened or read from disk.
pub const IO: &str = "S001";
/// The file is empty.
pub const EMPTY: &str = "S002";
/// The file is of another format than the mapping reads.
pub const WRONG_FORMAT: &str = "S003";
/// The file is of the right format and not what the mapping describes: none of its columns is there.
pub const WRONG_FILE: &str = "S004";
/// Columns that the file must have are absent.
pub const MISSING_COLUMNS: &str = "S005";
/// Two columns go by the same header, so which one is meant is not certain.
pub const AMBIGUOUS_COLUMN: &str = "S006";
/// The header row was not found.
pub const NO_HEADER: &str = "S007";
/// A header and no record: nothing can be concluded from it.
pub const NO_RECORDS: &str = "S008";
/// The file ends in the middle of a record, or of its container.
pub const TRUNCATED: &str = "S009";
/// A row has more or fewer cells than the header.
pub const RAGGED: &str = "S010";
/// A cell, row, table, document or file is larger than [`crate::limits`] allows.
pub const TOO_LARGE: &str = "S011";
/// The text is not encoded in UTF-8, and it could be found out how it is.
pub const ENCODING: &str = "S012";
/// The text of a record is in no encoding that can be told.
pub const BAD_ENCODING: &str = "S013";
/// A record holds NUL characters.
pub const NUL: &str = "S014";
/// A quotation mark inside a quoted cell is not doubled, so where the cell ends is not certain.
pub const BAD_QUOTE: &str = "S015";
/// A sheet that the mapping reads is not in the workbook.
pub const NO_SHEET: &str = "S016";
/// A sheet is hidden.
pub const HIDDEN_SHEET: &str = "S017";
/// The workbook is damaged.
pub const BAD_WORKBOOK: &str = "S018";
/// The workbook is protected by a password.
pub const ENCRYPTED: &str = "S019";
/// Cells are merged, and only the first of them holds the value.
pub const MERGED_CELLS: &str = "S020";
/// The workbook, once unpacked, is larger than any real one.
pub const BOMB: &str = "S021";
/// A document is not JSON.
pub const BAD_JSON: &str = "S022";
/// What a path leads to has another JSON type than the mapping says.
pub const JSON_TYPE: &str = "S023";
/// The mapping's source section cannot be used.
pub const BAD_SCHEMA: &str = "S024";
/// A column that the mapping declares is absent from the file; it may be.
pub const ABSENT_COLUMN: &str = "S025";

/// Not a whole number.
pub const NOT_INTEGER: &str = "S101";
/// Not a number.
pub const NOT_DECIMAL: &str = "S102";
/// A number outside the range that the mapping declares.
pub const OUT_OF_RANGE: &str = "S103";
/// Not a date in any of the declared formats.
pub const NOT_DATE: &str = "S104";
/// A day or a time that does not exist.
pub const IMPOSSIBLE_DATE: &str = "S105";
/// A year of two digits.
pub const SHORT_YEAR: &str = "S106";
/// A date that two declared formats read differently.
pub const AMBIGUOUS_DATE: &str = "S107";
/// A local time that happened twice, at the end of summer time.
pub const TIME_TWICE: &str = "S108";
/// A local time that never happened, at the start of summer time.
pub const TIME_NEVER: &str = "S109";
/// A time of day in a column of dates.
pub const TIME_LEFT_OUT: &str = "S110";
/// A label that the declared list does not hold.
pub const UNKNOWN_LABEL: &str = "S111";
/// Neither yes nor no.
pub const NOT_FLAG: &str = "S112";
/// Not an NHS number.
pub const NOT_NHS_NUMBER: &str = "S113";
/// An NHS number whose check digit is wrong.
pub const NHS_CHECK_DIGIT: &str = "S114";
/// An NHS number whose leading zero a spreadsheet dropped; it was put back.
pub const NHS_PADDED: &str = "S115";
/// A placeholder where an NHS number should be.
pub const NHS_PLACEHOLDER: &str = "S116";
/// An error that a spreadsheet shows instead of a value, or a formula that was saved without its result.
pub const SHEET_ERROR: &str = "S117";
/// A cell of another kind than its column, such as an object where a text should be.
pub const WRONG_TYPE: &str = "S118";
/// A number that a spreadsheet has cut or shown with an exponent, so that digits are lost.
pub const LOST_DIGITS: &str = "S119";
