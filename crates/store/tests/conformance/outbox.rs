//! The outbox: what is queued, who takes it, and what becomes of it.

use std::time::Duration;

use store::{
    LaneClaim, LaneEnd, OutboxKey, OutboxOutcome, OutboxQuery, OutboxRow, OutboxState, Retire,
    Sent, SettledItem,
};

use crate::*;

const LEASE: Duration = Duration::from_secs(60);
const DONE: LaneEnd = LaneEnd {
    after: Duration::ZERO,
    failed: false,
};

fn key() -> OutboxKey {
    OutboxKey {
        tenant: tenant("home"),
        destination: "hospital".to_owned(),
    }
}

async fn begun() -> Fresh {
    let store = fresh().await;
    store.begin_destination(&key(), "a").await.unwrap();
    while store.queue_more(&key(), 100).await.unwrap() {}
    store
}

async fn rows(store: &dyn Store, state: OutboxState) -> Vec<OutboxRow> {
    let query = OutboxQuery {
        state: Some(state),
        ..OutboxQuery::default()
    };
    store
        .outbox(&own("home"), &tenant("home"), &query)
        .await
        .unwrap()
}

async fn waiting(store: &dyn Store) -> Vec<String> {
    let mut names: Vec<String> = rows(store, OutboxState::Waiting)
        .await
        .into_iter()
        .map(|row| format!("{}/{}", row.rtype, row.id))
        .collect();
    names.sort();
    names
}

async fn claim(store: &dyn Store) -> Option<LaneClaim> {
    store.claim_lane(&key(), "w", LEASE).await.unwrap()
}

fn settled(claim: &LaneClaim, outcome: impl Fn() -> OutboxOutcome) -> Vec<SettledItem> {
    claim
        .items
        .iter()
        .map(|item| SettledItem {
            rtype: item.rtype.clone(),
            id: item.id.clone(),
            change: item.change,
            outcome: outcome(),
        })
        .collect()
}

/// Takes every lane and settles it as delivered.
async fn deliver_all(store: &dyn Store) {
    while let Some(claim) = claim(store).await {
        let items = settled(&claim, || OutboxOutcome::Delivered(None));
        assert!(store.settle_lane(&claim, &items, Some(DONE)).await.unwrap());
    }
}

fn person(id: &str, content: &str, as_of: &str) -> Write {
    about(id, write("Patient", id, content, as_of))
}

fn fact(patient: &str, id: &str, content: &str, as_of: &str) -> Write {
    about(patient, write("Flag", id, content, as_of))
}

#[tokio::test]
async fn without_a_destination_nothing_is_queued_and_a_new_one_is_told_everything() {
    let store = fresh().await;
    let writes = (0..7).map(|n| person(&format!("p{n}"), "a", "2026-01-01"));
    commit(&*store, "home", writes.collect()).await;
    assert_eq!(waiting(&*store).await, Vec::<String>::new());
    store.begin_destination(&key(), "a").await.unwrap();
    let mut parts = 0;
    while store.queue_more(&key(), 3).await.unwrap() {
        parts += 1;
    }
    assert_eq!((parts, waiting(&*store).await.len()), (2, 7));
    deliver_all(&*store).await;
    store.begin_destination(&key(), "a").await.unwrap();
    assert!(!store.queue_more(&key(), 100).await.unwrap());
    assert!(
        waiting(&*store).await.is_empty(),
        "the same policy: all is known"
    );
    store.begin_destination(&key(), "b").await.unwrap();
    assert!(!store.queue_more(&key(), 100).await.unwrap());
    assert_eq!(
        waiting(&*store).await.len(),
        7,
        "another policy: all is looked at"
    );
}

#[tokio::test]
async fn what_changes_is_queued_once_and_what_does_not_is_not() {
    let store = begun().await;
    put(&*store, "home", person("p", "a", "2026-01-01")).await;
    put(&*store, "home", person("p", "b", "2026-01-02")).await;
    put(&*store, "other", person("q", "a", "2026-01-01")).await;
    assert_eq!(waiting(&*store).await, ["Patient/p"]);
    deliver_all(&*store).await;
    put(&*store, "home", person("p", "b", "2026-01-03")).await;
    put(&*store, "home", person("p", "older", "2025-01-01")).await;
    assert!(waiting(&*store).await.is_empty());
    let mut withheld_now = person("p", "b", "2026-01-04");
    withheld_now.labels.push(withheld());
    put(&*store, "home", withheld_now).await;
    assert_eq!(
        waiting(&*store).await,
        ["Patient/p"],
        "a label changes who may see it"
    );
}

#[tokio::test]
async fn what_is_retired_is_queued_and_what_is_rehearsed_is_not() {
    let store = begun().await;
    put(&*store, "home", fact("p", "f", "a", "2026-01-01")).await;
    deliver_all(&*store).await;
    let mut batch = Batch::new(tenant("home"), "");
    batch.retire.push(Retire {
        source: "homes".to_owned(),
        as_of: day("2026-01-02"),
        ids: vec![("Flag".to_owned(), "f".to_owned())],
        tag: None,
        only_said_by: None,
    });
    let mut rehearsed = batch.clone();
    rehearsed.rehearse = true;
    store.commit(rehearsed).await.unwrap();
    assert!(waiting(&*store).await.is_empty());
    store.commit(batch).await.unwrap();
    assert_eq!(waiting(&*store).await, ["Flag/f"]);
}

#[tokio::test]
async fn a_lane_is_one_persons_and_what_is_nobodys_goes_first() {
    let store = begun().await;
    let writes = vec![
        fact("p", "f", "a", "2026-01-01"),
        person("p", "a", "2026-01-01"),
        person("q", "a", "2026-01-01"),
        write("Organization", "o", "a", "2026-01-01"),
    ];
    commit(&*store, "home", writes).await;
    let mut lanes = Vec::new();
    while let Some(claim) = claim(&*store).await {
        let names: Vec<_> = claim.items.iter().map(|item| item.rtype.clone()).collect();
        lanes.push((claim.lane, names.join(" ")));
    }
    assert_eq!(
        lanes,
        [
            ("Organization/o".to_owned(), "Organization".to_owned()),
            ("Patient/p".to_owned(), "Patient Flag".to_owned()),
            ("Patient/q".to_owned(), "Patient".to_owned()),
        ]
    );
}

#[tokio::test]
async fn f07_a_worker_whose_lease_is_over_changes_nothing() {
    let store = begun().await;
    put(&*store, "home", person("p", "a", "2026-01-01")).await;
    let brief = Duration::from_millis(1);
    let first = store
        .claim_lane(&key(), "first", brief)
        .await
        .unwrap()
        .unwrap();
    tokio::time::sleep(Duration::from_millis(20)).await;
    let second = store
        .claim_lane(&key(), "second", LEASE)
        .await
        .unwrap()
        .unwrap();
    assert!(second.token > first.token);
    assert!(claim(&*store).await.is_none(), "one worker has it");
    let items = settled(&first, || OutboxOutcome::Delivered(None));
    assert!(!store.settle_lane(&first, &items, Some(DONE)).await.unwrap());
    assert!(!store.renew_lane(&first, LEASE).await.unwrap());
    assert_eq!(waiting(&*store).await, ["Patient/p"]);
    assert!(store.renew_lane(&second, LEASE).await.unwrap());
    let items = settled(&second, || OutboxOutcome::Delivered(None));
    assert!(
        store
            .settle_lane(&second, &items, Some(DONE))
            .await
            .unwrap()
    );
    assert!(waiting(&*store).await.is_empty());
}

#[tokio::test]
async fn f10_what_changes_while_it_is_sent_goes_on_waiting() {
    let store = begun().await;
    put(&*store, "home", person("p", "a", "2026-01-01")).await;
    let sending = claim(&*store).await.unwrap();
    put(&*store, "home", person("p", "b", "2026-01-02")).await;
    let items = settled(&sending, || OutboxOutcome::Delivered(None));
    assert!(
        store
            .settle_lane(&sending, &items, Some(DONE))
            .await
            .unwrap()
    );
    assert_eq!(waiting(&*store).await, ["Patient/p"]);
    let next = claim(&*store).await.unwrap();
    assert!(next.items[0].change > sending.items[0].change);
}

#[tokio::test]
async fn what_failed_is_taken_again_after_its_wait() {
    let store = begun().await;
    put(&*store, "home", person("p", "a", "2026-01-01")).await;
    for failures in 0..3 {
        let claim = claim(&*store).await.unwrap();
        assert_eq!(
            (claim.failures, claim.items[0].attempts),
            (failures, failures)
        );
        let items = settled(&claim, || OutboxOutcome::Again {
            reason: "503".to_owned(),
            counts: true,
        });
        let end = LaneEnd {
            after: Duration::ZERO,
            failed: true,
        };
        store.settle_lane(&claim, &items, Some(end)).await.unwrap();
    }
    let last = claim(&*store).await.unwrap();
    assert!(last.items[0].tried.is_some());
    let later = LaneEnd {
        after: Duration::from_secs(600),
        failed: true,
    };
    store.settle_lane(&last, &[], Some(later)).await.unwrap();
    assert!(claim(&*store).await.is_none());
    assert_eq!(
        rows(&*store, OutboxState::Waiting).await[0]
            .reason
            .as_deref(),
        Some("503")
    );
}

#[tokio::test]
async fn dead_letters_are_listed_sent_again_or_taken_off() {
    let store = begun().await;
    for id in ["p", "q"] {
        put(&*store, "home", person(id, "a", "2026-01-01")).await;
    }
    while let Some(claim) = claim(&*store).await {
        let items = settled(&claim, || OutboxOutcome::Dead {
            reason: "422 (error invalid)".to_owned(),
        });
        store.settle_lane(&claim, &items, Some(DONE)).await.unwrap();
    }
    let dead = rows(&*store, OutboxState::Dead).await;
    assert_eq!(dead.len(), 2);
    assert_eq!(dead[0].reason.as_deref(), Some("422 (error invalid)"));
    assert!(dead[0].done.is_some());
    let others = store
        .outbox(&own("other"), &tenant("home"), &OutboxQuery::default())
        .await
        .unwrap();
    assert!(others.is_empty(), "only the tenant itself sees its outbox");
    let shared = Sight::new(vec![Reach::shared(tenant("home"))], Default::default());
    let others = store
        .outbox(&shared, &tenant("home"), &OutboxQuery::default())
        .await
        .unwrap();
    assert!(others.is_empty());
    let only = ("Patient".to_owned(), "p".to_owned());
    assert_eq!(store.retry_dead(&key(), Some(&only)).await.unwrap(), 1);
    assert_eq!(claim(&*store).await.unwrap().lane, "Patient/p");
    assert_eq!(store.discard_dead(&key(), None).await.unwrap(), 1);
    assert!(rows(&*store, OutboxState::Dead).await.is_empty());
    put(&*store, "home", person("q", "b", "2026-01-02")).await;
    assert!(
        waiting(&*store).await.contains(&"Patient/q".to_owned()),
        "the next change queues it anew"
    );
}

#[tokio::test]
async fn what_was_sent_is_known_when_its_row_is_trimmed() {
    let store = begun().await;
    put(&*store, "home", person("p", "a", "2026-01-01")).await;
    let sent = Sent {
        rtype: "Patient".to_owned(),
        id: "p".to_owned(),
        version: 1,
        hash: "h".to_owned(),
        etag: Some("W/\"1\"".to_owned()),
        remote: None,
        gone: false,
    };
    let claim = claim(&*store).await.unwrap();
    let items = settled(&claim, || OutboxOutcome::Delivered(Some(sent.clone())));
    store.settle_lane(&claim, &items, Some(DONE)).await.unwrap();
    let backlog = store.outbox_backlog(&key()).await.unwrap();
    assert_eq!((backlog.waiting, backlog.dead), (0, 0));
    let long_ago = day("2020-01-01");
    assert_eq!(store.trim_delivered(&key(), long_ago, 10).await.unwrap(), 0);
    let future = day("2100-01-01");
    assert_eq!(store.trim_delivered(&key(), future, 10).await.unwrap(), 1);
    assert!(rows(&*store, OutboxState::Delivered).await.is_empty());
    let asked = [
        ("Patient".to_owned(), "p".to_owned()),
        ("Flag".to_owned(), "p".to_owned()),
    ];
    assert_eq!(store.sent(&key(), &asked).await.unwrap(), [sent]);
}

#[tokio::test]
async fn what_waits_can_be_asked_for_and_a_person_queued() {
    let store = begun().await;
    let writes = vec![
        person("p", "a", "2026-01-01"),
        fact("p", "f", "a", "2026-01-01"),
        write("Organization", "o", "a", "2026-01-01"),
    ];
    commit(&*store, "home", writes).await;
    let asked = [
        ("Organization".to_owned(), "o".to_owned()),
        ("Organization".to_owned(), "p".to_owned()),
        ("Patient".to_owned(), "o".to_owned()),
    ];
    assert_eq!(
        store.waiting_among(&key(), &asked).await.unwrap(),
        asked[..1]
    );
    deliver_all(&*store).await;
    assert_eq!(store.queue_person(&key(), "p").await.unwrap(), 2);
    assert_eq!(waiting(&*store).await, ["Flag/f", "Patient/p"]);
}

#[tokio::test]
async fn an_ended_destination_is_told_nothing_more() {
    let store = begun().await;
    put(&*store, "home", person("p", "a", "2026-01-01")).await;
    assert_eq!(
        store.destinations(&tenant("home")).await.unwrap(),
        ["hospital"]
    );
    store.end_destination(&key()).await.unwrap();
    assert!(
        store
            .destinations(&tenant("home"))
            .await
            .unwrap()
            .is_empty()
    );
    put(&*store, "home", person("q", "a", "2026-01-01")).await;
    assert!(waiting(&*store).await.is_empty());
    store.begin_destination(&key(), "a").await.unwrap();
    assert!(!store.queue_more(&key(), 100).await.unwrap());
    assert_eq!(
        waiting(&*store).await,
        ["Patient/p", "Patient/q"],
        "it begins anew"
    );
}

#[tokio::test]
async fn f07_many_workers_never_have_one_lane_at_once() {
    let store = begun().await;
    let writes = (0..40).map(|n| person(&format!("p{n}"), "a", "2026-01-01"));
    commit(&*store, "home", writes.collect()).await;
    let mut workers = tokio::task::JoinSet::new();
    for number in 0..6 {
        let store = Arc::clone(&store.store);
        workers.spawn(async move {
            let mut lanes = Vec::new();
            let name = format!("w{number}");
            while let Some(claim) = store.claim_lane(&key(), &name, LEASE).await.unwrap() {
                lanes.push(claim.lane);
            }
            lanes
        });
    }
    let mut all = Vec::new();
    while let Some(lanes) = workers.join_next().await {
        all.extend(lanes.unwrap());
    }
    all.sort();
    let count = all.len();
    all.dedup();
    assert_eq!((count, all.len()), (40, 40));
}

#[tokio::test]
async fn what_was_said_to_a_national_service_stays_on_record_for_the_tenant_alone() {
    let store = fresh().await;
    let side = |number: &str, is_answer: bool| store::Exchange {
        request: "r1".to_owned(),
        is_answer,
        at: day("2026-01-01"),
        verb: "POST".to_owned(),
        url: "https://locator.test/DocumentReference".to_owned(),
        ods: "VNHOM".to_owned(),
        nhs_number: number.to_owned(),
        body: Some("{}".to_owned()),
        status: is_answer.then_some(201),
        pointer: is_answer.then(|| "VNHOM-1".to_owned()),
        ..store::Exchange::default()
    };
    let all = [
        side("9990000018", false),
        side("9990000018", true),
        side("9990000026", false),
    ];
    for side in &all {
        store.log_exchange(&tenant("home"), side).await.unwrap();
    }
    let home = tenant("home");
    let of = |number| {
        let store = &store;
        let home = &home;
        async move { store.exchanges(&own("home"), home, number).await.unwrap() }
    };
    assert_eq!(of(None).await, all);
    assert_eq!(of(Some("9990000018")).await, all[..2]);
    let others = store.exchanges(&own("other"), &home, None).await.unwrap();
    assert!(others.is_empty());
}

#[tokio::test]
async fn a_destination_looks_at_everything_anew_when_it_is_asked_to() {
    let store = begun().await;
    put(&*store, "home", person("p", "a", "2026-01-01")).await;
    let sent = Sent {
        rtype: "Patient".to_owned(),
        id: "p".to_owned(),
        version: 1,
        hash: "h".to_owned(),
        etag: Some("known".to_owned()),
        remote: Some("r".to_owned()),
        gone: false,
    };
    let claim = claim(&*store).await.unwrap();
    let items = settled(&claim, || OutboxOutcome::Delivered(Some(sent.clone())));
    store.settle_lane(&claim, &items, Some(DONE)).await.unwrap();
    store.look_anew(&key()).await.unwrap();
    assert!(!store.queue_more(&key(), 100).await.unwrap());
    assert_eq!(waiting(&*store).await, ["Patient/p"]);
    let asked = [("Patient".to_owned(), "p".to_owned())];
    let known = store.sent(&key(), &asked).await.unwrap();
    assert_eq!(known, [Sent { etag: None, ..sent }]);
}
