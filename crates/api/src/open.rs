//! What is open to anyone: whether the server is there and well, and how to get a token.

use auth::Readiness;
use axum::http::StatusCode;
use json::{Object, Value};

use crate::respond::Reply;
use crate::serve::Inner;

const JSON: &str = "application/json";

/// `_ping`: there, and in which version.
pub(crate) fn ping(inner: &Inner) -> Reply {
    let body = Object::new()
        .with("status", "pass")
        .with("version", inner.config.version.as_str());
    reply(StatusCode::OK, noted(inner, body))
}

/// `_status`: whether the store, the issuer's keys and the work on files are well.
pub(crate) async fn status(inner: &Inner) -> Reply {
    let store = match inner.vault.ready().await {
        Ok(()) => "pass",
        Err(error) => {
            tracing::error!(%error, "the store is not ready");
            "fail"
        }
    };
    let issuer = match inner.auth.readiness() {
        Readiness::Ready => "pass",
        Readiness::Stale { .. } => "warn",
        Readiness::NoKeys => "fail",
    };
    let work = inner
        .config
        .health
        .as_ref()
        .map(|health| health.words(jiff::Timestamp::now()));
    let words = [
        Some(store),
        Some(issuer),
        work.map(|w| w.0),
        work.map(|w| w.1),
    ];
    let overall = ["fail", "warn"]
        .into_iter()
        .find(|word| words.contains(&Some(*word)))
        .unwrap_or("pass");
    let code = match overall {
        "fail" => StatusCode::SERVICE_UNAVAILABLE,
        _ => StatusCode::OK,
    };
    let check = |status: &str| vec![Value::from(Object::new().with("status", status))];
    let mut checks = Object::new()
        .with("store", check(store))
        .with("issuer", check(issuer));
    if let Some((queue, sources)) = work {
        checks.insert("queue", check(queue));
        checks.insert("sources", check(sources));
    }
    let body = Object::new()
        .with("status", overall)
        .with("version", inner.config.version.as_str())
        .with("checks", checks);
    reply(code, noted(inner, body))
}

/// The same with what a demonstration or a test system says of itself (CS-21).
fn noted(inner: &Inner, body: Object) -> Object {
    match inner.config.summary.mode.banner() {
        None => body,
        Some(banner) => body.with("notes", vec![Value::from(banner)]),
    }
}

/// `.well-known/smart-configuration` (SMART App Launch 2, backend services).
pub(crate) fn smart(inner: &Inner) -> Reply {
    let issuer = &inner.config.issuer;
    let mut body = Object::new().with("issuer", issuer.issuer.as_str());
    if let Some(jwks) = &issuer.jwks_uri {
        body.insert("jwks_uri", jwks.as_str());
    }
    if let Some(endpoint) = &issuer.token_endpoint {
        body.insert("token_endpoint", endpoint.as_str());
    }
    for (name, values) in [
        ("grant_types_supported", &issuer.grant_types),
        (
            "token_endpoint_auth_methods_supported",
            &issuer.auth_methods,
        ),
        (
            "token_endpoint_auth_signing_alg_values_supported",
            &issuer.signing_algorithms,
        ),
    ] {
        if !values.is_empty() {
            let values = values.iter().map(|value| Value::from(value.as_str()));
            body.insert(name, values.collect::<Value>());
        }
    }
    let scopes: Value = inner
        .config
        .types
        .iter()
        .map(|name| Value::from(format!("system/{name}.rs")))
        .collect();
    body.insert("scopes_supported", scopes);
    // What a client can do follows from how the issuer lets clients prove themselves.
    let has = |start: &str| issuer.auth_methods.iter().any(|m| m.starts_with(start));
    let capabilities = [
        (has("private_key_jwt"), "client-confidential-asymmetric"),
        (has("client_secret"), "client-confidential-symmetric"),
        (true, "permission-v2"),
    ];
    body.insert(
        "capabilities",
        capabilities
            .into_iter()
            .filter(|(there, _)| *there)
            .map(|(_, name)| Value::from(name))
            .collect::<Value>(),
    );
    reply(StatusCode::OK, body)
}

fn reply(status: StatusCode, body: Object) -> Reply {
    Reply::of(status, JSON, Value::from(body).to_string().into_bytes())
}
