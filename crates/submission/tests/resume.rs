//! F1: a worker that is killed anywhere leaves a store from which the next one makes exactly what an
//! undisturbed run makes. The killed worker is a process of its own, which ends without tidying up.
#![allow(
    clippy::unwrap_used,
    clippy::expect_used,
    clippy::panic,
    clippy::indexing_slicing,
    missing_docs
)]

mod bench;

use std::path::Path;
use std::process::{Command, Stdio};

use bench::{Bench, LEASE, MAPPING, home, row};
use submission::kill_point;

const FOLDER: &str = "CAUSEWAY_TEST_FOLDER";
const POINT: &str = "CAUSEWAY_TEST_KILL_AT";
const STEP: &str = "CAUSEWAY_TEST_STEP";

/// What is there before the file that is looked at: people who stand, one row held back.
fn earlier(bench: &Bench) {
    let mut rows = home("2026-11-01", 25, "Penicillin");
    rows[20] = rows[20].replace("-01-21", "-13-21");
    bench.put(&rows);
}

/// A file in which everything happens: new people and changed ones, some gone, an allergy that
/// vanished, two people of one number, one who claims another's, one whose birth date has changed, and
/// one person with two numbers.
fn file() -> Vec<String> {
    let mut rows = home("2026-11-02", 24, "Penicillin;Latex");
    rows[0] = rows[0].replace("Ada", "Adele");
    rows[1] = rows[1].replace("Penicillin;Latex", "Latex");
    rows[2] = rows[2].replace("1930", "1931");
    for person in 40..52 {
        rows.push(row("2026-11-02", person, "Nuts"));
    }
    rows.push(row("2026-11-02", 60, "").replace(&bench::number(60), &bench::number(41)));
    rows.push(row("2026-11-02", 61, "").replace(&bench::number(61), &bench::number(7)));
    rows.push(row("2026-11-02", 50, "").replace(&bench::number(50), &bench::number(62)));
    rows
}

/// The steps of the life that is interrupted.
fn step(bench: &Bench, step: &str) {
    match step {
        "send" => {
            let mut info = bench.info();
            info.key = Some("the one".to_owned());
            bench.take(info, &bench::csv(&file())).unwrap();
        }
        "work" => {
            bench.work();
        }
        other => panic!("{other}"),
    }
}

/// Runs as the process that is killed; does nothing in an ordinary test run.
#[test]
fn killed_process() {
    let (Ok(folder), Ok(point), Ok(wanted)) = (
        std::env::var(FOLDER),
        std::env::var(POINT),
        std::env::var(STEP),
    ) else {
        return;
    };
    assert!(kill_point::arm(&point), "{point}");
    let bench = Bench::at(Path::new(&folder), MAPPING);
    step(&bench, &wanted);
}

/// Does a step in a process that is killed at a point. Whether it was.
fn killed(folder: &Path, point: &str, step: &str) -> bool {
    let status = Command::new(std::env::current_exe().unwrap())
        .args(["--exact", "killed_process", "--test-threads=1"])
        .env(FOLDER, folder)
        .env(POINT, point)
        .env(STEP, step)
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        .status()
        .unwrap();
    // A process that ended by itself ended well; one that aborted has no exit code.
    assert!(
        status.success() || status.code().is_none(),
        "{point}: {status}"
    );
    !status.success()
}

struct Outcome {
    picture: Vec<String>,
    reports: Vec<serde_json::Value>,
}

fn outcome(bench: &Bench) -> Outcome {
    Outcome {
        picture: bench.picture(),
        reports: bench.reports(),
    }
}

fn assert_same(found: &Outcome, expected: &Outcome, when: &str) {
    assert_eq!(found.reports, expected.reports, "{when}");
    for (found, expected) in found.picture.iter().zip(&expected.picture) {
        assert_eq!(found, expected, "{when}");
    }
    assert_eq!(found.picture.len(), expected.picture.len(), "{when}");
}

#[test]
fn f01_a_worker_killed_at_any_point_changes_nothing_in_the_end() {
    let undisturbed = Bench::new();
    earlier(&undisturbed);
    step(&undisturbed, "send");
    step(&undisturbed, "work");
    let expected = outcome(&undisturbed);
    let report = &expected.reports[1];
    // The file is worth the trouble.
    assert_eq!(report["state"], "awaiting-confirmation", "{report:#}");
    for count in ["created", "updated", "unchanged", "quarantined"] {
        assert!(
            report["counts"][count].as_u64().unwrap() > 0,
            "{count}: {report:#}"
        );
    }

    let mut kills = 0;
    for point in kill_point::POINTS
        .iter()
        .filter(|point| !point.starts_with("undo"))
    {
        let step_of = if point.starts_with("accept") {
            "send"
        } else {
            "work"
        };
        // Every other time that the place is reached, so that the test stays short.
        for time in (1..).step_by(if point.starts_with("data") { 3 } else { 1 }) {
            let folder = tempfile::tempdir().unwrap();
            {
                let bench = Bench::at(folder.path(), MAPPING);
                earlier(&bench);
                if step_of == "work" {
                    step(&bench, "send");
                }
            }
            let when = format!("{point}:{time}");
            if !killed(folder.path(), &when, step_of) {
                break;
            }
            kills += 1;
            std::thread::sleep(LEASE * 2);
            let bench = Bench::at(folder.path(), MAPPING);
            if step_of == "send" {
                // Its sender was not answered, and sends again.
                step(&bench, "send");
            }
            step(&bench, "work");
            assert_same(&outcome(&bench), &expected, &when);
        }
    }
    assert!(kills >= 12, "{kills}");
}

#[test]
fn f01_a_worker_killed_twice_goes_on_where_it_was() {
    let undisturbed = Bench::new();
    earlier(&undisturbed);
    step(&undisturbed, "send");
    step(&undisturbed, "work");
    let expected = outcome(&undisturbed);
    let folder = tempfile::tempdir().unwrap();
    {
        let bench = Bench::at(folder.path(), MAPPING);
        earlier(&bench);
        step(&bench, "send");
    }
    for point in [
        "data.after:2",
        "data.before:3",
        "data.after:1",
        "end.before",
    ] {
        assert!(killed(folder.path(), point, "work"), "{point}");
        std::thread::sleep(LEASE * 2);
    }
    let bench = Bench::at(folder.path(), MAPPING);
    step(&bench, "work");
    assert_same(&outcome(&bench), &expected, "four times");
}

#[test]
fn f01_a_withdrawal_killed_on_its_way_is_completed() {
    let prepare = |bench: &Bench| {
        earlier(bench);
        step(bench, "send");
        step(bench, "work");
        let sight = access::Access::pipeline(&bench.tenant);
        let latest = bench
            .runtime
            .block_on(bench.store.find_submissions(
                &sight,
                &bench.tenant,
                &store::SubmissionQuery::default(),
            ))
            .unwrap()
            .remove(0);
        bench
            .runtime
            .block_on(
                bench
                    .decisions
                    .withdraw(&bench.tenant, &latest.id, &Bench::by()),
            )
            .unwrap();
    };
    let undisturbed = Bench::new();
    prepare(&undisturbed);
    step(&undisturbed, "work");
    let expected = outcome(&undisturbed);
    assert_eq!(expected.reports[1]["state"], "withdrawn");
    for point in [
        "job.claimed",
        "undo.before",
        "undo.after",
        "end.before",
        "end.after",
    ] {
        let folder = tempfile::tempdir().unwrap();
        prepare(&Bench::at(folder.path(), MAPPING));
        assert!(killed(folder.path(), point, "work"), "{point}");
        std::thread::sleep(LEASE * 2);
        let bench = Bench::at(folder.path(), MAPPING);
        step(&bench, "work");
        assert_same(&outcome(&bench), &expected, point);
    }
}

#[test]
fn a_worker_that_is_asked_to_stop_puts_its_job_back() {
    let undisturbed = Bench::new();
    earlier(&undisturbed);
    step(&undisturbed, "send");
    step(&undisturbed, "work");
    let expected = outcome(&undisturbed);
    let bench = Bench::new();
    earlier(&bench);
    step(&bench, "send");
    // Stopped again and again, however far it has come.
    for _ in 0..20 {
        bench.runtime.block_on(async {
            let workers = submission::Workers::start(
                bench.pipeline.clone(),
                submission::WorkerSettings::default(),
            );
            tokio::time::sleep(std::time::Duration::from_millis(15)).await;
            workers.stop().await;
        });
    }
    step(&bench, "work");
    assert_same(&outcome(&bench), &expected, "stopped");
}
