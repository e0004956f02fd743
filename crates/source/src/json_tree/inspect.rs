//! A JSON file that no schema describes: its documents, one at a time.

use diagnostics::{InputPlace, Issue, IssueType};

use super::documents::{Documents, Next, Shape};
use crate::codes;
use crate::inspect::{Look, Seen};
use crate::text::{TextFile, unreadable};

/// A JSON file of which it was found out how it holds its documents.
#[derive(Debug)]
pub(crate) struct Plain {
    file: TextFile,
    place: InputPlace,
    shape: Shape,
}

/// The file, and whether each of its lines is a document.
pub(crate) fn open(file: TextFile, place: &InputPlace) -> Result<(Plain, bool), Vec<Issue>> {
    let parses = |shape: Shape| -> Result<(bool, bool), Vec<Issue>> {
        let failed = |error| vec![unreadable(&error, place.clone())];
        let mut documents = Documents::new(file.open().map_err(failed)?, shape);
        let first = documents.next().map_err(failed)?;
        let reads =
            matches!(first, Next::Document { .. }) && json::parse(documents.bytes()).is_ok();
        let more = reads && !matches!(documents.next().map_err(failed)?, Next::End);
        Ok((reads, more))
    };
    let (shape, lines) = if file.head.trim_start().starts_with('[') {
        (Shape::Array, false)
    } else {
        match parses(Shape::Lines)? {
            (true, more) => (Shape::Lines, more),
            (false, _) if parses(Shape::Sequence)?.0 => (Shape::Sequence, false),
            (false, _) => (Shape::Lines, true),
        }
    };
    let plain = Plain {
        file,
        place: place.clone(),
        shape,
    };
    Ok((plain, lines))
}

impl Plain {
    pub(crate) fn read(&self, look: Look<'_>) -> Result<(), Box<Issue>> {
        let failed = |error| Box::new(unreadable(&error, self.place.clone()));
        let mut documents = Documents::new(self.file.open().map_err(failed)?, self.shape);
        loop {
            match documents.next().map_err(failed)? {
                Next::End => return Ok(()),
                Next::TooLarge { .. } => look(Seen::Unreadable { sheet: 0 }),
                Next::Document { .. } => match json::parse(documents.bytes()) {
                    Ok(document) => look(Seen::Document(&document)),
                    Err(_) => look(Seen::Unreadable { sheet: 0 }),
                },
                Next::Truncated { line } => {
                    return Err(Box::new(
                        Issue::error(
                            codes::TRUNCATED,
                            IssueType::Incomplete,
                            "the file ends in the middle of a document",
                        )
                        .help("export it again")
                        .at_input(self.place.clone().row(line)),
                    ));
                }
                Next::Unexpected { line } => {
                    return Err(Box::new(
                        Issue::error(
                            codes::BAD_JSON,
                            IssueType::Structure,
                            "something stands between two documents that is not JSON",
                        )
                        .help("export it again as one array, or one document a line")
                        .at_input(self.place.clone().row(line)),
                    ));
                }
            }
        }
    }
}
