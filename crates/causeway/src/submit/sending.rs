//! Sending a file: streamed, with a bar, and again where the network broke it.

use std::path::Path;
use std::time::Duration;

use axum::body::Bytes;
use futures_util::stream;
use indicatif::{ProgressBar, ProgressStyle};
use reqwest::{Body, Client, Response, StatusCode, header};
use serde_json::Value;
use tokio::io::AsyncReadExt as _;

use super::address::Address;
use super::arguments::Submit;
use super::token::Tokens;
use crate::exit::{Exit, Failure};

/// How much of the file is read at once.
const PIECE: usize = 64 * 1024;

/// The longest pause between two tries.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// What the server answered.
pub struct Accepted {
    /// Where the submission is.
    pub location: String,
    /// What the server said.
    pub body: Value,
}

/// What became of one try.
enum Tried {
    Accepted(Accepted),
    /// It may go through another time: after so long, for this reason.
    Again(Option<Duration>, String),
    /// The token was refused.
    Token(Failure),
}

/// Sends the file until the server has it, with one request id all along.
pub async fn send(
    http: &Client,
    to: &Address,
    tokens: &mut Tokens,
    arguments: &Submit,
    request_id: &str,
) -> Result<Accepted, Failure> {
    let mut pause = Duration::from_millis(500);
    let mut left = arguments.retries;
    loop {
        let token = tokens.current(http, to).await?;
        match once(http, to, &token, arguments, request_id).await? {
            Tried::Accepted(accepted) => return Ok(accepted),
            Tried::Token(failure) => {
                if !tokens.refused() || left == 0 {
                    return Err(failure);
                }
                left -= 1;
            }
            Tried::Again(_, reason) if left == 0 => {
                return Err(Failure::failed(format!(
                    "{reason}; it was tried {} times. Send it again with --request-id {request_id}, so that the server knows it as the same",
                    arguments.retries.saturating_add(1)
                )));
            }
            Tried::Again(after, reason) => {
                left -= 1;
                let wait = after.unwrap_or(pause).min(LONGEST_PAUSE);
                eprintln!("{reason}; trying again in {:.1} s", wait.as_secs_f64());
                tokio::time::sleep(wait).await;
                pause = (pause * 2).min(LONGEST_PAUSE);
            }
        }
    }
}

async fn once(
    http: &Client,
    to: &Address,
    token: &str,
    arguments: &Submit,
    request_id: &str,
) -> Result<Tried, Failure> {
    let path = &arguments.input;
    let unreadable = |error| Failure::input(format!("{} cannot be read: {error}", path.display()));
    let file = tokio::fs::File::open(path).await.map_err(unreadable)?;
    let length = file.metadata().await.map_err(unreadable)?.len();
    let mut query = vec![
        ("source", arguments.source.as_str()),
        ("file", name_of(path)),
    ];
    if let Some(as_of) = &arguments.as_of {
        query.push(("asOf", as_of));
    }
    let bar = bar(length);
    let answer = http
        .post(to.submissions())
        .query(&query)
        .bearer_auth(token)
        .header("X-Request-ID", request_id)
        .header(header::ACCEPT, "application/json")
        .header(header::CONTENT_TYPE, content_type(path))
        .header(header::CONTENT_LENGTH, length)
        .body(streamed(file, bar.clone()))
        .send()
        .await;
    bar.finish_and_clear();
    match answer {
        Ok(answer) => read(to, answer).await,
        Err(error) => Ok(Tried::Again(None, network(&error))),
    }
}

/// Why no answer came. The address may be shown, what was sent is not in it.
pub fn network(error: &reqwest::Error) -> String {
    let what = if error.is_connect() {
        "the server cannot be reached"
    } else if error.is_timeout() {
        "the server does not answer"
    } else {
        "the connection broke"
    };
    what.to_owned()
}

async fn read(to: &Address, answer: Response) -> Result<Tried, Failure> {
    let status = answer.status();
    let header = |name: header::HeaderName| {
        answer
            .headers()
            .get(name)
            .and_then(|value| value.to_str().ok())
            .map(str::to_owned)
    };
    let after = header(header::RETRY_AFTER)
        .and_then(|seconds| seconds.parse().ok())
        .map(Duration::from_secs);
    let location = header(header::LOCATION);
    let body: Value = match answer.json().await {
        Ok(body) => body,
        // The answer was cut off: whether the file was taken is known to the server alone, by the
        // request's id.
        Err(error) if status.is_success() && !error.is_decode() => {
            return Ok(Tried::Again(None, network(&error)));
        }
        Err(_) => Value::Null,
    };
    match status {
        StatusCode::ACCEPTED => {
            let location = location
                .and_then(|location| to.location(&location))
                .ok_or_else(|| {
                    Failure::failed("the server took the file and does not say where its report is")
                })?;
            Ok(Tried::Accepted(Accepted { location, body }))
        }
        StatusCode::UNAUTHORIZED => Ok(Tried::Token(Failure::failed(said(status, &body)))),
        StatusCode::REQUEST_TIMEOUT
        | StatusCode::TOO_MANY_REQUESTS
        | StatusCode::BAD_GATEWAY
        | StatusCode::SERVICE_UNAVAILABLE
        | StatusCode::GATEWAY_TIMEOUT
        | StatusCode::INSUFFICIENT_STORAGE => Ok(Tried::Again(after, said(status, &body))),
        StatusCode::PAYLOAD_TOO_LARGE => Err(Failure::input(said(status, &body))),
        status if status.is_client_error() => Err(Failure {
            exit: Exit::Usage,
            message: said(status, &body),
        }),
        _ => Err(Failure::failed(said(status, &body))),
    }
}

/// What the server said, in a line: the texts of its OperationOutcome.
pub fn said(status: StatusCode, body: &Value) -> String {
    let issues = body.get("issue").and_then(Value::as_array);
    let texts: Vec<String> = issues
        .into_iter()
        .flatten()
        .filter_map(|issue| {
            issue
                .pointer("/details/text")
                .or_else(|| issue.get("diagnostics"))
                .and_then(Value::as_str)
        })
        .map(|text| text.chars().filter(|c| !c.is_control()).take(400).collect())
        .collect();
    match texts.is_empty() {
        true => format!("the server answered {status}"),
        false => format!("the server answered {status}: {}", texts.join("; ")),
    }
}

fn bar(length: u64) -> ProgressBar {
    let bar = ProgressBar::new(length).with_message("sending");
    if let Ok(style) = ProgressStyle::with_template(
        "{msg} {bar:40} {binary_bytes} of {binary_total_bytes}, {eta} left",
    ) {
        bar.set_style(style);
    }
    bar
}

/// The file in pieces, as it is read.
fn streamed(file: tokio::fs::File, bar: ProgressBar) -> Body {
    Body::wrap_stream(stream::try_unfold(file, move |mut file| {
        let bar = bar.clone();
        async move {
            let mut piece = vec![0; PIECE];
            let length = file.read(&mut piece).await?;
            piece.truncate(length);
            bar.inc(length as u64);
            Ok::<_, std::io::Error>((length > 0).then(|| (Bytes::from(piece), file)))
        }
    }))
}

fn name_of(path: &Path) -> &str {
    path.file_name()
        .and_then(|name| name.to_str())
        .unwrap_or("export")
}

fn content_type(path: &Path) -> &'static str {
    match path.extension().and_then(|ending| ending.to_str()) {
        Some("csv") => "text/csv",
        Some("json") => "application/json",
        Some("ndjson") => "application/x-ndjson",
        Some("xlsx") => "application/vnd.openxmlformats-officedocument.spreadsheetml.sheet",
        _ => "application/octet-stream",
    }
}
