//! Documents and messages: Bundles whose entries belong together
//! (<http://hl7.org/fhir/R4/documents.html>, <http://hl7.org/fhir/R4/messaging.html>).

use std::collections::HashMap;

use diagnostics::IssueType;
use json::Value;

use super::Walk;
use super::path::Segment;
use super::resolve::Inside;
use crate::codes;

/// The members of a Composition whose references must lead to an entry.
const COMPOSED: [&str; 7] = [
    "subject",
    "encounter",
    "author",
    "attester",
    "custodian",
    "event",
    "section",
];

impl<'v> Walk<'_, 'v> {
    pub(super) fn linked(&mut self, bundle: &'v Value, kind: &str) {
        let Some(first) = bundle.each("entry").next() else {
            self.raise(codes::BUNDLE, |issue| {
                issue.kind(IssueType::Required);
                issue.say(format!("a {kind} has at least one entry"));
                issue.mend(match kind {
                    "document" => "give the Composition as the first entry",
                    _ => "give the MessageHeader as the first entry",
                });
            });
            return;
        };
        let Some(head) = first.get("resource") else {
            self.at_entry(0, None, |walk| {
                walk.raise(codes::BUNDLE, |issue| {
                    issue.kind(IssueType::Required);
                    issue.say(format!("the first entry of a {kind} holds a resource"));
                    issue.mend("give it its resource");
                });
            });
            return;
        };
        let members: &[&'static str] = match (kind, head.text("resourceType")) {
            ("document", Some("Composition")) => &COMPOSED,
            ("message", Some("MessageHeader")) => &["focus"],
            // That the first is of another type is said elsewhere (bdl-11, bdl-12).
            _ => &[],
        };
        let inside = Inside::new(bundle);
        self.at_entry(0, Some("resource"), |walk| {
            for &member in members {
                let Some(value) = head.get(member) else {
                    continue;
                };
                walk.path.push(Segment::Member(member));
                walk.included(value, first, &inside, kind);
                walk.path.pop();
            }
        });
        if kind == "document" {
            self.orphans(bundle, &inside);
        }
    }

    /// Every reference below a value must lead to an entry.
    fn included(&mut self, value: &'v Value, from: &'v Value, inside: &Inside<'v>, kind: &str) {
        if self.path.len() > super::MAX_DEPTH {
            return;
        }
        match value {
            Value::Object(object) => {
                if let Some(reference) = value.text("reference")
                    && !reference.starts_with('#')
                    && inside.resolve(Some(from), reference).is_none()
                {
                    self.raise(codes::REFERENCE_UNRESOLVED, |issue| {
                        issue.kind(IssueType::NotFound);
                        issue.say(format!(
                            "the reference leads to no entry of the {kind}, by the full URLs of the entries"
                        ));
                        issue.mend(
                            "add the resource to the Bundle, and refer to it by its entry's full URL",
                        );
                    });
                }
                for (name, value) in object.iter() {
                    let nested = matches!(value, Value::Object(_) | Value::Array(_));
                    if nested && !matches!(name, "contained" | "extension" | "text") {
                        self.path.push(Segment::Member(name));
                        self.included(value, from, inside, kind);
                        self.path.pop();
                    }
                }
            }
            Value::Array(items) => {
                for (index, item) in items.iter().enumerate() {
                    self.path.push(Segment::Index(index));
                    self.included(item, from, inside, kind);
                    self.path.pop();
                }
            }
            _ => {}
        }
    }

    /// A document holds nothing that does not belong to it: every entry is referred to from another
    /// that belongs to it, or refers to one.
    fn orphans(&mut self, bundle: &'v Value, inside: &Inside<'v>) {
        let entries: Vec<&'v Value> = bundle.each("entry").collect();
        let places: HashMap<*const Value, usize> = entries
            .iter()
            .enumerate()
            .map(|(index, entry)| (std::ptr::from_ref(*entry), index))
            .collect();
        let mut links: Vec<Vec<usize>> = vec![Vec::new(); entries.len()];
        for (index, entry) in entries.iter().enumerate() {
            let mut targets: Vec<usize> = Vec::new();
            if let Some(resource) = entry.get("resource") {
                let mut note = |target: &Value| {
                    targets.extend(places.get(&std::ptr::from_ref(target)).copied());
                };
                leads(resource, entry, inside, 0, &mut note);
            }
            for target in targets {
                if let Some(from) = links.get_mut(index) {
                    from.push(target);
                }
                if let Some(to) = links.get_mut(target) {
                    to.push(index);
                }
            }
        }
        let mut belongs = vec![false; entries.len()];
        let mut next = vec![0usize];
        while let Some(index) = next.pop() {
            match belongs.get_mut(index) {
                Some(seen) if !*seen => *seen = true,
                _ => continue,
            }
            next.extend(links.get(index).into_iter().flatten());
        }
        for (index, entry) in entries.iter().enumerate() {
            if belongs.get(index) == Some(&false) && entry.get("resource").is_some() {
                self.at_entry(index, None, |walk| {
                    walk.raise(codes::BUNDLE_ORPHAN, |issue| {
                        issue.say(
                            "the entry belongs to nothing in the document: no reference leads to it or from it"
                                .to_owned(),
                        );
                        issue.mend("refer to it from the Composition, or leave it out");
                    });
                });
            }
        }
    }
}

/// The entries that the texts below a value name.
fn leads<'v>(
    value: &'v Value,
    from: &'v Value,
    inside: &Inside<'v>,
    depth: usize,
    note: &mut impl FnMut(&'v Value),
) {
    if depth > super::MAX_DEPTH {
        return;
    }
    match value {
        Value::Object(object) => {
            for (name, member) in object.iter() {
                match (name, member) {
                    ("reference", Value::String(text)) => {
                        let found = inside.resolve(Some(from), text);
                        if let Some(entry) = found.and_then(|found| found.entry) {
                            note(entry);
                        }
                    }
                    _ => leads(member, from, inside, depth + 1, note),
                }
            }
        }
        Value::Array(items) => {
            for item in items {
                leads(item, from, inside, depth + 1, note);
            }
        }
        Value::String(text) if text.contains(':') => {
            if let Some(entry) = inside.has_url(text) {
                note(entry);
            }
        }
        _ => {}
    }
}
