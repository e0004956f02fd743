//! Errors as callers see them: a status, headers, and an OperationOutcome.

use axum::http::{HeaderName, HeaderValue, StatusCode, header};
use diagnostics::{Issue, IssueType};
use fhir::{OutcomeSystem, operation_outcome};
use json::Value;

use crate::codes;

/// Why a request was not answered as it wished. Nothing personal is in it.
#[derive(Debug, Clone)]
pub(crate) struct Failure {
    pub(crate) status: StatusCode,
    /// The NHS's own code for it (Spine-ErrorOrWarningCode).
    spine: &'static str,
    /// FHIR's code where the issue's own kind is not it: `forbidden`, `login`, `deleted`.
    kind: Option<&'static str>,
    issues: Vec<Issue>,
    pub(crate) headers: Vec<(HeaderName, HeaderValue)>,
}

impl Failure {
    fn one(status: StatusCode, spine: &'static str, issue: Issue) -> Self {
        Self {
            status,
            spine,
            kind: None,
            issues: vec![issue],
            headers: Vec::new(),
        }
    }

    fn kind(mut self, kind: &'static str) -> Self {
        self.kind = Some(kind);
        self
    }

    fn with_header(mut self, name: HeaderName, value: &str) -> Self {
        if let Ok(value) = HeaderValue::from_str(value) {
            self.headers.push((name, value));
        }
        self
    }

    /// The token was not accepted (401), or none can be checked (503).
    pub(crate) fn caller(refusal: auth::Refusal) -> Self {
        let issue = Issue::error(refusal.code(), IssueType::Processing, refusal.to_string())
            .help(refusal.help());
        let status = StatusCode::from_u16(refusal.status()).unwrap_or(StatusCode::UNAUTHORIZED);
        if status != StatusCode::UNAUTHORIZED {
            return Self::one(status, "UNABLE_TO_CALL_SERVICE", issue).kind("transient");
        }
        let kind = match refusal {
            auth::Refusal::Expired => "expired",
            auth::Refusal::Missing => "login",
            _ => "unknown",
        };
        Self::one(status, "ACCESS_DENIED", issue)
            .kind(kind)
            .with_header(header::WWW_AUTHENTICATE, &refusal.www_authenticate())
    }

    /// There is more than one `Authorization` header, or one that is not text.
    pub(crate) fn authorization() -> Self {
        let issue = Issue::error(
            auth::Refusal::NotBearer.code(),
            IssueType::Processing,
            "the Authorization header is not one readable header",
        )
        .help("send one `Authorization: Bearer` header");
        Self::one(StatusCode::UNAUTHORIZED, "ACCESS_DENIED", issue)
            .kind("unknown")
            .with_header(
                header::WWW_AUTHENTICATE,
                &auth::Refusal::NotBearer.www_authenticate(),
            )
    }

    /// The caller may not do this (403).
    pub(crate) fn access(refusal: access::Refusal) -> Self {
        let issue = Issue::error(refusal.code(), IssueType::BusinessRule, refusal.to_string());
        let failure = Self::one(StatusCode::FORBIDDEN, "ACCESS_DENIED", issue).kind("forbidden");
        match refusal {
            access::Refusal::NoScope | access::Refusal::Scope => failure.with_header(
                header::WWW_AUTHENTICATE,
                "Bearer realm=\"causeway\", error=\"insufficient_scope\"",
            ),
            _ => failure,
        }
    }

    /// A type that no caller may use over this interface (403).
    pub(crate) fn closed(type_name: &str) -> Self {
        let issue = Issue::error(
            codes::CLOSED,
            IssueType::BusinessRule,
            format!("{type_name} is not open to callers"),
        );
        Self::one(StatusCode::FORBIDDEN, "ACCESS_DENIED", issue).kind("forbidden")
    }

    /// A search by where people live, which this caller may not see (403, CS-3).
    pub(crate) fn location(name: &str) -> Self {
        let name: String = name
            .chars()
            .filter(char::is_ascii_graphic)
            .take(40)
            .collect();
        let issue = Issue::error(
            codes::CLOSED,
            IssueType::BusinessRule,
            format!("`{name}` is not open to this caller: home addresses are not shared"),
        )
        .help("search by identifier, name or birth date");
        Self::one(StatusCode::FORBIDDEN, "ACCESS_DENIED", issue).kind("forbidden")
    }

    /// Missing, or not for this caller: one answer for both (404).
    pub(crate) fn not_found() -> Self {
        let issue = Issue::error(
            codes::NOT_FOUND,
            IssueType::NotFound,
            "there is no such resource for this caller",
        );
        Self::one(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", issue)
    }

    /// No person for a summary (404).
    pub(crate) fn no_person() -> Self {
        let issue = Issue::error(
            codes::NOT_FOUND,
            IssueType::NotFound,
            "there is no record of this person for this caller",
        );
        Self::one(StatusCode::NOT_FOUND, "PATIENT_NOT_FOUND", issue)
    }

    /// The path names nothing that is served (404).
    pub(crate) fn no_route() -> Self {
        let issue = Issue::error(
            codes::NO_ROUTE,
            IssueType::NotSupported,
            "nothing is served under this path",
        )
        .help("the CapabilityStatement at /metadata lists what is");
        Self::one(StatusCode::NOT_FOUND, "RESOURCE_NOT_FOUND", issue)
    }

    /// Deleted (410).
    pub(crate) fn gone() -> Self {
        let issue = Issue::error(
            codes::GONE,
            IssueType::Processing,
            "the resource was deleted",
        );
        Self::one(StatusCode::GONE, "RESOURCE_NOT_FOUND", issue).kind("deleted")
    }

    /// The method does not fit (405); `allow` as the header wants it.
    pub(crate) fn method(allow: &str) -> Self {
        let issue = Issue::error(
            codes::METHOD,
            IssueType::NotSupported,
            "this method is not served under this path",
        )
        .help("records reach Causeway as exports; over this interface they are read");
        Self::one(StatusCode::METHOD_NOT_ALLOWED, "BAD_REQUEST", issue)
            .with_header(header::ALLOW, allow)
    }

    /// Nothing fits what the caller accepts (406).
    pub(crate) fn not_acceptable() -> Self {
        let issue = Issue::error(
            codes::NOT_ACCEPTABLE,
            IssueType::NotSupported,
            "nothing served here fits what the request accepts",
        )
        .help("accept application/fhir+json or application/fhir+xml, FHIR version 4.0");
        Self::one(StatusCode::NOT_ACCEPTABLE, "BAD_REQUEST", issue)
    }

    /// None of these forms fits what the caller accepts (406).
    pub(crate) fn no_shape<'s>(there: impl Iterator<Item = &'s str>) -> Self {
        let issue = Issue::error(
            codes::NOT_ACCEPTABLE,
            IssueType::NotSupported,
            "nothing served here fits what the request accepts",
        )
        .help(format!("accept {}", there.collect::<Vec<_>>().join(" or ")));
        Self::one(StatusCode::NOT_ACCEPTABLE, "BAD_REQUEST", issue)
    }

    /// The resource is there, and XML cannot carry it (406): a character outside XML 1.0, say, which
    /// JSON may hold. To leave out what XML cannot say would lose a part of the record unsaid.
    pub(crate) fn not_in_xml(error: &fhir::xml::XmlError) -> Self {
        let mut issue = Issue::error(
            codes::NOT_ACCEPTABLE,
            IssueType::NotSupported,
            "the answer holds something that XML cannot carry",
        )
        .help("ask for it as JSON: `Accept: application/fhir+json`");
        issue.element.clone_from(&error.element);
        Self::one(StatusCode::NOT_ACCEPTABLE, "BAD_REQUEST", issue)
    }

    /// The body has a kind that is not taken here (415).
    pub(crate) fn media_type(wanted: &str) -> Self {
        let issue = Issue::error(
            codes::MEDIA_TYPE,
            IssueType::NotSupported,
            "the body has a content type that is not taken here",
        )
        .help(format!("send {wanted}"));
        Self::one(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", issue)
    }

    /// The body is too large (413).
    pub(crate) fn too_large(most: usize) -> Self {
        let issue = Issue::error(
            codes::TOO_LARGE,
            IssueType::TooLong,
            format!("the body is longer than {most} bytes"),
        );
        Self::one(StatusCode::PAYLOAD_TOO_LARGE, "BAD_REQUEST", issue)
    }

    /// The file is too large (413).
    pub(crate) fn file_too_large(most: u64) -> Self {
        let issue = Issue::error(
            codes::TOO_LARGE,
            IssueType::TooLong,
            format!("the file is longer than the {most} bytes that are taken here"),
        )
        .help("send it in parts, or ask the operator of this server to take larger files");
        Self::one(StatusCode::PAYLOAD_TOO_LARGE, "BAD_REQUEST", issue)
    }

    /// The body is packed in a way that is not taken (415; RFC 9110, section 15.5.16).
    pub(crate) fn content_encoding() -> Self {
        let issue = Issue::error(
            codes::MEDIA_TYPE,
            IssueType::NotSupported,
            "the body has a content encoding that is not taken here",
        )
        .help("send it as it is, or with `Content-Encoding: gzip`");
        Self::one(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", issue)
            .with_header(header::ACCEPT_ENCODING, "gzip, identity")
    }

    /// A form that is packed as a whole (415).
    pub(crate) fn packed_form() -> Self {
        let issue = Issue::error(
            codes::MEDIA_TYPE,
            IssueType::NotSupported,
            "a form that is packed as a whole is not taken here",
        )
        .help(
            "send the packed file as the body, with `Content-Encoding: gzip`, or the form as it is",
        );
        Self::one(StatusCode::UNSUPPORTED_MEDIA_TYPE, "BAD_REQUEST", issue)
    }

    /// The body says that it is gzip and is not, or is not whole (400).
    pub(crate) fn not_gzip() -> Self {
        Self::bad_request(
            "the body is not whole gzip data, as its Content-Encoding says",
            "pack the file with gzip and send all of it, or leave the header out",
        )
    }

    /// The body ended before it was whole (400).
    pub(crate) fn cut_off() -> Self {
        Self::bad_request(
            "the body ended before it was whole; nothing of it was kept",
            "send it again with the same X-Request-ID",
        )
    }

    /// The same X-Request-ID came with another request (422).
    pub(crate) fn key_in_use() -> Self {
        let issue = Issue::error(
            codes::KEY_IN_USE,
            IssueType::BusinessRule,
            "this X-Request-ID was used before, for another file, source, name or as-of",
        )
        .help("send a request that is not a repetition with an X-Request-ID of its own");
        Self::one(
            StatusCode::UNPROCESSABLE_ENTITY,
            "DUPLICATE_REJECTED",
            issue,
        )
        .kind("duplicate")
    }

    /// Too much of this organisation waits already (429).
    pub(crate) fn busy(after: std::time::Duration) -> Self {
        let issue = Issue::error(
            codes::BUSY,
            IssueType::Processing,
            "too many files of this organisation wait to be read; nothing of this one was kept",
        )
        .help("send it again, with the same X-Request-ID, after the time in Retry-After");
        Self::one(StatusCode::TOO_MANY_REQUESTS, "TOO_MANY_REQUESTS", issue)
            .kind("throttled")
            .with_header(header::RETRY_AFTER, &after.as_secs().max(1).to_string())
    }

    /// What is asked does not fit where a submission or a record stands (409).
    pub(crate) fn conflict(message: impl Into<String>, help: &str) -> Self {
        let issue = Issue::error(codes::CONFLICT, IssueType::Conflict, message).help(help);
        Self::one(StatusCode::CONFLICT, "INVALID_RESOURCE", issue)
    }

    /// The content was erased (410).
    pub(crate) fn erased() -> Self {
        let issue = Issue::error(
            codes::GONE,
            IssueType::Processing,
            "the content of this file was erased",
        );
        Self::one(StatusCode::GONE, "RESOURCE_NOT_FOUND", issue).kind("deleted")
    }

    /// A value that cannot be used, of a request that can be read (422).
    pub(crate) fn unprocessable(issue: Issue) -> Self {
        Self::one(StatusCode::UNPROCESSABLE_ENTITY, "INVALID_PARAMETER", issue)
    }

    /// A header that cannot be used (400).
    pub(crate) fn header(name: &str, wanted: &str) -> Self {
        let issue = Issue::error(
            codes::HEADER,
            IssueType::Value,
            format!("the header {name} is not {wanted}"),
        );
        Self::one(StatusCode::BAD_REQUEST, "INVALID_VALUE", issue)
    }

    /// A request that cannot be read (400).
    pub(crate) fn bad_request(message: impl Into<String>, help: &str) -> Self {
        let issue = Issue::error(codes::BAD_REQUEST, IssueType::Structure, message).help(help);
        Self::one(StatusCode::BAD_REQUEST, "BAD_REQUEST", issue)
    }

    /// Search parameters that were not understood (400).
    pub(crate) fn search(issues: Vec<Issue>) -> Self {
        Self {
            status: StatusCode::BAD_REQUEST,
            spine: "INVALID_VALUE",
            kind: None,
            issues,
            headers: Vec::new(),
        }
    }

    /// A place in a list that was not given to this caller for this search (400).
    pub(crate) fn cursor() -> Self {
        let issue = Issue::error(
            codes::CURSOR,
            IssueType::Value,
            "the place in the list was not given to this caller for this search",
        )
        .help("begin the search again, and follow the `next` links as they are");
        Self::one(StatusCode::BAD_REQUEST, "INVALID_VALUE", issue)
    }

    /// Records that disagree on who they are about (409, CS-2).
    pub(crate) fn summary(refusal: &summary::Refusal) -> Self {
        let issue = Issue::error(codes::NO_SUMMARY, IssueType::Conflict, refusal.to_string());
        Self::one(StatusCode::CONFLICT, "INVALID_RESOURCE", issue)
    }

    /// An identifier that several people carry (409).
    pub(crate) fn several() -> Self {
        let issue = Issue::error(
            codes::SEVERAL,
            IssueType::MultipleMatches,
            "more than one person in sight carries this identifier",
        )
        .help("ask by NHS number, or for the summary of one Patient by its id");
        Self::one(StatusCode::CONFLICT, "INVALID_RESOURCE", issue)
    }

    /// It took too long (503).
    pub(crate) fn timeout() -> Self {
        let issue = Issue::error(
            codes::TIMEOUT,
            IssueType::Processing,
            "the request took too long",
        )
        .help("try again later, or ask for less");
        Self::one(
            StatusCode::SERVICE_UNAVAILABLE,
            "UNABLE_TO_CALL_SERVICE",
            issue,
        )
        .kind("timeout")
        .with_header(header::RETRY_AFTER, "5")
    }

    /// The body did not arrive in time (408).
    pub(crate) fn slow_body() -> Self {
        let issue = Issue::error(
            codes::TIMEOUT,
            IssueType::Processing,
            "the body did not arrive",
        );
        Self::one(StatusCode::REQUEST_TIMEOUT, "BAD_REQUEST", issue).kind("timeout")
    }

    /// Something inside Causeway is wrong (500): what, is for the log alone.
    pub(crate) fn internal() -> Self {
        let issue = Issue::error(
            codes::INTERNAL,
            IssueType::Processing,
            "something went wrong inside Causeway",
        )
        .help("tell the operator the X-Request-ID of this answer");
        Self::one(
            StatusCode::INTERNAL_SERVER_ERROR,
            "INTERNAL_SERVER_ERROR",
            issue,
        )
        .kind("exception")
    }

    /// The OperationOutcome.
    pub(crate) fn outcome(&self) -> Value {
        let mut outcome = operation_outcome(&self.issues, OutcomeSystem::Spine(self.spine));
        if let Some(kind) = self.kind
            && let Some(Value::Array(issues)) = outcome.get_mut("issue")
        {
            for issue in issues {
                if let Some(issue) = issue.as_object_mut() {
                    issue.insert("code", kind);
                }
            }
        }
        outcome
    }

    /// The stable code of the first issue, for the log.
    pub(crate) fn code(&self) -> &str {
        self.issues.first().map_or("", |issue| issue.code.as_ref())
    }
}

/// For the log, and to go through a stream of bytes.
impl std::fmt::Display for Failure {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{} {}", self.status.as_u16(), self.code())
    }
}

impl std::error::Error for Failure {}

impl From<store::Error> for Failure {
    fn from(error: store::Error) -> Self {
        match error {
            store::Error::TooWide => Self::search(vec![
                Issue::error(
                    search::codes::TOO_MUCH,
                    IssueType::TooLong,
                    "the search has too many alternatives",
                )
                .help("ask in several searches"),
            ]),
            store::Error::Full => {
                tracing::error!(%error, "the store is full");
                let issue = Issue::error(
                    codes::STORE,
                    IssueType::Processing,
                    "the store is full; nothing of this was kept",
                )
                .help("send it again later; the operator of this server has to make room");
                Self::one(
                    StatusCode::INSUFFICIENT_STORAGE,
                    "UNABLE_TO_CALL_SERVICE",
                    issue,
                )
                .kind("no-store")
                .with_header(header::RETRY_AFTER, "60")
            }
            // Two tenants' resources under one id: showing either would be a guess.
            store::Error::Ambiguous => Self::not_found(),
            error => {
                tracing::error!(%error, "the store could not answer");
                let issue = Issue::error(
                    codes::STORE,
                    IssueType::Processing,
                    "the store cannot answer now",
                )
                .help("try again later");
                Self::one(
                    StatusCode::SERVICE_UNAVAILABLE,
                    "UNABLE_TO_CALL_SERVICE",
                    issue,
                )
                .kind("transient")
                .with_header(header::RETRY_AFTER, "5")
            }
        }
    }
}
