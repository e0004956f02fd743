//! What every store must do, written over `dyn Store`: here on SQLite, and in
//! `conformance_postgres.rs` the same on PostgreSQL.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod afterwards;
mod claims;
mod concurrency;
mod directory;
mod history;
mod identity_review;
mod intake;
mod jobs;
mod ledger;
mod outbox;
mod people;
mod registry;
mod revalidation;
mod search;
mod sight;
mod support;
mod upkeep;
mod writes;

use store::{Options, SqliteStore};

pub use self::support::*;

/// A store of its own for one test.
pub async fn fresh() -> Fresh {
    let folder = tempfile::tempdir().unwrap();
    let store = SqliteStore::open(&folder.path().join("store.db"), Options::default()).unwrap();
    Fresh {
        store: Arc::new(store),
        _ground: Box::new(folder),
    }
}
