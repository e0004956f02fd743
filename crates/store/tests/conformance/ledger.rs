//! Submissions and the quarantine.

use store::{Batch, Quarantined, SettleQuarantine, SubmissionQuery, SubmissionState};

use crate::sight::{held, submission};
use crate::*;

#[tokio::test]
async fn a_submission_is_written_and_replaced() {
    let store = fresh().await;
    for state in [SubmissionState::Received, SubmissionState::Reported] {
        let mut batch = Batch::new(tenant("home"), "s1");
        let mut row = submission("s1");
        row.state = state;
        batch.submission = Some(row);
        store.commit(batch).await.unwrap();
        let read = store
            .submission(&own("home"), &tenant("home"), "s1")
            .await
            .unwrap()
            .unwrap();
        assert_eq!(read.state, state);
        assert_eq!(read.report, submission("s1").report);
    }
    let mut later = submission("s2");
    later.received = day("2026-02-01");
    let mut other = submission("s3");
    other.source = "council".into();
    for row in [later, other] {
        let mut batch = Batch::new(tenant("home"), row.id.clone());
        batch.submission = Some(row);
        store.commit(batch).await.unwrap();
    }
    let ids = async |source: Option<&str>| {
        let query = SubmissionQuery {
            source: source.map(str::to_owned),
            ..SubmissionQuery::default()
        };
        let rows = store
            .find_submissions(&own("home"), &tenant("home"), &query)
            .await
            .unwrap();
        rows.into_iter().map(|row| row.id).collect::<Vec<_>>()
    };
    assert_eq!(ids(Some("homes")).await, ["s2", "s1"]);
    assert_eq!(ids(None).await, ["s2", "s3", "s1"]);
}

#[tokio::test]
async fn cs_07_what_is_held_back_is_found_by_patient_and_by_nhs_number_until_settled() {
    let store = fresh().await;
    let mut patient = about("p1", write("Patient", "p1", "a", "2026-01-01"));
    patient.person = Some(store::PersonKeys {
        nhs_number: Some("9990000018".into()),
        ..Default::default()
    });
    let mut batch = Batch::new(tenant("home"), "s1");
    batch.submission = Some(submission("s1"));
    batch.writes = vec![patient];
    batch.quarantine = vec![
        held("p1", "Condition", vec![]),
        Quarantined {
            nhs_number: Some("9990000018".into()),
            ..Quarantined::default()
        },
        Quarantined {
            nhs_number: Some("9990000026".into()),
            ..Quarantined::default()
        },
    ];
    store.commit(batch).await.unwrap();
    let open = async || {
        let rows = store
            .quarantine_for(&own("home"), &tenant("home"), "p1")
            .await
            .unwrap();
        rows.len()
    };
    assert_eq!(open().await, 2);

    let mut batch = Batch::new(tenant("home"), "s2");
    let mut next = submission("s2");
    next.as_of = day("2026-02-01");
    batch.submission = Some(next);
    batch.settle = vec![SettleQuarantine {
        source: "homes".into(),
        up_to: day("2026-02-01"),
        only: None,
    }];
    batch.quarantine = vec![held("p1", "Flag", vec![])];
    let committed = store.commit(batch).await.unwrap();
    assert_eq!(committed.settled, 3);
    assert_eq!(
        open().await,
        1,
        "what the batch itself held back stays open"
    );
    let first = store
        .quarantine(&own("home"), &tenant("home"), &of_submission("s1"))
        .await
        .unwrap();
    assert_eq!(first.len(), 3, "settled rows stay on record");
    assert!(first.iter().all(|row| row.settled));
}
