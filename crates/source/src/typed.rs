//! Cells as their column's type reads them.

mod date;
mod number;
mod person;
mod text;

use std::borrow::Cow;

use diagnostics::IssueType;
use jiff::tz::TimeZone;

use crate::codes;
use crate::problem::CellProblem;
use crate::schema::{ColumnType, Markers};
use crate::value::{RawCell, Typed};

pub(crate) use date::day_number;

/// A typed cell and what somebody should look at.
#[derive(Debug, Clone, PartialEq)]
pub struct Reading<'a> {
    /// The value.
    pub value: Typed<'a>,
    /// A warning: the value stands, at the precision that is certain.
    pub warning: Option<CellProblem>,
}

impl<'a> From<Typed<'a>> for Reading<'a> {
    fn from(value: Typed<'a>) -> Self {
        Self {
            value,
            warning: None,
        }
    }
}

impl Reading<'_> {
    pub(crate) fn warn(mut self, warning: Option<CellProblem>) -> Self {
        self.warning = warning;
        self
    }
}

/// Reads a cell as a type; `None` when it is missing. [`crate::Row::reading`] calls it with what
/// its file knows.
///
/// `markers` are the texts that stand for nothing (for the items of a list; [`RawCell::Missing`]
/// is already the answer for the cell), `zone` is the zone of local times where the type has none
/// of its own, and `epoch_1904` says from when day numbers count.
///
/// # Errors
/// When the cell is not what the type says. Nothing is guessed.
pub fn typed<'a>(
    kind: &ColumnType,
    raw: RawCell<'a>,
    markers: &Markers,
    zone: &TimeZone,
    epoch_1904: bool,
) -> Result<Option<Reading<'a>>, CellProblem> {
    match raw {
        RawCell::Missing => return Ok(None),
        RawCell::Error(text) => {
            return Err(CellProblem::error(
                codes::SHEET_ERROR,
                "the cell holds a spreadsheet error, or a formula without its result, instead of a value",
            )
            .help("open the workbook in a spreadsheet program, mend the formula if it shows an error, and save it again")
            .value(text));
        }
        RawCell::Rounded(text) => {
            return Err(CellProblem::error(
                codes::LOST_DIGITS,
                "the number has more than the fifteen digits that a spreadsheet keeps, so its last digits are lost",
            )
            .help("format the column as text before the numbers are entered")
            .value(text));
        }
        _ => {}
    }
    match kind {
        ColumnType::String => Ok(Some(Typed::Text(text::plain(kind, raw)?).into())),
        ColumnType::Integer { min, max } => {
            number::integer(kind, raw, *min, *max).map(|it| Some(it.into()))
        }
        ColumnType::Decimal { min, max } => {
            number::decimal(kind, raw, min.as_deref(), max.as_deref()).map(|it| Some(it.into()))
        }
        ColumnType::Date { formats } => date::date(kind, raw, formats, epoch_1904).map(Some),
        ColumnType::DateTime { formats, zone: own } => {
            date::date_time(kind, raw, formats, own.as_ref().unwrap_or(zone), epoch_1904).map(Some)
        }
        ColumnType::Code { values } => text::code(kind, raw, values.as_ref()).map(Some),
        ColumnType::List { separator } => text::list(kind, raw, separator.as_deref(), markers),
        ColumnType::Flag { yes, no } => text::flag(kind, raw, yes, no).map(|it| Some(it.into())),
        ColumnType::NhsNumber => person::nhs_number(kind, raw).map(Some),
        ColumnType::Postcode => {
            let text = text::plain(kind, raw)?;
            Ok(Some(Typed::Text(person::postcode(text)).into()))
        }
        ColumnType::Phone => {
            let text = text::plain(kind, raw)?;
            Ok(Some(Typed::Text(person::phone(text)).into()))
        }
    }
}

/// The cell is of another kind than the column.
fn wrong_type(kind: &ColumnType, raw: RawCell<'_>) -> CellProblem {
    let found = match raw {
        RawCell::Missing => "nothing",
        RawCell::Text(_) => "a text",
        RawCell::Number(_) | RawCell::Rounded(_) => "a number",
        RawCell::Bool(_) => "a boolean",
        RawCell::Date(_) => "a date",
        RawCell::DateTime(_) => "a date with a time",
        RawCell::Time(_) => "a time of day",
        RawCell::Error(_) => "a spreadsheet error",
        RawCell::Items(_) => "an array",
        RawCell::Object => "an object",
    };
    CellProblem::error(
        codes::WRONG_TYPE,
        format!(
            "{found} stands where the mapping declares the type {}",
            kind.name()
        ),
    )
    .kind(IssueType::Structure)
    .help("correct the export, or the column's type in the mapping")
}

/// The text of a cell that is a text or a number, without the spaces round it.
fn scalar<'a>(kind: &ColumnType, raw: RawCell<'a>) -> Result<&'a str, CellProblem> {
    match raw {
        RawCell::Text(text) | RawCell::Number(text) => Ok(text.trim()),
        other => Err(wrong_type(kind, other)),
    }
}

/// The value of a cell for the sender's report.
fn shown(raw: RawCell<'_>) -> Cow<'_, str> {
    match raw {
        RawCell::Text(text)
        | RawCell::Number(text)
        | RawCell::Rounded(text)
        | RawCell::Error(text) => Cow::Borrowed(text),
        RawCell::Bool(truth) => Cow::Owned(truth.to_string()),
        RawCell::Date(date) => Cow::Owned(date.to_string()),
        RawCell::DateTime(at) => Cow::Owned(at.to_string()),
        RawCell::Time(time) => Cow::Owned(time.to_string()),
        RawCell::Items(_) | RawCell::Object | RawCell::Missing => Cow::Borrowed(""),
    }
}
