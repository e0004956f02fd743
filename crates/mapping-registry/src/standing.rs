//! Whether what lies in a folder now is what somebody reviewed.

use std::collections::BTreeMap;
use std::fmt;
use std::path::Path;

use mapping::Loaded;
use serde_json::{Value, json};
use sha2::{Digest as _, Sha256};

use crate::review_file::{Review, ReviewFile};

/// How a mapping stands with its clinical review (CS-21).
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Standing {
    /// Its present content was reviewed.
    Reviewed(Box<Review>),
    /// A content that it had before was reviewed; it has changed since.
    Changed {
        /// The last review.
        last: Box<Review>,
        /// The files whose bytes are others now.
        changed: Vec<String>,
        /// Files that are new.
        added: Vec<String>,
        /// Files that are gone.
        gone: Vec<String>,
    },
    /// Nobody reviewed it.
    Unreviewed,
    /// Its review file cannot be read, so nothing in it counts.
    Unreadable(String),
}

/// The SHA-256 of each file that decides what a mapping makes, by its path.
pub fn file_hashes(loaded: &Loaded) -> BTreeMap<String, String> {
    loaded
        .sources
        .iter()
        .map(|(path, text)| (path.clone(), hex(&Sha256::digest(text.as_bytes()))))
        .collect()
}

fn hex(bytes: &[u8]) -> String {
    use fmt::Write as _;
    bytes.iter().fold(String::new(), |mut text, byte| {
        let _ = write!(text, "{byte:02x}");
        text
    })
}

impl Standing {
    /// How a folder stands, from its review file and what it loads to.
    pub fn of(folder: &Path, loaded: &Loaded) -> Self {
        match ReviewFile::read(folder) {
            Ok(None) => Self::Unreviewed,
            Ok(Some((file, _))) => Self::among(&file, loaded),
            Err(error) => Self::Unreadable(error.to_string()),
        }
    }

    /// The same from a review file at hand.
    pub fn among(file: &ReviewFile, loaded: &Loaded) -> Self {
        if let Some(mapping) = &loaded.mapping
            && let Some(review) = file.of(mapping.hash())
        {
            return Self::Reviewed(Box::new(review.clone()));
        }
        let Some(last) = file.reviews.last() else {
            return Self::Unreviewed;
        };
        let now = file_hashes(loaded);
        let only = |one: &BTreeMap<String, String>, other: &BTreeMap<String, String>| {
            one.keys()
                .filter(|path| !other.contains_key(*path))
                .cloned()
                .collect::<Vec<_>>()
        };
        Self::Changed {
            changed: now
                .iter()
                .filter(|(path, hash)| last.files.get(*path).is_some_and(|then| then != *hash))
                .map(|(path, _)| path.clone())
                .collect(),
            added: only(&now, &last.files),
            gone: only(&last.files, &now),
            last: Box::new(last.clone()),
        }
    }

    /// The review that counts.
    pub fn review(&self) -> Option<&Review> {
        match self {
            Self::Reviewed(review) => Some(review),
            _ => None,
        }
    }

    /// The same for programs: `state` is `reviewed`, `changed`, `unreviewed` or `unreadable`.
    pub fn to_json(&self) -> Value {
        match self {
            Self::Reviewed(review) => json!({ "state": "reviewed", "review": review }),
            Self::Changed {
                last,
                changed,
                added,
                gone,
            } => json!({
                "state": "changed",
                "lastReview": last,
                "changed": changed,
                "added": added,
                "gone": gone,
            }),
            Self::Unreviewed => json!({ "state": "unreviewed" }),
            Self::Unreadable(reason) => json!({ "state": "unreadable", "reason": reason }),
        }
    }
}

impl fmt::Display for Standing {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Reviewed(review) => write!(f, "reviewed {review}"),
            Self::Changed {
                last,
                changed,
                added,
                gone,
            } => {
                write!(f, "not reviewed as it is now: reviewed {last}; ")?;
                let parts: Vec<String> = [(changed, "changed"), (added, "new"), (gone, "gone")]
                    .into_iter()
                    .filter(|(files, _)| !files.is_empty())
                    .map(|(files, what)| format!("{} {what} since", listed(files)))
                    .collect();
                if parts.is_empty() {
                    // The files are the same, and a mapping with errors comes to no hash.
                    f.write_str("it has errors, so no review counts")
                } else {
                    f.write_str(&parts.join(", "))
                }
            }
            Self::Unreviewed => f.write_str("not clinically reviewed"),
            Self::Unreadable(reason) => write!(f, "not clinically reviewed: {reason}"),
        }
    }
}

fn listed(names: &[String]) -> String {
    match names {
        [] => String::new(),
        [one] => one.clone(),
        [rest @ .., last] => format!("{} and {last}", rest.join(", ")),
    }
}
