//! A stream of resources: one JSON document, NDJSON, or one XML document.

use std::io::{BufRead, Read};

use diagnostics::{Issue, IssueType};
use json::Value;

use crate::codes;
use crate::xml::{self, Model};

/// How resources are written in a stream.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Format {
    /// One JSON document over any number of lines.
    Json,
    /// One JSON document a line (<http://hl7.org/fhir/R4/nd-json.html>).
    NdJson,
    /// One XML document.
    Xml,
}

/// The most bytes that one resource may have: a document, or a line of NDJSON.
pub const MAX_RESOURCE: usize = 64 * 1024 * 1024;

/// The resources of a stream, each with the line (from 1) that it starts on. A line that cannot be
/// read is an issue in its place, and the next line is read all the same. Memory is bounded by the
/// largest resource, which may have [`MAX_RESOURCE`] bytes.
pub struct Resources<'m, R, M> {
    input: R,
    model: &'m M,
    format: Option<Format>,
    line: u64,
    finished: bool,
    buffer: Vec<u8>,
}

impl<'m, R: BufRead, M: Model> Resources<'m, R, M> {
    /// Reads a stream, finding out its format: XML starts with `<`; NDJSON has a whole JSON value
    /// on its first line that is not blank; anything else is one JSON document.
    pub fn new(input: R, model: &'m M) -> Self {
        Self {
            input,
            model,
            format: None,
            line: 0,
            finished: false,
            buffer: Vec::new(),
        }
    }

    /// Reads a stream of a known format: for a file whose name says it.
    pub fn with_format(input: R, model: &'m M, format: Format) -> Self {
        Self {
            format: Some(format),
            ..Self::new(input, model)
        }
    }

    /// The format, once the first resource has been read.
    pub fn format(&self) -> Option<Format> {
        self.format
    }

    /// The next line that is not blank into the buffer; `false` at the end of the stream.
    fn next_line(&mut self) -> Result<bool, Box<Issue>> {
        loop {
            self.buffer.clear();
            self.line += 1;
            let limit = MAX_RESOURCE as u64 + 1;
            let read = self
                .input
                .by_ref()
                .take(limit)
                .read_until(b'\n', &mut self.buffer)
                .map_err(|error| self.unreadable(&error))?;
            if read == 0 {
                return Ok(false);
            }
            if read > MAX_RESOURCE {
                self.skip_line()?;
                return Err(too_long());
            }
            if self.line == 1
                && let Some(rest) = self.buffer.strip_prefix(b"\xEF\xBB\xBF")
            {
                self.buffer = rest.to_vec();
            }
            if !self.buffer.iter().all(u8::is_ascii_whitespace) {
                return Ok(true);
            }
        }
    }

    /// Reads past the rest of a line that is too long to keep.
    fn skip_line(&mut self) -> Result<(), Box<Issue>> {
        loop {
            let available = match self.input.fill_buf() {
                Ok(available) => available,
                Err(error) => return Err(self.unreadable(&error)),
            };
            let (used, done) = match available.iter().position(|b| *b == b'\n') {
                Some(at) => (at + 1, true),
                None => (available.len(), available.is_empty()),
            };
            self.input.consume(used);
            if done {
                return Ok(());
            }
        }
    }

    /// The rest of the stream added to the buffer.
    fn rest(&mut self) -> Result<(), Box<Issue>> {
        let room = (MAX_RESOURCE + 1).saturating_sub(self.buffer.len());
        self.input
            .by_ref()
            .take(room as u64)
            .read_to_end(&mut self.buffer)
            .map_err(|error| self.unreadable(&error))?;
        self.finished = true;
        if self.buffer.len() > MAX_RESOURCE {
            return Err(too_long());
        }
        Ok(())
    }

    fn unreadable(&mut self, error: &std::io::Error) -> Box<Issue> {
        self.finished = true;
        Box::new(
            Issue::error(
                codes::NOT_READABLE,
                IssueType::Processing,
                format!("the input cannot be read further ({})", error.kind()),
            )
            .help("check that the file is whole and may be read"),
        )
    }

    fn advance(&mut self) -> Option<(u64, Result<Value, Box<Issue>>)> {
        let first = self.line == 0;
        match self.next_line() {
            Ok(true) => {}
            Ok(false) => {
                self.finished = true;
                let nothing = Issue::error(
                    codes::EMPTY,
                    IssueType::Incomplete,
                    "the input holds no resource",
                )
                .help("give a FHIR resource as JSON, NDJSON or XML");
                return first.then_some((1, Err(Box::new(nothing))));
            }
            Err(issue) => return Some((self.line, Err(issue))),
        }
        let line = self.line;
        match self.format {
            Some(Format::NdJson) => Some((line, self.json(line))),
            Some(Format::Json) => Some((line, self.rest().and_then(|()| self.json(line)))),
            Some(Format::Xml) => Some((line, self.rest().and_then(|()| self.xml()))),
            None => Some((line, self.detect(line))),
        }
    }

    fn detect(&mut self, line: u64) -> Result<Value, Box<Issue>> {
        if self.buffer.trim_ascii_start().starts_with(b"<") {
            self.format = Some(Format::Xml);
            self.rest()?;
            return self.xml();
        }
        // A whole value on the first line is NDJSON, be it the only line or not. So is a first line
        // that is broken but is followed by another line which begins a value of its own.
        if let Ok(value) = json::parse(&self.buffer) {
            self.format = Some(Format::NdJson);
            return Ok(value);
        }
        let one_object = self.buffer.trim_ascii().len() > 1
            && self.buffer.trim_ascii_start().starts_with(b"{")
            && self.buffer.trim_ascii_end().ends_with(b"}");
        let another = self
            .input
            .fill_buf()
            .is_ok_and(|next| next.trim_ascii_start().starts_with(b"{"));
        if one_object && another {
            self.format = Some(Format::NdJson);
            return self.json(line);
        }
        self.format = Some(Format::Json);
        self.rest()?;
        self.json(line)
    }

    fn json(&self, line: u64) -> Result<Value, Box<Issue>> {
        json::parse(&self.buffer)
            .map_err(|error| {
                let at = line + error.line as u64 - 1;
                Issue::error(
                    codes::NOT_JSON,
                    IssueType::Structure,
                    format!(
                        "this is not JSON that holds a resource: line {at}, column {}: {}",
                        error.column, error.message
                    ),
                )
                .help("write the resource as strict JSON (RFC 8259), each member once")
            })
            .map_err(Box::new)
    }

    fn xml(&self) -> Result<Value, Box<Issue>> {
        xml::read(&self.buffer, self.model).map_err(|error| {
            let issue = Issue::error(
                codes::NOT_XML,
                IssueType::Structure,
                format!(
                    "this is not FHIR XML: line {}: {}",
                    error.line, error.message
                ),
            )
            .help("write the resource as XML 1.0 in the namespace http://hl7.org/fhir");
            Box::new(match error.element {
                Some(element) => issue.at_element(element),
                None => issue,
            })
        })
    }
}

impl<R: BufRead, M: Model> Iterator for Resources<'_, R, M> {
    type Item = (u64, Result<Value, Box<Issue>>);

    fn next(&mut self) -> Option<Self::Item> {
        if self.finished {
            return None;
        }
        let item = self.advance();
        if matches!(self.format, Some(Format::Json | Format::Xml)) {
            self.finished = true;
        }
        item
    }
}

fn too_long() -> Box<Issue> {
    Box::new(
        Issue::error(
            codes::NOT_READABLE,
            IssueType::TooLong,
            "a resource is larger than 64 MiB",
        )
        .help("split it, or send the attachment on its own"),
    )
}
