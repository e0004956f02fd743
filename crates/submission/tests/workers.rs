//! Workers at one queue: nobody's file is done twice, and what is wrong around them costs no file.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod bench;

use std::time::Duration;

use archive::Keys;
use bench::{Bench, csv, home};
use store::{Deed, Job, JobQuery, JobState, SubmissionState};
use submission::{Intake, IntakeSettings, ReportState, WorkerSettings, Workers, codes, work_off};

fn jobs(bench: &Bench) -> Vec<Job> {
    let sight = access::Access::pipeline(&bench.tenant);
    bench
        .runtime
        .block_on(
            bench
                .store
                .jobs(&sight, &bench.tenant, &JobQuery::default()),
        )
        .unwrap()
}

#[test]
fn f07_two_pools_of_workers_do_each_job_once_and_each_source_in_order() {
    let bench = Bench::new();
    let mut ids = Vec::new();
    for file in 1..=3 {
        for source in 0..4 {
            let mut info = bench.info();
            info.source = format!("home-{source}");
            let rows = home(&format!("2026-11-0{file}"), 5, "Latex");
            ids.push(bench.take(info, &csv(&rows)).unwrap().submission);
        }
    }
    bench.runtime.block_on(async {
        let start = |name: &str| {
            Workers::start(
                bench.pipeline.clone(),
                WorkerSettings {
                    name: name.to_owned(),
                    workers: 3,
                    poll: Duration::from_millis(20),
                    ..WorkerSettings::default()
                },
            )
        };
        let pools = [start("one"), start("two")];
        for _ in 0..1500 {
            tokio::time::sleep(Duration::from_millis(20)).await;
            let backlog = bench.store.backlog().await.unwrap();
            if backlog.waiting + backlog.running == 0 {
                break;
            }
        }
        for pool in pools {
            pool.stop().await;
        }
    });
    let jobs = jobs(&bench);
    assert_eq!(jobs.len(), 12);
    assert!(
        jobs.iter()
            .all(|job| job.state == JobState::Done && job.attempts == 1)
    );
    // In order: none came too late for its source.
    for (number, id) in ids.iter().enumerate() {
        let report = bench.report(id);
        assert_eq!(report.state, ReportState::Reported, "{}", report.to_text());
        let counts = &report.counts;
        assert_eq!(
            counts.created + counts.unchanged,
            10,
            "{}",
            report.to_text()
        );
        assert_eq!(counts.created, if number < 4 { 10 } else { 0 });
    }
}

#[test]
fn a_file_that_is_gone_from_the_archive_fails_in_words_and_the_next_goes_on() {
    let bench = Bench::new();
    let lost = bench.send(&home("2026-11-01", 3, ""));
    let deed = Deed {
        at: jiff::Timestamp::now(),
        by: "test".to_owned(),
        what: "erased".to_owned(),
        submission: None,
        about: None,
        note: None,
    };
    let hash = bench.submission(&lost).file_hash;
    bench
        .runtime
        .block_on(bench.store.erase(&bench.tenant, &hash, deed))
        .unwrap();
    let next = bench.send(&home("2026-11-02", 3, ""));
    bench.work();
    let report = bench.report(&lost);
    assert_eq!(report.state, ReportState::Failed, "{}", report.to_text());
    assert!(
        report
            .issues
            .iter()
            .any(|group| group.code == codes::ARCHIVE)
    );
    assert_eq!(bench.report(&next).state, ReportState::Reported);
}

#[test]
fn a_key_that_is_not_configured_makes_the_file_wait_not_fail() {
    let text = format!("a={}", "5a".repeat(32));
    let bench = Bench::new();
    let intake = Intake::new(
        bench.store.clone(),
        bench.mappings.clone(),
        IntakeSettings {
            keys: Keys::parse(&text).unwrap(),
            ..IntakeSettings::default()
        },
    );
    let bytes = csv(&home("2026-11-01", 3, "Nuts"));
    let id = bench
        .runtime
        .block_on(intake.take(bench.info(), &mut bytes.as_slice()))
        .unwrap()
        .submission;
    bench.work();
    assert_eq!(bench.submission(&id).state, SubmissionState::Archived);
    let job = &jobs(&bench)[0];
    assert_eq!(job.state, JobState::Waiting);
    assert!(
        job.last_error.as_deref().unwrap().contains("\"a\""),
        "{job:?}"
    );
    // The try is not counted: it was not the file's fault.
    assert!(job.progress.contains("\"tries\":0"), "{}", job.progress);
    std::thread::sleep(Duration::from_millis(2300));
    let keyed = bench
        .pipeline
        .clone()
        .with_keys(Keys::parse(&text).unwrap());
    bench.runtime.block_on(work_off(&keyed)).unwrap();
    assert_eq!(bench.report(&id).state, ReportState::Reported);
    assert_eq!(bench.people(), 3);
}

#[test]
fn a_job_that_never_gets_further_is_given_up_and_says_so() {
    let bench = Bench::new();
    let stuck = bench.send(&home("2026-11-01", 3, ""));
    let next = bench.send(&home("2026-11-02", 3, ""));
    // A file that ends its worker each time it is tried leaves the count of its tries behind.
    bench.runtime.block_on(async {
        let claim = bench
            .store
            .claim("dies", Duration::from_millis(1))
            .await
            .unwrap()
            .unwrap();
        let mut batch = store::Batch::new(bench.tenant.clone(), stuck.clone());
        batch.fence = Some(claim.fence());
        batch.progress = Some("{\"tries\":5}".to_owned());
        bench.store.commit(batch).await.unwrap();
    });
    std::thread::sleep(Duration::from_millis(20));
    bench.work();
    let report = bench.report(&stuck);
    assert_eq!(report.state, ReportState::Failed, "{}", report.to_text());
    assert!(
        report
            .issues
            .iter()
            .any(|group| group.code == codes::GIVEN_UP)
    );
    assert!(
        report.to_text().contains("whoever runs Causeway"),
        "{}",
        report.to_text()
    );
    assert_eq!(bench.report(&next).state, ReportState::Reported);
}

#[test]
fn what_is_over_is_swept_away() {
    let bench = Bench::new();
    let intake = Intake::new(
        bench.store.clone(),
        bench.mappings.clone(),
        IntakeSettings {
            keep_for: Some(jiff::SignedDuration::from_hours(24)),
            ..IntakeSettings::default()
        },
    );
    let bytes = csv(&home("2026-11-01", 3, "Nuts"));
    bench
        .runtime
        .block_on(intake.take(bench.info(), &mut bytes.as_slice()))
        .unwrap();
    bench.runtime.block_on(async {
        let mut half = bench.intake.begin(bench.info()).await.unwrap();
        // Enough for pieces to be kept.
        half.push(&vec![b'x'; 3 << 20]).await.unwrap();
    });
    let tidy = |hours: i64| {
        let now = jiff::Timestamp::now()
            .checked_add(jiff::SignedDuration::from_hours(hours))
            .unwrap();
        bench
            .runtime
            .block_on(submission::tidy(bench.store.as_ref(), now))
            .unwrap()
    };
    bench.work();
    let nothing = tidy(1);
    assert_eq!((nothing.uploads, nothing.files), (0, 0));
    let swept = tidy(72);
    assert_eq!((swept.uploads, swept.files), (1, 1));
    assert_eq!(bench.people(), 3, "what was made of a file stays");
}
