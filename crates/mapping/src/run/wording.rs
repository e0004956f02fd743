//! The wordings of denial and doubt in allergy and diagnosis texts (CS-10).
//!
//! The lists are deliberately wide: a text that is taken for doubtful is shown as text with an issue
//! and looked at by a person; a doubtful text that is taken for a fact may harm one.

/// A text for comparing: lower case, words separated by one space, apostrophes and full stops gone,
/// every other sign that is no letter or digit a word of its own where it matters (`?`), else a space.
pub(crate) fn fold(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '\'' | '\u{2018}' | '\u{2019}' | '.' => {}
            '?' => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
                out.push_str("? ");
            }
            c if c.is_alphanumeric() => out.extend(c.to_lowercase()),
            _ => {
                if !out.is_empty() && !out.ends_with(' ') {
                    out.push(' ');
                }
            }
        }
    }
    out.truncate(out.trim_end().len());
    out
}

/// Whether a folded text holds a folded phrase as whole words.
pub(crate) fn holds(text: &str, phrase: &str) -> bool {
    if phrase.is_empty() {
        return false;
    }
    let mut from = 0;
    while let Some(found) = text.get(from..).and_then(|rest| rest.find(phrase)) {
        let start = from + found;
        let end = start + phrase.len();
        let before = start == 0 || text.as_bytes().get(start - 1) == Some(&b' ');
        let after = end == text.len() || text.as_bytes().get(end) == Some(&b' ');
        if before && after {
            return true;
        }
        from = end;
    }
    false
}

/// Wordings that deny.
const NEGATIONS: [&str; 34] = [
    "no",
    "not",
    "none",
    "nil",
    "never",
    "denies",
    "denied",
    "without",
    "negative",
    "nka",
    "nkda",
    "nkfa",
    "nad",
    "isnt",
    "wasnt",
    "hasnt",
    "doesnt",
    "didnt",
    "cannot be",
    "no longer",
    "ruled out",
    "excluded",
    "unfounded",
    "disproved",
    "disproven",
    "absent",
    "free of",
    "free from",
    "resolved",
    "tolerated",
    "tolerates",
    "outgrown",
    "grown out of",
    "no known",
];

/// Wordings that doubt.
const DOUBTS: [&str; 38] = [
    "?",
    "query",
    "queried",
    "queries",
    "possible",
    "possibly",
    "probable",
    "probably",
    "maybe",
    "may be",
    "might",
    "perhaps",
    "suspected",
    "suspect",
    "suspicion",
    "unsure",
    "uncertain",
    "unclear",
    "unconfirmed",
    "unknown",
    "not known",
    "not sure",
    "not confirmed",
    "not certain",
    "to be confirmed",
    "tbc",
    "awaiting",
    "under investigation",
    "reportedly",
    "alleged",
    "allegedly",
    "presumed",
    "apparently",
    "could be",
    "thought to be",
    "differential",
    "rule out",
    "doubtful",
];

/// Whether a text denies.
pub(crate) fn negates(text: &str) -> bool {
    let text = fold(text);
    NEGATIONS.iter().any(|phrase| holds(&text, phrase))
}

/// Whether a text doubts.
pub(crate) fn doubts(text: &str) -> bool {
    let text = fold(text);
    DOUBTS.iter().any(|phrase| holds(&text, phrase))
}
