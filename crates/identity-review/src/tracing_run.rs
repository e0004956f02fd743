//! Tracing the people of a tenant.

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use identity::VerificationStatus;
use jiff::{SignedDuration, Timestamp};
use pds::{Client, Outcome, Trace};
use store::{PersonRow, Reach, Sight, Store, Tenant, Traced};
use tokio::task::JoinSet;

use crate::claim_of;

/// How a run goes.
#[derive(Debug, Clone)]
pub struct TraceRun {
    /// How many questions are open at once.
    pub at_once: usize,
    /// How many people are traced before their outcomes are kept: as many may be asked about again
    /// when the run is cut short.
    pub part: usize,
    /// Set to end the run after the part that it is at.
    pub stop: Arc<AtomicBool>,
}

impl Default for TraceRun {
    fn default() -> Self {
        Self {
            at_once: 4,
            part: 100,
            stop: Arc::new(AtomicBool::new(false)),
        }
    }
}

/// What a run came to.
#[derive(Debug, Clone, PartialEq, Eq, Default)]
pub struct TraceReport {
    /// How many outcomes were kept.
    pub traced: u64,
    /// How many of them verify the person.
    pub verified: u64,
    /// How many found nobody.
    pub not_found: u64,
    /// How many have to be resolved by somebody.
    pub conflicts: u64,
    /// How many questions had no answer: they are asked again in the next run.
    pub failed: u64,
    /// Why the run ended before it was through, where it did.
    pub ended: Option<pds::Error>,
}

/// Traces the people of a tenant who were not traced yet, whose record has changed since, or who are
/// due again. A run that was cut short is simply begun again.
///
/// # Errors
/// What the store says. That PDS cannot be asked is no error here: the report says so, and everyone
/// stays as untraced as before.
pub async fn trace(
    store: &Arc<dyn Store>,
    client: &Arc<Client>,
    tenant: &Tenant,
    run: &TraceRun,
) -> Result<TraceReport, store::Error> {
    let mut report = TraceReport::default();
    let mut from = Some(0);
    while let Some(place) = from
        && report.ended.is_none()
        && !run.stop.load(Ordering::Relaxed)
    {
        let part = store
            .to_trace(tenant, Timestamp::now(), place, run.part.max(1))
            .await?;
        from = part.next;
        let traced = ask(store, client, tenant, run, part.people, &mut report).await?;
        if !traced.is_empty() {
            store.put_traces(&traced).await?;
        }
        for one in &traced {
            report.traced += 1;
            match one.status {
                VerificationStatus::Verified => report.verified += 1,
                VerificationStatus::NoMatch => report.not_found += 1,
                _ => report.conflicts += 1,
            }
        }
    }
    if let Some(error) = &report.ended {
        tracing::warn!(%error, traced = report.traced, "tracing ended early; it goes on with the next run");
    }
    Ok(report)
}

/// Asks about a part of the people, a few at once.
async fn ask(
    store: &Arc<dyn Store>,
    client: &Arc<Client>,
    tenant: &Tenant,
    run: &TraceRun,
    people: Vec<PersonRow>,
    report: &mut TraceReport,
) -> Result<Vec<Traced>, store::Error> {
    let sight = Sight::new(vec![Reach::own(tenant.clone())], Default::default());
    let mut waiting = people.into_iter();
    let mut asking: JoinSet<Asked> = JoinSet::new();
    let mut traced = Vec::new();
    loop {
        // Where PDS refuses everyone, nobody further is asked; who is being asked is waited for.
        while report.ended.is_none()
            && asking.len() < run.at_once.max(1)
            && let Some(person) = waiting.next()
        {
            asking.spawn(one(
                Arc::clone(store),
                Arc::clone(client),
                sight.clone(),
                person,
            ));
        }
        let Some(asked) = asking.join_next().await else {
            return Ok(traced);
        };
        match asked {
            Ok(Asked::Traced(one)) => traced.push(*one),
            Ok(Asked::Nobody) => {}
            Ok(Asked::Failed(error)) => {
                report.failed += 1;
                if error.is_everyones() {
                    report.ended = Some(error);
                } else {
                    tracing::warn!(%error, "a person could not be traced");
                }
            }
            Ok(Asked::Store(error)) => return Err(error),
            Err(_) => {
                return Err(store::Error::Database(
                    "a trace ended by a fault".to_owned(),
                ));
            }
        }
    }
}

enum Asked {
    Traced(Box<Traced>),
    /// The record is gone, or carries no number any more.
    Nobody,
    Failed(pds::Error),
    Store(store::Error),
}

async fn one(store: Arc<dyn Store>, client: Arc<Client>, sight: Sight, person: PersonRow) -> Asked {
    let claim = match claim_of(&*store, &sight, &person.tenant, &person.patient).await {
        Ok(Some((claim, _))) => claim,
        Ok(None) => return Asked::Nobody,
        Err(error) => return Asked::Store(error),
    };
    match client.trace(&claim).await {
        Ok(Some(trace)) => Asked::Traced(Box::new(outcome(&client, person, &trace))),
        Ok(None) => Asked::Nobody,
        Err(error) => Asked::Failed(error),
    }
}

/// What is kept of an answer: a status, and nothing of who the person is.
fn outcome(client: &Client, person: PersonRow, trace: &Trace) -> Traced {
    let keep = SignedDuration::try_from(client.keep(trace)).unwrap_or(SignedDuration::ZERO);
    Traced {
        tenant: person.tenant,
        patient: person.patient,
        keys: person.keys,
        status: trace.status(),
        restricted: trace.restricted(),
        deceased: trace.deceased,
        superseded_by: match &trace.outcome {
            Outcome::Superseded { by, .. } => Some(by.clone()),
            _ => None,
        },
        at: trace.at,
        again: trace.at.checked_add(keep).unwrap_or(trace.at),
    }
}
