//! What must not be sent, and what must be taken away.

use std::sync::Arc;

use outbox::Delivery;
use store::{Label, OutboxQuery, OutboxState};

use crate::site::{
    Site, agreements, encounter, observation, organisation, patient, record, stop, tenant, write,
};

const CONFIDENTIALITY: &str = "http://terminology.hl7.org/CodeSystem/v3-Confidentiality";

#[tokio::test]
async fn cs_15_safeguarding_is_never_sent_nor_hinted_at() {
    let site = Site::new().await;
    let mut flag = write(
        r#"{"resourceType":"Flag","id":"f","status":"active","subject":{"reference":"Patient/p"}}"#,
        Some("p"),
        "2026-01-01",
    );
    flag.labels
        .push(Label::new("urn:causeway:label", "safeguarding"));
    let mut writes = record("p", "70", "2026-01-01");
    writes.push(flag);
    site.commit(writes).await;
    let delivery = site.start().await;
    site.settled().await;
    site.retire(&[("Flag", "f")], "2026-01-02").await;
    site.settled().await;
    stop(delivery).await;
    assert!(
        !site
            .receiver
            .lines()
            .iter()
            .any(|line| line.contains("Flag"))
    );
    assert_eq!(site.receiver.standing().len(), 4);
}

#[tokio::test]
async fn what_is_withheld_later_is_taken_away_there() {
    let site = Site::new().await;
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    let mut labelled = observation("w-p", "p", "70", "2026-01-02");
    labelled
        .labels
        .push(Label::new("urn:causeway:label", "safeguarding"));
    site.commit(vec![labelled]).await;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(
        site.receiver.lines().last().unwrap(),
        "DELETE Observation/w-p"
    );
}

#[tokio::test]
async fn t11_a_person_who_becomes_restricted_takes_everything_along_and_comes_back_whole() {
    let site = Site::new().await;
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    let mut restricted = patient("p", "Family 70", "2026-01-02");
    restricted.labels.push(Label::new(CONFIDENTIALITY, "R"));
    site.commit(vec![restricted]).await;
    site.until("all about the person is gone", async || {
        site.receiver.standing() == ["Organization/o"]
    })
    .await;
    site.settled().await;
    site.commit(vec![patient("p", "Family 70", "2026-01-03")])
        .await;
    site.until("all about the person is back", async || {
        site.receiver.standing().len() == 4
    })
    .await;
    site.settled().await;
    stop(delivery).await;
}

#[tokio::test]
async fn t11_a_person_who_was_restricted_from_the_start_is_sent_whole_when_that_ends() {
    let site = Site::new().await;
    let mut writes = record("p", "70", "2026-01-01");
    writes[2].labels.push(Label::new(CONFIDENTIALITY, "V"));
    site.commit(writes).await;
    let delivery = site.start().await;
    site.settled().await;
    assert_eq!(site.receiver.standing(), ["Organization/o"]);
    site.commit(vec![patient("p", "Family 70", "2026-01-02")])
        .await;
    site.until("all about the person is there", async || {
        site.receiver.standing().len() == 4
    })
    .await;
    site.settled().await;
    stop(delivery).await;
}

#[tokio::test]
async fn cs_03_where_an_untraced_person_lives_is_not_sent() {
    let mut site = Site::new().await;
    let home = r#"{"resourceType":"Patient","id":"p","meta":{"profile":["p"]},"address":[{"line":["1 Hidden Lane"],"postalCode":"ZZ99 3VZ"}]}"#;
    site.commit(vec![
        write(home, Some("p"), "2026-01-01"),
        organisation("2026-01-01"),
    ])
    .await;
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    let there = String::from_utf8(site.receiver.body("Patient/p").unwrap()).unwrap();
    assert!(
        !there.contains("Hidden") && !there.contains("ZZ99"),
        "{there}"
    );
    assert!(there.contains("SUBSETTED"));
    // By a recorded risk acceptance it may be: then everything is looked at again.
    site.location.publish_location_of_untraced = true;
    let delivery = site.start().await;
    site.until("the address is there", async || {
        site.receiver.body("Patient/p").unwrap() == site.stored("Patient/p").await
    })
    .await;
    stop(delivery).await;
}

#[tokio::test]
async fn cs_19_when_the_agreement_ends_everything_is_taken_away_at_once() {
    let site = Site::new().await;
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    assert_eq!(site.receiver.standing().len(), 4);
    site.access.replace(agreements(Some("2020-02-02"))).unwrap();
    site.until("everything is gone", async || {
        site.receiver.standing().is_empty()
    })
    .await;
    site.settled().await;
    site.commit(vec![
        encounter("p", "2026-01-02"),
        observation("w2", "p", "1", "2026-01-02"),
    ])
    .await;
    site.settled().await;
    assert!(site.receiver.standing().is_empty());
    site.access.replace(agreements(None)).unwrap();
    site.until("everything is back", async || {
        site.receiver.standing().len() == 5
    })
    .await;
    stop(delivery).await;
    assert!(site.rows(OutboxState::Dead).await.is_empty());
}

#[tokio::test]
async fn only_the_types_that_are_chosen_are_sent() {
    let mut site = Site::new().await;
    site.types = Some(vec!["Patient", "Organization"]);
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(site.receiver.standing(), ["Organization/o", "Patient/p"]);
}

#[tokio::test]
async fn a_destination_that_is_not_configured_any_more_is_ended_and_an_operator_sees_what_waits() {
    let site = Site::new().await;
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    let backlogs = outbox::letters::backlogs(&*site.store, &tenant())
        .await
        .unwrap();
    assert_eq!(backlogs.len(), 1);
    assert_eq!(
        (backlogs[0].0.as_str(), backlogs[0].1.dead),
        ("hospital", 0)
    );
    let rows = outbox::letters::list(&*site.store, &tenant(), &OutboxQuery::default())
        .await
        .unwrap();
    let text = outbox::letters::text(&rows);
    assert!(text.contains("hospital  delivered  Patient/p"), "{text}");
    assert_eq!(outbox::letters::json(&rows).as_array().unwrap().len(), 4);
    let delivery = Delivery::configured(
        Arc::clone(&site.store),
        &[],
        Vec::new(),
        &[tenant()],
        &site.access,
        &site.location,
        site.options.clone(),
    )
    .await
    .unwrap();
    stop(delivery).await;
    assert!(site.store.destinations(&tenant()).await.unwrap().is_empty());
}
