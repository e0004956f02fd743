//! A file that comes in: kept in pieces, sealed in one step, known when it comes again (F4, F6).

use store::{
    Accepted, Arrival, Blob, Chunk, ChunkHead, Deed, Error, Idempotency, JobQuery, Quarantined,
    SubmissionQuery, Upload,
};

use crate::jobs::arrival;
use crate::*;

fn piece(number: u32, bytes: &[u8]) -> Chunk {
    Chunk {
        head: ChunkHead {
            number,
            first_byte: u64::from(number) * 10,
            length: 10,
            lines_before: u64::from(number),
        },
        bytes: bytes.to_vec(),
    }
}

fn blob(home: &str, hash: &str, chunks: u32) -> Blob {
    Blob {
        tenant: tenant(home),
        hash: hash.into(),
        size: u64::from(chunks) * 10,
        chunks,
        codec: "deflate".into(),
        key: Some("k1".into()),
        sealed_key: Some(vec![0, 1, 255]),
        kept: day("2026-01-01"),
        keep_until: Some(day("2026-06-01")),
        erased: None,
    }
}

/// A file of two pieces, kept under an upload's name.
async fn kept(store: &dyn Store, home: &str, submission: &str, upload: &str) -> Arrival {
    let home_of = tenant(home);
    store
        .keep(&home_of, upload, vec![piece(0, b"\x00one")])
        .await
        .unwrap();
    store
        .keep(&home_of, upload, vec![piece(1, b"two")])
        .await
        .unwrap();
    let mut arrival = arrival(home, submission);
    arrival.submission.file_hash = "aa".into();
    arrival.upload = Some(Upload {
        name: upload.into(),
        blob: blob(home, "aa", 2),
    });
    arrival
}

fn key(request: &str) -> Option<Idempotency> {
    Some(Idempotency {
        client: "client".into(),
        key: "request-1".into(),
        request: request.into(),
    })
}

#[tokio::test]
async fn f04_a_request_that_is_sent_again_has_the_same_answer() {
    let store = fresh().await;
    let mut first = kept(&*store, "home", "s1", "u1").await;
    first.idempotency = key("hash");
    assert_eq!(store.accept(first).await.unwrap(), Accepted::New);
    let mut again = kept(&*store, "home", "s2", "u2").await;
    again.idempotency = key("hash");
    let answer = store.accept(again).await.unwrap();
    assert_eq!(
        answer,
        Accepted::Again {
            submission: "s1".into()
        }
    );
    let mut other = kept(&*store, "home", "s3", "u3").await;
    other.idempotency = key("another");
    assert_eq!(store.accept(other).await.unwrap(), Accepted::KeyInUse);
    // The same key of another tenant's client is another key.
    let mut others = kept(&*store, "else", "s1", "u1").await;
    others.idempotency = key("another");
    assert_eq!(store.accept(others).await.unwrap(), Accepted::New);
    let all = SubmissionQuery::default();
    let submissions = store
        .find_submissions(&own("home"), &tenant("home"), &all)
        .await
        .unwrap();
    assert_eq!(submissions.len(), 1);
    let jobs = store
        .jobs(&own("home"), &tenant("home"), &JobQuery::default())
        .await
        .unwrap();
    assert_eq!(jobs.len(), 1);
}

#[tokio::test]
async fn f06_the_same_bytes_are_kept_once_and_are_read_as_they_came() {
    let store = fresh().await;
    for (submission, upload) in [("s1", "u1"), ("s2", "u2")] {
        let arrival = kept(&*store, "home", submission, upload).await;
        assert_eq!(store.accept(arrival).await.unwrap(), Accepted::New);
    }
    let (home, sight) = (tenant("home"), own("home"));
    let found = store.blob(&sight, &home, "aa").await.unwrap().unwrap();
    assert_eq!(
        (found.chunks, found.sealed_key.as_deref()),
        (2, Some(&[0, 1, 255][..]))
    );
    assert_eq!(found.keep_until, Some(day("2026-06-01")));
    let heads = store.chunk_heads(&sight, &home, "aa").await.unwrap();
    assert_eq!(heads, [piece(0, b"").head, piece(1, b"").head]);
    let one = store.chunk(&sight, &home, "aa", 0).await.unwrap().unwrap();
    assert_eq!(one.bytes, b"\x00one");
    assert_eq!(store.chunk(&sight, &home, "aa", 2).await.unwrap(), None);
    let elsewhere = own("else");
    assert_eq!(store.blob(&elsewhere, &home, "aa").await.unwrap(), None);
    assert_eq!(store.chunk(&elsewhere, &home, "aa", 0).await.unwrap(), None);
}

#[tokio::test]
async fn f05_an_upload_that_lacks_a_piece_is_refused_whole() {
    let store = fresh().await;
    let mut arrival = arrival("home", "s1");
    arrival.submission.file_hash = "aa".into();
    arrival.upload = Some(Upload {
        name: "u1".into(),
        blob: blob("home", "aa", 2),
    });
    store
        .keep(&tenant("home"), "u1", vec![piece(1, b"two")])
        .await
        .unwrap();
    assert!(store.accept(arrival.clone()).await.is_err());
    assert_eq!(
        store
            .submission(&own("home"), &tenant("home"), "s1")
            .await
            .unwrap(),
        None
    );
    assert_eq!(
        store
            .blob(&own("home"), &tenant("home"), "aa")
            .await
            .unwrap(),
        None
    );
    store.abandon(&tenant("home"), "u1").await.unwrap();
    store
        .keep(
            &tenant("home"),
            "u2",
            vec![piece(0, b"one"), piece(1, b"two")],
        )
        .await
        .unwrap();
    assert_eq!(store.abandon_older(day("2020-01-01")).await.unwrap(), 0);
    assert_eq!(
        store.abandon_older(Timestamp::MAX).await.unwrap(),
        1,
        "the one left"
    );
    arrival.upload.as_mut().unwrap().name = "u2".into();
    assert!(store.accept(arrival).await.is_err());
}

#[tokio::test]
async fn too_many_waiting_jobs_are_told_as_busy_and_nothing_is_kept() {
    let store = fresh().await;
    for submission in ["s1", "s2"] {
        let mut arrival = kept(&*store, "home", submission, submission).await;
        arrival.most_waiting = Some(2);
        assert_eq!(store.accept(arrival).await.unwrap(), Accepted::New);
    }
    let mut arrival = kept(&*store, "home", "s3", "s3").await;
    arrival.most_waiting = Some(2);
    assert_eq!(store.accept(arrival).await.unwrap(), Accepted::Busy);
    assert_eq!(
        store
            .submission(&own("home"), &tenant("home"), "s3")
            .await
            .unwrap(),
        None
    );
    // Another tenant is not kept out by it.
    let mut arrival = kept(&*store, "else", "s3", "s3").await;
    arrival.most_waiting = Some(2);
    assert_eq!(store.accept(arrival).await.unwrap(), Accepted::New);
}

#[tokio::test]
async fn what_was_erased_is_gone_and_that_it_was_is_known() {
    let store = fresh().await;
    let (home, sight) = (tenant("home"), own("home"));
    let arrival = kept(&*store, "home", "s1", "u1").await;
    store.accept(arrival).await.unwrap();
    assert!(
        store
            .expired(day("2027-01-01"), 10)
            .await
            .unwrap()
            .is_empty(),
        "a job needs it"
    );
    let claim = store
        .claim("w", std::time::Duration::from_secs(60))
        .await
        .unwrap()
        .unwrap();
    let mut batch = Batch::new(home.clone(), "s1");
    batch.quarantine = vec![Quarantined {
        place: "row 1".into(),
        raw: r#"{"name":"somebody"}"#.into(),
        issues: "[]".into(),
        ..Quarantined::default()
    }];
    batch.fence = Some(claim.fence());
    batch.finish = Some(store::JobState::Done);
    store.commit(batch).await.unwrap();
    assert!(
        store
            .expired(day("2026-02-01"), 10)
            .await
            .unwrap()
            .is_empty()
    );
    let expired = store.expired(day("2027-01-01"), 10).await.unwrap();
    assert_eq!(expired, [(home.clone(), "aa".to_owned())]);
    let deed = Deed {
        at: day("2027-01-01"),
        by: "operator".into(),
        what: "erased".into(),
        submission: None,
        about: None,
        note: Some("retention".into()),
    };
    assert!(store.erase(&home, "aa", deed.clone()).await.unwrap());
    assert!(!store.erase(&home, "aa", deed).await.unwrap(), "once");
    let blob = store.blob(&sight, &home, "aa").await.unwrap().unwrap();
    assert!(blob.erased.is_some() && blob.sealed_key.is_none());
    assert_eq!(store.chunk(&sight, &home, "aa", 0).await.unwrap(), None);
    let held = store
        .quarantine(&sight, &home, &of_submission("s1"))
        .await
        .unwrap();
    assert!(!held[0].held.raw.contains("somebody"));
    let deeds = store.deeds(&sight, &home, None).await.unwrap();
    assert_eq!(deeds.len(), 1);
    assert!(
        store
            .expired(day("2027-01-01"), 10)
            .await
            .unwrap()
            .is_empty()
    );
    // A file whose content is gone cannot be run again.
    let mut replay = crate::jobs::arrival("home", "s2");
    replay.submission.file_hash = "aa".into();
    assert!(matches!(store.accept(replay).await, Err(Error::Refused(_))));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f04_the_same_request_sent_at_once_is_accepted_once() {
    let fresh = fresh().await;
    let mut sending = Vec::new();
    for number in 0..6 {
        let mut arrival = kept(
            &*fresh,
            "home",
            &format!("s{number}"),
            &format!("u{number}"),
        )
        .await;
        arrival.idempotency = key("hash");
        let store = Arc::clone(&fresh.store);
        sending.push(tokio::spawn(
            async move { store.accept(arrival).await.unwrap() },
        ));
    }
    let mut new = 0;
    for sent in sending {
        new += u32::from(sent.await.unwrap() == Accepted::New);
    }
    assert_eq!(new, 1);
}
