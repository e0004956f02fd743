//! Medicines as a care provider records them (CS-12).

use json::Value;

use super::{Described, Lookup, label, referent};
use crate::concept::{choice, concept, concepts, fold, joined, notes, quantity};
use crate::time::readable;

pub(super) fn describe(resource: &Value, resolve: &Lookup<'_>) -> Described {
    let mut details = Vec::new();
    for dosage in doses(resource) {
        label(&mut details, "Dose", dose(dosage));
    }
    label(&mut details, "For", concepts(resource, "reasonCode"));
    label(
        &mut details,
        "Status reason",
        concepts(resource, "statusReason"),
    );
    label(&mut details, "Note", notes(resource));
    Described {
        what: medicine_name(resource, resolve).unwrap_or_default(),
        status: resource.text("status").map(str::to_owned),
        details,
        when: choice(resource, "effective")
            .or_else(|| resource.text("authoredOn").map(readable))
            .or_else(|| resource.text("dateAsserted").map(readable)),
        caution: None,
    }
}

/// The medicine in words.
pub(crate) fn medicine_name(resource: &Value, resolve: &Lookup<'_>) -> Option<String> {
    match resource.get("medicationCodeableConcept") {
        Some(value) => concept(value),
        None => referent(resource.get("medicationReference")?, resolve),
    }
}

fn doses(resource: &Value) -> impl Iterator<Item = &Value> {
    resource
        .each("dosage")
        .chain(resource.each("dosageInstruction"))
}

fn dose(dosage: &Value) -> Option<String> {
    let amounts = dosage.each("doseAndRate").filter_map(|d| choice(d, "dose"));
    let timing = dosage.get("timing").and_then(|timing| {
        joined(
            timing
                .get("code")
                .and_then(concept)
                .into_iter()
                .chain(timing.get("repeat").and_then(repeat)),
        )
    });
    let as_needed = match dosage.get("asNeededBoolean").and_then(Value::as_bool) {
        Some(true) => Some("as needed".to_owned()),
        _ => dosage
            .get("asNeededCodeableConcept")
            .and_then(concept)
            .map(|why| format!("as needed for {why}")),
    };
    joined(
        dosage
            .text("text")
            .map(str::to_owned)
            .into_iter()
            .chain(amounts)
            .chain(timing)
            .chain(concepts(dosage, "route").map(|route| format!("route {route}")))
            .chain(concepts(dosage, "site").map(|site| format!("site {site}")))
            .chain(as_needed)
            .chain(dosage.text("patientInstruction").map(str::to_owned))
            .chain(dosage.get("maxDosePerPeriod").and_then(|max| {
                let numerator = max.get("numerator").and_then(quantity)?;
                let denominator = max.get("denominator").and_then(quantity)?;
                Some(format!("at most {numerator} in {denominator}"))
            })),
    )
}

fn repeat(repeat: &Value) -> Option<String> {
    let number = |name: &str| repeat.get(name)?.as_number().map(|n| n.as_str().to_owned());
    let rhythm = match (
        number("frequency"),
        number("period"),
        repeat.text("periodUnit"),
    ) {
        (Some(times), Some(period), Some(unit)) => {
            Some(format!("{times} time(s) every {period} {unit}"))
        }
        _ => None,
    };
    let at = joined(
        ["timeOfDay", "when", "dayOfWeek"]
            .iter()
            .flat_map(|name| repeat.each(name))
            .filter_map(Value::as_str)
            .map(str::to_owned),
    );
    joined(rhythm.into_iter().chain(at.map(|at| format!("at {at}"))))
}

/// What makes two doses of one medicine the same: all that is said of the dose, folded.
pub(crate) fn dose_signature(resource: &Value) -> String {
    doses(resource)
        .filter_map(dose)
        .map(|words| fold(&words))
        .collect::<Vec<_>>()
        .join("\n")
}
