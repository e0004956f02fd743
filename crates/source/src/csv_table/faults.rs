//! What can be wrong with a row of a CSV file.

use diagnostics::{InputPlace, Issue, IssueType};

use super::records::Fault;
use crate::adapter::Layout;
use crate::{codes, limits};

pub(super) fn fault(fault: Fault, layout: &Layout, row: u64) -> Issue {
    let place = layout.place().row(row);
    let in_cell = |index: usize| {
        let column = crate::header::label(&layout.headers, index);
        place.clone().column(column)
    };
    match fault {
        Fault::RowTooLarge => Issue::error(
            codes::TOO_LARGE,
            IssueType::TooLong,
            format!(
                "the row is larger than {} MiB, so it was passed over",
                limits::ROW_BYTES >> 20
            ),
        )
        .help("look for a missing closing quotation mark, or for a file pasted into a cell")
        .at_input(place),
        Fault::CellTooLarge(index) => Issue::error(
            codes::TOO_LARGE,
            IssueType::TooLong,
            format!(
                "the cell is larger than {} MiB, so its row was passed over",
                limits::CELL_BYTES >> 20
            ),
        )
        .help("look for a missing closing quotation mark, or for a file pasted into the cell")
        .at_input(in_cell(index)),
        Fault::TooManyCells => Issue::error(
            codes::TOO_LARGE,
            IssueType::TooLong,
            format!("the row has more than {} cells", limits::COLUMNS),
        )
        .help("put quotation marks round cells that hold the separator")
        .at_input(place),
        Fault::Quote(index) => Issue::error(
            codes::BAD_QUOTE,
            IssueType::Structure,
            "a quotation mark inside a quoted cell is not doubled, so where the cell ends is not certain",
        )
        .help("write a quotation mark inside a quoted cell as two")
        .at_input(in_cell(index)),
    }
}

pub(super) fn unclosed(place: InputPlace, line: u64) -> Issue {
    Issue::error(
        codes::TRUNCATED,
        IssueType::Incomplete,
        format!(
            "the file ends inside a quoted cell that opened in this row (line {line} of the file): it is truncated, or a closing quotation mark is missing"
        ),
    )
    .help("export the file again, and check that row if it still happens")
    .at_input(place)
}

pub(super) fn encoding(place: InputPlace) -> Issue {
    Issue::error(
        codes::BAD_ENCODING,
        IssueType::Value,
        "the row holds bytes that are not in the file's encoding, so its letters cannot be told",
    )
    .help("export the whole file as UTF-8; parts of it were written by another program")
    .at_input(place)
}

pub(super) fn nul(place: InputPlace) -> Issue {
    Issue::error(
        codes::NUL,
        IssueType::Value,
        "the row holds NUL characters, which no text has",
    )
    .help("export the file again; it may have been damaged on its way")
    .at_input(place)
}

pub(super) fn ragged(found: usize, expected: usize, place: InputPlace) -> Issue {
    let (fewer_or_more, why) = if found < expected {
        (
            "fewer",
            "check for a line break without quotation marks in a cell, or a cut row",
        )
    } else {
        (
            "more",
            "put quotation marks round cells that hold the separator",
        )
    };
    Issue::error(
        codes::RAGGED,
        IssueType::Structure,
        format!(
            "the row has {found} cells, {fewer_or_more} than the {expected} of the header, so which cell is which is not certain"
        ),
    )
    .help(why)
    .at_input(place)
}

/// The last row is short, and no line break ends it.
pub(super) fn cut(found: usize, expected: usize, place: InputPlace) -> Issue {
    Issue::error(
        codes::TRUNCATED,
        IssueType::Incomplete,
        format!(
            "the last row has {found} cells, fewer than the {expected} of the header, and no line break ends it: the file seems to be cut off there"
        ),
    )
    .help("export the file again and compare the number of rows")
    .at_input(place)
}
