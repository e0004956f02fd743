//! A locator of a few lines on loopback.

use std::collections::BTreeMap;
use std::sync::{Arc, Mutex};

use axum::Router;
use axum::body::{Body, Bytes};
use axum::extract::State;
use axum::http::{HeaderMap, Method, Response, Uri};
use json::{Object, Value};

use crate::rules::check;

#[derive(Default)]
pub struct Inner {
    pub pointers: Mutex<BTreeMap<String, Value>>,
    pub log: Mutex<Vec<String>>,
    next: Mutex<u64>,
    /// How many answers to a POST are lost after it was carried out.
    pub lose: Mutex<u32>,
    pub down: Mutex<bool>,
}

pub struct StandIn {
    pub base: String,
    pub inner: Arc<Inner>,
}

impl StandIn {
    pub async fn start() -> Self {
        let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
        let base = format!("http://{}/producer/FHIR/R4", listener.local_addr().unwrap());
        let inner = Arc::new(Inner::default());
        let router = Router::new()
            .fallback(answer)
            .with_state(Arc::clone(&inner));
        tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
        Self { base, inner }
    }

    pub fn pointers(&self) -> BTreeMap<String, Value> {
        self.inner.pointers.lock().unwrap().clone()
    }

    pub fn take_log(&self) -> Vec<String> {
        std::mem::take(&mut *self.inner.log.lock().unwrap())
    }

    /// The subjects that are pointed to.
    pub fn subjects(&self) -> Vec<String> {
        self.pointers().values().map(subject).collect()
    }
}

fn subject(pointer: &Value) -> String {
    let identifier = pointer.get("subject").unwrap().get("identifier").unwrap();
    identifier.text("value").unwrap().to_owned()
}

fn kind(pointer: &Value) -> String {
    let coding = pointer.get("type").unwrap().get("coding").unwrap();
    coding.item(0).unwrap().text("code").unwrap().to_owned()
}

fn outcome(status: u16, code: &str) -> Response<Body> {
    let severity = if status < 300 { "information" } else { "error" };
    let body = format!(
        r#"{{"resourceType":"OperationOutcome","issue":[{{"severity":"{severity}","code":"invalid","details":{{"coding":[{{"system":"https://fhir.nhs.uk/CodeSystem/Spine-ErrorOrWarningCode","code":"{code}"}}]}}}}]}}"#
    );
    Response::builder()
        .status(status)
        .body(Body::from(body))
        .unwrap()
}

async fn answer(
    State(inner): State<Arc<Inner>>,
    method: Method,
    uri: Uri,
    headers: HeaderMap,
    body: Bytes,
) -> Response<Body> {
    if *inner.down.lock().unwrap() {
        return outcome(503, "SERVICE_UNAVAILABLE");
    }
    let header = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let path = uri
        .path()
        .strip_prefix("/producer/FHIR/R4/DocumentReference")
        .unwrap();
    inner.log.lock().unwrap().push(format!("{method} {path}"));
    let Some(caller) = header("nhsd-end-user-organisation-ods").map(str::to_owned) else {
        return outcome(400, "MISSING_HEADER");
    };
    if header("accept") != Some("application/fhir+json;version=1")
        || header("x-request-id").is_none_or(|id| id.len() != 36)
    {
        return outcome(400, "BAD_REQUEST");
    }
    match method.as_str() {
        "GET" if path.len() > 1 => {
            let pointers = inner.pointers.lock().unwrap();
            match pointers.get(path.trim_start_matches('/')) {
                Some(pointer) => Response::builder()
                    .body(Body::from(pointer.to_string()))
                    .unwrap(),
                None => outcome(404, "NO_RECORD_FOUND"),
            }
        }
        "GET" => search(&inner, &caller, uri.query().unwrap_or_default()),
        "DELETE" => {
            let id = path.trim_start_matches('/');
            match inner.pointers.lock().unwrap().remove(id) {
                Some(_) if id.starts_with(&format!("{caller}-")) => {
                    outcome(200, "RESOURCE_REMOVED")
                }
                Some(_) => outcome(403, "AUTHOR_CREDENTIALS_ERROR"),
                None => outcome(404, "NO_RECORD_FOUND"),
            }
        }
        "POST" => {
            let response = create(&inner, &caller, &body);
            let mut lose = inner.lose.lock().unwrap();
            if *lose > 0 && response.status() == 201 {
                *lose -= 1;
                // Something in between gave up waiting.
                return outcome(504, "TIMEOUT");
            }
            response
        }
        _ => outcome(405, "METHOD_NOT_ALLOWED"),
    }
}

fn search(inner: &Inner, caller: &str, query: &str) -> Response<Body> {
    let value = |name: &str| {
        query
            .split('&')
            .find_map(|pair| pair.strip_prefix(name))
            .and_then(|value| value.rsplit("%7C").next())
            .map(str::to_owned)
    };
    let Some(number) = value("subject%3Aidentifier=") else {
        return outcome(400, "INVALID_PARAMETER");
    };
    let wanted = value("type=");
    let entries: Vec<Value> = inner
        .pointers
        .lock()
        .unwrap()
        .iter()
        .filter(|(id, _)| id.starts_with(&format!("{caller}-")))
        .filter(|(_, pointer)| subject(pointer) == number)
        .filter(|(_, pointer)| {
            wanted
                .as_ref()
                .is_none_or(|wanted| kind(pointer) == *wanted)
        })
        .map(|(_, pointer)| Object::new().with("resource", pointer.clone()).into())
        .collect();
    let bundle = Object::new()
        .with("resourceType", "Bundle")
        .with("type", "searchset")
        .with("entry", entries);
    Response::builder()
        .body(Body::from(Value::from(bundle).to_string()))
        .unwrap()
}

fn create(inner: &Inner, caller: &str, body: &[u8]) -> Response<Body> {
    let Ok(mut pointer) = json::parse(body) else {
        return outcome(400, "MESSAGE_NOT_WELL_FORMED");
    };
    if let Err(path) = check(&pointer, caller) {
        eprintln!("the stand-in refuses a pointer: {path}");
        return outcome(422, "INVALID_RESOURCE");
    }
    let mut pointers = inner.pointers.lock().unwrap();
    let replaced: Vec<String> = pointer
        .each("relatesTo")
        .map(|related| {
            let target = related.get("target").unwrap().get("identifier").unwrap();
            target.text("value").unwrap().to_owned()
        })
        .collect();
    for id in &replaced {
        let same = pointers
            .get(id)
            .is_some_and(|old| subject(old) == subject(&pointer) && kind(old) == kind(&pointer));
        if !same {
            return outcome(422, "INVALID_RESOURCE");
        }
    }
    for id in &replaced {
        pointers.remove(id);
    }
    let mut next = inner.next.lock().unwrap();
    *next += 1;
    let id = format!("{caller}-{next:08}");
    let object = pointer.as_object_mut().unwrap();
    object.insert("id", id.as_str());
    object.insert("date", "2026-01-01T00:00:00Z");
    object.insert("meta", Object::new().with("versionId", "1"));
    pointers.insert(id.clone(), pointer);
    let mut response = outcome(201, "RESOURCE_CREATED");
    let place = format!("/producer/FHIR/R4/DocumentReference/{id}");
    response
        .headers_mut()
        .insert("location", place.parse().unwrap());
    response
}
