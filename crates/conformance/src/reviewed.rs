//! Disagreements that somebody has judged.

use std::fs;
use std::path::Path;

use crate::{Case, Verdict};

/// The reviewed disagreements: `conformance/oracle/disagreements.json`.
#[derive(Debug, Default)]
pub struct Reviewed {
    entries: Vec<Entry>,
}

/// Cases that the two validators judge differently for one known reason.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The kind of rule; any when absent.
    pub kind: Option<String>,
    /// What the case's name has in it; any when absent.
    pub case: Option<String>,
    /// A message id of the oracle, when it is the oracle that refuses.
    pub oracle: Option<String>,
    /// A code of Causeway's, when it is Causeway that refuses.
    pub causeway: Option<String>,
    /// Who is right by the specification: `causeway`, `oracle`, `both` or `neither`.
    pub right: String,
    /// Why.
    pub why: String,
}

impl Reviewed {
    /// Reads the list.
    ///
    /// # Errors
    /// When it cannot be read, or an entry names no rule, nobody who is right, or no reason.
    pub fn read(path: &Path) -> Result<Self, String> {
        let text = fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
        let list = json::parse(&text).map_err(|error| format!("{}: {error}", path.display()))?;
        let mut entries = Vec::new();
        for (number, item) in list.as_array().unwrap_or_default().iter().enumerate() {
            let text = |name: &str| item.text(name).map(str::to_owned);
            let entry = Entry {
                kind: text("kind"),
                case: text("case"),
                oracle: text("oracle"),
                causeway: text("causeway"),
                right: text("right").unwrap_or_default(),
                why: text("why").unwrap_or_default(),
            };
            let judged = ["causeway", "oracle", "both", "neither"].contains(&entry.right.as_str());
            if !judged || entry.why.len() < 20 || entry.oracle.is_some() == entry.causeway.is_some()
            {
                return Err(format!(
                    "{}: entry {number} needs one of oracle and causeway, right, and why",
                    path.display()
                ));
            }
            entries.push(entry);
        }
        Ok(Self { entries })
    }

    /// The entry that explains a disagreement.
    pub fn explains(&self, case: &Case, oracle: &Verdict, ours: &Verdict) -> Option<&Entry> {
        let (refused, by_oracle) = if oracle.valid {
            (ours, false)
        } else {
            (oracle, true)
        };
        self.entries.iter().find(|entry| {
            let rule = if by_oracle {
                &entry.oracle
            } else {
                &entry.causeway
            };
            rule.as_ref().is_some_and(|rule| {
                refused
                    .rules
                    .iter()
                    .any(|found| found == rule || found.ends_with(&format!("/{rule}")))
            }) && entry.kind.as_deref().is_none_or(|kind| kind == case.kind)
                && entry
                    .case
                    .as_deref()
                    .is_none_or(|part| case.name.contains(part))
        })
    }

    /// How many entries there are.
    pub fn len(&self) -> usize {
        self.entries.len()
    }

    /// Whether there are none.
    pub fn is_empty(&self) -> bool {
        self.entries.is_empty()
    }
}

impl Entry {
    /// The entry as it stands in reports.
    pub fn title(&self) -> String {
        let parts = [&self.kind, &self.case, &self.oracle, &self.causeway];
        let parts: Vec<&str> = parts.into_iter().flatten().map(String::as_str).collect();
        format!("{} ({} right)", parts.join(" "), self.right)
    }
}
