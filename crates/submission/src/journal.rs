//! What a run writes down with each commit, so that another worker goes on where it was ended.
//!
//! A mapping run gives the same resources in the same order every time. What it cannot find out again
//! is what the store said of each Patient before the run itself had stored anything: that is here.

use std::collections::VecDeque;

use diagnostics::{Issue, IssueType, Severity};
use serde::{Deserialize, Serialize};
use store::{Counted, JournalRow};

use crate::codes;

/// One row, written in the commit that it tells of.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Entry {
    /// The file is being read, by this program and with this mapping.
    Begun { engine: String, mapping: String },
    /// So many of the run's items are behind this commit, and this was decided of their Patients, in
    /// order.
    Data { items: u64, people: Vec<Decision> },
    /// A part of a file was taken back; the next begins here.
    Undone { next: u64, undone: [u64; 4] },
}

/// What was found about one Patient before it was stored.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub(crate) struct Decision {
    /// Whether it stood before the file.
    pub(crate) standing: bool,
    /// What speaks for or against storing it; seldom anything.
    pub(crate) said: Vec<Said>,
    /// Stored people who may be the same person.
    pub(crate) disputed: Vec<String>,
    /// Other people of the source who claim its number.
    pub(crate) rivals: Vec<String>,
}

/// An issue of the identity guard.
#[derive(Debug, Clone, Serialize, Deserialize)]
pub(crate) struct Said {
    code: String,
    error: bool,
    message: String,
    help: Option<String>,
    element: Option<String>,
}

impl Said {
    pub(crate) fn of(issue: &Issue) -> Self {
        Self {
            code: issue.code.to_string(),
            error: issue.is_error(),
            message: issue.message.clone(),
            help: issue.help.clone(),
            element: issue.element.clone(),
        }
    }

    pub(crate) fn issue(self) -> Issue {
        let kind = match self.code.as_str() {
            codes::REGISTERED_TWICE => IssueType::MultipleMatches,
            _ => IssueType::Conflict,
        };
        let severity = if self.error {
            Severity::Error
        } else {
            Severity::Warning
        };
        let mut issue = Issue::new(self.code, severity, kind, self.message);
        issue.help = self.help;
        issue.element = self.element;
        issue
    }
}

impl Entry {
    pub(crate) fn bytes(&self) -> Vec<u8> {
        // Numbers, words and lists of them are always written.
        postcard::to_stdvec(self).unwrap_or_default()
    }
}

/// What earlier claims of the job have done.
#[derive(Debug, Default)]
pub(crate) struct Past {
    /// Whether the file is being read already, with this program and mapping.
    pub(crate) begun: bool,
    /// How many items are behind what is committed.
    pub(crate) items: u64,
    /// What was decided of their Patients, in order.
    pub(crate) people: VecDeque<Decision>,
    /// What became of them.
    pub(crate) counted: Counted,
    /// The mapping that the file is being read with.
    pub(crate) mapping: Option<String>,
    /// Whether something was committed that this run must not build on: another program or mapping
    /// had made it.
    pub(crate) stale: bool,
    /// What was taken back, and where the next part begins.
    pub(crate) undone: Option<(u64, [u64; 4])>,
}

impl Past {
    /// Reads a job's journal. `engine` is this program's.
    pub(crate) fn of(rows: Vec<JournalRow>, engine: &str) -> Self {
        let mut past = Self::default();
        for row in rows {
            match postcard::from_bytes::<Entry>(&row.entry) {
                Ok(Entry::Begun {
                    engine: by,
                    mapping,
                }) => {
                    past = Self {
                        begun: by == engine,
                        stale: by != engine,
                        mapping: Some(mapping),
                        counted: past.counted,
                        ..Self::default()
                    };
                    // What an earlier program had made counts as it was counted; what this one finds
                    // unchanged of it is not counted twice.
                    past.counted.unchanged = 0;
                    past.counted.older = 0;
                    past.counted.conflict = 0;
                }
                Ok(Entry::Data { items, people }) => {
                    past.items = items;
                    past.people.extend(people);
                }
                Ok(Entry::Undone { next, undone }) => past.undone = Some((next, undone)),
                // Written by another program.
                Err(_) => past.stale = true,
            }
            let counted = row.counted;
            past.counted.created += counted.created;
            past.counted.updated += counted.updated;
            past.counted.unchanged += counted.unchanged;
            past.counted.older += counted.older;
            past.counted.conflict += counted.conflict;
        }
        if past.stale {
            past.begun = false;
            past.items = 0;
            past.people.clear();
        }
        past
    }

    /// Forgets what was decided, for the file is read with another mapping from its first record on.
    pub(crate) fn anew(self) -> Self {
        Self {
            stale: true,
            begun: false,
            counted: Counted {
                created: self.counted.created,
                updated: self.counted.updated,
                ..Counted::default()
            },
            ..Self::default()
        }
    }
}
