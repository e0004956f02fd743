//! What the checker finds, with its place.

use std::sync::Arc;

use diagnostics::{Issue, IssueType, MappingPlace};

use crate::origin::Origins;
use crate::yaml::{Node, Spot};

/// The findings of one mapping, in the order in which they are met.
#[derive(Debug)]
pub(crate) struct Findings {
    /// The files that spots stand in.
    pub origins: Origins,
    pub issues: Vec<Issue>,
}

impl Findings {
    pub fn new(file: impl Into<Arc<str>>) -> Self {
        Self {
            origins: Origins::new(file.into()),
            issues: Vec::new(),
        }
    }

    pub fn place(&self, spot: Spot) -> MappingPlace {
        self.origins.place(spot)
    }

    pub fn error(
        &mut self,
        code: &'static str,
        spot: Spot,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let issue = Issue::error(code, IssueType::Value, message)
            .help(self.with_use(help.into(), spot))
            .at_mapping(self.place(spot));
        self.push(issue);
    }

    pub fn warning(
        &mut self,
        code: &'static str,
        spot: Spot,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let issue = Issue::warning(code, IssueType::Value, message)
            .help(self.with_use(help.into(), spot))
            .at_mapping(self.place(spot));
        self.push(issue);
    }

    /// What to do, and where the fragment is used that the finding stands in.
    fn with_use(&self, help: String, spot: Spot) -> String {
        help + &self.origins.used_at(spot)
    }

    /// An error in another file of the mapping.
    pub fn error_in(
        &mut self,
        file: &str,
        code: &'static str,
        spot: Spot,
        message: impl Into<String>,
        help: impl Into<String>,
    ) {
        let issue = Issue::error(code, IssueType::Value, message)
            .help(help)
            .at_mapping(place(&file.into(), spot));
        self.push(issue);
    }

    /// A finding is said once, however many paths lead to it.
    pub fn push(&mut self, issue: Issue) {
        if !self.issues.contains(&issue) {
            self.issues.push(issue);
        }
    }

    pub fn has_errors(&self) -> bool {
        diagnostics::has_errors(&self.issues)
    }

    /// Reports the keys of a map that are not among those known.
    pub fn unknown_keys(&mut self, node: &Node, known: &[&str], what: &str) {
        for (key, _) in node.entries().unwrap_or_default() {
            let Some(name) = key.text() else {
                self.error(
                    crate::codes::UNKNOWN_KEY,
                    key.spot,
                    "a key must be a text",
                    "write a name before the colon",
                );
                continue;
            };
            if !known.contains(&name) {
                self.error(
                    crate::codes::UNKNOWN_KEY,
                    key.spot,
                    format!("'{name}' means nothing in {what}"),
                    suggest(name, known.iter().copied(), "known here"),
                );
            }
        }
    }
}

/// A spot in a file of the mapping.
pub(crate) fn place(file: &Arc<str>, spot: Spot) -> MappingPlace {
    MappingPlace {
        file: Arc::clone(file),
        line: spot.line,
        column: spot.column,
        length: spot.length.max(1),
    }
}

/// "did you mean 'x'?", or what there is to choose from.
pub(crate) fn suggest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
    what: &str,
) -> String {
    let candidates: Vec<&str> = candidates.into_iter().collect();
    if let Some(near) = nearest(name, candidates.iter().copied()) {
        return format!("did you mean '{near}'?");
    }
    if candidates.is_empty() {
        return format!("nothing is {what}");
    }
    let mut list = candidates
        .iter()
        .take(12)
        .copied()
        .collect::<Vec<_>>()
        .join(", ");
    if candidates.len() > 12 {
        list.push_str(", …");
    }
    format!("{what}: {list}")
}

/// The candidate most like a name, when one is like it at all.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    candidates
        .into_iter()
        .map(|candidate| {
            (
                strsim::damerau_levenshtein(&wanted, &candidate.to_lowercase()),
                candidate,
            )
        })
        .filter(|(distance, candidate)| {
            *distance <= 1 + wanted.chars().count().max(candidate.chars().count()) / 4
        })
        .min_by_key(|(distance, _)| *distance)
        .map(|(_, candidate)| candidate)
}
