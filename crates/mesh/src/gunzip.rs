//! Undoing gzip piece by piece.

use std::io::{self, Write as _};

use flate2::write::MultiGzDecoder;

/// How many compressed bytes are undone at once: a thousand times as many may come out.
const AT_ONCE: usize = 4096;

/// A decoder of one or more gzip members.
#[derive(Debug)]
pub(crate) struct Gunzip(MultiGzDecoder<Vec<u8>>);

impl Gunzip {
    pub(crate) fn new() -> Self {
        Self(MultiGzDecoder::new(Vec::new()))
    }

    /// Slices of a piece that are small enough to be undone one after another.
    pub(crate) fn slices(piece: &[u8]) -> impl Iterator<Item = &[u8]> {
        piece.chunks(AT_ONCE)
    }

    /// What comes out of a slice.
    ///
    /// # Errors
    /// The bytes are no gzip, or a member's checksum is not that of its content.
    pub(crate) fn undo(&mut self, slice: &[u8]) -> io::Result<Vec<u8>> {
        self.0.write_all(slice)?;
        self.0.flush()?;
        Ok(std::mem::take(self.0.get_mut()))
    }

    /// The end of the compressed bytes, and what was still inside.
    ///
    /// # Errors
    /// The last member is not whole, or its checksum is not that of its content.
    pub(crate) fn end(&mut self) -> io::Result<Vec<u8>> {
        self.0.try_finish()?;
        Ok(std::mem::take(self.0.get_mut()))
    }
}
