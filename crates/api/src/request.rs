//! What every request brings beside its question: its ids, its parameters, its body.

use axum::body::{Body, to_bytes};
use axum::http::{HeaderMap, HeaderValue, Uri, header};
use tokio::time::timeout;

use crate::config::Config;
use crate::failure::Failure;

pub(crate) const REQUEST_ID: &str = "x-request-id";
pub(crate) const CORRELATION_ID: &str = "x-correlation-id";

/// The ids that are mirrored.
#[derive(Debug, Clone)]
pub(crate) struct Ids {
    pub(crate) request: HeaderValue,
    pub(crate) correlation: Option<HeaderValue>,
}

/// Reads the ids of a request. What cannot be mirrored safely is refused, and the refusal carries
/// an id of our own.
pub(crate) fn ids(headers: &HeaderMap, strict: bool) -> (Ids, Result<(), Failure>) {
    let fresh = || {
        HeaderValue::from_str(&uuid::Uuid::new_v4().to_string())
            .unwrap_or_else(|_| HeaderValue::from_static("none"))
    };
    let mut outcome = Ok(());
    let request = match one(headers, REQUEST_ID) {
        Ok(Some(id)) => {
            let is_uuid = id
                .to_str()
                .is_ok_and(|id| uuid::Uuid::try_parse(id).is_ok() && id.len() == 36);
            if strict && !is_uuid {
                outcome = Err(Failure::header("X-Request-ID", "a UUID"));
            }
            id
        }
        Ok(None) => {
            if strict {
                outcome = Err(Failure::header("X-Request-ID", "there"));
            }
            fresh()
        }
        Err(()) => {
            outcome = Err(Failure::header("X-Request-ID", IDS));
            fresh()
        }
    };
    let correlation = match one(headers, CORRELATION_ID) {
        Ok(id) => id,
        Err(()) => {
            outcome = outcome.and(Err(Failure::header("X-Correlation-ID", IDS)));
            None
        }
    };
    (
        Ids {
            request,
            correlation,
        },
        outcome,
    )
}

const IDS: &str = "one id of at most 128 letters, digits and signs";

/// The one value of a header, when it is an id: printable ASCII without spaces, not too long.
fn one(headers: &HeaderMap, name: &str) -> Result<Option<HeaderValue>, ()> {
    let mut values = headers.get_all(name).iter();
    let Some(value) = values.next() else {
        return Ok(None);
    };
    let bytes = value.as_bytes();
    let fine = !bytes.is_empty()
        && bytes.len() <= 128
        && bytes.iter().all(u8::is_ascii_graphic)
        && values.next().is_none();
    if fine {
        Ok(Some(value.clone()))
    } else {
        Err(())
    }
}

/// The parameters of a URL, decoded, in order.
pub(crate) fn query(uri: &Uri) -> Result<Vec<(String, String)>, Failure> {
    form(uri.query().unwrap_or_default().as_bytes())
}

/// Form-encoded parameters, decoded, in order. Bytes that are not UTF-8 are refused: replaced,
/// they would ask for something else.
pub(crate) fn form(text: &[u8]) -> Result<Vec<(String, String)>, Failure> {
    let mut out = Vec::new();
    for pair in text.split(|b| *b == b'&').filter(|pair| !pair.is_empty()) {
        let (name, value) = match pair.iter().position(|b| *b == b'=') {
            Some(at) => (pair.get(..at), pair.get(at + 1..)),
            None => (Some(pair), None),
        };
        let decoded = |part: Option<&[u8]>| decode(part.unwrap_or_default());
        match (decoded(name), decoded(value)) {
            (Some(name), Some(value)) => out.push((name, value)),
            _ => {
                return Err(Failure::bad_request(
                    "the parameters are not encoded as a URL's parameters are",
                    "encode them as UTF-8 with percent signs",
                ));
            }
        }
    }
    Ok(out)
}

fn decode(text: &[u8]) -> Option<String> {
    let mut out = Vec::with_capacity(text.len());
    let mut bytes = text.iter();
    while let Some(byte) = bytes.next() {
        out.push(match byte {
            b'+' => b' ',
            b'%' => {
                let digit = |b: &u8| char::from(*b).to_digit(16);
                let high = bytes.next().and_then(digit)?;
                let low = bytes.next().and_then(digit)?;
                u8::try_from(high * 16 + low).ok()?
            }
            other => *other,
        });
    }
    let text = String::from_utf8(out).ok()?;
    (!text.contains('\0')).then_some(text)
}

/// A path segment or parameter, encoded for a URL.
pub(crate) fn encode(text: &str) -> String {
    use std::fmt::Write as _;
    let mut out = String::with_capacity(text.len());
    for byte in text.bytes() {
        if byte.is_ascii_alphanumeric() || matches!(byte, b'-' | b'.' | b'_' | b'~') {
            out.push(char::from(byte));
        } else {
            let _ = write!(out, "%{byte:02X}");
        }
    }
    out
}

/// The body, within what a deployment takes.
pub(crate) async fn body(
    headers: &HeaderMap,
    body: Body,
    config: &Config,
) -> Result<Vec<u8>, Failure> {
    let announced = headers
        .get(header::CONTENT_LENGTH)
        .and_then(|length| length.to_str().ok()?.parse::<u64>().ok());
    if announced.is_some_and(|length| length > config.max_body as u64) {
        return Err(Failure::too_large(config.max_body));
    }
    match timeout(config.timeout, to_bytes(body, config.max_body)).await {
        Ok(Ok(bytes)) => Ok(bytes.to_vec()),
        Ok(Err(_)) => Err(Failure::too_large(config.max_body)),
        Err(_) => Err(Failure::slow_body()),
    }
}

/// The content type of a body, without its parameters.
pub(crate) fn content_type(headers: &HeaderMap) -> String {
    headers
        .get(header::CONTENT_TYPE)
        .and_then(|value| value.to_str().ok())
        .and_then(|value| value.split(';').next())
        .unwrap_or_default()
        .trim()
        .to_ascii_lowercase()
}
