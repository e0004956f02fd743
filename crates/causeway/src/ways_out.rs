//! Other systems that records are sent on to, and the record locator.

use std::sync::Arc;
use std::time::Duration;

use access::Access;
use outbox::{Delivery, DeliveryOptions, Route};
use store::{OutboxKey, Store};
use tokio::task::JoinHandle;

use crate::config::Config;
use crate::exit::Failure;

/// How long delivery may take to stop.
const STOPPING: Duration = Duration::from_secs(20);

/// Running delivery.
pub struct WaysOut {
    delivery: Delivery,
    comparing: Option<JoinHandle<()>>,
}

impl WaysOut {
    /// Begins to send. To be called within a runtime. `access` decides what may be sent: agreements
    /// that change in it count at once.
    pub async fn start(
        config: &Config,
        store: Arc<dyn Store>,
        access: &Access,
        location: &summary::Settings,
    ) -> Result<Self, Failure> {
        let pointers = pointers(config, &store, access, location)?;
        let keys: Vec<OutboxKey> = pointers.iter().map(|route| route.key.clone()).collect();
        let delivery = Delivery::configured(
            store.clone(),
            &config.destinations,
            pointers,
            &config.tenants(),
            access,
            location,
            DeliveryOptions {
                worker: format!("causeway-{}", std::process::id()),
                ..DeliveryOptions::default()
            },
        )
        .await
        .map_err(Failure::usage)?;
        for destination in &config.destinations {
            tracing::info!(
                destination = destination.name,
                base = destination.base,
                "records are sent on"
            );
        }
        let comparing = config.nrl.as_ref().map(|nrl| {
            let every = Duration::from_secs(nrl.compare_hours.max(1).saturating_mul(3600));
            tracing::info!(
                base = nrl.base,
                "the record locator is told who has a record here"
            );
            tokio::spawn(nrl::compare_every(store, keys, every))
        });
        Ok(Self {
            delivery,
            comparing,
        })
    }

    /// Lets what is being sent be finished.
    pub async fn stop(self) {
        if let Some(comparing) = self.comparing {
            comparing.abort();
        }
        self.delivery.stop(STOPPING).await;
    }
}

/// Checks what can be checked without sending anything; the keys that are named are read.
pub fn check(config: &Config) -> Result<(), Failure> {
    let access = Access::new(config.access.clone()).map_err(Failure::usage)?;
    let location = summary::Settings::new(jiff::Timestamp::now());
    outbox::routes(&config.destinations, &config.tenants(), &access, &location)
        .map_err(Failure::usage)?;
    if let Some(nrl) = &config.nrl {
        for tenant in &config.access.tenants {
            nrl.check(&tenant.organisation).map_err(Failure::usage)?;
        }
    }
    Ok(())
}

fn pointers(
    config: &Config,
    store: &Arc<dyn Store>,
    access: &Access,
    location: &summary::Settings,
) -> Result<Vec<Route>, Failure> {
    let Some(settings) = &config.nrl else {
        return Ok(Vec::new());
    };
    let mut routes = Vec::new();
    for tenant in config.tenants() {
        let custodian = config.organisation(&tenant);
        let route = nrl::route(
            settings,
            store.clone(),
            (&tenant, custodian),
            access,
            location,
        );
        routes.extend(route.map_err(Failure::usage)?);
    }
    Ok(routes)
}
