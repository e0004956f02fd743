//! Where the links and images of a narrative lead inside the resource
//! (<http://hl7.org/fhir/R4/narrative.html#id>).

use diagnostics::IssueType;
use json::Value;

use super::Walk;
use crate::codes;

impl<'v> Walk<'_, 'v> {
    /// A link or an image of a narrative that begins with `#` leads to an id of the resource, of its
    /// narrative, or of the Bundle that the resource is in.
    pub(super) fn narrative_links(&mut self, div: &'v str) {
        if !div.contains('#') {
            return;
        }
        let mut missing = 0usize;
        for attribute in ["href", "src"] {
            for target in values(div, attribute) {
                let Some(id) = target.strip_prefix('#').filter(|id| !id.is_empty()) else {
                    continue;
                };
                let around = [
                    self.resources.last(),
                    self.containers.last(),
                    self.resources.first(),
                ];
                if !around
                    .into_iter()
                    .flatten()
                    .any(|value| has_id(value, id, 0))
                {
                    missing += 1;
                }
            }
        }
        if missing > 0 {
            self.raise(codes::REFERENCE_UNRESOLVED, |issue| {
                issue.kind(IssueType::NotFound);
                issue.say(format!(
                    "{missing} of the narrative's links and images lead to an id that is not there"
                ));
                issue.mend("give what is meant that id, or leave the link out");
            });
        }
    }
}

/// The values of an attribute, wherever it stands in XHTML that is known to be well formed.
fn values<'d>(div: &'d str, attribute: &str) -> Vec<&'d str> {
    let mut values = Vec::new();
    for (at, _) in div.match_indices(attribute) {
        let Some((before, rest)) = div.split_at_checked(at) else {
            continue;
        };
        let stands_alone = before.ends_with(|c: char| c.is_whitespace());
        let value = rest
            .get(attribute.len()..)
            .map(str::trim_start)
            .and_then(|rest| rest.strip_prefix('='))
            .map(str::trim_start)
            .and_then(|rest| {
                let quote = rest.chars().next().filter(|c| matches!(c, '"' | '\''))?;
                rest.get(1..)?.split(quote).next()
            });
        values.extend(value.filter(|_| stands_alone));
    }
    values
}

/// Whether an element, or a place in a narrative, has that id.
fn has_id(value: &Value, id: &str, depth: usize) -> bool {
    if depth > super::MAX_DEPTH {
        return false;
    }
    match value {
        Value::Object(object) => object.iter().any(|(name, member)| {
            (name == "id" && member.as_str() == Some(id)) || has_id(member, id, depth + 1)
        }),
        Value::Array(items) => items.iter().any(|item| has_id(item, id, depth + 1)),
        Value::String(text) if text.starts_with("<div") => ["id", "name"]
            .into_iter()
            .any(|attribute| values(text, attribute).contains(&id)),
        _ => false,
    }
}
