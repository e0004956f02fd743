//! F3: a database whose connections break while files are read costs nothing and doubles nothing.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod bench;

use std::time::Duration;

use bench::{Bench, MAPPING, home};
use store::{PostgresOptions, PostgresStore};
use submission::{WorkerSettings, Workers};

#[test]
fn f03_connections_that_break_change_nothing_in_the_end() {
    let Some(database) = postgres_peer::database() else {
        // `postgres_peer` has said so, and fails in continuous integration.
        return;
    };
    let files = |bench: &Bench| {
        for file in 1..=4 {
            let mut rows = home(&format!("2026-11-0{file}"), 40, "Penicillin;Latex");
            rows[file] = rows[file].replace("Ada", "Adele");
            rows[9] = rows[9].replace("-01-10", "-13-10");
            bench.send(&rows);
        }
    };
    let undisturbed = Bench::new();
    files(&undisturbed);
    undisturbed.work();

    let runtime = tokio::runtime::Runtime::new().unwrap();
    let mut options = PostgresOptions::new(&database.url);
    options.owner_url = Some(database.owner_url.clone());
    options.connections = 6;
    let store = runtime.block_on(PostgresStore::connect(options)).unwrap();
    let bench = Bench::of(std::sync::Arc::new(store), MAPPING, runtime);
    files(&bench);
    let database = std::sync::Arc::new(database);
    let broken = bench.runtime.block_on(async {
        let workers = Workers::start(
            bench.pipeline.clone(),
            WorkerSettings {
                lease: Duration::from_secs(2),
                poll: Duration::from_millis(50),
                ..WorkerSettings::default()
            },
        );
        let mut broken = 0;
        for pause in [40, 70, 110, 150, 230] {
            tokio::time::sleep(Duration::from_millis(pause)).await;
            let database = database.clone();
            let ended = tokio::task::spawn_blocking(move || {
                database.admin(
                    "SELECT CAST(pg_terminate_backend(pid) AS TEXT) FROM pg_stat_activity
                     WHERE pid <> pg_backend_pid() AND backend_type = 'client backend'
                       AND datname = current_database()",
                )
            });
            broken += ended.await.unwrap().len();
        }
        for _ in 0..3000 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            if let Ok(backlog) = bench.store.backlog().await
                && backlog.waiting + backlog.running == 0
            {
                break;
            }
        }
        workers.stop().await;
        broken
    });
    assert!(broken > 0);
    assert_eq!(bench.reports(), undisturbed.reports());
    assert_eq!(bench.picture(), undisturbed.picture());
}
