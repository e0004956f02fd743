//! From files to pieces of input.

use std::fs::File;
use std::io::{self, Read};
use std::sync::Arc;

use diagnostics::{Issue, IssueType};
use fhir::{Piece, Stream, Unread};
use flate2::read::MultiGzDecoder;

use super::inputs::{Inputs, Source};

/// A piece of input to examine.
pub struct Job {
    /// Which argument it comes from.
    pub argument: usize,
    /// What the output calls where it is from.
    pub source: Arc<str>,
    /// The bytes, or why they cannot be had.
    pub piece: Result<Piece, Unread>,
}

/// The pieces of all inputs in order, each with its weight in bytes. A file is opened when its turn
/// comes.
pub struct Jobs<'i> {
    sources: std::slice::Iter<'i, Source>,
    current: Option<(&'i Source, Stream<Box<dyn Read + Send>>)>,
    limit: usize,
}

impl<'i> Jobs<'i> {
    /// The pieces; no resource may have more than `limit` bytes.
    pub fn new(inputs: &'i Inputs, limit: usize) -> Self {
        Self {
            sources: inputs.sources.iter(),
            current: None,
            limit,
        }
    }
}

impl Iterator for Jobs<'_> {
    type Item = (usize, Job);

    fn next(&mut self) -> Option<Self::Item> {
        loop {
            if let Some((source, stream)) = &mut self.current {
                if let Some(piece) = stream.next() {
                    return Some(job(source, piece));
                }
                self.current = None;
            }
            let source = self.sources.next()?;
            match open(source) {
                Ok(input) => {
                    self.current = Some((source, Stream::new(input, source.format, self.limit)));
                }
                Err(error) => return Some(job(source, Err(unopened(&error)))),
            }
        }
    }
}

fn job(source: &Source, piece: Result<Piece, Unread>) -> (usize, Job) {
    let weight = piece.as_ref().map_or(0, |piece| piece.bytes.len());
    let job = Job {
        argument: source.argument,
        source: Arc::clone(&source.name),
        piece,
    };
    (weight, job)
}

fn open(source: &Source) -> io::Result<Box<dyn Read + Send>> {
    let Some(path) = &source.path else {
        return Ok(Box::new(io::stdin()));
    };
    let file = File::open(path)?;
    Ok(if source.is_gzip {
        Box::new(MultiGzDecoder::new(file))
    } else {
        Box::new(file)
    })
}

fn unopened(error: &io::Error) -> Unread {
    Unread {
        line: 1,
        issue: Box::new(
            Issue::error(
                fhir::codes::NOT_READABLE,
                IssueType::Processing,
                format!("the file cannot be opened ({})", error.kind()),
            )
            .help("check that it is there and may be read"),
        ),
    }
}
