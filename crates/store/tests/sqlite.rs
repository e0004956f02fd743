//! What is particular to the embedded store: the file it keeps.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::Path;

use store::{
    Batch, Error, IndexRow, MappingChange, MappingFile, MappingOrder, MappingPackage,
    MappingRegistry as _, MappingStamp, Options, Outcome, Query, Reach, Sight, SqliteStore, Store,
    Tenant, Write,
};

fn open(path: &Path) -> Result<SqliteStore, Error> {
    SqliteStore::open(path, Options::default())
}

fn batch(id: &str, text: &str) -> Batch {
    let resource = format!(r#"{{"resourceType":"Flag","id":"{id}","x":"{text}"}}"#);
    let mut write = Write::new(
        json::parse(resource.as_bytes()).unwrap(),
        "homes",
        "2026-01-01T00:00:00Z".parse().unwrap(),
    );
    write.index = vec![IndexRow::Token {
        param: "status".into(),
        system: String::new(),
        code: "active".into(),
    }];
    let mut batch = Batch::new(Tenant::new("home"), "");
    batch.writes = vec![write];
    batch
}

fn sight() -> Sight {
    Sight::new(vec![Reach::own(Tenant::new("home"))], Default::default())
}

#[tokio::test]
async fn what_was_answered_is_there_after_reopening() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    {
        let store = open(&path).unwrap();
        store.commit(batch("f1", "a")).await.unwrap();
        store.commit(batch("f1", "b")).await.unwrap();
    }
    let store = open(&path).unwrap();
    let history = store.history(&sight(), "Flag", "f1").await.unwrap();
    assert_eq!(history.len(), 2);
    let again = store.commit(batch("f1", "b")).await.unwrap();
    assert_eq!(again.writes, [Outcome::Unchanged { version: 2 }]);
    let next = store.commit(batch("f2", "b")).await.unwrap();
    assert_eq!(next.writes, [Outcome::Created { version: 1 }]);
    let page = store.search(&sight(), &Query::new("Flag")).await.unwrap();
    assert_eq!(page.items.len(), 2);
}

/// A copy of the files taken while the store is running is what a machine that stops at that moment
/// leaves behind: everything that was answered must be in it.
#[tokio::test]
async fn what_was_answered_survives_a_stop_at_any_moment() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path).unwrap();
    for count in 1..=5 {
        store
            .commit(batch(&format!("f{count}"), "a"))
            .await
            .unwrap();
        let copy = folder.path().join(format!("copy{count}.db"));
        std::fs::copy(&path, &copy).unwrap();
        let wal = folder.path().join("store.db-wal");
        std::fs::copy(wal, folder.path().join(format!("copy{count}.db-wal"))).unwrap();
        let after = open(&copy).unwrap();
        let page = after.search(&sight(), &Query::new("Flag")).await.unwrap();
        assert_eq!(page.items.len(), count);
    }
}

#[test]
fn a_file_that_is_not_a_store_is_refused_and_left_alone() {
    let folder = tempfile::tempdir().unwrap();
    let text = folder.path().join("notes.txt");
    std::fs::write(
        &text,
        "these are notes, and long enough to be looked at".repeat(100),
    )
    .unwrap();
    assert!(matches!(open(&text), Err(Error::Open { .. })));
    assert!(
        std::fs::read_to_string(&text)
            .unwrap()
            .starts_with("these are notes")
    );

    let other = folder.path().join("other.db");
    let connection = rusqlite::Connection::open(&other).unwrap();
    connection.execute_batch("CREATE TABLE theirs (x)").unwrap();
    drop(connection);
    assert!(matches!(open(&other), Err(Error::Open { .. })));

    let newer = folder.path().join("newer.db");
    open(&newer).unwrap();
    let connection = rusqlite::Connection::open(&newer).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    drop(connection);
    let error = open(&newer).unwrap_err();
    assert!(matches!(error, Error::TooNew { found: 999, .. }), "{error}");
    assert!(matches!(
        open(&folder.path().join("no/such/folder.db")),
        Err(Error::Open { .. })
    ));
}

#[tokio::test]
async fn a_version_cannot_be_changed_or_taken_away() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path).unwrap();
    store.commit(batch("f1", "a")).await.unwrap();
    drop(store);
    let connection = rusqlite::Connection::open(&path).unwrap();
    assert!(
        connection
            .execute("UPDATE version SET body = x''", [])
            .is_err()
    );
    assert!(connection.execute("DELETE FROM version", []).is_err());
}

#[tokio::test]
async fn the_rows_of_old_content_are_gone_from_the_tables() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path).unwrap();
    for round in 0..5 {
        store.commit(batch("f1", &round.to_string())).await.unwrap();
    }
    drop(store);
    let connection = rusqlite::Connection::open(&path).unwrap();
    let count: i64 = connection
        .query_row("SELECT count(*) FROM token", [], |row| row.get(0))
        .unwrap();
    assert_eq!(count, 1);
}

fn install(version: &str, hash: &str) -> MappingOrder {
    MappingOrder {
        by: "Pat Operator".to_owned(),
        change: MappingChange::Install {
            package: MappingPackage {
                stamp: MappingStamp {
                    name: "homes".to_owned(),
                    version: version.to_owned(),
                    hash: hash.to_owned(),
                },
                types: vec!["Flag".to_owned()],
                files: vec![MappingFile {
                    path: "mapping.yaml".to_owned(),
                    content: version.as_bytes().to_vec(),
                }],
            },
            reviews: Vec::new(),
            review_file: None,
        },
    }
}

fn activate(version: &str) -> MappingOrder {
    MappingOrder {
        by: "Pat Operator".to_owned(),
        change: MappingChange::Activate {
            tenant: Tenant::new("home"),
            source: None,
            name: "homes".to_owned(),
            version: version.to_owned(),
            reviewed_only: false,
        },
    }
}

async fn active(store: &SqliteStore) -> Vec<String> {
    let active = store.active(None).await.unwrap();
    active.into_iter().map(|one| one.stamp.version).collect()
}

/// A machine that stops at any moment leaves the old mapping active or the new one, never neither.
#[tokio::test]
async fn an_activation_is_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path).unwrap();
    for (version, hash) in [("1", "aa"), ("2", "bb")] {
        store.order(install(version, hash)).await.unwrap();
    }
    store.order(activate("1")).await.unwrap();
    store.order(activate("2")).await.unwrap();
    // The log cut off at every length: what a crash in the middle of the write leaves.
    let log = std::fs::read(folder.path().join("store.db-wal")).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for (count, length) in (0..=log.len()).rev().step_by(1024).take(40).enumerate() {
        let copy = folder.path().join(format!("copy{count}.db"));
        std::fs::copy(&path, &copy).unwrap();
        std::fs::write(
            folder.path().join(format!("copy{count}.db-wal")),
            &log[..length],
        )
        .unwrap();
        let after = open(&copy).unwrap();
        let active = active(&after).await;
        assert!(active.len() <= 1, "{active:?}");
        seen.extend(active);
    }
    assert_eq!(seen.into_iter().collect::<Vec<_>>(), ["1", "2"]);
}

#[tokio::test]
async fn what_happened_to_mappings_cannot_be_rewritten() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    {
        let store = open(&path).unwrap();
        store.order(install("1.0.0", "aa")).await.unwrap();
        store.order(activate("1.0.0")).await.unwrap();
    }
    let connection = rusqlite::Connection::open(&path).unwrap();
    for sql in [
        "UPDATE mapping_event SET by = 'somebody else'",
        "DELETE FROM mapping_event",
        "UPDATE mapping_blob SET content = x'00'",
        "DELETE FROM mapping_package",
    ] {
        assert!(connection.execute(sql, []).is_err(), "{sql}");
    }
}
