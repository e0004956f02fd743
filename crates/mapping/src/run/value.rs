//! Values while a record is mapped.

use std::borrow::Cow;

use json::CompactString;
use source::{Date, DateTime, Typed};

use crate::program::{Coding, Unit};

/// A value of an expression.
#[derive(Debug, Clone)]
pub(crate) enum Val<'a> {
    Nothing,
    Text(Cow<'a, str>),
    /// A label of a list: as written, and which declared label it is.
    Label(Cow<'a, str>, Option<usize>),
    Integer(i64),
    Decimal(Cow<'a, str>),
    Boolean(bool),
    Date(Date),
    DateTime(DateTime),
    Concept {
        codings: &'a [Coding],
        text: Option<Cow<'a, str>>,
    },
    Quantity(Cow<'a, str>, &'a Unit),
    /// A period, a range or a ratio.
    Pair(Box<(Val<'a>, Val<'a>)>),
    Reference {
        resource_type: &'a str,
        id: CompactString,
    },
    Absent(&'a str),
    List(Vec<Val<'a>>),
}

impl<'a> Val<'a> {
    pub fn is_nothing(&self) -> bool {
        match self {
            Self::Nothing => true,
            Self::List(items) => items.iter().all(Self::is_nothing),
            _ => false,
        }
    }

    pub fn truth(&self) -> bool {
        matches!(self, Self::Boolean(true))
    }

    /// The value as FHIR writes it as text; nothing for what is no plain value.
    pub fn text(&self) -> Option<Cow<'a, str>> {
        match self {
            Self::Text(text) | Self::Label(text, _) | Self::Decimal(text) => Some(text.clone()),
            Self::Integer(number) => Some(Cow::Owned(number.to_string())),
            Self::Boolean(truth) => Some(Cow::Borrowed(if *truth { "true" } else { "false" })),
            Self::Date(date) => Some(Cow::Owned(date.to_string())),
            Self::DateTime(moment) => Some(Cow::Owned(moment.to_string())),
            Self::Concept { text, .. } => text.clone(),
            Self::Reference { resource_type, id } => {
                Some(Cow::Owned(format!("{resource_type}/{id}")))
            }
            _ => None,
        }
    }

    /// The text without a copy, where it is one.
    pub fn as_str(&self) -> Option<&str> {
        match self {
            Self::Text(text) | Self::Label(text, _) | Self::Decimal(text) => Some(text),
            _ => None,
        }
    }

    /// The items of a list; of a single value itself; of nothing none.
    pub fn items(self) -> Vec<Val<'a>> {
        match self {
            Self::Nothing => Vec::new(),
            Self::List(items) => items
                .into_iter()
                .filter(|item| !item.is_nothing())
                .collect(),
            one => vec![one],
        }
    }

    /// What orders values of one type: dates, moments and numbers.
    pub fn rank(&self) -> i64 {
        match self {
            Self::Integer(number) => *number,
            Self::Decimal(text) => {
                let number: f64 = text.parse().unwrap_or(f64::NEG_INFINITY);
                // Saturates: only the order matters.
                #[allow(clippy::cast_possible_truncation)]
                let scaled = (number * 1000.0) as i64;
                scaled
            }
            Self::Date(date) => day_seconds(*date),
            Self::DateTime(moment) => seconds(*moment),
            _ => i64::MIN,
        }
    }

    /// An owned copy of a typed cell, for what outlives its record.
    pub fn of_typed(typed: Typed<'a>) -> Self {
        match typed {
            Typed::Text(text) => Self::Text(text),
            Typed::Integer(number) => Self::Integer(number),
            Typed::Decimal(text) => Self::Decimal(text),
            Typed::Date(date) => Self::Date(date),
            Typed::DateTime(moment) => Self::DateTime(moment),
            Typed::Code { label, index } => Self::Label(label, index),
            Typed::List(items) => Self::List(items.into_iter().map(Self::Text).collect()),
            Typed::Flag(truth) => Self::Boolean(truth),
            Typed::NhsNumber(number) => Self::Text(Cow::Owned(number)),
        }
    }

    /// The same value, holding on to nothing of the record that it came from.
    pub fn owned(self) -> Val<'static> {
        match self {
            Self::Text(text) => Val::Text(Cow::Owned(text.into_owned())),
            Self::Label(text, index) => Val::Label(Cow::Owned(text.into_owned()), index),
            Self::Integer(number) => Val::Integer(number),
            Self::Decimal(text) => Val::Decimal(Cow::Owned(text.into_owned())),
            Self::Boolean(truth) => Val::Boolean(truth),
            Self::Date(date) => Val::Date(date),
            Self::DateTime(moment) => Val::DateTime(moment),
            Self::List(items) => Val::List(items.into_iter().map(Val::owned).collect()),
            _ => Val::Nothing,
        }
    }
}

/// A partial date as the first second of what it may mean, in UTC.
fn day_seconds(date: Date) -> i64 {
    let civil = jiff::civil::Date::new(date.year, date.month.unwrap_or(1), date.day.unwrap_or(1));
    civil
        .ok()
        .and_then(|date| date.to_zoned(jiff::tz::TimeZone::UTC).ok())
        .map_or(i64::MIN, |zoned| zoned.timestamp().as_second())
}

/// A moment as seconds since 1970, in UTC.
pub(crate) fn seconds(moment: DateTime) -> i64 {
    let day = day_seconds(moment.date);
    match moment.time {
        None => day,
        Some(clock) => {
            let time = clock.time;
            let of_day = i64::from(time.hour()) * 3600
                + i64::from(time.minute()) * 60
                + i64::from(time.second());
            day.saturating_add(of_day - i64::from(clock.offset_seconds))
        }
    }
}
