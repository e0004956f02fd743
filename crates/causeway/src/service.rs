//! The wiring of a server: store, issuer, access and API.

use std::collections::{BTreeMap, BTreeSet};
use std::net::SocketAddr;
use std::sync::Arc;

use access::{Access, Purpose};
use api::{Api, Issuer, Provider, State};
use auth::Auth;
use search::Indexer;
use store::Store;
use tokio::net::TcpListener;

use crate::config::{Config, Organisation};
use crate::exit::Failure;
use crate::knowledge::Knowledge;
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
    pub access: access::Config,
    /// How it answers.
    pub api: api::Config,
}

impl Service {
    /// A service as a configuration file describes it.
    pub async fn from_config(
        config: &Config,
        store: Arc<dyn Store>,
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
        api.providers = providers(&config.access.tenants, &config.organisations);
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
            access: config.access.clone(),
            api,
        })
    }

    /// Reads the issuer's keys and makes the router.
    pub async fn router(self, knowledge: &Knowledge) -> Result<axum::Router, Failure> {
        let access = Access::new(self.access).map_err(Failure::usage)?;
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
            auth,
            access,
            indexer: Arc::new(Indexer::new(knowledge.definitions)),
            definitions: knowledge.definitions.clone(),
            config: api,
        };
        Ok(Api::new(state).map_err(Failure::usage)?.router())
    }
}

/// Binds an address.
pub async fn listen(address: SocketAddr) -> Result<TcpListener, Failure> {
    TcpListener::bind(address)
        .await
        .map_err(|error| Failure::failed(format!("cannot listen on {address}: {error}")))
}

/// Serves until the process is asked to end, and lets what has begun finish.
pub async fn serve(listener: TcpListener, router: axum::Router) -> Result<(), Failure> {
    axum::serve(listener, router)
        .with_graceful_shutdown(asked_to_end())
        .await
        .map_err(Failure::failed)
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
