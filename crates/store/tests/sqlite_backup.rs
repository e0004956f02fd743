//! A backup taken while the store is in use, and its way back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::Path;
use std::sync::Arc;

use store::{
    Archive as _, Batch, Chunk, ChunkHead, Error, Options, Query, Reach, Sight, SqliteStore, Store,
    Tenant, Write,
};

fn home() -> Tenant {
    Tenant::new("home")
}

fn open(path: &Path) -> SqliteStore {
    SqliteStore::open(path, Options::default()).unwrap()
}

fn sight() -> Sight {
    Sight::new(vec![Reach::own(home())], Default::default())
}

fn file(number: usize) -> Batch {
    let mut batch = Batch::new(home(), format!("s{number}"));
    for id in [
        format!("a{number}"),
        format!("b{number}"),
        "same".to_owned(),
    ] {
        let text = format!(r#"{{"resourceType":"Flag","id":"{id}","x":"{number}"}}"#);
        batch.writes.push(Write::new(
            json::parse(text.as_bytes()).unwrap(),
            "homes",
            "2026-01-01T00:00:00Z".parse().unwrap(),
        ));
    }
    batch
}

async fn count(store: &SqliteStore) -> usize {
    let mut query = Query::new("Flag");
    query.count = 1000;
    store.search(&sight(), &query).await.unwrap().items.len()
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f13_a_backup_taken_while_writing_and_what_came_later_sent_again_is_the_same_store() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = Arc::new(open(&path));
    for number in 0..20 {
        store.commit(file(number)).await.unwrap();
    }
    let writing = Arc::clone(&store);
    let writer = tokio::spawn(async move {
        for number in 20..80 {
            writing.commit(file(number)).await.unwrap();
        }
    });
    let mut copies = Vec::new();
    for round in 0..4 {
        let copy = folder.path().join(format!("copy{round}.db"));
        store.backup(&copy).await.unwrap();
        copies.push(copy);
    }
    writer.await.unwrap();
    let expected = store.fingerprint(&home()).await.unwrap();
    let mut sizes = Vec::new();
    for (round, copy) in copies.iter().enumerate() {
        let place = folder.path().join(format!("restored{round}.db"));
        SqliteStore::restore(copy, &place).unwrap();
        let restored = open(&place);
        let there = count(&restored).await;
        assert_eq!(there % 2, 1, "a batch is in it whole or not at all");
        sizes.push(there);
        // Everything since is sent again, and so is some of what was there.
        let from = (there - 1) / 2;
        assert!(from >= 20);
        for number in from..80 {
            restored.commit(file(number)).await.unwrap();
        }
        assert_eq!(restored.fingerprint(&home()).await.unwrap(), expected);
    }
    assert!(sizes.is_sorted(), "{sizes:?}");
    assert_ne!(
        store.fingerprint(&Tenant::new("other")).await.unwrap(),
        expected
    );
}

#[tokio::test]
async fn a_backup_holds_the_archived_bytes_and_nobody_elses_eyes_are_let_in() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path);
    let chunk = Chunk {
        head: ChunkHead {
            number: 0,
            first_byte: 0,
            length: 5,
            lines_before: 0,
        },
        bytes: b"bytes".to_vec(),
    };
    store.keep(&home(), "u1", vec![chunk]).await.unwrap();
    let copy = folder.path().join("copy.db");
    store.backup(&copy).await.unwrap();
    let connection = rusqlite::Connection::open(&copy).unwrap();
    let bytes: Vec<u8> = connection
        .query_row("SELECT bytes FROM chunk", [], |row| row.get(0))
        .unwrap();
    assert_eq!(bytes, b"bytes");
    #[cfg(unix)]
    {
        use std::os::unix::fs::PermissionsExt as _;
        let mode = std::fs::metadata(&copy).unwrap().permissions().mode();
        assert_eq!(mode & 0o077, 0, "{mode:o}");
    }
}

#[tokio::test]
async fn nothing_is_written_over_and_nothing_half_is_left() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path);
    store.commit(file(1)).await.unwrap();
    let copy = folder.path().join("copy.db");
    store.backup(&copy).await.unwrap();
    let bytes = std::fs::read(&copy).unwrap();
    let again = store.backup(&copy).await.unwrap_err();
    assert!(matches!(again, Error::Open { .. }), "{again}");
    let over = SqliteStore::restore(&copy, &path).unwrap_err();
    assert!(
        matches!(over, Error::InUse { .. } | Error::Open { .. }),
        "{over}"
    );
    drop(store);
    let over = SqliteStore::restore(&copy, &path).unwrap_err();
    assert!(over.to_string().contains("exists already"), "{over}");
    assert_eq!(std::fs::read(&copy).unwrap(), bytes);

    // What is no store, what is damaged, and what is not there.
    let place = folder.path().join("place.db");
    let text = folder.path().join("notes.txt");
    std::fs::write(&text, "notes ".repeat(1000)).unwrap();
    let damaged = folder.path().join("damaged.db");
    let mut torn = bytes.clone();
    let middle = torn.len() / 2;
    torn[middle..].fill(0x5a);
    std::fs::write(&damaged, torn).unwrap();
    for bad in [text, damaged, folder.path().join("missing.db")] {
        let refused = SqliteStore::restore(&bad, &place);
        assert!(refused.is_err(), "{}", bad.display());
        assert!(!place.exists(), "{}", bad.display());
    }
    let names: Vec<String> = std::fs::read_dir(folder.path())
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .filter(|name| name.contains("part"))
        .collect();
    assert_eq!(names, [""; 0], "nothing unfinished is left behind");

    let newer = folder.path().join("newer.db");
    std::fs::write(&newer, &bytes).unwrap();
    let connection = rusqlite::Connection::open(&newer).unwrap();
    connection.pragma_update(None, "user_version", 999).unwrap();
    drop(connection);
    let refused = SqliteStore::restore(&newer, &place).unwrap_err();
    assert!(matches!(refused, Error::TooNew { found: 999, .. }));
}
