//! Names of things inside the document.

use identity::IdSpace;

/// A `urn:uuid:` made from what a thing is: the same thing has the same name in every summary.
/// The bits are those of a version 8 (custom) UUID, RFC 9562 section 5.8.
pub(crate) fn urn(kind: &str, parts: &[&str]) -> String {
    let hex = IdSpace::published().resource_id("summary", "document", kind, "entry", parts);
    let mut text = String::from("urn:uuid:");
    for (index, digit) in hex.chars().chain("0".chars().cycle()).take(32).enumerate() {
        if matches!(index, 8 | 12 | 16 | 20) {
            text.push('-');
        }
        text.push(match index {
            12 => '8',
            16 => match digit.to_digit(16).unwrap_or_default() % 4 {
                0 => '8',
                1 => '9',
                2 => 'a',
                _ => 'b',
            },
            _ => digit.to_ascii_lowercase(),
        });
    }
    text
}

/// The id that goes with a name made by [`urn`].
pub(crate) fn id_of(urn: &str) -> &str {
    urn.strip_prefix("urn:uuid:").unwrap_or(urn)
}
