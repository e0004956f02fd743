//! From contributions to statements: what is shown, what is not, and why.

use std::borrow::Cow;
use std::collections::{BTreeMap, BTreeSet, HashMap};

use json::Value;
use safeguarding::is_about;

use crate::concept::{codings, concepts_of, fold, has_code};
use crate::conflict;
use crate::contribution::Stated;
use crate::describe::{Described, Lookup, describe, medicine_name};
use crate::person::{LeftOut, People};
use crate::place::{Placed, place};
use crate::sections::Key;
use crate::settings::Settings;
use crate::statement::{Cited, Statement, collapse};
use crate::time::{days_before, within_months};
use crate::withhold::{any_restricted, may_locate, strip_location};
use crate::{Contribution, ident};

/// How many readings of one kind are shown from one contribution; the rest are counted.
const READINGS: usize = 12;

/// `Type/id`, in one contribution.
pub(crate) type Local = (usize, String);

/// Everything that the document is made of.
pub(crate) struct Gathered<'a> {
    pub(crate) used: Vec<&'a Contribution>,
    pub(crate) left_out: Vec<LeftOut<'a>>,
    pub(crate) statements: Vec<Statement>,
    /// Names of statements that another stands for.
    pub(crate) aliases: Vec<(Local, String)>,
    /// What a reference may point at without being a statement.
    pub(crate) support: HashMap<Local, &'a Value>,
    /// Whether each contribution may say where the person lives.
    pub(crate) located: Vec<bool>,
    /// How many entries a source no longer reports, by section and contribution.
    pub(crate) retired: BTreeMap<(Key, usize), u32>,
    /// How many older or ended entries are not shown, by section.
    pub(crate) older: BTreeMap<Key, u32>,
}

/// `Type/id` of a resource.
pub(crate) fn local_name(resource: &Value) -> Option<String> {
    Some(format!(
        "{}/{}",
        resource.text("resourceType")?,
        resource.text("id")?
    ))
}

/// Gathers the statements of all contributions, made one where identical, marked where they differ.
pub(crate) fn gather<'a>(people: People<'a>, settings: &Settings) -> Gathered<'a> {
    let restricted = any_restricted(people.used.iter().map(|c| &c.patient));
    let located = people
        .used
        .iter()
        .map(|c| !restricted && may_locate(&c.patient, settings))
        .collect();
    let mut gathered = Gathered {
        used: people.used,
        left_out: people.left_out,
        statements: Vec::new(),
        aliases: Vec::new(),
        support: HashMap::new(),
        located,
        retired: BTreeMap::new(),
        older: BTreeMap::new(),
    };
    let mut statements = Vec::new();
    for index in 0..gathered.used.len() {
        contribute(&mut gathered, index, settings, &mut statements);
    }
    let (mut statements, aliases) = collapse(statements);
    conflict::mark(&mut statements);
    statements.retain(|statement| {
        let shown = !statement.ended || statement.conflict.is_some();
        if !shown {
            *gathered.older.entry(Key::Medications).or_default() += 1;
        }
        shown
    });
    statements.sort_by_cached_key(order);
    gathered.aliases = aliases;
    gathered.statements = statements;
    gathered
}

/// Conflicts stand together under the name of the thing; everything else is in the order of its
/// words, then of its date, newest last.
fn order(statement: &Statement) -> (String, String, String, String) {
    let described = statement.shown.first().map(|(_, described)| described);
    let what = described.map(|d| fold(&d.what)).unwrap_or_default();
    let base = match &statement.medicine {
        Some(name) => conflict::base_name(name),
        None => what.clone(),
    };
    let when = described.and_then(|d| d.when.clone()).unwrap_or_default();
    (base, what, when, statement.urn.clone())
}

fn contribute<'a>(
    gathered: &mut Gathered<'a>,
    index: usize,
    settings: &Settings,
    out: &mut Vec<Statement>,
) {
    let Some(contribution) = gathered.used.get(index).copied() else {
        return;
    };
    let resolve = Lookup(
        contribution
            .resources
            .iter()
            .filter_map(|stated| Some((local_name(&stated.resource)?, &stated.resource)))
            .collect(),
    );
    let mut seen = BTreeSet::new();
    let mut series: BTreeMap<(Key, String), Vec<Statement>> = BTreeMap::new();
    for stated in &contribution.resources {
        let mut resource = Cow::Borrowed(&stated.resource);
        // Before anything is put in words: what is withheld must not be in the narrative either.
        if gathered.located.get(index) != Some(&true) {
            strip_location(resource.to_mut());
        }
        let resource = resource.as_ref();
        let Some(name) = local_name(resource) else {
            continue;
        };
        if !seen.insert(name.clone()) || is_about(resource) {
            continue;
        }
        let keys = match place(resource) {
            Placed::In(keys) => keys,
            Placed::Support => {
                gathered.support.insert((index, name), &stated.resource);
                continue;
            }
            Placed::Over(key) => {
                *gathered.older.entry(key).or_default() += 1;
                continue;
            }
            Placed::NotShown => continue,
        };
        if stated.retired {
            for key in keys.into_iter().take(1) {
                *gathered.retired.entry((key, index)).or_default() += 1;
            }
            continue;
        }
        let key = keys.first().copied().unwrap_or(Key::Other);
        if is_old(resource, key, settings) {
            *gathered.older.entry(key).or_default() += 1;
            continue;
        }
        let shown: Vec<(Key, Described)> = keys
            .into_iter()
            .map(|key| (key, described(resource, key, &resolve, settings)))
            .collect();
        let statement = Statement {
            urn: ident::urn("resource", &[&contribution.tenant, &name]),
            home: (index, name),
            resource: resource.clone(),
            shown,
            cited: vec![cited(contribution, index, stated)],
            conflict: None,
            medicine: (key == Key::Medications)
                .then(|| medicine_name(resource, &resolve))
                .flatten(),
            ended: key == Key::Medications
                && matches!(
                    resource.text("status"),
                    Some("stopped" | "completed" | "cancelled")
                ),
        };
        match series_of(resource, key) {
            Some(kind) => series.entry((key, kind)).or_default().push(statement),
            None => out.push(statement),
        }
    }
    for ((key, kind), mut readings) in series {
        readings.sort_by(|a, b| date_of(&b.resource).cmp(&date_of(&a.resource)));
        let limit = if latest_only(key, &kind) { 1 } else { READINGS };
        let rest = readings.len().saturating_sub(limit);
        if let Ok(rest @ 1..) = u32::try_from(rest) {
            *gathered.older.entry(key).or_default() += rest;
        }
        out.extend(readings.into_iter().take(limit));
    }
}

fn described(resource: &Value, key: Key, resolve: &Lookup<'_>, settings: &Settings) -> Described {
    let mut described = describe(resource, key, resolve);
    let ended = resource
        .get("period")
        .and_then(|period| period.text("end"))
        .and_then(|end| days_before(end, settings.generated))
        .is_some_and(|days| days > 0);
    if resource.text("resourceType") == Some("Flag") && ended {
        let words = "Its period ended before this summary was made; it may no longer be in force";
        described.caution = Some(match described.caution {
            Some(caution) => format!("{caution}. {words}"),
            None => words.to_owned(),
        });
    }
    described
}

fn cited(contribution: &Contribution, index: usize, stated: &Stated) -> Cited {
    let source = stated
        .resource
        .get("meta")
        .into_iter()
        .flat_map(|meta| meta.each("tag"))
        .filter(|tag| tag.text("system") == Some("urn:causeway:source"))
        .find_map(|tag| tag.text("code"))
        .unwrap_or(&contribution.source);
    Cited {
        contribution: index,
        source: source.to_owned(),
        as_of: stated.as_of.clone().or_else(|| contribution.as_of.clone()),
        received: stated.received.unwrap_or(contribution.received),
    }
}

/// The relative form `Type/id` of a literal reference to a resource, without its version.
pub(crate) fn relative(reference: &str) -> Option<String> {
    let path = match reference.split_once("/_history/") {
        Some((path, _)) => path,
        None => reference,
    };
    let mut parts = path.rsplit('/');
    let (id, type_name) = (parts.next()?, parts.next()?);
    (!id.is_empty() && type_name.starts_with(|c: char| c.is_ascii_uppercase()))
        .then(|| format!("{type_name}/{id}"))
}

/// The date that places a resource in time, for what is recent and what is latest.
fn date_of(resource: &Value) -> Option<&str> {
    const POINTS: &[&str] = &[
        "effectiveDateTime",
        "effectiveInstant",
        "occurrenceDateTime",
        "performedDateTime",
        "lastModified",
        "date",
        "start",
        "authoredOn",
        "authored",
        "issued",
        "recordedDate",
    ];
    const PERIODS: &[&str] = &[
        "effectivePeriod",
        "executionPeriod",
        "occurrencePeriod",
        "performedPeriod",
        "period",
    ];
    let end = |name: &&str| {
        let period = resource.get(name)?;
        period.text("end").or_else(|| period.text("start"))
    };
    POINTS
        .iter()
        .find_map(|name| resource.text(name))
        .or_else(|| PERIODS.iter().find_map(end))
}

/// Whether a resource is an event too long ago to be part of a summary of now.
fn is_old(resource: &Value, key: Key, settings: &Settings) -> bool {
    let Some(date) = date_of(resource) else {
        return false;
    };
    let months = match key {
        Key::VitalSigns if is_measure_of_body(resource) => return false,
        Key::VitalSigns | Key::Other => settings.recent_months,
        Key::SocialCare | Key::Encounters => {
            let open = !matches!(
                resource.text("status"),
                Some("completed" | "finished" | "failed" | "noshow" | "fulfilled")
            );
            if open || resource.text("resourceType") == Some("Condition") {
                return false;
            }
            settings.recent_months.saturating_mul(2)
        }
        _ => return false,
    };
    within_months(date, settings.generated, months) == Some(false)
}

/// Weight, height and body mass index: the latest counts, however old (SNOMED CT and LOINC).
const BODY: &[&str] = &[
    "27113001", "29463-7", "50373000", "8302-2", "60621009", "39156-5",
];

fn is_measure_of_body(resource: &Value) -> bool {
    BODY.iter().any(|code| has_code(resource, "code", code))
}

/// What kind of reading a resource is one of, where a summary shows only some of them.
fn series_of(resource: &Value, key: Key) -> Option<String> {
    if resource.text("resourceType") != Some("Observation") {
        return None;
    }
    match key {
        Key::VitalSigns | Key::Assessments | Key::SocialHistory | Key::Other => {}
        _ => return None,
    }
    let mut codes: Vec<&str> = concepts_of(resource, "code")
        .flat_map(codings)
        .filter_map(|coding| coding.text("code"))
        .collect();
    codes.sort_unstable();
    if codes.is_empty() {
        return resource
            .get("code")
            .and_then(|code| code.text("text"))
            .map(fold);
    }
    Some(codes.join(" "))
}

fn latest_only(key: Key, kind: &str) -> bool {
    match key {
        Key::Assessments | Key::SocialHistory => true,
        Key::VitalSigns => kind.split(' ').any(|code| BODY.contains(&code)),
        _ => false,
    }
}
