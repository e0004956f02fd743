//! What comes after a file is stored: what waits for a person, taking back, saying again.

use store::{
    ClosePending, Deed, Expected, Pending, Retire, SayAgain, Status, Submission, Touched, Unconfirm,
};

use crate::*;

fn submission(id: &str, as_of: &str) -> Submission {
    let mut submission = Submission::new(tenant("home"), id, "homes", day(as_of));
    submission.as_of = day(as_of);
    submission
}

/// A file with these facts, said by a submission of its own.
async fn said(store: &dyn Store, id: &str, as_of: &str, facts: &[(&str, &str)]) -> Committed {
    let mut batch = Batch::new(tenant("home"), id);
    batch.submission = Some(submission(id, as_of));
    batch.writes = facts
        .iter()
        .map(|(fact, content)| write("Flag", fact, content, as_of))
        .collect();
    store.commit(batch).await.unwrap()
}

async fn retire(store: &dyn Store, retire: Retire, by: &str) -> Vec<store::Retired> {
    let mut batch = Batch::new(tenant("home"), by);
    batch.retire = vec![retire];
    store.commit(batch).await.unwrap().retired.remove(0)
}

fn gone(as_of: &str, only_said_by: Option<&str>, id: &str) -> Retire {
    Retire {
        source: "homes".into(),
        as_of: day(as_of),
        ids: vec![("Flag".into(), id.into())],
        tag: None,
        only_said_by: only_said_by.map(str::to_owned),
    }
}

async fn current(store: &dyn Store, id: &str) -> store::Stored {
    let sight = own("home").with_retired();
    store.read(&sight, "Flag", id).await.unwrap().unwrap()
}

async fn touched(store: &dyn Store, submissions: &[&str], part: usize) -> Vec<Touched> {
    let submissions: Vec<String> = submissions.iter().map(|id| (*id).to_owned()).collect();
    let (mut found, mut from) = (Vec::new(), 0);
    loop {
        let answer = store
            .touched(
                &own("home"),
                &tenant("home"),
                "homes",
                &submissions,
                from,
                part,
            )
            .await
            .unwrap();
        assert!(answer.items.len() <= part);
        found.extend(answer.items);
        match answer.next {
            Some(next) => from = next,
            None => return found,
        }
    }
}

#[tokio::test]
async fn cs_04_what_a_submission_touched_is_found_part_by_part_with_its_versions() {
    let store = fresh().await;
    let five = [("a", "1"), ("b", "1"), ("c", "1"), ("d", "1"), ("e", "1")];
    said(&*store, "s1", "2026-01-01", &five).await;
    said(&*store, "s2", "2026-01-02", &[("a", "1"), ("b", "2")]).await;
    retire(&*store, gone("2026-01-02", None, "c"), "s2").await;
    said(&*store, "s3", "2026-01-03", &[("b", "3")]).await;
    for part in [1, 2, 10] {
        let found = touched(&*store, &["s2"], part).await;
        let ids: Vec<&str> = found.iter().map(|one| one.id.as_str()).collect();
        assert_eq!(ids, ["a", "b", "c"], "confirmed, changed and retired by s2");
        let [a, b, c] = found.as_slice() else {
            panic!("{found:?}")
        };
        assert_eq!((a.submission.as_str(), a.versions.len()), ("s2", 1));
        assert_eq!(b.submission, "s3");
        let by: Vec<&str> = b.versions.iter().map(|v| v.submission.as_str()).collect();
        assert_eq!(by, ["s3", "s2", "s1"], "newest first");
        assert_eq!((c.status, c.versions.len()), (Status::Retired, 2));
        assert_eq!(c.versions[1].status, Status::Active);
        assert_eq!(c.versions[1].as_of, day("2026-01-01"));
    }
    assert_eq!(touched(&*store, &["s1"], 2).await.len(), 5);
    let others = store
        .touched(
            &own("other"),
            &tenant("home"),
            "homes",
            &["s1".into()],
            0,
            9,
        )
        .await
        .unwrap();
    assert_eq!(others.items, []);
}

#[tokio::test]
async fn cs_04_a_withdrawn_version_gives_way_to_the_one_before_it() {
    let store = fresh().await;
    said(&*store, "s1", "2026-01-01", &[("a", "right")]).await;
    said(&*store, "s2", "2026-01-05", &[("a", "wrong")]).await;
    let back = |expected| {
        let mut back = expecting(write("Flag", "a", "right", "2026-01-01"), expected);
        back.restores = true;
        back.submission = Some("s1".into());
        back
    };
    let mut batch = Batch::new(tenant("home"), "s2");
    batch.writes = vec![back(Expected::Version(1))];
    let committed = store.commit(batch).await.unwrap();
    assert_eq!(
        committed.writes,
        [Outcome::Conflict { version: Some(2) }],
        "another version is current by now"
    );
    let mut batch = Batch::new(tenant("home"), "s2");
    batch.writes = vec![back(Expected::Version(2))];
    let committed = store.commit(batch).await.unwrap();
    assert_eq!(committed.writes, [Outcome::Updated { version: 3 }]);
    let now = current(&*store, "a").await;
    assert_eq!(text(&now.body), "right");
    assert_eq!(now.as_of, day("2026-01-01"), "older than what it replaces");
    assert_eq!(now.submission, "s1");
    let mut batch = Batch::new(tenant("home"), "s2");
    batch.writes = vec![back(Expected::Any)];
    assert!(store.commit(batch).await.is_err(), "it must name a version");
}

#[tokio::test]
async fn cs_04_only_what_a_submission_said_last_is_retired_with_it() {
    let store = fresh().await;
    said(&*store, "s1", "2026-01-01", &[("a", "1"), ("b", "1")]).await;
    said(&*store, "s2", "2026-01-02", &[("b", "1"), ("c", "1")]).await;
    for (id, expected) in [("a", false), ("b", true), ("c", true)] {
        let outcome = retire(&*store, gone("2025-01-01", Some("s2"), id), "s2").await;
        let retired = matches!(outcome[0], store::Retired::Retired { .. });
        assert_eq!(retired, expected, "{id}");
    }
    let c = current(&*store, "c").await;
    assert_eq!(c.status, Status::Retired);
    assert_eq!(c.as_of, day("2026-01-02"), "the as-of of the fact stays");
}

#[tokio::test]
async fn cs_04_a_confirmation_that_is_taken_back_leaves_what_the_version_said() {
    let store = fresh().await;
    said(&*store, "s1", "2026-01-01", &[("a", "1"), ("b", "1")]).await;
    said(&*store, "s2", "2026-01-02", &[("a", "1"), ("b", "2")]).await;
    said(&*store, "s3", "2026-01-03", &[("b", "2")]).await;
    let ids = ["a", "b", "nobody"].map(|id| ("Flag".to_owned(), id.to_owned()));
    let mut batch = Batch::new(tenant("home"), "s2");
    batch.unconfirm = vec![Unconfirm {
        submission: "s2".into(),
        ids: ids.to_vec(),
    }];
    let committed = store.commit(batch.clone()).await.unwrap();
    assert_eq!(committed.unconfirmed, 1, "b was last said by s3");
    let a = current(&*store, "a").await;
    assert_eq!((a.version, a.as_of), (1, day("2026-01-01")));
    assert_eq!(a.submission, "s1");
    assert_eq!(current(&*store, "b").await.submission, "s3");
    assert_eq!(store.commit(batch).await.unwrap().unconfirmed, 0);
}

#[tokio::test]
async fn f06_identical_bytes_say_everything_again_in_one_step() {
    let store = fresh().await;
    said(
        &*store,
        "s1",
        "2026-01-01",
        &[("a", "1"), ("b", "1"), ("c", "1")],
    )
    .await;
    retire(&*store, gone("2026-01-01", None, "c"), "s1").await;
    put(&*store, "home", write("Flag", "b", "2", "2026-02-01")).await;
    let mut held = Batch::new(tenant("home"), "s1");
    for (place, raw) in [("row 1", "one"), ("row 2", "two")] {
        held.quarantine.push(store::Quarantined {
            place: place.into(),
            issues: "[]".into(),
            raw: raw.into(),
            ..Default::default()
        });
    }
    store.commit(held).await.unwrap();
    let first = store
        .quarantine(&own("home"), &tenant("home"), &QuarantineQuery::default())
        .await
        .unwrap();
    let mut decide = Batch::new(tenant("home"), "s1");
    decide.decide = vec![store::DecideQuarantine {
        numbers: vec![first[0].number],
        decided: "discarded".into(),
    }];
    assert_eq!(store.commit(decide).await.unwrap().settled, 1);

    let mut batch = Batch::new(tenant("home"), "s2");
    batch.submission = Some(submission("s2", "2026-01-08"));
    batch.say_again = Some(SayAgain {
        source: "homes".into(),
        earlier: "s1".into(),
        as_of: day("2026-01-08"),
    });
    let committed = store.commit(batch).await.unwrap();
    assert_eq!((committed.said_again, committed.held_again), (1, 1));
    let a = current(&*store, "a").await;
    assert_eq!((a.as_of, a.version), (day("2026-01-08"), 1));
    assert_eq!(a.submission, "s2");
    assert_eq!(current(&*store, "b").await.as_of, day("2026-02-01"));
    assert_eq!(current(&*store, "c").await.status, Status::Retired);
    let open = QuarantineQuery {
        open: true,
        ..QuarantineQuery::default()
    };
    let open = store
        .quarantine(&own("home"), &tenant("home"), &open)
        .await
        .unwrap();
    assert_eq!(open.len(), 1, "what a person discarded stays discarded");
    assert_eq!((&*open[0].submission, &*open[0].held.raw), ("s2", "two"));
    // The next file finds what the set step has moved on.
    let again = said(&*store, "s3", "2026-01-07", &[("a", "9")]).await;
    assert_eq!(again.writes, [Outcome::Older { version: 1 }]);
}

fn waiting(id: &str) -> Pending {
    Pending {
        rtype: "Flag".into(),
        id: id.into(),
        patient: None,
        why: "vanished-allergy".into(),
    }
}

async fn pending(store: &dyn Store, submission: Option<&str>) -> Vec<(String, String)> {
    store
        .pending(&own("home"), &tenant("home"), submission)
        .await
        .unwrap()
        .into_iter()
        .map(|row| (row.submission, row.pending.id))
        .collect()
}

#[tokio::test]
async fn cs_04_what_waits_for_a_person_waits_until_it_is_closed() {
    let store = fresh().await;
    said(&*store, "s1", "2026-01-01", &[("a", "1"), ("b", "1")]).await;
    for (id, as_of, fact) in [("s2", "2026-01-02", "a"), ("s3", "2026-01-03", "b")] {
        let mut batch = Batch::new(tenant("home"), id);
        batch.submission = Some(submission(id, as_of));
        batch.pending = vec![waiting(fact)];
        store.commit(batch).await.unwrap();
    }
    let pair = |submission: &str, fact: &str| (submission.to_owned(), fact.to_owned());
    assert_eq!(
        pending(&*store, None).await,
        [pair("s2", "a"), pair("s3", "b")]
    );
    let rows = store
        .pending(&own("home"), &tenant("home"), Some("s3"))
        .await
        .unwrap();
    assert_eq!(rows.len(), 1);
    assert_eq!(
        (rows[0].as_of, &*rows[0].source),
        (day("2026-01-03"), "homes")
    );
    let close = |submission: Option<&str>, up_to: &str| ClosePending {
        source: "homes".into(),
        submission: submission.map(str::to_owned),
        up_to: day(up_to),
    };
    // A newer file closes what older ones left waiting, and not its own.
    let mut batch = Batch::new(tenant("home"), "s4");
    batch.submission = Some(submission("s4", "2026-01-02"));
    batch.pending = vec![waiting("a")];
    batch.close_pending = vec![close(None, "2026-01-02")];
    store.commit(batch).await.unwrap();
    assert_eq!(
        pending(&*store, None).await,
        [pair("s3", "b"), pair("s4", "a")]
    );
    let mut batch = Batch::new(tenant("home"), "s3");
    batch.close_pending = vec![close(Some("s3"), "2026-01-01")];
    store.commit(batch).await.unwrap();
    assert_eq!(pending(&*store, None).await, [pair("s4", "a")]);
    // Nobody else sees it, and a withheld fact is not hinted at.
    let other = store.pending(&own("other"), &tenant("home"), None).await;
    assert_eq!(other.unwrap(), []);
    let mut hidden = write("Flag", "a", "1", "2026-01-04");
    hidden.labels = vec![withheld()];
    put(&*store, "home", hidden).await;
    let sight = Sight::new(vec![Reach::own(tenant("home"))], [withheld()].into());
    let seen = store.pending(&sight, &tenant("home"), None).await.unwrap();
    assert_eq!(seen, []);
    let mut batch = Batch::new(tenant("home"), "nobody");
    batch.pending = vec![waiting("a")];
    let refused = store.commit(batch).await.unwrap_err();
    assert!(matches!(refused, store::Error::UnknownSubmission));
}

#[tokio::test]
async fn what_people_decided_is_kept_in_order_with_what_followed_from_it() {
    let store = fresh().await;
    said(&*store, "s1", "2026-01-01", &[("a", "1")]).await;
    let deed = |what: &str, submission: Option<&str>| Deed {
        at: day("2026-01-02"),
        by: "nurse-1".into(),
        what: what.into(),
        submission: submission.map(str::to_owned),
        about: Some(("Flag".into(), "a".into())),
        note: None,
    };
    let mut batch = Batch::new(tenant("home"), "s1");
    batch.deeds = vec![deed("withdrawn", Some("s1")), deed("recalled", None)];
    store.commit(batch).await.unwrap();
    // What fails leaves no deed behind.
    let mut batch = Batch::new(tenant("home"), "nobody");
    batch.deeds = vec![deed("confirmed", Some("s1"))];
    batch.quarantine = vec![Default::default()];
    assert!(store.commit(batch).await.is_err());
    let home = tenant("home");
    let all = store.deeds(&own("home"), &home, None).await.unwrap();
    let what: Vec<&str> = all.iter().map(|row| row.deed.what.as_str()).collect();
    assert_eq!(what, ["withdrawn", "recalled"]);
    assert_eq!(all[0].deed, deed("withdrawn", Some("s1")));
    let of = store.deeds(&own("home"), &home, Some("s1")).await.unwrap();
    assert_eq!(of.len(), 1);
    let other = store.deeds(&own("other"), &home, None).await.unwrap();
    assert_eq!(other, []);
}

#[tokio::test]
async fn a_write_that_says_the_same_twice_in_one_batch_is_said_once() {
    let store = fresh().await;
    said(&*store, "s1", "2026-01-01", &[("a", "1")]).await;
    let mut batch = Batch::new(tenant("home"), "s2");
    batch.writes = vec![
        write("Flag", "a", "1", "2026-01-03"),
        write("Flag", "a", "1", "2026-01-02"),
        write("Flag", "a", "2", "2026-01-02"),
    ];
    let committed = store.commit(batch).await.unwrap();
    assert_eq!(
        committed.writes,
        [
            Outcome::Unchanged { version: 1 },
            Outcome::Older { version: 1 },
            Outcome::Older { version: 1 },
        ],
        "what the batch itself said first counts for the rest of it"
    );
    assert_eq!(current(&*store, "a").await.as_of, day("2026-01-03"));
}
