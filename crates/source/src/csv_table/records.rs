//! Splitting separated values into records, with bounded memory and exact row numbers.

use std::io::{self, Read};

use csv_core::ReadRecordResult;

use crate::limits;

const CHUNK: usize = 64 << 10;

/// The records of a text, one after another.
///
/// The splitting itself is `csv-core`'s. That parser takes anything for CSV; what is added here is
/// what a care record needs beside it: a quotation mark that does not fit is noticed instead of
/// being interpreted, blank lines count as the rows that a spreadsheet shows, and a record larger
/// than the limits is passed over without being kept.
pub(super) struct Records {
    reader: Box<dyn Read + Send>,
    delimiter: u8,
    core: csv_core::Reader,
    buffer: Vec<u8>,
    at: usize,
    filled: usize,
    text: Vec<u8>,
    text_length: usize,
    ends: Vec<usize>,
    cells: usize,
    row: u64,
    line: u64,
    after_return: bool,
    ended: bool,
}

/// What comes next.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Next {
    /// A record, to be had from [`Records::text`] and [`Records::ends`].
    Record { row: u64, line: u64 },
    /// A record that cannot be read as one.
    Faulty { row: u64, line: u64, fault: Fault },
    /// The text ended inside a quoted cell of the record that begins here.
    Unclosed { row: u64, line: u64 },
    /// The text has ended.
    End,
}

/// Why a record cannot be read as one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Fault {
    /// More than [`limits::ROW_BYTES`].
    RowTooLarge,
    /// A cell, by its index, of more than [`limits::CELL_BYTES`].
    CellTooLarge(usize),
    /// More than [`limits::COLUMNS`].
    TooManyCells,
    /// In the cell of this index, text follows the quotation mark that should end the cell.
    Quote(usize),
}

impl Records {
    pub(super) fn new(reader: Box<dyn Read + Send>, delimiter: u8) -> Self {
        Self {
            reader,
            delimiter,
            core: csv_core::ReaderBuilder::new().delimiter(delimiter).build(),
            buffer: vec![0; CHUNK],
            at: 0,
            filled: 0,
            text: vec![0; 8 << 10],
            text_length: 0,
            ends: vec![0; 128],
            cells: 0,
            row: 0,
            line: 1,
            after_return: false,
            ended: false,
        }
    }

    /// The cells of the record, one after another.
    pub(super) fn text(&self) -> &[u8] {
        self.text.get(..self.text_length).unwrap_or_default()
    }

    /// Where each cell ends in the text.
    pub(super) fn ends(&self) -> &[usize] {
        self.ends.get(..self.cells).unwrap_or_default()
    }

    /// Whether the record ended with the text and not with a line break.
    pub(super) fn is_last(&self) -> bool {
        self.ended
    }

    /// Goes to the next record that is not a blank line.
    pub(super) fn next(&mut self) -> io::Result<Next> {
        if !self.skip_blank_lines()? {
            return Ok(Next::End);
        }
        self.row += 1;
        let (row, line) = (self.row, self.line);
        let line_feeds = self.core.line();
        let mut start = Some(self.at);
        let mut fault = None;
        self.text_length = 0;
        self.cells = 0;
        loop {
            if self.at == self.filled {
                let kept = start.map_or(0, |start| self.filled - start);
                if kept > 2 * limits::ROW_BYTES {
                    fault = Some(Fault::RowTooLarge);
                    start = None;
                }
                if !self.refill(&mut start)? {
                    if !self.finish() {
                        return Ok(Next::Unclosed { row, line });
                    }
                    self.ended = true;
                    break;
                }
            }
            let (result, read, written, ended) = self.core.read_record(
                self.buffer.get(self.at..self.filled).unwrap_or_default(),
                self.text.get_mut(self.text_length..).unwrap_or_default(),
                self.ends.get_mut(self.cells..).unwrap_or_default(),
            );
            self.at += read;
            self.text_length += written;
            self.cells += ended;
            match result {
                ReadRecordResult::Record => break,
                ReadRecordResult::InputEmpty => {}
                ReadRecordResult::OutputFull if self.text.len() < limits::ROW_BYTES => {
                    self.text.resize(self.text.len() * 2, 0);
                }
                ReadRecordResult::OutputFull => {
                    fault = Some(Fault::RowTooLarge);
                    start = None;
                    self.text_length = 0;
                }
                ReadRecordResult::OutputEndsFull if self.ends.len() < limits::COLUMNS => {
                    self.ends.resize(self.ends.len() * 2, 0);
                }
                ReadRecordResult::OutputEndsFull => {
                    fault = fault.or(Some(Fault::TooManyCells));
                    start = None;
                    self.text_length = 0;
                    self.cells = 0;
                }
                ReadRecordResult::End => return Ok(Next::End),
            }
        }
        let last = self.at.checked_sub(1).and_then(|at| self.buffer.get(at));
        self.after_return = last == Some(&b'\r');

        let raw = start.and_then(|start| self.buffer.get(start..self.at));
        let mut inner_lines = 0;
        match raw {
            Some(raw) if raw.contains(&b'"') => {
                inner_lines = line_breaks(self.text());
                fault = misquoted(raw, self.delimiter).map(Fault::Quote);
            }
            Some(_) => {}
            None => inner_lines = (self.core.line() - line_feeds).saturating_sub(1),
        }
        self.line += inner_lines + 1;
        if fault.is_none() && self.text_length > limits::CELL_BYTES {
            fault = self.oversized_cell().map(Fault::CellTooLarge);
        }
        Ok(match fault {
            Some(fault) => Next::Faulty { row, line, fault },
            None => Next::Record { row, line },
        })
    }

    fn oversized_cell(&self) -> Option<usize> {
        let mut before = 0;
        self.ends().iter().position(|end| {
            let size = end.saturating_sub(before);
            before = *end;
            size > limits::CELL_BYTES
        })
    }

    /// Passes over line breaks where a record would begin; false at the end of the text.
    fn skip_blank_lines(&mut self) -> io::Result<bool> {
        loop {
            if self.at == self.filled && !self.refill(&mut None)? {
                return Ok(false);
            }
            match self.buffer.get(self.at) {
                Some(b'\n') if self.after_return => {}
                Some(b'\n' | b'\r') => {
                    self.row += 1;
                    self.line += 1;
                }
                _ => {
                    self.after_return = false;
                    return Ok(true);
                }
            }
            self.after_return = self.buffer.get(self.at) == Some(&b'\r');
            self.at += 1;
        }
    }

    /// Reads more, keeping what comes from `start` on; false at the end of the text.
    fn refill(&mut self, start: &mut Option<usize>) -> io::Result<bool> {
        let from = start.unwrap_or(self.filled);
        self.buffer.copy_within(from..self.filled, 0);
        self.filled -= from;
        self.at = self.filled;
        if start.is_some() {
            *start = Some(0);
        }
        if self.buffer.len() - self.filled < CHUNK / 2 {
            self.buffer.resize(self.buffer.len() * 2, 0);
        }
        loop {
            let space = self.buffer.get_mut(self.filled..).unwrap_or_default();
            match self.reader.read(space) {
                Ok(length) => {
                    self.filled += length;
                    return Ok(length > 0);
                }
                Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                Err(error) => return Err(error),
            }
        }
    }

    /// Ends the last record, which no line break ends, with one; false when that did not end it,
    /// because the parser is inside quotation marks.
    fn finish(&mut self) -> bool {
        loop {
            let ends = self.ends.get_mut(self.cells..).unwrap_or_default();
            let (result, _, _, ended) = self.core.read_record(b"\n", &mut [0; 4], ends);
            self.cells += ended;
            match result {
                ReadRecordResult::Record => return true,
                ReadRecordResult::OutputEndsFull => self.ends.resize(self.ends.len() + 1, 0),
                _ => return false,
            }
        }
    }
}

fn line_breaks(text: &[u8]) -> u64 {
    let mut count = 0;
    let mut before = 0;
    for byte in text {
        if *byte == b'\r' || (*byte == b'\n' && before != b'\r') {
            count += 1;
        }
        before = *byte;
    }
    count
}

/// The index of a cell in which text follows the quotation mark that should end it.
fn misquoted(raw: &[u8], delimiter: u8) -> Option<usize> {
    let ends_cell = |byte: Option<&u8>| match byte {
        None | Some(b'\n' | b'\r') => true,
        Some(byte) => *byte == delimiter,
    };
    let mut at = 0;
    let mut cell = 0;
    while at < raw.len() {
        if raw.get(at) == Some(&b'"') {
            at += 1;
            loop {
                match raw.get(at..)?.iter().position(|byte| *byte == b'"') {
                    None => return None,
                    Some(length) => at += length + 1,
                }
                if raw.get(at) == Some(&b'"') {
                    at += 1;
                } else {
                    break;
                }
            }
            if !ends_cell(raw.get(at)) {
                return Some(cell);
            }
        }
        while !ends_cell(raw.get(at)) {
            at += 1;
        }
        if raw.get(at) != Some(&delimiter) {
            return None;
        }
        at += 1;
        cell += 1;
    }
    None
}
