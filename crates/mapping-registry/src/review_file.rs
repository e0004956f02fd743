//! The file beside a mapping that says who reviewed which content of it.

use std::collections::BTreeMap;
use std::fmt::{self, Write as _};
use std::io::Write as _;
use std::path::Path;

use serde::Serialize;
use store::MappingReview;

use crate::yaml::{self, Node};

/// The name of the file.
pub const REVIEW_FILE: &str = "review.yaml";

const HEADER: &str = "\
# Who reviewed which content of this mapping (CS-21). Written by `causeway mappings review`.
# A review counts for exactly the content whose hash it names, and is void once a byte of it changes.
";

/// One review.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct Review {
    /// Who.
    pub reviewer: String,
    /// As what: `Clinical safety officer`.
    pub role: String,
    /// With which professional body: `GMC 1234567`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub registration: Option<String>,
    /// The day, as `2026-11-22`.
    pub date: String,
    /// What else was said.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub note: Option<String>,
    /// The mapping's name.
    pub mapping: String,
    /// Its version.
    pub version: String,
    /// The hash over all files that decide what it makes.
    pub hash: String,
    /// How many of its own tests ran, and passed, just before.
    pub tests: usize,
    /// The program's version that checked it and ran them.
    pub causeway: String,
    /// The SHA-256 of each of those files, by its path.
    pub files: BTreeMap<String, String>,
}

impl Review {
    /// The review as a store keeps it.
    pub fn to_stored(&self) -> MappingReview {
        MappingReview {
            reviewer: self.reviewer.clone(),
            role: self.role.clone(),
            registration: self.registration.clone(),
            date: self.date.clone(),
            note: self.note.clone(),
        }
    }
}

impl fmt::Display for Review {
    /// `2026-11-22 by Dr A Example (Clinical safety officer, GMC 1234567)`
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} by {} ({}", self.date, self.reviewer, self.role)?;
        if let Some(registration) = &self.registration {
            write!(f, ", {registration}")?;
        }
        f.write_str(")")
    }
}

/// All reviews of a folder, the oldest first.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ReviewFile {
    /// The reviews.
    pub reviews: Vec<Review>,
}

/// Why a review file cannot be used. It then counts for nothing.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ReviewFileError(pub(crate) String);

impl fmt::Display for ReviewFileError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{REVIEW_FILE} cannot be read: {}", self.0)
    }
}

impl std::error::Error for ReviewFileError {}

impl ReviewFile {
    /// Reads the file of a folder, with its bytes; nothing when there is none.
    ///
    /// # Errors
    /// When it is there and cannot be read or understood.
    pub fn read(folder: &Path) -> Result<Option<(Self, Vec<u8>)>, ReviewFileError> {
        let bytes = match std::fs::read(folder.join(REVIEW_FILE)) {
            Ok(bytes) => bytes,
            Err(error) if error.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(error) => return Err(ReviewFileError(error.to_string())),
        };
        let text = std::str::from_utf8(&bytes)
            .map_err(|_| ReviewFileError("it is not UTF-8".to_owned()))?;
        let file = Self::parse(text)?;
        Ok(Some((file, bytes)))
    }

    /// Reads the text of a review file.
    ///
    /// # Errors
    /// When it is not YAML, or not a list of reviews with all that a review needs.
    pub fn parse(text: &str) -> Result<Self, ReviewFileError> {
        let root = yaml::parse(text).map_err(ReviewFileError)?;
        known_keys(&root, &["reviews"], "the file")?;
        let reviews = match root.get("reviews") {
            None | Some(Node::Nothing) => &[][..],
            Some(Node::List(items)) => items,
            Some(_) => return Err(ReviewFileError("'reviews' must be a list".to_owned())),
        };
        let reviews = reviews
            .iter()
            .enumerate()
            .map(|(index, node)| review(node, index + 1))
            .collect::<Result<_, _>>()?;
        Ok(Self { reviews })
    }

    /// The last review of a content.
    pub fn of(&self, hash: &str) -> Option<&Review> {
        self.reviews.iter().rev().find(|review| review.hash == hash)
    }

    /// The file's text.
    pub fn to_text(&self) -> String {
        let mut text = HEADER.to_owned();
        if self.reviews.is_empty() {
            text.push_str("reviews: []\n");
            return text;
        }
        text.push_str("reviews:\n");
        for review in &self.reviews {
            let mut key = |name: &str, value: &str| {
                let lead = if name == "reviewer" { "  - " } else { "    " };
                let _ = writeln!(text, "{lead}{name}: {}", quoted(value));
            };
            key("reviewer", &review.reviewer);
            key("role", &review.role);
            if let Some(registration) = &review.registration {
                key("registration", registration);
            }
            key("date", &review.date);
            if let Some(note) = &review.note {
                key("note", note);
            }
            key("mapping", &review.mapping);
            key("version", &review.version);
            key("hash", &review.hash);
            key("causeway", &review.causeway);
            let _ = writeln!(text, "    tests: {}", review.tests);
            text.push_str("    files:\n");
            for (path, hash) in &review.files {
                let _ = writeln!(text, "      {}: {}", quoted(path), quoted(hash));
            }
        }
        text
    }

    /// Writes the file of a folder: whole, or not at all.
    ///
    /// # Errors
    /// When it cannot be written.
    pub fn write(&self, folder: &Path) -> std::io::Result<()> {
        let mut part = tempfile::Builder::new()
            .prefix(".review")
            .tempfile_in(folder)?;
        part.write_all(self.to_text().as_bytes())?;
        part.as_file().sync_all()?;
        // A temporary file is for its owner alone; this one is to be read like its neighbours.
        #[cfg(unix)]
        if let Ok(beside) = std::fs::metadata(folder.join(mapping::MAPPING_FILE)) {
            part.as_file().set_permissions(beside.permissions())?;
        }
        part.persist(folder.join(REVIEW_FILE))
            .map_err(|error| error.error)?;
        Ok(())
    }
}

/// A text as YAML between double quotes, in which JSON's escapes hold as well.
fn quoted(text: &str) -> String {
    serde_json::Value::from(text).to_string()
}

fn known_keys(node: &Node, known: &[&str], what: &str) -> Result<(), ReviewFileError> {
    match node {
        Node::Nothing => Ok(()),
        Node::Map(entries) => match entries
            .iter()
            .find(|(name, _)| !known.contains(&name.as_str()))
        {
            None => Ok(()),
            Some((name, _)) => Err(ReviewFileError(format!(
                "{what} has '{name}', which has no meaning there"
            ))),
        },
        _ => Err(ReviewFileError(format!("{what} must be a map"))),
    }
}

fn review(node: &Node, number: usize) -> Result<Review, ReviewFileError> {
    const KEYS: [&str; 11] = [
        "reviewer",
        "role",
        "registration",
        "date",
        "note",
        "mapping",
        "version",
        "hash",
        "tests",
        "causeway",
        "files",
    ];
    let what = format!("review {number}");
    known_keys(node, &KEYS, &what)?;
    let wrong = |reason: String| ReviewFileError(format!("{what} {reason}"));
    let optional = |key: &str| match node.get(key) {
        None | Some(Node::Nothing) => Ok(None),
        Some(Node::Text(text)) if !text.trim().is_empty() => Ok(Some(text.clone())),
        Some(_) => Err(wrong(format!("has no text under '{key}'"))),
    };
    let required = |key: &str| optional(key)?.ok_or_else(|| wrong(format!("does not say '{key}'")));
    let date = required("date")?;
    if date.parse::<jiff::civil::Date>().is_err() {
        return Err(wrong(
            "has a date that is no day such as 2026-11-22".to_owned(),
        ));
    }
    let Some(Node::Map(listed)) = node.get("files") else {
        return Err(wrong("does not say 'files'".to_owned()));
    };
    let mut files = BTreeMap::new();
    for (path, hash) in listed {
        let Node::Text(hash) = hash else {
            return Err(wrong(format!("has no hash for {path}")));
        };
        files.insert(path.clone(), hash.clone());
    }
    Ok(Review {
        reviewer: required("reviewer")?,
        role: required("role")?,
        registration: optional("registration")?,
        date,
        note: optional("note")?,
        mapping: required("mapping")?,
        version: required("version")?,
        hash: required("hash")?,
        tests: required("tests")?
            .parse()
            .map_err(|_| wrong("has no number under 'tests'".to_owned()))?,
        causeway: required("causeway")?,
        files,
    })
}
