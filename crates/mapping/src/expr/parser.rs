//! Tokens to tree.

use super::lexer::{Placed, Token, narrow, tokens};
use super::{Expr, Kind, SyntaxError};

/// Expressions nest this deep at most: the parser recurses, and so does what reads the tree.
const MAX_DEPTH: u32 = 32;
/// The most functions in pipes: each nests what stands before it.
const MAX_PIPES: u32 = 32;
/// The longest expression, in characters.
const MAX_LENGTH: usize = 16_384;

/// Parses a whole expression: the text after the `=`.
pub(crate) fn parse(text: &str) -> Result<Expr, SyntaxError> {
    let length = text.chars().count();
    if length > MAX_LENGTH {
        return Err(SyntaxError {
            at: 0,
            length: 1,
            message: format!("the expression is longer than {MAX_LENGTH} characters"),
            help: "a code table holds what a long case(…) would",
        });
    }
    let mut parser = Parser {
        tokens: tokens(text)?,
        next: 0,
        end: narrow(length),
        depth: 0,
        pipes: 0,
    };
    let expr = parser.or()?;
    match parser.tokens.get(parser.next) {
        None => Ok(expr),
        Some(extra) => Err(SyntaxError {
            at: extra.at,
            length: extra.length,
            message: "the expression should end here".to_owned(),
            help: "join conditions with and / or, texts with concat(…)",
        }),
    }
}

struct Parser {
    tokens: Vec<Placed>,
    next: usize,
    end: u32,
    depth: u32,
    pipes: u32,
}

impl Parser {
    fn peek(&self) -> Option<&Token> {
        self.tokens.get(self.next).map(|placed| &placed.token)
    }

    fn peek_second(&self) -> Option<&Token> {
        self.tokens.get(self.next + 1).map(|placed| &placed.token)
    }

    fn start(&self) -> u32 {
        self.tokens
            .get(self.next)
            .map_or(self.end, |placed| placed.at)
    }

    fn take(&mut self, token: &Token) -> bool {
        let found = self.peek() == Some(token);
        self.next += usize::from(found);
        found
    }

    /// `not` may stand before a bracket, where it looks like a call.
    fn not_word(&mut self) -> bool {
        let found = matches!(self.peek(), Some(Token::Name(name)) if name == "not");
        self.next += usize::from(found);
        found
    }

    fn connective(&mut self, word: &str) -> bool {
        let found = matches!(self.peek(), Some(Token::Name(name)) if name == word);
        self.next += usize::from(found);
        found
    }

    fn from(&self, at: u32, kind: Kind) -> Expr {
        let end = self
            .next
            .checked_sub(1)
            .and_then(|last| self.tokens.get(last))
            .map_or(at, |placed| placed.at + placed.length);
        Expr {
            kind,
            at,
            length: end.saturating_sub(at).max(1),
        }
    }

    fn fail<T>(&self, message: &str, help: &'static str) -> Result<T, SyntaxError> {
        let (at, length) = self
            .tokens
            .get(self.next)
            .map_or((self.end, 1), |placed| (placed.at, placed.length));
        Err(SyntaxError {
            at,
            length,
            message: message.to_owned(),
            help,
        })
    }

    fn or(&mut self) -> Result<Expr, SyntaxError> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return self.fail(
                "the expression nests too deep",
                "split it with `when` or several rules",
            );
        }
        let mut parts = vec![self.and()?];
        while self.connective("or") {
            parts.push(self.and()?);
        }
        self.depth -= 1;
        balanced(parts, Kind::Or)
    }

    fn and(&mut self) -> Result<Expr, SyntaxError> {
        let mut parts = vec![self.not()?];
        while self.connective("and") {
            parts.push(self.not()?);
        }
        balanced(parts, Kind::And)
    }

    fn not(&mut self) -> Result<Expr, SyntaxError> {
        let at = self.start();
        let mut count = 0_u32;
        while self.not_word() {
            count += 1;
        }
        let mut expr = self.comparison()?;
        for _ in 0..count.min(2 + count % 2) {
            expr = self.from(at, Kind::Not(Box::new(expr)));
        }
        Ok(expr)
    }

    fn comparison(&mut self) -> Result<Expr, SyntaxError> {
        let at = self.start();
        let left = self.pipe()?;
        let Some(Token::Compare(operator)) = self.peek() else {
            return Ok(left);
        };
        let operator = *operator;
        self.next += 1;
        let right = self.pipe()?;
        if matches!(self.peek(), Some(Token::Compare(_))) {
            return self.fail(
                "comparisons do not chain",
                "join two comparisons with `and`",
            );
        }
        Ok(self.from(
            at,
            Kind::Compare {
                operator,
                left: Box::new(left),
                right: Box::new(right),
            },
        ))
    }

    fn pipe(&mut self) -> Result<Expr, SyntaxError> {
        let at = self.start();
        let mut left = self.primary()?;
        while self.take(&Token::Pipe) {
            let Some(Token::Name(name)) = self.peek().cloned() else {
                return self.fail("after | comes a function", "for example: [Sex] | code(sex)");
            };
            self.pipes += 1;
            if self.pipes > MAX_PIPES {
                return self.fail(
                    "the expression has too many pipes",
                    "split it with `when` or several rules",
                );
            }
            self.next += 1;
            let mut arguments = vec![left];
            if self.take(&Token::Open) {
                arguments.extend(self.arguments()?);
            }
            left = self.from(at, Kind::Call { name, arguments });
        }
        Ok(left)
    }

    /// What stands between brackets, and the closing one.
    fn arguments(&mut self) -> Result<Vec<Expr>, SyntaxError> {
        let mut arguments = Vec::new();
        if self.take(&Token::Close) {
            return Ok(arguments);
        }
        loop {
            arguments.push(self.or()?);
            if self.take(&Token::Close) {
                return Ok(arguments);
            }
            if !self.take(&Token::Comma) {
                return self.fail(
                    "a comma or ) is missing here",
                    "arguments are separated by commas",
                );
            }
        }
    }

    fn primary(&mut self) -> Result<Expr, SyntaxError> {
        let at = self.start();
        let Some(token) = self.peek().cloned() else {
            return self.fail(
                "a value is missing here",
                "a column [Name], a \"text\", a number or a function",
            );
        };
        let kind = match token {
            Token::Text(text) => {
                self.next += 1;
                Kind::Text(text)
            }
            Token::Number(text) => {
                self.next += 1;
                Kind::Number(text)
            }
            Token::Column(name) => {
                self.next += 1;
                Kind::Column(name)
            }
            Token::Open => {
                self.next += 1;
                let inner = self.or()?;
                if !self.take(&Token::Close) {
                    return self.fail("a ) is missing here", "each ( needs its )");
                }
                return Ok(inner);
            }
            Token::Name(name) if name == "true" || name == "false" => {
                self.next += 1;
                Kind::Bool(name == "true")
            }
            Token::Name(name) => {
                self.next += 1;
                self.named(name)?
            }
            _ => {
                return self.fail(
                    "a value is missing here",
                    "a column [Name], a \"text\", a number or a function",
                );
            }
        };
        Ok(self.from(at, kind))
    }

    /// What begins with a name: a reference, a call, a cell of a table, a variable.
    fn named(&mut self, name: String) -> Result<Kind, SyntaxError> {
        let capital = name.chars().next().is_some_and(char::is_uppercase);
        if capital {
            let mut rule = name;
            if self.take(&Token::Dot) {
                let Some(Token::Name(role)) = self.peek().cloned() else {
                    return self.fail(
                        "after the dot comes the role of the rule",
                        "for example: Patient.carer([ID])",
                    );
                };
                self.next += 1;
                rule = format!("{rule}.{role}");
            }
            if !self.take(&Token::Open) {
                return self.fail(
                    "a reference needs its brackets",
                    "write Patient([ID]), or Patient() for the one of this record; a text needs quotes",
                );
            }
            let keys = self.arguments()?;
            return Ok(Kind::Reference { rule, keys });
        }
        if self.take(&Token::Open) {
            let arguments = self.arguments()?;
            if self.peek() == Some(&Token::Dot)
                && let Some(Token::Column(column)) = self.peek_second().cloned()
            {
                self.next += 2;
                return Ok(Kind::Cell {
                    table: name,
                    keys: Some(arguments),
                    column,
                });
            }
            return Ok(Kind::Call { name, arguments });
        }
        if self.take(&Token::Dot) {
            return match self.peek().cloned() {
                Some(Token::Column(column)) => {
                    self.next += 1;
                    Ok(Kind::Cell {
                        table: name,
                        keys: None,
                        column,
                    })
                }
                Some(Token::Name(field)) => {
                    self.next += 1;
                    Ok(Kind::Name {
                        name,
                        field: Some(field),
                    })
                }
                _ => self.fail(
                    "after the dot comes a column or a field",
                    "for example: residents.[Last Name]",
                ),
            };
        }
        Ok(Kind::Name { name, field: None })
    }
}

/// A chain of `and` or `or` as a tree that is as flat as can be: the order of its parts stays, and a
/// long chain does not nest deep.
fn balanced(
    mut parts: Vec<Expr>,
    join: fn(Box<Expr>, Box<Expr>) -> Kind,
) -> Result<Expr, SyntaxError> {
    while parts.len() > 1 {
        let mut joined = Vec::with_capacity(parts.len().div_ceil(2));
        let mut rest = parts.into_iter();
        while let Some(left) = rest.next() {
            let Some(right) = rest.next() else {
                joined.push(left);
                break;
            };
            let at = left.at;
            let length = (right.at + right.length).saturating_sub(at);
            joined.push(Expr {
                kind: join(Box::new(left), Box::new(right)),
                at,
                length,
            });
        }
        parts = joined;
    }
    parts.pop().ok_or_else(|| SyntaxError {
        at: 0,
        length: 1,
        message: "a value is missing here".to_owned(),
        help: "a column [Name], a \"text\", a number or a function",
    })
}
