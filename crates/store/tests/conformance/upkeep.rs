//! Looking for submissions and for what was held back, erasing, and comparing stores.

use store::{
    Arrival, Blob, Chunk, ChunkHead, DecideQuarantine, Deed, Quarantined, Submission,
    SubmissionQuery, SubmissionState, Upload,
};

use crate::*;

fn submission(id: &str, source: &str, received: &str, state: SubmissionState) -> Submission {
    let mut submission = Submission::new(tenant("home"), id, source, day(received));
    submission.state = state;
    submission.file_hash = format!("hash-{id}");
    submission.mapping.hash = "mapping-1".into();
    submission.size = 17;
    submission.way = "mesh".into();
    submission.sender = "X26HC001".into();
    submission.reply_to = Some("X26HC001".into());
    submission.stated_as_of = Some("2026-01-01".into());
    submission.engine = "0.1.0".into();
    submission
}

async fn store_one(store: &dyn Store, submission: Submission) {
    let mut batch = Batch::new(tenant("home"), submission.id.clone());
    batch.submission = Some(submission);
    store.commit(batch).await.unwrap();
}

async fn found(store: &dyn Store, query: SubmissionQuery) -> Vec<String> {
    store
        .find_submissions(&own("home"), &tenant("home"), &query)
        .await
        .unwrap()
        .into_iter()
        .map(|one| one.id)
        .collect()
}

#[tokio::test]
async fn submissions_are_found_by_what_is_asked_and_page_by_page() {
    let store = fresh().await;
    let all = SubmissionQuery::default;
    for (id, source, received, state) in [
        ("s1", "homes", "2026-01-01", SubmissionState::Reported),
        ("s2", "homes", "2026-01-02", SubmissionState::Refused),
        ("s3", "council", "2026-01-02", SubmissionState::Reported),
        ("s4", "homes", "2026-01-03", SubmissionState::Withdrawn),
    ] {
        let mut submission = submission(id, source, received, state);
        if id == "s4" {
            submission.of = Some("s1".into());
            submission.mapping.hash = "mapping-2".into();
        }
        store_one(&*store, submission.clone()).await;
        let read = store
            .submission(&own("home"), &tenant("home"), id)
            .await
            .unwrap();
        assert_eq!(read, Some(submission), "it is read as it was written");
    }
    assert_eq!(found(&*store, all()).await, ["s4", "s3", "s2", "s1"]);
    let mut query = all();
    query.source = Some("homes".into());
    assert_eq!(found(&*store, query).await, ["s4", "s2", "s1"]);
    let mut query = all();
    query.states = vec![SubmissionState::Reported, SubmissionState::Refused];
    assert_eq!(found(&*store, query).await, ["s3", "s2", "s1"]);
    let mut query = all();
    query.file_hash = Some("hash-s2".into());
    assert_eq!(found(&*store, query).await, ["s2"]);
    let mut query = all();
    query.mapping_hash = Some("mapping-1".into());
    assert_eq!(found(&*store, query).await, ["s3", "s2", "s1"]);
    let mut query = all();
    query.of = Some("s1".into());
    assert_eq!(found(&*store, query).await, ["s4"]);
    let mut query = all();
    query.received_from = Some(day("2026-01-02"));
    query.received_before = Some(day("2026-01-03"));
    assert_eq!(found(&*store, query).await, ["s3", "s2"]);
    // Pages of one, whole and in order, two received at the same moment included.
    let (mut paged, mut after) = (Vec::new(), None);
    loop {
        let mut query = all();
        query.limit = Some(1);
        query.after = after;
        let page = found(&*store, query).await;
        let Some(last) = page.last().cloned() else {
            break;
        };
        paged.extend(page);
        after = Some(last);
    }
    assert_eq!(paged, ["s4", "s3", "s2", "s1"]);
    let others = store
        .find_submissions(&own("other"), &tenant("home"), &all())
        .await
        .unwrap();
    assert_eq!(others, []);
}

#[tokio::test]
async fn cs_22_another_organisation_learns_no_more_of_a_submission_than_that_it_came() {
    let store = fresh().await;
    let written = submission("s1", "homes", "2026-01-01", SubmissionState::Reported);
    store_one(&*store, written).await;
    let sight = Sight::new(vec![Reach::shared(tenant("home"))], Default::default());
    let read = store
        .submission(&sight, &tenant("home"), "s1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((&*read.source, read.as_of), ("homes", day("2026-01-01")));
    assert_eq!(read.sender, "");
    assert_eq!(read.reply_to, None);
    assert_eq!(read.stated_as_of, None);
    assert_eq!((&*read.file_hash, &*read.report), ("", ""));
}

fn held(place: &str, code: &str) -> Quarantined {
    Quarantined {
        place: place.into(),
        issues: format!(r#"[{{"code":"{code}","message":"x M999","value":"Ada Byron"}}]"#),
        raw: format!("raw of {place}"),
        ..Quarantined::default()
    }
}

async fn places(store: &dyn Store, query: QuarantineQuery) -> Vec<String> {
    store
        .quarantine(&own("home"), &tenant("home"), &query)
        .await
        .unwrap()
        .into_iter()
        .map(|row| row.held.place)
        .collect()
}

#[tokio::test]
async fn held_back_rows_are_found_by_code_and_settled_by_a_decision() {
    let store = fresh().await;
    for (id, source) in [("s1", "homes"), ("s2", "council")] {
        let mut batch = Batch::new(tenant("home"), id);
        batch.submission = Some(submission(
            id,
            source,
            "2026-01-01",
            SubmissionState::Reported,
        ));
        batch.quarantine = vec![held("row 1", "M001"), held("row 2", "M0011")];
        store.commit(batch).await.unwrap();
    }
    let all = QuarantineQuery::default;
    assert_eq!(places(&*store, all()).await.len(), 4);
    let mut query = all();
    query.code = Some("M001".into());
    assert_eq!(
        places(&*store, query).await,
        ["row 1", "row 1"],
        "the code itself"
    );
    let mut query = all();
    query.code = Some("M999".into());
    assert_eq!(
        places(&*store, query).await,
        [""; 0],
        "words in a message are no code"
    );
    let mut query = all();
    query.source = Some("council".into());
    query.limit = Some(1);
    let first = store
        .quarantine(&own("home"), &tenant("home"), &query)
        .await
        .unwrap();
    assert_eq!(first.len(), 1);
    query.after = Some(first[0].number);
    assert_eq!(places(&*store, query).await, ["row 2"]);
    let mut batch = Batch::new(tenant("home"), "s2");
    batch.decide = vec![DecideQuarantine {
        numbers: vec![first[0].number],
        decided: "discarded".into(),
    }];
    assert_eq!(store.commit(batch.clone()).await.unwrap().settled, 1);
    batch.decide[0].decided = "released".into();
    assert_eq!(
        store.commit(batch).await.unwrap().settled,
        0,
        "decided is decided"
    );
    let mut query = all();
    query.numbers = vec![first[0].number];
    let row = &store
        .quarantine(&own("home"), &tenant("home"), &query)
        .await
        .unwrap()[0];
    assert_eq!(
        (row.settled, row.decided.as_deref()),
        (true, Some("discarded"))
    );
    query = all();
    query.open = true;
    assert_eq!(places(&*store, query).await.len(), 3);
}

async fn archived(store: &dyn Store, id: &str, keep_until: Option<Timestamp>, job: bool) {
    let home = tenant("home");
    let bytes = format!("bytes of {id}").into_bytes();
    let head = ChunkHead {
        number: 0,
        first_byte: 0,
        length: bytes.len() as u32,
        lines_before: 0,
    };
    let size = bytes.len() as u64;
    let upload = format!("upload-{id}");
    let chunk = Chunk { head, bytes };
    store.keep(&home, &upload, vec![chunk]).await.unwrap();
    let submission = submission(id, "homes", "2026-01-01", SubmissionState::Archived);
    let hash = submission.file_hash.clone();
    let arrival = Arrival {
        submission,
        upload: Some(Upload {
            name: upload,
            blob: Blob {
                tenant: home,
                hash,
                size,
                chunks: 1,
                codec: "deflate".into(),
                key: Some("k1".into()),
                sealed_key: Some(vec![7; 32]),
                kept: day("2026-01-01"),
                keep_until,
                erased: None,
            },
        }),
        idempotency: None,
        job: job.then(|| store::NewJob {
            submission: id.into(),
            source: "homes".into(),
            kind: "file".into(),
            argument: "{}".into(),
            run_at: None,
        }),
        deeds: Vec::new(),
        most_waiting: None,
    };
    let accepted = store.accept(arrival).await.unwrap();
    assert_eq!(accepted, store::Accepted::New);
}

#[tokio::test]
async fn files_whose_time_is_over_are_told_unless_a_job_needs_them() {
    let store = fresh().await;
    archived(&*store, "s1", Some(day("2026-02-01")), false).await;
    archived(&*store, "s2", Some(day("2026-02-02")), true).await;
    archived(&*store, "s3", None, false).await;
    let expired = async |at: &str| -> Vec<String> {
        let expired = store.expired(day(at), 10).await.unwrap();
        expired.into_iter().map(|(_, hash)| hash).collect()
    };
    assert_eq!(expired("2026-01-31").await, [""; 0]);
    assert_eq!(
        expired("2026-03-01").await,
        ["hash-s1"],
        "s2 waits to be read, s3 stays until somebody says otherwise"
    );
    let job = store.claim("w", std::time::Duration::from_secs(60)).await;
    let mut batch = Batch::new(tenant("home"), "s2");
    batch.fence = Some(job.unwrap().unwrap().fence());
    batch.finish = Some(store::JobState::Done);
    store.commit(batch).await.unwrap();
    assert_eq!(expired("2026-03-01").await, ["hash-s1", "hash-s2"]);
    assert_eq!(store.expired(day("2026-03-01"), 1).await.unwrap().len(), 1);
}

#[tokio::test]
async fn erasing_a_file_takes_its_bytes_its_key_and_every_value_of_it() {
    let store = fresh().await;
    archived(&*store, "s1", None, false).await;
    archived(&*store, "s2", None, false).await;
    for id in ["s1", "s2"] {
        let mut written = submission(id, "homes", "2026-01-01", SubmissionState::Reported);
        written.report = r#"{"issues":[{"code":"M001","value":"Ada Byron"}],"total":1}"#.into();
        let mut batch = Batch::new(tenant("home"), id);
        batch.submission = Some(written);
        batch.quarantine = vec![held("row 1", "M001")];
        store.commit(batch).await.unwrap();
    }
    let home = tenant("home");
    let deed = Deed {
        at: day("2026-03-01"),
        by: "records-officer".into(),
        what: "erased".into(),
        submission: Some("s1".into()),
        about: None,
        note: None,
    };
    assert!(store.erase(&home, "hash-s1", deed.clone()).await.unwrap());
    assert!(!store.erase(&home, "hash-s1", deed.clone()).await.unwrap());
    assert!(!store.erase(&home, "hash-none", deed.clone()).await.unwrap());
    let blob = store.blob(&own("home"), &home, "hash-s1").await.unwrap();
    let blob = blob.expect("that it was kept is still known");
    assert!(blob.erased.is_some() && blob.sealed_key.is_none());
    let chunk = store.chunk(&own("home"), &home, "hash-s1", 0).await;
    assert_eq!(chunk.unwrap(), None);
    let chunk = store.chunk(&own("home"), &home, "hash-s2", 0).await;
    assert!(chunk.unwrap().is_some(), "the other file is left alone");
    for (id, raw, issues) in [
        ("s1", "", r#"[{"code":"M001","message":"x M999"}]"#),
        (
            "s2",
            "raw of row 1",
            r#"[{"code":"M001","message":"x M999","value":"Ada Byron"}]"#,
        ),
    ] {
        let query = QuarantineQuery {
            submission: Some(id.into()),
            ..QuarantineQuery::default()
        };
        let rows = store.quarantine(&own("home"), &home, &query).await.unwrap();
        assert_eq!((&*rows[0].held.raw, &*rows[0].held.issues), (raw, issues));
    }
    let read = store.submission(&own("home"), &home, "s1").await.unwrap();
    let report = read.unwrap().report;
    assert_eq!(report, r#"{"issues":[{"code":"M001"}],"total":1}"#);
    let deeds = store.deeds(&own("home"), &home, None).await.unwrap();
    assert_eq!(deeds.len(), 1, "once erased, once written down");
    assert_eq!(deeds[0].deed, deed);
    // The same bytes may come again, and are kept again.
    let again = store
        .keep(
            &home,
            "upload-again",
            vec![Chunk {
                head: ChunkHead {
                    number: 0,
                    first_byte: 0,
                    length: 3,
                    lines_before: 0,
                },
                bytes: b"abc".to_vec(),
            }],
        )
        .await;
    again.unwrap();
    let mut submission = submission("s9", "homes", "2026-03-02", SubmissionState::Archived);
    submission.file_hash = "hash-s1".into();
    let arrival = Arrival {
        upload: Some(Upload {
            name: "upload-again".into(),
            blob: Blob {
                size: 3,
                erased: None,
                sealed_key: Some(vec![8]),
                // Its size is what the bytes have: the same bytes.
                ..blob
            },
        }),
        submission,
        idempotency: None,
        job: None,
        deeds: Vec::new(),
        most_waiting: None,
    };
    let refused = store.accept(arrival).await;
    assert!(
        refused.is_err(),
        "bytes of one hash and another length are not the same bytes"
    );
}

#[tokio::test]
async fn f13_the_fingerprint_tells_stores_apart_by_what_they_hold_and_not_by_how_it_came() {
    let one = fresh().await;
    let two = fresh().await;
    let home = tenant("home");
    let write = |id: &str, content: &str, as_of: &str| {
        indexed(write("Flag", id, content, as_of), [token("status", "", id)])
    };
    assert_eq!(
        one.fingerprint(&home).await.unwrap(),
        two.fingerprint(&home).await.unwrap()
    );
    commit(
        &*one,
        "home",
        vec![write("a", "1", "2026-01-01"), write("b", "1", "2026-01-01")],
    )
    .await;
    put(&*one, "home", write("a", "2", "2026-01-02")).await;
    // The other way round, one by one, after another tenant, by other submissions.
    put(&*two, "other", write("z", "1", "2026-01-01")).await;
    for (id, content, as_of, by) in [
        ("b", "1", "2026-01-01", "x1"),
        ("a", "1", "2026-01-01", "x2"),
        ("a", "2", "2026-01-02", "x3"),
    ] {
        let mut batch = Batch::new(home.clone(), by);
        batch.writes = vec![write(id, content, as_of)];
        two.commit(batch).await.unwrap();
    }
    let same = one.fingerprint(&home).await.unwrap();
    assert_eq!(same, two.fingerprint(&home).await.unwrap());
    assert_eq!(same.len(), 64);
    let mut seen = std::collections::BTreeSet::from([same]);
    // Whatever changes, changes it: content, as-of, person, label, source.
    let mut labelled = write("a", "3", "2026-01-04");
    labelled.labels = vec![withheld()];
    let mut sourced = write("b", "1", "2026-01-05");
    sourced.source = "council".into();
    for change in [
        write("a", "3", "2026-01-03"),
        write("a", "3", "2026-01-04"),
        about("p1", write("a", "3", "2026-01-04")),
        labelled,
        sourced,
    ] {
        put(&*two, "home", change).await;
        let now = two.fingerprint(&home).await.unwrap();
        assert!(seen.insert(now), "a change that does not show");
    }
}
