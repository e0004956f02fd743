//! Issues grouped for people: one line for a mistake that was made two hundred times.

use std::collections::BTreeMap;

use diagnostics::{Issue, Severity};
use serde::{Deserialize, Deserializer, Serialize};

/// How many places a group lists. The count goes on; every single issue is in the conversion's
/// report or beside its record in the quarantine.
const PLACES: usize = 20;

/// Issues that say the same of the same column.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "camelCase")]
pub struct Group {
    /// The stable code.
    pub code: String,
    /// How bad.
    #[serde(deserialize_with = "severity")]
    pub severity: Severity,
    /// What happened.
    pub message: String,
    /// What to do.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub help: Option<String>,
    /// How often.
    pub count: u64,
    /// The first places in the input, each once in a row.
    pub places: Vec<String>,
}

fn severity<'de, D: Deserializer<'de>>(from: D) -> Result<Severity, D::Error> {
    Ok(match String::deserialize(from)?.as_str() {
        "error" => Severity::Error,
        "warning" => Severity::Warning,
        _ => Severity::Information,
    })
}

/// Issues, grouped as they come. Its size depends on how many different mistakes there are, not on
/// how often each is made.
#[derive(Debug, Default)]
pub struct Tally {
    groups: BTreeMap<(Severity, String, String, String), Group>,
}

impl Tally {
    /// Adds an issue.
    pub fn add(&mut self, issue: &Issue) {
        let column = issue
            .input
            .as_ref()
            .and_then(|place| place.column.as_deref())
            .unwrap_or_default();
        let key = (
            issue.severity,
            issue.code.to_string(),
            column.to_owned(),
            issue.message.clone(),
        );
        let group = self.groups.entry(key).or_insert_with(|| Group {
            code: issue.code.to_string(),
            severity: issue.severity,
            message: issue.message.clone(),
            help: issue.help.clone(),
            count: 0,
            places: Vec::new(),
        });
        group.count += 1;
        if group.places.len() < PLACES
            && let Some(place) = &issue.input
        {
            // Six resources of one row are six times, and one place.
            let place = place.to_string();
            if group.places.last() != Some(&place) {
                group.places.push(place);
            }
        }
    }

    /// The groups: errors first, then by code.
    pub fn groups(&self) -> impl Iterator<Item = &Group> {
        self.groups.values()
    }

    /// Takes the groups out.
    pub fn into_groups(self) -> Vec<Group> {
        self.groups.into_values().collect()
    }
}
