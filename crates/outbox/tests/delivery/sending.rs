//! Bytes, order, versions, and taking away.

use outbox::{Conflict, NoLonger};
use store::OutboxState;

use crate::receiver::{Said, references};
use crate::site::{Site, encounter, observation, patient, record, stop};

#[tokio::test]
async fn stored_bytes_are_sent_as_they_are_and_what_is_referred_to_goes_first() {
    let site = Site::new().await;
    site.receiver.strict();
    for id in ["p1", "p2", "p3"] {
        site.commit(record(id, "70.10", "2026-01-01")).await;
    }
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    let mut sent = std::collections::BTreeSet::new();
    for request in site.receiver.log() {
        assert_eq!(request.method, "PUT");
        assert_eq!(
            request.header("content-type"),
            Some("application/fhir+json")
        );
        for target in references(&request.body) {
            assert!(sent.contains(&target), "{} before {target}", request.line());
        }
        assert!(sent.insert(request.path.clone()), "{} twice", request.path);
        assert_eq!(request.body, site.stored(&request.path).await);
    }
    assert_eq!(sent.len(), 10);
    let weight = site.receiver.body("Observation/w-p1").unwrap();
    let text = String::from_utf8(weight).unwrap();
    assert!(text.contains(r#""value":70.10"#) && text.contains(r#""versionId":"1""#));
}

#[tokio::test]
async fn only_what_has_changed_is_sent_again() {
    let site = Site::new().await;
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    site.receiver.forget_log();
    site.commit(record("p", "70", "2026-01-02")).await;
    site.commit(vec![observation("w-p", "p", "71", "2026-01-03")])
        .await;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(site.receiver.lines(), ["PUT Observation/w-p"]);
    // A process that starts again looks at everything and sends nothing.
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(site.receiver.lines(), ["PUT Observation/w-p"]);
}

#[tokio::test]
async fn what_is_no_longer_reported_is_deleted_there_what_refers_first() {
    let site = Site::new().await;
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    site.receiver.forget_log();
    site.retire(
        &[
            ("Patient", "p"),
            ("Encounter", "e-p"),
            ("Observation", "w-p"),
        ],
        "2026-01-02",
    )
    .await;
    site.settled().await;
    assert_eq!(
        site.receiver.lines(),
        [
            "DELETE Observation/w-p",
            "DELETE Encounter/e-p",
            "DELETE Patient/p"
        ]
    );
    assert_eq!(site.receiver.standing(), ["Organization/o"]);
    // And comes back when it is said again.
    site.commit(record("p", "72", "2026-01-03")).await;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(site.receiver.standing().len(), 4);
}

#[tokio::test]
async fn or_is_updated_there_with_the_content_that_says_so() {
    let mut site = Site::new().await;
    site.no_longer = NoLonger::Update;
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    site.receiver.forget_log();
    site.retire(&[("Observation", "w-p")], "2026-01-02").await;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(site.receiver.lines(), ["PUT Observation/w-p"]);
    let there = String::from_utf8(site.receiver.body("Observation/w-p").unwrap()).unwrap();
    assert!(there.contains("no-longer-reported"), "{there}");
}

#[tokio::test]
async fn what_was_retired_before_it_was_ever_sent_is_not_mentioned() {
    let site = Site::new().await;
    site.commit(record("p", "70", "2026-01-01")).await;
    site.retire(&[("Observation", "w-p")], "2026-01-02").await;
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    let lines = site.receiver.lines();
    assert!(
        !lines.iter().any(|line| line.contains("Observation")),
        "{lines:?}"
    );
    assert_eq!(lines.len(), 3);
}

#[tokio::test]
async fn an_update_names_the_version_that_it_replaces() {
    let mut site = Site::new().await;
    site.settings.if_match = true;
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    site.commit(vec![observation("w-p", "p", "71", "2026-01-02")])
        .await;
    site.settled().await;
    let log = site.receiver.log();
    let first = log.iter().find(|r| r.path == "Observation/w-p").unwrap();
    assert_eq!(first.header("if-none-match"), Some("*"));
    assert_eq!(
        log.last().unwrap().header("if-match"),
        Some("W/\"1\""),
        "{:?}",
        site.receiver.lines()
    );
    // Somebody else changes it there: it is read, and what is true here goes over it.
    site.receiver
        .write("Observation/w-p", r#"{"resourceType":"Observation"}"#);
    site.receiver.forget_log();
    site.commit(vec![observation("w-p", "p", "72", "2026-01-03")])
        .await;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(
        site.receiver.lines(),
        [
            "PUT Observation/w-p",
            "GET Observation/w-p",
            "PUT Observation/w-p"
        ]
    );
    assert_eq!(
        site.receiver.body("Observation/w-p").unwrap(),
        site.stored("Observation/w-p").await
    );
}

#[tokio::test]
async fn or_is_left_to_a_person_where_another_changed_it() {
    let mut site = Site::new().await;
    site.settings.if_match = true;
    site.settings.conflict = Conflict::Stop;
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    let theirs = r#"{"resourceType":"Observation","status":"amended"}"#;
    site.receiver.write("Observation/w-p", theirs);
    site.commit(vec![observation("w-p", "p", "72", "2026-01-03")])
        .await;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(
        site.receiver.body("Observation/w-p").unwrap(),
        theirs.as_bytes()
    );
    let dead = site.rows(OutboxState::Dead).await;
    assert_eq!(dead.len(), 1);
    let reason = dead[0].reason.as_deref().unwrap();
    assert!(
        reason.contains("412") && reason.contains("changed"),
        "{reason}"
    );
}

#[tokio::test]
async fn what_waits_of_a_person_can_go_in_one_transaction() {
    let mut site = Site::new().await;
    site.settings.transactions = true;
    site.commit(record("p", "70.10", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    assert_eq!(site.receiver.lines(), ["PUT Organization/o", "POST "]);
    assert_eq!(
        site.receiver.body("Observation/w-p").unwrap(),
        site.stored("Observation/w-p").await
    );
    // One that is refused in it is found out one by one; the others arrive.
    site.receiver.forget_log();
    site.receiver.rule(|request| {
        let text = String::from_utf8_lossy(&request.body).into_owned();
        let bad = request.method != "GET" && text.contains(r#""value":666"#);
        bad.then(|| Said::outcome(422, "invalid"))
    });
    site.commit(record("p", "666", "2026-01-02")).await;
    site.commit(vec![
        encounter("q", "2026-01-02"),
        patient("q", "Q", "2026-01-02"),
    ])
    .await;
    site.settled().await;
    stop(delivery).await;
    let dead = site.rows(OutboxState::Dead).await;
    assert_eq!(dead.len(), 1);
    assert_eq!(dead[0].id, "w-p");
    assert_eq!(
        site.receiver.body("Patient/p").unwrap(),
        site.stored("Patient/p").await
    );
    assert!(site.receiver.body("Encounter/e-q").is_some());
}
