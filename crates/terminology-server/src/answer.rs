//! What a server answers.

use json::Value;
use validation::Decision;

use crate::question::Question;

/// The server does not know the value set or the code system.
pub(crate) const NOT_KNOWN: &str =
    "the terminology server does not know the value set or the code system";
/// The server refused the question.
pub(crate) const REFUSED: &str = "the terminology server could not answer the question";

/// Issue types of an OperationOutcome that say that nothing was decided
/// (<http://hl7.org/fhir/R4/valueset-issue-type.html>).
const UNDECIDED: &[&str] = &[
    "not-found",
    "not-supported",
    "too-costly",
    "timeout",
    "transient",
    "throttled",
    "exception",
    "incomplete",
    "processing",
    "security",
    "login",
    "forbidden",
    "no-store",
    "lock-error",
];

/// Parameters by which servers say that they lack what they would need.
const LACKING: &[&str] = &[
    "x-unknown-system",
    "x-caused-by-unknown-system",
    "x-unknown-valueset",
];

/// The decision that an answer holds; `None` when it is no answer to `$validate-code` at all.
///
/// The server's own words are not passed on: they quote the code.
pub(crate) fn read(answer: &Value) -> Option<Decision> {
    if answer.text("resourceType") != Some("Parameters") {
        return None;
    }
    let result = parameter(answer, "result")?
        .get("valueBoolean")?
        .as_bool()?;
    if result {
        return Some(Decision::Valid);
    }
    let lacks = answer
        .each("parameter")
        .any(|one| one.text("name").is_some_and(|name| LACKING.contains(&name)));
    let issues = parameter(answer, "issues").and_then(|one| one.get("resource"));
    if lacks || issues.is_some_and(is_undecided) {
        return Some(Decision::Unknown(Some(NOT_KNOWN.to_owned())));
    }
    Some(Decision::Invalid(None))
}

/// Whether the issues say that something was missing. A code that is nowhere is told as an invalid
/// code, and what is not there as not found.
fn is_undecided(outcome: &Value) -> bool {
    outcome.each("issue").any(|issue| {
        let kind = issue
            .get("details")
            .into_iter()
            .flat_map(|details| details.each("coding"))
            .find(|coding| {
                coding.text("system") == Some("http://hl7.org/fhir/tools/CodeSystem/tx-issue-type")
            })
            .and_then(|coding| coding.text("code"));
        match kind {
            Some(kind) => matches!(kind, "not-found" | "vs-invalid" | "cannot-infer"),
            None => issue
                .text("code")
                .is_some_and(|code| UNDECIDED.contains(&code)),
        }
    })
}

/// Whether an answer says of itself that it is the answer to a question: it names the same code, and
/// the same system where it names one. `None` when it does not say.
pub(crate) fn is_of(answer: &Value, question: &Question) -> Option<bool> {
    let code = parameter(answer, "code")?;
    let code = code
        .text("valueCode")
        .or_else(|| code.text("valueString"))?;
    let system = parameter(answer, "system").and_then(|system| system.text("valueUri"));
    let same_system = match (system, &question.system) {
        (Some(named), Some(asked)) => named == asked,
        (_, None) => true,
        (None, Some(_)) => return None,
    };
    Some(same_system && code == question.code)
}

fn parameter<'v>(answer: &'v Value, name: &str) -> Option<&'v Value> {
    answer
        .each("parameter")
        .find(|one| one.text("name") == Some(name))
}
