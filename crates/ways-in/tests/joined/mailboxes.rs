//! Mailboxes, with the service's sandbox.

use std::time::Duration;

use submission::IntakeSettings;

use crate::bench::{Bench, until};
use crate::peer::{Line, Sandbox};

const EXPORT: &[u8] = b"As Of,NHS Number,Surname\n2026-11-01,9990000018,Testperson\n";

fn head<'a>(local: &'a str, name: &'a str) -> Vec<(&'a str, &'a str)> {
    vec![
        ("mex-to", "X26ABC2"),
        ("mex-workflowid", "TEST_WORKFLOW"),
        ("mex-localid", local),
        ("mex-filename", name),
    ]
}

#[tokio::test]
async fn f06_a_message_is_one_submission_however_often_it_comes() {
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    let bench = Bench::new(IntakeSettings::default());
    let ways = bench.watch(vec![sandbox.settings("X26ABC2", "")], vec![]);
    let send = async |local: &str, name: &str, content: &[u8]| {
        let (first, second) = content.split_at(10);
        sandbox
            .send_raw(&head(local, name), 2, &[(1, first), (2, second)])
            .await
    };
    let acknowledged = async |id: &str| {
        until("acknowledged", || async {
            sandbox.status(id).await == "Acknowledged"
        })
        .await;
    };
    acknowledged(&send("export-1", "a.csv", EXPORT).await).await;
    // The sender had no answer and sends again; then it uses the id for something else.
    acknowledged(&send("export-1", "a.csv", EXPORT).await).await;
    let other = [EXPORT, b"2026-11-02,9990000026,Testperson\n"].concat();
    acknowledged(&send("export-1", "b.csv", &other).await).await;
    let all = bench.submissions().await;
    assert_eq!(all.len(), 2);
    assert_eq!(bench.jobs().await, 2);
    assert_eq!(bench.bytes(&all[0]).await, EXPORT);
    assert_eq!(bench.bytes(&all[1]).await, other);
    assert_eq!(all[0].way, "mesh");
    assert_eq!(all[0].sender, "mesh:X26ABC2:X26ABC1");
    // No workflow was agreed on for reports.
    assert_eq!(all[0].reply_to, None);
    ways.stop().await;
}

#[tokio::test]
async fn f02_a_message_that_cannot_be_taken_now_stays_until_it_can() {
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    let bench = Bench::new(IntakeSettings {
        most_waiting: 1,
        retry_after: Duration::from_millis(10),
        ..IntakeSettings::default()
    });
    let ways = bench.watch(vec![sandbox.settings("X26ABC2", "")], vec![]);
    let first = sandbox
        .send_raw(&head("1", "a.csv"), 1, &[(1, EXPORT)])
        .await;
    until("acknowledged", || async {
        sandbox.status(&first).await == "Acknowledged"
    })
    .await;
    let second = sandbox
        .send_raw(&head("2", "b.csv"), 1, &[(1, EXPORT)])
        .await;
    tokio::time::sleep(Duration::from_millis(300)).await;
    assert_eq!(sandbox.status(&second).await, "Accepted");
    ways.stop().await;
    // Another gateway of the same store, which lets more wait.
    let room = bench.with(IntakeSettings::default());
    let ways = room.watch(vec![sandbox.settings("X26ABC2", "")], vec![]);
    until("acknowledged", || async {
        sandbox.status(&second).await == "Acknowledged"
    })
    .await;
    assert_eq!(room.submissions().await.len(), 2);
    ways.stop().await;
}

#[tokio::test]
async fn the_report_goes_to_the_senders_mailbox_once() {
    let Some(sandbox) = Sandbox::start(Line::Plain).await else {
        return;
    };
    let bench = Bench::new(IntakeSettings::default());
    let mut settings = sandbox.settings("X26ABC2", "");
    settings.routes[0].reply_workflow = Some("TEST_WORKFLOW_ACK".to_owned());
    let ways = bench.watch(vec![settings], vec![]);
    sandbox
        .send_raw(&head("1", "Wendy Testperson.csv"), 1, &[(1, EXPORT)])
        .await;
    until("received", || async {
        !bench.submissions().await.is_empty()
    })
    .await;
    let submission = bench.submissions().await.remove(0);
    let reply_to = submission.reply_to.clone().unwrap();
    for _ in 0..2 {
        let sent = ways
            .replies()
            .send(&reply_to, &submission.id, "All is well.")
            .await;
        sent.unwrap();
    }
    let told = sandbox.foreign(&["X26ABC1", "receive"]).await;
    let lines: Vec<&str> = told.lines().collect();
    assert_eq!(lines.len(), 1);
    assert!(lines[0].contains(&submission.id) && !lines[0].contains("Wendy"));
    assert!(lines[0].contains("TEST_WORKFLOW_ACK"));
    let elsewhere = reply_to.replace("X26ABC2", "X26ABC3");
    for place in [elsewhere.as_str(), "nowhere", ""] {
        let told = ways.replies().send(place, &submission.id, "text").await;
        assert!(!told.unwrap_err().is_passing());
    }
    ways.stop().await;
}
