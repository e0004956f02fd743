//! Reading what PDS answers.

use identity::{Claim, Known, Linking, NHS_NUMBER_SYSTEM, NhsNumber, Party, Record, link};
use jiff::Timestamp;
use json::Value;

use crate::error::Error;
use crate::trace::{Confidentiality, Outcome, Trace};

/// A Patient that PDS answered with, against what the record says.
///
/// # Errors
/// [`Error::Unexpected`] when it is not a Patient with an NHS number as PDS serves it.
pub(crate) fn found(asked: &NhsNumber, claim: &Claim, body: &[u8]) -> Result<Trace, Error> {
    let unexpected = |code: &str| Error::Unexpected {
        status: 200,
        code: Some(code.to_owned()),
    };
    let patient = json::parse(body).map_err(|_| unexpected("not JSON"))?;
    if patient.text("resourceType") != Some("Patient") {
        return Err(unexpected("not a Patient"));
    }
    let id: NhsNumber = patient
        .text("id")
        .and_then(|id| id.parse().ok())
        .ok_or_else(|| unexpected("no NHS number as id"))?;
    let same_identifier = patient
        .each("identifier")
        .filter(|identifier| identifier.text("system") == Some(NHS_NUMBER_SYSTEM))
        .all(|identifier| {
            identifier.text("value").and_then(|v| v.parse().ok()) == Some(id.clone())
        });
    if !same_identifier {
        return Err(unexpected("id and identifier differ"));
    }
    let security = security(&patient);
    if security == Some("REDACTED") {
        return Ok(nobody(Outcome::Invalidated));
    }
    let (agrees, against) = compare(claim, &patient, &id);
    let outcome = if id != *asked {
        Outcome::Superseded { by: id, agrees }
    } else if agrees {
        Outcome::Verified
    } else {
        Outcome::Mismatch { against }
    };
    Ok(Trace {
        outcome,
        confidentiality: Some(match security {
            Some("U") => Confidentiality::Unrestricted,
            Some("R") => Confidentiality::Restricted,
            Some("V") => Confidentiality::VeryRestricted,
            _ => Confidentiality::Unknown,
        }),
        deceased: patient.get("deceasedDateTime").is_some()
            || patient.get("deceasedBoolean").and_then(Value::as_bool) == Some(true),
        at: Timestamp::now(),
    })
}

/// The one confidentiality code; two that differ say nothing.
fn security(patient: &Value) -> Option<&str> {
    let mut codes = patient
        .get("meta")?
        .each("security")
        .filter_map(|coding| coding.text("code"));
    let first = codes.next()?;
    codes.all(|other| other == first).then_some(first)
}

/// The rule for linking, between the record and the person of PDS: under the number that PDS answers
/// with, for whether it is the one that was asked for is another question.
fn compare(
    claim: &Claim,
    patient: &Value,
    id: &NhsNumber,
) -> (bool, std::collections::BTreeSet<identity::Point>) {
    let (ours, theirs) = (Record::new("asked", ""), Record::new("pds", ""));
    let mut claim = claim.clone();
    claim.key.nhs_number = Some(id.clone());
    let mut answer = Claim::of_patient(patient);
    answer.key.nhs_number = Some(id.clone());
    let one = Party {
        record: &ours,
        claim: &claim,
    };
    let other = Party {
        record: &theirs,
        claim: &answer,
    };
    match link(one, other, &Known::default()) {
        Linking::Linked { .. } => (true, Default::default()),
        Linking::Conflict(reasons) => (false, reasons.speaks_against),
        Linking::Apart => (false, Default::default()),
    }
}

/// What PDS says with 404: nobody, or nobody any more. A 404 that PDS did not write is no answer.
pub(crate) fn not_found(body: &[u8]) -> Result<Trace, Error> {
    match outcome_code(body).as_deref() {
        Some("RESOURCE_NOT_FOUND") => Ok(nobody(Outcome::NotFound)),
        Some("INVALIDATED_RESOURCE") => Ok(nobody(Outcome::Invalidated)),
        other => Err(Error::Unexpected {
            status: 404,
            code: other.map(str::to_owned),
        }),
    }
}

fn nobody(outcome: Outcome) -> Trace {
    Trace {
        outcome,
        confidentiality: None,
        deceased: false,
        at: Timestamp::now(),
    }
}

/// The code of an OperationOutcome: a word in capitals, never anything else.
pub(crate) fn outcome_code(body: &[u8]) -> Option<String> {
    let outcome = json::parse(body).ok()?;
    if outcome.text("resourceType") != Some("OperationOutcome") {
        return None;
    }
    let code = outcome
        .each("issue")
        .filter_map(|issue| issue.get("details"))
        .flat_map(|details| details.each("coding"))
        .find_map(|coding| coding.text("code"))?;
    let word = code.len() <= 60
        && code
            .bytes()
            .all(|byte| byte.is_ascii_uppercase() || byte == b'_');
    word.then(|| code.to_owned())
}
