//! From the store to contributions: what each organisation in sight says of one person.

use std::collections::{BTreeMap, BTreeSet};
use std::pin::Pin;

use jiff::Timestamp;
use jiff::tz::TimeZone;
use json::Value;
use store::{PersonRow, Status, Stored, Tenant};
use summary::{Contribution, HeldBack, Mode, Review, Stated};

use crate::Provider;
use crate::failure::Failure;
use crate::kin::say_traced;
use crate::respond::parsed;
use crate::serve::Inner;
use crate::vault::Reader;

/// Types that belong to nobody and are fetched because a person's resources refer to them.
const SUPPORT: &[&str] = &[
    "Organization",
    "Practitioner",
    "PractitionerRole",
    "Location",
    "Medication",
    "HealthcareService",
    "Device",
];
/// How far references are followed, and how many are.
const MAX_DEPTH: usize = 3;
const MAX_SUPPORT: usize = 200;

/// Events of routine, of which a person may have thousands and a summary shows none (CS-12).
fn is_routine(type_name: &str) -> bool {
    matches!(type_name, "MedicationAdministration" | "Provenance")
}

/// Types that a reader of a summary relies on: where they are not granted, the summary says so.
const RELIED_ON: &[&str] = &[
    "AllergyIntolerance",
    "MedicationStatement",
    "Condition",
    "Flag",
];

/// What one organisation says of a person; nothing when the person is not there (any more). Boxed,
/// because the compiler cannot see by itself that the store's own boxed answers may move between
/// threads inside a future this deep.
pub(crate) fn contribution<'a>(
    inner: &'a Inner,
    reader: &'a Reader,
    person: &'a PersonRow,
) -> Pin<Box<dyn Future<Output = Result<Option<Contribution>, Failure>> + Send + 'a>> {
    Box::pin(gathered(inner, reader, person))
}

async fn gathered(
    inner: &Inner,
    reader: &Reader,
    person: &PersonRow,
) -> Result<Option<Contribution>, Failure> {
    let tenant = &person.tenant;
    let types = inner.config.types.iter().filter(|name| !is_routine(name));
    let stored = reader
        .for_summary(types)
        .everything(tenant, &person.patient)
        .await?;
    let mut patient = None;
    let mut resources = Vec::new();
    let mut submissions = BTreeSet::new();
    for one in stored {
        if one.status == Status::Deleted {
            continue;
        }
        let resource = parsed(&one.body)?;
        submissions.insert(one.submission.clone());
        if one.rtype == "Patient" && one.id == person.patient {
            patient = Some((one, resource));
        } else {
            resources.push(Stated {
                resource,
                as_of: Some(as_of(one.as_of)),
                received: None,
                retired: one.status == Status::Retired,
            });
        }
    }
    let Some((record, mut patient)) = patient else {
        return Ok(None);
    };
    if record.status != Status::Active {
        return Ok(None);
    }
    if let Some(traced) = reader.traced(tenant, &person.patient).await? {
        say_traced(&mut patient, &traced);
    }
    support(reader, &record, &patient, &mut resources, &mut submissions).await?;

    let mut held: BTreeMap<String, u32> = BTreeMap::new();
    for row in reader.held_back(tenant, &person.patient).await? {
        *held.entry(row.held.rtype.unwrap_or_default()).or_default() += 1;
    }
    let received = reader
        .submission(tenant, &record.submission)
        .await?
        .map_or(record.updated, |submission| submission.received);
    let not_shared = match reader.sight().within(tenant).and_then(|r| r.types.as_ref()) {
        None => Vec::new(),
        Some(types) => RELIED_ON
            .iter()
            .filter(|name| !types.contains(**name))
            .map(|name| (*name).to_owned())
            .collect(),
    };
    let provider = provider(inner, tenant);
    Ok(Some(Contribution {
        tenant: provider.ods,
        organisation: provider.name,
        phone: provider.phone,
        source: record.source.clone(),
        as_of: Some(as_of(record.as_of)),
        received,
        review: review(inner, reader, tenant, &submissions).await?,
        patient,
        resources,
        held_back: held
            .into_iter()
            .map(|(resource_type, count)| HeldBack {
                resource_type,
                count,
            })
            .collect(),
        not_shared,
    }))
}

/// What readers of a summary see of a tenant.
pub(crate) fn provider(inner: &Inner, tenant: &Tenant) -> Provider {
    let unnamed = || Provider {
        ods: tenant.as_str().to_owned(),
        name: tenant.as_str().to_owned(),
        phone: None,
    };
    inner
        .config
        .providers
        .of(tenant.as_str())
        .unwrap_or_else(unnamed)
}

/// Fetches what the resources refer to, within the same tenant and the same sight.
async fn support(
    reader: &Reader,
    record: &Stored,
    patient: &Value,
    resources: &mut Vec<Stated>,
    submissions: &mut BTreeSet<String>,
) -> Result<(), Failure> {
    let mut known: BTreeSet<(String, String)> = BTreeSet::new();
    let mut wanted: BTreeSet<(String, String)> = BTreeSet::new();
    references(patient, &mut wanted);
    for stated in resources.iter() {
        references(&stated.resource, &mut wanted);
        if let (Some(rtype), Some(id)) = (
            stated.resource.text("resourceType"),
            stated.resource.text("id"),
        ) {
            known.insert((rtype.to_owned(), id.to_owned()));
        }
    }
    for _ in 0..MAX_DEPTH {
        let mut next = BTreeSet::new();
        for (rtype, id) in wanted {
            if known.len() > MAX_SUPPORT + resources.len()
                || !known.insert((rtype.clone(), id.clone()))
            {
                continue;
            }
            let found = match reader.read(&rtype, &id).await {
                Ok(found) => found,
                Err(store::Error::Ambiguous) => None,
                Err(error) => return Err(error.into()),
            };
            let Some(found) = found
                .filter(|found| found.tenant == record.tenant && found.status == Status::Active)
            else {
                continue;
            };
            let resource = parsed(&found.body)?;
            references(&resource, &mut next);
            submissions.insert(found.submission.clone());
            resources.push(Stated {
                resource,
                as_of: Some(as_of(found.as_of)),
                received: None,
                retired: false,
            });
        }
        wanted = next;
    }
    Ok(())
}

/// The supporting resources that a resource refers to, as (type, id).
fn references(value: &Value, out: &mut BTreeSet<(String, String)>) {
    match value {
        Value::Object(object) => {
            if let Some(fhir::Reference::Local { type_name, id, .. }) = object
                .get("reference")
                .and_then(Value::as_str)
                .and_then(fhir::Reference::parse)
                && SUPPORT.contains(&type_name)
            {
                out.insert((type_name.to_owned(), id.to_owned()));
            }
            for (_, child) in object.iter() {
                references(child, out);
            }
        }
        Value::Array(items) => {
            for item in items {
                references(item, out);
            }
        }
        _ => {}
    }
}

/// Whether every file that a contribution was made of was read by a mapping whose very content a
/// clinician has reviewed: one that was not makes the whole unreviewed (CS-21).
async fn review(
    inner: &Inner,
    reader: &Reader,
    tenant: &Tenant,
    submissions: &BTreeSet<String>,
) -> Result<Review, Failure> {
    for id in submissions {
        let submission = reader.submission(tenant, id).await?;
        let reviewed = submission.is_some_and(|submission| {
            inner
                .config
                .reviewed_mappings
                .contains(&submission.mapping.hash)
        });
        if !reviewed {
            return Ok(match inner.config.summary.mode {
                Mode::Demo => Review::Demo,
                Mode::Live | Mode::Test => Review::Unreviewed,
            });
        }
    }
    Ok(Review::Reviewed)
}

/// An as-of as the source most likely meant it: a midnight in London is a day.
fn as_of(at: Timestamp) -> String {
    let zone = TimeZone::get("Europe/London").unwrap_or(TimeZone::UTC);
    let local = at.to_zoned(zone);
    let midnight = local.hour() == 0 && local.minute() == 0 && local.second() == 0;
    // A day that a source gave without a zone may have been kept as a day of UTC.
    let utc = at.to_zoned(TimeZone::UTC);
    if midnight {
        local.date().to_string()
    } else if utc.hour() == 0 && utc.minute() == 0 && utc.second() == 0 {
        utc.date().to_string()
    } else {
        at.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
    }
}
