//! A stream of bytes into pieces, whole lines together.

use store::ChunkHead;

use crate::PIECE;

/// Cuts bytes into pieces of at most [`PIECE`]: after the last line feed of that many, or, where a
/// line is longer, anywhere.
#[derive(Debug, Default)]
pub(crate) struct Cutter {
    waiting: Vec<u8>,
    next: Next,
}

#[derive(Debug, Default)]
struct Next {
    number: u32,
    first_byte: u64,
    lines_before: u64,
}

impl Cutter {
    /// Takes bytes; at most as many as fill one piece. How many were taken.
    pub(crate) fn take(&mut self, bytes: &[u8]) -> usize {
        let room = PIECE.saturating_sub(self.waiting.len()).min(bytes.len());
        self.waiting
            .extend_from_slice(bytes.get(..room).unwrap_or_default());
        room
    }

    /// A piece, when one is full.
    pub(crate) fn full(&mut self) -> Option<(ChunkHead, Vec<u8>)> {
        if self.waiting.len() < PIECE {
            return None;
        }
        let end = self
            .waiting
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(PIECE, |line_feed| line_feed + 1);
        let rest = self.waiting.split_off(end);
        let piece = std::mem::replace(&mut self.waiting, rest);
        self.piece(piece)
    }

    /// The last piece, when something is left.
    pub(crate) fn rest(&mut self) -> Option<(ChunkHead, Vec<u8>)> {
        if self.waiting.is_empty() {
            return None;
        }
        let piece = std::mem::take(&mut self.waiting);
        self.piece(piece)
    }

    fn piece(&mut self, bytes: Vec<u8>) -> Option<(ChunkHead, Vec<u8>)> {
        let length = u32::try_from(bytes.len()).ok()?;
        let head = ChunkHead {
            number: self.next.number,
            first_byte: self.next.first_byte,
            length,
            lines_before: self.next.lines_before,
        };
        let lines = bytes.iter().filter(|byte| **byte == b'\n').count() as u64;
        self.next.number += 1;
        self.next.first_byte += u64::from(length);
        self.next.lines_before += lines;
        Some((head, bytes))
    }

    /// How many pieces were cut.
    pub(crate) fn pieces(&self) -> u32 {
        self.next.number
    }
}
