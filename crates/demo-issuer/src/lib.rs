//! An OpenID Connect issuer for `causeway demo` and for tests.
//!
//! The main type is [`Issuer`]: it makes a key, listens, and gives out access tokens (RFC 9068,
//! ES256) for the client credentials grant (RFC 6749, section 4.4).
//!
//! Invariants:
//! - It listens on a loopback address only, and refuses any other.
//! - It says that it is for the demo, in its discovery document and in the log.
//! - Its key lives as long as it runs and is never written down.

mod http;
mod sign;

use std::net::{Ipv4Addr, SocketAddr};
use std::sync::Arc;
use std::time::Duration;

use tokio::net::TcpListener;
use tokio::task::JoinHandle;

use sign::Signer;

/// A client that the demo knows.
#[derive(Debug, Clone)]
pub struct DemoClient {
    /// Its id.
    pub id: String,
    /// Its secret.
    pub secret: String,
    /// The scopes it may ask for, separated by blanks.
    pub scope: String,
}

/// The running issuer. It ends when this is dropped.
#[derive(Debug)]
pub struct Issuer {
    realm: Arc<Realm>,
    server: JoinHandle<()>,
}

/// What the endpoints share.
struct Realm {
    url: String,
    audience: String,
    clients: Vec<DemoClient>,
    signer: Signer,
}

impl std::fmt::Debug for Realm {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Realm")
            .field("url", &self.url)
            .finish_non_exhaustive()
    }
}

/// How long a token that is asked for over HTTP counts.
const LIFETIME: Duration = Duration::from_secs(3600);

impl Issuer {
    /// Starts an issuer on 127.0.0.1; port 0 takes a free one. Tokens are for `audience`.
    ///
    /// # Errors
    /// When the port cannot be bound, or no key can be made.
    pub async fn start(
        port: u16,
        audience: &str,
        clients: Vec<DemoClient>,
    ) -> Result<Self, std::io::Error> {
        Self::start_at((Ipv4Addr::LOCALHOST, port).into(), audience, clients).await
    }

    /// The same at an address.
    ///
    /// # Errors
    /// When the address is not a loopback address, cannot be bound, or no key can be made.
    pub async fn start_at(
        address: SocketAddr,
        audience: &str,
        clients: Vec<DemoClient>,
    ) -> Result<Self, std::io::Error> {
        if !address.ip().is_loopback() {
            return Err(std::io::Error::new(
                std::io::ErrorKind::InvalidInput,
                format!(
                    "the demo issuer listens on loopback only, and {address} is not: use 127.0.0.1"
                ),
            ));
        }
        let signer = Signer::new()?;
        let listener = TcpListener::bind(address).await?;
        let url = format!("http://{}", listener.local_addr()?);
        tracing::warn!(%url, "the demo issuer is running: for the demo and tests only, never for real people");
        let realm = Arc::new(Realm {
            url,
            audience: audience.to_owned(),
            clients,
            signer,
        });
        let routes = http::routes(Arc::clone(&realm));
        let server = tokio::spawn(async move {
            if let Err(error) = axum::serve(listener, routes).await {
                tracing::error!(%error, "the demo issuer ended");
            }
        });
        Ok(Self { realm, server })
    }

    /// The issuer's URL, as tokens name it.
    pub fn url(&self) -> &str {
        &self.realm.url
    }

    /// An access token for a client, without asking over HTTP. Neither the client nor the scope
    /// needs to be registered.
    pub fn mint(&self, client: &str, scope: &str, lifetime: Duration) -> String {
        self.realm.mint(client, scope, lifetime)
    }
}

impl Drop for Issuer {
    fn drop(&mut self) {
        self.server.abort();
    }
}

impl Realm {
    /// A token with the claims of RFC 9068, section 2.2.
    fn mint(&self, client: &str, scope: &str, lifetime: Duration) -> String {
        let now = jiff::Timestamp::now().as_second();
        let lifetime = i64::try_from(lifetime.as_secs()).unwrap_or(i64::MAX);
        let claims = serde_json::json!({
            "iss": self.url,
            "sub": client,
            "aud": self.audience,
            "client_id": client,
            "scope": scope,
            "jti": uuid::Uuid::new_v4().to_string(),
            "iat": now,
            "exp": now.saturating_add(lifetime),
        });
        self.signer.sign(&claims)
    }
}
