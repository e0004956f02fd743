//! The wiring of a server: store, issuer, access and API.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use access::{Access, Purpose};
use api::{Api, Issuer, Provider, Providers, State};
use auth::Auth;
use search::Indexer;
use store::Store;
use tokio::net::TcpListener;
use tokio::sync::watch;

use crate::config::{Config, Organisation};
use crate::exit::Failure;
use crate::knowledge::Knowledge;
use crate::works::Crew;
use crate::{locate, observe};

/// The interface's settings that follow from the organisations and who they are.
pub fn providers(
    tenants: &[access::TenantConfig],
    organisations: &[Organisation],
) -> BTreeMap<String, Provider> {
    tenants
        .iter()
        .map(|tenant| {
            let known = organisations
                .iter()
                .find(|organisation| organisation.ods == tenant.organisation);
            let provider = Provider {
                ods: tenant.organisation.clone(),
                name: known.map_or_else(|| tenant.organisation.clone(), |known| known.name.clone()),
                phone: known.and_then(|known| known.phone.clone()),
            };
            (tenant.name.clone(), provider)
        })
        .collect()
}

/// The resource types that the mappings make: what is served is what can be there.
pub fn served_types(knowledge: &Knowledge) -> Result<BTreeSet<String>, Failure> {
    let mut types = BTreeSet::new();
    for name in locate::shipped_names() {
        let mapping = locate::mapping(&name, knowledge)?;
        types.extend(mapping.resource_types().into_iter().map(str::to_owned));
    }
    Ok(types)
}

/// Everything that serves.
pub struct Service {
    /// Where the records are.
    pub store: Arc<dyn Store>,
    /// Who calls.
    pub auth: auth::Config,
    /// Who may see whom.
    pub access: Access,
    /// How it takes files in.
    pub desk: Option<api::Desk>,
    /// How it answers.
    pub api: api::Config,
}

impl Service {
    /// A service as a configuration file describes it.
    pub async fn from_config(
        config: &Config,
        store: Arc<dyn Store>,
        desk: api::Desk,
        knowledge: &Knowledge,
    ) -> Result<Self, Failure> {
        let installed = store.installed().await.map_err(Failure::failed)?;
        let mut api = api::Config::new(&config.server.base);
        api.types = served_types(knowledge)?;
        for mapping in &installed {
            api.types.extend(mapping.types.iter().cloned());
        }
        api.reviewed_mappings = installed
            .into_iter()
            .filter(|mapping| !mapping.reviews.is_empty())
            .map(|mapping| mapping.stamp.hash)
            .collect();
        api.providers = Providers::new(providers(&config.access.tenants, &config.organisations));
        api.summary.mode = config.server.mode.shown();
        api.summary.publish_location_of_untraced =
            config.summary.publish_location_of_untraced.is_some();
        if let Some(days) = config.summary.stale_after_days {
            api.summary.stale_after_days = days;
        }
        // The listener is for direct care and nothing else, until purposes arrive with tokens.
        api.default_purpose = Some(Purpose::DirectCare);
        Ok(Self {
            store,
            auth: config.auth.clone(),
            access: Access::new(config.access.clone()).map_err(Failure::usage)?,
            desk: Some(desk),
            api,
        })
    }

    /// Reads the issuer's keys and makes the router. With it comes the gate, whose clients may change
    /// while it serves.
    pub async fn router(self, knowledge: &Knowledge) -> Result<(axum::Router, Auth), Failure> {
        let mut api = self.api;
        api.process_metrics = Some(observe::metrics);
        let issuer = self.auth.issuer.clone();
        let auth = Auth::discover(self.auth).await.map_err(|error| {
            Failure::failed(format!("the issuer {issuer} cannot be used: {error}"))
        })?;
        api.issuer = Issuer {
            issuer,
            jwks_uri: Some(auth.jwks_uri().to_owned()),
            token_endpoint: auth.token_endpoint().map(str::to_owned),
            grant_types: auth.offers().grant_types.clone(),
            auth_methods: auth.offers().auth_methods.clone(),
            signing_algorithms: auth.offers().signing_algorithms.clone(),
        };
        let state = State {
            store: self.store,
            auth: auth.clone(),
            access: self.access,
            indexer: Arc::new(Indexer::new(knowledge.definitions)),
            definitions: knowledge.definitions.clone(),
            desk: self.desk,
            config: api,
        };
        let router = Api::new(state).map_err(Failure::usage)?.router();
        Ok((router, auth))
    }
}

/// Binds an address.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::failed(format!("cannot listen on {address}: {error}")))
}

/// How long an answer that has begun may take when the process is asked to end.
const GRACE: Duration = Duration::from_secs(20);

/// Serves until the process is asked to end: takes no more requests, lets what has begun finish, and
/// meanwhile the workers put their jobs back.
pub async fn serve(listener: TcpListener, router: axum::Router, crew: Crew) -> Result<(), Failure> {
    let (asked, mut ending) = watch::channel(false);
    let stopping = {
        let mut ending = ending.clone();
        tokio::spawn(async move {
            // An error is that nobody can ask any more: then it has ended.
            let _ = ending.wait_for(|asked| *asked).await;
            crew.stop().await;
        })
    };
    tokio::spawn(async move {
        asked_to_end().await;
        tracing::info!("asked to end: what has begun is finished");
        asked.send_replace(true);
        // Held until the end, so that a dropped sender is never taken for a request to end.
        std::future::pending::<()>().await;
    });
    let mut until = ending.clone();
    let serving = axum::serve(listener, router).with_graceful_shutdown(async move {
        let _ = until.wait_for(|asked| *asked).await;
    });
    let outcome = tokio::select! {
        outcome = serving => outcome.map_err(Failure::failed),
        () = async {
            let _ = ending.wait_for(|asked| *asked).await;
            tokio::time::sleep(GRACE).await;
        } => {
            tracing::warn!("answers that were still under way are cut off");
            Ok(())
        }
    };
    if outcome.is_ok() {
        let _ = stopping.await;
    }
    outcome
}

async fn asked_to_end() {
    let interrupt = tokio::signal::ctrl_c();
    #[cfg(unix)]
    {
        use tokio::signal::unix::{SignalKind, signal};
        if let Ok(mut terminate) = signal(SignalKind::terminate()) {
            tokio::select! {
                _ = interrupt => {}
                _ = terminate.recv() => {}
            }
            return;
        }
    }
    let _ = interrupt.await;
}
