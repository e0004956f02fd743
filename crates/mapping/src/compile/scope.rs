//! What an expression may name, and what type a value has.

use std::collections::BTreeSet;

/// The type of a value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Type {
    Text,
    Integer,
    Decimal,
    Boolean,
    Date,
    DateTime,
    Time,
    Concept,
    Quantity,
    Period,
    Range,
    Ratio,
    Reference(Vec<String>),
    /// Only a reason for absence: fits everywhere.
    Absent,
}

impl Type {
    /// Its name in messages.
    pub fn name(&self) -> &'static str {
        match self {
            Self::Text => "a text",
            Self::Integer => "an integer",
            Self::Decimal => "a decimal",
            Self::Boolean => "a boolean",
            Self::Date => "a date",
            Self::DateTime => "a dateTime",
            Self::Time => "a time",
            Self::Concept => "a concept",
            Self::Quantity => "a quantity",
            Self::Period => "a period",
            Self::Range => "a range",
            Self::Ratio => "a ratio",
            Self::Reference(_) => "a reference",
            Self::Absent => "a reason for absence",
        }
    }

    /// Whether it can be written as text.
    pub fn is_plain(&self) -> bool {
        matches!(
            self,
            Self::Text
                | Self::Integer
                | Self::Decimal
                | Self::Boolean
                | Self::Date
                | Self::DateTime
                | Self::Time
                | Self::Absent
        )
    }
}

/// A type, with what may happen to the value.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Typing {
    pub of: Type,
    pub list: bool,
    /// Whether it can be nothing without an issue having been raised and a policy followed.
    pub nullable: bool,
    /// Free text of the source: not from a list of labels.
    pub free: bool,
    /// Labels of a column of type `code`: they compare without regard to case, dashes and spaces.
    pub label: bool,
}

impl Typing {
    pub fn new(of: Type) -> Self {
        Self {
            of,
            list: false,
            nullable: false,
            free: false,
            label: false,
        }
    }

    pub fn list(mut self, list: bool) -> Self {
        self.list = list;
        self
    }

    pub fn nullable(mut self, nullable: bool) -> Self {
        self.nullable = nullable;
        self
    }

    pub fn label(mut self) -> Self {
        self.label = true;
        self
    }

    pub fn free(mut self, free: bool) -> Self {
        self.free = free;
        self
    }
}

/// A variable that `each … as` names.
#[derive(Debug, Clone)]
pub(crate) struct Variable {
    pub name: String,
    /// The file, or the use of a fragment, that names it.
    pub origin: u16,
    pub typing: Typing,
    /// Where it stands for records: the join, and their table.
    pub records: Option<(usize, usize)>,
    /// Whether it stands for a column, so that it has `.column`.
    pub of_columns: bool,
    /// The cells that feed it.
    pub columns: Vec<(u8, usize)>,
}

/// What stands in reach of an expression.
#[derive(Debug, Clone, Default)]
pub(crate) struct Scope {
    /// The table whose record it is evaluated on; nothing for a value of the whole file.
    pub table: Option<usize>,
    pub rule: Option<usize>,
    /// Whether only what stands for the whole file is in reach: a named expression of the top level.
    pub whole_file: bool,
    pub variables: Vec<Variable>,
    /// Cells that a condition has shown to be filled: parents up, column.
    pub known: BTreeSet<(u8, usize)>,
    /// What the conditions around it say of the record.
    pub facts: super::reach::Facts,
    /// A condition around it could not be read, so that it is not known what it shows.
    pub unsure: bool,
    /// Variables whose `each` could not be read.
    pub lost_variables: Vec<String>,
    /// Cells that are used: parents up, column.
    pub uses: BTreeSet<(u8, usize)>,
    /// Texts that a condition has tested for denial, as expressions are written.
    pub tested_denial: Vec<crate::expr::Kind>,
    /// Texts that a condition has tested for doubt.
    pub tested_doubt: Vec<crate::expr::Kind>,
}
