//! What can go wrong, with the place in the expression.

use std::fmt;

/// A place in the text of an expression.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Position {
    /// Bytes before it.
    pub offset: u32,
    /// The line, from 1.
    pub line: u32,
    /// The column in characters, from 1.
    pub column: u32,
}

impl Position {
    /// The position of a byte offset in a text.
    pub(crate) fn of(text: &str, offset: u32) -> Self {
        let before = text.get(..offset as usize).unwrap_or(text);
        let last = before.rsplit('\n').next().unwrap_or(before);
        let count = |n: usize| u32::try_from(n).unwrap_or(u32::MAX);
        Self {
            offset,
            line: count(before.matches('\n').count()).saturating_add(1),
            column: count(last.chars().count()).saturating_add(1),
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self.line {
            0 | 1 => write!(f, "column {}", self.column.max(1)),
            line => write!(f, "line {line}, column {}", self.column),
        }
    }
}

/// What kind of mistake an expression has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum CompileErrorKind {
    /// It does not follow the grammar.
    Syntax,
    /// It names an element that nothing there has.
    UnknownElement,
    /// It names a type that the definitions do not have.
    UnknownType,
    /// It calls a function that FHIRPath or FHIR R4 does not have, or that is not supported.
    UnknownFunction,
    /// It names a `%variable` that nobody declared.
    UnknownVariable,
    /// A function has too many or too few arguments.
    Arguments,
    /// A value has a type that the operator or function cannot take.
    Types,
    /// It asks for the order of things that have none.
    Order,
    /// A regular expression cannot be read.
    Regex,
    /// It is too long or nested too deeply.
    Limit,
}

/// Why an expression cannot be compiled.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CompileError {
    /// What kind of mistake it is.
    pub kind: CompileErrorKind,
    /// Where.
    pub position: Position,
    /// What is wrong, as a sentence fragment.
    pub message: String,
}

impl fmt::Display for CompileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.position)
    }
}

impl std::error::Error for CompileError {}

/// A mistake at an offset; the compiler's way out knows the whole text.
#[derive(Debug)]
pub(crate) struct Mistake {
    pub kind: CompileErrorKind,
    pub at: u32,
    pub message: String,
}

impl Mistake {
    pub fn new(kind: CompileErrorKind, at: u32, message: impl Into<String>) -> Self {
        Self {
            kind,
            at,
            message: message.into(),
        }
    }

    pub fn in_text(self, text: &str) -> CompileError {
        CompileError {
            kind: self.kind,
            position: Position::of(text, self.at),
            message: self.message,
        }
    }
}

/// Why an expression gave no answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum EvaluationErrorKind {
    /// The data are not what the operator or function can take: several values where one belongs,
    /// a type that does not fit.
    Input,
    /// Something outside (a value set, a profile) could not be decided. The answer is open.
    Undecided,
    /// It would take more steps, memory or text than [`crate::Limits`] allow.
    Limit,
}

/// Why an expression gave no answer. The message never quotes data.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EvaluationError {
    /// What kind of reason it is.
    pub kind: EvaluationErrorKind,
    /// Where in the expression.
    pub position: Position,
    /// What is wrong, as a sentence fragment.
    pub message: String,
}

impl fmt::Display for EvaluationError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} ({})", self.message, self.position)
    }
}

impl std::error::Error for EvaluationError {}

/// A fault at an offset, small enough to pass up through every step.
#[derive(Debug)]
pub(crate) struct Fault(Box<(EvaluationErrorKind, u32, String)>);

impl Fault {
    pub fn new(kind: EvaluationErrorKind, at: u32, message: impl Into<String>) -> Self {
        Self(Box::new((kind, at, message.into())))
    }

    pub fn input(at: u32, message: impl Into<String>) -> Self {
        Self::new(EvaluationErrorKind::Input, at, message)
    }

    pub fn limit(at: u32, message: impl Into<String>) -> Self {
        Self::new(EvaluationErrorKind::Limit, at, message)
    }

    pub fn undecided(at: u32, message: impl Into<String>) -> Self {
        Self::new(EvaluationErrorKind::Undecided, at, message)
    }

    pub fn in_text(self, text: &str) -> EvaluationError {
        let (kind, at, message) = *self.0;
        EvaluationError {
            kind,
            position: Position::of(text, at),
            message,
        }
    }
}
