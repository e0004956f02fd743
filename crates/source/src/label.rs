//! Comparing names that people typed.

use std::borrow::Cow;

/// A header for comparing: letters and digits only, in lower case. `Adult 1 Linked Person_ID` and
/// `ADULT_1_LINKED_PERSON_ID` compare equal.
pub fn normalise_header(text: &str) -> String {
    text.chars()
        .filter(|c| c.is_alphanumeric())
        .flat_map(char::to_lowercase)
        .collect()
}

/// A label of a local list for comparing: lower case, every dash a hyphen without spaces round it,
/// every run of white space one space, curly apostrophes straight.
pub fn normalise_label(text: &str) -> Cow<'_, str> {
    let text = text.trim();
    let plain = text
        .bytes()
        .all(|b| b.is_ascii_lowercase() || b.is_ascii_digit());
    if plain {
        return Cow::Borrowed(text);
    }
    let mut out = String::with_capacity(text.len());
    let mut space = false;
    for c in text.chars() {
        if c.is_whitespace() || c == '\u{FEFF}' || c == '\u{200B}' {
            space = true;
            continue;
        }
        let c = match c {
            '\u{2010}'..='\u{2015}' | '\u{2212}' | '\u{FE58}' | '\u{FE63}' | '\u{FF0D}' => '-',
            '\u{2018}' | '\u{2019}' | '\u{02BC}' => '\'',
            other => other,
        };
        if space && !out.is_empty() && c != '-' && !out.ends_with('-') {
            out.push(' ');
        }
        space = false;
        out.extend(c.to_lowercase());
    }
    Cow::Owned(out)
}

/// The candidate most like a name, when one is like it at all.
pub fn nearest<'a>(name: &str, candidates: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    let wanted = normalise_header(name);
    candidates
        .into_iter()
        .map(|candidate| {
            let score = strsim::jaro_winkler(&wanted, &normalise_header(candidate));
            (score, candidate)
        })
        .filter(|(score, _)| *score >= 0.8)
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .map(|(_, candidate)| candidate)
}
