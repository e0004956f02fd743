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
/// for every resource that is stored or quarantined. What is about safeguarding is decided in one
/// place, [`safeguarding::is_about`]. A document that its source calls restricted is so.
pub fn labels_of(resource: &Value) -> Vec<Label> {
    let mut labels = Vec::new();
    if safeguarding::is_about(resource) {
        labels.push(Label::new(LABELS, SAFEGUARDING));
    }
    if is_restricted_document(resource) {
        labels.push(Label::new(CONFIDENTIALITY, "R"));
    }
    labels
}

/// Whether the security label of a document
/// (<http://hl7.org/fhir/R4/documentreference-definitions.html#DocumentReference.securityLabel>)
/// says restricted, very restricted or confidential, by code or in words.
fn is_restricted_document(resource: &Value) -> bool {
    let word = |text: &str| {
        let text = text.to_lowercase();
        text.contains("restricted") && !text.contains("unrestricted")
            || text.trim() == "confidential"
            || text.contains("sensitive")
    };
    resource.each("securityLabel").any(|label| {
        label.text("text").is_some_and(word)
            || label.each("coding").any(|coding| {
                matches!(coding.text("code"), Some("R" | "V"))
                    || coding.text("display").is_some_and(word)
            })
    })
}
