//! Whether an NHS number was traced, as UK Core says it.

use json::{Object, Value};

use crate::NHS_NUMBER_SYSTEM;

/// `Extension-UKCore-NHSNumberVerificationStatus`, on the NHS number of a Patient.
pub const VERIFICATION_EXTENSION: &str =
    "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus";
/// The code system of its values, to which the extension is bound (required).
pub const VERIFICATION_SYSTEM: &str =
    "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatusEngland";

/// The status of an NHS number (`UKCore-NHSNumberVerificationStatusEngland`).
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum VerificationStatus {
    /// 01: there, and traced with agreeing demographics. Nothing else makes a person traced (CS-3).
    Verified,
    /// 02: there, and nobody has traced it.
    NotTraced,
    /// 03: somebody has to trace it.
    TraceRequired,
    /// 04: traced, and nobody or more than one was found.
    NoMatch,
    /// 05: traced, and the number or the person's details conflict with what was found.
    Conflict,
    /// 06: being traced.
    InProgress,
    /// 07: no number, and none needed.
    NotRequired,
    /// 08: not yet: a baby under six weeks.
    Postponed,
}

impl VerificationStatus {
    const ALL: [Self; 8] = [
        Self::Verified,
        Self::NotTraced,
        Self::TraceRequired,
        Self::NoMatch,
        Self::Conflict,
        Self::InProgress,
        Self::NotRequired,
        Self::Postponed,
    ];

    /// The code.
    pub fn code(self) -> &'static str {
        match self {
            Self::Verified => "01",
            Self::NotTraced => "02",
            Self::TraceRequired => "03",
            Self::NoMatch => "04",
            Self::Conflict => "05",
            Self::InProgress => "06",
            Self::NotRequired => "07",
            Self::Postponed => "08",
        }
    }

    /// What the code system calls it.
    pub fn display(self) -> &'static str {
        match self {
            Self::Verified => "Number present and verified",
            Self::NotTraced => "Number present but not traced",
            Self::TraceRequired => "Trace required",
            Self::NoMatch => "Trace attempted - No match or multiple match found",
            Self::Conflict => {
                "Trace needs to be resolved - (NHS number or patient detail conflict)"
            }
            Self::InProgress => "Trace in progress",
            Self::NotRequired => "Number not present and trace not required",
            Self::Postponed => "Trace postponed (baby under six weeks old)",
        }
    }

    /// The status of a code; the words that an older UK Core used in place of `01` are read too.
    pub fn from_code(code: &str) -> Option<Self> {
        if code == "number-present-and-verified" {
            return Some(Self::Verified);
        }
        Self::ALL.into_iter().find(|status| status.code() == code)
    }
}

/// What a Patient says of its NHS number. Where it says two things, it is not traced.
pub fn of_patient(patient: &Value) -> Option<VerificationStatus> {
    let mut said = patient
        .each("identifier")
        .filter(|identifier| identifier.text("system") == Some(NHS_NUMBER_SYSTEM))
        .flat_map(|identifier| identifier.each("extension"))
        .filter(|extension| extension.text("url") == Some(VERIFICATION_EXTENSION))
        .filter_map(|extension| extension.get("valueCodeableConcept"))
        .flat_map(|concept| concept.each("coding"))
        .filter_map(|coding| VerificationStatus::from_code(coding.text("code")?));
    let first = said.next()?;
    if said.all(|other| other == first) {
        Some(first)
    } else {
        Some(VerificationStatus::NotTraced)
    }
}

/// Puts a status on the NHS number of a Patient, in place of the one that is there. Other
/// extensions, and Patients without an NHS number, stay as they are.
pub fn set(patient: &mut Value, status: VerificationStatus) {
    let Some(patient) = patient.as_object_mut() else {
        return;
    };
    let Some(Value::Array(identifiers)) = patient.get_mut("identifier") else {
        return;
    };
    for identifier in identifiers {
        if identifier.text("system") != Some(NHS_NUMBER_SYSTEM) {
            continue;
        }
        let Some(identifier) = identifier.as_object_mut() else {
            continue;
        };
        let mut extensions = match identifier.remove("extension") {
            Some(Value::Array(extensions)) => extensions,
            _ => Vec::new(),
        };
        extensions.retain(|extension| extension.text("url") != Some(VERIFICATION_EXTENSION));
        extensions.push(extension(status));
        identifier.insert("extension", Value::Array(extensions));
    }
}

fn extension(status: VerificationStatus) -> Value {
    let coding = Object::new()
        .with("system", VERIFICATION_SYSTEM)
        .with("code", status.code())
        .with("display", status.display());
    Object::new()
        .with("url", VERIFICATION_EXTENSION)
        .with(
            "valueCodeableConcept",
            Object::new().with("coding", vec![Value::from(coding)]),
        )
        .into()
}
