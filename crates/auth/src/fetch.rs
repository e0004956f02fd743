//! Asking the issuer, within bounds.

use std::fmt;
use std::pin::Pin;
use std::sync::Once;
use std::time::Duration;

use openidconnect::http::Response;
use openidconnect::url::{Host, Url};
use openidconnect::{AsyncHttpClient, HttpRequest, HttpResponse};
use reqwest::redirect::Policy;

/// The most bytes taken of a discovery document or key set.
const MOST_BYTES: usize = 256 * 1024;

/// Whether an address may be asked, or trusted as an issuer: `https`, or `http` on loopback.
pub(crate) fn trustworthy(text: &str) -> bool {
    let Ok(url) = Url::parse(text) else {
        return false;
    };
    let bare = url.username().is_empty()
        && url.password().is_none()
        && url.query().is_none()
        && url.fragment().is_none();
    bare && match url.scheme() {
        "https" => url.host().is_some(),
        "http" => loopback(text),
        _ => false,
    }
}

/// Whether an address is on this machine.
pub(crate) fn loopback(text: &str) -> bool {
    match Url::parse(text)
        .ok()
        .and_then(|url| url.host().map(|host| host.to_owned()))
    {
        Some(Host::Ipv4(address)) => address.is_loopback(),
        Some(Host::Ipv6(address)) => address.is_loopback(),
        Some(Host::Domain(name)) => name == "localhost",
        None => false,
    }
}

/// Why a request to the issuer failed.
#[derive(Debug)]
pub(crate) enum FetchError {
    /// The network or the server.
    Http(reqwest::Error),
    /// More bytes than are taken.
    TooLarge,
    /// The address is not one that is asked.
    Address,
}

impl fmt::Display for FetchError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Http(error) if error.is_timeout() => {
                f.write_str("the issuer did not answer in time")
            }
            Self::Http(error) if error.is_connect() => f.write_str("the issuer cannot be reached"),
            Self::Http(_) => f.write_str("the request to the issuer failed"),
            Self::TooLarge => write!(f, "the answer is larger than {MOST_BYTES} bytes"),
            Self::Address => f.write_str(
                "the address is neither https nor, for an issuer on loopback, http on loopback",
            ),
        }
    }
}

impl std::error::Error for FetchError {}

/// The HTTP client: no redirects, no other schemes, bounded in time and size.
#[derive(Debug, Clone)]
pub(crate) struct Fetcher {
    client: reqwest::Client,
    /// Whether the issuer itself is on loopback: only then is `http` asked at all.
    local: bool,
}

impl Fetcher {
    pub(crate) fn new(issuer: &str, timeout: Duration) -> Result<Self, FetchError> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Another part of the process may have installed one already; either will do.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let local = loopback(issuer);
        let mut client = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(timeout)
            .connect_timeout(timeout)
            .https_only(!local)
            .user_agent("causeway");
        if local {
            client = client.no_proxy();
        }
        Ok(Self {
            client: client.build().map_err(FetchError::Http)?,
            local,
        })
    }

    async fn get(&self, request: HttpRequest) -> Result<HttpResponse, FetchError> {
        let address = request.uri().to_string();
        if !trustworthy(&address) || (!self.local && loopback(&address)) {
            return Err(FetchError::Address);
        }
        let mut response = self
            .client
            .get(address)
            .headers(request.headers().clone())
            .send()
            .await
            .map_err(FetchError::Http)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(FetchError::Http)? {
            if body.len() + chunk.len() > MOST_BYTES {
                return Err(FetchError::TooLarge);
            }
            body.extend_from_slice(&chunk);
        }
        let mut answer = Response::new(body);
        *answer.status_mut() = response.status();
        *answer.headers_mut() = response.headers().clone();
        Ok(answer)
    }
}

impl<'c> AsyncHttpClient<'c> for Fetcher {
    type Error = FetchError;
    type Future = Pin<Box<dyn Future<Output = Result<HttpResponse, FetchError>> + Send + 'c>>;

    fn call(&'c self, request: HttpRequest) -> Self::Future {
        Box::pin(self.get(request))
    }
}
