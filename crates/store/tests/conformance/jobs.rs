//! The queue: one job of a source at a time, in order, each in one worker's hands (F7).

use std::collections::BTreeSet;
use std::time::Duration;

use store::{
    Arrival, Batch, Claim, Error, JobQuery, JobState, NewJob, Submission, SubmissionState,
};

use crate::*;

const LONG: Duration = Duration::from_secs(600);

fn job(submission: &str, source: &str) -> NewJob {
    NewJob {
        submission: submission.into(),
        source: source.into(),
        kind: "run".into(),
        argument: "{}".into(),
        run_at: None,
    }
}

/// Queues a job with a submission of its own.
async fn queue(store: &dyn Store, home: &str, source: &str, submission: &str) {
    let mut row = Submission::new(tenant(home), submission, source, day("2026-01-01"));
    row.state = SubmissionState::Archived;
    let mut batch = Batch::new(tenant(home), submission);
    batch.submission = Some(row);
    batch.jobs = vec![job(submission, source)];
    store.commit(batch).await.unwrap();
}

async fn claim(store: &dyn Store, worker: &str) -> Option<Claim> {
    store.claim(worker, LONG).await.unwrap()
}

async fn finish(store: &dyn Store, claim: &Claim) -> Result<Committed, Error> {
    let mut batch = Batch::new(claim.job.tenant.clone(), &*claim.job.work.submission);
    batch.fence = Some(claim.fence());
    batch.finish = Some(JobState::Done);
    store.commit(batch).await
}

#[tokio::test]
async fn jobs_of_a_source_run_one_at_a_time_in_order_and_tenants_take_turns() {
    let store = fresh().await;
    for number in 0..3 {
        queue(&*store, "one", "homes", &format!("a{number}")).await;
    }
    queue(&*store, "one", "others", "b0").await;
    queue(&*store, "two", "homes", "c0").await;
    let first = claim(&*store, "w").await.unwrap();
    let second = claim(&*store, "w").await.unwrap();
    let third = claim(&*store, "w").await.unwrap();
    let names = [&first, &second, &third].map(|claim| claim.job.work.submission.clone());
    assert_eq!(
        names,
        ["a0", "c0", "b0"],
        "the other tenant before the second source"
    );
    assert_eq!(
        claim(&*store, "w").await,
        None,
        "each source has one that runs"
    );
    let backlog = store.backlog().await.unwrap();
    assert_eq!(
        (backlog.waiting, backlog.running, backlog.failed),
        (2, 3, 0),
        "two wait behind another of their source"
    );
    finish(&*store, &first).await.unwrap();
    let next = claim(&*store, "w").await.unwrap();
    assert_eq!(next.job.work.submission, "a1");
    assert!(finish(&*store, &first).await.is_err(), "done once");
    // Only the tenant itself sees its jobs.
    let query = JobQuery::default();
    let seen = store
        .jobs(&own("one"), &tenant("one"), &query)
        .await
        .unwrap();
    assert_eq!(seen.len(), 4);
    assert_eq!(seen[3].state, JobState::Done);
    assert!(
        store
            .jobs(&own("two"), &tenant("one"), &query)
            .await
            .unwrap()
            .is_empty()
    );
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn f07_a_job_is_in_one_workers_hands() {
    let fresh = fresh().await;
    let homes = ["one", "two", "three"];
    for number in 0..6 {
        for home in homes {
            queue(
                &*fresh,
                home,
                &format!("source {}", number % 2),
                &format!("{home}{number}"),
            )
            .await;
        }
    }
    let mut workers = Vec::new();
    for worker in 0..6 {
        let store = Arc::clone(&fresh.store);
        workers.push(tokio::spawn(async move {
            let mut done = Vec::new();
            let mut empty = 0;
            while empty < 20 {
                match claim(&*store, &format!("w{worker}")).await {
                    Some(claim) => {
                        empty = 0;
                        finish(&*store, &claim).await.unwrap();
                        done.push((claim.job.tenant.to_string(), claim.job.work));
                    }
                    None => {
                        empty += 1;
                        tokio::time::sleep(Duration::from_millis(5)).await;
                    }
                }
            }
            done
        }));
    }
    let mut done = Vec::new();
    for worker in workers {
        done.extend(worker.await.unwrap());
    }
    let once: BTreeSet<_> = done
        .iter()
        .map(|(_, work)| work.submission.clone())
        .collect();
    assert_eq!((once.len(), done.len()), (18, 18));
    let query = JobQuery::default();
    for home in homes {
        let jobs = fresh.jobs(&own(home), &tenant(home), &query).await.unwrap();
        assert!(
            jobs.iter()
                .all(|job| job.attempts == 1 && job.state == JobState::Done)
        );
    }
}

#[tokio::test]
async fn f07_a_worker_whose_lease_ran_out_changes_nothing() {
    let store = fresh().await;
    queue(&*store, "home", "homes", "s1").await;
    let short = Duration::from_millis(50);
    let first = store.claim("slow", short).await.unwrap().unwrap();
    let commit = async |claim: &Claim, id: &str, entry: &[u8]| {
        let mut batch = Batch::new(tenant("home"), "s1");
        batch.writes = vec![write("Flag", id, "a", "2026-01-01")];
        batch.fence = Some(claim.fence());
        batch.journal = Some(entry.to_vec());
        batch.progress = Some(r#"{"records":1}"#.into());
        store.commit(batch).await
    };
    commit(&first, "f1", b"one").await.unwrap();
    tokio::time::sleep(Duration::from_millis(120)).await;
    let second = claim(&*store, "quick").await.unwrap();
    assert_eq!(second.job.number, first.job.number);
    assert!(second.token > first.token);
    assert_eq!(second.job.progress, r#"{"records":1}"#);

    assert!(matches!(
        commit(&first, "f2", b"x").await,
        Err(Error::Fenced)
    ));
    assert!(matches!(finish(&*store, &first).await, Err(Error::Fenced)));
    assert!(!store.renew(first.fence(), LONG).await.unwrap());
    assert!(!store.put_back(first.fence(), short, None).await.unwrap());
    assert_eq!(store.read(&own("home"), "Flag", "f2").await.unwrap(), None);

    let journal = store.journal(second.job.number).await.unwrap();
    assert_eq!(journal.len(), 1);
    assert_eq!(
        (
            journal[0].number,
            &*journal[0].entry,
            journal[0].counted.created
        ),
        (1, &b"one"[..], 1)
    );
    assert!(store.renew(second.fence(), LONG).await.unwrap());
    commit(&second, "f1", b"two").await.unwrap();
    let journal = store.journal(second.job.number).await.unwrap();
    assert_eq!((journal[1].number, journal[1].counted.unchanged), (2, 1));
    // A claim on one tenant's job is no claim for another's data.
    let mut strange = Batch::new(tenant("elsewhere"), "");
    strange.fence = Some(second.fence());
    assert!(matches!(store.commit(strange).await, Err(Error::Fenced)));
    finish(&*store, &second).await.unwrap();
    assert!(store.journal(second.job.number).await.unwrap().is_empty());
    assert!(matches!(
        commit(&second, "f3", b"x").await,
        Err(Error::Fenced)
    ));
}

#[tokio::test]
async fn a_job_that_is_put_back_keeps_its_place_and_says_why() {
    let store = fresh().await;
    queue(&*store, "home", "homes", "s1").await;
    queue(&*store, "home", "homes", "s2").await;
    let first = claim(&*store, "w").await.unwrap();
    let while_ = Duration::from_millis(150);
    assert!(
        store
            .put_back(first.fence(), while_, Some("the disk is full"))
            .await
            .unwrap()
    );
    assert_eq!(
        claim(&*store, "w").await,
        None,
        "what is behind it waits with it"
    );
    tokio::time::sleep(Duration::from_millis(250)).await;
    let again = claim(&*store, "w").await.unwrap();
    assert_eq!(again.job.work.submission, "s1");
    assert_eq!(again.job.attempts, 2);
    assert_eq!(again.job.last_error.as_deref(), Some("the disk is full"));
}

#[tokio::test]
async fn a_rehearsed_batch_tells_its_outcomes_and_leaves_nothing() {
    let store = fresh().await;
    put(&*store, "home", write("Flag", "f1", "a", "2026-01-01")).await;
    let mut batch = Batch::new(tenant("home"), "s1");
    batch.submission = Some(Submission::new(
        tenant("home"),
        "s1",
        "homes",
        day("2026-01-01"),
    ));
    batch.writes = vec![
        write("Flag", "f1", "b", "2026-01-02"),
        write("Flag", "f2", "b", "2026-01-02"),
    ];
    batch.jobs = vec![job("s1", "homes")];
    batch.rehearse = true;
    let told = store.commit(batch.clone()).await.unwrap();
    assert_eq!(
        told.writes,
        [
            Outcome::Updated { version: 2 },
            Outcome::Created { version: 1 }
        ]
    );
    let read = store
        .read(&own("home"), "Flag", "f1")
        .await
        .unwrap()
        .unwrap();
    assert_eq!((text(&read.body).as_str(), read.version), ("a", 1));
    assert_eq!(store.read(&own("home"), "Flag", "f2").await.unwrap(), None);
    assert_eq!(
        store
            .submission(&own("home"), &tenant("home"), "s1")
            .await
            .unwrap(),
        None
    );
    assert_eq!(claim(&*store, "w").await, None);
    batch.rehearse = false;
    assert_eq!(store.commit(batch).await.unwrap().writes, told.writes);
}

/// An arrival with nothing but a submission and its job.
pub fn arrival(home: &str, submission: &str) -> Arrival {
    Arrival {
        submission: Submission::new(tenant(home), submission, "homes", day("2026-01-01")),
        upload: None,
        idempotency: None,
        job: Some(job(submission, "homes")),
        deeds: Vec::new(),
        most_waiting: None,
    }
}
