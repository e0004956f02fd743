//! Reading members.

use diagnostics::{Issue, IssueType};
use json::Value;

use crate::codes;

/// A text member as an owned text.
pub fn text(value: &Value, name: &str) -> Option<Box<str>> {
    value.text(name).map(Box::from)
}

/// A text member that must be there.
pub fn required(value: &Value, name: &str) -> Result<Box<str>, Box<Issue>> {
    match value.text(name) {
        Some(found) if !found.trim().is_empty() => Ok(found.into()),
        _ => Err(broken(
            value,
            &format!("it has no `{name}`, or one that is not text"),
        )),
    }
}

/// The texts of a member that repeats.
pub fn texts(value: &Value, name: &str) -> Vec<Box<str>> {
    value
        .each(name)
        .filter_map(Value::as_str)
        .map(Box::from)
        .collect()
}

/// A whole number that is not negative.
pub fn count(value: &Value, name: &str) -> Option<u32> {
    u32::try_from(value.get(name)?.as_number()?.as_i64()?).ok()
}

/// Whether a member is `true`.
pub fn truth(value: &Value, name: &str) -> Option<bool> {
    value.get(name)?.as_bool()
}

/// The value of the first extension with a url, whatever its type.
pub fn extension<'v>(value: &'v Value, url: &str) -> Option<&'v str> {
    let extension = value
        .each("extension")
        .find(|extension| extension.text("url") == Some(url))?;
    extension
        .as_object()?
        .iter()
        .find(|(name, _)| name.starts_with("value"))?
        .1
        .as_str()
}

/// The first member whose name starts with a prefix and goes on with a type's name:
/// `fixedUri` for `fixed`.
pub fn choice<'v>(value: &'v Value, prefix: &str) -> Option<(&'v str, &'v Value)> {
    value.as_object()?.iter().find(|(name, _)| {
        name.strip_prefix(prefix)
            .is_some_and(|rest| rest.starts_with(|first: char| first.is_ascii_uppercase()))
    })
}

/// The value of a choice as JSON text.
pub fn choice_text(value: &Value, prefix: &str) -> Option<Box<str>> {
    choice(value, prefix).map(|(_, found)| {
        String::from_utf8_lossy(&found.to_bytes())
            .into_owned()
            .into()
    })
}

/// The issue of a definition that cannot be read.
pub fn broken(resource: &Value, why: &str) -> Box<Issue> {
    let name = resource
        .text("url")
        .or_else(|| resource.text("id"))
        .unwrap_or("without url and id");
    let kind = resource.text("resourceType").unwrap_or("resource");
    Box::new(
        Issue::warning(
            codes::UNREADABLE,
            IssueType::Structure,
            format!("the {kind} {name} cannot be used: {why}"),
        )
        .help("mend the package, or leave the definition out of it"),
    )
}

/// Whether the publisher has retired it.
pub fn is_retired(resource: &Value) -> bool {
    resource.text("status") == Some("retired")
}
