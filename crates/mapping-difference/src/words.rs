//! Clinical words for resources and for what changes of them.

use json::Value;

use crate::saying::{Shown, codes, concept_text, said};

/// The system of NHS numbers, as UK Core fixes it for Patient.identifier:nhsNumber.
const NHS_NUMBER_SYSTEM: &str = "https://fhir.nhs.uk/Id/nhs-number";

/// What a resource is, to a clinician.
pub(crate) fn noun(rtype: &str) -> &str {
    match rtype {
        "AllergyIntolerance" => "allergy",
        "Appointment" => "appointment",
        "CarePlan" => "care plan",
        "CareTeam" => "care team",
        "Condition" => "problem",
        "Consent" => "consent",
        "Device" => "device",
        "DeviceRequest" => "equipment request",
        "DeviceUseStatement" => "device in use",
        "DocumentReference" => "document",
        "Encounter" => "contact with care",
        "EpisodeOfCare" => "episode of care",
        "Flag" => "alert",
        "Goal" => "goal",
        "Immunization" => "immunisation",
        "Location" => "place",
        "Medication" => "medicinal product",
        "MedicationAdministration" => "dose given",
        "MedicationDispense" => "medicine supplied",
        "MedicationRequest" => "prescription",
        "MedicationStatement" => "medicine",
        "Observation" => "observation",
        "Organization" => "organisation",
        "Patient" => "person's record",
        "Practitioner" => "professional",
        "PractitionerRole" => "professional's role",
        "Procedure" => "procedure",
        "QuestionnaireResponse" => "questionnaire",
        "RelatedPerson" => "contact person",
        "ServiceRequest" => "request",
        "Task" => "task",
        "record" => "record",
        other => other,
    }
}

/// The noun for several.
pub(crate) fn plural(noun: &str) -> String {
    match noun {
        "allergy" => "allergies".to_owned(),
        "person's record" => "people's records".to_owned(),
        "contact with care" => "contacts with care".to_owned(),
        "episode of care" => "episodes of care".to_owned(),
        "device in use" => "devices in use".to_owned(),
        "dose given" => "doses given".to_owned(),
        "medicine supplied" => "medicines supplied".to_owned(),
        "contact person" => "contact persons".to_owned(),
        noun => format!("{noun}s"),
    }
}

/// Whether an element says who somebody is.
pub(crate) fn says_who(rtype: &str, element: &str) -> bool {
    match rtype {
        "Patient" | "RelatedPerson" | "Practitioner" | "Person" => matches!(
            element,
            "identifier" | "name" | "telecom" | "address" | "birthDate" | "contact" | "photo"
        ),
        // Home is where somebody lives.
        "Location" => matches!(element, "address" | "telecom" | "identifier" | "name"),
        _ => element == "identifier",
    }
}

/// Which it is, in the source's own words where they are there.
pub(crate) fn label(rtype: &str, resource: &Value, shown: Shown) -> Option<String> {
    let concept = |name: &str| {
        resource
            .each(name)
            .find_map(concept_text)
            .filter(|text| !text.is_empty())
    };
    let text = |name: &str| resource.text(name).map(str::to_owned);
    let what = match rtype {
        "Patient" => None,
        "MedicationStatement"
        | "MedicationAdministration"
        | "MedicationRequest"
        | "MedicationDispense" => concept("medicationCodeableConcept").or_else(|| {
            resource
                .get("medicationReference")
                .and_then(|reference| reference.text("display"))
                .map(str::to_owned)
        }),
        "Immunization" => concept("vaccineCode"),
        "RelatedPerson" => {
            if shown.names {
                name_of(resource).or_else(|| concept("relationship"))
            } else {
                concept("relationship")
            }
        }
        "Practitioner" | "Location" => shown
            .names
            .then(|| name_of(resource).or_else(|| text("name")))
            .flatten(),
        "Organization" => text("name"),
        "DocumentReference" => text("description").or_else(|| concept("type")),
        "CarePlan" => text("title")
            .or_else(|| text("description"))
            .or_else(|| concept("category")),
        "CareTeam" => text("name"),
        "Goal" => concept("description"),
        "EpisodeOfCare" | "Encounter" => concept("type"),
        "Appointment" => text("description").or_else(|| concept("serviceType")),
        "Consent" => concept("category"),
        _ => concept("code")
            .or_else(|| concept("type"))
            .or_else(|| concept("category")),
    }?;
    let more = match rtype {
        "Observation" => value_of(resource).map(|(_, value)| said(value)),
        "MedicationAdministration" => ["effectiveDateTime", "effectivePeriod"]
            .into_iter()
            .find_map(|name| resource.get(name))
            .map(said),
        _ => None,
    };
    Some(match more {
        Some(more) => format!("{what}, {more}"),
        None => what,
    })
}

/// `value[x]` with its name.
fn value_of(resource: &Value) -> Option<(&str, &Value)> {
    resource
        .as_object()?
        .iter()
        .find(|(name, _)| is_choice(name, "value"))
}

fn is_choice(name: &str, of: &str) -> bool {
    name.strip_prefix(of)
        .and_then(|rest| rest.chars().next())
        .is_some_and(char::is_uppercase)
}

/// The name of somebody.
pub(crate) fn name_of(resource: &Value) -> Option<String> {
    let name = resource
        .each("name")
        .find(|name| name.as_object().is_some())?;
    if let Some(text) = name.text("text") {
        return Some(text.to_owned());
    }
    let mut parts: Vec<&str> = name.each("given").filter_map(Value::as_str).collect();
    parts.extend(name.text("family"));
    (!parts.is_empty()).then(|| parts.join(" "))
}

/// The NHS number of a Patient.
pub(crate) fn nhs_number_of(patient: &Value) -> Option<String> {
    patient
        .each("identifier")
        .find(|identifier| identifier.text("system") == Some(NHS_NUMBER_SYSTEM))
        .and_then(|identifier| identifier.text("value"))
        .map(str::to_owned)
}

/// What an element is called; `None` where only its path says it.
fn called(rtype: &str, element: &str) -> Option<&'static str> {
    Some(match element {
        "status" => "status",
        "clinicalStatus" => "clinical status",
        "verificationStatus" => "certainty",
        "criticality" => "criticality",
        "category" => "category",
        "severity" => "severity",
        "intent" => "intent",
        "priority" => "priority",
        "code" | "medicationCodeableConcept" | "vaccineCode" | "type" => "code",
        "statusReason" => "reason for its status",
        "reaction" => "reaction",
        "dosage" | "dosageInstruction" => "dose",
        "note" => "note",
        "period" => "period",
        "date" | "recordedDate" | "authoredOn" | "dateAsserted" | "issued" | "assertedDate" => {
            "date"
        }
        "relationship" => "relationship",
        "gender" => "gender",
        "deceasedBoolean" | "deceasedDateTime" => "record of death",
        "name" => "name",
        "telecom" => "telephone or email",
        "address" => "address",
        "birthDate" => "birth date",
        "identifier" if rtype == "Patient" => "NHS number or other identifier",
        "identifier" => "identifier",
        "maritalStatus" => "marital status",
        "communication" => "language",
        "contact" => "contact",
        "generalPractitioner" => "GP",
        "managingOrganization" | "serviceProvider" => "organisation",
        "performer" => "performer",
        "subject" | "patient" => "person it is about",
        "interpretation" => "interpretation",
        "component" => "parts",
        "text" => "readable text",
        "description" => "description",
        "title" => "title",
        "content" => "content",
        "meta.profile" => "profile",
        "meta.security" => "security label",
        "meta.tag" => "tag",
        "dataAbsentReason" => "reason for having no value",
        name if is_choice(name, "value") => "value",
        name if is_choice(name, "effective") => "date",
        name if is_choice(name, "onset") => "start",
        name if is_choice(name, "abatement") => "end",
        name if is_choice(name, "occurrence") || is_choice(name, "performed") => "date",
        _ => return None,
    })
}

/// A change in words that go on after the name of the thing: `changes from active to completed`.
pub(crate) fn change(
    rtype: &str,
    element: &str,
    (old, new): (Option<&Value>, Option<&Value>),
    hidden: bool,
) -> String {
    let name = called(rtype, element);
    let shown = name.map_or_else(|| format!("{rtype}.{element}"), str::to_owned);
    if hidden {
        return match (old, new) {
            (None, _) => format!("gets {} {shown}", article(&shown)),
            (_, None) => format!("loses its {shown}"),
            _ => format!("has another {shown}"),
        };
    }
    let is_status = matches!(
        element,
        "status" | "clinicalStatus" | "verificationStatus" | "outcome" | "outcomeStatus"
    );
    if !is_status
        && let (Some(old), Some(new)) = (old, new)
        && let Some(words) = coded_change(old, new)
    {
        return words;
    }
    let quoted = |value: &Value| {
        let text = match status_code(value) {
            Some(code) if is_status => code.to_owned(),
            _ => said(value),
        };
        if is_word(&text) {
            text
        } else {
            format!("“{text}”")
        }
    };
    match (old, new) {
        (Some(old), Some(new)) if matches!(element, "status" | "clinicalStatus") => {
            format!("changes from {} to {}", quoted(old), quoted(new))
        }
        (Some(old), Some(new)) => {
            let (then, now) = (quoted(old), quoted(new));
            if then == now {
                // What differs is beyond what is shown of either.
                format!("changes in its {shown}")
            } else {
                format!("changes its {shown} from {then} to {now}")
            }
        }
        (None, Some(new)) => format!("gets {} {shown}: {}", article(&shown), quoted(new)),
        (Some(old), None) => format!("loses its {shown} ({})", quoted(old)),
        (None, None) => format!("changes in its {shown}"),
    }
}

/// The code of a status, which is a word that people know: `active`.
fn status_code(value: &Value) -> Option<&str> {
    let mut codings = value.each("coding");
    codings.next()?.text("code")
}

/// A concept that gets or loses its code, or is worded otherwise.
fn coded_change(old: &Value, new: &Value) -> Option<String> {
    let (then, now) = (codes(old), codes(new));
    if then == now || (old.get("coding").is_none() && new.get("coding").is_none()) {
        return None;
    }
    if old.text("text") != new.text("text") && !(then.is_empty() || now.is_empty()) {
        return None;
    }
    let worded = match (old.text("text"), new.text("text")) {
        (Some(old), Some(new)) if old != new => {
            format!(" and is worded “{new}” instead of “{old}”")
        }
        _ => String::new(),
    };
    Some(match (then.is_empty(), now.is_empty()) {
        (true, false) => format!("gets a code ({}){worded}", now.join(", ")),
        (false, true) => format!("loses its code ({}){worded}", then.join(", ")),
        _ => format!(
            "changes its code from {} to {}",
            then.join(", "),
            now.join(", ")
        ),
    })
}

/// A code or a number, which needs no quotation marks.
fn is_word(text: &str) -> bool {
    !text.is_empty()
        && text.len() <= 24
        && text
            .chars()
            .all(|c| c.is_ascii_alphanumeric() || "-.:".contains(c))
}

fn article(noun: &str) -> &'static str {
    match noun.chars().next() {
        Some('a' | 'e' | 'i' | 'o' | 'N') => "an",
        _ => "a",
    }
}

/// Words that go on after one thing, as they go on after several.
pub(crate) fn of_several(words: &str) -> String {
    const VERBS: [(&str, &str); 6] = [
        ("changes ", "change "),
        ("gets ", "get "),
        ("loses ", "lose "),
        ("has ", "have "),
        ("is ", "are "),
        ("would ", "would "),
    ];
    let turned = VERBS
        .iter()
        .find_map(|(one, several)| Some(format!("{several}{}", words.strip_prefix(one)?)))
        .unwrap_or_else(|| words.to_owned());
    turned
        .replace(" its ", " their ")
        .replace(" and is ", " and are ")
        .replace(" and says ", " and say ")
}
