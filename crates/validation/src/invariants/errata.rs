//! Expressions of R4's own definitions that do not say what their definition asks for in words. HL7
//! has mended them in later versions, and validators read them so.

/// A published expression, and what it was meant to say.
const ERRATA: &[(&str, &str)] = &[
    // ras-2: a prediction without a probability says nothing wrong.
    (
        "probability is decimal implies (probability as decimal) <= 100",
        "(probability.exists() and (probability is decimal)) implies ((probability as decimal) <= 100)",
    ),
    // que-12: two conditions already need to know whether both must hold.
    (
        "enableWhen.count() > 2 implies enableBehavior.exists()",
        "enableWhen.count() >= 2 implies enableBehavior.exists()",
    ),
    // que-7: the answer is a FHIR boolean.
    (
        "operator = 'exists' implies (answer is Boolean)",
        "operator = 'exists' implies (answer is boolean)",
    ),
    // A name that is not there breaks no rule of names, and the whole name must match.
    (
        "name.matches('[A-Z]([A-Za-z0-9_]){0,254}')",
        "name.exists() implies name.matches('^[A-Z]([A-Za-z0-9_]){0,254}$')",
    ),
    // opd-3: a canonical has target profiles as a reference has.
    (
        "targetProfile.exists() implies (type = 'Reference' or type = 'canonical')",
        "targetProfile.exists() implies (type = 'Reference' or type = 'canonical' or type.memberOf('http://hl7.org/fhir/ValueSet/resource-types'))",
    ),
    // app-4: the status is written noshow.
    (
        "Appointment.cancelationReason.exists() implies (Appointment.status='no-show' or Appointment.status='cancelled')",
        "Appointment.cancelationReason.exists() implies (Appointment.status='noshow' or Appointment.status='no-show' or Appointment.status='cancelled')",
    ),
    // bdl-8: an entry without a full URL has none with a version in it.
    (
        "fullUrl.contains('/_history/').not()",
        "fullUrl.exists() implies fullUrl.contains('/_history/').not()",
    ),
    // vs-2: a reason or a value that is there is what is asked for, whatever its type.
    (
        "(component.empty() and hasMember.empty()) implies (dataAbsentReason or value)",
        "(component.empty() and hasMember.empty()) implies (dataAbsentReason.exists() or value.exists())",
    ),
];

/// The expression as it was meant.
pub(super) fn meant(expression: &str) -> &str {
    ERRATA
        .iter()
        .find_map(|(published, meant)| (*published == expression).then_some(*meant))
        .unwrap_or(expression)
}
