//! A FHIR server of a few lines on loopback, that keeps the very bytes it is given and can be told to
//! misbehave.

use std::collections::BTreeMap;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, StatusCode, Uri};
use futures_util::stream;

/// One request as it came.
#[derive(Debug, Clone)]
pub struct Request {
    pub method: String,
    /// Path and query behind the base.
    pub path: String,
    pub headers: HeaderMap,
    pub body: Vec<u8>,
}

impl Request {
    pub fn header(&self, name: &str) -> Option<&str> {
        self.headers.get(name).map(|value| value.to_str().unwrap())
    }

    pub fn line(&self) -> String {
        format!("{} {}", self.method, self.path)
    }
}

/// What stands at a place: its version and bytes; no bytes when it was deleted.
#[derive(Debug, Clone)]
pub struct Kept {
    pub version: u64,
    pub body: Option<Vec<u8>>,
    /// The versions that were written, each as its bytes.
    pub history: Vec<Vec<u8>>,
}

type Rule = Box<dyn Fn(&Request) -> Option<Said> + Send>;

/// What a rule answers in place of the server.
pub enum Said {
    Status(u16, Vec<(&'static str, String)>, String),
    /// The request is carried out, and its answer is lost.
    LoseAnswer,
}

impl Said {
    pub fn outcome(status: u16, code: &str) -> Self {
        let body = format!(
            r#"{{"resourceType":"OperationOutcome","issue":[{{"severity":"error","code":"{code}","diagnostics":"Edna Smith 9990000018"}}]}}"#
        );
        Self::Status(status, Vec::new(), body)
    }

    pub fn plain(status: u16) -> Self {
        Self::Status(status, Vec::new(), String::new())
    }
}

#[derive(Default)]
struct Inner {
    kept: Mutex<BTreeMap<String, Kept>>,
    log: Mutex<Vec<Request>>,
    rule: Mutex<Option<Rule>>,
    /// Whether what is referred to must be there.
    strict: AtomicBool,
    next_id: Mutex<u64>,
}

/// The running server.
#[derive(Clone)]
pub struct Receiver {
    pub base: String,
    inner: Arc<Inner>,
}

impl Receiver {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/fhir", listener.local_addr().unwrap());
        let inner = Arc::new(Inner::default());
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, inner }
    }

    pub fn strict(&self) {
        self.inner.strict.store(true, Ordering::Relaxed);
    }

    pub fn rule(&self, rule: impl Fn(&Request) -> Option<Said> + Send + 'static) {
        *self.inner.rule.lock().unwrap() = Some(Box::new(rule));
    }

    pub fn behave(&self) {
        *self.inner.rule.lock().unwrap() = None;
    }

    pub fn log(&self) -> Vec<Request> {
        self.inner.log.lock().unwrap().clone()
    }

    pub fn lines(&self) -> Vec<String> {
        self.log().iter().map(Request::line).collect()
    }

    pub fn forget_log(&self) {
        self.inner.log.lock().unwrap().clear();
    }

    pub fn kept(&self, place: &str) -> Option<Kept> {
        self.inner.kept.lock().unwrap().get(place).cloned()
    }

    /// The bytes that stand at a place now.
    pub fn body(&self, place: &str) -> Option<Vec<u8>> {
        self.kept(place)?.body
    }

    /// What stands, by place.
    pub fn standing(&self) -> Vec<String> {
        let kept = self.inner.kept.lock().unwrap();
        kept.iter()
            .filter(|(_, kept)| kept.body.is_some())
            .map(|(place, _)| place.clone())
            .collect()
    }

    /// Somebody else writes there.
    pub fn write(&self, place: &str, body: &str) {
        put(&self.inner, place, body.as_bytes().to_vec());
    }
}

fn put(inner: &Inner, place: &str, body: Vec<u8>) -> u64 {
    let mut kept = inner.kept.lock().unwrap();
    let entry = kept.entry(place.to_owned()).or_insert(Kept {
        version: 0,
        body: None,
        history: Vec::new(),
    });
    entry.version += 1;
    entry.history.push(body.clone());
    entry.body = Some(body);
    entry.version
}

async fn answer(
    State(inner): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    let path = uri
        .path_and_query()
        .map_or("", |path| path.as_str())
        .trim_start_matches("/fhir")
        .trim_start_matches('/')
        .to_owned();
    let request = Request {
        method: method.to_string(),
        path,
        headers,
        body: body.to_vec(),
    };
    inner.log.lock().unwrap().push(request.clone());
    let said = inner
        .rule
        .lock()
        .unwrap()
        .as_ref()
        .and_then(|rule| rule(&request));
    match said {
        Some(Said::Status(status, headers, body)) => {
            let mut response = Response::builder().status(status);
            for (name, value) in headers {
                response = response.header(name, value);
            }
            response.body(Body::from(body)).unwrap()
        }
        Some(Said::LoseAnswer) => {
            let _ = carry_out(&inner, &request);
            // Says that more comes than does: the client sees the connection break.
            Response::builder()
                .header("content-length", "1000")
                .body(Body::from_stream(broken()))
                .unwrap()
        }
        None => carry_out(&inner, &request),
    }
}

/// A body that ends with an error after some of it.
fn broken() -> impl futures_util::Stream<Item = Result<Bytes, std::io::Error>> + Send {
    stream::iter([
        Ok(Bytes::from_static(b"{")),
        Err(std::io::Error::other("cut")),
    ])
}

fn carry_out(inner: &Inner, request: &Request) -> Response<Body> {
    match (request.method.as_str(), request.path.as_str()) {
        ("POST", "") => transaction(inner, &request.body),
        ("POST", rtype) => create(inner, rtype, request),
        ("PUT", path) if path.contains('?') => upsert(inner, path, &request.body),
        ("PUT", place) => {
            let current = inner.kept.lock().unwrap().get(place).cloned();
            let standing = current.filter(|kept| kept.body.is_some());
            let etag = standing.as_ref().map(|kept| etag(kept.version));
            if let Some(expected) = request.header("if-match")
                && Some(expected) != etag.as_deref()
            {
                return outcome(412, "conflict");
            }
            if request.header("if-none-match") == Some("*") && standing.is_some() {
                return outcome(412, "conflict");
            }
            if let Some(missing) = missing(inner, place, &request.body) {
                return missing;
            }
            let version = put(inner, place, request.body.clone());
            let status = if version == 1 { 201 } else { 200 };
            stored(status, place, version)
        }
        ("GET", place) => match inner.kept.lock().unwrap().get(place) {
            Some(kept) => match &kept.body {
                Some(body) => Response::builder()
                    .header("etag", etag(kept.version))
                    .body(Body::from(body.clone()))
                    .unwrap(),
                None => outcome(410, "deleted"),
            },
            None => outcome(404, "not-found"),
        },
        ("DELETE", place) => match inner.kept.lock().unwrap().get_mut(place) {
            Some(kept) => {
                kept.body = None;
                Response::builder()
                    .status(StatusCode::NO_CONTENT)
                    .body(Body::empty())
                    .unwrap()
            }
            None => outcome(404, "not-found"),
        },
        _ => outcome(405, "not-supported"),
    }
}

fn etag(version: u64) -> String {
    format!("W/\"{version}\"")
}

fn stored(status: u16, place: &str, version: u64) -> Response<Body> {
    Response::builder()
        .status(status)
        .header("etag", etag(version))
        .header(
            "location",
            format!("http://receiver.test/fhir/{place}/_history/{version}"),
        )
        .body(Body::empty())
        .unwrap()
}

fn outcome(status: u16, code: &str) -> Response<Body> {
    let Said::Status(status, _, body) = Said::outcome(status, code) else {
        unreachable!()
    };
    Response::builder()
        .status(status)
        .body(Body::from(body))
        .unwrap()
}

/// A strict server refuses what refers to something that is not there.
fn missing(inner: &Inner, place: &str, body: &[u8]) -> Option<Response<Body>> {
    if !inner.strict.load(Ordering::Relaxed) {
        return None;
    }
    let kept = inner.kept.lock().unwrap();
    let absent = references(body)
        .into_iter()
        .any(|target| target != place && kept.get(&target).is_none_or(|kept| kept.body.is_none()));
    absent.then(|| outcome(422, "not-found"))
}

pub fn references(body: &[u8]) -> Vec<String> {
    let text = String::from_utf8(body.to_vec()).unwrap();
    text.split("\"reference\":\"")
        .skip(1)
        .filter_map(|rest| rest.split('"').next().map(str::to_owned))
        .collect()
}

fn fresh_id(inner: &Inner) -> String {
    let mut next = inner.next_id.lock().unwrap();
    *next += 1;
    format!("r{next}")
}

/// The place of what carries an identifier, as `identifier=SYSTEM%7CVALUE` asks for it.
fn holder(inner: &Inner, rtype: &str, query: &str) -> Option<String> {
    let value = query.rsplit("%7C").next().unwrap().to_owned();
    let kept = inner.kept.lock().unwrap();
    kept.iter()
        .find(|(place, kept)| {
            place.starts_with(&format!("{rtype}/"))
                && kept.body.as_ref().is_some_and(|body| {
                    String::from_utf8_lossy(body).contains(&format!(r#""value":"{value}""#))
                })
        })
        .map(|(place, _)| place.clone())
}

fn upsert(inner: &Inner, path: &str, body: &[u8]) -> Response<Body> {
    let (rtype, query) = path.split_once('?').unwrap();
    if let Some(missing) = missing(inner, "", body) {
        return missing;
    }
    let place =
        holder(inner, rtype, query).unwrap_or_else(|| format!("{rtype}/{}", fresh_id(inner)));
    let version = put(inner, &place, body.to_vec());
    stored(if version == 1 { 201 } else { 200 }, &place, version)
}

fn create(inner: &Inner, rtype: &str, request: &Request) -> Response<Body> {
    if let Some(missing) = missing(inner, "", &request.body) {
        return missing;
    }
    if let Some(query) = request.header("if-none-exist")
        && let Some(place) = holder(inner, rtype, query)
    {
        let version = inner.kept.lock().unwrap().get(&place).unwrap().version;
        return stored(200, &place, version);
    }
    let place = format!("{rtype}/{}", fresh_id(inner));
    let version = put(inner, &place, request.body.clone());
    stored(201, &place, version)
}

fn transaction(inner: &Inner, body: &[u8]) -> Response<Body> {
    let bundle = json::parse(body).unwrap();
    assert_eq!(bundle.text("type"), Some("transaction"));
    let mut entries = Vec::new();
    for entry in bundle.each("entry") {
        let request = entry.get("request").unwrap();
        let place = request.text("url").unwrap();
        match request.text("method").unwrap() {
            "PUT" => {
                let version = put(inner, place, entry.get("resource").unwrap().to_bytes());
                entries.push(format!(
                    r#"{{"response":{{"status":"200 OK","etag":"W/\"{version}\""}}}}"#
                ));
            }
            "DELETE" => {
                if let Some(kept) = inner.kept.lock().unwrap().get_mut(place) {
                    kept.body = None;
                }
                entries.push(r#"{"response":{"status":"204"}}"#.to_owned());
            }
            other => panic!("{other}"),
        }
    }
    let body = format!(
        r#"{{"resourceType":"Bundle","type":"transaction-response","entry":[{}]}}"#,
        entries.join(",")
    );
    Response::builder().body(Body::from(body)).unwrap()
}
