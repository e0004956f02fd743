//! Folders.

use std::fs;
use std::io::Write as _;
use std::path::PathBuf;
use std::sync::atomic::Ordering;

use store::SubmissionState;
use submission::IntakeSettings;

use crate::bench::{Bench, until};

const EXPORT: &[u8] = b"As Of,NHS Number,Surname\n2026-11-01,9990000018,Testperson\n";

fn names(bench: &Bench, place: &str) -> Vec<String> {
    let mut names: Vec<String> = fs::read_dir(path(bench, place))
        .unwrap()
        .map(|entry| entry.unwrap().file_name().into_string().unwrap())
        .collect();
    names.sort();
    names
}

fn path(bench: &Bench, place: &str) -> PathBuf {
    bench.folder.path().join("drop").join(place).join("home")
}

fn put(bench: &Bench, name: &str, content: &[u8]) {
    fs::create_dir_all(path(bench, "inbox")).unwrap();
    fs::write(path(bench, "inbox").join(name), content).unwrap();
    fs::write(path(bench, "inbox").join(format!("{name}.done")), b"").unwrap();
}

#[tokio::test]
async fn a_file_becomes_a_submission_with_a_job_and_only_then_goes_to_done() {
    let bench = Bench::new(IntakeSettings::default());
    let ways = bench.watch(vec![], vec![bench.drop_settings("VM001", "home")]);
    put(&bench, "export.csv", EXPORT);
    until("done", || async { names(&bench, "done").len() == 1 }).await;
    let all = bench.submissions().await;
    let [submission] = &all[..] else {
        panic!("{}", all.len());
    };
    assert_eq!(submission.file_name, "export.csv");
    assert_eq!(submission.way, "folder");
    assert_eq!(submission.source, "home");
    assert_eq!(submission.state, SubmissionState::Archived);
    assert_eq!(bench.bytes(submission).await, EXPORT);
    assert_eq!(bench.jobs().await, 1);
    assert_eq!(bench.queued.load(Ordering::Relaxed), 1);
    // The report goes back the way that the file came, once.
    let reply_to = submission.reply_to.clone().unwrap();
    for _ in 0..2 {
        let sent = ways
            .replies()
            .send(&reply_to, &submission.id, "All is well.")
            .await;
        sent.unwrap();
    }
    assert_eq!(names(&bench, "out"), ["export.csv.report.txt"]);
    ways.stop().await;
}

#[tokio::test]
async fn f01_a_file_that_was_accepted_and_not_put_away_is_one_submission() {
    let bench = Bench::new(IntakeSettings::default());
    let ways = bench.watch(vec![], vec![bench.drop_settings("VM001", "home")]);
    put(&bench, "export.csv", EXPORT);
    until("done", || async { names(&bench, "done").len() == 1 }).await;
    ways.stop().await;
    // As it lies when the process ends after the file was accepted and before it was moved.
    let name = names(&bench, "done").remove(0);
    fs::rename(
        path(&bench, "done").join(&name),
        path(&bench, "processing").join(&name),
    )
    .unwrap();
    let ways = bench.watch(vec![], vec![bench.drop_settings("VM001", "home")]);
    until("done", || async { names(&bench, "done").len() == 1 }).await;
    assert_eq!(bench.submissions().await.len(), 1);
    assert_eq!(bench.jobs().await, 1);
    // The same bytes sent again are a submission of their own: their sender gets an answer.
    put(&bench, "export.csv", EXPORT);
    until("done", || async { names(&bench, "done").len() == 2 }).await;
    assert_eq!(bench.submissions().await.len(), 2);
    ways.stop().await;
}

#[tokio::test]
async fn what_is_packed_is_unpacked_and_what_is_packed_badly_is_put_aside() {
    let bench = Bench::new(IntakeSettings::default());
    let ways = bench.watch(vec![], vec![bench.drop_settings("VM001", "home")]);
    let mut gzip = flate2::write::GzEncoder::new(Vec::new(), flate2::Compression::best());
    gzip.write_all(EXPORT).unwrap();
    let packed = gzip.finish().unwrap();
    put(&bench, "export.csv.gz", &packed);
    put(&bench, "half.csv.gz", &packed[..packed.len() - 6]);
    until("both", || async {
        names(&bench, "done").len() == 1 && names(&bench, "failed").len() == 2
    })
    .await;
    let all = bench.submissions().await;
    assert_eq!(all.len(), 1);
    assert_eq!(all[0].file_name, "export.csv");
    assert_eq!(bench.bytes(&all[0]).await, EXPORT);
    let failed = names(&bench, "failed");
    let text = fs::read_to_string(path(&bench, "failed").join(&failed[1])).unwrap();
    assert!(text.contains("gzip") && !text.contains("half"), "{text}");
    ways.stop().await;
}

#[tokio::test]
async fn what_is_wrong_here_leaves_the_file_where_it_can_be_taken_later() {
    for (organisation, source) in [("UNKNOWN", "home"), ("VM001", "no-mapping")] {
        let bench = Bench::new(IntakeSettings::default());
        let ways = bench.watch(vec![], vec![bench.drop_settings(organisation, source)]);
        put(&bench, "export.csv", EXPORT);
        until("tried", || async { names(&bench, "processing").len() == 1 }).await;
        tokio::time::sleep(std::time::Duration::from_millis(100)).await;
        assert_eq!(names(&bench, "processing").len(), 1);
        assert!(names(&bench, "failed").is_empty());
        ways.stop().await;
        // Somebody mends the configuration.
        let ways = bench.watch(vec![], vec![bench.drop_settings("VM001", "home")]);
        until("done", || async { names(&bench, "done").len() == 1 }).await;
        assert_eq!(bench.submissions().await.len(), 1);
        ways.stop().await;
    }
}

#[tokio::test]
async fn a_file_that_is_too_large_unpacked_is_put_aside() {
    let bench = Bench::new(IntakeSettings {
        most_bytes: 1000,
        ..IntakeSettings::default()
    });
    let ways = bench.watch(vec![], vec![bench.drop_settings("VM001", "home")]);
    put(&bench, "large.csv", &[b'x'; 1001]);
    until("failed", || async { names(&bench, "failed").len() == 2 }).await;
    assert!(bench.submissions().await.is_empty());
    ways.stop().await;
}

#[tokio::test]
async fn a_report_goes_back_once_in_each_state_that_its_sender_must_know() {
    let bench = Bench::new(IntakeSettings::default());
    let settings = || vec![bench.drop_settings("VM001", "home")];
    let ways = bench.watch(vec![], settings());
    put(&bench, "export.csv", EXPORT);
    until("done", || async { names(&bench, "done").len() == 1 }).await;
    assert!(names(&bench, "out").is_empty());
    let submission = bench.submissions().await.remove(0);
    ways.stop().await;
    let states = [
        SubmissionState::AwaitingConfirmation,
        SubmissionState::Reported,
    ];
    for (count, state) in (1..).zip(states) {
        bench.dealt_with(&submission, state).await;
        let ways = bench.watch(vec![], settings());
        until("sent", || async { names(&bench, "out").len() == count }).await;
        // It is written down in the store: the sender may have taken it away, and a process that
        // starts anew does not send it again.
        until("written down", || async { bench.deeds().await == count }).await;
        ways.stop().await;
        let ways = bench.watch(vec![], settings());
        tokio::time::sleep(std::time::Duration::from_millis(300)).await;
        assert_eq!(names(&bench, "out").len(), count);
        assert_eq!(bench.deeds().await, count);
        ways.stop().await;
    }
    let text = fs::read_to_string(path(&bench, "out").join("export.csv.report.txt")).unwrap();
    assert!(text.contains("export.csv"), "{text}");
}

#[tokio::test]
async fn nothing_is_watched_when_one_setting_is_wrong() {
    let bench = Bench::new(IntakeSettings::default());
    let right = || bench.drop_settings("VM001", "home");
    let mut wrong = right();
    wrong.path = bench.folder.path().join("other");
    wrong.poll_seconds = 0.0;
    for (folders, named) in [
        (vec![right(), wrong], "poll-seconds"),
        (vec![right(), right()], "twice"),
    ] {
        let told = ways_in::WaysIn::start(ways_in::Ways {
            mailboxes: vec![],
            folders,
            intake: bench.intake.clone(),
            tenant_of: std::sync::Arc::new(|_| None),
            queued: std::sync::Arc::new(|| {}),
            store: bench.store.clone(),
        });
        let Err(issue) = told else {
            panic!("{named}");
        };
        assert!(issue.message.contains(named), "{issue}");
    }
}
