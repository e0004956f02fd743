//! Whether a file is its sender's.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;

use diagnostics::{Issue, IssueType};

use crate::codes;

/// The codes by which one organisation is known: kind (`ods`, `council`, `cqc-provider`,
/// `cqc-location`, `home`) to values.
pub type KnownCodes = BTreeMap<String, BTreeSet<String>>;

/// What is known of one organisation, for comparing with what its files say.
#[derive(Debug, Clone, Default)]
pub(crate) struct Senders {
    known: Arc<KnownCodes>,
}

impl Senders {
    pub(crate) fn new(known: KnownCodes) -> Self {
        Self {
            known: Arc::new(known),
        }
    }

    /// Compares the codes that a file carries with the known ones. An error is about a file of
    /// somebody else: storing it would put people under an organisation that does not know them.
    pub(crate) fn check(&self, found: &BTreeMap<Arc<str>, BTreeSet<String>>) -> Vec<Issue> {
        let mut issues = Vec::new();
        for (kind, values) in found {
            if values.is_empty() {
                issues.push(
                    Issue::warning(
                        codes::SENDER_NOT_SAID,
                        IssueType::Required,
                        format!("the file does not say its {}, so it could not be checked that it is yours", word(kind)),
                    )
                    .help("fill it in the export"),
                );
                continue;
            }
            let Some(known) = self.known.get(&**kind).filter(|known| !known.is_empty()) else {
                issues.push(
                    Issue::warning(
                        codes::SENDER_NOT_KNOWN,
                        IssueType::BusinessRule,
                        format!(
                            "no {} is registered for this organisation, so it could not be checked that the file is yours",
                            word(kind)
                        ),
                    )
                    .help("ask whoever runs Causeway to register it"),
                );
                continue;
            };
            let others = values
                .iter()
                .filter(|value| !known.iter().any(|known| same(known, value)))
                .count();
            if others > 0 {
                issues.push(
                    Issue::error(
                        codes::OTHER_SENDER,
                        IssueType::BusinessRule,
                        format!(
                            "the file carries {} that {} not registered for this organisation, so nothing of it was used",
                            match others {
                                1 => format!("a {}", word(kind)),
                                _ => format!("{others} {}s", word(kind)),
                            },
                            if others == 1 { "is" } else { "are" },
                        ),
                    )
                    .help("check that the right file was sent to the right account; if the code is yours, ask whoever runs Causeway to register it"),
                );
            }
        }
        issues
    }
}

fn same(known: &str, found: &str) -> bool {
    known.trim().to_lowercase() == found.trim().to_lowercase()
}

fn word(kind: &str) -> &str {
    match kind {
        "ods" => "ODS code",
        "council" => "council code",
        "cqc-provider" => "CQC provider id",
        "cqc-location" => "CQC location id",
        "home" => "home code",
        other => other,
    }
}
