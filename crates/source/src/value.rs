//! Cells: as the format gives them, and as their column's type reads them.

use std::borrow::Cow;
use std::fmt;

use jiff::civil;

/// A cell as the format gives it, before its column's type is applied.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum RawCell<'a> {
    /// Nothing was entered: no cell, a blank one, a missing marker, `null`, an array of blanks; or
    /// the column is denied.
    Missing,
    /// Text, as written.
    Text(&'a str),
    /// A number, as text: a document's as written, a workbook's without exponent or a `.0` that
    /// nobody typed.
    Number(&'a str),
    /// A whole number of more digits than a workbook keeps: the last ones are not what was typed.
    Rounded(&'a str),
    /// A boolean.
    Bool(bool),
    /// A real date of a workbook.
    Date(civil::Date),
    /// A real date with a time of day, of a workbook.
    DateTime(civil::DateTime),
    /// A real time of day, of a workbook.
    Time(civil::Time),
    /// An error that a spreadsheet shows instead of a value, such as `#N/A`; or words that say that
    /// a formula was saved without its result.
    Error(&'a str),
    /// An array of a document.
    Items(&'a [json::Value]),
    /// An object of a document.
    Object,
}

/// A cell as its column's type reads it.
#[derive(Debug, Clone, PartialEq)]
pub enum Typed<'a> {
    /// Text.
    Text(Cow<'a, str>),
    /// A whole number.
    Integer(i64),
    /// A number as FHIR writes a decimal, with the digits of the source.
    Decimal(Cow<'a, str>),
    /// A day, month or year.
    Date(Date),
    /// A point in time, or a day, month or year.
    DateTime(DateTime),
    /// A label of a local list.
    Code {
        /// The label as the source wrote it.
        label: Cow<'a, str>,
        /// Which declared label it is; nothing when the list is open or does not hold it.
        index: Option<usize>,
    },
    /// Several texts, none of them blank or a missing marker.
    List(Vec<Cow<'a, str>>),
    /// Yes or no.
    Flag(bool),
    /// An NHS number: ten digits whose check digit is right.
    NhsNumber(String),
}

/// A day, or a month or year where no more is known. Displays as FHIR's `date`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Date {
    /// From 1 to 9999.
    pub year: i16,
    /// From 1 to 12.
    pub month: Option<i8>,
    /// From 1 to the length of the month; never without a month.
    pub day: Option<i8>,
}

impl Date {
    /// The day as a calendar date, when it is known to the day.
    pub fn civil(self) -> Option<civil::Date> {
        civil::Date::new(self.year, self.month?, self.day?).ok()
    }
}

impl From<civil::Date> for Date {
    fn from(date: civil::Date) -> Self {
        Self {
            year: date.year(),
            month: Some(date.month()),
            day: Some(date.day()),
        }
    }
}

impl fmt::Display for Date {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:04}", self.year)?;
        if let Some(month) = self.month {
            write!(f, "-{month:02}")?;
            if let Some(day) = self.day {
                write!(f, "-{day:02}")?;
            }
        }
        Ok(())
    }
}

/// A point in time, or a day, month or year where no more is certain. Displays as FHIR's
/// `dateTime`: with a time there is always an offset and there are always seconds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct DateTime {
    /// The local day.
    pub date: Date,
    /// The time of day with its offset; only where the day is known.
    pub time: Option<Clock>,
}

/// A local time of day with its offset from UTC.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Clock {
    /// The time of day.
    pub time: civil::Time,
    /// The offset in seconds, east positive.
    pub offset_seconds: i32,
    /// Whether it displays as `Z`: the source said UTC, not an offset that happens to be zero.
    pub utc: bool,
}

impl fmt::Display for DateTime {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.date.fmt(f)?;
        let Some(clock) = self.time else {
            return Ok(());
        };
        let (hour, minute, second) = (clock.time.hour(), clock.time.minute(), clock.time.second());
        write!(f, "T{hour:02}:{minute:02}:{second:02}")?;
        let nanosecond = clock.time.subsec_nanosecond();
        if nanosecond != 0 {
            let digits = format!("{nanosecond:09}");
            write!(f, ".{}", digits.trim_end_matches('0'))?;
        }
        if clock.utc {
            return f.write_str("Z");
        }
        let minutes = clock.offset_seconds / 60;
        let sign = if minutes < 0 { '-' } else { '+' };
        let minutes = minutes.abs();
        write!(f, "{sign}{:02}:{:02}", minutes / 60, minutes % 60)
    }
}
