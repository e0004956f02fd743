//! One cell of a sheet.

use calamine::DataRef;
use compact_str::{CompactString, ToCompactString as _, format_compact};
use jiff::civil;

use crate::typed::day_number;
use crate::value::RawCell;

/// The most digits that a spreadsheet keeps of a number.
const DIGITS: i32 = 15;

/// One cell of a sheet, as [`RawCell`] but owned.
#[derive(Debug, Clone, Default, PartialEq)]
pub(crate) enum SheetCell {
    #[default]
    Empty,
    Text(CompactString),
    Number(CompactString),
    /// A whole number of more digits than a spreadsheet keeps: its last digits are not the ones
    /// that were typed.
    Rounded(CompactString),
    Bool(bool),
    Date(civil::Date),
    DateTime(civil::DateTime),
    Time(civil::Time),
    Error(CompactString),
}

impl SheetCell {
    /// A cell as the reader of the workbook gives it: a formula's cached value, a number with the
    /// digits that a person sees in the cell, a day number with a date format as a date.
    pub(crate) fn new(data: DataRef<'_>, epoch_1904: bool) -> Self {
        match data {
            DataRef::Empty => Self::Empty,
            DataRef::String(text) => Self::Text(text.into()),
            DataRef::SharedString(text) => Self::Text(text.into()),
            DataRef::Bool(truth) => Self::Bool(truth),
            DataRef::Int(number) => Self::Number(number.to_compact_string()),
            DataRef::Float(number) => Self::number(number),
            DataRef::DateTime(at) if at.is_duration() => Self::duration(at.as_f64()),
            DataRef::DateTime(at) => Self::at(at.as_f64(), epoch_1904),
            DataRef::DateTimeIso(text) => Self::iso(&text),
            DataRef::DurationIso(text) => Self::Text(text.into()),
            DataRef::Error(error) => Self::Error(error.to_compact_string()),
        }
    }

    /// A formula that was saved without its result, as programs do that write workbooks and cannot
    /// calculate. Blank would be a lie: the person who opens the workbook sees a value there.
    pub(crate) fn without_result() -> Self {
        Self::Error("a formula without its result".into())
    }

    fn number(number: f64) -> Self {
        if !number.is_finite() {
            return Self::Error("#NUM!".into());
        }
        let (text, exponent) = shown(number);
        if number.fract() == 0.0 && exponent >= DIGITS {
            return Self::Rounded(text);
        }
        Self::Number(text)
    }

    /// A length of time, as hours and minutes; it may be longer than a day.
    fn duration(days: f64) -> Self {
        let minutes = (days * 1440.0).round();
        if !(0.0..1e12).contains(&minutes) {
            return Self::Error("#NUM!".into());
        }
        #[allow(clippy::cast_possible_truncation)]
        let minutes = minutes as i64;
        Self::Text(format_compact!("{:02}:{:02}", minutes / 60, minutes % 60))
    }

    fn at(number: f64, epoch_1904: bool) -> Self {
        if (0.0..1.0).contains(&number) {
            // A time of day alone has no day; day 1 serves as one.
            return match day_number(number + 1.0, false) {
                Some(at) => Self::Time(at.time()),
                None => Self::Error("#NUM!".into()),
            };
        }
        match day_number(number, epoch_1904) {
            Some(at) if at.time() == civil::Time::midnight() => Self::Date(at.date()),
            Some(at) => Self::DateTime(at),
            // Shown as hashes in the cell.
            None => Self::Error("########".into()),
        }
    }

    fn iso(text: &str) -> Self {
        let text = text.trim();
        if let Ok(date) = text.parse::<civil::Date>()
            && text.len() <= 10
        {
            return Self::Date(date);
        }
        // An offset would be lost, so a text that has one stays text.
        match text.parse::<civil::DateTime>() {
            Ok(at) if !text.contains(['Z', 'z', '+']) && text.matches('-').count() == 2 => {
                if at.time() == civil::Time::midnight() {
                    Self::Date(at.date())
                } else {
                    Self::DateTime(at)
                }
            }
            _ => Self::Text(text.into()),
        }
    }

    pub(crate) fn raw(&self) -> RawCell<'_> {
        match self {
            Self::Empty => RawCell::Missing,
            Self::Text(text) => RawCell::Text(text),
            Self::Number(text) => RawCell::Number(text),
            Self::Rounded(text) => RawCell::Rounded(text),
            Self::Bool(truth) => RawCell::Bool(*truth),
            Self::Date(date) => RawCell::Date(*date),
            Self::DateTime(at) => RawCell::DateTime(*at),
            Self::Time(time) => RawCell::Time(*time),
            Self::Error(text) => RawCell::Error(text),
        }
    }

    /// How many bytes its text has outside the cell itself.
    pub(crate) fn text_length(&self) -> usize {
        match self {
            Self::Text(text) | Self::Number(text) | Self::Rounded(text) | Self::Error(text) => {
                text.len()
            }
            _ => 0,
        }
    }

    /// Whether nothing, or nothing but spaces, is in it.
    pub(crate) fn is_blank(&self) -> bool {
        match self {
            Self::Empty => true,
            Self::Text(text) => text.trim().is_empty(),
            _ => false,
        }
    }

    /// What a person sees, for headers.
    pub(crate) fn as_text(&self) -> String {
        match self {
            Self::Empty => String::new(),
            Self::Text(text) | Self::Number(text) | Self::Rounded(text) | Self::Error(text) => {
                text.to_string()
            }
            Self::Bool(truth) => truth.to_string(),
            Self::Date(date) => date.to_string(),
            Self::DateTime(at) => at.to_string(),
            Self::Time(time) => time.to_string(),
        }
    }

    /// The cell in a record's raw form; nothing when it is blank.
    pub(crate) fn to_json(&self) -> Option<json::Value> {
        match self {
            blank if blank.is_blank() => None,
            Self::Bool(truth) => Some(json::Value::Bool(*truth)),
            other => Some(other.as_text().into()),
        }
    }
}

/// A number as a person sees it in a cell that is wide enough: at most fifteen digits, no exponent
/// and no zeros behind the point that nobody typed. With its decimal exponent.
fn shown(number: f64) -> (CompactString, i32) {
    let scientific = format!("{number:.14e}");
    let (mantissa, exponent) = scientific.split_once('e').unwrap_or((&scientific, "0"));
    let exponent: i32 = exponent.parse().unwrap_or(0);
    let (sign, mantissa) = match mantissa.strip_prefix('-') {
        Some(mantissa) => ("-", mantissa),
        None => ("", mantissa),
    };
    let digits: String = mantissa.chars().filter(char::is_ascii_digit).collect();
    let digits = digits.trim_end_matches('0');
    if digits.is_empty() {
        return ("0".into(), 0);
    }
    let text = match usize::try_from(exponent) {
        Err(_) => {
            let zeros = "0".repeat(usize::try_from(-exponent - 1).unwrap_or(0));
            format_compact!("{sign}0.{zeros}{digits}")
        }
        Ok(exponent) => match digits.split_at_checked(exponent + 1) {
            Some((whole, "")) => format_compact!("{sign}{whole}"),
            Some((whole, fraction)) => format_compact!("{sign}{whole}.{fraction}"),
            None => {
                let zeros = "0".repeat(exponent + 1 - digits.len());
                format_compact!("{sign}{digits}{zeros}")
            }
        },
    };
    (text, exponent)
}
