//! References: the type of what they point at, and what they point at inside the same resource.

use diagnostics::IssueType;
use fhir::Reference;
use json::Value;

use super::Walk;
use crate::codes;
use crate::plan::TypeRule;

impl<'v> Walk<'_, 'v> {
    pub(super) fn reference(&mut self, value: &'v Value, of_type: &TypeRule) {
        let said = value.text("type").map(|name| {
            name.strip_prefix("http://hl7.org/fhir/StructureDefinition/")
                .unwrap_or(name)
        });
        let written = value.text("reference");
        if written.is_some_and(|text| text.chars().any(char::is_whitespace)) {
            self.raise_below(Some("reference"), codes::REFERENCE_UNRESOLVED, |issue| {
                issue.kind(IssueType::Value);
                issue.say("a reference has no white space in it".to_owned());
                issue.mend("write Type/id, a whole URL, or # and the id of a contained resource");
            });
        }
        if written.is_some_and(|text| self.is_broken_search(text)) {
            self.raise_below(Some("reference"), codes::REFERENCE_UNRESOLVED, |issue| {
                issue.kind(IssueType::Value);
                issue.say("the search of a conditional reference is not one".to_owned());
                issue.mend("write Type?name=value, more of them joined by &");
            });
        }
        let parsed = written.and_then(Reference::parse);
        if let Some(Reference::Other(text)) = parsed
            && is_relative(text)
            && !names_type_and_id(text)
        {
            let in_bundle = !self.bundles.is_empty();
            self.raise_below(Some("reference"), codes::REFERENCE_UNRESOLVED, |issue| {
                issue.kind(IssueType::Value);
                // In a Bundle it is resolved by its form; elsewhere a reader may know what is meant.
                if !in_bundle {
                    issue.warning();
                }
                issue.say("a relative reference must be Type/id".to_owned());
                issue.mend("write Type/id, a whole URL, or # and the id of a contained resource");
            });
        }
        let pointed = match parsed {
            Some(Reference::Contained(id)) => match self.contained(id) {
                Some(resource) => resource.text("resourceType"),
                None => {
                    self.raise(codes::REFERENCE_UNRESOLVED, |issue| {
                        issue.kind(IssueType::NotFound);
                        issue.say(
                            "the reference points at a contained resource that is not there (ref-1)"
                                .to_owned(),
                        );
                        issue.mend("contain the resource, or point at the one that is meant");
                    });
                    None
                }
            },
            Some(Reference::Urn(urn)) => self
                .found(urn)
                .and_then(|found| found.resource.text("resourceType")),
            // Neither a URL nor Type/id; where it ends like one it still says a type.
            Some(Reference::Other(text)) => {
                ends_with_type(text).filter(|name| self.validator.is_resource_type(name))
            }
            Some(other) => other
                .type_name()
                // An unknown type name is part of some other URL scheme, not a FHIR type.
                .filter(|name| {
                    matches!(other, Reference::Local { .. })
                        || self.validator.is_resource_type(name)
                }),
            None => None,
        };
        if let Some(name) = pointed
            && !self.validator.is_resource_type(name)
        {
            self.raise(codes::REFERENCE_TARGET, |issue| {
                issue.kind(IssueType::Value);
                issue.say("the reference points at a type that R4 does not have".to_owned());
                issue.mend("write Type/id with a resource type of R4");
            });
            return;
        }
        if let (Some(said), Some(pointed)) = (said, pointed)
            && said != pointed
        {
            self.raise(codes::REFERENCE_TYPE, |issue| {
                issue.kind(IssueType::Conflict);
                issue.say(format!(
                    "the reference says another type than the {pointed} that it points at"
                ));
                issue.mend("make type and reference agree, or leave type out");
            });
        }
        let Some(target) = pointed.or(said) else {
            return;
        };
        let allowed = of_type.targets.is_empty()
            || of_type.targets.iter().any(|allowed| **allowed == *target);
        if !allowed {
            let pointed = pointed.is_some();
            self.raise(codes::REFERENCE_TARGET, |issue| {
                issue.kind(IssueType::Value);
                // Only said, not pointed at: who looks it up will see.
                if !pointed {
                    issue.warning();
                }
                issue.say(if pointed {
                    format!("a reference to {target} is not allowed here")
                } else {
                    "a reference to this type is not allowed here".to_owned()
                });
                issue.mend(format!("allowed: {}", of_type.targets.join(", ")));
            });
            return;
        }
        self.target_profile(value, target, of_type);
    }

    /// A conditional reference (R4, section 3.1.0.11.2) whose search nobody can run.
    fn is_broken_search(&self, text: &str) -> bool {
        let Some((type_name, search)) = text.split_once('?') else {
            return false;
        };
        let is_name = |name: &str| {
            name.starts_with(|c: char| c.is_ascii_alphabetic() || c == '_')
                && name
                    .bytes()
                    .all(|b| b.is_ascii_alphanumeric() || matches!(b, b'_' | b'-' | b':' | b'.'))
        };
        self.validator.is_resource_type(type_name)
            && !search
                .split('&')
                .all(|part| part.split_once('=').is_some_and(|(name, _)| is_name(name)))
    }

    /// What a reference points at must meet one of the profiles that are allowed for its type, where
    /// it is here to be looked at.
    fn target_profile(&mut self, value: &'v Value, target: &str, of_type: &TypeRule) {
        let profiles: Vec<&str> = of_type
            .target_profiles
            .iter()
            .filter(|(type_name, _)| **type_name == *target)
            .map(|(_, profile)| &**profile)
            .collect();
        if profiles.is_empty() {
            return;
        }
        let Some(found) = value.text("reference").and_then(|text| self.found(text)) else {
            return;
        };
        let meets = profiles
            .iter()
            .any(|profile| self.conforms_in(found, profile) != Some(false));
        if !meets {
            self.raise(codes::REFERENCE_PROFILE, |issue| {
                issue.kind(IssueType::Value);
                issue.say(format!(
                    "what the reference points at does not meet {}",
                    profiles.join(" or ")
                ));
                issue.mend(
                    "validate the resource that it points at against that profile, and mend it",
                );
            });
        }
    }

    /// The type of the resource that a reference points at, where its text or this resource says it.
    pub(super) fn target_type<'a>(&self, reference: &'a Value) -> Option<&'a str>
    where
        'v: 'a,
    {
        let text = reference.text("reference")?;
        match Reference::parse(text)? {
            Reference::Contained(id) => self.contained(id)?.text("resourceType"),
            Reference::Urn(urn) => self.found(urn)?.resource.text("resourceType"),
            other => other.type_name(),
        }
        .or_else(|| reference.text("type"))
    }
}

/// Whether a text is neither absolute nor a search (R4, Reference.reference): it says something only
/// in the form of the RESTful API, from the base of the server or of the entry's full URL.
fn is_relative(text: &str) -> bool {
    !text.contains([':', '?'])
}

/// `Type/id`, with or without a version, as far as a look at its parts tells.
fn names_type_and_id(text: &str) -> bool {
    let parts: Vec<&str> = text.split('/').collect();
    let is_type = |name: &str| {
        name.starts_with(|c: char| c.is_ascii_uppercase())
            && name.bytes().all(|b| b.is_ascii_alphabetic())
    };
    match *parts.as_slice() {
        [name, id] | [name, id, "_history", _] => is_type(name) && !id.is_empty(),
        _ => false,
    }
}

/// The last part but one of a path, which in a reference is the type.
fn ends_with_type(text: &str) -> Option<&str> {
    let path = text.trim_end_matches('/');
    let path = path.split_once("/_history/").map_or(path, |(path, _)| path);
    path.rsplit('/').nth(1)
}
