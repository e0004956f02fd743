//! Several openers of one file: a command beside a running server.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

use std::path::Path;
use std::sync::Arc;
use std::time::Duration;

use store::{
    Batch, Error, Expected, IndexRow, JobState, Jobs as _, NewJob, Options, Outcome, Query, Reach,
    Sight, SqliteStore, Store, Submission, Tenant, Write,
};

fn open(path: &Path) -> Arc<SqliteStore> {
    Arc::new(SqliteStore::open(path, Options::default()).unwrap())
}

fn sight() -> Sight {
    Sight::new(vec![Reach::own(Tenant::new("home"))], Default::default())
}

fn write(id: &str, text: &str) -> Write {
    let resource = format!(r#"{{"resourceType":"Flag","id":"{id}","x":"{text}"}}"#);
    let mut write = Write::new(
        json::parse(resource.as_bytes()).unwrap(),
        "homes",
        "2026-01-01T00:00:00Z".parse().unwrap(),
    );
    // A word that is new each time: its number must be given out once.
    write.index = vec![IndexRow::Token {
        param: format!("p-{}", text.len() % 7),
        system: format!("urn:{text}"),
        code: id.into(),
    }];
    write
}

fn batch(writes: Vec<Write>) -> Batch {
    let mut batch = Batch::new(Tenant::new("home"), "");
    batch.writes = writes;
    batch
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f07_two_that_write_one_file_create_each_resource_once_and_leave_no_gap() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let stores = [open(&path), open(&path), open(&path)];
    let mut tasks = Vec::new();
    for (number, store) in stores.iter().enumerate() {
        let store = Arc::clone(store);
        tasks.push(tokio::spawn(async move {
            let mut created = 0;
            for round in 0..40 {
                let shared = format!("shared-{round}");
                let own = format!("own-{number}-{round}");
                let writes = vec![
                    write(&shared, &format!("{number}")),
                    write(&own, &format!("{number}-{round}")),
                ];
                let committed = store.commit(batch(writes)).await.unwrap();
                assert_eq!(committed.writes[1], Outcome::Created { version: 1 });
                created += usize::from(matches!(committed.writes[0], Outcome::Created { .. }));
            }
            created
        }));
    }
    let mut created = 0;
    for task in tasks {
        created += task.await.unwrap();
    }
    assert_eq!(created, 40, "each shared one was new to one of them");
    for round in 0..40 {
        for store in &stores {
            let id = format!("shared-{round}");
            let history = store.history(&sight(), "Flag", &id).await.unwrap();
            let versions: Vec<u64> = history.iter().rev().map(|one| one.version).collect();
            let expected: Vec<u64> = (1..=versions.len() as u64).collect();
            assert_eq!(versions, expected, "no version is lost or given out twice");
            let moments: Vec<_> = history.iter().rev().map(|one| one.updated).collect();
            assert!(moments.is_sorted());
        }
    }
    let mut query = Query::new("Flag");
    query.count = 1000;
    let page = stores[0].search(&sight(), &query).await.unwrap();
    assert_eq!(page.items.len(), 160);
    drop(stores);
    let connection = rusqlite::Connection::open(&path).unwrap();
    let count = |sql: &str| -> i64 { connection.query_row(sql, [], |row| row.get(0)).unwrap() };
    assert_eq!(
        count("SELECT count(*) FROM token WHERE system NOT IN (SELECT no FROM word)"),
        0
    );
    let sound: String = connection
        .query_row("PRAGMA integrity_check", [], |row| row.get(0))
        .unwrap();
    assert_eq!(sound, "ok");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f07_no_update_is_lost_between_two_openers() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let stores = [open(&path), open(&path)];
    stores[0]
        .commit(batch(vec![write("counter", "0")]))
        .await
        .unwrap();
    let mut tasks = Vec::new();
    for number in 0..6 {
        let store = Arc::clone(&stores[number % 2]);
        tasks.push(tokio::spawn(async move {
            let mut won = 0u64;
            for _ in 0..20 {
                let read = store.read(&sight(), "Flag", "counter").await.unwrap();
                let read = read.unwrap();
                let body = json::parse(&read.body).unwrap();
                let count: u64 = body.text("x").unwrap().parse().unwrap();
                let mut next = write("counter", &(count + 1).to_string());
                next.expected = Expected::Version(read.version);
                let committed = store.commit(batch(vec![next])).await.unwrap();
                won += u64::from(matches!(committed.writes[0], Outcome::Updated { .. }));
            }
            won
        }));
    }
    let mut won = 0;
    for task in tasks {
        won += task.await.unwrap();
    }
    for store in &stores {
        let read = store.read(&sight(), "Flag", "counter").await.unwrap();
        let read = read.unwrap();
        assert_eq!(read.version, won + 1);
        let body = json::parse(&read.body).unwrap();
        assert_eq!(body.text("x"), Some(won.to_string().as_str()));
    }
    assert!(won >= 20);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f07_two_openers_share_the_jobs_and_none_is_done_twice() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let stores = [open(&path), open(&path)];
    let mut queue = Batch::new(Tenant::new("home"), "s1");
    queue.submission = Some(Submission::new(
        Tenant::new("home"),
        "s1",
        "homes",
        "2026-01-01T00:00:00Z".parse().unwrap(),
    ));
    for number in 0..60 {
        queue.jobs.push(NewJob {
            submission: "s1".into(),
            source: format!("source-{}", number % 4),
            kind: "file".into(),
            argument: number.to_string(),
            run_at: None,
        });
    }
    stores[0].commit(queue).await.unwrap();
    let mut tasks = Vec::new();
    for number in 0..4 {
        let store = Arc::clone(&stores[number % 2]);
        tasks.push(tokio::spawn(async move {
            let mut done = Vec::new();
            loop {
                let claim = store
                    .claim(&format!("w{number}"), Duration::from_secs(60))
                    .await
                    .unwrap();
                let Some(claim) = claim else {
                    if store.backlog().await.unwrap().waiting == 0 {
                        return done;
                    }
                    tokio::time::sleep(Duration::from_millis(2)).await;
                    continue;
                };
                let mut batch = Batch::new(Tenant::new("home"), "s1");
                batch.fence = Some(claim.fence());
                batch.finish = Some(JobState::Done);
                store.commit(batch).await.unwrap();
                done.push((
                    claim.job.work.source,
                    claim.job.work.argument.parse::<u32>().unwrap(),
                ));
            }
        }));
    }
    let mut all = Vec::new();
    for task in tasks {
        let done = task.await.unwrap();
        all.extend(done.into_iter().map(|(_, number)| number));
    }
    all.sort_unstable();
    assert_eq!(all, (0..60).collect::<Vec<u32>>());
}

#[tokio::test]
async fn a_file_that_another_holds_too_long_is_told_as_busy_and_nothing_is_lost() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let options = Options {
        patience: Duration::from_millis(200),
        ..Options::default()
    };
    let store = SqliteStore::open(&path, options).unwrap();
    store.commit(batch(vec![write("a", "1")])).await.unwrap();
    let other = rusqlite::Connection::open(&path).unwrap();
    other.execute_batch("BEGIN IMMEDIATE").unwrap();
    let busy = store.commit(batch(vec![write("a", "2")])).await;
    assert!(matches!(busy, Err(Error::Busy)), "{busy:?}");
    // It is read all the same, and once the other is done it is written to.
    let read = store.read(&sight(), "Flag", "a").await.unwrap().unwrap();
    assert_eq!(read.version, 1);
    other.execute_batch("ROLLBACK").unwrap();
    let committed = store.commit(batch(vec![write("a", "2")])).await.unwrap();
    assert_eq!(committed.writes, [Outcome::Updated { version: 2 }]);
}

#[tokio::test]
async fn a_rehearsal_gives_out_no_number_that_is_missed_afterwards() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path);
    store.commit(batch(vec![write("a", "1")])).await.unwrap();
    let mut trial = batch(vec![write("a", "2"), write("b", "new-word")]);
    trial.rehearse = true;
    let told = store.commit(trial.clone()).await.unwrap();
    assert_eq!(
        told.writes,
        [
            Outcome::Updated { version: 2 },
            Outcome::Created { version: 1 }
        ]
    );
    trial.rehearse = false;
    let done = store.commit(trial).await.unwrap();
    assert_eq!(done, told, "what was told is what happens");
    store.commit(batch(vec![write("c", "3")])).await.unwrap();
    drop(store);
    let connection = rusqlite::Connection::open(&path).unwrap();
    let (last, count): (i64, i64) = connection
        .query_row("SELECT max(vid), count(*) FROM version", [], |row| {
            Ok((row.get(0)?, row.get(1)?))
        })
        .unwrap();
    assert_eq!((last, count), (4, 4));
}

/// Where the process that is killed finds the store, and whose turn it is.
const STORE: &str = "CAUSEWAY_TEST_STORE";
const ROUND: &str = "CAUSEWAY_TEST_ROUND";

fn pair(round: &str, number: usize) -> Batch {
    batch(vec![
        write(&format!("a-{round}-{number}"), "x"),
        write(&format!("b-{round}-{number}"), "x"),
    ])
}

#[tokio::test]
#[ignore = "the process that f01_a_process_that_is_killed_takes_nothing_with_it starts and kills"]
async fn writes_until_it_is_killed() {
    let Ok(path) = std::env::var(STORE) else {
        return; // Somebody runs all that is ignored: there is nothing to do here.
    };
    let round = std::env::var(ROUND).unwrap();
    let store = open(Path::new(&path));
    for number in 0.. {
        store.commit(pair(&round, number)).await.unwrap();
        println!("\nstored {number}");
    }
}

#[tokio::test]
async fn f01_a_process_that_is_killed_takes_nothing_with_it() {
    use std::io::BufRead as _;

    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("store.db");
    let store = open(&path);
    for round in 0..6usize {
        let mut child = std::process::Command::new(std::env::current_exe().unwrap())
            .args([
                "--exact",
                "writes_until_it_is_killed",
                "--ignored",
                "--nocapture",
            ])
            .env(STORE, &path)
            .env(ROUND, round.to_string())
            .stdout(std::process::Stdio::piped())
            .stderr(std::process::Stdio::null())
            .spawn()
            .unwrap();
        let lines = std::io::BufReader::new(child.stdout.take().unwrap()).lines();
        let mut stored = 0;
        for line in lines {
            let Ok(line) = line else { break };
            if let Some(number) = line.strip_prefix("stored ") {
                stored = number.parse::<usize>().unwrap() + 1;
                if stored == 1 + round * 5 {
                    // This one writes beside it, and then kills it wherever it is.
                    let own = pair(&format!("own{round}"), 0);
                    store.commit(own).await.unwrap();
                    child.kill().unwrap();
                }
            }
        }
        child.wait().unwrap();
        assert!(stored > round * 5, "it had begun");
        let mut there = 0;
        loop {
            let mut found = 0;
            for side in ["a", "b"] {
                let id = format!("{side}-{round}-{there}");
                let read = store.read(&sight(), "Flag", &id).await.unwrap();
                found += usize::from(read.is_some());
            }
            assert_ne!(found, 1, "half a batch");
            if found == 0 {
                break;
            }
            there += 1;
        }
        assert!(there >= stored, "{there} of {stored} that were answered");
        let after = pair(&format!("after{round}"), 0);
        let committed = store.commit(after).await.unwrap();
        assert_eq!(committed.writes, [Outcome::Created { version: 1 }; 2]);
    }
}
