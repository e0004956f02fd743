//! What never reaches a summary: safeguarding (CS-15), and where an untraced person lives (CS-3).

use json::Value;

use crate::concept::{codings, concepts_of, fold};
use crate::settings::Settings;

/// `Extension-UKCore-NHSNumberVerificationStatus`, on the NHS number of a Patient.
const VERIFICATION: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus";

/// Codes that are about safeguarding or abuse wherever they stand: the `SGC` category and its
/// codes as social care in England uses them, SNOMED CT and local flag types.
const SAFEGUARDING_CODES: &[&str] = &[
    "SGC",
    "safeguarding",
    "safeguarding-issues",
    "514331000000104",
    "919461000000108",
    "1188261000000103",
    "417430008",
    "761571000000106",
    "1098411000000108",
    "MARAC",
    "MAPPA",
    "ABUSIVE",
];

/// Words that name safeguarding in any resource.
const SAFEGUARDING_WORDS: &[&str] = &[
    "safeguard",
    "marac",
    "mappa",
    "section 42",
    "s42 enquiry",
    "vulnerable adult",
    "adult protection",
];

/// Words that are about abuse, in what labels a flag, a risk, a task or a document.
const ABUSE_WORDS: &[&str] = &[
    "abuse",
    "abusive",
    "abuser",
    "exploit",
    "perpetrator",
    "domestic violence",
    "coercive",
    "trafficking",
    "modern slavery",
    "forced marriage",
    "honour based",
    "honour-based",
    "genital mutilation",
    "radicalis",
    "cuckoo",
    "county lines",
    "grooming",
    "neglect",
];

/// Words after which "abuse" or "neglect" is about a person's own health, not about abuse of a
/// person: they are taken out before the search for [`ABUSE_WORDS`].
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
    "self-neglect",
    "self neglect",
    "visual neglect",
    "spatial neglect",
    "hemispatial neglect",
    "unilateral neglect",
    "hemineglect",
];

/// Types whose codes are diagnoses and treatments, where "abuse" is a clinical word: only an
/// explicit safeguarding code, category or word withholds them.
const CLINICAL: &[&str] = &[
    "Condition",
    "AllergyIntolerance",
    "MedicationStatement",
    "MedicationRequest",
    "Immunization",
    "Procedure",
    "DiagnosticReport",
];

/// Whether a resource is about safeguarding or abuse and is therefore withheld (CS-15). It looks at
/// what labels the resource (category, code, type, title, description), not at its free-text notes.
pub(crate) fn is_safeguarding(resource: &Value) -> bool {
    let type_name = resource.text("resourceType").unwrap_or_default();
    let labels = [
        "category",
        "code",
        "type",
        "serviceType",
        "scope",
        "reasonCode",
        "valueCodeableConcept",
    ];
    let marked = resource
        .get("meta")
        .into_iter()
        .flat_map(|meta| meta.each("security"))
        .filter_map(|label| label.text("code"))
        .any(|code| {
            SAFEGUARDING_CODES
                .iter()
                .any(|c| c.eq_ignore_ascii_case(code))
        });
    if marked {
        return true;
    }
    let mut texts: Vec<String> = Vec::new();
    for concept in labels.iter().flat_map(|name| concepts_of(resource, name)) {
        for coding in codings(concept) {
            if coding.text("code").is_some_and(|code| {
                SAFEGUARDING_CODES
                    .iter()
                    .any(|c| c.eq_ignore_ascii_case(code))
            }) {
                return true;
            }
            texts.extend(coding.text("display").map(fold));
        }
        texts.extend(concept.text("text").map(fold));
    }
    for name in ["title", "description", "text"] {
        texts.extend(resource.text(name).map(fold));
    }
    // What a risk says is its label.
    let is_risk = |text: &String| text.starts_with("risk") || text.starts_with("at risk");
    if type_name == "Observation" && texts.iter().any(is_risk) {
        texts.extend(resource.text("valueString").map(fold));
        texts.extend(
            resource
                .each("component")
                .filter_map(|component| component.text("valueString"))
                .map(fold),
        );
    }
    let any = |words: &[&str], text: &str| words.iter().any(|word| text.contains(word));
    texts.into_iter().any(|text| {
        if any(SAFEGUARDING_WORDS, &text) {
            return true;
        }
        if CLINICAL.contains(&type_name) {
            return false;
        }
        let rest = OWN_HEALTH
            .iter()
            .fold(text, |text, phrase| text.replace(phrase, " "));
        any(ABUSE_WORDS, &rest)
    })
}

/// Whether the NHS number of a Patient has been traced: verification status 01 (CS-3).
pub(crate) fn is_traced(patient: &Value) -> bool {
    patient
        .each("identifier")
        .filter(|identifier| identifier.text("system") == Some(identity::NHS_NUMBER_SYSTEM))
        .flat_map(|identifier| identifier.each("extension"))
        .filter(|extension| extension.text("url") == Some(VERIFICATION))
        .filter_map(|extension| extension.get("valueCodeableConcept"))
        .flat_map(codings)
        .any(|coding| {
            matches!(
                coding.text("code"),
                Some("01" | "number-present-and-verified")
            )
        })
}

/// Whether a Patient is marked restricted or very restricted.
fn is_restricted(patient: &Value) -> bool {
    patient
        .get("meta")
        .into_iter()
        .flat_map(|meta| meta.each("security"))
        .any(|label| matches!(label.text("code"), Some("R" | "V")))
}

/// Whether where a person lives may be published, as one contribution states it.
pub(crate) fn may_locate(patient: &Value, settings: &Settings) -> bool {
    !is_restricted(patient) && (is_traced(patient) || settings.publish_location_of_untraced)
}

/// Whether any of several records of one person is marked restricted: then none may locate.
pub(crate) fn any_restricted<'a>(patients: impl IntoIterator<Item = &'a Value>) -> bool {
    patients.into_iter().any(is_restricted)
}

/// The types whose resources say where a person lives or is, beside those that only refer to them.
pub const LOCATING: &[&str] = &[
    "Patient",
    "RelatedPerson",
    "Encounter",
    "Location",
    "Appointment",
];

/// Takes out of one resource what says where an untraced person lives (CS-3), for ways out other
/// than a summary; gives back whether anything was taken. Whether the person is traced is known of
/// a Patient only: other types lose it unless the settings publish it.
pub fn withhold_location(resource: &mut Value, settings: &Settings) -> bool {
    let type_name = resource.text("resourceType").unwrap_or_default().to_owned();
    let allowed = match type_name.as_str() {
        "Patient" => may_locate(resource, settings),
        _ => settings.publish_location_of_untraced || !LOCATING.contains(&type_name.as_str()),
    };
    if allowed {
        return false;
    }
    let before = resource.clone();
    strip_location(resource);
    if type_name == "Location"
        && let Some(location) = resource.as_object_mut()
    {
        for name in ["position", "telecom"] {
            location.remove(name);
        }
    }
    *resource != before
}

/// Takes out of a resource what says where the person lives: addresses anywhere in it, the
/// person's own contact details, and links to locations.
pub(crate) fn strip_location(resource: &mut Value) {
    let type_name = resource.text("resourceType").unwrap_or_default().to_owned();
    if let Some(object) = resource.as_object_mut() {
        match type_name.as_str() {
            "Patient" => drop(object.remove("telecom")),
            "Encounter" | "EpisodeOfCare" | "ServiceRequest" | "Task" | "Immunization"
            | "Procedure" | "Device" | "Observation" | "Appointment" => {
                for name in ["location", "locationReference", "locationCode"] {
                    object.remove(name);
                }
            }
            _ => {}
        }
    }
    strip_addresses(resource);
}

fn strip_addresses(value: &mut Value) {
    match value {
        Value::Object(object) => {
            for name in ["address", "valueAddress", "_address"] {
                object.remove(name);
            }
            for (_, child) in object.iter_mut() {
                strip_addresses(child);
            }
            // An extension that held nothing but an address is nothing now (ext-1).
            if let Some(Value::Array(extensions)) = object.get_mut("extension") {
                extensions.retain(|extension| {
                    extension
                        .as_object()
                        .is_none_or(|e| e.iter().any(|(name, _)| name != "url" && name != "id"))
                });
                if extensions.is_empty() {
                    object.remove("extension");
                }
            }
        }
        Value::Array(items) => items.iter_mut().for_each(strip_addresses),
        _ => {}
    }
}
