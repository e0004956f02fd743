//! What names a person or leads to one.

use std::borrow::Cow;

use super::{scalar, shown};
use crate::codes;
use crate::problem::CellProblem;
use crate::schema::ColumnType;
use crate::typed::Reading;
use crate::value::{RawCell, Typed};

/// An NHS number: spaces and hyphens between its digits are dropped, and so is the apostrophe that
/// makes a spreadsheet keep it as text.
///
/// Ten digits with a modulus 11 check digit (NHS Data Dictionary, NHS NUMBER). Nine digits are taken
/// for a number whose leading zero a spreadsheet dropped, when the check digit agrees, with a
/// warning. No number in use begins with two zeros, so no more than one is put back.
pub(super) fn nhs_number<'a>(
    kind: &ColumnType,
    raw: RawCell<'a>,
) -> Result<Reading<'a>, CellProblem> {
    let text = scalar(kind, raw)?;
    let text = text.strip_prefix('\'').unwrap_or(text);
    let mut digits: Vec<i8> = Vec::with_capacity(10);
    let mut other = false;
    for c in text.chars() {
        match c {
            '0'..='9' => digits.push(i8::try_from(u32::from(c) - 48).unwrap_or(0)),
            c if c.is_whitespace() => {}
            '-' | '\u{2010}'..='\u{2015}' | '\u{200B}' | '\u{FEFF}' => {}
            _ => other = true,
        }
    }
    if other || digits.is_empty() {
        return Err(
            CellProblem::error(codes::NOT_NHS_NUMBER, "the cell is not an NHS number")
                .help("an NHS number has ten digits; leave the cell blank where it is not known")
                .value(shown(raw)),
        );
    }
    let padded = digits.len() == 9;
    if padded {
        digits.insert(0, 0);
    }
    let count = digits.len();
    let Ok(ten) = <[i8; 10]>::try_from(digits) else {
        return Err(CellProblem::error(
            codes::NOT_NHS_NUMBER,
            format!("an NHS number has ten digits, and this has {count}"),
        )
        .help("correct the number in the care system; leave it blank where it is not known")
        .value(shown(raw)));
    };
    if ten.windows(2).all(|pair| pair.first() == pair.last()) {
        // Ten equal digits pass the check, and nobody has such a number.
        return Err(CellProblem::error(
            codes::NHS_PLACEHOLDER,
            "ten equal digits are a placeholder, not an NHS number",
        )
        .help("leave the NHS number blank where it is not known")
        .value(shown(raw)));
    }
    if !nhs_number::validate_check_digit(ten) {
        let message = if padded {
            "an NHS number has ten digits, and this has 9; with a zero before it the check digit is wrong too"
        } else {
            "the check digit of the NHS number is wrong, so at least one digit is"
        };
        return Err(CellProblem::error(codes::NHS_CHECK_DIGIT, message)
            .help("correct the number in the care system; leave it blank where it is not known")
            .value(shown(raw)));
    }
    let number: String = ten
        .iter()
        .filter_map(|digit| char::from_digit(u32::try_from(*digit).ok()?, 10))
        .collect();
    let warning = padded.then(|| {
        CellProblem::warning(
            codes::NHS_PADDED,
            "the NHS number has nine digits; the leading zero that spreadsheets drop was put back, and the check digit agrees",
        )
        .help("keep NHS numbers as text in the export")
        .value(shown(raw))
    });
    Ok(Reading::from(Typed::NhsNumber(number)).warn(warning))
}

/// A postcode in capitals with one space before its last three characters, where it has the shape of
/// one (BS 7666); otherwise as written.
pub(super) fn postcode(text: Cow<'_, str>) -> Cow<'_, str> {
    let compact: String = text
        .chars()
        .filter(|c| !c.is_whitespace())
        .map(|c| c.to_ascii_uppercase())
        .collect();
    if !is_postcode(compact.as_bytes()) {
        return text;
    }
    let Some((outward, inward)) = compact.split_at_checked(compact.len().saturating_sub(3)) else {
        return text;
    };
    let written = format!("{outward} {inward}");
    if written == text {
        return text;
    }
    Cow::Owned(written)
}

fn is_postcode(compact: &[u8]) -> bool {
    let letter = u8::is_ascii_uppercase;
    let digit = u8::is_ascii_digit;
    let Some((outward, [sector, unit @ ..])) = compact.split_last_chunk::<3>() else {
        return false;
    };
    if !digit(sector) || !unit.iter().all(letter) {
        return false;
    }
    match outward {
        [a, b] => letter(a) && digit(b),
        [a, b, c] => {
            letter(a) && ((letter(b) && digit(c)) || (digit(b) && (digit(c) || letter(c))))
                || outward == b"GIR"
        }
        [a, b, c, d] => letter(a) && letter(b) && digit(c) && (digit(d) || letter(d)),
        _ => false,
    }
}

/// A telephone number as written, without the apostrophe that makes a spreadsheet keep it as text and
/// without characters that nobody sees.
pub(super) fn phone(text: Cow<'_, str>) -> Cow<'_, str> {
    let unseen = |c: char| matches!(c, '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}');
    let bare = text.strip_prefix('\'').unwrap_or(&text);
    if bare.contains(unseen) {
        return Cow::Owned(bare.replace(unseen, "").trim().to_owned());
    }
    match text {
        Cow::Borrowed(text) => Cow::Borrowed(text.strip_prefix('\'').unwrap_or(text)),
        Cow::Owned(text) => match text.strip_prefix('\'') {
            Some(bare) => Cow::Owned(bare.to_owned()),
            None => Cow::Owned(text),
        },
    }
}
