//! What never reaches a summary beside safeguarding: where an untraced person lives (CS-3).

use json::Value;

use crate::concept::codings;
use crate::settings::Settings;

/// `Extension-UKCore-NHSNumberVerificationStatus`, on the NHS number of a Patient.
const VERIFICATION: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus";

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
