//! A stream of resources: one JSON document, NDJSON, or one XML document.

use std::io::{ErrorKind, Read};

use diagnostics::{Issue, IssueType};

use crate::codes;

/// How resources are written in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Format {
    /// One JSON document over any number of lines.
    Json,
    /// One JSON document a line (<http://hl7.org/fhir/R4/nd-json.html>).
    NdJson,
    /// One XML document.
    Xml,
}

/// The most bytes that one resource may have unless it is said otherwise: a document, or a line of
/// NDJSON.
pub const MAX_RESOURCE: usize = 64 * 1024 * 1024;

/// How much is read at once.
const CHUNK: usize = 256 * 1024;

/// How much of a stream is looked at to tell a broken line of NDJSON from a JSON document over many
/// lines.
const LOOK_AHEAD: usize = 1024 * 1024;

/// Some bytes of a stream: one document, or some whole lines of NDJSON.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Piece {
    /// The line of the stream that it begins on, from 1.
    pub line: u64,
    /// How it is written.
    pub format: Format,
    /// The bytes.
    pub bytes: Vec<u8>,
}

impl Piece {
    /// The texts of the resources in it, each with the line of the stream that it begins on. Blank
    /// lines of NDJSON are left out.
    pub fn documents(&self) -> impl Iterator<Item = (u64, &[u8])> {
        if self.format != Format::NdJson {
            return vec![(self.line, self.bytes.as_slice())].into_iter();
        }
        let lines = self.bytes.split(|byte| *byte == b'\n');
        let texts: Vec<(u64, &[u8])> = (self.line..)
            .zip(lines)
            .filter(|(_, line)| !is_blank(line))
            .collect();
        texts.into_iter()
    }
}

/// A part of a stream that cannot be had.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The line of the stream, from 1.
    pub line: u64,
    /// Why.
    pub issue: Box<Issue>,
}

/// A stream cut into pieces, in order. It finds out the format: XML starts with `<`; NDJSON has a
/// whole JSON value on its first line that is not blank, and more behind it, or a broken line there
/// and a whole object on a later one; anything else is one JSON document.
///
/// What comes in slowly is handed on as it comes, as soon as a line of it is whole. Memory is bounded
/// by the largest resource; a line or document beyond the limit is refused in its place, and the
/// lines behind it are read all the same.
#[derive(Debug)]
pub struct Stream<R> {
    input: R,
    /// Room for what is read at once.
    chunk: Box<[u8]>,
    format: Option<Format>,
    limit: usize,
    /// What has been read and not handed on; it begins on `line`.
    buffer: Vec<u8>,
    line: u64,
    /// Whether the line that the buffer begins in was too long and is being passed over.
    skipping: bool,
    /// Whether the input has no more to give.
    ended: bool,
    finished: bool,
    any: bool,
    /// How much of the buffer is known to hold no end of a line.
    scanned: usize,
}

impl<R: Read> Stream<R> {
    /// Cuts up an input. `format` is what is known of it, for example from the name of a file;
    /// `limit` is the most bytes that one resource may have.
    pub fn new(input: R, format: Option<Format>, limit: usize) -> Self {
        Self {
            input,
            chunk: vec![0; CHUNK].into(),
            format,
            limit,
            buffer: Vec::new(),
            line: 1,
            skipping: false,
            ended: false,
            finished: false,
            any: false,
            scanned: 0,
        }
    }

    /// The format, once the first piece has been had.
    pub fn format(&self) -> Option<Format> {
        self.format
    }

    /// Reads on. `false` when there is no more.
    fn fill(&mut self) -> Result<bool, Unread> {
        if self.ended {
            return Ok(false);
        }
        let (count, error) = loop {
            match self.input.read(&mut self.chunk) {
                Err(error) if error.kind() == ErrorKind::Interrupted => {}
                Err(error) => break (0, Some(error)),
                Ok(count) => break (count, None),
            }
        };
        self.buffer
            .extend_from_slice(self.chunk.get(..count).unwrap_or_default());
        self.ended = count == 0;
        match error {
            None => Ok(!self.ended),
            Some(error) => {
                self.finished = true;
                let lines = self.buffer.iter().filter(|byte| **byte == b'\n').count();
                Err(Unread {
                    line: self.line + lines as u64,
                    issue: unreadable(&error),
                })
            }
        }
    }

    /// Where in the buffer the first text begins that is not blank.
    fn first_text(&self) -> Option<usize> {
        let mark = if self.line == 1 && self.buffer.starts_with(MARK) {
            MARK.len()
        } else {
            0
        };
        self.buffer
            .iter()
            .skip(mark)
            .position(|byte| !byte.is_ascii_whitespace())
            .map(|at| at + mark)
    }

    /// Finds out the format from the beginning.
    fn detect(&mut self) -> Result<Format, Unread> {
        let start = loop {
            match self.first_text() {
                Some(start) => break start,
                None if self.buffer.len() > self.limit || !self.fill()? => return Ok(Format::Json),
                None => {}
            }
        };
        if self.buffer.get(start) == Some(&b'<') {
            return Ok(Format::Xml);
        }
        let mut looked = start;
        let end = loop {
            let found = self
                .buffer
                .iter()
                .skip(looked)
                .position(|byte| *byte == b'\n');
            if let Some(at) = found {
                break looked + at;
            }
            looked = self.buffer.len();
            if looked > self.limit {
                // Too long for a resource in any case.
                return Ok(Format::NdJson);
            }
            if !self.fill()? {
                return Ok(Format::Json);
            }
        };
        let first = self.buffer.get(start..end).unwrap_or_default();
        if json::parse(first).is_ok() {
            return Ok(Format::NdJson);
        }
        while self.buffer.len() < end + LOOK_AHEAD && self.fill()? {}
        if self.ended && json::parse(&self.buffer).is_ok() {
            return Ok(Format::Json);
        }
        let behind = self.buffer.get(end + 1..).unwrap_or_default();
        let another = behind
            .split(|byte| *byte == b'\n')
            .any(|line| line.first() == Some(&b'{') && json::parse(line).is_ok());
        Ok(if another {
            Format::NdJson
        } else {
            Format::Json
        })
    }

    /// All that is left, as one document.
    fn document(&mut self, format: Format) -> Result<Option<Piece>, Unread> {
        while self.buffer.len() <= self.limit && self.fill()? {}
        self.finished = true;
        let start = self.first_text().unwrap_or(self.buffer.len());
        let before = self.buffer.get(..start).unwrap_or_default();
        let line = self.line + before.iter().filter(|byte| **byte == b'\n').count() as u64;
        if self.buffer.len() > self.limit {
            return Err(self.too_long(line));
        }
        if start == self.buffer.len() {
            return Ok(None);
        }
        Ok(Some(Piece {
            line: self.line,
            format,
            bytes: std::mem::take(&mut self.buffer),
        }))
    }

    /// The next whole lines.
    fn lines(&mut self) -> Result<Option<Piece>, Unread> {
        loop {
            if self.skipping {
                match self.buffer.iter().position(|byte| *byte == b'\n') {
                    Some(at) => {
                        self.buffer.drain(..=at);
                        self.line += 1;
                        self.skipping = false;
                    }
                    None => {
                        self.buffer.clear();
                        if !self.fill()? {
                            self.finished = true;
                            return Ok(None);
                        }
                        continue;
                    }
                }
            }
            let unseen = self.buffer.get(self.scanned..).unwrap_or_default();
            let last = unseen.iter().rposition(|byte| *byte == b'\n');
            let whole = match last {
                Some(at) => self.scanned + at + 1,
                None if self.ended => self.buffer.len(),
                None => 0,
            };
            if whole == 0 && self.buffer.len() > self.limit {
                self.skipping = true;
                self.scanned = 0;
                return Err(self.too_long(self.line));
            }
            if whole > self.limit {
                // One of these lines may be too long: they are taken one by one.
                let first = self.buffer.iter().position(|byte| *byte == b'\n');
                let end = first.map_or(whole, |at| at + 1);
                let line = self.line;
                let bytes = self.take(end);
                if first.unwrap_or(end) > self.limit {
                    return Err(self.too_long(line));
                }
                if !is_blank(&bytes) {
                    return Ok(Some(Piece {
                        line,
                        format: Format::NdJson,
                        bytes,
                    }));
                }
                continue;
            }
            if whole == 0 {
                self.scanned = self.buffer.len();
                if !self.fill()? && self.buffer.is_empty() {
                    self.finished = true;
                    return Ok(None);
                }
                continue;
            }
            let line = self.line;
            let bytes = self.take(whole);
            // What is left of the last line holds no end of one.
            self.scanned = self.buffer.len();
            if !is_blank(&bytes) {
                return Ok(Some(Piece {
                    line,
                    format: Format::NdJson,
                    bytes,
                }));
            }
        }
    }

    /// Takes whole lines out of the buffer.
    fn take(&mut self, bytes: usize) -> Vec<u8> {
        let rest = self.buffer.split_off(bytes.min(self.buffer.len()));
        let taken = std::mem::replace(&mut self.buffer, rest);
        self.line += taken.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.scanned = 0;
        taken
    }

    fn too_long(&self, line: u64) -> Unread {
        Unread {
            line,
            issue: too_long(self.limit),
        }
    }

    fn advance(&mut self) -> Result<Option<Piece>, Unread> {
        let format = match self.format {
            Some(format) => format,
            None => {
                let format = self.detect()?;
                self.format = Some(format);
                format
            }
        };
        match format {
            Format::NdJson => self.lines(),
            Format::Json | Format::Xml => self.document(format),
        }
    }
}

impl<R: Read> Iterator for Stream<R> {
    type Item = Result<Piece, Unread>;

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let item = match self.advance() {
            Ok(Some(piece)) => Some(Ok(piece)),
            Ok(None) if self.any => None,
            Ok(None) => Some(Err(Unread {
                line: 1,
                issue: empty(),
            })),
            Err(unread) => Some(Err(unread)),
        };
        self.any = true;
        item
    }
}

const MARK: &[u8] = b"\xEF\xBB\xBF";

fn is_blank(line: &[u8]) -> bool {
    line.iter().all(u8::is_ascii_whitespace)
}

fn empty() -> Box<Issue> {
    Box::new(
        Issue::error(
            codes::EMPTY,
            IssueType::Incomplete,
            "the input holds no resource",
        )
        .help("give a FHIR resource as JSON, NDJSON or XML"),
    )
}

fn unreadable(error: &std::io::Error) -> Box<Issue> {
    Box::new(
        Issue::error(
            codes::NOT_READABLE,
            IssueType::Processing,
            format!("the input cannot be read further ({})", error.kind()),
        )
        .help("check that the file is whole and may be read"),
    )
}

fn too_long(limit: usize) -> Box<Issue> {
    Box::new(
        Issue::error(
            codes::NOT_READABLE,
            IssueType::TooLong,
            format!("a resource is larger than {limit} bytes"),
        )
        .help("split it, or send the attachment on its own"),
    )
}
