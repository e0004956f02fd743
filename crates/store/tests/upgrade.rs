//! Files that an earlier version wrote (F11). `versions/` has the tables of each released version as
//! they were, with data in them.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::Path;

use store::{
    Batch, Error, IndexRow, MappingRegistry as _, Options, Outcome, Query, Reach, Sight,
    SqliteStore, Store, SubmissionState, Tenant, Write,
};

/// The tables of each version, in order: those of a version and of all before it make a file of it.
const VERSIONS: [&str; 2] = [
    include_str!("versions/1.sql"),
    include_str!("versions/2.sql"),
];

fn open(path: &Path) -> Result<SqliteStore, Error> {
    SqliteStore::open(path, Options::default())
}

/// A file as a version wrote it.
fn make(path: &Path, version: usize) {
    let connection = rusqlite::Connection::open(path).unwrap();
    connection
        .execute_batch("PRAGMA journal_mode = WAL")
        .unwrap();
    for tables in &VERSIONS[..version] {
        connection.execute_batch(tables).unwrap();
    }
}

fn sight() -> Sight {
    Sight::new(vec![Reach::own(Tenant::new("home"))], Default::default())
}

fn number(path: &Path, sql: &str) -> i64 {
    rusqlite::Connection::open(path)
        .unwrap()
        .query_row(sql, [], |row| row.get(0))
        .unwrap()
}

fn flag(text: &str, as_of: &str) -> Batch {
    let resource = format!(r#"{{"resourceType":"Flag","id":"f1","text":{{"div":"{text}"}}}}"#);
    let mut write = Write::new(
        json::parse(resource.as_bytes()).unwrap(),
        "homes",
        as_of.parse().unwrap(),
    );
    write.patient = Some("p1".into());
    write.index = vec![IndexRow::Token {
        param: "status".into(),
        system: String::new(),
        code: "inactive".into(),
    }];
    let mut batch = Batch::new(Tenant::new("home"), "s2");
    batch.writes = vec![write];
    batch
}

#[tokio::test]
async fn f11_a_file_of_each_released_version_keeps_what_it_holds() {
    for version in 1..=VERSIONS.len() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        make(&path, version);
        {
            let store = open(&path).unwrap();
            let history = store.history(&sight(), "Flag", "f1").await.unwrap();
            assert_eq!(history.len(), 2, "version {version}");
            assert_eq!(history[0].submission, "s1");
            let mut query = Query::new("Flag");
            query.clauses = vec![store::Clause::Token {
                param: "status".into(),
                any: vec![store::TokenMatch {
                    system: store::SystemMatch::Any,
                    code: Some("active".into()),
                }],
            }];
            let page = store.search(&sight(), &query).await.unwrap();
            assert_eq!(page.items.len(), 1);
            let home = Tenant::new("home");
            let submissions = store.submissions(&sight(), &home, None).await.unwrap();
            assert_eq!(submissions.len(), 2);
            assert_eq!(submissions[0].state, SubmissionState::AwaitingConfirmation);
            assert_eq!((submissions[0].size, &*submissions[0].way), (0, ""));
            let held = store.quarantine_of(&sight(), &home, "s1").await.unwrap();
            assert_eq!(held[0].held.raw, r#"{"name":"x"}"#);
            assert_eq!(held[0].decided, None);
            let active = store.active(None).await.unwrap();
            assert_eq!(active.len(), usize::from(version >= 2));

            // What is beside the old content is not known yet: the first time it is found out.
            let said = store.commit(flag("b", "2026-01-03T00:00:00Z")).await;
            assert_eq!(said.unwrap().writes, [Outcome::Unchanged { version: 2 }]);
            let page = store.search(&sight(), &query).await.unwrap();
            assert_eq!(page.items.len(), 0, "the index row has changed");
            let said = store.commit(flag("c", "2026-01-04T00:00:00Z")).await;
            assert_eq!(said.unwrap().writes, [Outcome::Updated { version: 3 }]);
        }
        assert_eq!(number(&path, "SELECT count(*) FROM token"), 1);
        let fresh = folder.path().join("fresh.db");
        drop(open(&fresh).unwrap());
        let latest = number(&fresh, "SELECT user_version FROM pragma_user_version");
        assert_eq!(
            number(&path, "SELECT user_version FROM pragma_user_version"),
            latest
        );
        assert_eq!(schema(&path), schema(&fresh), "the same tables in the end");
        open(&path).unwrap();
    }
}

/// What the file consists of, but for how the text is laid out.
fn schema(path: &Path) -> Vec<String> {
    let connection = rusqlite::Connection::open(path).unwrap();
    let mut statement = connection
        .prepare("SELECT type || ' ' || name || ' ' || coalesce(sql, '') FROM sqlite_schema WHERE name NOT LIKE 'sqlite_stat%' ORDER BY 1")
        .unwrap();
    let rows = statement
        .query_map([], |row| row.get::<_, String>(0))
        .unwrap();
    rows.map(|row| {
        row.unwrap()
            .split_whitespace()
            .collect::<Vec<_>>()
            .join(" ")
    })
    .collect()
}

#[tokio::test]
async fn f11_a_file_that_cannot_be_brought_up_to_date_stays_as_it_was() {
    for version in 1..=VERSIONS.len() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("store.db");
        make(&path, version);
        // Something of another's stands where one of the last of the new tables should.
        let connection = rusqlite::Connection::open(&path).unwrap();
        connection
            .execute_batch("CREATE TABLE deed (other TEXT)")
            .unwrap();
        drop(connection);
        let before = schema(&path);
        assert!(open(&path).is_err());
        assert_eq!(schema(&path), before);
        assert_eq!(
            number(&path, "SELECT user_version FROM pragma_user_version"),
            version as i64
        );
    }
}

#[tokio::test]
async fn f11_a_backup_of_each_released_version_is_restored_and_brought_up_to_date() {
    for version in 1..=VERSIONS.len() {
        let folder = tempfile::tempdir().unwrap();
        let backup = folder.path().join("backup.db");
        make(&backup, version);
        let place = folder.path().join("store.db");
        SqliteStore::restore(&backup, &place).unwrap();
        let store = open(&place).unwrap();
        let history = store.history(&sight(), "Flag", "f1").await.unwrap();
        assert_eq!(history.len(), 2, "version {version}");
        drop(store);
        assert_eq!(
            number(&backup, "SELECT user_version FROM pragma_user_version"),
            version as i64,
            "the backup itself stays as it was"
        );
    }
}

/// While one has the store open, nobody brings its tables up to date beneath it, and a Causeway of
/// the first versions, which must be alone, is not let in beside another.
#[tokio::test]
async fn f11_whoever_must_be_alone_is_told_that_it_is_not() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    make(&path, 2);
    let alone = std::fs::File::options()
        .create(true)
        .truncate(false)
        .write(true)
        .open(folder.path().join("store.db.lock"))
        .unwrap();
    alone.try_lock_shared().unwrap();
    assert!(matches!(open(&path), Err(Error::InUse { .. })));
    assert_eq!(
        number(&path, "SELECT user_version FROM pragma_user_version"),
        2
    );
    alone.unlock().unwrap();
    let store = open(&path).unwrap();
    assert!(
        alone.try_lock().is_err(),
        "an earlier Causeway finds it in use"
    );
    drop(store);
    alone.try_lock().unwrap();
    assert!(matches!(open(&path), Err(Error::InUse { .. })));
}
