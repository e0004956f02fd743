//! F10 and its kin: a receiver that is down, slow, busy, or refuses; workers that stop and start.

use std::collections::BTreeMap;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use outbox::Delivery;
use store::OutboxState;

use crate::receiver::{Said, references};
use crate::site::{Site, key, observation, organisation, patient, record, stop};

/// What stands at the receiver is what is stored, every person in order, nothing twice.
async fn same_as_stored(site: &Site, people: &[&str]) {
    for id in people {
        for place in [
            format!("Patient/{id}"),
            format!("Encounter/e-{id}"),
            format!("Observation/w-{id}"),
        ] {
            let there = site
                .receiver
                .kept(&place)
                .unwrap_or_else(|| panic!("{place} is lost"));
            assert_eq!(there.body.unwrap(), site.stored(&place).await, "{place}");
            let mut versions = there.history.clone();
            versions.dedup();
            assert_eq!(versions.len(), there.history.len(), "{place} doubled");
        }
    }
    assert_eq!(site.receiver.standing().len(), people.len() * 3 + 1);
}

#[tokio::test]
async fn f10_a_receiver_that_is_down_for_long_gets_everything_in_order_and_nothing_twice() {
    let site = Site::new().await;
    site.receiver.strict();
    let people = ["p1", "p2", "p3", "p4"];
    let delivery = site.start().await;
    for id in people {
        site.commit(record(id, "70", "2026-01-01")).await;
    }
    site.settled().await;
    // Down: first it refuses to answer in several ways, while changes go on.
    let asked = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&asked);
    site.receiver.rule(move |_| {
        let number = counter.fetch_add(1, Ordering::Relaxed);
        Some(Said::plain([503, 502, 500, 504, 429][number % 5]))
    });
    for value in 71..90 {
        for id in people {
            let as_of = format!("2026-01-{:02}", value - 69);
            site.commit(vec![
                observation(&format!("w-{id}"), id, &value.to_string(), &as_of),
                patient(id, &format!("Family {value}"), &as_of),
            ])
            .await;
        }
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let tried = asked.load(Ordering::Relaxed);
    assert!(tried >= 3, "it is tried again: {tried}");
    assert!(tried < 60, "and left alone in between: {tried}");
    assert!(
        site.rows(OutboxState::Dead).await.is_empty(),
        "what is down is nobody's fault"
    );
    assert_eq!(site.rows(OutboxState::Waiting).await.len(), 8);
    site.receiver.forget_log();
    site.receiver.behave();
    site.settled().await;
    stop(delivery).await;
    same_as_stored(&site, &people).await;
    // What changed nineteen times meanwhile is sent once, the person before the fact.
    let mut sent: BTreeMap<String, usize> = BTreeMap::new();
    for (number, request) in site.receiver.log().iter().enumerate() {
        assert!(sent.insert(request.line(), number).is_none());
    }
    assert_eq!(sent.len(), 8);
    for id in people {
        assert!(sent[&format!("PUT Patient/{id}")] < sent[&format!("PUT Observation/w-{id}")]);
    }
}

#[tokio::test]
async fn f10_a_receiver_that_is_not_there_at_all_is_waited_for() {
    let mut site = Site::new().await;
    let real = site.settings.base.clone();
    // A port on which nobody listens.
    let unused = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    site.settings.base = format!("http://{}/fhir", unused.local_addr().unwrap());
    drop(unused);
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    site.until("it was tried", async || {
        let rows = site.rows(OutboxState::Waiting).await;
        rows.iter()
            .any(|row| row.reason.as_deref() == Some("cannot be reached"))
    })
    .await;
    stop(delivery).await;
    site.settings.base = real;
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    same_as_stored(&site, &["p"]).await;
}

#[tokio::test]
async fn f04_an_answer_that_was_lost_is_asked_for_again_without_harm() {
    let site = Site::new().await;
    let lost = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&lost);
    site.receiver.rule(move |request| {
        let first =
            request.path == "Observation/w-p" && counter.fetch_add(1, Ordering::Relaxed) < 2;
        first.then_some(Said::LoseAnswer)
    });
    site.commit(record("p", "70", "2026-01-01")).await;
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    assert_eq!(lost.load(Ordering::Relaxed), 3);
    let kept = site.receiver.kept("Observation/w-p").unwrap();
    assert_eq!(kept.body.unwrap(), site.stored("Observation/w-p").await);
    assert!(site.rows(OutboxState::Dead).await.is_empty());
}

#[tokio::test]
async fn a_receiver_that_asks_for_time_is_given_it() {
    let site = Site::new().await;
    let busy = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&busy);
    site.receiver.rule(move |_| {
        let first = counter.fetch_add(1, Ordering::Relaxed) == 0;
        first.then(|| Said::Status(429, vec![("retry-after", "1".to_owned())], String::new()))
    });
    site.commit(vec![organisation("2026-01-01")]).await;
    let start = Instant::now();
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    assert!(start.elapsed() >= Duration::from_secs(1));
    assert_eq!(site.receiver.lines().len(), 2);
}

#[tokio::test]
async fn f09_what_is_refused_is_a_dead_letter_and_the_others_go_on() {
    let site = Site::new().await;
    site.receiver.rule(|request| {
        let bad = request.path == "Observation/w-p2";
        bad.then(|| Said::outcome(422, "invalid"))
    });
    for id in ["p1", "p2", "p3"] {
        site.commit(record(id, "70", "2026-01-01")).await;
    }
    let delivery = site.start().await;
    site.settled().await;
    let dead = site.rows(OutboxState::Dead).await;
    assert_eq!(dead.len(), 1);
    assert_eq!(
        (dead[0].rtype.as_str(), dead[0].id.as_str()),
        ("Observation", "w-p2")
    );
    // The codes of the outcome, and not what it says of a person.
    assert_eq!(dead[0].reason.as_deref(), Some("422 (error invalid)"));
    assert_eq!(site.receiver.standing().len(), 9);
    // Mended there, and sent again.
    site.receiver.behave();
    assert_eq!(site.store.retry_dead(&key(), None).await.unwrap(), 1);
    site.settled().await;
    stop(delivery).await;
    same_as_stored(&site, &["p1", "p2", "p3"]).await;
}

#[tokio::test]
async fn f09_what_alone_breaks_the_receiver_is_given_up_after_some_tries() {
    let site = Site::new().await;
    site.receiver.rule(|request| {
        let bad = request.path == "Observation/w-p2";
        bad.then(|| Said::plain(500))
    });
    for id in ["p1", "p2"] {
        site.commit(record(id, "70", "2026-01-01")).await;
    }
    let delivery = site.start().await;
    // Others are taken all the time: so it is this one's fault.
    let value = AtomicUsize::new(71);
    site.until("it is given up", async || {
        let number = value.fetch_add(1, Ordering::Relaxed).to_string();
        site.commit(vec![observation("w-p1", "p1", &number, "2026-01-02")])
            .await;
        !site.rows(OutboxState::Dead).await.is_empty()
    })
    .await;
    site.settled().await;
    stop(delivery).await;
    let dead = site.rows(OutboxState::Dead).await;
    let reason = dead[0].reason.as_deref().unwrap();
    assert!(
        reason.starts_with("500") && reason.contains("4 tries"),
        "{reason}"
    );
    assert_eq!(
        site.receiver.body("Observation/w-p1").unwrap(),
        site.stored("Observation/w-p1").await
    );
}

#[tokio::test]
async fn an_answer_that_is_no_fhir_servers_is_not_taken_for_a_refusal() {
    let site = Site::new().await;
    let proxy = Arc::new(AtomicUsize::new(0));
    let counter = Arc::clone(&proxy);
    site.receiver.rule(move |_| {
        let first = counter.fetch_add(1, Ordering::Relaxed) < 2;
        first.then(|| Said::Status(404, Vec::new(), "<html>not here</html>".to_owned()))
    });
    site.commit(vec![organisation("2026-01-01")]).await;
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    assert!(site.rows(OutboxState::Dead).await.is_empty());
    assert_eq!(site.receiver.standing(), ["Organization/o"]);
}

#[tokio::test]
async fn f07_two_gateways_share_an_outbox_and_send_everything_once() {
    let site = Site::new().await;
    site.receiver.strict();
    let people: Vec<String> = (0..12).map(|number| format!("p{number}")).collect();
    for id in &people {
        site.commit(record(id, "70", "2026-01-01")).await;
    }
    let (one, two) = (site.start().await, site.start().await);
    for id in &people {
        site.commit(vec![observation(
            &format!("w-{id}"),
            id,
            "71",
            "2026-01-02",
        )])
        .await;
    }
    site.settled().await;
    stop(one).await;
    stop(two).await;
    let people: Vec<&str> = people.iter().map(String::as_str).collect();
    same_as_stored(&site, &people).await;
    let mut sent = std::collections::BTreeSet::new();
    for request in site.receiver.log() {
        for target in references(&request.body) {
            assert!(sent.contains(&target), "{}", request.line());
        }
        sent.insert(request.path);
    }
}

#[tokio::test]
async fn f01_delivery_that_is_cut_off_again_and_again_loses_nothing() {
    let site = Site::new().await;
    site.receiver.strict();
    let people: Vec<String> = (0..10).map(|number| format!("p{number}")).collect();
    for id in &people {
        site.commit(record(id, "70", "2026-01-01")).await;
    }
    let mut site = site;
    // What was cut off is taken up again when its lease is over, so the lease must be short.
    site.settings.timeout = Duration::from_millis(100);
    for cut in 0..12 {
        let delivery: Delivery = site.start().await;
        tokio::time::sleep(Duration::from_millis(5 + cut * 3)).await;
        if cut % 2 == 0 {
            // Without any notice, in the middle of whatever it did.
            drop(delivery);
        } else {
            stop(delivery).await;
        }
    }
    let delivery = site.start().await;
    site.settled().await;
    stop(delivery).await;
    for id in &people {
        for place in [format!("Patient/{id}"), format!("Observation/w-{id}")] {
            assert_eq!(
                site.receiver.body(&place).unwrap(),
                site.stored(&place).await
            );
        }
    }
    assert_eq!(site.receiver.standing().len(), 31);
}
