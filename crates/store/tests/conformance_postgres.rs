//! What every store must do, on PostgreSQL: the cases are those of `conformance`, each line the same.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

#[path = "conformance/afterwards.rs"]
mod afterwards;
#[path = "conformance/claims.rs"]
mod claims;
#[path = "conformance/concurrency.rs"]
mod concurrency;
#[path = "conformance/directory.rs"]
mod directory;
#[path = "conformance/history.rs"]
mod history;
#[path = "conformance/identity_review.rs"]
mod identity_review;
#[path = "conformance/intake.rs"]
mod intake;
#[path = "conformance/jobs.rs"]
mod jobs;
#[path = "conformance/ledger.rs"]
mod ledger;
#[path = "conformance/outbox.rs"]
mod outbox;
#[path = "conformance/people.rs"]
mod people;
#[path = "conformance/registry.rs"]
mod registry;
#[path = "conformance/revalidation.rs"]
mod revalidation;
#[path = "conformance/search.rs"]
mod search;
#[path = "conformance/sight.rs"]
mod sight;
#[path = "conformance/support.rs"]
mod support;
#[path = "conformance/upkeep.rs"]
mod upkeep;
#[path = "conformance/writes.rs"]
mod writes;

use store::{Options, PostgresOptions, PostgresStore, SqliteStore};

pub use self::support::*;

/// A store of its own for one test. Where PostgreSQL is not installed, which `postgres_peer` says
/// and does not suffer in continuous integration, the case is run on SQLite once more.
pub async fn fresh() -> Fresh {
    let Some(database) = postgres_peer::database() else {
        let folder = tempfile::tempdir().unwrap();
        let store = SqliteStore::open(&folder.path().join("store.db"), Options::default()).unwrap();
        return Fresh {
            store: Arc::new(store),
            _ground: Box::new(folder),
        };
    };
    let mut options = PostgresOptions::new(&database.url);
    options.owner_url = Some(database.owner_url.clone());
    options.connections = 10;
    let store = PostgresStore::connect(options).await.unwrap();
    Fresh {
        store: Arc::new(store),
        _ground: Box::new(database),
    }
}
