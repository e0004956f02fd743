//! Keys that come, go, and cannot be reached.

use std::time::Duration;

use auth::{Auth, Readiness, Refusal};

use crate::idp::{Idp, Key};
use crate::{auth, config};

async fn call(auth: &Auth, token: &str) -> Result<auth::Caller, Refusal> {
    auth.caller(Some(&format!("Bearer {token}"))).await
}

#[tokio::test]
async fn a_new_key_is_found_and_a_removed_one_no_longer_counts() {
    let idp = Idp::start().await;
    let auth = auth(&idp).await;
    let old = idp.token();
    assert!(call(&auth, &old).await.is_ok());
    let next = Key::new("two");
    idp.publish(&[&idp.key, &next]);
    let new = next.sign(&next.header(), &idp.claims());
    assert!(call(&auth, &new).await.is_ok());
    assert!(call(&auth, &old).await.is_ok(), "both are published");
    idp.publish(&[&next]);
    // An unknown key brings the new set in; the token remembered under the old set goes with it.
    let stranger = Key::new("three");
    let unknown = stranger.sign(&stranger.header(), &idp.claims());
    assert_eq!(call(&auth, &unknown).await, Err(Refusal::UnknownKey));
    assert_eq!(call(&auth, &old).await, Err(Refusal::UnknownKey));
    assert!(call(&auth, &new).await.is_ok());
}

#[tokio::test]
async fn keys_that_have_aged_are_fetched_again_before_they_are_used() {
    let idp = Idp::start().await;
    let mut config = config(&idp);
    config.pace.refresh = Duration::from_millis(50);
    let auth = Auth::discover(config).await.unwrap();
    let old = idp.token();
    assert!(call(&auth, &old).await.is_ok());
    idp.publish(&[&Key::new("two")]);
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert_eq!(
        call(&auth, &old).await,
        Err(Refusal::UnknownKey),
        "remembered or not"
    );
}

#[tokio::test]
async fn a_flood_of_unknown_keys_causes_no_flood_of_fetches() {
    let idp = Idp::start().await;
    let mut config = config(&idp);
    config.pace.pause = Duration::from_secs(30);
    let auth = Auth::discover(config).await.unwrap();
    assert_eq!(idp.fetched(), 1);
    let stranger = Key::new("stranger");
    let mut tasks = Vec::new();
    for number in 0..100 {
        let auth = auth.clone();
        let mut header = stranger.header();
        header["kid"] = number.to_string().into();
        let token = stranger.sign(&header, &idp.claims());
        tasks.push(tokio::spawn(async move { call(&auth, &token).await }));
    }
    for task in tasks {
        assert_eq!(task.await.unwrap(), Err(Refusal::UnknownKey));
    }
    assert_eq!(idp.fetched(), 1, "the start was less than a pause ago");
}

#[tokio::test]
async fn many_who_wait_for_one_key_cause_one_fetch() {
    let idp = Idp::start().await;
    let mut config = config(&idp);
    config.pace.pause = Duration::from_millis(300);
    let auth = Auth::discover(config).await.unwrap();
    let next = Key::new("two");
    idp.publish(&[&next]);
    tokio::time::sleep(Duration::from_millis(350)).await;
    let mut tasks = Vec::new();
    for _ in 0..20 {
        let auth = auth.clone();
        let token = next.sign(&next.header(), &idp.claims());
        tasks.push(tokio::spawn(async move { call(&auth, &token).await }));
    }
    for task in tasks {
        assert!(task.await.unwrap().is_ok());
    }
    assert_eq!(idp.fetched(), 2);
}

#[tokio::test]
async fn the_last_good_keys_count_on_while_the_issuer_is_down() {
    let idp = Idp::start().await;
    let mut config = config(&idp);
    config.pace.refresh = Duration::from_millis(20);
    let auth = Auth::discover(config).await.unwrap();
    assert_eq!(auth.readiness(), Readiness::Ready);
    idp.fail();
    tokio::time::sleep(Duration::from_millis(40)).await;
    assert!(call(&auth, &idp.token()).await.is_ok());
    assert!(matches!(auth.readiness(), Readiness::Stale { .. }));
    idp.publish(&[&idp.key]);
    assert!(call(&auth, &idp.token()).await.is_ok());
    assert_eq!(auth.readiness(), Readiness::Ready);
}

#[tokio::test]
async fn keys_too_old_let_nobody_in() {
    let idp = Idp::start().await;
    let mut config = config(&idp);
    config.pace.refresh = Duration::from_millis(50);
    config.keys_stale_seconds = 0;
    let auth = Auth::discover(config).await.unwrap();
    let token = idp.token();
    assert!(call(&auth, &token).await.is_ok());
    idp.server.abort();
    tokio::time::sleep(Duration::from_millis(80)).await;
    assert_eq!(call(&auth, &token).await, Err(Refusal::NoKeys));
    assert_eq!(auth.readiness(), Readiness::NoKeys);
}

#[tokio::test]
async fn a_client_that_is_taken_off_the_list_is_refused_at_once() {
    let idp = Idp::start().await;
    let auth = auth(&idp).await;
    let token = idp.token();
    let caller = call(&auth, &token).await.unwrap();
    assert!(call(&auth, &token).await.is_ok(), "it is remembered by now");
    let mut clients = config(&idp).clients;
    clients.retain(|client| client.id != caller.client_id);
    auth.replace_clients(&clients).unwrap();
    assert_eq!(call(&auth, &token).await, Err(Refusal::UnknownClient));

    // A list that cannot be used changes nothing.
    let mut twice = config(&idp).clients;
    twice.extend(config(&idp).clients);
    assert!(auth.replace_clients(&twice).is_err());
    assert_eq!(call(&auth, &token).await, Err(Refusal::UnknownClient));

    auth.replace_clients(&config(&idp).clients).unwrap();
    assert!(call(&auth, &token).await.is_ok());
}
