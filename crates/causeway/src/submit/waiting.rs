//! Waiting for the report.

use std::time::{Duration, Instant};

use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{Client, StatusCode, header};
use serde_json::Value;

use super::address::Address;
use super::sending::{network, said};
use super::token::Tokens;
use crate::exit::{Exit, Failure};

/// How long between two looks, at most.
const PACE: Duration = Duration::from_secs(5);

/// Looks until the file has been read, and gives the report as the server's JSON and text.
pub async fn report(
    http: &Client,
    to: &Address,
    tokens: &mut Tokens,
    location: &str,
    longest: Duration,
) -> Result<(Value, String), Failure> {
    let until = Instant::now() + longest;
    let bar = ProgressBar::new_spinner().with_message("waiting");
    if let Ok(style) = ProgressStyle::with_template("{spinner} {msg}, {elapsed}") {
        bar.set_style(style);
    }
    bar.enable_steady_tick(Duration::from_millis(200));
    let mut pace = Duration::from_millis(100);
    loop {
        let status = match look(http, to, tokens, location, "application/json").await {
            Ok(text) => serde_json::from_str::<Value>(&text).map_err(Failure::failed)?,
            Err(Looked::Failed(failure)) => return Err(failure),
            Err(Looked::Later(_)) => Value::Null,
        };
        let state = status.get("state").and_then(Value::as_str).unwrap_or("");
        if is_over(state) {
            bar.finish_and_clear();
            let text = match look(http, to, tokens, location, "text/plain").await {
                Ok(text) => text,
                Err(Looked::Failed(failure)) => return Err(failure),
                Err(Looked::Later(reason)) => return Err(Failure::failed(reason)),
            };
            return Ok((status, text));
        }
        if Instant::now() >= until {
            bar.finish_and_clear();
            return Err(Failure::failed(format!(
                "the server has the file and has not read it yet: see {location}"
            )));
        }
        if !state.is_empty() {
            bar.set_message(state.to_owned());
        }
        tokio::time::sleep(pace).await;
        pace = (pace * 3 / 2).min(PACE);
    }
}

/// Whether nothing more happens to a submission by itself.
pub fn is_over(state: &str) -> bool {
    matches!(
        state,
        "reported" | "awaiting-confirmation" | "refused" | "failed" | "withdrawn"
    )
}

/// How the command ends after a report.
pub fn exit_of(status: &Value) -> Exit {
    let held = status
        .pointer("/counts/quarantined")
        .and_then(Value::as_u64)
        .unwrap_or(0);
    match status.get("state").and_then(Value::as_str) {
        Some("refused") => Exit::Input,
        Some("failed") => Exit::Failed,
        Some("awaiting-confirmation") => Exit::Quarantined,
        _ if held > 0 => Exit::Quarantined,
        _ => Exit::Fine,
    }
}

/// Why a look showed nothing.
enum Looked {
    Failed(Failure),
    Later(String),
}

async fn look(
    http: &Client,
    to: &Address,
    tokens: &mut Tokens,
    location: &str,
    accept: &str,
) -> Result<String, Looked> {
    for _ in 0..2 {
        let token = tokens.current(http, to).await.map_err(Looked::Failed)?;
        let answer = http
            .get(location)
            .bearer_auth(token)
            .header(header::ACCEPT, accept)
            .send()
            .await
            .map_err(|error| Looked::Later(network(&error)))?;
        let status = answer.status();
        let text = answer
            .text()
            .await
            .map_err(|error| Looked::Later(network(&error)))?;
        if status.is_success() {
            return Ok(text);
        }
        let reason = said(status, &serde_json::from_str(&text).unwrap_or_default());
        if status == StatusCode::UNAUTHORIZED && tokens.refused() {
            continue;
        }
        return Err(match status {
            StatusCode::TOO_MANY_REQUESTS => Looked::Later(reason),
            status if status.is_server_error() => Looked::Later(reason),
            _ => Looked::Failed(Failure::failed(reason)),
        });
    }
    Err(Looked::Later("the token was refused".to_owned()))
}
