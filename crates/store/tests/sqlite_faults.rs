//! What fails beneath the store: no room, a damaged file, a clock that goes back.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use store::{
    Archive as _, Batch, Blob, Chunk, ChunkHead, Clock, Deed, Error, Intake as _, Jobs as _,
    NewJob, Options, Outcome, Query, Reach, Sight, SqliteStore, Store, Submission, Tenant, Upload,
    Write,
};

fn home() -> Tenant {
    Tenant::new("home")
}

fn sight() -> Sight {
    Sight::new(vec![Reach::own(home())], Default::default())
}

fn write(id: &str, text: &str) -> Write {
    let resource = format!(r#"{{"resourceType":"Flag","id":"{id}","x":"{text}"}}"#);
    Write::new(
        json::parse(resource.as_bytes()).unwrap(),
        "homes",
        "2026-01-01T00:00:00Z".parse().unwrap(),
    )
}

fn batch(writes: Vec<Write>) -> Batch {
    let mut batch = Batch::new(home(), "");
    batch.writes = writes;
    batch
}

fn piece(number: u32, bytes: Vec<u8>) -> Chunk {
    let length = bytes.len() as u32;
    Chunk {
        head: ChunkHead {
            number,
            first_byte: u64::from(number) * u64::from(length),
            length,
            lines_before: 0,
        },
        bytes,
    }
}

async fn count(store: &SqliteStore) -> usize {
    let mut query = Query::new("Flag");
    query.count = 1000;
    let page = store.search(&sight(), &query).await.unwrap();
    page.items.len()
}

#[tokio::test]
async fn f02_a_full_disk_stores_nothing_half_and_the_store_goes_on_when_there_is_room() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let options = Options {
        most_bytes: Some(1 << 20),
        ..Options::default()
    };
    let store = SqliteStore::open(&path, options).unwrap();
    store
        .commit(batch(vec![write("first", "1")]))
        .await
        .unwrap();
    // An upload takes the room.
    let mut pieces = 0;
    loop {
        match store
            .keep(&home(), "u1", vec![piece(pieces, vec![7; 32_768])])
            .await
        {
            Ok(()) => pieces += 1,
            Err(Error::Full) => break,
            Err(other) => panic!("{other}"),
        }
        assert!(pieces < 100, "the bound holds");
    }
    let many = || {
        let text = "x".repeat(20_000);
        batch((0..20).map(|n| write(&format!("f{n}"), &text)).collect())
    };
    for _ in 0..3 {
        let full = store.commit(many()).await;
        assert!(matches!(full, Err(Error::Full)), "{full:?}");
        assert_eq!(count(&store).await, 1, "nothing of it is there");
    }
    assert!(store.ready().await.is_ok(), "it is read all the same");
    store.abandon(&home(), "u1").await.unwrap();
    let committed = store.commit(many()).await.unwrap();
    assert!(
        committed
            .writes
            .iter()
            .all(|one| *one == Outcome::Created { version: 1 })
    );
    assert_eq!(count(&store).await, 21);
    drop(store);
    assert_sound(&path);
}

fn assert_sound(path: &Path) {
    let connection = rusqlite::Connection::open(path).unwrap();
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}

/// One batch that does not fit does not take those with it that wait beside it.
#[tokio::test]
async fn f02_small_batches_are_stored_beside_one_that_does_not_fit() {
    let folder = tempfile::tempdir().unwrap();
    let options = Options {
        most_bytes: Some(1 << 20),
        ..Options::default()
    };
    let store = SqliteStore::open(&folder.path().join("store.db"), options).unwrap();
    let store = Arc::new(store);
    let text = "x".repeat(100_000);
    let large = batch((0..20).map(|n| write(&format!("l{n}"), &text)).collect());
    let (large, first, second) = tokio::join!(
        store.commit(large),
        store.commit(batch(vec![write("a", "1")])),
        store.commit(batch(vec![write("b", "1")])),
    );
    assert!(matches!(large, Err(Error::Full)), "{large:?}");
    // A small one that shared the transaction may have to be sent again; then it is stored.
    for (id, outcome) in [("a", first), ("b", second)] {
        match outcome {
            Ok(_) => {}
            Err(Error::Full) => {
                store.commit(batch(vec![write(id, "1")])).await.unwrap();
            }
            Err(other) => panic!("{other}"),
        }
    }
    assert_eq!(count(&store).await, 2);
}

#[tokio::test]
async fn f02_a_folder_that_cannot_be_written_to_is_told() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("not-a-folder");
    std::fs::write(&file, "x").unwrap();
    let refused = SqliteStore::open(&file.join("store.db"), Options::default()).unwrap_err();
    assert!(matches!(refused, Error::Open { .. }), "{refused}");
}

#[tokio::test]
async fn f02_a_file_that_lost_its_end_is_told_and_not_written_on() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    store.commit(batch(vec![write("a", "1")])).await.unwrap();
    // What a fault of the medium does: the file loses its end, and what was in it.
    let connection = rusqlite::Connection::open(&path).unwrap();
    connection
        .execute_batch("PRAGMA wal_checkpoint(TRUNCATE)")
        .unwrap();
    drop(connection);
    let length = std::fs::metadata(&path).unwrap().len();
    let file = std::fs::File::options().write(true).open(&path).unwrap();
    file.set_len(length / 4).unwrap();
    drop(store);
    let opened = SqliteStore::open(&path, Options::default());
    if let Ok(store) = opened {
        let answer = store.commit(batch(vec![write("b", "1")])).await;
        assert!(matches!(answer, Err(Error::Database(_))), "{answer:?}");
    }
}

/// The log cut off at every length is what a machine leaves behind that stops in the middle of it.
#[tokio::test]
async fn f01_an_accepted_file_is_there_whole_or_not_at_all() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    drop(SqliteStore::open(&path, Options::default()).unwrap());
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let received: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    for number in 0..2 {
        store
            .keep(&home(), "u1", vec![piece(number, vec![7; 30_000])])
            .await
            .unwrap();
    }
    let mut submission = Submission::new(home(), "s1", "homes", received);
    submission.file_hash = "aa".into();
    let arrival = store::Arrival {
        submission,
        upload: Some(Upload {
            name: "u1".into(),
            blob: Blob {
                tenant: home(),
                hash: "aa".into(),
                size: 60_000,
                chunks: 2,
                codec: "deflate".into(),
                key: None,
                sealed_key: None,
                kept: received,
                keep_until: None,
                erased: None,
            },
        }),
        idempotency: None,
        job: Some(NewJob {
            submission: "s1".into(),
            source: "homes".into(),
            kind: "file".into(),
            argument: "{}".into(),
            run_at: None,
        }),
        deeds: Vec::new(),
        most_waiting: None,
    };
    store.accept(arrival).await.unwrap();
    let log = std::fs::read(folder.path().join("store.db-wal")).unwrap();
    let mut seen = std::collections::BTreeSet::new();
    for (count, length) in (0..=log.len()).rev().step_by(1500).enumerate() {
        let copy = folder.path().join(format!("copy{count}.db"));
        std::fs::copy(&path, &copy).unwrap();
        let cut = folder.path().join(format!("copy{count}.db-wal"));
        std::fs::write(cut, &log[..length]).unwrap();
        let after = SqliteStore::open(&copy, Options::default()).unwrap();
        let submission = after.submission(&sight(), &home(), "s1").await.unwrap();
        let blob = after.blob(&sight(), &home(), "aa").await.unwrap();
        let heads = after.chunk_heads(&sight(), &home(), "aa").await.unwrap();
        let claim = after.claim("w", Duration::from_secs(1)).await.unwrap();
        let there = [
            submission.is_some(),
            blob.is_some(),
            heads.len() == 2,
            claim.is_some(),
        ];
        assert!(there == [true; 4] || there == [false; 4], "{there:?}");
        seen.insert(there[0]);
        if !there[0] {
            let open = "2030-01-01T00:00:00Z".parse().unwrap();
            after.abandon_older(open).await.unwrap();
        }
    }
    assert_eq!(seen.len(), 2, "both were met");
}

/// A clock that a test sets.
fn set_clock() -> (Arc<AtomicI64>, Clock) {
    let offset = Arc::new(AtomicI64::new(0));
    let shown = Arc::clone(&offset);
    let clock = Clock::new(move || {
        Timestamp::now() + SignedDuration::from_secs(shown.load(Ordering::SeqCst))
    });
    (offset, clock)
}

#[tokio::test]
async fn f08_a_clock_that_goes_back_an_hour_leaves_the_versions_in_order() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let (offset, clock) = set_clock();
    for (round, seconds) in [0, -3600, 3600, -7200].into_iter().enumerate() {
        offset.store(seconds, Ordering::SeqCst);
        // A new opening knows the moments only from the file.
        let options = Options {
            clock: clock.clone(),
            ..Options::default()
        };
        let store = SqliteStore::open(&path, options).unwrap();
        for step in 0..2 {
            let text = format!("{round}-{step}");
            store.commit(batch(vec![write("a", &text)])).await.unwrap();
        }
    }
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let history = store.history(&sight(), "Flag", "a").await.unwrap();
    assert_eq!(history.len(), 8);
    for pair in history.windows(2) {
        assert!(pair[0].version > pair[1].version);
        assert!(pair[0].updated >= pair[1].updated, "{history:?}");
    }
}

#[tokio::test]
async fn f08_leases_end_and_jobs_run_again_though_the_clock_went_back() {
    let folder = tempfile::tempdir().unwrap();
    let (offset, clock) = set_clock();
    let options = Options {
        clock,
        ..Options::default()
    };
    let store = SqliteStore::open(&folder.path().join("store.db"), options).unwrap();
    let minute = Duration::from_secs(60);
    let mut queue = Batch::new(home(), "s1");
    queue.jobs = vec![NewJob {
        submission: "s1".into(),
        source: "homes".into(),
        kind: "file".into(),
        argument: "{}".into(),
        run_at: None,
    }];
    store.commit(queue).await.unwrap();
    let first = store.claim("w1", minute).await.unwrap().unwrap();
    assert_eq!(store.claim("w2", minute).await.unwrap(), None);
    offset.store(-3600, Ordering::SeqCst);
    let second = store.claim("w2", minute).await.unwrap().unwrap();
    assert!(second.token > first.token);
    assert!(!store.renew(first.fence(), minute).await.unwrap());
    assert!(store.renew(second.fence(), minute).await.unwrap());
    assert_eq!(store.claim("w1", minute).await.unwrap(), None);
    // A lease ends, an hour back, a minute after it was granted.
    offset.store(-3600 + 61, Ordering::SeqCst);
    let third = store.claim("w1", minute).await.unwrap().unwrap();
    let put_back = store.put_back(third.fence(), minute, Some("later"));
    assert!(put_back.await.unwrap());
    assert_eq!(store.claim("w1", minute).await.unwrap(), None);
    offset.store(-7200, Ordering::SeqCst);
    let fourth = store.claim("w1", minute).await.unwrap();
    assert!(fourth.is_some(), "an hour back is no hour more to wait");
}

#[tokio::test]
async fn what_is_erased_is_in_no_file_any_more() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let mark = b"MARK-OF-A-RECORD-THAT-MUST-GO".to_vec();
    let text = String::from_utf8(mark.clone()).unwrap();
    let bytes = mark.repeat(1000);
    let size = bytes.len() as u64;
    store
        .keep(&home(), "u1", vec![piece(0, bytes.clone())])
        .await
        .unwrap();
    // The same bytes once more, dropped as they are kept already; and an upload that was given up.
    let received: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    for upload in ["u1", "u2"] {
        store
            .keep(&home(), upload, vec![piece(0, bytes.clone())])
            .await
            .unwrap();
        let mut submission = Submission::new(home(), upload, "homes", received);
        submission.file_hash = "aa".into();
        let arrival = store::Arrival {
            submission,
            upload: Some(Upload {
                name: upload.into(),
                blob: Blob {
                    tenant: home(),
                    hash: "aa".into(),
                    size,
                    chunks: 1,
                    codec: "deflate".into(),
                    key: None,
                    sealed_key: None,
                    kept: received,
                    keep_until: None,
                    erased: None,
                },
            }),
            idempotency: None,
            job: None,
            deeds: Vec::new(),
            most_waiting: None,
        };
        store.accept(arrival).await.unwrap();
    }
    store
        .keep(&home(), "u3", vec![piece(0, bytes)])
        .await
        .unwrap();
    store.abandon(&home(), "u3").await.unwrap();
    let mut held = Batch::new(home(), "u1");
    held.quarantine = vec![store::Quarantined {
        place: "row 1".into(),
        issues: format!(r#"[{{"code":"M001","value":"{text}"}}]"#),
        raw: text.repeat(300),
        ..Default::default()
    }];
    store.commit(held).await.unwrap();
    assert!(holds(folder.path(), &mark), "it is there before");
    let deed = Deed {
        at: received,
        by: "records-officer".into(),
        what: "erased".into(),
        submission: None,
        about: None,
        note: None,
    };
    assert!(store.erase(&home(), "aa", deed).await.unwrap());
    assert!(
        !holds(folder.path(), &mark),
        "neither in the file, its free pages, nor in the log"
    );
}

/// Whether any file of the folder holds these bytes.
fn holds(folder: &Path, mark: &[u8]) -> bool {
    std::fs::read_dir(folder).unwrap().any(|entry| {
        let bytes = std::fs::read(entry.unwrap().path()).unwrap();
        bytes.windows(mark.len()).any(|window| window == mark)
    })
}

#[tokio::test]
async fn what_must_not_change_cannot_be_changed_behind_the_stores_back() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = SqliteStore::open(&path, Options::default()).unwrap();
    let received: Timestamp = "2026-01-01T00:00:00Z".parse().unwrap();
    store
        .keep(&home(), "u1", vec![piece(0, vec![1, 2, 3])])
        .await
        .unwrap();
    let mut submission = Submission::new(home(), "s1", "homes", received);
    submission.file_hash = "aa".into();
    let deed = Deed {
        at: received,
        by: "nurse-1".into(),
        what: "confirmed".into(),
        submission: None,
        about: None,
        note: None,
    };
    let arrival = store::Arrival {
        submission,
        upload: Some(Upload {
            name: "u1".into(),
            blob: Blob {
                tenant: home(),
                hash: "aa".into(),
                size: 3,
                chunks: 1,
                codec: "deflate".into(),
                key: None,
                sealed_key: None,
                kept: received,
                keep_until: None,
                erased: None,
            },
        }),
        idempotency: None,
        job: Some(NewJob {
            submission: "s1".into(),
            source: "homes".into(),
            kind: "file".into(),
            argument: "{}".into(),
            run_at: None,
        }),
        deeds: vec![deed],
        most_waiting: None,
    };
    store.accept(arrival).await.unwrap();
    let claim = store
        .claim("w", Duration::from_secs(60))
        .await
        .unwrap()
        .unwrap();
    let mut noted = Batch::new(home(), "s1");
    noted.fence = Some(claim.fence());
    noted.journal = Some(vec![1]);
    store.commit(noted).await.unwrap();
    let late = store.keep(&home(), "u1", vec![piece(0, vec![9])]).await;
    assert!(matches!(late, Err(Error::Refused(_))), "{late:?}");
    drop(store);
    let connection = rusqlite::Connection::open(&path).unwrap();
    for sql in [
        "UPDATE deed SET by = 'somebody else'",
        "DELETE FROM deed",
        "UPDATE journal SET entry = x''",
        "DELETE FROM journal",
        "UPDATE chunk SET bytes = x''",
        "DELETE FROM chunk",
        "UPDATE blob SET size = 4",
        "UPDATE blob SET upload = 'u2'",
        "DELETE FROM blob",
    ] {
        assert!(connection.execute(sql, []).is_err(), "{sql}");
    }
}
