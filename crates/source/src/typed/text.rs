//! Texts, labels, lists and flags.

use std::borrow::Cow;

use super::{scalar, shown, wrong_type};
use crate::codes;
use crate::label::normalise_label;
use crate::problem::CellProblem;
use crate::schema::{CodeList, ColumnType, Markers};
use crate::typed::Reading;
use crate::value::{RawCell, Typed};

/// A text without the spaces round it, otherwise verbatim. A number, date or time of a workbook is
/// the text that says the same.
pub(super) fn plain<'a>(kind: &ColumnType, raw: RawCell<'a>) -> Result<Cow<'a, str>, CellProblem> {
    match raw {
        RawCell::Text(text) | RawCell::Number(text) => Ok(Cow::Borrowed(text.trim())),
        RawCell::Date(date) => Ok(Cow::Owned(date.to_string())),
        RawCell::DateTime(at) => Ok(Cow::Owned(at.to_string())),
        RawCell::Time(time) if time.second() == 0 => Ok(Cow::Owned(format!(
            "{:02}:{:02}",
            time.hour(),
            time.minute()
        ))),
        RawCell::Time(time) => Ok(Cow::Owned(time.to_string())),
        RawCell::Items([only]) => match only {
            json::Value::String(text) => Ok(Cow::Borrowed(text.trim())),
            json::Value::Number(number) => Ok(Cow::Borrowed(number.as_str())),
            _ => Err(wrong_type(kind, raw)),
        },
        other => Err(wrong_type(kind, other)),
    }
}

pub(super) fn code<'a>(
    kind: &ColumnType,
    raw: RawCell<'a>,
    values: Option<&CodeList>,
) -> Result<Reading<'a>, CellProblem> {
    let label = match raw {
        RawCell::Bool(truth) => Cow::Borrowed(if truth { "true" } else { "false" }),
        other => plain(kind, other)?,
    };
    let index = values.and_then(|values| values.find(&label));
    let unknown = values.is_some() && index.is_none();
    let warning = unknown.then(|| {
        CellProblem::warning(
            codes::UNKNOWN_LABEL,
            "the label is not in the list that the mapping declares for this column",
        )
        .kind(diagnostics::IssueType::CodeInvalid)
        .help("add the label to the column's values and to its code table, or correct it in the care system")
        .value(shown(raw))
    });
    Ok(Reading::from(Typed::Code { label, index }).warn(warning))
}

/// Several texts. Items that are blank or missing markers are dropped: they say nothing.
pub(super) fn list<'a>(
    kind: &ColumnType,
    raw: RawCell<'a>,
    separator: Option<&str>,
    markers: &Markers,
) -> Result<Option<Reading<'a>>, CellProblem> {
    let items: Vec<Cow<'a, str>> = match raw {
        RawCell::Items(items) => items
            .iter()
            .filter(|item| !matches!(item, json::Value::Null))
            .map(|item| match item {
                json::Value::String(text) => Ok(Cow::Borrowed(text.trim())),
                json::Value::Number(number) => Ok(Cow::Borrowed(number.as_str())),
                _ => Err(wrong_type(kind, raw)),
            })
            .collect::<Result<_, _>>()?,
        RawCell::Text(text) => match separator {
            Some(separator) if !separator.is_empty() => text
                .split(separator)
                .map(|item| Cow::Borrowed(item.trim()))
                .collect(),
            _ => vec![Cow::Borrowed(text.trim())],
        },
        other => vec![plain(kind, other)?],
    };
    let items: Vec<Cow<'a, str>> = items
        .into_iter()
        .filter(|item| !markers.is_missing(item))
        .collect();
    Ok((!items.is_empty()).then(|| Typed::List(items).into()))
}

pub(super) fn flag<'a>(
    kind: &ColumnType,
    raw: RawCell<'a>,
    yes: &[String],
    no: &[String],
) -> Result<Typed<'a>, CellProblem> {
    if let RawCell::Bool(truth) = raw {
        return Ok(Typed::Flag(truth));
    }
    let text = scalar(kind, raw)?;
    let label = normalise_label(text);
    let among = |texts: &[String]| {
        texts
            .iter()
            .any(|known| known == text || normalise_label(known) == label)
    };
    if among(yes) {
        Ok(Typed::Flag(true))
    } else if among(no) {
        Ok(Typed::Flag(false))
    } else {
        Err(CellProblem::error(
            codes::NOT_FLAG,
            format!(
                "the cell is neither yes ({}) nor no ({})",
                yes.join(", "),
                no.join(", ")
            ),
        )
        .help("correct the cell, or declare the text in the mapping as yes, no or missing")
        .value(shown(raw)))
    }
}
