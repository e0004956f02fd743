//! Many writers, and readers beside them.

use store::{Expected, Outcome, Query};

use crate::*;

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_update_is_lost() {
    let fresh = fresh().await;
    put(&*fresh, "home", write("Patient", "p1", "0", "2026-01-01")).await;
    let mut tasks = Vec::new();
    for _ in 0..8 {
        let store = Arc::clone(&fresh.store);
        tasks.push(tokio::spawn(async move {
            let mut won = 0u64;
            for _ in 0..25 {
                // Read, add one, and write back what was read plus one: a counter under attack.
                let read = store
                    .read(&own("home"), "Patient", "p1")
                    .await
                    .unwrap()
                    .unwrap();
                let count: u64 = text(&read.body).parse().unwrap();
                let next = write("Patient", "p1", &(count + 1).to_string(), "2026-01-01");
                let next = expecting(next, Expected::Version(read.version));
                match put(&*store, "home", next).await {
                    Outcome::Updated { .. } => won += 1,
                    Outcome::Conflict { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
            won
        }));
    }
    let mut won = 0;
    for task in tasks {
        won += task.await.unwrap();
    }
    let read = fresh
        .read(&own("home"), "Patient", "p1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(text(&read.body), won.to_string());
    assert_eq!(read.version, won + 1);
    let history = fresh.history(&own("home"), "Patient", "p1").await.unwrap();
    assert_eq!(history.len() as u64, won + 1);
    assert!(won >= 25, "somebody always wins");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn readers_see_whole_batches_only() {
    let fresh = fresh().await;
    let writing = Arc::clone(&fresh.store);
    let writer = tokio::spawn(async move {
        for round in 0..30 {
            let pair = ["a", "b"].map(|id| write("Flag", id, &round.to_string(), "2026-01-01"));
            commit(&*writing, "home", pair.into()).await;
        }
    });
    let mut looked = 0;
    while !writer.is_finished() || looked == 0 {
        let page = fresh
            .search(&own("home"), &Query::new("Flag"))
            .await
            .unwrap();
        let texts: Vec<_> = page.items.iter().map(|item| text(&item.body)).collect();
        if let [a, b] = texts.as_slice() {
            assert_eq!(a, b, "half a batch was seen");
            looked += 1;
        } else {
            assert!(texts.is_empty());
        }
    }
    writer.await.unwrap();
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn batches_of_many_senders_are_each_answered_truly() {
    let fresh = fresh().await;
    let mut tasks = Vec::new();
    for sender in 0..40 {
        let store = Arc::clone(&fresh.store);
        tasks.push(tokio::spawn(async move {
            let home = format!("home-{}", sender % 5);
            let id = format!("f{sender}");
            let bad = sender % 7 == 0;
            let mut batch = store::Batch::new(tenant(&home), "missing");
            batch.writes = vec![indexed(
                write("Flag", &id, "x", "2026-01-01"),
                [token("status", "urn:s", &id)],
            )];
            if bad {
                batch.quarantine = vec![store::Quarantined::default()];
            }
            let stored = store.commit(batch).await.is_ok();
            assert_eq!(stored, !bad);
            let read = store.read(&own(&home), "Flag", &id).await.unwrap();
            assert_eq!(read.is_some(), !bad, "{id}");
        }));
    }
    for task in tasks {
        task.await.unwrap();
    }
}
