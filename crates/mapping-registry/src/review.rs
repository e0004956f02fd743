//! Recording a clinical review.

use std::fmt;
use std::path::Path;
use std::sync::Arc;

use definitions::Definitions;
use jiff::civil::Date;
use mapping::testing::{TestOptions, TestReport, run_tests};
use terminology::Terminology;

use crate::review_file::{Review, ReviewFile, ReviewFileError};
use crate::standing::file_hashes;

/// Who reviewed, and what they said.
#[derive(Debug, Clone)]
pub struct Reviewer {
    /// Who.
    pub name: String,
    /// As what.
    pub role: String,
    /// With which professional body.
    pub registration: Option<String>,
    /// When.
    pub date: Date,
    /// What else was said.
    pub note: Option<String>,
}

/// A review that was recorded.
#[derive(Debug)]
pub struct Reviewed {
    /// The review.
    pub review: Review,
    /// What the check found besides errors, and what the tests gave.
    pub report: TestReport,
    /// Whether the very same review was on record already, so that nothing was written.
    pub known: bool,
}

/// Why no review was recorded.
#[derive(Debug)]
pub enum ReviewRefused {
    /// Something that a review needs was not said.
    Unsaid(&'static str),
    /// The review is dated after today.
    Future(Date),
    /// The check finds errors.
    Errors(Box<TestReport>),
    /// A test fails.
    TestsFail(Box<TestReport>),
    /// The mapping has no tests.
    NoTests,
    /// The review file that is there cannot be read.
    File(ReviewFileError),
    /// The review file cannot be written.
    Unwritable(std::io::Error),
}

impl fmt::Display for ReviewRefused {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Unsaid(what) => write!(f, "a review needs {what}"),
            Self::Future(date) => write!(f, "{date} has not come yet: name the day of the review"),
            Self::Errors(_) => f.write_str(
                "the mapping has errors, so no review was recorded: mend them, and see them all with `causeway check`",
            ),
            Self::TestsFail(report) => {
                let failed = report.cases.iter().filter(|case| !case.passed()).count();
                write!(
                    f,
                    "{failed} of the mapping's {} tests fail, so no review was recorded: see them with `causeway test`",
                    report.cases.len()
                )
            }
            Self::NoTests => f.write_str(
                "the mapping has no tests, so no review was recorded: a reviewer must see what it makes; add cases in tests/<case>/",
            ),
            Self::File(error) => write!(f, "{error}; mend it, or move it away"),
            Self::Unwritable(error) => write!(f, "the review cannot be written: {error}"),
        }
    }
}

impl std::error::Error for ReviewRefused {}

/// Checks a mapping, runs its tests, and records the review of what was checked in its folder.
///
/// # Errors
/// When the mapping has errors, a test fails or there is none, the review is not said in full, or
/// its file cannot be read or written. Nothing is recorded then.
pub fn review(
    folder: &Path,
    reviewer: &Reviewer,
    today: Date,
    definitions: &Definitions,
    terminology: &Arc<Terminology>,
) -> Result<Reviewed, ReviewRefused> {
    for (text, what) in [
        (Some(&reviewer.name), "the reviewer's name"),
        (Some(&reviewer.role), "the reviewer's role"),
        (
            reviewer.registration.as_ref(),
            "a registration that is not blank",
        ),
        (reviewer.note.as_ref(), "a note that is not blank"),
    ] {
        if text.is_some_and(|text| text.trim().is_empty()) {
            return Err(ReviewRefused::Unsaid(what));
        }
    }
    if reviewer.date > today {
        return Err(ReviewRefused::Future(reviewer.date));
    }
    let mut file = ReviewFile::read(folder)
        .map_err(ReviewRefused::File)?
        .map(|(file, _)| file)
        .unwrap_or_default();
    let report = run_tests(folder, definitions, terminology, &TestOptions::default());
    let Some(mapping) = report
        .loaded
        .mapping
        .as_ref()
        .filter(|_| !diagnostics::has_errors(&report.loaded.issues))
    else {
        return Err(ReviewRefused::Errors(Box::new(report)));
    };
    if report.cases.is_empty() {
        return Err(ReviewRefused::NoTests);
    }
    if !report.passed() {
        return Err(ReviewRefused::TestsFail(Box::new(report)));
    }
    let trimmed = |text: &String| text.trim().to_owned();
    let review = Review {
        reviewer: trimmed(&reviewer.name),
        role: trimmed(&reviewer.role),
        registration: reviewer.registration.as_ref().map(trimmed),
        date: reviewer.date.to_string(),
        note: reviewer.note.as_ref().map(trimmed),
        mapping: mapping.name().to_owned(),
        version: mapping.version().to_owned(),
        hash: mapping.hash().to_owned(),
        tests: report.cases.len(),
        causeway: env!("CARGO_PKG_VERSION").to_owned(),
        files: file_hashes(&report.loaded),
    };
    let known = file.of(&review.hash) == Some(&review);
    if !known {
        file.reviews.push(review.clone());
        file.write(folder).map_err(ReviewRefused::Unwritable)?;
    }
    Ok(Reviewed {
        review,
        report,
        known,
    })
}
