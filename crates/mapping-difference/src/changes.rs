//! What changes of one resource, element by element.

use json::Value;
use serde::Serialize;

use crate::saying::{Shown, said};
use crate::words;

/// What becomes of a resource.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Effect {
    /// It is not made any more.
    Removed,
    /// It is made and was not.
    Added,
    /// It says something else.
    Changed,
    /// It says the same under another id.
    SameButId,
    /// It, or the record that it would be made of, is held back and was not.
    HeldBack,
    /// It, or its record, is not held back any more.
    NoLongerHeldBack,
}

/// What changes of an element.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ElementChange {
    /// Its FHIR path.
    pub path: String,
    /// What it said, unless it says who somebody is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old: Option<String>,
    /// What it says, unless it says who somebody is.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new: Option<String>,
    /// The change in words, as it goes on after the name of the thing.
    pub words: String,
}

/// What becomes of a resource.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "camelCase")]
pub struct ResourceChange {
    /// What.
    pub effect: Effect,
    /// Its type.
    pub resource_type: String,
    /// What it is in clinical words: `allergy`.
    pub noun: String,
    /// Which it is: `Penicillin`.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub label: Option<String>,
    /// The record that it comes from.
    pub place: String,
    /// Its id with the old mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub old_id: Option<String>,
    /// Its id with the new mapping.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub new_id: Option<String>,
    /// What changes of it.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub elements: Vec<ElementChange>,
    /// Why it is held back, or was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub reason: Option<String>,
}

impl ResourceChange {
    /// Whether it gets another id.
    pub fn id_changes(&self) -> bool {
        self.old_id.is_some() && self.new_id.is_some() && self.old_id != self.new_id
    }
}

/// The elements in which two resources differ, ids aside.
pub(crate) fn compare(rtype: &str, old: &Value, new: &Value, shown: Shown) -> Vec<ElementChange> {
    let (Some(old), Some(new)) = (old.as_object(), new.as_object()) else {
        return Vec::new();
    };
    let mut names: Vec<&str> = old.iter().map(|(name, _)| name).collect();
    names.extend(
        new.iter()
            .map(|(name, _)| name)
            .filter(|name| !old.contains(name)),
    );
    let mut changes = Vec::new();
    for name in names {
        if matches!(name, "id" | "resourceType") {
            continue;
        }
        let (then, now) = (old.get(name), new.get(name));
        if then == now {
            continue;
        }
        // Content that is only for machines' convenience of reading is told by its parts.
        if name == "meta" {
            for part in ["profile", "security", "tag"] {
                let (then, now) = (
                    then.and_then(|meta| meta.get(part)),
                    now.and_then(|meta| meta.get(part)),
                );
                if then != now {
                    changes.push(element(rtype, &format!("meta.{part}"), then, now, shown));
                }
            }
            continue;
        }
        changes.push(element(rtype, name, then, now, shown));
    }
    changes
}

fn element(
    rtype: &str,
    name: &str,
    old: Option<&Value>,
    new: Option<&Value>,
    shown: Shown,
) -> ElementChange {
    let hidden = !shown.names && words::says_who(rtype, name);
    let (then, now) = (old.map(said), new.map(said));
    ElementChange {
        path: format!("{rtype}.{name}"),
        words: words::change(rtype, name, (old, new), hidden),
        old: then.filter(|_| !hidden),
        new: now.filter(|_| !hidden),
    }
}
