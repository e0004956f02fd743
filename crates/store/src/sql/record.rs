//! Values on their way into and out of a database.

use crate::{Error, Status};

/// A parameter of a statement, or a column of a row.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Value {
    /// A whole number; instants are microseconds since 1970.
    Int(Option<i64>),
    /// A text.
    Text(Option<String>),
    /// Bytes.
    Bytes(Option<Vec<u8>>),
    /// A list of texts, as one parameter.
    Texts(Vec<String>),
    /// A list of numbers, as one parameter.
    Ints(Vec<i64>),
}

impl Value {
    /// A list of texts.
    pub(crate) fn list<'t>(texts: impl IntoIterator<Item = &'t str>) -> Self {
        Self::Texts(texts.into_iter().map(str::to_owned).collect())
    }
}

impl From<i64> for Value {
    fn from(number: i64) -> Self {
        Self::Int(Some(number))
    }
}

impl From<Option<i64>> for Value {
    fn from(number: Option<i64>) -> Self {
        Self::Int(number)
    }
}

impl From<bool> for Value {
    fn from(flag: bool) -> Self {
        Self::Int(Some(i64::from(flag)))
    }
}

impl From<&str> for Value {
    fn from(text: &str) -> Self {
        Self::Text(Some(text.to_owned()))
    }
}

impl From<String> for Value {
    fn from(text: String) -> Self {
        Self::Text(Some(text))
    }
}

impl From<&String> for Value {
    fn from(text: &String) -> Self {
        Self::Text(Some(text.clone()))
    }
}

impl From<Option<String>> for Value {
    fn from(text: Option<String>) -> Self {
        Self::Text(text)
    }
}

impl From<&Option<String>> for Value {
    fn from(text: &Option<String>) -> Self {
        Self::Text(text.clone())
    }
}

impl From<Option<&str>> for Value {
    fn from(text: Option<&str>) -> Self {
        Self::Text(text.map(str::to_owned))
    }
}

impl From<Vec<u8>> for Value {
    fn from(bytes: Vec<u8>) -> Self {
        Self::Bytes(Some(bytes))
    }
}

impl From<Option<Vec<u8>>> for Value {
    fn from(bytes: Option<Vec<u8>>) -> Self {
        Self::Bytes(bytes)
    }
}

/// A row, whose columns are taken one after the other from the left.
#[derive(Debug)]
pub(crate) struct Record(std::vec::IntoIter<Value>);

impl Record {
    /// A row of these columns.
    pub(crate) fn new(columns: Vec<Value>) -> Self {
        Self(columns.into_iter())
    }

    /// A number that is there.
    pub(crate) fn int(&mut self) -> Result<i64, Error> {
        self.opt_int()?.ok_or_else(other_kind)
    }

    /// A number that may be missing. SQLite gives a missing value no kind.
    pub(crate) fn opt_int(&mut self) -> Result<Option<i64>, Error> {
        match self.0.next() {
            Some(Value::Int(number)) => Ok(number),
            Some(Value::Text(None) | Value::Bytes(None)) => Ok(None),
            _ => Err(other_kind()),
        }
    }

    /// A number that is a count or a version.
    pub(crate) fn count(&mut self) -> Result<u64, Error> {
        Ok(self.int()?.unsigned_abs())
    }

    /// A yes or no.
    pub(crate) fn flag(&mut self) -> Result<bool, Error> {
        Ok(self.int()? != 0)
    }

    /// An instant.
    pub(crate) fn instant(&mut self) -> Result<jiff::Timestamp, Error> {
        Ok(instant(self.int()?))
    }

    /// An instant that may be missing.
    pub(crate) fn opt_instant(&mut self) -> Result<Option<jiff::Timestamp>, Error> {
        Ok(self.opt_int()?.map(instant))
    }

    /// A status.
    pub(crate) fn status(&mut self) -> Result<Status, Error> {
        Status::from_number(self.int()?)
            .ok_or_else(|| Error::Database("a status is not one that is known".to_owned()))
    }

    /// A text that is there.
    pub(crate) fn text(&mut self) -> Result<String, Error> {
        self.opt_text()?.ok_or_else(other_kind)
    }

    /// A text that may be missing.
    pub(crate) fn opt_text(&mut self) -> Result<Option<String>, Error> {
        match self.0.next() {
            Some(Value::Text(text)) => Ok(text),
            Some(Value::Int(None) | Value::Bytes(None)) => Ok(None),
            _ => Err(other_kind()),
        }
    }

    /// Bytes that are there.
    pub(crate) fn bytes(&mut self) -> Result<Vec<u8>, Error> {
        self.opt_bytes()?.ok_or_else(other_kind)
    }

    /// Bytes that may be missing.
    pub(crate) fn opt_bytes(&mut self) -> Result<Option<Vec<u8>>, Error> {
        match self.0.next() {
            Some(Value::Bytes(bytes)) => Ok(bytes),
            Some(Value::Int(None) | Value::Text(None)) => Ok(None),
            _ => Err(other_kind()),
        }
    }
}

fn other_kind() -> Error {
    Error::Database("a column is not of the kind that is expected".to_owned())
}

/// Instants are kept as microseconds since 1970.
pub(crate) fn micros(instant: jiff::Timestamp) -> i64 {
    instant.as_microsecond()
}

/// The instant of a number of microseconds since 1970.
pub(crate) fn instant(micros: i64) -> jiff::Timestamp {
    jiff::Timestamp::from_microsecond(micros).unwrap_or(jiff::Timestamp::MIN)
}
