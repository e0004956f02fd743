//! Text to tree, strictly.

use std::fmt;

use compact_str::CompactString;
use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};

use crate::{Number, Object, Value};

/// How deep arrays and objects may nest. FHIR resources stay under 30.
pub const MAX_DEPTH: usize = 128;

/// From this many members on, looking for duplicates by comparing each with each costs more than
/// sorting the names.
const MANY_MEMBERS: usize = 24;

/// Why a text is not JSON that Causeway takes. The message never quotes the text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ParseError {
    /// The line, from 1.
    pub line: usize,
    /// The column in bytes, from 1.
    pub column: usize,
    /// What is wrong, as a fragment: "expected a colon".
    pub message: String,
}

impl fmt::Display for ParseError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "line {}, column {}: {}",
            self.line, self.column, self.message
        )
    }
}

impl std::error::Error for ParseError {}

/// Reads one JSON value that makes up the whole text.
///
/// # Errors
/// When the text is not JSON (RFC 8259), holds a member name twice in one object, nests deeper
/// than [`MAX_DEPTH`], or has anything but white space after the value.
pub fn parse(text: &[u8]) -> Result<Value, ParseError> {
    let text = text.strip_prefix(b"\xEF\xBB\xBF").unwrap_or(text);
    let mut reader = Reader {
        jiter: Jiter::new(text),
    };
    let peek = reader.step(|jiter| jiter.peek())?;
    let value = reader.value(peek, 0)?;
    reader.step(|jiter| jiter.finish())?;
    Ok(value)
}

struct Reader<'j> {
    jiter: Jiter<'j>,
}

impl<'j> Reader<'j> {
    fn step<T>(
        &mut self,
        step: impl FnOnce(&mut Jiter<'j>) -> Result<T, JiterError>,
    ) -> Result<T, ParseError> {
        step(&mut self.jiter).map_err(|error| {
            let position = self.jiter.error_position(error.index);
            ParseError {
                line: position.line,
                column: position.column,
                message: words(&error.error_type),
            }
        })
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T, ParseError> {
        let position = self.jiter.current_position();
        Err(ParseError {
            line: position.line,
            column: position.column,
            message: message.into(),
        })
    }

    fn value(&mut self, peek: Peek, depth: usize) -> Result<Value, ParseError> {
        if depth > MAX_DEPTH {
            return self.fail(format!("nested deeper than {MAX_DEPTH} levels"));
        }
        match peek {
            Peek::Null => self.step(|j| j.known_null()).map(|()| Value::Null),
            Peek::True | Peek::False => self.step(|j| j.known_bool(peek)).map(Value::Bool),
            Peek::String => self.string(),
            Peek::Array => self.array(depth),
            Peek::Object => self.object(depth),
            _ => self.number(peek),
        }
    }

    fn string(&mut self) -> Result<Value, ParseError> {
        let text = self.step(|j| j.known_str().map(CompactString::from))?;
        Ok(Value::String(text))
    }

    fn number(&mut self, peek: Peek) -> Result<Value, ParseError> {
        let text = self.step(|j| {
            j.known_number_bytes(peek)
                .map(|bytes| String::from_utf8_lossy(bytes).into_owned())
        })?;
        match Number::from_text(&text) {
            Some(number) => Ok(Value::Number(number)),
            None => self.fail("this is not a JSON number"),
        }
    }

    fn array(&mut self, depth: usize) -> Result<Value, ParseError> {
        let mut items = Vec::new();
        let mut next = self.step(|j| j.known_array())?;
        while let Some(peek) = next {
            items.push(self.value(peek, depth + 1)?);
            next = self.step(|j| j.array_step())?;
        }
        Ok(Value::Array(items))
    }

    fn object(&mut self, depth: usize) -> Result<Value, ParseError> {
        let mut object = Object::new();
        let mut next = self.step(|j| Ok(j.known_object()?.map(CompactString::from)))?;
        while let Some(name) = next {
            if object.len() < MANY_MEMBERS && object.contains(&name) {
                return self.duplicate();
            }
            let peek = self.step(|j| j.peek())?;
            let value = self.value(peek, depth + 1)?;
            object.push_new(name, value);
            next = self.step(|j| Ok(j.next_key()?.map(CompactString::from)))?;
        }
        if object.len() > MANY_MEMBERS {
            let mut names: Vec<&str> = object.iter().map(|(name, _)| name).collect();
            names.sort_unstable();
            if names.windows(2).any(|pair| pair.first() == pair.last()) {
                return self.duplicate();
            }
        }
        Ok(Value::Object(object))
    }

    fn duplicate<T>(&self) -> Result<T, ParseError> {
        // The name itself could be personal data when a source keys an object by it.
        self.fail("a member name occurs twice in one object, so one of the two would be lost")
    }
}

fn words(error: &JiterErrorType) -> String {
    match error {
        JiterErrorType::JsonError(error) => match error {
            JsonErrorType::EofWhileParsingList
            | JsonErrorType::EofWhileParsingObject
            | JsonErrorType::EofWhileParsingString
            | JsonErrorType::EofWhileParsingValue => "the text ends too early".to_owned(),
            JsonErrorType::DuplicateKey(_) => "a member name occurs twice".to_owned(),
            JsonErrorType::InternalError(_) => "this cannot be read".to_owned(),
            other => other.to_string(),
        },
        JiterErrorType::WrongType { expected, actual } => {
            format!("expected {expected} and found {actual}")
        }
    }
}
