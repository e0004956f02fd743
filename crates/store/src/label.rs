//! Marks that decide who may see a resource.

use serde::{Deserialize, Serialize};

/// A security label of a resource: a coding of its `meta.security`, or one that the writer adds
/// because the content calls for it (safeguarding, CS-15).
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Label {
    /// The code system's URI; empty when the coding has none.
    pub system: String,
    /// The code.
    pub code: String,
}

impl Label {
    /// A label from its system and code.
    pub fn new(system: impl Into<String>, code: impl Into<String>) -> Self {
        Self {
            system: system.into(),
            code: code.into(),
        }
    }

    /// The labels that a resource carries in `meta.security`.
    pub fn of(resource: &json::Value) -> Vec<Self> {
        let Some(meta) = resource.get("meta") else {
            return Vec::new();
        };
        meta.each("security")
            .filter_map(|coding| {
                let code = coding.text("code")?;
                Some(Self::new(coding.text("system").unwrap_or_default(), code))
            })
            .collect()
    }
}
