//! Texts that a column's type or a function reads: quantities, times of day, and the like.

use std::borrow::Cow;
use std::sync::Arc;

use crate::program::Unit;

/// What a text is read as.
#[derive(Debug, Clone)]
pub(crate) enum ReadAs {
    /// A number with its unit.
    Quantity(Arc<Units>),
    /// A time of day, in one of some formats.
    Time(Arc<[TimeFormat]>),
    /// A unique property reference number: up to twelve digits.
    Uprn,
    /// An address of electronic mail, where it looks like one.
    Email,
}

/// The units that a text may be in.
#[derive(Debug, Clone)]
pub(crate) struct Units {
    pub known: Vec<KnownUnit>,
    /// The one that a bare number is in; nothing where the source declares none (CS-16).
    pub bare: Option<usize>,
}

/// A unit as it is written, and as it is meant.
#[derive(Debug, Clone)]
pub(crate) struct KnownUnit {
    pub unit: Unit,
    /// How the source writes it: without regard to case and spaces.
    pub written: Vec<String>,
    pub min: Option<String>,
    pub max: Option<String>,
}

/// How a time of day is written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum TimeFormat {
    /// `9:30` or `09:30`
    HourMinute,
    /// `09:30:00`
    HourMinuteSecond,
    /// `0930`
    FourDigits,
    /// `9:30 pm`
    TwelveHours,
}

impl TimeFormat {
    /// The format of a pattern.
    pub fn parse(text: &str) -> Option<Self> {
        match text {
            "HH:mm" => Some(Self::HourMinute),
            "HH:mm:ss" | "iso" | "excel" => Some(Self::HourMinuteSecond),
            "HHmm" => Some(Self::FourDigits),
            "h:mm a" => Some(Self::TwelveHours),
            _ => None,
        }
    }

    fn read(self, text: &str) -> Option<jiff::civil::Time> {
        let number = |text: &str, digits: std::ops::RangeInclusive<usize>| -> Option<i8> {
            (digits.contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit()))
                .then(|| text.parse().ok())?
        };
        let (hour, minute, second) = match self {
            Self::HourMinute => {
                let (hour, minute) = text.split_once(':')?;
                (number(hour, 1..=2)?, number(minute, 2..=2)?, 0)
            }
            Self::HourMinuteSecond => {
                let (hour, rest) = text.split_once(':')?;
                let (minute, second) = rest.split_once(':').unwrap_or((rest, "00"));
                (
                    number(hour, 1..=2)?,
                    number(minute, 2..=2)?,
                    number(second, 2..=2)?,
                )
            }
            Self::FourDigits => {
                let (hour, minute) = text.split_at_checked(2)?;
                (number(hour, 2..=2)?, number(minute, 2..=2)?, 0)
            }
            Self::TwelveHours => {
                let lower = text.to_ascii_lowercase();
                let (clock, after_noon) = match lower.strip_suffix("am") {
                    Some(clock) => (clock, false),
                    None => (lower.strip_suffix("pm")?, true),
                };
                let (hour, minute) = clock.trim().split_once(':')?;
                let hour = number(hour, 1..=2)?;
                if !(1..=12).contains(&hour) {
                    return None;
                }
                let hour = hour % 12 + if after_noon { 12 } else { 0 };
                (hour, number(minute, 2..=2)?, 0)
            }
        };
        jiff::civil::Time::new(hour, minute, second, 0).ok()
    }
}

/// A text as it was read.
pub(crate) enum Read<'a> {
    Text(Cow<'a, str>),
    /// The number, and which unit it is in.
    Quantity(String, usize),
}

impl ReadAs {
    /// Reads a text. The error says what is wrong with it, without the value.
    pub fn read<'a>(&self, text: &'a str) -> Result<Read<'a>, String> {
        let text = text.trim();
        match self {
            Self::Quantity(units) => units.read(text),
            Self::Time(formats) => formats
                .iter()
                .find_map(|format| format.read(text))
                .map(|time| {
                    let (hour, minute, second) = (time.hour(), time.minute(), time.second());
                    Read::Text(Cow::Owned(format!("{hour:02}:{minute:02}:{second:02}")))
                })
                .ok_or_else(|| "this is no time of day as the mapping says it is written".into()),
            Self::Uprn => {
                let digits = text.len();
                if (1..=12).contains(&digits) && text.bytes().all(|byte| byte.is_ascii_digit()) {
                    Ok(Read::Text(Cow::Borrowed(text)))
                } else {
                    Err("a UPRN is a number of up to twelve digits".into())
                }
            }
            Self::Email => {
                // What does not look like one stays as it is, as a phone number does.
                let tidy = text.strip_prefix("mailto:").unwrap_or(text);
                Ok(Read::Text(Cow::Borrowed(if tidy.contains('@') {
                    tidy
                } else {
                    text
                })))
            }
        }
    }
}

impl Units {
    fn read<'a>(&self, text: &str) -> Result<Read<'a>, String> {
        let end = text
            .char_indices()
            .find(|(index, c)| {
                !(c.is_ascii_digit() || *c == '.' || (*index == 0 && matches!(c, '-' | '+')))
            })
            .map_or(text.len(), |(index, _)| index);
        let (number, unit) = text.split_at(end);
        let number = number.trim_start_matches('+');
        if json::Number::from_text(number).is_none() {
            return Err("this does not begin with a number".into());
        }
        let unit = fold(unit);
        let found = if unit.is_empty() {
            self.bare
                .ok_or("the number has no unit, and none is assumed")?
        } else {
            self.known
                .iter()
                .position(|known| known.written.contains(&unit))
                .ok_or("the unit is none of those that the mapping knows here")?
        };
        let Some(known) = self.known.get(found) else {
            return Err("the unit is none of those that the mapping knows here".into());
        };
        let value: f64 = number.parse().unwrap_or(f64::NAN);
        let bound = |text: &Option<String>| text.as_ref().and_then(|text| text.parse::<f64>().ok());
        if bound(&known.min).is_some_and(|min| value < min)
            || bound(&known.max).is_some_and(|max| value > max)
        {
            return Err("the value is not plausible: it is outside the range of its unit".into());
        }
        Ok(Read::Quantity(number.to_owned(), found))
    }
}

/// A unit as it is compared: without case, spaces and a closing dot.
pub(crate) fn fold(text: &str) -> String {
    text.chars()
        .filter(|c| !c.is_whitespace())
        .flat_map(char::to_lowercase)
        .collect::<String>()
        .trim_end_matches('.')
        .to_owned()
}
