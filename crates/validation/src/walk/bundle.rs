//! What holds between the entries of a Bundle.

use diagnostics::IssueType;
use fhir::Reference;
use json::Value;

use super::Walk;
use super::path::Segment;
use crate::codes;

impl<'v> Walk<'_, 'v> {
    pub(super) fn bundle(&mut self, bundle: &'v Value) {
        self.full_urls(bundle);
        if bundle.text("type") == Some("document") {
            self.document(bundle);
        }
    }

    /// An entry's full URL is absolute, and where it is a URL of a FHIR server it names the resource
    /// that the entry holds (R4, Bundle.entry.fullUrl).
    fn full_urls(&mut self, bundle: &'v Value) {
        for (index, entry) in bundle.each("entry").enumerate() {
            let Some(url) = entry.text("fullUrl") else {
                continue;
            };
            let named = match Reference::parse(url) {
                Some(
                    Reference::Remote { type_name, id, .. }
                    | Reference::Local { type_name, id, .. },
                ) if self.validator.is_resource_type(type_name) => Some((type_name, id)),
                _ => None,
            };
            let contradicts =
                named
                    .zip(entry.get("resource"))
                    .is_some_and(|((type_name, id), resource)| {
                        resource.text("resourceType") != Some(type_name)
                            || resource.text("id").is_some_and(|own| own != id)
                    });
            let relative = !url.contains(':');
            if !contradicts && !relative {
                continue;
            }
            self.path.push(Segment::Member("entry"));
            self.path.push(Segment::Index(index));
            self.path.push(Segment::Member("fullUrl"));
            self.raise(codes::FULL_URL, |issue| {
                issue.kind(IssueType::Conflict);
                if contradicts {
                    issue
                        .say("the full URL names another resource than the entry holds".to_owned());
                } else {
                    issue.warning();
                    issue.say("a full URL must be absolute".to_owned());
                }
                issue.mend(
                    "write the server's address with the resource's own type and id, or urn:uuid:",
                );
            });
            self.path.truncate(self.path.len().saturating_sub(3));
        }
    }

    /// A document holds all that its Composition refers to (R4, section 3.3, Documents).
    fn document(&mut self, bundle: &'v Value) {
        let Some(composition) = bundle
            .each("entry")
            .next()
            .and_then(|entry| entry.get("resource"))
            .filter(|resource| resource.text("resourceType") == Some("Composition"))
        else {
            return;
        };
        self.path.push(Segment::Member("entry"));
        self.path.push(Segment::Index(0));
        self.path.push(Segment::Member("resource"));
        self.included(composition, bundle);
        self.path.truncate(self.path.len().saturating_sub(3));
    }

    fn included(&mut self, value: &'v Value, bundle: &'v Value) {
        if self.path.len() > super::MAX_DEPTH {
            return;
        }
        match value {
            Value::Object(object) => {
                if let Some(reference) = value.text("reference")
                    && !is_included(reference, bundle)
                {
                    self.raise(codes::REFERENCE_UNRESOLVED, |issue| {
                        issue.kind(IssueType::NotFound);
                        issue.say(
                            "the document's Composition refers to a resource that the document does not hold"
                                .to_owned(),
                        );
                        issue.mend("add the resource to the Bundle, or leave the reference out");
                    });
                }
                for (name, value) in object.iter() {
                    if matches!(value, Value::Object(_) | Value::Array(_)) && name != "contained" {
                        self.path.push(Segment::Member(name));
                        self.included(value, bundle);
                        self.path.pop();
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.path.push(Segment::Index(index));
                    self.included(item, bundle);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }
}

fn is_included(reference: &str, bundle: &Value) -> bool {
    let by_url = || {
        bundle
            .each("entry")
            .any(|entry| entry.text("fullUrl") == Some(reference))
    };
    let by_id = |type_name: &str, id: &str| {
        bundle
            .each("entry")
            .filter_map(|entry| entry.get("resource"))
            .any(|resource| {
                resource.text("resourceType") == Some(type_name) && resource.text("id") == Some(id)
            })
    };
    match Reference::parse(reference) {
        Some(Reference::Local { type_name, id, .. }) => {
            by_id(type_name, id) || {
                let ending = format!("/{type_name}/{id}");
                bundle
                    .each("entry")
                    .filter_map(|entry| entry.text("fullUrl"))
                    .any(|url| url.ends_with(&ending))
            }
        }
        Some(Reference::Remote { type_name, id, .. }) => by_url() || by_id(type_name, id),
        Some(Reference::Urn(_)) => by_url(),
        // A contained resource is looked for where the reference is; the rest cannot be told.
        Some(Reference::Contained(_) | Reference::Other(_)) | None => true,
    }
}
