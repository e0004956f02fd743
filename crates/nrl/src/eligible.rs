//! Whether a person may be pointed to.

use identity::{NHS_NUMBER_SYSTEM, VerificationStatus, verification};
use json::Value;
use store::Traced;

/// A person who may be pointed to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Eligibility {
    /// The NHS number.
    pub nhs_number: String,
}

/// Why a person is not pointed to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Ineligible {
    /// The record has no valid NHS number, or more than one.
    NoNumber,
    /// Nobody has traced the number, or it was traced with another outcome than 01.
    NotTraced,
    /// The person has died: T13, and the locator's own rule.
    Died,
    /// The person is restricted or very restricted: T11.
    Restricted,
    /// The source no longer reports the person.
    NoLongerReported,
}

/// Decides it of a stored Patient and the outcome of its trace, which must be of what the Patient
/// says now.
///
/// # Errors
/// The first reason not to.
pub fn eligible(patient: &Value, traced: Option<&Traced>) -> Result<Eligibility, Ineligible> {
    if patient.get("active").and_then(Value::as_bool) == Some(false) {
        return Err(Ineligible::NoLongerReported);
    }
    let restricted = patient
        .get("meta")
        .into_iter()
        .flat_map(|meta| meta.each("security"))
        .any(|label| matches!(label.text("code"), Some("R" | "V")));
    if restricted || traced.is_some_and(|traced| traced.restricted) {
        return Err(Ineligible::Restricted);
    }
    let died = patient.get("deceasedDateTime").is_some()
        || patient.get("deceasedBoolean").and_then(Value::as_bool) == Some(true);
    if died || traced.is_some_and(|traced| traced.deceased) {
        return Err(Ineligible::Died);
    }
    let number = number(patient).ok_or(Ineligible::NoNumber)?;
    let traced = traced.ok_or(Ineligible::NotTraced)?;
    let same = traced.keys.nhs_number.as_deref() == Some(number.as_str());
    if traced.status != VerificationStatus::Verified || !same || traced.superseded_by.is_some() {
        return Err(Ineligible::NotTraced);
    }
    // A record that says of itself that tracing failed is believed too.
    match verification::of_patient(patient) {
        None | Some(VerificationStatus::Verified | VerificationStatus::NotTraced) => {}
        Some(_) => return Err(Ineligible::NotTraced),
    }
    Ok(Eligibility { nhs_number: number })
}

/// The one valid NHS number of a Patient.
pub(crate) fn number(patient: &Value) -> Option<String> {
    let mut numbers: Vec<String> = patient
        .each("identifier")
        .filter(|identifier| identifier.text("system") == Some(NHS_NUMBER_SYSTEM))
        .filter(|identifier| identifier.text("use") != Some("old"))
        .filter_map(|identifier| {
            identifier
                .text("value")?
                .parse::<identity::NhsNumber>()
                .ok()
        })
        .map(|number| number.as_str().to_owned())
        .collect();
    numbers.sort();
    numbers.dedup();
    match numbers.as_slice() {
        [number] => Some(number.clone()),
        _ => None,
    }
}
