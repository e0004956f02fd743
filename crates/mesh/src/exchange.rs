//! One exchange with the service: signed anew each time, bounded, repeated where that is safe.

use std::sync::Once;
use std::time::{Duration, SystemTime};

use reqwest::header::{
    ACCEPT, ACCEPT_ENCODING, AUTHORIZATION, HeaderMap, HeaderValue, RETRY_AFTER,
};
use reqwest::redirect::Policy;
use reqwest::{Certificate, Client, Identity, Method, Response, StatusCode, Url};
use serde::de::DeserializeOwned;

use crate::fault::Fault;
use crate::settings::{Options, wrong};
use diagnostics::Issue;

/// The version of the API that is spoken.
const VERSION: &str = "application/vnd.mesh.v2+json";
/// The most bytes taken of an answer that is no message.
const MOST_ANSWER: usize = 8 << 20;
/// The most bytes taken of a refusal.
const MOST_REFUSAL: usize = 64 << 10;
/// The slowest line that a message can be sent over, in bytes a second.
const SLOWEST: u64 = 20_000;

/// Whether a question may be asked twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Repeat {
    /// It changes nothing, or the same again changes nothing more.
    Safe,
    /// It would make a second message.
    Never,
}

/// What is asked.
#[derive(Debug, Clone)]
pub(crate) struct Ask {
    pub method: Method,
    pub url: Url,
    pub headers: HeaderMap,
    pub body: Option<Vec<u8>>,
}

impl Ask {
    pub(crate) fn new(method: Method, url: Url) -> Self {
        Self {
            method,
            url,
            headers: HeaderMap::new(),
            body: None,
        }
    }
}

#[derive(Debug)]
pub(crate) struct Exchange {
    client: Client,
    pub(crate) options: Options,
}

impl Exchange {
    pub(crate) fn new(options: Options) -> Result<Self, Box<Issue>> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Another part of the process may have installed one already; either will do.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(VERSION));
        headers.insert(ACCEPT_ENCODING, HeaderValue::from_static("gzip"));
        let mut client = Client::builder()
            .default_headers(headers)
            .redirect(Policy::none())
            .connect_timeout(options.timeout)
            .read_timeout(options.timeout)
            .https_only(!options.is_local)
            .user_agent(concat!("causeway/", env!("CARGO_PKG_VERSION")));
        if options.is_local {
            client = client.no_proxy();
        }
        if let Some(identity) = &options.identity {
            let identity = Identity::from_pem(identity.expose().as_bytes()).map_err(|_| {
                wrong(
                    "certificate-file",
                    "there is no certificate with its key in it",
                    "give both as PEM: the certificate first, then those above it",
                )
            })?;
            client = client.identity(identity);
        }
        if let Some(authorities) = &options.authorities {
            let certificates = Certificate::from_pem_bundle(authorities)
                .ok()
                .filter(|all| !all.is_empty())
                .ok_or_else(|| {
                    wrong(
                        "authority-file",
                        "there is no certificate in it",
                        "give the authorities as PEM",
                    )
                })?;
            client = client.tls_certs_only(certificates);
        }
        let client = client.build().map_err(|_| {
            wrong(
                "certificate-file",
                "certificate and key do not belong together, or the authorities are no certificates",
                "check both files",
            )
        })?;
        Ok(Self { client, options })
    }

    /// The address of something of the mailbox.
    pub(crate) fn address<'a>(&self, path: impl IntoIterator<Item = &'a str>) -> Url {
        let mut url = self.options.base.clone();
        // The base was checked to be one that has a host, so it has segments.
        if let Ok(mut segments) = url.path_segments_mut() {
            segments
                .pop_if_empty()
                .push(self.options.credentials.mailbox.as_str())
                .extend(path);
        }
        url
    }

    /// Asks, and asks again after a pause where the failure may pass and a repeat does no harm.
    pub(crate) async fn ask(&self, ask: &Ask, repeat: Repeat) -> Result<Response, Fault> {
        let mut pause = self.options.first_wait;
        let mut left = match repeat {
            Repeat::Safe => self.options.tries,
            Repeat::Never => 1,
        };
        loop {
            let fault = match self.once(ask).await {
                Ok(response) => return Ok(response),
                Err(fault) => fault,
            };
            left = left.saturating_sub(1);
            if left == 0 || !fault.may_pass() {
                return Err(fault);
            }
            self.pause(&fault, &mut pause).await?;
        }
    }

    /// Waits as long as the service asks for, or a little longer each time.
    pub(crate) async fn pause(&self, fault: &Fault, pause: &mut Duration) -> Result<(), Fault> {
        let asked = match fault {
            Fault::Busy { wait, .. } => *wait,
            _ => None,
        };
        if asked.is_some_and(|wait| wait > self.options.longest_wait) {
            return Err(fault.clone());
        }
        tokio::time::sleep(asked.unwrap_or(*pause).min(self.options.longest_wait)).await;
        *pause = pause.saturating_mul(2);
        Ok(())
    }

    async fn once(&self, ask: &Ask) -> Result<Response, Fault> {
        let authorization = HeaderValue::from_str(&self.options.credentials.fresh())
            .map(|mut value| {
                value.set_sensitive(true);
                value
            })
            .map_err(|_| Fault::NotLetIn)?;
        let mut request = self
            .client
            .request(ask.method.clone(), ask.url.clone())
            .headers(ask.headers.clone())
            .header(AUTHORIZATION, authorization);
        if let Some(body) = &ask.body {
            let time = Duration::from_secs(body.len() as u64 / SLOWEST) + self.options.timeout * 2;
            request = request.timeout(time).body(body.clone());
        }
        let response = request.send().await.map_err(|error| fault_of(&error))?;
        let status = response.status();
        match status.as_u16() {
            _ if status.is_success() => Ok(response),
            401 | 403 => Err(Fault::NotLetIn),
            425 | 429 | 502 | 503 | 504 => Err(Fault::Busy {
                status: status.as_u16(),
                wait: wait(response.headers()),
            }),
            _ => Err(refusal(status, response).await),
        }
    }

    /// An answer in JSON.
    pub(crate) async fn json<T: DeserializeOwned>(
        &self,
        ask: &Ask,
        repeat: Repeat,
    ) -> Result<T, Fault> {
        let response = self.ask(ask, repeat).await?;
        let body = bounded(response, MOST_ANSWER).await?;
        serde_json::from_slice(&body).map_err(|_| Fault::Unreadable("is not the JSON it should be"))
    }
}

impl Fault {
    /// Whether the same question may be answered a little later.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(
            self,
            Self::Unreachable | Self::Slow | Self::Broken | Self::Busy { .. }
        )
    }

    /// Whether it says something about the service and nothing about one message.
    pub(crate) fn is_of_service(&self) -> bool {
        self.may_pass() || matches!(self, Self::Untrusted)
    }
}

/// What went wrong with a request. The error itself is not kept: it names addresses.
pub(crate) fn fault_of(error: &reqwest::Error) -> Fault {
    if is_about_trust(error) {
        Fault::Untrusted
    } else if error.is_connect() {
        Fault::Unreachable
    } else if error.is_timeout() {
        Fault::Slow
    } else {
        Fault::Broken
    }
}

/// Whether one side did not take the other's certificate. An `io::Error` hides what it holds from
/// `source`, so both ways down are taken.
fn is_about_trust(error: &(dyn std::error::Error + 'static)) -> bool {
    error.is::<rustls::Error>()
        || error
            .downcast_ref::<std::io::Error>()
            .and_then(std::io::Error::get_ref)
            .is_some_and(|held| is_about_trust(held))
        || error.source().is_some_and(is_about_trust)
}

async fn refusal(status: StatusCode, response: Response) -> Fault {
    let body = bounded(response, MOST_REFUSAL).await.unwrap_or_default();
    let told: serde_json::Value = serde_json::from_slice(&body).unwrap_or_default();
    // The older form of the answer has one code, the newer a list.
    let code = ["/errorCode", "/detail/0/code"]
        .iter()
        .filter_map(|path| told.pointer(path)?.as_str())
        .find(|code| {
            // Only what is a code is passed on: the words may quote what was sent.
            (1..=40).contains(&code.len())
                && code
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || byte == b'-')
        })
        .map(str::to_owned);
    Fault::Refused {
        status: status.as_u16(),
        code,
    }
}

async fn bounded(mut response: Response, most: usize) -> Result<Vec<u8>, Fault> {
    let is_gzip = crate::head::text(response.headers(), "content-encoding")
        .is_some_and(|encoding| encoding.eq_ignore_ascii_case("gzip"));
    let mut body = Vec::new();
    let mut gunzip = is_gzip.then(crate::gunzip::Gunzip::new);
    while let Some(piece) = response.chunk().await.map_err(|error| fault_of(&error))? {
        match &mut gunzip {
            None => body.extend_from_slice(&piece),
            Some(gunzip) => {
                for slice in crate::gunzip::Gunzip::slices(&piece) {
                    let bytes = gunzip.undo(slice);
                    body.extend(bytes.map_err(|_| Fault::Unreadable("is no gzip"))?);
                    if body.len() > most {
                        break;
                    }
                }
            }
        }
        if body.len() > most {
            return Err(Fault::Unreadable("is larger than any such answer"));
        }
    }
    if let Some(gunzip) = &mut gunzip {
        body.extend(gunzip.end().map_err(|_| Fault::Unreadable("is no gzip"))?);
    }
    Ok(body)
}

/// `Retry-After`: seconds, or a date (RFC 9110, 10.2.3).
fn wait(headers: &HeaderMap) -> Option<Duration> {
    let text = crate::head::text(headers, RETRY_AFTER.as_str())?;
    if let Ok(seconds) = text.parse() {
        return Some(Duration::from_secs(seconds));
    }
    let then: jiff::Timestamp = jiff::fmt::rfc2822::parse(&text).ok()?.timestamp();
    Some(
        SystemTime::from(then)
            .duration_since(SystemTime::now())
            .unwrap_or_default(),
    )
}
