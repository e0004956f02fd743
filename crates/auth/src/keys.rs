//! The issuer's keys: fetched at start, refreshed as they age, kept while the issuer is down.

use std::sync::{Arc, Mutex, PoisonError, RwLock};
use std::time::{Duration, Instant};

use jiff::Timestamp;
use openidconnect::core::{
    CoreIdTokenVerifier, CoreJsonWebKey, CoreJsonWebKeySet, CoreProviderMetadata,
};
use openidconnect::{
    ClientId, DiscoveryError, IssuerUrl, JsonWebKey as _, JsonWebKeySetUrl, JsonWebTokenType,
};

use crate::fetch::{FetchError, Fetcher, trustworthy};
use crate::{Config, DiscoverError, Readiness};

/// The most keys taken of a set.
const MOST_KEYS: usize = 64;

/// A verifier over one set of keys, and which set it is.
pub(crate) struct Current {
    pub(crate) verifier: CoreIdTokenVerifier<'static>,
    keys: Vec<CoreJsonWebKey>,
    /// Counts the different sets seen: what was verified with another set is verified anew.
    pub(crate) generation: u64,
    fetched: Instant,
    fetched_at: Timestamp,
}

/// What the issuer's discovery document says it offers to clients (OpenID Connect Discovery 1.0,
/// section 3); empty where it does not say.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Offers {
    /// Its grants: `client_credentials`.
    pub grant_types: Vec<String>,
    /// How clients prove themselves to it: `private_key_jwt`.
    pub auth_methods: Vec<String>,
    /// The algorithms of `private_key_jwt`.
    pub signing_algorithms: Vec<String>,
}

/// The names of an enumeration of the discovery document, as the document has them.
fn names<T: serde::Serialize>(values: Option<&Vec<T>>) -> Vec<String> {
    values
        .into_iter()
        .flatten()
        .filter_map(|value| match serde_json::to_value(value) {
            Ok(serde_json::Value::String(name)) => Some(name),
            _ => None,
        })
        .collect()
}

/// The keys of the configured issuer.
pub(crate) struct Keys {
    issuer: IssuerUrl,
    audience: ClientId,
    address: JsonWebKeySetUrl,
    token_endpoint: Option<String>,
    offers: Offers,
    fetcher: Fetcher,
    config: Config,
    current: RwLock<Arc<Current>>,
    /// When the last fetch was begun, and whether it failed.
    last: Mutex<(Instant, bool)>,
    /// Held by the one that fetches; the others wait for it and use what it brought.
    fetching: tokio::sync::Mutex<()>,
}

impl Keys {
    /// Reads the discovery document and the keys.
    pub(crate) async fn discover(config: Config) -> Result<Self, DiscoverError> {
        let unusable = |reason: String| DiscoverError::Discovery(reason);
        let fetcher = Fetcher::new(&config.issuer, config.pace.timeout)
            .map_err(|error| unusable(error.to_string()))?;
        let issuer = IssuerUrl::new(config.issuer.clone())
            .map_err(|_| unusable("the issuer is not an address".to_owned()))?;
        let metadata = CoreProviderMetadata::discover_async(issuer.clone(), &fetcher)
            .await
            .map_err(|error| unusable(words(&error)))?;
        let address = metadata.jwks_uri().clone();
        let token_endpoint = metadata.token_endpoint().map(|url| url.as_str().to_owned());
        let offers = Offers {
            grant_types: names(metadata.grant_types_supported()),
            auth_methods: names(metadata.token_endpoint_auth_methods_supported()),
            signing_algorithms: names(metadata.token_endpoint_auth_signing_alg_values_supported()),
        };
        if !trustworthy(address.as_str()) {
            return Err(unusable(
                "its jwks_uri is neither https nor http on loopback".to_owned(),
            ));
        }
        let keys = usable(metadata.jwks()).map_err(DiscoverError::Keys)?;
        let audience = ClientId::new(config.audience.clone());
        let current = Current::new(&config, &issuer, &audience, keys, 1);
        Ok(Self {
            issuer,
            audience,
            address,
            token_endpoint,
            offers,
            fetcher,
            current: RwLock::new(Arc::new(current)),
            last: Mutex::new((Instant::now(), false)),
            fetching: tokio::sync::Mutex::new(()),
            config,
        })
    }

    pub(crate) fn address(&self) -> &str {
        self.address.as_str()
    }

    pub(crate) fn token_endpoint(&self) -> Option<&str> {
        self.token_endpoint.as_deref()
    }

    pub(crate) fn offers(&self) -> &Offers {
        &self.offers
    }

    fn now(&self) -> Arc<Current> {
        Arc::clone(&self.current.read().unwrap_or_else(PoisonError::into_inner))
    }

    fn last(&self) -> (Instant, bool) {
        *self.last.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// The keys that count now, fetched again first when they have aged. `None` when the last good
    /// ones are too old.
    pub(crate) async fn fresh(&self) -> Option<Arc<Current>> {
        let mut current = self.now();
        if current.fetched.elapsed() >= self.config.pace.refresh {
            current = self.fetch_after(&current).await;
        }
        self.counts(&current).then_some(current)
    }

    /// The keys after one more fetch, for a token whose key is not among `known`; the same ones
    /// when a fetch was made only just now.
    pub(crate) async fn after_unknown(&self, known: &Arc<Current>) -> Option<Arc<Current>> {
        let current = self.fetch_after(known).await;
        self.counts(&current).then_some(current)
    }

    fn counts(&self, current: &Current) -> bool {
        current.fetched.elapsed()
            < Duration::from_secs(self.config.keys_stale_seconds).max(self.config.pace.refresh)
    }

    /// What `_status` says.
    pub(crate) fn readiness(&self) -> Readiness {
        let current = self.now();
        if !self.counts(&current) {
            Readiness::NoKeys
        } else if self.last().1 {
            Readiness::Stale {
                fetched: current.fetched_at,
            }
        } else {
            Readiness::Ready
        }
    }

    /// Fetches once, however many ask, and not again within the pause.
    async fn fetch_after(&self, known: &Arc<Current>) -> Arc<Current> {
        let _turn = self.fetching.lock().await;
        let current = self.now();
        if current.fetched != known.fetched || self.last().0.elapsed() < self.config.pace.pause {
            return current;
        }
        let begun = Instant::now();
        let answer = CoreJsonWebKeySet::fetch_async(&self.address, &self.fetcher).await;
        let keys = answer
            .map_err(|error| words(&error))
            .and_then(|set| usable(&set));
        let failed = keys.is_err();
        *self.last.lock().unwrap_or_else(PoisonError::into_inner) = (begun, failed);
        match keys {
            Err(reason) => {
                tracing::warn!(
                    reason,
                    "the issuer's keys could not be refreshed; the last good ones count on"
                );
                current
            }
            Ok(keys) => {
                let generation = current.generation + u64::from(keys != current.keys);
                let next = Arc::new(Current::new(
                    &self.config,
                    &self.issuer,
                    &self.audience,
                    keys,
                    generation,
                ));
                *self.current.write().unwrap_or_else(PoisonError::into_inner) = Arc::clone(&next);
                next
            }
        }
    }
}

impl Current {
    fn new(
        config: &Config,
        issuer: &IssuerUrl,
        audience: &ClientId,
        keys: Vec<CoreJsonWebKey>,
        generation: u64,
    ) -> Self {
        let set = CoreJsonWebKeySet::new(keys.clone());
        // Its defaults are for ID tokens: they take those and refuse access tokens. Other
        // audiences beside ours are refused by default, and stay so.
        let types = ["at+jwt", "application/at+jwt"]
            .into_iter()
            .filter_map(|name| JsonWebTokenType::new(name.to_owned()).normalize().ok());
        let verifier =
            CoreIdTokenVerifier::new_public_client(audience.clone(), issuer.clone(), set)
                .set_allowed_jose_types(types)
                .set_allowed_algs(
                    config
                        .algorithms
                        .iter()
                        .map(|algorithm| algorithm.signing()),
                );
        Self {
            verifier,
            keys,
            generation,
            fetched: Instant::now(),
            fetched_at: Timestamp::now(),
        }
    }
}

/// The keys of a set, when there are some and not too many.
fn usable(set: &CoreJsonWebKeySet) -> Result<Vec<CoreJsonWebKey>, String> {
    let keys = set.keys();
    if keys.len() > MOST_KEYS {
        return Err(format!(
            "the key set holds {} keys, and at most {MOST_KEYS} are taken",
            keys.len()
        ));
    }
    let signing = keys.iter().any(|key| {
        !matches!(
            key.key_type(),
            openidconnect::core::CoreJsonWebKeyType::Symmetric
        )
    });
    if !signing {
        return Err("the key set holds no public key".to_owned());
    }
    Ok(keys.clone())
}

/// What went wrong, without the answer itself: it is not ours to repeat.
fn words(error: &DiscoveryError<FetchError>) -> String {
    match error {
        DiscoveryError::Request(error) => error.to_string(),
        DiscoveryError::Parse(_) => "the answer is not the JSON that was expected".to_owned(),
        DiscoveryError::Response(status, _, _) => {
            format!("the issuer answered with status {status} or not with JSON")
        }
        DiscoveryError::UrlParse(_) => "an address in it cannot be read".to_owned(),
        DiscoveryError::Validation(_) => {
            "its issuer is not byte for byte the configured one (look at the last slash)".to_owned()
        }
        _ => "it cannot be read".to_owned(),
    }
}
