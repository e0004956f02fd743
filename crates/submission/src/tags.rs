//! The tags by which a version says why it no longer stands.

use json::Value;

/// The system of Causeway's own tags.
const SYSTEM: &str = "urn:causeway:status";

/// The code of the tag of a person who was taken back because another one claims the same number.
pub(crate) const CONTESTED: &str = "identity-contested";
/// The code of the tag of what a mapping or a file said that must not be shown.
pub(crate) const RECALLED: &str = "recalled";

fn tag(code: &str, display: &str) -> Value {
    json::Object::new()
        .with("system", SYSTEM)
        .with("code", code)
        .with("display", display)
        .into()
}

/// A fact that its source no longer reports (CS-4).
pub(crate) fn no_longer_reported() -> Value {
    tag("no-longer-reported", "No longer reported by its source")
}

/// A person who was taken back because somebody else claims the same NHS number (CS-1).
pub(crate) fn contested() -> Value {
    tag(
        CONTESTED,
        "Held back: another person carries the same NHS number",
    )
}

/// What only a file that was taken back had said.
pub(crate) fn withdrawn() -> Value {
    tag("withdrawn", "Withdrawn by its sender")
}

/// What was recalled (CS-8).
pub(crate) fn recalled() -> Value {
    tag(RECALLED, "Recalled: do not rely on it")
}

/// Whether a resource carries one of these tags.
pub(crate) fn has(resource: &Value, code: &str) -> bool {
    resource.get("meta").is_some_and(|meta| {
        meta.each("tag")
            .any(|tag| tag.text("system") == Some(SYSTEM) && tag.text("code") == Some(code))
    })
}
