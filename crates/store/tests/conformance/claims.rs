//! What a claim on a job allows, and in which order jobs are had.

use std::time::Duration;

use jiff::SignedDuration;
use store::{
    Claim, Counted, Error, Fence, JobQuery, JobState, NewJob, Retire, Submission, SubmissionState,
};

use crate::*;

const LONG: Duration = Duration::from_secs(600);

fn job(source: &str, argument: &str) -> NewJob {
    NewJob {
        submission: "s1".into(),
        source: source.into(),
        kind: "file".into(),
        argument: argument.into(),
        run_at: None,
    }
}

async fn queue(store: &dyn Store, jobs: Vec<NewJob>) {
    let mut batch = Batch::new(tenant("home"), "s1");
    batch.submission = Some(Submission::new(
        tenant("home"),
        "s1",
        "homes",
        day("2026-01-01"),
    ));
    batch.jobs = jobs;
    store.commit(batch).await.unwrap();
}

async fn claim(store: &dyn Store) -> Option<Claim> {
    store.claim("w", LONG).await.unwrap()
}

fn under(fence: Fence) -> Batch {
    let mut batch = Batch::new(tenant("home"), "s1");
    batch.fence = Some(fence);
    batch
}

#[tokio::test]
async fn a_failed_job_is_out_of_the_way_and_one_for_later_stands_in_nobodys() {
    let store = fresh().await;
    let mut later = job("homes", "later");
    later.run_at = Some(Timestamp::now() + SignedDuration::from_hours(1));
    let jobs = vec![later, job("homes", "fails"), job("homes", "next")];
    queue(&*store, jobs).await;
    let fails = claim(&*store).await.unwrap();
    assert_eq!(fails.job.work.argument, "fails");
    let mut end = under(fails.fence());
    end.finish = Some(JobState::Failed);
    store.commit(end).await.unwrap();
    let next = claim(&*store).await.unwrap();
    assert_eq!(next.job.work.argument, "next");
    let mut end = under(next.fence());
    end.finish = Some(JobState::Done);
    store.commit(end).await.unwrap();
    assert_eq!(claim(&*store).await, None, "its hour has not come");
    let states = JobQuery {
        states: vec![JobState::Failed],
        ..JobQuery::default()
    };
    let failed = store
        .jobs(&own("home"), &tenant("home"), &states)
        .await
        .unwrap();
    assert_eq!(failed.len(), 1);
    assert_eq!(failed[0].lease_until, None);
    assert_eq!(store.backlog().await.unwrap().failed, 1);
}

#[tokio::test]
async fn f07_what_is_said_of_a_job_needs_the_claim_on_it() {
    let store = fresh().await;
    queue(&*store, vec![job("homes", "one"), job("other", "two")]).await;
    let held = claim(&*store).await.unwrap();
    // Without a claim.
    for touch in [
        |batch: &mut Batch| batch.journal = Some(vec![1]),
        |batch: &mut Batch| batch.progress = Some("{}".into()),
        |batch: &mut Batch| batch.finish = Some(JobState::Done),
    ] {
        let mut batch = Batch::new(tenant("home"), "s1");
        batch.writes = vec![write("Flag", "a", "1", "2026-01-01")];
        touch(&mut batch);
        let refused = store.commit(batch).await.unwrap_err();
        assert!(matches!(refused, Error::Refused(_)), "{refused}");
    }
    // A job ends as done or failed, never otherwise.
    let mut batch = under(held.fence());
    batch.finish = Some(JobState::Waiting);
    assert!(matches!(store.commit(batch).await, Err(Error::Refused(_))));
    // With a claim that is none: another token, another job, another tenant's.
    let fence = held.fence();
    let stale = Fence {
        token: fence.token + 1,
        ..fence
    };
    let unclaimed = Fence {
        job: fence.job + 1,
        token: 0,
    };
    let mut batches = [under(stale), under(unclaimed), under(fence)];
    batches[2].tenant = tenant("elsewhere");
    for mut batch in batches {
        batch.writes = vec![write("Flag", "a", "1", "2026-01-01")];
        let mut submission =
            Submission::new(batch.tenant.clone(), "s1", "homes", day("2026-01-01"));
        submission.state = SubmissionState::Failed;
        batch.submission = Some(submission);
        let fenced = store.commit(batch).await.unwrap_err();
        assert!(matches!(fenced, Error::Fenced), "{fenced}");
    }
    let flag = store.read(&own("home"), "Flag", "a").await.unwrap();
    assert_eq!(flag, None, "none of it was stored");
    let submission = store
        .submission(&own("home"), &tenant("home"), "s1")
        .await
        .unwrap();
    assert_eq!(submission.unwrap().state, SubmissionState::Received);
    assert!(store.renew(held.fence(), LONG).await.unwrap());
    let foreign = store
        .submission(&own("elsewhere"), &tenant("elsewhere"), "s1")
        .await;
    assert_eq!(foreign.unwrap(), None);
}

#[tokio::test]
async fn f01_the_journal_counts_what_became_of_its_own_batch() {
    let store = fresh().await;
    queue(&*store, vec![job("homes", "one")]).await;
    let held = claim(&*store).await.unwrap();
    let mut first = under(held.fence());
    first.writes = ["same", "changes", "newer", "goes"]
        .map(|id| write("Flag", id, "1", "2026-01-05"))
        .into();
    first.journal = Some(b"first".to_vec());
    first.progress = Some(r#"{"records":4}"#.into());
    store.commit(first).await.unwrap();
    let mut second = under(held.fence());
    second.writes = vec![
        write("Flag", "same", "1", "2026-01-06"),
        write("Flag", "changes", "2", "2026-01-06"),
        write("Flag", "newer", "2", "2026-01-01"),
        write("Flag", "new", "1", "2026-01-06"),
        expecting(
            write("Flag", "changes", "3", "2026-01-06"),
            Expected::Absent,
        ),
    ];
    second.retire = vec![Retire {
        source: "homes".into(),
        as_of: day("2026-01-06"),
        ids: ["goes", "nobody"]
            .map(|id| ("Flag".to_owned(), id.to_owned()))
            .into(),
        tag: None,
        only_said_by: None,
    }];
    second.journal = Some(b"second".to_vec());
    let mut tried = second.clone();
    tried.rehearse = true;
    let told = store.commit(tried).await.unwrap();
    assert_eq!(store.commit(second).await.unwrap(), told);
    let journal = store.journal(held.job.number).await.unwrap();
    assert_eq!(journal.len(), 2, "a rehearsal writes no journal");
    assert_eq!((journal[0].number, journal[1].number), (1, 2));
    assert_eq!(journal[0].counted.created, 4);
    assert_eq!(journal[1].entry, b"second");
    let expected = Counted {
        created: 1,
        updated: 1,
        unchanged: 1,
        older: 1,
        conflict: 1,
        retired: 1,
    };
    assert_eq!(journal[1].counted, expected);
    let jobs = store
        .jobs(&own("home"), &tenant("home"), &JobQuery::default())
        .await
        .unwrap();
    assert_eq!(jobs[0].progress, r#"{"records":4}"#);
    assert_eq!(jobs[0].state, JobState::Running);
}
