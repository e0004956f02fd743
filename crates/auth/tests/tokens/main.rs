//! Tokens of every kind against a real issuer on loopback, minted in process.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod idp;
mod issuer_faults;
mod rotation;
mod vectors;

use std::time::Duration;

use auth::{Auth, Client, Config, Pace};

use crate::idp::Idp;

pub const AUDIENCE: &str = "https://causeway.example/fhir/R4";

/// The configuration for an issuer, with two clients, and no waiting between fetches of keys.
pub fn config(idp: &Idp) -> Config {
    let mut config = Config::new(idp.url.clone(), AUDIENCE);
    config.clients = vec![
        Client {
            id: "gp".into(),
            organisation: "A81001".into(),
            tenant: None,
        },
        Client {
            id: "home".into(),
            organisation: "VM123".into(),
            tenant: Some("seaview".into()),
        },
    ];
    config.pace = Pace {
        pause: Duration::ZERO,
        timeout: Duration::from_millis(500),
        ..Pace::default()
    };
    config
}

pub async fn auth(idp: &Idp) -> Auth {
    Auth::discover(config(idp)).await.unwrap()
}
