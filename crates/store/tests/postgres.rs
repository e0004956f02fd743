//! What is particular to PostgreSQL: the second lock, starting, and several gateways at once.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod gateways;

use std::collections::BTreeSet;
use std::sync::Arc;
use std::time::{Duration, Instant};

use gateways::*;
use store::{
    Error, Expected, Outcome, PersonKeys, PostgresOptions, PostgresStore, Query, Store, Tenant,
};

/// The tables whose rows are of a tenant.
fn tables(database: &postgres_peer::Database) -> Vec<String> {
    database.admin(
        "SELECT CAST(c.relname AS TEXT) FROM pg_class c
         JOIN pg_attribute a ON a.attrelid = c.oid AND a.attname = 'tenant' AND a.attnotnull
         WHERE c.relkind = 'r' AND c.relnamespace = 'public'::regnamespace ORDER BY 1",
    )
}

#[tokio::test]
async fn a_question_that_forgets_the_tenant_is_answered_with_nothing() {
    let Some(database) = postgres_peer::database() else {
        return;
    };
    let store = gateway(&database).await;
    for home in ["one", "two"] {
        let mut patient = write("Patient", "p1", "active");
        patient.patient = Some("p1".into());
        patient.person = Some(PersonKeys {
            nhs_number: Some("9990000018".into()),
            ..PersonKeys::default()
        });
        patient.labels = vec![store::Label::new("urn:l", "x")];
        put(&store, home, vec![patient]).await.unwrap();
    }
    let tables = tables(&database);
    assert!(tables.len() > 15, "{tables:?}");
    let mut filled = 0;
    for table in &tables {
        let locked = database.admin(&format!(
            "SELECT CAST(relrowsecurity AND relforcerowsecurity AS TEXT) FROM pg_class
             WHERE oid = '{table}'::regclass"
        ));
        assert_eq!(locked, ["true"], "{table} has the second lock");
        let count = |before: &str| {
            database
                .as_gateway(&format!(
                    "{before} SELECT CAST(count(*) AS TEXT) FROM {table}"
                ))
                .unwrap()
        };
        assert_eq!(
            count(""),
            ["0"],
            "{table} shows nothing to who enters no tenant"
        );
        let all: u64 = database.admin(&format!("SELECT CAST(count(*) AS TEXT) FROM {table}"))[0]
            .parse()
            .unwrap();
        filled += u32::from(all > 0);
        for tenant in [1, 2] {
            let seen = database
                .as_gateway(&format!(
                    "SELECT set_config('causeway.tenant', '{tenant}', FALSE);
                     SELECT CAST(tenant AS TEXT) FROM {table}"
                ))
                .unwrap();
            let others = seen.iter().skip(1).filter(|of| **of != tenant.to_string());
            assert_eq!(
                others.count(),
                0,
                "{table} shows tenant {tenant} its own alone"
            );
        }
    }
    assert!(filled >= 6, "the tables that are asked hold something");
    // Nor does a writer who forgot, or who means another's.
    for before in ["", "SELECT set_config('causeway.tenant', '1', FALSE);"] {
        let refused = database
            .as_gateway(&format!(
                "{before} INSERT INTO token (tenant, param, code, rid, system)
                 VALUES (2, 1, 'x', 1, 1)"
            ))
            .unwrap_err();
        assert!(refused.contains("row-level security"), "{refused}");
    }
    // The person index opens for one number, and for nothing but the index.
    let across = "SELECT set_config('causeway.nhs_number', '9990000018', FALSE);";
    let seen = |sql: &str| {
        database
            .as_gateway(&format!("{across} {sql}"))
            .unwrap()
            .len()
            - 1
    };
    assert_eq!(seen("SELECT nhs FROM person"), 2);
    assert_eq!(seen("SELECT id FROM resource"), 0);
    let other = across.replace("0018", "0026");
    let found = database.as_gateway(&format!("{other} SELECT nhs FROM person"));
    assert_eq!(found.unwrap().len(), 1);
}

#[tokio::test]
async fn what_never_changes_cannot_be_changed_by_a_gateway() {
    let Some(database) = postgres_peer::database() else {
        return;
    };
    let store = gateway(&database).await;
    put(&store, "one", vec![write("Flag", "f1", "a")])
        .await
        .unwrap();
    let enter = "SELECT set_config('causeway.tenant', '1', FALSE);";
    for sql in [
        "UPDATE version SET body = ''",
        "DELETE FROM version",
        "UPDATE deed SET what = 'x'",
        "DELETE FROM deed",
        "UPDATE mapping_event SET by = 'x'",
        "DELETE FROM mapping_blob",
        "UPDATE identity_decision SET note = 'x'",
        "UPDATE directory_change SET content = 'x'",
        "DROP TABLE version",
        "ALTER TABLE resource DISABLE ROW LEVEL SECURITY",
        "UPDATE causeway_schema SET version = 1",
    ] {
        let refused = database.as_gateway(&format!("{enter} {sql}")).unwrap_err();
        assert!(
            refused.contains("permission denied") || refused.contains("must be owner"),
            "{sql}: {refused}"
        );
    }
}

#[tokio::test]
async fn a_role_that_looks_past_the_lock_is_refused() {
    let Some(database) = postgres_peer::database() else {
        return;
    };
    let error = PostgresStore::connect(PostgresOptions::new(&database.admin_url))
        .await
        .unwrap_err();
    assert!(error.to_string().contains("row-level security"), "{error}");
    // The owner of the tables is bound by it too.
    let store = PostgresStore::connect(PostgresOptions::new(&database.owner_url))
        .await
        .unwrap();
    put(&store, "one", vec![write("Flag", "f1", "a")])
        .await
        .unwrap();
    let mut owner = database.clone();
    owner.url = database.owner_url.clone();
    let seen = owner.as_gateway("SELECT id FROM resource").unwrap();
    assert!(seen.is_empty());
    assert_eq!(database.admin("SELECT id FROM resource"), ["f1"]);
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn gateways_that_start_at_once_make_the_tables_once() {
    let Some(database) = postgres_peer::database() else {
        return;
    };
    let mut starting = Vec::new();
    for _ in 0..6 {
        let database = database.clone();
        starting.push(tokio::spawn(async move { gateway(&database).await }));
    }
    for (number, started) in starting.into_iter().enumerate() {
        let store = started.await.unwrap();
        let outcome = put(
            &store,
            "one",
            vec![write("Flag", &format!("f{number}"), "a")],
        )
        .await;
        assert_eq!(outcome.unwrap().writes, [Outcome::Created { version: 1 }]);
    }
    let versions = database.admin("SELECT CAST(count(*) AS TEXT) FROM causeway_schema");
    assert_eq!(versions, ["1"]);
}

#[tokio::test]
async fn tables_of_a_later_program_are_refused_and_left_alone() {
    let Some(database) = postgres_peer::database() else {
        return;
    };
    drop(gateway(&database).await);
    database.admin("INSERT INTO causeway_schema (version) VALUES (999)");
    let error = PostgresStore::connect(options(&database))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::TooNew { found: 999, .. }), "{error}");
}

#[tokio::test]
async fn a_failure_names_no_password_and_no_value() {
    let options = PostgresOptions::new("postgres://who:hunter2@127.0.0.1:1/none");
    let error = PostgresStore::connect(options).await.unwrap_err();
    assert!(!error.to_string().contains("hunter2"), "{error}");
    let broken = PostgresOptions::new("postgres://who:hunter2@:not-a-port/none");
    let error = PostgresStore::connect(broken).await.unwrap_err();
    assert!(!format!("{error} {error:?}").contains("hunter2"), "{error}");
}

/// Eight writers in two gateways, each reading a counter and writing it back plus one.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn no_update_is_lost_between_gateways() {
    let Some(database) = postgres_peer::database() else {
        return;
    };
    let stores = [
        Arc::new(gateway(&database).await),
        Arc::new(gateway(&database).await),
    ];
    put(&*stores[0], "one", vec![write("Patient", "p1", "0")])
        .await
        .unwrap();
    let mut writers = Vec::new();
    for number in 0..8 {
        let store = Arc::clone(&stores[number % 2]);
        writers.push(tokio::spawn(async move {
            let mut won = 0u64;
            for _ in 0..15 {
                let read = store
                    .read(&own("one"), "Patient", "p1")
                    .await
                    .unwrap()
                    .unwrap();
                let count: u64 = content(&read.body).parse().unwrap();
                let next = write("Patient", "p1", &(count + 1).to_string());
                let next = expecting(next, Expected::Version(read.version));
                match put(&*store, "one", vec![next]).await.unwrap().writes[0] {
                    Outcome::Updated { .. } => won += 1,
                    Outcome::Conflict { .. } => {}
                    other => panic!("{other:?}"),
                }
            }
            won
        }));
    }
    let mut won = 0;
    for writer in writers {
        won += writer.await.unwrap();
    }
    let history = stores[1]
        .history(&own("one"), "Patient", "p1")
        .await
        .unwrap();
    assert_eq!(content(&history[0].body), won.to_string());
    assert_eq!(history[0].version, won + 1);
    assert_eq!(history.len() as u64, won + 1);
    assert!(won >= 15, "somebody always wins");
}

/// A search that goes page by page, and a scan, while two gateways add resources: what was there at
/// the start is met once, and the scan meets everything that was ever added before it ended.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn places_in_lists_stay_right_while_gateways_write() {
    let Some(database) = postgres_peer::database() else {
        return;
    };
    let stores = [
        Arc::new(gateway(&database).await),
        Arc::new(gateway(&database).await),
    ];
    let name = |n: usize| format!("f{n:04}");
    let first: Vec<_> = (0..40).map(|n| write("Flag", &name(n), "a")).collect();
    put(&*stores[0], "one", first).await.unwrap();
    let mut writers = Vec::new();
    for (number, store) in stores.iter().enumerate() {
        for half in 0..2 {
            let store = Arc::clone(store);
            writers.push(tokio::spawn(async move {
                for round in 0..12 {
                    let from = 1000 + 1000 * (2 * number + half) + 10 * round;
                    let some = (from..from + 1 + round % 3).map(|n| write("Flag", &name(n), "a"));
                    put(&*store, "one", some.collect()).await.unwrap();
                }
            }));
        }
    }
    let mut met = Vec::new();
    let mut query = Query::new("Flag");
    query.count = 3;
    loop {
        let page = stores[1].search(&own("one"), &query).await.unwrap();
        met.extend(page.items.into_iter().map(|item| item.id));
        query.after = page.next;
        if query.after.is_none() {
            break;
        }
    }
    let once: BTreeSet<&String> = met.iter().collect();
    assert_eq!(once.len(), met.len(), "nothing is met twice");
    assert!(
        (0..40).all(|n| once.contains(&name(n))),
        "nothing is left out"
    );

    // Whoever follows the scan, asking again from where it ended, misses nothing that came meanwhile.
    let (mut from, mut scanned, mut written) = (0, BTreeSet::new(), false);
    loop {
        let ended = writers.iter().all(tokio::task::JoinHandle::is_finished);
        let part = stores[0]
            .scan(&own("one"), &Tenant::new("one"), from, 5)
            .await
            .unwrap();
        let followed = part.next.is_some();
        if let Some(next) = part.next {
            for item in part.items {
                assert!(scanned.insert(item.id), "nothing is met twice");
            }
            from = next;
        } else if written {
            scanned.extend(part.items.into_iter().map(|item| item.id));
            break;
        }
        written = ended && !followed;
    }
    for writer in writers {
        writer.await.unwrap();
    }
    let count: usize = database.admin("SELECT CAST(count(*) AS TEXT) FROM resource")[0]
        .parse()
        .unwrap();
    assert_eq!(scanned.len(), count);
    // The order of the numbers is the order of the commits.
    let torn = database.admin(
        "SELECT a.id FROM resource a JOIN resource b ON b.tenant = a.tenant AND b.rid > a.rid
         WHERE b.updated < a.updated",
    );
    assert!(torn.is_empty(), "{torn:?}");
}

#[tokio::test]
async fn f08_the_moment_never_goes_back() {
    let Some(database) = postgres_peer::database() else {
        return;
    };
    let store = gateway(&database).await;
    put(&store, "one", vec![write("Flag", "f1", "a")])
        .await
        .unwrap();
    // What a clock that was an hour ahead has left behind.
    database.admin("UPDATE clock SET now = now + 3600000000 WHERE tenant = 1");
    put(&store, "one", vec![write("Flag", "f1", "b")])
        .await
        .unwrap();
    let other = gateway(&database).await;
    put(&other, "one", vec![write("Flag", "f1", "c")])
        .await
        .unwrap();
    let history = other.history(&own("one"), "Flag", "f1").await.unwrap();
    let moments: Vec<_> = history
        .iter()
        .rev()
        .map(|version| version.updated)
        .collect();
    assert!(moments.is_sorted(), "{moments:?}");
    assert!(moments[1] > moments[0] + jiff::SignedDuration::from_mins(59));
}

#[tokio::test]
async fn a_writer_who_waits_too_long_is_told_to_come_again() {
    let Some(database) = postgres_peer::database() else {
        return;
    };
    drop(gateway(&database).await);
    let mut options = options(&database);
    options.statement = Duration::from_millis(300);
    options.patience = Duration::from_millis(100);
    options.acquire = Duration::from_millis(300);
    options.connections = 2;
    let store = Arc::new(PostgresStore::connect(options).await.unwrap());
    put(&*store, "one", vec![write("Flag", "f1", "a")])
        .await
        .unwrap();
    // Somebody holds the tenant's clock, from a process that hangs.
    let held = database.clone();
    let holder = std::thread::spawn(move || {
        held.admin(
            "BEGIN; SELECT CAST(now AS TEXT) FROM clock FOR UPDATE; SELECT 'x' FROM pg_sleep(3)",
        )
    });
    while database
        .admin("SELECT 'x' FROM pg_stat_activity WHERE query LIKE 'BEGIN; SELECT CAST(now%' AND pid <> pg_backend_pid()")
        .is_empty()
    {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
    let started = Instant::now();
    let error = put(&*store, "one", vec![write("Flag", "f1", "b")])
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Busy), "{error}");
    assert!(
        started.elapsed() < Duration::from_secs(3),
        "the caller is not kept"
    );
    // Another tenant's writer does not wait for it, and readers do not either.
    put(&*store, "two", vec![write("Flag", "f1", "a")])
        .await
        .unwrap();
    let read = store
        .read(&own("one"), "Flag", "f1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(content(&read.body), "a");
    // More writers than connections: those who get none are told so.
    let mut waiting = Vec::new();
    for _ in 0..6 {
        let store = Arc::clone(&store);
        waiting.push(tokio::spawn(async move {
            put(&*store, "one", vec![write("Flag", "f1", "b")]).await
        }));
    }
    for waited in waiting {
        assert!(matches!(waited.await.unwrap(), Err(Error::Busy)));
    }
    holder.join().unwrap();
    put(&*store, "one", vec![write("Flag", "f1", "b")])
        .await
        .unwrap();
}

#[tokio::test]
async fn the_wire_is_encrypted_and_the_server_known() {
    let Some(server) = postgres_peer::Server::start_with_tls() else {
        return;
    };
    // Whoever runs the test reads the authority's certificate; the server's folder is the server's.
    let folder = tempfile::tempdir().unwrap();
    let authority = folder.path().join("authority.crt");
    std::fs::copy(server.authority(), &authority).unwrap();
    let database = server.database();
    let with = |mode: &str, authority: Option<&std::path::Path>| {
        let root = authority.map(|file| format!("&sslrootcert={}", file.display()));
        let ask = |url: &str| format!("{url}?sslmode={mode}{}", root.clone().unwrap_or_default());
        let mut options = options(&database);
        options.patience = Duration::from_millis(200);
        options.owner_url = Some(ask(&database.owner_url));
        options.url = ask(&database.url);
        options
    };
    let store = PostgresStore::connect(with("verify-full", Some(&authority)))
        .await
        .unwrap();
    put(&store, "one", vec![write("Flag", "f1", "a")])
        .await
        .unwrap();
    let encrypted = database.admin(
        "SELECT DISTINCT CAST(s.ssl AS TEXT) FROM pg_stat_ssl s
         JOIN pg_stat_activity a ON a.pid = s.pid WHERE a.application_name = 'causeway'",
    );
    assert_eq!(encrypted, ["true"]);
    // A server that nobody vouches for is not spoken to.
    let error = PostgresStore::connect(with("verify-full", None))
        .await
        .unwrap_err();
    assert!(matches!(error, Error::Open { .. }), "{error}");
}
