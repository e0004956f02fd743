//! One call, within bounds.

use std::fmt;
use std::sync::Once;
use std::time::Duration;

use json::Value;
use reqwest::header::{ACCEPT, CONTENT_TYPE, HeaderMap, HeaderValue, RETRY_AFTER};
use reqwest::redirect::Policy;
use reqwest::{Response, StatusCode};

use crate::settings::Options;

/// The most bytes taken of an answer.
const MOST_BYTES: usize = 4 << 20;
/// The longest that a server may put a call off.
const LONGEST_WAIT: Duration = Duration::from_secs(5);
const FHIR_JSON: &str = "application/fhir+json";

/// What came of a call.
#[derive(Debug)]
pub(crate) enum Outcome {
    /// A resource.
    Resource(Value),
    /// The server understood and said no: a status between 400 and 499.
    Refused(StatusCode),
}

/// Why nothing came of it. Never holds anything of the answer.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Fault {
    Slow,
    Unreachable,
    Status(StatusCode),
    Credentials,
    Huge,
    NotJson,
}

impl fmt::Display for Fault {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Slow => f.write_str("the terminology server did not answer in time"),
            Self::Unreachable => f.write_str("the terminology server cannot be reached"),
            Self::Status(status) => write!(f, "the terminology server failed with {status}"),
            Self::Credentials => f.write_str("the terminology server refused the credentials"),
            Self::Huge => f.write_str("the answer of the terminology server is too large"),
            Self::NotJson => f.write_str("the terminology server did not answer in FHIR JSON"),
        }
    }
}

/// The HTTP client: no redirects, bounded in time and size.
#[derive(Debug)]
pub(crate) struct Fetcher {
    client: reqwest::Client,
    base: String,
}

impl Fetcher {
    pub(crate) fn new(options: &Options) -> Result<Self, reqwest::Error> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Another part of the process may have installed one already; either will do.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(FHIR_JSON));
        headers.insert(CONTENT_TYPE, HeaderValue::from_static(FHIR_JSON));
        if let Some((name, value)) = &options.header {
            headers.insert(name.clone(), value.clone());
        }
        let mut client = reqwest::Client::builder()
            .default_headers(headers)
            .redirect(Policy::none())
            .timeout(options.timeout)
            .connect_timeout(options.timeout)
            .https_only(!options.is_local)
            .user_agent("causeway");
        if options.is_local {
            client = client.no_proxy();
        }
        Ok(Self {
            client: client.build()?,
            base: options.base.clone(),
        })
    }

    /// Posts a resource, and takes the resource that comes back. A server that is busy is asked once
    /// more.
    pub(crate) async fn post(&self, path: &str, body: &Value) -> Result<Outcome, Fault> {
        let address = match path {
            "" => self.base.clone(),
            path => format!("{}/{path}", self.base),
        };
        let body = body.to_bytes();
        let mut is_first = true;
        loop {
            let sent = self.client.post(&address).body(body.clone()).send().await;
            let response = sent.map_err(|error| fault(&error))?;
            let status = response.status();
            let is_busy = matches!(
                status,
                StatusCode::TOO_MANY_REQUESTS | StatusCode::SERVICE_UNAVAILABLE
            );
            if is_busy && is_first {
                is_first = false;
                tokio::time::sleep(wait(response.headers())).await;
                continue;
            }
            return match status {
                _ if is_busy => Err(Fault::Status(status)),
                StatusCode::UNAUTHORIZED | StatusCode::FORBIDDEN => Err(Fault::Credentials),
                status if status.is_client_error() => Ok(Outcome::Refused(status)),
                status if !status.is_success() => Err(Fault::Status(status)),
                _ => resource(response).await.map(Outcome::Resource),
            };
        }
    }
}

fn fault(error: &reqwest::Error) -> Fault {
    if error.is_timeout() {
        Fault::Slow
    } else {
        Fault::Unreachable
    }
}

/// How long a busy server asks to be left alone; dates are taken as the longest wait.
fn wait(headers: &HeaderMap) -> Duration {
    let asked = headers
        .get(RETRY_AFTER)
        .and_then(|value| value.to_str().ok());
    match asked.map(str::parse) {
        Some(Ok(seconds)) => Duration::from_secs(seconds).min(LONGEST_WAIT),
        Some(Err(_)) => LONGEST_WAIT,
        None => Duration::from_millis(500),
    }
}

async fn resource(mut response: Response) -> Result<Value, Fault> {
    let is_json = response
        .headers()
        .get(CONTENT_TYPE)
        .and_then(|kind| kind.to_str().ok())
        .map(|kind| kind.split(';').next().unwrap_or(kind).trim())
        .is_some_and(|kind| {
            kind.eq_ignore_ascii_case(FHIR_JSON) || kind.eq_ignore_ascii_case("application/json")
        });
    if !is_json {
        return Err(Fault::NotJson);
    }
    let mut body = Vec::new();
    while let Some(chunk) = response.chunk().await.map_err(|error| fault(&error))? {
        if body.len() + chunk.len() > MOST_BYTES {
            return Err(Fault::Huge);
        }
        body.extend_from_slice(&chunk);
    }
    json::parse(&body).map_err(|_| Fault::NotJson)
}
