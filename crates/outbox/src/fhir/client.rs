//! Asking a FHIR server, within bounds.

use std::sync::Once;
use std::time::Duration;

use jiff::Timestamp;
use jiff::fmt::rfc2822;
use reqwest::header::{HeaderMap, HeaderName};
use reqwest::redirect::Policy;
use reqwest::{Method, Url};

use super::settings::{FhirSettings, Unusable, is_local};
use super::token::Tokens;

/// The most bytes taken of an answer.
const MOST_BYTES: usize = 4 * 1024 * 1024;

const FHIR_JSON: &str = "application/fhir+json";

/// The longest that a server may ask to be left alone.
const LONGEST: Duration = Duration::from_secs(3600);

/// A client of a FHIR interface: no redirects, bounded in time and size, with access tokens.
pub struct Client {
    http: reqwest::Client,
    tokens: Tokens,
    timeout: Duration,
}

/// One request.
pub struct Ask<'a> {
    /// What is done.
    pub method: Method,
    /// The address.
    pub url: &'a str,
    /// Headers besides those that every request has; names in small letters. `accept` and
    /// `x-request-id` take the place of those that would be sent.
    pub headers: Vec<(&'static str, String)>,
    /// The body, FHIR as JSON.
    pub body: Option<Vec<u8>>,
}

impl<'a> Ask<'a> {
    /// A request without a body.
    pub fn new(method: Method, url: &'a str) -> Self {
        Self {
            method,
            url,
            headers: Vec::new(),
            body: None,
        }
    }
}

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// The status.
    pub status: u16,
    headers: HeaderMap,
    /// The body; empty when it was larger than is taken.
    pub body: Vec<u8>,
}

impl Answer {
    /// A header.
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name)?.to_str().ok()
    }

    /// Whether it was done.
    pub fn is_success(&self) -> bool {
        (200..300).contains(&self.status)
    }

    /// When it asks to be tried again (RFC 9110, section 10.2.3): seconds, or a date.
    pub(crate) fn retry_after(&self, now: Timestamp) -> Option<Duration> {
        let text = self.header("retry-after")?.trim();
        let wait = match text.parse::<u64>() {
            Ok(seconds) => Duration::from_secs(seconds),
            Err(_) => {
                // An HTTP date is one of RFC 2822 whose zone is written as GMT.
                let until = rfc2822::parse(text).ok()?.timestamp();
                Duration::try_from(until.duration_since(now)).unwrap_or_default()
            }
        };
        Some(wait.min(LONGEST))
    }
}

/// Why nothing came back.
#[derive(Debug)]
pub struct NoAnswer(pub String);

impl Client {
    /// A client for a server's address, with the keys and tokens that its settings name.
    ///
    /// # Errors
    /// What of the settings cannot be used.
    pub fn new(settings: &FhirSettings) -> Result<Self, Unusable> {
        settings.check()?;
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Another part of the process may have installed one already; either will do.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let local = |text: &str| Url::parse(text).is_ok_and(|url| is_local(&url));
        let issuer_is_local = settings
            .oauth
            .as_ref()
            .is_none_or(|oauth| local(&oauth.token_endpoint));
        let is_local = local(&settings.base);
        let mut http = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(settings.timeout)
            .connect_timeout(settings.timeout.min(Duration::from_secs(10)))
            .user_agent("causeway");
        if is_local && issuer_is_local {
            http = http.no_proxy();
        }
        let http = http
            .build()
            .map_err(|error| Unusable::new("base", format!("no client can be made: {error}")))?;
        Ok(Self {
            http,
            tokens: Tokens::new(settings.token_file.as_deref(), settings.oauth.as_ref())?,
            timeout: settings.timeout,
        })
    }

    /// How long one request may take.
    pub fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Asks. A token that is refused is asked for anew, once.
    ///
    /// # Errors
    /// Why nothing came back.
    pub async fn ask(&self, ask: Ask<'_>) -> Result<Answer, NoAnswer> {
        let mut again = true;
        loop {
            let token = self.tokens.current(&self.http).await.map_err(NoAnswer)?;
            let answer = self.ask_once(&ask, token.as_deref()).await?;
            if answer.status == 401
                && again
                && let Some(token) = &token
                && self.tokens.refused(token).await
            {
                again = false;
                continue;
            }
            return Ok(answer);
        }
    }

    async fn ask_once(&self, ask: &Ask<'_>, token: Option<&str>) -> Result<Answer, NoAnswer> {
        let mut request = self.http.request(ask.method.clone(), ask.url);
        let has = |wanted: &str| ask.headers.iter().any(|(name, _)| *name == wanted);
        if !has("accept") {
            request = request.header("accept", FHIR_JSON);
        }
        if !has("x-request-id") {
            request = request.header("x-request-id", uuid::Uuid::new_v4().to_string());
        }
        for (name, value) in &ask.headers {
            request = request.header(HeaderName::from_static(name), value);
        }
        if let Some(token) = token {
            request = request.bearer_auth(token);
        }
        if let Some(body) = &ask.body {
            request = request.header("Content-Type", FHIR_JSON).body(body.clone());
        }
        let mut response = request.send().await.map_err(no_answer)?;
        let mut body = Vec::new();
        while let Some(chunk) = response.chunk().await.map_err(no_answer)? {
            // More than is looked at: the status counts, and what the answer says does not.
            if body.len() + chunk.len() > MOST_BYTES {
                body.clear();
                break;
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Answer {
            status: response.status().as_u16(),
            headers: response.headers().clone(),
            body,
        })
    }
}

/// The error's own text may hold the address, and with it an identifier.
fn no_answer(error: reqwest::Error) -> NoAnswer {
    NoAnswer(
        if error.is_timeout() {
            "no answer in time"
        } else if error.is_connect() {
            "cannot be reached"
        } else {
            "the connection broke"
        }
        .to_owned(),
    )
}
