//! A stand-in for PDS and the token service of the NHS API platform, on loopback: the addresses,
//! headers, checks and error texts are theirs.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs,
    dead_code
)]

use std::collections::{HashMap, HashSet, VecDeque};
use std::sync::{Arc, Mutex, OnceLock};
use std::time::{Duration, Instant};

use axum::extract::{Path, State};
use axum::http::{HeaderMap, StatusCode};
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Json, Router};
use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use jiff::Timestamp;
use openidconnect::core::{CoreJsonWebKey, CoreJwsSigningAlgorithm};
use openidconnect::{JsonWebKey as _, JsonWebKeyId};
use pds::{PrivateKey, Settings};
use rsa::RsaPrivateKey;
use rsa::pkcs8::EncodePrivateKey as _;
use rsa::traits::PublicKeyParts as _;
use serde_json::{Value, json};

pub const API_KEY: &str = "the-api-key-of-the-application";
pub const KEY_ID: &str = "test-1";

/// A key made for this run.
pub fn rsa_key() -> &'static RsaPrivateKey {
    static KEY: OnceLock<RsaPrivateKey> = OnceLock::new();
    KEY.get_or_init(|| RsaPrivateKey::new(&mut rsa::rand_core::OsRng, 2048).unwrap())
}

pub fn private_key() -> PrivateKey {
    let pem = rsa_key().to_pkcs8_pem(rsa::pkcs8::LineEnding::LF).unwrap();
    PrivateKey::from_pem(pem.as_bytes()).unwrap()
}

/// What is answered to one question.
#[derive(Clone)]
pub enum Reply {
    Json(u16, Value),
    /// With Retry-After.
    Later(u16, u64),
    Slow(Duration),
    Html(u16),
}

#[derive(Default)]
pub struct Seen {
    pub tokens: Vec<Instant>,
    pub requests: Vec<(String, String, Instant)>,
    jtis: HashSet<String>,
}

pub struct StandIn {
    pub url: String,
    pub seen: Mutex<Seen>,
    replies: Mutex<HashMap<String, VecDeque<Reply>>>,
    valid: Mutex<HashSet<String>>,
    pub expires_in: Mutex<Value>,
    /// Taken off the assertion's claims or header, to see what the service says.
    pub registered: Mutex<Option<CoreJsonWebKey>>,
}

impl StandIn {
    pub async fn start() -> Arc<Self> {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let key = rsa_key();
        let public = CoreJsonWebKey::new_rsa(
            key.n().to_bytes_be(),
            key.e().to_bytes_be(),
            Some(JsonWebKeyId::new(KEY_ID.to_owned())),
        );
        let this = Arc::new(Self {
            url: format!("http://{}", listener.local_addr().unwrap()),
            seen: Mutex::default(),
            replies: Mutex::default(),
            valid: Mutex::default(),
            expires_in: Mutex::new(json!("599")),
            registered: Mutex::new(Some(public)),
        });
        let routes = Router::new()
            .route("/oauth2/token", post(token))
            .route(
                "/personal-demographics/FHIR/R4/Patient/{number}",
                get(patient),
            )
            .with_state(Arc::clone(&this));
        tokio::spawn(async move { axum::serve(listener, routes).await.unwrap() });
        this
    }

    /// Settings to ask it quickly.
    pub fn settings(&self) -> Settings {
        let mut settings = Settings::new(
            format!("{}/personal-demographics/FHIR/R4", self.url),
            self.token_url(),
            API_KEY,
            KEY_ID,
            private_key(),
        );
        settings.per_second = 1000;
        settings.first_wait = Duration::from_millis(5);
        settings.timeout = Duration::from_secs(5);
        settings
    }

    pub fn token_url(&self) -> String {
        format!("{}/oauth2/token", self.url)
    }

    /// What is answered about a number: each reply once, the last one for ever.
    pub fn answer(&self, number: &str, replies: impl IntoIterator<Item = Reply>) {
        let replies = replies.into_iter().collect();
        self.replies
            .lock()
            .unwrap()
            .insert(number.to_owned(), replies);
    }

    pub fn asked(&self) -> usize {
        self.seen.lock().unwrap().requests.len()
    }

    pub fn tokens_given(&self) -> usize {
        self.seen.lock().unwrap().tokens.len()
    }

    pub fn withdraw_tokens(&self) {
        self.valid.lock().unwrap().clear();
    }
}

/// A person as PDS serves one.
pub fn person(number: &str, security: &str) -> Value {
    json!({
        "resourceType": "Patient",
        "id": number,
        "identifier": [{
            "system": "https://fhir.nhs.uk/Id/nhs-number",
            "value": number,
            "extension": [{
                "url": "https://fhir.hl7.org.uk/StructureDefinition/Extension-UKCore-NHSNumberVerificationStatus",
                "valueCodeableConcept": {"coding": [{
                    "system": "https://fhir.hl7.org.uk/CodeSystem/UKCore-NHSNumberVerificationStatus",
                    "version": "1.0.0", "code": "01", "display": "Number present and verified"
                }]}
            }]
        }],
        "meta": {"versionId": "2", "security": [{
            "system": "http://terminology.hl7.org/CodeSystem/v3-Confidentiality",
            "code": security
        }]},
        "name": [
            {"id": "1", "use": "usual", "family": "O'Brien", "given": ["Mary"], "prefix": ["Mrs"]},
            {"id": "2", "use": "maiden", "family": "Jones", "given": ["Mary"]}
        ],
        "gender": "female",
        "birthDate": "1938-02-11"
    })
}

pub fn error(code: &str, kind: &str) -> Value {
    json!({
        "resourceType": "OperationOutcome",
        "issue": [{
            "severity": "error", "code": kind,
            "details": {"coding": [{
                "system": "https://fhir.nhs.uk/R4/CodeSystem/Spine-ErrorOrWarningCode",
                "version": "1", "code": code, "display": "…"
            }]}
        }]
    })
}

async fn patient(
    State(this): State<Arc<StandIn>>,
    Path(number): Path<String>,
    headers: HeaderMap,
) -> Response {
    let header = |name: &str| {
        headers
            .get(name)
            .and_then(|value| value.to_str().ok())
            .unwrap_or_default()
            .to_owned()
    };
    let request = header("x-request-id");
    this.seen
        .lock()
        .unwrap()
        .requests
        .push((number.clone(), request.clone(), Instant::now()));
    if uuid::Uuid::parse_str(&request).is_err() {
        return reply(
            StatusCode::BAD_REQUEST,
            &request,
            error("MISSING_VALUE", "required"),
        );
    }
    let bearer = header("authorization");
    let token = bearer.strip_prefix("Bearer ").unwrap_or_default();
    if !this.valid.lock().unwrap().contains(token) {
        return reply(
            StatusCode::UNAUTHORIZED,
            &request,
            error("ACCESS_DENIED", "forbidden"),
        );
    }
    let next = {
        let mut replies = this.replies.lock().unwrap();
        match replies.get_mut(&number) {
            Some(queue) if queue.len() > 1 => queue.pop_front(),
            Some(queue) => queue.front().cloned(),
            None => None,
        }
    };
    match next {
        None => reply(
            StatusCode::NOT_FOUND,
            &request,
            error("RESOURCE_NOT_FOUND", "not-found"),
        ),
        Some(Reply::Json(status, body)) => {
            reply(StatusCode::from_u16(status).unwrap(), &request, body)
        }
        Some(Reply::Later(status, seconds)) => {
            let code = if status == 429 {
                "TOO_MANY_REQUESTS"
            } else {
                "UNABLE_TO_CALL_SERVICE"
            };
            let status = StatusCode::from_u16(status).unwrap();
            let mut response = reply(status, &request, error(code, "value"));
            response
                .headers_mut()
                .insert("retry-after", seconds.to_string().parse().unwrap());
            response
        }
        Some(Reply::Slow(wait)) => {
            tokio::time::sleep(wait).await;
            reply(StatusCode::OK, &request, person(&number, "U"))
        }
        Some(Reply::Html(status)) => (
            StatusCode::from_u16(status).unwrap(),
            "<html>no such host</html>",
        )
            .into_response(),
    }
}

fn reply(status: StatusCode, request: &str, body: Value) -> Response {
    let mut response = (status, Json(&body)).into_response();
    let headers = response.headers_mut();
    headers.insert("content-type", "application/fhir+json".parse().unwrap());
    if let Ok(mirrored) = request.parse() {
        headers.insert("x-request-id", mirrored);
    }
    if body["resourceType"] == "Patient" {
        headers.insert("etag", "W/\"2\"".parse().unwrap());
    }
    response
}

/// The token endpoint: what the NHS API platform checks, in its words.
async fn token(State(this): State<Arc<StandIn>>, body: String) -> Response {
    let form: HashMap<String, String> = openidconnect::url::form_urlencoded::parse(body.as_bytes())
        .into_owned()
        .collect();
    match this.check(&form) {
        Err((status, error, said)) => (
            StatusCode::from_u16(status).unwrap(),
            Json(json!({
                "error": error, "error_description": said, "message_id": "rrt-1"
            })),
        )
            .into_response(),
        Ok(()) => {
            let token = format!("g1112R_{}", uuid::Uuid::new_v4().simple());
            this.valid.lock().unwrap().insert(token.clone());
            this.seen.lock().unwrap().tokens.push(Instant::now());
            let expires_in = this.expires_in.lock().unwrap().clone();
            Json(json!({
                "access_token": token, "expires_in": expires_in, "token_type": "Bearer",
                "issued_at": "1"
            }))
            .into_response()
        }
    }
}

type Refusal = (u16, &'static str, &'static str);

impl StandIn {
    fn check(&self, form: &HashMap<String, String>) -> Result<(), Refusal> {
        let bad = |said| (400, "invalid_request", said);
        match form.get("grant_type").map(String::as_str) {
            None => return Err(bad("grant_type is missing")),
            Some("client_credentials") => {}
            Some(_) => return Err((400, "unsupported_grant_type", "grant_type is invalid")),
        }
        if form.get("client_assertion_type").map(String::as_str)
            != Some("urn:ietf:params:oauth:client-assertion-type:jwt-bearer")
        {
            return Err(bad(
                "Missing or invalid client_assertion_type - must be 'urn:ietf:params:oauth:client-assertion-type:jwt-bearer'",
            ));
        }
        let assertion = form
            .get("client_assertion")
            .ok_or_else(|| bad("Missing client_assertion"))?;
        let malformed = || bad("Malformed JWT in client_assertion");
        let parts: Vec<&str> = assertion.split('.').collect();
        let [header, claims, signature] = parts.as_slice() else {
            return Err(malformed());
        };
        let object = |part: &str| -> Result<Value, Refusal> {
            let bytes = URL_SAFE_NO_PAD.decode(part).map_err(|_| malformed())?;
            serde_json::from_slice(&bytes).map_err(|_| malformed())
        };
        let (head, body) = (object(header)?, object(claims)?);
        if head["alg"] != "RS512" {
            return Err(bad(
                "Invalid 'alg' header in client_assertion JWT - unsupported JWT algorithm - must be 'RS512'",
            ));
        }
        if head["typ"] != "JWT" {
            return Err(bad(
                "Invalid 'typ' header in client_assertion JWT - must be 'JWT'",
            ));
        }
        match head["kid"].as_str() {
            None => return Err(bad("Missing 'kid' header in client_assertion JWT")),
            Some(KEY_ID) => {}
            Some(_) => {
                return Err(bad(
                    "Invalid 'kid' header in client_assertion JWT - no matching public key",
                ));
            }
        }
        if body["iss"].is_null() || body["iss"] != body["sub"] {
            return Err(bad(
                "Missing or non-matching 'iss'/'sub' claims in client_assertion JWT",
            ));
        }
        if body["iss"] != API_KEY {
            return Err(bad("Invalid 'iss'/'sub' claims in client_assertion JWT"));
        }
        if body["aud"] != self.token_url() {
            return Err(bad(
                "Missing or invalid 'aud' claim in client_assertion JWT",
            ));
        }
        let jti = body["jti"]
            .as_str()
            .ok_or_else(|| bad("Missing 'jti' claim in client_assertion JWT"))?;
        let exp = match &body["exp"] {
            Value::Null => return Err(bad("Missing 'exp' claim in client_assertion JWT")),
            exp => exp.as_i64().ok_or_else(|| {
                bad("Invalid 'exp' claim in client_assertion JWT - must be an integer")
            })?,
        };
        let now = Timestamp::now().as_second();
        if exp <= now {
            return Err(bad(
                "Invalid 'exp' claim in client_assertion JWT - JWT has expired",
            ));
        }
        if exp > now + 300 {
            return Err(bad(
                "Invalid 'exp' claim in client_assertion JWT - more than 5 minutes in future",
            ));
        }
        if !self.seen.lock().unwrap().jtis.insert(jti.to_owned()) {
            return Err(bad("Non-unique 'jti' claim in client_assertion JWT"));
        }
        let registered = self.registered.lock().unwrap();
        let key = registered.as_ref().ok_or((
            403,
            "public_key error",
            "You need to register a public key to use this authentication method - please contact support to configure",
        ))?;
        let signature = URL_SAFE_NO_PAD.decode(signature).map_err(|_| malformed())?;
        key.verify_signature(
            &CoreJwsSigningAlgorithm::RsaSsaPkcs1V15Sha512,
            format!("{header}.{claims}").as_bytes(),
            &signature,
        )
        .map_err(|_| (403, "public_key error", "JWT signature verification failed"))
    }
}
