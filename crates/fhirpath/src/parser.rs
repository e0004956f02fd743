//! From tokens to a tree (the grammar of FHIRPath N1, appendix B).

use crate::ast::{Ast, Kind, Literal, Operator, TYPE_PRECEDENCE, TypeName};
use crate::error::{CompileErrorKind, Mistake};
use crate::lexer::{Token, tokens};
use crate::quantity::{CalendarUnit, Quantity, Unit, plain_decimal};

/// How deep an expression may nest, chains of operators and of path steps included.
pub(crate) const MAX_DEPTH: u16 = 120;

/// How many arguments a function may have; FHIRPath's own have three at most, `sort` as many as it
/// gets.
const MAX_ARGUMENTS: usize = 16;

/// Parses an expression.
pub(crate) fn parse(text: &str) -> Result<Ast, Mistake> {
    let mut parser = Parser {
        tokens: tokens(text)?,
        at: 0,
        nesting: 0,
    };
    let ast = parser.expression(0)?;
    match parser.peek() {
        Token::End => Ok(ast),
        _ => Err(parser.mistake("something stands after the end of the expression")),
    }
}

struct Parser {
    tokens: Vec<(Token, u32)>,
    at: usize,
    nesting: u16,
}

impl Parser {
    fn peek(&self) -> &Token {
        self.tokens
            .get(self.at)
            .map_or(&Token::End, |(token, _)| token)
    }

    fn offset(&self) -> u32 {
        self.tokens
            .get(self.at)
            .or(self.tokens.last())
            .map_or(0, |(_, at)| *at)
    }

    fn next(&mut self) -> Token {
        let token = self.peek().clone();
        self.at += 1;
        token
    }

    fn is(&mut self, symbol: &str) -> bool {
        let is = matches!(self.peek(), Token::Symbol(found) if *found == symbol);
        if is {
            self.at += 1;
        }
        is
    }

    fn expect(&mut self, symbol: &str) -> Result<(), Mistake> {
        match self.is(symbol) {
            true => Ok(()),
            false => Err(self.mistake(format!("`{symbol}` is missing"))),
        }
    }

    fn mistake(&self, message: impl Into<String>) -> Mistake {
        Mistake::new(CompileErrorKind::Syntax, self.offset(), message)
    }

    fn too_deep(&self) -> Mistake {
        Mistake::new(
            CompileErrorKind::Limit,
            self.offset(),
            format!("the expression is nested more than {MAX_DEPTH} deep"),
        )
    }

    fn expression(&mut self, least: u8) -> Result<Ast, Mistake> {
        self.nesting += 1;
        if self.nesting > MAX_DEPTH {
            return Err(self.too_deep());
        }
        let result = self.operators(least);
        self.nesting -= 1;
        result
    }

    fn operators(&mut self, least: u8) -> Result<Ast, Mistake> {
        let mut left = self.signed()?;
        loop {
            let word = match self.peek() {
                Token::Symbol(symbol) => *symbol,
                Token::Name(name) => name.as_str(),
                _ => return Ok(left),
            };
            if matches!(word, "is" | "as") {
                if TYPE_PRECEDENCE < least {
                    return Ok(left);
                }
                let is = word == "is";
                let at = self.offset();
                self.at += 1;
                let type_name = self.type_name()?;
                let depth = self.depth(&[&left])?;
                let of = Box::new(left);
                let kind = if is {
                    Kind::Is(of, type_name)
                } else {
                    Kind::As(of, type_name)
                };
                left = Ast { kind, at, depth };
                continue;
            }
            let Some((operator, precedence)) = Operator::of(word) else {
                return Ok(left);
            };
            if precedence < least {
                return Ok(left);
            }
            let at = self.offset();
            self.at += 1;
            let right = self.expression(precedence + 1)?;
            left = Ast {
                depth: self.depth(&[&left, &right])?,
                kind: Kind::Binary(operator, Box::new(left), Box::new(right)),
                at,
            };
        }
    }

    /// Signs bind looser than paths and tighter than operators.
    fn signed(&mut self) -> Result<Ast, Mistake> {
        let at = self.offset();
        let minus = if self.is("-") {
            true
        } else if self.is("+") {
            false
        } else {
            return self.path();
        };
        self.nesting += 1;
        if self.nesting > MAX_DEPTH {
            return Err(self.too_deep());
        }
        let of = self.signed()?;
        self.nesting -= 1;
        Ok(Ast {
            depth: self.depth(&[&of])?,
            kind: Kind::Sign(minus, Box::new(of)),
            at,
        })
    }

    fn path(&mut self) -> Result<Ast, Mistake> {
        let mut left = self.term()?;
        loop {
            if self.is(".") {
                left = self.invocation(Some(left))?;
            } else if self.is("[") {
                let at = self.offset();
                let index = self.expression(0)?;
                self.expect("]")?;
                left = Ast {
                    depth: self.depth(&[&left, &index])?,
                    kind: Kind::At(Box::new(left), Box::new(index)),
                    at,
                };
            } else {
                return Ok(left);
            }
        }
    }

    /// A name, a function, or `$this`, of what stands before it.
    fn invocation(&mut self, on: Option<Ast>) -> Result<Ast, Mistake> {
        let at = self.offset();
        let name = match self.next() {
            Token::Quoted(name) => name,
            Token::Name(name) if on.is_some() || !is_keyword(&name) => name,
            Token::Dollar(name) if name == "this" => {
                return on.ok_or_else(|| self.mistake("a name is missing"));
            }
            _ => {
                self.at -= 1;
                return Err(self.mistake("a name is missing"));
            }
        };
        if !self.is("(") {
            return Ok(Ast {
                depth: self.depth(&on.iter().collect::<Vec<_>>())?,
                kind: Kind::Member(on.map(Box::new), name),
                at,
            });
        }
        let mut arguments = Vec::new();
        if !self.is(")") {
            loop {
                if arguments.len() == MAX_ARGUMENTS {
                    return Err(self.mistake("too many arguments"));
                }
                arguments.push(self.expression(0)?);
                if self.is(")") {
                    break;
                }
                self.expect(",")?;
            }
        }
        let depth = self.depth(&on.iter().chain(&arguments).collect::<Vec<_>>())?;
        Ok(Ast {
            kind: Kind::Call(on.map(Box::new), name, arguments),
            at,
            depth,
        })
    }

    /// The depth of a node over others, which stays bounded.
    fn depth(&self, below: &[&Ast]) -> Result<u16, Mistake> {
        let depth = below.iter().map(|ast| ast.depth).max().unwrap_or(0) + 1;
        if depth > MAX_DEPTH {
            return Err(self.too_deep());
        }
        Ok(depth)
    }

    fn term(&mut self) -> Result<Ast, Mistake> {
        let at = self.offset();
        let leaf = |kind| Ok(Ast { kind, at, depth: 1 });
        match self.peek() {
            Token::Symbol("(") => {
                self.at += 1;
                let inner = self.expression(0)?;
                self.expect(")")?;
                Ok(inner)
            }
            Token::Symbol("{") => {
                self.at += 1;
                self.expect("}")?;
                leaf(Kind::Empty)
            }
            Token::Symbol("%") => {
                self.at += 1;
                match self.next() {
                    Token::Name(name) | Token::Quoted(name) | Token::String(name) => {
                        leaf(Kind::Variable(name))
                    }
                    _ => {
                        self.at -= 1;
                        Err(self.mistake("`%` wants a name"))
                    }
                }
            }
            Token::Dollar(name) => {
                let kind = match name.as_str() {
                    "this" => Kind::This,
                    "index" => Kind::Index,
                    "total" => Kind::Total,
                    _ => return Err(self.mistake("only $this, $index and $total have a `$`")),
                };
                self.at += 1;
                leaf(kind)
            }
            Token::String(text) => {
                let literal = Literal::String(text.clone());
                self.at += 1;
                leaf(Kind::Literal(literal))
            }
            Token::Moment(moment) => {
                let literal = Literal::Moment(moment.0);
                self.at += 1;
                leaf(Kind::Literal(literal))
            }
            Token::Number(_) => {
                let literal = self.number()?;
                leaf(Kind::Literal(literal))
            }
            Token::Name(name) if name == "true" || name == "false" => {
                let truth = name == "true";
                self.at += 1;
                leaf(Kind::Literal(Literal::Boolean(truth)))
            }
            _ => self.invocation(None),
        }
    }

    /// A number, or with a unit behind it a quantity.
    fn number(&mut self) -> Result<Literal, Mistake> {
        let mistake = self.mistake("a number has more digits than can be kept");
        let Token::Number(text) = self.next() else {
            return Err(mistake);
        };
        let unit = match self.peek() {
            Token::String(code) => Some(Unit::Ucum(code.as_str().into())),
            Token::Name(name) => CalendarUnit::named(name).map(Unit::Calendar),
            _ => None,
        };
        let value = plain_decimal(&text);
        if let Some(unit) = unit {
            self.at += 1;
            let value = value.ok_or(mistake)?;
            return Ok(Literal::Quantity(Quantity { value, unit }));
        }
        if text.contains('.') {
            return value.map(Literal::Decimal).ok_or(mistake);
        }
        text.parse().map(Literal::Integer).map_err(|_| mistake)
    }

    fn type_name(&mut self) -> Result<TypeName, Mistake> {
        let at = self.offset();
        let first = self.type_part()?;
        if !self.is(".") {
            return Ok(TypeName {
                namespace: None,
                name: first,
                at,
            });
        }
        Ok(TypeName {
            namespace: Some(first),
            name: self.type_part()?,
            at,
        })
    }

    fn type_part(&mut self) -> Result<String, Mistake> {
        match self.next() {
            Token::Name(name) | Token::Quoted(name) => Ok(name),
            _ => {
                self.at -= 1;
                Err(self.mistake("the name of a type is missing"))
            }
        }
    }
}

/// The words that cannot start an expression as names (`is`, `as`, `in` and `contains` can).
fn is_keyword(name: &str) -> bool {
    matches!(name, "and" | "or" | "xor" | "implies" | "div" | "mod")
}
