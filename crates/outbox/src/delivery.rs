//! The workers.

use std::sync::Arc;
use std::time::{Duration, Instant};

use jiff::{SignedDuration, Timestamp};
use store::{Error, OutboxKey, Store};
use tokio::sync::watch;
use tokio::task::JoinSet;

use crate::backoff::Backoff;
use crate::breaker::{Breaker, Way};
use crate::destination::Destination;
use crate::lane::{Lane, Told};
use crate::route::Route;
use crate::{DestinationSettings, SettingsError, routes};

/// How delivery goes about.
#[derive(Debug, Clone)]
pub struct DeliveryOptions {
    /// How many lanes of one route are worked on at once.
    pub workers: usize,
    /// How long a worker waits when nothing is there to be sent.
    pub pause: Duration,
    /// The wait after the first failure; it doubles with each further one.
    pub first_wait: Duration,
    /// The longest wait.
    pub longest_wait: Duration,
    /// After how many failures of its own a resource is given up. What fails because the destination
    /// is down does not count.
    pub most_attempts: u32,
    /// After how many failures in a row a destination is left alone for a while.
    pub most_failures: u32,
    /// How often it is looked whether what may be sent has changed, and old rows are trimmed.
    pub tidy_every: Duration,
    /// For how long delivered rows stay on the list.
    pub keep_delivered: Duration,
    /// For how much longer a claim is held than the longest sending takes.
    pub lease_slack: Duration,
    /// What this process calls itself.
    pub worker: String,
}

impl Default for DeliveryOptions {
    fn default() -> Self {
        Self {
            workers: 2,
            pause: Duration::from_secs(1),
            first_wait: Duration::from_secs(1),
            longest_wait: Duration::from_secs(300),
            most_attempts: 12,
            most_failures: 5,
            tidy_every: Duration::from_secs(60),
            keep_delivered: Duration::from_secs(7 * 24 * 3600),
            lease_slack: Duration::from_secs(10),
            worker: "causeway".to_owned(),
        }
    }
}

impl DeliveryOptions {
    /// A claim is held for longer than any one sending takes, so that no two workers send for one
    /// person.
    pub(crate) fn lease(&self, destination: &dyn Destination) -> Duration {
        destination.patience().saturating_mul(3) + self.lease_slack
    }
}

/// Why delivery cannot start.
#[derive(Debug)]
pub enum StartError {
    /// A setting cannot be used.
    Settings(SettingsError),
    /// The store failed.
    Store(Error),
}

impl std::fmt::Display for StartError {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Settings(error) => error.fmt(f),
            Self::Store(error) => error.fmt(f),
        }
    }
}

impl std::error::Error for StartError {}

/// Running delivery. Dropping it stops the workers where they are; what they held is taken up again
/// when the lease is over.
pub struct Delivery {
    stop: watch::Sender<bool>,
    workers: JoinSet<()>,
}

impl Delivery {
    /// Starts the workers of every route.
    ///
    /// # Errors
    /// The store's, when a destination cannot be begun.
    pub async fn start(
        store: Arc<dyn Store>,
        routes: Vec<Route>,
        options: DeliveryOptions,
    ) -> Result<Self, Error> {
        let (stop, stopped) = watch::channel(false);
        let mut workers = JoinSet::new();
        for route in routes {
            let policy = route.policy(&route.shares.sight(Timestamp::now()));
            store.begin_destination(&route.key, &policy).await?;
            let backoff = Backoff {
                first: options.first_wait,
                longest: options.longest_wait,
            };
            let patience = options.lease(&*route.destination);
            let route = Arc::new(Running {
                store: Arc::clone(&store),
                breaker: Breaker::new(options.most_failures, backoff, patience),
                route,
                options: options.clone(),
                stop: stopped.clone(),
            });
            for number in 0..options.workers.max(1) {
                let route = Arc::clone(&route);
                workers.spawn(async move { route.work(number).await });
            }
            workers.spawn(async move { route.tidy(policy).await });
        }
        Ok(Self { stop, workers })
    }

    /// Starts what `[[destinations]]` ask for, over all tenants, with the routes that are not FHIR
    /// servers, and ends the destinations that tenants had and that are not configured any more: what
    /// a server calls. `location` says
    /// whether where untraced people live may be sent (CS-3), as for summaries.
    ///
    /// # Errors
    /// [`StartError`]: the first setting that cannot be used, or the store's.
    pub async fn configured(
        store: Arc<dyn Store>,
        destinations: &[DestinationSettings],
        others: Vec<Route>,
        tenants: &[store::Tenant],
        access: &access::Access,
        location: &summary::Settings,
        options: DeliveryOptions,
    ) -> Result<Self, StartError> {
        let mut routes =
            routes(destinations, tenants, access, location).map_err(StartError::Settings)?;
        routes.extend(others);
        for tenant in tenants {
            let names: Vec<&str> = routes
                .iter()
                .filter(|route| route.key.tenant == *tenant)
                .map(|route| route.key.destination.as_str())
                .collect();
            Self::end_others(&*store, tenant, &names)
                .await
                .map_err(StartError::Store)?;
        }
        Self::start(store, routes, options)
            .await
            .map_err(StartError::Store)
    }

    /// Ends the destinations of a tenant that are not among these names.
    ///
    /// # Errors
    /// The store's.
    pub async fn end_others(
        store: &dyn Store,
        tenant: &store::Tenant,
        names: &[&str],
    ) -> Result<(), Error> {
        for name in store.destinations(tenant).await? {
            if !names.contains(&name.as_str()) {
                let key = OutboxKey {
                    tenant: tenant.clone(),
                    destination: name,
                };
                store.end_destination(&key).await?;
            }
        }
        Ok(())
    }

    /// Lets each worker finish the resource that it is sending and note what became of it, for at
    /// most so long.
    pub async fn stop(mut self, within: Duration) {
        let _ = self.stop.send(true);
        let all = async { while self.workers.join_next().await.is_some() {} };
        if tokio::time::timeout(within, all).await.is_err() {
            tracing::warn!("delivery did not end in time; what it held is taken up again later");
        }
    }
}

struct Running {
    store: Arc<dyn Store>,
    breaker: Breaker,
    route: Route,
    options: DeliveryOptions,
    stop: watch::Receiver<bool>,
}

impl Running {
    fn stopping(&self) -> bool {
        *self.stop.borrow()
    }

    /// Waits, or until delivery is to stop.
    async fn rest(&self, span: Duration) {
        let mut stop = self.stop.clone();
        let _ = tokio::time::timeout(span, stop.wait_for(|stop| *stop)).await;
    }

    async fn work(&self, number: usize) {
        let worker = format!("{}/{number}", self.options.worker);
        while !self.stopping() {
            match self.breaker.way(Instant::now()) {
                Way::Shut(wait) => {
                    self.rest(wait.min(self.options.pause.max(self.options.first_wait)))
                        .await;
                    continue;
                }
                Way::Free => {}
            }
            match self.take(&worker).await {
                Ok(Some(told)) => {
                    // A lane in which nothing had to be sent tells nothing of the destination.
                    self.breaker.idle();
                    self.count(told);
                }
                Ok(None) => {
                    self.breaker.idle();
                    self.rest(self.options.pause).await;
                }
                Err(error) => {
                    self.breaker.idle();
                    tracing::warn!(
                        destination = self.route.key.destination,
                        %error,
                        "the outbox cannot be worked on"
                    );
                    self.rest(self.options.first_wait.max(self.options.pause))
                        .await;
                }
            }
        }
    }

    async fn take(&self, worker: &str) -> Result<Option<Told>, Error> {
        let lease = self.options.lease(&*self.route.destination);
        let held_since = Instant::now();
        let claim = self.store.claim_lane(&self.route.key, worker, lease);
        let Some(claim) = claim.await? else {
            return Ok(None);
        };
        let lane = Lane {
            store: &*self.store,
            route: &self.route,
            breaker: &self.breaker,
            options: &self.options,
            stopping: &|| self.stopping(),
            claim,
            held_since,
            settled: Vec::new(),
            told: Told::default(),
            remotes: std::collections::BTreeMap::new(),
        };
        lane.deliver().await.map(Some)
    }

    fn count(&self, told: Told) {
        let count = |outcome: &'static str, number: u64| {
            if number > 0 {
                metrics::counter!(
                    "causeway_outbox_sent_total",
                    "destination" => self.route.key.destination.clone(),
                    "outcome" => outcome
                )
                .increment(number);
            }
        };
        count("delivered", told.delivered);
        count("failed", told.failed);
        count("dead", told.dead);
    }

    /// Queues everything where what may be sent has changed, trims, and tells how much waits.
    async fn tidy(&self, mut policy: String) {
        let mut since = None;
        while !self.stopping() {
            match self.tidy_once(&mut policy, &mut since).await {
                Ok(()) => {}
                Err(error) => tracing::warn!(
                    destination = self.route.key.destination,
                    %error,
                    "the outbox cannot be looked after"
                ),
            }
            self.rest(self.options.tidy_every).await;
        }
    }

    async fn tidy_once(
        &self,
        policy: &mut String,
        since: &mut Option<Instant>,
    ) -> Result<(), Error> {
        let key = &self.route.key;
        let now = self
            .route
            .policy(&self.route.shares.sight(Timestamp::now()));
        if now != *policy {
            self.store.begin_destination(key, &now).await?;
            *policy = now;
        }
        while !self.stopping() && self.store.queue_more(key, 500).await? {}
        let keep = SignedDuration::try_from(self.options.keep_delivered).unwrap_or_default();
        let before = Timestamp::now().checked_sub(keep).unwrap_or(Timestamp::MIN);
        while !self.stopping() && self.store.trim_delivered(key, before, 500).await? >= 500 {}
        let backlog = self.store.outbox_backlog(key).await?;
        let gauge = |name: &'static str, value: f64| {
            metrics::gauge!(
                name,
                "destination" => key.destination.clone(),
                "tenant" => key.tenant.as_str().to_owned()
            )
            .set(value);
        };
        let age = backlog.oldest.map_or(0.0, |oldest| {
            Timestamp::now().duration_since(oldest).as_secs_f64()
        });
        #[allow(clippy::cast_precision_loss)]
        {
            gauge("causeway_outbox_waiting", backlog.waiting as f64);
            gauge("causeway_outbox_dead", backlog.dead as f64);
        }
        gauge("causeway_outbox_oldest_seconds", age.max(0.0));
        gauge(
            "causeway_outbox_shut",
            f64::from(u8::from(self.breaker.is_shut())),
        );
        let shut = self.breaker.is_shut();
        match (shut, &since) {
            (true, None) => {
                *since = Some(Instant::now());
                tracing::warn!(
                    destination = key.destination,
                    waiting = backlog.waiting,
                    "the destination does not answer; it is tried again, and nothing is lost"
                );
            }
            (false, Some(_)) => {
                *since = None;
                tracing::info!(
                    destination = key.destination,
                    waiting = backlog.waiting,
                    "the destination answers again"
                );
            }
            _ => {}
        }
        Ok(())
    }
}
