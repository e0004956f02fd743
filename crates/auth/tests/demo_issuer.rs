//! The demo's issuer and the gate agree on what a token is.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::time::Duration;

use auth::{Auth, Client, Config, Refusal};
use demo_issuer::Issuer;

#[tokio::test]
async fn a_token_of_the_demo_issuer_is_taken_for_its_audience_only() {
    let audience = "http://127.0.0.1:8080/fhir/R4";
    let issuer = Issuer::start(0, audience, Vec::new()).await.unwrap();
    let mut config = Config::new(issuer.url(), audience);
    config.clients = vec![Client {
        id: "gp".into(),
        organisation: "A81001".into(),
        tenant: None,
    }];
    let auth = Auth::discover(config.clone()).await.unwrap();
    let header = format!(
        "Bearer {}",
        issuer.mint("gp", "system/*.rs", Duration::from_secs(60))
    );
    assert_eq!(
        auth.token_endpoint(),
        Some(format!("{}/token", issuer.url()).as_str())
    );
    assert_eq!(auth.jwks_uri(), format!("{}/jwks", issuer.url()));
    let caller = auth.caller(Some(&header)).await.unwrap();
    assert_eq!(
        (caller.client_id.as_str(), caller.scope.as_str()),
        ("gp", "system/*.rs")
    );

    config.audience = "https://elsewhere.example".into();
    let elsewhere = Auth::discover(config).await.unwrap();
    assert_eq!(
        elsewhere.caller(Some(&header)).await,
        Err(Refusal::WrongAudience)
    );
    let ended = format!("Bearer {}", issuer.mint("gp", "", Duration::ZERO));
    assert_eq!(auth.caller(Some(&ended)).await, Err(Refusal::Expired));
}
