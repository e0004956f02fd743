//! A search, already parsed.

use std::fmt;
use std::str::FromStr;

use jiff::Timestamp;

use crate::Stored;

/// One search: a type, clauses that must all hold, and where to go on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Query {
    /// The resource type.
    pub rtype: String,
    /// All must hold; within one, any value suffices.
    pub clauses: Vec<Clause>,
    /// The most resources on a page; 0 asks for the total only.
    pub count: u32,
    /// Go on after this place.
    pub after: Option<Cursor>,
    /// Whether to count all matches.
    pub total: bool,
}

impl Query {
    /// A search for everything of a type, 50 on a page.
    pub fn new(rtype: impl Into<String>) -> Self {
        Self {
            rtype: rtype.into(),
            clauses: Vec::new(),
            count: 50,
            after: None,
            total: false,
        }
    }
}

/// One condition. The values are alternatives; an empty list matches nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Clause {
    /// `_id`.
    Id(Vec<String>),
    /// `_lastUpdated`.
    LastUpdated(Vec<DateMatch>),
    /// A token parameter.
    Token {
        /// The search parameter's code.
        param: String,
        /// The alternatives.
        any: Vec<TokenMatch>,
    },
    /// A reference parameter.
    Reference {
        /// The search parameter's code.
        param: String,
        /// The alternatives.
        any: Vec<ReferenceMatch>,
    },
    /// A date parameter.
    Date {
        /// The search parameter's code.
        param: String,
        /// The alternatives.
        any: Vec<DateMatch>,
    },
    /// A string parameter.
    Text {
        /// The search parameter's code.
        param: String,
        /// The alternatives.
        any: Vec<TextMatch>,
    },
}

/// How the system of a token is matched.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum SystemMatch {
    /// `code`: any system, or none.
    Any,
    /// `|code`: the value must have no system.
    None,
    /// `system|code`.
    Is(String),
}

/// One token value: `code`, `|code`, `system|code` or `system|`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TokenMatch {
    /// The system.
    pub system: SystemMatch,
    /// The code; `None` for `system|`, any code.
    pub code: Option<String>,
}

/// One reference value.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReferenceMatch {
    /// The target's type; `None` when the caller gave a bare id.
    pub rtype: Option<String>,
    /// The target's id.
    pub id: String,
}

/// The comparison of a date value (FHIR R4 search, section 3.1.1.4.5: prefixes).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum DateOp {
    /// The stored range lies within the given one.
    Eq,
    /// It does not.
    Ne,
    /// Some of the stored range lies after the given one.
    Gt,
    /// Some of it lies before.
    Lt,
    /// `Gt` or `Eq`.
    Ge,
    /// `Lt` or `Eq`.
    Le,
    /// All of it lies after.
    Sa,
    /// All of it lies before.
    Eb,
    /// The two overlap. The caller widens the range for `ap`.
    Ap,
}

/// One date value as the half-open range of instants that it covers.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct DateMatch {
    /// The comparison.
    pub op: DateOp,
    /// The first instant that the value covers.
    pub lo: Timestamp,
    /// The first instant after it.
    pub hi: Timestamp,
}

/// One string value, folded in the same way as the index rows.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TextMatch {
    /// The stored text starts with it: FHIR's default.
    StartsWith(String),
    /// The stored text is it.
    Equals(String),
    /// The stored text holds it.
    Contains(String),
}

/// A place in a list of matches. It stays right while resources are added: what was before it is
/// never shown again, what is after it is not skipped. It holds no secret and gives no right: the
/// next page is filtered by its own sight.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Cursor {
    pub(crate) tenant: i64,
    pub(crate) row: i64,
}

impl fmt::Display for Cursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:x}-{:x}", self.tenant, self.row)
    }
}

/// The text is not a cursor that `Display` wrote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct NotACursor;

impl fmt::Display for NotACursor {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("this is not a place in a list of results")
    }
}

impl std::error::Error for NotACursor {}

impl FromStr for Cursor {
    type Err = NotACursor;

    fn from_str(text: &str) -> Result<Self, NotACursor> {
        let part = |digits: &str| {
            let plain = digits.bytes().all(|b| b.is_ascii_hexdigit());
            let number = i64::from_str_radix(digits, 16).map_err(|_| NotACursor)?;
            if plain { Ok(number) } else { Err(NotACursor) }
        };
        let (tenant, row) = text.split_once('-').ok_or(NotACursor)?;
        Ok(Self {
            tenant: part(tenant)?,
            row: part(row)?,
        })
    }
}

/// One page of matches.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct Page {
    /// The matches, in the order in which they were first stored.
    pub items: Vec<Stored>,
    /// Where the next page starts; `None` when this is the last.
    pub next: Option<Cursor>,
    /// How many match in all, when asked for.
    pub total: Option<u64>,
}
