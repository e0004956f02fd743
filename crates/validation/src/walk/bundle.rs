//! What holds between the entries of a Bundle.

use diagnostics::IssueType;
use fhir::Reference;
use json::Value;

use super::Walk;
use super::path::Segment;
use crate::codes;

/// The links that page through a search or a history, and mean nothing elsewhere.
const PAGES: [&str; 4] = ["first", "previous", "next", "last"];

impl<'v> Walk<'_, 'v> {
    pub(super) fn bundle(&mut self, bundle: &'v Value) {
        let kind = bundle.text("type").unwrap_or("");
        self.full_urls(bundle, kind);
        self.links(bundle, kind);
        match kind {
            "document" | "message" => self.linked(bundle, kind),
            "searchset" => self.matches(bundle),
            _ => {}
        }
    }

    /// Does something at an entry of the Bundle, or at a member of it.
    pub(super) fn at_entry(
        &mut self,
        index: usize,
        member: Option<&'static str>,
        act: impl FnOnce(&mut Self),
    ) {
        let length = self.path.len();
        self.path.push(Segment::Member("entry"));
        self.path.push(Segment::Index(index));
        self.path.extend(member.map(Segment::Member));
        act(self);
        self.path.truncate(length);
    }

    /// Every entry has a full URL, but for those that ask a server or that it answers; it is
    /// absolute, and where it is a URL of a FHIR server it names the resource that the entry holds
    /// (R4, Bundle.entry.fullUrl).
    fn full_urls(&mut self, bundle: &'v Value, kind: &str) {
        let optional = matches!(
            kind,
            "transaction" | "transaction-response" | "batch" | "batch-response"
        );
        for (index, entry) in bundle.each("entry").enumerate() {
            let Some(url) = entry.text("fullUrl") else {
                if !optional && entry.as_object().is_some() {
                    self.at_entry(index, None, |walk| {
                        walk.raise(codes::FULL_URL, |issue| {
                            issue.kind(IssueType::Required);
                            issue.say(format!("an entry of a {kind} needs a full URL"));
                            issue.mend("give fullUrl: the resource's address, or urn:uuid:");
                        });
                    });
                }
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
                            || resource.text("id") != Some(id)
                    });
            let relative = !url.contains(':');
            if !contradicts && !relative {
                continue;
            }
            // In a mere collection, where only the server's address is missing, nobody can take the
            // entry for another resource.
            let lacks_base = relative && !contradicts && named.is_some() && kind == "collection";
            self.at_entry(index, Some("fullUrl"), |walk| {
                walk.raise(codes::FULL_URL, |issue| {
                    issue.kind(IssueType::Conflict);
                    if lacks_base {
                        issue.warning();
                    }
                    issue.say(if relative {
                        "a full URL must be absolute".to_owned()
                    } else {
                        "the full URL names another resource than the entry holds".to_owned()
                    });
                    issue.mend(
                        "write the server's address with the resource's own type and id, or urn:uuid:",
                    );
                });
            });
        }
    }

    /// Which links a Bundle may have, by its type, and which of them once only.
    fn links(&mut self, bundle: &'v Value, kind: &str) {
        let pages = matches!(kind, "searchset" | "history");
        let mut seen: Vec<&str> = Vec::new();
        for (index, link) in bundle.each("link").enumerate() {
            let Some(relation) = link.text("relation") else {
                continue;
            };
            let is_page = PAGES.contains(&relation);
            let prohibited = is_page && !pages && !kind.is_empty();
            let repeated = (is_page || relation == "self") && seen.contains(&relation);
            seen.push(relation);
            if !prohibited && !repeated {
                continue;
            }
            let length = self.path.len();
            self.path.push(Segment::Member("link"));
            self.path.push(Segment::Index(index));
            self.path.push(Segment::Member("relation"));
            self.raise(codes::BUNDLE, |issue| {
                issue.say(if prohibited {
                    format!("a {kind} has no pages, so it has no link to one")
                } else {
                    "there are two links of this relation, and only one is allowed".to_owned()
                });
                issue.mend("leave the link out");
            });
            self.path.truncate(length);
        }
    }

    /// Every entry of a searchset holds a resource (R4, section 3.1.1.5).
    fn matches(&mut self, bundle: &'v Value) {
        for (index, entry) in bundle.each("entry").enumerate() {
            if entry.as_object().is_some() && entry.get("resource").is_none() {
                self.at_entry(index, None, |walk| {
                    walk.raise(codes::BUNDLE, |issue| {
                        issue.kind(IssueType::Required);
                        issue.say("an entry of a searchset holds a resource".to_owned());
                        issue.mend("give the resource, or leave the entry out");
                    });
                });
            }
        }
    }
}
