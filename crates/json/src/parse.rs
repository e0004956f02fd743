//! Text to tree, strictly.

use std::collections::HashSet;
use std::fmt;

use compact_str::CompactString;
use jiter::{Jiter, JiterError, JiterErrorType, JsonErrorType, Peek};

use crate::position::BYTE_ORDER_MARK;
use crate::scan::{Begins, Visitor};
use crate::{Number, Object, Position, Value};

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
    /// The column in characters, from 1.
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
    let text = text.strip_prefix(BYTE_ORDER_MARK).unwrap_or(text);
    let mut reader = Reader {
        text,
        jiter: Jiter::new(text),
        items: Vec::new(),
        members: Vec::new(),
    };
    let peek = reader.step(|jiter| jiter.peek())?;
    let value = reader.value(peek, 0)?;
    reader.step(|jiter| jiter.finish())?;
    Ok(value)
}

/// What is read so far of the arrays and objects around the place stands on two stacks, so that each
/// of them is made in one piece, of the size that it has.
struct Reader<'j> {
    text: &'j [u8],
    jiter: Jiter<'j>,
    items: Vec<Value>,
    members: Vec<(CompactString, Value)>,
}

impl<'j> Reader<'j> {
    fn step<T>(
        &mut self,
        step: impl FnOnce(&mut Jiter<'j>) -> Result<T, JiterError>,
    ) -> Result<T, ParseError> {
        step(&mut self.jiter).map_err(|error| {
            // A byte that is not UTF-8 shows itself in many ways; only one of them says so.
            match std::str::from_utf8(self.text) {
                Err(utf8) if utf8.valid_up_to() <= error.index => self.error_at(
                    utf8.valid_up_to(),
                    format!("byte {} is not UTF-8", utf8.valid_up_to() + 1),
                ),
                _ => self.error_at(
                    error.index,
                    words(&error.error_type, self.text.get(error.index)),
                ),
            }
        })
    }

    fn error_at(&self, offset: usize, message: String) -> ParseError {
        let Position { line, column } = Position::of(self.text, offset);
        ParseError {
            line,
            column,
            message,
        }
    }

    fn fail<T>(&self, message: impl Into<String>) -> Result<T, ParseError> {
        Err(self.error_at(self.jiter.current_index(), message.into()))
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
        let first = self.items.len();
        let mut next = self.step(|j| j.known_array())?;
        while let Some(peek) = next {
            let item = self.value(peek, depth + 1)?;
            self.items.push(item);
            next = self.step(|j| j.array_step())?;
        }
        Ok(Value::Array(self.items.drain(first..).collect()))
    }

    fn object(&mut self, depth: usize) -> Result<Value, ParseError> {
        let start = self.jiter.current_index();
        let first = self.members.len();
        let mut next = self.step(|j| Ok(j.known_object()?.map(CompactString::from)))?;
        while let Some(name) = next {
            let known = self.members.get(first..).unwrap_or_default();
            if known.len() < MANY_MEMBERS && known.iter().any(|(known, _)| *known == name) {
                return self.duplicate(start);
            }
            let peek = self.step(|j| j.peek())?;
            let value = self.value(peek, depth + 1)?;
            self.members.push((name, value));
            next = self.step(|j| Ok(j.next_key()?.map(CompactString::from)))?;
        }
        let members: Vec<(CompactString, Value)> = self.members.drain(first..).collect();
        if members.len() > MANY_MEMBERS {
            let mut names: Vec<&str> = members.iter().map(|(name, _)| name.as_str()).collect();
            names.sort_unstable();
            if names.windows(2).any(|pair| pair.first() == pair.last()) {
                return self.duplicate(start);
            }
        }
        Ok(Value::Object(Object::of_new(members)))
    }

    /// The error for a name that occurs twice in the object that begins there.
    fn duplicate<T>(&self, start: usize) -> Result<T, ParseError> {
        let mut finder = SecondName::default();
        crate::scan(self.text.get(start..).unwrap_or_default(), &mut finder);
        let at = finder
            .found
            .map_or(self.jiter.current_index(), |at| start + at);
        // The name itself could be personal data when a source keys an object by it.
        Err(self.error_at(
            at,
            "a member name occurs twice in one object, so one of the two would be lost".to_owned(),
        ))
    }
}

/// Finds the first name that an object holds for the second time.
#[derive(Default)]
struct SecondName {
    names: HashSet<CompactString>,
    found: Option<usize>,
}

impl Visitor for SecondName {
    fn member(&mut self, name: &str, offset: usize, _: Begins) -> bool {
        if !self.names.insert(name.into()) && self.found.is_none() {
            self.found = Some(offset);
        }
        false
    }

    fn item(&mut self, _: usize, _: usize, _: Begins) -> bool {
        false
    }

    fn leave(&mut self) {}
}

fn words(error: &JiterErrorType, found: Option<&u8>) -> String {
    match (error, found) {
        (JiterErrorType::JsonError(_), Some(b'/' | b'#')) => {
            return "JSON has no comments".to_owned();
        }
        (JiterErrorType::JsonError(_), Some(b'\'')) => {
            return "JSON writes texts in double quotes".to_owned();
        }
        _ => {}
    }
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
