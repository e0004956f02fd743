//! The one rule for what is about safeguarding or abuse, and is therefore withheld (CS-15).
//!
//! The main function is [`is_about`]. Two places ask it: `access` labels what is stored with it, so
//! that no read or search finds it, and `summary` leaves out what an older label missed. Both ask
//! here, so that one cannot show what the other withholds.
//!
//! Invariants:
//! - What names safeguarding in a code, a label or (outside clinical records) any of its text is
//!   withheld. Abuse is looked for in what labels a record, and in all text of flags and risks.
//! - Deprivation of Liberty Safeguards are a legal fact that must be seen, never safeguarding.
//! - A person's own health ("alcohol abuse", "self-neglect"), a diagnosis that has "abuse" in its
//!   name, and care such as help with grooming are not safeguarding.
//! - A Patient is withheld only by a label of its own: its content hides nobody.

mod words;

use json::Value;

use words::{abuse, explicit, fold};

/// Codes that are about safeguarding or abuse wherever they stand: the category of flags in
/// England's shared-care records, and its codes in SNOMED CT and among local flag types.
const CODES: &[&str] = &[
    "SGC",
    "safeguarding",
    "safeguarding-issues",
    "MARAC",
    "MAPPA",
    "ABUSIVE",
    "514331000000104",
    "919461000000108",
    "1188261000000103",
    "417430008",
    "761571000000106",
    "1098411000000108",
];

/// Members that say what a record is about.
const LABELS: &[&str] = &[
    "category",
    "code",
    "type",
    "serviceType",
    "scope",
    "relationship",
    "reasonCode",
    "valueCodeableConcept",
    "title",
    "description",
];

/// Types whose codes are diagnoses and treatments, where "abuse" is a clinical word and a note in
/// passing must not hide an allergy: only what labels them, and explicitly, withholds them.
const CLINICAL: &[&str] = &[
    "Condition",
    "AllergyIntolerance",
    "MedicationStatement",
    "MedicationRequest",
    "MedicationAdministration",
    "Medication",
    "Immunization",
    "Procedure",
    "DiagnosticReport",
];

/// Members that carry no words of the source.
const NOT_WORDS: &[&str] = &[
    "reference",
    "system",
    "url",
    "id",
    "meta",
    "code",
    "contentType",
    "data",
    "resourceType",
    "linkId",
];

/// Whether a resource is about safeguarding or abuse.
pub fn is_about(resource: &Value) -> bool {
    let marked = resource
        .get("meta")
        .into_iter()
        .flat_map(|meta| meta.each("security"))
        .filter_map(|label| label.text("code"))
        .any(is_code);
    let type_name = resource.text("resourceType").unwrap_or_default();
    if marked || type_name == "Patient" {
        return marked;
    }
    let clinical = CLINICAL.contains(&type_name) && !is_need(resource);
    let mut labels = Vec::new();
    for value in LABELS.iter().flat_map(|name| resource.each(name)) {
        words_in(value, &mut labels);
    }
    if has_code(resource) || labels.iter().any(|text| explicit(text)) {
        return true;
    }
    if clinical {
        return false;
    }
    let mut all = Vec::new();
    words_in(resource, &mut all);
    if all.iter().any(|text| explicit(text)) {
        return true;
    }
    let risk = matches!(type_name, "Flag" | "RiskAssessment")
        || labels
            .iter()
            .any(|text| text.starts_with(" risk ") || text.starts_with(" at risk "));
    let told = if risk { &all } else { &labels };
    told.iter().any(|text| abuse(text))
}

/// A need or a reason for support, which is nobody's diagnosis.
fn is_need(resource: &Value) -> bool {
    let mut words = Vec::new();
    for category in resource.each("category") {
        words_in(category, &mut words);
    }
    words.iter().any(|text| {
        [" need ", " needs ", " support reason ", " social care "]
            .iter()
            .any(|word| text.contains(word))
    })
}

fn is_code(code: &str) -> bool {
    CODES.iter().any(|known| known.eq_ignore_ascii_case(code))
}

/// Whether one of the codes stands anywhere in a resource.
fn has_code(value: &Value) -> bool {
    match value {
        Value::Object(object) => object.iter().any(|(name, child)| match child {
            Value::String(code) => name == "code" && is_code(code),
            _ => has_code(child),
        }),
        Value::Array(items) => items.iter().any(has_code),
        _ => false,
    }
}

/// All that a value says in words, folded.
fn words_in(value: &Value, out: &mut Vec<String>) {
    match value {
        Value::String(text) => out.push(fold(text)),
        Value::Object(object) => {
            for (name, child) in object.iter() {
                let coded = matches!(child, Value::String(_)) && NOT_WORDS.contains(&name);
                if !coded && name != "meta" {
                    words_in(child, out);
                }
            }
        }
        Value::Array(items) => items.iter().for_each(|item| words_in(item, out)),
        _ => {}
    }
}
