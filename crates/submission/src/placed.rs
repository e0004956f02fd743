//! Findings about a resource, with the place that it came from.

use diagnostics::Issue;
use mapping::Made;

/// The issues with the input's place where they name none: a validator knows elements only, and the
/// person who has to mend the export looks for a row.
pub(crate) fn placed(mut issues: Vec<Issue>, made: &Made) -> Vec<Issue> {
    for issue in &mut issues {
        issue.input.get_or_insert_with(|| made.place.clone());
    }
    issues
}
