//! Access tokens, and settings that cannot be used.

use std::sync::atomic::{AtomicUsize, Ordering};
use std::sync::{Arc, Mutex};
use std::time::Duration;

use axum::Router;
use axum::routing::post;
use base64::Engine as _;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use outbox::{Fhir, FhirSettings, OAuthSettings};
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P384_SHA384_FIXED, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, KeyPair as _,
    UnparsedPublicKey,
};
use store::OutboxState;

use crate::receiver::Said;
use crate::site::{Site, observation, record, stop};

struct TokenServer {
    endpoint: String,
    forms: Arc<Mutex<Vec<String>>>,
}

async fn token_server(expires_in: &'static str) -> TokenServer {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let endpoint = format!("http://{}/token", listener.local_addr().unwrap());
    let forms = Arc::new(Mutex::new(Vec::new()));
    let (kept, number) = (Arc::clone(&forms), Arc::new(AtomicUsize::new(0)));
    let router = Router::new().route(
        "/token",
        post(move |body: String| async move {
            kept.lock().unwrap().push(body);
            let number = number.fetch_add(1, Ordering::Relaxed);
            format!(
                r#"{{"access_token":"t{number}","token_type":"Bearer","expires_in":{expires_in}}}"#
            )
        }),
    );
    tokio::spawn(async move { axum::serve(listener, router).await.unwrap() });
    TokenServer { endpoint, forms }
}

fn key(folder: &std::path::Path) -> (std::path::PathBuf, Vec<u8>) {
    let random = SystemRandom::new();
    let der = EcdsaKeyPair::generate_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, &random).unwrap();
    let pair =
        EcdsaKeyPair::from_pkcs8(&ECDSA_P384_SHA384_FIXED_SIGNING, der.as_ref(), &random).unwrap();
    let pem = format!(
        "-----BEGIN PRIVATE KEY-----\n{}\n-----END PRIVATE KEY-----\n",
        STANDARD.encode(der.as_ref())
    );
    let path = folder.join("key.pem");
    std::fs::write(&path, pem).unwrap();
    (path, pair.public_key().as_ref().to_vec())
}

#[tokio::test]
async fn a_client_proves_itself_with_its_key_and_keeps_its_token() {
    let folder = tempfile::tempdir().unwrap();
    let (path, public) = key(folder.path());
    let server = token_server(r#""599""#).await;
    let mut site = Site::new().await;
    site.settings.oauth = Some(OAuthSettings {
        token_endpoint: server.endpoint.clone(),
        client_id: "client".to_owned(),
        key_file: path,
        key_id: Some("k1".to_owned()),
        algorithm: None,
        scope: Some("system/*.cud".to_owned()),
    });
    // The receiver ends the first token early.
    site.receiver.rule(|request| {
        let token = request.header("authorization");
        (token == Some("Bearer t0") && request.path == "Patient/p").then(|| Said::plain(401))
    });
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(site.receiver.standing().len(), 4);
    let forms = server.forms.lock().unwrap().clone();
    assert_eq!(forms.len(), 2, "one token, and one in its place");
    let value = |name: &str| {
        forms[0]
            .split('&')
            .find_map(|pair| pair.strip_prefix(&format!("{name}=")))
            .unwrap()
            .to_owned()
    };
    assert_eq!(value("grant_type"), "client_credentials");
    assert_eq!(value("scope"), "system%2F*.cud");
    let assertion = value("client_assertion");
    let (signed, signature) = assertion.rsplit_once('.').unwrap();
    let signature = URL_SAFE_NO_PAD.decode(signature).unwrap();
    UnparsedPublicKey::new(&ECDSA_P384_SHA384_FIXED, public)
        .verify(signed.as_bytes(), &signature)
        .unwrap();
    let part = |part: &str| -> serde_json::Value {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).unwrap()).unwrap()
    };
    let (header, claims) = signed.split_once('.').unwrap();
    let (header, claims) = (part(header), part(claims));
    assert_eq!(header["alg"], "ES384");
    assert_eq!(header["kid"], "k1");
    assert_eq!(claims["aud"], server.endpoint.as_str());
    assert_eq!(
        (&claims["iss"], &claims["sub"]),
        (&"client".into(), &"client".into())
    );
    let life = claims["exp"].as_i64().unwrap() - claims["iat"].as_i64().unwrap();
    assert!(life <= 300);
}

#[tokio::test]
async fn a_token_that_has_ended_holds_everything_up_and_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "old\n").unwrap();
    let mut site = Site::new().await;
    site.settings.token_file = Some(file.clone());
    site.receiver.rule(|request| {
        let old = request.header("authorization") == Some("Bearer old");
        old.then(|| Said::outcome(401, "login"))
    });
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    tokio::time::sleep(Duration::from_millis(400)).await;
    site.commit(vec![observation("w-p", "p", "71", "2026-01-02")])
        .await;
    assert!(site.rows(OutboxState::Dead).await.is_empty());
    std::fs::write(&file, "new\n").unwrap();
    site.settled().await;
    stop(delivery).await;
    assert_eq!(site.receiver.standing().len(), 4);
    assert!(site.rows(OutboxState::Dead).await.is_empty());
}

#[test]
fn settings_that_cannot_be_used_are_refused_before_anything_is_sent() {
    let refused = |change: &dyn Fn(&mut FhirSettings)| {
        let mut settings = FhirSettings::new("https://fhir.example.test/r4");
        change(&mut settings);
        Fhir::new(settings).map(drop).unwrap_err().to_string()
    };
    assert!(refused(&|s| s.base = "http://fhir.example.test/r4".into()).contains("https"));
    assert!(refused(&|s| s.base = "https://a:b@fhir.example.test".into()).contains("password"));
    assert!(refused(&|s| s.base.push('/')).contains("slash"));
    assert!(refused(&|s| s.matching = outbox::Matching::Create).contains("identifier-system"));
    assert!(refused(&|s| s.token_file = Some("/nowhere/token".into())).contains("token-file"));
    assert!(Fhir::new(FhirSettings::new("https://fhir.example.test/r4")).is_ok());
}

#[test]
fn a_destination_is_read_from_toml_and_unknown_settings_are_refused() {
    let text = r#"
        name = "hospital"
        organisation = "RXX01"
        types = ["Patient", "Organization"]
        no-longer = "update"
        base = "https://fhir.example.test/r4"
        matching = "identifier"
        identifier-system = "urn:example:causeway"
        if-match = true
        conflict = "stop"
        [oauth]
        token-endpoint = "https://login.example.test/token"
        client-id = "c"
        key-file = "key.pem"
        algorithm = "RS512"
    "#;
    let settings: outbox::DestinationSettings = toml::from_str(text).unwrap();
    let settings = settings.beside(std::path::Path::new("/etc/causeway"));
    assert_eq!(
        settings.oauth.unwrap().key_file,
        std::path::Path::new("/etc/causeway/key.pem")
    );
    assert!(
        toml::from_str::<outbox::DestinationSettings>(&format!("surprise = 1\n{text}")).is_err()
    );
}
