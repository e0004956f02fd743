//! Words that a safety rule prescribes: resuscitation (CS-13), legal authority (CS-14), support
//! reasons (CS-11).

use json::Value;

use super::Described;
use crate::concept::{has_code, words_of};
use crate::place::{AUTHORITY, DNACPR};
use crate::sections::Key;

/// SNOMED CT: a ReSPECT form, as the national record locator types documents.
const RESPECT: &str = "1382601000000107";

pub(super) fn apply(resource: &Value, key: Key, described: &mut Described) {
    match resource.text("resourceType").unwrap_or_default() {
        "Flag" | "Consent" | "Observation" | "Condition" => resuscitation(resource, described),
        "DocumentReference" => respect(resource, described),
        "RelatedPerson" => authority(resource, key, described),
        _ => {}
    }
    if key == Key::SocialCare && resource.text("resourceType") == Some("Condition") {
        described.details.insert(
            0,
            "A reason for support as the council or provider reports it; not a diagnosis"
                .to_owned(),
        );
    }
}

/// Whether a resource is a report that a decision against CPR exists.
pub(crate) fn is_dnacpr(resource: &Value) -> bool {
    let words = words_of(resource, &["code", "category"]);
    has_code(resource, "code", DNACPR)
        || [
            "dnacpr",
            "dnar",
            "not for attempted cardiopulmonary",
            "do not attempt",
            "not for resus",
        ]
        .iter()
        .any(|word| words.contains(word))
}

/// Whether the words deny that a form exists: `DNACPR: No`, `no DNACPR in place`.
fn is_denied(words: &str) -> bool {
    words.lines().any(|line| {
        let tokens: Vec<&str> = line
            .split(|c: char| !c.is_alphanumeric())
            .filter(|token| !token.is_empty())
            .collect();
        matches!(
            tokens.as_slice(),
            ["no" | "without", ..]
                | [
                    ..,
                    "no" | "n" | "none" | "withdrawn" | "revoked" | "removed" | "cancelled"
                ]
        ) || matches!(tokens.as_slice(), ["for", "cpr", ..])
            || tokens
                .windows(2)
                .any(|pair| matches!(pair, ["not", "in"] | ["no", "dnacpr" | "dnar"]))
            || tokens
                .windows(3)
                .any(|three| matches!(three, [before, "for", "cpr"] if *before != "not"))
    })
}

/// Whether the words name a ReSPECT form.
fn names_respect(words: &str) -> bool {
    words
        .split(|c: char| !c.is_alphanumeric())
        .any(|word| word == "respect")
}

const NOT_A_DECISION: &str =
    "A ReSPECT form is not in itself a decision against CPR; read the original";

fn resuscitation(resource: &Value, described: &mut Described) {
    let respect = names_respect(&words_of(resource, &["code"]));
    if !is_dnacpr(resource) {
        if respect && resource.text("resourceType") == Some("Flag") {
            described.caution = Some(NOT_A_DECISION.to_owned());
        }
        return;
    }
    if is_denied(&words_of(resource, &["code"])) {
        described.caution =
            Some("This does not mean that the person is for CPR; ask for the original".to_owned());
        return;
    }
    // Only that it exists and where to ask, never a summary of the decision.
    let which = match respect {
        true => "DNACPR or ReSPECT",
        false => "DNACPR",
    };
    // A mapping that words it so already says who reports it: a day centre is no home.
    if !described
        .what
        .ends_with(" reports a form exists; check the original")
    {
        described.what = format!("{which}: the home reports a form exists; check the original");
    }
    described.details.clear();
    described.caution = Some(
        "This is not the decision itself. Its absence elsewhere would not mean \"for CPR\""
            .to_owned(),
    );
}

fn respect(resource: &Value, described: &mut Described) {
    let words = words_of(resource, &["type", "category", "description"]);
    if has_code(resource, "type", RESPECT) || names_respect(&words) {
        described.caution = Some(NOT_A_DECISION.to_owned());
    }
}

fn authority(resource: &Value, key: Key, described: &mut Described) {
    let words = words_of(resource, &["relationship"]);
    let holds = AUTHORITY.iter().any(|word| words.contains(word));
    if key == Key::Legal {
        let mut missing = Vec::new();
        if words.contains("attorney") || words.contains("lpa") {
            if !["health", "welfare", "property", "financ"]
                .iter()
                .any(|w| words.contains(w))
            {
                missing.push("The type of authority is not stated");
            }
            if !words.contains("regist") {
                missing.push("Whether registration was seen is not stated");
            }
        }
        described.caution = (!missing.is_empty()).then(|| missing.join(". "));
    }
    let next_of_kin = ["next of kin", "next-of-kin", "nok", "nearest relative"]
        .iter()
        .any(|word| words.contains(word))
        || has_code(resource, "relationship", "N");
    if key == Key::Contacts && next_of_kin {
        described.caution = Some(if holds {
            "Next of kin is not itself legal authority; for authority held see Legal information"
                .to_owned()
        } else {
            "Next of kin is not legal authority".to_owned()
        });
    }
}
