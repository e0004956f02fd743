//! The endpoints: discovery, keys, tokens.

use std::collections::HashMap;
use std::sync::Arc;

use axum::body::Bytes;
use axum::extract::{DefaultBodyLimit, State};
use axum::http::{HeaderMap, StatusCode, header};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use openidconnect::url::form_urlencoded;
use serde_json::json;
use sha2::{Digest as _, Sha256};

use crate::{DemoClient, LIFETIME, Realm};

pub(crate) fn routes(realm: Arc<Realm>) -> Router {
    Router::new()
        .route("/.well-known/openid-configuration", get(discovery))
        .route("/jwks", get(keys))
        .route("/token", post(token))
        .layer(DefaultBodyLimit::max(16 * 1024))
        .with_state(realm)
}

async fn discovery(State(realm): State<Arc<Realm>>) -> Response {
    let url = &realm.url;
    Json(json!({
        "issuer": url,
        "authorization_endpoint": format!("{url}/authorize"),
        "token_endpoint": format!("{url}/token"),
        "jwks_uri": format!("{url}/jwks"),
        "grant_types_supported": ["client_credentials"],
        "response_types_supported": ["none"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
        "token_endpoint_auth_methods_supported": ["client_secret_basic", "client_secret_post"],
        "notice": "Causeway's demo issuer: for the demo and tests only, never for real people",
    }))
    .into_response()
}

async fn keys(State(realm): State<Arc<Realm>>) -> Response {
    Json(realm.signer.public()).into_response()
}

/// The client credentials grant; errors as RFC 6749, section 5.2.
async fn token(State(realm): State<Arc<Realm>>, headers: HeaderMap, body: Bytes) -> Response {
    let mut form = HashMap::new();
    for (name, value) in form_urlencoded::parse(&body) {
        if form.insert(name.into_owned(), value.into_owned()).is_some() {
            return refuse(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "a parameter occurs twice",
            );
        }
    }
    let Some(client) = client(&realm, &headers, &form) else {
        return refuse(
            StatusCode::UNAUTHORIZED,
            "invalid_client",
            "the client id or secret is wrong",
        );
    };
    match form.get("grant_type").map(String::as_str) {
        Some("client_credentials") => {}
        None => {
            return refuse(
                StatusCode::BAD_REQUEST,
                "invalid_request",
                "grant_type is missing",
            );
        }
        Some(_) => {
            return refuse(
                StatusCode::BAD_REQUEST,
                "unsupported_grant_type",
                "grant_type must be client_credentials",
            );
        }
    }
    for name in ["resource", "audience"] {
        if form
            .get(name)
            .is_some_and(|wanted| *wanted != realm.audience)
        {
            return refuse(
                StatusCode::BAD_REQUEST,
                "invalid_target",
                "no such resource server",
            );
        }
    }
    let allowed: Vec<&str> = client.scope.split_whitespace().collect();
    let scope = match form.get("scope") {
        None => client.scope.clone(),
        Some(asked) if asked.split_whitespace().all(|one| allowed.contains(&one)) => asked.clone(),
        Some(_) => {
            return refuse(
                StatusCode::BAD_REQUEST,
                "invalid_scope",
                "the client may not ask for this scope",
            );
        }
    };
    let answer = Json(json!({
        "access_token": realm.mint(&client.id, &scope, LIFETIME),
        "token_type": "Bearer",
        "expires_in": LIFETIME.as_secs(),
        "scope": scope,
    }));
    ([(header::CACHE_CONTROL, "no-store")], answer).into_response()
}

/// The client that authenticates itself, by Basic or in the form, but not by both.
fn client<'r>(
    realm: &'r Realm,
    headers: &HeaderMap,
    form: &HashMap<String, String>,
) -> Option<&'r DemoClient> {
    let posted = form.get("client_secret").map(|secret| {
        let id = form.get("client_id").cloned().unwrap_or_default();
        (id, secret.clone())
    });
    let (id, secret) = match (headers.get(header::AUTHORIZATION), posted) {
        (Some(_), Some(_)) | (None, None) => return None,
        (None, Some(posted)) => posted,
        (Some(basic), None) => {
            let (scheme, encoded) = basic.to_str().ok()?.split_once(' ')?;
            if !scheme.eq_ignore_ascii_case("basic") {
                return None;
            }
            let pair = String::from_utf8(STANDARD.decode(encoded).ok()?).ok()?;
            let (id, secret) = pair.split_once(':')?;
            // Both are form-encoded first (RFC 6749, section 2.3.1).
            (decoded(id), decoded(secret))
        }
    };
    let client = realm.clients.iter().find(|client| client.id == id)?;
    // Compared by digest, so that the time taken says nothing about the secret.
    (Sha256::digest(&client.secret) == Sha256::digest(secret)).then_some(client)
}

fn decoded(text: &str) -> String {
    form_urlencoded::parse(text.as_bytes())
        .next()
        .map(|(text, _)| text.into_owned())
        .unwrap_or_default()
}

fn refuse(status: StatusCode, error: &str, description: &str) -> Response {
    let body = Json(json!({"error": error, "error_description": description}));
    let mut response = (status, [(header::CACHE_CONTROL, "no-store")], body).into_response();
    if status == StatusCode::UNAUTHORIZED {
        response.headers_mut().insert(
            header::WWW_AUTHENTICATE,
            header::HeaderValue::from_static("Basic realm=\"causeway-demo\""),
        );
    }
    response
}
