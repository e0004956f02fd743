//! CS-22: what is logged names routes and clients, never people.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod served;

use std::io::Write;
use std::sync::{Arc, Mutex};

use axum::body::Body;
use axum::http::{Method, Request};
use served::*;

#[derive(Clone, Default)]
struct Kept(Arc<Mutex<Vec<u8>>>);

impl Write for Kept {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().unwrap().extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

#[tokio::test]
async fn cs_22_no_log_line_names_a_person() {
    let kept = Kept::default();
    let writer = kept.clone();
    let subscriber = tracing_subscriber::fmt()
        .with_max_level(tracing::Level::TRACE)
        .with_ansi(false)
        .with_writer(move || writer.clone())
        .finish();
    let guard = tracing::subscriber::set_default(subscriber);
    let served = served().await;
    served
        .put(
            "rose",
            &[
                &patient("canary-id", "Canaryname", "9990000018"),
                &allergy("a1", "canary-id", "Canarysubstance"),
            ],
        )
        .await;
    served
        .put(
            "oak",
            &[&patient("other-canary", "Otherwise", "9990000018")],
        )
        .await;
    let token = served.token("gp", "system/*.rs");
    for path in [
        "/Patient/canary-id".to_owned(),
        "/Patient?family=Canaryname".to_owned(),
        "/Patient?birthdate=Canaryname".to_owned(),
        "/Patient?Canaryname=x".to_owned(),
        format!("/Patient?identifier={NHS}|9990000018"),
        format!("/Patient/$summary?identifier={NHS}|9990000018"),
        "/Patient/canary-id/$summary".to_owned(),
        "/Patient/canary-id/nothing".to_owned(),
        "/Patient/Canaryname%20x".to_owned(),
    ] {
        served.get("gp", &path).await;
    }
    let body = b"family=Canaryname".to_vec();
    let form = [("content-type", "application/x-www-form-urlencoded")];
    served
        .call("gp", Method::POST, "/Patient/_search", &form, body)
        .await;
    served
        .send(
            Request::builder()
                .uri(format!("{BASE}/Patient/canary-id"))
                .header("authorization", format!("Bearer {token}x"))
                .body(Body::empty())
                .unwrap(),
        )
        .await;
    drop(guard);
    let log = String::from_utf8(kept.0.lock().unwrap().clone()).unwrap();
    assert!(log.matches("answered").count() >= 11, "{log}");
    assert!(log.contains("client=\"gp\"") && log.contains("/{type}/{id}"));
    for secret in [
        "anaryname",
        "canary-id",
        "Canarysubstance",
        "9990000018",
        "Otherwise",
        &token[..30],
    ] {
        assert!(!log.contains(secret), "{secret} is in the log");
    }
}
