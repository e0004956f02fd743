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
        let parsed = value.text("reference").and_then(Reference::parse);
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
            Some(Reference::Urn(urn)) => self.entry_type(urn),
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
                issue.say(if pointed {
                    format!("a reference to {target} is not allowed here")
                } else {
                    "a reference to this type is not allowed here".to_owned()
                });
                issue.mend(format!("allowed: {}", of_type.targets.join(", ")));
            });
        }
    }

    /// The contained resource of that id; the container itself for the empty id.
    pub(super) fn contained(&self, id: &str) -> Option<&'v Value> {
        let container = self.containers.last().copied()?;
        if id.is_empty() {
            return Some(container);
        }
        container
            .each("contained")
            .find(|resource| resource.text("id") == Some(id))
    }

    /// The type of the Bundle entry with that full URL.
    fn entry_type(&self, full_url: &str) -> Option<&'v str> {
        let bundle = self
            .containers
            .iter()
            .rev()
            .find(|resource| resource.text("resourceType") == Some("Bundle"))?;
        bundle
            .each("entry")
            .find(|entry| entry.text("fullUrl") == Some(full_url))?
            .get("resource")?
            .text("resourceType")
    }
}
