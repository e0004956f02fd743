//! The client.

use std::fmt;
use std::sync::Arc;
use std::sync::Once;
use std::time::Duration;

use identity::{Claim, NhsNumber};
use jiff::{SignedDuration, Timestamp};
use reqwest::header::RETRY_AFTER;
use reqwest::redirect::Policy;
use reqwest::{Response, Url};
use tokio::time::sleep;
use uuid::Uuid;

use crate::address;
use crate::answer::{found, not_found, outcome_code};
use crate::error::Error;
use crate::memory::{Memory, Question, Remember};
use crate::pace::Pace;
use crate::settings::Settings;
use crate::token::Tokens;
use crate::trace::{Outcome, Trace};

/// The most bytes taken of an answer: a person with every part that PDS can hold is a fraction.
const MOST_BYTES: usize = 1024 * 1024;
/// How long is waited when PDS asks to wait and does not say how long.
const UNSAID: Duration = Duration::from_secs(5);

/// Asks PDS. One of it is enough for a process: it holds the pace, the token and the memory.
pub struct Client {
    settings: Settings,
    base: Url,
    http: reqwest::Client,
    tokens: Tokens,
    pace: Pace,
    memory: Arc<dyn Remember>,
}

impl fmt::Debug for Client {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Client")
            .field("settings", &self.settings)
            .finish_non_exhaustive()
    }
}

/// What one try comes to.
enum Try {
    Answered(Trace),
    /// Not now: another try may help.
    Again {
        after: Option<Duration>,
        error: Error,
    },
    /// The token was not taken.
    NewToken,
}

impl Client {
    /// A client that remembers in memory.
    ///
    /// # Errors
    /// [`Error::Settings`] when an address is not one that is asked.
    pub fn new(settings: Settings) -> Result<Self, Error> {
        Self::with_memory(settings, Arc::new(Memory::default()))
    }

    /// A client with a memory of its own.
    ///
    /// # Errors
    /// As [`Client::new`].
    pub fn with_memory(settings: Settings, memory: Arc<dyn Remember>) -> Result<Self, Error> {
        static PROVIDER: Once = Once::new();
        PROVIDER.call_once(|| {
            // Another part of the process may have installed one already; either will do.
            let _ = rustls::crypto::ring::default_provider().install_default();
        });
        let unusable = "an address must be https, or http on this machine, without a query";
        let base = address::parse(&settings.base_url).ok_or(Error::Settings(unusable))?;
        let token = address::parse(&settings.token_url).ok_or(Error::Settings(unusable))?;
        let local = address::is_local(&base) && address::is_local(&token);
        let mut http = reqwest::Client::builder()
            .redirect(Policy::none())
            .timeout(settings.timeout)
            .connect_timeout(settings.timeout)
            .https_only(!local)
            .user_agent("causeway");
        if local {
            http = http.no_proxy();
        }
        let http = http
            .build()
            .map_err(|_| Error::Settings("the HTTP client cannot be made"))?;
        Ok(Self {
            base,
            http,
            tokens: Tokens::default(),
            pace: Pace::new(settings.per_second),
            memory,
            settings,
        })
    }

    /// How long an outcome need not be asked for again.
    pub fn keep(&self, trace: &Trace) -> Duration {
        match trace.outcome {
            Outcome::Verified => self.settings.keep_found,
            _ => self.settings.keep_other,
        }
    }

    /// Traces the NHS number that a record carries. `None` when it carries none: nothing is asked
    /// then, for nobody is ever searched for.
    ///
    /// # Errors
    /// [`Error`] when there is no answer; the number is then as untraced as before.
    pub async fn trace(&self, claim: &Claim) -> Result<Option<Trace>, Error> {
        let Some(number) = &claim.key.nhs_number else {
            return Ok(None);
        };
        let question = Question::of(claim);
        if let Some(known) = self.memory.recall(question, Timestamp::now()) {
            return Ok(Some(known));
        }
        let trace = self.ask(number, claim).await?;
        let keep = SignedDuration::try_from(self.keep(&trace)).unwrap_or(SignedDuration::ZERO);
        let until = trace.at.checked_add(keep).unwrap_or(trace.at);
        self.memory.remember(question, &trace, until);
        Ok(Some(trace))
    }

    async fn ask(&self, number: &NhsNumber, claim: &Claim) -> Result<Trace, Error> {
        // One question keeps its id through all its tries, as PDS wants it.
        let request = Uuid::new_v4();
        let mut wait = self.settings.first_wait;
        let mut refreshed = false;
        let mut tries = 0;
        loop {
            tries += 1;
            match self.attempt(number, claim, request).await? {
                Try::Answered(trace) => return Ok(trace),
                Try::NewToken if refreshed => return Err(Error::Denied),
                Try::NewToken => refreshed = true,
                Try::Again { after, error } => {
                    let pause = after.unwrap_or(wait);
                    if pause > self.settings.longest_wait {
                        return Err(Error::Busy { wait: pause });
                    }
                    if tries >= self.settings.tries.max(1) {
                        return Err(error);
                    }
                    tracing::debug!(%request, tries, %error, "PDS is asked again");
                    sleep(pause).await;
                    wait = wait.saturating_mul(2).min(self.settings.longest_wait);
                }
            }
        }
    }

    async fn attempt(
        &self,
        number: &NhsNumber,
        claim: &Claim,
        request: Uuid,
    ) -> Result<Try, Error> {
        self.pace.place().await;
        let token = match self.tokens.current(&self.http, &self.settings).await {
            Ok(token) => token,
            Err(Error::Unreachable) => {
                return Ok(Try::Again {
                    after: None,
                    error: Error::Unreachable,
                });
            }
            Err(error) => return Err(error),
        };
        let mut url = self.base.clone();
        url.path_segments_mut()
            .map_err(|()| Error::Settings("the address of PDS has no path"))?
            .pop_if_empty()
            .extend(["Patient", number.as_str()]);
        // What reqwest says of a failure names the address, and with it the number: it goes nowhere.
        let sent = self
            .http
            .get(url)
            .bearer_auth(&token)
            .header("X-Request-ID", request.to_string())
            .header("X-Correlation-ID", request.to_string())
            .header("Accept", "application/fhir+json")
            .send()
            .await;
        let again = |after, error| Ok(Try::Again { after, error });
        let Ok(response) = sent else {
            return again(None, Error::Unreachable);
        };
        let status = response.status().as_u16();
        let after = retry_after(&response);
        let Ok(body) = body(response).await else {
            return again(None, Error::Unreachable);
        };
        match status {
            200 => found(number, claim, &body).map(Try::Answered),
            404 => not_found(&body).map(Try::Answered),
            401 => {
                self.tokens.forget(&token).await;
                Ok(Try::NewToken)
            }
            403 => Err(Error::Denied),
            429 => {
                let wait = after.unwrap_or(UNSAID);
                if wait <= self.settings.longest_wait {
                    self.pace.hold(wait);
                }
                again(Some(wait), Error::Busy { wait })
            }
            408 | 500.. => again(
                after,
                Error::Unexpected {
                    status,
                    code: outcome_code(&body),
                },
            ),
            _ => Err(Error::Unexpected {
                status,
                code: outcome_code(&body),
            }),
        }
    }
}

/// How long to wait, in seconds (RFC 9110, section 10.2.3); PDS never gives a date.
fn retry_after(response: &Response) -> Option<Duration> {
    let seconds = response.headers().get(RETRY_AFTER)?.to_str().ok()?;
    seconds.trim().parse().ok().map(Duration::from_secs)
}

/// The body of an answer, as far as it is taken.
pub(crate) async fn body(mut response: Response) -> Result<Vec<u8>, Error> {
    let mut body = Vec::new();
    loop {
        match response.chunk().await {
            Ok(Some(chunk)) if body.len() + chunk.len() > MOST_BYTES => {
                return Err(Error::Unexpected {
                    status: response.status().as_u16(),
                    code: None,
                });
            }
            Ok(Some(chunk)) => body.extend_from_slice(&chunk),
            Ok(None) => return Ok(body),
            Err(_) => return Err(Error::Unreachable),
        }
    }
}
