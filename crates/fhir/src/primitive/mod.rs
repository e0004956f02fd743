//! How each primitive type is written (<http://hl7.org/fhir/R4/datatypes.html#primitive>).

mod number;
mod text;
mod time;
mod uri;

use std::fmt;

use json::Value;

/// The JSON type that carries a primitive (<http://hl7.org/fhir/R4/json.html#primitive>).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum JsonKind {
    /// `true` or `false`.
    Boolean,
    /// A JSON number.
    Number,
    /// A JSON string.
    String,
}

/// Why a value does not have the format of its type: a fragment without the value itself, fit for
/// "the value {reason}".
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Malformed(pub(crate) &'static str);

impl Malformed {
    /// The fragment, for example "is not a day of the calendar".
    pub fn reason(self) -> &'static str {
        self.0
    }
}

impl fmt::Display for Malformed {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.0)
    }
}

impl std::error::Error for Malformed {}

/// A primitive type of R4.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[allow(missing_docs, reason = "the names are the specification's own")]
pub enum Primitive {
    Base64Binary,
    Boolean,
    Canonical,
    Code,
    Date,
    DateTime,
    Decimal,
    Id,
    Instant,
    Integer,
    Markdown,
    Oid,
    PositiveInt,
    String,
    Time,
    UnsignedInt,
    Uri,
    Url,
    Uuid,
    Xhtml,
}

impl Primitive {
    /// Every primitive type of R4.
    pub const ALL: [Self; 20] = [
        Self::Base64Binary,
        Self::Boolean,
        Self::Canonical,
        Self::Code,
        Self::Date,
        Self::DateTime,
        Self::Decimal,
        Self::Id,
        Self::Instant,
        Self::Integer,
        Self::Markdown,
        Self::Oid,
        Self::PositiveInt,
        Self::String,
        Self::Time,
        Self::UnsignedInt,
        Self::Uri,
        Self::Url,
        Self::Uuid,
        Self::Xhtml,
    ];

    /// The type of that name, for example `dateTime`; `None` when it is no primitive type of R4.
    pub fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|it| it.name() == name)
    }

    /// Its name in the specification.
    pub fn name(self) -> &'static str {
        match self {
            Self::Base64Binary => "base64Binary",
            Self::Boolean => "boolean",
            Self::Canonical => "canonical",
            Self::Code => "code",
            Self::Date => "date",
            Self::DateTime => "dateTime",
            Self::Decimal => "decimal",
            Self::Id => "id",
            Self::Instant => "instant",
            Self::Integer => "integer",
            Self::Markdown => "markdown",
            Self::Oid => "oid",
            Self::PositiveInt => "positiveInt",
            Self::String => "string",
            Self::Time => "time",
            Self::UnsignedInt => "unsignedInt",
            Self::Uri => "uri",
            Self::Url => "url",
            Self::Uuid => "uuid",
            Self::Xhtml => "xhtml",
        }
    }

    /// The JSON type that carries it.
    pub fn json_kind(self) -> JsonKind {
        match self {
            Self::Boolean => JsonKind::Boolean,
            Self::Decimal | Self::Integer | Self::PositiveInt | Self::UnsignedInt => {
                JsonKind::Number
            }
            _ => JsonKind::String,
        }
    }

    /// Whether a value has the format of the type of that name.
    ///
    /// # Errors
    /// When it has not, or when no primitive type has that name.
    pub fn check(type_name: &str, value: &Value) -> Result<(), Malformed> {
        match Self::named(type_name) {
            Some(primitive) => primitive.check_value(value),
            None => Err(Malformed("has a type that R4 does not know")),
        }
    }

    /// Whether a value has the format of this type: the JSON type, the lexical rule, and for dates
    /// the calendar.
    ///
    /// # Errors
    /// When it has not.
    pub fn check_value(self, value: &Value) -> Result<(), Malformed> {
        match (self, value) {
            (Self::Boolean, Value::Bool(_)) => Ok(()),
            (Self::Boolean, _) => Err(Malformed("must be true or false, without quotes")),
            (
                Self::Decimal | Self::Integer | Self::PositiveInt | Self::UnsignedInt,
                Value::Number(number),
            ) => number::check(self, number.as_str()),
            (Self::Decimal | Self::Integer | Self::PositiveInt | Self::UnsignedInt, _) => {
                Err(Malformed("must be a number, without quotes"))
            }
            (_, Value::String(text)) => self.check_text(text),
            _ => Err(Malformed("must be a string, in quotes")),
        }
    }

    /// What R4 advises against in a value of this type, though it allows it: control
    /// characters in a `string` or `markdown`, white space round a `string` or for all of either (<http://hl7.org/fhir/R4/datatypes.html#string>). A fragment fit for a
    /// warning.
    pub fn advice(self, text: &str) -> Option<Malformed> {
        match self {
            Self::String => text::advice(text).or_else(|| text::advice_on_ends(text)),
            Self::Markdown => text::advice(text),
            _ => None,
        }
    }

    /// Whether a text has the format of this type, whatever JSON type would carry it: for XML
    /// attributes and search parameters.
    ///
    /// # Errors
    /// When it has not.
    pub fn check_text(self, text: &str) -> Result<(), Malformed> {
        match self {
            Self::Boolean => match text {
                "true" | "false" => Ok(()),
                _ => Err(Malformed("must be true or false")),
            },
            Self::Decimal | Self::Integer | Self::PositiveInt | Self::UnsignedInt => {
                number::check(self, text)
            }
            Self::String => text::string(text),
            Self::Markdown => text::markdown(text),
            Self::Code => text::code(text),
            Self::Id => text::id(text),
            Self::Base64Binary => text::base64(text),
            Self::Date => time::date(text),
            Self::DateTime => time::date_time(text),
            Self::Instant => time::instant(text),
            Self::Time => time::time(text),
            Self::Uri | Self::Url | Self::Canonical => uri::uri(text),
            Self::Oid => uri::oid(text),
            Self::Uuid => uri::uuid(text),
            Self::Xhtml => crate::narrative::check(text),
        }
    }
}
