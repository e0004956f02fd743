//! The gate itself.

use std::collections::HashMap;
use std::fmt;
use std::sync::{Arc, PoisonError, RwLock};

use jiff::Timestamp;

use crate::keys::Keys;
use crate::remembered::Remembered;
use crate::token::{self, Claims};
use crate::{Caller, Client, Config, ConfigError, DiscoverError, Refusal};

/// What `_status` says about the issuer's keys.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Readiness {
    /// The keys are fresh.
    Ready,
    /// The last refresh failed; the last good keys still count.
    Stale {
        /// When they were fetched.
        fetched: Timestamp,
    },
    /// There are no keys that count: every token is refused.
    NoKeys,
}

/// Verifies tokens of one issuer. Cheap to clone.
#[derive(Clone)]
pub struct Auth {
    inner: Arc<Inner>,
}

struct Inner {
    config: Config,
    /// By id. Replaced whole, so that nobody ever sees half a list.
    clients: RwLock<Arc<HashMap<String, Client>>>,
    keys: Keys,
    remembered: Remembered,
}

impl Inner {
    fn clients(&self) -> Arc<HashMap<String, Client>> {
        Arc::clone(&self.clients.read().unwrap_or_else(PoisonError::into_inner))
    }
}

fn by_id(clients: &[Client]) -> HashMap<String, Client> {
    clients
        .iter()
        .map(|client| (client.id.clone(), client.clone()))
        .collect()
}

impl fmt::Debug for Auth {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Auth")
            .field("issuer", &self.inner.config.issuer)
            .field("clients", &self.inner.clients().len())
            .finish_non_exhaustive()
    }
}

impl Auth {
    /// Reads the issuer's discovery document and keys.
    ///
    /// # Errors
    /// When the configuration, the document or the keys cannot be used: the server must not start.
    pub async fn discover(config: Config) -> Result<Self, DiscoverError> {
        config.check().map_err(DiscoverError::Config)?;
        let keys = Keys::discover(config.clone()).await?;
        let clients = RwLock::new(Arc::new(by_id(&config.clients)));
        Ok(Self {
            inner: Arc::new(Inner {
                config,
                clients,
                keys,
                remembered: Remembered::new(),
            }),
        })
    }

    /// Takes another list of clients in place of the one there is, at once: a token of a client that
    /// is no longer on it is refused from now on, however long it would be good for.
    ///
    /// # Errors
    /// The first client that cannot be used; the list stays as it was.
    pub fn replace_clients(&self, clients: &[Client]) -> Result<(), ConfigError> {
        crate::config::check_clients(clients)?;
        let clients = Arc::new(by_id(clients));
        *self
            .inner
            .clients
            .write()
            .unwrap_or_else(PoisonError::into_inner) = clients;
        Ok(())
    }

    /// The caller that an `Authorization` header stands for; `None` when there is no such header.
    ///
    /// # Errors
    /// The first reason found not to let the caller in.
    pub async fn caller(&self, authorization: Option<&str>) -> Result<Caller, Refusal> {
        let result = self.verified(authorization).await;
        if let Err(refusal) = &result {
            tracing::info!(code = refusal.code(), reason = %refusal, "a caller was refused");
        }
        let claims = result?;
        let clients = self.inner.clients();
        let Some(client) = clients.get(&claims.client_id) else {
            // The token is genuine, so the client's name is the issuer's word and may be logged.
            tracing::warn!(
                code = Refusal::UnknownClient.code(),
                client = claims.client_id,
                "a client that is not registered was refused"
            );
            return Err(Refusal::UnknownClient);
        };
        Ok(Caller {
            client_id: claims.client_id,
            organisation: client.organisation.clone(),
            kind: client.kind(),
            scope: claims.scope,
            subject: claims.subject,
            token_id: claims.token_id,
            expires: claims.expires,
        })
    }

    async fn verified(&self, authorization: Option<&str>) -> Result<Claims, Refusal> {
        let inner = &*self.inner;
        let token = token::of_header(authorization.ok_or(Refusal::Missing)?)?;
        token::look(token, &inner.config.algorithms)?;
        let mut current = inner.keys.fresh().await.ok_or(Refusal::NoKeys)?;
        let now = Timestamp::now();
        if let Some(claims) = inner.remembered.get(token, current.generation, now) {
            return Ok(claims);
        }
        let leeway = i64::try_from(inner.config.leeway_seconds).unwrap_or(0);
        let mut result = token::verify(token, &current, now, leeway);
        if result == Err(Refusal::UnknownKey) {
            // The issuer may have a new key since.
            let next = inner
                .keys
                .after_unknown(&current)
                .await
                .ok_or(Refusal::NoKeys)?;
            if next.generation != current.generation {
                result = token::verify(token, &next, now, leeway);
                current = next;
            }
        }
        let claims = result?;
        inner
            .remembered
            .put(token, current.generation, &claims, now);
        Ok(claims)
    }

    /// The issuer, as its tokens name it: for `.well-known/smart-configuration`.
    pub fn issuer(&self) -> &str {
        &self.inner.config.issuer
    }

    /// Where the issuer publishes its keys, from its discovery document.
    pub fn jwks_uri(&self) -> &str {
        self.inner.keys.address()
    }

    /// Where the issuer gives out tokens, from its discovery document, where it says so.
    pub fn token_endpoint(&self) -> Option<&str> {
        self.inner.keys.token_endpoint()
    }

    /// What the issuer says it offers to clients: for `.well-known/smart-configuration`.
    pub fn offers(&self) -> &crate::Offers {
        self.inner.keys.offers()
    }

    /// Whether tokens can be checked: for `_status`.
    pub fn readiness(&self) -> Readiness {
        self.inner.keys.readiness()
    }
}
