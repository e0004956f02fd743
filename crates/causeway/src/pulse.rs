//! What a server does besides answering and working: it looks how much waits and who has gone silent,
//! and sweeps away what nobody needs any more.

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::{Deed, Store, Tenant};
use submission::silence;

/// How often it looks.
const EVERY: Duration = Duration::from_secs(15);

/// How often it sweeps, in looks.
const SWEEP: u32 = 240;

/// How long the pieces of an upload lie that nobody sealed.
const UNSEALED: SignedDuration = SignedDuration::from_hours(24);

/// How many files are erased in one sweep.
const AT_ONCE: usize = 1000;

/// Looks and sweeps until it is dropped.
pub struct Pulse {
    store: Arc<dyn Store>,
    tenants: Vec<Tenant>,
    health: Arc<api::Health>,
    silent: BTreeSet<(Tenant, String)>,
}

impl Pulse {
    /// Over a store; what it finds is shown by `health`.
    pub fn new(store: Arc<dyn Store>, tenants: Vec<Tenant>, health: Arc<api::Health>) -> Self {
        Self {
            store,
            tenants,
            health,
            silent: BTreeSet::new(),
        }
    }

    /// Goes on without end.
    pub async fn run(mut self) {
        let mut looks = 0_u32;
        loop {
            if let Err(error) = self.look().await {
                tracing::error!(%error, "it cannot be seen how much waits");
            }
            if looks.is_multiple_of(SWEEP)
                && let Err(error) = self.sweep().await
            {
                tracing::error!(%error, "what is not needed any more cannot be swept away");
            }
            looks = looks.wrapping_add(1);
            tokio::time::sleep(EVERY).await;
        }
    }

    async fn look(&mut self) -> Result<(), store::Error> {
        let now = Timestamp::now();
        let backlog = self.store.backlog().await?;
        let mut silent = BTreeSet::new();
        for tenant in &self.tenants {
            for source in silence::sources(self.store.as_ref(), tenant, now).await? {
                if source.overdue {
                    silent.insert((tenant.clone(), source.source));
                }
            }
        }
        for (tenant, source) in silent.difference(&self.silent) {
            tracing::warn!(%tenant, source, "a source has gone silent beyond its usual rhythm");
        }
        for (tenant, source) in self.silent.difference(&silent) {
            tracing::info!(%tenant, source, "a source is heard of again");
        }
        let oldest = backlog
            .oldest
            .map_or(0, |oldest| now.duration_since(oldest).as_secs().max(0));
        metrics::gauge!("causeway_jobs_waiting").set(backlog.waiting as f64);
        metrics::gauge!("causeway_jobs_running").set(backlog.running as f64);
        metrics::gauge!("causeway_jobs_given_up").set(backlog.failed as f64);
        metrics::gauge!("causeway_oldest_job_seconds").set(oldest as f64);
        metrics::gauge!("causeway_sources_silent").set(silent.len() as f64);
        self.health.seen(api::Seen {
            at: now,
            backlog,
            silent: silent.len() as u64,
        });
        self.silent = silent;
        Ok(())
    }

    async fn sweep(&self) -> Result<(), store::Error> {
        let now = Timestamp::now();
        let left = self.store.abandon_older(now - UNSEALED).await?;
        if left > 0 {
            tracing::info!(left, "uploads that were never whole were swept away");
        }
        for (tenant, hash) in self.store.expired(now, AT_ONCE).await? {
            let deed = Deed {
                at: now,
                by: "causeway".to_owned(),
                what: "erased".to_owned(),
                submission: None,
                about: None,
                note: Some("the time to keep the file is over".to_owned()),
            };
            self.store.erase(&tenant, &hash, deed).await?;
            tracing::info!(%tenant, "a raw file was erased: its time is over");
        }
        Ok(())
    }
}
