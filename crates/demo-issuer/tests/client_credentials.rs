//! The issuer as a client meets it.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::time::Duration;

use demo_issuer::{DemoClient, Issuer};
use serde_json::Value;

async fn issuer() -> Issuer {
    let client = DemoClient {
        id: "gp".into(),
        secret: "s e&cret".into(),
        scope: "system/Patient.rs system/Flag.rs".into(),
    };
    Issuer::start(0, "https://causeway.example", vec![client])
        .await
        .unwrap()
}

fn http() -> reqwest::Client {
    let _ = rustls::crypto::ring::default_provider().install_default();
    reqwest::Client::builder().no_proxy().build().unwrap()
}

async fn ask(issuer: &Issuer, form: &[(&str, &str)]) -> (u16, Value) {
    let url = format!("{}/token", issuer.url());
    let response = http().post(url).form(form).send().await.unwrap();
    (response.status().as_u16(), response.json().await.unwrap())
}

#[tokio::test]
async fn it_gives_tokens_to_its_clients_only() {
    let issuer = issuer().await;
    let good = [
        ("grant_type", "client_credentials"),
        ("client_id", "gp"),
        ("client_secret", "s e&cret"),
    ];
    let (status, answer) = ask(&issuer, &good).await;
    assert_eq!(
        (status, answer["token_type"].as_str()),
        (200, Some("Bearer"))
    );
    assert_eq!(
        answer["access_token"].as_str().unwrap().split('.').count(),
        3
    );
    let fewer = [good.as_slice(), &[("scope", "system/Flag.rs")]].concat();
    assert_eq!(ask(&issuer, &fewer).await.1["scope"], "system/Flag.rs");
    type Form<'a> = &'a [(&'a str, &'a str)];
    let cases: [(Form<'_>, u16, &str); 7] = [
        (&[], 401, "invalid_client"),
        (
            &[good[0], good[1], ("client_secret", "wrong")],
            401,
            "invalid_client",
        ),
        (
            &[good[0], ("client_id", "other"), good[2]],
            401,
            "invalid_client",
        ),
        (&[good[1], good[2]], 400, "invalid_request"),
        (
            &[("grant_type", "password"), good[1], good[2]],
            400,
            "unsupported_grant_type",
        ),
        (
            &[good[0], good[1], good[2], ("scope", "system/*.cruds")],
            400,
            "invalid_scope",
        ),
        (
            &[
                good[0],
                good[1],
                good[2],
                ("resource", "https://other.example"),
            ],
            400,
            "invalid_target",
        ),
    ];
    for (form, expected, error) in cases {
        let (status, answer) = ask(&issuer, form).await;
        assert_eq!(
            (status, answer["error"].as_str().unwrap()),
            (expected, error)
        );
    }
}

#[tokio::test]
async fn basic_authentication_works_and_not_together_with_the_form() {
    let issuer = issuer().await;
    let url = format!("{}/token", issuer.url());
    let grant = [("grant_type", "client_credentials")];
    let basic = http().post(&url).basic_auth("gp", Some("s+e%26cret"));
    assert_eq!(basic.form(&grant).send().await.unwrap().status(), 200);
    let both = http().post(&url).basic_auth("gp", Some("s+e%26cret"));
    let form = [grant[0], ("client_id", "gp"), ("client_secret", "s e&cret")];
    assert_eq!(both.form(&form).send().await.unwrap().status(), 401);
}

#[tokio::test]
async fn it_says_what_it_is_and_publishes_no_private_key() {
    let issuer = issuer().await;
    let get = async |path: &str| -> Value {
        let url = format!("{}{path}", issuer.url());
        http().get(url).send().await.unwrap().json().await.unwrap()
    };
    let discovery = get("/.well-known/openid-configuration").await;
    assert_eq!(discovery["issuer"], issuer.url());
    assert!(discovery["notice"].as_str().unwrap().contains("demo"));
    let keys = get("/jwks").await;
    assert_eq!(keys["keys"][0]["kty"], "EC");
    assert!(keys["keys"][0].get("d").is_none());
}

#[tokio::test]
async fn it_listens_on_loopback_only_and_ends_when_dropped() {
    let refused = Issuer::start_at("0.0.0.0:0".parse().unwrap(), "x", Vec::new()).await;
    assert_eq!(
        refused.unwrap_err().kind(),
        std::io::ErrorKind::InvalidInput
    );
    let issuer = issuer().await;
    let url = format!("{}/jwks", issuer.url());
    assert!(issuer.url().starts_with("http://127.0.0.1:"));
    drop(issuer);
    tokio::time::sleep(Duration::from_millis(100)).await;
    assert!(http().get(url).send().await.is_err());
}
