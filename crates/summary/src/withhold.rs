//! What never reaches a summary beside safeguarding: where an untraced person lives (CS-3).

use identity::{VerificationStatus, verification};
use json::Value;

use crate::concept::{fold, has_code, words_of};
use crate::settings::Settings;

/// Whether the NHS number of a Patient has been traced: verification status 01 (CS-3).
pub(crate) fn is_traced(patient: &Value) -> bool {
    verification::of_patient(patient) == Some(VerificationStatus::Verified)
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

/// The types whose resources say where a person lives or is: always looked into, and not to be
/// searched by place. Of other types only those are looked into that hold a member of [`MEMBERS`].
pub const LOCATING: &[&str] = &[
    "Patient",
    "RelatedPerson",
    "Encounter",
    "EpisodeOfCare",
    "Organization",
    "Location",
    "Appointment",
];

/// Members by which a resource of any type says where something is.
const MEMBERS: &[&str] = &[
    "address",
    "valueAddress",
    "location",
    "locationReference",
    "locationCode",
];

/// Whether a resource of a type, as JSON text, may say where a person lives: a cheap question that
/// never says no wrongly.
pub fn may_say_where(type_name: &str, body: &str) -> bool {
    LOCATING.contains(&type_name)
        || MEMBERS
            .iter()
            .any(|name| body.contains(&format!("\"{name}\"")))
}

/// Takes out of one resource what says where an untraced person lives (CS-3), for ways out other
/// than a summary; gives back whether anything was taken. Whether the person is traced is known of
/// a Patient only: other types lose it unless the settings publish it.
pub fn withhold_location(resource: &mut Value, settings: &Settings) -> bool {
    let type_name = resource.text("resourceType").unwrap_or_default().to_owned();
    let allowed = match type_name.as_str() {
        "Patient" => may_locate(resource, settings),
        _ => settings.publish_location_of_untraced,
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
/// person's own contact details, links to locations, and who gives a placement, which is the home
/// that the person lives in.
pub(crate) fn strip_location(resource: &mut Value) {
    let type_name = resource.text("resourceType").unwrap_or_default().to_owned();
    if type_name == "EpisodeOfCare" && is_placement(resource) {
        strip_placement(resource);
    }
    if let Some(object) = resource.as_object_mut() {
        for name in ["location", "locationReference", "locationCode"] {
            object.remove(name);
        }
        match type_name.as_str() {
            "Patient" => drop(object.remove("telecom")),
            "Encounter" => {
                if let Some(Value::Object(stay)) = object.get_mut("hospitalization") {
                    stay.remove("origin");
                    stay.remove("destination");
                    if stay.iter().next().is_none() {
                        object.remove("hospitalization");
                    }
                }
            }
            _ => {}
        }
        if let Some(Value::Array(contained)) = object.get_mut("contained") {
            for inner in contained {
                if inner.text("resourceType") == Some("Location")
                    && let Some(inner) = inner.as_object_mut()
                {
                    for name in ["name", "alias", "description", "position", "telecom"] {
                        inner.remove(name);
                    }
                }
            }
        }
    }
    strip_addresses(resource);
}

/// Words in the type of a service that say that the person lives, or stays, where it is given.
const PLACEMENT: &[&str] = &[
    "resident",
    "nursing",
    "care home",
    "placement",
    "accommodation",
    "respite",
    "supported living",
    "shared lives",
    "extra care",
    "sheltered",
    "hospice",
    "prison",
    "bed",
    "stay",
    "lodging",
    "hostel",
    "tenancy",
];

/// Codes of such services in England's shared-care records.
const PLACEMENT_CODES: &[&str] = &[
    "LTS-RS", "LTS-NC", "LTS-P", "LTNC", "LTRC", "STNC", "STRC", "SL", "CSL",
];

/// Whether an episode is, or may be, one of living somewhere: so when it does not say what it is.
fn is_placement(episode: &Value) -> bool {
    let words = words_of(episode, &["type"]);
    words.trim().is_empty()
        || PLACEMENT.iter().any(|word| words.contains(word))
        || PLACEMENT_CODES
            .iter()
            .any(|code| has_code(episode, "type", code))
}

/// Takes out of a placement whose it is, and what its types say with that name in it.
fn strip_placement(episode: &mut Value) {
    let Some(object) = episode.as_object_mut() else {
        return;
    };
    let home = object
        .remove("managingOrganization")
        .and_then(|home| home.text("display").map(fold))
        .filter(|name| !name.is_empty());
    let (Some(home), Some(Value::Array(types))) = (home, object.get_mut("type")) else {
        return;
    };
    for concept in types.iter_mut() {
        if let Some(concept) = concept.as_object_mut()
            && concept
                .get("text")
                .and_then(Value::as_str)
                .is_some_and(|text| fold(text).contains(&home))
        {
            concept.remove("text");
        }
    }
    types.retain(|concept| {
        concept
            .as_object()
            .is_none_or(|c| c.iter().next().is_some())
    });
    if types.is_empty() {
        object.remove("type");
    }
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
