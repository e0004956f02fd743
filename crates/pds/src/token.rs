//! The access token, fetched when it is needed and kept until shortly before its end.

use std::time::Duration;

use jiff::Timestamp;
use serde::Deserialize;
use tokio::sync::Mutex;
use tokio::time::Instant;

use crate::assertion::assertion;
use crate::client::body;
use crate::error::Error;
use crate::settings::Settings;

/// How long before its end a token is not used any more.
const MARGIN: Duration = Duration::from_secs(30);
/// How long a token that says nothing about its end is used.
const UNSAID: Duration = Duration::from_secs(300);
/// How long after a refusal nobody asks for a token again.
const PAUSE: Duration = Duration::from_secs(30);

/// The token that is in use. One asks for a new one; the others wait for it.
#[derive(Default)]
pub(crate) struct Tokens {
    state: Mutex<State>,
}

#[derive(Default)]
struct State {
    token: Option<(String, Instant)>,
    refused: Option<(Error, Instant)>,
}

#[derive(Deserialize)]
struct Given {
    access_token: String,
    /// A string at the NHS API platform, a number elsewhere.
    expires_in: Option<Seconds>,
}

#[derive(Deserialize)]
#[serde(untagged)]
enum Seconds {
    Number(u64),
    Text(String),
}

#[derive(Deserialize)]
struct Refused {
    error: Option<String>,
    error_description: Option<String>,
}

impl Tokens {
    /// A token that is good for a while.
    pub(crate) async fn current(
        &self,
        http: &reqwest::Client,
        settings: &Settings,
    ) -> Result<String, Error> {
        let mut state = self.state.lock().await;
        let now = Instant::now();
        if let Some((token, until)) = &state.token
            && *until > now
        {
            return Ok(token.clone());
        }
        if let Some((error, until)) = &state.refused
            && *until > now
        {
            return Err(error.clone());
        }
        match fetch(http, settings).await {
            Ok((token, lifetime)) => {
                state.token = Some((token.clone(), now + lifetime.saturating_sub(MARGIN)));
                state.refused = None;
                Ok(token)
            }
            Err(error) => {
                state.token = None;
                if matches!(error, Error::Token { .. }) {
                    state.refused = Some((error.clone(), now + PAUSE));
                }
                Err(error)
            }
        }
    }

    /// Forgets a token that was not taken, unless another one is in use already.
    pub(crate) async fn forget(&self, token: &str) {
        let mut state = self.state.lock().await;
        if state
            .token
            .as_ref()
            .is_some_and(|(known, _)| known == token)
        {
            state.token = None;
        }
    }
}

async fn fetch(http: &reqwest::Client, settings: &Settings) -> Result<(String, Duration), Error> {
    let assertion = assertion(settings, Timestamp::now())
        .ok_or(Error::Settings("the private key cannot sign"))?;
    let form = [
        ("grant_type", "client_credentials"),
        (
            "client_assertion_type",
            "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
        ),
        ("client_assertion", assertion.as_str()),
    ];
    let response = http
        .post(&settings.token_url)
        .form(&form)
        .send()
        .await
        .map_err(|_| Error::Unreachable)?;
    let status = response.status();
    let bytes = body(response).await?;
    if !status.is_success() {
        if status.is_server_error() || status.as_u16() == 429 {
            return Err(Error::Unreachable);
        }
        return Err(Error::Token {
            status: status.as_u16(),
            said: said(&bytes),
        });
    }
    let given: Given = serde_json::from_slice(&bytes).map_err(|_| Error::Token {
        status: status.as_u16(),
        said: "the answer holds no access_token".to_owned(),
    })?;
    let lifetime = match given.expires_in {
        Some(Seconds::Number(seconds)) => Duration::from_secs(seconds),
        Some(Seconds::Text(text)) => text.trim().parse().map_or(UNSAID, Duration::from_secs),
        None => UNSAID,
    };
    Ok((given.access_token, lifetime))
}

/// What the token service said, in one short line.
fn said(bytes: &[u8]) -> String {
    let text = serde_json::from_slice::<Refused>(bytes)
        .ok()
        .and_then(|refused| refused.error_description.or(refused.error))
        .unwrap_or_else(|| "no reason given".to_owned());
    text.chars()
        .map(|c| if c.is_control() { ' ' } else { c })
        .take(200)
        .collect()
}
