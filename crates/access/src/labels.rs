//! Which resources are withheld, and how they are known (CS-15).

use std::collections::BTreeSet;

use json::Value;
use store::Label;

/// The code of the label on everything about safeguarding, in the system [`LABELS`].
pub const SAFEGUARDING: &str = "safeguarding";

/// The system of Causeway's own labels.
pub const LABELS: &str = "urn:causeway:label";

/// HL7 v3 Confidentiality, as PDS marks restricted people with it.
const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";

/// The labels that hide a resource from every caller: safeguarding, under any system.
pub fn withheld_by_default() -> BTreeSet<Label> {
    [Label::new("", SAFEGUARDING)].into()
}

/// The labels that hide a resource from other organisations: the same, and what is marked
/// restricted or very restricted.
pub fn withheld_from_others() -> BTreeSet<Label> {
    let mut labels = withheld_by_default();
    for code in ["R", "V"] {
        labels.insert(Label::new(CONFIDENTIALITY, code));
    }
    labels
}

/// The labels that a resource's content calls for, besides those in its `meta.security`: call it
/// for every resource that is stored or quarantined.
pub fn labels_of(resource: &Value) -> Vec<Label> {
    let known = Label::of(resource)
        .iter()
        .any(|label| label.code.eq_ignore_ascii_case(SAFEGUARDING));
    if known || is_safeguarding(resource) {
        vec![Label::new(LABELS, SAFEGUARDING)]
    } else {
        Vec::new()
    }
}

/// Codes that are about safeguarding wherever they stand: the category of flags in England's
/// shared-care records, and its codes in SNOMED CT and among local flag types.
const CODES: [&str; 10] = [
    "SGC",
    "SAFEGUARDING",
    "MARAC",
    "MAPPA",
    "514331000000104",
    "919461000000108",
    "1188261000000103",
    "417430008",
    "761571000000106",
    "1098411000000108",
];

/// Words that say safeguarding in the category or code of any resource. "Safeguards" is not one of
/// them: a Deprivation of Liberty Safeguards authorisation is a legal fact that must be seen.
const WORDS: [&str; 5] = [
    "safeguarding",
    "marac",
    "mappa",
    "vulnerable adult",
    "adult protection",
];

/// Words that are about abuse. Only in a flag: in a diagnosis "abuse" is a clinical word.
const ABUSE: [&str; 18] = [
    "abuse",
    "abused",
    "abuser",
    "abusive",
    "exploitation",
    "exploited",
    "perpetrator",
    "domestic violence",
    "coercive",
    "trafficking",
    "modern slavery",
    "forced marriage",
    "honour based",
    "genital mutilation",
    "county lines",
    "cuckooing",
    "neglect",
    "neglected",
];

/// Where "abuse" or "neglect" is about a person's own health.
const OWN_HEALTH: [&str; 7] = [
    "alcohol abuse",
    "drug abuse",
    "substance abuse",
    "solvent abuse",
    "self neglect",
    "visual neglect",
    "spatial neglect",
];

fn is_safeguarding(resource: &Value) -> bool {
    let flag = resource.text("resourceType") == Some("Flag");
    let concepts = ["category", "code", "type"]
        .into_iter()
        .flat_map(|name| resource.each(name));
    for concept in concepts {
        for coding in concept.each("coding") {
            let code = coding.text("code").unwrap_or_default();
            if CODES.iter().any(|known| known.eq_ignore_ascii_case(code)) {
                return true;
            }
            if coding.text("display").is_some_and(|text| says(text, flag)) {
                return true;
            }
        }
        if concept.text("text").is_some_and(|text| says(text, flag)) {
            return true;
        }
    }
    false
}

/// Whether a text names safeguarding, or (in a flag) abuse.
fn says(text: &str, flag: bool) -> bool {
    let folded: String = text
        .chars()
        .map(|c| if c.is_alphanumeric() { c } else { ' ' })
        .flat_map(char::to_lowercase)
        .collect();
    // Blanks around and single blanks between, so that only whole words are found.
    let words: Vec<&str> = folded.split_whitespace().collect();
    let mut text = format!(" {} ", words.join(" "));
    let has = |text: &str, word: &str| text.contains(&format!(" {word} "));
    if WORDS.iter().any(|word| has(&text, word)) {
        return true;
    }
    if !flag {
        return false;
    }
    for phrase in OWN_HEALTH {
        text = text.replace(&format!(" {phrase} "), "  ");
    }
    ABUSE.iter().any(|word| has(&text, word))
}
