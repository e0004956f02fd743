//! From text to tokens.

use crate::error::{CompileErrorKind, Mistake};
use crate::moment::Moment;

/// The longest expression, in bytes. The longest published one has under 3,000.
pub(crate) const MAX_LENGTH: usize = 1 << 16;

#[derive(Debug, Clone, PartialEq)]
pub(crate) enum Token {
    /// A name or a keyword.
    Name(String),
    /// A name in backticks, which is never a keyword.
    Quoted(String),
    String(String),
    Number(String),
    Moment(MomentLiteral),
    /// `$this`, `$index`, `$total`, without the dollar.
    Dollar(String),
    Symbol(&'static str),
    End,
}

/// A moment, compared as it was written.
#[derive(Debug, Clone)]
pub(crate) struct MomentLiteral(pub Moment);

impl PartialEq for MomentLiteral {
    fn eq(&self, other: &Self) -> bool {
        self.0.is_equivalent(&other.0)
    }
}

const SYMBOLS: &[&str] = &[
    "<=", ">=", "!=", "!~", "(", ")", "[", "]", "{", "}", ".", ",", "+", "-", "*", "/", "&", "|",
    "<", ">", "=", "~", "%",
];

/// Reads a text; each token with the offset that it starts at. The last is [`Token::End`].
pub(crate) fn tokens(text: &str) -> Result<Vec<(Token, u32)>, Mistake> {
    if text.len() > MAX_LENGTH {
        return Err(Mistake::new(
            CompileErrorKind::Limit,
            0,
            format!("the expression is longer than {MAX_LENGTH} bytes"),
        ));
    }
    let mut lexer = Lexer { text, at: 0 };
    let mut found = Vec::new();
    loop {
        lexer.skip_blank()?;
        let start = lexer.offset();
        match lexer.token()? {
            Some(token) => found.push((token, start)),
            None => {
                found.push((Token::End, start));
                return Ok(found);
            }
        }
    }
}

struct Lexer<'t> {
    text: &'t str,
    at: usize,
}

impl<'t> Lexer<'t> {
    fn rest(&self) -> &'t str {
        self.text.get(self.at..).unwrap_or_default()
    }

    fn offset(&self) -> u32 {
        // Texts are shorter than MAX_LENGTH.
        u32::try_from(self.at).unwrap_or(u32::MAX)
    }

    fn mistake(&self, message: impl Into<String>) -> Mistake {
        Mistake::new(CompileErrorKind::Syntax, self.offset(), message)
    }

    /// Takes what a test accepts.
    fn run(&mut self, accept: impl Fn(char) -> bool) -> &'t str {
        let rest = self.rest();
        let end = rest.find(|c| !accept(c)).unwrap_or(rest.len());
        self.at += end;
        rest.get(..end).unwrap_or_default()
    }

    fn take(&mut self, start: &str) -> bool {
        let is = self.rest().starts_with(start);
        if is {
            self.at += start.len();
        }
        is
    }

    fn skip_blank(&mut self) -> Result<(), Mistake> {
        loop {
            self.run(char::is_whitespace);
            if self.rest().starts_with("//") {
                self.run(|c| c != '\n' && c != '\r');
            } else if self.rest().starts_with("/*") {
                match self.rest().find("*/") {
                    Some(end) => self.at += end + 2,
                    None => return Err(self.mistake("a comment does not end")),
                }
            } else {
                return Ok(());
            }
        }
    }

    fn token(&mut self) -> Result<Option<Token>, Mistake> {
        let Some(first) = self.rest().chars().next() else {
            return Ok(None);
        };
        let token = match first {
            'a'..='z' | 'A'..='Z' | '_' => Token::Name(self.name()),
            '0'..='9' => self.number(),
            '\'' => Token::String(self.quoted('\'')?),
            '`' => Token::Quoted(self.quoted('`')?),
            '"' => Token::Quoted(self.quoted('"')?),
            '@' => self.moment()?,
            '$' => {
                self.at += 1;
                Token::Dollar(self.name())
            }
            _ => match SYMBOLS.iter().find(|symbol| self.take(symbol)) {
                Some(symbol) => Token::Symbol(symbol),
                None => return Err(self.mistake("a character that has no meaning here")),
            },
        };
        Ok(Some(token))
    }

    fn name(&mut self) -> String {
        self.run(|c| c.is_ascii_alphanumeric() || c == '_')
            .to_owned()
    }

    fn digits(&mut self) -> &'t str {
        self.run(|c| c.is_ascii_digit())
    }

    /// Takes a full stop when a digit follows it: a fraction, not a path.
    fn fraction(&mut self) -> bool {
        let mut ahead = self.rest().chars();
        let is = ahead.next() == Some('.') && ahead.next().is_some_and(|c| c.is_ascii_digit());
        if is {
            self.at += 1;
        }
        is
    }

    fn number(&mut self) -> Token {
        let start = self.at;
        self.digits();
        if self.fraction() {
            self.digits();
        }
        Token::Number(self.text.get(start..self.at).unwrap_or_default().to_owned())
    }

    fn quoted(&mut self, quote: char) -> Result<String, Mistake> {
        let start = self.at;
        self.at += 1;
        let mut out = String::new();
        loop {
            let Some(c) = self.rest().chars().next() else {
                self.at = start;
                return Err(self.mistake("a quoted text does not end"));
            };
            self.at += c.len_utf8();
            match c {
                c if c == quote => return Ok(out),
                '\\' => out.push(self.escape()?),
                c => out.push(c),
            }
        }
    }

    fn escape(&mut self) -> Result<char, Mistake> {
        let escaped = self.rest().chars().next();
        self.at += escaped.map_or(0, char::len_utf8);
        match escaped {
            Some(c @ ('\\' | '/' | '\'' | '"' | '`')) => Ok(c),
            Some('f') => Ok('\u{c}'),
            Some('n') => Ok('\n'),
            Some('r') => Ok('\r'),
            Some('t') => Ok('\t'),
            Some('u') => {
                let unit = self.unit()?;
                // Two escapes may be the halves of one character.
                let code = match unit {
                    0xD800..0xDC00 if self.take("\\u") => {
                        let low = self.unit()?;
                        0x10000 + ((unit - 0xD800) << 10) + (low.wrapping_sub(0xDC00) & 0x3FF)
                    }
                    unit => unit,
                };
                char::from_u32(code).ok_or_else(|| self.mistake("no such character"))
            }
            _ => Err(self.mistake("no such escape in a quoted text")),
        }
    }

    fn unit(&mut self) -> Result<u32, Mistake> {
        let digits = self
            .rest()
            .get(..4)
            .filter(|digits| digits.bytes().all(|b| b.is_ascii_hexdigit()));
        let unit = digits.and_then(|digits| u32::from_str_radix(digits, 16).ok());
        match unit {
            Some(unit) => {
                self.at += 4;
                Ok(unit)
            }
            None => Err(self.mistake("`\\u` wants four hexadecimal digits")),
        }
    }

    fn moment(&mut self) -> Result<Token, Mistake> {
        let wrong = self
            .mistake("not a date or time: write @YYYY-MM-DD, @YYYY-MM-DDThh:mm:ss or @Thh:mm:ss");
        self.at += 1;
        let start = self.at;
        let found = if self.take("T") {
            let start = self.at;
            self.clock();
            self.text.get(start..self.at).and_then(Moment::time)
        } else {
            self.digits();
            for _ in 0..2 {
                if self.rest().starts_with('-') {
                    self.at += 1;
                    self.digits();
                }
            }
            if self.take("T") {
                if self.rest().starts_with(|c: char| c.is_ascii_digit()) {
                    self.clock();
                    self.zone();
                }
                self.text.get(start..self.at).and_then(Moment::date_time)
            } else {
                self.text.get(start..self.at).and_then(Moment::date)
            }
        };
        found
            .map(|moment| Token::Moment(MomentLiteral(moment)))
            .ok_or(wrong)
    }

    fn clock(&mut self) {
        self.run(|c| c.is_ascii_digit() || c == ':');
        if self.fraction() {
            self.digits();
        }
    }

    fn zone(&mut self) {
        if !self.take("Z") {
            // `+hh:mm`: anything shorter is a number that is added.
            let zone = self.rest().as_bytes();
            if let [b'+' | b'-', a, b, b':', c, d, ..] = zone
                && [a, b, c, d].iter().all(|digit| digit.is_ascii_digit())
            {
                self.at += 6;
            }
        }
    }
}
