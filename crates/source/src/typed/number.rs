//! Numbers: nothing is assumed that is not written, no unit and no separator of thousands.

use std::borrow::Cow;

use diagnostics::IssueType;

use super::{scalar, shown};
use crate::codes;
use crate::problem::CellProblem;
use crate::schema::ColumnType;
use crate::value::{RawCell, Typed};

pub(super) fn integer<'a>(
    kind: &ColumnType,
    raw: RawCell<'a>,
    min: Option<i64>,
    max: Option<i64>,
) -> Result<Typed<'a>, CellProblem> {
    let text = scalar(kind, raw)?;
    let refuse = |message: &str| {
        CellProblem::error(codes::NOT_INTEGER, message)
            .help("write digits only, without a unit, a decimal point or a separator of thousands")
            .value(shown(raw))
    };
    let digits = text.strip_prefix('-').unwrap_or(text);
    if digits.is_empty() || !digits.bytes().all(|b| b.is_ascii_digit()) {
        return Err(refuse(why_not(text, "the cell is not a whole number")));
    }
    let number: i64 = text
        .parse()
        .map_err(|_| refuse("the whole number is too large to be one"))?;
    if min.is_some_and(|min| number < min) || max.is_some_and(|max| number > max) {
        let range = range(min.map(|it| it.to_string()), max.map(|it| it.to_string()));
        return Err(out_of_range(&range, raw));
    }
    Ok(Typed::Integer(number))
}

pub(super) fn decimal<'a>(
    kind: &ColumnType,
    raw: RawCell<'a>,
    min: Option<&str>,
    max: Option<&str>,
) -> Result<Typed<'a>, CellProblem> {
    let text = scalar(kind, raw)?;
    let refuse = |message: &str| {
        CellProblem::error(codes::NOT_DECIMAL, message)
            .help("write digits and at most one decimal point, without a unit or a separator of thousands")
            .value(shown(raw))
    };
    // An exponent in a text is a spreadsheet's doing, which has cut the digits behind it; in a
    // JSON number it is the writer's own.
    let number = match raw {
        RawCell::Number(number) if json::Number::from_text(number).is_some() => {
            Cow::Borrowed(number)
        }
        _ => match plain_decimal(text) {
            Some(number) => number,
            None if is_exponent(text) => {
                return Err(CellProblem::error(
                    codes::LOST_DIGITS,
                    "the number is written with an exponent, as spreadsheets do when they cut digits",
                )
                .help("format the column as text or as a plain number and export it again")
                .value(shown(raw)));
            }
            None => return Err(refuse(why_not(text, "the cell is not a number"))),
        },
    };
    let size: f64 = number
        .parse()
        .map_err(|_| refuse("the cell is not a number"))?;
    let below = min.and_then(bound).is_some_and(|min| size < min);
    let above = max.and_then(bound).is_some_and(|max| size > max);
    if below || above || !size.is_finite() {
        let range = range(min.map(str::to_owned), max.map(str::to_owned));
        return Err(out_of_range(&range, raw));
    }
    Ok(Typed::Decimal(number))
}

fn bound(text: &str) -> Option<f64> {
    text.parse().ok()
}

/// A number without exponent, its digits as written, with a zero before a leading point and
/// without zeros or a point that FHIR's grammar has no room for.
fn plain_decimal(text: &str) -> Option<Cow<'_, str>> {
    if json::Number::from_text(text).is_some() && !is_exponent(text) {
        return Some(Cow::Borrowed(text));
    }
    let (sign, digits) = match text.strip_prefix('-') {
        Some(digits) => ("-", digits),
        None => ("", text),
    };
    let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
    let all_digits = |text: &str| text.bytes().all(|b| b.is_ascii_digit());
    if !all_digits(whole) || !all_digits(fraction) || (whole.is_empty() && fraction.is_empty()) {
        return None;
    }
    let whole = whole.trim_start_matches('0');
    let whole = if whole.is_empty() { "0" } else { whole };
    Some(Cow::Owned(if fraction.is_empty() {
        format!("{sign}{whole}")
    } else {
        format!("{sign}{whole}.{fraction}")
    }))
}

fn is_exponent(text: &str) -> bool {
    text.contains(['e', 'E']) && json::Number::from_text(&text.replace('+', "")).is_some()
}

/// A better sentence than the plain one, where the reason can be seen.
fn why_not<'m>(text: &str, otherwise: &'m str) -> &'m str {
    let starts_with_digit = text
        .trim_start_matches('-')
        .starts_with(|c: char| c.is_ascii_digit());
    if starts_with_digit && text.chars().any(char::is_alphabetic) {
        "the number has letters after it, and a unit is taken only from the mapping"
    } else if starts_with_digit && text.contains(',') {
        "the number has a comma, which may be a separator of thousands or a decimal point"
    } else {
        otherwise
    }
}

fn range(min: Option<String>, max: Option<String>) -> String {
    match (min, max) {
        (Some(min), Some(max)) => format!("from {min} to {max}"),
        (Some(min), None) => format!("at least {min}"),
        (None, Some(max)) => format!("at most {max}"),
        (None, None) => "any number that can be written down".to_owned(),
    }
}

fn out_of_range(range: &str, raw: RawCell<'_>) -> CellProblem {
    CellProblem::error(
        codes::OUT_OF_RANGE,
        format!("the number is outside the range that the mapping declares: {range}"),
    )
    .kind(IssueType::Value)
    .help("check the value in the care system; it may be a slip or in another unit")
    .value(shown(raw))
}
