//! What the checker finds, with its place.

use std::collections::BTreeSet;
use std::sync::Arc;

use diagnostics::{Issue, IssueType, MappingPlace};

use crate::codes;
use crate::files::MAPPING_FILE;
use crate::origin::Origins;
use crate::yaml::{self, Data, Node, Spot, YamlError};

/// Findings that are kept of one mapping; of the rest only the number is.
const MAX_FINDINGS: usize = 500;

/// The findings of one mapping, in the order in which they are met.
#[derive(Debug)]
pub(crate) struct Findings {
    /// The files that spots stand in.
    pub origins: Origins,
    /// Fragments that are broken themselves: nothing more is said where they are used.
    pub muted: Vec<Arc<str>>,
    pub issues: Vec<Issue>,
    /// How many there were beyond those that are kept.
    beyond: usize,
    /// The lines of the mapping that YAML could not read.
    left_out: BTreeSet<u32>,
    /// Texts that could not be read, or not be understood: what they name is not missed elsewhere.
    lost: Vec<String>,
    /// Names whose declaration is wrong: using them is no second mistake.
    broken: BTreeSet<String>,
}

impl Findings {
    pub fn new(file: impl Into<Arc<str>>) -> Self {
        Self {
            origins: Origins::new(file.into()),
            muted: Vec::new(),
            issues: Vec::new(),
            beyond: 0,
            left_out: BTreeSet::new(),
            lost: Vec::new(),
            broken: BTreeSet::new(),
        }
    }

    /// Notes the lines of the mapping that YAML could not read.
    pub fn leave_out(&mut self, lines: BTreeSet<u32>, text: &str) {
        let lost = text
            .lines()
            .enumerate()
            .filter(|(index, _)| u32::try_from(index + 1).is_ok_and(|line| lines.contains(&line)));
        self.lost.extend(lost.map(|(_, line)| line.to_owned()));
        self.left_out = lines;
    }

    /// Notes a text that could not be understood, so that what it names is not called unused.
    pub fn lose(&mut self, text: &str) {
        self.lost.push(text.to_owned());
    }

    /// The same for all texts of a node.
    pub fn lose_all(&mut self, node: &Node) {
        let mut open = vec![node];
        while let Some(node) = open.pop() {
            match &node.data {
                Data::Scalar { text, .. } => self.lose(text),
                Data::List(items) => open.extend(items),
                Data::Map(entries) => {
                    open.extend(entries.iter().flat_map(|(key, value)| [key, value]));
                }
                Data::Empty => {}
            }
        }
    }

    /// Whether a name stands in a text that could not be understood.
    pub fn is_lost(&self, name: &str) -> bool {
        self.lost.iter().any(|text| text.contains(name))
    }

    /// Whether a key has been reported as unknown, and this one suggested in its place.
    pub fn is_reported(&self, unknown: &str, meant: &str) -> bool {
        let said = format!("'{unknown}' means nothing in");
        let help = format!("did you mean '{meant}'?");
        self.issues.iter().any(|issue| {
            issue.code == codes::UNKNOWN_KEY
                && issue.message.starts_with(&said)
                && issue.help.as_deref() == Some(&help)
        })
    }

    /// Notes that the declaration of a name is wrong; `what` is its kind.
    pub fn breaks(&mut self, what: &str, name: &str) {
        self.broken.insert(format!("{what} {name}"));
    }

    /// Whether the declaration of a name is wrong, or could not be read.
    pub fn is_broken(&self, what: &str, name: &str) -> bool {
        self.broken.contains(&format!("{what} {name}"))
            || (!self.left_out.is_empty() && self.is_lost(name))
    }

    /// Whether so much has been found that looking further helps nobody.
    pub fn is_full(&self) -> bool {
        self.beyond > 0
    }

    /// Ends the list: how many findings it does not hold.
    pub fn close(&mut self) {
        if self.beyond == 0 {
            return;
        }
        let spot = Spot {
            line: 1,
            column: 1,
            length: 1,
            ..Spot::default()
        };
        let issue = Issue::error(
            codes::TOO_MUCH,
            IssueType::TooLong,
            format!("more than {MAX_FINDINGS} findings: the rest is not listed"),
        )
        .help("mend those that are listed, and check again")
        .at_mapping(self.place(spot));
        self.issues.push(issue);
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
        if self.is_muted(code, spot) {
            return;
        }
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
        if self.is_muted(code, spot) {
            return;
        }
        let issue = Issue::warning(code, IssueType::Value, message)
            .help(self.with_use(help.into(), spot))
            .at_mapping(self.place(spot));
        self.push(issue);
    }

    /// Whether a spot stands in a use of a fragment of which this is not worth saying: one that was
    /// found broken already, or one of whose branches this use does not reach.
    fn is_muted(&self, code: &str, spot: Spot) -> bool {
        spot.origin > 0
            && !self.origins.uses(spot).is_empty()
            && (code == codes::UNREACHABLE_BRANCH
                || self.muted.contains(&self.origins.place(spot).file))
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
        if self.follows_from_what_was_left_out(&issue) || self.issues.contains(&issue) {
            return;
        }
        if self.issues.len() >= MAX_FINDINGS {
            self.beyond += 1;
            return;
        }
        self.issues.push(issue);
    }

    /// Where YAML could not read a line, nothing else is said of that line, nor of what is absent.
    fn follows_from_what_was_left_out(&self, issue: &Issue) -> bool {
        if self.left_out.is_empty() || issue.code == codes::YAML {
            return false;
        }
        let absent = [
            codes::MISSING_KEY,
            codes::NO_EXTENT,
            codes::NO_AS_OF,
            codes::MISSING_ELEMENT,
            codes::CODE_TABLE,
        ];
        absent.contains(&&*issue.code)
            || issue.mapping.as_ref().is_some_and(|place| {
                &*place.file == MAPPING_FILE && self.left_out.contains(&place.line)
            })
    }

    /// What is wrong with a file as YAML.
    pub fn yaml(&mut self, error: YamlError, text: &str, origin: u16) {
        let (code, help) = match (error.duplicate, error.limit) {
            (true, _) => (codes::DUPLICATE_KEY, "keep one of them"),
            (_, true) => (
                codes::TOO_MUCH,
                "split it into several mappings, or write it out",
            ),
            _ => (codes::YAML, yaml::help(text, error.spot)),
        };
        let spot = Spot {
            origin,
            ..error.spot
        };
        self.error(code, spot, error.message, help);
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
        return format!("there are no {what}");
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

/// Whether a map holds a key that means nothing there and was meant for this one: the unknown key is
/// reported, and the absence of the right one would say the same again.
pub(crate) fn misspelt(node: &Node, wanted: &str, known: &[&str]) -> bool {
    node.entries().unwrap_or_default().iter().any(|(key, _)| {
        key.text().is_some_and(|key| {
            !known.contains(&key) && nearest(key, known.iter().copied()) == Some(wanted)
        })
    })
}

/// The candidate most like a name, when one is like it at all.
pub(crate) fn nearest<'a>(
    name: &str,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let wanted = name.to_lowercase();
    let length = wanted.chars().count();
    candidates
        .into_iter()
        .filter(|candidate| {
            let other = candidate.chars().count();
            length.abs_diff(other) <= 1 + length.max(other) / 4
        })
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
