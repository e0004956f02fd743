//! Tracing, against a stand-in that answers as PDS does.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod standin;

use std::time::{Duration, Instant};

use identity::{Claim, Point, VerificationStatus};
use pds::{Client, Confidentiality, Error, Outcome, PrivateKey, Trace, UnusableKey};
use serde_json::json;
use standin::*;

const NUMBER: &str = "9990000018";

fn claim(number: &str, birth: &str, family: &str) -> Claim {
    let text = json!({
        "resourceType": "Patient",
        "identifier": [{"system": "https://fhir.nhs.uk/Id/nhs-number", "value": number}],
        "birthDate": birth,
        "name": [{"family": family, "given": ["Mary"]}]
    });
    Claim::of_patient(&json::parse(text.to_string().as_bytes()).unwrap())
}

fn mary(number: &str) -> Claim {
    claim(number, "1938-02-11", "OBRIEN")
}

async fn trace(client: &Client, claim: &Claim) -> Trace {
    client.trace(claim).await.unwrap().unwrap()
}

#[tokio::test]
async fn cs_03_only_agreeing_demographics_verify_a_number() {
    let pds = StandIn::start().await;
    pds.answer(NUMBER, [Reply::Json(200, person(NUMBER, "U"))]);
    let client = Client::new(pds.settings()).unwrap();

    let found = trace(&client, &mary(NUMBER)).await;
    assert_eq!(found.outcome, Outcome::Verified);
    assert_eq!(found.status(), VerificationStatus::Verified);
    assert_eq!(found.confidentiality, Some(Confidentiality::Unrestricted));
    assert!(!found.restricted() && !found.deceased);

    for (other, point) in [
        (
            claim(NUMBER, "1938-02-12", "O'Brien"),
            Point::BirthDateDiffers,
        ),
        (claim(NUMBER, "1938", "O'Brien"), Point::BirthDatePartial),
        (claim(NUMBER, "1938-02-11", "Smith"), Point::SurnameDiffers),
        // PDS knows the maiden name, and it is no longer the surname.
        (claim(NUMBER, "1938-02-11", "Jones"), Point::SurnameDiffers),
        (claim(NUMBER, "1938-02-11", "-"), Point::SurnameMissing),
    ] {
        let found = trace(&client, &other).await;
        let Outcome::Mismatch { against } = &found.outcome else {
            panic!("{found:?}");
        };
        assert!(against.contains(&point), "{point:?} in {against:?}");
        assert_eq!(found.status().code(), "05");
    }
}

#[tokio::test]
async fn cs_03_a_bare_pds_record_verifies_nobody() {
    let pds = StandIn::start().await;
    let mut bare = person(NUMBER, "U");
    bare.as_object_mut().unwrap().remove("name");
    bare.as_object_mut().unwrap().remove("birthDate");
    pds.answer(NUMBER, [Reply::Json(200, bare)]);
    let client = Client::new(pds.settings()).unwrap();
    assert!(matches!(
        trace(&client, &mary(NUMBER)).await.outcome,
        Outcome::Mismatch { .. }
    ));
}

#[tokio::test]
async fn cs_03_a_restricted_person_is_told_and_silence_counts_as_restricted() {
    let pds = StandIn::start().await;
    let client = Client::new(pds.settings()).unwrap();
    let numbers = [
        ("9990000018", "U", false),
        ("9990000026", "R", true),
        ("9990000034", "V", true),
        ("9990000042", "new-code", true),
    ];
    for (number, code, restricted) in numbers {
        pds.answer(number, [Reply::Json(200, person(number, code))]);
        let found = trace(&client, &mary(number)).await;
        assert_eq!(found.outcome, Outcome::Verified);
        assert_eq!(found.restricted(), restricted, "{code}");
    }
    let mut silent = person("9990000050", "U");
    silent["meta"].as_object_mut().unwrap().remove("security");
    pds.answer("9990000050", [Reply::Json(200, silent)]);
    let found = trace(&client, &mary("9990000050")).await;
    assert_eq!(found.confidentiality, Some(Confidentiality::Unknown));
    assert!(found.restricted());
}

#[tokio::test]
async fn t12_a_superseded_number_is_told_with_the_one_that_replaced_it() {
    let pds = StandIn::start().await;
    let by = "9990000034";
    pds.answer(NUMBER, [Reply::Json(200, person(by, "U"))]);
    let client = Client::new(pds.settings()).unwrap();
    let found = trace(&client, &mary(NUMBER)).await;
    assert_eq!(
        found.outcome,
        Outcome::Superseded {
            by: by.parse().unwrap(),
            agrees: true
        }
    );
    assert_eq!(found.status(), VerificationStatus::Conflict);
    let found = trace(&client, &claim(NUMBER, "1950-01-01", "Smith")).await;
    assert!(matches!(
        found.outcome,
        Outcome::Superseded { agrees: false, .. }
    ));
}

#[tokio::test]
async fn t11_invalidated_and_unknown_numbers_are_told_apart() {
    let pds = StandIn::start().await;
    pds.answer(
        NUMBER,
        [Reply::Json(
            404,
            error("INVALIDATED_RESOURCE", "processing"),
        )],
    );
    let client = Client::new(pds.settings()).unwrap();
    let found = trace(&client, &mary(NUMBER)).await;
    assert_eq!(found.outcome, Outcome::Invalidated);
    assert_eq!(found.status().code(), "05");
    let nobody = trace(&client, &mary("9990000026")).await;
    assert_eq!(nobody.outcome, Outcome::NotFound);
    assert_eq!(nobody.status().code(), "04");
    // A record that PDS marks as redacted is never used.
    pds.answer(
        "9990000034",
        [Reply::Json(200, person("9990000034", "REDACTED"))],
    );
    let found = trace(&client, &mary("9990000034")).await;
    assert_eq!(found.outcome, Outcome::Invalidated);
}

#[tokio::test]
async fn t13_a_death_is_told() {
    let pds = StandIn::start().await;
    let mut dead = person(NUMBER, "U");
    dead["deceasedDateTime"] = json!("2024-10-22T00:00:00+00:00");
    pds.answer(NUMBER, [Reply::Json(200, dead)]);
    let client = Client::new(pds.settings()).unwrap();
    let found = trace(&client, &mary(NUMBER)).await;
    assert!(found.deceased && found.outcome == Outcome::Verified);
}

#[tokio::test]
async fn an_answer_that_pds_would_not_give_verifies_nobody() {
    let pds = StandIn::start().await;
    let mut other = person(NUMBER, "U");
    other["identifier"][0]["value"] = json!("9990000026");
    let mut no_id = person(NUMBER, "U");
    no_id.as_object_mut().unwrap().remove("id");
    for reply in [
        Reply::Html(404),
        Reply::Html(200),
        Reply::Json(404, error("SOMETHING_ELSE", "processing")),
        Reply::Json(404, json!({"resourceType": "Patient"})),
        Reply::Json(200, json!({"resourceType": "Bundle", "entry": []})),
        Reply::Json(200, other),
        Reply::Json(200, no_id),
        Reply::Json(400, error("INVALID_RESOURCE_ID", "value")),
        Reply::Json(302, json!({})),
    ] {
        pds.answer(NUMBER, [reply]);
        let client = Client::new(pds.settings()).unwrap();
        let error = client.trace(&mary(NUMBER)).await.unwrap_err();
        assert!(matches!(error, Error::Unexpected { .. }), "{error}");
        assert!(!error.is_everyones());
    }
}

#[tokio::test]
async fn faults_are_tried_again_under_one_request_id() {
    let pds = StandIn::start().await;
    let found = Reply::Json(200, person(NUMBER, "U"));
    pds.answer(
        NUMBER,
        [
            Reply::Json(500, error("INTERNAL_SERVER_ERROR", "exception")),
            Reply::Later(503, 0),
            Reply::Json(408, error("UNABLE_TO_CALL_SERVICE", "processing")),
            found,
        ],
    );
    let client = Client::new(pds.settings()).unwrap();
    assert_eq!(
        trace(&client, &mary(NUMBER)).await.outcome,
        Outcome::Verified
    );
    {
        let seen = pds.seen.lock().unwrap();
        assert_eq!(seen.requests.len(), 4);
        assert!(
            seen.requests
                .iter()
                .all(|(_, id, _)| *id == seen.requests[0].1)
        );
        assert_eq!(seen.tokens.len(), 1);
    }
    // Another question has another id.
    trace(&client, &mary("9990000026")).await;
    {
        let seen = pds.seen.lock().unwrap();
        assert_ne!(seen.requests[4].1, seen.requests[0].1);
    }
    pds.answer(
        "9990000034",
        [Reply::Json(
            502,
            error("INTERNAL_SERVER_ERROR", "exception"),
        )],
    );
    let error = client.trace(&mary("9990000034")).await.unwrap_err();
    assert!(matches!(error, Error::Unexpected { status: 502, .. }));
    assert_eq!(pds.asked(), 9, "given up after four tries");
}

#[tokio::test]
async fn t08_too_many_requests_are_waited_out_or_given_back() {
    let pds = StandIn::start().await;
    pds.answer(
        NUMBER,
        [Reply::Later(429, 1), Reply::Json(200, person(NUMBER, "U"))],
    );
    let client = Client::new(pds.settings()).unwrap();
    let begun = Instant::now();
    let found = trace(&client, &mary(NUMBER)).await;
    assert_eq!(found.outcome, Outcome::Verified);
    assert!(begun.elapsed() >= Duration::from_secs(1));

    pds.answer("9990000026", [Reply::Later(429, 3600)]);
    let error = client.trace(&mary("9990000026")).await.unwrap_err();
    assert_eq!(
        error,
        Error::Busy {
            wait: Duration::from_secs(3600)
        }
    );
    assert!(error.is_everyones());
}

#[tokio::test]
async fn a_slow_service_is_not_waited_for() {
    let pds = StandIn::start().await;
    pds.answer(NUMBER, [Reply::Slow(Duration::from_secs(30))]);
    let mut settings = pds.settings();
    settings.timeout = Duration::from_millis(100);
    settings.tries = 2;
    let client = Client::new(settings).unwrap();
    let error = client.trace(&mary(NUMBER)).await.unwrap_err();
    assert_eq!(error, Error::Unreachable);
    assert_eq!(pds.asked(), 2);
}

#[tokio::test]
async fn questions_keep_to_the_pace() {
    let pds = StandIn::start().await;
    let mut settings = pds.settings();
    settings.per_second = 20;
    let client = std::sync::Arc::new(Client::new(settings).unwrap());
    let numbers = [
        "9990000018",
        "9990000026",
        "9990000034",
        "9990000042",
        "9990000050",
    ];
    let mut tasks = tokio::task::JoinSet::new();
    for number in numbers {
        let client = std::sync::Arc::clone(&client);
        tasks.spawn(async move { client.trace(&mary(number)).await.unwrap() });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    let seen = pds.seen.lock().unwrap();
    assert_eq!(seen.requests.len(), 5);
    assert_eq!(seen.tokens.len(), 1, "one token serves all who wait for it");
    let first = seen.requests[0].2;
    let last = seen.requests.iter().map(|(_, _, at)| *at).max().unwrap();
    // Five questions at twenty a second take four gaps of 50 ms; the first may be late itself.
    assert!(
        last - first >= Duration::from_millis(100),
        "{:?}",
        last - first
    );
}

#[tokio::test]
async fn what_is_known_is_not_asked_again() {
    let pds = StandIn::start().await;
    pds.answer(NUMBER, [Reply::Json(200, person(NUMBER, "U"))]);
    let client = Client::new(pds.settings()).unwrap();
    trace(&client, &mary(NUMBER)).await;
    trace(&client, &mary(NUMBER)).await;
    trace(&client, &mary("9990000026")).await;
    trace(&client, &mary("9990000026")).await;
    assert_eq!(pds.asked(), 2);
    // The same number under another name is another question.
    trace(&client, &claim(NUMBER, "1938-02-11", "Smith")).await;
    assert_eq!(pds.asked(), 3);

    let mut settings = pds.settings();
    settings.keep_found = Duration::ZERO;
    let client = Client::new(settings).unwrap();
    trace(&client, &mary(NUMBER)).await;
    trace(&client, &mary(NUMBER)).await;
    assert_eq!(pds.asked(), 5);
}

#[tokio::test]
async fn without_a_number_nobody_is_asked() {
    let pds = StandIn::start().await;
    let client = Client::new(pds.settings()).unwrap();
    for number in ["", "9990000019"] {
        assert_eq!(client.trace(&mary(number)).await.unwrap(), None);
    }
    assert_eq!((pds.asked(), pds.tokens_given()), (0, 0));
}

#[tokio::test]
async fn a_token_is_used_until_shortly_before_its_end() {
    let pds = StandIn::start().await;
    let client = Client::new(pds.settings()).unwrap();
    for number in ["9990000018", "9990000026", "9990000034"] {
        trace(&client, &mary(number)).await;
    }
    assert_eq!(pds.tokens_given(), 1);
    // Withdrawn before its end: one new token, and the question goes through.
    pds.withdraw_tokens();
    trace(&client, &mary("9990000042")).await;
    assert_eq!(pds.tokens_given(), 2);

    // One that ends within the margin serves one question only; a number is understood as well.
    *pds.expires_in.lock().unwrap() = json!(20);
    let client = Client::new(pds.settings()).unwrap();
    for number in ["9990000050", "9990000069"] {
        trace(&client, &mary(number)).await;
    }
    assert_eq!(pds.tokens_given(), 4);
}

#[tokio::test]
async fn a_refused_application_is_told_what_to_mend() {
    let pds = StandIn::start().await;
    let mut settings = pds.settings();
    settings.key_id = "unknown".to_owned();
    let client = Client::new(settings).unwrap();
    let error = client.trace(&mary(NUMBER)).await.unwrap_err();
    assert!(
        error.to_string().contains("no matching public key"),
        "{error}"
    );
    assert!(error.is_everyones());

    let mut settings = pds.settings();
    settings.token_url = format!("{}/oauth2/token?x=1", pds.url);
    assert!(matches!(Client::new(settings), Err(Error::Settings(_))));
    let mut settings = pds.settings();
    settings.base_url = "http://pds.example/FHIR/R4".to_owned();
    assert!(matches!(Client::new(settings), Err(Error::Settings(_))));

    *pds.registered.lock().unwrap() = None;
    let client = Client::new(pds.settings()).unwrap();
    let error = client.trace(&mary(NUMBER)).await.unwrap_err();
    assert!(matches!(error, Error::Token { status: 403, .. }));
    // Nobody hammers a service that has refused.
    assert_eq!(client.trace(&mary(NUMBER)).await.unwrap_err(), error);
    assert_eq!(pds.asked(), 0);
}

#[tokio::test]
async fn cs_22_no_secret_and_no_person_is_printed() {
    let pds = StandIn::start().await;
    pds.answer(NUMBER, [Reply::Html(404)]);
    let settings = pds.settings();
    let client = Client::new(settings.clone()).unwrap();
    let error = client.trace(&mary(NUMBER)).await.unwrap_err();
    let mut unreachable = settings.clone();
    unreachable.base_url = "http://127.0.0.1:1/FHIR/R4".to_owned();
    unreachable.tries = 1;
    let cut = Client::new(unreachable)
        .unwrap()
        .trace(&mary(NUMBER))
        .await
        .unwrap_err();
    assert_eq!(cut, Error::Unreachable);
    let printed = format!(
        "{settings:?} {client:?} {error} {error:?} {cut} {cut:?} {:?}",
        settings.key
    );
    for secret in [NUMBER, "1938", "brien", API_KEY, KEY_ID, "BEGIN"] {
        assert!(
            !printed.to_lowercase().contains(&secret.to_lowercase()),
            "{secret}"
        );
    }
}

#[test]
fn only_an_rsa_key_signs() {
    assert_eq!(
        PrivateKey::from_pem(b"no key").unwrap_err(),
        UnusableKey::NoKey
    );
    use rsa::pkcs1::EncodeRsaPrivateKey as _;
    let pkcs1 = rsa_key().to_pkcs1_pem(rsa::pkcs8::LineEnding::LF).unwrap();
    assert!(PrivateKey::from_pem(pkcs1.as_bytes()).is_ok());
}
