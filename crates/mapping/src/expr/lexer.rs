//! Characters to tokens.

use super::{Operator, SyntaxError};

#[derive(Debug, Clone, PartialEq)]
pub(super) enum Token {
    Text(String),
    Number(String),
    Column(String),
    Name(String),
    Compare(Operator),
    Pipe,
    Open,
    Close,
    Comma,
    Dot,
}

#[derive(Debug, Clone)]
pub(super) struct Placed {
    pub token: Token,
    pub at: u32,
    pub length: u32,
}

pub(super) fn tokens(text: &str) -> Result<Vec<Placed>, SyntaxError> {
    let chars: Vec<char> = text.chars().collect();
    let peek = |index: usize| chars.get(index).copied();
    let mut out = Vec::new();
    let mut index = 0;
    while let Some(c) = peek(index) {
        let start = index;
        index += 1;
        let token = match c {
            c if c.is_whitespace() => continue,
            '|' => Token::Pipe,
            '(' => Token::Open,
            ')' => Token::Close,
            ',' => Token::Comma,
            '.' => Token::Dot,
            '=' => Token::Compare(Operator::Equal),
            '!' if peek(index) == Some('=') => {
                index += 1;
                Token::Compare(Operator::NotEqual)
            }
            '<' | '>' => {
                let or_equal = peek(index) == Some('=');
                index += usize::from(or_equal);
                Token::Compare(match (c, or_equal) {
                    ('<', false) => Operator::Less,
                    ('<', true) => Operator::LessOrEqual,
                    (_, false) => Operator::Greater,
                    (_, true) => Operator::GreaterOrEqual,
                })
            }
            '"' | '\'' => Token::Text(until(&chars, &mut index, c, start, "text")?),
            '[' => Token::Column(
                until(&chars, &mut index, ']', start, "column")?
                    .trim()
                    .to_owned(),
            ),
            c if c.is_ascii_digit()
                || (c == '-' && peek(index).is_some_and(|d| d.is_ascii_digit())) =>
            {
                while peek(index).is_some_and(|d| d.is_ascii_digit())
                    || (peek(index) == Some('.')
                        && peek(index + 1).is_some_and(|d| d.is_ascii_digit()))
                {
                    index += 1;
                }
                Token::Number(slice(&chars, start, index))
            }
            c if c.is_alphabetic() => {
                while peek(index).is_some_and(|d| d.is_alphanumeric() || d == '_' || d == '-') {
                    index += 1;
                }
                Token::Name(slice(&chars, start, index))
            }
            _ => {
                return Err(SyntaxError {
                    at: narrow(start),
                    length: 1,
                    message: format!("'{c}' has no meaning in an expression"),
                    help: "columns stand in square brackets, texts in quotes",
                });
            }
        };
        out.push(Placed {
            token,
            at: narrow(start),
            length: narrow(index - start),
        });
    }
    Ok(out)
}

fn until(
    chars: &[char],
    index: &mut usize,
    end: char,
    start: usize,
    what: &str,
) -> Result<String, SyntaxError> {
    let from = *index;
    while let Some(c) = chars.get(*index) {
        *index += 1;
        if *c == end {
            return Ok(slice(chars, from, *index - 1));
        }
    }
    Err(SyntaxError {
        at: narrow(start),
        length: narrow(chars.len() - start),
        message: format!("the {what} that begins here does not end"),
        help: "close it with the same kind of quote, or with ]",
    })
}

fn slice(chars: &[char], from: usize, to: usize) -> String {
    chars.get(from..to).unwrap_or_default().iter().collect()
}

pub(super) fn narrow(value: usize) -> u32 {
    u32::try_from(value).unwrap_or(u32::MAX)
}
