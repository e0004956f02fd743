//! Compare-and-set, versions, as-of, atomicity.

use store::{Batch, Error, Expected, Outcome, Retire, Retired, Status};

use crate::*;

#[tokio::test]
async fn a_new_resource_is_version_1_and_says_so() {
    let store = fresh().await;
    let outcome = put(&*store, "home", write("Patient", "p1", "a", "2026-01-01")).await;
    assert_eq!(outcome, Outcome::Created { version: 1 });
    let read = store
        .read(&own("home"), "Patient", "p1")
        .await
        .unwrap()
        .unwrap();
    let body = json::parse(&read.body).unwrap();
    let meta = body.get("meta").unwrap();
    assert_eq!(meta.text("versionId"), Some("1"));
    let updated: Timestamp = meta.text("lastUpdated").unwrap().parse().unwrap();
    assert_eq!(updated, read.updated);
    assert_eq!((read.version, read.as_of), (1, day("2026-01-01")));
}

#[tokio::test]
async fn what_meta_holds_besides_is_kept_and_what_it_claims_of_versions_is_not() {
    let store = fresh().await;
    let mut claimed = write("Patient", "p1", "a", "2026-01-01");
    claimed.resource = json::parse(
        br#"{"resourceType":"Patient","meta":{"versionId":"77","profile":["u"],"lastUpdated":"1999-01-01T00:00:00Z"},"id":"p1","multipleBirthInteger":1,"x":0.10}"#,
    )
    .unwrap();
    put(&*store, "home", claimed).await;
    let read = store
        .read(&own("home"), "Patient", "p1")
        .await
        .unwrap()
        .unwrap();
    let body = String::from_utf8(read.body).unwrap();
    // Whole values: the digits of the time that the store writes may be any.
    assert!(body.contains(r#""versionId":"1""#) && !body.contains(r#""77""#));
    assert!(!body.contains("1999-01-01"));
    assert!(body.contains(r#""profile":["u"]"#) && body.contains("0.10"));
    assert!(json::parse(body.as_bytes()).is_ok());
}

#[tokio::test]
async fn unchanged_content_is_not_a_new_version() {
    let store = fresh().await;
    put(&*store, "home", write("Patient", "p1", "a", "2026-01-01")).await;
    let again = put(&*store, "home", write("Patient", "p1", "a", "2026-01-05")).await;
    assert_eq!(again, Outcome::Unchanged { version: 1 });
    let read = store
        .read(&own("home"), "Patient", "p1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        read.as_of,
        day("2026-01-05"),
        "it is known to hold on the later day"
    );
    let history = store.history(&own("home"), "Patient", "p1").await.unwrap();
    assert_eq!(history.len(), 1);
}

#[tokio::test]
async fn changed_content_is_a_new_version_and_the_old_one_stays() {
    let store = fresh().await;
    put(&*store, "home", write("Patient", "p1", "old", "2026-01-01")).await;
    let outcome = put(&*store, "home", write("Patient", "p1", "new", "2026-01-02")).await;
    assert_eq!(outcome, Outcome::Updated { version: 2 });
    let history = store.history(&own("home"), "Patient", "p1").await.unwrap();
    let texts: Vec<_> = history.iter().map(|v| (v.version, text(&v.body))).collect();
    assert_eq!(texts, [(2, "new".to_owned()), (1, "old".to_owned())]);
    let first = store
        .vread(&own("home"), "Patient", "p1", 1)
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (text(&first.body), first.as_of),
        ("old".to_owned(), day("2026-01-01"))
    );
    assert_eq!(
        store.vread(&own("home"), "Patient", "p1", 3).await.unwrap(),
        None
    );
    assert_eq!(
        store
            .vread(&own("home"), "Patient", "p1", u64::MAX)
            .await
            .unwrap(),
        None
    );
}

#[tokio::test]
async fn cs_04_older_never_overwrites_newer() {
    let store = fresh().await;
    put(
        &*store,
        "home",
        write("Patient", "p1", "newer", "2026-02-01"),
    )
    .await;
    let outcome = put(
        &*store,
        "home",
        write("Patient", "p1", "older", "2026-01-31"),
    )
    .await;
    assert_eq!(outcome, Outcome::Older { version: 1 });
    let read = store
        .read(&own("home"), "Patient", "p1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(
        (text(&read.body).as_str(), read.as_of),
        ("newer", day("2026-02-01"))
    );
    // What the newer file confirmed counts as newer too.
    put(
        &*store,
        "home",
        write("Patient", "p1", "newer", "2026-03-01"),
    )
    .await;
    let outcome = put(
        &*store,
        "home",
        write("Patient", "p1", "older", "2026-02-15"),
    )
    .await;
    assert_eq!(outcome, Outcome::Older { version: 1 });
    // The same moment said again, differently, is a correction.
    let outcome = put(
        &*store,
        "home",
        write("Patient", "p1", "mended", "2026-03-01"),
    )
    .await;
    assert_eq!(outcome, Outcome::Updated { version: 2 });
}

#[tokio::test]
async fn a_write_that_expects_another_version_changes_nothing() {
    let store = fresh().await;
    let absent = |content| {
        expecting(
            write("Patient", "p1", content, "2026-01-01"),
            Expected::Absent,
        )
    };
    let at = |content, version| {
        expecting(
            write("Patient", "p1", content, "2026-01-01"),
            Expected::Version(version),
        )
    };
    assert_eq!(
        put(&*store, "home", at("a", 1)).await,
        Outcome::Conflict { version: None }
    );
    assert_eq!(
        put(&*store, "home", absent("a")).await,
        Outcome::Created { version: 1 }
    );
    assert_eq!(
        put(&*store, "home", absent("b")).await,
        Outcome::Conflict { version: Some(1) }
    );
    assert_eq!(
        put(&*store, "home", at("b", 1)).await,
        Outcome::Updated { version: 2 }
    );
    assert_eq!(
        put(&*store, "home", at("c", 1)).await,
        Outcome::Conflict { version: Some(2) }
    );
    let read = store
        .read(&own("home"), "Patient", "p1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!(text(&read.body), "b");
}

#[tokio::test]
async fn a_batch_is_applied_whole_or_not_at_all() {
    let store = fresh().await;
    let mut batch = Batch::new(tenant("home"), "no-such-submission");
    batch.writes = vec![write("Patient", "p1", "a", "2026-01-01")];
    batch.quarantine = vec![store::Quarantined::default()];
    assert!(matches!(
        store.commit(batch).await,
        Err(Error::UnknownSubmission)
    ));
    assert_eq!(
        store.read(&own("home"), "Patient", "p1").await.unwrap(),
        None
    );
    let mut batch = Batch::new(tenant("home"), "");
    batch.writes = vec![
        write("Patient", "p1", "a", "2026-01-01"),
        write("Patient", "not an id", "a", "2026-01-01"),
    ];
    assert!(matches!(
        store.commit(batch).await,
        Err(Error::Unusable { write: 1, .. })
    ));
    assert_eq!(
        store.read(&own("home"), "Patient", "p1").await.unwrap(),
        None
    );
    // The store goes on, and its numbers with it.
    assert_eq!(
        put(&*store, "home", write("Patient", "p1", "a", "2026-01-01")).await,
        Outcome::Created { version: 1 }
    );
}

#[tokio::test]
async fn two_writes_of_one_resource_in_a_batch_are_applied_in_order() {
    let store = fresh().await;
    let rows = |code| [token("status", "", code), token("same", "", "x")];
    let committed = commit(
        &*store,
        "home",
        vec![
            indexed(write("Flag", "f1", "a", "2026-01-01"), rows("one")),
            indexed(write("Flag", "f1", "b", "2026-01-01"), rows("two")),
            indexed(write("Flag", "f1", "b", "2026-01-01"), rows("two")),
        ],
    )
    .await;
    assert_eq!(
        committed.writes,
        [
            Outcome::Created { version: 1 },
            Outcome::Updated { version: 2 },
            Outcome::Unchanged { version: 2 }
        ]
    );
    let hits = |code: &str| search::by_token("Flag", "status", code);
    assert_eq!(
        search::ids(&*store, &own("home"), &hits("one")).await,
        [""; 0]
    );
    assert_eq!(
        search::ids(&*store, &own("home"), &hits("two")).await,
        ["f1"]
    );
}

#[tokio::test]
async fn cs_04_what_vanished_is_retired_and_comes_back() {
    let store = fresh().await;
    let flag = |as_of| {
        indexed(
            write("Flag", "f1", "falls", as_of),
            [token("status", "", "active")],
        )
    };
    put(&*store, "home", flag("2026-01-01")).await;
    let retire = |source: &str, as_of: &str| {
        let mut batch = Batch::new(tenant("home"), "");
        batch.retire = vec![Retire {
            source: source.into(),
            as_of: day(as_of),
            ids: vec![("Flag".into(), "f1".into()), ("Flag".into(), "none".into())],
            tag: Some(json::parse(br#"{"code":"no-longer-reported"}"#).unwrap()),
            only_said_by: None,
        }];
        batch
    };
    for untouched in [retire("other", "2026-02-01"), retire("homes", "2025-12-31")] {
        let outcome = store.commit(untouched).await.unwrap();
        assert_eq!(outcome.retired, [[Retired::LeftAlone, Retired::LeftAlone]]);
    }
    let outcome = store.commit(retire("homes", "2026-02-01")).await.unwrap();
    assert_eq!(
        outcome.retired,
        [[Retired::Retired { version: 2 }, Retired::LeftAlone]]
    );

    assert_eq!(store.read(&own("home"), "Flag", "f1").await.unwrap(), None);
    let active = search::by_token("Flag", "status", "active");
    assert_eq!(search::ids(&*store, &own("home"), &active).await, [""; 0]);
    let all = own("home").with_retired();
    let read = store.read(&all, "Flag", "f1").await.unwrap().unwrap();
    assert_eq!(
        (read.status, text(&read.body).as_str()),
        (Status::Retired, "falls")
    );
    assert!(String::from_utf8_lossy(&read.body).contains("no-longer-reported"));
    assert_eq!(search::ids(&*store, &all, &active).await, ["f1"]);

    // An older file does not bring it back, a newer one does.
    assert_eq!(
        put(&*store, "home", flag("2026-01-15")).await,
        Outcome::Older { version: 2 }
    );
    assert_eq!(
        put(&*store, "home", flag("2026-03-01")).await,
        Outcome::Updated { version: 3 }
    );
    let read = store
        .read(&own("home"), "Flag", "f1")
        .await
        .unwrap()
        .unwrap();
    assert!(!String::from_utf8_lossy(&read.body).contains("no-longer-reported"));
    assert_eq!(search::ids(&*store, &own("home"), &active).await, ["f1"]);
}

#[tokio::test]
async fn a_deleted_resource_leaves_a_marker_without_content() {
    let store = fresh().await;
    put(&*store, "home", write("Flag", "f1", "secret", "2026-01-01")).await;
    let mut delete = write("Flag", "f1", "secret", "2026-01-02");
    delete.status = Status::Deleted;
    assert_eq!(
        put(&*store, "home", delete).await,
        Outcome::Updated { version: 2 }
    );
    let read = store
        .read(&own("home"), "Flag", "f1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((read.status, read.body.len()), (Status::Deleted, 0));
    let all = store::Query::new("Flag");
    assert_eq!(search::ids(&*store, &own("home"), &all).await, [""; 0]);
    assert_eq!(
        store
            .history(&own("home"), "Flag", "f1")
            .await
            .unwrap()
            .len(),
        2
    );
}

#[tokio::test]
async fn a_retired_resource_is_not_written_directly() {
    let store = fresh().await;
    let mut batch = Batch::new(tenant("home"), "");
    let mut retired = write("Flag", "f1", "a", "2026-01-01");
    retired.status = Status::Retired;
    batch.writes = vec![retired];
    assert!(matches!(
        store.commit(batch).await,
        Err(Error::Unusable { write: 0, .. })
    ));
}
