//! A resource in words: what it states, its status, its details, its date. All words are the
//! source's own, verbatim, except where a safety rule prescribes the wording.

mod cautions;
mod medicine;
mod people;

use std::collections::HashMap;

use json::Value;

pub(crate) use cautions::is_dnacpr;
pub(crate) use medicine::{dose_signature, medicine_name};

use crate::concept::{
    choice, code_of, concept, concepts, human_name, joined, notes, period, quantity,
};
use crate::gather::relative;
use crate::sections::Key;
use crate::time::readable;

/// A resource in words.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub(crate) struct Described {
    /// What is stated.
    pub(crate) what: String,
    /// The status in the source's terms.
    pub(crate) status: Option<String>,
    /// Further details, each a phrase.
    pub(crate) details: Vec<String>,
    /// The date or period that the statement is about.
    pub(crate) when: Option<String>,
    /// A sentence that must be read with it.
    pub(crate) caution: Option<String>,
}

/// The resources of one contribution by `Type/id`: finds what a reference points at.
pub(crate) struct Lookup<'a>(pub(crate) HashMap<String, &'a Value>);

impl<'a> Lookup<'a> {
    /// The resource that a reference names, when the contribution holds it.
    pub(crate) fn find(&self, reference: &str) -> Option<&'a Value> {
        self.0.get(relative(reference)?.as_str()).copied()
    }
}

/// Describes a resource as an entry of a section.
pub(crate) fn describe(resource: &Value, key: Key, resolve: &Lookup<'_>) -> Described {
    let mut described = match resource.text("resourceType").unwrap_or_default() {
        "MedicationStatement" | "MedicationRequest" => medicine::describe(resource, resolve),
        "AllergyIntolerance" => allergy(resource),
        "Condition" => condition(resource),
        "Observation" => observation(resource),
        "RelatedPerson" => people::related(resource, key),
        "CareTeam" => people::team(resource, resolve),
        "PractitionerRole" => people::role(resource, resolve),
        "QuestionnaireResponse" => questionnaire(resource),
        "DocumentReference" => document(resource),
        _ => general(resource, resolve),
    };
    cautions::apply(resource, key, &mut described);
    if described.what.trim().is_empty() {
        described.what = "no description given".to_owned();
    }
    described
}

fn status_of(resource: &Value) -> Option<String> {
    resource.text("status").map(str::to_owned)
}

fn label(details: &mut Vec<String>, name: &str, words: Option<String>) {
    details.extend(words.map(|words| format!("{name}: {words}")));
}

/// The date members that say when a statement holds, the most telling first.
fn when(resource: &Value) -> Option<String> {
    const DATES: &[&str] = &[
        "effective",
        "onset",
        "occurrence",
        "performed",
        "timing",
        "executed",
        "period",
        "executionPeriod",
        "start",
        "authoredOn",
        "authored",
        "date",
        "dateTime",
        "created",
        "recordedDate",
        "issued",
        "dateAsserted",
        "startDate",
    ];
    DATES.iter().find_map(|name| {
        choice(resource, name).or_else(|| match resource.get(name) {
            Some(Value::String(date)) => Some(readable(date)),
            Some(value) => period(value),
            None => None,
        })
    })
}

fn allergy(resource: &Value) -> Described {
    let mut details = Vec::new();
    label(&mut details, "Type", concepts(resource, "type"));
    label(&mut details, "Category", concepts(resource, "category"));
    label(
        &mut details,
        "Criticality",
        concepts(resource, "criticality"),
    );
    for reaction in resource.each("reaction") {
        let words = joined(
            concepts(reaction, "manifestation")
                .into_iter()
                .chain(reaction.text("description").map(str::to_owned))
                .chain(reaction.text("severity").map(|s| format!("severity {s}"))),
        );
        label(&mut details, "Reaction", words);
    }
    label(&mut details, "Onset", choice(resource, "onset"));
    label(&mut details, "Note", notes(resource));
    Described {
        what: concepts(resource, "code").unwrap_or_default(),
        status: two_statuses(resource),
        details,
        when: resource
            .text("recordedDate")
            .or_else(|| resource.text("lastOccurrence"))
            .map(readable),
        caution: None,
    }
}

/// Clinical and verification status together; unconfirmed is said in words (CS-11).
fn two_statuses(resource: &Value) -> Option<String> {
    let verification = code_of(resource, "verificationStatus").map(|status| match status {
        "unconfirmed" | "provisional" | "differential" => {
            format!("{status} (reported, not confirmed)")
        }
        other => other.to_owned(),
    });
    let clinical = code_of(resource, "clinicalStatus").map(str::to_owned);
    let words: Vec<String> = clinical.into_iter().chain(verification).collect();
    (!words.is_empty()).then(|| words.join(", "))
}

fn condition(resource: &Value) -> Described {
    let mut details = Vec::new();
    label(&mut details, "Category", concepts(resource, "category"));
    label(&mut details, "Severity", concepts(resource, "severity"));
    label(&mut details, "Site", concepts(resource, "bodySite"));
    label(&mut details, "Ended", choice(resource, "abatement"));
    label(&mut details, "Note", notes(resource));
    Described {
        what: concepts(resource, "code").unwrap_or_default(),
        status: two_statuses(resource),
        details,
        when: choice(resource, "onset")
            .map(|onset| format!("onset {onset}"))
            .or_else(|| resource.text("recordedDate").map(readable)),
        caution: None,
    }
}

fn observation(resource: &Value) -> Described {
    let name = concepts(resource, "code").unwrap_or_default();
    let parts = joined(resource.each("component").filter_map(|component| {
        let name = component.get("code").and_then(concept)?;
        let value = choice(component, "value").or_else(|| reason(component))?;
        Some(format!("{name} {value}"))
    }));
    let value = choice(resource, "value")
        .or_else(|| reason(resource))
        .into_iter()
        .chain(parts);
    let mut details = Vec::new();
    label(
        &mut details,
        "Interpretation",
        concepts(resource, "interpretation"),
    );
    label(&mut details, "Method", concepts(resource, "method"));
    label(&mut details, "Site", concepts(resource, "bodySite"));
    label(&mut details, "Note", notes(resource));
    Described {
        what: match joined(value) {
            Some(value) => format!("{name}: {value}"),
            None => name,
        },
        status: status_of(resource),
        details,
        when: choice(resource, "effective").or_else(|| resource.text("issued").map(readable)),
        caution: None,
    }
}

fn reason(resource: &Value) -> Option<String> {
    concepts(resource, "dataAbsentReason").map(|why| format!("no value ({why})"))
}

fn questionnaire(resource: &Value) -> Described {
    fn answers(item: &Value, depth: usize, out: &mut Vec<String>) {
        let question = item
            .text("text")
            .or_else(|| item.text("linkId"))
            .unwrap_or_default();
        let given = joined(item.each("answer").filter_map(|a| choice(a, "value")));
        out.extend(given.map(|given| format!("{question}: {given}")));
        if depth < 16 {
            for child in item
                .each("item")
                .chain(item.each("answer").flat_map(|answer| answer.each("item")))
            {
                answers(child, depth + 1, out);
            }
        }
    }
    let mut details = Vec::new();
    for item in resource.each("item") {
        answers(item, 0, &mut details);
    }
    let title = resource
        .get("_questionnaire")
        .into_iter()
        .flat_map(|q| q.each("extension"))
        .find_map(|extension| extension.text("valueString"));
    Described {
        what: title.unwrap_or("About the person, in answers").to_owned(),
        status: status_of(resource),
        details,
        when: when(resource),
        caution: None,
    }
}

fn document(resource: &Value) -> Described {
    let mut details = Vec::new();
    for content in resource.each("content") {
        let attachment = content.get("attachment");
        let words = attachment.and_then(|a| {
            joined(
                ["title", "url", "contentType", "creation"]
                    .iter()
                    .filter_map(|name| a.text(name))
                    .map(str::to_owned),
            )
        });
        label(&mut details, "Where to find it", words);
    }
    let mut named = [
        concepts(resource, "type"),
        resource.text("description").map(str::to_owned),
        concepts(resource, "category"),
    ]
    .into_iter()
    .flatten();
    let what = named.next().unwrap_or_default();
    // What describes it may be the only word on where the original lies.
    let mut all: Vec<String> = named.filter(|words| *words != what).collect();
    all.append(&mut details);
    Described {
        what,
        status: status_of(resource),
        details: all,
        when: when(resource),
        caution: None,
    }
}

/// Any other type, by the members that FHIR resources share.
fn general(resource: &Value, resolve: &Lookup<'_>) -> Described {
    const NAMES: &[&str] = &[
        "code",
        "vaccineCode",
        "type",
        "class",
        "description",
        "title",
        "serviceType",
        "category",
    ];
    let mut named = NAMES.iter().filter_map(|name| {
        resource
            .get(name)
            .and_then(|value| match value {
                Value::String(text) => Some(text.to_string()),
                Value::Array(_) => concepts(resource, name),
                // A Coding, such as Encounter.class, reads like a concept of one coding.
                _ => concept(value).or_else(|| value.text("display").map(str::to_owned)),
            })
            .map(|words| (*name, words))
    });
    let first = named.next();
    let mut details: Vec<String> = named
        .map(|(name, words)| format!("{}: {words}", heading(name)))
        .collect();
    for (name, title) in [
        ("intent", "Intent"),
        ("priority", "Priority"),
        ("reasonCode", "Reason"),
        ("businessStatus", "Progress"),
        ("statusReason", "Status reason"),
        ("outcome", "Outcome"),
        ("lifecycleStatus", "Lifecycle"),
        ("route", "Route"),
        ("site", "Site"),
        ("doseQuantity", "Dose"),
    ] {
        let words = match resource.get(name) {
            Some(value) if value.get("value").is_some() => quantity(value),
            _ => concepts(resource, name),
        };
        label(&mut details, title, words);
    }
    for (name, title) in [
        ("managingOrganization", "Organisation"),
        ("serviceProvider", "Organisation"),
        ("performer", "By"),
        ("owner", "By"),
        ("requester", "Asked by"),
        ("device", "Device"),
        ("goal", "Goal"),
    ] {
        let words = joined(resource.each(name).filter_map(|r| referent(r, resolve)));
        label(&mut details, title, words);
    }
    for activity in resource.each("activity").filter_map(|a| a.get("detail")) {
        label(
            &mut details,
            "Activity",
            activity
                .text("description")
                .map(str::to_owned)
                .or_else(|| concepts(activity, "code")),
        );
    }
    for name in ["input", "output"] {
        for told in resource.each(name) {
            let what = told.get("type").and_then(concept).unwrap_or_default();
            details.extend(choice(told, "value").map(|value| format!("{what}: {value}")));
        }
    }
    label(
        &mut details,
        "Due",
        resource
            .get("restriction")
            .and_then(|limits| limits.get("period"))
            .and_then(period),
    );
    // An extension that carries a concept says what no member could; its url says of what.
    for extension in resource.each("extension") {
        let words = extension.get("valueCodeableConcept").and_then(concept);
        details.extend(words.map(|words| match extension_name(extension) {
            Some(name) => format!("{name}: {words}"),
            None => words,
        }));
    }
    label(&mut details, "Value", choice(resource, "value"));
    label(
        &mut details,
        "Conclusion",
        resource.text("conclusion").map(str::to_owned),
    );
    label(
        &mut details,
        "Summary",
        resource.text("summary").map(str::to_owned),
    );
    label(&mut details, "Note", notes(resource));
    Described {
        what: first.map(|(_, words)| words).unwrap_or_default(),
        status: status_of(resource),
        details,
        when: when(resource),
        caution: None,
    }
}

/// The last part of an extension's url in words: `…/Extension-UKCore-SourceOfServiceRequest` is
/// "Source of service request".
fn extension_name(extension: &Value) -> Option<String> {
    let last = extension.text("url")?.rsplit(['/', '-']).next()?;
    let mut name = String::new();
    for c in last.chars() {
        if c.is_uppercase() && !name.is_empty() {
            name.push(' ');
        }
        match name.is_empty() {
            true => name.extend(c.to_uppercase()),
            false => name.extend(c.to_lowercase()),
        }
    }
    (!name.is_empty()).then_some(name)
}

fn heading(name: &str) -> &'static str {
    match name {
        "type" => "Type",
        "title" => "Title",
        "description" => "Description",
        "class" => "Class",
        "serviceType" => "Service",
        "category" => "Category",
        _ => "Also",
    }
}

/// What a reference points at, in words: its own display, else the name of the resource.
pub(crate) fn referent(reference: &Value, resolve: &Lookup<'_>) -> Option<String> {
    let reference = match reference
        .get("actor")
        .or_else(|| reference.get("reference"))
    {
        Some(inner @ Value::Object(_)) => inner,
        _ => reference,
    };
    if let Some(display) = reference.text("display") {
        return Some(display.to_owned());
    }
    let target = resolve.find(reference.text("reference")?)?;
    match target.get("name") {
        Some(Value::String(name)) => Some(name.to_string()),
        Some(Value::Array(names)) => names.first().and_then(human_name),
        _ => concepts(target, "code")
            .or_else(|| concepts(target, "type"))
            .or_else(|| {
                target
                    .each("deviceName")
                    .find_map(|name| name.text("name").map(str::to_owned))
            })
            .or_else(|| target.get("description").and_then(concept)),
    }
}
