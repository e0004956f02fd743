//! An issuer that cannot be trusted or used: the server must not start with it.

use auth::{Algorithm, Auth, Client, Config, DiscoverError, Refusal};
use axum::http::{Response, StatusCode, header};
use serde_json::json;

use crate::idp::{Idp, answer, discovery, status};
use crate::{AUDIENCE, config};

async fn start_with_keys(jwks: Response<Vec<u8>>) -> Result<Auth, DiscoverError> {
    let idp = Idp::start().await;
    idp.answers.lock().unwrap().jwks = jwks;
    Auth::discover(config(&idp)).await
}

fn json_of(bytes: Vec<u8>) -> Response<Vec<u8>> {
    Response::builder()
        .header(header::CONTENT_TYPE, "application/json")
        .body(bytes)
        .unwrap()
}

#[tokio::test]
async fn a_key_set_that_cannot_be_used_stops_the_start() {
    let large = format!(r#"{{"keys":[],"padding":"{}"}}"#, "x".repeat(300_000));
    let error = start_with_keys(json_of(large.into_bytes()))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("larger than"), "{error}");
    let key = Idp::start().await.key.jwk();
    for bad in [
        status(StatusCode::INTERNAL_SERVER_ERROR),
        status(StatusCode::NOT_FOUND),
        json_of(b"not json".to_vec()),
        json_of(b"{}".to_vec()),
        answer(&json!({"keys": []})),
        answer(&json!({"keys": vec![key; 65]})),
    ] {
        assert!(start_with_keys(bad).await.is_err());
    }
}

#[tokio::test]
async fn redirects_are_not_followed() {
    let other = Idp::start().await;
    let redirect = Response::builder()
        .status(StatusCode::FOUND)
        .header(header::LOCATION, format!("{}/jwks", other.url))
        .body(Vec::new())
        .unwrap();
    assert!(start_with_keys(redirect).await.is_err());
    assert_eq!(other.fetched(), 0);
}

#[tokio::test]
async fn a_discovery_document_must_be_the_issuers_own() {
    let idp = Idp::start().await;
    for (document, word) in [
        (
            discovery("https://other.example", &format!("{}/jwks", idp.url)),
            "byte for byte",
        ),
        (
            discovery(&format!("{}/", idp.url), &format!("{}/jwks", idp.url)),
            "byte for byte",
        ),
        (
            discovery(&idp.url, "http://169.254.169.254/jwks"),
            "neither https",
        ),
        (json!({}), "not the JSON"),
    ] {
        idp.answers.lock().unwrap().discovery = answer(&document);
        let error = Auth::discover(config(&idp)).await.unwrap_err();
        assert!(error.to_string().contains(word), "{error}");
    }
    assert_eq!(idp.fetched(), 0, "no key set was asked for");
}

#[tokio::test]
async fn an_issuer_that_does_not_answer_stops_the_start() {
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut silent = Config::new(url.clone(), AUDIENCE);
    silent.pace.timeout = std::time::Duration::from_millis(200);
    let error = Auth::discover(silent).await.unwrap_err();
    assert!(matches!(error, DiscoverError::Discovery(_)), "{error}");
    drop(listener);
    assert!(Auth::discover(Config::new(url, AUDIENCE)).await.is_err());
}

#[test]
fn a_configuration_that_is_not_safe_is_refused() {
    let good = || Config::new("https://issuer.example", AUDIENCE);
    assert!(good().check().is_ok());
    let refused = |setting: &str, change: &dyn Fn(&mut Config)| {
        let mut config = good();
        change(&mut config);
        let error = config.check().unwrap_err();
        assert_eq!(error.setting, setting, "{error}");
    };
    for issuer in [
        "http://issuer.example",
        "http://127.0.0.1.example",
        "ftp://issuer.example",
        "https://user:secret@issuer.example",
        "https://issuer.example/?x=1",
        "https://issuer.example/#x",
        "issuer.example",
        "",
    ] {
        refused("auth.issuer", &|config| config.issuer = issuer.into());
    }
    for local in [
        "http://127.0.0.1:9000",
        "http://[::1]:9000",
        "http://localhost:9000",
    ] {
        let mut config = good();
        config.issuer = local.into();
        assert!(config.check().is_ok(), "{local}");
    }
    refused("auth.audience", &|config| config.audience = " ".into());
    refused("auth.algorithms", &|config| config.algorithms.clear());
    refused("auth.leeway-seconds", &|config| config.leeway_seconds = 121);
    refused("auth.keys-stale-seconds", &|config| {
        config.keys_stale_seconds = 86_401
    });
    let client = |id: &str, organisation: &str, tenant: Option<&str>| Client {
        id: id.into(),
        organisation: organisation.into(),
        tenant: tenant.map(str::to_owned),
    };
    refused("auth.clients.id", &|config| {
        config.clients = vec![client("", "A1", None)]
    });
    refused("auth.clients.organisation", &|config| {
        config.clients = vec![client("a", "A 1", None)]
    });
    refused("auth.clients.tenant", &|config| {
        config.clients = vec![client("a", "A1", Some(""))]
    });
    refused("auth.clients", &|config| {
        config.clients = vec![client("a", "A1", None), client("a", "A2", None)];
    });
}

#[tokio::test]
async fn only_the_configured_algorithms_count() {
    let idp = Idp::start().await;
    let mut config = config(&idp);
    config.algorithms = [Algorithm::RS256].into();
    let auth = Auth::discover(config).await.unwrap();
    let result = auth.caller(Some(&format!("Bearer {}", idp.token()))).await;
    assert_eq!(result, Err(Refusal::Algorithm));
}
