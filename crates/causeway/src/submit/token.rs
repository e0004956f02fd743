//! Access tokens: from a file, or from the issuer for a client assertion.

use std::time::{Duration, Instant};

use serde_json::Value;

use super::address::{Address, safe};
use super::arguments::{Algorithm, Proof};
use super::assertion::ClientKey;
use crate::exit::Failure;

/// How long before its end a token is not used any more.
const MARGIN: Duration = Duration::from_secs(20);

/// Where tokens come from.
pub struct Tokens {
    origin: Origin,
    known: Option<(String, Option<Instant>)>,
}

enum Origin {
    File,
    Issuer {
        key: Box<ClientKey>,
        algorithm: Algorithm,
        key_id: Option<String>,
        client: String,
        endpoint: Option<String>,
        scope: String,
    },
}

impl Tokens {
    /// Reads what the client proves itself with.
    pub fn new(proof: &Proof) -> Result<Self, Failure> {
        if let Some(path) = &proof.token_file {
            let text = std::fs::read_to_string(path).map_err(|error| {
                Failure::usage(format!("{} cannot be read: {error}", path.display()))
            })?;
            let token = text.trim();
            if token.is_empty() || !token.bytes().all(|b| b.is_ascii_graphic()) {
                return Err(Failure::usage(format!(
                    "{} does not hold one access token",
                    path.display()
                )));
            }
            return Ok(Self {
                origin: Origin::File,
                known: Some((token.to_owned(), None)),
            });
        }
        let (Some(path), Some(client)) = (&proof.key, &proof.client_id) else {
            return Err(Failure::usage(
                "say who sends: --client-id with --key, or --token-file",
            ));
        };
        let key = ClientKey::read(path)?;
        let algorithm = key.algorithm(proof.algorithm)?;
        if let Some(endpoint) = &proof.token_url {
            safe(endpoint)?;
        }
        Ok(Self {
            origin: Origin::Issuer {
                key: Box::new(key),
                algorithm,
                key_id: proof.key_id.clone(),
                client: client.clone(),
                endpoint: proof.token_url.clone(),
                scope: proof.scope.clone(),
            },
            known: None,
        })
    }

    /// The token was refused: the next is asked for anew. Whether there can be another.
    pub fn refused(&mut self) -> bool {
        match self.origin {
            Origin::File => false,
            Origin::Issuer { .. } => self.known.take().is_some(),
        }
    }

    /// A token that still counts.
    pub async fn current(
        &mut self,
        http: &reqwest::Client,
        to: &Address,
    ) -> Result<String, Failure> {
        if let Some((token, until)) = &self.known
            && until.is_none_or(|until| Instant::now() < until)
        {
            return Ok(token.clone());
        }
        let Origin::Issuer {
            key,
            algorithm,
            key_id,
            client,
            endpoint,
            scope,
        } = &mut self.origin
        else {
            return Err(Failure::failed("the access token has ended"));
        };
        let endpoint = match endpoint {
            Some(endpoint) => endpoint.clone(),
            None => {
                let found = discovered(http, to).await?;
                endpoint.insert(found).clone()
            }
        };
        let now = jiff::Timestamp::now();
        let assertion = key.assertion(*algorithm, key_id.as_deref(), client, &endpoint, now)?;
        let form = [
            ("grant_type", "client_credentials"),
            ("scope", scope.as_str()),
            (
                "client_assertion_type",
                "urn:ietf:params:oauth:client-assertion-type:jwt-bearer",
            ),
            ("client_assertion", assertion.as_str()),
        ];
        let answer = http
            .post(&endpoint)
            .header("Accept", "application/json")
            .form(&form)
            .send()
            .await
            .map_err(|_| Failure::failed(format!("the issuer at {endpoint} does not answer")))?;
        let status = answer.status();
        let body: Value = answer.json().await.unwrap_or_default();
        let (Some(token), true) = (
            body.get("access_token").and_then(Value::as_str),
            status.is_success(),
        ) else {
            return Err(Failure::failed(format!(
                "the issuer at {endpoint} gives no token ({status}): {}",
                reason(&body)
            )));
        };
        let until = lifetime(&body)
            .and_then(|lifetime| Instant::now().checked_add(lifetime.saturating_sub(MARGIN)));
        self.known = Some((token.to_owned(), until));
        Ok(token.to_owned())
    }
}

/// RFC 6749 wants a number; the NHS API platform sends a text.
fn lifetime(body: &Value) -> Option<Duration> {
    let said = body.get("expires_in")?;
    let seconds = match said {
        Value::String(text) => text.parse().ok()?,
        other => other.as_u64()?,
    };
    Some(Duration::from_secs(seconds))
}

/// What the issuer said (RFC 6749, section 5.2), as far as it may be shown on a terminal.
fn reason(body: &Value) -> String {
    let text = |name: &str| body.get(name).and_then(Value::as_str);
    let said = match (text("error"), text("error_description")) {
        (Some(error), Some(more)) => format!("{error}: {more}"),
        (Some(error), None) => error.to_owned(),
        _ => "no reason was given".to_owned(),
    };
    said.chars().filter(|c| !c.is_control()).take(300).collect()
}

/// Where the server says that its tokens are to be had.
async fn discovered(http: &reqwest::Client, to: &Address) -> Result<String, Failure> {
    let url = to.smart_configuration();
    let unknown = |why: String| {
        Failure::failed(format!(
            "{url} does not say where tokens are to be had ({why}): give --token-url"
        ))
    };
    let answer = http
        .get(&url)
        .send()
        .await
        .map_err(|_| unknown("no answer".to_owned()))?;
    let status = answer.status();
    if !status.is_success() {
        return Err(unknown(status.to_string()));
    }
    let body: Value = answer
        .json()
        .await
        .map_err(|_| unknown("the answer is not JSON".to_owned()))?;
    let endpoint = body
        .get("token_endpoint")
        .and_then(Value::as_str)
        .ok_or_else(|| unknown("no token_endpoint".to_owned()))?;
    safe(endpoint)?;
    Ok(endpoint.to_owned())
}
