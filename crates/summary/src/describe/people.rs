//! People around the person (CS-14).

use json::Value;

use super::{Described, Lookup, label, referent};
use crate::concept::{concept, concepts, contact_point, human_name, joined, period};
use crate::sections::Key;

fn telecoms(resource: &Value) -> Option<String> {
    joined(resource.each("telecom").filter_map(contact_point))
}

pub(super) fn related(resource: &Value, key: Key) -> Described {
    let name = joined(resource.each("name").filter_map(human_name));
    let relationship = concepts(resource, "relationship");
    let mut details = Vec::new();
    let what = match key {
        // Where legal authority is the subject, its type stands first.
        Key::Legal => {
            label(&mut details, "Held by", name);
            relationship.unwrap_or_default()
        }
        _ => {
            label(&mut details, "Relationship", relationship);
            name.unwrap_or_default()
        }
    };
    label(&mut details, "Contact", telecoms(resource));
    Described {
        what,
        status: None,
        details,
        when: resource.get("period").and_then(period),
        caution: None,
    }
}

pub(super) fn team(resource: &Value, resolve: &Lookup<'_>) -> Described {
    let mut details = Vec::new();
    for participant in resource.each("participant") {
        let role = concepts(participant, "role");
        let member = participant
            .get("member")
            .and_then(|member| referent(member, resolve));
        let words = match (member, role) {
            (Some(member), Some(role)) => Some(format!("{member}, {role}")),
            (member, role) => member.or(role),
        };
        label(&mut details, "Member", words);
    }
    label(&mut details, "Contact", telecoms(resource));
    Described {
        what: resource
            .text("name")
            .map(str::to_owned)
            .or_else(|| concepts(resource, "category"))
            .unwrap_or_else(|| "Care team".to_owned()),
        status: resource.text("status").map(str::to_owned),
        details,
        when: resource.get("period").and_then(period),
        caution: None,
    }
}

pub(super) fn role(resource: &Value, resolve: &Lookup<'_>) -> Described {
    let mut details = Vec::new();
    label(
        &mut details,
        "Role",
        joined(resource.each("code").filter_map(concept)),
    );
    label(
        &mut details,
        "Organisation",
        resource
            .get("organization")
            .and_then(|organisation| referent(organisation, resolve)),
    );
    label(&mut details, "Contact", telecoms(resource));
    Described {
        what: resource
            .get("practitioner")
            .and_then(|practitioner| referent(practitioner, resolve))
            .unwrap_or_else(|| "Practitioner".to_owned()),
        status: None,
        details,
        when: resource.get("period").and_then(period),
        caution: None,
    }
}
