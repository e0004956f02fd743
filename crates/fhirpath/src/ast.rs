//! An expression as it is written.

use rust_decimal::Decimal;

use crate::moment::Moment;
use crate::quantity::Quantity;

/// A part of an expression, with the offset that it starts at.
#[derive(Debug, Clone)]
pub(crate) struct Ast {
    pub kind: Kind,
    pub at: u32,
    /// How deep the tree below it is.
    pub depth: u16,
}

#[derive(Debug, Clone)]
pub(crate) enum Kind {
    Literal(Literal),
    /// `{}`
    Empty,
    This,
    Index,
    Total,
    /// `%resource`, without the percent sign.
    Variable(String),
    /// A child by its name, of an expression or of what is in focus.
    Member(Option<Box<Ast>>, String),
    /// A function of an expression or of what is in focus.
    Call(Option<Box<Ast>>, String, Vec<Ast>),
    /// `x[0]`
    At(Box<Ast>, Box<Ast>),
    /// `-x` (true) or `+x`
    Sign(bool, Box<Ast>),
    Binary(Operator, Box<Ast>, Box<Ast>),
    /// `x is T`
    Is(Box<Ast>, TypeName),
    /// `x as T`
    As(Box<Ast>, TypeName),
}

#[derive(Debug, Clone)]
pub(crate) enum Literal {
    Boolean(bool),
    Integer(i64),
    Decimal(Decimal),
    String(String),
    Moment(Moment),
    Quantity(Quantity),
}

/// `Quantity`, `System.Quantity`, `FHIR.Quantity`.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct TypeName {
    pub namespace: Option<String>,
    pub name: String,
    pub at: u32,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Operator {
    Multiply,
    Divide,
    Div,
    Mod,
    Plus,
    Minus,
    Concatenate,
    Union,
    Less,
    LessOrEqual,
    Greater,
    GreaterOrEqual,
    Equal,
    NotEqual,
    Equivalent,
    NotEquivalent,
    In,
    Contains,
    And,
    Or,
    Xor,
    Implies,
}

impl Operator {
    /// The operator of a token and how tightly it binds (FHIRPath N1, section 6.8): from 1, loosest.
    /// `is` and `as` bind as tightly as [`TYPE_PRECEDENCE`] says.
    pub fn of(token: &str) -> Option<(Self, u8)> {
        Some(match token {
            "*" => (Self::Multiply, 10),
            "/" => (Self::Divide, 10),
            "div" => (Self::Div, 10),
            "mod" => (Self::Mod, 10),
            "+" => (Self::Plus, 9),
            "-" => (Self::Minus, 9),
            "&" => (Self::Concatenate, 9),
            "|" => (Self::Union, 7),
            "<" => (Self::Less, 6),
            "<=" => (Self::LessOrEqual, 6),
            ">" => (Self::Greater, 6),
            ">=" => (Self::GreaterOrEqual, 6),
            "=" => (Self::Equal, 5),
            "!=" => (Self::NotEqual, 5),
            "~" => (Self::Equivalent, 5),
            "!~" => (Self::NotEquivalent, 5),
            "in" => (Self::In, 4),
            "contains" => (Self::Contains, 4),
            "and" => (Self::And, 3),
            "or" => (Self::Or, 2),
            "xor" => (Self::Xor, 2),
            "implies" => (Self::Implies, 1),
            _ => return None,
        })
    }

    /// The operator as it is written.
    pub fn symbol(self) -> &'static str {
        match self {
            Self::Multiply => "*",
            Self::Divide => "/",
            Self::Div => "div",
            Self::Mod => "mod",
            Self::Plus => "+",
            Self::Minus => "-",
            Self::Concatenate => "&",
            Self::Union => "|",
            Self::Less => "<",
            Self::LessOrEqual => "<=",
            Self::Greater => ">",
            Self::GreaterOrEqual => ">=",
            Self::Equal => "=",
            Self::NotEqual => "!=",
            Self::Equivalent => "~",
            Self::NotEquivalent => "!~",
            Self::In => "in",
            Self::Contains => "contains",
            Self::And => "and",
            Self::Or => "or",
            Self::Xor => "xor",
            Self::Implies => "implies",
        }
    }
}

/// How tightly `is` and `as` bind: tighter than `|`, looser than `+`.
pub(crate) const TYPE_PRECEDENCE: u8 = 8;
