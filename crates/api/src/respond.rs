//! Answers: representations, validators, and the headers that every answer carries.

use axum::body::Body;
use axum::http::{HeaderMap, HeaderName, HeaderValue, Response, StatusCode, header};
use json::{Object, Value};
use store::Stored;

use crate::failure::Failure;
use crate::format::Format;
use crate::request::{CORRELATION_ID, Ids, REQUEST_ID};
use crate::serve::Inner;

/// What a demonstration or a test system says of itself with every answer (CS-21).
const MODE: HeaderName = HeaderName::from_static("causeway-mode");

/// An answer under construction.
pub(crate) struct Reply {
    pub(crate) status: StatusCode,
    headers: Vec<(HeaderName, HeaderValue)>,
    content_type: Option<&'static str>,
    body: Body,
}

impl Reply {
    /// An answer with a body of a fixed kind.
    pub(crate) fn of(status: StatusCode, content_type: &'static str, body: Vec<u8>) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: Some(content_type),
            body: Body::from(body),
        }
    }

    /// An answer whose body comes in pieces.
    pub(crate) fn streamed(status: StatusCode, content_type: &'static str, body: Body) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: Some(content_type),
            body,
        }
    }

    fn empty(status: StatusCode) -> Self {
        Self {
            status,
            headers: Vec::new(),
            content_type: None,
            body: Body::empty(),
        }
    }

    /// The same with a header.
    pub(crate) fn header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// A resource that is at hand as JSON bytes: served as they are, or turned into XML.
    pub(crate) fn json(inner: &Inner, format: Format, body: Vec<u8>) -> Result<Self, Failure> {
        let body = match format {
            Format::Json => body,
            Format::Xml => {
                let value = parsed(&body)?;
                xml(inner, &value)?
            }
        };
        Ok(Self::of(StatusCode::OK, format.content_type(), body))
    }

    /// A resource that is at hand as a tree.
    pub(crate) fn value(inner: &Inner, format: Format, value: &Value) -> Result<Self, Failure> {
        let body = match format {
            Format::Json => value.to_string().into_bytes(),
            Format::Xml => xml(inner, value)?,
        };
        Ok(Self::of(StatusCode::OK, format.content_type(), body))
    }

    /// A stored resource with its validators; 304 when the caller has this version already.
    pub(crate) fn stored(
        inner: &Inner,
        format: Format,
        stored: Stored,
        headers: &HeaderMap,
    ) -> Result<Self, Failure> {
        let etag = format!("W/\"{}\"", stored.version);
        let modified = http_date(stored.updated);
        let known = headers
            .get_all(header::IF_NONE_MATCH)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(|value| value.split(','))
            .map(str::trim)
            .any(|tag| tag == etag || tag == "*" || format!("W/{tag}") == etag);
        let reply = if known {
            Self::empty(StatusCode::NOT_MODIFIED)
        } else {
            Self::json(inner, format, stored.body)?
        };
        Ok(reply
            .header(header::ETAG, &etag)
            .header(header::LAST_MODIFIED, &modified))
    }

    /// An error as its OperationOutcome.
    pub(crate) fn failure(inner: &Inner, format: Format, failure: &Failure) -> Self {
        let outcome = failure.outcome();
        let mut reply = match Self::value(inner, format, &outcome) {
            Ok(reply) => reply,
            // An outcome that cannot be written as XML is still told.
            Err(_) => Self::of(
                failure.status,
                Format::Json.content_type(),
                outcome.to_string().into_bytes(),
            ),
        };
        reply.status = failure.status;
        reply.headers.extend(failure.headers.iter().cloned());
        reply
    }

    /// The response, with what every answer carries.
    pub(crate) fn finish(self, ids: &Ids, mode: summary::Mode) -> Response<Body> {
        let mut response = Response::new(self.body);
        *response.status_mut() = self.status;
        let headers = response.headers_mut();
        if let Some(content_type) = self.content_type {
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(content_type));
        }
        for (name, value) in [
            (header::CACHE_CONTROL, "no-store"),
            (header::X_CONTENT_TYPE_OPTIONS, "nosniff"),
            (
                header::CONTENT_SECURITY_POLICY,
                "default-src 'none'; frame-ancestors 'none'; sandbox",
            ),
            (header::REFERRER_POLICY, "no-referrer"),
            (header::VARY, "Accept, Authorization"),
        ] {
            headers.insert(name, HeaderValue::from_static(value));
        }
        for (name, value) in self.headers {
            headers.insert(name, value);
        }
        if let Some(banner) = mode.banner() {
            headers.insert(MODE, HeaderValue::from_static(banner));
        }
        headers.insert(HeaderName::from_static(REQUEST_ID), ids.request.clone());
        if let Some(correlation) = &ids.correlation {
            headers.insert(HeaderName::from_static(CORRELATION_ID), correlation.clone());
        }
        response
    }
}

/// The `meta` of a page that is not of live care: test health data, HTEST of HL7 v3 ActReason.
pub(crate) fn test_data() -> Value {
    let label = Object::new()
        .with(
            "system",
            "http://terminology.hl7.org/CodeSystem/v3-ActReason",
        )
        .with("code", "HTEST")
        .with("display", "test health data");
    Object::new()
        .with("security", vec![Value::from(label)])
        .into()
}

/// Stored bytes as a tree.
pub(crate) fn parsed(body: &[u8]) -> Result<Value, Failure> {
    json::parse(body).map_err(|error| {
        tracing::error!(%error, "a stored resource is not JSON");
        Failure::internal()
    })
}

fn xml(inner: &Inner, value: &Value) -> Result<Vec<u8>, Failure> {
    fhir::xml::write(value, &inner.model)
        .map(String::into_bytes)
        .map_err(|error| {
            tracing::warn!("a resource cannot be written as XML");
            Failure::not_in_xml(&error)
        })
}

/// A time as HTTP writes it (RFC 9110, section 5.6.7).
pub(crate) fn http_date(at: jiff::Timestamp) -> String {
    at.strftime("%a, %d %b %Y %H:%M:%S GMT").to_string()
}
