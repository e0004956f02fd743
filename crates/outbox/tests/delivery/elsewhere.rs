//! Receivers that give out ids of their own.

use outbox::Matching;
use store::OutboxState;

use crate::receiver::references;
use crate::site::{Site, observation, record, stop};

const SYSTEM: &str = "urn:example:causeway-id";

async fn sent_by(matching: Matching) -> Site {
    let mut site = Site::new().await;
    site.receiver.strict();
    site.settings.matching = matching;
    site.settings.identifier_system = Some(SYSTEM.to_owned());
    site.commit(record("p", "70.10", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    let dead = site.rows(OutboxState::Dead).await;
    assert!(dead.is_empty(), "{dead:?}");
    site
}

/// The place of what carries one of our ids.
fn place_of(site: &Site, id: &str) -> String {
    let carries = |place: &String| {
        let body = site.receiver.body(place).unwrap();
        String::from_utf8(body)
            .unwrap()
            .contains(&format!(r#"{{"system":"{SYSTEM}","value":"{id}"}}"#))
    };
    let mut places: Vec<String> = site.receiver.standing();
    places.retain(carries);
    assert_eq!(places.len(), 1, "{id} stands once: {places:?}");
    places.remove(0)
}

async fn references_lead_to_the_receivers_own(site: &Site) {
    let weight = place_of(site, "w-p");
    let person = place_of(site, "p");
    let stay = place_of(site, "e-p");
    let body = site.receiver.body(&weight).unwrap();
    assert_eq!(references(&body), [person.clone(), stay.clone()]);
    let text = String::from_utf8(body).unwrap();
    assert!(text.contains(r#""value":70.10"#), "{text}");
    assert!(!text.contains("Patient/p\""), "{text}");
    // A change goes to the same place, and so does taking it away.
    let delivery = site.start().await;
    site.commit(vec![observation("w-p", "p", "71", "2026-01-02")])
        .await;
    site.settled().await;
    assert_eq!(place_of(site, "w-p"), weight);
    assert_eq!(site.receiver.kept(&weight).unwrap().version, 2);
    site.receiver.forget_log();
    site.retire(&[("Observation", "w-p")], "2026-01-03").await;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(site.receiver.lines(), [format!("DELETE {weight}")]);
}

#[tokio::test]
async fn an_upsert_by_identifier_finds_its_own_place_again() {
    let site = sent_by(Matching::Identifier).await;
    let first = &site.receiver.log()[0];
    assert_eq!(
        first.line(),
        "PUT Organization?identifier=urn%3Aexample%3Acauseway-id%7Co"
    );
    references_lead_to_the_receivers_own(&site).await;
}

#[tokio::test]
async fn a_create_that_was_done_already_makes_no_second_one() {
    let site = sent_by(Matching::Create).await;
    let first = &site.receiver.log()[0];
    assert_eq!(first.line(), "POST Organization");
    assert_eq!(
        first.header("if-none-exist"),
        Some("identifier=urn%3Aexample%3Acauseway-id%7Co")
    );
    references_lead_to_the_receivers_own(&site).await;
}

#[tokio::test]
async fn f04_a_create_whose_answer_was_lost_makes_no_second_one() {
    use std::sync::atomic::{AtomicBool, Ordering};
    let mut site = Site::new().await;
    site.settings.matching = Matching::Create;
    site.settings.identifier_system = Some(SYSTEM.to_owned());
    let lost = AtomicBool::new(false);
    site.receiver.rule(move |request| {
        let first = request.method == "POST" && !lost.swap(true, Ordering::Relaxed);
        first.then_some(crate::receiver::Said::LoseAnswer)
    });
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(site.receiver.standing().len(), 4);
    place_of(&site, "o");
}
