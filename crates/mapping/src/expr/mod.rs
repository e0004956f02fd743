//! Expressions: text to tree.

mod lexer;
mod parser;

pub(crate) use parser::parse;

/// An expression with its place: characters from the start of the expression's text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct Expr {
    pub kind: Kind,
    pub at: u32,
    pub length: u32,
}

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Kind {
    Text(String),
    Number(String),
    Bool(bool),
    /// `[Name]`
    Column(String),
    /// `table.[Name]`, `table(keys).[Name]`
    Cell {
        table: String,
        keys: Option<Vec<Expr>>,
        column: String,
    },
    /// `name`, `name.field`
    Name {
        name: String,
        field: Option<String>,
    },
    /// `Patient(…)`, `Patient.carer(…)`
    Reference {
        rule: String,
        keys: Vec<Expr>,
    },
    Call {
        name: String,
        arguments: Vec<Expr>,
    },
    Compare {
        operator: Operator,
        left: Box<Expr>,
        right: Box<Expr>,
    },
    Not(Box<Expr>),
    And(Box<Expr>, Box<Expr>),
    Or(Box<Expr>, Box<Expr>),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Equal,
    NotEqual,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
}

/// What is wrong with an expression's text.
#[derive(Debug, Clone, PartialEq)]
pub(crate) struct SyntaxError {
    pub at: u32,
    pub length: u32,
    pub message: String,
    pub help: &'static str,
}
