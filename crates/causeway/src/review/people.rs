//! What a server does about who is who, besides answering: it compares the people of new files with
//! everyone under the same number, and traces those whose numbers nobody has traced.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use identity_review::{TraceRun, examine, trace};
use jiff::{SignedDuration, Timestamp};
use store::{Reach, Sight, Store, SubmissionQuery, SubmissionState, Tenant};
use tokio::time::Instant;

/// How often it is looked for new files.
const EVERY: Duration = Duration::from_secs(20);
/// How far back. What a server did not see because it stood still is found when a summary is asked
/// for, too.
const BACK: SignedDuration = SignedDuration::from_hours(72);
/// How many resources of a file are looked through at once.
const PART: usize = 500;

/// How people are traced, where they are.
pub struct Tracing {
    /// Whom to ask.
    pub client: Arc<pds::Client>,
    /// How often.
    pub every: Duration,
}

/// Watches until it is dropped.
pub async fn watch(store: Arc<dyn Store>, tenants: Vec<Tenant>, tracing: Option<Tracing>) {
    let mut examined: BTreeSet<(Tenant, String)> = BTreeSet::new();
    let mut next_trace = Instant::now();
    loop {
        for tenant in &tenants {
            if let Err(error) = new_files(&*store, &tenants, tenant, &mut examined).await {
                tracing::error!(%error, "people of new files could not be compared");
            }
        }
        if let Some(settings) = &tracing
            && Instant::now() >= next_trace
        {
            for tenant in &tenants {
                match trace(&store, &settings.client, tenant, &TraceRun::default()).await {
                    Ok(report) if report.traced > 0 || report.failed > 0 => tracing::info!(
                        tenant = tenant.as_str(),
                        traced = report.traced,
                        verified = report.verified,
                        not_found = report.not_found,
                        conflicts = report.conflicts,
                        failed = report.failed,
                        "people were traced"
                    ),
                    Ok(_) => {}
                    Err(error) => tracing::error!(%error, "people could not be traced"),
                }
            }
            next_trace = Instant::now() + settings.every;
        }
        tokio::time::sleep(EVERY).await;
    }
}

/// Compares the people whom files have created or changed that were not looked at yet.
async fn new_files(
    store: &dyn Store,
    tenants: &[Tenant],
    tenant: &Tenant,
    examined: &mut BTreeSet<(Tenant, String)>,
) -> Result<(), store::Error> {
    let own = Sight::new(vec![Reach::own(tenant.clone())], Default::default());
    let all = deployment(tenants);
    let now = Timestamp::now();
    let query = SubmissionQuery {
        states: vec![
            SubmissionState::Reported,
            SubmissionState::AwaitingConfirmation,
        ],
        received_from: now.checked_sub(BACK).ok(),
        ..SubmissionQuery::default()
    };
    for submission in store.find_submissions(&own, tenant, &query).await? {
        let key = (tenant.clone(), submission.id.clone());
        if examined.contains(&key) {
            continue;
        }
        let of = [submission.id.clone()];
        let mut from = Some(0);
        while let Some(place) = from {
            let part = store
                .touched(&own, tenant, &submission.source, &of, place, PART)
                .await?;
            from = part.next;
            let patients: Vec<String> = part
                .items
                .into_iter()
                .filter(|item| {
                    item.rtype == "Patient"
                        && item
                            .versions
                            .iter()
                            .any(|version| version.submission == submission.id)
                })
                .map(|item| item.id)
                .collect();
            let found = examine(store, &all, tenant, &patients).await?;
            if found.new > 0 {
                tracing::warn!(
                    tenant = tenant.as_str(),
                    submission = submission.id,
                    doubts = found.new,
                    "people wait in the identity review queue"
                );
            }
        }
        examined.insert(key);
    }
    Ok(())
}

/// The sight of whoever runs the deployment.
pub fn deployment(tenants: &[Tenant]) -> Sight {
    let reach = tenants.iter().cloned().map(Reach::own).collect();
    Sight::new(reach, Default::default())
}
