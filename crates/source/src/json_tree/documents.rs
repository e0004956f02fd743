//! Cutting a text into its JSON documents, one at a time, without parsing them.

use std::io::{self, Read};

use crate::limits;

const CHUNK: usize = 128 << 10;

/// How a text holds its documents.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    /// Each line is one.
    Lines,
    /// Each item of one array is one.
    Array,
    /// One after another, with white space between them; usually there is one.
    Sequence,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// A document, to be had from [`Documents::bytes`].
    Document {
        /// Its number, from 1.
        number: u64,
        /// The line it begins on, from 1.
        line: u64,
        /// Whether the text ended right behind it, without a line break.
        last: bool,
    },
    /// A document of more than [`limits::DOCUMENT_BYTES`].
    TooLarge { number: u64, line: u64 },
    /// The text ends inside the document that begins on this line.
    Truncated { line: u64 },
    /// Something else stands where the array goes on or the text should end.
    Unexpected { line: u64 },
    /// The text has ended.
    End,
}

/// The documents of a text, one after another.
pub(super) struct Documents {
    reader: Box<dyn Read + Send>,
    shape: Shape,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    document: Vec<u8>,
    number: u64,
    line: u64,
    done: bool,
}

impl Documents {
    pub(super) fn new(reader: Box<dyn Read + Send>, shape: Shape) -> Self {
        Self {
            reader,
            shape,
            buffer: vec![0; CHUNK],
            at: 0,
            filled: 0,
            document: Vec::new(),
            number: 0,
            line: 1,
            done: false,
        }
    }

    /// The text of the document.
    pub(super) fn bytes(&self) -> &[u8] {
        &self.document
    }

    /// Goes to the next document.
    pub(super) fn next(&mut self) -> io::Result<Next> {
        if self.done {
            return Ok(Next::End);
        }
        // Blank lines between documents say nothing, in lines as little as elsewhere.
        let Some(first) = self.skip_white_space()? else {
            self.done = true;
            return Ok(if self.shape == Shape::Array {
                Next::Truncated { line: self.line }
            } else {
                Next::End
            });
        };
        if self.shape == Shape::Array
            && let Some(next) = self.between_items(first)?
        {
            return Ok(next);
        }
        self.number += 1;
        self.take()
    }

    /// Reads the brackets and commas of the outer array; nothing when a document follows.
    fn between_items(&mut self, first: u8) -> io::Result<Option<Next>> {
        let opening = self.number == 0;
        match (first, opening) {
            (b'[', true) | (b',', false) => self.at += 1,
            (b']', false) => {
                self.at += 1;
                return self.after_array().map(Some);
            }
            _ => {
                self.done = true;
                return Ok(Some(Next::Unexpected { line: self.line }));
            }
        }
        match self.skip_white_space()? {
            Some(b']') if opening => {
                self.at += 1;
                self.after_array().map(Some)
            }
            Some(b']' | b',') => {
                self.done = true;
                Ok(Some(Next::Unexpected { line: self.line }))
            }
            Some(_) => Ok(None),
            None => {
                self.done = true;
                Ok(Some(Next::Truncated { line: self.line }))
            }
        }
    }

    fn after_array(&mut self) -> io::Result<Next> {
        self.done = true;
        Ok(match self.skip_white_space()? {
            None => Next::End,
            Some(_) => Next::Unexpected { line: self.line },
        })
    }

    /// Takes one document into [`Documents::bytes`].
    fn take(&mut self) -> io::Result<Next> {
        let (number, line) = (self.number, self.line);
        self.document.clear();
        let mut scan = Scan::default();
        let mut size = 0_usize;
        let mut last = false;
        loop {
            if self.at == self.filled && !self.refill()? {
                self.done = true;
                last = true;
                if self.shape != Shape::Lines && !scan.is_whole_at_end() {
                    return Ok(Next::Truncated { line });
                }
                break;
            }
            let chunk = self.buffer.get(self.at..self.filled).unwrap_or_default();
            let end = match self.shape {
                Shape::Lines => chunk.iter().position(|byte| *byte == b'\n'),
                Shape::Array | Shape::Sequence => scan.feed(chunk),
            };
            let taken = chunk.get(..end.unwrap_or(chunk.len())).unwrap_or_default();
            size += taken.len();
            self.at += taken.len();
            self.line += line_feeds(taken);
            if size <= limits::DOCUMENT_BYTES {
                self.document.extend_from_slice(taken);
            }
            if end.is_some() {
                break;
            }
        }
        if size > limits::DOCUMENT_BYTES {
            self.document = Vec::new();
            return Ok(Next::TooLarge { number, line });
        }
        Ok(Next::Document { number, line, last })
    }

    fn skip_white_space(&mut self) -> io::Result<Option<u8>> {
        loop {
            if self.at == self.filled && !self.refill()? {
                return Ok(None);
            }
            match self.buffer.get(self.at) {
                Some(b'\n') => self.line += 1,
                Some(b' ' | b'\t' | b'\r') => {}
                other => return Ok(other.copied()),
            }
            self.at += 1;
        }
    }

    fn refill(&mut self) -> io::Result<bool> {
        self.at = 0;
        loop {
            match self.reader.read(&mut self.buffer) {
                Ok(length) => {
                    self.filled = length;
                    return Ok(length > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }
}

fn line_feeds(bytes: &[u8]) -> u64 {
    bytes.iter().map(|byte| u64::from(*byte == b'\n')).sum()
}

/// Finds where a JSON value ends by its brackets and quotation marks alone.
#[derive(Debug, Default)]
struct Scan {
    started: bool,
    depth: u64,
    in_string: bool,
    escaped: bool,
}

impl Scan {
    /// How many bytes of a chunk still belong to the value, once its end is in the chunk.
    fn feed(&mut self, chunk: &[u8]) -> Option<usize> {
        for (index, byte) in chunk.iter().enumerate() {
            if self.in_string {
                match (self.escaped, byte) {
                    (true, _) => self.escaped = false,
                    (false, b'\\') => self.escaped = true,
                    (false, b'"') => {
                        self.in_string = false;
                        if self.depth == 0 {
                            return Some(index + 1);
                        }
                    }
                    _ => {}
                }
                continue;
            }
            match byte {
                b'"' => self.in_string = true,
                b'{' | b'[' => self.depth += 1,
                b'}' | b']' if self.depth > 0 => {
                    self.depth -= 1;
                    if self.depth == 0 {
                        return Some(index + 1);
                    }
                }
                b',' | b']' | b'}' | b' ' | b'\t' | b'\r' | b'\n'
                    if self.depth == 0 && self.started =>
                {
                    return Some(index);
                }
                _ => {}
            }
            self.started = true;
        }
        None
    }

    /// Whether the end of the text ends the value: a bare number or word.
    fn is_whole_at_end(&self) -> bool {
        self.started && self.depth == 0 && !self.in_string
    }
}
