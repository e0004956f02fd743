//! PostgreSQL fails: stopped in the middle of a batch, its connections ended, the network cut at the
//! worst moment (F3, F4). What was answered is there, once; what was not is there once or not at all.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod gateways;
#[path = "gateways/wire.rs"]
mod wire;

use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use gateways::*;
use postgres_peer::Server;
use store::{Error, Expected, Outcome, PostgresStore, Store};
use wire::{Cut, Wire};

/// Batches of five resources, one after the other, until told to stop; what was answered.
async fn write_on(store: Arc<PostgresStore>, home: &'static str, stop: Arc<AtomicBool>) -> usize {
    let mut answered = 0;
    while !stop.load(Ordering::Relaxed) {
        let some = (0..5).map(|n| write("Flag", &format!("f{answered}-{n}"), "a"));
        // The gateway's own patience is longer than the fault lasts.
        let committed = put(&*store, home, some.collect()).await.unwrap();
        assert_eq!(
            committed.writes,
            [Outcome::Created { version: 1 }; 5],
            "batch {answered} is told as what it is: new"
        );
        answered += 1;
    }
    answered
}

/// Every batch that was answered is there whole, and nothing else is.
fn holds_exactly(database: &postgres_peer::Database, batches: usize) {
    let count = |sql: &str| database.admin(&format!("SELECT CAST(count(*) AS TEXT) FROM {sql}"));
    assert_eq!(count("resource"), [(5 * batches).to_string()]);
    assert_eq!(count("version"), [(5 * batches).to_string()]);
    assert_eq!(count("token"), [(5 * batches).to_string()]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn f03_a_server_that_stops_in_mid_batch_loses_and_doubles_nothing() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database();
    let store = Arc::new(gateway(&database).await);
    let stop = Arc::new(AtomicBool::new(false));
    let writing = ["one", "two"]
        .map(|home| tokio::spawn(write_on(Arc::clone(&store), home, Arc::clone(&stop))));
    for _ in 0..3 {
        tokio::time::sleep(Duration::from_millis(700)).await;
        server.stop_at_once().unwrap();
        assert!(
            matches!(store.ready().await, Err(Error::Busy)),
            "health says so"
        );
        server.resume().unwrap();
    }
    tokio::time::sleep(Duration::from_millis(500)).await;
    stop.store(true, Ordering::Relaxed);
    let mut answered = 0;
    for writer in writing {
        answered += writer.await.unwrap();
    }
    assert!(answered > 6, "{answered}");
    store.ready().await.unwrap();
    holds_exactly(&database, answered);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 3)]
async fn f03_connections_that_are_ended_lose_and_double_nothing() {
    let Some(database) = postgres_peer::database() else {
        return;
    };
    let store = Arc::new(gateway(&database).await);
    let stop = Arc::new(AtomicBool::new(false));
    let writing = tokio::spawn(write_on(Arc::clone(&store), "one", Arc::clone(&stop)));
    for _ in 0..15 {
        tokio::time::sleep(Duration::from_millis(60)).await;
        database.admin(
            "SELECT CAST(pg_terminate_backend(pid) AS TEXT) FROM pg_stat_activity
             WHERE datname = current_database() AND pid <> pg_backend_pid()",
        );
        let read = store.read(&own("one"), "Flag", "f0-0").await.unwrap();
        assert!(read.is_some() || !stop.load(Ordering::Relaxed));
    }
    stop.store(true, Ordering::Relaxed);
    let answered = writing.await.unwrap();
    assert!(answered > 3, "{answered}");
    holds_exactly(&database, answered);
}

#[tokio::test]
async fn f03_a_server_that_stays_away_is_told_as_busy() {
    let Some(server) = Server::start() else {
        return;
    };
    let database = server.database();
    let mut options = options(&database);
    options.patience = Duration::from_millis(500);
    options.acquire = Duration::from_millis(500);
    let store = PostgresStore::connect(options).await.unwrap();
    put(&store, "one", vec![write("Flag", "f1", "a")])
        .await
        .unwrap();
    server.stop_at_once().unwrap();
    let error = put(&store, "one", vec![write("Flag", "f1", "b")])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Busy), "{error}");
    let error = store.read(&own("one"), "Flag", "f1").await.unwrap_err();
    assert!(matches!(error, Error::Busy), "{error}");
    server.resume().unwrap();
    let read = store
        .read(&own("one"), "Flag", "f1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(content(&read.body), "a");
}

/// A gateway whose way to the database goes through a wire that can be cut.
async fn behind(wire: &Wire, database: &postgres_peer::Database) -> PostgresStore {
    let mut options = options(database);
    options.url = database.url.replace(
        &format!(":{}/", database.port),
        &format!(":{}/", wire.port()),
    );
    PostgresStore::connect(options).await.unwrap()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f04_a_commit_whose_answer_is_lost_is_found_out_and_not_done_again() {
    let Some(database) = postgres_peer::database() else {
        return;
    };
    let wire = Wire::to(database.port);
    let store = behind(&wire, &database).await;
    put(&store, "one", vec![write("Flag", "f1", "a")])
        .await
        .unwrap();
    for (round, cut) in [Cut::AfterCommit, Cut::BeforeCommit]
        .into_iter()
        .cycle()
        .take(8)
        .enumerate()
    {
        wire.cut(cut);
        let text = format!("round {round}");
        let outcome = put(&store, "one", vec![write("Flag", "f1", &text)])
            .await
            .unwrap();
        let version = round as u64 + 2;
        assert_eq!(outcome.writes, [Outcome::Updated { version }], "{cut:?}");
        assert_eq!(wire.cuts(), 2 * round + 1, "the wire was cut at its commit");
        // With what a caller expects of the version, too: done twice, it would be a conflict.
        let text = format!("round {round} once more");
        wire.cut(cut);
        let next = expecting(write("Flag", "f2", &text), Expected::Version(round as u64));
        let next = if round == 0 {
            expecting(next, Expected::Absent)
        } else {
            next
        };
        let outcome = put(&store, "one", vec![next]).await.unwrap();
        assert!(
            matches!(
                outcome.writes[..],
                [Outcome::Created { .. } | Outcome::Updated { .. }]
            ),
            "{cut:?}: {outcome:?}"
        );
    }
    let history = store.history(&own("one"), "Flag", "f1").await.unwrap();
    assert_eq!(history.len(), 9);
}

/// The network is cut for good at a commit, and says so or not: the caller is told in bounded time that
/// it is not known, and a write that is sent again is told as what it is.
async fn cut_for_good(cut: Cut, stored: bool) {
    let Some(database) = postgres_peer::database() else {
        return;
    };
    let wire = Wire::to(database.port);
    drop(gateway(&database).await);
    let mut options = options(&database);
    options.patience = Duration::from_millis(400);
    options.acquire = Duration::from_millis(400);
    options.statement = Duration::from_millis(500);
    options.url = database.url.replace(
        &format!(":{}/", database.port),
        &format!(":{}/", wire.port()),
    );
    let store = PostgresStore::connect(options).await.unwrap();
    put(&store, "one", vec![write("Flag", "f1", "a")])
        .await
        .unwrap();
    wire.cut(cut);
    let told = put(&store, "one", vec![write("Flag", "f1", "b")]);
    let error = tokio::time::timeout(Duration::from_secs(30), told)
        .await
        .expect("the caller is not kept for ever")
        .unwrap_err();
    assert!(matches!(error, Error::Unknown), "{error}");
    wire.mend();
    // The server ends what hangs by itself; then the same write is what it is.
    let mut again = put(&store, "one", vec![write("Flag", "f1", "b")]).await;
    for _ in 0..40 {
        if !matches!(again, Err(Error::Busy)) {
            break;
        }
        tokio::time::sleep(Duration::from_millis(250)).await;
        again = put(&store, "one", vec![write("Flag", "f1", "b")]).await;
    }
    let expected = if stored {
        Outcome::Unchanged { version: 2 }
    } else {
        Outcome::Updated { version: 2 }
    };
    assert_eq!(again.unwrap().writes, [expected]);
    let history = store.history(&own("one"), "Flag", "f1").await.unwrap();
    assert_eq!(history.len(), 2);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f04_what_cannot_be_found_out_is_not_guessed() {
    cut_for_good(Cut::ForGood, true).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn f04_a_wire_that_went_silent_keeps_nobody() {
    cut_for_good(Cut::Silently, false).await;
}
