//! The words themselves. Texts are folded first: lower case, single blanks between and around, and
//! no other signs, so that only whole words and beginnings of words are found.

/// Phrases that are no safeguarding though they hold a word of it.
const LAWFUL: &[&str] = &[
    "deprivation of liberty safeguards",
    "deprivation of liberty safeguard",
    "liberty protection safeguards",
    "liberty protection safeguard",
    "dols safeguards",
    "dol safeguards",
];

/// Words that name safeguarding in any record. A blank at the end asks for a whole word.
const EXPLICIT: &[&str] = &[
    " safeguarding",
    " safe guarding",
    " safeguard alert",
    " safeguard concern",
    " safeguard referral",
    " safeguard enquiry",
    " safeguard issue",
    " safeguard plan",
    " adult safeguard ",
    " marac ",
    " mappa ",
    " section 42 ",
    " s42 ",
    " vulnerable adult",
    " adult protection",
];

/// Beginnings of words that are about abuse.
const ABUSE: &[&str] = &[
    " abus",
    " exploit",
    " perpetrator",
    " domestic violence",
    " coercive",
    " coercion",
    " trafficking",
    " trafficked",
    " modern slavery",
    " forced marriage",
    " honour based",
    " genital mutilation",
    " fgm ",
    " radicalis",
    " radicaliz",
    " cuckooing ",
    " cuckooed ",
    " county lines",
    " being groomed",
    " groomed by",
    " grooming by",
    " online grooming",
    " sexual grooming",
    " neglect",
];

/// Where "abuse" or "neglect" is about a person's own health.
const OWN_HEALTH: &[&str] = &[
    "alcohol abuse",
    "drug abuse",
    "substance abuse",
    "solvent abuse",
    "laxative abuse",
    "opioid abuse",
    "opiate abuse",
    "steroid abuse",
    "medication abuse",
    "self neglect",
    "visual neglect",
    "spatial neglect",
    "hemispatial neglect",
    "unilateral neglect",
];

/// A text made comparable.
pub(crate) fn fold(text: &str) -> String {
    let letters: String = text
        .chars()
        .filter(|c| !is_invisible(*c))
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .flat_map(char::to_lowercase)
        .collect();
    let words: Vec<&str> = letters.split_whitespace().collect();
    format!(" {} ", words.join(" "))
}

/// Signs that are not seen must not part a word.
fn is_invisible(c: char) -> bool {
    matches!(
        c,
        '\u{AD}' | '\u{200B}'..='\u{200F}' | '\u{202A}'..='\u{202E}' | '\u{2060}'..='\u{2069}' | '\u{FEFF}'
    )
}

/// Whether a folded text names safeguarding.
pub(crate) fn explicit(text: &str) -> bool {
    has(&without(text, LAWFUL), EXPLICIT)
}

/// Whether a folded text is about abuse of a person.
pub(crate) fn abuse(text: &str) -> bool {
    has(&without(text, OWN_HEALTH), ABUSE)
}

fn has(text: &str, words: &[&str]) -> bool {
    words.iter().any(|word| text.contains(word))
}

fn without(text: &str, phrases: &[&str]) -> String {
    phrases.iter().fold(text.to_owned(), |text, phrase| {
        text.replace(&format!(" {phrase} "), " ")
    })
}
