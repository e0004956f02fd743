//! An issuer that does whatever a test tells it to.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::Body;
use axum::extract::State;
use axum::http::{Response, StatusCode, header};
use axum::routing::get;
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use p256::ecdsa::signature::Signer as _;
use p256::ecdsa::{Signature, SigningKey};
use p256::elliptic_curve::Generate as _;
use serde_json::{Value, json};

use crate::AUDIENCE;

/// A key with its id.
pub struct Key {
    pub kid: String,
    key: SigningKey,
}

impl Key {
    pub fn new(kid: &str) -> Self {
        Self {
            kid: kid.into(),
            key: SigningKey::generate(),
        }
    }

    pub fn jwk(&self) -> Value {
        let point = self.key.verifying_key().to_sec1_point(false);
        let encode = |bytes: &[u8]| URL_SAFE_NO_PAD.encode(bytes);
        json!({
            "kty": "EC", "crv": "P-256", "use": "sig", "kid": self.kid,
            "x": encode(point.x().unwrap()), "y": encode(point.y().unwrap()),
        })
    }

    /// The public key as it might be (mis)used as an HMAC secret.
    pub fn public_bytes(&self) -> Vec<u8> {
        self.key
            .verifying_key()
            .to_sec1_point(false)
            .as_bytes()
            .to_vec()
    }

    pub fn header(&self) -> Value {
        json!({"alg": "ES256", "typ": "at+jwt", "kid": self.kid})
    }

    pub fn sign(&self, header: &Value, claims: &Value) -> String {
        let input = input(header, claims);
        let signature: Signature = self.key.sign(input.as_bytes());
        format!("{input}.{}", URL_SAFE_NO_PAD.encode(signature.to_bytes()))
    }
}

pub fn input(header: &Value, claims: &Value) -> String {
    let encode = |value: &Value| URL_SAFE_NO_PAD.encode(value.to_string());
    format!("{}.{}", encode(header), encode(claims))
}

/// What the issuer answers.
pub struct Answers {
    pub discovery: Response<Vec<u8>>,
    pub jwks: Response<Vec<u8>>,
}

pub struct Idp {
    pub url: String,
    pub key: Key,
    pub answers: Arc<Mutex<Answers>>,
    pub fetches: Arc<AtomicUsize>,
    pub server: tokio::task::JoinHandle<()>,
}

type Shared = (Arc<Mutex<Answers>>, Arc<AtomicUsize>);

fn copy(response: &Response<Vec<u8>>) -> Response<Body> {
    let mut copy = Response::new(Body::from(response.body().clone()));
    *copy.status_mut() = response.status();
    *copy.headers_mut() = response.headers().clone();
    copy
}

pub fn answer(value: &Value) -> Response<Vec<u8>> {
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .body(value.to_string().into_bytes())
        .unwrap()
}

pub fn status(status: StatusCode) -> Response<Vec<u8>> {
    Response::builder().status(status).body(Vec::new()).unwrap()
}

impl Idp {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let key = Key::new("one");
        let answers = Arc::new(Mutex::new(Answers {
            discovery: answer(&discovery(&url, &format!("{url}/jwks"))),
            jwks: answer(&json!({"keys": [key.jwk()]})),
        }));
        let fetches = Arc::new(AtomicUsize::new(0));
        let routes = Router::new()
            .route(
                "/.well-known/openid-configuration",
                get(|State((answers, _)): State<Shared>| async move {
                    copy(&answers.lock().unwrap().discovery)
                }),
            )
            .route(
                "/jwks",
                get(|State((answers, fetches)): State<Shared>| async move {
                    fetches.fetch_add(1, Ordering::SeqCst);
                    copy(&answers.lock().unwrap().jwks)
                }),
            )
            .with_state((Arc::clone(&answers), Arc::clone(&fetches)));
        let server = tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        Self {
            url,
            key,
            answers,
            fetches,
            server,
        }
    }

    pub fn publish(&self, keys: &[&Key]) {
        let keys: Vec<Value> = keys.iter().map(|key| key.jwk()).collect();
        self.answers.lock().unwrap().jwks = answer(&json!({"keys": keys}));
    }

    pub fn fail(&self) {
        self.answers.lock().unwrap().jwks = status(StatusCode::INTERNAL_SERVER_ERROR);
    }

    pub fn fetched(&self) -> usize {
        self.fetches.load(Ordering::SeqCst)
    }

    /// Claims that are all right.
    pub fn claims(&self) -> Value {
        let now = now();
        json!({
            "iss": self.url, "aud": AUDIENCE, "sub": "gp", "client_id": "gp",
            "scope": "system/Patient.rs", "jti": "1", "iat": now, "exp": now + 300,
        })
    }

    pub fn token(&self) -> String {
        self.key.sign(&self.key.header(), &self.claims())
    }
}

impl Drop for Idp {
    fn drop(&mut self) {
        self.server.abort();
    }
}

pub fn discovery(issuer: &str, jwks: &str) -> Value {
    json!({
        "issuer": issuer,
        "authorization_endpoint": format!("{issuer}/authorize"),
        "jwks_uri": jwks,
        "response_types_supported": ["code"],
        "subject_types_supported": ["public"],
        "id_token_signing_alg_values_supported": ["ES256"],
    })
}

pub fn now() -> i64 {
    std::time::SystemTime::now()
        .duration_since(std::time::UNIX_EPOCH)
        .unwrap()
        .as_secs() as i64
}
