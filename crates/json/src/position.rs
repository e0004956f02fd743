//! Lines and columns of a text.

use std::fmt;

/// A place in a text, as an editor shows it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Position {
    /// The line, from 1.
    pub line: usize,
    /// The column in characters, from 1.
    pub column: usize,
}

impl Position {
    /// The first place of any text.
    pub const START: Self = Self { line: 1, column: 1 };

    /// The place of a byte of a text. One behind the end is the end; a byte order mark at the start
    /// takes no column.
    pub fn of(text: &[u8], offset: usize) -> Self {
        let before = text.get(..offset.min(text.len())).unwrap_or_default();
        let line_start = before
            .iter()
            .rposition(|byte| *byte == b'\n')
            .map_or(0, |at| at + 1);
        let line = before.iter().filter(|byte| **byte == b'\n').count() + 1;
        let in_line = before.get(line_start..).unwrap_or_default();
        let in_line = if line_start == 0 {
            in_line.strip_prefix(BYTE_ORDER_MARK).unwrap_or(in_line)
        } else {
            in_line
        };
        Self {
            line,
            column: characters(in_line) + 1,
        }
    }
}

impl fmt::Display for Position {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "line {}, column {}", self.line, self.column)
    }
}

/// What some editors put before UTF-8.
pub(crate) const BYTE_ORDER_MARK: &[u8] = b"\xEF\xBB\xBF";

/// How many characters begin in some bytes: all that do not continue one.
fn characters(bytes: &[u8]) -> usize {
    bytes.iter().filter(|byte| (**byte & 0xC0) != 0x80).count()
}

/// The places of many bytes of a text, in the order asked for: the text is gone through once.
pub fn positions(text: &[u8], offsets: &[usize]) -> Vec<Position> {
    let mut order: Vec<usize> = (0..offsets.len()).collect();
    let offset = |index: usize| {
        offsets
            .get(index)
            .copied()
            .unwrap_or_default()
            .min(text.len())
    };
    order.sort_by_key(|&index| offset(index));
    let mut found = vec![Position::START; offsets.len()];
    let mut at = if text.starts_with(BYTE_ORDER_MARK) {
        BYTE_ORDER_MARK.len()
    } else {
        0
    };
    let mut here = Position::START;
    for index in order {
        let between = text.get(at..offset(index)).unwrap_or_default();
        at = at.max(offset(index));
        match between.iter().rposition(|byte| *byte == b'\n') {
            Some(last) => {
                here.line += between.iter().filter(|byte| **byte == b'\n').count();
                here.column = characters(between.get(last + 1..).unwrap_or_default()) + 1;
            }
            None => here.column += characters(between),
        }
        if let Some(found) = found.get_mut(index) {
            *found = here;
        }
    }
    found
}
