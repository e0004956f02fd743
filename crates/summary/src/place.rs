//! Which section a resource belongs to, decided by what it says, never by who sent it.

use json::Value;

use crate::concept::{code_of, has_code, words_of};
use crate::sections::Key;

/// SNOMED CT: not for attempted cardiopulmonary resuscitation.
pub(crate) const DNACPR: &str = "450476008";

/// What becomes of a resource.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Placed {
    /// It is a statement of these sections; it is described in each.
    In(Vec<Key>),
    /// It is shown only where something refers to it.
    Support,
    /// It is no longer in force: not shown, but the section says that there is such a thing.
    Over(Key),
    /// It is not part of a summary: an error, an event of routine.
    NotShown,
}

fn one(key: Key) -> Placed {
    Placed::In(vec![key])
}

/// The place of a resource.
pub(crate) fn place(resource: &Value) -> Placed {
    if is_error(resource) {
        return Placed::NotShown;
    }
    match resource.text("resourceType").unwrap_or_default() {
        "AllergyIntolerance" => one(Key::Allergies),
        "MedicationStatement" | "MedicationRequest" => one(Key::Medications),
        "Condition" => one(condition(resource)),
        "Flag" => flag(resource),
        "Observation" => one(observation(resource)),
        "RelatedPerson" => related_person(resource),
        "Consent" => ended_or(resource, &["rejected", "inactive"], consent(resource)),
        "DocumentReference" => document(resource),
        "QuestionnaireResponse" | "Goal" => one(Key::PatientStory),
        "CarePlan" => ended_or(resource, &["revoked"], Key::PlanOfCare),
        "ClinicalImpression" => one(Key::FunctionalStatus),
        "RiskAssessment" => one(Key::Risks),
        "EpisodeOfCare" => ended_or(resource, &["cancelled"], Key::SocialCare),
        "Task" | "ServiceRequest" => ended_or(
            resource,
            &["cancelled", "rejected", "revoked"],
            Key::SocialCare,
        ),
        "DeviceRequest" => ended_or(resource, &["revoked"], Key::SocialCare),
        "CareTeam" | "PractitionerRole" => one(Key::Contacts),
        "Immunization" => match resource.text("status") {
            Some("completed") => one(Key::Immunisations),
            _ => Placed::Over(Key::Immunisations),
        },
        "Procedure" => ended_or(resource, &["not-done"], Key::Procedures),
        "DeviceUseStatement" => one(Key::MedicalDevices),
        "DiagnosticReport" => one(Key::Results),
        "Encounter" | "Appointment" => ended_or(resource, &["cancelled"], Key::Encounters),
        "NutritionOrder" | "Communication" | "Media" | "List" => one(Key::Other),
        "Organization" | "Practitioner" | "Medication" | "Location" | "HealthcareService"
        | "Device" | "Substance" | "Questionnaire" => Placed::Support,
        // Doses given, submissions, audit and the like: not statements about what is true now.
        _ => Placed::NotShown,
    }
}

fn is_error(resource: &Value) -> bool {
    resource.text("status") == Some("entered-in-error")
        || code_of(resource, "verificationStatus") == Some("entered-in-error")
}

fn ended_or(resource: &Value, gone: &[&str], key: Key) -> Placed {
    match resource.text("status") {
        Some(status) if gone.contains(&status) => Placed::Over(key),
        _ => one(key),
    }
}

fn condition(resource: &Value) -> Key {
    let category = words_of(resource, &["category"]);
    let has = |words: &[&str]| words.iter().any(|word| category.contains(word));
    if has(&[
        "social care",
        "social-care",
        "support reason",
        "primary support",
    ]) {
        return Key::SocialCare;
    }
    if has(&["functional", "need", "disability"]) {
        return Key::FunctionalStatus;
    }
    match code_of(resource, "clinicalStatus") {
        Some("inactive" | "remission" | "resolved") => Key::PastProblems,
        _ => Key::Problems,
    }
}

fn flag(resource: &Value) -> Placed {
    let placed = in_force(resource);
    match (resource.text("status"), placed) {
        (Some("active"), placed) => Placed::In(placed),
        (_, placed) => Placed::Over(placed.first().copied().unwrap_or(Key::Alerts)),
    }
}

/// The sections of a flag that is in force.
fn in_force(resource: &Value) -> Vec<Key> {
    let words = words_of(resource, &["category", "code"]);
    if has_code(resource, "code", "1108111000000107") || words.contains("reasonable adjustment") {
        return vec![Key::Adjustments];
    }
    // Legal matters belong to Legal information; that someone is deprived of liberty is an alert too.
    let deprived = [
        "dols",
        "deprivation of liberty",
        "community dol",
        "liberty protection",
    ]
    .iter()
    .any(|word| words.contains(word));
    match (deprived, words.contains("legal information")) {
        (true, _) => vec![Key::Alerts, Key::Legal],
        (false, true) => vec![Key::Legal],
        (false, false) => vec![Key::Alerts],
    }
}

/// Vital signs by code where a source gives no category: the SNOMED CT and LOINC codes of the UK
/// Core vital-sign profiles.
const VITAL_CODES: &[&str] = &[
    "27113001",
    "29463-7",
    "50373000",
    "8302-2",
    "60621009",
    "39156-5",
    "78564009",
    "364075005",
    "8867-4",
    "103228002",
    "431314004",
    "2708-6",
    "59408-5",
    "86290005",
    "9279-1",
    "386725007",
    "8310-5",
    "75367002",
    "85354-9",
    "271649006",
    "8480-6",
    "271650006",
    "8462-4",
    "1104051000000101",
];

fn observation(resource: &Value) -> Key {
    let words = words_of(resource, &["category"]);
    let has = |words: &str, list: &[&str]| list.iter().any(|word| words.contains(word));
    if words.contains("vital-signs") || VITAL_CODES.iter().any(|c| has_code(resource, "code", c)) {
        return Key::VitalSigns;
    }
    if has(&words, &["social-history", "social history"]) {
        return Key::SocialHistory;
    }
    if has(&words, &["laboratory", "imaging", "pathology"]) {
        return Key::Results;
    }
    let code = words_of(resource, &["code"]);
    if has(&words, &["risk"]) || code.starts_with("risk") {
        return Key::Risks;
    }
    if has(&words, &["preference", "about me", "about-me", "wish"])
        || has(&code, &["preference", "about me"])
    {
        return Key::PatientStory;
    }
    if has(&words, &["legal", "capacity"])
        || has(&code, &["mental capacity", "deprivation of liberty"])
    {
        return Key::Legal;
    }
    if has(
        &words,
        &["survey", "exam", "assessment", "functional", "activity"],
    ) {
        return Key::Assessments;
    }
    Key::Other
}

/// Words that name legal authority to decide for a person (CS-14).
pub(crate) const AUTHORITY: &[&str] = &[
    "power of attorney",
    "lpa",
    "attorney",
    "powatt",
    "deputy",
    "guardian",
    "court of protection",
    "appointee",
];

fn related_person(resource: &Value) -> Placed {
    if resource.get("active").and_then(Value::as_bool) == Some(false) {
        return Placed::Over(Key::Contacts);
    }
    let words = words_of(resource, &["relationship"]);
    if AUTHORITY.iter().any(|word| words.contains(word)) {
        Placed::In(vec![Key::Legal, Key::Contacts])
    } else {
        one(Key::Contacts)
    }
}

fn consent(resource: &Value) -> Key {
    let words = words_of(resource, &["scope", "category"]);
    if [
        "adr",
        "acd",
        "advance",
        "dnr",
        "resuscitation",
        "treatment decision",
    ]
    .iter()
    .any(|word| words.contains(word))
    {
        Key::AdvanceDirectives
    } else {
        Key::Legal
    }
}

/// Document types that are advance care planning (the national record locator's types).
const ADVANCE_DOCUMENTS: &[&str] = &[
    "1382601000000107",
    "887701000000100",
    "861421000000109",
    "736373009",
    "736366004",
    "735324008",
];
/// Document types that are plans.
const PLAN_DOCUMENTS: &[&str] = &["325691000000100", "736253002", "2181441000000107"];

fn document(resource: &Value) -> Placed {
    if resource
        .text("status")
        .is_some_and(|status| status != "current")
    {
        return Placed::Over(Key::Documents);
    }
    let typed = |codes: &[&str]| codes.iter().any(|code| has_code(resource, "type", code));
    let words = words_of(resource, &["type", "category", "description"]);
    let has = |list: &[&str]| list.iter().any(|word| words.contains(word));
    let respect = words.split_whitespace().any(|word| word == "respect");
    one(
        if typed(ADVANCE_DOCUMENTS)
            || respect
            || has(&["advance", "end of life", "treatment escalation", "dnacpr"])
        {
            Key::AdvanceDirectives
        } else if typed(PLAN_DOCUMENTS) || has(&["care plan", "support plan", "contingency plan"]) {
            Key::PlanOfCare
        } else if typed(&["1515861000000103", "1515851000000101"]) || has(&["about me"]) {
            Key::PatientStory
        } else {
            Key::Documents
        },
    )
}
