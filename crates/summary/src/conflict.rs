//! Statements that disagree, shown together and never resolved (CS-10, CS-12).

use std::collections::BTreeMap;

use crate::concept::{code_of, codings, concepts_of, fold, words_of};
use crate::describe::dose_signature;
use crate::sections::Key;
use crate::statement::{Statement, same_concept, subject_matter};

/// SNOMED CT findings that deny allergies: no known allergy, and its kinds.
const NO_KNOWN: &[&str] = &[
    "716186003",
    "409137002",
    "428607008",
    "429625007",
    "428197003",
    "716184000",
    "716185004",
    "1003774007",
    "787480003",
];

/// Words that deny allergies in the text of a source. They make no coded statement; they only
/// bring the contradiction to light.
const DENIALS: &[&str] = &[
    "nkda",
    "nka",
    "nkma",
    "nil known",
    "none known",
    "nil",
    "none",
    "nkfa",
];

/// Marks every statement that another contradicts.
pub(crate) fn mark(statements: &mut [Statement]) {
    allergies(statements);
    medicines(statements);
}

fn in_section(statement: &Statement, key: Key) -> bool {
    statement.shown.iter().any(|(shown, _)| *shown == key)
}

/// Whether a statement says that no allergy (of some kind) is known.
pub(crate) fn denies_allergies(statement: &Statement) -> bool {
    if concepts_of(&statement.resource, "code")
        .flat_map(codings)
        .any(|coding| {
            coding
                .text("code")
                .is_some_and(|code| NO_KNOWN.contains(&code))
        })
    {
        return true;
    }
    words_of(&statement.resource, &["code"])
        .lines()
        .any(|line| {
            let bare = line.trim_end_matches(|c: char| !c.is_alphanumeric());
            DENIALS.contains(&bare)
                || bare.starts_with("nkda")
                || [
                    "no known",
                    "no allerg",
                    "nil known",
                    "none known",
                    "no drug allerg",
                ]
                .iter()
                .any(|start| bare.starts_with(start))
        })
}

fn allergies(statements: &mut [Statement]) {
    let mut denials = Vec::new();
    let mut substances = Vec::new();
    for (index, statement) in statements.iter().enumerate() {
        if !in_section(statement, Key::Allergies) {
            continue;
        }
        let inactive = matches!(
            code_of(&statement.resource, "clinicalStatus"),
            Some("inactive" | "resolved")
        );
        let refuted = code_of(&statement.resource, "verificationStatus") == Some("refuted");
        if denies_allergies(statement) {
            denials.push(index);
        } else if !inactive && !refuted {
            substances.push(index);
        }
    }
    let words = (!denials.is_empty() && !substances.is_empty()).then_some(
        "CONFLICT: one record says that no allergies are known and another names a substance. \
         Both are shown; treat the person as allergic until somebody has checked",
    );
    for index in denials.iter().chain(&substances) {
        set(statements, *index, words.map(str::to_owned));
    }
    // One substance held true by one source and refuted or resolved by another.
    for one in 0..statements.len() {
        for other in (one + 1)..statements.len() {
            let (Some(a), Some(b)) = (statements.get(one), statements.get(other)) else {
                continue;
            };
            if in_section(a, Key::Allergies)
                && in_section(b, Key::Allergies)
                && same_concept(&subject_matter(a), &subject_matter(b))
                && ["clinicalStatus", "verificationStatus"]
                    .iter()
                    .any(|name| code_of(&a.resource, name) != code_of(&b.resource, name))
            {
                let words =
                    "CONFLICT: the records differ on the status of this allergy. Both are shown";
                for index in [one, other] {
                    set(statements, index, Some(words.to_owned()));
                }
            }
        }
    }
}

fn set(statements: &mut [Statement], index: usize, words: Option<String>) {
    if let (Some(statement), Some(words)) = (statements.get_mut(index), words)
        && statement.conflict.is_none()
    {
        statement.conflict = Some(words);
    }
}

/// Words of form that stand at the end of a medicine's name.
const FORMS: &[&str] = &[
    "tablet",
    "tablets",
    "tab",
    "tabs",
    "capsule",
    "capsules",
    "caps",
    "cap",
    "oral",
    "solution",
    "suspension",
    "liquid",
    "cream",
    "ointment",
    "patch",
    "patches",
    "inhaler",
    "injection",
    "drops",
    "spray",
    "gel",
    "mr",
    "sr",
    "xl",
    "ec",
    "gr",
    "modified",
    "release",
    "modified-release",
    "dispersible",
    "soluble",
    "effervescent",
    "sachet",
    "sachets",
];

/// The name of a medicine without strength and form, for bringing records of what may be one
/// medicine together; never for making one record of them.
pub(crate) fn base_name(name: &str) -> String {
    let folded = fold(name);
    let mut words: Vec<&str> = folded
        .split([' ', ',', '('])
        .filter(|word| !word.is_empty())
        .take_while(|word| !word.starts_with(|c: char| c.is_ascii_digit()))
        .collect();
    while words.len() > 1 && words.last().is_some_and(|word| FORMS.contains(word)) {
        words.pop();
    }
    words.join(" ")
}

fn medicines(statements: &mut [Statement]) {
    let mut groups: BTreeMap<String, Vec<usize>> = BTreeMap::new();
    for (index, statement) in statements.iter().enumerate() {
        if let Some(name) = &statement.medicine {
            let base = base_name(name);
            if !base.is_empty() {
                groups.entry(base).or_default().push(index);
            }
        }
    }
    for members in groups.into_values().filter(|members| members.len() > 1) {
        let said: Vec<(String, String, bool)> = members
            .iter()
            .filter_map(|index| statements.get(*index))
            .map(|statement| {
                (
                    statement.medicine.as_deref().map(fold).unwrap_or_default(),
                    dose_signature(&statement.resource),
                    statement.ended,
                )
            })
            .collect();
        let differ = |get: &dyn Fn(&(String, String, bool)) -> String| {
            let mut values: Vec<String> = said.iter().map(get).collect();
            values.sort();
            values.dedup();
            values.len() > 1
        };
        if said.iter().all(|(_, _, ended)| *ended) {
            continue;
        }
        let words = if differ(&|(_, _, ended)| ended.to_string()) {
            "CONFLICT: one record says that this medicine has stopped and another that it is taken. \
             Both are shown; check before acting"
        } else if differ(&|(_, dose, _)| dose.clone()) {
            "CONFLICT: the records of this medicine differ in dose. All are shown; check before acting"
        } else if differ(&|(name, _, _)| name.clone()) {
            "CONFLICT: these may be records of one medicine in different strengths or forms. All are \
             shown; check before acting"
        } else {
            continue;
        };
        for index in members {
            set(statements, index, Some(words.to_owned()));
        }
    }
}
