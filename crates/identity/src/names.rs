//! Names: which are former ones, and when two surnames are the same.

use json::Value;

/// Whether a HumanName is one that the person no longer has
/// (<http://hl7.org/fhir/R4/valueset-name-use.html>).
pub(crate) fn is_former(name: &Value) -> bool {
    matches!(name.text("use"), Some("old" | "maiden"))
}

/// A folded surname with the letters spelt out that other systems can only write in two, or without
/// their stroke: `strauß` and `strauss`, `sørensen` and `sorensen` are one surname.
pub(crate) fn letters(folded: &str) -> String {
    let mut plain = String::with_capacity(folded.len());
    for letter in folded.chars() {
        match letter {
            'ß' => plain.push_str("ss"),
            'æ' => plain.push_str("ae"),
            'œ' => plain.push_str("oe"),
            'þ' => plain.push_str("th"),
            'ø' => plain.push('o'),
            'ł' => plain.push('l'),
            'đ' | 'ð' => plain.push('d'),
            'ħ' => plain.push('h'),
            'ŧ' => plain.push('t'),
            'ı' => plain.push('i'),
            other => plain.push(other),
        }
    }
    plain
}
