//! Policies by name: `quarantine`, `drop`, `text`, `absent(reason)`.

use crate::program::Policy;

/// Reads a policy.
pub(crate) fn parse(text: &str) -> Option<Policy> {
    match text.trim() {
        "quarantine" => Some(Policy::Quarantine),
        "drop" => Some(Policy::Drop),
        "text" => Some(Policy::Text),
        other => {
            let reason = other
                .strip_prefix("absent(")?
                .strip_suffix(')')?
                .trim()
                .trim_matches(['"', '\'']);
            is_reason(reason).then(|| Policy::Absent(reason.into()))
        }
    }
}

/// Whether a text is a code of <http://hl7.org/fhir/R4/valueset-data-absent-reason.html>.
pub(crate) fn is_reason(code: &str) -> bool {
    REASONS.contains(&code)
}

/// The codes of that value set.
pub(crate) const REASONS: [&str; 15] = [
    "unknown",
    "asked-unknown",
    "temp-unknown",
    "not-asked",
    "asked-declined",
    "masked",
    "not-applicable",
    "unsupported",
    "as-text",
    "error",
    "not-a-number",
    "negative-infinity",
    "positive-infinity",
    "not-performed",
    "not-permitted",
];
