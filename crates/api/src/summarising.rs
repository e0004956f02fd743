//! `Patient/$summary` and `Patient/[id]/$summary`
//! (<http://hl7.org/fhir/uv/ips/OperationDefinition/summary>).

use std::collections::BTreeSet;

use axum::body::Body;
use axum::http::HeaderMap;
use diagnostics::{Issue, IssueType};
use identity::{Claim, NHS_NUMBER_SYSTEM, NhsNumber};
use jiff::Timestamp;
use json::Value;
use store::{Clause, PersonRow, Query, Status, SystemMatch, TokenMatch};
use summary::{Refusal, summarise};

use crate::failure::Failure;
use crate::format::Format;
use crate::gather::{contribution, provider};
use crate::kin::Kin;
use crate::request::{body, content_type};
use crate::respond::Reply;
use crate::route::check_id;
use crate::serve::Inner;
use crate::vault::Reader;

/// Profiles that the summary is.
const PROFILES: &[&str] = &[
    "http://hl7.org/fhir/uv/ips/StructureDefinition/Composition-uv-ips",
    "http://hl7.org/fhir/uv/ips/StructureDefinition/Bundle-uv-ips",
];

/// Who is meant.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Whom {
    /// Nobody yet: the parameters say.
    Unsaid,
    /// `identifier`: `system|value` or a value.
    Identifier(String),
}

/// The parameters of a GET.
pub(crate) fn parameters(pairs: &[(String, String)]) -> Result<Whom, Failure> {
    let mut whom = Whom::Unsaid;
    for (name, value) in pairs {
        match name.as_str() {
            "_format" | "_pretty" => {}
            "identifier" => set(&mut whom, value)?,
            "profile" => profile(value)?,
            _ => return Err(unknown(name)),
        }
    }
    Ok(whom)
}

fn set(whom: &mut Whom, value: &str) -> Result<(), Failure> {
    if value.is_empty() || *whom != Whom::Unsaid {
        return Err(Failure::bad_request(
            "`identifier` is to be given once, with a value",
            "send identifier=https://fhir.nhs.uk/Id/nhs-number|, followed by the number",
        ));
    }
    *whom = Whom::Identifier(value.to_owned());
    Ok(())
}

fn profile(value: &str) -> Result<(), Failure> {
    let url = value.split('|').next().unwrap_or_default();
    if PROFILES.contains(&url) {
        return Ok(());
    }
    Err(Failure::bad_request(
        "no summary of this profile is made here",
        "leave `profile` out for an International Patient Summary",
    ))
}

fn unknown(name: &str) -> Failure {
    let name: String = name
        .chars()
        .take(40)
        .map(|c| if c.is_control() { '?' } else { c })
        .collect();
    Failure::search(vec![
        Issue::error(
            search::codes::UNKNOWN_PARAMETER,
            IssueType::NotSupported,
            format!("$summary has no parameter `{name}`"),
        )
        .help("it has `identifier` and `profile`"),
    ])
}

/// The parameters of a POST: a Parameters resource, or nothing.
pub(crate) async fn posted(
    inner: &Inner,
    headers: &HeaderMap,
    sent: Body,
    pairs: &[(String, String)],
) -> Result<Whom, Failure> {
    let mut whom = parameters(pairs)?;
    let bytes = body(headers, sent, &inner.config).await?;
    if bytes.is_empty() {
        return Ok(whom);
    }
    let unreadable = |what: &str| {
        Failure::bad_request(
            format!("the body is not {what}"),
            "send a Parameters resource with a parameter `identifier`",
        )
    };
    let sent = match content_type(headers).as_str() {
        "application/fhir+json" | "application/json" => {
            json::parse(&bytes).map_err(|_| unreadable("JSON"))?
        }
        "application/fhir+xml" | "application/xml" => {
            fhir::xml::read(&bytes, &inner.model).map_err(|_| unreadable("FHIR XML"))?
        }
        _ => {
            return Err(Failure::media_type(
                "a Parameters resource as application/fhir+json or application/fhir+xml",
            ));
        }
    };
    if sent.text("resourceType") != Some("Parameters") {
        return Err(unreadable("a Parameters resource"));
    }
    for parameter in sent.each("parameter") {
        let text = |names: &[&str]| {
            names
                .iter()
                .find_map(|name| parameter.text(name))
                .map(str::to_owned)
        };
        match parameter.text("name") {
            Some("identifier") => {
                let given = text(&["valueString"]).or_else(|| identifier(parameter));
                set(&mut whom, given.as_deref().unwrap_or_default())?;
            }
            Some("profile") => {
                let given = text(&["valueCanonical", "valueUri", "valueString"]);
                profile(given.as_deref().unwrap_or_default())?;
            }
            name => return Err(unknown(name.unwrap_or("without a name"))),
        }
    }
    Ok(whom)
}

fn identifier(parameter: &Value) -> Option<String> {
    let identifier = parameter.get("valueIdentifier")?;
    let value = identifier.text("value")?;
    Some(match identifier.text("system") {
        Some(system) => format!("{system}|{value}"),
        None => value.to_owned(),
    })
}

/// The summary of whoever carries an identifier.
pub(crate) async fn by_identifier(
    inner: &Inner,
    reader: &Reader,
    whom: Whom,
    format: Format,
) -> Result<Reply, Failure> {
    let Whom::Identifier(text) = whom else {
        return Err(Failure::bad_request(
            "it is not said whose summary is wanted",
            "send identifier=https://fhir.nhs.uk/Id/nhs-number|, followed by the number",
        ));
    };
    let (system, value) = match text.split_once('|') {
        Some((system, value)) => (Some(system), value),
        None => (None, text.as_str()),
    };
    let number: Result<NhsNumber, _> = value.parse();
    match (system, number) {
        (Some(NHS_NUMBER_SYSTEM), Err(_)) => Err(Failure::search(vec![
            Issue::error(
                search::codes::NHS_NUMBER,
                IssueType::Value,
                "the value of `identifier` is not an NHS number",
            )
            .help("an NHS number has ten digits, of which the last is a check digit"),
        ])),
        (Some(NHS_NUMBER_SYSTEM) | None, Ok(number)) => {
            let kin = Kin::of(reader, Some(number), None).await?;
            document(inner, reader, kin, None, format).await
        }
        _ => {
            let mut query = Query::new("Patient");
            query.count = 10;
            query.clauses.push(Clause::Token {
                param: "identifier".to_owned(),
                any: vec![TokenMatch {
                    system: match system {
                        None => SystemMatch::Any,
                        Some("") => SystemMatch::None,
                        Some(system) => SystemMatch::Is(system.to_owned()),
                    },
                    code: (!value.is_empty()).then(|| value.to_owned()),
                }],
            });
            let found = reader.search(&query).await?.items;
            match found.as_slice() {
                [] => Err(Failure::no_person()),
                [only] => by_id(inner, reader, &only.id, format).await,
                _ => Err(Failure::several()),
            }
        }
    }
}

/// The summary of the person that a Patient is.
pub(crate) async fn by_id(
    inner: &Inner,
    reader: &Reader,
    id: &str,
    format: Format,
) -> Result<Reply, Failure> {
    check_id(id)?;
    let patient = reader
        .read("Patient", id)
        .await?
        .ok_or_else(Failure::not_found)?;
    if patient.status == Status::Deleted {
        return Err(Failure::gone());
    }
    let person = reader
        .person(&patient.tenant, id)
        .await?
        .ok_or_else(Failure::not_found)?;
    let number = person.keys.nhs_number.as_deref();
    let number = number.and_then(|number| number.parse().ok());
    let kin = Kin::of(reader, number, Some(person)).await?;
    document(inner, reader, kin, Some(id), format).await
}

/// Organisations whose record of this person was held back as a whole (CS-7): no record of theirs is
/// among those gathered, so that nothing else would say so.
async fn refused(
    inner: &Inner,
    reader: &Reader,
    people: &[PersonRow],
) -> Result<Vec<(String, Option<String>)>, Failure> {
    let numbers: BTreeSet<&str> = people
        .iter()
        .filter_map(|person| person.keys.nhs_number.as_deref())
        .collect();
    let mut found = Vec::new();
    for number in numbers {
        for row in reader.held_under(number).await? {
            if people.iter().any(|person| person.tenant == row.tenant) {
                continue;
            }
            let who = provider(inner, &row.tenant);
            found.push((who.name, who.phone));
        }
    }
    found.sort();
    found.dedup();
    Ok(found)
}

async fn document(
    inner: &Inner,
    reader: &Reader,
    kin: Kin,
    subject: Option<&str>,
    format: Format,
) -> Result<Reply, Failure> {
    if kin.too_many {
        // A part of them would read as the whole.
        return Err(Failure::several());
    }
    let mut contributions = Vec::new();
    let mut claims = Vec::new();
    for person in kin.current() {
        if let Some(made) = contribution(inner, reader, person).await? {
            claims.push((person.clone(), Claim::of_patient(&made.patient)));
            contributions.push(made);
        }
    }
    kin.raise(reader, &claims).await;
    let mut settings = inner.config.summary.clone();
    settings.generated = Timestamp::now();
    settings.subject = subject.map(str::to_owned);
    settings.known = kin.known_to_readers(inner);
    settings.version.clone_from(&inner.config.version);
    settings.refused = refused(inner, reader, &kin.people).await?;
    let made = summarise(&contributions, &settings).map_err(|refusal| match refusal {
        Refusal::NoContribution => Failure::no_person(),
        Refusal::Disagree { .. } => Failure::summary(&refusal),
    })?;
    for note in &made.notes {
        tracing::warn!(note, "a summary is incomplete");
    }
    Reply::value(inner, format, &made.bundle)
}
