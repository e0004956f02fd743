//! A statement: one thing said of the person, by one or several sources, as an entry of a section.

use json::{Object, Value};

use crate::concept::{codings, fold};
use crate::describe::{Described, dose_signature};
use crate::gather::Local;
use crate::sections::Key;

/// Who said it, and as of when.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Cited {
    /// The index of the contribution among those used.
    pub(crate) contribution: usize,
    /// The source's name.
    pub(crate) source: String,
    /// As of when the source says it.
    pub(crate) as_of: Option<String>,
    /// When it was received.
    pub(crate) received: jiff::Timestamp,
}

/// One entry of one or more sections.
#[derive(Debug, Clone)]
pub(crate) struct Statement {
    pub(crate) urn: String,
    /// `Type/id` of the resource that stands for it, in the contribution it came from.
    pub(crate) home: Local,
    pub(crate) resource: Value,
    pub(crate) shown: Vec<(Key, Described)>,
    pub(crate) cited: Vec<Cited>,
    pub(crate) conflict: Option<String>,
    /// The medicine's name in words, for medicines.
    pub(crate) medicine: Option<String>,
    /// A medicine that is no longer taken: shown only beside a source that says otherwise.
    pub(crate) ended: bool,
}

/// Members that are about the record rather than about the person: they may differ between two
/// sources that say the same thing.
const BOOKKEEPING: &[&str] = &[
    "id",
    "meta",
    "text",
    "implicitRules",
    "language",
    "identifier",
    "subject",
    "patient",
    "recorder",
    "asserter",
    "author",
    "informationSource",
    "recordedDate",
    "dateAsserted",
    "basedOn",
    "partOf",
    "derivedFrom",
    "medicationReference",
    "medicationCodeableConcept",
    "code",
    "dosage",
    "dosageInstruction",
    "requester",
    "_effectiveDateTime",
    "for",
    "beneficiary",
];

/// What must be equal before two statements are one: type, details and statuses, and the dose.
/// What is said (code or text) is compared by [`same_concept`].
pub(crate) fn signature(resource: &Value) -> String {
    let mut rest = Object::new();
    let mut names: Vec<(&str, &Value)> = resource
        .as_object()
        .into_iter()
        .flat_map(Object::iter)
        .filter(|(name, _)| !BOOKKEEPING.contains(name))
        .collect();
    names.sort_unstable_by_key(|(name, _)| *name);
    for (name, value) in names {
        rest.insert(name, normal(value));
    }
    let mut text = Value::Object(rest).to_string();
    text.push('\n');
    text.push_str(&dose_signature(resource));
    text
}

/// A value in which what is only presentation is folded: displays go where a code says the same,
/// words are folded, references keep only that they exist.
fn normal(value: &Value) -> Value {
    match value {
        Value::String(text) => Value::from(fold(text)),
        Value::Array(items) => items.iter().map(normal).collect(),
        Value::Object(object) => {
            let coded = object.contains("system") && object.contains("code");
            let mut out = Object::new();
            let mut members: Vec<_> = object.iter().collect();
            members.sort_unstable_by_key(|(name, _)| *name);
            for (name, value) in members {
                match name {
                    "display" | "userSelected" | "version" if coded => {}
                    "reference" | "identifier" | "id" => {}
                    _ => drop(out.insert(name, normal(value))),
                }
            }
            Value::Object(out)
        }
        other => other.clone(),
    }
}

/// Whether two concepts say the same: a code of one system in both, or, where one of them has no
/// code in a system that the other uses, the same text. Two different codes are never the same.
pub(crate) fn same_concept(one: &Value, other: &Value) -> bool {
    let key = |coding: &Value| {
        Some((
            coding.text("system")?.to_owned(),
            coding.text("code")?.to_owned(),
        ))
    };
    let ours: Vec<_> = codings(one).filter_map(key).collect();
    let theirs: Vec<_> = codings(other).filter_map(key).collect();
    let shared_system = ours
        .iter()
        .any(|(system, _)| theirs.iter().any(|(theirs, _)| theirs == system));
    if shared_system {
        return ours.iter().any(|coding| theirs.contains(coding));
    }
    match (words(one), words(other)) {
        (Some(one), Some(other)) => one == other,
        _ => false,
    }
}

/// The words of a concept, folded: its text, else the display of a coding.
fn words(concept: &Value) -> Option<String> {
    concept
        .text("text")
        .or_else(|| codings(concept).find_map(|coding| coding.text("display")))
        .map(fold)
        .filter(|words| !words.is_empty())
}

/// The concept that says what a statement is about.
pub(crate) fn subject_matter(statement: &Statement) -> Value {
    let resource = &statement.resource;
    for name in ["code", "medicationCodeableConcept", "vaccineCode", "type"] {
        match resource.get(name) {
            Some(value @ Value::Object(_)) => return value.clone(),
            Some(Value::Array(items)) => {
                if let Some(first @ Value::Object(_)) = items.first() {
                    return first.clone();
                }
            }
            _ => {}
        }
    }
    let what = statement
        .medicine
        .clone()
        .or_else(|| {
            statement
                .shown
                .first()
                .map(|(_, described)| described.what.clone())
        })
        .unwrap_or_default();
    Value::Object(Object::new().with("text", what))
}

/// Types of which each record is an event or a person of its own: two of them are two, however
/// alike they look.
const EACH_ITS_OWN: &[&str] = &[
    "Observation",
    // Two organisations that each give a service give two.
    "EpisodeOfCare",
    "Task",
    "ServiceRequest",
    "Encounter",
    "Appointment",
    "Procedure",
    "DiagnosticReport",
    "QuestionnaireResponse",
    "DocumentReference",
    "ClinicalImpression",
];

/// Makes identical statements one entry that cites every source (CS-12). Within one contribution
/// nothing collapses: a source that says a thing twice may mean two things.
pub(crate) fn collapse(statements: Vec<Statement>) -> (Vec<Statement>, Vec<(Local, String)>) {
    let mut kept: Vec<(String, Statement)> = Vec::new();
    let mut aliases = Vec::new();
    for statement in statements {
        let type_name = statement.resource.text("resourceType").unwrap_or_default();
        let signature = format!("{type_name}\n{}", signature(&statement.resource));
        let matter = subject_matter(&statement);
        let candidates = match EACH_ITS_OWN.contains(&type_name) {
            true => 0,
            false => kept.len(),
        };
        let twin = kept.iter_mut().take(candidates).find(|(other, kept)| {
            *other == signature
                && kept
                    .cited
                    .iter()
                    .all(|cited| cited.contribution != statement.home.0)
                && same_concept(&subject_matter(kept), &matter)
                && same_people(&kept.resource, &statement.resource)
        });
        match twin {
            Some((_, twin)) => {
                aliases.push((statement.home.clone(), twin.urn.clone()));
                unite(twin, statement);
            }
            None => kept.push((signature, statement)),
        }
    }
    (
        kept.into_iter().map(|(_, statement)| statement).collect(),
        aliases,
    )
}

/// Persons are compared by their names, which `signature` already holds; a person without a name
/// is never the same as another.
fn same_people(one: &Value, other: &Value) -> bool {
    let person = |r: &Value| {
        matches!(
            r.text("resourceType"),
            Some("RelatedPerson" | "CareTeam" | "PractitionerRole")
        )
    };
    !(person(one) || person(other)) || (one.get("name").is_some() && other.get("name").is_some())
}

/// Lets one statement stand for another as well: the better coded resource stays, the tags and
/// the sources of both are kept.
fn unite(twin: &mut Statement, other: Statement) {
    let count = |statement: &Statement| codings(&subject_matter(statement)).count();
    let tags = |statement: &Statement| -> Vec<Value> {
        statement
            .resource
            .get("meta")
            .into_iter()
            .flat_map(|meta| meta.each("tag"))
            .cloned()
            .collect()
    };
    let mut all = tags(twin);
    for tag in tags(&other) {
        if !all.contains(&tag) {
            all.push(tag);
        }
    }
    twin.cited.extend(other.cited.iter().cloned());
    twin.cited.sort();
    if count(&other) > count(twin) {
        twin.resource = other.resource;
        twin.shown = other.shown;
        // References inside the resource are those of its own contribution.
        twin.home = other.home;
    }
    if !all.is_empty()
        && let Some(object) = twin.resource.as_object_mut()
    {
        let mut meta = match object.remove("meta") {
            Some(Value::Object(meta)) => meta,
            _ => Object::new(),
        };
        meta.insert("tag", Value::Array(all));
        object.insert("meta", meta);
    }
}
